/* Bodies over HTTP/2: whole, both ways, at the pace of whoever is slower, and never more of
 * them in memory than the windows that we opened. */
#include "store/base/hash.h"
#include "tests/kit/h2_talk.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { KIB = 1024, MIB = 1024 * 1024, QUIET_MS = 400 };

/* SETTINGS: a large window for each stream, and one for the connection to fit. */
#define WIDE_STREAM "\0\x04\x00\x60\0\0"
enum { WIDE = 0x600000 };

static void widen(struct h2_raw *c)
{
	h2_raw_window(c, 0, WIDE - H2_WINDOW);
}

/* Moves DATA of the pattern from one end to the other until `to` bytes arrived, with
 * END_STREAM; the reader opens its windows as it reads. */
static void shuttle(struct h2_raw *from, uint32_t from_stream, size_t sent, struct h2_raw *into,
	uint32_t into_stream, size_t to)
{
	size_t at = 0;
	bool ended = false;
	while (!ended) {
		if (sent < to)
			sent = h2_raw_fill(from, from_stream, sent, to, true, 0);
		/* What is waiting at the reader's end; patience only when all is sent. */
		const struct h2_got *g = h2_raw_next(into, sent < to ? 20 : H2_RAW_PATIENCE_MS);
		if (g == NULL && (sent == to || into->eof || into->reset))
			fail_msg("at byte %zu of %zu, %zu sent:\n%s", at, to, sent,
				h2_raw_log(into));
		if (g == NULL) {
			/* The writer's windows: read what the proxy says of them. */
			h2_raw_next(from, 20);
			continue;
		}
		if (g->type == H2_RST_STREAM || g->type == H2_GOAWAY)
			fail_msg("at byte %zu of %zu:\n%s", at, to, h2_raw_log(into));
		if (g->type != H2_DATA || g->stream != into_stream)
			continue;
		for (size_t i = 0; i < g->payload.n; i++, at++)
			if (g->payload.p[i] != script_fill(at))
				fail_msg("byte %zu of %zu differs", at, to);
		ended = (g->flags & H2_END_STREAM) != 0;
		size_t n = g->window;
		if (n > 0) {
			h2_raw_window(into, 0, (uint32_t)n);
			if (!ended)
				h2_raw_window(into, into_stream, (uint32_t)n);
		}
	}
	assert_int_equal(at, to);
}

static void much_comes_down(void **state)
{
	enum { MUCH = 5 * MIB + 7 };
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open_with(&t, WIDE_STREAM, 6, NULL, 0);
	widen(&t.b);
	h2_raw_head(&t.b, H2_END_STREAM, 1, H2_GET("/big"));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, 0, s, ":status: 200\n");
	h2_raw_expect_head(&t.b, 1, ":status: 200\n", false);
	shuttle(&t.o, s, 0, &t.b, 1, MUCH);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "GET", "/big", 200, "ok", 0, MUCH);
	conversation_body_fill(&t.rec, 0, SIDE_RESPONSE, MUCH);
	h2_talk_free(&t);
}

static void much_goes_up(void **state)
{
	enum { MUCH = 5 * MIB + 7 };
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open_with(&t, NULL, 0, WIDE_STREAM, 6);
	widen(&t.o);
	h2_raw_head(&t.b, 0, 1, H2_ASK("POST", "/up"));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	shuttle(&t.b, 1, 0, &t.o, s, MUCH);
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 201\n");
	h2_raw_await(&t.b, H2_HEADERS, 1);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "POST", "/up", 201, "ok", MUCH, 0);
	conversation_body_fill(&t.rec, 0, SIDE_REQUEST, MUCH);
	h2_talk_free(&t);
}

/* A browser with small windows that does not open them: the origin must feel it. */
static void a_slow_browser_slows_the_origin(void **state)
{
	enum { MUCH = 64 * MIB, BOUND = 3 * MIB };
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_raw_head(&t.b, H2_END_STREAM, 1, H2_GET("/big"));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, 0, s, ":status: 200\n");
	h2_raw_expect_head(&t.b, 1, ":status: 200\n", false);
	size_t taken = h2_raw_fill(&t.o, s, 0, MUCH, true, QUIET_MS);
	if (taken > BOUND)
		fail_msg("%zu bytes were taken for a browser that reads 65535", taken);
	assert_true(taken >= H2_WINDOW);
	/* Another stream of the same browser waits with it (its connection's window is shut),
	 * but its head does not. */
	uint32_t other;
	h2_raw_head(&t.b, H2_END_STREAM, 3, H2_GET("/small"));
	other = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, 0, other, ":status: 200\n");
	h2_raw_data(&t.o, H2_END_STREAM, other, "small");
	h2_raw_await(&t.b, H2_HEADERS, 3);
	/* It reads on, and all is well. */
	h2_raw_window(&t.b, 0, 4 * MIB);
	h2_raw_expect_data(&t.b, 3, "small", true);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 1, "GET", "/small", 200, "ok", 0, 5);
	assert_true(span_starts(
		read_case_end(t.rec.facts, conversation_exchange(&t.rec, 0))->reason,
		"browser-"));
	h2_talk_free(&t);
}

