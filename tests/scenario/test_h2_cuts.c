/* Streams and connections of HTTP/2 that end before their time: the other side hears it by the
 * same code, and the case has who said it. */
#include "tests/kit/h2_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int64_t origin_leg(const struct h2_talk *t)
{
	return CASE_FACT(t->rec.facts, LEG, leg, 0)->leg;
}

static bool ends_with_reason(const struct h2_talk *t, size_t i, const char *start)
{
	const struct fact_exchange_end *end =
		read_case_end(t->rec.facts, conversation_exchange(&t->rec, i));
	return end != NULL && span_starts(end->reason, start);
}

static void demand_reason(const struct h2_talk *t, size_t i, const char *start)
{
	const struct fact_exchange_end *end =
		read_case_end(t->rec.facts, conversation_exchange(&t->rec, i));
	if (!ends_with_reason(t, i, start))
		fail_msg("exchange %zu ended by %.*s (%.*s), not %s", i,
			end != NULL ? (int)end->reason.n : 0,
			end != NULL ? (const char *)end->reason.p : "",
			end != NULL ? (int)end->detail.n : 0,
			end != NULL ? (const char *)end->detail.p : "", start);
}

/* The frame's fact names the exchange that it ended. */
static void check_frame(const struct h2_talk *t, const char *sender, uint32_t code, int64_t leg,
	size_t exchange)
{
	for (size_t i = 0; i < CASE_COUNT(t->rec.facts, H2_FRAME); i++) {
		const struct fact_h2_frame *f = CASE_FACT(t->rec.facts, H2_FRAME, h2_frame, i);
		if (span_is(f->sender, sender) && span_is(f->frame, "rst_stream") &&
			f->code == (int64_t)code && f->leg == leg &&
			f->exchange == conversation_exchange(&t->rec, exchange) &&
			span_is(f->code_name, h2_wire_code(code)))
			return;
	}
	fail_msg("no RST_STREAM %s of %s on leg %d for exchange %zu", h2_wire_code(code),
		sender, (int)leg, exchange);
}

static uint32_t ask(struct h2_talk *t, uint32_t stream, const char *path)
{
	char head[300];
	snprintf(head, sizeof head,
		":method: GET\n:scheme: https\n:authority: " ORIGIN_HOST "\n:path: %s\n", path);
	h2_raw_head(&t->b, H2_END_STREAM, stream, head);
	return h2_raw_expect(&t->o, H2_HEADERS, UINT32_MAX)->stream;
}

static void a_browser_that_cancels_is_passed_on(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	/* While it waits. */
	uint32_t s = ask(&t, 1, "/waiting");
	h2_raw_rst(&t.b, 1, H2_CANCEL);
	h2_raw_expect_rst(&t.o, s, H2_CANCEL);
	/* While the answer comes. */
	s = ask(&t, 3, "/reading");
	h2_raw_head(&t.o, 0, s, ":status: 200\n");
	h2_raw_data(&t.o, 0, s, "four");
	h2_raw_expect_head(&t.b, 3, ":status: 200\n", false);
	h2_raw_expect_data(&t.b, 3, "four", false);
	h2_raw_rst(&t.b, 3, H2_CANCEL);
	h2_raw_await(&t.o, H2_RST_STREAM, s);
	assert_int_equal(t.o.got.code, H2_CANCEL);
	/* What the origin says before it hears of it is nobody's. */
	h2_raw_data(&t.o, H2_END_STREAM, s, "late");
	/* While it sends. */
	h2_raw_head(&t.b, 0, 5, H2_ASK("POST", "/sending"));
	s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_data(&t.b, 0, 5, "half");
	h2_raw_expect_data(&t.o, s, "half", false);
	h2_raw_rst(&t.b, 5, H2_INTERNAL_ERROR);
	h2_raw_expect_rst(&t.o, s, H2_INTERNAL_ERROR);
	/* The connection is as good as before. */
	h2_talk_get(&t, 7, "/after");
	h2_talk_end(&t);
	assert_int_equal(CASE_COUNT(t.rec.facts, REQUEST), 4);
	conversation_recorded(&t.rec, 0, "GET", "/waiting", 0, "browser-cancelled", 0, 0);
	conversation_recorded(&t.rec, 1, "GET", "/reading", 200, "browser-cancelled", 0, 4);
	conversation_recorded(&t.rec, 2, "POST", "/sending", 0, "browser-cancelled", 4, 0);
	conversation_body(&t.rec, 1, SIDE_RESPONSE, "four");
	conversation_body(&t.rec, 2, SIDE_REQUEST, "half");
	check_frame(&t, "peer", H2_CANCEL, LEG_BROWSER, 0);
	check_frame(&t, "peer", H2_CANCEL, LEG_BROWSER, 1);
	check_frame(&t, "peer", H2_INTERNAL_ERROR, LEG_BROWSER, 2);
	check_frame(&t, "clicktrail", H2_CANCEL, origin_leg(&t), 0);
	check_frame(&t, "clicktrail", H2_INTERNAL_ERROR, origin_leg(&t), 2);
	h2_talk_free(&t);
}

