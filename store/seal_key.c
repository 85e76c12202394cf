#include "store/seal_key.h"
#include "store/seal_dir.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEY_FILE "seal.key"
#define PUBLIC_FILE "seal.pub"

enum { KEY_FILE_MAX = 4096, MAKE_TRIES = 3 };

struct seal_key {
	EVP_PKEY *pkey;
	uint8_t public[SEAL_KEY_LEN];
};

bool seal_default_dir(char *out, size_t out_len, struct err *err)
{
	const char *base = getenv("XDG_DATA_HOME");
	const char *rest = "/clicktrail/seal";
	if (base == NULL || base[0] != '/') { /* XDG: relative paths are to be ignored */
		base = getenv("HOME");
		rest = "/.local/share/clicktrail/seal";
	}
	if (base == NULL || base[0] != '/')
		return err_set(err, ERR_SEAL_KEY,
			"neither XDG_DATA_HOME nor HOME says where the signing key lives");
	int n = snprintf(out, out_len, "%s%s", base, rest);
	if (n < 0 || (size_t)n >= out_len)
		return err_set(err, ERR_SEAL_KEY, "the path of its folder is too long");
	return true;
}

/* Takes pkey. NULL: it is no Ed25519 key. */
static struct seal_key *own(EVP_PKEY *pkey)
{
	struct seal_key *k = calloc(1, sizeof *k);
	size_t n = SEAL_KEY_LEN;
	if (k == NULL)
		abort();
	k->pkey = pkey;
	if (pkey != NULL && EVP_PKEY_is_a(pkey, "ED25519") == 1 &&
		EVP_PKEY_get_raw_public_key(pkey, k->public, &n) == 1 && n == SEAL_KEY_LEN)
		return k;
	seal_key_free(k);
	return NULL;
}

struct seal_key *seal_key_new_ephemeral(void)
{
	ERR_set_mark();
	struct seal_key *k = own(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
	ERR_pop_to_mark();
	return k;
}

void seal_key_free(struct seal_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey); /* clears the private bytes */
	free(k);
}

/* Nobody is asked for a password: the key is kept without one, and there may be no terminal. */
static int no_password(char *out, int size, int writing, void *ctx)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static struct seal_key *parse(const uint8_t *pem, size_t n)
{
	BIO *in = BIO_new_mem_buf(pem, (int)n); /* borrows: no copy of the key */
	if (in == NULL)
		abort();
	ERR_set_mark();
	struct seal_key *k = own(PEM_read_bio_PrivateKey(in, NULL, no_password, NULL));
	ERR_pop_to_mark();
	BIO_free(in);
	return k;
}

/* Up to max bytes; SIZE_MAX with errno on failure. */
static size_t read_some(int fd, uint8_t *out, size_t max)
{
	size_t got = 0;
	while (got < max) {
		ssize_t n = read(fd, out + got, max - got);
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return SIZE_MAX;
		got += (size_t)n;
	}
	return got;
}

static struct seal_key *load(const struct seal_dir *d, bool *missing, struct err *err)
{
	uint8_t pem[KEY_FILE_MAX];
	int fd = seal_dir_file(d, KEY_FILE, O_RDONLY, 077, missing, err);
	if (fd < 0)
		return NULL;
	struct seal_key *k = NULL;
	size_t n = read_some(fd, pem, sizeof pem);
	if (n == SIZE_MAX)
		seal_dir_fail(d, KEY_FILE, "reading", err);
	else if (n == sizeof pem || (k = parse(pem, n)) == NULL)
		err_set(err, d->kind, "%s/" KEY_FILE " is no Ed25519 private key in PEM",
			d->path);
	OPENSSL_cleanse(pem, sizeof pem);
	close(fd);
	return k;
}

/* *there: another process was faster. */
static bool make(const struct seal_dir *d, bool *there, struct err *err)
{
	struct seal_key *k = seal_key_new_ephemeral();
	BIO *out = BIO_new(BIO_s_secmem()); /* cleared when it grows and when it is freed */
	char *pem = NULL;
	bool ok = false;
	*there = false;
	if (out == NULL)
		abort();
	ERR_set_mark();
	if (k != NULL && PEM_write_bio_PKCS8PrivateKey(
				 out, k->pkey, NULL, NULL, 0, no_password, NULL) == 1) {
		long n = BIO_get_mem_data(out, &pem);
		ok = seal_dir_put(
			d, KEY_FILE, 0600, span_of(pem, (size_t)n), false, there, err);
	} else {
		err_set(err, d->kind, "openssl could not make a key");
	}
	ERR_pop_to_mark();
	BIO_free(out);
	seal_key_free(k);
	return ok;
}

/* A public key without its private one: a new pair would end all seals by the old one unseen.
 * Another process that makes a pair puts seal.key into place first. */
