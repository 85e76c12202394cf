/*
 * Leaves: what a browser checks in them, how they take the origin's shape, and which host names
 * get none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/mint.h"
#include "proxy/tls_host.h"
#include "tests/kit/make_cert.h"

#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct ca *ca;
static struct mint *mint;

static X509 *leaf_for(const char *host, const X509 *like)
{
	struct err err = {0};
	X509 *leaf = mint_leaf(mint, host, like, &err);
	if (leaf == NULL)
		fail_msg("%s", err.detail);
	return leaf;
}

static bool critical(const X509 *leaf, int nid)
{
	int at = X509_get_ext_by_NID(leaf, nid, -1);
	assert_true(at >= 0);
	return X509_EXTENSION_get_critical(X509_get_ext(leaf, at)) == 1;
}

static GENERAL_NAME *only_name(const X509 *leaf, GENERAL_NAMES **names)
{
	*names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(*names), 1);
	return sk_GENERAL_NAME_value(*names, 0);
}

/* As a browser would: chain to our root, purpose, host, no weak key or digest, strictly by RFC
 * 5280. */
static void verify(X509 *leaf, const char *host, bool is_ip)
{
	X509_STORE *roots = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE_add_cert(roots, ca_cert(ca));
	assert_int_equal(X509_STORE_CTX_init(ctx, roots, leaf, NULL), 1);
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	X509_STORE_CTX_set_default(ctx, "ssl_server");
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (is_ip)
		X509_VERIFY_PARAM_set1_ip_asc(param, host);
	else
		X509_VERIFY_PARAM_set1_host(param, host, 0);
	if (X509_verify_cert(ctx) != 1)
		fail_msg("%s: %s", host,
			X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(roots);
}

static void shape_of_a_leaf(void **state)
{
	(void)state;
	X509 *leaf = leaf_for("Click.Example", NULL), *other = leaf_for("Click.Example", NULL);
	char cn[80];
	GENERAL_NAMES *names;
	int days, seconds;
	verify(leaf, "click.example", false);
	assert_int_equal(X509_get_version(leaf), X509_VERSION_3);
	assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
	assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER);
	assert_int_equal(X509_check_ca(leaf), 0);
	assert_true(critical(leaf, NID_basic_constraints));
	assert_true(critical(leaf, NID_key_usage));
	assert_false(critical(leaf, NID_subject_alt_name));
	assert_false(critical(leaf, NID_ext_key_usage));
	assert_int_equal(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(leaf),
				 X509_get0_subject_key_id(ca_cert(ca))),
		0);
	assert_non_null(X509_get0_subject_key_id(leaf));
	assert_int_equal(X509_check_private_key(leaf, mint_key(mint)), 1);
	assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(leaf)), 16);
	assert_int_equal(ASN1_STRING_type(X509_get0_serialNumber(leaf)), V_ASN1_INTEGER);
	assert_int_not_equal(
		ASN1_INTEGER_cmp(X509_get0_serialNumber(leaf), X509_get0_serialNumber(other)),
		0);
	X509_NAME_get_text_by_NID(X509_get_subject_name(leaf), NID_commonName, cn, sizeof cn);
	assert_string_equal(cn, "click.example");
	GENERAL_NAME *name = only_name(leaf, &names);
	assert_int_equal(name->type, GEN_DNS);
	assert_int_equal(ASN1_STRING_length(name->d.dNSName), 13);
	assert_memory_equal(ASN1_STRING_get0_data(name->d.dNSName), "click.example", 13);
	GENERAL_NAMES_free(names);
	assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(leaf),
				 X509_get0_notAfter(leaf)),
		1);
	assert_true(
		days == MINT_DAYS_MAX - 1 && seconds == 86399); /* both ends count: 199 days */
	assert_true(X509_cmp_current_time(X509_get0_notBefore(leaf)) < 0);
	assert_int_equal(X509_get_signature_nid(leaf), NID_ecdsa_with_SHA256);
	X509_free(leaf);
	X509_free(other);
}

