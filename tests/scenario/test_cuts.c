/* Connections that end before their time, at every stage: recorded with a reason, never taken
 * for whole. */
#include "tests/kit/conversation.h"
#include "tests/kit/dns_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOST "Host: origin.test\r\n"

/* Every request that showed as much as one byte is in the case, with the bytes that came and a
 * reason. */
static void a_request_cut_after_any_byte_is_recorded(void **state)
{
	struct conversation c;
	bool tls = *state != NULL;
	char request[300];
	conversation_start(&c, tls, NULL);
	snprintf(request, sizeof request,
		"POST %s/cut HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		tls ? "" : c.base);
	size_t head = (size_t)(strstr(request, "\r\n\r\n") + 4 - request), n = strlen(request);
	for (size_t cut = 0; cut < n; cut++) {
		if (tls || cut >= head)
			ORIGIN_PLAYS(&c, EXPECT_CUT, DROP);
		conversation_open(&c);
		raw_send_bytes(&c.client, request, cut);
		raw_end(&c.client);
		const char *answer = raw_rest(&c.client, NULL);
		assert_null(strstr(answer, "200 OK"));
	}
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, TUNNEL), n);
	assert_int_equal(CASE_COUNT(c.facts, TUNNEL_END), n);
	assert_int_equal(CASE_COUNT(c.facts, REQUEST), n - 1);
	for (size_t i = 0; i < n - 1; i++) {
		const struct fact_request *r = CASE_FACT(c.facts, REQUEST, request, i);
		const struct fact_exchange_end *end = read_case_end(c.facts, r->exchange);
		size_t came = i + 1 < head ? i + 1 : head;
		if (end == NULL || span_is(end->reason, "ok"))
			fail_msg("a request cut after %zu of %zu bytes is recorded as whole",
				i + 1, n);
		if (!span_eq(r->head, span_of(request, came)))
			fail_msg("cut after %zu bytes: the head in the case is \"%.*s\"", i + 1,
				(int)r->head.n, (const char *)r->head.p);
		if (i + 1 < head && !span_is(end->reason, "head-truncated"))
			fail_msg("cut after %zu bytes: %.*s", i + 1, (int)end->reason.n,
				(const char *)end->reason.p);
	}
	conversation_free(&c);
}

static void a_browser_that_leaves_is_recorded(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	/* While it waits; while the answer comes; by reset. */
	ORIGIN_PLAYS(&c, EXPECT_HEAD, EXPECT_CUT, DROP);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"),
		EXPECT_CUT, DROP);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"),
		EXPECT_CUT, DROP);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/waiting", HOST "\r\n");
	assert_true(
		script_origin_await(c.origin, 0, "\r\n\r\n")); /* else the reset may be first */
	raw_reset(&c.client);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/reading", HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour");
	raw_close(&c.client);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/reset", HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour");
	raw_reset(&c.client);
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, REQUEST), 3);
	conversation_recorded(&c, 0, "GET", "/waiting", 0, "browser-reset", 0, 0);
	conversation_recorded(&c, 1, "GET", "/reading", 200, "*", 0, 4);
	assert_true(span_starts(
		read_case_end(c.facts, conversation_exchange(&c, 1))->reason, "browser-"));
	conversation_recorded(&c, 2, "GET", "/reset", 200, "browser-reset", 0, 4);
	conversation_body(&c, 1, SIDE_RESPONSE, "four");
	conversation_free(&c);
}

static void expect_error(struct conversation *c, const char *reason, int status)
{
	char start[40], mark[100];
	snprintf(start, sizeof start, "HTTP/1.1 %d ", status);
	snprintf(mark, sizeof mark, "X-Clicktrail: error; reason=%s\r\n", reason);
	const char *head = raw_head(&c->client);
	if (strncmp(head, start, strlen(start)) != 0 || strstr(head, mark) == NULL)
		fail_msg("instead of %d %s: %s", status, reason, head);
}

static void an_origin_that_says_nothing_is_recorded(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, END);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, RESET);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Le"), END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/silent", HOST "\r\n");
	expect_error(&c, "origin-silent", 502);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/reset", HOST "\r\n");
	expect_error(&c, "origin-reset", 502);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/half", HOST "\r\n");
	expect_error(&c, "head-truncated", 502);
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/silent", 502, "origin-silent", 0, -1);
	conversation_recorded(&c, 1, "GET", "/reset", 502, "origin-reset", 0, -1);
	conversation_recorded(&c, 2, "GET", "/half", 502, "head-truncated", 0, -1);
	conversation_free(&c);
}

/* What the browser saw is cut as the origin cut it: never closed as if it were whole. */
static void a_body_cut_short_stays_cut(void **state)
{
	static const struct {
		struct script_step head, how;
		const char *reason;
		bool reset; /* nothing but a reset tells the browser that this is not the end */
	} cuts[] = {
		{SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"), END,
			"body-truncated", false},
		{SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n"),
			END, "body-truncated", false},
		{SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
		      "chunked\r\n\r\n4\r\nfour\r\n0\r\n"),
			END, "body-truncated", false},
		{SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"), RESET,
			"origin-reset", false},
		{SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n"),
			RESET, "origin-reset", false},
		{SEND("HTTP/1.1 200 OK\r\n\r\nfour"), RESET, "origin-reset", true},
	};
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		struct conversation c;
		conversation_start(&c, *state != NULL, NULL);
		const struct script_step steps[] = {
			EXPECT_HEAD, cuts[i].head, WAIT_GO, cuts[i].how};
		script_origin_play(c.origin, steps);
		conversation_open(&c);
		conversation_ask(&c, "GET", "/", HOST "\r\n");
		raw_expect(&c.client, cuts[i].head.bytes);
		script_origin_go(c.origin);
		size_t more;
		raw_rest(&c.client, &more);
		assert_int_equal(more, 0);
		assert_true(c.client.reset || !cuts[i].reset);
		conversation_end(&c);
		conversation_recorded(&c, 0, "GET", "/", 200, cuts[i].reason, 0, 4);
		conversation_body(&c, 0, SIDE_RESPONSE, "four");
		conversation_free(&c);
	}
}

