/*
 * What certificates say beyond their names, on real ones made here, and on bytes that are none;
 * SCTs built by hand and read by openssl's command line, too.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/wire/tls_certs_detail.h"
#include "store/base/buf.h"
#include "tests/kit/make_cert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct span der_of(const struct made *m, struct arena *a)
{
	unsigned char *der = NULL;
	int n = i2d_X509(m->cert, &der);
	struct span out = arena_copy(a, span_of(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

static struct tls_cert_detail detail_of(struct made *m, struct arena *a)
{
	struct tls_cert_detail d;
	struct err err = {0};
	if (!tls_cert_detail(der_of(m, a), a, &d, &err))
		fail_msg("%s", err.detail);
	made_free(m);
	return d;
}

static void validation_by_policy(void **state)
{
	(void)state;
	static const struct {
		const char *policies;
		enum tls_validation want;
	} rows[] = {
		{NULL, TLS_VALIDATION_NONE},
		{"1.2.3.4", TLS_VALIDATION_NONE},
		{"2.23.140.1.2.1", TLS_VALIDATION_DV},
		{"2.23.140.1.2.2", TLS_VALIDATION_OV},
		{"2.23.140.1.2.3", TLS_VALIDATION_IV},
		{"2.23.140.1.1", TLS_VALIDATION_EV},
		{"1.2.3.4,2.23.140.1.1,2.23.140.1.2.1", TLS_VALIDATION_EV},
		{"2.23.140.1.2.1.1", TLS_VALIDATION_NONE},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct made root = make_root("Root");
		struct make_cert spec = {
			.cn = "a.example", .org = "Example Ltd", .san = "DNS:a.example"};
		if (rows[i].policies != NULL) {
			spec.extensions[0][0] = "certificatePolicies";
			spec.extensions[0][1] = rows[i].policies;
		}
		struct made m = make_cert(&spec, &root);
		struct tls_cert_detail d = detail_of(&m, &a);
		assert_int_equal(d.validation, rows[i].want);
		assert_true(span_is(d.subject_org, "Example Ltd"));
		assert_true(span_is(d.subject_cn, "a.example"));
		assert_true(span_is(d.issuer_cn, "Root"));
		assert_null(d.issuer_org.p);
		assert_false(d.self_issued || d.self_signed || d.authority);
		assert_int_equal(d.scts.n, 0);
		made_free(&root);
		arena_fini(&a);
	}
}

static void keys_and_signers(void **state)
{
	(void)state;
	static const struct {
		const char *key, *kind;
		int64_t bits;
	} rows[] = {{"P-256", "EC", 256}, {"P-384", "EC", 384}, {"RSA1024", "RSA", 1024},
		{"RSA2048", "RSA", 2048}};
	struct arena a = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct made m = make_cert(
			&(struct make_cert){.cn = "a", .key = rows[i].key, .san = "DNS:a"},
			NULL);
		struct tls_cert_detail d = detail_of(&m, &a);
		assert_true(span_is(d.key, rows[i].kind));
		assert_int_equal(d.key_bits, rows[i].bits);
		assert_true(d.self_issued && d.self_signed);
	}
	struct made root = make_root("Root");
	struct tls_cert_detail d = detail_of(&root, &a);
	assert_true(d.self_signed && d.authority);
	/* The name of its issuer is its own, and the signature is not. */
	struct made other = make_root("Same"),
		    m = make_cert(&(struct make_cert){.cn = "Same", .san = "DNS:a"}, &other);
	d = detail_of(&m, &a);
	assert_true(d.self_issued && !d.self_signed);
	made_free(&other);
	m = make_cert(&(struct make_cert){.cn = "a", .corrupt = true}, NULL);
	d = detail_of(&m, &a);
	assert_true(d.self_issued && !d.self_signed);
	arena_fini(&a);
}

static void scts_of_a_certificate(void **state)
{
	(void)state;
	char value[MAKE_SCT_VALUE], path[] = "/tmp/clicktrail-sct-XXXXXX", command[128],
				    text[16384] = "";
	struct arena a = {0};
	struct made m = make_cert(&(struct make_cert){.cn = "a",
					  .san = "DNS:a",
					  .extensions = {{"1.3.6.1.4.1.11129.2.4.2",
						  make_sct_value(0xab, 1767225600123, value)}}},
		NULL);
	/* Does somebody else read the same? */
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	made_write_pem(&m, path);
	snprintf(command, sizeof command, "timeout 20 openssl x509 -noout -text -in %s", path);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	size_t n = fread(text, 1, sizeof text - 1, f);
	text[n] = 0;
	pclose(f);
	unlink(path);
	assert_non_null(strstr(text, "Timestamp : Jan  1 00:00:00.123 2026 GMT"));
	assert_non_null(strstr(text, "AB:AB:AB:AB"));
	struct tls_cert_detail d = detail_of(&m, &a);
	assert_int_equal(d.scts.n, 1);
	assert_int_equal(d.scts.list[0].at_us, INT64_C(1767225600123000));
	assert_int_equal(d.scts.list[0].log_id.n, 32);
	assert_int_equal(d.scts.list[0].log_id.p[31], 0xab);
	assert_false(d.scts.malformed || d.scts.other || d.scts.more);
	/* The extension is there and holds nonsense. */
	m = make_cert(&(struct make_cert){.cn = "a",
			      .extensions = {{"1.3.6.1.4.1.11129.2.4.2", "DER:05"}}},
		NULL);
	d = detail_of(&m, &a);
	assert_true(d.scts.malformed && d.scts.n == 0);
	arena_fini(&a);
}

