/* Sound HTTP/1.1 in all its forms: it arrives as it was sent, both ways, and is recorded. */
#include "tests/kit/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HOST "Host: origin.test\r\n"

static void one_connection_carries_several_exchanges(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c, EXPECT("GET /one HTTP/1.1\r\n" HOST "\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"),
		EXPECT("POST /two HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"),
		SEND("HTTP/1.1 302 Found\r\nLocation: /three\r\nContent-Length: 0\r\n\r\n"),
		EXPECT("GET /three HTTP/1.1\r\n" HOST "\r\n"),
		SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nlast"), EXPECT_EOF,
		END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/one", HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
	conversation_ask(&c, "POST", "/two", HOST "Content-Length: 3\r\n\r\nabc");
	raw_expect(&c.client,
		"HTTP/1.1 302 Found\r\nLocation: /three\r\nContent-Length: 0\r\n\r\n");
	conversation_ask(&c, "GET", "/three", HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nlast");
	raw_end(&c.client);
	raw_expect_eof(&c.client);
	conversation_end(&c);

	assert_int_equal(CASE_COUNT(c.facts, REQUEST), 3);
	conversation_recorded(&c, 0, "GET", "/one", 200, "ok", 0, 5);
	conversation_recorded(&c, 1, "POST", "/two", 302, "ok", 3, 0);
	conversation_recorded(&c, 2, "GET", "/three", 404, "ok", 0, 4);
	conversation_body(&c, 0, SIDE_RESPONSE, "first");
	conversation_body(&c, 1, SIDE_REQUEST, "abc");
	conversation_body(&c, 2, SIDE_RESPONSE, "last");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(CASE_FACT(c.facts, REQUEST, request, i)->n, i + 1);
	conversation_free(&c);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	struct conversation c;
	bool tls = *state != NULL;
	conversation_start(&c, tls, NULL);
	ORIGIN_PLAYS(&c, EXPECT("GET /a HTTP/1.1\r\n" HOST "\r\n"), WAIT_GO,
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nA"),
		EXPECT("POST /b HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nbb"),
		SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
		     "chunked\r\n\r\n1\r\nB\r\n0\r\n\r\n"),
		EXPECT("GET /c HTTP/1.1\r\n" HOST "\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nC"), EXPECT_EOF, END);
	conversation_open(&c);
	char all[500];
	const char *base = tls ? "" : c.base;
	snprintf(all, sizeof all,
		"GET %s/a HTTP/1.1\r\n" HOST "\r\n"
		"POST %s/b HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nbb"
		"GET %s/c HTTP/1.1\r\n" HOST "\r\n",
		base, base, base);
	raw_send(&c.client, all);
	script_origin_go(c.origin);
	raw_expect(&c.client,
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nA"
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nB\r\n0\r\n\r\n"
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nC");
	raw_end(&c.client);
	raw_expect_eof(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/a", 200, "ok", 0, 1);
	conversation_recorded(&c, 1, "POST", "/b", 200, "ok", 2, 1);
	conversation_recorded(&c, 2, "GET", "/c", 200, "ok", 0, 1);
	conversation_free(&c);
}

static void chunks_and_trailers_pass_as_they_are(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
#define REQUEST_CHUNKS "4\r\nWiki\r\n005;note=x\r\npedia\r\n0\r\nX-Sum: 9\r\nX-More: y\r\n\r\n"
#define RESPONSE_CHUNKS "1\r\na\r\nA\r\n0123456789\r\n0\r\nExpires: never\r\n\r\n"
	ORIGIN_PLAYS(&c,
		EXPECT("POST /up HTTP/1.1\r\n" HOST
		       "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" REQUEST_CHUNKS),
		SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" RESPONSE_CHUNKS),
		EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "POST", "/up",
		HOST "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" REQUEST_CHUNKS);
	raw_expect(&c.client,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" RESPONSE_CHUNKS);
	raw_end(&c.client);
	raw_expect_eof(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "POST", "/up", 200, "ok", 9, 11);
	conversation_body(&c, 0, SIDE_REQUEST, "Wikipedia");
	conversation_body(&c, 0, SIDE_RESPONSE, "a0123456789");
	const struct fact_exchange_end *end =
		read_case_end(c.facts, conversation_exchange(&c, 0));
	assert_true(span_is(end->req_trailers, "X-Sum: 9\r\nX-More: y\r\n"));
	assert_true(span_is(end->res_trailers, "Expires: never\r\n"));
	conversation_free(&c);
}

static void continue_comes_from_the_origin(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c,
		EXPECT("POST /up HTTP/1.1\r\n" HOST
		       "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
		WAIT_GO, SEND("HTTP/1.1 100 Continue\r\n\r\n"), EXPECT("data"),
		SEND("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(
		&c, "POST", "/up", HOST "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
	/* The proxy does not say it by itself. */
	raw_expect_silence(&c.client, 150);
	script_origin_go(c.origin);
	raw_expect(&c.client, "HTTP/1.1 100 Continue\r\n\r\n");
	raw_send(&c.client, "data");
	raw_expect(&c.client, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
	raw_end(&c.client);
	raw_expect_eof(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "POST", "/up", 201, "ok", 4, 2);
	assert_int_equal(CASE_COUNT(c.facts, INTERIM), 1);
	assert_int_equal(CASE_FACT(c.facts, INTERIM, interim, 0)->status, 100);
	assert_int_equal(CASE_FACT(c.facts, INTERIM, interim, 0)->exchange,
		conversation_exchange(&c, 0));
	conversation_free(&c);
}

static void expectation_may_be_refused_without_a_body(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c,
		EXPECT("POST /up HTTP/1.1\r\n" HOST
		       "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
		SEND("HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n"
		     "Content-Length: 2\r\n\r\nno"),
		END);
	conversation_open(&c);
	conversation_ask(
		&c, "POST", "/up", HOST "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
	raw_expect(&c.client, "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n"
			      "Content-Length: 2\r\n\r\nno");
	raw_expect_gone(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "POST", "/up", 417, "*", 0, 2);
	conversation_free(&c);
}

static void interim_responses_come_before_the_final_one(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
#define HINTS                                                                                  \
	"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"                      \
	"HTTP/1.1 102 Processing\r\n\r\n"
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND(HINTS), WAIT_GO,
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/", HOST "\r\n");
	raw_expect(&c.client, HINTS);
	script_origin_go(c.origin);
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	raw_end(&c.client);
	raw_expect_eof(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/", 200, "ok", 0, 2);
	assert_int_equal(CASE_COUNT(c.facts, INTERIM), 2);
	assert_int_equal(CASE_FACT(c.facts, INTERIM, interim, 0)->status, 103);
	assert_int_equal(CASE_FACT(c.facts, INTERIM, interim, 1)->status, 102);
	assert_true(span_is(CASE_FACT(c.facts, INTERIM, interim, 0)->head,
		"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"));
	assert_int_equal(CASE_COUNT(c.facts, RESPONSE), 1);
	conversation_free(&c);
}

/* RFC 9112 6.3: no body whatever the length says. */
static void some_responses_have_no_body(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
#define TO_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
#define NOTHING "HTTP/1.1 204 No Content\r\n\r\n"
#define UNCHANGED "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nETag: \"x\"\r\n\r\n"
	ORIGIN_PLAYS(&c, EXPECT("HEAD /a HTTP/1.1\r\n" HOST "\r\n"), SEND(TO_HEAD),
		EXPECT("GET /b HTTP/1.1\r\n" HOST "\r\n"), SEND(NOTHING),
		EXPECT("GET /c HTTP/1.1\r\n" HOST "\r\n"), SEND(UNCHANGED),
		EXPECT("GET /d HTTP/1.1\r\n" HOST "\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend"), EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "HEAD", "/a", HOST "\r\n");
	raw_expect(&c.client, TO_HEAD);
	conversation_ask(&c, "GET", "/b", HOST "\r\n");
	raw_expect(&c.client, NOTHING);
	conversation_ask(&c, "GET", "/c", HOST "\r\n");
	raw_expect(&c.client, UNCHANGED);
	conversation_ask(&c, "GET", "/d", HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend");
	raw_end(&c.client);
	raw_expect_eof(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "HEAD", "/a", 200, "ok", 0, 0);
	conversation_recorded(&c, 1, "GET", "/b", 204, "ok", 0, 0);
	conversation_recorded(&c, 2, "GET", "/c", 304, "ok", 0, 0);
	conversation_recorded(&c, 3, "GET", "/d", 200, "ok", 0, 3);
	conversation_free(&c);
}

static void the_end_of_the_connection_can_end_a_body(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"), SEND("part one, "),
		WAIT_GO, SEND("part two"), END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/", HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\npart one, ");
	script_origin_go(c.origin);
	raw_expect(&c.client, "part two");
	raw_expect_eof(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/", 200, "ok", 0, 18);
	conversation_body(&c, 0, SIDE_RESPONSE, "part one, part two");
	conversation_free(&c);
}

/* HTTP/1.0, one answer per connection; on a plain connection the next request gets a new origin
 * leg. */
static void an_origin_of_http_1_0_is_served(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.0 200 OK\r\n\r\nold"), END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/", HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.0 200 OK\r\n\r\nold");
	raw_expect_eof(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/", 200, "ok", 0, 3);
	assert_true(span_is(CASE_FACT(c.facts, RESPONSE, response, 0)->version, "HTTP/1.0"));
	conversation_free(&c);
}

static const char many[] =
	"accept: text/html\r\nHOST: origin.test\r\nX-Twice: one\r\nx-twice: two\r\nX-Twice: "
	"one\r\n"
	"Cookie: a=b; c=d\r\nX-Empty:\r\nX-Spaces:    three   \r\nX-Utf8: \xc3\xa9\xff\r\n"
	"Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Site: none\r\nDNT: 1\r\n\r\n";

static void headers_arrive_as_they_were_written(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	char want[1200];
	snprintf(want, sizeof want, "GET /x?y=%%20 HTTP/1.1\r\n%s", many);
	const char reply[] =
		"HTTP/1.1 200 Alright then\r\nset-cookie: a=1\r\nSET-COOKIE: b=2\r\n"
		"Set-Cookie: a=1\r\nServer: \x01\r\nX-Powered-By: \xe2\x98\x83\r\n"
		"content-LENGTH: 2\r\nStrict-Transport-Security: max-age=1\r\n"
		"Alt-Svc: h3=\":443\"\r\nVia: 1.1 theirs\r\n\r\nok";
	const struct script_step steps[] = {{SCRIPT_EXPECT, want, strlen(want)},
		{SCRIPT_SEND, reply, sizeof reply - 1}, EXPECT_EOF, END};
	script_origin_play(c.origin, steps);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/x?y=%20", many);
	raw_expect(&c.client, reply);
	raw_end(&c.client);
	raw_expect_eof(&c.client);
	conversation_end(&c);
	/* And are kept so: the head of the request is what the browser sent, target form and
	 * all. */
	const struct fact_request *request = CASE_FACT(c.facts, REQUEST, request, 0);
	assert_true(span_ends_nocase(request->head, many));
	assert_true(span_eq(CASE_FACT(c.facts, RESPONSE, response, 0)->head,
		span_of(reply, sizeof reply - 3)));
	conversation_free(&c);
}

static void bytes_may_come_one_by_one(void **state)
{
	struct conversation c;
	bool tls = *state != NULL;
	conversation_start(&c, tls, NULL);
#define SLOW_REQUEST HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: v\r\n\r\n"
#define SLOW_RESPONSE                                                                          \
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"   \
	"5;x=y\r\nhello\r\n0\r\nT: w\r\n\r\n"
	ORIGIN_PLAYS(&c, EXPECT("POST /slow HTTP/1.1\r\n" SLOW_REQUEST),
		SEND_SLOWLY(SLOW_RESPONSE), EXPECT("GET /next HTTP/1.1\r\n" HOST "\r\n"),
		SEND_SLOWLY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF, END);
	conversation_open(&c);
	char text[500];
	snprintf(
		text, sizeof text, "POST %s/slow HTTP/1.1\r\n" SLOW_REQUEST, tls ? "" : c.base);
	raw_send_slowly(&c.client, text);
	raw_expect(&c.client, SLOW_RESPONSE);
	snprintf(text, sizeof text, "GET %s/next HTTP/1.1\r\n" HOST "\r\n", tls ? "" : c.base);
	raw_send_slowly(&c.client, text);
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	raw_end(&c.client);
	raw_expect_eof(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "POST", "/slow", 200, "ok", 3, 5);
	conversation_recorded(&c, 1, "GET", "/next", 200, "ok", 0, 2);
	conversation_free(&c);
}

/* An origin that has heard enough: its answer reaches the browser although the upload goes on.
 */
static void an_upload_may_be_answered_early(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, EXPECT_FILL(10000),
		SEND("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: "
		     "4\r\n\r\nstop"),
		WAIT_GO, END);
	conversation_open(&c);
	conversation_ask(&c, "POST", "/up", HOST "Content-Length: 50000000\r\n\r\n");
	raw_send_fill(&c.client, 10000);
	raw_expect(&c.client,
		"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nstop");
	script_origin_go(c.origin);
	raw_expect_gone(&c.client);
	conversation_end(&c);
	/* The request did not end as announced, and that is said. */
	conversation_recorded(&c, 0, "POST", "/up", 413, "*", 10000, 4);
	assert_false(
		span_is(read_case_end(c.facts, conversation_exchange(&c, 0))->reason, "ok"));
	conversation_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(one_connection_carries_several_exchanges),
		BOTH(pipelined_requests_are_answered_in_order),
		BOTH(chunks_and_trailers_pass_as_they_are),
		BOTH(continue_comes_from_the_origin),
		BOTH(expectation_may_be_refused_without_a_body),
		BOTH(interim_responses_come_before_the_final_one),
		BOTH(some_responses_have_no_body),
		BOTH(the_end_of_the_connection_can_end_a_body),
		BOTH(an_origin_of_http_1_0_is_served),
		BOTH(headers_arrive_as_they_were_written),
		BOTH(bytes_may_come_one_by_one),
		BOTH(an_upload_may_be_answered_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
