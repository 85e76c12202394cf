/*
 * One connection of an h2_origin, answered from its routes by libnghttp2 until the peer leaves
 * or stop_fd becomes readable. Private to h2_origin; runs in a thread of its own; never calls
 * cmocka.
 */
#ifndef TESTS_KIT_H2_SERVE_H
#define TESTS_KIT_H2_SERVE_H

#include "tests/kit/h2_origin.h"

#include <stdatomic.h>

struct h2_serve {
	const struct h2_route *routes;
	size_t n_routes;
	int fd, stop_fd;
	struct ssl_st *ssl;
	atomic_size_t *served;
	struct asked *asked; /* streams under way; NULL at first */
};

void h2_serve_run(struct h2_serve *s);

#endif
