/* What is passed through unread: it arrives whole, both ways, and is recorded with its counts.
 */
#include "store/base/hash.h"
#include "tests/kit/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void check_hash(struct span got, const char *text)
{
	uint8_t digest[SHA256_LEN];
	sha256(span_str(text), digest);
	assert_true(span_eq(got, span_of(digest, sizeof digest)));
}

/* A plain origin behind CONNECT, on port 443 as far as the browser knows. */
static void start(struct script_origin **o, struct run_proxy *p, struct raw_client *c,
	const struct script_step *steps, const struct run_proxy_options *more)
{
	struct run_proxy_options options = more != NULL ? *more : (struct run_proxy_options){0};
	*o = script_origin_start(false, NULL);
	options.rules[0] = script_origin_rule(*o, "opaque.test", 443);
	run_proxy_start(p, &options);
	script_origin_play(*o, steps);
	raw_open(c, p->port);
	raw_connect(c, "opaque.test:443");
}

static void finish(struct script_origin *o, struct run_proxy *p, struct raw_client *c)
{
	char why[500];
	raw_close(c);
	run_proxy_idle(p);
	run_proxy_stop(p);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("the origin: %s", why);
}

static void connect_may_carry_something_else_than_tls(void **state)
{
	(void)state;
	struct script_origin *o;
	struct run_proxy p;
	struct raw_client c;
	static const struct script_step steps[] = {EXPECT("SSH-2.0-client\r\n"),
		SEND("SSH-2.0-server\r\n\x14\x01"), EXPECT("more"), CLOSE, EXPECT_EOF, END};
	start(&o, &p, &c, steps, NULL);
	raw_send(&c, "SSH-2.0-client\r\n");
	raw_expect_bytes(&c, "SSH-2.0-server\r\n\x14\x01", 18);
	raw_send(&c, "more");
	raw_expect_eof(&c);
	raw_end(&c);
	finish(o, &p, &c);
	assert_int_equal(CASE_COUNT(&p.facts, OPAQUE), 1);
	const struct fact_opaque *f = CASE_FACT(&p.facts, OPAQUE, opaque, 0);
	assert_true(span_is(f->why, "not-tls"));
	assert_true(span_is(f->reason, "ok"));
	assert_int_equal(f->up_bytes, 20);
	assert_int_equal(f->down_bytes, 18);
	check_hash(f->up_sha256, "SSH-2.0-client\r\nmore");
	check_hash(f->down_sha256, "SSH-2.0-server\r\n\x14\x01");
	assert_int_equal(CASE_COUNT(&p.facts, HANDSHAKE), 0);
	assert_int_equal(CASE_COUNT(&p.facts, REQUEST), 0);
	run_proxy_end(&p);
}

/* SMTP, FTP, MySQL: the client waits for a greeting. After two seconds of silence it gets it.
 */
static void a_server_may_speak_first(void **state)
{
	(void)state;
	struct script_origin *o;
	struct run_proxy p;
	struct raw_client c;
	static const struct script_step steps[] = {SEND("220 mail.test ESMTP\r\n"),
		EXPECT("EHLO me\r\n"), SEND("250 hello\r\n"), EXPECT_EOF, END};
	start(&o, &p, &c, steps, NULL);
	raw_expect(&c, "220 mail.test ESMTP\r\n");
	raw_send(&c, "EHLO me\r\n");
	raw_expect(&c, "250 hello\r\n");
	raw_end(&c);
	raw_expect_eof(&c);
	finish(o, &p, &c);
	const struct fact_opaque *f = CASE_FACT(&p.facts, OPAQUE, opaque, 0);
	assert_true(span_is(f->why, "silent"));
	assert_int_equal(f->up_bytes, 9);
	assert_int_equal(f->down_bytes, 32);
	run_proxy_end(&p);
}

static void much_passes_both_ways_at_once(void **state)
{
	(void)state;
	struct script_origin *o;
	struct run_proxy p;
	struct raw_client c;
	enum { MUCH = 3 * 1024 * 1024 };
	static const struct script_step steps[] = {EXPECT("go"), SEND_FILL(MUCH),
		EXPECT_FILL(MUCH), SEND("done"), EXPECT_EOF, END};
	start(&o, &p, &c, steps, NULL);
	raw_send(&c, "go");
	/* The origin sends before it reads: neither side may be held up by the other for ever.
	 */
	raw_expect_fill(&c, MUCH);
	raw_send_fill(&c, MUCH);
	raw_expect(&c, "done");
	raw_end(&c);
	raw_expect_eof(&c);
	finish(o, &p, &c);
	const struct fact_opaque *f = CASE_FACT(&p.facts, OPAQUE, opaque, 0);
	assert_int_equal(f->up_bytes, MUCH + 2);
	assert_int_equal(f->down_bytes, MUCH + 4);
	run_proxy_end(&p);
}

