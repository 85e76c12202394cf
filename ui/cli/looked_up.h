/*
 * What directories answered about a case, out of its companion into a report. Asks nobody. Main
 * thread.
 */
#ifndef UI_CLI_LOOKED_UP_H
#define UI_CLI_LOOKED_UP_H

#include "ui/report/lookups.h"

/* What is kept beside the case; none where there is no companion. Errors: those of case_open,
 * CASE_READ, and CASE_OPEN where the file is another case's companion. */
bool looked_up_read(const char *case_path, struct span case_id, struct arena *a,
	struct lookups *out, struct err *err);

/* Puts it to the parties and hops of the report; where it cannot be read that is logged, and
 * the report stays without. Memory from `a`, which must last as long as r. */
void looked_up_attach(const char *case_path, struct arena *a, struct report *r);

#endif
