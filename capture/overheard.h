/*
 * One TCP connection of the browser, read from its packets into the facts that the proxy would
 * have made of it, had it been the one to speak TLS with both sides (--no-intercept): hello,
 * handshake, certificates, requests, interim responses, responses, bodies in chunks, ends. It
 * is fed like a story (story.h), of which it has one. It verifies no certificate: the browser
 * did, and went on or not. What cannot be read is told, not guessed. Bounded memory. One
 * thread.
 */
#ifndef CAPTURE_OVERHEARD_H
#define CAPTURE_OVERHEARD_H

#include "capture/story.h"
#include "store/base/hash.h"

enum { OVERHEARD_INTERIMS_MAX = 64 }; /* 1xx responses to one request; more are not put */

/* Shared by all connections of a session; borrowed. */
struct overheard_order {
	int64_t session;
	bool store_bodies;
	uint64_t max_body; /* bytes of one body to store; the rest is hashed */
	/* What facts' times are ahead of the packets'; NULL: nothing. Added to each. */
	int64_t (*ahead_us)(void *ctx);
	/* Which tunnel is this, and over which leg does it reach its origin? Asked when the
	 * proxy has granted its target. False: none that was passed through, so the proxy reads
	 * it itself. */
	bool (*whose)(
		void *ctx, const struct story_about *about, int64_t *tunnel, int64_t *leg);
	/* False: it could not be put, and nothing more is. */
	bool (*put)(void *ctx, enum fact_kind kind, const void *fact);
	int64_t (*new_exchange)(void *ctx);
	bool (*certificate_new)(void *ctx, const uint8_t sha256[SHA256_LEN]);
	/* Is it we who end all connections now? What is cut off by that was stopped by us. */
	bool (*stopping)(void *ctx);
	void *ctx;
};

struct overheard;

/* keys: borrowed; they may still grow (overheard_retry). */
struct overheard *overheard_new(
	const struct overheard_order *order, const struct flow *f, const struct keylog *keys);
void overheard_bytes(
	struct overheard *o, enum flow_way way, struct span bytes, const struct packet_at *at);
void overheard_lost(
	struct overheard *o, enum flow_way way, uint64_t n, const struct packet_at *at);
void overheard_closed(
	struct overheard *o, enum flow_way way, bool reset, const struct packet_at *at);
void overheard_retry(struct overheard *o);
/* The connection is over, or its packets are: what is under way ends. Once, before free. */
void overheard_end(struct overheard *o);
void overheard_free(struct overheard *o);

struct overheard_about {
	bool ours;          /* it is one that was passed through: */
	int64_t tunnel;     /* which */
	uint64_t bytes[2];  /* of it by enum flow_way, behind CONNECT and its answer: read, or
			       known to be lost */
	uint64_t exchanges; /* put */
	bool closed;        /* by both sides */
	bool down_whole;    /* its FIN came down, which stands behind all bytes */
	const char *why;    /* what could not be read; NULL: nothing. Static */
};
void overheard_about(const struct overheard *o, struct overheard_about *out);
/* up: what comes next from the browser. Its secrets are needed to read that, and are not there:
 * it is worth waiting for them. */
bool overheard_wants_keys(const struct overheard *o, struct span up);

#endif
