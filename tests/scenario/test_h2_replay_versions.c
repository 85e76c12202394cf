/* What was recorded in HTTP/1 is said in HTTP/2, and the reverse. */
#include "tests/kit/h2_again.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ASK1(method, path) method " " path " HTTP/1.1\r\nHost: " ORIGIN_HOST "\r\n\r\n"

/* Both ends of a recording in HTTP/1, on a connection of its own. */
static void record1(struct h2_again *a, const char *request, const char *answer,
	const char *last, bool close)
{
	struct h2_talk *t = &a->live;
	struct h2_raw browser, origin;
	h2_raw_connect(
		&browser, t->rec.proxy.port, ORIGIN_HOST, "http/1.1", t->rec.proxy.cacert);
	h2_origin_take(t->origin, &origin);
	h2_raw_bytes(&browser, request, strlen(request));
	h2_raw_text(&origin, "\r\n\r\n");
	h2_raw_bytes(&origin, answer, strlen(answer));
	if (close)
		h2_raw_close(&origin);
	h2_raw_text(&browser, last);
	h2_raw_close(&browser);
	if (!close)
		h2_raw_close(&origin);
}

static const struct row {
	const char *request, *answer, *last;
	bool close;
	const char *ask;
	/* over HTTP/2: heads, each ended by an empty line, then the body, then trailers */
	const char *heads[3], *body, *trailers;
	uint32_t code; /* behind it; 0: none */
	const char *reason;
} rows[] = {
	{ASK1("GET", "/chunks"),
		"HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nX-Mixed: Case\r\nSet-Cookie: b=2\r\n"
		"Connection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
		"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
		"4\r\nfrom\r\n5\r\n HTTP\r\n0\r\nX-Sum: 9\r\nConnection: no\r\n\r\n",
		"X-Sum: 9\r\n", false, H2_GET("/chunks"),
		{":status: 200\nset-cookie: a=1\nx-mixed: Case\nset-cookie: b=2\n"
		 "trailer: X-Sum\n"},
		"from HTTP", "x-sum: 9\n", 0, "ok"},
	{ASK1("GET", "/length"),
		"HTTP/1.1 103 Early\r\nLink: </a>; rel=preload\r\n\r\n"
		"HTTP/1.1 404 Gone\r\nContent-Length: 4\r\n\r\nwell",
		"well", false, H2_GET("/length"),
		{":status: 103\nlink: </a>; rel=preload\n",
			":status: 404\ncontent-length: 4\n"},
		"well", NULL, 0, "ok"},
	{ASK1("GET", "/close"), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
		"the end", true, H2_GET("/close"), {":status: 200\n"}, "to the end", NULL, 0,
		"ok"},
	{ASK1("HEAD", "/head"), "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", "99\r\n\r\n",
		false, H2_ASK("HEAD", "/head"), {":status: 200\ncontent-length: 99\n"}, NULL,
		NULL, 0, "ok"},
	/* A length says by itself that it is short; behind chunks nothing does. */
	{ASK1("GET", "/cut"), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour", "four", true,
		H2_GET("/cut"), {":status: 200\ncontent-length: 10\n"}, "four", NULL,
		H2_INTERNAL_ERROR, "body-truncated"},
	{ASK1("GET", "/torn"),
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n", "four",
		true, H2_GET("/torn"), {":status: 200\n"}, "four", NULL, H2_INTERNAL_ERROR,
		"origin-cancelled"},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void expect_row(struct h2_raw *b, uint32_t stream, const struct row *r)
{
	h2_raw_head(b, H2_END_STREAM, stream, r->ask);
	for (size_t i = 0; r->heads[i] != NULL; i++)
		h2_raw_expect_head(
			b, stream, r->heads[i], r->heads[i + 1] == NULL && r->body == NULL);
	if (r->body != NULL)
		h2_raw_expect_data(b, stream, r->body, r->trailers == NULL && r->code == 0);
	if (r->trailers != NULL)
		h2_raw_expect_head(b, stream, r->trailers, true);
	if (r->code != 0)
		h2_raw_expect_rst(b, stream, r->code);
}

static void http1_is_said_in_http2(void **state)
{
	struct h2_again a;
	(void)state;
	h2_again_record(&a);
	h2_talk_get(&a.live, 1, "/");
	for (size_t i = 0; i < ROWS; i++)
		record1(&a, rows[i].request, rows[i].answer, rows[i].last, rows[i].close);
	h2_again_replay(&a);
	for (size_t i = 0; i < ROWS; i++)
		expect_row(&a.b, 1 + 2 * (uint32_t)i, &rows[i]);
	h2_again_end(&a);
	for (size_t i = 0; i < ROWS; i++)
		h2_again_ended(&a.proxy.facts, i, rows[i].reason);
	h2_again_free(&a);
}

/* A name that HTTP/2 has no room for: told, not guessed at. */
static void what_http2_cannot_say_is_our_page(void **state)
{
	struct h2_again a;
	(void)state;
	h2_again_record(&a);
	h2_talk_get(&a.live, 1, "/");
	record1(&a, ASK1("GET", "/odd"),
		"HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 4\r\n\r\nwell", "well",
		false);
	h2_again_replay(&a);
	h2_raw_head(&a.b, H2_END_STREAM, 1, H2_GET("/odd"));
	h2_raw_expect(&a.b, H2_HEADERS, 1);
	assert_string_equal(h2_raw_field(&a.b, "x-clicktrail"), "error; reason=not-replayable");
	while ((h2_raw_expect(&a.b, H2_DATA, 1)->flags & H2_END_STREAM) == 0)
		;
	h2_again_end(&a);
	h2_again_ended(&a.proxy.facts, 0, "not-replayable");
	const struct fact_response *r = read_case_response(
		&a.proxy.facts, CASE_FACT(&a.proxy.facts, REQUEST, request, 0)->exchange);
	assert_true(span_is(r->made_by, "clicktrail"));
	h2_again_free(&a);
}

static void http2_is_said_in_http1(void **state)
{
	struct h2_again a;
	struct h2_raw one;
	(void)state;
	h2_again_record(&a);
	h2_talk_get(&a.live, 1, "/two");
	h2_again_replay(&a);
	h2_raw_connect(&one, a.proxy.port, ORIGIN_HOST, "http/1.1", a.proxy.cacert);
	h2_raw_bytes(&one, ASK1("GET", "/two"), strlen(ASK1("GET", "/two")));
	assert_string_equal(h2_raw_text(&one, "\r\n0\r\n\r\n"),
		"HTTP/1.1 200 \r\ncontent-type: text/plain\r\n"
		"Transfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n0\r\n\r\n");
	h2_raw_close(&one);
	h2_again_end(&a);
	h2_again_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http1_is_said_in_http2),
		cmocka_unit_test(what_http2_cannot_say_is_our_page),
		cmocka_unit_test(http2_is_said_in_http1),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
