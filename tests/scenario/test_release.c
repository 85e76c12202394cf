/* Recorded before released: a commit is held up, or fails, while the browser waits. */
#include "tests/kit/conversation.h"
#include "tests/kit/hold_disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOST "Host: origin.test\r\n"

static const struct run_proxy_options power = {.power = true};

static size_t seen(struct conversation *c, enum fact_kind kind)
{
	struct read_case now;
	run_proxy_look(&c->proxy, &now);
	size_t n = now.n[kind];
	read_case_fini(&now);
	return n;
}

static void a_head_waits_for_its_commit(void **state)
{
	struct conversation c;
	bool tls = *state != NULL;
	conversation_start(&c, tls, &power);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, WAIT_GO,
		SEND("HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"),
		EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/", HOST "\r\n");
	hold_disk(true, false);
	script_origin_go(c.origin);
	hold_disk_await();
	raw_expect_silence(&c.client, 300);
	assert_int_equal(seen(&c, FACT_KIND_RESPONSE), 0);
	hold_disk(false, false);
	raw_expect(&c.client,
		"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n");
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/", 302, "ok", 0, 0);
	assert_int_equal(
		read_case_notes(c.facts, "recorder-wait"), 1); /* that long is worth a note */
	conversation_free(&c);
}

/* Once the browser has the head, everything that led to it is in the case. */
static void a_head_that_arrived_is_in_the_case(void **state)
{
	bool tls = *state != NULL;
	for (int i = 0; i < 20; i++) {
		struct conversation c;
		conversation_start(&c, tls, NULL);
		ORIGIN_PLAYS(&c, EXPECT_HEAD,
			SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"), WAIT_GO,
			SEND("ok"), EXPECT_EOF, END);
		conversation_open(&c);
		conversation_ask(&c, "GET", "/", HOST "\r\n");
		raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
		struct read_case now;
		run_proxy_look(&c.proxy, &now);
		assert_int_equal(CASE_COUNT(&now, TUNNEL), 1);
		assert_int_equal(CASE_COUNT(&now, CONNECT), 1);
		assert_int_equal(CASE_COUNT(&now, LEG), 1);
		assert_int_equal(CASE_COUNT(&now, REQUEST), 1);
		assert_int_equal(CASE_COUNT(&now, RESPONSE), 1);
		assert_int_equal(CASE_COUNT(&now, HELLO), tls ? 2 : 0);
		assert_int_equal(CASE_COUNT(&now, HANDSHAKE), tls ? 2 : 0);
		assert_int_equal(CASE_COUNT(&now, EXCHANGE_END), 0);
		read_case_fini(&now);
		script_origin_go(c.origin);
		raw_expect(&c.client, "ok");
		conversation_end(&c);
		conversation_free(&c);
	}
}

static void the_last_byte_waits_for_the_whole_body(void **state)
{
	static const struct script_step fixed[] = {EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"), WAIT_GO,
		SEND_FILL(200000), EXPECT_EOF, END};
	static const struct script_step chunked[] = {EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), WAIT_GO,
		SEND("30d40\r\n"), SEND_FILL(200000), SEND("\r\n0\r\n\r\n"), EXPECT_EOF, END};
	static const struct script_step to_close[] = {
		EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\n\r\n"), WAIT_GO, SEND_FILL(200000), END};
	const struct script_step *const ways[] = {fixed, chunked, to_close};
	for (size_t i = 0; i < 3; i++) {
		struct conversation c;
		conversation_start(&c, *state != NULL, &power);
		script_origin_play(c.origin, ways[i]);
		conversation_open(&c);
		conversation_ask(&c, "GET", "/", HOST "\r\n");
		raw_head(&c.client);
		hold_disk(true, false);
		script_origin_go(c.origin);
		hold_disk_await();
		/* Take what comes: it must not become the whole. */
		size_t got = raw_take(&c.client, 300);
		size_t whole = i == 1 ? 7 + 200000 + 7 : 200000;
		if (got >= whole)
			fail_msg("way %zu: all %zu bytes came before they were recorded", i,
				got);
		assert_false(c.client.eof);
		assert_true(seen(&c, FACT_KIND_CHUNK) < 4);
		hold_disk(false, false);
		size_t rest;
		if (i == 2) {
			raw_rest(&c.client, &rest);
		} else {
			rest = whole - got;
			raw_skip(&c.client, rest);
		}
		assert_int_equal(got + rest, whole);
		/* Of a close-delimited body each run of bytes is a chunk: any may be the last.
		 */
		if (i == 2)
			assert_true(seen(&c, FACT_KIND_CHUNK) >= 4);
		else
			assert_int_equal(seen(&c, FACT_KIND_CHUNK), 4);
		conversation_end(&c);
		conversation_recorded(&c, 0, "GET", "/", 200, "ok", 0, 200000);
		conversation_free(&c);
	}
}

