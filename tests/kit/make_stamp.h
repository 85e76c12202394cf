/*
 * Timestamp tokens and replies (RFC 3161) of every shape, good and bad, signed in the test
 * program: what `openssl ts -reply` refuses to make. Whatever cannot be made stops the program.
 * Any thread.
 */
#ifndef KIT_MAKE_STAMP_H
#define KIT_MAKE_STAMP_H

#include "store/base/buf.h"
#include "tests/kit/make_cert.h"

enum { MAKE_STAMP_CERTS = 4 };

struct make_stamp {
	struct span statement;
	const struct made *signer;
	const struct made *named;                   /* by the ESS attribute; NULL: signer */
	const struct made *certs[MAKE_STAMP_CERTS]; /* in the token; none: signer */
	struct span nonce;                          /* absent: none */
	const char *imprint, *digest;               /* NULL: SHA256 */
	const char *time;                           /* NULL: now. "20260102030405.5Z" */
	int seconds, millis, micros;                /* accuracy; all 0: none */
	const char *tsa;                            /* a name that the authority claims */
	struct span inner_tail;                     /* behind the TSTInfo, signed too */
	long version;                               /* 0: 1 */
	bool critical_extension, ess_v1, no_ess, no_type, no_certs, twice;
};

void make_stamp(const struct make_stamp *spec, struct buf *token);
/* status -1: no PKIStatusInfo at all. text, token: may be absent. failure: bit, -1: none. */
void make_stamp_reply(
	int status, const char *text, int failure, struct span token, struct buf *reply);
/* The root and the authority's certificate that most tests take: valid for ten years around
 * now. eku as in openssl.cnf; NULL: "critical,timeStamping". */
struct made make_stamp_root(const char *cn);
struct made make_stamp_signer(const char *cn, const char *eku, const struct made *root);

#endif
