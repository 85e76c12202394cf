/*
 * Rows, sessions, parties and finds of a book that has all of its case in memory: what the
 * naive book is made of. Pure but for the arena. Goes when the book reads by itself.
 */
#ifndef UI_WEB_BOOK_STAND_IN_H
#define UI_WEB_BOOK_STAND_IN_H

#include "ui/web/book.h"

void stand_in_parties(const struct trail *t, struct arena *a, struct book_trail *out);
void stand_in_rows(const struct model *m, const struct trail_set *trails,
	const struct book_rows_query *q, struct arena *a, struct book_rows *out);
void stand_in_sessions(const struct model *m, const struct trail_set *trails, size_t max,
	struct arena *a, struct book_session **out, size_t *n, size_t *total);
void stand_in_find(const struct model *m, const struct trail_set *trails, struct span what,
	size_t max, struct arena *a, struct book_found **out, size_t *n, bool *more);

#endif
