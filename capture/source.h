/*
 * Packets out of the kernel, by libpcap: every interface of the network namespace that this
 * process is in, nanosecond stamps, nothing cut. The only file that knows libpcap. It chooses
 * no packets (recorder_table.h) and writes none (recorder_file.h). One thread.
 */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include "capture/wire/packet.h"
#include "store/base/err.h"

enum {
	SOURCE_SNAPLEN = 262144,        /* bytes of one packet: more than IP has */
	SOURCE_RING = 32 * 1024 * 1024, /* bytes that the kernel keeps for us, */
	SOURCE_RING_MIN = 512 * 1024,   /* at least, when memory is short */
	SOURCE_RING_MAX = 64 * 1024 * 1024,
	SOURCE_WAIT_MS = 10, /* a packet lies there at most so long */
};

struct source;

/* tcp_udp: the kernel need not show anything else. ring: bytes; halved until the kernel gives
 * it. NULL: *denied says whether CAP_NET_RAW is missing. */
struct source *source_open(bool tcp_udp, uint32_t ring, bool *denied, struct err *err);
/* Readable when there are packets. */
int source_fd(const struct source *s);
int source_link(const struct source *s); /* LINKTYPE_ value */

enum source_next { SOURCE_PACKET, SOURCE_NOTHING, SOURCE_BROKEN };
/* Does not wait. *out lives until the next call; its number is left alone. */
enum source_next source_next(struct source *s, struct packet *out, struct err *err);

struct source_counts {
	uint64_t received; /* by the kernel for us, dropped ones included */
	uint64_t dropped;  /* the ring had no room for them */
};
void source_count(struct source *s, struct source_counts *out);

#endif
