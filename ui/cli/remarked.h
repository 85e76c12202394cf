/*
 * What somebody says about a trail or a hop, on its way: into the companion of its case as a
 * remark fact, and out of it into a report. The case itself stays as it is. Main thread.
 */
#ifndef UI_CLI_REMARKED_H
#define UI_CLI_REMARKED_H

#include "ui/report/remarks.h"

struct remark_order {
	int64_t session, trail; /* not for WITHDRAWN */
	size_t hop;             /* its number; 0: the trail as a whole */
	enum remark_act act;
	const char *text;  /* NULL: none, which NOTED may not have */
	int64_t withdraws; /* WITHDRAWN: the number of what is no longer meant */
};

/* *number: of the new remark. Errors: USAGE (there is no such trail, hop, or remark; it was
 * withdrawn already), those of reading the case, and of custody_begin. */
bool remarked_put(const char *case_path, const char *seal_dir, const struct remark_order *order,
	int64_t *number, struct err *err);

/* What is kept beside a case; none where there is no companion, or where it is another case's
 * (out->stranger). Errors: those of remarks_read, and of reading the case. */
bool remarked_read(
	const char *case_path, struct arena *a, struct remarks *out, struct err *err);

/* Puts it to the report; where it cannot be read that is logged, and the report stays without.
 * Memory from `a`, which must last as long as r. */
void remarked_attach(const char *case_path, struct arena *a, struct report *r);

#endif
