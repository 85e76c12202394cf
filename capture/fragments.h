/*
 * Datagrams out of IP fragments (RFC 791 3.2, RFC 8200 4.5). Pieces may come in any order and
 * more than once; where they overlap and differ nothing is chosen: the datagram is given up
 * (RFC 5722 asks for that). Bounded by FLOWS_FRAGMENTS_MAX and FLOWS_FRAGMENTS_AT_ONCE. Part of
 * flows; nobody else uses it. One thread.
 */
#ifndef CAPTURE_FRAGMENTS_H
#define CAPTURE_FRAGMENTS_H

#include "capture/wire/packet.h"

struct fragments;

/* A datagram was never whole: p is its first fragment that was seen, without its bytes. */
typedef void fragments_gone_fn(
	void *ctx, const struct packet *p, const struct packet_parts *parts);

struct fragments *fragments_new(fragments_gone_fn *gone, void *ctx);
void fragments_free(struct fragments *f); /* calls nothing */

enum fragments_next {
	FRAGMENTS_WAIT,  /* for more, or it is there already */
	FRAGMENTS_WHOLE, /* *datagram, which lives until the next call */
	FRAGMENTS_BAD,   /* parts is MALFORMED and says why */
};

enum fragments_next fragments_add(struct fragments *f, const struct packet *p,
	struct packet_parts *parts, struct span *datagram);
/* Gives up what is old at now_ns; with all, everything. */
void fragments_expire(struct fragments *f, int64_t now_ns, bool all);
/* Datagrams that were given up because there were too many. */
uint64_t fragments_limits(const struct fragments *f);

#endif
