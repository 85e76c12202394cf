/*
 * One request to a service: what is sent, what comes back, and every way in which it does not.
 * Scripted servers on loopback.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/kit/script_origin.h"
#include "ui/fetch.h"

#define HEAD_200 "HTTP/1.1 200 OK\r\n"
#define PLAYS(...)                                                                             \
	(const struct script_step[])                                                           \
	{                                                                                      \
		__VA_ARGS__                                                                    \
	}

struct talk {
	struct script_origin *server;
	char url[128];
	struct fetch_request req;
	struct fetch_answer answer;
	struct err err;
	char sent[2048]; /* the request, once the talk has ended */
};

static void open_talk(struct talk *t, bool tls, const struct script_step *steps)
{
	*t = (struct talk){0};
	t->server = script_origin_start(tls, "127.0.0.1");
	script_origin_play(t->server, steps);
	snprintf(t->url, sizeof t->url, "%s://127.0.0.1:%u/a?b=c#d", tls ? "https" : "http",
		script_origin_port(t->server));
	t->req = (struct fetch_request){.url = t->url, .max_bytes = 1000};
}

static bool ask(struct talk *t)
{
	return fetch_url(&t->req, &t->answer, &t->err);
}

static void close_talk(struct talk *t)
{
	char why[400];
	struct span sent = script_origin_received(t->server, 0);
	snprintf(t->sent, sizeof t->sent, "%.*s", (int)sent.n, (const char *)sent.p);
	fetch_answer_fini(&t->answer);
	if (!script_origin_end(t->server, why, sizeof why))
		fail_msg("%s", why);
}

static void assert_body(const struct talk *t, const char *text)
{
	struct span body = buf_span(&t->answer.body);
	assert_true(body.p == NULL ? text[0] == 0 : span_is(body, text));
}

static void assert_failed(const struct talk *t, enum err_kind kind, const char *words)
{
	if (t->err.kind != kind || strstr(t->err.detail, words) == NULL)
		fail_msg("%s: %s", err_word(t->err.kind), t->err.detail);
	assert_int_equal(t->answer.status, 0);
	assert_int_equal(buf_len(&t->answer.body), 0);
	assert_int_equal(buf_len(&t->answer.head), 0);
}

static void a_get_brings_its_answer(void **state)
{
	struct talk t;
	(void)state;
	open_talk(&t, false,
		PLAYS(EXPECT("GET /a?b=c HTTP/1.1\r\n"), EXPECT_HEAD,
			SEND("HTTP/1.1 103 Early Hints\r\nX-Kind: early\r\n\r\n"),
			SEND(HEAD_200 "Content-Type: application/rdap+json;x=\x01\r\n"
				      "Transfer-Encoding: chunked\r\nx-kind:  b c \r\n\r\n"),
			SEND("3\r\nabc\r\n2\r\nde\r\n0\r\nX-Late: 1\r\nHTTP/1.1: x\r\n\r\n"),
			END));
	t.req.accept = "application/rdap+json";
	if (!ask(&t))
		fail_msg("%s", t.err.detail);
	assert_int_equal(t.answer.status, 200);
	assert_string_equal(t.answer.content_type, "application/rdap+json;x=\\x01");
	assert_string_equal(t.answer.remote_ip, "127.0.0.1");
	assert_body(&t, "abcde");
	assert_true(span_is(fetch_field(&t.answer, "X-Kind"), "b c"));
	assert_null(fetch_field(&t.answer, "X-Late").p);
	assert_null(fetch_field(&t.answer, "HTTP/1.1 200 OK").p);
	close_talk(&t);
	assert_non_null(strstr(t.sent, "\r\nAccept: application/rdap+json\r\n"));
	assert_non_null(
		strstr(t.sent, "\r\nUser-Agent: clicktrail/" CLICKTRAIL_VERSION "\r\n"));
	assert_null(strstr(t.sent, "Content-"));
}

