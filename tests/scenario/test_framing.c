/*
 * Messages that are ambiguous about where they end, through the whole proxy: refused and
 * recorded in both directions, never guessed, and nothing that stands behind them is taken for
 * a message. Sloppy responses that browsers take: passed as written, recorded as odd. The
 * decoder's own tests have the full tables.
 */
#include "tests/kit/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOST "Host: origin.test\r\n"
#define SMUGGLED "GET /smuggled HTTP/1.1\r\nHost: origin.test\r\n\r\n"
#define TEXT(s) (s), sizeof(s) - 1

struct bad_request {
	const char *bytes; /* behind "POST target HTTP/1.1\r\n" */
	size_t n;
	const char *reason;
};

static const struct bad_request bad_requests[] = {
	{TEXT(HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc" SMUGGLED),
		"bad-content-length"},
	{TEXT(HOST "Content-Length: 3, 4\r\n\r\nabc" SMUGGLED), "bad-content-length"},
	{TEXT(HOST "Content-Length: +3\r\n\r\nabc" SMUGGLED), "bad-content-length"},
	{TEXT(HOST "Content-Length: 99999999999999999999\r\n\r\nabc"), "bad-content-length"},
	{TEXT(HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED),
		"length-with-transfer-encoding"},
	{TEXT(HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" SMUGGLED),
		"length-with-transfer-encoding"},
	{TEXT(HOST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
		"bad-transfer-encoding"},
	{TEXT(HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), "bad-transfer-encoding"},
	{TEXT(HOST
		 "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
		"bad-transfer-encoding"},
	{TEXT(HOST "Content-Length : 3\r\n\r\nabc"), "bad-field"},
	{TEXT(HOST "X: y\r\n folded\r\n\r\n"), "bad-field"},
	{TEXT(HOST "no colon here\r\n\r\n"), "bad-field"},
	{TEXT(HOST "X: a\rContent-Length: 3\r\n\r\nabc"), "bad-field"},
	{TEXT(HOST "X: a\0b\r\n\r\n"), "nul-byte"},
	{TEXT(HOST HOST "\r\n"), "bad-host"},
	{TEXT("X: no host\r\n\r\n"), "bad-host"},
};

static void ambiguous_requests_are_refused(void **state)
{
	bool tls = *state != NULL;
	for (size_t i = 0; i < sizeof bad_requests / sizeof *bad_requests; i++) {
		const struct bad_request *bad = &bad_requests[i];
		struct conversation c;
		conversation_start(&c, tls, NULL);
		if (tls)
			ORIGIN_PLAYS(&c, EXPECT_EOF, END); /* dialled before the request came */
		conversation_open(&c);
		conversation_ask(&c, "POST", "/x", "");
		raw_send_bytes(&c.client, bad->bytes, bad->n);
		const char *head = raw_head(&c.client);
		char mark[100];
		snprintf(mark, sizeof mark, "X-Clicktrail: error; reason=%s\r\n", bad->reason);
		if (strncmp(head, "HTTP/1.1 400 ", 13) != 0 || strstr(head, mark) == NULL)
			fail_msg("row %zu was answered: %s", i, head);
		const char *rest = raw_rest(&c.client, NULL);
		assert_null(strstr(rest, "\nHTTP/1.1 ")); /* and no second answer */
		conversation_end(&c);
		assert_int_equal(CASE_COUNT(c.facts, REQUEST), 1);
		const struct fact_request *r = CASE_FACT(c.facts, REQUEST, request, 0);
		if (span_find(r->head, span_str("POST "), 0) != 0)
			fail_msg("row %zu: the refused bytes are not in the case", i);
		const struct fact_exchange_end *end = read_case_end(c.facts, r->exchange);
		assert_non_null(end);
		if (!span_is(end->reason, bad->reason))
			fail_msg("row %zu is recorded as %.*s, not %s", i, (int)end->reason.n,
				(const char *)end->reason.p, bad->reason);
		conversation_free(&c);
	}
}

static const struct bad_request bad_starts[] = {
	{TEXT("GET  / HTTP/1.1\r\n" HOST "\r\n"), "bad-start-line"},
	{TEXT("G<script>ET / HTTP/1.1\r\n" HOST "\r\n"), "bad-start-line"},
	{TEXT("GET /\r\n" HOST "\r\n"), "bad-start-line"},
	{TEXT("GET / HTTP/2.0\r\n" HOST "\r\n"), "bad-version"},
	{TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "bad-version"},
};

static void odd_first_lines_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_starts / sizeof *bad_starts; i++) {
		struct conversation c;
		conversation_start(&c, true, NULL);
		ORIGIN_PLAYS(&c, EXPECT_EOF, END);
		conversation_open(&c);
		raw_send_bytes(&c.client, bad_starts[i].bytes, bad_starts[i].n);
		const char *head = raw_head(&c.client);
		if (strncmp(head, "HTTP/1.1 400 ", 13) != 0)
			fail_msg("row %zu was answered: %s", i, head);
		raw_expect_gone(&c.client);
		conversation_end(&c);
		const struct fact_request *r = CASE_FACT(c.facts, REQUEST, request, 0);
		const struct fact_exchange_end *end = read_case_end(c.facts, r->exchange);
		assert_non_null(end);
		if (!span_is(end->reason, bad_starts[i].reason))
			fail_msg("row %zu is recorded as %.*s", i, (int)end->reason.n,
				(const char *)end->reason.p);
		conversation_free(&c);
	}
}

static void check_limit(struct span head, const char *reason)
{
	struct conversation c;
	conversation_start(&c, true, NULL);
	ORIGIN_PLAYS(&c, EXPECT_EOF, END);
	conversation_open(&c);
	raw_send_bytes(&c.client, head.p, head.n);
	const char *answer = raw_head(&c.client);
	assert_true(strncmp(answer, "HTTP/1.1 400 ", 13) == 0);
	raw_expect_gone(&c.client);
	conversation_end(&c);
	const struct fact_request *r = CASE_FACT(c.facts, REQUEST, request, 0);
	assert_true(r->head.n > 0);
	assert_true(span_is(read_case_end(c.facts, r->exchange)->reason, reason));
	conversation_free(&c);
}

static void heads_beyond_the_limits_are_refused(void **state)
{
	(void)state;
	struct buf head = {0};
	buf_add_str(&head, "GET / HTTP/1.1\r\n" HOST "X: ");
	while (buf_len(&head) < 64 * 1024)
		buf_add_byte(&head, 'a');
	check_limit(buf_span(&head), "head-too-large");
	buf_clear(&head);
	buf_add_str(&head, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 0; i < 200; i++)
		buf_addf(&head, "X-%d: y\r\n", i);
	buf_add_str(&head, "\r\n");
	check_limit(buf_span(&head), "head-too-many-fields");
	buf_fini(&head);
}

/* The head was sound and is on its way: the connection is cut toward the origin, so that it
 * sees no whole request. */
static void broken_chunks_of_a_request_are_cut_off(void **state)
{
	static const char *const broken[] = {
		"3\r\nabcX\r\n0\r\n\r\n",
		"g\r\nabc\r\n0\r\n\r\n",
		"-3\r\nabc\r\n0\r\n\r\n",
		"3\nabc\r\n0\r\n\r\n",
		"ffffffffffffffff1\r\nabc",
		"3 \r\nabc\r\n0\r\n\r\n",
	};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct conversation c;
		conversation_start(&c, *state != NULL, NULL);
		ORIGIN_PLAYS(&c, EXPECT_HEAD, EXPECT_CUT, DROP);
		conversation_open(&c);
		conversation_ask(&c, "POST", "/x", HOST "Transfer-Encoding: chunked\r\n\r\n");
		raw_send(&c.client, broken[i]);
		raw_send(&c.client, SMUGGLED);
		const char *rest = raw_rest(&c.client, NULL);
		assert_null(strstr(rest, "200 OK"));
		conversation_end(&c);
		assert_int_equal(CASE_COUNT(c.facts, REQUEST), 1);
		const struct fact_exchange_end *end =
			read_case_end(c.facts, conversation_exchange(&c, 0));
		assert_non_null(end);
		if (!span_is(end->reason, "bad-chunk"))
			fail_msg("row %zu is recorded as %.*s", i, (int)end->reason.n,
				(const char *)end->reason.p);
		conversation_free(&c);
	}
}

static const struct bad_request bad_responses[] = {
	{TEXT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
		"bad-content-length"},
	{TEXT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: "
	      "chunked\r\n\r\n0\r\n\r\n"),
		"length-with-transfer-encoding"},
	{TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
		"bad-transfer-encoding"},
	{TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"), "bad-field"},
	{TEXT("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"), "nul-byte"},
	{TEXT("hello there\r\n\r\n"), "bad-start-line"},
	{TEXT("<html>no head at all</html>"), "bad-start-line"},
};

static void ambiguous_responses_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof bad_responses / sizeof *bad_responses; i++) {
		const struct bad_request *bad = &bad_responses[i];
		struct conversation c;
		conversation_start(&c, *state != NULL, NULL);
		const struct script_step steps[] = {
			EXPECT_HEAD, SEND_BYTES(bad->bytes, bad->n), EXPECT_CUT, DROP};
		script_origin_play(c.origin, steps);
		conversation_open(&c);
		conversation_ask(&c, "GET", "/x", HOST "\r\n");
		const char *head = raw_head(&c.client);
		char mark[100];
		snprintf(mark, sizeof mark, "X-Clicktrail: error; reason=%s\r\n", bad->reason);
		if (strncmp(head, "HTTP/1.1 502 ", 13) != 0 || strstr(head, mark) == NULL)
			fail_msg("row %zu was answered: %s", i, head);
		raw_expect_gone(&c.client);
		conversation_end(&c);
		conversation_recorded(&c, 0, "GET", "/x", 502, bad->reason, 0, -1);
		const struct fact_response *r = CASE_FACT(c.facts, RESPONSE, response, 0);
		assert_true(span_is(r->made_by, "clicktrail"));
		conversation_free(&c);
	}
}

