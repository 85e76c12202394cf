#include "proxy/ca_root.h"
#include "proxy/ca_x509.h"
#include "store/base/clock.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	DAY_S = 24 * 3600,
	SCRATCH_BEFORE_DAYS = 3, /* of a scratch root, before the time that it is made for */
	CA_RSA_BITS_MIN = 2048,
	CA_EC_BITS_MIN = 256,
};

/* A scratch root for any time before this one ends before the year 10000, which no certificate
 * can name (RFC 5280 4.1.2.5). */
static const int64_t scratch_last_s = INT64_C(253086768000); /* 9990-01-01 */

static int64_t now_s(void)
{
	return clock_now_us(clock_real()) / 1000000;
}

void ca_root_wipe(struct buf *b)
{
	if (b->p != NULL)
		OPENSSL_cleanse(b->p, b->cap);
	buf_fini(b);
}

static bool add_ext(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = ca_x509_ext(nid, value, cert, cert);
	bool ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

/* subject NULL: our usual one, which names the serial so that two installations can be told
 * apart in a browser's list. */
static bool set_subject(X509 *cert, const char *subject)
{
	char usual[64];
	const uint8_t *serial = ASN1_STRING_get0_data(X509_get0_serialNumber(cert));
	snprintf(usual, sizeof usual, "clicktrail local CA %02x%02x%02x%02x", serial[0],
		serial[1], serial[2], serial[3]);
	X509_NAME *name = X509_NAME_new();
	const char *text = subject != NULL ? subject : usual;
	bool ok = name != NULL &&
		  X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
			  (const unsigned char *)text, -1, -1, 0) == 1 &&
		  X509_set_subject_name(cert, name) == 1 &&
		  X509_set_issuer_name(cert, name) == 1;
	X509_NAME_free(name);
	return ok;
}

static X509 *make_root(EVP_PKEY *key, const char *subject, int64_t from_s, int64_t to_s)
{
	X509 *cert = X509_new();
	bool ok = cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 &&
		  ca_x509_serial(cert) && ca_x509_validity(cert, from_s, to_s) &&
		  set_subject(cert, subject) && X509_set_pubkey(cert, key) == 1 &&
		  add_ext(cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
		  add_ext(cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
		  add_ext(cert, NID_subject_key_identifier, "hash") &&
		  X509_sign(cert, key, EVP_sha256()) > 0;
	if (ok)
		return cert;
	X509_free(cert);
	return NULL;
}

static bool write_pem(EVP_PKEY *key, X509 *cert, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when freed */
	bool ok = bio != NULL &&
		  PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
		  PEM_write_bio_X509(bio, cert) == 1;
	if (ok) {
		char *p = NULL;
		long n = BIO_get_mem_data(bio, &p);
		buf_add(out, p,
			(size_t)n); /* grows at most once: no copy of the key stays behind */
	}
	BIO_free(bio);
	return ok;
}

static bool make_pem(
	const char *subject, int64_t from_s, int64_t to_s, struct buf *out, struct err *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = key != NULL ? make_root(key, subject, from_s, to_s) : NULL;
	bool ok = cert != NULL && write_pem(key, cert, out);
	if (!ok)
		err_set(err, ERR_INTERNAL, "making a certificate authority: %s", ca_x509_why());
	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

bool ca_root_make(const char *subject, struct buf *out, struct err *err)
{
	int64_t from_s = now_s() - DAY_S; /* clocks differ a little */
	return make_pem(subject, from_s, from_s + (int64_t)CA_DAYS * DAY_S, out, err);
}

bool ca_root_write(const struct ca *ca, struct buf *out, struct err *err)
{
	if (write_pem(ca->key, ca->cert, out))
		return true;
	return err_set(err, ERR_INTERNAL, "writing the private key: %s", ca_x509_why());
}

static int no_password(char *buf, int size, int rw, void *ctx)
{
	(void)buf, (void)size, (void)rw;
	*(bool *)ctx = true;
	return -1;
}

/* First private key and first certificate of two PEM texts (which may be one and the same). */
static struct ca *parse(struct span cert_pem, struct span key_pem, struct err *err)
{
	struct ca *ca = calloc(1, sizeof *ca);
	BIO *cert_bio = BIO_new_mem_buf(cert_pem.p, (int)cert_pem.n);
	BIO *key_bio = BIO_new_mem_buf(key_pem.p, (int)key_pem.n);
	if (ca == NULL || cert_bio == NULL || key_bio == NULL)
		abort();
	bool encrypted = false;
	ca->cert = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
	ca->key = PEM_read_bio_PrivateKey(key_bio, NULL, no_password, &encrypted);
	BIO_free(cert_bio);
	BIO_free(key_bio);
	bool ok = ca->cert != NULL && ca->key != NULL;
	if (ca->cert == NULL)
		err_set(err, ERR_USAGE, "no certificate in PEM form was found");
	else if (encrypted)
		err_set(err, ERR_USAGE,
			"the private key is protected by a password: give it without one");
	else if (ca->key == NULL)
		err_set(err, ERR_USAGE, "no private key in PEM form was found");
	ca_x509_why();
	if (ok)
		return ca;
	ca_free(ca);
	return NULL;
}

static bool strong_enough(EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "RSA"))
		return EVP_PKEY_get_bits(key) >= CA_RSA_BITS_MIN;
	if (EVP_PKEY_is_a(key, "EC"))
		return EVP_PKEY_get_bits(key) >= CA_EC_BITS_MIN;
	return false; /* browsers take no other kind in a root */
}

/* May it sign leaves that a browser takes today? */
static bool usable(const struct ca *ca, struct err *err)
{
	uint32_t usage = X509_get_key_usage(ca->cert);
	if (X509_check_private_key(ca->cert, ca->key) != 1) {
		ca_x509_why();
		return err_set(err, ERR_USAGE, "the certificate does not fit the private key");
	}
	if (!strong_enough(ca->key))
		return err_set(err, ERR_USAGE,
			"the key is neither RSA of 2048 bits or more nor EC of 256 bits or "
			"more");
	if (X509_check_ca(ca->cert) != 1)
		return err_set(err, ERR_USAGE,
			"the certificate may not sign others: basicConstraints does not say "
			"CA");
	if (usage != UINT32_MAX && (usage & KU_KEY_CERT_SIGN) == 0)
		return err_set(err, ERR_USAGE,
			"the certificate may not sign others: keyUsage lacks keyCertSign");
	char when[CLOCK_TEXT_MAX];
	int64_t from = ca_x509_time(X509_get0_notBefore(ca->cert));
	int64_t to = ca_x509_time(X509_get0_notAfter(ca->cert));
	if (from == INT64_MIN || to == INT64_MIN)
		return err_set(err, ERR_USAGE, "the certificate's validity cannot be read");
	if (from > now_s()) {
		clock_text(from * 1000000, when);
		return err_set(err, ERR_USAGE, "the certificate is not valid before %s", when);
	}
	if (to <= now_s()) {
		clock_text(to * 1000000, when);
		return err_set(err, ERR_USAGE, "the certificate expired at %s", when);
	}
	return true;
}

struct ca *ca_root_load(struct span cert_pem, struct span key_pem, struct err *err)
{
	struct ca *ca = parse(cert_pem, key_pem, err);
	if (ca != NULL && !usable(ca, err)) {
		ca_free(ca);
		return NULL;
	}
	return ca;
}

struct ca *ca_new_ephemeral(const char *subject, struct err *err)
{
	struct buf blob = {0};
	struct ca *ca = NULL;
	if (ca_root_make(subject, &blob, err))
		ca = ca_root_load(buf_span(&blob), buf_span(&blob), err);
	ca_root_wipe(&blob);
	return ca;
}

struct ca *ca_new_scratch(int64_t around_s, struct err *err)
{
	int64_t now = now_s();
	if (around_s < 0 || around_s >= scratch_last_s) {
		err_set(err, ERR_USAGE,
			"no certificate can be made for %lld seconds after 1970",
			(long long)around_s);
		return NULL;
	}
	int64_t from_s =
		(around_s < now ? around_s : now) - (int64_t)SCRATCH_BEFORE_DAYS * DAY_S;
	int64_t to_s = (around_s > now ? around_s : now) + (int64_t)CA_DAYS * DAY_S;
	struct buf blob = {0};
	struct ca *ca = NULL;
	if (make_pem("clicktrail replay (throw-away)", from_s, to_s, &blob, err))
		ca = ca_root_load(buf_span(&blob), buf_span(&blob), err);
	ca_root_wipe(&blob);
	return ca;
}

static void serial_hex(const X509 *cert, struct buf *out)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	for (int i = 0; i < ASN1_STRING_length(serial); i++)
		buf_addf(out, "%02x", ASN1_STRING_get0_data(serial)[i]);
}

