/*
 * Peers that mean harm, on both sides: more of anything than a browser or a server would ever
 * send. That connection ends within a second and the case says why; a second tunnel, open all
 * the while, does not notice; memory and the case stay small.
 */
#include "store/base/clock.h"
#include "tests/kit/h2_flood.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	FRAMES = 40000, /* of a flood; none is ever sent to its end */
	ROWS_MAX = 32,
	GROWTH_KIB = 96 * 1024, /* of this process, sanitizer and both peers included */
	FACTS_MAX = 3000,       /* of one attacked tunnel */
};
#ifdef __SANITIZE_THREAD__
enum { A_SECOND_US = 4000000 };
#else
enum { A_SECOND_US = 1000000 };
#endif

/* Sends until the connection is gone; how long that took, in microseconds. */
static int64_t flood(const struct h2_flood_row *f, struct h2_raw *c, uint32_t open_stream)
{
	int64_t start_us = clock_now_us(clock_real());
	struct buf out = {0};
	bool done = false;
	for (uint32_t i = 0; i < FRAMES && !c->eof && !c->reset;) {
		buf_clear(&out);
		for (uint32_t k = 0; k < (f->round != 0 ? f->round : H2_FLOOD_ROUND); k++, i++)
			f->put(&out, i, open_stream);
		if (buf_len(&out) > 0 && h2_raw_try_bytes(c, buf_span(&out).p, buf_len(&out),
						 5000) < buf_len(&out))
			break;
		done = buf_len(&out) == 0;
		while (h2_raw_next(c, done ? 100 : f->round != 0 ? 3 : 0) != NULL)
			;
		if (clock_now_us(clock_real()) - start_us > 4 * (int64_t)A_SECOND_US)
			break;
	}
	h2_raw_gone_within(c, 2000);
	buf_fini(&out);
	return clock_now_us(clock_real()) - start_us;
}

/* A tunnel beside the attacked one. */
struct beside {
	struct h2_raw b, o;
	uint32_t stream;
};

static void open_beside(struct h2_talk *t, struct beside *s)
{
	h2_talk_open(t);
	*s = (struct beside){t->b, t->o, 1};
	t->b = t->o = (struct h2_raw){.fd = -1};
}

static void use_beside(struct h2_talk *t, struct beside *s)
{
	struct h2_raw b = t->b, o = t->o;
	t->b = s->b;
	t->o = s->o;
	h2_talk_get(t, s->stream, "/beside");
	s->stream += 2;
	s->b = t->b;
	s->o = t->o;
	t->b = b;
	t->o = o;
}

/* The stream that a flood may use, open at both ends; its number at the attacker's. */
static uint32_t open_stream(struct h2_talk *t, const struct h2_flood_row *f, bool browser)
{
	h2_raw_head(&t->b, f->post ? 0 : H2_END_STREAM, 1,
		f->post ? H2_ASK("POST", "/attacked") : H2_GET("/attacked"));
	uint32_t s = h2_raw_expect(&t->o, H2_HEADERS, UINT32_MAX)->stream;
	if (browser && f->settings != NULL) {
		h2_raw_head(&t->o, 0, s, ":status: 200\n");
		h2_raw_data(&t->o, H2_END_STREAM, s, "a body that waits for its window");
		h2_raw_await(&t->b, H2_HEADERS, 1);
	}
	return browser ? 1 : s;
}

static int64_t tunnel_of(const struct read_case *facts, unsigned port)
{
	for (size_t i = 0; i < CASE_COUNT(facts, TUNNEL); i++)
		if (CASE_FACT(facts, TUNNEL, tunnel, i)->client_port == (int64_t)port)
			return CASE_FACT(facts, TUNNEL, tunnel, i)->tunnel;
	return 0;
}

