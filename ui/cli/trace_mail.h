/*
 * `trace` of a message: its links are listed, one of them is chosen, and what acts for the
 * recipient is held back until it is asked for by name. It opens nothing. Main thread; owns
 * what it reads, which the trace borrows.
 */
#ifndef UI_CLI_TRACE_MAIL_H
#define UI_CLI_TRACE_MAIL_H

#include "ui/cli/options.h"
#include "ui/cli/trace_origin.h"
#include "ui/mail/links.h"

struct trace_mail {
	struct arena arena;
	struct mail mail;
	struct mail_links links;
	const char *why;  /* this message of several; NULL: there is one */
	const char *link; /* that was chosen, as a C string */
	struct trace_origin origin;
};

/* Is the argument no link, but a file that holds a message (or would, in another form)? Then
 * `file` is its content. What is neither, or is not there, is left to others: *yes is false.
 * Errors: USAGE (it cannot be read, or is too large). */
bool trace_mail_open(const char *given, struct buf *file, bool *yes, struct err *err);
/* Reads the message and its links. Errors: those of mail_read, as USAGE. */
bool trace_mail_read(struct trace_mail *t, const struct options *o, const char *path,
	struct span file, struct err *err);
/* The list, as text or with --json. */
void trace_mail_list(const struct trace_mail *t, const struct options *o, struct buf *out);
/* Fills link and origin. Errors: USAGE (none is named and more than one can be meant, there is
 * no such one, it cannot be traced, it acts and --yes was not said); *list: the list shall be
 * shown, so that one can be named. */
bool trace_mail_choose(
	struct trace_mail *t, const struct options *o, bool *list, struct err *err);
void trace_mail_fini(struct trace_mail *t);

#endif
