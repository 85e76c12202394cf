/*
 * TLS toward browsers: real OpenSSL clients in a thread of their own at the other end of a
 * socketpair, trusting our authority or not, of every temper; and ClientHellos cut at every
 * byte.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/peek.h"
#include "proxy/tls_accept.h"
#include "store/base/clock.h"
#include "tests/kit/tls_browser.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "click.example"

static struct {
	struct ca *ca, *stranger;
	struct mint *mint;
	struct leaves *leaves;
	struct tls_server *server;
} world;

/* Our side. */
struct tunnel {
	struct leg leg;
	struct arena arena;
	struct tls_facts facts;
	struct err err;
	struct buf hello;
	bool ok;
};

static int64_t in_ms(int64_t ms)
{
	return clock_now_us(clock_real()) + ms * 1000;
}

static struct tunnel open_tunnel(struct tls_browser *c)
{
	struct tunnel t = {0};
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	leg_init(&t.leg, pair[0], true);
	if (c->trusts == NULL)
		c->trusts = ca_cert(world.ca);
	tls_browser_start(c, pair[1]);
	return t;
}

static void answer(struct tunnel *t, const char *host, const char *alpn)
{
	struct x509_st *leaf = leaves_get(world.leaves, host, NULL, &t->err);
	assert_non_null(leaf);
	struct tls_accept want = {
		.leaf = leaf, .alpn = alpn, .until_us = in_ms(10000), .stop_fd = -1};
	t->ok = tls_accept(world.server, &t->leg, &want, &t->arena, &t->facts, &t->err);
	X509_free(leaf);
}

static void close_tunnel(struct tunnel *t, struct tls_browser *c)
{
	leg_fini(&t->leg);
	arena_fini(&t->arena);
	buf_fini(&t->hello);
	if (c != NULL)
		tls_browser_join(c);
}

static void exchange(struct tunnel *t)
{
	while (buf_len(&t->leg.in) < 4 && leg_fill(&t->leg, 100) == LEG_AGAIN)
		assert_int_equal(poll(&(struct pollfd){t->leg.fd, POLLIN, 0}, 1, 10000), 1);
	assert_true(span_is(buf_span(&t->leg.in), "ping"));
	assert_true(leg_send(&t->leg, span_str("pong")));
	assert_int_equal(leg_end(&t->leg), LEG_OK);
}

/* The whole way as a tunnel goes it: peek, then accept with what peek left. */
static void run(struct tls_browser *c, const char *host, const char *alpn, struct tunnel *t)
{
	*t = open_tunnel(c);
	assert_int_equal(
		peek(&t->leg, in_ms(10000), in_ms(10000), -1, &t->hello, &t->err), PEEK_TLS);
	answer(t, host, alpn);
	assert_int_equal(buf_len(&t->leg.in), 0);
	if (t->ok && c->temper == TLS_BROWSER_TALKS)
		exchange(t);
}

static void tls13(void **state)
{
	(void)state;
	struct tls_browser c = {.sni = "front.example",
		.check_host = HOST,
		.alpn = "\2h2\10http/1.1",
		.alpn_len = 12};
	struct tunnel t;
	run(&c, HOST, "http/1.1", &t);
	const struct fact_handshake *h = &t.facts.handshake;
	assert_true(t.ok);
	assert_true(span_is(h->outcome, "ok"));
	assert_true(span_is(h->version, "TLS 1.3"));
	assert_true(span_starts(h->cipher, "TLS_"));
	assert_true(span_is(h->alpn, "http/1.1"));
	assert_true(span_is(h->sni, "front.example"));
	assert_true(span_is(h->key_group, "X25519"));
	assert_int_equal(h->verified, FACT_NULL);
	assert_int_equal(h->resumed, 0);
	assert_null(h->peer_signature.p);
	assert_int_equal(h->server_hello.p[0], 2);
	assert_null(t.facts.hello.raw.p);
	assert_int_equal(t.facts.n_certificates, 1);
	assert_true(span_is(t.facts.certificates[0].san, "DNS:" HOST));
	assert_true(h->at_us >= h->started_us);
	uint8_t ping[SHA256_LEN], counted[SHA256_LEN];
	sha256(span_str("ping"), ping);
	sha256_peek(&t.leg.in_hash, counted);
	assert_int_equal(t.leg.in_bytes, 4); /* not the hello */
	assert_memory_equal(counted, ping, SHA256_LEN);
	close_tunnel(&t, &c);
	assert_true(c.shaken);
	assert_int_equal(c.tickets, 0);
	assert_string_equal(c.heard, "pong");
	assert_string_equal(c.alpn_chosen, "http/1.1");
	tls_browser_fini(&c);
}