static void a_post_sends_its_bytes(void **state)
{
	struct talk t;
	(void)state;
	open_talk(&t, false,
		PLAYS(EXPECT("POST /a?b=c HTTP/1.1\r\n"), EXPECT_HEAD,
			{SCRIPT_EXPECT, "q\0\n\xff", 4},
			SEND(HEAD_200 "Content-Length: 0\r\n\r\n"), END));
	t.req.body = span_of("q\0\n\xff", 4);
	t.req.content_type = "application/timestamp-query";
	assert_true(ask(&t));
	assert_string_equal(t.answer.content_type, "");
	assert_body(&t, "");
	close_talk(&t);
	assert_non_null(strstr(t.sent, "\r\nContent-Type: application/timestamp-query\r\n"));
	assert_non_null(strstr(t.sent, "\r\nContent-Length: 4\r\n"));
	assert_null(strstr(t.sent, "Expect:"));
}

static void other_statuses_are_answers(void **state)
{
	struct talk t;
	(void)state;
	open_talk(&t, false,
		PLAYS(EXPECT_HEAD, SEND("HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone"),
			END));
	assert_true(ask(&t));
	assert_int_equal(t.answer.status, 404);
	assert_body(&t, "gone");
	close_talk(&t);
	/* A second connection would have no script, and be an error. */
	open_talk(&t, false,
		PLAYS(EXPECT_HEAD,
			SEND("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: "
			     "0\r\n\r\n"),
			END));
	assert_true(ask(&t));
	assert_int_equal(t.answer.status, 302);
	assert_true(span_is(fetch_field(&t.answer, "location"), "/elsewhere"));
	close_talk(&t);
}

