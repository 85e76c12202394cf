/* --no-intercept, the proxy's part of it: TLS goes through untouched, what is ours stays ours,
 * and who watches is told in time. */
#include "tests/kit/conversation.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HOST "Host: origin.test\r\n"

/* What the proxy told. */
static struct told {
	atomic_int passing, turns, all;
	atomic_bool up_whole;
	sem_t *turn; /* whoever asks for his turn waits for it; NULL: he has it */
	atomic_llong tunnel, leg, up, down, down_most;
	char host[64];
	int port, family;
} told;

static void told_passing(void *self, int64_t tunnel, int64_t leg, const struct sockaddr *client,
	const char *host, uint16_t port)
{
	struct told *t = self;
	t->tunnel = tunnel;
	t->leg = leg;
	t->family = client->sa_family;
	t->port = port;
	snprintf(t->host, sizeof t->host, "%s", host);
	t->passing++;
}

static void told_passed(void *self, int64_t tunnel, uint64_t up, uint64_t down)
{
	struct told *t = self;
	if (tunnel != t->tunnel)
		return;
	t->up = (long long)up;
	t->down = (long long)down;
}

static void told_all(void *self, int64_t tunnel, bool up_whole, uint64_t down_most)
{
	struct told *t = self;
	if (tunnel != t->tunnel)
		return;
	t->all++;
	t->up_whole = up_whole;
	t->down_most = (long long)down_most;
}

static void told_turn(void *self)
{
	struct told *t = self;
	t->turns++;
	while (t->turn != NULL && sem_wait(t->turn) != 0)
		;
}

static const struct tap tap = {.self = &told,
	.passing = told_passing,
	.passed = told_passed,
	.passed_all = told_all,
	.turn = told_turn};
static const struct run_proxy_options straight = {.no_intercept = true, .tap = &tap};

static int setup(void **state)
{
	(void)state;
	told = (struct told){0};
	return 0;
}

