/*
 * Does an origin's certificate verify, as a browser would have it? Chain to a trusted root,
 * host name by subjectAltName only, strength of keys and digests, key usage, revocation and
 * must-staple by the stapled OCSP response, no certificate of our own authority. Looks at
 * everything before it answers, so that the words name every fault. Fetches nothing from
 * anywhere. Any thread. Inside proxy/tls_* only.
 *
 * Not done: CRLs, OCSP requests, certificate transparency policy, lists of leaked roots,
 * distrust dates of single roots.
 */
#ifndef PROXY_TLS_VERIFY_H
#define PROXY_TLS_VERIFY_H

#include "proxy/ca.h"
#include "proxy/tls_host.h"
#include "store/base/arena.h"

#include <openssl/x509.h>

enum {
	TLS_VERIFY_LEVEL =
		2, /* OpenSSL's: 112 bits; refuses RSA below 2048, EC below 224, SHA-1, MD5 */
	TLS_VERIFY_DEPTH_MAX = 16, /* intermediates */
	TLS_VERIFY_FAULTS_MAX = 8, /* named in the words */
	TLS_VERIFY_NAMES_MAX = 12, /* of a certificate, in the words on a wrong host */
};

struct tls_trust; /* one per run */

/* cacert: PEM file with anchors beside the system's; own: refused as an issuer. Both may be
 * NULL. */
struct tls_trust *tls_trust_new(const char *cacert, const struct ca *own, struct err *err);
void tls_trust_free(struct tls_trust *t);

struct tls_verdict {
	bool verified;
	int code;          /* X509_V_*, of the first fault; 0: none */
	const char *fault; /* in words, faults joined by "; "; NULL: none */
	const char *note;  /* what was tolerated, in words; NULL: nothing */
	int64_t ends_s;    /* the first notAfter of the chain that was built */
};

/* sent: the peer's list, the leaf first; not empty. ocsp: as stapled, or absent. Texts live in
 * the arena. */
void tls_verify(const struct tls_trust *t, STACK_OF(X509) * sent, const struct tls_host *host,
	struct span ocsp, struct arena *a, struct tls_verdict *out);

#endif
