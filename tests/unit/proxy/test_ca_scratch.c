/*
 * The throw-away root of a replay: valid by the clock of a browser that lives in another time
 * and by ours, in memory only, and unlike any other.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/ca.h"
#include "proxy/ca_x509.h"

#include <openssl/x509v3.h>
#include <time.h>

enum { DAY_S = 24 * 3600 };

static struct ca *scratch(int64_t around_s)
{
	struct err err = {0};
	struct ca *ca = ca_new_scratch(around_s, &err);
	if (ca == NULL)
		fail_msg("%lld: %s", (long long)around_s, err.detail);
	return ca;
}

/* As a browser whose clock stands there would. */
static bool trusted_at(const struct ca *ca, int64_t at_s)
{
	X509_STORE *roots = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE_add_cert(roots, ca_cert(ca));
	assert_int_equal(X509_STORE_CTX_init(ctx, roots, ca_cert(ca), NULL), 1);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), (time_t)at_s);
	bool ok = X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(roots);
	return ok;
}

static void valid_then_and_now(void **state)
{
	(void)state;
	int64_t now = time(NULL);
	const int64_t times[] = {0, 1000000000, now - 400 * DAY_S, now - 2, now, now + 2,
		now + 4000 * (int64_t)DAY_S, INT64_C(253086767999)};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		int64_t then = times[i], first = then < now ? then : now;
		int64_t last = then > now ? then : now;
		struct ca *ca = scratch(then);
		assert_true(trusted_at(ca, then));
		assert_true(trusted_at(ca, then - 2 * DAY_S));
		assert_true(trusted_at(ca, then + 366 * (int64_t)DAY_S));
		assert_true(trusted_at(ca, now));
		assert_false(trusted_at(ca, first - 4 * DAY_S));
		assert_false(trusted_at(ca, last + (CA_DAYS + 1) * (int64_t)DAY_S));
		ca_free(ca);
	}
}

static void shaped_like_ours(void **state)
{
	(void)state;
	struct ca *a = scratch(1700000000), *b = scratch(1700000000);
	struct buf text = {0};
	assert_int_equal(X509_check_ca(ca_cert(a)), 1);
	assert_int_equal(X509_get_pathlen(ca_cert(a)), 0);
	assert_int_equal(X509_get_key_usage(ca_cert(a)), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_int_equal(X509_check_private_key(ca_cert(a), ca_key(a)), 1);
	assert_int_equal(EVP_PKEY_eq(ca_key(a), ca_key(b)), 0);
	assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(ca_cert(a)),
				     X509_get0_serialNumber(ca_cert(b))),
		0);
	ca_describe(a, &text);
	assert_true(span_find(buf_span(&text), span_str("in memory only"), 0) != SIZE_MAX);
	buf_fini(&text);
	ca_free(a);
	ca_free(b);
}

static void impossible_times(void **state)
{
	(void)state;
	const int64_t times[] = {-1, INT64_MIN, INT64_C(253086768000), INT64_MAX};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct err err = {0};
		assert_null(ca_new_scratch(times[i], &err));
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_then_and_now),
		cmocka_unit_test(shaped_like_ours),
		cmocka_unit_test(impossible_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
