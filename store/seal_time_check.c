#include "store/seal_time_parts.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { MICROS = 1000000, CHAIN_MAX = 16, SECURITY_LEVEL = 2, DIGEST_MIN = 32, PEMS_MAX = 4096 };

/* RFC 3161 2.3: extendedKeyUsage with timeStamping alone, critical. */
static const char *may_stamp(X509 *cert)
{
	int critical = 0;
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(cert, NID_ext_key_usage, &critical, NULL);
	int n = sk_ASN1_OBJECT_num(usage), stamps = 0;
	for (int i = 0; i < n; i++)
		stamps += OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, i)) == NID_time_stamp;
	EXTENDED_KEY_USAGE_free(usage);
	if (stamps == 0)
		return "the signer's certificate was not made for timestamps";
	if (n != 1)
		return "the signer's certificate was made for more than timestamps";
	if (critical != 1)
		return "the signer's certificate does not say as critical that it is for "
		       "timestamps";
	/* Its keyUsage too, and that it is no CA's by mistake. */
	if (X509_check_purpose(cert, X509_PURPOSE_TIMESTAMP_SIGN, 0) != 1)
		return "the signer's certificate may not be used for timestamps";
	return NULL;
}

static void put_sequence(struct buf *out, struct span content)
{
	enum { HEADER_MAX = 16 };
	unsigned char *start = buf_room(out, HEADER_MAX), *p = start;
	ASN1_put_object(&p, 1, (int)content.n, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	buf_grew(out, (size_t)(p - start));
	buf_add_span(out, content);
}

/* Of a signed attribute SigningCertificate or SigningCertificateV2 (RFC 5035 5.4): the same
 * with the first certificate's identifier only, which is the signer's; the others may be of
 * certificates that are not in the token. False: there is no such attribute, or it is broken
 * (*broken). */
static bool first_identifier(
	const PKCS7_SIGNER_INFO *si, int nid, struct buf *out, bool *broken)
{
	const ASN1_TYPE *attribute = PKCS7_get_signed_attribute(si, nid);
	struct span content, list, rest;
	struct buf inner = {0};
	if (attribute == NULL)
		return false;
	*broken = true;
	if (attribute->type != V_ASN1_SEQUENCE)
		return false;
	const ASN1_STRING *s = attribute->value.sequence;
	struct span all = span_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
	if (!der_one(all, V_ASN1_SEQUENCE, &content, &rest) ||
		!der_one(content, V_ASN1_SEQUENCE, &list, &rest) ||
		!der_one(list, V_ASN1_SEQUENCE, &content, &rest))
		return false;
	*broken = false;
	put_sequence(&inner, span_first(list, list.n - rest.n));
	put_sequence(out, buf_span(&inner));
	buf_fini(&inner);
	return true;
}

/* RFC 3161 2.4.2, RFC 5816: the signature names the certificate that it was made by, so that no
 * other one with the same key can take its place. */
static const char *names_signer(const PKCS7_SIGNER_INFO *si, X509 *signer)
{
	struct buf one = {0}, two = {0};
	bool broken = false;
	ESS_SIGNING_CERT *v1 = NULL;
	ESS_SIGNING_CERT_V2 *v2 = NULL;
	STACK_OF(X509) *alone = sk_X509_new_null();
	bool has1 = first_identifier(si, NID_id_smime_aa_signingCertificate, &one, &broken);
	bool has2 = !broken &&
		    first_identifier(si, NID_id_smime_aa_signingCertificateV2, &two, &broken);
	const unsigned char *p1 = buf_span(&one).p, *p2 = buf_span(&two).p;
	if (has1)
		v1 = d2i_ESS_SIGNING_CERT(NULL, &p1, (long)buf_len(&one));
	if (has2)
		v2 = d2i_ESS_SIGNING_CERT_V2(NULL, &p2, (long)buf_len(&two));
	bool good = !broken && has1 == (v1 != NULL) && has2 == (v2 != NULL) && alone != NULL &&
		    sk_X509_push(alone, signer) > 0 &&
		    OSSL_ESS_check_signing_certs(v1, v2, alone, 1) == 1;
	sk_X509_free(alone);
	ESS_SIGNING_CERT_free(v1);
	ESS_SIGNING_CERT_V2_free(v2);
	buf_fini(&one);
	buf_fini(&two);
	return good ? NULL : "the signature does not name the certificate that it came with";
}

/* What is signed says of itself that it is a timestamp (RFC 5652 5.3, 11.1). */
static bool is_signed_as_timestamp(const PKCS7_SIGNER_INFO *si)
{
	const ASN1_TYPE *type = PKCS7_get_signed_attribute(si, NID_pkcs9_contentType);
	return type != NULL && type->type == V_ASN1_OBJECT &&
	       OBJ_obj2nid(type->value.object) == NID_id_smime_ct_TSTInfo;
}

static bool signature_verifies(PKCS7 *token, PKCS7_SIGNER_INFO *si, X509 *signer)
{
	char sink[4096];
	BIO *bio = PKCS7_dataInit(token, NULL);
	if (bio == NULL)
		return false;
	/* Reading feeds the digests below. */
	while (BIO_read(bio, sink, sizeof sink) > 0)
		;
	bool good = PKCS7_signatureVerify(bio, token, si, signer) == 1;
	BIO_free_all(bio);
	return good;
}

const char *stamp_signature(const struct stamp *s, X509 **signer)
{
	STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(s->token);
	*signer = NULL;
	if (sk_PKCS7_SIGNER_INFO_num(infos) != 1)
		return "the token does not have exactly one signature";
	PKCS7_SIGNER_INFO *si = sk_PKCS7_SIGNER_INFO_value(infos, 0);
	*signer = X509_find_by_issuer_and_serial(s->token->d.sign->cert,
		si->issuer_and_serial->issuer, si->issuer_and_serial->serial);
	if (*signer == NULL)
		return "the certificate of the token's signer is not in it";
	const char *why = may_stamp(*signer);
	if (why != NULL)
		return why;
	const EVP_MD *md = EVP_get_digestbyobj(si->digest_alg->algorithm);
	if (md == NULL || EVP_MD_get_size(md) < DIGEST_MIN)
		return "the token is signed over a digest that is too weak or not known";
	if (!is_signed_as_timestamp(si))
		return "what is signed does not say that it is a timestamp";
	why = names_signer(si, *signer);
	if (why != NULL)
		return why;
	return signature_verifies(s->token, si, *signer) ? NULL
							 : "the token's signature is wrong";
}

int pem_no_passphrase(char *out, int size, int writing, void *ctx)
{
	(void)out, (void)size, (void)writing, (void)ctx;
	return -1;
}

bool pem_ended(void)
{
	unsigned long last = ERR_peek_last_error();
	return ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
}

static void free_certs(STACK_OF(X509) * all)
{
	sk_X509_pop_free(all, X509_free);
}

STACK_OF(X509) * pem_certs(struct span pem)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *bio = pem.n <= PEM_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	bool good = all != NULL && bio != NULL;
	for (X509 *c; good && sk_X509_num(all) < PEMS_MAX &&
		      (c = PEM_read_bio_X509(bio, NULL, pem_no_passphrase, NULL)) != NULL;)
		good = sk_X509_push(all, c) > 0;
	good = good && sk_X509_num(all) > 0 && pem_ended();
	BIO_free(bio);
	if (good)
		return all;
	free_certs(all);
	return NULL;
}

