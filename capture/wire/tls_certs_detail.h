/*
 * What a certificate says beyond its names: how it was validated (policy OIDs), how long its
 * key is, whether it signed itself, and the signed certificate timestamps (RFC 6962) in it, in
 * an OCSP response or in a handshake. Decodes; judges nothing and verifies no SCT. Hostile
 * input. All results live in the arena; any thread.
 */
#ifndef CAPTURE_WIRE_TLS_CERTS_DETAIL_H
#define CAPTURE_WIRE_TLS_CERTS_DETAIL_H

#include "store/base/arena.h"
#include "store/base/err.h"

enum {
	TLS_SCTS_MAX = 64,           /* of one list; more are left out, and it is said */
	TLS_STAPLE_ANSWERS_MAX = 16, /* of one OCSP response */
};

struct tls_sct {
	struct span log_id; /* 32 bytes: SHA-256 of the log's key */
	int64_t at_us;      /* when the log promised to take it in; INT64_MIN: not readable */
};

struct tls_scts {
	struct tls_sct *list; /* those of version 1 */
	size_t n;
	bool other;     /* one of another version was left out */
	bool malformed; /* it ended where it should not have, or was longer than allowed */
	bool more;      /* than TLS_SCTS_MAX */
};

/* The CA/Browser Forum's reserved policies (Baseline Requirements 7.1.6.1), strictest first. */
enum tls_validation {
	TLS_VALIDATION_NONE, /* no reserved policy is named */
	TLS_VALIDATION_DV,
	TLS_VALIDATION_IV,
	TLS_VALIDATION_OV,
	TLS_VALIDATION_EV
};

struct tls_cert_detail {
	enum tls_validation validation;
	struct span key;  /* "RSA", "EC", "ED25519"; absent: it cannot be read */
	int64_t key_bits; /* INT64_MIN: not known */
	bool self_issued; /* issuer and subject are the same name */
	bool self_signed; /* and its own key verifies it */
	bool authority;   /* basicConstraints say CA */
	struct span issuer_org, issuer_cn; /* UTF-8; absent: none */
	struct span subject_org, subject_cn;
	struct tls_scts scts; /* of its extension 1.3.6.1.4.1.11129.2.4.2 */
};

/* False with ERR_INTERNAL if der is no certificate. */
bool tls_cert_detail(
	struct span der, struct arena *a, struct tls_cert_detail *out, struct err *err);

/* SignedCertificateTimestampList (RFC 6962 3.3), as the TLS extension has it. */
void tls_sct_list(struct span list, struct arena *a, struct tls_scts *out);

/* Those in the single responses of an OCSP response (RFC 6962 3.3, extension
 * 1.3.6.1.4.1.11129.2.4.5). None: it has none, or is no OCSP response. */
void tls_ocsp_scts(struct span response, struct arena *a, struct tls_scts *out);

#endif
