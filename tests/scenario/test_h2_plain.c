/* HTTP/2 on both legs, everything in order: what the one end says the other end hears, line by
 * line, and the case has it. */
#include "tests/kit/h2_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_page(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2,http/1.1", NULL);
	h2_talk_open(&t);
	h2_talk_get(&t, 1, "/one?a=b");
	h2_talk_get(&t, 3, "/two");
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "GET", "/one?a=b", 200, "ok", 0, 4);
	conversation_recorded(&t.rec, 1, "GET", "/two", 200, "ok", 0, 4);
	conversation_body(&t.rec, 1, SIDE_RESPONSE, "well");
	h2_talk_fields(&t, 0, SIDE_REQUEST, H2_GET("/one?a=b"));
	h2_talk_fields(&t, 0, SIDE_RESPONSE, ":status: 200\ncontent-type: text/plain\n");
	assert_int_equal(CASE_FACT(t.rec.facts, REQUEST, request, 0)->n, 1);
	assert_int_equal(CASE_FACT(t.rec.facts, REQUEST, request, 1)->n, 2);
	/* One connection each way, and it ended well. */
	assert_int_equal(CASE_COUNT(t.rec.facts, LEG), 1);
	assert_int_equal(CASE_COUNT(t.rec.facts, TUNNEL), 1);
	assert_int_equal(CASE_COUNT(t.rec.facts, LEG_END), 2);
	const struct fact_response *a =
		read_case_response(t.rec.facts, conversation_exchange(&t.rec, 0));
	assert_true(span_is(a->made_by, "origin"));
	assert_int_equal(a->leg, CASE_FACT(t.rec.facts, LEG, leg, 0)->leg);
	for (size_t i = 0; i < 2; i++)
		assert_true(
			span_is(CASE_FACT(t.rec.facts, HANDSHAKE, handshake, i)->alpn, "h2"));
	h2_talk_free(&t);
}

static void a_head_has_no_body(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_raw_head(&t.b, H2_END_STREAM, 1, H2_ASK("HEAD", "/"));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	assert_true(t.o.got.flags & H2_END_STREAM);
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 200\ncontent-length: 5000\n");
	h2_raw_expect_head(&t.b, 1, ":status: 200\ncontent-length: 5000\n", true);
	/* Nor have these. */
	h2_raw_head(&t.b, H2_END_STREAM, 3, H2_GET("/"));
	s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 304\netag: \"x\"\n");
	h2_raw_expect_head(&t.b, 3, ":status: 304\netag: \"x\"\n", true);
	h2_raw_head(&t.b, H2_END_STREAM, 5, H2_ASK("DELETE", "/"));
	s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 204\n");
	h2_raw_expect_head(&t.b, 5, ":status: 204\n", true);
	/* And an empty DATA is an end, too. */
	h2_raw_head(&t.b, H2_END_STREAM, 7, H2_GET("/"));
	s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, 0, s, ":status: 200\n");
	h2_raw_expect_head(&t.b, 7, ":status: 200\n", false);
	h2_raw_data(&t.o, H2_END_STREAM, s, "");
	h2_raw_expect_data(&t.b, 7, "", true);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "HEAD", "/", 200, "ok", 0, 0);
	conversation_recorded(&t.rec, 1, "GET", "/", 304, "ok", 0, 0);
	conversation_recorded(&t.rec, 2, "DELETE", "/", 204, "ok", 0, 0);
	conversation_recorded(&t.rec, 3, "GET", "/", 200, "ok", 0, 0);
	h2_talk_free(&t);
}

static void a_form_is_sent(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_raw_head(&t.b, 0, 1, H2_ASK("POST", "/form") "content-length: 11\n");
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	assert_string_equal(t.o.got.fields, H2_ASK("POST", "/form") "content-length: 11\n");
	assert_false(t.o.got.flags & H2_END_STREAM);
	/* Each piece goes on as it comes. */
	h2_raw_data(&t.b, 0, 1, "user=");
	h2_raw_expect_data(&t.o, s, "user=", false);
	h2_raw_frame(&t.b, H2_DATA, H2_PADDED | H2_END_STREAM, 1, "\x05nobody\0\0\0\0\0", 12);
	h2_raw_expect_data(&t.o, s, "nobody", true);
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 302\nlocation: /thanks\n");
	h2_raw_expect_head(&t.b, 1, ":status: 302\nlocation: /thanks\n", true);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "POST", "/form", 302, "ok", 11, 0);
	conversation_body(&t.rec, 0, SIDE_REQUEST, "user=nobody");
	h2_talk_free(&t);
}