static bool fill_store(X509_STORE *store, struct span roots)
{
	STACK_OF(X509) *all = pem_certs(roots);
	bool good = all != NULL;
	for (int i = 0; good && i < sk_X509_num(all); i++)
		good = X509_STORE_add_cert(store, sk_X509_value(all, i)) == 1;
	free_certs(all);
	return good;
}

static const char *verify_words(X509_STORE_CTX *ctx, struct arena *a)
{
	int depth = X509_STORE_CTX_get_error_depth(ctx);
	const char *whose =
		depth == 0 ? "the signer's certificate" : "a certificate above the signer's";
	int error = X509_STORE_CTX_get_error(ctx);
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return "the signer's certificate does not lead to a root that is trusted";
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return arena_printf(a, "%s had expired by the time in the token", whose);
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return arena_printf(a, "%s was not valid yet at the time in the token", whose);
	default:
		return arena_printf(a, "%s does not verify: %s", whose,
			X509_verify_cert_error_string(error));
	}
}

/* The same once more as `openssl ts -verify` sees it: also that all certificates which the
 * signature names are among those above it, and that the authority's name fits. */
static const char *library_agrees(
	const struct stamp *s, X509_STORE *store, STACK_OF(X509) * between, struct arena *a)
{
	TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
	if (ctx == NULL || X509_STORE_up_ref(store) != 1) {
		TS_VERIFY_CTX_free(ctx);
		return "the token could not be checked";
	}
	TS_VERIFY_CTX_set_flags(ctx, TS_VFY_VERSION | TS_VFY_SIGNER | TS_VFY_SIGNATURE);
	TS_VERIFY_CTX_set_store(ctx, store);
	if (between != NULL)
		TS_VERIFY_CTS_set_certs(ctx, X509_chain_up_ref(between));
	bool good = TS_RESP_verify_token(ctx, s->token) == 1;
	const char *why = good ? NULL : ERR_reason_error_string(ERR_peek_last_error());
	TS_VERIFY_CTX_free(ctx);
	if (good)
		return NULL;
	return arena_printf(a, "the token as a whole does not verify: %s",
		why != NULL ? why : "the library does not say why");
}