/* The code is the origin's own: REFUSED_STREAM means "try again", others do not. */
static void an_origin_that_resets_is_passed_on(void **state)
{
	static const uint32_t codes[] = {H2_REFUSED_STREAM, H2_INTERNAL_ERROR, H2_CANCEL,
		H2_HTTP_1_1_REQUIRED, H2_ENHANCE_YOUR_CALM, H2_PROTOCOL_ERROR};
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	for (uint32_t i = 0; i < 6; i++) {
		uint32_t s = ask(&t, 1 + 4 * i, "/before");
		h2_raw_rst(&t.o, s, codes[i]);
		h2_raw_expect_rst(&t.b, 1 + 4 * i, codes[i]);
		s = ask(&t, 3 + 4 * i, "/inside");
		h2_raw_head(&t.o, 0, s, ":status: 200\n");
		h2_raw_data(&t.o, 0, s, "four");
		h2_raw_expect_head(&t.b, 3 + 4 * i, ":status: 200\n", false);
		h2_raw_expect_data(&t.b, 3 + 4 * i, "four", false);
		h2_raw_rst(&t.o, s, codes[i]);
		h2_raw_expect_rst(&t.b, 3 + 4 * i, codes[i]);
	}
	/* Nothing was asked twice. */
	h2_talk_get(&t, 25, "/after");
	h2_talk_end(&t);
	assert_int_equal(CASE_COUNT(t.rec.facts, REQUEST), 13);
	for (size_t i = 0; i < 6; i++) {
		const char *reason =
			codes[i] == H2_REFUSED_STREAM ? "origin-refused" : "origin-cancelled";
		conversation_recorded(&t.rec, 2 * i, "GET", "/before", 0, reason, 0, 0);
		conversation_recorded(&t.rec, 2 * i + 1, "GET", "/inside", 200, reason, 0, 4);
		check_frame(&t, "peer", codes[i], origin_leg(&t), 2 * i);
		check_frame(&t, "clicktrail", codes[i], LEG_BROWSER, 2 * i);
		check_frame(&t, "peer", codes[i], origin_leg(&t), 2 * i + 1);
	}
	h2_talk_free(&t);
}

/* However soon the reset follows: what the origin had said comes before it. */
static void a_head_comes_before_its_reset(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t s = ask(&t, 1 + 4 * i, "/head");
		h2_raw_head(&t.o, 0, s, ":status: 200\n");
		h2_raw_rst(&t.o, s, H2_ENHANCE_YOUR_CALM);
		h2_raw_expect_head(&t.b, 1 + 4 * i, ":status: 200\n", false);
		h2_raw_expect_rst(&t.b, 1 + 4 * i, H2_ENHANCE_YOUR_CALM);
		s = ask(&t, 3 + 4 * i, "/interim");
		h2_raw_head(&t.o, 0, s, ":status: 103\n");
		h2_raw_rst(&t.o, s, H2_ENHANCE_YOUR_CALM);
		h2_raw_expect_head(&t.b, 3 + 4 * i, ":status: 103\n", false);
		h2_raw_expect_rst(&t.b, 3 + 4 * i, H2_ENHANCE_YOUR_CALM);
	}
	h2_talk_end(&t);
	for (size_t i = 0; i < 8; i += 2) {
		conversation_recorded(&t.rec, i, "GET", "/head", 200, "origin-cancelled", 0, 0);
		conversation_recorded(
			&t.rec, i + 1, "GET", "/interim", 0, "origin-cancelled", 0, 0);
	}
	h2_talk_free(&t);
}

