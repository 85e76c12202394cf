/*
 * The local certificate authority: what the root is like, who may read it, and what happens
 * when files are missing, torn, foreign or made by two at once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/ca.h"
#include "store/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[64];
static unsigned count;

/* A fresh path below the test's own folder; it does not exist yet. */
static const char *fresh(void)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/%u", base, count++);
	return path;
}

static char *in_dir(const char *dir, const char *name)
{
	static char path[4][320];
	static unsigned at;
	char *p = path[at++ % 4];
	snprintf(p, sizeof path[0], "%s/%s", dir, name);
	return p;
}

static unsigned mode_of(const char *path)
{
	struct stat st;
	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static struct span slurp(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	buf_clear(b);
	buf_grew(b, (fread(buf_room(b, 65536), 1, 65536, f)));
	fclose(f);
	return buf_span(b);
}

static void spew(const char *path, struct span s, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, s.p, s.n), (ssize_t)s.n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static struct ca *must_open(const char *dir, bool *made)
{
	struct err err = {0};
	struct ca *ca = ca_open(dir, made, &err);
	if (ca == NULL)
		fail_msg("%s", err.detail);
	return ca;
}

static void must_refuse(const char *dir, const char *words)
{
	struct err err = {0};
	struct ca *ca = ca_open(dir, NULL, &err);
	if (ca != NULL || strstr(err.detail, words) == NULL)
		fail_msg("%s, wanted \"%s\"", ca != NULL ? "opened" : err.detail, words);
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

static void root(void **state)
{
	(void)state;
	bool made = false;
	struct ca *ca = must_open(fresh(), &made);
	X509 *cert = ca_cert(ca);
	char cn[80];
	assert_true(made);
	assert_int_equal(X509_get_version(cert), X509_VERSION_3);
	assert_int_equal(X509_check_ca(cert), 1);
	assert_int_equal(X509_get_pathlen(cert), 0);
	assert_int_equal(X509_get_key_usage(cert), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_int_equal(X509_get_extension_flags(cert) & EXFLAG_SS, EXFLAG_SS);
	int basic = X509_get_ext_by_NID(cert, NID_basic_constraints, -1);
	int usage = X509_get_ext_by_NID(cert, NID_key_usage, -1);
	assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(cert, basic)), 1);
	assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(cert, usage)), 1);
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	assert_int_equal(ASN1_STRING_length(serial), 16);
	assert_int_equal(ASN1_STRING_type(serial), V_ASN1_INTEGER);
	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, cn, sizeof cn);
	const uint8_t *s = ASN1_STRING_get0_data(serial);
	char want[80];
	snprintf(want, sizeof want, "clicktrail local CA %02x%02x%02x%02x", s[0], s[1], s[2],
		s[3]);
	assert_string_equal(cn, want);
	int days, seconds;
	assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert),
				 X509_get0_notAfter(cert)),
		1);
	assert_int_equal(days, CA_DAYS);
	assert_true(EVP_PKEY_is_a(ca_key(ca), "EC"));
	assert_int_equal(EVP_PKEY_get_bits(ca_key(ca)), 256);
	ca_free(ca);
}

static void files(void **state)
{
	(void)state;
	char dir[200];
	struct buf pem = {0}, file = {0};
	bool made = true;
	snprintf(dir, sizeof dir, "%s/deep/er", fresh());
	mode_t mask = umask(0);
	struct ca *ca = must_open(dir, NULL), *again = must_open(dir, &made);
	umask(mask);
	assert_false(made);
	assert_int_equal(X509_cmp(ca_cert(ca), ca_cert(again)), 0);
	assert_int_equal(EVP_PKEY_eq(ca_key(ca), ca_key(again)), 1);
	assert_int_equal(mode_of(dir), 0700);
	assert_int_equal(mode_of(in_dir(dir, "..")), 0700);
	assert_int_equal(mode_of(in_dir(dir, "ca.key")), 0600);
	ca_pem(ca, &pem);
	assert_true(span_eq(slurp(in_dir(dir, "ca.pem"), &file), buf_span(&pem)));
	assert_int_equal(span_find(buf_span(&file), span_str("PRIVATE"), 0), SIZE_MAX);
	assert_int_equal(count_files(dir), 3); /* key, certificate, lock; nothing temporary */
	ca_free(ca);
	ca_free(again);
	buf_fini(&pem);
	buf_fini(&file);
}

