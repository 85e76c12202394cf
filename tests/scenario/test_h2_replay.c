/* A case recorded over HTTP/2, asked again: heads, bodies and trailers come as they came, to as
 * many streams as ask, and as fast as they are taken. */
#include "store/base/clock.h"
#include "tests/kit/h2_again.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { BIG = 300 * 1024 + 7 };
#define POST(path, more) H2_ASK("POST", path) more

#define HINT ":status: 103\nlink: </a.css>; rel=preload\nlink: </b.css>; rel=preload\n"
#define HEAD_LINES                                                                             \
	":status: 200\nset-cookie: a=1\nx-dup: one\nset-cookie: b=2\nx-dup: one\n"             \
	"x-space:  padded \nx-colon: a: b:c\n"
#define TRAILERS "x-sum: 1\nx-dup: 2\nx-sum: 1\n"

#define OTHER_HOST ":method: GET\n:scheme: https\n:authority: b.test\n:path: /x?y=z\n"

static void answers_come_as_they_came(void **state)
{
	struct h2_again a;
	struct h2_talk *t = &a.live;
	(void)state;
	h2_again_record(&a);
	uint32_t s = h2_again_ask(&a, 1, H2_GET("/lines"));
	h2_raw_head(&t->o, 0, s, HINT);
	h2_raw_head(&t->o, 0, s, ":status: 103\n");
	h2_raw_head(&t->o, 0, s, HEAD_LINES);
	h2_raw_data(&t->o, 0, s, "body");
	h2_raw_head(&t->o, H2_END_STREAM, s, TRAILERS);
	h2_raw_await(&t->b, H2_DATA, 1);
	s = h2_again_ask(&a, 3, H2_GET("/moved"));
	h2_raw_head(&t->o, H2_END_STREAM, s, ":status: 302\nlocation: /next\n");
	s = h2_again_ask(&a, 5, H2_ASK("HEAD", "/head"));
	h2_raw_head(&t->o, H2_END_STREAM, s, ":status: 200\ncontent-length: 4711\n");
	s = h2_again_ask(&a, 7, H2_GET("/none"));
	h2_raw_head(&t->o, 0, s, ":status: 200\n");
	h2_raw_head(&t->o, H2_END_STREAM, s, "x-only: trailers\n");
	h2_raw_await(&t->b, H2_HEADERS, 7);
	/* Not the host that the connection was made for; no path at all. */
	s = h2_again_ask(&a, 9, OTHER_HOST);
	h2_raw_head(&t->o, H2_END_STREAM, s, ":status: 204\nx-host: b\n");
	h2_raw_await(&t->b, H2_HEADERS, 9);
	s = h2_again_ask(&a, 11, H2_ASK("OPTIONS", "*"));
	h2_raw_head(&t->o, H2_END_STREAM, s, ":status: 204\nallow: *\n");
	h2_raw_await(&t->b, H2_HEADERS, 11);
	h2_again_replay(&a);
	h2_raw_head(&a.b, H2_END_STREAM, 1, H2_GET("/lines"));
	h2_raw_expect_head(&a.b, 1, HINT, false);
	h2_raw_expect_head(&a.b, 1, ":status: 103\n", false);
	h2_raw_expect_head(&a.b, 1, HEAD_LINES, false);
	h2_raw_expect_data(&a.b, 1, "body", false);
	h2_raw_expect_head(&a.b, 1, TRAILERS, true);
	h2_raw_head(&a.b, H2_END_STREAM, 3, H2_GET("/moved"));
	h2_raw_expect_head(&a.b, 3, ":status: 302\nlocation: /next\n", true);
	h2_raw_head(&a.b, H2_END_STREAM, 5, H2_ASK("HEAD", "/head"));
	h2_raw_expect_head(&a.b, 5, ":status: 200\ncontent-length: 4711\n", true);
	h2_raw_head(&a.b, H2_END_STREAM, 7, H2_GET("/none"));
	h2_raw_expect_head(&a.b, 7, ":status: 200\n", false);
	h2_raw_expect_head(&a.b, 7, "x-only: trailers\n", true);
	h2_raw_head(&a.b, H2_END_STREAM, 9, OTHER_HOST);
	h2_raw_expect_head(&a.b, 9, ":status: 204\nx-host: b\n", true);
	h2_raw_head(&a.b, H2_END_STREAM, 11, H2_ASK("OPTIONS", "*"));
	h2_raw_expect_head(&a.b, 11, ":status: 204\nallow: *\n", true);
	h2_again_end(&a);
	for (size_t i = 0; i < 6; i++) {
		h2_again_alike(&a, i);
		h2_again_ended(&a.proxy.facts, i, "ok");
	}
	assert_int_equal(CASE_COUNT(&a.proxy.facts, INTERIM), 2);
	assert_int_equal(read_case_notes(&a.proxy.facts, "replayed"), 0);
	h2_again_free(&a);
}