/* The client shakes hands with the origin itself: it trusts the origin's root, not ours. */
static void tls_goes_through_untouched(void **state)
{
	(void)state;
	struct conversation c;
	conversation_start(&c, true, &straight);
	ORIGIN_PLAYS(&c, EXPECT("GET / HTTP/1.1\r\n" HOST "\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF, END);
	raw_open(&c.client, c.proxy.port);
	raw_connect(&c.client, "origin.test:443");
	/* It was told before the client had its 200. */
	assert_int_equal(told.passing, 1);
	assert_string_equal(told.host, "origin.test");
	assert_int_equal(told.port, 443);
	assert_int_equal(told.family, AF_INET);
	raw_tls(&c.client, "origin.test", script_origin_cacert(c.origin));
	raw_send(&c.client, "GET / HTTP/1.1\r\n" HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, HANDSHAKE), 0);
	assert_int_equal(CASE_COUNT(c.facts, HELLO), 0);
	assert_int_equal(CASE_COUNT(c.facts, REQUEST), 0);
	assert_int_equal(CASE_COUNT(c.facts, LEG), 1);
	const struct fact_leg *leg = CASE_FACT(c.facts, LEG, leg, 0);
	assert_int_equal(leg->leg, told.leg);
	assert_int_equal(leg->tunnel, told.tunnel);
	assert_int_equal(CASE_COUNT(c.facts, OPAQUE), 1);
	const struct fact_opaque *f = CASE_FACT(c.facts, OPAQUE, opaque, 0);
	assert_true(span_is(f->why, "no-intercept"));
	assert_true(span_is(f->reason, "ok"));
	assert_int_equal(f->leg, told.leg);
	assert_int_equal(f->up_bytes, told.up);
	assert_int_equal(f->down_bytes, told.down);
	assert_true(f->up_bytes > 300 && f->down_bytes > 500);
	/* The client ended it in order, and the origin behind it. */
	assert_int_equal(told.all, 1);
	assert_true(told.up_whole);
	assert_int_equal(told.down_most, told.down);
	conversation_free(&c);
}

/* An origin that is not there is answered for by us, inside TLS of ours: the browser's wish is
 * recorded, and nobody was told of a connection. */
static void an_unreachable_origin_is_answered_for(void **state)
{
	(void)state;
	struct conversation c;
	struct run_proxy_options closed = straight;
	closed.rules[1] = "gone.test:443:127.0.0.1:1";
	conversation_start(&c, true, &closed);
	raw_open(&c.client, c.proxy.port);
	raw_connect(&c.client, "gone.test:443");
	assert_int_equal(told.passing, 0);
	raw_tls(&c.client, "gone.test", c.proxy.cacert);
	raw_send(&c.client, "GET /wish HTTP/1.1\r\nHost: gone.test\r\n\r\n");
	assert_non_null(strstr(raw_head(&c.client), "502"));
	conversation_end(&c);
	/* Its turn among those that others write was asked for. */
	assert_int_equal(told.turns, 1);
	assert_int_equal(CASE_COUNT(c.facts, REQUEST), 1);
	const struct fact_request *r = CASE_FACT(c.facts, REQUEST, request, 0);
	assert_true(span_is(r->url, "https://gone.test/wish"));
	const struct fact_exchange_end *e = CASE_FACT(c.facts, EXCHANGE_END, exchange_end, 0);
	assert_true(span_is(e->reason, "connect-refused"));
	assert_int_equal(CASE_COUNT(c.facts, OPAQUE), 0);
	assert_int_equal(CASE_COUNT(c.facts, LEG), 1);
	conversation_free(&c);
}

/* One that is refused by policy is not dialled, and nothing of it passes. */
static void policy_holds(void **state)
{
	(void)state;
	struct conversation c;
	struct run_proxy_options narrow = straight;
	narrow.no_loopback = true;
	conversation_start(&c, true, &narrow);
	raw_open(&c.client, c.proxy.port);
	raw_connect(&c.client, "origin.test:443");
	raw_tls(&c.client, "origin.test", c.proxy.cacert);
	raw_send(&c.client, "GET / HTTP/1.1\r\n" HOST "\r\n");
	assert_non_null(strstr(raw_head(&c.client), "403"));
	conversation_end(&c);
	assert_int_equal(told.passing, 0);
	const struct fact_exchange_end *e = CASE_FACT(c.facts, EXCHANGE_END, exchange_end, 0);
	assert_true(span_is(e->reason, "refused-address"));
	conversation_free(&c);
}

static void our_own_page_is_ours(void **state)
{
	(void)state;
	struct conversation c;
	conversation_start(&c, true, &straight);
	raw_open(&c.client, c.proxy.port);
	raw_connect(&c.client, PROXY_INTERNAL_HOST ":443");
	raw_tls(&c.client, PROXY_INTERNAL_HOST, c.proxy.cacert);
	raw_send(&c.client, "GET /ready HTTP/1.1\r\nHost: " PROXY_INTERNAL_HOST "\r\n\r\n");
	assert_non_null(strstr(raw_head(&c.client), "200"));
	conversation_end(&c);
	assert_int_equal(told.passing, 0);
	assert_int_equal(CASE_COUNT(c.facts, REQUEST), 1);
	conversation_free(&c);
}

/* The browser does not get so far as to say a word before the link is released. */
static void nothing_leaves_before_the_release(void **state)
{
	(void)state;
	struct conversation c;
	struct run_proxy_options held = straight;
	held.hold = true;
	conversation_start(&c, true, &held);
	ORIGIN_PLAYS(&c, EXPECT("GET / HTTP/1.1\r\n" HOST "\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF, END);
	raw_open(&c.client, c.proxy.port);
	raw_send(
		&c.client, "CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\n\r\n");
	raw_expect_silence(&c.client, 300);
	assert_int_equal(told.passing, 0);
	proxy_release(c.proxy.proxy);
	assert_non_null(strstr(raw_head(&c.client), "200"));
	raw_tls(&c.client, "origin.test", script_origin_cacert(c.origin));
	raw_send(&c.client, "GET / HTTP/1.1\r\n" HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	conversation_end(&c);
	conversation_free(&c);
}

/* Requests without TLS are the proxy's business, as always; each in its turn. */
static void plain_requests_are_read_as_always(void **state)
{
	(void)state;
	struct conversation c;
	conversation_start(&c, false, &straight);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
		EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/", HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/", 200, "ok", 0, 2);
	assert_int_equal(told.turns, 1);
	assert_int_equal(told.passing, 0);
	conversation_free(&c);
}

static size_t requests_in_case(struct conversation *c)
{
	struct read_case now;
	run_proxy_look(&c->proxy, &now);
	size_t n = now.n[FACT_KIND_REQUEST];
	read_case_fini(&now);
	return n;
}

/* What was passed through before is written before: until then the request is neither written
 * nor sent. */
static void a_plain_request_waits_for_its_turn(void **state)
{
	(void)state;
	struct conversation c;
	sem_t turn;
	sem_init(&turn, 0, 0);
	told.turn = &turn;
	conversation_start(&c, false, &straight);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
		EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/", HOST "\r\n");
	raw_expect_silence(&c.client, 200);
	assert_int_equal(told.turns, 1);
	assert_int_equal(requests_in_case(&c), 0);
	sem_post(&turn);
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	assert_int_equal(requests_in_case(&c), 1);
	conversation_end(&c);
	conversation_free(&c);
	sem_destroy(&turn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tls_goes_through_untouched, setup),
		cmocka_unit_test_setup(an_unreachable_origin_is_answered_for, setup),
		cmocka_unit_test_setup(policy_holds, setup),
		cmocka_unit_test_setup(our_own_page_is_ours, setup),
		cmocka_unit_test_setup(nothing_leaves_before_the_release, setup),
		cmocka_unit_test_setup(plain_requests_are_read_as_always, setup),
		cmocka_unit_test_setup(a_plain_request_waits_for_its_turn, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