/* An error page of ours is a response like any other. */
static void our_own_pages_wait_too(void **state)
{
	(void)state;
	struct run_proxy_options options = {.power = true, .no_loopback = true};
	struct run_proxy p;
	struct raw_client c;
	run_proxy_start(&p, &options);
	raw_open(&c, p.port);
	hold_disk(true, false);
	raw_send(&c, "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
	hold_disk_await();
	raw_expect_silence(&c, 200);
	hold_disk(false, false);
	assert_true(strncmp(raw_head(&c), "HTTP/1.1 403 ", 13) == 0);
	raw_close(&c);
	run_proxy_end(&p);
}

/* A recorder that cannot write: nothing more is released, and whoever runs the proxy can know.
 */
static void nothing_is_released_by_a_broken_recorder(void **state)
{
	(void)state;
	char why[300];
	struct err err = {0};
	struct script_origin *o = script_origin_start(false, NULL);
	struct run_proxy_options options = {
		.power = true, .rules = {script_origin_rule(o, "origin.test", 80)}};
	struct run_proxy p;
	struct raw_client c;
	static const struct script_step steps[] = {EXPECT_HEAD, WAIT_GO,
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_CUT, DROP};
	run_proxy_start(&p, &options);
	script_origin_play(o, steps);
	raw_open(&c, p.port);
	raw_send(&c, "GET http://origin.test/ HTTP/1.1\r\n" HOST "\r\n");
	hold_disk(true, true);
	script_origin_go(o);
	hold_disk_await();
	hold_disk(false, true);
	assert_string_equal(raw_rest(&c, NULL), "");
	assert_true(proxy_failed(p.proxy, &err));
	assert_int_equal(err.kind, ERR_CASE_WRITE);
	raw_close(&c);
	/* The next one gets nothing either. */
	raw_open(&c, p.port);
	raw_send(&c, "GET http://clicktrail.internal/ HTTP/1.1\r\nHost: "
		     "clicktrail.internal\r\n\r\n");
	assert_string_equal(raw_rest(&c, NULL), "");
	raw_close(&c);
	hold_disk(false, false);
	proxy_stop(p.proxy);
	assert_false(
		writer_close(p.writer, &err)); /* it says that not everything was written */
	p.stopped = true;
	resolver_free(p.resolver);
	connect_to_fini(&p.connect_to);
	ca_free(p.ca);
	run_proxy_end(&p);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
}

/* Held until it is released: not a byte leaves for a real origin before everything is proven.
 */
static void a_held_link_is_not_burnt(void **state)
{
	struct run_proxy_options options = {.hold = true};
	struct conversation c;
	bool tls = *state != NULL;
	conversation_start(&c, tls, &options);
	raw_open(&c.client, c.proxy.port);
	if (tls)
		raw_send(&c.client, "CONNECT origin.test:443 HTTP/1.1\r\n" HOST "\r\n");
	else
		conversation_ask(&c, "GET", "/", HOST "\r\n");
	/* No script yet: a connection to the origin would be a failure. */
	if (!tls)
		raw_expect_silence(&c.client, 200);
	else
		raw_head(&c.client);
	assert_int_equal(seen(&c, FACT_KIND_LEG), 0);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
		EXPECT_EOF, END);
	proxy_release(c.proxy.proxy);
	if (tls) {
		raw_tls(&c.client, ORIGIN_HOST, c.proxy.cacert);
		conversation_ask(&c, "GET", "/", HOST "\r\n");
	}
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	conversation_end(&c);
	conversation_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_WITH(a_head_waits_for_its_commit, hold_disk_free),
		BOTH_WITH(a_head_that_arrived_is_in_the_case, hold_disk_free),
		BOTH_WITH(the_last_byte_waits_for_the_whole_body, hold_disk_free),
		cmocka_unit_test_setup(our_own_pages_wait_too, hold_disk_free),
		cmocka_unit_test_setup(
			nothing_is_released_by_a_broken_recorder, hold_disk_free),
		BOTH_WITH(a_held_link_is_not_burnt, hold_disk_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
