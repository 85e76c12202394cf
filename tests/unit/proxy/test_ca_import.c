/*
 * An authority made elsewhere: taken if it can sign what browsers take, refused with a reason
 * otherwise; what was there stays.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/ca.h"
#include "tests/kit/make_cert.h"

#include <dirent.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

static char base[64];
static unsigned count;

/* A fresh path below the test's own folder; it does not exist yet. */
static const char *fresh(void)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/%u", base, count++);
	return path;
}

static struct ca *must_open(const char *dir, bool *made)
{
	struct err err = {0};
	struct ca *ca = ca_open(dir, made, &err);
	if (ca == NULL)
		fail_msg("%s", err.detail);
	return ca;
}

static int count_files(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static bool import(const char *dir, const struct make_cert *spec, const char *words)
{
	struct made m = make_cert(spec, NULL);
	struct err err = {0};
	char cert[128], key[128];
	snprintf(cert, sizeof cert, "%s/import.crt", base);
	snprintf(key, sizeof key, "%s/import.key", base);
	made_write_pem(&m, cert);
	made_write_key(&m, key);
	bool ok = ca_import(dir, cert, key, &err);
	if (ok) {
		struct ca *ca = must_open(dir, NULL);
		assert_int_equal(X509_cmp(ca_cert(ca), m.cert), 0);
		assert_int_equal(EVP_PKEY_eq(ca_key(ca), m.key), 1);
		ca_free(ca);
	}
	made_free(&m);
	if (words != NULL && strstr(err.detail, words) == NULL)
		fail_msg("\"%s\", wanted \"%s\"", err.detail, words);
	return ok;
}

#define SIGNS                                                                                  \
	{                                                                                      \
		{"basicConstraints", "critical,CA:TRUE"},                                      \
		{                                                                              \
			"keyUsage", "critical,keyCertSign"                                     \
		}                                                                              \
	}

static void imports(void **state)
{
	(void)state;
	const char *dir = fresh();
	struct err err = {0};
	assert_true(import(dir, &(struct make_cert){.cn = "mine", .extensions = SIGNS}, NULL));
	assert_true(import(dir,
		&(struct make_cert){.cn = "mine, RSA", .key = "RSA2048", .extensions = SIGNS},
		NULL));
	assert_int_equal(count_files(dir), 5); /* the first one was kept */
	assert_false(import(dir,
		&(struct make_cert){.cn = "weak", .key = "RSA1024", .extensions = SIGNS},
		"2048 bits"));
	assert_false(import(dir,
		&(struct make_cert){
			.cn = "old", .from_days = -9, .to_days = -1, .extensions = SIGNS},
		"expired at"));
	assert_false(import(dir,
		&(struct make_cert){
			.cn = "early", .from_days = 2, .to_days = 9, .extensions = SIGNS},
		"not valid before"));
	assert_false(import(dir,
		&(struct make_cert){
			.cn = "leaf", .extensions = {{"basicConstraints", "CA:FALSE"}}},
		"does not say CA"));
	assert_false(import(dir,
		&(struct make_cert){.cn = "x",
			.extensions = {{"basicConstraints", "CA:TRUE"},
				{"keyUsage", "cRLSign"}}},
		"may not sign"));
	assert_false(
		import(dir, &(struct make_cert){.cn = "v1", .v1 = true}, "does not say CA"));
	/* Nothing was changed by those that were refused. */
	struct ca *ca = must_open(dir, NULL);
	assert_true(EVP_PKEY_is_a(ca_key(ca), "RSA"));
	ca_free(ca);
	assert_int_equal(count_files(dir), 5);
	assert_false(ca_import(dir, "/nonexistent.crt", "/nonexistent.key", &err));
	assert_non_null(strstr(err.detail, "/nonexistent.crt"));
}

static void password_protected(void **state)
{
	(void)state;
	struct made m = make_root("locked");
	struct err err = {0};
	char cert[128], key[128];
	snprintf(cert, sizeof cert, "%s/locked.crt", base);
	snprintf(key, sizeof key, "%s/locked.key", base);
	made_write_pem(&m, cert);
	FILE *f = fopen(key, "w");
	char password[] = "secret";
	assert_int_equal(
		PEM_write_PKCS8PrivateKey(f, m.key, EVP_aes_128_cbc(), password, 6, NULL, NULL),
		1);
	fclose(f);
	assert_false(ca_import(fresh(), cert, key, &err));
	assert_non_null(strstr(err.detail, "protected by a password"));
	made_free(&m);
}

static int make_base(void **state)
{
	(void)state;
	snprintf(base, sizeof base, "/tmp/clicktrail-ca-XXXXXX");
	return mkdtemp(base) != NULL ? 0 : -1;
}

static int remove_base(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf '%s'", base);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(imports),
		cmocka_unit_test(password_protected),
	};
	return cmocka_run_group_tests(tests, make_base, remove_base);
}
