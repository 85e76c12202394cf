/*
 * Hellos and certificates as facts, also where they make no sense: the raw bytes and their hash
 * are always there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/tls_facts.h"
#include "store/base/hash.h"
#include "tests/kit/make_cert.h"

#include <openssl/ssl.h>

/* ClientHello with SNI, ALPN ("h2", one with odd bytes) and groups; suites
 * TLS_AES_128_GCM_SHA256 and GREASE. */
static const uint8_t hello_bytes[] = {1, 0, 0, 101, 3, 3, [6 ... 37] = 0x55,
	0,                                  /* no session id */
	0, 4, 0x0a, 0x0a, 0x13, 0x01, 1, 0, /* no compression */
	0, 56, 0, 0, 0, 14, 0, 12, 0, 0, 9, 'a', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 16,
	0, 13, 0, 11, 2, 'h', '2', 7, 'x', ' ', '\\', 0x80, 'y', 0, 'z', 0, 10, 0, 4, 0, 2, 0,
	29, 0, 43, 0, 5, 4, 0x0a, 0x0a, 3, 4, 0x0a, 0x0a, 0, 0};

static void hello(void **state)
{
	(void)state;
	struct arena a = {0};
	struct fact_hello f;
	struct err err = {0};
	if (!tls_facts_hello(span_of(hello_bytes, sizeof hello_bytes), &a, &f, &err))
		fail_msg("%s", err.detail);
	assert_true(span_eq(f.raw, span_of(hello_bytes, sizeof hello_bytes)));
	assert_true(span_is(f.sni, "a.example"));
	assert_true(span_is(f.alpn, "h2 x\\x20\\x5c\\x80y\\x00z"));
	assert_true(span_is(f.ja3_full, "771,4865,0-16-10-43,29,"));
	assert_int_equal(f.ja3.n, 32);
	assert_true(span_starts(f.ja4, "t13d0104h2_"));
	assert_true(f.ja4_raw.n > 0);
	assert_int_equal(f.session, FACT_NULL);
	assert_int_equal(f.tunnel, FACT_NULL);
	arena_fini(&a);
}

static void broken_hello(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof hello_bytes; n++) {
		struct arena a = {0};
		struct fact_hello f;
		struct err err = {0};
		assert_false(tls_facts_hello(span_of(hello_bytes, n), &a, &f, &err));
		assert_int_equal(err.kind, ERR_HELLO);
		assert_true(span_eq(f.raw, span_of(hello_bytes, n)));
		assert_null(f.ja4.p);
		arena_fini(&a);
	}
}

static void certificates(void **state)
{
	(void)state;
	struct arena a = {0};
	struct tls_facts facts = {0};
	struct made root = make_root("the root"),
		    leaf = make_leaf("DNS:a.example,IP:127.0.0.1", &root);
	unsigned char *der = NULL;
	size_t n = (size_t)i2d_X509(leaf.cert, &der);
	uint8_t hash[SHA256_LEN];
	fact_init(FACT_KIND_HANDSHAKE, &facts.handshake);
	tls_facts_certificate(&facts, span_of(der, n), NULL, &a);
	tls_facts_certificate(&facts, span_str("no certificate"), NULL, &a);
	tls_facts_certificate(&facts, span_of("", 0), NULL, &a);
	assert_int_equal(facts.n_certificates, 3);
	assert_int_equal(facts.handshake.certs.n, 3 * SHA256_LEN);
	const struct fact_certificate *c = facts.certificates;
	sha256(span_of(der, n), hash);
	assert_memory_equal(c[0].sha256.p, hash, SHA256_LEN);
	assert_memory_equal(facts.handshake.certs.p, hash, SHA256_LEN);
	assert_true(span_eq(c[0].der, span_of(der, n)));
	assert_true(span_is(c[0].issuer, "CN=the root"));
	assert_true(span_is(c[0].san, "DNS:a.example IP:127.0.0.1"));
	assert_true(c[0].not_before_us < c[0].not_after_us && c[0].not_before_us > 0);
	sha256(span_str("no certificate"), hash);
	assert_memory_equal(facts.handshake.certs.p + SHA256_LEN, hash, SHA256_LEN);
	assert_true(span_is(c[1].der, "no certificate"));
	assert_null(c[1].subject.p);
	assert_int_equal(c[1].not_after_us, FACT_NULL);
	assert_non_null(c[2].der.p);
	OPENSSL_free(der);
	made_free(&leaf);
	made_free(&root);
	arena_fini(&a);
}

static void ends(void **state)
{
	(void)state;
	struct arena a = {0};
	struct tls_facts facts = {0};
	struct err err = {0};
	err_set(&err, ERR_CERT_INVALID, "because");
	fact_init(FACT_KIND_HANDSHAKE, &facts.handshake);
	tls_facts_end(&facts, &err, NULL, &a);
	assert_true(span_is(facts.handshake.outcome, "cert-invalid"));
	assert_true(span_is(facts.handshake.detail, "because"));
	assert_true(facts.handshake.at_us > 0);
	fact_init(FACT_KIND_HANDSHAKE, &facts.handshake);
	tls_facts_end(&facts, NULL, NULL, &a);
	assert_true(span_is(facts.handshake.outcome, "ok"));
	assert_null(facts.handshake.detail.p);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello),
		cmocka_unit_test(broken_hello),
		cmocka_unit_test(certificates),
		cmocka_unit_test(ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
