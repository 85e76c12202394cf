/*
 * An origin that speaks HTTP/2 over TLS, under a root of its own, loopback, port 0. Either the
 * test takes each connection and plays it frame by frame (h2_origin_take gives the origin's end
 * as an h2_raw), or the origin answers by itself from a table of routes, through libnghttp2
 * (h2_origin_serve). Its threads never call cmocka. The rest: one test thread.
 */
#ifndef TESTS_KIT_H2_ORIGIN_H
#define TESTS_KIT_H2_ORIGIN_H

#include "tests/kit/h2_raw.h"

struct h2_origin;

/* What is answered to a path. The first route that fits counts. */
struct h2_route {
	const char *path; /* NULL: any */
	int status;
	const char *fields; /* lines "name: value\n", or NULL */
	const char *body;   /* or NULL and fill bytes of the pattern */
	size_t fill;
};

/* san: as make_leaf takes it, "DNS:origin.test,DNS:b.test". alpn: what it takes,
 * comma-separated, in its order; NULL: it answers none. A client that offers others only gets
 * an alert. */
struct h2_origin *h2_origin_start(const char *san, const char *alpn);
/* From now on connections are served from this table (borrowed). */
void h2_origin_serve(struct h2_origin *o, const struct h2_route *routes, size_t n);
unsigned h2_origin_port(const struct h2_origin *o);
/* "host:443:127.0.0.1:PORT" for --connect-to, and its root for --cacert; live as long as it. */
const char *h2_origin_rule(struct h2_origin *o, const char *host);
const char *h2_origin_cacert(const struct h2_origin *o);

/* The next connection whose handshake is done; waits for it, fails the test if none comes. */
void h2_origin_take(struct h2_origin *o, struct h2_raw *end);
/* Connections with a good handshake so far, handshakes that failed, requests served. */
size_t h2_origin_shaken(struct h2_origin *o);
size_t h2_origin_unshaken(struct h2_origin *o);
size_t h2_origin_served(struct h2_origin *o);
/* The ALPN that the last client offered, comma-separated. */
const char *h2_origin_offered(struct h2_origin *o);

/* Ends what it serves, closes what was not taken, frees. */
void h2_origin_stop(struct h2_origin *o);

#endif