static void scts_of_a_staple(void **state)
{
	(void)state;
	unsigned char list[MAKE_SCT_LEN];
	struct arena a = {0};
	struct tls_scts scts;
	struct made root = make_root("Root"), leaf = make_leaf("DNS:a", &root);
	size_t n = 0;
	make_sct_list(7, 5, list);
	unsigned char *der = make_staple(
		&(struct make_staple_spec){
			.about = &leaf, .issuer = &root, .scts = list, .scts_len = sizeof list},
		&n);
	tls_ocsp_scts(span_of(der, n), &a, &scts);
	assert_int_equal(scts.n, 1);
	assert_int_equal(scts.list[0].at_us, 5000);
	OPENSSL_free(der);
	der = make_staple(&(struct make_staple_spec){.about = &leaf, .issuer = &root}, &n);
	tls_ocsp_scts(span_of(der, n), &a, &scts);
	assert_int_equal(scts.n, 0);
	assert_false(scts.malformed);
	OPENSSL_free(der);
	tls_ocsp_scts(span_str("what?"), &a, &scts);
	assert_int_equal(scts.n, 0);
	made_free(&leaf);
	made_free(&root);
	arena_fini(&a);
}

static void lists(void **state)
{
	(void)state;
	unsigned char one[MAKE_SCT_LEN];
	struct arena a = {0};
	struct tls_scts scts;
	struct buf many = {0};
	make_sct_list(1, UINT64_MAX, one);
	tls_sct_list(span_of(one, sizeof one), &a, &scts);
	assert_int_equal(scts.n, 1);
	assert_int_equal(scts.list[0].at_us, INT64_MIN);
	/* Every shorter piece is malformed, and none is read. */
	for (size_t n = 1; n < sizeof one; n++) {
		tls_sct_list(span_of(one, n), &a, &scts);
		assert_true(scts.malformed && scts.n == 0);
	}
	/* More behind the signature than the SCT has. */
	unsigned char longer[MAKE_SCT_LEN + 1];
	memcpy(longer, one, sizeof one);
	longer[MAKE_SCT_LEN] = 0;
	longer[1]++;
	longer[3]++;
	tls_sct_list(span_of(longer, sizeof longer), &a, &scts);
	assert_true(scts.malformed && scts.n == 0);
	one[4] = 1; /* a version of the future */
	tls_sct_list(span_of(one, sizeof one), &a, &scts);
	assert_true(scts.other && scts.n == 0 && !scts.malformed);
	one[4] = 0;
	buf_add_u16(&many, (uint16_t)((TLS_SCTS_MAX + 1) * (sizeof one - 2)));
	for (int i = 0; i <= TLS_SCTS_MAX; i++)
		buf_add(&many, one + 2, sizeof one - 2);
	tls_sct_list(buf_span(&many), &a, &scts);
	assert_true(scts.more && scts.n == TLS_SCTS_MAX);
	tls_sct_list(SPAN_NONE, &a, &scts);
	assert_true(scts.n == 0 && !scts.malformed);
	buf_fini(&many);
	arena_fini(&a);
}

static void what_is_none(void **state)
{
	(void)state;
	struct arena a = {0};
	struct tls_cert_detail d;
	struct err err = {0};
	assert_false(tls_cert_detail(SPAN_NONE, &a, &d, &err));
	assert_false(tls_cert_detail(span_str("not really DER"), &a, &d, &err));
	assert_int_equal(err.kind, ERR_INTERNAL);
	struct made m = make_leaf("DNS:a", NULL);
	struct span der = der_of(&m, &a);
	for (size_t n = 0; n < der.n; n++)
		assert_false(tls_cert_detail(span_first(der, n), &a, &d, &err));
	made_free(&m);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(validation_by_policy),
		cmocka_unit_test(keys_and_signers),
		cmocka_unit_test(scts_of_a_certificate),
		cmocka_unit_test(scts_of_a_staple),
		cmocka_unit_test(lists),
		cmocka_unit_test(what_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
