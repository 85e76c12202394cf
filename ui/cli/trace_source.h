/*
 * What `trace` is given: a link, or the name of a file that holds one (a picture with a QR
 * code, a mail). Which it is, is told by the file's bytes and not by its name. The file goes
 * into the session, so that a report can show where the link came from. Main thread, before
 * there are threads or keys; owns the file's bytes.
 */
#ifndef UI_CLI_TRACE_SOURCE_H
#define UI_CLI_TRACE_SOURCE_H

#include "ui/cli/qr.h"
#include "ui/cli/trace_origin.h"

enum trace_source { SOURCE_URL, SOURCE_MAIL, SOURCE_IMAGE };

struct trace_given {
	enum trace_source source;
	const char *argument; /* borrowed */
	const char *link;     /* what is to be traced; in the arena, or the argument itself */
	struct arena arena;
	struct buf file; /* its bytes; empty with SOURCE_URL */
	struct qr_codes codes;
	size_t chosen; /* of them, from 1 */
	struct trace_origin
		origin; /* of SOURCE_IMAGE: what of it becomes part of the session */
};

/* By the argument alone and, if it is no link, by the start of the file of that name. */
enum trace_source trace_source_of(const char *argument, struct span file);
/* number: of the link in the file that is wanted (--link); 0: none was named, and if there are
 * several they are listed on stderr. To be closed in either case. Errors: USAGE (the file holds
 * no link, or several, or something that is no web address), SYSTEM, LIMIT. */
bool trace_source_open(
	struct trace_given *g, const char *argument, size_t number, struct err *err);
/* What a picture's codes hold, as text or JSON (clicktrail-codes/1), appended; opens none.
 * Errors: as of trace_source_open. */
bool trace_source_list(const char *argument, bool json, struct buf *out, struct err *err);
void trace_source_close(struct trace_given *g);

#endif