/* Bodies of many pieces on several streams, to a browser with small windows. */
static void bodies_come_whole(void **state)
{
	enum { STREAMS = 3 };
	struct h2_again a;
	struct h2_talk *t = &a.live;
	char head[200];
	(void)state;
	h2_again_record(&a);
	for (uint32_t i = 0; i < STREAMS; i++) {
		snprintf(head, sizeof head, H2_GET("/big/%u"), i);
		uint32_t s = h2_again_ask(&a, 1 + 2 * i, head);
		h2_raw_head(&t->o, 0, s, ":status: 200\n");
		assert_int_equal(
			h2_raw_fill(&t->o, s, 0, BIG + i, true, H2_RAW_PATIENCE_MS), BIG + i);
		h2_raw_expect_head(&t->b, 1 + 2 * i, ":status: 200\n", false);
		h2_raw_expect_fill(&t->b, 1 + 2 * i, BIG + i, true);
	}
	h2_again_replay(&a);
	for (uint32_t i = 0; i < STREAMS; i++) {
		snprintf(head, sizeof head, H2_GET("/big/%u"), i);
		h2_raw_head(&a.b, H2_END_STREAM, 1 + 2 * i, head);
	}
	size_t at[STREAMS] = {0}, whole = 0;
	while (whole < STREAMS) {
		const struct h2_got *g = h2_raw_await(&a.b, H2_DATA, UINT32_MAX);
		uint32_t i = g->stream / 2, n = (uint32_t)g->window;
		bool last = (g->flags & H2_END_STREAM) != 0;
		assert_true(i < STREAMS);
		for (size_t k = 0; k < g->payload.n; k++)
			assert_int_equal(g->payload.p[k], script_fill(at[i] + k));
		at[i] += g->payload.n;
		whole += last;
		if (n > 0) {
			h2_raw_window(&a.b, 0, n);
			if (!last)
				h2_raw_window(&a.b, 1 + 2 * i, n);
		}
	}
	for (uint32_t i = 0; i < STREAMS; i++)
		assert_int_equal(at[i], BIG + i);
	h2_again_end(&a);
	for (size_t i = 0; i < STREAMS; i++)
		h2_again_alike(&a, i);
	h2_again_free(&a);
}

#define EXPECTING POST("/form", "expect: 100-continue\n")

static void a_body_waits_for_its_continue(void **state)
{
	struct h2_again a;
	struct h2_talk *t = &a.live;
	(void)state;
	h2_again_record(&a);
	h2_raw_head(&t->b, 0, 1, EXPECTING);
	uint32_t s = h2_raw_await(&t->o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t->o, 0, s, ":status: 100\n");
	h2_raw_expect_head(&t->b, 1, ":status: 100\n", false);
	h2_raw_data(&t->b, H2_END_STREAM, 1, "name=value");
	h2_raw_expect_data(&t->o, s, "name=value", true);
	h2_raw_head(&t->o, 0, s, ":status: 200\n");
	h2_raw_data(&t->o, H2_END_STREAM, s, "thanks");
	h2_raw_expect_head(&t->b, 1, ":status: 200\n", false);
	h2_again_replay(&a);
	h2_raw_head(&a.b, 0, 1, EXPECTING);
	h2_raw_expect_head(&a.b, 1, ":status: 100\n", false);
	h2_raw_data(&a.b, 0, 1, "name=");
	h2_raw_data(&a.b, 0, 1, "value");
	h2_raw_head(&a.b, H2_END_STREAM, 1, "x-end: of request\n");
	h2_raw_expect_head(&a.b, 1, ":status: 200\n", false);
	h2_raw_expect_data(&a.b, 1, "thanks", true);
	h2_again_end(&a);
	h2_again_alike(&a, 0);
	assert_int_equal(CASE_COUNT(&a.proxy.facts, INTERIM), 1);
	assert_int_equal(read_case_notes(&a.proxy.facts, "replayed"), 0);
	h2_again_free(&a);
}

