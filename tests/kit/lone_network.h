/*
 * A network without a world: after lone_network_enter, this process and what it starts are in a
 * network namespace whose only interface is the loopback one, to which all addresses lead. What
 * anybody in it wants to send anywhere is seen there. Call it first thing in main, before there
 * are threads. One test thread.
 */
#ifndef TESTS_KIT_LONE_NETWORK_H
#define TESTS_KIT_LONE_NETWORK_H

#include <stddef.h>
#include <stdint.h>

enum { LONE_SEEN_MAX = 4096 };

/* False: this machine does not let us; why says what it refused. */
int lone_network_enter(char *why, size_t why_len);

/* Somebody wanted something of somebody: the first packet of a TCP connection, or any packet
 * that is none of TCP's. */
struct lone_packet {
	unsigned protocol; /* of IPv4; 0: not even that */
	uint32_t to;       /* address, host order */
	unsigned port;     /* TCP, UDP: where to */
};
struct lone_watch {
	int fd;
	struct lone_packet seen[LONE_SEEN_MAX];
	size_t n;
};

/* From here on. */
void lone_watch_start(struct lone_watch *w);
/* Fills seen with what came since; fails the running cmocka test if something was missed. */
void lone_watch_look(struct lone_watch *w);
void lone_watch_stop(struct lone_watch *w);

#endif