static void two_installations_differ(void **state)
{
	(void)state;
	struct ca *a = must_open(fresh(), NULL), *b = must_open(fresh(), NULL);
	uint8_t sha_a[SHA256_LEN], sha_b[SHA256_LEN];
	ca_sha256(a, sha_a);
	ca_sha256(b, sha_b);
	assert_memory_not_equal(sha_a, sha_b, SHA256_LEN);
	assert_int_equal(EVP_PKEY_eq(ca_key(a), ca_key(b)), 0);
	assert_int_not_equal(X509_NAME_cmp(X509_get_subject_name(ca_cert(a)),
				     X509_get_subject_name(ca_cert(b))),
		0);
	ca_free(a);
	ca_free(b);
}

static void readable_by_others(void **state)
{
	(void)state;
	const char *dir = fresh();
	ca_free(must_open(dir, NULL));
	assert_int_equal(chmod(in_dir(dir, "ca.key"), 0640), 0);
	must_refuse(dir, "others can read the private key");
	must_refuse(dir, "0640");
	assert_int_equal(chmod(in_dir(dir, "ca.key"), 0600), 0);
	assert_int_equal(chmod(dir, 0750), 0);
	must_refuse(dir, "others may enter");
	assert_int_equal(chmod(dir, 0700), 0);
	ca_free(must_open(dir, NULL));
}

static void of_another_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	const char *dir = fresh();
	ca_free(must_open(dir, NULL));
	assert_int_equal(chown(in_dir(dir, "ca.key"), 12345, 12345), 0);
	must_refuse(dir, "ca.key belongs to another user");
	assert_int_equal(chown(in_dir(dir, "ca.key"), 0, 0), 0);
	assert_int_equal(chown(dir, 12345, 12345), 0);
	must_refuse(dir, "belongs to another user");
	assert_int_equal(chown(dir, 0, 0), 0);
}

static void not_a_file(void **state)
{
	(void)state;
	const char *dir = fresh();
	ca_free(must_open(dir, NULL));
	assert_int_equal(rename(in_dir(dir, "ca.key"), in_dir(dir, "elsewhere")), 0);
	assert_int_equal(symlink("elsewhere", in_dir(dir, "ca.key")), 0);
	must_refuse(dir, "opening");
	assert_int_equal(unlink(in_dir(dir, "ca.key")), 0);
	assert_int_equal(mkfifo(in_dir(dir, "ca.key"), 0600), 0); /* must not hang */
	must_refuse(dir, "is no regular file");
	unlink(in_dir(dir, "ca.key"));
	spew(in_dir(dir, "ca.key"), span_str("nothing"), 0600);
	must_refuse(dir, "no certificate in PEM form");
}

/* Key and certificate that do not belong together, whichever way someone mixed them. */
static void mixed_up(void **state)
{
	(void)state;
	char one[128];
	struct buf a = {0}, b = {0}, mix = {0};
	snprintf(one, sizeof one, "%s", fresh());
	const char *two = fresh();
	ca_free(must_open(one, NULL));
	ca_free(must_open(two, NULL));
	slurp(in_dir(one, "ca.pem"), &a);
	spew(in_dir(two, "ca.pem"), buf_span(&a), 0600);
	must_refuse(two, "does not fit the private key");
	assert_int_equal(unlink(in_dir(two, "ca.pem")), 0); /* the copy is written anew */
	ca_free(must_open(two, NULL));
	slurp(in_dir(two, "ca.key"), &b);
	buf_add_span(&mix, buf_span(&a));
	buf_add_span(&mix, buf_span(&b));
	spew(in_dir(two, "ca.key"), buf_span(&mix), 0600);
	must_refuse(two, "the certificate does not fit the private key");
	assert_int_equal(unlink(in_dir(one, "ca.key")), 0);
	must_refuse(one, "but not its private key");
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&mix);
}

