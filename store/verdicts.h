/*
 * Verdicts of a crosscheck as rows (view `verdict`), in the companion that holds what they were
 * derived from. Not facts: they are replaced whole. Whoever holds the writer hands them over;
 * its thread stores them.
 */
#ifndef STORE_VERDICTS_H
#define STORE_VERDICTS_H

#include "store/base/err.h"

struct writer;

struct verdict; /* store/derive/compare.h */

/* Adds these, in one transaction; first: in the place of all that are there. Blocks until it is
 * committed. Any thread. False if they could not be stored; facts are not touched by that. */
bool writer_put_verdicts(struct writer *w, bool first, const struct verdict *verdicts, size_t n,
	struct err *err);

#endif
