/* Recorded before released, stream by stream: what a browser gets over HTTP/2 is committed, and
 * a stream that waits for its commit is not overtaken by its own end. */
#include "tests/kit/h2_talk.h"
#include "tests/kit/hold_disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct run_proxy_options power = {.power = true};

static size_t seen(struct h2_talk *t, enum fact_kind kind)
{
	struct read_case now;
	run_proxy_look(&t->rec.proxy, &now);
	size_t n = now.n[kind];
	read_case_fini(&now);
	return n;
}

static uint32_t ask(struct h2_talk *t, uint32_t stream, const char *lines)
{
	h2_raw_head(&t->b, H2_END_STREAM, stream, lines);
	return h2_raw_expect(&t->o, H2_HEADERS, UINT32_MAX)->stream;
}

static void a_head_waits_for_its_commit(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", &power);
	h2_talk_open(&t);
	uint32_t s = ask(&t, 1, H2_GET("/"));
	hold_disk(true, false);
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 302\nlocation: /next\n");
	hold_disk_await();
	h2_raw_expect_silence(&t.b, 300);
	assert_int_equal(seen(&t, FACT_KIND_RESPONSE), 0);
	hold_disk(false, false);
	h2_raw_expect_head(&t.b, 1, ":status: 302\nlocation: /next\n", true);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "GET", "/", 302, "ok", 0, 0);
	h2_talk_free(&t);
}

static void an_early_hint_waits_too(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", &power);
	h2_talk_open(&t);
	uint32_t s = ask(&t, 1, H2_GET("/"));
	hold_disk(true, false);
	h2_raw_head(&t.o, 0, s, ":status: 103\nlink: </a>\n");
	hold_disk_await();
	h2_raw_expect_silence(&t.b, 200);
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 204\n");
	hold_disk(false, false);
	h2_raw_expect_head(&t.b, 1, ":status: 103\nlink: </a>\n", false);
	h2_raw_expect_head(&t.b, 1, ":status: 204\n", true);
	h2_talk_end(&t);
	h2_talk_free(&t);
}

/* Bytes of a body may run ahead of the record, its end may not. */
static void an_end_waits_for_the_whole_body(void **state)
{
	enum { N = 60000 };
	(void)state;
	/* END_STREAM on the last DATA, on an empty DATA, on trailers. */
	for (int way = 0; way < 3; way++) {
		struct h2_talk t;
		h2_talk_start(&t, "h2", &power);
		h2_talk_open(&t);
		uint32_t s = ask(&t, 1, H2_GET("/"));
		h2_raw_head(&t.o, 0, s, ":status: 200\n");
		h2_raw_expect_head(&t.b, 1, ":status: 200\n", false);
		hold_disk(true, false);
		assert_int_equal(h2_raw_fill(&t.o, s, 0, N, way == 0, 5000), N);
		if (way == 1)
			h2_raw_data(&t.o, H2_END_STREAM, s, "");
		if (way == 2)
			h2_raw_head(&t.o, H2_END_STREAM, s, "x-sum: 1\n");
		hold_disk_await();
		/* Take what comes: it must not become the whole. */
		size_t got = 0;
		const struct h2_got *g;
		while ((g = h2_raw_next(&t.b, 300)) != NULL) {
			assert_int_not_equal(g->type, H2_HEADERS);
			if (g->type != H2_DATA)
				continue;
			if (g->flags & H2_END_STREAM)
				fail_msg("way %d: the end came before the record", way);
			got += g->payload.n;
		}
		assert_false(t.b.eof || t.b.reset);
		assert_int_equal(seen(&t, FACT_KIND_EXCHANGE_END), 0);
		hold_disk(false, false);
		bool ended = false;
		while (!ended) {
			g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS);
			assert_non_null(g);
			got += g->type == H2_DATA ? g->payload.n : 0;
			ended = (g->type == H2_DATA || g->type == H2_HEADERS) &&
				(g->flags & H2_END_STREAM) != 0;
		}
		assert_int_equal(got, N);
		/* At this very moment it is there. */
		assert_int_equal(seen(&t, FACT_KIND_EXCHANGE_END), 1);
		h2_talk_end(&t);
		conversation_recorded(&t.rec, 0, "GET", "/", 200, "ok", 0, N);
		conversation_body_fill(&t.rec, 0, SIDE_RESPONSE, N);
		h2_talk_free(&t);
	}
}

/* With its length announced a body can be taken for whole before its stream ends. */
static void the_last_announced_byte_waits_too(void **state)
{
	enum { N = 60000 };
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", &power);
	h2_talk_open(&t);
	uint32_t s = ask(&t, 1, H2_GET("/"));
	h2_raw_head(&t.o, 0, s, ":status: 200\ncontent-length: 60000\n");
	h2_raw_expect_head(&t.b, 1, ":status: 200\ncontent-length: 60000\n", false);
	hold_disk(true, false);
	assert_int_equal(h2_raw_fill(&t.o, s, 0, N, false, 5000), N);
	hold_disk_await();
	size_t got = 0;
	const struct h2_got *g;
	while ((g = h2_raw_next(&t.b, 300)) != NULL)
		got += g->type == H2_DATA ? g->payload.n : 0;
	if (got >= N)
		fail_msg("all %zu bytes came before they were recorded", got);
	assert_int_equal(seen(&t, FACT_KIND_CHUNK), 0);
	hold_disk(false, false);
	while (got < N) {
		g = h2_raw_expect(&t.b, H2_DATA, 1);
		assert_false(g->flags & H2_END_STREAM);
		got += g->payload.n;
	}
	assert_int_equal(seen(&t, FACT_KIND_CHUNK), 1);
	h2_raw_data(&t.o, H2_END_STREAM, s, "");
	h2_raw_expect_data(&t.b, 1, "", true);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "GET", "/", 200, "ok", 0, N);
	h2_talk_free(&t);
}