static void renew(void **state)
{
	(void)state;
	const char *dir = fresh();
	struct err err = {0};
	struct ca *old = must_open(dir, NULL);
	char kept[160], serial[33] = "";
	for (size_t i = 0; i < 16; i++)
		snprintf(serial + 2 * i, 3, "%02x",
			ASN1_STRING_get0_data(X509_get0_serialNumber(ca_cert(old)))[i]);
	assert_true(ca_renew(dir, &err));
	struct ca *new = must_open(dir, NULL);
	assert_int_equal(EVP_PKEY_eq(ca_key(old), ca_key(new)), 0);
	snprintf(kept, sizeof kept, "ca.pem.%s", serial);
	assert_int_equal(access(in_dir(dir, kept), F_OK), 0);
	snprintf(kept, sizeof kept, "ca.key.%s", serial);
	assert_int_equal(mode_of(in_dir(dir, kept)), 0600);
	ca_free(old);
	ca_free(new);
	/* A key that leaked is replaced, not refused. */
	assert_int_equal(chmod(in_dir(dir, "ca.key"), 0644), 0);
	assert_true(ca_renew(dir, &err));
	ca_free(must_open(dir, NULL));
	assert_true(ca_remove(dir, &err));
	assert_int_equal(access(dir, F_OK), -1);
	assert_false(ca_remove(dir, &err));
	/* Where there is nothing yet, renewing makes one. */
	assert_true(ca_renew(dir, &err));
	ca_free(must_open(dir, NULL));
}

static void removal_leaves_strangers_files(void **state)
{
	(void)state;
	const char *dir = fresh();
	ca_free(must_open(dir, NULL));
	spew(in_dir(dir, "letter.txt"), span_str("dear"), 0600);
	assert_true(ca_remove(dir, NULL));
	assert_int_equal(count_files(dir), 1);
}

static void *open_it(void *dir)
{
	return ca_open(dir, NULL, NULL);
}

/* Threads and processes that start at once all get the same root, and its files fit each other.
 */
static void made_by_many_at_once(void **state)
{
	(void)state;
	enum { THREADS = 4, PROCESSES = 4, ROUNDS = 5 };
	for (int round = 0; round < ROUNDS; round++) {
		char dir[128];
		snprintf(dir, sizeof dir, "%s", fresh());
		pid_t pids[PROCESSES];
		for (int i = 0; i < PROCESSES; i++) {
			pids[i] = fork();
			if (pids[i] == 0)
				_exit(ca_open(dir, NULL, NULL) != NULL ? 0 : 1);
		}
		pthread_t threads[THREADS];
		struct ca *got[THREADS];
		for (int i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, open_it, dir), 0);
		for (int i = 0; i < THREADS; i++) {
			void *result;
			pthread_join(threads[i], &result);
			got[i] = result;
			assert_non_null(got[i]);
			assert_int_equal(X509_cmp(ca_cert(got[0]), ca_cert(got[i])), 0);
		}
		for (int i = 0; i < PROCESSES; i++) {
			int status;
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_int_equal(status, 0);
		}
		struct ca *last = must_open(dir, NULL);
		assert_int_equal(X509_cmp(ca_cert(got[0]), ca_cert(last)), 0);
		ca_free(last);
		for (int i = 0; i < THREADS; i++)
			ca_free(got[i]);
	}
}

static void default_dir(void **state)
{
	(void)state;
	char out[64];
	struct err err = {0};
	setenv("HOME", "/home/x", 1);
	setenv("XDG_DATA_HOME", "/data", 1);
	assert_true(ca_default_dir(out, sizeof out, &err));
	assert_string_equal(out, "/data/clicktrail/ca");
	setenv("XDG_DATA_HOME", "relative", 1);
	assert_true(ca_default_dir(out, sizeof out, &err));
	assert_string_equal(out, "/home/x/.local/share/clicktrail/ca");
	assert_false(ca_default_dir(out, 20, &err));
	unsetenv("XDG_DATA_HOME");
	unsetenv("HOME");
	assert_false(ca_default_dir(out, sizeof out, &err));
	assert_int_equal(err.kind, ERR_USAGE);
}