static void tls12(void **state)
{
	(void)state;
	struct tls_browser c = {.sni = HOST, .check_host = HOST, .version = TLS1_2_VERSION};
	struct tunnel t;
	run(&c, HOST, "http/1.1", &t);
	assert_true(t.ok);
	assert_true(span_is(t.facts.handshake.version, "TLS 1.2"));
	assert_true(span_starts(t.facts.handshake.cipher, "TLS_ECDHE_ECDSA_WITH_"));
	assert_null(t.facts.handshake.alpn.p);
	close_tunnel(&t, &c);
	assert_true(c.shaken);
	assert_int_equal(c.tickets, 0);
	assert_string_equal(c.heard, "pong");
	tls_browser_fini(&c);
}

static void alpn_that_was_not_offered(void **state)
{
	(void)state;
	/* "http/1" and a longer name that begins like it: only whole names count. */
	struct tls_browser c = {.sni = HOST, .alpn = "\2h2\11http/1.11", .alpn_len = 13};
	struct tunnel t;
	run(&c, HOST, "http/1.1", &t);
	assert_true(t.ok);
	assert_null(t.facts.handshake.alpn.p);
	close_tunnel(&t, &c);
	assert_string_equal(c.alpn_chosen, "");
	tls_browser_fini(&c);
	struct tls_browser d = {.sni = HOST, .alpn = "\2h2", .alpn_len = 3};
	run(&d, HOST, NULL, &t);
	assert_true(t.ok);
	assert_null(t.facts.handshake.alpn.p);
	close_tunnel(&t, &d);
	tls_browser_fini(&d);
}

/* HelloRetryRequest: the client's first share is for a group that we do not take (RFC
 * 8446 4.1.4). */
static void hello_retry(void **state)
{
	(void)state;
	struct tls_browser c = {.sni = HOST, .check_host = HOST, .groups = "P-521:P-384"};
	struct tunnel t;
	run(&c, HOST, NULL, &t);
	assert_true(t.ok);
	assert_true(span_is(t.facts.handshake.key_group, "P-384"));
	close_tunnel(&t, &c);
	assert_true(c.shaken);
	tls_browser_fini(&c);
}

static void address_hosts(void **state)
{
	(void)state;
	static const char *const hosts[] = {"127.0.0.1", "2001:db8::7"};
	for (size_t i = 0; i < 2; i++) {
		struct tls_browser c = {0};
		struct tunnel t;
		run(&c, hosts[i], NULL, &t);
		assert_true(t.ok);
		assert_null(t.facts.handshake.sni.p);
		close_tunnel(&t, &c);
		assert_int_equal(X509_check_ip_asc(c.leaf, hosts[i], 0), 1);
		tls_browser_fini(&c);
	}
}

static void distrusted(void **state)
{
	(void)state;
	static const int versions[] = {0, TLS1_2_VERSION};
	for (size_t i = 0; i < 2; i++) {
		struct tls_browser c = {
			.sni = HOST, .trusts = ca_cert(world.stranger), .version = versions[i]};
		struct tunnel t;
		run(&c, HOST, NULL, &t);
		assert_false(t.ok);
		assert_int_equal(t.err.kind, ERR_BROWSER_TLS);
		assert_non_null(strstr(
			t.err.detail, "does not trust clicktrail's certificate authority"));
		assert_non_null(strstr(t.err.detail, "\"unknown CA\" (48)"));
		assert_true(span_is(t.facts.handshake.outcome, "browser-tls"));
		assert_int_equal(t.facts.n_certificates, 1);
		assert_null(t.leg.tls);
		close_tunnel(&t, &c);
	}
}

