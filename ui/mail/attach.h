/*
 * The mail of a case into its report: found by the session's note, read from the attachment
 * beside it. What cannot be read is logged, and the report stays without. One thread.
 */
#ifndef UI_MAIL_ATTACH_H
#define UI_MAIL_ATTACH_H

#include "store/case.h"
#include "ui/report/mail.h"
#include "ui/report/report.h"

/* Sets r->mail to the mail of its first trail's session, or else of the first session that has
 * one; NULL: none has. Memory from `a`, which must last as long as r. */
void mail_attach(struct case_file *file, struct arena *a, struct report *r);

struct mail;
struct mail_links;
/* The same of a message that was read already: link number n of it was opened, as href. What
 * only the case knows (session, seq, at_us, ...) is left to the caller. */
struct report_mail *mail_attach_make(struct arena *a, const struct mail *m,
	const struct mail_links *links, size_t n, struct span href);

/* ui/mail/attach_fields.c: what of a message goes into a report. message: number from 1. */
void mail_attach_fields(
	struct arena *a, const struct mail *m, size_t message, struct report_mail *out);

#endif
