/*
 * Answers that the proxy gives itself: error pages marked as ours, the page of --referer, and
 * http://clicktrail.internal/ with the CA and the ready page. Makes bytes only; recording and
 * sending them is the exchange's business. Pure but for the ready mark.
 */
#ifndef PROXY_LOCAL_H
#define PROXY_LOCAL_H

#include "proxy/state.h"
#include "proxy/target.h"

struct local_answer {
	int status;
	const char *reason;
	struct buf head; /* status line and fields, blank line included */
	struct buf body;
	bool close;  /* the connection ends behind it */
	bool shut;   /* no script in it, and no frame around it */
	bool styled; /* the same, but for a style of its own */
};

void local_fini(struct local_answer *a);
/* Whose message was at fault decides between 400 and 502. */
enum local_fault { FAULT_BROWSER, FAULT_ORIGIN };
/* An error page: 400, 403, 502 or 504 by kind and fault; the detail is escaped. For HEAD the
 * body is left empty. */
void local_error(struct local_answer *a, const struct err *err, enum local_fault fault,
	const char *host, bool head_only);
/* clicktrail.internal: "/", "/ca.pem", "/ca.der", "/ca.crt", "/ready", "/ready/done". path:
 * origin form.
 */
void local_internal(struct local_answer *a, struct proxy *p, struct span path, bool over_tls,
	bool head_only);
/* The page of --referer: its script goes on to the link as a click there would. */
void local_referer(struct local_answer *a, const char *link, bool head_only);
/*
 * For who opens the proxy's own address directly (local_phone.c): may he have this page without
 * a password, for he has none yet? The page itself names our end of the connection fd.
 */
bool local_phone_may(const struct proxy_options *o, struct span method, struct span path);
void local_phone(struct local_answer *a, struct proxy *p, int fd, bool head_only);
/* The head of an answer whose body is there; mark: behind "X-Clicktrail: ". */
void local_finish(struct local_answer *a, int status, const char *type, const char *mark,
	bool close, bool head_only);
/* 407 with a Basic challenge. */
void local_auth(struct local_answer *a);
/* Text for HTML, in an element or a quoted attribute; control characters by number. */
void local_escape(struct buf *out, struct span text);

#endif
