/*
 * An X.509 certificate (RFC 5280) out of raw DER, as texts for people and facts. Decodes;
 * judges nothing and trusts nothing: whether a certificate verifies is the proxy's business
 * (tls_verify). Hostile input. All results live in the arena.
 */
#ifndef CAPTURE_WIRE_TLS_CERTS_H
#define CAPTURE_WIRE_TLS_CERTS_H

#include "store/base/arena.h"
#include "store/base/err.h"
#include "store/base/hash.h"

enum {
	TLS_CERTS_NAMES_MAX =
		20000, /* names of one subjectAltName that are written out; then "..." */
};

struct tls_cert {
	uint8_t sha256[SHA256_LEN]; /* of the DER as it came */
	struct span subject,
		issuer;     /* RFC 4514 order and escapes, UTF-8; control bytes as \XX */
	struct span serial; /* lower-case hex, "-" first if negative */
	int64_t not_before_us, not_after_us; /* INT64_MIN where it cannot be read */
	struct span san;            /* "DNS:name" "IP:addr" "email:.." "URI:.." "other:type",
				       space-separated; bytes beyond	    printable ASCII, space and
				       backslash	    as \xNN. Empty: no such extension */
	struct span key_kind;       /* "EC P-256", "RSA 2048", "Ed25519" */
	struct span signature_kind; /* "ecdsa-with-SHA256", "sha256WithRSAEncryption", or the
				       dotted OID */
};

struct x509_st;

/* False with ERR_INTERNAL if der is no certificate: only sha256 is set then. */
bool tls_cert_decode(struct span der, struct arena *a, struct tls_cert *out, struct err *err);
/* The same of a certificate that OpenSSL has decoded already: OpenSSL 3 takes 100 us and more
 * for a key, each time. der: its bytes, which the caller knows to be the same. */
void tls_cert_read(
	const struct x509_st *cert, struct span der, struct arena *a, struct tls_cert *out);

#endif
