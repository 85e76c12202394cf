/*
 * Pages, origins and clients that mean harm: what they do must not hide traffic from the
 * record, make facts untrue, take memory or descriptors without end, or leave connections
 * behind.
 */
#include "tests/kit/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOST "Host: origin.test\r\n"
#define HINT "HTTP/1.1 103 Early Hints\r\n\r\n"
#define TIMES4(x) x x x x
#define TIMES64(x) TIMES4(TIMES4(TIMES4(x)))
enum { INTERIMS_MAX = 64 };

static void expect_page(struct raw_client *c, int status, const char *reason)
{
	char line[20], mark[100];
	snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
	snprintf(mark, sizeof mark, "X-Clicktrail: error; reason=%s\r\n", reason);
	const char *head = raw_head(c);
	if (strncmp(head, line, strlen(line)) != 0 || strstr(head, mark) == NULL)
		fail_msg("not our %d page about %s: %s", status, reason, head);
}

static void interim_responses_come_to_an_end(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND(TIMES64(HINT) HINT), EXPECT_CUT, DROP);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/hints", HOST "\r\n");
	raw_expect(&c.client, TIMES64(HINT));
	expect_page(&c.client, 502, "limit");
	raw_expect_gone(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/hints", 502, "limit", 0, -1);
	/* The one too many is evidence as well. */
	assert_int_equal(CASE_COUNT(c.facts, INTERIM), INTERIMS_MAX + 1);
	conversation_free(&c);
}

/* Passed on, a later request on the same connection would be opaque bytes in the case. */
static void a_switch_that_nobody_asked_for_hides_nothing(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD,
		SEND("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
		     "x\r\n\r\n"),
		EXPECT_CUT, DROP);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/page", HOST "\r\n");
	expect_page(&c.client, 502, "bad-version");
	raw_expect_gone(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/page", 502, "bad-version", 0, -1);
	assert_int_equal(CASE_COUNT(c.facts, OPAQUE), 0);
	assert_int_equal(CASE_COUNT(c.facts, INTERIM), 1);
	assert_int_equal(CASE_FACT(c.facts, INTERIM, interim, 0)->status, 101);
	conversation_free(&c);
}

/* RFC 9110 7.8: an Upgrade in HTTP/1.0 is to be ignored. */
static void http_1_0_is_not_switched(void **state)
{
	struct conversation c;
	bool tls = *state != NULL;
	conversation_start(&c, tls, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD,
		SEND("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
		     "x\r\n\r\n"),
		EXPECT_CUT, DROP);
	conversation_open(&c);
	char request[200];
	snprintf(request, sizeof request,
		"GET %s/old HTTP/1.0\r\n" HOST "Connection: Upgrade\r\nUpgrade: x\r\n\r\n",
		tls ? "" : c.base);
	raw_send(&c.client, request);
	expect_page(&c.client, 502, "bad-version");
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, OPAQUE), 0);
	conversation_free(&c);
}

/* Our page answers at once where a 100 is waited for: the body that still comes is no request.
 */
static void an_unread_body_is_no_request(void **state)
{
	struct conversation c;
	(void)state;
	conversation_start(&c, false, NULL);
	conversation_open(&c);
	raw_send(&c.client, "POST http://clicktrail.internal/nothing HTTP/1.1\r\nHost: "
			    "clicktrail.internal\r\n"
			    "Expect: 100-continue\r\nContent-Length: 61\r\n\r\n");
	assert_true(strncmp(raw_head(&c.client), "HTTP/1.1 404 ", 13) == 0);
	raw_send(&c.client, "GET http://origin.test/hidden HTTP/1.1\r\n" HOST "\r\n");
	const char *rest = raw_rest(&c.client, NULL);
	assert_null(strstr(rest, "HTTP/1.1"));
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, REQUEST), 1);
	conversation_free(&c);
}

static void requests_behind_a_refused_one_are_noted(void **state)
{
	struct conversation c;
	(void)state;
	conversation_start(&c, false, NULL);
	conversation_open(&c);
	raw_send(&c.client, "GET http://origin.test/a HTTP/1.1\r\nHost: other.test\r\n\r\n"
			    "GET http://origin.test/b HTTP/1.1\r\n" HOST "\r\n");
	expect_page(&c.client, 400, "bad-host");
	assert_null(strstr(raw_rest(&c.client, NULL), "HTTP/1.1"));
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, REQUEST), 1);
	assert_int_equal(CASE_COUNT(c.facts, LEG), 0);
	assert_int_equal(read_case_notes(c.facts, "extra-bytes"), 1);
	conversation_free(&c);
}

/* A page can make the browser say so: ws://clicktrail.internal/ goes through CONNECT. */
static void our_own_name_does_not_go_out(void **state)
{
	struct conversation c;
	(void)state;
	conversation_start(&c, false, NULL);
	conversation_open(&c);
	raw_connect(&c.client, "clicktrail.internal:80");
	raw_send(&c.client, "GET / HTTP/1.1\r\nHost: clicktrail.internal\r\n\r\n");
	raw_expect_gone(&c.client);
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, DNS), 0);
	assert_int_equal(CASE_COUNT(c.facts, LEG), 0);
	assert_true(
		span_is(CASE_FACT(c.facts, TUNNEL_END, tunnel_end, 0)->reason, "bad-target"));
	conversation_free(&c);
}