bool ca_root_serial(struct span cert_pem, struct buf *out)
{
	BIO *bio = BIO_new_mem_buf(cert_pem.p, (int)cert_pem.n);
	X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	if (cert != NULL)
		serial_hex(cert, out);
	BIO_free(bio);
	ca_x509_why();
	bool found = cert != NULL;
	X509_free(cert);
	return found;
}

void ca_free(struct ca *ca)
{
	if (ca == NULL)
		return;
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key); /* OpenSSL clears private numbers */
	free(ca->dir);
	free(ca);
}

void ca_pem(const struct ca *ca, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	if (bio == NULL || PEM_write_bio_X509(bio, ca->cert) != 1)
		abort();
	long n = BIO_get_mem_data(bio, &p);
	buf_add(out, p, (size_t)n);
	BIO_free(bio);
}

void ca_der(const struct ca *ca, struct buf *out)
{
	int n = i2d_X509(ca->cert, NULL);
	if (n <= 0)
		abort();
	unsigned char *p = buf_room(out, (size_t)n);
	i2d_X509(ca->cert, &p);
	buf_grew(out, (size_t)n);
}

void ca_sha256(const struct ca *ca, uint8_t out[SHA256_LEN])
{
	struct buf der = {0};
	ca_der(ca, &der);
	sha256(buf_span(&der), out);
	buf_fini(&der);
}

void ca_describe(const struct ca *ca, struct buf *out)
{
	char subject[256] = "", shown[512], from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
	uint8_t digest[SHA256_LEN];
	X509_NAME_get_text_by_NID(
		X509_get_subject_name(ca->cert), NID_commonName, subject, sizeof subject);
	text_escape(span_str(subject), shown, sizeof shown);
	clock_text(ca_x509_time(X509_get0_notBefore(ca->cert)) * 1000000, from);
	clock_text(ca_x509_time(X509_get0_notAfter(ca->cert)) * 1000000, to);
	ca_sha256(ca, digest);
	buf_addf(out, "subject:     %s\nserial:      ", shown);
	serial_hex(ca->cert, out);
	buf_addf(out, "\nvalid:       %.10s to %.10s\nsha-256:     ", from, to);
	for (size_t i = 0; i < SHA256_LEN; i++)
		buf_addf(out, "%s%02x", i > 0 ? ":" : "", digest[i]);
	buf_addf(out, "\nfolder:      %s\n", ca->dir != NULL ? ca->dir : "(in memory only)");
}

struct x509_st *ca_cert(const struct ca *ca)
{
	return ca->cert;
}

struct evp_pkey_st *ca_key(const struct ca *ca)
{
	return ca->key;
}
