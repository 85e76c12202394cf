/*
 * Where a command's result goes: stdout, or a file made for its owner only (reports hold
 * cookies and tokens).
 */
#ifndef UI_CLI_OUTPUT_H
#define UI_CLI_OUTPUT_H

#include "store/base/buf.h"
#include "store/base/err.h"

/* file NULL or "-": stdout. An existing file is replaced, but never `keep` (NULL: none), which
 * is the case itself, and never what may be evidence or a key: a SQLite file, or anything
 * beside a signing key. Errors: USAGE (it is one of those), SYSTEM. */
bool output_write(
	const char *file, const char *keep, const struct buf *content, struct err *err);

#endif
