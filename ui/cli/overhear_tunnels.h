/*
 * The connections that the proxy passes through unread: whose they are, how far they went, and
 * how far they were read. Told by tunnels' threads, read and marked by the one that reads
 * packets, waited for by any. One lock of its own.
 */
#ifndef UI_CLI_OVERHEAR_TUNNELS_H
#define UI_CLI_OVERHEAR_TUNNELS_H

#include "capture/wire/packet.h"
#include "store/base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct overhear_tunnel;

enum { OVERHEAR_BUCKETS = 1024, OVERHEAR_STALE_S = 60 };

struct overhear_tunnels {
	pthread_mutex_t lock;
	pthread_cond_t moved; /* something was read, or given up */
	struct overhear_tunnel *buckets[OVERHEAR_BUCKETS];
};

void overhear_tunnels_init(struct overhear_tunnels *ts);
void overhear_tunnels_fini(struct overhear_tunnels *ts);

/* Where a connection comes from and where it goes, as both sides know it. */
struct overhear_way {
	struct packet_address client;
	uint16_t port;    /* the client's */
	const char *host; /* asked for */
	uint16_t host_port;
};
/* The proxy says. */
void overhear_tunnels_add(struct overhear_tunnels *ts, int64_t tunnel, int64_t leg,
	const struct overhear_way *way);
void overhear_tunnels_passed(
	struct overhear_tunnels *ts, int64_t tunnel, uint64_t up, uint64_t down);
/* As passed_all of a tap. */
void overhear_tunnels_passed_all(
	struct overhear_tunnels *ts, int64_t tunnel, bool up_whole, uint64_t down_most);

/* Such a connection was granted: the oldest tunnel of exactly this way that no connection was
 * found to be yet, and that is not older than OVERHEAR_STALE_S. False: there is none. */
bool overhear_tunnels_take(struct overhear_tunnels *ts, const struct overhear_way *way,
	int64_t *tunnel, int64_t *leg);
/* What was read of it. over: there is no more. down_whole: its FIN came down, behind all that
 * the proxy had for the browser. */
void overhear_tunnels_read(struct overhear_tunnels *ts, int64_t tunnel, const uint64_t bytes[2],
	bool over, bool down_whole);

/* Was something passed that was not read, and is still to be expected? */
bool overhear_tunnels_behind(struct overhear_tunnels *ts, int64_t patience_us);
/* Waits until all that was passed before the call was read. False: not in time. */
bool overhear_tunnels_await(struct overhear_tunnels *ts, int timeout_ms, int64_t patience_us);
/* Packets did not show what was passed, or more than was: asked when there are no more. NULL:
 * they did; else what is wrong. Static. */
const char *overhear_tunnels_wrong(struct overhear_tunnels *ts);

#endif
