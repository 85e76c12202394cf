/*
 * A stapled OCSP response (RFC 6960, RFC 6066 8): what it says about one certificate, and
 * whether that may be believed. Judges the response only; what follows from it is tls_verify's.
 * Inside proxy/tls_* only. Pure but for OpenSSL's locked stores.
 */
#ifndef PROXY_TLS_STAPLE_H
#define PROXY_TLS_STAPLE_H

#include "store/base/arena.h"

#include <openssl/x509.h>

enum tls_staple {
	TLS_STAPLE_NONE,
	TLS_STAPLE_GOOD,
	TLS_STAPLE_OLD,    /* properly signed, good, but not of today */
	TLS_STAPLE_LATER,  /* the responder said: try later */
	TLS_STAPLE_SIGNER, /* signed by someone who may not */
	TLS_STAPLE_BAD, /* malformed, refused by the responder, or not about this certificate */
	TLS_STAPLE_REVOKED,
};

/* issuer: of the leaf. chain: certificates that may help to verify the responder's. words (when
 * not NONE or GOOD): why. */
enum tls_staple tls_staple_judge(struct span raw, X509 *leaf, X509 *issuer,
	STACK_OF(X509) * chain, X509_STORE *roots, struct arena *a, const char **words);

/* The certificate demands a staple (TLS feature extension, RFC 7633). */
bool tls_staple_required(const X509 *leaf);

#endif
