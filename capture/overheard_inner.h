/*
 * Inside of overheard*.c: a connection, and its exchanges that are under way. Private to them.
 */
#ifndef CAPTURE_OVERHEARD_INNER_H
#define CAPTURE_OVERHEARD_INNER_H

#include "capture/overheard.h"

/* A body on its way: hashed whole, put in chunks. */
struct overheard_body {
	struct buf chunk; /* payload that was not put yet */
	int64_t n;        /* chunks that were */
	uint64_t size, stored;
	bool hashing;
	struct sha256 hash;
	uint8_t digest[SHA256_LEN];
};

struct overheard_exchange {
	uint64_t n; /* in the connection */
	int64_t id;
	struct overheard_body bodies[2]; /* by enum fact_side */
	struct buf trailers[2];
	bool responded;
	unsigned interims;
	int64_t req_ended_us, first_byte_us;
	struct overheard_exchange *next;
};

/* Plaintext that belongs to no exchange: counted and hashed. */
struct overheard_beyond {
	uint64_t bytes[2]; /* by enum flow_way */
	struct sha256 hash[2];
	int64_t exchange; /* the one that led to it, or FACT_NULL */
	bool upgrade;
};

struct overheard {
	const struct overheard_order *order;
	struct story *story;
	const struct keylog *keys;
	bool asked; /* the proxy has answered it, so it is known whose it is */
	bool ours, failed, handshake_put;
	bool closed[2];  /* by enum flow_way: nothing comes that way any more */
	bool down_whole; /* by FIN */
	int64_t tunnel, leg;
	uint64_t bytes[2]; /* since then */
	int64_t requests;  /* put */
	struct overheard_exchange *open;
	struct overheard_beyond beyond;
	uint64_t ended_n; /* the exchange that ended last, in the connection and in the case */
	int64_t ended_id;
	struct arena arena; /* of one call */
	const char *why;
};

int64_t overheard_us(const struct overheard *o, const struct packet_at *at);
/* What the proxy reads itself is not ours to tell. */
bool overheard_silent(const struct overheard *o);
/* session is filled in. */
void overheard_put(struct overheard *o, enum fact_kind kind, void *fact);

/* overheard_tls.c */
void overheard_hello(struct overheard *o, const struct decrypt_about *tls);
/* failed: it did not come to its end. Once. */
void overheard_handshake(struct overheard *o, const struct decrypt_about *tls, bool failed);

/* overheard_body.c */
void overheard_body_add(struct overheard *o, struct overheard_exchange *x, enum fact_side side,
	struct span bytes, int64_t at_us);
void overheard_body_end(
	struct overheard *o, struct overheard_exchange *x, enum fact_side side, int64_t at_us);
void overheard_body_fini(struct overheard_body *b);

/* overheard_beyond.c */
void overheard_beyond_init(struct overheard_beyond *b);
void overheard_beyond_fini(struct overheard_beyond *b);
void overheard_on_beyond(
	void *ctx, enum flow_way way, struct span bytes, const struct packet_at *at);
/* Once, at the end: nothing, where there was nothing and no other protocol either. */
void overheard_beyond_put(struct overheard *o, int64_t at_us);

/* overheard.c; the calls of its story, together with those of HTTP in overheard_http.c. */
void overheard_on_asked(void *ctx, const struct story_about *about, const struct packet_at *at);
void overheard_on_hello(void *ctx, const struct story_about *about);
void overheard_on_secured(void *ctx, const struct story_about *about);
extern const struct story_calls overheard_story;

#endif