static bool check_recorded(
	const struct read_case *facts, const struct h2_flood_row *f, unsigned port)
{
	int64_t tunnel = tunnel_of(facts, port);
	size_t notes = 0, goaways = 0, frames = 0, requests = 0;
	int64_t code = -1;
	for (size_t i = 0; i < CASE_COUNT(facts, NOTE); i++) {
		const struct fact_note *n = CASE_FACT(facts, NOTE, note, i);
		notes += n->tunnel == tunnel && span_is(n->code, "limit");
	}
	for (size_t i = 0; i < CASE_COUNT(facts, H2_FRAME); i++) {
		const struct fact_h2_frame *h = CASE_FACT(facts, H2_FRAME, h2_frame, i);
		frames += h->tunnel == tunnel;
		if (h->tunnel != tunnel || !span_is(h->frame, "goaway") ||
			!span_is(h->sender, "clicktrail") || h->code == H2_NO_ERROR)
			continue;
		goaways++;
		code = h->code;
	}
	for (size_t i = 0; i < CASE_COUNT(facts, REQUEST); i++)
		requests += CASE_FACT(facts, REQUEST, request, i)->tunnel == tunnel;
	if ((notes > 0 || f->plainly_wrong) && goaways > 0 && frames <= FACTS_MAX &&
		requests <= FACTS_MAX)
		return true;
	print_error(
		"%s: the case has %zu notes of a limit, %zu GOAWAYs of ours (%s), %zu frames, "
		"%zu requests\n",
		f->name, notes, goaways, code >= 0 ? h2_wire_code((uint32_t)code) : "-", frames,
		requests);
	return false;
}

static void attack(const struct h2_flood_row *rows, size_t n, bool browser)
{
	struct h2_talk t;
	struct beside beside;
	unsigned ports[ROWS_MAX];
	size_t failed = 0;
	assert_true(n <= ROWS_MAX);
	struct run_proxy_options options = {.no_bodies = true};
	h2_talk_start(&t, "h2", &options);
	open_beside(&t, &beside);
	use_beside(&t, &beside);
	for (size_t i = 0; i < n; i++) {
		const struct h2_flood_row *f = &rows[i];
		h2_talk_open_with(&t, browser ? f->settings : NULL,
			browser && f->settings != NULL ? 6 : 0, NULL, 0);
		ports[i] = t.b.local_port;
		uint32_t stream = open_stream(&t, f, browser);
		struct h2_raw *attacker = browser ? &t.b : &t.o, *other = browser ? &t.o : &t.b;
		size_t before_kib = h2_talk_rss_kib();
		int64_t took_us = flood(f, attacker, stream);
		size_t after_kib = h2_talk_rss_kib();
		size_t grown_kib = after_kib > before_kib ? after_kib - before_kib : 0;
		bool gone = attacker->eof || attacker->reset;
		if (!gone || took_us > A_SECOND_US || grown_kib > GROWTH_KIB) {
			print_error("%s: %s after %lld ms, memory grew by %zu KiB:\n%s\n",
				f->name, gone ? "gone" : "not gone", (long long)took_us / 1000,
				grown_kib, gone ? "" : h2_raw_log(attacker));
			failed++;
		}
		use_beside(&t, &beside);
		/* The other end of the attacked tunnel is let go, too. */
		if (gone)
			h2_raw_expect_gone(other);
		h2_raw_cut(&t.b);
		h2_raw_cut(&t.o);
	}
	use_beside(&t, &beside);
	h2_raw_close(&beside.b);
	h2_raw_close(&beside.o);
	h2_talk_end(&t);
	for (size_t i = 0; i < n; i++)
		failed += !check_recorded(t.rec.facts, &rows[i], ports[i]);
	assert_int_equal(CASE_COUNT(t.rec.facts, TUNNEL_END), n + 1);
	assert_int_equal(
		CASE_COUNT(t.rec.facts, REQUEST), CASE_COUNT(t.rec.facts, EXCHANGE_END));
	h2_talk_free(&t);
	if (failed > 0)
		fail_msg("%zu of %zu floods", failed, n);
}

static void a_browser_that_floods_is_cut_off(void **state)
{
	(void)state;
	attack(h2_floods_of_browser, h2_floods_of_browser_n, true);
}

static void an_origin_that_floods_is_cut_off(void **state)
{
	(void)state;
	attack(h2_floods_of_origin, h2_floods_of_origin_n, false);
}

/* Bodies are asked for, or announced, by a peer that from the start lets none of them through:
 * each would wait in memory for as long as a body may stand still. */
