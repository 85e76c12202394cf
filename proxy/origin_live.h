/*
 * The real network as an origin: dial, then TLS, each step recorded. Shared by all tunnels;
 * holds no per-connection state.
 */
#ifndef PROXY_ORIGIN_LIVE_H
#define PROXY_ORIGIN_LIVE_H

#include "proxy/dial.h"
#include "proxy/origin.h"
#include "proxy/tls_connect.h"

struct origin_live {
	struct dialer dialer;
	struct tls_client *tls;
	const char *const *permit_bad_cert; /* hosts or "ANY"; may be NULL */
};

/* self: borrowed, must outlive the origin. */
struct origin origin_live(struct origin_live *self);

/* Put what a handshake showed: its certificates (each once per case), our hello if there is
 * one, the handshake. */
void record_tls(struct record *r, int64_t leg, struct tls_facts *tls);

#endif
