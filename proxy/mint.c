#include "proxy/mint.h"
#include "proxy/ca_x509.h"
#include "proxy/tls_host.h"
#include "store/base/clock.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum {
	DAY_S = 24 * 3600,
	COMMON_NAME_MAX = 64, /* RFC 5280 appendix A.1, ub-common-name */
	MINT_EXTENSIONS = 5,
};

struct mint {
	X509 *ca_cert;
	EVP_PKEY *ca_key, *key;
	EVP_PKEY *public_key; /* of key, in the form that X509_set_pubkey encodes fast */
	int64_t ca_from_s, ca_to_s;
	struct mint_shift shift;
	X509_EXTENSION *extensions[MINT_EXTENSIONS]; /* those that every leaf carries alike;
							NULL: left out */
};

/* X509_set_pubkey sends a key that a provider made through the encoder and back through the
 * decoder: 180 us a leaf. The same point read by d2i_PublicKey is held in the old form, which
 * is copied in 7 us. */
static EVP_PKEY *plain_public(EVP_PKEY *key)
{
	unsigned char *point = NULL;
	int n = i2d_PublicKey(key, &point);
	EVP_PKEY *copy = EVP_PKEY_dup(key);
	const unsigned char *p = point;
	bool ok = n > 0 && copy != NULL && d2i_PublicKey(EVP_PKEY_EC, &copy, &p, n) != NULL;
	OPENSSL_free(point);
	if (ok)
		return copy;
	EVP_PKEY_free(copy);
	return NULL;
}

/* What no two leaves differ in, encoded once. A scratch leaf gives the key identifiers their
 * key. */
static bool make_extensions(struct mint *m)
{
	X509 *scratch = X509_new();
	bool ok = scratch != NULL && X509_set_pubkey(scratch, m->key) == 1;
	if (ok) {
		m->extensions[0] = ca_x509_ext(
			NID_basic_constraints, "critical,CA:FALSE", m->ca_cert, scratch);
		m->extensions[1] = ca_x509_ext(
			NID_key_usage, "critical,digitalSignature", m->ca_cert, scratch);
		m->extensions[2] =
			ca_x509_ext(NID_ext_key_usage, "serverAuth", m->ca_cert, scratch);
		m->extensions[3] =
			ca_x509_ext(NID_subject_key_identifier, "hash", m->ca_cert, scratch);
		ok = m->extensions[0] != NULL && m->extensions[1] != NULL &&
		     m->extensions[2] != NULL && m->extensions[3] != NULL;
	}
	/* An imported CA may lack the identifier that this one would repeat. */
	if (ok && X509_get0_subject_key_id(m->ca_cert) != NULL) {
		m->extensions[4] =
			ca_x509_ext(NID_authority_key_identifier, "keyid", m->ca_cert, scratch);
		ok = m->extensions[4] != NULL;
	}
	X509_free(scratch);
	return ok;
}

struct mint *mint_new(const struct ca *ca, struct err *err)
{
	return mint_new_shifted(ca, &(struct mint_shift){0}, err);
}

struct mint *mint_new_shifted(
	const struct ca *ca, const struct mint_shift *shift, struct err *err)
{
	struct mint *m = calloc(1, sizeof *m);
	if (m == NULL)
		abort();
	m->shift = *shift;
	m->ca_cert = ca_cert(ca);
	m->ca_key = ca_key(ca);
	X509_up_ref(m->ca_cert);
	EVP_PKEY_up_ref(m->ca_key);
	m->ca_from_s = ca_x509_time(X509_get0_notBefore(m->ca_cert));
	m->ca_to_s = ca_x509_time(X509_get0_notAfter(m->ca_cert));
	m->key = EVP_EC_gen("P-256");
	m->public_key = m->key != NULL ? plain_public(m->key) : NULL;
	if (m->public_key != NULL && make_extensions(m))
		return m;
	err_set(err, ERR_INTERNAL, "making the key of the leaves: %s", ca_x509_why());
	mint_free(m);
	return NULL;
}

void mint_free(struct mint *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < MINT_EXTENSIONS; i++)
		X509_EXTENSION_free(m->extensions[i]);
	EVP_PKEY_free(m->public_key);
	EVP_PKEY_free(m->key);
	EVP_PKEY_free(m->ca_key);
	X509_free(m->ca_cert);
	free(m);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t mint_now_s(const struct mint *m)
{
	return clock_now_us(clock_real()) / 1000000 + m->shift.browser_offset_s;
}