static void a_reset_passes_through_as_a_cut(void **state)
{
	(void)state;
	struct script_origin *o;
	struct run_proxy p;
	struct raw_client c;
	static const struct script_step steps[] = {EXPECT("x"), RESET};
	start(&o, &p, &c, steps, NULL);
	raw_send(&c, "x");
	raw_expect_gone(&c);
	finish(o, &p, &c);
	const struct fact_opaque *f = CASE_FACT(&p.facts, OPAQUE, opaque, 0);
	assert_true(span_is(f->reason, "origin-reset"));
	run_proxy_end(&p);
}

#define UPGRADE                                                                                \
	"Host: origin.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                   \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define SWITCHED                                                                               \
	"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"    \
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

static void web_sockets_pass_through(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	/* The server's first frame comes with the 101; frames look like anything, a request
	 * too. */
	ORIGIN_PLAYS(&c, EXPECT("GET /socket HTTP/1.1\r\n" UPGRADE),
		SEND(SWITCHED "\x81\x02hi"), EXPECT("\x81\x85mask....."),
		SEND("GET / HTTP/1.1\r\n\r\n"), CLOSE, EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/socket", UPGRADE);
	raw_expect(&c.client, SWITCHED "\x81\x02hi");
	raw_send(&c.client, "\x81\x85mask.....");
	raw_expect(&c.client, "GET / HTTP/1.1\r\n\r\n");
	raw_expect_eof(&c.client);
	raw_end(&c.client);
	conversation_end(&c);
	assert_int_equal(CASE_COUNT(c.facts, REQUEST), 1);
	conversation_recorded(&c, 0, "GET", "/socket", 101, "ok", 0, 0);
	assert_int_equal(CASE_COUNT(c.facts, OPAQUE), 1);
	const struct fact_opaque *f = CASE_FACT(c.facts, OPAQUE, opaque, 0);
	assert_true(span_is(f->why, "upgrade"));
	assert_int_equal(f->exchange, conversation_exchange(&c, 0));
	assert_int_equal(f->up_bytes, 11);
	assert_int_equal(f->down_bytes, 22);
	conversation_free(&c);
}

static void an_upgrade_may_be_declined(void **state)
{
	struct conversation c;
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c, EXPECT("GET /socket HTTP/1.1\r\n" UPGRADE),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"),
		EXPECT("GET /next HTTP/1.1\r\nHost: origin.test\r\n\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"), EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/socket", UPGRADE);
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
	conversation_ask(&c, "GET", "/next", "Host: origin.test\r\n\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes");
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/socket", 200, "ok", 0, 2);
	conversation_recorded(&c, 1, "GET", "/next", 200, "ok", 0, 3);
	assert_int_equal(CASE_COUNT(c.facts, OPAQUE), 0);
	conversation_free(&c);
}

/* --only: other hosts' TLS is the origin's own, untouched, and its bytes are counted, not read.
 */
static void hosts_beside_only_are_not_opened(void **state)
{
	(void)state;
	struct script_origin *o = script_origin_start(true, NULL);
	struct run_proxy_options options = {
		.rules = {script_origin_rule(o, "private.test", 443)},
		.cacert = script_origin_cacert(o),
		.only = {"evidence.test"}};
	struct run_proxy p;
	struct raw_client c;
	run_proxy_start(&p, &options);
	static const struct script_step steps[] = {EXPECT("GET /secret HTTP/1.1\r\n\r\n"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF, END};
	script_origin_play(o, steps);
	raw_open(&c, p.port);
	raw_connect(&c, "private.test:443");
	raw_tls(&c, "private.test", script_origin_cacert(o)); /* the origin's own certificate */
	raw_send(&c, "GET /secret HTTP/1.1\r\n\r\n");
	raw_expect(&c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	raw_end(&c);
	finish(o, &p, &c);
	assert_int_equal(CASE_COUNT(&p.facts, REQUEST), 0);
	assert_int_equal(CASE_COUNT(&p.facts, OPAQUE), 1);
	assert_true(span_is(CASE_FACT(&p.facts, OPAQUE, opaque, 0)->why, "only"));
	run_proxy_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connect_may_carry_something_else_than_tls),
		cmocka_unit_test(a_server_may_speak_first),
		cmocka_unit_test(much_passes_both_ways_at_once),
		cmocka_unit_test(a_reset_passes_through_as_a_cut),
		BOTH(web_sockets_pass_through),
		BOTH(an_upgrade_may_be_declined),
		cmocka_unit_test(hosts_beside_only_are_not_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
