/*
 * What `trace` was given: a URL, or a file that a link stands in. A file is known by its
 * content, never by its name. Main thread.
 */
#ifndef UI_CLI_TRACE_SOURCE_H
#define UI_CLI_TRACE_SOURCE_H

#include "store/base/buf.h"
#include "store/base/err.h"
#include "store/fact/attachment.h"
#include "store/fact/notes.h"

enum trace_source { SOURCE_URL, SOURCE_MAIL, SOURCE_IMAGE };

/* content: the file, for all but SOURCE_URL. What is neither a URL nor a file is taken for a
 * URL, which is then told to be none. Errors: USAGE (the file is neither mail nor picture, or
 * larger than ATTACHMENT_MAX, or cannot be read). */
bool trace_source_of(
	const char *given, enum trace_source *out, struct buf *content, struct err *err);

struct report_mail;

/* What the link was found in, kept in the case before the link is let go. All borrowed. */
struct trace_origin {
	enum attachment_kind kind;
	struct span name, media_type, data;
	enum note_code note;
	const char *note_text;          /* where in it */
	const struct report_mail *mail; /* MAIL: what reports say of it; else NULL */
};

#endif
