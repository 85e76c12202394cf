/*
 * A timestamp authority as `openssl ts -reply` is one: in a folder of its own, with a root and
 * a certificate made anew. No server: who calls carries the bytes. Needs the openssl program.
 * One test thread.
 */
#ifndef KIT_STAMP_AUTHORITY_H
#define KIT_STAMP_AUTHORITY_H

#include "tests/kit/make_stamp.h"
#include "tests/kit/run_program.h"

struct stamp_authority {
	struct run_program openssl;
	struct made root, signer;
	struct span root_pem; /* lives as long as the authority */
};

void stamp_authority_start(struct stamp_authority *t);
/* DER of a TimeStampResp, appended. What it does not like it rejects in its reply. */
void stamp_authority_answer(struct stamp_authority *t, struct span request, struct buf *reply);
/* Does `openssl ts -verify` say that the token is good for the statement, by our root? */
bool stamp_authority_agrees(
	struct stamp_authority *t, struct span token, struct span statement);
void stamp_authority_end(struct stamp_authority *t);

#endif
