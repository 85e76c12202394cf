/*
 * What all tunnels of one running proxy share. Private to proxy/: made by proxy.c, read by
 * tunnels. Everything but the atomics and what `lock` guards is fixed before the first accept.
 */
#ifndef PROXY_STATE_H
#define PROXY_STATE_H

#include "proxy/crew.h"
#include "proxy/fds.h"
#include "proxy/leaves.h"
#include "proxy/origin_live.h"
#include "proxy/proxy.h"
#include "proxy/referer.h"
#include "proxy/tls_accept.h"

#include <pthread.h>
#include <stdatomic.h>

struct proxy {
	struct proxy_options options;
	struct mint *mint;
	struct leaves *leaves;
	struct tls_client *tls_client;
	struct tls_server *tls_server;
	struct origin_live live;
	struct origin origin;
	struct referer referer;
	/* Level-triggered signals: written once, never read. */
	int stop_fd, ready_fd, release_fd;
	atomic_bool ready, released, stopping, failed;
	pthread_t acceptor;
	pthread_mutex_t lock; /* guards failure */
	struct crew *crew;    /* the tunnels' threads */
	struct fds *fds;      /* says how many tunnels there may be; beyond that accept waits */
	struct err failure;
	atomic_uint_fast64_t tunnels, exchanges, failed_exchanges, pairings;
};

/* The ready page's script called back over our TLS. */
void proxy_mark_ready(struct proxy *p);
/* A tunnel's recorder failed: remember the first one. */
void proxy_mark_failed(struct proxy *p, const struct err *err);

#endif
