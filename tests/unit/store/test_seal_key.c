/* The signing key: RFC 8032's vectors, made once and found again, refused where others could
 * have had it, and what the openssl program makes of its files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/base/codec.h"
#include "store/seal_key.h"

#include <dirent.h>
#include <openssl/err.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[] = "/tmp/seal_key.XXXXXX";

static void assert_spans(struct span got, struct span expected)
{
	assert_int_equal(got.n, expected.n);
	if (got.n > 0)
		assert_memory_equal(got.p, expected.p, got.n);
}

/* The path of a folder that is not there yet. */
static const char *fresh(void)
{
	static char path[64];
	static int n;
	snprintf(path, sizeof path, "%s/%d", base, n++);
	return path;
}

static const char *in_dir(const char *dir, const char *name)
{
	static char path[192];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static void spew(const char *path, const void *p, size_t n, mode_t mode)
{
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static size_t slurp(const char *path, char *out, size_t out_len)
{
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	size_t n = fread(out, 1, out_len - 1, f);
	fclose(f);
	out[n] = 0;
	return n;
}

static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *format, ...)
{
	char command[1024];
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(command, sizeof command, format, ap);
	va_end(ap);
	assert_in_range(n, 1, sizeof command - 1);
	return system(command);
}

static size_t count_files(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static struct seal_key *must_open(const char *dir, bool *made)
{
	struct err err = {0};
	struct seal_key *k = seal_key_open(dir, made, &err);
	if (k == NULL)
		print_error("%s\n", err.detail);
	assert_non_null(k);
	return k;
}

static void must_refuse(const char *dir, const char *because)
{
	struct err err = {0};
	bool made = true;
	assert_null(seal_key_open(dir, &made, &err));
	assert_false(made);
	assert_int_equal(err.kind, ERR_SEAL_KEY);
	if (strstr(err.detail, because) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.detail, because);
	/* Who uses TLS in the same thread next must not find our failures. */
	assert_int_equal(ERR_peek_error(), 0);
}

static const char *made_dir(void)
{
	const char *dir = fresh();
	seal_key_free(must_open(dir, NULL));
	return dir;
}

/* RFC 8032 7.1, tests 1 to 3. */
static const struct vector {
	const char *seed, *key, *message, *signature;
} vectors[] = {
	{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33b"
		"acc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
	{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e1599"
		"6e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
	{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f2"
		"90ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};
enum { VECTORS = sizeof vectors / sizeof *vectors };

static struct buf unhex(const char *hex)
{
	struct buf b = {0};
	assert_true(hex_read(span_str(hex), &b));
	return b;
}

static void verifies_the_published_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		struct buf key = unhex(vectors[i].key), message = unhex(vectors[i].message),
			   signature = unhex(vectors[i].signature);
		assert_true(seal_key_verify(key.p, buf_span(&message), signature.p));
		for (size_t bit = 0; bit < (size_t)SEAL_SIGNATURE_LEN * 8; bit++) {
			signature.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(seal_key_verify(key.p, buf_span(&message), signature.p));
			signature.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t bit = 0; bit < (size_t)SEAL_KEY_LEN * 8; bit++) {
			key.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(seal_key_verify(key.p, buf_span(&message), signature.p));
			key.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		buf_add_byte(&message, 0);
		assert_false(seal_key_verify(key.p, buf_span(&message), signature.p));
		buf_fini(&key);
		buf_fini(&message);
		buf_fini(&signature);
	}
	assert_int_equal(ERR_peek_error(), 0);
}

/* A key in the form of RFC 8410 7, as openssl writes it, signs as RFC 8032 says. */
static void signs_the_published_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const char *dir = made_dir();
		struct buf der = unhex("302e020100300506032b657004220420"), pem = {0};
		struct buf message = unhex(vectors[i].message),
			   expected = unhex(vectors[i].signature);
		uint8_t got[SEAL_SIGNATURE_LEN];
		hex_read(span_str(vectors[i].seed), &der);
		buf_add_str(&pem, "-----BEGIN PRIVATE KEY-----\n");
		base64_add(&pem, buf_span(&der));
		buf_add_str(&pem, "\n-----END PRIVATE KEY-----\n");
		spew(in_dir(dir, "seal.key"), pem.p, buf_len(&pem), 0600);
		unlink(in_dir(dir, "seal.pub"));
		struct seal_key *k = must_open(dir, NULL);
		assert_true(seal_key_sign(k, buf_span(&message), got, NULL));
		assert_memory_equal(got, expected.p, sizeof got);
		seal_key_free(k);
		buf_fini(&der);
		buf_fini(&pem);
		buf_fini(&message);
		buf_fini(&expected);
	}
}

static void verifies_what_it_signed(void **state)
{
	(void)state;
	struct seal_key *k = seal_key_new_ephemeral(), *other = seal_key_new_ephemeral();
	uint8_t key[SEAL_KEY_LEN], foreign[SEAL_KEY_LEN], signature[SEAL_SIGNATURE_LEN];
	char text[] = "facts 4096\n";
	struct span message = span_str(text);
	seal_key_public(k, key);
	seal_key_public(other, foreign);
	assert_memory_not_equal(key, foreign, sizeof key);
	assert_true(seal_key_sign(k, message, signature, NULL));
	assert_true(seal_key_verify(key, message, signature));
	assert_false(seal_key_verify(foreign, message, signature));
	for (size_t bit = 0; bit < message.n * 8; bit++) {
		text[bit / 8] ^= (char)(1 << bit % 8);
		assert_false(seal_key_verify(key, message, signature));
		text[bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_true(seal_key_sign(k, SPAN_NONE, signature, NULL));
	assert_true(seal_key_verify(key, span_str(""), signature));
	seal_key_free(k);
	seal_key_free(other);
	seal_key_free(NULL);
}

static void is_made_once(void **state)
{
	(void)state;
	char dir[128], before[1024], after[1024];
	uint8_t a[SEAL_KEY_LEN], b[SEAL_KEY_LEN];
	struct stat st;
	bool made = false;
	snprintf(dir, sizeof dir, "%s/deep/er", fresh());
	mode_t mask = umask(0);
	struct seal_key *k = must_open(dir, &made);
	umask(mask);
	assert_true(made);
	seal_key_public(k, a);
	seal_key_free(k);
	assert_int_equal(count_files(dir), 2);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(in_dir(dir, "seal.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	slurp(in_dir(dir, "seal.key"), before, sizeof before);
	assert_non_null(strstr(before, "-----BEGIN PRIVATE KEY-----"));
	k = must_open(dir, &made);
	assert_false(made);
	seal_key_public(k, b);
	seal_key_free(k);
	assert_memory_equal(a, b, sizeof a);
	slurp(in_dir(dir, "seal.key"), after, sizeof after);
	assert_string_equal(before, after);
}

static void writes_its_public_copy_again(void **state)
{
	(void)state;
	const char *dir = made_dir();
	struct buf pem = {0};
	char copy[1024];
	uint8_t key[SEAL_KEY_LEN];
	assert_int_equal(unlink(in_dir(dir, "seal.pub")), 0);
	struct seal_key *k = must_open(dir, NULL);
	seal_key_public(k, key);
	seal_key_free(k);
	seal_key_pem(key, &pem);
	size_t n = slurp(in_dir(dir, "seal.pub"), copy, sizeof copy);
	assert_spans(span_of(copy, n), buf_span(&pem));
	copy[40] ^= 1;
	spew(in_dir(dir, "seal.pub"), copy, n, 0644);
	must_refuse(dir, "is not that of seal.key");
	buf_fini(&pem);
}

static void does_not_replace_a_lost_key(void **state)
{
	(void)state;
	const char *dir = made_dir();
	assert_int_equal(unlink(in_dir(dir, "seal.key")), 0);
	must_refuse(dir, "but not its private key");
	assert_int_equal(count_files(dir), 1);
}

static void refuses_what_others_can_reach(void **state)
{
	(void)state;
	static const mode_t modes[] = {0644, 0640, 0604, 0660, 0610, 0601, 0602, 0620};
	const char *dir = made_dir();
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_int_equal(chmod(in_dir(dir, "seal.key"), modes[i]), 0);
		must_refuse(dir, "others can get at");
	}
	assert_int_equal(chmod(in_dir(dir, "seal.key"), 0600), 0);
	assert_int_equal(chmod(dir, 0750), 0);
	must_refuse(dir, "others may enter");
	assert_int_equal(chmod(dir, 0700), 0);
	seal_key_free(must_open(dir, NULL));
}

/* As root, which may give files away; the tests of others pass this over. */
static void refuses_what_is_another_users(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	const char *dir = made_dir();
	assert_int_equal(chown(in_dir(dir, "seal.key"), 12345, 12345), 0);
	must_refuse(dir, "belongs to another user");
	assert_int_equal(chown(in_dir(dir, "seal.key"), 0, 0), 0);
	assert_int_equal(chown(dir, 12345, 12345), 0);
	must_refuse(dir, "belongs to another user");
}

static void refuses_what_is_no_file(void **state)
{
	(void)state;
	char other[128];
	const char *dir = made_dir();
	snprintf(other, sizeof other, "%s/elsewhere.key", base);
	assert_int_equal(rename(in_dir(dir, "seal.key"), other), 0);
	assert_int_equal(symlink(other, in_dir(dir, "seal.key")), 0);
	must_refuse(dir, "opening");
	unlink(in_dir(dir, "seal.key"));
	assert_int_equal(symlink("/nowhere/at/all", in_dir(dir, "seal.key")), 0);
	must_refuse(dir, "opening");
	unlink(in_dir(dir, "seal.key"));
	assert_int_equal(mkfifo(in_dir(dir, "seal.key"), 0600), 0);
	must_refuse(dir, "no regular file");
	unlink(in_dir(dir, "seal.key"));
	assert_int_equal(mkdir(in_dir(dir, "seal.key"), 0700), 0);
	must_refuse(dir, "no regular file");
	rmdir(in_dir(dir, "seal.key"));
	assert_int_equal(rename(other, in_dir(dir, "seal.key")), 0);
	seal_key_free(must_open(dir, NULL));
	must_refuse(in_dir(dir, "seal.key"), "opening");
	must_refuse("", "0 bytes");
}

static void refuses_another_kind_of_key(void **state)
{
	(void)state;
	static const char *const kinds[] = {"-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
		"-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "-algorithm ED448",
		"-algorithm X25519",
		/* Encrypted: nobody may be asked for a password. */
		"-algorithm ED25519 -aes128 -pass pass:secret"};
	const char *dir = made_dir();
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		assert_int_equal(run("openssl genpkey %s -out %s/seal.key 2>%s/log", kinds[i],
					 dir, base),
			0);
		assert_int_equal(chmod(in_dir(dir, "seal.key"), 0600), 0);
		must_refuse(dir, "no Ed25519 private key");
	}
}

static void refuses_what_is_no_key(void **state)
{
	(void)state;
	static char big[8192];
	const char *dir = made_dir();
	char pem[4096];
	size_t n = slurp(in_dir(dir, "seal.key"), pem, sizeof pem);
	spew(in_dir(dir, "seal.key"), "", 0, 0600);
	must_refuse(dir, "no Ed25519 private key");
	spew(in_dir(dir, "seal.key"), pem, n / 2, 0600);
	must_refuse(dir, "no Ed25519 private key");
	spew(in_dir(dir, "seal.key"), "\0\xff garbage\n", 11, 0600);
	must_refuse(dir, "no Ed25519 private key");
	memset(big, '\n', sizeof big);
	memcpy(big, pem, n);
	spew(in_dir(dir, "seal.key"), big, sizeof big, 0600);
	must_refuse(dir, "no Ed25519 private key");
	n = slurp(in_dir(dir, "seal.pub"), pem, sizeof pem);
	spew(in_dir(dir, "seal.key"), pem, n, 0600);
	must_refuse(dir, "no Ed25519 private key");
}

/* Processes that start at once end with the same key; one of them made it; nothing is left over
 * from the others. */
static void is_made_by_many_at_once(void **state)
{
	(void)state;
	enum { PROCESSES = 4, ROUNDS = 8 };
	for (int round = 0; round < ROUNDS; round++) {
		const char *dir = fresh();
		pid_t pids[PROCESSES];
		int answers[2], makers = 0;
		struct {
			uint8_t key[SEAL_KEY_LEN];
			bool made;
		} got[PROCESSES] = {0};
		assert_int_equal(pipe(answers), 0);
		for (int i = 0; i < PROCESSES; i++) {
			pids[i] = fork();
			if (pids[i] != 0)
				continue;
			struct seal_key *k = seal_key_open(dir, &got[0].made, NULL);
			if (k == NULL)
				_exit(1);
			seal_key_public(k, got[0].key);
			_exit(write(answers[1], got, sizeof got[0]) == sizeof got[0] ? 0 : 2);
		}
		for (int i = 0; i < PROCESSES; i++) {
			int status;
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_int_equal(status, 0);
			assert_int_equal(
				read(answers[0], &got[i], sizeof got[i]), sizeof got[i]);
			assert_memory_equal(got[i].key, got[0].key, SEAL_KEY_LEN);
			makers += got[i].made;
		}
		close(answers[0]);
		close(answers[1]);
		assert_int_equal(makers, 1);
		assert_int_equal(count_files(dir), 2);
	}
}

static void openssl_reads_and_verifies(void **state)
{
	(void)state;
	const char *dir = made_dir(), *message = "clicktrail-head/1\ncase 00\n";
	uint8_t key[SEAL_KEY_LEN], signature[SEAL_SIGNATURE_LEN];
	char ours[1024], theirs[1024];
	struct seal_key *k = must_open(dir, NULL);
	seal_key_public(k, key);
	assert_true(seal_key_sign(k, span_str(message), signature, NULL));
	seal_key_free(k);
	/* The same public key, from either file, in the same bytes. */
	slurp(in_dir(dir, "seal.pub"), ours, sizeof ours);
	assert_int_equal(run("openssl pkey -pubin -in %s/seal.pub -out %s/a", dir, base), 0);
	slurp(in_dir(base, "a"), theirs, sizeof theirs);
	assert_string_equal(ours, theirs);
	assert_int_equal(run("openssl pkey -in %s/seal.key -pubout -out %s/a", dir, base), 0);
	slurp(in_dir(base, "a"), theirs, sizeof theirs);
	assert_string_equal(ours, theirs);
	assert_int_equal(run("openssl pkey -in %s/seal.key -out %s/a", dir, base), 0);
	slurp(in_dir(base, "a"), theirs, sizeof theirs);
	slurp(in_dir(dir, "seal.key"), ours, sizeof ours);
	assert_string_equal(ours, theirs);

	static const char verify[] =
		"openssl pkeyutl -verify -pubin -inkey %s/seal.pub -rawin -in %s/message "
		"-sigfile %s/signature >%s/log 2>&1";
	spew(in_dir(base, "message"), message, strlen(message), 0600);
	spew(in_dir(base, "signature"), signature, sizeof signature, 0600);
	assert_int_equal(run(verify, dir, base, base, base), 0);
	signature[7] ^= 1;
	spew(in_dir(base, "signature"), signature, sizeof signature, 0600);
	assert_int_not_equal(run(verify, dir, base, base, base), 0);
}

static void has_a_default_folder(void **state)
{
	(void)state;
	char out[64];
	struct err err = {0};
	setenv("HOME", "/home/x", 1);
	setenv("XDG_DATA_HOME", "/data", 1);
	assert_true(seal_default_dir(out, sizeof out, &err));
	assert_string_equal(out, "/data/clicktrail/seal");
	setenv("XDG_DATA_HOME", "relative", 1);
	assert_true(seal_default_dir(out, sizeof out, &err));
	assert_string_equal(out, "/home/x/.local/share/clicktrail/seal");
	assert_false(seal_default_dir(out, 20, &err));
	assert_int_equal(err.kind, ERR_SEAL_KEY);
	unsetenv("XDG_DATA_HOME");
	unsetenv("HOME");
	err = (struct err){0};
	assert_false(seal_default_dir(out, sizeof out, &err));
	assert_int_equal(err.kind, ERR_SEAL_KEY);
}

static int start(void **state)
{
	(void)state;
	return mkdtemp(base) != NULL ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return run("rm -rf '%s'", base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verifies_the_published_vectors),
		cmocka_unit_test(signs_the_published_vectors),
		cmocka_unit_test(verifies_what_it_signed),
		cmocka_unit_test(is_made_once),
		cmocka_unit_test(writes_its_public_copy_again),
		cmocka_unit_test(does_not_replace_a_lost_key),
		cmocka_unit_test(refuses_what_others_can_reach),
		cmocka_unit_test(refuses_what_is_another_users),
		cmocka_unit_test(refuses_what_is_no_file),
		cmocka_unit_test(refuses_another_kind_of_key),
		cmocka_unit_test(refuses_what_is_no_key),
		cmocka_unit_test(is_made_by_many_at_once),
		cmocka_unit_test(openssl_reads_and_verifies),
		cmocka_unit_test(has_a_default_folder),
	};
	return cmocka_run_group_tests(tests, start, end);
}
