#include "capture/wire/tls_certs_detail.h"
#include "store/base/reader.h"

#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

enum { LOG_ID_LEN = 32, SCT_V1 = 0 };

/* One SCT (RFC 6962 3.2); false: it is not one of version 1. */
static bool read_sct(struct reader r, struct arena *a, struct tls_scts *out)
{
	uint8_t version = read_u8(&r);
	if (r.bad || version != SCT_V1)
		return false;
	struct span log_id = read_span(&r, LOG_ID_LEN);
	uint64_t at_ms = read_u64(&r);
	read_vector(&r, 2); /* extensions */
	read_u16(&r);       /* hash and signature algorithm */
	read_vector(&r, 2); /* signature */
	if (r.bad || r.n > 0) {
		out->malformed = true;
		return true;
	}
	struct tls_sct sct = {.log_id = arena_copy(a, log_id),
		.at_us = at_ms <= INT64_MAX / 1000 ? (int64_t)at_ms * 1000 : INT64_MIN};
	ARENA_PUSH(a, out->list, out->n, sct);
	return true;
}

static void add_list(struct span list, struct arena *a, struct tls_scts *out)
{
	struct reader all = reader_of(list), r = read_vector(&all, 2);
	out->malformed |= r.bad || all.n > 0;
	while (r.n > 0 && !r.bad) {
		struct reader one = read_vector(&r, 2);
		if (one.bad) {
			out->malformed = true;
			return;
		}
		if (out->n == TLS_SCTS_MAX) {
			out->more = true;
			return;
		}
		out->other |= !read_sct(one, a, out);
	}
}

void tls_sct_list(struct span list, struct arena *a, struct tls_scts *out)
{
	*out = (struct tls_scts){0};
	if (list.n > 0)
		add_list(list, a, out);
}

/* An extension whose value is the list inside of an OCTET STRING. */
static void add_extension(X509_EXTENSION *ext, struct arena *a, struct tls_scts *out)
{
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(ext);
	const unsigned char *p = ASN1_STRING_get0_data(value),
			    *end = p + ASN1_STRING_length(value);
	ASN1_OCTET_STRING *inner = d2i_ASN1_OCTET_STRING(NULL, &p, ASN1_STRING_length(value));
	if (inner == NULL || p != end)
		out->malformed = true;
	else
		add_list(span_of(ASN1_STRING_get0_data(inner),
				 (size_t)ASN1_STRING_length(inner)),
			a, out);
	ASN1_OCTET_STRING_free(inner);
}

static void read_scts(const X509 *cert, struct arena *a, struct tls_scts *out)
{
	int at = -1;
	while ((at = X509_get_ext_by_NID(cert, NID_ct_precert_scts, at)) >= 0)
		add_extension(X509_get_ext(cert, at), a, out);
}

void tls_ocsp_scts(struct span response, struct arena *a, struct tls_scts *out)
{
	*out = (struct tls_scts){0};
	const unsigned char *p = response.p;
	OCSP_RESPONSE *r = response.n > 0 && response.n <= INT32_MAX
				   ? d2i_OCSP_RESPONSE(NULL, &p, (long)response.n)
				   : NULL;
	OCSP_BASICRESP *basic = r != NULL ? OCSP_response_get1_basic(r) : NULL;
	for (int i = 0; basic != NULL && i < OCSP_resp_count(basic); i++) {
		OCSP_SINGLERESP *one = OCSP_resp_get0(basic, i);
		int at = -1;
		if (i == TLS_STAPLE_ANSWERS_MAX) {
			out->more = true;
			break;
		}
		while ((at = OCSP_SINGLERESP_get_ext_by_NID(one, NID_ct_cert_scts, at)) >= 0)
			add_extension(OCSP_SINGLERESP_get_ext(one, at), a, out);
	}
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
	ERR_clear_error();
}

static enum tls_validation policy_kind(const ASN1_OBJECT *policy)
{
	static const struct {
		const char *oid;
		enum tls_validation kind;
	} known[] = {{"2.23.140.1.2.1", TLS_VALIDATION_DV},
		{"2.23.140.1.2.3", TLS_VALIDATION_IV}, {"2.23.140.1.2.2", TLS_VALIDATION_OV},
		{"2.23.140.1.1", TLS_VALIDATION_EV}};
	char text[80];
	OBJ_obj2txt(text, sizeof text, policy, 1);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(text, known[i].oid) == 0)
			return known[i].kind;
	return TLS_VALIDATION_NONE;
}

/* The strictest that is named: a CA may name its own policies beside. */
static enum tls_validation read_validation(const X509 *cert)
{
	enum tls_validation best = TLS_VALIDATION_NONE;
	CERTIFICATEPOLICIES *policies =
		X509_get_ext_d2i(cert, NID_certificate_policies, NULL, NULL);
	for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
		enum tls_validation kind =
			policy_kind(sk_POLICYINFO_value(policies, i)->policyid);
		if (kind > best)
			best = kind;
	}
	CERTIFICATEPOLICIES_free(policies);
	return best;
}

/* The first value of that kind in a name, as UTF-8. */
static struct span name_part(const X509_NAME *name, int nid, struct arena *a)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);
	unsigned char *text = NULL;
	struct span out = SPAN_NONE;
	if (at < 0)
		return out;
	int n = ASN1_STRING_to_UTF8(
		&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (n >= 0)
		out = arena_copy(a, span_of(text, (size_t)n));
	OPENSSL_free(text);
	return out;
}

static void read_key(X509 *cert, struct arena *a, struct tls_cert_detail *out)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	if (key == NULL)
		return;
	int bits = EVP_PKEY_get_bits(key);
	const char *type = EVP_PKEY_get0_type_name(key);
	out->key = type != NULL ? arena_copy(a, span_str(type)) : SPAN_NONE;
	if (bits > 0)
		out->key_bits = bits;
	out->self_signed = out->self_issued && X509_verify(cert, key) == 1;
}

bool tls_cert_detail(
	struct span der, struct arena *a, struct tls_cert_detail *out, struct err *err)
{
	const unsigned char *p = der.p;
	*out = (struct tls_cert_detail){.key_bits = INT64_MIN};
	X509 *cert = der.n > 0 && der.n <= INT32_MAX ? d2i_X509(NULL, &p, (long)der.n) : NULL;
	if (cert == NULL) {
		ERR_clear_error();
		return err_set(err, ERR_INTERNAL, "these %zu bytes are no certificate", der.n);
	}
	const X509_NAME *subject = X509_get_subject_name(cert),
			*issuer = X509_get_issuer_name(cert);
	out->self_issued = X509_NAME_cmp(subject, issuer) == 0;
	out->validation = read_validation(cert);
	out->authority = X509_check_ca(cert) > 0;
	out->issuer_org = name_part(issuer, NID_organizationName, a);
	out->issuer_cn = name_part(issuer, NID_commonName, a);
	out->subject_org = name_part(subject, NID_organizationName, a);
	out->subject_cn = name_part(subject, NID_commonName, a);
	read_key(cert, a, out);
	read_scts(cert, a, &out->scts);
	X509_free(cert);
	ERR_clear_error(); /* unreadable parts leave errors that nobody asked for */
	return true;
}
