/*
 * Certificates as texts: every field of a good one, hostile names, odd keys, and bytes that are
 * none. openssl's own command line is asked for a second opinion.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/wire/tls_certs.h"
#include "store/base/buf.h"
#include "tests/kit/make_cert.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct tls_cert decode(const struct made *m, struct arena *a)
{
	struct tls_cert out;
	unsigned char *der = NULL;
	int n = i2d_X509(m->cert, &der);
	struct err err = {0};
	if (!tls_cert_decode(span_of(der, (size_t)n), a, &out, &err))
		fail_msg("%s", err.detail);
	OPENSSL_free(der);
	return out;
}

static void assert_text(struct span got, const char *want)
{
	if (!span_is(got, want))
		fail_msg("\"%.*s\", wanted \"%s\"", (int)got.n,
			got.p != NULL ? (const char *)got.p : "", want);
}

/* What `openssl x509 -noout OPTIONS` says. */
static struct span ask_openssl(const struct made *m, const char *options, struct arena *a)
{
	char path[] = "/tmp/clicktrail-cert-XXXXXX", command[256], line[1024] = "";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	made_write_pem(m, path);
	snprintf(command, sizeof command, "openssl x509 -noout -in %s %s", path, options);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	pclose(f);
	unlink(path);
	return arena_copy(a, span_trim(span_str(line), "\n"));
}

static void fields(void **state)
{
	(void)state;
	struct arena a = {0};
	struct made root = make_root("R\xc3\xb6"
				     "ot, \"quoted\"");
	struct made leaf = make_leaf("DNS:a.example,DNS:*.b.example,IP:192.0.2.1,IP:2001:db8::"
				     "1,email:x@y.example,URI:https://u.example/",
		&root);
	struct tls_cert c = decode(&leaf, &a);
	assert_text(c.subject, "CN=test leaf");
	assert_text(c.issuer, "CN=R\xc3\xb6"
			      "ot\\, \\\"quoted\\\"");
	assert_text(c.san, "DNS:a.example DNS:*.b.example IP:192.0.2.1 IP:2001:db8::1 "
			   "email:x@y.example URI:https://u.example/");
	assert_text(c.key_kind, "EC P-256");
	assert_text(c.signature_kind, "ecdsa-with-SHA256");
	struct span serial = span_from(ask_openssl(&leaf, "-serial", &a), 7);
	assert_true(span_eq_nocase(c.serial, serial));
	char want[200] = "sha256 Fingerprint=";
	for (size_t i = 0; i < SHA256_LEN; i++)
		snprintf(want + strlen(want), 4, "%s%02X", i > 0 ? ":" : "", c.sha256[i]);
	assert_text(ask_openssl(&leaf, "-fingerprint -sha256", &a), want);
	time_t after = (time_t)(c.not_after_us / 1000000),
	       before = (time_t)(c.not_before_us / 1000000);
	assert_int_equal(c.not_after_us - c.not_before_us, 31LL * 86400 * 1000000);
	assert_true(X509_cmp_time(X509_get0_notAfter(leaf.cert), &after) <
		    0); /* -1: not later than */
	before--;
	assert_true(X509_cmp_time(X509_get0_notBefore(leaf.cert), &before) > 0);
	made_free(&leaf);
	made_free(&root);
	arena_fini(&a);
}

