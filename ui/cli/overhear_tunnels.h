/*
 * The connections that the proxy passes through unread: whose they are, how far they went, and
 * how far they were read. Told by tunnels' threads, read and marked by the one that reads
 * packets, waited for by any. One lock of its own.
 */
#ifndef UI_CLI_OVERHEAR_TUNNELS_H
#define UI_CLI_OVERHEAR_TUNNELS_H

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
	uint16_t port;    /* the client's */
	const char *host; /* asked for */
	uint16_t host_port;
};
/* The proxy says. */
void overhear_tunnels_add(struct overhear_tunnels *ts, int64_t tunnel, int64_t leg,
	const struct overhear_way *way);
void overhear_tunnels_passed(
	struct overhear_tunnels *ts, int64_t tunnel, uint64_t up, uint64_t down);

/* Such a connection was granted: the oldest tunnel that it may be, that no connection was found
 * to be yet, and that is not older than OVERHEAR_STALE_S. False: there is none. */
bool overhear_tunnels_take(struct overhear_tunnels *ts, const struct overhear_way *way,
	int64_t *tunnel, int64_t *leg);
/* What was read of it. over: there is no more. */
void overhear_tunnels_read(
	struct overhear_tunnels *ts, int64_t tunnel, const uint64_t bytes[2], bool over);

/* Was something passed that was not read, and is still to be expected? */
bool overhear_tunnels_behind(struct overhear_tunnels *ts, int64_t patience_us);
/* Waits until all that was passed before the call was read. False: not in time. */
bool overhear_tunnels_await(struct overhear_tunnels *ts, int timeout_ms, int64_t patience_us);
/* Packets did not show all that the browser sent: asked when there are no more. */
bool overhear_tunnels_missing(struct overhear_tunnels *ts);

#endif
