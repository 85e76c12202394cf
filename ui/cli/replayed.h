/*
 * The verdict of a replay on its way: into the companion of its case, as a custody fact with
 * the act `replayed` (same_line.h is its detail), and out of it into a report. The case itself
 * stays as it is. Main thread.
 */
#ifndef UI_CLI_REPLAYED_H
#define UI_CLI_REPLAYED_H

#include "ui/report/report.h"

/* Keeps the verdict: k->trail as reports name it ("1.1"), browser, session_sha, strict, and
 * same as same_compare left it; at_us and by are the fact's own. sha256 (32 bytes, may be NULL)
 * goes into the fact beside the line. Errors: those of custody_put, and USAGE where
 * same_line_write refuses. */
bool replayed_put(const char *case_path, const char *seal_dir, const struct same_kept *k,
	const uint8_t *sha256, struct err *err);

/* Puts the newest verdict of each trail to the report, and what was attached beside the case.
 * Where there is no companion, nothing happens; where it cannot be read, or is another case's,
 * that is logged, and the report stays without. Memory from `a`, which must last as long as r.
 */
void replayed_attach(const char *case_path, struct arena *a, struct report *r);

#endif
