/*
 * RFC 3161 timestamps over a head's statement: the request's bytes, and what a reply or a kept
 * token says. No network here: who calls carries the bytes. Replies and tokens are hostile. Any
 * thread.
 */
#ifndef STORE_SEAL_TIME_H
#define STORE_SEAL_TIME_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "store/base/err.h"

enum { TIMESTAMP_NONCE_LEN = 16, TIMESTAMP_REPLY_MAX = 256 * 1024 };

/* A TimeStampReq (DER) over SHA-256 of the statement, with certReq and the nonce, which is
 * drawn here. */
bool timestamp_request(struct span statement, uint8_t nonce[TIMESTAMP_NONCE_LEN],
	struct buf *out, struct err *err);

struct timestamp {
	int64_t at_us;         /* genTime */
	int64_t accuracy_us;   /* 0: not said */
	struct span policy;    /* OID, dotted */
	struct span serial;    /* hex */
	struct span authority; /* subject of the signing certificate, one line; absent if none
				  is in it */
	struct span certs;     /* PEM of every certificate in the token, in its order */
	bool for_statement;    /* its imprint is SHA-256 (or 384, 512) of that statement */
	bool signature_holds;  /* by the certificate in the token, which may stamp (EKU
				  timeStamping, critical and alone) */
	bool trusted;          /* that certificate leads to one of `trust`, at genTime */
	struct span why; /* the first thing that does not hold, in words; absent: all does */
};

/* A TimeStampResp as the authority answered (DER): its token (the ContentInfo's bytes as they
 * came), appended to token. nonce: must be the one asked with. What is appended is for that
 * statement and its signature holds, whoever made it. Errors: TIMESTAMP (refused: the status in
 * words; no such nonce; another imprint; a signature that does not hold; not DER; trailing
 * bytes). */
bool timestamp_reply(struct span reply, struct span statement,
	const uint8_t nonce[TIMESTAMP_NONCE_LEN], struct buf *token, struct err *err);

/* What a token says and what of it holds. trust: PEM of one or more roots; absent: trusted
 * stays false and `why` says that none was given. crls: PEM, may be absent; if not, one of them
 * must speak of the signer's certificate, and of those above it none may say that it was
 * revoked (RFC 3161 4.1: a key given up later in good order does not count). Errors: TIMESTAMP
 * (it is no token at all). */
bool timestamp_read(struct span token, struct span statement, struct span trust,
	struct span crls, struct arena *a, struct timestamp *out, struct err *err);

/* The same with certificates (PEM) that may stand between the signer's and a root, where the
 * token does not have them all; they are trusted for nothing. Ones that cannot be read are as
 * none. */
struct timestamp_trust {
	struct span roots, certs, crls;
};
bool timestamp_check(struct span token, struct span statement,
	const struct timestamp_trust *trust, struct arena *a, struct timestamp *out,
	struct err *err);

/* Is it a token over those bytes? Nothing else of it is looked at. */
bool timestamp_is_over(struct span token, struct span statement);

/* The certificates, or the revocation lists, of a PEM file, written anew and appended: nothing
 * else that may be in it (a key!) comes along. Errors: USAGE (there is none, or one that cannot
 * be read). */
bool timestamp_certs(struct span pem, struct buf *out, struct err *err);
bool timestamp_crls(struct span pem, struct buf *out, struct err *err);

#endif
