/*
 * Leaves for a browser whose clock is not ours: each row must come to the shape that the live
 * proxy would have given at the time of recording, moved as a whole.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/ca_x509.h"
#include "proxy/leaves.h"
#include "tests/kit/make_cert.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

enum {
	HOUR_S = 3600,
	DAY_S = 24 * HOUR_S,
	SLACK_S = 20, /* what the test itself takes */
};

static const int64_t long_ago_s = -400 * (int64_t)DAY_S, far_ahead_s = 300 * (int64_t)DAY_S;

/* The origin's certificate, by ages in seconds at at_s. */
static X509 *like_at(
	struct made *made, const struct made *root, int64_t at_s, int64_t from_s, int64_t to_s)
{
	*made = make_cert(&(struct make_cert){.cn = "x"}, root);
	assert_true(ca_x509_validity(made->cert, at_s + from_s, at_s + to_s));
	return made->cert;
}

static int64_t begins(const X509 *leaf)
{
	return ca_x509_time(X509_get0_notBefore(leaf));
}

static bool near(int64_t a, int64_t b)
{
	return llabs((long long)(a - b)) <= SLACK_S;
}

struct row {
	int64_t from_s, to_s; /* of the origin's, at the time of recording */
	int64_t want_from_s, want_to_s;
};
#define MOST (MINT_DAYS_MAX * (int64_t)DAY_S - 1)
static const struct row rows[] = {
	{-3 * HOUR_S, 90 * DAY_S, -3 * HOUR_S, 90 * DAY_S}, /* the origin's own */
	{-60 * DAY_S, 30 * DAY_S, -DAY_S, 30 * DAY_S}, /* begun long before: a day is enough */
	{-3 * HOUR_S, 1000 * (int64_t)DAY_S, -3 * HOUR_S, -3 * HOUR_S + MOST},
	/* No models, then as now: expired, about to end, not valid yet. */
	{-90 * DAY_S, -DAY_S, -DAY_S, -DAY_S + MOST},
	{-90 * DAY_S, DAY_S / 2, -DAY_S, -DAY_S + MOST},
	{DAY_S, 90 * DAY_S, -DAY_S, -DAY_S + MOST},
};

/* All rows, recorded at recorded_s and served to a browser at browser_s, both from now. */
static void check_rows(int64_t recorded_s, int64_t browser_s, int64_t like_offset_s)
{
	int64_t now = time(NULL);
	struct made root = make_root("any");
	struct ca *ca = ca_new_scratch(now + browser_s, NULL);
	struct mint_shift shift = {browser_s, like_offset_s};
	struct mint *mint = mint_new_shifted(ca, &shift, NULL);
	assert_true(near(mint_now_s(mint), now + browser_s));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct made made;
		const struct row *r = &rows[i];
		X509 *like = like_at(&made, &root, now + recorded_s, r->from_s, r->to_s);
		X509 *leaf = mint_leaf(mint, "click.example", like, NULL);
		assert_non_null(leaf);
		if (!near(begins(leaf), now + browser_s + r->want_from_s) ||
			!near(mint_leaf_ends_s(leaf), now + browser_s + r->want_to_s))
			fail_msg("row %zu: from %lld to %lld of the browser's time", i,
				(long long)(begins(leaf) - now - browser_s),
				(long long)(mint_leaf_ends_s(leaf) - now - browser_s));
		X509_free(leaf);
		made_free(&made);
	}
	X509 *leaf = mint_leaf(mint, "click.example", NULL, NULL);
	assert_true(near(begins(leaf), now + browser_s - DAY_S));
	X509_free(leaf);
	mint_free(mint);
	ca_free(ca);
	made_free(&root);
}

static void live(void **state)
{
	(void)state;
	check_rows(0, 0, 0);
}

/* An old recording and a browser of today: the certificate grows old with it. */
static void recorded_long_ago(void **state)
{
	(void)state;
	check_rows(long_ago_s, 0, -long_ago_s);
}

/* The browser's clock stands at the recording: its certificate means what it says. */
static void browser_in_the_past(void **state)
{
	(void)state;
	check_rows(long_ago_s, long_ago_s, 0);
}

static void browser_elsewhere(void **state)
{
	(void)state;
	check_rows(long_ago_s, far_ahead_s, far_ahead_s - long_ago_s);
}

/* By our clock the leaf of a browser in the past ended long ago; it is kept all the same. */
static void kept_by_the_browsers_clock(void **state)
{
	(void)state;
	int64_t now = time(NULL);
	struct made root = make_root("any"), made;
	struct ca *ca = ca_new_scratch(now + long_ago_s, NULL);
	struct mint_shift shift = {long_ago_s, 0};
	struct mint *mint = mint_new_shifted(ca, &shift, NULL);
	struct leaves *l = leaves_new(mint);
	X509 *like = like_at(&made, &root, now + long_ago_s, -HOUR_S, 3 * DAY_S);
	X509 *a = leaves_get(l, "a.example", like, NULL);
	X509 *b = leaves_get(l, "a.example", like, NULL);
	assert_true(mint_leaf_ends_s(a) < now);
	assert_ptr_equal(a, b);
	X509_free(a);
	X509_free(b);
	leaves_free(l);
	mint_free(mint);
	made_free(&made);
	ca_free(ca);
	made_free(&root);
}

/* An authority that ends within the hour of a browser ahead of us, though not by our clock. */
static void made_anew_by_the_browsers_clock(void **state)
{
	(void)state;
	int64_t now = time(NULL);
	struct ca *ca = ca_new_scratch(now, NULL);
	struct mint_shift shift = {
		ca_x509_time(X509_get0_notAfter(ca_cert(ca))) - now - HOUR_S / 2, 0};
	struct mint *mint = mint_new_shifted(ca, &shift, NULL);
	struct leaves *l = leaves_new(mint);
	X509 *a = leaves_get(l, "a.example", NULL, NULL);
	X509 *b = leaves_get(l, "a.example", NULL, NULL);
	assert_ptr_not_equal(a, b);
	X509_free(a);
	X509_free(b);
	leaves_free(l);
	mint_free(mint);
	ca_free(ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(live),
		cmocka_unit_test(recorded_long_ago),
		cmocka_unit_test(browser_in_the_past),
		cmocka_unit_test(browser_elsewhere),
		cmocka_unit_test(kept_by_the_browsers_clock),
		cmocka_unit_test(made_anew_by_the_browsers_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