static void too_long_answers_are_refused(void **state)
{
	struct talk t;
	(void)state;
	static const char next[] = {'\r', '\n', 'A', ':'};
	static char head[FETCH_HEAD_MAX + 100];
	memset(head, 'x', sizeof head);
	head[0] = 'a';
	for (size_t i = 100; i < sizeof head; i += 100)
		memcpy(head + i, next, sizeof next);
	const struct {
		const struct script_step *steps;
		enum err_kind kind;
		const char *words;
	} rows[] = {
		{PLAYS(EXPECT_HEAD, SEND(HEAD_200 "Content-Length: 1000\r\n\r\n"),
			 SEND_FILL(1000), END),
			ERR_NONE, NULL},
		{PLAYS(EXPECT_HEAD, SEND(HEAD_200 "Content-Length: 1001\r\n\r\n"), EXPECT_CUT,
			 DROP),
			ERR_LIMIT, "longer than 1000 bytes"},
		{PLAYS(EXPECT_HEAD, SEND(HEAD_200 "\r\n"), SEND_FILL(1001), EXPECT_CUT, DROP),
			ERR_LIMIT, "longer than 1000 bytes"},
		{PLAYS(EXPECT_HEAD, SEND(HEAD_200 "A:"), SEND_BYTES(head, sizeof head),
			 EXPECT_CUT, DROP),
			ERR_LIMIT, "head is longer"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		open_talk(&t, false, rows[i].steps);
		if (ask(&t) != (rows[i].words == NULL))
			fail_msg("row %zu: %s", i, t.err.detail);
		if (rows[i].words == NULL) {
			close_talk(&t);
			continue;
		}
		assert_failed(&t, rows[i].kind, rows[i].words);
		/* Whether the server got all of it out does not matter. */
		script_origin_abandon(t.server);
	}
}

static void what_breaks_off_is_told(void **state)
{
	struct talk t;
	(void)state;
	const struct {
		const struct script_step *steps;
		const char *words;
	} rows[] = {
		{PLAYS(EXPECT_HEAD, DROP), "closed without an answer"},
		{PLAYS(EXPECT_HEAD, SEND(HEAD_200 "Content-Length: 9\r\n\r\nabc"), DROP),
			"ended early"},
		{PLAYS(EXPECT_HEAD, SEND(HEAD_200 "Transfer-Encoding: chunked\r\n\r\n3\r\nab"),
			 DROP),
			"ended early"},
		{PLAYS(EXPECT_HEAD, SEND("hello\r\n"), DROP), "the request failed"},
		{PLAYS(EXPECT_HEAD, RESET), "the request failed"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		open_talk(&t, false, rows[i].steps);
		if (ask(&t))
			fail_msg("row %zu is taken", i);
		assert_failed(&t, ERR_FETCH, rows[i].words);
		close_talk(&t);
	}
}

static void what_is_slow_is_left(void **state)
{
	struct talk t;
	(void)state;
	open_talk(&t, false, PLAYS(EXPECT_HEAD, SEND(HEAD_200), EXPECT_CUT, DROP));
	t.req.timeout_ms = 100;
	assert_false(ask(&t));
	assert_failed(&t, ERR_FETCH, "no whole answer in time");
	close_talk(&t);
	/* Nobody is there. */
	open_talk(&t, false, PLAYS(DROP));
	script_origin_abandon(t.server);
	assert_false(ask(&t));
	assert_failed(&t, ERR_FETCH, "cannot be reached");
}

static void other_addresses_are_refused(void **state)
{
	static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "",
		"127.0.0.1:80", "/x", "http://", "gopher://127.0.0.1/_x", "javascript:1",
		"http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/\x7f",
		"http://127.0.0.1/\tx", "ht\ntp://127.0.0.1/", " http://127.0.0.1/",
		"http://me@127.0.0.1/", "http://me:pw@127.0.0.1/", "unix:///run/x"};
	static char long_one[FETCH_URL_MAX + 10] = "http://127.0.0.1/";
	(void)state;
	memset(long_one + strlen(long_one), 'x', sizeof long_one - 1 - strlen(long_one));
	for (size_t i = 0; i <= sizeof urls / sizeof *urls; i++) {
		const char *url = i < sizeof urls / sizeof *urls ? urls[i] : long_one;
		struct talk t = {.req = {.url = url, .max_bytes = 10, .timeout_ms = 1000}};
		if (ask(&t))
			fail_msg("%s is taken", url);
		assert_failed(&t, ERR_USAGE, "");
	}
	static const char *const proxies[] = {"ftp://127.0.0.1", "127.0.0.1:80", "http://a b"};
	for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
		struct talk t = {.req = {.url = "http://127.0.0.1/",
					 .proxy = proxies[i],
					 .max_bytes = 10}};
		assert_false(ask(&t));
		assert_failed(&t, ERR_USAGE, "proxy");
	}
}

static void only_a_given_proxy_is_taken(void **state)
{
	struct talk t;
	char proxy[64];
	(void)state;
	/* Port 9 of loopback: nobody. It would fail if these were followed. */
	setenv("http_proxy", "http://127.0.0.1:9", 1);
	setenv("all_proxy", "http://127.0.0.1:9", 1);
	open_talk(&t, false,
		PLAYS(EXPECT("GET /a?b=c "), EXPECT_HEAD,
			SEND(HEAD_200 "Content-Length: 0\r\n\r\n"), END));
	assert_true(ask(&t));
	close_talk(&t);
	setenv("no_proxy", "*", 1);
	open_talk(&t, false,
		PLAYS(EXPECT("GET http://nowhere.test/x HTTP/1.1\r\n"), EXPECT_HEAD,
			SEND(HEAD_200 "Content-Length: 0\r\n\r\n"), END));
	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", script_origin_port(t.server));
	t.req.url = "http://nowhere.test/x";
	t.req.proxy = proxy;
	assert_true(ask(&t));
	close_talk(&t);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("no_proxy");
}

