/* Much at once over one connection of HTTP/2, and what its two peers tell each other of how
 * much they take. */
#include "tests/kit/h2_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The streams of a connection do not wait for each other, whatever order the origin chooses. */
static void a_hundred_at_once(void **state)
{
	enum { N = 100 };
	struct h2_talk t;
	uint32_t there[N];
	char path[40], line[200];
	bool done[N] = {0};
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	assert_in_range(t.b.settings[H2_SET_MAX_CONCURRENT_STREAMS], N, 1000);
	for (uint32_t i = 0; i < N; i++) {
		snprintf(line, sizeof line, H2_GET("/%u"), i);
		h2_raw_head(&t.b, H2_END_STREAM, 1 + 2 * i, line);
	}
	for (size_t i = 0; i < N; i++) {
		uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
		unsigned long asked = strtoul(h2_raw_field(&t.o, ":path") + 1, NULL, 10);
		assert_true(asked < N);
		there[asked] = s;
	}
	/* All heads backwards, then the bodies, one of them missing until the rest is through.
	 */
	for (size_t i = N; i-- > 0;) {
		snprintf(line, sizeof line, ":status: 200\nx-number: %zu\n", i);
		h2_raw_head(&t.o, 0, there[i], line);
	}
	for (size_t i = 1; i < N; i++) {
		snprintf(path, sizeof path, "body %zu", i);
		h2_raw_data(&t.o, H2_END_STREAM, there[i], path);
	}
	size_t heads = 0, ends = 0;
	while (ends < N - 1) {
		const struct h2_got *g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS);
		if (g == NULL)
			fail_msg("%zu heads, %zu ends:\n%s", heads, ends, h2_raw_log(&t.b));
		size_t i = g->stream / 2;
		if (g->type == H2_HEADERS) {
			heads++;
			snprintf(line, sizeof line, ":status: 200\nx-number: %zu\n", i);
			assert_string_equal(g->fields, line);
		} else if (g->type == H2_DATA) {
			/* A body may come in several frames. */
			done[i] |= g->payload.n > 0;
			ends += (g->flags & H2_END_STREAM) != 0;
		}
	}
	assert_int_equal(heads, N);
	assert_false(done[0]);
	h2_raw_data(&t.o, H2_END_STREAM, there[0], "last");
	h2_raw_expect_data(&t.b, 1, "last", true);
	h2_talk_end(&t);
	assert_int_equal(CASE_COUNT(t.rec.facts, REQUEST), N);
	assert_int_equal(CASE_COUNT(t.rec.facts, LEG), 1);
	for (size_t i = 0; i < N; i++) {
		snprintf(path, sizeof path, "/%zu", i);
		conversation_recorded(&t.rec, i, "GET", path, 200, "ok", 0, -1);
		snprintf(line, sizeof line, "body %zu", i);
		conversation_body(&t.rec, i, SIDE_RESPONSE, i == 0 ? "last" : line);
	}
	h2_talk_free(&t);
}

/* RFC 9113 5.1.2: an origin that takes few requests at once gets no more from us, and the
 * browser is told. */
static void an_origin_may_take_few_at_once(void **state)
{
	enum { N = 7, AT_ONCE = 2 };
	struct h2_talk t;
	bool served[N] = {0}, refused[N] = {0};
	size_t done = 0;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open_with(&t, NULL, 0, "\0\x03\0\0\0\x02", 6);
	for (uint32_t i = 0; i < N; i++)
		h2_raw_head(&t.b, H2_END_STREAM, 1 + 2 * i, H2_GET("/"));
	while (done < N) {
		/* As many as come without an answer. */
		uint32_t open[N];
		size_t n_open = 0;
		const struct h2_got *g;
		while ((g = h2_raw_next(&t.o, 200)) != NULL)
			if (g->type == H2_HEADERS) {
				assert_true(n_open < N);
				open[n_open++] = g->stream;
			}
		if (n_open > AT_ONCE)
			fail_msg("%zu requests at once", n_open);
		for (size_t i = 0; i < n_open; i++)
			h2_raw_head(&t.o, H2_END_STREAM, open[i], ":status: 204\n");
		while ((g = h2_raw_next(&t.b, 200)) != NULL) {
			if (g->type != H2_HEADERS && g->type != H2_RST_STREAM)
				continue;
			if (g->type == H2_RST_STREAM)
				assert_int_equal(g->code, H2_REFUSED_STREAM);
			served[g->stream / 2] |= g->type == H2_HEADERS;
			refused[g->stream / 2] |= g->type == H2_RST_STREAM;
			done++;
		}
		assert_false(t.b.eof || t.b.reset);
	}
	assert_true(served[0] && served[1]);
	assert_int_equal(t.b.settings[H2_SET_MAX_CONCURRENT_STREAMS], AT_ONCE);
	h2_talk_end(&t);
	/* What was refused was refused unread: it may be asked again. */
	size_t n_served = 0;
	for (size_t i = 0; i < N; i++) {
		assert_true(served[i] != refused[i]);
		n_served += served[i];
	}
	assert_true(CASE_COUNT(t.rec.facts, REQUEST) >= n_served);
	assert_true(CASE_COUNT(t.rec.facts, REQUEST) + h2_talk_frames(t.rec.facts, "clicktrail",
							       "rst_stream", H2_REFUSED_STREAM,
							       LEG_BROWSER) >=
		    N);
	assert_int_equal(
		CASE_COUNT(t.rec.facts, REQUEST), CASE_COUNT(t.rec.facts, EXCHANGE_END));
	h2_talk_free(&t);
}