/* RFC 9113 6.8: what stands above the last stream was not begun and may be asked again; what is
 * below goes on to its end. */
static void a_goaway_leaves_requests_retryable(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	uint32_t first = ask(&t, 1, "/first");
	ask(&t, 3, "/second");
	ask(&t, 5, "/third");
	h2_raw_goaway(&t.o, first, H2_NO_ERROR, "bye");
	/* The two are refused; GOAWAY stands before, between or behind. */
	bool refused[3] = {0}, away = false;
	uint32_t last = 0;
	while (!refused[1] || !refused[2] || !away) {
		const struct h2_got *g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS);
		if (g == NULL || (g->type == H2_RST_STREAM &&
					 (g->code != H2_REFUSED_STREAM || g->stream == 1)))
			fail_msg("the browser heard:\n%s", h2_raw_log(&t.b));
		if (g->type == H2_RST_STREAM)
			refused[g->stream / 2 % 3] = true;
		if (g->type == H2_GOAWAY) {
			away = true;
			last = g->last_stream;
			assert_int_equal(g->code, H2_NO_ERROR);
		}
	}
	assert_true(last >= 1);
	/* The first goes on. */
	h2_raw_head(&t.o, 0, first, ":status: 200\n");
	h2_raw_data(&t.o, H2_END_STREAM, first, "served");
	h2_raw_expect_head(&t.b, 1, ":status: 200\n", false);
	h2_raw_expect_data(&t.b, 1, "served", true);
	/* Then there is nothing left to wait for. */
	h2_raw_close(&t.o);
	h2_raw_expect_gone(&t.b);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "GET", "/first", 200, "ok", 0, 6);
	conversation_recorded(&t.rec, 1, "GET", "/second", 0, "*", 0, 0);
	conversation_recorded(&t.rec, 2, "GET", "/third", 0, "*", 0, 0);
	demand_reason(&t, 1, "origin-");
	assert_int_equal(
		h2_talk_frames(t.rec.facts, "peer", "goaway", H2_NO_ERROR, origin_leg(&t)), 1);
	for (size_t i = 0; i < CASE_COUNT(t.rec.facts, H2_FRAME); i++) {
		const struct fact_h2_frame *f = CASE_FACT(t.rec.facts, H2_FRAME, h2_frame, i);
		if (!span_is(f->frame, "goaway") || !span_is(f->sender, "peer"))
			continue;
		assert_int_equal(f->last_stream, first);
		/* With what it said. */
		assert_true(h2_talk_has(f->payload, "bye"));
	}
	assert_true(h2_talk_frames(t.rec.facts, "clicktrail", "goaway", H2_NO_ERROR,
			    LEG_BROWSER) >= 1);
	h2_talk_free(&t);
}

static void a_request_behind_a_goaway_is_refused(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	uint32_t first = ask(&t, 1, "/first");
	h2_raw_goaway(&t.o, first, H2_ENHANCE_YOUR_CALM, "");
	h2_raw_await(&t.b, H2_GOAWAY, 0);
	h2_raw_head(&t.b, H2_END_STREAM, 3, H2_GET("/late"));
	/* It is above our last stream, or is refused by name; it does not go to the origin. */
	h2_raw_head(&t.o, H2_END_STREAM, first, ":status: 204\n");
	const struct h2_got *g;
	do {
		g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS);
		if (g != NULL && g->type == H2_RST_STREAM)
			assert_int_equal(g->code, H2_REFUSED_STREAM);
	} while (g != NULL && g->type != H2_HEADERS);
	assert_non_null(g);
	assert_int_equal(g->stream, 1);
	while ((g = h2_raw_next(&t.o, 200)) != NULL)
		assert_int_not_equal(g->type, H2_HEADERS);
	h2_talk_end(&t);
	assert_int_equal(h2_talk_frames(t.rec.facts, "peer", "goaway", H2_ENHANCE_YOUR_CALM,
				 origin_leg(&t)),
		1);
	h2_talk_free(&t);
}

enum how { BY_CLOSE, BY_CUT, BY_RESET, BY_GOAWAY };

static void leave(struct h2_raw *c, enum how how, uint32_t last_stream)
{
	switch (how) {
	case BY_CLOSE: h2_raw_close(c); break;
	case BY_CUT: h2_raw_cut(c); break;
	case BY_RESET: h2_raw_reset(c); break;
	case BY_GOAWAY:
		h2_raw_goaway(c, last_stream, H2_INTERNAL_ERROR, "");
		h2_raw_close(c);
		break;
	}
}