static void addresses(void **state)
{
	(void)state;
	static const struct {
		const char *host;
		int len;
	} rows[] = {{"127.0.0.1", 4}, {"::1", 16}, {"2001:db8::ffff:1", 16},
		{"::ffff:10.0.0.1", 16}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		X509 *leaf = leaf_for(rows[i].host, NULL);
		GENERAL_NAMES *names;
		GENERAL_NAME *name = only_name(leaf, &names);
		verify(leaf, rows[i].host, true);
		assert_int_equal(name->type, GEN_IPADD);
		assert_int_equal(ASN1_STRING_length(name->d.iPAddress), rows[i].len);
		GENERAL_NAMES_free(names);
		X509_free(leaf);
	}
}

static void odd_but_lawful_names(void **state)
{
	(void)state;
	char longest[300], label[64];
	memset(label, 'a', 63);
	label[63] = 0;
	snprintf(longest, sizeof longest, "%s.%s.%s.%.61s", label, label, label, label);
	assert_int_equal(strlen(longest), 253);
	const char *const hosts[] = {"localhost", "a_b.example", "_dmarc.example",
		"xn--bcher-kva.example", "1.2.3.4.5", "a-.example", longest};
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		X509 *leaf = leaf_for(hosts[i], NULL);
		verify(leaf, hosts[i], false);
		X509_free(leaf);
	}
	/* An absolute name: the certificate is for the name without the root's dot, as browsers
	 * compare. */
	X509 *leaf = leaf_for("click.example.", NULL);
	verify(leaf, "click.example", false);
	X509_free(leaf);
	/* Too long for a common name: no subject, and then the alternative name is critical
	 * (RFC 5280 4.1.2.6). */
	leaf = leaf_for(longest, NULL);
	assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(leaf)), 0);
	assert_true(critical(leaf, NID_subject_alt_name));
	X509_free(leaf);
}

static void hostile_names(void **state)
{
	(void)state;
	char *huge = malloc(65537);
	memset(huge, 'a', 65536);
	huge[65536] = 0;
	char too_long[256], label[80];
	memset(label, 'b', 64);
	memcpy(label + 64, ".example", 9);
	memset(too_long, 'c', 254);
	for (size_t i = 50; i < 254; i += 50)
		too_long[i] = '.';
	too_long[254] = 0;
	const char *const hosts[] = {"", ".", "..", "a..b", ".a", "a..", "*", "*.example",
		"a b", "a\tb", "a\r\nb", "a\x01", "a\x7f", "a\x80", "\342\200\256elpmaxe",
		"b\303\274cher.example", "a/b", "a:443", "[::1]", "a@b", "a\\b", "a%00b",
		"fe80::1%eth0", "a,b", "DNS:a", "'", "a\"b", huge, too_long, label};
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		struct err err = {0};
		X509 *leaf = mint_leaf(mint, hosts[i], NULL, &err);
		if (leaf != NULL || err.kind != ERR_TARGET ||
			strstr(err.detail, "is no host name") == NULL)
			fail_msg("row %zu: %s", i, err.detail);
		assert_true(text_valid(span_str(err.detail)));
		for (const char *p = err.detail; *p != 0; p++)
			assert_true((uint8_t)*p >= 0x20);
	}
	free(huge);
}

static int days_left(const X509 *leaf)
{
	int days, seconds;
	assert_int_equal(ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(leaf)), 1);
	return days;
}

static void validity_like_the_origins(void **state)
{
	(void)state;
	static const struct {
		int from, to, want;
	} rows[] = {
		{-30, 10, 10},     /* ends with the origin's */
		{-300, 1000, 198}, /* but never later than 199 days in all */
		{-30, -2, 198},    /* an expired origin is no model */
		{2, 30, 198},      /* nor one that is not valid yet */
	};
	struct made root = make_root("any");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct made like = make_cert(
			&(struct make_cert){
				.cn = "x", .from_days = rows[i].from, .to_days = rows[i].to},
			&root);
		X509 *leaf = leaf_for("click.example", like.cert);
		int days, seconds;
		/* Some seconds are gone: one full day less, mostly. */
		assert_in_range(days_left(leaf), rows[i].want - 1, rows[i].want);
		assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(leaf),
					 X509_get0_notAfter(leaf)),
			1);
		assert_true(days < MINT_DAYS_MAX);
		verify(leaf, "click.example", false);
		X509_free(leaf);
		made_free(&like);
	}
	made_free(&root);
}

/* Leaves lie within the authority's own time; and one made elsewhere with RSA and without a key
 * identifier signs as well. */
