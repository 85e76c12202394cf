/*
 * A bundle: a folder that shows a part of a sealed case to somebody who has neither the case
 * nor this program. It holds the signed head, each fact that is shown with its values and
 * their salts, the paths that lead from there to the head's root, and a script that checks all
 * of it with coreutils and openssl (docs/seal.md, Showing a part). Made for its owner only
 * (0700, 0600); it has its name once it is whole. Main thread.
 */
#ifndef UI_REPORT_BUNDLE_H
#define UI_REPORT_BUNDLE_H

#include "store/seal_verify.h"

enum {
	BUNDLE_FACTS_MAX = 100 * 1000, /* shown in one bundle: each is several files */
	BUNDLE_TEXT_MAX = 4096,        /* bytes of a value that stands in the fact's own text;
					  longer ones, and bytes, have a file */
};

struct bundle_order {
	const char *dir;        /* to be made; must not be there */
	bool all;               /* every fact; else of one trail: */
	int64_t session, trail; /* 0, 0: the first one that there is */
	int64_t hop;            /* of that trail, alone; 0: all */
	bool redact;            /* what bundle_redact.c says stays a commitment */
};

struct bundle_made {
	int64_t facts;  /* shown */
	int64_t hidden; /* values of them that are not */
};

/* v: of seal_verify on the same case; it must hold. Errors: USAGE (the folder is there, there
 * is no such trail or hop, no signed head covers what is to be shown), SYSTEM, LIMIT,
 * CASE_READ, those of case_open. */
bool bundle_write(const char *path, const struct seal_verdict *v, const struct bundle_order *o,
	struct bundle_made *made, struct err *err);

#endif