/* Order, duplicates, empty values, several cookie fields: nothing is tidied up. */
static void lines_pass_as_written(void **state)
{
	static const char ask[] =
		":method: GET\n:path: /odd?x=%00%zz\n:authority: " ORIGIN_HOST
		"\n:scheme: https\n"
		/* Of less than 20 bytes some encoders make a field that must not be indexed. */
		"x-b: 2\nx-a: 1\nx-b: 1\nx-empty: \ncookie: a=bbbbbbbbbbbbbbbbbbbbb\n"
		"cookie: c=dddddddddddddddddd; e=f\n"
		"te: trailers\ncookie: g=hhhhhhhhhhhhhhhhhhhhh\naccept: */*\n";
	static const char answer[] =
		":status: 200\nset-cookie: a=1; Path=/\nx-z: 1\nset-cookie: b=2; HttpOnly\n"
		"x-y: \nserver: none \xc3\xa4\nlocation: /one\nlocation: /two\n";
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_raw_head(&t.b, H2_END_STREAM, 1, ask);
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	assert_string_equal(t.o.got.fields, ask);
	h2_raw_head(&t.o, H2_END_STREAM, s, answer);
	h2_raw_expect_head(&t.b, 1, answer, true);
	h2_talk_end(&t);
	h2_talk_fields(&t, 0, SIDE_REQUEST, ask);
	h2_talk_fields(&t, 0, SIDE_RESPONSE, answer);
	conversation_recorded(&t.rec, 0, "GET", "/odd?x=%00%zz", 200, "ok", 0, 0);
	assert_true(h2_talk_has(
		read_case_response(t.rec.facts, conversation_exchange(&t.rec, 0))->oddities,
		"several-locations"));
	h2_talk_free(&t);
}

/* RFC 7541 7.1.3: an intermediary must not make a field indexable that was not. */
static void what_must_not_be_indexed_is_not(void **state)
{
	struct h2_talk t;
	struct buf block = {0};
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_write_fields(&block, H2_GET("/"));
	h2_write_field(
		&block, H2_NEVER_INDEXED, span_str("authorization"), span_str("Basic eDp5"));
	h2_write_field(&block, H2_PLAIN, span_str("x-open"), span_str("yes"));
	h2_raw_frame(&t.b, H2_HEADERS, H2_WHOLE, 1, buf_span(&block).p, buf_len(&block));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	assert_string_equal(
		t.o.got.fields, H2_GET("/") "!authorization: Basic eDp5\nx-open: yes\n");
	buf_clear(&block);
	h2_write_fields(&block, ":status: 200\n");
	h2_write_field(&block, H2_NEVER_INDEXED, span_str("set-cookie"), span_str("k=v"));
	h2_raw_frame(&t.o, H2_HEADERS, H2_WHOLE, s, buf_span(&block).p, buf_len(&block));
	h2_raw_expect_head(&t.b, 1, ":status: 200\n!set-cookie: k=v\n", true);
	buf_fini(&block);
	h2_talk_end(&t);
	h2_talk_fields(
		&t, 0, SIDE_REQUEST, H2_GET("/") "authorization: Basic eDp5\nx-open: yes\n");
	h2_talk_free(&t);
}

