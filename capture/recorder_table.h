/*
 * What the recorder was shown: connections and listening sockets, and whether a packet is of
 * one of them. Bounded; it opens nothing and reads no socket (recorder_shown.h), but keeps the
 * descriptors that it is given, asks a function whether they still prove what they did, and
 * closes them. Addresses that IPv6 has for IPv4 ones (::ffff:192.0.2.1, RFC 4291 2.5.5.2) are
 * IPv4's. now_ns: of a clock that never steps. One thread.
 */
#ifndef CAPTURE_RECORDER_TABLE_H
#define CAPTURE_RECORDER_TABLE_H

#include "capture/wire/packet.h"

enum {
	RECORDER_TABLE_MAX = 65536,  /* connections; whose last packet is oldest goes first */
	RECORDER_HELD_MAX = 2048,    /* descriptors kept */
	RECORDER_LISTENERS_MAX = 64, /* more are refused */
	RECORDER_FRAGMENTS_MAX = 64, /* datagrams whose fragments are followed at once */
	/* A connection whose first packet does not come is forgotten, and so is one that is
	 * over or silent. */
	RECORDER_START_S = 30,
	RECORDER_FULL_START_S = 1, /* the same while no descriptor more can be kept */
	RECORDER_QUIET_S = 2, /* for want of room: UDP, or what is over, that was silent for so
				 long is not missed */
	/* FIN and RST are believed of whoever sends them, and an origin may send one that the
	 * other end does not take. So this is longer than the proxy leaves a connection idle,
	 * one that it passes through unread included. */
	RECORDER_OVER_S = 960,
	RECORDER_TCP_IDLE_S = 7200,
	RECORDER_UDP_IDLE_S = 15,
	RECORDER_FRAGMENT_S = 30, /* RFC 791 3.2 lets a receiver wait 15, Linux waits 30 */
};

struct recorder_table;
/* held_max: where the limit of descriptors is lower than RECORDER_HELD_MAX. */
struct recorder_table *recorder_table_new(uint32_t seed, size_t held_max);
void recorder_table_free(struct recorder_table *t);

/* A local end as its socket says. ip.n 0: any address, of those that it takes. */
struct recorder_local {
	struct packet_address ip;
	uint16_t port;
	bool v4, v6; /* any address of these */
};

/* Is that end of a packet, and of TCP that connection, still the held socket's? */
typedef bool recorder_still_fn(int held, bool udp, const struct recorder_local *local,
	const struct packet_address *remote, uint16_t remote_port);
/* Asked at the first packet of TCP, at each of UDP. Without it what is held is believed. */
void recorder_table_ask(struct recorder_table *t, recorder_still_fn *still);

/* Can a descriptor more be held? If not, what is held for nothing is forgotten first. */
bool recorder_table_room(struct recorder_table *t, int64_t now_ns);

/* A connection of TCP or UDP (udp) that is about to begin. held: its socket, which is taken: as
 * long as it is open nobody else can have the port. Of TCP it is closed at the first packet, so
 * that the owner's end of it is an end; of UDP when it is forgotten. A connection of TCP begins
 * with a SYN of the local end: whose first packet is another one is forgotten. Several of the
 * same ends begin one after the other, in their order. */
void recorder_table_connection(struct recorder_table *t, bool udp,
	const struct recorder_local *local, const struct packet_address *remote,
	uint16_t remote_port, int held, int64_t now_ns);
/* False: there are too many. */
bool recorder_table_listener(struct recorder_table *t, const struct recorder_local *local);

/* Is this packet one of theirs? */
bool recorder_table_wants(
	struct recorder_table *t, const struct packet_parts *p, int64_t now_ns);
/* Forgets what is over or silent. */
void recorder_table_sweep(struct recorder_table *t, int64_t now_ns);

struct recorder_table_counts {
	size_t connections, held;
	uint64_t pushed_out; /* forgotten for want of room: packets of theirs may be missing */
	uint64_t silent;     /* TCP forgotten for its silence, whose end was not seen */
	uint64_t late;       /* the first packet was none that begins it, or not its socket's */
};
void recorder_table_count(const struct recorder_table *t, struct recorder_table_counts *out);

#endif