static void an_origin_that_refuses_is_recorded(void **state)
{
	bool tls = *state != NULL;
	struct conversation c = {.client = {.fd = -1}};
	/* A port that was ours a moment ago. */
	struct script_origin *gone = script_origin_start(false, NULL);
	char why[200], rule[100];
	snprintf(rule, sizeof rule, "gone.test:%d:127.0.0.1:%u", tls ? 443 : 80,
		script_origin_port(gone));
	assert_true(script_origin_end(gone, why, sizeof why));
	struct run_proxy_options options = {.rules = {rule}};
	struct run_proxy p;
	run_proxy_start(&p, &options);
	raw_open(&c.client, p.port);
	if (tls) {
		raw_connect(&c.client, "gone.test:443");
		raw_tls(&c.client, "gone.test",
			p.cacert); /* minted by name: the error is shown inside */
		raw_send(&c.client, "GET /x HTTP/1.1\r\nHost: gone.test\r\n\r\n");
	} else {
		raw_send(&c.client,
			"GET http://gone.test/x HTTP/1.1\r\nHost: gone.test\r\n\r\n");
	}
	expect_error(&c, "connect-refused", 502);
	raw_close(&c.client);
	run_proxy_idle(&p);
	run_proxy_stop(&p);
	const struct fact_leg *leg = CASE_FACT(&p.facts, LEG, leg, 0);
	assert_true(span_is(leg->outcome, "connect-refused"));
	assert_true(span_is(leg->host, "gone.test"));
	assert_true(span_is(
		read_case_end(&p.facts, CASE_FACT(&p.facts, REQUEST, request, 0)->exchange)
			->reason,
		"connect-refused"));
	run_proxy_end(&p);
}

static void a_name_that_does_not_exist_is_recorded(void **state)
{
	(void)state;
	struct dns_server *dns = dns_server_start();
	struct run_proxy_options options = {.dns_servers = dns_server_address(dns)};
	struct run_proxy p;
	struct conversation c = {.client = {.fd = -1}};
	run_proxy_start(&p, &options);
	raw_open(&c.client, p.port);
	raw_send(&c.client, "GET http://nowhere.test/ HTTP/1.1\r\nHost: nowhere.test\r\n\r\n");
	expect_error(&c, "dns-not-found", 502);
	raw_close(&c.client);
	run_proxy_idle(&p);
	run_proxy_stop(&p);
	const struct fact_dns *f = CASE_FACT(&p.facts, DNS, dns, 0);
	assert_true(span_is(f->name, "nowhere.test"));
	assert_true(span_is(f->outcome, "dns-not-found"));
	assert_true(span_is(f->resolver, dns_server_address(dns)));
	run_proxy_end(&p);
	dns_server_stop(dns);
}

/* A branded click domain is a CNAME to the service that runs it: the path is a fact. */
static void the_way_of_a_name_is_recorded(void **state)
{
	(void)state;
	char why[300];
	struct dns_server *dns = dns_server_start();
	dns_server_on(dns, "click.brand.test", DNS_SERVER_A, 0,
		"@ CNAME 300 brand.esp.test; brand.esp.test CNAME 60 edge7.esp.test; "
		"edge7.esp.test A 20 127.0.0.1");
	dns_server_on(dns, "click.brand.test", DNS_SERVER_AAAA, 0,
		"@ CNAME 300 brand.esp.test; brand.esp.test CNAME 60 edge7.esp.test");
	struct script_origin *o = script_origin_start(false, NULL);
	static const struct script_step steps[] = {EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF, END};
	script_origin_play(o, steps);
	struct run_proxy_options options = {.dns_servers = dns_server_address(dns)};
	struct run_proxy p;
	struct raw_client c;
	char request[200];
	run_proxy_start(&p, &options);
	raw_open(&c, p.port);
	snprintf(request, sizeof request,
		"GET http://click.brand.test:%u/ HTTP/1.1\r\nHost: click.brand.test:%u\r\n\r\n",
		script_origin_port(o), script_origin_port(o));
	raw_send(&c, request);
	raw_expect(&c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	raw_close(&c);
	run_proxy_idle(&p);
	run_proxy_stop(&p);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
	const struct fact_dns *f = CASE_FACT(&p.facts, DNS, dns, 0);
	assert_true(span_is(f->cnames, "brand.esp.test edge7.esp.test"));
	assert_true(span_is(f->addresses, "127.0.0.1/20"));
	assert_int_equal(f->leg, CASE_FACT(&p.facts, LEG, leg, 0)->leg);
	run_proxy_end(&p);
	dns_server_stop(dns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(a_request_cut_after_any_byte_is_recorded),
		BOTH(a_browser_that_leaves_is_recorded),
		BOTH(an_origin_that_says_nothing_is_recorded),
		BOTH(a_body_cut_short_stays_cut),
		BOTH(an_origin_that_refuses_is_recorded),
		cmocka_unit_test(a_name_that_does_not_exist_is_recorded),
		cmocka_unit_test(the_way_of_a_name_is_recorded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
