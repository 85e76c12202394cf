/*
 * TLS toward origins: what we offer, and what is recorded of a handshake that succeeds. Real
 * OpenSSL servers on loopback.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/proxy/tls_talk.h"

static struct tls_hello parse(struct talk *t)
{
	struct tls_hello hello;
	assert_non_null(t->facts.hello.raw.p);
	assert_true(tls_hello_parse(t->facts.hello.raw, &t->arena, &hello, NULL));
	return hello;
}

static const struct tls_extension *find_extension(const struct tls_hello *hello, uint16_t type)
{
	for (size_t i = 0; i < hello->n_extensions; i++)
		if (hello->extensions[i].type == type)
			return &hello->extensions[i];
	return NULL;
}

static bool has_extension(const struct tls_hello *hello, uint16_t type)
{
	return find_extension(hello, type) != NULL;
}

static void facts_of_tls13(void **state)
{
	(void)state;
	static const char *const alpn[] = {"h2", "http/1.1", NULL};
	struct tls_origin_shape shape = {.chain = {&world.leaf, &world.root},
		.alpn = "http/1.1,h2",
		.say = "hi",
		.say_len = 2,
		.scts = "\0\3abc",
		.scts_len = 5,
		.staple = "junk",
		.staple_len = 4};
	struct talk t = talk_to(&shape,
		&(struct tls_connect){.alpn = alpn, .stop_fd = -1, .permit_bad_cert = true});
	const struct fact_handshake *h = &t.facts.handshake;
	assert_true(t.ok);
	assert_true(span_is(h->version, "TLS 1.3"));
	assert_true(span_is(h->cipher, "TLS_AES_128_GCM_SHA256") ||
		    span_is(h->cipher, "TLS_AES_256_GCM_SHA384"));
	assert_true(span_is(h->alpn, "http/1.1"));
	assert_true(span_is(h->sni, HOST));
	assert_true(span_is(h->key_group, "X25519"));
	assert_true(span_is(h->peer_signature, "ecdsa_secp256r1_sha256"));
	assert_int_equal(h->resumed, 0);
	assert_true(span_is(h->ocsp, "junk"));
	assert_true(span_eq(h->scts, span_of("\0\3abc", 5)));
	assert_int_equal(h->server_hello.p[0], 2);
	assert_int_equal(
		h->server_hello.n, 4 + (h->server_hello.p[2] << 8) + h->server_hello.p[3]);
	assert_int_equal(t.facts.n_certificates, 2);
	assert_true(span_is(t.facts.certificates[0].san, "DNS:" HOST));
	assert_true(span_is(t.facts.certificates[0].subject, "CN=test leaf"));
	assert_true(span_is(t.facts.certificates[1].subject, "CN=connect test root"));
	assert_true(span_is(t.facts.hello.sni, HOST));
	assert_true(span_is(t.facts.hello.alpn, "h2 http/1.1"));
	assert_int_equal(t.facts.hello.ja3.n, 32);
	assert_true(span_starts(t.facts.hello.ja4, "t13d1412h2_"));
	assert_true(t.facts.hello.at_us >= h->started_us && t.facts.hello.at_us <= h->at_us);
	assert_int_equal(t.leg.in_bytes, 0);
	talk_fini(&t);
}

static void facts_of_tls12(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.chain = {&world.rsa_leaf},
		.max_version = TLS1_2_VERSION,
		.groups = "P-384",
		.ciphers = "ECDHE-RSA-AES256-GCM-SHA384",
		.scts = "\0\3abc",
		.scts_len = 5};
	struct talk t = talk_to(&shape, NULL);
	const struct fact_handshake *h = &t.facts.handshake;
	assert_true(t.ok);
	assert_true(span_is(h->version, "TLS 1.2"));
	assert_true(span_is(h->cipher, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"));
	assert_true(span_is(h->key_group, "P-384"));
	assert_true(span_is(h->peer_signature, "rsa_pss_rsae_sha256"));
	assert_null(h->alpn.p);
	assert_null(h->ocsp.p);
	assert_true(span_eq(h->scts, span_of("\0\3abc", 5)));
	assert_int_equal(h->verified, 1);
	assert_true(span_is(t.facts.certificates[0].key_kind, "RSA 2048"));
	talk_fini(&t);
}

/* HelloRetryRequest: the server wants a group that we sent no share for (RFC 8446 4.1.4). */
static void hello_retry(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.chain = {&world.leaf}, .groups = "P-521"};
	struct talk t = talk_to(&shape, NULL);
	assert_true(t.ok);
	assert_true(span_is(t.facts.handshake.key_group, "P-521"));
	/* Not the retry's: that one has a fixed random (RFC 8446 4.1.3). */
	assert_memory_not_equal(t.facts.handshake.server_hello.p + 6, "\xcf\x21\xad\x74", 4);
	/* And the first of our two hellos: its key share is X25519 (RFC 8446 4.2.8). */
	struct tls_hello hello = parse(&t);
	const struct tls_extension *share = find_extension(&hello, 51);
	assert_non_null(share);
	assert_memory_equal(share->data.p + 2, "\0\35", 2);
	talk_fini(&t);
}

