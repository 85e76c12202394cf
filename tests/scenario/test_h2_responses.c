/* Responses of HTTP/2 that break the rules: they become our page, or a reset where the head was
 * told already. What was not asked for, or not offered, is not taken. */
#include "tests/kit/h2_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define STATUS L(":status", "200")

static const struct h2_bad_row bad_responses[] = {
	{"bad-pseudo-header", {L("x-a", "b")}},
	{"bad-pseudo-header", {L(":status", "abc")}},
	{"bad-pseudo-header", {L(":status", "20")}},
	{"bad-pseudo-header", {L(":status", "2000")}},
	{"bad-pseudo-header", {L(":status", "099")}},
	{"bad-pseudo-header", {L(":status", "")}},
	{"bad-pseudo-header", {L(":status", "200 OK")}},
	{"bad-pseudo-header", {L(":status", "200\r\nX")}},
	{"bad-pseudo-header", {STATUS, STATUS}},
	{"bad-pseudo-header", {L("x-a", "b"), STATUS}},
	{"bad-pseudo-header", {STATUS, L(":path", "/")}},
	{"bad-pseudo-header", {STATUS, L(":other", "x")}},
	{"bad-version", {L(":status", "101")}},
	{"bad-field", {STATUS, L("Location", "/x")}},
	{"bad-field", {STATUS, L("x y", "x")}},
	{"bad-field", {STATUS, L("", "x")}},
	{"bad-field", {STATUS, L("x\nset-cookie", "x")}},
	{"bad-field", {STATUS, L("location", "/x\r\nset-cookie: a=b")}},
	{"bad-field", {STATUS, L("location", "/x\nb")}},
	{"nul-byte", {STATUS, L("location", "/x\0b")}},
	{"bad-field", {STATUS, L("connection", "close")}},
	{"bad-field", {STATUS, L("transfer-encoding", "chunked")}},
	{"bad-field", {STATUS, L("upgrade", "h2c")}},
	{"bad-content-length", {STATUS, L("content-length", "x")}},
	{"bad-content-length", {STATUS, L("content-length", "3"), L("content-length", "4")}},
};
enum { BAD_RESPONSES = sizeof bad_responses / sizeof *bad_responses };

static void malformed_responses_become_our_page(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	for (uint32_t i = 0; i < BAD_RESPONSES; i++) {
		char head[200], mark[80];
		uint32_t stream = 1 + 2 * i;
		snprintf(head, sizeof head, H2_GET("/%u"), i);
		h2_raw_head(&t.b, H2_END_STREAM, stream, head);
		uint32_t s = h2_raw_await(&t.o, H2_HEADERS, UINT32_MAX)->stream;
		h2_send_lines(&t.o, 0, s, bad_responses[i].lines);
		h2_raw_expect(&t.b, H2_HEADERS, stream);
		snprintf(mark, sizeof mark, "error; reason=%s", bad_responses[i].reason);
		const char *status = h2_raw_field(&t.b, ":status");
		if (status == NULL || strcmp(status, "502") != 0)
			fail_msg("row %u:\n%s", i, h2_raw_log(&t.b));
		assert_string_equal(h2_raw_field(&t.b, "x-clicktrail"), mark);
		assert_null(h2_raw_field(&t.b, "set-cookie"));
		while ((h2_raw_expect(&t.b, H2_DATA, stream)->flags & H2_END_STREAM) == 0)
			;
		/* The origin is told. */
		assert_int_equal(h2_raw_await(&t.o, H2_RST_STREAM, s)->code, H2_PROTOCOL_ERROR);
	}
	h2_talk_get(&t, 1 + 2 * BAD_RESPONSES, "/after");
	h2_talk_end(&t);
	for (size_t i = 0; i < BAD_RESPONSES; i++) {
		char path[20];
		snprintf(path, sizeof path, "/%zu", i);
		conversation_recorded(
			&t.rec, i, "GET", path, 502, bad_responses[i].reason, 0, -1);
		const struct fact_response *a =
			read_case_response(t.rec.facts, conversation_exchange(&t.rec, i));
		assert_true(span_is(a->made_by, "clicktrail"));
	}
	h2_talk_free(&t);
}

