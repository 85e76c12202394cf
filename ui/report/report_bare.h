/*
 * A report for who looks at single exchanges: without what only reading the pages themselves
 * tells, landing pages and grades, which takes long where they are large. Not for anything that
 * goes out. As report_make in all else.
 */
#ifndef UI_REPORT_REPORT_BARE_H
#define UI_REPORT_REPORT_BARE_H

#include "ui/report/report.h"

bool report_make_bare(struct gather *g, int64_t only_session, struct arena *a,
	struct report *out, struct err *err);

/* With landing pages, and without grades, for each of which its page is read as a whole. */
bool report_make_ungraded(struct gather *g, int64_t only_session, struct arena *a,
	struct report *out, struct err *err);

#endif
