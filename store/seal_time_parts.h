/*
 * A timestamp token taken apart, between the files of seal_time. Private to them: this header
 * names OpenSSL's types. Words that they hand out are constant, or in the caller's arena. Any
 * thread.
 */
#ifndef STORE_SEAL_TIME_PARTS_H
#define STORE_SEAL_TIME_PARTS_H

#include "store/seal_time.h"

#include <openssl/pkcs7.h>
#include <openssl/ts.h>

enum { PEM_MAX = 64 * 1024 * 1024 };

struct stamp {
	PKCS7 *token;
	TS_TST_INFO *info;
};

/* One value of definite length: what is in it, and what comes behind it. False: it is not one,
 * or (tag >= 0) of another universal type. */
bool der_one(struct span in, int tag, struct span *content, struct span *rest);
/* One value exactly, nothing behind it. */
bool der_is_one(struct span in);

/* Errors: TIMESTAMP. On false nothing is held. */
bool stamp_open(struct span token, struct stamp *out, struct err *err);
void stamp_close(struct stamp *s);

/* Reading PEM: whatever asks for a passphrase gets none (OpenSSL would ask at the terminal). */
int pem_no_passphrase(char *out, int size, int writing, void *ctx);
/* A reading function found nothing more: was that the end, or is something broken? */
bool pem_ended(void);

/* The certificate in the token that signed it, if the token as a whole holds by it. NULL: why
 * not. *signer may be set even so: it is the one that the signature names. */
const char *stamp_signature(const struct stamp *s, X509 **signer);

/* Does the signer lead to one of the roots, at the time of the stamp, and does no revocation
 * list speak against it? NULL: yes. Otherwise why not, in a. */
const char *stamp_trust(const struct stamp *s, X509 *signer, int64_t at_us,
	const struct timestamp_trust *trust, struct arena *a);
/* The certificates of a PEM; NULL: there is none, or something is broken. The caller frees. */
STACK_OF(X509) * pem_certs(struct span pem);
STACK_OF(X509_CRL) * pem_crls(struct span pem); /* the same */

/* Chain: signer first, its root last. NULL: nothing in the PEM speaks against it. */
const char *stamp_revoked(
	STACK_OF(X509) * chain, int64_t at_us, struct span crls, struct arena *a);

#endif
