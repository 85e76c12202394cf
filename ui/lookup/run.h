/*
 * The questions of a plan, asked one after the other, or only said (--dry-run). Answers are
 * kept by the session; here is counted what was answered. Main thread.
 */
#ifndef UI_LOOKUP_RUN_H
#define UI_LOOKUP_RUN_H

#include "ui/lookup/plan.h"

struct run_counts {
	size_t done, skipped; /* questions that have their answer; that are not asked */
	size_t open;          /* that have none */
	struct buf open_list; /* of these, "kind subject" separated by ", " */
};

/* Adds to the plan what answers lead to. */
void run_plan(struct lookup_session *s, struct plan *plan, struct run_counts *out);
/* Says what it would ask whom, appended to out. */
void run_said(struct lookup_session *s, const struct plan *plan, struct buf *out);

#endif