/* The head was told: nothing but a reset says that the rest is not to be believed. */
static void a_response_that_goes_wrong_is_reset(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t stream = 1 + 2 * i;
		h2_raw_head(&t.b, H2_END_STREAM, stream, H2_GET("/"));
		uint32_t s = h2_raw_await(&t.o, H2_HEADERS, UINT32_MAX)->stream;
		h2_raw_head(&t.o, 0, s, ":status: 200\ncontent-length: 4\n");
		h2_raw_expect_head(&t.b, stream, ":status: 200\ncontent-length: 4\n", false);
		if (i == 0)
			h2_raw_data(&t.o, H2_END_STREAM, s, "two");
		if (i == 1)
			h2_raw_data(&t.o, 0, s, "five!");
		if (i == 2) {
			h2_raw_data(&t.o, 0, s, "four");
			h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 200\n");
		}
		if (i == 3) {
			h2_raw_data(&t.o, 0, s, "four");
			h2_raw_head(&t.o, H2_END_STREAM, s, "x-a: b\nUpper: c\n");
		}
		const struct h2_got *g;
		do {
			g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS);
			if (g == NULL || (g->flags & H2_END_STREAM && g->type == H2_DATA) ||
				g->type == H2_HEADERS)
				fail_msg("row %u:\n%s", i, h2_raw_log(&t.b));
		} while (g->type != H2_RST_STREAM || g->stream != stream);
		h2_raw_await(&t.o, H2_RST_STREAM, s);
	}
	h2_talk_get(&t, 9, "/after");
	h2_talk_end(&t);
	for (size_t i = 0; i < 4; i++) {
		const struct fact_exchange_end *end =
			read_case_end(t.rec.facts, conversation_exchange(&t.rec, i));
		assert_false(span_is(end->reason, "ok"));
		conversation_recorded(&t.rec, i, "GET", "/", 200, "*", 0, -1);
	}
	h2_talk_free(&t);
}

/* RFC 9113 8.4: the origin was told that there is no push. */
static void a_push_is_a_connection_error(void **state)
{
	struct h2_talk t;
	struct buf promise = {0};
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	/* Even where the browser would like it. */
	h2_talk_open_with(&t, "\0\x02\0\0\0\x01", 6, NULL, 0);
	assert_int_equal(t.o.settings[H2_SET_ENABLE_PUSH], 0);
	h2_raw_head(&t.b, H2_END_STREAM, 1, H2_GET("/"));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	buf_add_u32(&promise, 2);
	h2_write_fields(&promise, H2_GET("/pushed.js"));
	h2_raw_frame(&t.o, H2_PUSH_PROMISE, H2_END_HEADERS, s, buf_span(&promise).p,
		buf_len(&promise));
	buf_fini(&promise);
	assert_int_equal(h2_raw_await(&t.o, H2_GOAWAY, 0)->code, H2_PROTOCOL_ERROR);
	h2_raw_expect_gone(&t.o);
	/* Our page, nothing pushed. */
	h2_raw_await(&t.b, H2_HEADERS, 1);
	assert_string_equal(h2_raw_field(&t.b, ":status"), "502");
	h2_talk_end(&t);
	assert_int_equal(CASE_COUNT(t.rec.facts, REQUEST), 1);
	const struct fact_exchange_end *end =
		read_case_end(t.rec.facts, conversation_exchange(&t.rec, 0));
	assert_false(span_is(end->reason, "ok"));
	assert_int_equal(h2_talk_frames(t.rec.facts, "clicktrail", "goaway", H2_PROTOCOL_ERROR,
				 CASE_FACT(t.rec.facts, LEG, leg, 0)->leg),
		1);
	h2_talk_free(&t);
}

/* RFC 8441 is not offered, whatever the origin can do. */
static void extended_connect_is_not_offered(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open_with(&t, NULL, 0, "\0\x08\0\0\0\x01", 6);
	h2_talk_get(&t, 1, "/");
	for (size_t i = 0; i < t.b.n_settings; i++)
		assert_int_not_equal(t.b.settings_order[i], 8);
	for (size_t i = 0; i < t.o.n_settings; i++)
		assert_int_not_equal(t.o.settings_order[i], 8);
	h2_talk_end(&t);
	h2_talk_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_responses_become_our_page),
		cmocka_unit_test(a_response_that_goes_wrong_is_reset),
		cmocka_unit_test(a_push_is_a_connection_error),
		cmocka_unit_test(extended_connect_is_not_offered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
