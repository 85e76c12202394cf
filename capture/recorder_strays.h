/*
 * What is left out of a namespace's file when somebody floods it with what is no TCP: the
 * connections that a case is compared with must not pay for it. Counts, no more; pure.
 */
#ifndef CAPTURE_RECORDER_STRAYS_H
#define CAPTURE_RECORDER_STRAYS_H

#include "capture/wire/packet.h"

enum {
	RECORDER_STRAYS_MAX = 16384,                  /* packets that are no TCP, and */
	RECORDER_STRAYS_BYTES_MAX = 64 * 1024 * 1024, /* of so many bytes, are all kept; */
	RECORDER_STRAYS_ONE_IN = 1000,                /* then one of so many */
};

struct recorder_strays {
	uint64_t packets, bytes; /* that were kept while all were */
	uint64_t beyond;         /* that came when there was no room */
	uint64_t left_out;
};

/* Is it to be written? n: its bytes. */
bool recorder_strays_keep(struct recorder_strays *s, enum packet_kind kind, size_t n);

#endif
