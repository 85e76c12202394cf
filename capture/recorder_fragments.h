/*
 * Fragments of datagrams that are recorded, by what IP names them by (RFC 791 3.2, RFC 8200
 * 4.5): only the first one holds ports. A fragment that overtakes the first is not known for
 * one of them. Part of recorder_table, which embeds it; zeroed: nothing is followed.
 */
#ifndef CAPTURE_RECORDER_FRAGMENTS_H
#define CAPTURE_RECORDER_FRAGMENTS_H

#include "capture/recorder_table.h"

struct recorder_fragments {
	struct recorder_datagram {
		struct packet_address src, dst;
		uint8_t protocol;
		uint32_t id;
		int64_t at_ns;
	} of[RECORDER_FRAGMENTS_MAX];
	size_t next; /* the oldest one's place */
};

/* False: p is not the first fragment, or too short for ports. *out: what is to be known of the
 * whole. */
bool recorder_fragments_first(const struct packet_parts *p, struct packet_parts *out);
/* p's datagram is recorded: so are its later fragments. */
void recorder_fragments_begin(
	struct recorder_fragments *f, const struct packet_parts *p, int64_t now_ns);
bool recorder_fragments_follow(
	const struct recorder_fragments *f, const struct packet_parts *p, int64_t now_ns);

#endif
