/*
 * Erasing (docs/seal.md, Erasure): values leave the case, their commitments and a signed fact
 * that says who and why stay. Here is what is done to the rows; what is to be erased is found
 * by erase_find. Any thread; the writer's does it.
 */
#ifndef STORE_SEAL_ERASE_H
#define STORE_SEAL_ERASE_H

#include "store/base/err.h"
#include "store/base/text.h"

#include <stdint.h>

struct writer;

/* One value: a text or bytes field, or a committed piece of a block (seal_part, seal_piece). */
struct erase_part {
	int64_t seq, part;
};

struct seal_erase {
	const struct erase_part *parts; /* by seq, then part; none twice */
	size_t n;
	struct span operator_name, reason;
};

/* All of them in one transaction with the fact that says so, the head over it and, where the
 * case was closed, the fact that closes it again; what was derived from the facts is dropped.
 * Parts that are gone already, or never were, are left out; *n is how many went (0: nothing
 * was written). A failure is final for the writer. Blocks. Errors: CASE_READ (a fact of which
 * something is to be erased is not whole), CASE_WRITE. */
bool writer_erase(struct writer *w, const struct seal_erase *e, int64_t *n, struct err *err);
/* Afterwards, with all derived rows stored again: the file is written anew and the log emptied,
 * so that no copy of what was erased is left in either. Errors: CASE_WRITE, also if somebody
 * reads the case at that moment. */
bool writer_scrub(struct writer *w, struct err *err);

#endif
