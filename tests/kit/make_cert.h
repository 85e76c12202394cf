/*
 * Certificates and OCSP responses of every shape, good and bad, for tests. A spec says what
 * differs from a plain certificate for one host; whatever cannot be made stops the test
 * program. Owns nothing of ours; any thread.
 */
#ifndef KIT_MAKE_CERT_H
#define KIT_MAKE_CERT_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAKE_CERT_EXTENSIONS = 8 };

struct make_cert {
	const char *cn;         /* NULL: the subject is empty */
	const char *org;        /* organizationName; NULL: none */
	const char *san;        /* "DNS:a.example,IP:127.0.0.1"; NULL: none */
	const char *key;        /* "P-256" (NULL), "P-384", "RSA1024", "RSA2048", ... */
	const char *digest;     /* of the issuer's signature; NULL: SHA256 */
	int from_days, to_days; /* from today; both 0: -1 to +30 */
	/* openssl.cnf names and values: {"basicConstraints", "critical,CA:TRUE"}, {"1.2.3.4",
	 * "critical,DER:0500"} */
	const char *extensions[MAKE_CERT_EXTENSIONS][2];
	const char *cn_bytes; /* with cn_len: a common name that holds NUL */
	size_t cn_len;
	bool v1;      /* no extensions, version 1 */
	bool corrupt; /* one bit of the signature is flipped */
};

struct made {
	X509 *cert;
	EVP_PKEY *key;
};

/* issuer NULL: self-signed. */
struct made make_cert(const struct make_cert *spec, const struct made *issuer);
/* A root that may sign anything. */
struct made make_root(const char *cn);
/* A certificate for san under issuer, in the shape of a public CA's. */
struct made make_leaf(const char *san, const struct made *issuer);
void made_free(struct made *m);
void made_write_pem(const struct made *m, const char *path); /* the certificate */
void made_write_key(const struct made *m, const char *path);

enum make_staple {
	STAPLE_GOOD,
	STAPLE_REVOKED,
	STAPLE_UNKNOWN,
	STAPLE_TRY_LATER,
	STAPLE_GARBAGE
};
struct make_staple_spec {
	enum make_staple status;
	const struct made *about, *issuer, *signer; /* signer NULL: the issuer */
	int from_days, to_days;                     /* both 0: -1 to +3 */
	const unsigned char *scts; /* a SignedCertificateTimestampList; NULL: no extension */
	size_t scts_len;
};
/* One SCT of version 1 in a list of its own (RFC 6962 3.2, 3.3), its log id all `log`, its
 * signature no real one: for what reads them, not for what verifies them. */
enum { MAKE_SCT_LEN = 2 + 2 + 1 + 32 + 8 + 2 + 4 + 8 };
void make_sct_list(uint8_t log, uint64_t at_ms, unsigned char out[MAKE_SCT_LEN]);
/* The same as an openssl.cnf value for {"1.3.6.1.4.1.11129.2.4.2", ...}: "DER:04..." */
enum { MAKE_SCT_VALUE = 4 + 2 * (2 + MAKE_SCT_LEN) + 1 };
const char *make_sct_value(uint8_t log, uint64_t at_ms, char out[MAKE_SCT_VALUE]);

/* DER on the heap (OPENSSL_free). */
unsigned char *make_staple(const struct make_staple_spec *spec, size_t *len);

#endif
