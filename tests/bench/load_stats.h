/*
 * What a run of the load client came to: times, errors by kind, whom it talked to, and what a
 * watched process used from the end of the warm-up on. Owned by the run; one thread.
 */
#ifndef TESTS_BENCH_LOAD_STATS_H
#define TESTS_BENCH_LOAD_STATS_H

#include "tests/bench/load_watch.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum load_error {
	LOAD_ERROR_DIAL,
	LOAD_ERROR_CONNECT,
	LOAD_ERROR_TLS,
	LOAD_ERROR_CUT,
	LOAD_ERROR_FRAMING,
	LOAD_ERROR_STATUS,
	LOAD_ERROR_LENGTH,
	LOAD_ERROR_BYTES,
	LOAD_ERROR_STALLED,
	LOAD_ERROR_LATE, /* hold: the one before was not answered when the next was due */
	LOAD_ERROR_KINDS
};

struct load_stats {
	uint32_t *took_us, *first_us; /* per counted request: whole, and up to the first byte */
	unsigned n, room;
	unsigned good, exchanges; /* exchanges: also those of the warm-up, and each hop */
	unsigned errors[LOAD_ERROR_KINDS];
	unsigned reconnects, connections;
	int64_t warm_us, end_us;
	char issuer[128], tls[96], trouble[160];
	bool issuers_differ;
	struct watch_use before, after;
};

void stats_init(struct load_stats *s, unsigned room);
void stats_fini(struct load_stats *s);
void stats_took(struct load_stats *s, int64_t took_us, int64_t first_us);
unsigned stats_errors(const struct load_stats *s);
void stats_issuer(struct load_stats *s, const char *issuer, const char *tls);
/* One line of JSON, or lines for people. */
void stats_print(
	struct load_stats *s, const char *mode, unsigned connections, bool json, FILE *to);

#endif
