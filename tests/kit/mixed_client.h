/*
 * Clients for mixed_origin, several at a time: each opens one connection after the other, to or
 * past a proxy, and asks a few things over each, in HTTP/1.1 or HTTP/2, TLS 1.2 or 1.3 or none,
 * and checks every byte that comes back. What is asked follows from the seed. Threads of its
 * own, which never call cmocka; mixed_load returns when all have ended.
 */
#ifndef TESTS_KIT_MIXED_CLIENT_H
#define TESTS_KIT_MIXED_CLIENT_H

#include "tests/kit/mixed_origin.h"

struct mixed_load {
	unsigned proxy_port;     /* 0: straight to the origin */
	unsigned origin_port[2]; /* then: http, https */
	const char *cacert;      /* whom to believe */
	size_t exchanges;        /* at least so many in all */
	unsigned threads;
	uint64_t seed;
	bool resume; /* TLS sessions are taken up again, where they can be */
};

struct mixed_told {
	size_t exchanges, connections, resumed;
	size_t kinds[8];   /* connections by TLS 1.3 (1), HTTP/2 (2), secure (4) */
	char trouble[256]; /* "": all went well */
};
void mixed_load(const struct mixed_load *l, struct mixed_told *told);

#endif