static bool lost(const struct seal_dir *d, struct err *err)
{
	if (faccessat(d->fd, PUBLIC_FILE, F_OK, AT_SYMLINK_NOFOLLOW) != 0 ||
		faccessat(d->fd, KEY_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return false;
	err_set(err, d->kind, "%s/" PUBLIC_FILE " is there, but not its private key " KEY_FILE,
		d->path);
	return true;
}

static struct seal_key *load_or_make(const struct seal_dir *d, bool *made, struct err *err)
{
	for (int i = 0; i < MAKE_TRIES; i++) {
		bool missing, there;
		struct seal_key *k = load(d, &missing, err);
		if (k != NULL || !missing)
			return k;
		if (lost(d, err))
			return NULL;
		*made = make(d, &there, err);
		if (!*made && !there)
			return NULL;
	}
	err_set(err, d->kind, "%s/" KEY_FILE " vanishes again and again", d->path);
	return NULL;
}

/* seal.pub is a copy for people. Missing (a crash between two writes): written again. Another
 * one: someone put it there, and who trusts it would trust somebody else's seals. */
static bool check_copy(const struct seal_dir *d, const struct seal_key *k, struct err *err)
{
	uint8_t copy[KEY_FILE_MAX];
	struct buf pem = {0};
	bool missing, there, ok = false;
	seal_key_pem(k->public, &pem);
	assert(pem.p != NULL);
	int fd = seal_dir_file(d, PUBLIC_FILE, O_RDONLY, 022, &missing, err);
	if (fd >= 0) {
		size_t n = read_some(fd, copy, sizeof copy);
		ok = n != SIZE_MAX && span_eq(span_of(copy, n), buf_span(&pem));
		if (n == SIZE_MAX)
			seal_dir_fail(d, PUBLIC_FILE, "reading", err);
		else if (!ok)
			err_set(err, d->kind,
				"the public key in %s/" PUBLIC_FILE " is not that of " KEY_FILE,
				d->path);
		close(fd);
	} else if (missing) {
		ok = seal_dir_put(d, PUBLIC_FILE, 0644, buf_span(&pem), true, &there, err);
	}
	buf_fini(&pem);
	return ok;
}

struct seal_key *seal_key_open(const char *dir, bool *made, struct err *err)
{
	struct seal_dir d;
	bool fresh = false;
	if (made != NULL)
		*made = false;
	if (!seal_dir_open(&d, dir, ERR_SEAL_KEY, err))
		return NULL;
	struct seal_key *k = load_or_make(&d, &fresh, err);
	if (k != NULL && !check_copy(&d, k, err)) {
		seal_key_free(k);
		k = NULL;
	}
	seal_dir_close(&d);
	if (made != NULL)
		*made = fresh && k != NULL;
	return k;
}

bool seal_public_read(const char *dir, uint8_t out[SEAL_KEY_LEN])
{
	char path[PATH_MAX];
	size_t n = SEAL_KEY_LEN;
	int len = snprintf(path, sizeof path, "%s/" PUBLIC_FILE, dir);
	BIO *in = len > 0 && (size_t)len < sizeof path ? BIO_new_file(path, "re") : NULL;
	ERR_set_mark();
	EVP_PKEY *pkey = in != NULL ? PEM_read_bio_PUBKEY(in, NULL, no_password, NULL) : NULL;
	bool ok = pkey != NULL && EVP_PKEY_is_a(pkey, "ED25519") == 1 &&
		  EVP_PKEY_get_raw_public_key(pkey, out, &n) == 1 && n == SEAL_KEY_LEN;
	ERR_pop_to_mark();
	EVP_PKEY_free(pkey);
	BIO_free(in);
	return ok;
}

void seal_key_public(const struct seal_key *k, uint8_t out[SEAL_KEY_LEN])
{
	memcpy(out, k->public, SEAL_KEY_LEN);
}

bool seal_key_sign(const struct seal_key *k, struct span message,
	uint8_t out[SEAL_SIGNATURE_LEN], struct err *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = SEAL_SIGNATURE_LEN;
	const uint8_t *p = message.n > 0 ? message.p : (const uint8_t *)"";
	if (ctx == NULL)
		abort();
	ERR_set_mark();
	/* Ed25519 hashes for itself: no digest is named. */
	bool ok = EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey) == 1 &&
		  EVP_DigestSign(ctx, out, &n, p, message.n) == 1 && n == SEAL_SIGNATURE_LEN;
	ERR_pop_to_mark();
	EVP_MD_CTX_free(ctx);
	return ok || err_set(err, ERR_SEAL_KEY, "openssl could not sign");
}

bool seal_key_verify(const uint8_t key[SEAL_KEY_LEN], struct span message,
	const uint8_t signature[SEAL_SIGNATURE_LEN])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const uint8_t *p = message.n > 0 ? message.p : (const uint8_t *)"";
	if (ctx == NULL)
		abort();
	ERR_set_mark();
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, SEAL_KEY_LEN);
	bool ok = pkey != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
		  EVP_DigestVerify(ctx, signature, SEAL_SIGNATURE_LEN, p, message.n) == 1;
	ERR_pop_to_mark();
	EVP_PKEY_free(pkey);
	EVP_MD_CTX_free(ctx);
	return ok;
}

void seal_key_pem(const uint8_t key[SEAL_KEY_LEN], struct buf *out)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, SEAL_KEY_LEN);
	BIO *pem = BIO_new(BIO_s_mem());
	char *p = NULL;
	/* Any 32 bytes are taken: whether they are a point shows in verifying. */
	if (pkey == NULL || pem == NULL || PEM_write_bio_PUBKEY(pem, pkey) != 1)
		abort();
	long n = BIO_get_mem_data(pem, &p);
	buf_add(out, p, (size_t)n);
	BIO_free(pem);
	EVP_PKEY_free(pkey);
}
