/*
 * The mail that a traced link stood in, as reports show it: its header, and the link that was
 * opened. The body is no part of it. Read anew from the attached message (ui/mail/attach.h);
 * every span may be replaced in place. Borrowed by formats; memory of the report's arena. One
 * thread.
 *
 * Who names the recipient: fields with `recipient` set, in all of their value (addresses, and
 * the names beside them); `recipient` of received; `recipients`. Message-IDs can name him to
 * who sent them: `message_id`, and fields with `message_id` set. Return-Path, List-Unsubscribe
 * and the link can hold him in another form. From, Feedback-ID, List-ID, DKIM and CFBL-Address
 * name the sender and his customer.
 */
#ifndef UI_REPORT_MAIL_H
#define UI_REPORT_MAIL_H

#include "store/base/arena.h"
#include "store/base/buf.h"

#include <jansson.h>

struct report;

struct report_mail_field {
	struct span name, value; /* unfolded, as it came; UTF-8 */
	bool recipient;
	bool message_id; /* Message-ID, References, In-Reply-To, ... */
};

/* RFC 5321 4.4; the newest first. What is absent was not said. */
struct report_mail_received {
	struct span from, by, recipient,
		date; /* from: with what stands in brackets behind it */
	struct span raw;
};

/* RFC 8601: what a server of the receiving side found. Only those of a server that the receiver
 * trusts mean anything. */
struct report_mail_auth {
	struct span server, results;
};

struct report_mail_dkim {
	struct span domain, selector;
};

struct report_mail_link {
	bool known; /* it was found again in the message; else only href is there */
	size_t n;
	struct span href;          /* as the message has it, before --replace */
	struct span text;          /* what people read there; absent: nothing */
	const char *found, *about; /* word and sentence of where it was found */
	struct span part;
	size_t times;
	struct span text_host; /* the host that the text names; absent: none */
	const char *says;      /* "nothing", "agrees", "agrees-wrapped", "differs", "unknown" */
	const char *act, *act_about; /* what opening it does for the recipient: "none", ... */
	bool act_certain;
};

struct report_mail {
	int64_t session, seq, at_us;   /* of the attachment */
	struct span file_name, sha256; /* sha256: 32 bytes, of the whole message */
	int64_t size;
	size_t message, n_messages; /* which of the messages in it this is about, from 1 */
	struct span from, subject, date, message_id, return_path, list_id, list_unsubscribe,
		list_unsubscribe_post, feedback_id, cfbl_address; /* decoded; absent: none */
	int64_t date_us;                                          /* FACT_NULL: not known */
	struct report_mail_received *received;
	size_t n_received;
	struct report_mail_auth *auth;
	size_t n_auth;
	struct report_mail_dkim *dkim;
	size_t n_dkim;
	struct report_mail_field *fields; /* the whole header, in order */
	size_t n_fields;
	struct report_mail_link link;
	size_t n_links; /* in the message */
	/* Of all messages in the file: what report_mail_recipients gives. */
	struct span *recipients;
	size_t n_recipients;
};

/* What names a recipient: addresses (of a message that is passed on, also those of who did so),
 * the form of them in bounce addresses (ada=example.org), and Message-IDs without their
 * brackets. Each once; a list of its own in `a`. */
size_t report_mail_recipients(const struct report_mail *m, struct arena *a, struct span **out);

/* Calls fn with every text of m that may have to be changed, and where it is: "mail field To".
 * fn may replace the span. */
typedef void report_mail_fn(void *ctx, struct span *text, const char *where);
void report_mail_each(struct report_mail *m, report_mail_fn *fn, void *ctx);

/* "What it came from" for the text report; nothing without a mail. Addresses are escaped, not
 * defanged. */
void report_mail_say(const struct report *r, struct buf *out);
/* A line for the summary of a trail: what was clicked in which mail; nothing if the trail's
 * session did not come from r->mail. */
void report_mail_say_line(const struct report *r, int64_t session, struct buf *out);
/* The JSON member `mail`; null without one. A new reference. */
json_t *json_mail(const struct report *r);

#endif