static void broken_chunks_of_a_response_are_cut_off(void **state)
{
	static const char *const broken[] = {"zz\r\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n",
		"3;\nx\r\nabc\r\n0\r\n\r\n", "8000000000000000\r\nabc"};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct conversation c;
		conversation_start(&c, *state != NULL, NULL);
		const struct script_step steps[] = {EXPECT_HEAD,
			SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
			SEND("2\r\nok\r\n"), SEND_BYTES(broken[i], strlen(broken[i])),
			EXPECT_CUT, DROP};
		script_origin_play(c.origin, steps);
		conversation_open(&c);
		conversation_ask(&c, "GET", "/x", HOST "\r\n");
		raw_expect(&c.client, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
		const char *rest = raw_rest(&c.client, NULL);
		assert_null(strstr(rest, "0\r\n\r\n")); /* never made whole by us */
		conversation_end(&c);
		conversation_recorded(&c, 0, "GET", "/x", 200, "bad-chunk", 0, -1);
		conversation_free(&c);
	}
}

struct odd_response {
	const char *bytes, *oddity, *body;
	int status;
	bool closes; /* the body ends with the connection */
};

static const struct odd_response odd_responses[] = {
	{"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "bare-lf", "ok", 200, false},
	{"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "leading-empty-lines", "ok",
		200, false},
	{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX : y\r\n\r\nok", "space-before-colon", "ok",
		200, false},
	{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\tz\r\n\r\nok", "obs-fold", "ok", 200,
		false},
	{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nnonsense\r\n\r\nok", "no-colon", "ok", 200,
		false},
	{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
		"repeated-content-length", "ok", 200, false},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"odd-transfer-coding", "ok", 200, false},
	{"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"chunked-in-http-1.0", "ok", 200, true},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok", "transfer-coding-identity",
		"ok", 200, true},
	{"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
		"several-locations", "", 302, false},
	{"HTTP/1.1 302\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n", NULL, "", 302, false},
	{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: \x01\x02\r\n\r\nok", "value-bytes", "ok",
		200, false},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n",
		"chunk-size-space", "ok", 200, false},
};

