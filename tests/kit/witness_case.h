/*
 * A case and its companion that agree: n tunnels over TLS with one exchange each, and the
 * witness facts of both sides as packets would have shown them. A test changes or leaves out
 * one fact on its way and looks what comes of it. One test thread.
 */
#ifndef TESTS_KIT_WITNESS_CASE_H
#define TESTS_KIT_WITNESS_CASE_H

#include "tests/kit/temp_case.h"

/* Called for each fact before it is put; in_companion: it is the witness's. False: it is not
 * put. */
typedef bool witness_change(void *ctx, enum fact_kind kind, void *fact, bool in_companion);

struct witness_case {
	struct temp_case of_case, companion; /* both closed */
	int64_t session;
	char path[96]; /* of the companion, where reports look for it */
};
enum {
	WITNESS_PORT = 20000, /* of tunnel 1's client; the next has the next */
	WITNESS_ORIGIN_PORT = 30000,
};
#define WITNESS_EPOCH_US INT64_C(1767225600000000) /* 2026-01-01 */

void witness_case_make(struct witness_case *c, int tunnels, witness_change *change, void *ctx);
void witness_case_fini(struct witness_case *c);

#endif