static void too_old(void **state)
{
	(void)state;
	struct tls_browser c = {.sni = HOST, .version = TLS1_1_VERSION};
	struct tunnel t;
	run(&c, HOST, NULL, &t);
	assert_false(t.ok);
	assert_int_equal(t.err.kind, ERR_BROWSER_TLS);
	assert_non_null(strstr(
		t.err.detail, "unsupported protocol (we sent the alert \"protocol version\")"));
	close_tunnel(&t, &c);
	assert_false(c.shaken);
}

static void leaves_after_hello(void **state)
{
	(void)state;
	struct tls_browser c = {.sni = HOST, .temper = TLS_BROWSER_LEAVES_AFTER_HELLO};
	struct tunnel t;
	run(&c, HOST, NULL, &t);
	assert_false(t.ok);
	/* Whether our flight still finds someone is a matter of microseconds. */
	assert_true(t.err.kind == ERR_BROWSER_CLOSED || t.err.kind == ERR_BROWSER_RESET);
	assert_non_null(strstr(t.err.detail, "after our certificate was sent"));
	close_tunnel(&t, &c);
}

/* TLS 1.2: a client that wants to negotiate anew is told no; nothing else happens to the
 * connection. */
static void no_renegotiation(void **state)
{
	(void)state;
	struct tls_browser c = {
		.sni = HOST, .version = TLS1_2_VERSION, .temper = TLS_BROWSER_RENEGOTIATES};
	struct tunnel t;
	run(&c, HOST, NULL, &t);
	assert_true(t.ok);
	enum leg_result got;
	while ((got = leg_fill(&t.leg, 100)) == LEG_AGAIN)
		assert_int_equal(poll(&(struct pollfd){t.leg.fd, POLLIN, 0}, 1, 10000), 1);
	assert_int_not_equal(got, LEG_OK);
	close_tunnel(&t, &c);
	assert_false(c.shaken);
	assert_non_null(strstr(c.why, "no renegotiation"));
	tls_browser_fini(&c);
}

/* A real ClientHello with its record header. */
static size_t take_hello(uint8_t *out, size_t out_len)
{
	struct tls_browser c = {.sni = HOST, .temper = TLS_BROWSER_LEAVES_AFTER_HELLO};
	struct tunnel t = open_tunnel(&c);
	assert_int_equal(
		peek(&t.leg, in_ms(10000), in_ms(10000), -1, &t.hello, &t.err), PEEK_TLS);
	struct span wire = buf_span(&t.leg.in);
	assert_true(wire.n > 100 && wire.n <= out_len);
	if (wire.p != NULL)
		memcpy(out, wire.p, wire.n);
	close_tunnel(&t, &c);
	return wire.n;
}

/* Cut at every byte: peek says so, and so does tls_accept when it is handed the torn bytes,
 * whether they were read before or not. */
static void hello_cut_at_every_byte(void **state)
{
	(void)state;
	uint8_t hello[2048];
	size_t whole = take_hello(hello, sizeof hello);
	for (size_t keep = 0; keep < whole; keep++) {
		int pair[2];
		struct tunnel t = {0};
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		leg_init(&t.leg, pair[0], true);
		assert_int_equal(send(pair[1], hello, keep, 0), (ssize_t)keep);
		shutdown(pair[1], SHUT_WR);
		assert_int_equal(peek(&t.leg, in_ms(10000), in_ms(10000), -1, &t.hello, &t.err),
			PEEK_FAILED);
		assert_int_equal(t.err.kind, ERR_BROWSER_CLOSED);
		assert_int_equal(buf_len(&t.leg.in), keep);
		answer(&t, HOST, NULL);
		assert_false(t.ok);
		assert_int_equal(t.err.kind, ERR_BROWSER_CLOSED);
		assert_non_null(strstr(t.err.detail, "after its ClientHello"));
		close(pair[1]);
		close_tunnel(&t, NULL);
	}
}

/* The prefix and the socket meet at any byte. */
static void hello_fed_back_in_two_parts(void **state)
{
	(void)state;
	struct tls_browser c = {.sni = HOST, .check_host = HOST};
	struct tunnel t = open_tunnel(&c);
	while (buf_len(&t.leg.in) < 9)
		if (leg_fill(&t.leg, 9 - buf_len(&t.leg.in)) == LEG_AGAIN)
			poll(&(struct pollfd){t.leg.fd, POLLIN, 0}, 1, 10000);
	answer(&t, HOST, NULL);
	assert_true(t.ok);
	exchange(&t);
	close_tunnel(&t, &c);
	assert_string_equal(c.heard, "pong");
	tls_browser_fini(&c);
}

