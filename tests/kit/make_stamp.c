#include "tests/kit/make_stamp.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TEN_YEARS = 3652 };

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "make_stamp: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static void set_imprint(TS_TST_INFO *info, const struct make_stamp *spec)
{
	const EVP_MD *md =
		EVP_get_digestbyname(spec->imprint != NULL ? spec->imprint : "SHA256");
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len;
	X509_ALGOR *algorithm = X509_ALGOR_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	must(EVP_Digest(spec->statement.p, spec->statement.n, digest, &len, md, NULL) == 1 &&
			X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(md)),
				V_ASN1_NULL, NULL) == 1 &&
			TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
			TS_MSG_IMPRINT_set_msg(imprint, digest, (int)len) == 1 &&
			TS_TST_INFO_set_msg_imprint(info, imprint) == 1,
		"imprint");
	X509_ALGOR_free(algorithm);
	TS_MSG_IMPRINT_free(imprint);
}

static void set_time(TS_TST_INFO *info, const struct make_stamp *spec)
{
	char now[32];
	time_t t = time(NULL);
	struct tm tm;
	strftime(now, sizeof now, "%Y%m%d%H%M%SZ", gmtime_r(&t, &tm));
	ASN1_GENERALIZEDTIME *when = ASN1_GENERALIZEDTIME_new();
	/* Not by ASN1_GENERALIZEDTIME_set_string: it wants a time that makes sense. */
	must(ASN1_STRING_set(when, spec->time != NULL ? spec->time : now, -1) == 1 &&
			TS_TST_INFO_set_time(info, when) == 1,
		"time");
	ASN1_GENERALIZEDTIME_free(when);
}

static ASN1_INTEGER *integer(long v)
{
	ASN1_INTEGER *i = ASN1_INTEGER_new();
	must(i != NULL && ASN1_INTEGER_set(i, v) == 1, "integer");
	return i;
}

static void set_accuracy(TS_TST_INFO *info, const struct make_stamp *spec)
{
	if (spec->seconds == 0 && spec->millis == 0 && spec->micros == 0)
		return;
	TS_ACCURACY *a = TS_ACCURACY_new();
	ASN1_INTEGER *s = integer(spec->seconds), *ms = integer(spec->millis),
		     *us = integer(spec->micros);
	must((spec->seconds == 0 || TS_ACCURACY_set_seconds(a, s) == 1) &&
			(spec->millis == 0 || TS_ACCURACY_set_millis(a, ms) == 1) &&
			(spec->micros == 0 || TS_ACCURACY_set_micros(a, us) == 1) &&
			TS_TST_INFO_set_accuracy(info, a) == 1,
		"accuracy");
	TS_ACCURACY_free(a);
	ASN1_INTEGER_free(s);
	ASN1_INTEGER_free(ms);
	ASN1_INTEGER_free(us);
}

static void set_rest(TS_TST_INFO *info, const struct make_stamp *spec)
{
	ASN1_INTEGER *serial = integer(0x1234abcd);
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);
	must(TS_TST_INFO_set_version(info, spec->version != 0 ? spec->version : 1) == 1 &&
			TS_TST_INFO_set_serial(info, serial) == 1 &&
			TS_TST_INFO_set_policy_id(info, policy) == 1,
		"TSTInfo");
	ASN1_INTEGER_free(serial);
	ASN1_OBJECT_free(policy);
	if (spec->nonce.p != NULL) {
		BIGNUM *n = BN_bin2bn(spec->nonce.p, (int)spec->nonce.n, NULL);
		ASN1_INTEGER *nonce = BN_to_ASN1_INTEGER(n, NULL);
		must(TS_TST_INFO_set_nonce(info, nonce) == 1, "nonce");
		ASN1_INTEGER_free(nonce);
		BN_free(n);
	}
	if (spec->tsa != NULL) {
		GENERAL_NAME *name = a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_DNS, spec->tsa, 0);
		must(name != NULL && TS_TST_INFO_set_tsa(info, name) == 1, "tsa");
		GENERAL_NAME_free(name);
	}
	if (spec->critical_extension) {
		ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
		ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4.5", 1);
		ASN1_STRING_set(value, "\x05", 2);
		X509_EXTENSION *ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
		must(TS_TST_INFO_add_ext(info, ext, -1) == 1, "extension");
		X509_EXTENSION_free(ext);
		ASN1_OBJECT_free(oid);
		ASN1_OCTET_STRING_free(value);
	}
}

static void add_sequence(PKCS7_SIGNER_INFO *si, int nid, unsigned char *der, int len)
{
	ASN1_STRING *s = ASN1_STRING_new();
	must(len > 0 && ASN1_STRING_set(s, der, len) == 1 &&
			PKCS7_add_signed_attribute(si, nid, V_ASN1_SEQUENCE, s) == 1,
		"ESS");
	OPENSSL_free(der);
}

static void add_ess(PKCS7_SIGNER_INFO *si, const struct make_stamp *spec)
{
	X509 *named = spec->named != NULL ? spec->named->cert : spec->signer->cert;
	unsigned char *der = NULL;
	if (spec->ess_v1) {
		ESS_SIGNING_CERT *v1 = OSSL_ESS_signing_cert_new_init(named, NULL, 1);
		int len = i2d_ESS_SIGNING_CERT(v1, &der);
		add_sequence(si, NID_id_smime_aa_signingCertificate, der, len);
		ESS_SIGNING_CERT_free(v1);
		return;
	}
	ESS_SIGNING_CERT_V2 *v2 =
		OSSL_ESS_signing_cert_v2_new_init(EVP_sha256(), named, NULL, 1);
	int len = i2d_ESS_SIGNING_CERT_V2(v2, &der);
	add_sequence(si, NID_id_smime_aa_signingCertificateV2, der, len);
	ESS_SIGNING_CERT_V2_free(v2);
}

