/*
 * What hostile networks, hosts and disks do to a capture, by chance: the same for the same
 * seed. Packets are lost, doubled, moved, cut, changed; forged ones come between them that
 * reset, begin and end connections or bring other bytes for the same numbers; the file's own
 * lengths lie. For tests that must get through it, and for seeds of fuzzers.
 */
#ifndef TESTS_KIT_HOSTILE_CAPTURE_H
#define TESTS_KIT_HOSTILE_CAPTURE_H

#include "tests/kit/packet_build.h"

/* So many tricks, each on a packet of its own choice. */
void hostile_packets(struct packet_build *b, unsigned tricks, uint64_t seed);
/* The same to a file's bytes, which may shrink. */
void hostile_file(struct buf *file, unsigned tricks, uint64_t seed);

#endif
