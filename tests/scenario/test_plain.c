/* The forward proxy for http: absolute targets, several hosts over one connection, what is
 * meant for the proxy alone. */
#include "tests/kit/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void one_connection_reaches_several_hosts(void **state)
{
	(void)state;
	char why[500];
	struct script_origin *a = script_origin_start(false, NULL);
	struct script_origin *b = script_origin_start(false, NULL);
	struct run_proxy_options options = {.rules = {script_origin_rule(a, "a.test", 80),
						    script_origin_rule(b, "b.test", 8080)}};
	struct run_proxy p;
	struct raw_client c;
	unsigned b_port = script_origin_port(b);
	run_proxy_start(&p, &options);
	static const struct script_step a1[] = {
		EXPECT("GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na1"), EXPECT_EOF, END};
	static const struct script_step b1[] = {
		EXPECT("GET /?x HTTP/1.1\r\nHost: b.test:8080\r\n\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nb1"), EXPECT_EOF, END};
	static const struct script_step a2[] = {
		EXPECT("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na2"), EXPECT_EOF, END};
	script_origin_play(a, a1);
	script_origin_play(b, b1);
	script_origin_play(a, a2);
	raw_open(&c, p.port);
	raw_send(&c, "GET http://a.test/1 HTTP/1.1\r\nHost: a.test\r\n\r\n");
	raw_expect(&c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na1");
	raw_send(&c, "GET http://b.test:8080?x HTTP/1.1\r\nHost: b.test:8080\r\n\r\n");
	raw_expect(&c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nb1");
	raw_send(&c, "GET HTTP://A.TEST HTTP/1.1\r\nHost: a.test\r\n\r\n");
	raw_expect(&c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na2");
	raw_close(&c);
	run_proxy_idle(&p);
	run_proxy_stop(&p);
	if (!script_origin_end(a, why, sizeof why) || !script_origin_end(b, why, sizeof why))
		fail_msg("%s", why);
	/* One tunnel, three legs, each exchange on its own. */
	assert_int_equal(CASE_COUNT(&p.facts, TUNNEL), 1);
	assert_int_equal(CASE_COUNT(&p.facts, LEG), 3);
	static const char *const urls[] = {
		"http://a.test/1", "http://b.test:8080/?x", "http://a.test/"};
	for (size_t i = 0; i < 3; i++) {
		const struct fact_request *r = CASE_FACT(&p.facts, REQUEST, request, i);
		assert_true(span_is(r->url, urls[i]));
		assert_int_equal(read_case_response(&p.facts, r->exchange)->leg,
			CASE_FACT(&p.facts, LEG, leg, i)->leg);
	}
	assert_true(span_is(CASE_FACT(&p.facts, LEG, leg, 1)->host, "b.test"));
	assert_int_equal(CASE_FACT(&p.facts, LEG, leg, 1)->port, 8080);
	assert_int_equal(CASE_FACT(&p.facts, LEG, leg, 1)->dial_port, b_port);
	assert_int_equal(CASE_FACT(&p.facts, LEG, leg, 1)->remote_port, b_port);
	assert_true(span_is(CASE_FACT(&p.facts, LEG, leg, 1)->remote_ip, "127.0.0.1"));
	run_proxy_end(&p);
}

/* What the browser says to the proxy alone stays there; all else goes on, in order,
 * "Connection" too. */
static void fields_for_the_proxy_stay_with_it(void **state)
{
	(void)state;
	struct conversation c;
	conversation_start(&c, false, NULL);
	ORIGIN_PLAYS(&c,
		EXPECT("GET /x HTTP/1.1\r\nX-First: 1\r\nHost: origin.test\r\nX-Last: "
		       "2\r\n\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/x",
		"X-First: 1\r\nProxy-Connection: keep-alive\r\nHost: origin.test\r\n"
		"proxy-authorization: Basic c2VjcmV0\r\nX-Last: 2\r\n\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	conversation_end(&c);
	conversation_free(&c);
}

/* RFC 9112 3.2.2: the target's authority decides, and a Host that says something else is
 * refused, not guessed. */
static void host_and_target_must_agree(void **state)
{
	(void)state;
	struct conversation c;
	conversation_start(&c, false, NULL);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/x", "Host: other.test\r\n\r\n");
	const char *head = raw_head(&c.client);
	assert_true(strncmp(head, "HTTP/1.1 400 ", 13) == 0);
	assert_non_null(strstr(head, "X-Clicktrail: error; reason=bad-host"));
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, LEG), 0);
	conversation_recorded(&c, 0, "GET", "/x", 400, "bad-host", -1, -1);
	conversation_free(&c);
}

static void targets_that_are_no_url_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"GET ftp://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"GET http:///x HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"GET http://user:pw@origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"GET http://origin.test:99999/ HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"GET http://ori<b>gin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"CONNECT origin.test HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"CONNECT origin.test:0 HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"CONNECT http://origin.test:80 HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: origin.test\r\n\r\n",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct conversation c;
		conversation_start(&c, false, NULL);
		conversation_open(&c);
		raw_send(&c.client, bad[i]);
		const char *head = raw_head(&c.client);
		if (strncmp(head, "HTTP/1.1 400 ", 13) != 0)
			fail_msg("%s was answered %s", bad[i], head);
		raw_expect_gone(&c.client);
		conversation_end(&c);
		assert_int_equal(CASE_COUNT(c.facts, LEG), 0);
		/* The bytes that were refused are in the case: as a request, or as what CONNECT
		 * asked. */
		bool kept = false;
		for (size_t k = 0; k < CASE_COUNT(c.facts, REQUEST); k++)
			kept |= span_is(CASE_FACT(c.facts, REQUEST, request, k)->head, bad[i]);
		for (size_t k = 0; k < CASE_COUNT(c.facts, CONNECT); k++)
			kept |= span_is(CASE_FACT(c.facts, CONNECT, connect, k)->head, bad[i]);
		if (!kept)
			fail_msg("not in the case: %s", bad[i]);
		conversation_free(&c);
	}
}

static void an_old_client_gets_one_answer(void **state)
{
	(void)state;
	struct conversation c;
	conversation_start(&c, false, NULL);
	ORIGIN_PLAYS(&c, EXPECT("GET /old HTTP/1.0\r\nHost: origin.test\r\n\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF, END);
	conversation_open(&c);
	raw_send(&c.client, "GET http://origin.test/old HTTP/1.0\r\nHost: origin.test\r\n\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	raw_expect_eof(&c.client);
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/old", 200, "ok", 0, 2);
	conversation_free(&c);
}

/* A kept leg that the origin has closed meanwhile: the next request gets a new one instead of
 * an error. */
static void a_stale_leg_is_replaced(void **state)
{
	(void)state;
	struct conversation c;
	conversation_start(&c, false, NULL);
	ORIGIN_PLAYS(
		&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none"), END);
	ORIGIN_PLAYS(&c,
		EXPECT("POST /2 HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 1\r\n\r\n!"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo"), EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/1", "Host: origin.test\r\n\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
	raw_expect_silence(&c.client, 100); /* the origin's end arrives meanwhile */
	conversation_ask(&c, "POST", "/2", "Host: origin.test\r\nContent-Length: 1\r\n\r\n!");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/1", 200, "ok", 0, 3);
	conversation_recorded(&c, 1, "POST", "/2", 200, "ok", 1, 3);
	assert_int_equal(CASE_COUNT(c.facts, LEG), 2);
	conversation_free(&c);
}

static void the_proxy_gives_its_certificate_authority(void **state)
{
	(void)state;
	struct run_proxy_options options = {0};
	struct run_proxy p;
	struct raw_client c;
	run_proxy_start(&p, &options);
	raw_open(&c, p.port);
	raw_send(&c, "GET http://clicktrail.internal/ HTTP/1.1\r\nHost: clicktrail.internal\r\n"
		     "Connection: close\r\n\r\n");
	const char *page = raw_rest(&c, NULL);
	assert_true(strncmp(page, "HTTP/1.1 200 ", 13) == 0);
	assert_non_null(strstr(page, "Firefox"));
	assert_non_null(strstr(page, "Chromium"));
	assert_non_null(strstr(page, "href=\"/ca.pem\""));
	assert_non_null(strstr(page, "href=\"/ca.der\""));
	raw_close(&c);

	struct buf pem = {0}, der = {0};
	ca_pem(p.ca, &pem);
	ca_der(p.ca, &der);
	raw_open(&c, p.port);
	raw_send(&c, "GET http://clicktrail.internal/ca.pem HTTP/1.1\r\nHost: "
		     "clicktrail.internal\r\n\r\n");
	raw_head(&c);
	raw_expect_bytes(&c, buf_span(&pem).p, buf_len(&pem));
	raw_send(&c, "GET http://clicktrail.internal/ca.der HTTP/1.1\r\nHost: "
		     "clicktrail.internal\r\n\r\n");
	raw_head(&c);
	raw_expect_bytes(&c, buf_span(&der).p, buf_len(&der));
	raw_close(&c);
	buf_fini(&pem);
	buf_fini(&der);
	run_proxy_stop(&p);
	assert_int_equal(CASE_COUNT(&p.facts, REQUEST), 3);
	assert_int_equal(CASE_COUNT(&p.facts, LEG), 0);
	for (size_t i = 0; i < 3; i++)
		assert_true(span_is(
			CASE_FACT(&p.facts, RESPONSE, response, i)->made_by, "clicktrail"));
	run_proxy_end(&p);
}

/* A browser that trusts our root reaches our own page inside TLS too; the script's call marks
 * the proxy as ready. */
static void the_ready_page_proves_the_way(void **state)
{
	(void)state;
	struct run_proxy_options options = {0};
	struct run_proxy p;
	struct raw_client c;
	run_proxy_start(&p, &options);
	assert_false(proxy_is_ready(p.proxy));
	raw_open(&c, p.port);
	raw_connect(&c, "clicktrail.internal:443");
	raw_tls(&c, "clicktrail.internal", p.cacert);
	raw_send(&c, "GET /ready HTTP/1.1\r\nHost: clicktrail.internal\r\n\r\n");
	assert_true(strncmp(raw_head(&c), "HTTP/1.1 200 ", 13) == 0);
	assert_false(proxy_is_ready(p.proxy));
	raw_close(&c);
	raw_open(&c, p.port);
	raw_connect(&c, "clicktrail.internal:443");
	raw_tls(&c, "clicktrail.internal", p.cacert);
	raw_send(&c, "POST /ready/done HTTP/1.1\r\nHost: "
		     "clicktrail.internal\r\nContent-Length: 0\r\n\r\n");
	assert_true(strncmp(raw_head(&c), "HTTP/1.1 204 ", 13) == 0);
	assert_true(proxy_is_ready(p.proxy));
	raw_close(&c);
	run_proxy_end(&p);
}

static void a_password_is_asked_for(void **state)
{
	(void)state;
	struct run_proxy_options options = {.password = "ann:pass word"};
	struct conversation c;
	conversation_start(&c, false, &options);
	ORIGIN_PLAYS(&c, EXPECT("GET /in HTTP/1.1\r\nHost: origin.test\r\n\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF, END);
	static const char *const wrong[] = {
		"Host: origin.test\r\n\r\n",
		"Host: origin.test\r\nProxy-Authorization: Basic YW5uOnBhc3N3b3Jk\r\n\r\n",
		"Host: origin.test\r\nAuthorization: Basic YW5uOnBhc3Mgd29yZA==\r\n\r\n",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		conversation_open(&c);
		conversation_ask(&c, "GET", "/in", wrong[i]);
		const char *head = raw_head(&c.client);
		assert_true(strncmp(head, "HTTP/1.1 407 ", 13) == 0);
		assert_non_null(strstr(head, "\r\nProxy-Authenticate: Basic "));
	}
	conversation_open(&c);
	raw_send(
		&c.client, "CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\n\r\n");
	assert_true(strncmp(raw_head(&c.client), "HTTP/1.1 407 ", 13) == 0);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/in",
		"Host: origin.test\r\nProxy-Authorization: Basic YW5uOnBhc3Mgd29yZA==\r\n\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, LEG), 1);
	conversation_free(&c);
}

/* What a stranger gets is not what the case is there for. */
static void pairing_pages_do_not_fill_the_case(void **state)
{
	(void)state;
	struct run_proxy_options options = {.password = "ann:pass word"};
	struct conversation c;
	struct buf asked = {0};
	conversation_start(&c, false, &options);
	raw_open(&c.client, c.proxy.port);
	for (int i = 0; i < PROXY_PAIRINGS_MAX + 2; i++)
		buf_addf(&asked, "HEAD /ca.pem HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
			c.proxy.port);
	raw_send_bytes(&c.client, buf_span(&asked).p, buf_len(&asked));
	for (int i = 0; i < PROXY_PAIRINGS_MAX + 2; i++)
		assert_true(strncmp(raw_head(&c.client), "HTTP/1.1 200 ", 13) == 0);
	raw_send(&c.client, "GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
	assert_true(strncmp(raw_head(&c.client), "HTTP/1.1 4", 10) == 0);
	buf_fini(&asked);
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, REQUEST), PROXY_PAIRINGS_MAX + 1);
	assert_int_equal(CASE_COUNT(c.facts, RESPONSE), PROXY_PAIRINGS_MAX + 1);
	assert_int_equal(CASE_COUNT(c.facts, NOTE), 1);
	conversation_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_connection_reaches_several_hosts),
		cmocka_unit_test(fields_for_the_proxy_stay_with_it),
		cmocka_unit_test(host_and_target_must_agree),
		cmocka_unit_test(targets_that_are_no_url_are_refused),
		cmocka_unit_test(an_old_client_gets_one_answer),
		cmocka_unit_test(a_stale_leg_is_replaced),
		cmocka_unit_test(the_proxy_gives_its_certificate_authority),
		cmocka_unit_test(the_ready_page_proves_the_way),
		cmocka_unit_test(a_password_is_asked_for),
		cmocka_unit_test(pairing_pages_do_not_fill_the_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