static void what_is_not_recorded_is_our_page(void **state)
{
	struct h2_again a;
	(void)state;
	h2_again_record(&a);
	h2_talk_get(&a.live, 1, "/");
	h2_again_replay(&a);
	h2_raw_head(&a.b, H2_END_STREAM, 1, H2_GET("/other"));
	h2_raw_expect(&a.b, H2_HEADERS, 1);
	assert_string_equal(h2_raw_field(&a.b, ":status"), "504");
	assert_string_equal(h2_raw_field(&a.b, "x-clicktrail"), "error; reason=not-recorded");
	while ((h2_raw_expect(&a.b, H2_DATA, 1)->flags & H2_END_STREAM) == 0)
		;
	h2_raw_head(&a.b, H2_END_STREAM, 3, H2_ASK("HEAD", "/other"));
	assert_true(h2_raw_expect(&a.b, H2_HEADERS, 3)->flags & H2_END_STREAM);
	/* The connection goes on; a second time is no exact one. */
	for (uint32_t stream = 5; stream <= 7; stream += 2) {
		h2_raw_head(&a.b, H2_END_STREAM, stream, H2_GET("/"));
		h2_raw_expect_head(
			&a.b, stream, ":status: 200\ncontent-type: text/plain\n", false);
		h2_raw_expect_data(&a.b, stream, "well", true);
	}
	h2_again_end(&a);
	for (size_t i = 0; i < 4; i++) {
		const struct fact_response *r = read_case_response(&a.proxy.facts,
			CASE_FACT(&a.proxy.facts, REQUEST, request, i)->exchange);
		assert_true(span_is(r->made_by, i < 2 ? "clicktrail" : "origin"));
		h2_again_ended(&a.proxy.facts, i, i < 2 ? "not-recorded" : "ok");
	}
	assert_int_equal(read_case_notes(&a.proxy.facts, "replayed"), 1);
	h2_again_free(&a);
}

/* In one go, so that they are asked together. */
static void get_many(struct h2_raw *b, uint32_t *stream, size_t n)
{
	struct buf block = {0}, all = {0};
	h2_write_fields(&block, H2_GET("/"));
	for (size_t i = 0; i < n; i++, *stream += 2)
		h2_write_frame(&all, H2_HEADERS, H2_WHOLE, *stream, buf_span(&block).p,
			buf_len(&block));
	h2_raw_bytes(b, buf_span(&all).p, buf_len(&all));
	buf_fini(&block);
	buf_fini(&all);
}

/* As many as may be open, several times over: each tells what it was answered by. Their heads
 * are too long for HPACK's table and are all there is, so that many streams are over before
 * their heads are read. */
static void many_at_once_are_each_told(void **state)
{
	enum { AT_ONCE = 100, ROUNDS = 3, LONG = 8000 };
	static const char start[] = ":status: 302\nlocation: /";
	struct h2_again a;
	char head[sizeof start + LONG + 1];
	(void)state;
	memcpy(head, start, sizeof start - 1);
	memset(head + sizeof start - 1, 'x', LONG);
	memcpy(head + sizeof start - 1 + LONG, "\n", 2);
	h2_again_record(&a);
	uint32_t s = h2_again_ask(&a, 1, H2_GET("/"));
	h2_raw_head(&a.live.o, H2_END_STREAM, s, head);
	h2_raw_await(&a.live.b, H2_HEADERS, 1);
	h2_again_replay(&a);
	for (uint32_t round = 0, stream = 1; round < ROUNDS; round++) {
		get_many(&a.b, &stream, AT_ONCE);
		for (size_t i = 0; i < AT_ONCE; i++)
			h2_raw_expect_head(&a.b, UINT32_MAX, head, true);
	}
	h2_again_end(&a);
	for (size_t i = 0; i < ROUNDS * AT_ONCE; i++)
		h2_again_ended(&a.proxy.facts, i, "ok");
	assert_int_equal(read_case_notes(&a.proxy.facts, "replayed"), ROUNDS * AT_ONCE - 1);
	h2_again_free(&a);
}

/* Nobody spins while the browser takes nothing. */
static void waiting_costs_nothing(void **state)
{
	struct h2_again a;
	struct h2_talk *t = &a.live;
	struct timespec one, two;
	(void)state;
	h2_again_record(&a);
	uint32_t s = h2_again_ask(&a, 1, H2_GET("/big"));
	h2_raw_head(&t->o, 0, s, ":status: 200\n");
	assert_int_equal(h2_raw_fill(&t->o, s, 0, BIG, true, H2_RAW_PATIENCE_MS), BIG);
	h2_raw_expect_head(&t->b, 1, ":status: 200\n", false);
	h2_raw_expect_fill(&t->b, 1, BIG, true);
	h2_again_replay(&a);
	h2_raw_head(&a.b, H2_END_STREAM, 1, H2_GET("/big"));
	h2_raw_expect_head(&a.b, 1, ":status: 200\n", false);
	nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &one);
	nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &two);
	int64_t used_us =
		(two.tv_sec - one.tv_sec) * 1000000 + (two.tv_nsec - one.tv_nsec) / 1000;
	assert_in_range(used_us, 0, 300000);
	h2_raw_expect_fill(&a.b, 1, BIG, true);
	h2_again_end(&a);
	h2_again_free(&a);
}

