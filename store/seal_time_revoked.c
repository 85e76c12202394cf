/* Revocation as RFC 3161 4 wants it for stamps, which OpenSSL's own CRL check does not do: a
 * key that was given up later in good order leaves what it stamped before. */
#include "store/seal_time_parts.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { MICROS = 1000000, CRLS_MAX = 256 };

static void free_crls(STACK_OF(X509_CRL) * all)
{
	sk_X509_CRL_pop_free(all, X509_CRL_free);
}

STACK_OF(X509_CRL) * pem_crls(struct span pem)
{
	STACK_OF(X509_CRL) *all = sk_X509_CRL_new_null();
	BIO *bio = pem.n <= PEM_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	bool good = all != NULL && bio != NULL;
	for (X509_CRL *c;
		good && sk_X509_CRL_num(all) < CRLS_MAX &&
		(c = PEM_read_bio_X509_CRL(bio, NULL, pem_no_passphrase, NULL)) != NULL;)
		good = sk_X509_CRL_push(all, c) > 0;
	good = good && sk_X509_CRL_num(all) > 0 && pem_ended();
	BIO_free(bio);
	if (!good) {
		free_crls(all);
		return NULL;
	}
	return all;
}

/* By the certificate's issuer, in its own name. */
static bool is_of(X509_CRL *crl, X509 *issuer)
{
	return X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) == 0 &&
	       (X509_get_key_usage(issuer) & KU_CRL_SIGN) != 0 &&
	       X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1;
}

/* Does a list that does not name it clear a certificate at that time? Not one that ended
 * before, and none that says of itself that it is only about some (RFC 5280 5.2). */
static bool clears(const X509_CRL *crl, time_t at)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++)
		if (X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, i)))
			return false;
	return next == NULL || ASN1_TIME_cmp_time_t(next, at) >= 0;
}

/* RFC 3161 4.1: with one of these reasons what was stamped before stays good. */
static bool spares_older(X509_REVOKED *entry, time_t at)
{
	ASN1_ENUMERATED *said = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	long reason = said != NULL ? ASN1_ENUMERATED_get(said) : -1;
	ASN1_ENUMERATED_free(said);
	return (reason == CRL_REASON_UNSPECIFIED || reason == CRL_REASON_AFFILIATION_CHANGED ||
		       reason == CRL_REASON_SUPERSEDED ||
		       reason == CRL_REASON_CESSATION_OF_OPERATION) &&
	       ASN1_TIME_cmp_time_t(X509_REVOKED_get0_revocationDate(entry), at) > 0;
}

static const char *check_one(STACK_OF(X509_CRL) * all, X509 *cert, X509 *issuer, time_t at,
	bool is_signer, struct arena *a)
{
	bool cleared = false;
	for (int i = 0; i < sk_X509_CRL_num(all); i++) {
		X509_CRL *crl = sk_X509_CRL_value(all, i);
		X509_REVOKED *entry = NULL;
		if (!is_of(crl, issuer))
			continue;
		cleared = cleared || clears(crl, at);
		if (X509_CRL_get0_by_cert(crl, &entry, cert) == 1 && !spares_older(entry, at))
			return arena_printf(a, "%s was revoked",
				is_signer ? "the signer's certificate"
					  : "a certificate above the signer's");
	}
	if (is_signer && !cleared)
		return "no given revocation list speaks of the signer's certificate at that "
		       "time";
	return NULL;
}

const char *stamp_revoked(
	STACK_OF(X509) * chain, int64_t at_us, struct span crls, struct arena *a)
{
	STACK_OF(X509_CRL) *all = pem_crls(crls);
	const char *why = NULL;
	if (all == NULL)
		return "the revocation lists cannot be read";
	for (int i = 0; why == NULL && i + 1 < sk_X509_num(chain); i++)
		why = check_one(all, sk_X509_value(chain, i), sk_X509_value(chain, i + 1),
			(time_t)(at_us / MICROS), i == 0, a);
	free_crls(all);
	return why;
}
