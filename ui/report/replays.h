/*
 * The verdicts of replays that are kept beside a case, read from its companion: the newest of
 * each trail, put to the trails of a report. Reads only; hostile files assumed. One thread.
 */
#ifndef UI_REPORT_REPLAYS_H
#define UI_REPORT_REPLAYS_H

#include "ui/report/report.h"

enum { REPLAYS_MAX = 1000 }; /* trails of which a verdict is kept in memory */

struct replays {
	struct same_kept *list; /* one for each trail, the newest */
	size_t n;
	size_t unread; /* verdicts that this version cannot read, or that are too many */
	bool stranger; /* it does not say that it is this case's companion: none was taken */
};

/* All memory from `a`. Errors: those of case_open and CASE_READ. */
bool replays_read(const char *companion, struct span case_id, struct arena *a,
	struct replays *out, struct err *err);
/* Sets `replay` of each trail of the report that has one; borrows. */
void replays_attach(const struct replays *replays, struct report *r);

#endif
