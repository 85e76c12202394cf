/*
 * What is erased from a case is erased from its companion, too: packets showed there what the
 * case holds, notes may tell of it. What there is of it, found before the case is touched; and
 * its end, with a signed fact of the companion's own. Verdicts are no evidence and go. Main
 * thread.
 */
#ifndef UI_CLI_ERASE_COMPANION_H
#define UI_CLI_ERASE_COMPANION_H

#include "store/erase_find.h"

#include <limits.h>

struct writer;

struct erase_companion {
	const char
		*of; /* path of the case; NULL: it has no companion, there is nothing to do */
	char path[PATH_MAX];
	struct erase_found found;
};

/* texts: of the wish; from_case: what goes from `c`. Exchanges of which something goes are
 * known in the companion by their addresses: their digests go, and the address where it goes.
 * Memory from `a`. Errors: CASE_READ, CASE_OPEN (it is another case's). */
bool erase_companion_find(struct case_file *c, const char *case_path,
	const struct erase_wish *wish, const struct erase_found *from_case, struct arena *a,
	struct erase_companion *out, struct err *err);
/* May it be erased from? What does not hold is not to be gone on with; and a case of which the
 * log knows a later state was gone on with already: a second way on from here would contradict
 * the first. Errors: CASE_READ, CASE_LOCKED. */
bool erase_holds(struct case_file *c, const char *path, const char *log, struct err *err);
bool erase_companion_holds(const struct erase_companion *e, const char *log, struct err *err);

/* Takes what was found out of the file that is being written. n: how many values went. Errors:
 * those of writer_erase. */
bool erase_items(struct writer *w, const struct erase_found *found, const char *reason,
	struct arena *a, int64_t *n, struct err *err);

/* n: how many values went. Errors: those of custody_begin and writer_erase. */
bool erase_companion_do(const struct erase_companion *e, const char *seal_dir,
	const char *reason, struct arena *a, int64_t *n, struct err *err);

#endif