static void a_hold_with_windows_of_nothing_ends(void **state)
{
	enum { N = 60 };
	(void)state;
	for (int way = 0; way < 2; way++) {
		bool browser = way == 0;
		struct h2_talk t;
		struct beside beside;
		h2_talk_start(&t, "h2", NULL);
		open_beside(&t, &beside);
		static const char shut[] = "\0\x04\0\0\0";
		h2_talk_open_with(&t, browser ? shut : NULL, browser ? sizeof shut : 0,
			browser ? NULL : shut, browser ? 0 : sizeof shut);
		unsigned port = t.b.local_port;
		for (uint32_t i = 0; i < N; i++) {
			uint32_t stream = 1 + 2 * i;
			h2_raw_head(&t.b, browser ? H2_END_STREAM : 0, stream,
				browser ? H2_GET("/held") : H2_ASK("POST", "/held"));
			uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
			if (!browser) {
				h2_raw_data(&t.b, 0, stream, "held");
				continue;
			}
			h2_raw_head(&t.o, 0, s, ":status: 200\n");
			h2_raw_data(&t.o, 0, s, "held");
		}
		int64_t start_us = clock_now_us(clock_real());
		struct h2_raw *holder = browser ? &t.b : &t.o, *other = browser ? &t.o : &t.b;
		if (!h2_raw_gone_within(holder, 3000))
			fail_msg("way %d: it is still held:\n%s", way, h2_raw_log(holder));
		int64_t took_us = clock_now_us(clock_real()) - start_us;
		assert_true(took_us < A_SECOND_US + 500000);
		use_beside(&t, &beside);
		h2_raw_expect_gone(other);
		h2_raw_close(&beside.b);
		h2_raw_close(&beside.o);
		h2_talk_end(&t);
		static const struct h2_flood_row row = {.name = "windows of nothing"};
		assert_true(check_recorded(t.rec.facts, &row, port));
		h2_talk_free(&t);
	}
}

/* Windows of nothing to begin with, each opened by hand, are no attack. */
static void windows_opened_by_hand_are_served(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open_with(&t, "\0\x04\0\0\0", 6, NULL, 0);
	for (uint32_t i = 0; i < 4; i++) {
		h2_raw_head(&t.b, H2_END_STREAM, 1 + 2 * i, H2_GET("/by-hand"));
		uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
		h2_raw_head(&t.o, 0, s, ":status: 200\n");
		h2_raw_data(&t.o, H2_END_STREAM, s, "given");
	}
	h2_raw_expect_silence(&t.o, 1200);
	for (uint32_t i = 4; i-- > 0;) {
		h2_raw_window(&t.b, 1 + 2 * i, 5);
		while (h2_raw_await(&t.b, H2_DATA, 1 + 2 * i)->payload.n != 5)
			;
	}
	h2_talk_end(&t);
	assert_int_equal(read_case_notes(t.rec.facts, "limit"), 0);
	h2_talk_free(&t);
}

/* What a busy page does is no flood. */
static void a_busy_browser_is_served(void **state)
{
	enum { STREAMS = 300 };
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	for (uint32_t i = 0; i < STREAMS; i++) {
		uint32_t stream = 1 + 4 * i;
		h2_raw_frame(&t.b, H2_PRIORITY, 0, stream, "\0\0\0\0\x10", 5);
		h2_talk_get(&t, stream, "/busy");
		if (i % 10 == 0) {
			h2_raw_ping(&t.b, "stillup?");
			h2_raw_ping(&t.o, "stillup?");
		}
		/* A user who stops loading, now and then. */
		if (i % 10 == 5) {
			h2_raw_head(&t.b, H2_END_STREAM, stream + 2, H2_GET("/stop"));
			h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX);
			h2_raw_rst(&t.b, stream + 2, H2_CANCEL);
			h2_raw_await(&t.o, H2_RST_STREAM, UINT32_MAX);
		}
	}
	h2_talk_end(&t);
	assert_int_equal(read_case_notes(t.rec.facts, "limit"), 0);
	h2_talk_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_browser_that_floods_is_cut_off),
		cmocka_unit_test(an_origin_that_floods_is_cut_off),
		cmocka_unit_test(a_hold_with_windows_of_nothing_ends),
		cmocka_unit_test(windows_opened_by_hand_are_served),
		cmocka_unit_test(a_busy_browser_is_served),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
