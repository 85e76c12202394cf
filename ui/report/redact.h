/*
 * Redaction: what names a recipient is found everywhere and replaced by a tag, equal for equal
 * values within a case (RFC 6590). Changes a report in place and keeps a list of what was
 * replaced where, without the values. One thread.
 */
#ifndef UI_REPORT_REDACT_H
#define UI_REPORT_REDACT_H

#include "store/base/buf.h"
#include "store/base/err.h"

struct report;
struct model_exchange;

enum redact_how { REDACT_KEYED, REDACT_STRIP, REDACT_NONE };
const char *redact_word(enum redact_how how);

struct redact_order {
	enum redact_how how;
	const char *const *secrets; /* --secret */
	size_t n_secrets;
	bool disclose_own_token;
	size_t party;       /* whose own token; 0: nobody's */
	const uint8_t *key; /* REDACT_KEY_LEN bytes; NULL only with REDACT_NONE or STRIP */
};
enum { REDACT_KEY_LEN = 32 };

/* One kind of value at one kind of place. */
struct redacted_item {
	const char *what;  /* "recipient-address", "click-token", "cookie", "authorization",
			      "message-id", "secret" */
	struct span where; /* "request url of exchange 12", "response body of exchange 3" */
	struct span tag;   /* what stands there now; absent: it was stripped */
	const char *form;  /* "plain", "percent", "base64", "hex", "md5", ... */
	size_t times;
};

struct redaction {
	enum redact_how how;
	struct redacted_item *items;
	size_t n_items;
	bool more; /* there were more than are listed */
};

/* Finds what is to be hidden in r, and replaces it in place. Errors: USAGE (a secret that is
 * too short to be looked for). */
struct redaction *redaction_new(
	const struct redact_order *order, struct report *r, struct err *err);
void redaction_free(struct redaction *x); /* NULL is fine */

#endif