/* The browser of now leaves an answer, or all of them. */
static void a_browser_may_leave(void **state)
{
	struct h2_again a;
	struct h2_talk *t = &a.live;
	(void)state;
	h2_again_record(&a);
	uint32_t s = h2_again_ask(&a, 1, H2_GET("/big"));
	h2_raw_head(&t->o, 0, s, ":status: 200\n");
	assert_int_equal(h2_raw_fill(&t->o, s, 0, BIG, true, H2_RAW_PATIENCE_MS), BIG);
	h2_raw_expect_head(&t->b, 1, ":status: 200\n", false);
	h2_raw_expect_fill(&t->b, 1, BIG, true);
	h2_again_replay(&a);
	/* Half a body is left in the middle, again and again; then one is taken whole. */
	uint32_t stream = 1;
	h2_raw_window(&a.b, 0, 4 * H2_AGAIN_WIDE); /* much comes that nobody waits for */
	for (int i = 0; i < 120; i++, stream += 2) {
		h2_raw_head(&a.b, H2_END_STREAM, stream, H2_GET("/big"));
		h2_raw_await(&a.b, H2_HEADERS, stream);
		h2_raw_await(&a.b, H2_DATA, stream);
		h2_raw_rst(&a.b, stream, H2_CANCEL);
	}
	h2_raw_head(&a.b, H2_END_STREAM, stream, H2_GET("/big"));
	h2_raw_await(&a.b, H2_HEADERS, stream);
	size_t at = 0;
	for (bool last = false; !last;) {
		const struct h2_got *g = h2_raw_await(&a.b, H2_DATA, UINT32_MAX);
		if (g->stream != stream)
			continue;
		at += g->payload.n;
		last = (g->flags & H2_END_STREAM) != 0;
		if (!last)
			h2_raw_window(&a.b, stream, (uint32_t)g->window + 1);
	}
	assert_int_equal(at, BIG);
	/* And the connection goes with an answer under way. */
	h2_raw_head(&a.b, H2_END_STREAM, stream + 2, H2_GET("/big"));
	h2_raw_await(&a.b, H2_HEADERS, stream + 2);
	h2_again_end(&a);
	assert_int_equal(CASE_COUNT(&a.proxy.facts, REQUEST), 122);
	h2_again_ended(&a.proxy.facts, 120, "ok");
	h2_again_free(&a);
}

static void the_original_pace_is_kept(void **state)
{
	enum { BEFORE_MS = 500, BETWEEN_MS = 500, PIECE = 64 * 1024 };
	struct timespec before = {.tv_nsec = BEFORE_MS * 1000000L};
	struct h2_again a;
	struct h2_talk *t = &a.live;
	(void)state;
	h2_again_record(&a);
	uint32_t s = h2_again_ask(&a, 1, H2_GET("/slow"));
	nanosleep(&before, NULL);
	h2_raw_head(&t->o, 0, s, ":status: 200\n");
	assert_int_equal(h2_raw_fill(&t->o, s, 0, PIECE, false, H2_RAW_PATIENCE_MS), PIECE);
	nanosleep(&before, NULL);
	assert_int_equal(
		h2_raw_fill(&t->o, s, PIECE, 2 * PIECE, true, H2_RAW_PATIENCE_MS), 2 * PIECE);
	h2_raw_expect_head(&t->b, 1, ":status: 200\n", false);
	h2_raw_expect_fill(&t->b, 1, 2 * PIECE, true);
	h2_again_replay_at(&a, REPLAY_ORIGINAL);
	int64_t start_us = clock_now_us(clock_real());
	h2_raw_head(&a.b, H2_END_STREAM, 1, H2_GET("/slow"));
	h2_raw_expect_head(&a.b, 1, ":status: 200\n", false);
	int64_t head_us = clock_now_us(clock_real());
	h2_raw_expect_fill(&a.b, 1, 2 * PIECE, true);
	int64_t end_us = clock_now_us(clock_real());
	assert_in_range(head_us - start_us, BEFORE_MS * 900, 15000000);
	assert_in_range(end_us - start_us, (BEFORE_MS + BETWEEN_MS) * 900, 15000000);
	h2_again_end(&a);
	h2_again_alike(&a, 0);
	h2_again_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come_as_they_came),
		cmocka_unit_test(bodies_come_whole),
		cmocka_unit_test(a_body_waits_for_its_continue),
		cmocka_unit_test(what_is_not_recorded_is_our_page),
		cmocka_unit_test(many_at_once_are_each_told),
		cmocka_unit_test(waiting_costs_nothing),
		cmocka_unit_test(a_browser_may_leave),
		cmocka_unit_test(the_original_pace_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
