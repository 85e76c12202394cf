/*
 * What a traced link was found in: kept in the case before the link is let go, and told of in
 * the report at the end. Main thread; all borrowed.
 */
#ifndef UI_CLI_TRACE_ORIGIN_H
#define UI_CLI_TRACE_ORIGIN_H

#include "store/base/text.h"
#include "store/fact/attachment.h"
#include "store/fact/notes.h"

struct report_mail;

struct trace_origin {
	enum attachment_kind kind;
	struct span name, media_type, data;
	enum note_code note;
	const char *note_text;          /* where in it */
	const struct report_mail *mail; /* MAIL: what reports say of it; else NULL */
};

#endif