static void sloppy_responses_pass_as_written(void **state)
{
	for (size_t i = 0; i < sizeof odd_responses / sizeof *odd_responses; i++) {
		const struct odd_response *odd = &odd_responses[i];
		struct conversation c;
		conversation_start(&c, *state != NULL, NULL);
		const struct script_step stays[] = {EXPECT_HEAD,
			SEND_BYTES(odd->bytes, strlen(odd->bytes)), EXPECT_EOF, END};
		const struct script_step closes[] = {
			EXPECT_HEAD, SEND_BYTES(odd->bytes, strlen(odd->bytes)), END};
		script_origin_play(c.origin, odd->closes ? closes : stays);
		conversation_open(&c);
		conversation_ask(&c, "GET", "/x", HOST "\r\n");
		raw_expect(&c.client, odd->bytes);
		if (odd->closes)
			raw_expect_eof(&c.client);
		conversation_end(&c);
		conversation_recorded(
			&c, 0, "GET", "/x", odd->status, "ok", 0, (int64_t)strlen(odd->body));
		conversation_body(&c, 0, SIDE_RESPONSE, odd->body);
		const struct fact_response *r = CASE_FACT(c.facts, RESPONSE, response, 0);
		/* Oddities of a head stand with the head; those of a body are known only later.
		 */
		if (odd->oddity != NULL && strstr(odd->oddity, "chunk-") == NULL &&
			(r->oddities.p == NULL ||
				span_find(r->oddities, span_str(odd->oddity), 0) == SIZE_MAX))
			fail_msg("row %zu is recorded as \"%.*s\", not %s", i,
				(int)r->oddities.n, (const char *)r->oddities.p, odd->oddity);
		conversation_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(ambiguous_requests_are_refused),
		cmocka_unit_test(odd_first_lines_are_refused),
		cmocka_unit_test(heads_beyond_the_limits_are_refused),
		BOTH(broken_chunks_of_a_request_are_cut_off),
		BOTH(ambiguous_responses_are_refused),
		BOTH(broken_chunks_of_a_response_are_cut_off),
		BOTH(sloppy_responses_pass_as_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
