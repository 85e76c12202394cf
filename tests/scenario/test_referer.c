/* The page of --referer: answered in its origin's place, once, before anything is let go; then
 * the origin's own. */
#include "tests/kit/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HOST "Host: origin.test\r\n"
#define LINK "http://link.test/?a=1&b=\"<x>"

static void start(struct conversation *c, bool tls, const char *referer, const char *noise)
{
	struct run_proxy_options options = {
		.referer = referer, .referer_link = LINK, .noise = {noise}, .hold = true};
	conversation_start(c, tls, &options);
}

static void expect_page(struct conversation *c)
{
	size_t n;
	const char *head = raw_head(&c->client);
	if (strncmp(head, "HTTP/1.1 200 ", 13) != 0 ||
		strstr(head, "\r\nX-Clicktrail: referer\r\n") == NULL ||
		strstr(head, "\r\nConnection: close\r\n") == NULL)
		fail_msg("%s", head);
	const char *body = raw_rest(&c->client, &n);
	if (strstr(body, "href=\"http://link.test/?a=1&amp;b=&quot;&lt;x&gt;\"") == NULL ||
		strstr(body, "content=\"unsafe-url\"") == NULL)
		fail_msg("%s", body);
	raw_close(&c->client);
}

/* Even where it is one of the hosts that are refused, and while everything else is held. */
static void it_is_served_once(void **state)
{
	bool tls = *state != NULL;
	struct conversation c;
	start(&c, tls, tls ? "https://origin.test/in?m=1" : "http://origin.test/in?m=1",
		ORIGIN_HOST);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/in?m=1", HOST "\r\n");
	expect_page(&c);
	/* The origin's from here on: and that is refused here. */
	raw_open(&c.client, c.proxy.port);
	raw_send(&c.client, tls ? "CONNECT origin.test:443 HTTP/1.1\r\n" HOST "\r\n"
				: "GET http://origin.test/in?m=1 HTTP/1.1\r\nHost: "
				  "origin.test\r\n\r\n");
	proxy_release(c.proxy.proxy);
	const char *head = raw_head(&c.client);
	if (strstr(head, "reason=refused-noise") == NULL)
		fail_msg("%s", head);
	conversation_end(&c);
	const struct fact_request *r = CASE_FACT(c.facts, REQUEST, request, 0);
	assert_true(span_is(r->oddities, ODDITY_REFERER_PAGE));
	assert_int_equal(CASE_COUNT(c.facts, LEG), 0);
	conversation_free(&c);
}

/* A second connection that was opened for it: closed without an answer, so that the browser
 * asks anew. */
static void another_connection_is_closed(void **state)
{
	(void)state;
	struct conversation c;
	struct raw_client early;
	start(&c, true, "https://origin.test/in", NULL);
	conversation_open(&c);
	early = c.client;
	c.client.fd = -1; /* stays open */
	conversation_open(&c);
	conversation_ask(&c, "GET", "/in", HOST "\r\n");
	expect_page(&c);
	c.client = early;
	conversation_ask(&c, "GET", "/other", HOST "\r\n");
	raw_expect_eof(&c.client);
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, REQUEST), 1);
	assert_int_equal(CASE_COUNT(c.facts, LEG), 0);
	assert_int_equal(read_case_notes(c.facts, "extra-bytes"), 1);
	conversation_free(&c);
}

/* A browser that knows that this host wants https asks so for what was given as http. */
static void an_upgrade_is_known(void **state)
{
	(void)state;
	struct conversation c;
	start(&c, true, "http://origin.test/in", NULL);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/in", HOST "\r\n");
	expect_page(&c);
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, LEG), 0);
	conversation_free(&c);
}

/* Nothing else of that host is answered in its place; and without TLS its name stays here. */
static void no_other_page(void **state)
{
	(void)state;
	struct conversation c;
	start(&c, true, "https://origin.test/in", NULL);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/out", HOST "\r\n");
	const char *head = raw_head(&c.client);
	if (strncmp(head, "HTTP/1.1 502 ", 13) != 0)
		fail_msg("%s", head);
	raw_close(&c.client);
	raw_open(&c.client, c.proxy.port);
	raw_connect(&c.client, "origin.test:443");
	raw_send(&c.client, "GET /in HTTP/1.1\r\n\r\n");
	raw_expect_gone(&c.client);
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, LEG), 0);
	conversation_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(it_is_served_once),
		cmocka_unit_test(another_connection_is_closed),
		cmocka_unit_test(an_upgrade_is_known),
		cmocka_unit_test(no_other_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