/* Those of the token, and `between`; the caller frees the stack alone. */
static STACK_OF(X509) * untrusted(const struct stamp *s, STACK_OF(X509) * between)
{
	STACK_OF(X509) *all = sk_X509_dup(s->token->d.sign->cert);
	for (int i = 0; all != NULL && i < sk_X509_num(between); i++)
		sk_X509_push(all, sk_X509_value(between, i));
	return all;
}

static const char *check_chain(const struct stamp *s, X509 *signer, X509_STORE *store,
	int64_t at_us, const struct timestamp_trust *trust, struct arena *a)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *between = pem_certs(trust->certs);
	STACK_OF(X509) *all = untrusted(s, between);
	const char *why = "the signer's certificate could not be checked";
	if (ctx != NULL && all != NULL && X509_STORE_CTX_init(ctx, store, signer, all) == 1) {
		why = X509_verify_cert(ctx) == 1 ? NULL : verify_words(ctx, a);
		if (why == NULL && trust->crls.p != NULL)
			why = stamp_revoked(
				X509_STORE_CTX_get0_chain(ctx), at_us, trust->crls, a);
	}
	X509_STORE_CTX_free(ctx);
	sk_X509_free(all);
	if (why == NULL)
		why = library_agrees(s, store, between, a);
	free_certs(between);
	return why;
}

const char *stamp_trust(const struct stamp *s, X509 *signer, int64_t at_us,
	const struct timestamp_trust *trust, struct arena *a)
{
	X509_STORE *store = X509_STORE_new();
	const char *why = "the roots to trust cannot be read";
	if (store != NULL && fill_store(store, trust->roots)) {
		X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
		/* The stamp outlives the certificates that it came with. */
		X509_VERIFY_PARAM_set_time(param, (time_t)(at_us / MICROS));
		X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_TIMESTAMP_SIGN);
		X509_VERIFY_PARAM_set_depth(param, CHAIN_MAX);
		X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
		why = check_chain(s, signer, store, at_us, trust, a);
	}
	X509_STORE_free(store);
	return why;
}