static void expect_end(int64_t until_us, int stop_fd, enum err_kind kind)
{
	int pair[2];
	struct tunnel t = {0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	leg_init(&t.leg, pair[0], true);
	struct x509_st *leaf = leaves_get(world.leaves, HOST, NULL, NULL);
	struct tls_accept want = {.leaf = leaf, .until_us = until_us, .stop_fd = stop_fd};
	assert_false(tls_accept(world.server, &t.leg, &want, &t.arena, &t.facts, &t.err));
	assert_int_equal(t.err.kind, kind);
	assert_true(span_is(t.facts.handshake.outcome, err_word(kind)));
	X509_free(leaf);
	close(pair[1]);
	close_tunnel(&t, NULL);
}

static void deadline_and_stop(void **state)
{
	(void)state;
	int stop = eventfd(1, EFD_CLOEXEC);
	expect_end(in_ms(30), -1, ERR_BROWSER_TIMEOUT);
	expect_end(in_ms(10000), stop, ERR_SHUTDOWN);
	close(stop);
}

static void garbage(void **state)
{
	(void)state;
	int pair[2];
	struct tunnel t = {0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	leg_init(&t.leg, pair[0], true);
	buf_add_str(&t.leg.in, "GET / HTTP/1.1\r\n\r\n");
	answer(&t, HOST, NULL);
	assert_false(t.ok);
	assert_int_equal(t.err.kind, ERR_BROWSER_TLS);
	close(pair[1]);
	close_tunnel(&t, NULL);
}

enum { THREADS = 4, ROUNDS = 12 };

static void *hammer(void *self)
{
	static const char *const hosts[] = {"a.example", "b.example", "c.example", "d.example"};
	for (size_t i = 0; i < ROUNDS; i++) {
		struct tls_browser c = {.sni = hosts[i % 4], .check_host = hosts[i % 4]};
		struct tunnel t = open_tunnel(&c);
		answer(&t, hosts[i % 4], "h2");
		bool ok = t.ok;
		if (ok)
			exchange(&t);
		close_tunnel(&t, &c);
		tls_browser_fini(&c);
		if (!ok || strcmp(c.heard, "pong") != 0)
			return NULL;
	}
	return self;
}

/* One server, one mint, one cache of leaves for all tunnels. */
static void shared_by_threads(void **state)
{
	(void)state;
	pthread_t threads[THREADS];
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, &world), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *result;
		pthread_join(threads[i], &result);
		assert_ptr_equal(result, &world);
	}
}

static int make_world(void **state)
{
	(void)state;
	world.ca = ca_new_ephemeral("accept test", NULL);
	world.stranger = ca_new_ephemeral("someone else", NULL);
	world.mint = mint_new(world.ca, NULL);
	world.leaves = leaves_new(world.mint);
	world.server = tls_server_new(world.mint, NULL);
	return world.server != NULL ? 0 : -1;
}

static int end_world(void **state)
{
	(void)state;
	tls_server_free(world.server);
	leaves_free(world.leaves);
	mint_free(world.mint);
	ca_free(world.ca);
	ca_free(world.stranger);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls13),
		cmocka_unit_test(tls12),
		cmocka_unit_test(alpn_that_was_not_offered),
		cmocka_unit_test(hello_retry),
		cmocka_unit_test(address_hosts),
		cmocka_unit_test(distrusted),
		cmocka_unit_test(too_old),
		cmocka_unit_test(leaves_after_hello),
		cmocka_unit_test(no_renegotiation),
		cmocka_unit_test(hello_cut_at_every_byte),
		cmocka_unit_test(hello_fed_back_in_two_parts),
		cmocka_unit_test(deadline_and_stop),
		cmocka_unit_test(garbage),
		cmocka_unit_test(shared_by_threads),
	};
	return cmocka_run_group_tests(tests, make_world, end_world);
}