/* Nothing was answered on this connection: whoever asked is told by a page of ours. */
static void an_origin_that_is_gone_is_told(void **state)
{
	(void)state;
	for (enum how how = BY_CLOSE; how <= BY_GOAWAY; how++) {
		struct h2_talk t;
		bool page[2] = {0}, whole[2] = {0}, away = false;
		const struct h2_got *g;
		h2_talk_start(&t, "h2", NULL);
		h2_talk_open(&t);
		ask(&t, 1, "/a");
		ask(&t, 3, "/b");
		leave(&t.o, how, 0x7fffffff);
		while ((g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS)) != NULL) {
			away |= g->type == H2_GOAWAY;
			if (g->type == H2_HEADERS) {
				assert_string_equal(h2_raw_field(&t.b, ":status"), "502");
				page[g->stream / 2] = true;
			}
			if (g->type == H2_DATA && (g->flags & H2_END_STREAM))
				whole[g->stream / 2] = true;
		}
		if (!page[0] || !page[1] || !whole[0] || !whole[1] || !away || !t.b.eof)
			fail_msg("way %d, the browser heard:\n%s", (int)how, h2_raw_log(&t.b));
		h2_talk_end(&t);
		conversation_recorded(&t.rec, 0, "GET", "/a", 502, "*", 0, -1);
		conversation_recorded(&t.rec, 1, "GET", "/b", 502, "*", 0, -1);
		demand_reason(&t, 0, how == BY_RESET ? "origin-reset" : "origin-");
		h2_talk_free(&t);
	}
}

/* Inside a body: a reset, nothing else. A request that came later on the same connection gets
 * no page of ours: the browser asks it again by itself, as it would have done without us. */
static void an_origin_that_is_gone_inside_a_body(void **state)
{
	(void)state;
	for (enum how how = BY_CLOSE; how <= BY_GOAWAY; how++) {
		struct h2_talk t;
		bool cut = false;
		const struct h2_got *g;
		h2_talk_start(&t, "h2", NULL);
		h2_talk_open(&t);
		uint32_t inside = ask(&t, 1, "/inside");
		h2_raw_head(&t.o, 0, inside, ":status: 200\n");
		h2_raw_data(&t.o, 0, inside, "four");
		h2_raw_expect_head(&t.b, 1, ":status: 200\n", false);
		h2_raw_expect_data(&t.b, 1, "four", false);
		ask(&t, 3, "/behind");
		leave(&t.o, how, 0x7fffffff);
		while ((g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS)) != NULL) {
			cut |= g->type == H2_RST_STREAM && g->stream == 1;
			assert_int_not_equal(g->type, H2_HEADERS);
			assert_int_not_equal(g->type, H2_DATA);
		}
		if (!cut || (!t.b.eof && !t.b.reset))
			fail_msg("way %d, the browser heard:\n%s", (int)how, h2_raw_log(&t.b));
		h2_talk_end(&t);
		conversation_recorded(&t.rec, 0, "GET", "/inside", 200, "*", 0, 4);
		conversation_body(&t.rec, 0, SIDE_RESPONSE, "four");
		conversation_recorded(&t.rec, 1, "GET", "/behind", 0, "*", 0, 0);
		demand_reason(&t, 0, how == BY_RESET ? "origin-reset" : "origin-");
		demand_reason(&t, 1, "origin-");
		h2_talk_free(&t);
	}
}

static void a_browser_that_is_gone_is_told(void **state)
{
	(void)state;
	for (enum how how = BY_CLOSE; how <= BY_GOAWAY; how++) {
		struct h2_talk t;
		h2_talk_start(&t, "h2", NULL);
		h2_talk_open(&t);
		uint32_t inside = ask(&t, 1, "/inside");
		ask(&t, 3, "/before");
		h2_raw_head(&t.o, 0, inside, ":status: 200\n");
		h2_raw_data(&t.o, 0, inside, "four");
		h2_raw_expect_head(&t.b, 1, ":status: 200\n", false);
		h2_raw_expect_data(&t.b, 1, "four", false);
		leave(&t.b, how, 0);
		h2_raw_expect_gone(&t.o);
		h2_talk_end(&t);
		conversation_recorded(&t.rec, 0, "GET", "/inside", 200, "*", 0, 4);
		conversation_recorded(&t.rec, 1, "GET", "/before", 0, "*", 0, 0);
		for (size_t i = 0; i < 2; i++)
			demand_reason(&t, i, how == BY_RESET ? "browser-reset" : "browser-");
		h2_talk_free(&t);
	}
}