static void trailers_pass_both_ways(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_raw_head(&t.b, 0, 1, H2_ASK("POST", "/rpc") "te: trailers\n");
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_data(&t.b, 0, 1, "ask");
	h2_raw_head(&t.b, H2_END_STREAM, 1, "x-sum: 3\nx-sum: three\n");
	h2_raw_expect_data(&t.o, s, "ask", false);
	h2_raw_expect_head(&t.o, s, "x-sum: 3\nx-sum: three\n", true);
	h2_raw_head(&t.o, 0, s, ":status: 200\n");
	h2_raw_data(&t.o, 0, s, "answer");
	h2_raw_head(&t.o, H2_END_STREAM, s, "grpc-status: 0\nx-last: yes\n");
	h2_raw_expect_head(&t.b, 1, ":status: 200\n", false);
	h2_raw_expect_data(&t.b, 1, "answer", false);
	h2_raw_expect_head(&t.b, 1, "grpc-status: 0\nx-last: yes\n", true);
	/* An answer of trailers only, without a body before them. */
	h2_raw_head(&t.b, H2_END_STREAM, 3, H2_GET("/none"));
	s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, 0, s, ":status: 200\n");
	h2_raw_head(&t.o, H2_END_STREAM, s, "grpc-status: 12\n");
	h2_raw_expect_head(&t.b, 3, ":status: 200\n", false);
	h2_raw_expect_head(&t.b, 3, "grpc-status: 12\n", true);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "POST", "/rpc", 200, "ok", 3, 6);
	const struct fact_exchange_end *end =
		read_case_end(t.rec.facts, conversation_exchange(&t.rec, 0));
	assert_true(h2_talk_has(end->req_trailers, "x-sum: 3\r\nx-sum: three\r\n"));
	assert_true(h2_talk_has(end->res_trailers, "grpc-status: 0\r\nx-last: yes\r\n"));
	end = read_case_end(t.rec.facts, conversation_exchange(&t.rec, 1));
	assert_true(h2_talk_has(end->res_trailers, "grpc-status: 12\r\n"));
	h2_talk_free(&t);
}

static void early_hints_come_early(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_raw_head(&t.b, H2_END_STREAM, 1, H2_GET("/"));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, 0, s, ":status: 103\nlink: </a.css>; rel=preload\n");
	/* Before anything else is said. */
	h2_raw_expect_head(&t.b, 1, ":status: 103\nlink: </a.css>; rel=preload\n", false);
	h2_raw_head(&t.o, 0, s, ":status: 103\nlink: </b.css>; rel=preload\n");
	h2_raw_head(&t.o, 0, s, ":status: 200\n");
	h2_raw_data(&t.o, H2_END_STREAM, s, "page");
	h2_raw_expect_head(&t.b, 1, ":status: 103\nlink: </b.css>; rel=preload\n", false);
	h2_raw_expect_head(&t.b, 1, ":status: 200\n", false);
	h2_raw_expect_data(&t.b, 1, "page", true);
	/* A client that waits for 100. */
	h2_raw_head(&t.b, 0, 3, H2_ASK("POST", "/up") "expect: 100-continue\n");
	s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, 0, s, ":status: 100\n");
	h2_raw_expect_head(&t.b, 3, ":status: 100\n", false);
	h2_raw_data(&t.b, H2_END_STREAM, 3, "body");
	h2_raw_expect_data(&t.o, s, "body", true);
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 201\n");
	h2_raw_expect_head(&t.b, 3, ":status: 201\n", true);
	h2_talk_end(&t);
	assert_int_equal(CASE_COUNT(t.rec.facts, INTERIM), 3);
	const struct fact_interim *hint = CASE_FACT(t.rec.facts, INTERIM, interim, 1);
	assert_int_equal(hint->status, 103);
	assert_true(
		span_is(hint->fields, ":status: 103\r\nlink: </b.css>; rel=preload\r\n\r\n"));
	assert_int_equal(CASE_FACT(t.rec.facts, INTERIM, interim, 2)->status, 100);
	conversation_recorded(&t.rec, 0, "GET", "/", 200, "ok", 0, 4);
	conversation_recorded(&t.rec, 1, "POST", "/up", 201, "ok", 4, 0);
	h2_talk_free(&t);
}

static void interim_responses_come_to_an_end(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_raw_head(&t.b, H2_END_STREAM, 1, H2_GET("/hints"));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	for (int i = 0; i < 65; i++)
		h2_raw_head(&t.o, 0, s, ":status: 103\n");
	for (int i = 0; i < 64; i++)
		h2_raw_expect_head(&t.b, 1, ":status: 103\n", false);
	h2_raw_expect(&t.b, H2_HEADERS, 1);
	assert_string_equal(h2_raw_field(&t.b, ":status"), "502");
	assert_string_equal(h2_raw_field(&t.b, "x-clicktrail"), "error; reason=limit");
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "GET", "/hints", 502, "limit", 0, -1);
	assert_int_equal(CASE_COUNT(t.rec.facts, INTERIM), 65);
	h2_talk_free(&t);
}

