/* TCP urgent data, from either side: the marked byte stays where it is, and that is told. */
#include "tests/kit/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static void marked(const struct conversation *c, const char *who)
{
	size_t n = 0;
	for (size_t i = 0; i < CASE_COUNT(c->facts, NOTE); i++) {
		const struct fact_note *note = CASE_FACT(c->facts, NOTE, note, i);
		if (!span_is(note->code, "urgent-byte"))
			continue;
		n++;
		assert_true(span_starts(note->detail, who));
	}
	assert_int_equal(n, 1);
}

static void of_the_origin(void **state)
{
	(void)state;
	struct conversation c;
	conversation_start(&c, false, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"),
		SEND_URGENT("helloX"), SEND("world"), EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/", "Host: origin.test\r\n\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhelloXworld");
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/", 200, "ok", 0, 11);
	conversation_body(&c, 0, SIDE_RESPONSE, "helloXworld");
	marked(&c, "the origin");
	conversation_free(&c);
}

static void of_the_browser(void **state)
{
	(void)state;
	static const char head[] = "GET http://origin.test/inn";
	struct conversation c;
	conversation_start(&c, false, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
		EXPECT_EOF, END);
	conversation_open(&c);
	assert_int_equal(send(c.client.fd, head, strlen(head), MSG_OOB), strlen(head));
	raw_send(&c.client, "ocent HTTP/1.1\r\nHost: origin.test\r\n\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/innocent", 200, "ok", 0, 2);
	marked(&c, "the browser");
	conversation_free(&c);
}

/* Passed through unread, all is counted that packets show. */
static void without_interception(void **state)
{
	(void)state;
	static const struct run_proxy_options straight = {.no_intercept = true};
	struct conversation c;
	conversation_start(&c, false, &straight);
	ORIGIN_PLAYS(&c, EXPECT("ask"), SEND_URGENT("helloX"), SEND("world"), EXPECT_EOF, END);
	raw_open(&c.client, c.proxy.port);
	raw_connect(&c.client, "origin.test:80");
	raw_send(&c.client, "ask");
	raw_expect(&c.client, "helloXworld");
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, OPAQUE), 1);
	const struct fact_opaque *f = CASE_FACT(c.facts, OPAQUE, opaque, 0);
	assert_int_equal(f->up_bytes, 3);
	assert_int_equal(f->down_bytes, 11);
	marked(&c, "the origin");
	conversation_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_the_origin),
		cmocka_unit_test(of_the_browser),
		cmocka_unit_test(without_interception),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
