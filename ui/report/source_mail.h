/*
 * The message that the link came from, as far as a complaint quotes it: its header, and of that
 * the few fields that report formats have members for. Headers only: the body is never read.
 * Lines come from the edition's attachments, so they are redacted. One thread.
 */
#ifndef UI_REPORT_SOURCE_MAIL_H
#define UI_REPORT_SOURCE_MAIL_H

#include "ui/report/edition.h"

enum {
	SOURCE_MAIL_HEAD_MAX = 256 * 1024, /* bytes of a header: more is cut, and told */
};

struct source_mail {
	struct span head; /* up to the empty line, line ends as they came */
	bool cut;         /* at SOURCE_MAIL_HEAD_MAX */
	/* Values without their folding; absent: there is no such line, or it makes no sense. */
	struct span subject, message_id;
	struct span envelope_from; /* of Return-Path, without its brackets */
	struct span received;      /* the topmost Received */
	struct span arrived;       /* its date, as it stands there */
	struct span source_ip;     /* of the topmost Received that names a public address */
};

/* The one that the link of that session's trail stood in. False: the case holds none that may go
 * out. Memory from `a`. */
bool source_mail_find(
	const struct edition *e, int64_t session, struct arena *a, struct source_mail *out);

#endif