/* One stream that is not read does not hold up its neighbours. */
static void a_stream_that_stands_holds_up_no_other(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	/* The connection's window is wide, the stream's are small. */
	h2_talk_open(&t);
	h2_raw_window(&t.b, 0, 8 * MIB);
	h2_raw_head(&t.b, H2_END_STREAM, 1, H2_GET("/stands"));
	uint32_t stands = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, 0, stands, ":status: 200\n");
	size_t taken = h2_raw_fill(&t.o, stands, 0, 64 * MIB, true, QUIET_MS);
	assert_true(taken <= 3 * MIB);
	/* Past the 65535 bytes of the one that stands: */
	h2_raw_expect_head(&t.b, 1, ":status: 200\n", false);
	for (size_t came = 0; came < H2_WINDOW;)
		came += h2_raw_expect(&t.b, H2_DATA, 1)->window;
	for (uint32_t stream = 3; stream < 23; stream += 2) {
		h2_raw_head(&t.b, H2_END_STREAM, stream, H2_GET("/goes"));
		uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
		h2_raw_head(&t.o, 0, s, ":status: 200\n");
		assert_int_equal(h2_raw_fill(&t.o, s, 0, 50000, true, 5000), 50000);
		h2_raw_expect_head(&t.b, stream, ":status: 200\n", false);
		h2_raw_expect_fill(&t.b, stream, 50000, true);
	}
	h2_raw_rst(&t.b, 1, H2_CANCEL);
	h2_raw_await(&t.o, H2_RST_STREAM, stands);
	h2_talk_end(&t);
	for (size_t i = 1; i < 11; i++) {
		conversation_recorded(&t.rec, i, "GET", "/goes", 200, "ok", 0, 50000);
		conversation_body_fill(&t.rec, i, SIDE_RESPONSE, 50000);
	}
	h2_talk_free(&t);
}

static void a_slow_origin_slows_the_browser(void **state)
{
	enum { MUCH = 64 * MIB, BOUND = 3 * MIB };
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_raw_head(&t.b, 0, 1, H2_ASK("POST", "/up"));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	size_t taken = h2_raw_fill(&t.b, 1, 0, MUCH, true, QUIET_MS);
	if (taken > BOUND)
		fail_msg("%zu bytes were taken for an origin that reads 65535", taken);
	assert_true(taken >= H2_WINDOW);
	/* It answers without reading, and lets the rest be. */
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 413\n");
	h2_raw_rst(&t.o, s, H2_NO_ERROR);
	h2_raw_await(&t.b, H2_HEADERS, 1);
	assert_string_equal(t.b.got.fields, ":status: 413\n");
	h2_raw_await(&t.b, H2_RST_STREAM, 1);
	/* The windows that the cut body took are given back: as much again can be sent. */
	h2_raw_window(&t.o, 0, 2 * H2_WINDOW);
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t stream = 3 + 2 * i;
		h2_raw_head(&t.b, 0, stream, H2_ASK("POST", "/again"));
		s = h2_raw_await(&t.o, H2_HEADERS, UINT32_MAX)->stream;
		assert_int_equal(h2_raw_fill(&t.b, stream, 0, 30000, true, 5000), 30000);
		h2_raw_expect_fill(&t.o, s, 30000, true);
		h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 200\n");
		h2_raw_await(&t.b, H2_HEADERS, stream);
	}
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "POST", "/up", 413, "*", -1, 0);
	for (size_t i = 1; i < 4; i++)
		conversation_recorded(&t.rec, i, "POST", "/again", 200, "ok", 30000, 0);
	h2_talk_free(&t);
}

/* All streams of a connection at once, none of them read: what stands in memory is bounded by
 * the windows, not by the number of streams. */
