/*
 * Trails on their way into the case: from the structs that derivation makes to the plain rows
 * that the writer stores, so that SQL shows the same trails as a report does. One thread.
 */
#ifndef UI_REPORT_TRAIL_ROWS_H
#define UI_REPORT_TRAIL_ROWS_H

#include "store/derive/trail.h"
#include "store/writer.h"

/* One trail as a row; what it points to is in a, or was t's. */
struct derived_trail trail_rows_one(struct arena *a, const struct trail *t);
/* Replaces the stored trails of the session (0: of all), or adds to them. Blocks until they are
 * committed. Errors: those of the writer. */
bool trail_rows_store(struct writer *w, int64_t session, const struct trail_set *set, bool add,
	struct err *err);

#endif