/* A browser says GOAWAY when it leaves: what it waits for still comes. */
static void a_browsers_goaway_waits_for_its_answers(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	uint32_t s = ask(&t, 1, "/");
	h2_raw_goaway(&t.b, 0, H2_NO_ERROR, "");
	h2_raw_head(&t.o, 0, s, ":status: 200\n");
	h2_raw_data(&t.o, H2_END_STREAM, s, "still");
	/* It may be told GOAWAY in return. */
	assert_string_equal(h2_raw_await(&t.b, H2_HEADERS, 1)->fields, ":status: 200\n");
	h2_raw_expect_data(&t.b, 1, "still", true);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "GET", "/", 200, "ok", 0, 5);
	assert_int_equal(
		h2_talk_frames(t.rec.facts, "peer", "goaway", H2_NO_ERROR, LEG_BROWSER), 1);
	h2_talk_free(&t);
}

/* The proxy is stopped while streams are under way. */
static void what_is_stopped_is_recorded(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	uint32_t inside = ask(&t, 1, "/inside");
	ask(&t, 3, "/before");
	h2_raw_head(&t.o, 0, inside, ":status: 200\n");
	h2_raw_data(&t.o, 0, inside, "four");
	h2_raw_expect_head(&t.b, 1, ":status: 200\n", false);
	h2_raw_expect_data(&t.b, 1, "four", false);
	run_proxy_stop(&t.rec.proxy);
	h2_raw_expect_gone(&t.b);
	h2_raw_expect_gone(&t.o);
	h2_raw_cut(&t.b);
	h2_raw_cut(&t.o);
	h2_origin_stop(t.origin);
	t.rec.facts = &t.rec.proxy.facts;
	conversation_recorded(&t.rec, 0, "GET", "/inside", 200, "shutdown", 0, 4);
	conversation_recorded(&t.rec, 1, "GET", "/before", 0, "shutdown", 0, 0);
	assert_int_equal(CASE_COUNT(t.rec.facts, LEG_END), 2);
	assert_int_equal(CASE_COUNT(t.rec.facts, TUNNEL_END), 1);
	h2_talk_free(&t);
}

/* An origin whose bytes are no HTTP/2. */
static void an_origin_that_talks_nonsense(void **state)
{
	static const char *const nonsense[] = {
		"HTTP/1.1 400 Bad Request\r\n\r\n", "\xff\xff\xff\x01\x04\0\0\0\x01"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct h2_talk t;
		h2_talk_start(&t, "h2", NULL);
		h2_talk_browser(&t, "h2");
		h2_origin_take(t.origin, &t.o);
		h2_raw_hello(&t.b, NULL, 0);
		h2_raw_head(&t.b, H2_END_STREAM, 1, H2_GET("/"));
		h2_raw_bytes(&t.o, nonsense[i], i == 0 ? strlen(nonsense[0]) : 9);
		h2_raw_await(&t.b, H2_HEADERS, 1);
		assert_string_equal(h2_raw_field(&t.b, ":status"), "502");
		h2_raw_expect_gone(&t.o);
		h2_talk_end(&t);
		conversation_recorded(&t.rec, 0, "GET", "/", 502, "*", 0, -1);
		assert_false(ends_with_reason(&t, 0, "ok"));
		h2_talk_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_browser_that_cancels_is_passed_on),
		cmocka_unit_test(an_origin_that_resets_is_passed_on),
		cmocka_unit_test(a_head_comes_before_its_reset),
		cmocka_unit_test(a_goaway_leaves_requests_retryable),
		cmocka_unit_test(a_request_behind_a_goaway_is_refused),
		cmocka_unit_test(an_origin_that_is_gone_is_told),
		cmocka_unit_test(an_origin_that_is_gone_inside_a_body),
		cmocka_unit_test(a_browser_that_is_gone_is_told),
		cmocka_unit_test(a_browsers_goaway_waits_for_its_answers),
		cmocka_unit_test(what_is_stopped_is_recorded),
		cmocka_unit_test(an_origin_that_talks_nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