static void a_hundred_bodies_take_no_more_memory(void **state)
{
	enum { N = 100, BOUND = 24 * MIB };
	struct h2_talk t;
	uint32_t there[N];
	size_t sent = 0;
	(void)state;
	struct run_proxy_options options = {.no_bodies = true};
	h2_talk_start(&t, "h2", &options);
	/* A browser that says it reads everything, and then does not. */
	h2_talk_open_with(&t, "\0\x04\x7f\xff\xff\xff", 6, NULL, 0);
	h2_raw_window(&t.b, 0, H2_WINDOW_MAX - H2_WINDOW);
	for (uint32_t i = 0; i < N; i++) {
		h2_raw_head(&t.b, H2_END_STREAM, 1 + 2 * i, H2_GET("/"));
		there[i] = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
		h2_raw_head(&t.o, 0, there[i], ":status: 200\n");
	}
	size_t before_kib = h2_talk_rss_kib();
	size_t at[N] = {0}, was;
	do {
		was = sent;
		for (size_t i = 0; i < N; i++) {
			size_t to = h2_raw_fill(&t.o, there[i], at[i], at[i] + 256 * KIB, false,
				sent == 0 ? 50 : 5);
			sent += to - at[i];
			at[i] = to;
		}
	} while (sent > was && sent < 200 * MIB);
	size_t after_kib = h2_talk_rss_kib();
	size_t grown_kib = after_kib > before_kib ? after_kib - before_kib : 0;
	print_message("%zu KiB taken, memory grew by %zu KiB\n", sent / KIB, grown_kib);
	/* What the sockets' buffers hold is not ours. */
	if (sent > BOUND)
		fail_msg("%zu MiB were taken for a browser that reads nothing", sent / MIB);
	h2_talk_end(&t);
	assert_int_equal(CASE_COUNT(t.rec.facts, EXCHANGE_END), N);
	h2_talk_free(&t);
}

/* --max-body stops storing, not passing, and the hash is of all that passed. */
static void a_body_beyond_the_limit_is_passed_and_hashed(void **state)
{
	enum { N = 200000, KEPT = 70000 };
	struct run_proxy_options options = {.max_body = KEPT};
	struct h2_talk t;
	uint8_t digest[SHA256_LEN], *all = malloc(N);
	(void)state;
	assert_non_null(all);
	h2_talk_start(&t, "h2", &options);
	h2_talk_open_with(&t, WIDE_STREAM, 6, NULL, 0);
	widen(&t.b);
	h2_raw_head(&t.b, H2_END_STREAM, 1, H2_GET("/"));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, 0, s, ":status: 200\n");
	h2_raw_expect_head(&t.b, 1, ":status: 200\n", false);
	shuttle(&t.o, s, 0, &t.b, 1, N);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "GET", "/", 200, "ok", 0, N);
	const struct fact_exchange_end *end =
		read_case_end(t.rec.facts, conversation_exchange(&t.rec, 0));
	assert_true(end->res_stored <= KEPT && end->res_stored > 0);
	for (size_t i = 0; i < N; i++)
		all[i] = script_fill(i);
	sha256(span_of(all, N), digest);
	assert_true(span_eq(end->res_sha256, span_of(digest, sizeof digest)));
	assert_int_equal(read_case_notes(t.rec.facts, "body-not-stored"), 1);
	h2_talk_free(&t);
	free(all);
}

/* Padding counts in the windows (RFC 9113 6.1): it must not use them up for good. */
static void padding_is_given_back(void **state)
{
	static uint8_t frame[16000];
	enum { ROUNDS = 40 };
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_raw_head(&t.b, 0, 1, H2_ASK("POST", "/padded"));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	/* 255 bytes of padding around each byte: 40 x 256 x ... more than any window of ours.
	 */
	size_t n = 0;
	for (int round = 0; round < ROUNDS; round++) {
		struct buf many = {0};
		frame[0] = 255;
		for (int i = 0; i < 50; i++, n++) {
			frame[1] = 'p';
			h2_write_frame(&many, H2_DATA, H2_PADDED, 1, frame, 257);
		}
		while (t.b.window < 50 * 257 || t.b.initial + t.b.stream_window[0] < 50 * 257)
			if (h2_raw_next(&t.b, H2_RAW_PATIENCE_MS) == NULL)
				fail_msg("the windows stay shut after %zu frames:\n%s", n,
					h2_raw_log(&t.b));
		t.b.window -= 50 * 257;
		t.b.stream_window[0] -= 50 * 257;
		h2_raw_bytes(&t.b, buf_span(&many).p, buf_len(&many));
		buf_fini(&many);
	}
	h2_raw_data(&t.b, H2_END_STREAM, 1, "");
	size_t came = 0;
	const struct h2_got *g;
	do {
		g = h2_raw_expect(&t.o, H2_DATA, s);
		came += g->payload.n;
	} while ((g->flags & H2_END_STREAM) == 0);
	assert_int_equal(came, n);
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 204\n");
	h2_raw_await(&t.b, H2_HEADERS, 1);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "POST", "/padded", 204, "ok", (int64_t)n, 0);
	h2_talk_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(much_comes_down),
		cmocka_unit_test(much_goes_up),
		cmocka_unit_test(a_slow_browser_slows_the_origin),
		cmocka_unit_test(a_stream_that_stands_holds_up_no_other),
		cmocka_unit_test(a_slow_origin_slows_the_browser),
		cmocka_unit_test(a_hundred_bodies_take_no_more_memory),
		cmocka_unit_test(a_body_beyond_the_limit_is_passed_and_hashed),
		cmocka_unit_test(padding_is_given_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
