/*
 * The cache of leaves: one leaf for a host, however it is spelt and whoever asks; the oldest go
 * first.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/leaves.h"
#include "tests/kit/make_cert.h"

#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static struct ca *ca;
static struct mint *mint;

static X509 *get(struct leaves *l, const char *host)
{
	X509 *leaf = leaves_get(l, host, NULL, NULL);
	assert_non_null(leaf);
	return leaf;
}

static bool same(X509 *a, X509 *b)
{
	bool equal = a == b;
	X509_free(a);
	X509_free(b);
	return equal;
}

static void kept_by_host(void **state)
{
	(void)state;
	struct leaves *l = leaves_new(mint);
	assert_true(same(get(l, "a.example"), get(l, "A.Example")));
	assert_false(same(get(l, "a.example"), get(l, "b.example")));
	assert_true(same(get(l, "b.example"), get(l, "b.example")));
	assert_true(same(get(l, "::1"), get(l, "::1")));
	leaves_free(l);
}

static void outlives_the_cache(void **state)
{
	(void)state;
	struct leaves *l = leaves_new(mint);
	X509 *leaf = get(l, "a.example");
	leaves_free(l);
	assert_int_equal(X509_check_host(leaf, "a.example", 0, 0, NULL), 1);
	X509_free(leaf);
}

static void hostile_hosts_are_not_kept(void **state)
{
	(void)state;
	struct leaves *l = leaves_new(mint);
	char huge[1000];
	memset(huge, 'a', sizeof huge - 1);
	huge[sizeof huge - 1] = 0;
	const char *const hosts[] = {"", "a b", huge};
	for (size_t i = 0; i < 3; i++) {
		struct err err = {0};
		assert_null(leaves_get(l, hosts[i], NULL, &err));
		assert_int_equal(err.kind, ERR_TARGET);
	}
	leaves_free(l);
}

/* A leaf shaped like an origin that ends within the hour would end under a running session: it
 * is made anew. */
static void short_lived_are_made_anew(void **state)
{
	(void)state;
	char dir[64] = "/tmp/clicktrail-leaves-XXXXXX", cert[96], key[96], command[128];
	assert_non_null(mkdtemp(dir));
	snprintf(cert, sizeof cert, "%s/c", dir);
	snprintf(key, sizeof key, "%s/k", dir);
	snprintf(command, sizeof command, "%s/ca", dir);
	struct made m =
		make_cert(&(struct make_cert){.cn = "ends soon",
				  .extensions = {{"basicConstraints", "critical,CA:TRUE"}}},
			NULL);
	X509_gmtime_adj(X509_getm_notAfter(m.cert), 1800);
	X509_sign(m.cert, m.key, EVP_sha256());
	made_write_pem(&m, cert);
	made_write_key(&m, key);
	assert_true(ca_import(command, cert, key, NULL));
	struct ca *soon = ca_open(command, NULL, NULL);
	struct mint *other = mint_new(soon, NULL);
	struct leaves *l = leaves_new(other);
	assert_false(same(get(l, "a.example"), get(l, "a.example")));
	leaves_free(l);
	mint_free(other);
	ca_free(soon);
	made_free(&m);
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

static void oldest_go_first(void **state)
{
	(void)state;
	struct leaves *l = leaves_new(mint);
	char host[32];
	X509 *first = get(l, "0.example"), *second = get(l, "1.example");
	for (int i = 2; i < LEAVES_MAX; i++) {
		snprintf(host, sizeof host, "%d.example", i);
		X509_free(get(l, host));
	}
	X509_up_ref(first);
	assert_true(same(first, get(l, "0.example"))); /* full, and all are there */
	X509_free(get(l, "one-more.example"));
	X509_up_ref(second);
	assert_true(same(second, get(l, "1.example")));
	assert_false(same(first,
		get(l, "0.example"))); /* this one went, and is back at the cost of the next */
	assert_false(same(second, get(l, "1.example")));
	assert_true(same(get(l, "one-more.example"), get(l, "one-more.example")));
	leaves_free(l);
}

static void *hammer(void *self)
{
	char host[32];
	for (int i = 0; i < 60; i++) {
		snprintf(host, sizeof host, "%d.example", i % 7);
		X509 *leaf = leaves_get(self, host, NULL, NULL);
		if (leaf == NULL || X509_check_host(leaf, host, 0, 0, NULL) != 1)
			return NULL;
		X509_free(leaf);
	}
	return self;
}

static void shared_by_threads(void **state)
{
	(void)state;
	struct leaves *l = leaves_new(mint);
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, l), 0);
	for (int i = 0; i < 4; i++) {
		void *result;
		pthread_join(threads[i], &result);
		assert_ptr_equal(result, l);
	}
	leaves_free(l);
}

static int make_mint(void **state)
{
	(void)state;
	ca = ca_new_ephemeral("leaves test", NULL);
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
		cmocka_unit_test(kept_by_host),
		cmocka_unit_test(outlives_the_cache),
		cmocka_unit_test(hostile_hosts_are_not_kept),
		cmocka_unit_test(short_lived_are_made_anew),
		cmocka_unit_test(oldest_go_first),
		cmocka_unit_test(shared_by_threads),
	};
	return cmocka_run_group_tests(tests, make_mint, end_mint);
}