/* Of several frames each, on both legs. */
static void large_heads_pass(void **state)
{
	struct h2_talk t;
	struct buf ask = {0}, answer = {0};
	char line[700], cookie[600];
	(void)state;
	memset(cookie, 'c', sizeof cookie);
	cookie[sizeof cookie - 1] = 0;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	buf_add_str(&ask, H2_GET("/"));
	buf_add_str(&answer, ":status: 200\n");
	for (int i = 0; i < 80; i++) {
		snprintf(line, sizeof line, "cookie: %d=%s\n", i, cookie);
		buf_add_str(&ask, line);
		snprintf(line, sizeof line, "set-cookie: %d=%s\n", i, cookie);
		buf_add_str(&answer, line);
	}
	buf_add_byte(&ask, 0);
	buf_add_byte(&answer, 0);
	const char *asked = (const char *)buf_span(&ask).p;
	const char *answered = (const char *)buf_span(&answer).p;
	/* Written in pieces: HEADERS and CONTINUATIONs. */
	for (int side = 0; side < 2; side++) {
		struct h2_raw *from = side == 0 ? &t.b : &t.o;
		struct buf block = {0};
		h2_write_fields(&block, side == 0 ? asked : answered);
		struct span rest = buf_span(&block);
		uint32_t stream = side == 0 ? 1 : t.o.got.stream;
		unsigned type = H2_HEADERS;
		while (rest.n > 0) {
			struct span piece = span_first(rest, H2_FRAME_MAX);
			rest = span_from(rest, piece.n);
			unsigned flags = (type == H2_HEADERS ? H2_END_STREAM : 0u) |
					 (rest.n == 0 ? H2_END_HEADERS : 0u);
			h2_raw_frame(from, type, flags, stream, piece.p, piece.n);
			type = H2_CONTINUATION;
		}
		buf_fini(&block);
		if (side == 0) {
			h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX);
			assert_string_equal(t.o.got.fields, asked);
		}
	}
	h2_raw_expect_head(&t.b, 1, answered, true);
	h2_talk_end(&t);
	h2_talk_fields(&t, 0, SIDE_REQUEST, asked);
	h2_talk_fields(&t, 0, SIDE_RESPONSE, answered);
	h2_talk_free(&t);
	buf_fini(&ask);
	buf_fini(&answer);
}

/* A fingerprint that investigators use: both peers' SETTINGS as they came, in order, once. */
static void settings_are_recorded_as_they_came(void **state)
{
	static const char firefox[] =
		"\0\x01\0\x01\0\0\0\x02\0\0\0\0\0\x04\0\x02\0\0\0\x05\0\0\x40\0";
	static const char server[] = "\0\x03\0\0\0\x80\0\x04\0\x01\0\0\x12\x34\0\0\0\x01";
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open_with(&t, firefox, sizeof firefox - 1, server, sizeof server - 1);
	/* What the origin is told: no push, whatever the browser thinks of it. */
	assert_int_equal(t.o.settings[H2_SET_ENABLE_PUSH], 0);
	assert_true(t.o.settings[H2_SET_INITIAL_WINDOW_SIZE] >= 65535);
	/* What the browser is told: bounds on what it may start and send. */
	assert_in_range(t.b.settings[H2_SET_MAX_CONCURRENT_STREAMS], 1, 128);
	h2_talk_get(&t, 1, "/");
	h2_raw_set(&t.b, H2_SET_MAX_FRAME_SIZE, 20000);
	h2_talk_get(&t, 3, "/");
	h2_talk_end(&t);
	size_t theirs = 0;
	for (size_t i = 0; i < CASE_COUNT(t.rec.facts, H2_FRAME); i++) {
		const struct fact_h2_frame *f = CASE_FACT(t.rec.facts, H2_FRAME, h2_frame, i);
		if (!span_is(f->frame, "settings") || !span_is(f->sender, "peer"))
			continue;
		bool browser = f->leg == LEG_BROWSER;
		struct span want = browser ? span_of(firefox, sizeof firefox - 1)
					   : span_of(server, sizeof server - 1);
		/* Later ones may be there or not, behind the first. */
		if (theirs++ < 2)
			assert_true(span_eq(f->payload, want));
	}
	assert_true(theirs >= 2);
	h2_talk_free(&t);
}

/* The same connection may be used for another name of the certificate (RFC 9113 9.1.1). */
static void another_authority_goes_on(void **state)
{
	static const char ask[] = ":method: GET\n:scheme: https\n:authority: img." ORIGIN_HOST
				  "\n:path: /a.png\n";
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_raw_head(&t.b, H2_END_STREAM, 1, ask);
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	assert_string_equal(t.o.got.fields, ask);
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 421\n");
	h2_raw_expect_head(&t.b, 1, ":status: 421\n", true);
	h2_talk_end(&t);
	const struct fact_request *q = CASE_FACT(t.rec.facts, REQUEST, request, 0);
	assert_true(span_is(q->url, "https://img." ORIGIN_HOST "/a.png"));
	assert_true(h2_talk_has(q->oddities, "host-differs"));
	h2_talk_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundred_at_once),
		cmocka_unit_test(an_origin_may_take_few_at_once),
		cmocka_unit_test(large_heads_pass),
		cmocka_unit_test(settings_are_recorded_as_they_came),
		cmocka_unit_test(another_authority_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