/* Many streams wait at once and are let go together, each whole. */
static void many_streams_wait_together(void **state)
{
	enum { N = 40 };
	struct h2_talk t;
	uint32_t there[N];
	(void)state;
	h2_talk_start(&t, "h2", &power);
	h2_talk_open(&t);
	for (uint32_t i = 0; i < N; i++)
		there[i] = ask(&t, 1 + 2 * i, H2_GET("/"));
	hold_disk(true, false);
	for (uint32_t i = 0; i < N; i++) {
		h2_raw_head(&t.o, 0, there[i], ":status: 200\n");
		h2_raw_data(&t.o, H2_END_STREAM, there[i], "body");
	}
	hold_disk_await();
	h2_raw_expect_silence(&t.b, 300);
	/* The connection itself is awake. */
	h2_raw_ping(&t.b, "awake?!?");
	h2_raw_expect(&t.b, H2_PING, 0);
	hold_disk(false, false);
	size_t heads = 0, ends = 0;
	while (ends < N) {
		const struct h2_got *g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS);
		assert_non_null(g);
		heads += g->type == H2_HEADERS;
		ends += g->type == H2_DATA && (g->flags & H2_END_STREAM) != 0;
		assert_true(heads >= ends);
	}
	h2_talk_end(&t);
	assert_int_equal(CASE_COUNT(t.rec.facts, EXCHANGE_END), N);
	h2_talk_free(&t);
}

/* Once the browser has the head, everything that led to it is in the case. */
static void a_head_that_arrived_is_in_the_case(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	for (uint32_t i = 0; i < 30; i++) {
		uint32_t stream = 1 + 2 * i, s = ask(&t, stream, H2_GET("/"));
		h2_raw_head(&t.o, 0, s, ":status: 200\n");
		h2_raw_expect_head(&t.b, stream, ":status: 200\n", false);
		struct read_case now;
		run_proxy_look(&t.rec.proxy, &now);
		assert_int_equal(CASE_COUNT(&now, HANDSHAKE), 2);
		assert_int_equal(CASE_COUNT(&now, REQUEST), i + 1);
		assert_int_equal(CASE_COUNT(&now, RESPONSE), i + 1);
		assert_int_equal(CASE_COUNT(&now, EXCHANGE_END), i);
		read_case_fini(&now);
		h2_raw_data(&t.o, H2_END_STREAM, s, "ok");
		h2_raw_expect_data(&t.b, stream, "ok", true);
		assert_int_equal(seen(&t, FACT_KIND_EXCHANGE_END), i + 1);
	}
	h2_talk_end(&t);
	h2_talk_free(&t);
}

/* The page that we make ourselves is a response like any other. */
static void our_own_pages_wait_too(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", &power);
	h2_talk_open(&t);
	uint32_t s = ask(&t, 1, H2_GET("/"));
	hold_disk(true, false);
	h2_raw_head(&t.o, 0, s, ":status: nonsense\n");
	hold_disk_await();
	h2_raw_expect_silence(&t.b, 200);
	hold_disk(false, false);
	h2_raw_expect(&t.b, H2_HEADERS, 1);
	assert_string_equal(h2_raw_field(&t.b, ":status"), "502");
	h2_talk_end(&t);
	h2_talk_free(&t);
}

/* A recorder that cannot write: nothing more is released, on no stream. */
static void nothing_is_released_by_a_broken_recorder(void **state)
{
	struct h2_talk t;
	struct err err = {0};
	(void)state;
	h2_talk_start(&t, "h2", &power);
	h2_talk_open(&t);
	uint32_t a = ask(&t, 1, H2_GET("/a")), b = ask(&t, 3, H2_GET("/b"));
	hold_disk(true, true);
	h2_raw_head(&t.o, 0, a, ":status: 200\n");
	h2_raw_data(&t.o, H2_END_STREAM, a, "secret");
	h2_raw_head(&t.o, H2_END_STREAM, b, ":status: 204\n");
	hold_disk_await();
	hold_disk(false, true);
	const struct h2_got *g;
	while ((g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS)) != NULL)
		if (g->type == H2_HEADERS || g->type == H2_DATA)
			fail_msg("released all the same:\n%s", h2_raw_log(&t.b));
	assert_true(t.b.eof || t.b.reset);
	assert_true(proxy_failed(t.rec.proxy.proxy, &err));
	assert_int_equal(err.kind, ERR_CASE_WRITE);
	hold_disk(false, false);
	h2_raw_close(&t.b);
	h2_raw_close(&t.o);
	proxy_stop(t.rec.proxy.proxy);
	/* It says that not everything was written. */
	assert_false(writer_close(t.rec.proxy.writer, &err));
	t.rec.proxy.stopped = true;
	resolver_free(t.rec.proxy.resolver);
	connect_to_fini(&t.rec.proxy.connect_to);
	ca_free(t.rec.proxy.ca);
	run_proxy_end(&t.rec.proxy);
	h2_origin_stop(t.origin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_head_waits_for_its_commit, hold_disk_free),
		cmocka_unit_test_setup(an_early_hint_waits_too, hold_disk_free),
		cmocka_unit_test_setup(an_end_waits_for_the_whole_body, hold_disk_free),
		cmocka_unit_test_setup(the_last_announced_byte_waits_too, hold_disk_free),
		cmocka_unit_test_setup(many_streams_wait_together, hold_disk_free),
		cmocka_unit_test_setup(a_head_that_arrived_is_in_the_case, hold_disk_free),
		cmocka_unit_test_setup(our_own_pages_wait_too, hold_disk_free),
		cmocka_unit_test_setup(
			nothing_is_released_by_a_broken_recorder, hold_disk_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
