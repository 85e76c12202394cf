/*
 * What packets say about a case, out of its companion into a report: compared anew each time.
 * Main thread.
 */
#ifndef UI_CLI_WITNESSED_H
#define UI_CLI_WITNESSED_H

#include "ui/report/report.h"

struct case_file;

/* Sets `compared` of the report, and `witness` of its hops; where it cannot be read that is
 * logged, and the report stays without. some: the report holds only some of the case's trails.
 * Memory from `a`, which must last as long as r. */
void witnessed_attach(
	struct case_file *c, const char *path, bool some, struct arena *a, struct report *r);
/* The same out of what was compared before, which must last as long as r, too. */
struct compared_all;
void witnessed_attach_all(
	const struct compared_all *all, bool some, struct arena *a, struct report *r);

#endif