/* Row 36, 37, 38, 40 of what a good interceptor offers: nothing without forward secrecy,
 * nothing weak, nothing odd. */
static void offer(void **state)
{
	(void)state;
	static const uint16_t expected[] = {0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9,
		0xcca8, 0xc02c, 0xc030, 0xc00a, 0xc009, 0xc013, 0xc014, 0x00ff};
	static const uint16_t groups[] = {29, 23, 24, 25, 256, 257};
	struct tls_origin_shape shape = {.chain = {&world.leaf}};
	struct talk t = talk_to(&shape, NULL);
	struct tls_hello hello = parse(&t);
	assert_true(t.ok);
	assert_int_equal(hello.n_ciphers, sizeof expected / sizeof expected[0]);
	assert_memory_equal(hello.ciphers, expected, sizeof expected);
	assert_int_equal(hello.n_groups, sizeof groups / sizeof groups[0]);
	assert_memory_equal(hello.groups, groups, sizeof groups);
	assert_int_equal(hello.n_versions, 2);
	assert_int_equal(hello.versions[0], 0x0304);
	assert_int_equal(hello.versions[1], 0x0303);
	assert_true(span_eq(hello.compression, span_of("\0", 1)));
	for (size_t i = 0; i < hello.n_signature_algorithms; i++)
		assert_true((hello.signature_algorithms[i] >> 8) != 2 &&
			    hello.signature_algorithms[i] != 0x0101);
	assert_true(has_extension(&hello, 5));   /* status_request */
	assert_true(has_extension(&hello, 18));  /* SCT */
	assert_true(has_extension(&hello, 23));  /* extended master secret */
	assert_false(has_extension(&hello, 15)); /* heartbeat */
	assert_false(has_extension(&hello, 16)); /* no ALPN was asked for */
	assert_false(has_extension(&hello, 41)); /* pre_shared_key: no resumption */
	assert_false(has_extension(&hello, 42)); /* early data */
	talk_fini(&t);
}

static void no_sni_for_addresses(void **state)
{
	(void)state;
	struct made leaf = make_leaf("IP:127.0.0.1", &world.root);
	struct tls_origin_shape shape = {.chain = {&leaf}};
	struct talk t =
		talk_to(&shape, &(struct tls_connect){.host = "127.0.0.1", .stop_fd = -1});
	struct tls_hello hello = parse(&t);
	assert_true(t.ok);
	assert_false(has_extension(&hello, 0));
	assert_null(t.facts.handshake.sni.p);
	talk_fini(&t);
	made_free(&leaf);
}

/* Two connections to one origin: nothing of the first is offered to the second. */
static void no_resumption(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.chain = {&world.leaf}, .say = "hi", .say_len = 2};
	struct talk t = talk_to(&shape, NULL), u = {0};
	assert_true(t.ok);
	while (leg_fill(&t.leg, 100) == LEG_AGAIN) /* takes the tickets too */
		poll(&(struct pollfd){t.leg.fd, POLLIN, 0}, 1, 5000);
	leg_end(&t.leg);
	tls_origin_wait(t.origin, 1);
	talk_on_fd(&u, tls_origin_dial(t.origin), NULL);
	struct tls_hello hello = parse(&u);
	assert_true(u.ok);
	assert_false(has_extension(&hello, 41));
	assert_int_equal(u.facts.handshake.resumed, 0);
	talk_fini(&u);
	leg_fini(&t.leg);
	arena_fini(&t.arena);
}

enum { THREADS = 4, ROUNDS = 15 };

static void *hammer(void *origin)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct talk t = {0};
		talk_on_fd(&t, tls_origin_dial(origin), NULL);
		if (!t.ok || t.facts.handshake.verified != 1)
			return t.leg.tls;
		leg_fini(&t.leg);
		arena_fini(&t.arena);
	}
	return origin;
}

/* One client for the whole run, any number of tunnels. */
static void shared_by_threads(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.chain = {&world.leaf}};
	struct tls_origin *origins[THREADS];
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++) {
		origins[i] = tls_origin_start(&shape);
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, origins[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		void *result;
		pthread_join(threads[i], &result);
		assert_ptr_equal(result, origins[i]);
		tls_origin_stop(origins[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_of_tls13),
		cmocka_unit_test(facts_of_tls12),
		cmocka_unit_test(hello_retry),
		cmocka_unit_test(offer),
		cmocka_unit_test(no_sni_for_addresses),
		cmocka_unit_test(no_resumption),
		cmocka_unit_test(shared_by_threads),
	};
	return cmocka_run_group_tests(tests, make_world, end_world);
}