static void kinds(void **state)
{
	(void)state;
	static const struct {
		const char *key, *digest, *kind, *signature;
	} rows[] = {
		{"RSA2048", "SHA256", "RSA 2048", "sha256WithRSAEncryption"},
		{"RSA1024", "SHA1", "RSA 1024", "sha1WithRSAEncryption"},
		{"P-384", "SHA384", "EC P-384", "ecdsa-with-SHA384"},
		{"P-521", "SHA512", "EC P-521", "ecdsa-with-SHA512"},
		{"secp256k1", "SHA256", "EC secp256k1", "ecdsa-with-SHA256"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena a = {0};
		struct made m = make_cert(
			&(struct make_cert){
				.cn = "x", .key = rows[i].key, .digest = rows[i].digest},
			NULL);
		struct tls_cert c = decode(&m, &a);
		assert_text(c.key_kind, rows[i].kind);
		assert_text(c.signature_kind, rows[i].signature);
		assert_text(c.san, "");
		made_free(&m);
		arena_fini(&a);
	}
}

static void hostile(void **state)
{
	(void)state;
	static const struct {
		struct make_cert spec;
		const char *subject, *san;
	} rows[] = {
		{{.cn = "x",
			 .extensions = {{"subjectAltName",
				 "DER:30:0a:82:08:61:00:20:5c:0a:e2:80:ae"}}},
			"CN=x", "DNS:a\\x00\\x20\\x5c\\x0a\\xe2\\x80\\xae"},
		{{.cn = "x", .extensions = {{"subjectAltName", "DER:30:05:87:03:01:02:03"}}},
			"CN=x", "IP:010203"},
		{{.cn = "x", .extensions = {{"subjectAltName", "DER:30:04:88:02:2a:03"}}},
			"CN=x", "other:8"},
		{{.cn = "x", .extensions = {{"subjectAltName", "DER:ff:ff"}}}, "CN=x",
			"other:malformed"},
		{{.cn = "x",
			 .san = "DNS:a.example",
			 .extensions = {{"subjectAltName", "DNS:b.example"}}},
			"CN=x", "DNS:a.example DNS:b.example"},
		{{.cn_bytes = "a\0b\x1b[2J", .cn_len = 7}, "CN=a\\00b\\1B[2J", ""},
		{{.san = "critical,DNS:a.example"}, "", "DNS:a.example"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena a = {0};
		struct made m = make_cert(&rows[i].spec, NULL);
		struct tls_cert c = decode(&m, &a);
		assert_text(c.subject, rows[i].subject);
		assert_text(c.san, rows[i].san);
		assert_true(text_valid(c.subject) && text_valid(c.san));
		made_free(&m);
		arena_fini(&a);
	}
}

static void very_many_names(void **state)
{
	(void)state;
	struct arena a = {0};
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	for (int i = 0; i < TLS_CERTS_NAMES_MAX + 5; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *s = ASN1_IA5STRING_new();
		ASN1_STRING_set(s, "n.example", 9);
		GENERAL_NAME_set0_value(name, GEN_DNS, s);
		sk_GENERAL_NAME_push(names, name);
	}
	struct made m = make_cert(&(struct make_cert){.cn = "x"}, NULL);
	X509_add1_ext_i2d(m.cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT);
	X509_sign(m.cert, m.key, EVP_sha256());
	struct tls_cert c = decode(&m, &a);
	assert_int_equal(c.san.n, (size_t)TLS_CERTS_NAMES_MAX * 14 + 3);
	assert_true(span_ends_nocase(c.san, "DNS:n.example ..."));
	GENERAL_NAMES_free(names);
	made_free(&m);
	arena_fini(&a);
}

/* Cut and bent at every byte: decoded or refused, never worse; the hash is that of the bytes.
 */
static void broken(void **state)
{
	(void)state;
	struct made m = make_cert(&(struct make_cert){.cn = "x", .san = "DNS:a.example"}, NULL);
	unsigned char *der = NULL;
	size_t n = (size_t)i2d_X509(m.cert, &der), refused = 0;
	for (size_t i = 0; i < n; i++) {
		struct arena a = {0};
		struct tls_cert c;
		struct err err = {0};
		uint8_t hash[SHA256_LEN];
		assert_false(tls_cert_decode(span_of(der, i), &a, &c, &err));
		assert_int_equal(err.kind, ERR_INTERNAL);
		sha256(span_of(der, i), hash);
		assert_memory_equal(hash, c.sha256, SHA256_LEN);
		assert_int_equal(c.not_after_us, INT64_MIN);
		uint8_t was = der[i];
		for (unsigned bit = 0; bit < 8; bit++) {
			der[i] = (uint8_t)(was ^ 1u << bit);
			refused += !tls_cert_decode(span_of(der, n), &a, &c, NULL);
		}
		der[i] = was;
		arena_fini(&a);
	}
	assert_true(refused > 100);
	OPENSSL_free(der);
	made_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(kinds),
		cmocka_unit_test(hostile),
		cmocka_unit_test(very_many_names),
		cmocka_unit_test(broken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
