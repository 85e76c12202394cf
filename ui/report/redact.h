/*
 * Redaction: what names a recipient is found everywhere and replaced by a tag, equal for equal
 * values within a case (RFC 6590). Changes a report, and the model behind it, in place and
 * keeps a list of what was replaced where, without the values. What is found is in
 * docs/redaction.md. One thread.
 */
#ifndef UI_REPORT_REDACT_H
#define UI_REPORT_REDACT_H

#include "store/base/buf.h"
#include "store/base/err.h"
#include "store/fact/fact.h"

struct edition;
struct edition_body;
struct gather;
struct model_exchange;
struct redactor;
struct report;

enum redact_how { REDACT_KEYED, REDACT_STRIP, REDACT_NONE };
const char *redact_word(enum redact_how how);

struct redact_order {
	enum redact_how how;
	const char *const *secrets; /* --secret */
	size_t n_secrets;
	bool disclose_own_token;
	bool with_pictures; /* somebody looked at them: none is kept back */
	size_t party;       /* whose own token; 0: nobody's */
	const uint8_t *key; /* REDACT_KEY_LEN bytes; NULL: one for this time */
	/* These work with every `how`. Set by edition_make. */
	bool coarse_time, withhold_egress;
	struct span reporter_email; /* is nobody's recipient */
};
enum {
	REDACT_KEY_LEN = 32,
	REDACT_ITEMS_MAX = 5000,              /* in the list */
	REDACT_SAID_MAX = 40,                 /* of them in a text */
	REDACT_CHECK_MAX = 256 * 1024 * 1024, /* bytes of bodies beside the hops' that are
						 looked through for their digests' sake */
};
/* What stands for a value with REDACT_STRIP; with KEYED, '-' and 12 letters and digits follow.
 */
#define REDACT_WORD "redacted"

/* One kind of value at one kind of place. */
struct redacted_item {
	const char *what;  /* "recipient-address", "recipient-name", "click-token", "cookie",
			      "authorization", "message-id", "secret", "egress-address", "time";
			      "digest", "picture", "content": kept back whole */
	struct span where; /* "request url of exchange 12", "response body of exchange 3" */
	struct span tag;   /* what stands there now; absent: it was stripped */
	const char *form;  /* "plain", "percent", "base64", "hex", "md5", ...; "withheld",
			      "not-looked-into" */
	size_t times;
};

struct redaction {
	enum redact_how how;
	struct redacted_item *items;
	size_t n_items;
	bool more; /* there were more than are listed */
	bool coarse_time, withheld_egress;
	bool disclosed; /* tokens of one party stay */
	bool pictured;  /* pictures were not kept back */
	struct redactor *by;
};

/* Finds what is to be hidden in r, and replaces it in place; g gives the bodies that recipients
 * are looked for in. Errors: USAGE (a secret that is too short to be looked for), CASE_READ. */
struct redaction *redaction_new(
	const struct redact_order *order, struct gather *g, struct report *r, struct err *err);
void redaction_free(struct redaction *x); /* NULL is fine */

/* A body: raw, as it was recorded, appended to out as it may go out. For edition_body. */
void redaction_body(struct redaction *x, const struct model_exchange *e, enum fact_side side,
	struct span raw, bool decode, struct buf *out, struct edition_body *about);
/* A body's content codings as its head lists them, put together in *list. */
struct span redaction_codings(
	const struct model_exchange *e, enum fact_side side, struct buf *list);
/* Is nothing replaced, whatever is there? */
bool redaction_is_none(const struct redaction *x);
/* Any other text or bytes of the case that a format shows and the report does not hold. */
struct span redaction_text(struct redaction *x, const char *where, struct span text);

/* Does it hold anything that is to be hidden, or more than can be looked into? */
bool redaction_holds(struct redaction *x, struct span bytes);

/* The list, for people; nothing where nothing was replaced. */
void redaction_say(const struct redaction *x, struct buf *out);
/* What a receiver of this edition could still work out, in sentences, a line each. */
void redaction_cover(const struct edition *e, struct buf *out);

#endif
