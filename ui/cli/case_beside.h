/*
 * Files that lie beside a case and belong to one session of it: packets of either side, and TLS
 * secrets. "x.case" has "x.1.browser.pcapng", "x.1.origin.pcapng", "x.1.keys". All have mode
 * 0600. Main thread.
 */
#ifndef UI_CLI_CASE_BESIDE_H
#define UI_CLI_CASE_BESIDE_H

#include "store/base/err.h"
#include "store/base/text.h"
#include "store/fact/capture.h"

#include <limits.h>
#include <stdint.h>

/* False: the name would be too long. */
bool case_beside_packets(
	const char *case_path, int64_t session, enum capture_side side, char out[PATH_MAX]);
bool case_beside_keys(const char *case_path, int64_t session, char out[PATH_MAX]);
/* The last part of a path. */
const char *case_beside_name(const char *path);
/* A name that a case gives (capture facts): in the folder of the case. False: it is no plain
 * file name, and not followed. */
bool case_beside_find(const char *case_path, struct span name, char out[PATH_MAX]);
/* A new file, 0600, not following links; -1 with err (CASE_OPEN): there is one already, say. */
int case_beside_make(const char *path, struct err *err);

#endif