static void add_signature(PKCS7 *p7, const struct make_stamp *spec)
{
	const EVP_MD *md = EVP_get_digestbyname(spec->digest != NULL ? spec->digest : "SHA256");
	PKCS7_SIGNER_INFO *si =
		PKCS7_add_signature(p7, spec->signer->cert, spec->signer->key, md);
	must(si != NULL, "signature");
	if (!spec->no_type)
		must(PKCS7_add_signed_attribute(si, NID_pkcs9_contentType, V_ASN1_OBJECT,
			     OBJ_nid2obj(NID_id_smime_ct_TSTInfo)) == 1,
			"content type");
	else
		must(PKCS7_add_signed_attribute(si, NID_pkcs9_contentType, V_ASN1_OBJECT,
			     OBJ_nid2obj(NID_pkcs7_data)) == 1,
			"content type");
	if (!spec->no_ess)
		add_ess(si, spec);
}

static void set_content(PKCS7 *p7)
{
	PKCS7 *inner = PKCS7_new();
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	inner->type = OBJ_nid2obj(NID_id_smime_ct_TSTInfo);
	inner->d.other = ASN1_TYPE_new();
	ASN1_TYPE_set(inner->d.other, V_ASN1_OCTET_STRING, octets);
	must(PKCS7_set_content(p7, inner) == 1, "content");
}

void make_stamp(const struct make_stamp *spec, struct buf *token)
{
	TS_TST_INFO *info = TS_TST_INFO_new();
	PKCS7 *p7 = PKCS7_new();
	set_imprint(info, spec);
	set_time(info, spec);
	set_accuracy(info, spec);
	set_rest(info, spec);
	must(PKCS7_set_type(p7, NID_pkcs7_signed) == 1, "type");
	for (size_t i = 0; i < MAKE_STAMP_CERTS && spec->certs[i] != NULL; i++)
		must(PKCS7_add_certificate(p7, spec->certs[i]->cert) == 1, "certificate");
	if (!spec->no_certs && spec->certs[0] == NULL)
		must(PKCS7_add_certificate(p7, spec->signer->cert) == 1, "certificate");
	add_signature(p7, spec);
	if (spec->twice)
		add_signature(p7, spec);
	set_content(p7);
	BIO *bio = PKCS7_dataInit(p7, NULL);
	must(bio != NULL && i2d_TS_TST_INFO_bio(bio, info) == 1, "signing");
	if (spec->inner_tail.n > 0)
		BIO_write(bio, spec->inner_tail.p, (int)spec->inner_tail.n);
	must(PKCS7_dataFinal(p7, bio) == 1, "signing");
	int len = i2d_PKCS7(p7, NULL);
	unsigned char *p = buf_room(token, (size_t)len);
	i2d_PKCS7(p7, &p);
	buf_grew(token, (size_t)len);
	BIO_free_all(bio);
	PKCS7_free(p7);
	TS_TST_INFO_free(info);
}

static void put(struct buf *out, uint8_t tag, struct span content)
{
	buf_add_byte(out, tag);
	if (content.n < 0x80) {
		buf_add_byte(out, (uint8_t)content.n);
	} else {
		buf_add_byte(out, 0x83);
		buf_add_byte(out, (uint8_t)(content.n >> 16));
		buf_add_byte(out, (uint8_t)(content.n >> 8));
		buf_add_byte(out, (uint8_t)content.n);
	}
	buf_add_span(out, content);
}

void make_stamp_reply(
	int status, const char *text, int failure, struct span token, struct buf *reply)
{
	struct buf info = {0}, all = {0}, texts = {0};
	uint8_t number = (uint8_t)status;
	put(&info, 0x02, span_of(&number, 1));
	if (text != NULL) {
		put(&texts, 0x0c, span_str(text));
		put(&info, 0x30, buf_span(&texts));
	}
	if (failure >= 0) {
		uint8_t bits[5] = {0};
		bits[1 + failure / 8] = (uint8_t)(0x80 >> failure % 8);
		bits[0] = (uint8_t)(7 - failure % 8);
		put(&info, 0x03, span_of(bits, 2 + (size_t)failure / 8));
	}
	if (status >= 0)
		put(&all, 0x30, buf_span(&info));
	buf_add_span(&all, token);
	put(reply, 0x30, buf_span(&all));
	buf_fini(&texts);
	buf_fini(&info);
	buf_fini(&all);
}

struct made make_stamp_root(const char *cn)
{
	const struct make_cert root = {.cn = cn,
		.from_days = -TEN_YEARS,
		.to_days = TEN_YEARS,
		.extensions = {{"basicConstraints", "critical,CA:TRUE"},
			{"keyUsage", "critical,keyCertSign,cRLSign"}}};
	return make_cert(&root, NULL);
}

struct made make_stamp_signer(const char *cn, const char *eku, const struct made *root)
{
	const struct make_cert signer = {.cn = cn,
		.from_days = -TEN_YEARS,
		.to_days = TEN_YEARS,
		.extensions = {
			{"extendedKeyUsage", eku != NULL ? eku : "critical,timeStamping"},
			{"keyUsage", "critical,digitalSignature"}}};
	return make_cert(&signer, root);
}
