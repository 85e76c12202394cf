/*
 * Leaf certificates for intercepted hosts, signed by the local CA: P-256 (one key per run),
 * serverAuth, SAN for just the asked host (DNS name or IP address), random 128-bit serial, at
 * most 199 days. "Shaped like" the origin's: validity within the origin's where that is sane,
 * all of it by the browser's clock, which need not be ours. Hostile host names are data: names
 * that are no A-label host or IP get an error, never a crash.
 */
#ifndef PROXY_MINT_H
#define PROXY_MINT_H

#include "proxy/ca.h"

enum { MINT_DAYS_MAX = 199 };

struct x509_st;
struct evp_pkey_st;

/* One per run; any thread may mint with it. */
struct mint;
struct mint *mint_new(const struct ca *ca, struct err *err);

/* Two clocks that differ from ours where a recorded case is served again. Seconds; all 0: a
 * live proxy. */
struct mint_shift {
	int64_t browser_offset_s; /* how far the browser's clock is ahead of ours; negative: it
				     lives in the past */
	int64_t like_offset_s;    /* added to the validity of `like`: by the browser's clock it
				     then means what it meant when it was recorded */
};
struct mint *mint_new_shifted(
	const struct ca *ca, const struct mint_shift *shift, struct err *err);
void mint_free(struct mint *m);
/* A new leaf for host; `like` (the origin's certificate, may be NULL) gives the shape. The
 * caller owns the result. */
struct x509_st *mint_leaf(
	struct mint *m, const char *host, const struct x509_st *like, struct err *err);
struct x509_st *mint_leaf_ref(struct x509_st *leaf); /* one more reference */
void mint_leaf_free(struct x509_st *leaf);           /* drops one */
int64_t mint_now_s(const struct mint *m); /* the browser's clock, seconds since 1970 */
int64_t mint_leaf_ends_s(const struct x509_st *leaf); /* notAfter, seconds since 1970 */
struct evp_pkey_st *mint_key(struct mint *m);         /* borrowed */
struct x509_st *mint_ca_cert(struct mint *m);         /* borrowed */

#endif
