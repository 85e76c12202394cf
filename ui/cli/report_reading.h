/*
 * A case read for a report: facts, trails, and all that is kept beside the case about them. Who
 * writes several editions reads anew for each, for redaction changes a report in place. One
 * thread.
 */
#ifndef UI_CLI_REPORT_READING_H
#define UI_CLI_REPORT_READING_H

#include "ui/cli/report_options.h"

struct report_reading {
	struct gather gather;
	struct report report;
	struct arena arena;
};

/* The trail that `which` names, or all. exchanges: even of one trail, all exchanges of its
 * session are read, and all its trails to tell which of them belong to which. It has to be
 * closed in either case. Errors: those of case_open; CASE_READ; USAGE (there is no such trail).
 */
bool report_reading_open(struct report_reading *x, const struct report_options *o,
	const struct edition_order *which, bool exchanges, struct err *err);
/* Writes it as an edition; the report is redacted afterwards, and fit for nothing else. */
bool report_edition(struct report_reading *x, const struct edition_order *order,
	const struct report_format *format, struct buf *out, struct err *err);
void report_reading_close(struct report_reading *x);

#endif
