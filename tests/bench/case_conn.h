/*
 * Connections of a made case, with the facts that the proxy puts for one: where to, name, leg,
 * hellos, handshakes, and the ends. Facts go to the maker's writer at the maker's time; what
 * cannot be put ends the program. One thread.
 */
#ifndef TESTS_BENCH_CASE_CONN_H
#define TESTS_BENCH_CASE_CONN_H

#include "tests/bench/case_served.h"

#define CASE_FACT(lower, UPPER)                                                                \
	struct fact_##lower lower;                                                             \
	fact_init(FACT_KIND_##UPPER, &lower);                                                  \
	lower.session = m->session;                                                            \
	lower.at_us = m->now_us += STEP_US

struct case_conn {
	const char *host;
	int64_t port;
	bool plain;        /* no TLS */
	struct span certs; /* SHA-256 of each that the origin showed */
};

_Noreturn void case_die(const char *what, const struct err *err);
void case_put(struct maker *m, enum fact_kind kind, const void *fact);
/* The maker's next exchanges go over this one; the one before is ended. */
void case_connect(struct maker *m, const struct case_conn *c);
void case_disconnect(struct maker *m);

#endif
