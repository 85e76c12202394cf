#include "proxy/tls_staple.h"
#include "store/base/clock.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <time.h>

enum {
	STAPLE_SLACK_S = 24 * 3600, /* clocks differ; the slack that Firefox gives */
	FEATURE_STATUS_REQUEST = 5, /* RFC 7633 4.2.2, number of the TLS extension */
};

/* The one answer that is about this certificate: its CertID names hashes, by an algorithm that
 * the responder chose. */
static OCSP_SINGLERESP *find_single(OCSP_BASICRESP *basic, X509 *leaf, X509 *issuer)
{
	for (int i = 0; i < OCSP_resp_count(basic); i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
		/* The getters of an OCSP_CERTID want it writable though they only read. */
		OCSP_CERTID *theirs = OCSP_CERTID_dup(OCSP_SINGLERESP_get0_id(single));
		ASN1_OBJECT *algorithm = NULL;
		if (theirs == NULL)
			continue;
		OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, theirs);
		const EVP_MD *digest = EVP_get_digestbyobj(algorithm);
		OCSP_CERTID *ours =
			digest != NULL ? OCSP_cert_to_id(digest, leaf, issuer) : NULL;
		bool same = ours != NULL && OCSP_id_cmp(ours, theirs) == 0;
		OCSP_CERTID_free(ours);
		OCSP_CERTID_free(theirs);
		if (same)
			return single;
	}
	return NULL;
}

static const char *time_text(const ASN1_GENERALIZEDTIME *t, struct arena *a)
{
	struct tm tm;
	char text[CLOCK_TEXT_MAX];
	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return "?";
	clock_text((int64_t)timegm(&tm) * 1000000, text);
	return arena_printf(a, "%.10s", text);
}

static enum tls_staple judge_single(
	OCSP_SINGLERESP *single, struct arena *a, const char **words)
{
	int reason = -1;
	ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *to = NULL;
	int status = OCSP_single_get0_status(single, &reason, &revoked, &from, &to);
	if (status == V_OCSP_CERTSTATUS_REVOKED) {
		*words = arena_printf(a, "the stapled OCSP response says: revoked on %s%s%s%s",
			time_text(revoked, a), reason >= 0 ? " (" : "",
			reason >= 0 ? OCSP_crl_reason_str(reason) : "", reason >= 0 ? ")" : "");
		return TLS_STAPLE_REVOKED;
	}
	if (status != V_OCSP_CERTSTATUS_GOOD) {
		*words =
			"the stapled OCSP response says that it does not know this certificate";
		return TLS_STAPLE_BAD;
	}
	if (OCSP_check_validity(from, to, STAPLE_SLACK_S, -1) == 1)
		return TLS_STAPLE_GOOD;
	*words = arena_printf(a,
		"the stapled OCSP response is not of today: it holds from %s to %s",
		time_text(from, a), time_text(to, a));
	return TLS_STAPLE_OLD;
}

static enum tls_staple judge_basic(OCSP_BASICRESP *basic, X509 *leaf, X509 *issuer,
	STACK_OF(X509) * chain, X509_STORE *roots, struct arena *a, const char **words)
{
	OCSP_SINGLERESP *single = issuer != NULL ? find_single(basic, leaf, issuer) : NULL;
	if (single == NULL) {
		*words = "the stapled OCSP response is about another certificate";
		return TLS_STAPLE_BAD;
	}
	if (OCSP_basic_verify(basic, chain, roots, 0) != 1) {
		*words = "the stapled OCSP response is not signed by who may sign it";
		return TLS_STAPLE_SIGNER;
	}
	return judge_single(single, a, words);
}

enum tls_staple tls_staple_judge(struct span raw, X509 *leaf, X509 *issuer,
	STACK_OF(X509) * chain, X509_STORE *roots, struct arena *a, const char **words)
{
	*words = "";
	if (raw.p == NULL)
		return TLS_STAPLE_NONE;
	const unsigned char *p = raw.p;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)raw.n);
	OCSP_BASICRESP *basic = NULL;
	enum tls_staple verdict = TLS_STAPLE_BAD;
	int status = response != NULL ? OCSP_response_status(response) : -1;
	if (status == OCSP_RESPONSE_STATUS_SUCCESSFUL)
		basic = OCSP_response_get1_basic(response);
	if (status == OCSP_RESPONSE_STATUS_TRYLATER)
		verdict = TLS_STAPLE_LATER;
	if (basic != NULL)
		verdict = judge_basic(basic, leaf, issuer, chain, roots, a, words);
	else if (status > 0)
		*words = arena_printf(a, "the stapled OCSP response says: %s",
			OCSP_response_status_str(status));
	else
		*words = "the stapled OCSP response cannot be understood";
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return verdict;
}

bool tls_staple_required(const X509 *leaf)
{
	TLS_FEATURE *features = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL, NULL);
	bool found = false;
	for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
		if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) ==
			FEATURE_STATUS_REQUEST)
			found = true;
	TLS_FEATURE_free(features);
	ERR_clear_error();
	return found;
}