static bool mentions(struct span text, const uint8_t *key, size_t n)
{
	char hex[129] = "";
	for (size_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", key[i]);
	return span_find(text, span_of(key, n), 0) != SIZE_MAX ||
	       span_find_nocase(text, span_str(hex), 0) != SIZE_MAX ||
	       span_find(text, span_str("PRIVATE KEY"), 0) != SIZE_MAX;
}

/* The private number appears in no output: not in what is shown or exported, not in errors, not
 * on stderr. */
static void key_stays_inside(void **state)
{
	(void)state;
	const char *dir = fresh();
	struct buf out = {0}, log = {0};
	struct err err = {0};
	char path[128];
	snprintf(path, sizeof path, "%s/stderr", base);
	int saved = dup(2), file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	dup2(file, 2);
	struct ca *ca = must_open(dir, NULL);
	BIGNUM *number = NULL;
	uint8_t key[32];
	assert_int_equal(EVP_PKEY_get_bn_param(ca_key(ca), "priv", &number), 1);
	BN_bn2binpad(number, key, sizeof key);
	BN_clear_free(number);
	ca_pem(ca, &out);
	ca_der(ca, &out);
	ca_describe(ca, &out);
	chmod(in_dir(dir, "ca.key"), 0644);
	assert_null(ca_open(dir, NULL, &err));
	log_error("%s", err.detail);
	buf_add_str(&out, err.detail);
	dup2(saved, 2);
	close(saved);
	close(file);
	slurp(path, &log);
	assert_true(buf_len(&log) > 0);
	assert_false(mentions(buf_span(&out), key, sizeof key));
	assert_false(mentions(buf_span(&log), key, sizeof key));
	/* The test itself can tell: the key file does hold it. */
	slurp(in_dir(dir, "ca.key"), &log);
	assert_true(mentions(buf_span(&log), key, sizeof key));
	ca_free(ca);
	buf_fini(&out);
	buf_fini(&log);
}

static void described(void **state)
{
	(void)state;
	const char *dir = fresh();
	struct ca *ca = must_open(dir, NULL), *lab = ca_new_ephemeral("lab \x1b[2J root", NULL);
	struct buf out = {0};
	ca_describe(ca, &out);
	assert_true(span_find(buf_span(&out), span_str("clicktrail local CA "), 0) != SIZE_MAX);
	assert_true(span_find(buf_span(&out), span_str(dir), 0) != SIZE_MAX);
	buf_clear(&out);
	ca_describe(lab, &out);
	assert_true(span_find(buf_span(&out), span_str("lab \\x1b[2J root"), 0) != SIZE_MAX);
	assert_true(span_find(buf_span(&out), span_str("in memory only"), 0) != SIZE_MAX);
	buf_fini(&out);
	ca_free(ca);
	ca_free(lab);
}

static void guarded(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit core;
		struct err err;
		bool ok = ca_guard_process(&err) && prctl(PR_GET_DUMPABLE) == 0 &&
			  getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 &&
			  core.rlim_max == 0;
		_exit(ok ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
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
		cmocka_unit_test(root),
		cmocka_unit_test(files),
		cmocka_unit_test(two_installations_differ),
		cmocka_unit_test(readable_by_others),
		cmocka_unit_test(of_another_user),
		cmocka_unit_test(not_a_file),
		cmocka_unit_test(mixed_up),
		cmocka_unit_test(renew),
		cmocka_unit_test(removal_leaves_strangers_files),
		cmocka_unit_test(made_by_many_at_once),
		cmocka_unit_test(default_dir),
		cmocka_unit_test(key_stays_inside),
		cmocka_unit_test(described),
		cmocka_unit_test(guarded),
	};
	return cmocka_run_group_tests(tests, make_base, remove_base);
}
