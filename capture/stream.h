/*
 * Packets into TCP connections: each direction's bytes in order, as the receiver acknowledged
 * them, with reordering, retransmissions, overlaps and gaps (RFC 9293). Bounded memory: when a
 * gap does not close it is told as lost and the rest goes on. What is no TCP is handed on as it
 * is, IP fragments joined first. It interprets no payload. One thread; all calls happen inside
 * flows_packet and flows_end.
 */
#ifndef CAPTURE_STREAM_H
#define CAPTURE_STREAM_H

#include "capture/wire/packet.h"
#include "store/base/err.h"
#include "store/fact/flow.h"

enum flow_way { FLOW_UP, FLOW_DOWN }; /* from who opened the connection; to it */

enum {
	FLOWS_MAX = 65536, /* connections at once, */
	/* Bytes of one direction behind a gap: more than Linux lets a sender have under way by
	 * default (tcp_rmem), */
	FLOW_AHEAD_MAX = 4 * 1024 * 1024,
	FLOWS_AHEAD_MAX = 16 * 1024 * 1024,    /* and of all; */
	FLOWS_FRAGMENTS_MAX = 4 * 1024 * 1024, /* bytes of fragments that wait, */
	FLOWS_FRAGMENTS_AT_ONCE = 256,         /* of so many datagrams */
};

/* Where in the file something was seen. */
struct packet_at {
	uint64_t packet;
	int64_t at_ns;
};

struct flow_end {
	struct packet_address ip;
	uint16_t port;
};

struct flow {
	uint64_t number; /* in this reading, from 1, in order of first packets */
	struct flow_end client, server;
	bool midway; /* its SYN was not seen: who is the client is a guess */
	struct packet_at first, last;
	uint64_t bytes[2], lost[2]; /* by enum flow_way: delivered; never seen */
	uint64_t conflicts;         /* bytes that came again and differed */
	struct packet_at conflict;  /* the first of them */
	enum flow_ended ended;
	void *user; /* whoever follows it */
};

struct flow_calls {
	void (*opened)(void *ctx, struct flow *f);
	/* The next bytes of a direction; `at`: the packet that brought the last of them, or
	 * closed the gap before them. Where a gap is given up it is the former: an earlier
	 * packet than others that were told meanwhile. */
	void (*bytes)(void *ctx, struct flow *f, enum flow_way way, struct span bytes,
		const struct packet_at *at);
	/* n bytes that no packet showed stood here; `at`: the packet that showed bytes behind
	 * them, or the connection's last. */
	void (*lost)(void *ctx, struct flow *f, enum flow_way way, uint64_t n,
		const struct packet_at *at);
	/* A FIN or RST was reached; nothing comes that way any more. */
	void (*closed)(void *ctx, struct flow *f, enum flow_way way, bool reset,
		const struct packet_at *at);
	/* f and its numbers are as they stay; f goes afterwards. */
	void (*ended)(void *ctx, struct flow *f);
	/* A UDP datagram, whole. */
	void (*datagram)(void *ctx, const struct packet *p, const struct packet_parts *parts);
	/* Anything else: another protocol, no IP, an unknown link, malformed, fragments that
	 * were never whole (parts->kind FRAGMENT). */
	void (*other)(void *ctx, const struct packet *p, const struct packet_parts *parts);
};

struct flows;
struct flows *flows_new(const struct flow_calls *calls, void *ctx); /* calls: borrowed */
void flows_packet(struct flows *fs, const struct packet *p);
/* The file is over: gaps are told as lost, what is open ends as it is. */
void flows_end(struct flows *fs);
void flows_free(struct flows *fs);

struct flows_counts {
	uint64_t packets, malformed, limits; /* limits: times that one of those above was met */
	uint64_t conflicts;
	uint64_t unchecked; /* bytes that came again when the first version was kept no more */
	uint64_t outside;   /* segments that no receiver takes: beyond a FIN, a RST or SYN that
			       fits nothing */
};
void flows_counts(const struct flows *fs, struct flows_counts *out);

#endif
