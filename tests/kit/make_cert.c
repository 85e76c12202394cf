#include "tests/kit/make_cert.h"

#include <openssl/bn.h>
#include <openssl/conf.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "make_cert: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static EVP_PKEY *make_key(const char *kind)
{
	EVP_PKEY *key = NULL;
	if (kind == NULL || strncmp(kind, "RSA", 3) != 0)
		key = EVP_EC_gen(kind != NULL ? kind : "P-256");
	else
		key = EVP_RSA_gen((unsigned)atoi(kind + 3));
	must(key != NULL, "key");
	return key;
}

static void set_subject(X509 *cert, const struct make_cert *spec)
{
	X509_NAME *name = X509_get_subject_name(cert);
	const char *cn = spec->cn_bytes != NULL ? spec->cn_bytes : spec->cn;
	int n = spec->cn_bytes != NULL ? (int)spec->cn_len : -1;
	if (spec->org != NULL)
		must(X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8,
			     (const unsigned char *)spec->org, -1, -1, 0) == 1,
			"organisation");
	if (cn != NULL)
		must(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
			     (const unsigned char *)cn, n, -1, 0) == 1,
			"subject");
}

static void add_extension(X509 *cert, X509 *issuer, const char *name, const char *value)
{
	X509V3_CTX ctx;
	CONF *none = NCONF_new(NULL); /* policies want one, be it empty */
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, none);
	X509_EXTENSION *ext = X509V3_EXT_nconf(NULL, &ctx, name, value);
	must(ext != NULL && X509_add_ext(cert, ext, -1) == 1, value);
	X509_EXTENSION_free(ext);
	NCONF_free(none);
}

static void sign(X509 *cert, EVP_PKEY *key, const struct make_cert *spec)
{
	const EVP_MD *digest =
		EVP_get_digestbyname(spec->digest != NULL ? spec->digest : "SHA256");
	must(X509_sign(cert, key, digest) > 0, "sign");
	if (!spec->corrupt)
		return;
	const ASN1_BIT_STRING *signature;
	X509_get0_signature(&signature, NULL, cert);
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der);
	/* The signature is the last field, and its last byte lies inside the number s or the
	 * RSA block. */
	must(n > 0 && signature != NULL, "corrupt");
	der[n - 1] ^= 1;
	const unsigned char *p = der;
	must(d2i_X509(&cert, &p, n) != NULL, "corrupt");
	OPENSSL_free(der);
}

struct made make_cert(const struct make_cert *spec, const struct made *issuer)
{
	struct made m = {X509_new(), make_key(spec->key)};
	bool usual = spec->from_days == 0 && spec->to_days == 0;
	BIGNUM *serial = BN_new();
	must(m.cert != NULL && BN_rand(serial, 120, 0, 0) == 1 &&
			BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(m.cert)) != NULL,
		"serial");
	BN_free(serial);
	X509_set_version(m.cert, spec->v1 ? X509_VERSION_1 : X509_VERSION_3);
	X509_time_adj_ex(X509_getm_notBefore(m.cert), usual ? -1 : spec->from_days, 0, NULL);
	X509_time_adj_ex(X509_getm_notAfter(m.cert), usual ? 30 : spec->to_days, 0, NULL);
	set_subject(m.cert, spec);
	X509 *by = issuer != NULL ? issuer->cert : m.cert;
	X509_set_issuer_name(m.cert, X509_get_subject_name(by));
	X509_set_pubkey(m.cert, m.key);
	if (spec->san != NULL)
		add_extension(m.cert, by, "subjectAltName", spec->san);
	for (size_t i = 0; i < MAKE_CERT_EXTENSIONS && spec->extensions[i][0] != NULL; i++)
		add_extension(m.cert, by, spec->extensions[i][0], spec->extensions[i][1]);
	sign(m.cert, issuer != NULL ? issuer->key : m.key, spec);
	return m;
}

struct made make_root(const char *cn)
{
	return make_cert(&(struct make_cert){.cn = cn,
				 .extensions = {{"basicConstraints", "critical,CA:TRUE"},
					 {"keyUsage", "critical,keyCertSign,cRLSign"},
					 {"subjectKeyIdentifier", "hash"}}},
		NULL);
}

struct made make_leaf(const char *san, const struct made *issuer)
{
	return make_cert(&(struct make_cert){.cn = "test leaf",
				 .san = san,
				 .extensions = {{"basicConstraints", "critical,CA:FALSE"},
					 {"keyUsage", "critical,digitalSignature"},
					 {"extendedKeyUsage", "serverAuth"},
					 {"authorityKeyIdentifier", "keyid"}}},
		issuer);
}

void made_free(struct made *m)
{
	X509_free(m->cert);
	EVP_PKEY_free(m->key);
	*m = (struct made){0};
}