static void certificates_are_checked(void **state)
{
	struct talk t;
	(void)state;
	open_talk(&t, true,
		PLAYS(EXPECT_HEAD, SEND(HEAD_200 "Content-Length: 2\r\n\r\nok"), END));
	t.req.cacert = script_origin_cacert(t.server);
	if (!ask(&t))
		fail_msg("%s", t.err.detail);
	assert_body(&t, "ok");
	close_talk(&t);
	/* Without its root; with a file that is none. */
	for (int i = 0; i < 2; i++) {
		open_talk(&t, true, PLAYS(EXPECT_HEAD, DROP));
		t.req.cacert = i == 0 ? NULL : "/nonexistent.pem";
		assert_false(ask(&t));
		assert_failed(&t, ERR_FETCH,
			i == 0 ? "its certificate does not verify" : "cannot be read");
		script_origin_abandon(t.server);
	}
	/* Its root, but for another name. */
	open_talk(&t, true, PLAYS(EXPECT_HEAD, DROP));
	script_origin_abandon(t.server);
	t.server = script_origin_start(true, "other.test");
	script_origin_play(t.server, PLAYS(EXPECT_HEAD, DROP));
	snprintf(t.url, sizeof t.url, "https://127.0.0.1:%u/", script_origin_port(t.server));
	t.req.cacert = script_origin_cacert(t.server);
	assert_false(ask(&t));
	assert_failed(&t, ERR_FETCH, "its certificate does not verify");
	script_origin_abandon(t.server);
}

static void the_start_of_a_longer_answer(void **state)
{
	struct talk t;
	(void)state;
	open_talk(&t, false,
		PLAYS(EXPECT_HEAD, SEND(HEAD_200 "Content-Length: 8\r\n\r\nabcdefgh"),
			{SCRIPT_EXPECT_CUT, NULL, 0}, END));
	t.req.max_bytes = 3;
	t.req.keep_start = true;
	if (!ask(&t))
		fail_msg("%s", t.err.detail);
	assert_true(t.answer.cut);
	assert_body(&t, "abc");
	close_talk(&t);
	open_talk(&t, false,
		PLAYS(EXPECT_HEAD, SEND(HEAD_200 "Content-Length: 3\r\n\r\nabc"), END));
	t.req.max_bytes = 3;
	t.req.keep_start = true;
	assert_true(ask(&t));
	assert_false(t.answer.cut);
	assert_body(&t, "abc");
	close_talk(&t);
}

static bool never(void *ctx, const struct sockaddr *addr)
{
	++*(int *)ctx;
	assert_int_equal(addr->sa_family, AF_INET);
	return false;
}

static bool now(void *ctx)
{
	++*(int *)ctx;
	return true;
}

static void who_asks_may_say_no(void **state)
{
	struct talk t;
	int called = 0;
	(void)state;
	open_talk(&t, false, PLAYS(END));
	t.req.may_connect = never;
	t.req.ctx = &called;
	assert_false(ask(&t));
	assert_failed(&t, ERR_REFUSED_ADDRESS, "private or reserved");
	assert_int_equal(called, 1);
	assert_int_equal(script_origin_received(t.server, 0).n, 0);
	script_origin_abandon(t.server);
	open_talk(&t, false, PLAYS(EXPECT_HEAD, {SCRIPT_EXPECT_CUT, NULL, 0}, END));
	t.req.give_up = now;
	t.req.ctx = &called;
	t.req.timeout_ms = 20000;
	assert_false(ask(&t));
	assert_failed(&t, ERR_SHUTDOWN, "while 127.0.0.1 was asked");
	assert_true(called > 1);
	assert_false(t.answer.timed_out);
	script_origin_abandon(t.server);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_get_brings_its_answer),
		cmocka_unit_test(a_post_sends_its_bytes),
		cmocka_unit_test(the_start_of_a_longer_answer),
		cmocka_unit_test(who_asks_may_say_no),
		cmocka_unit_test(other_statuses_are_answers),
		cmocka_unit_test(too_long_answers_are_refused),
		cmocka_unit_test(what_breaks_off_is_told),
		cmocka_unit_test(what_is_slow_is_left),
		cmocka_unit_test(other_addresses_are_refused),
		cmocka_unit_test(only_a_given_proxy_is_taken),
		cmocka_unit_test(certificates_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