/* From a day ago, for clocks differ; within the CA's validity; within the origin's where the
 * origin's holds today, so that a short-lived certificate gives a short-lived leaf. Today is
 * the browser's. */
static bool set_validity(const struct mint *m, X509 *leaf, const X509 *like)
{
	int64_t now = mint_now_s(m);
	int64_t from = later(now - DAY_S, m->ca_from_s), to = m->ca_to_s;
	if (like != NULL) {
		int64_t like_from = ca_x509_time(X509_get0_notBefore(like));
		int64_t like_to = ca_x509_time(X509_get0_notAfter(like));
		bool read = like_from != INT64_MIN && like_to != INT64_MIN;
		if (read) {
			like_from += m->shift.like_offset_s;
			like_to += m->shift.like_offset_s;
		}
		if (read && like_from <= now && like_to > now + DAY_S) {
			from = later(from, like_from);
			to = earlier(to, like_to);
		}
	}
	/* The last second counts as well (RFC 5280 4.1.2.5). */
	to = earlier(to, from + (int64_t)MINT_DAYS_MAX * DAY_S - 1);
	return ca_x509_validity(leaf, from, to);
}

static bool set_subject(X509 *leaf, const char *text)
{
	if (strlen(text) > COMMON_NAME_MAX)
		return true; /* empty: the critical subjectAltName says it all (RFC
				5280 4.1.2.6) */
	return X509_NAME_add_entry_by_NID(X509_get_subject_name(leaf), NID_commonName,
		       MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0) == 1;
}

static bool add_san(X509 *leaf, const struct tls_host *host)
{
	bool is_ip = host->ip_len > 0;
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *value =
		ASN1_STRING_type_new(is_ip ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
	bool ok = names != NULL && name != NULL && value != NULL &&
		  ASN1_STRING_set(value, is_ip ? (const void *)host->ip : host->name,
			  (int)(is_ip ? host->ip_len : strlen(host->name))) == 1;
	if (!ok) {
		ASN1_STRING_free(value);
		GENERAL_NAME_free(name);
		GENERAL_NAMES_free(names);
		return false;
	}
	GENERAL_NAME_set0_value(name, is_ip ? GEN_IPADD : GEN_DNS, value);
	ok = sk_GENERAL_NAME_push(names, name) > 0;
	int critical = X509_NAME_entry_count(X509_get_subject_name(leaf)) == 0;
	ok = ok && X509_add1_ext_i2d(leaf, NID_subject_alt_name, names, critical,
			   X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(names);
	return ok;
}

static bool add_extensions(const struct mint *m, X509 *leaf)
{
	for (size_t i = 0; i < MINT_EXTENSIONS; i++)
		if (m->extensions[i] != NULL && X509_add_ext(leaf, m->extensions[i], -1) != 1)
			return false;
	return true;
}

struct x509_st *mint_leaf(
	struct mint *m, const char *host, const struct x509_st *like, struct err *err)
{
	struct tls_host name;
	if (!tls_host_parse(host, &name, err))
		return NULL;
	X509 *leaf = X509_new();
	bool ok = leaf != NULL && X509_set_version(leaf, X509_VERSION_3) == 1 &&
		  ca_x509_serial(leaf) && set_validity(m, leaf, like) &&
		  set_subject(leaf, name.ip_len > 0 ? host : name.name) &&
		  X509_set_issuer_name(leaf, X509_get_subject_name(m->ca_cert)) == 1 &&
		  X509_set_pubkey(leaf, m->public_key) == 1 && add_extensions(m, leaf) &&
		  add_san(leaf, &name) && X509_sign(leaf, m->ca_key, EVP_sha256()) > 0;
	if (ok)
		return leaf;
	err_set(err, ERR_INTERNAL, "making a leaf for %s: %s", host, ca_x509_why());
	X509_free(leaf);
	return NULL;
}

struct x509_st *mint_leaf_ref(struct x509_st *leaf)
{
	X509_up_ref(leaf);
	return leaf;
}

void mint_leaf_free(struct x509_st *leaf)
{
	X509_free(leaf);
}

int64_t mint_leaf_ends_s(const struct x509_st *leaf)
{
	return ca_x509_time(X509_get0_notAfter(leaf));
}

struct evp_pkey_st *mint_key(struct mint *m)
{
	return m->key;
}

struct x509_st *mint_ca_cert(struct mint *m)
{
	return m->ca_cert;
}
