/*
 * Verdicts of a crosscheck as rows (view `verdict`), in the companion that holds what they were
 * derived from. Not facts: they are replaced whole. Whoever holds the writer hands them over;
 * its thread stores them.
 */
#ifndef STORE_VERDICTS_H
#define STORE_VERDICTS_H

#include "store/base/err.h"
#include "store/base/text.h"

struct writer;

struct derived_verdict {
	int64_t session, tunnel, leg, exchange, flow, packet; /* FACT_NULL: none; a session that
 is none is stored as 0 */
	struct span subject, verdict;                         /* words of derive/compare.h */
	struct span file, proxy_value, witness_value, detail; /* may be absent */
};

/* Adds these, in one transaction; first: in the place of all that are there. Blocks until it is
 * committed. Any thread. False if they could not be stored; facts are not touched by that. */
bool writer_put_verdicts(struct writer *w, const struct derived_verdict *verdicts, size_t n,
	bool first, struct err *err);

#endif
