/*
 * One body on its way through: hashed whole, stored in chunks of BODY_CHUNK up to a limit,
 * passed on whatever happens to the storing. Holds at most one chunk in memory. One tunnel
 * thread.
 */
#ifndef PROXY_BODY_H
#define PROXY_BODY_H

#include "proxy/record.h"
#include "store/base/hash.h"

struct body_limits {
	bool store;
	uint64_t max; /* bytes to store of one body */
};

struct body {
	struct record *record;
	int64_t exchange;
	enum fact_side side;
	struct body_limits limits;
	struct buf chunk; /* payload not yet handed to the recorder */
	int64_t n;        /* chunks handed over */
	uint64_t size, stored;
	struct sha256 hash; /* of the whole body */
	bool hashing;       /* hash is live: some payload came */
	bool digested;      /* it was ended: digest is set */
	uint8_t digest[SHA256_LEN];
};

void body_init(struct body *b, struct record *r, int64_t exchange, enum fact_side side,
	struct body_limits limits);
void body_fini(struct body *b);
/* Payload bytes as they came; shaped as http1_payload_fn with ctx = struct body. */
void body_add(void *ctx, struct span payload);
/* Hand over what came so far, as a chunk of its own. */
void body_flush(struct body *b);
/* Hand over what is left; notes a body that was not stored whole. Idempotent. */
void body_end(struct body *b);
/* The digest of all payload, once there will be no more; SPAN_NONE if there was none. Lives as
 * long as the body. */
struct span body_digest(struct body *b);

#endif