static void half_of_a_refused_name_is_no_fact(void **state)
{
	struct conversation c;
	(void)state;
	conversation_start(&c, false, NULL);
	conversation_open(&c);
	raw_send(&c.client, "CONNECT bank.test<evil.test:443 HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_page(&c.client, 400, "bad-target");
	conversation_end(&c);
	const struct fact_connect *f = CASE_FACT(c.facts, CONNECT, connect, 0);
	assert_true(span_is(f->outcome, "bad-target"));
	assert_null(f->host.p);
	assert_int_equal(f->port, FACT_NULL);
	conversation_free(&c);
}

/* Early answer, connection kept, request not read, then gone: nothing waits for it any more. */
static void an_upload_ends_with_its_origin(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD,
		SEND("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"), WAIT_GO,
		RESET);
	conversation_open(&c);
	conversation_ask(&c, "POST", "/up", HOST "Content-Length: 1000000000\r\n\r\n");
	raw_expect(&c.client, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
	raw_try_send_fill(&c.client, 64 * 1024 * 1024);
	script_origin_go(c.origin);
	raw_expect_gone(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "POST", "/up", 413, "body-truncated", -1, 0);
	conversation_free(&c);
}

/* RFC 9112 9.8: without a close_notify nobody knows whether this was all. */
static void a_body_that_may_be_cut_says_so(void **state)
{
	struct conversation c;
	(void)state;
	conversation_start(&c, true, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\n\r\nperhaps all"), DROP);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\n\r\nall"), END);
	for (int i = 0; i < 2; i++) {
		conversation_open(&c);
		conversation_ask(&c, "GET", "/doc", HOST "Connection: close\r\n\r\n");
		raw_rest(&c.client, NULL);
	}
	conversation_end(&c);
	conversation_body(&c, 0, SIDE_RESPONSE, "perhaps all");
	conversation_body(&c, 1, SIDE_RESPONSE, "all");
	struct span detail = read_case_end(c.facts, conversation_exchange(&c, 0))->detail;
	assert_true(span_find(detail, span_str("close_notify"), 0) != SIZE_MAX);
	assert_null(read_case_end(c.facts, conversation_exchange(&c, 1))->detail.p);
	conversation_free(&c);
}

/* The browser goes while our own answer waits for its body: no answer is recorded behind the
 * end. */
static void nothing_is_answered_to_a_browser_that_left(void **state)
{
	struct conversation c;
	(void)state;
	conversation_start(&c, false, NULL);
	conversation_open(&c);
	raw_send(&c.client,
		"POST http://clicktrail.internal/ HTTP/1.1\r\nHost: clicktrail.internal\r\n"
		"Content-Length: 100\r\n\r\nx");
	size_t seen = 0;
	while (seen == 0) {
		struct read_case look;
		run_proxy_look(&c.proxy, &look);
		seen = CASE_COUNT(&look, REQUEST);
		read_case_fini(&look);
	}
	raw_reset(&c.client);
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, RESPONSE), 0);
	assert_int_equal(CASE_COUNT(c.facts, EXCHANGE_END), 1);
	assert_true(span_is(
		CASE_FACT(c.facts, EXCHANGE_END, exchange_end, 0)->reason, "browser-reset"));
	conversation_free(&c);
}

/* What --only leaves out has no facts at all; an end without a beginning would be about
 * nothing. */
static void an_unrecorded_leg_has_no_end(void **state)
{
	struct conversation c;
	struct run_proxy_options options = {.only = {"other.test"}};
	(void)state;
	conversation_start(&c, false, &options);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 204 No Content\r\n\r\n"), EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/", HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 204 No Content\r\n\r\n");
	raw_end(&c.client);
	raw_expect_eof(&c.client);
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, REQUEST), 0);
	assert_int_equal(CASE_COUNT(c.facts, LEG), 0);
	assert_int_equal(CASE_COUNT(c.facts, LEG_END), 1);
	assert_int_equal(CASE_FACT(c.facts, LEG_END, leg_end, 0)->leg, LEG_BROWSER);
	conversation_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(interim_responses_come_to_an_end),
		BOTH(a_switch_that_nobody_asked_for_hides_nothing),
		BOTH(http_1_0_is_not_switched),
		cmocka_unit_test(an_unread_body_is_no_request),
		cmocka_unit_test(requests_behind_a_refused_one_are_noted),
		cmocka_unit_test(our_own_name_does_not_go_out),
		cmocka_unit_test(half_of_a_refused_name_is_no_fact),
		BOTH(an_upload_ends_with_its_origin),
		cmocka_unit_test(a_body_that_may_be_cut_says_so),
		cmocka_unit_test(nothing_is_answered_to_a_browser_that_left),
		cmocka_unit_test(an_unrecorded_leg_has_no_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
