#include "proxy/ca_x509.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <time.h>

bool ca_x509_serial(X509 *cert)
{
	uint8_t bytes[CA_SERIAL_LEN];
	if (RAND_bytes(bytes, sizeof bytes) != 1)
		return false;
	/* The top bit would make it negative; the next one keeps its length, so 126 bits are
	 * random. */
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
	BIGNUM *n = BN_bin2bn(bytes, sizeof bytes, NULL);
	bool ok = n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;
	BN_free(n);
	return ok;
}

bool ca_x509_validity(X509 *cert, int64_t not_before_s, int64_t not_after_s)
{
	return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)not_before_s) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)not_after_s) != NULL;
}

int64_t ca_x509_time(const ASN1_TIME *t)
{
	struct tm tm;
	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : INT64_MIN;
}

X509_EXTENSION *ca_x509_ext(int nid, const char *value, X509 *issuer, X509 *subject)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, subject, NULL, NULL, 0);
	return X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
}

const char *ca_x509_why(void)
{
	unsigned long e = ERR_peek_last_error();
	ERR_clear_error();
	const char *text = e != 0 ? ERR_reason_error_string(e) : NULL;
	return text != NULL ? text : "unknown reason";
}