/* RFC 9113 8.1: an answer may be whole before its request is. */
static void an_answer_may_come_before_the_upload_ends(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	h2_raw_head(&t.b, 0, 1, H2_ASK("POST", "/up"));
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_data(&t.b, 0, 1, "part");
	h2_raw_expect_data(&t.o, s, "part", false);
	h2_raw_head(&t.o, 0, s, ":status: 413\n");
	h2_raw_data(&t.o, H2_END_STREAM, s, "too much");
	h2_raw_rst(&t.o, s, H2_NO_ERROR);
	h2_raw_expect_head(&t.b, 1, ":status: 413\n", false);
	h2_raw_expect_data(&t.b, 1, "too much", true);
	h2_raw_expect_rst(&t.b, 1, H2_NO_ERROR);
	/* Answered early, but the rest is taken all the same. */
	h2_raw_head(&t.b, 0, 3, H2_ASK("POST", "/more"));
	s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t.o, 0, s, ":status: 200\n");
	h2_raw_expect_head(&t.b, 3, ":status: 200\n", false);
	h2_raw_data(&t.b, 0, 3, "one");
	h2_raw_expect_data(&t.o, s, "one", false);
	h2_raw_data(&t.o, 0, s, "1");
	h2_raw_expect_data(&t.b, 3, "1", false);
	h2_raw_data(&t.b, H2_END_STREAM, 3, "two");
	h2_raw_expect_data(&t.o, s, "two", true);
	h2_raw_data(&t.o, H2_END_STREAM, s, "2");
	h2_raw_expect_data(&t.b, 3, "2", true);
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "POST", "/up", 413, "*", 4, 8);
	conversation_body(&t.rec, 0, SIDE_RESPONSE, "too much");
	assert_int_equal(h2_talk_frames(t.rec.facts, "peer", "rst_stream", H2_NO_ERROR,
				 CASE_FACT(t.rec.facts, LEG, leg, 0)->leg),
		1);
	conversation_recorded(&t.rec, 1, "POST", "/more", 200, "ok", 6, 2);
	conversation_body(&t.rec, 1, SIDE_REQUEST, "onetwo");
	h2_talk_free(&t);
}

/* Head, body, end and reset in one breath, while the upload goes on: nothing of it is lost. */
static void an_early_answer_comes_whole_before_its_reset(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	for (uint32_t i = 0; i < 10; i++) {
		uint32_t stream = 1 + 2 * i;
		struct buf block = {0}, all = {0};
		h2_raw_head(&t.b, 0, stream, H2_ASK("POST", "/up") "content-length: 300000\n");
		uint32_t s = h2_raw_await(&t.o, H2_HEADERS, UINT32_MAX)->stream;
		/* Some of it, so that more is on its way at every stage. */
		h2_raw_fill(&t.b, stream, 0, i * 5000, false, 100);
		h2_write_fields(&block, ":status: 200\ncontent-length: 5\n");
		h2_write_frame(&all, H2_HEADERS, H2_END_HEADERS, s, buf_span(&block).p,
			buf_len(&block));
		h2_write_frame(&all, H2_DATA, H2_END_STREAM, s, "took\n", 5);
		h2_write_frame(&all, H2_RST_STREAM, 0, s, "\0\0\0\0", 4);
		h2_raw_bytes(&t.o, buf_span(&all).p, buf_len(&all));
		buf_fini(&block);
		buf_fini(&all);
		h2_raw_expect_head(&t.b, stream, ":status: 200\ncontent-length: 5\n", false);
		h2_raw_expect_data(&t.b, stream, "took\n", true);
		h2_raw_expect_rst(&t.b, stream, H2_NO_ERROR);
		h2_raw_window(&t.o, 0, 50000);
	}
	h2_talk_end(&t);
	for (size_t i = 0; i < 10; i++) {
		conversation_recorded(&t.rec, i, "POST", "/up", 200, "*", -1, 5);
		conversation_body(&t.rec, i, SIDE_RESPONSE, "took\n");
	}
	h2_talk_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page),
		cmocka_unit_test(a_head_has_no_body),
		cmocka_unit_test(a_form_is_sent),
		cmocka_unit_test(lines_pass_as_written),
		cmocka_unit_test(what_must_not_be_indexed_is_not),
		cmocka_unit_test(trailers_pass_both_ways),
		cmocka_unit_test(early_hints_come_early),
		cmocka_unit_test(interim_responses_come_to_an_end),
		cmocka_unit_test(an_answer_may_come_before_the_upload_ends),
		cmocka_unit_test(an_early_answer_comes_whole_before_its_reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