void made_write_pem(const struct made *m, const char *path)
{
	FILE *f = fopen(path, "w");
	must(f != NULL && PEM_write_X509(f, m->cert) == 1, path);
	fclose(f);
}

void made_write_key(const struct made *m, const char *path)
{
	FILE *f = fopen(path, "w");
	must(f != NULL && PEM_write_PKCS8PrivateKey(f, m->key, NULL, NULL, 0, NULL, NULL) == 1,
		path);
	fclose(f);
}

void make_sct_list(uint8_t log, uint64_t at_ms, unsigned char out[MAKE_SCT_LEN])
{
	unsigned char *p = out;
	memset(out, 0, MAKE_SCT_LEN);
	p[1] = MAKE_SCT_LEN - 2; /* of the list */
	p[3] = MAKE_SCT_LEN - 4; /* of the one SCT; version 0 */
	memset(p + 5, log, 32);
	for (int i = 0; i < 8; i++)
		p[37 + i] = (unsigned char)(at_ms >> (56 - 8 * i));
	p[47] = 4; /* SHA-256, */
	p[48] = 3; /* ECDSA */
	p[50] = 8; /* bytes of signature */
}

const char *make_sct_value(uint8_t log, uint64_t at_ms, char out[MAKE_SCT_VALUE])
{
	unsigned char list[MAKE_SCT_LEN];
	make_sct_list(log, at_ms, list);
	int n = snprintf(out, MAKE_SCT_VALUE, "DER:04%02x", (unsigned)MAKE_SCT_LEN);
	for (size_t i = 0; i < sizeof list; i++)
		n += snprintf(out + n, MAKE_SCT_VALUE - (size_t)n, "%02x", list[i]);
	return out;
}

/* In its OCTET STRING, of fewer than 128 bytes. */
static void add_scts(OCSP_SINGLERESP *one, const struct make_staple_spec *spec)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	unsigned char der[2 + 127] = {V_ASN1_OCTET_STRING, (unsigned char)spec->scts_len};
	must(spec->scts_len < 128, "too many SCTs");
	memcpy(der + 2, spec->scts, spec->scts_len);
	must(ASN1_OCTET_STRING_set(value, der, (int)spec->scts_len + 2) == 1, "staple SCTs");
	X509_EXTENSION *ext = X509_EXTENSION_create_by_NID(NULL, NID_ct_cert_scts, 0, value);
	must(ext != NULL && OCSP_SINGLERESP_add_ext(one, ext, -1) == 1, "staple SCTs");
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
}

static OCSP_BASICRESP *make_basic(const struct make_staple_spec *spec)
{
	static const int statuses[] = {[STAPLE_GOOD] = V_OCSP_CERTSTATUS_GOOD,
		[STAPLE_REVOKED] = V_OCSP_CERTSTATUS_REVOKED,
		[STAPLE_UNKNOWN] = V_OCSP_CERTSTATUS_UNKNOWN};
	const struct made *signer = spec->signer != NULL ? spec->signer : spec->issuer;
	bool usual = spec->from_days == 0 && spec->to_days == 0;
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), spec->about->cert, spec->issuer->cert);
	ASN1_TIME *from = ASN1_TIME_new(), *to = ASN1_TIME_new();
	X509_time_adj_ex(from, usual ? -1 : spec->from_days, 0, NULL);
	X509_time_adj_ex(to, usual ? 3 : spec->to_days, 0, NULL);
	OCSP_SINGLERESP *one = OCSP_basic_add1_status(basic, id, statuses[spec->status],
		OCSP_REVOKED_STATUS_KEYCOMPROMISE, spec->status == STAPLE_REVOKED ? from : NULL,
		from, to);
	must(one != NULL, "staple status");
	if (spec->scts != NULL)
		add_scts(one, spec);
	must(OCSP_basic_sign(basic, signer->cert, signer->key, EVP_sha256(), NULL, 0) == 1,
		"staple sign");
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return basic;
}

unsigned char *make_staple(const struct make_staple_spec *spec, size_t *len)
{
	if (spec->status == STAPLE_GARBAGE) {
		static const unsigned char garbage[] = {'w', 'h', 'a', 't', '?'};
		unsigned char *p = OPENSSL_memdup(garbage, sizeof garbage);
		must(p != NULL, "garbage");
		*len = sizeof garbage;
		return p;
	}
	bool later = spec->status == STAPLE_TRY_LATER;
	OCSP_BASICRESP *basic = later ? NULL : make_basic(spec);
	OCSP_RESPONSE *response = OCSP_response_create(
		later ? OCSP_RESPONSE_STATUS_TRYLATER : OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	unsigned char *der = NULL;
	int n = i2d_OCSP_RESPONSE(response, &der);
	must(n > 0, "staple");
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	*len = (size_t)n;
	return der;
}