static void imported_authority(void **state)
{
	(void)state;
	static const struct make_cert specs[] = {
		{.cn = "older",
			.key = "RSA2048",
			.from_days = -3,
			.to_days = 5,
			.extensions = {{"basicConstraints", "critical,CA:TRUE"}}},
		{.cn = "of now",
			.from_days = 0,
			.to_days = 5,
			.extensions = {{"basicConstraints", "critical,CA:TRUE"}}},
	};
	char dir[64] = "/tmp/clicktrail-mint-XXXXXX", cert[96], key[96], command[128];
	assert_non_null(mkdtemp(dir));
	snprintf(cert, sizeof cert, "%s/c", dir);
	snprintf(key, sizeof key, "%s/k", dir);
	for (size_t i = 0; i < 2; i++) {
		struct made m = make_cert(&specs[i], NULL);
		made_write_pem(&m, cert);
		made_write_key(&m, key);
		snprintf(command, sizeof command, "%s/ca", dir);
		assert_true(ca_import(command, cert, key, NULL));
		struct ca *theirs = ca_open(command, NULL, NULL);
		struct mint *other = mint_new(theirs, NULL);
		X509 *leaf = mint_leaf(other, "click.example", NULL, NULL);
		assert_int_equal(X509_verify(leaf, m.key), 1);
		assert_int_equal(
			ASN1_TIME_compare(X509_get0_notAfter(leaf), X509_get0_notAfter(m.cert)),
			0);
		assert_true(ASN1_TIME_compare(X509_get0_notBefore(leaf),
				    X509_get0_notBefore(m.cert)) >= 0);
		X509_free(leaf);
		mint_free(other);
		ca_free(theirs);
		made_free(&m);
	}
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

static void keys_differ_by_run(void **state)
{
	(void)state;
	struct mint *other = mint_new(ca, NULL);
	assert_int_equal(EVP_PKEY_eq(mint_key(mint), mint_key(other)), 0);
	assert_ptr_equal(mint_ca_cert(other), ca_cert(ca));
	mint_free(other);
}

static void hosts_covered_by_names(void **state)
{
	(void)state;
	static const struct {
		const char *name, *host;
		bool covered;
	} rows[] = {
		{"a.example", "a.example", true},
		{"A.Example", "a.EXAMPLE", true},
		{"a.example", "a.example.", true},
		{"*.a.example", "b.a.example", true},
		{"*.a.example", "b_c.a.example", true},
		{"*.a.example", "a.example", false},
		{"*.a.example", "c.b.a.example", false},
		{"*.example", "a.example", false},
		{"*", "a", false},
		{"*.", "a", false},
		{"b*.a.example", "bc.a.example", false},
		{"*.*.example", "b.a.example", false},
		{"", "a.example", false},
		{"127.0.0.1", "127.0.0.1", false},
		{"a.example ", "a.example", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tls_host host;
		assert_true(tls_host_parse(rows[i].host, &host, NULL));
		if (tls_host_covered(&host, span_str(rows[i].name)) != rows[i].covered)
			fail_msg("%s and %s", rows[i].name, rows[i].host);
	}
}

static void *hammer(void *self)
{
	for (int i = 0; i < 40; i++) {
		X509 *leaf = mint_leaf(mint, "thread.example", NULL, NULL);
		if (leaf == NULL || X509_verify(leaf, ca_key(ca)) != 1)
			return NULL;
		X509_free(leaf);
	}
	return self;
}

static void shared_by_threads(void **state)
{
	(void)state;
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, mint), 0);
	for (int i = 0; i < 4; i++) {
		void *result;
		pthread_join(threads[i], &result);
		assert_ptr_equal(result, mint);
	}
}

static int make_mint(void **state)
{
	(void)state;
	ca = ca_new_ephemeral("mint test", NULL);
	mint = mint_new(ca, NULL);
	return mint != NULL ? 0 : -1;
}

static int end_mint(void **state)
{
	(void)state;
	mint_free(mint);
	ca_free(ca);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shape_of_a_leaf),
		cmocka_unit_test(addresses),
		cmocka_unit_test(odd_but_lawful_names),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(validity_like_the_origins),
		cmocka_unit_test(imported_authority),
		cmocka_unit_test(keys_differ_by_run),
		cmocka_unit_test(hosts_covered_by_names),
		cmocka_unit_test(shared_by_threads),
	};
	return cmocka_run_group_tests(tests, make_mint, end_mint);
}
