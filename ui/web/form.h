/*
 * What a browser sends along: query strings, forms as application/x-www-form-urlencoded and as
 * multipart/form-data (RFC 7578), decoded into pairs. Pure; bytes are hostile; limits are
 * named. Memory in the caller's arena. Any thread.
 */
#ifndef UI_WEB_FORM_H
#define UI_WEB_FORM_H

#include "store/base/arena.h"
#include "store/base/err.h"

enum {
	WEB_PAIRS_MAX = 500,
	WEB_URL_MAX = 16 * 1024,         /* of a request's target */
	WEB_BODY_MAX = 40 * 1024 * 1024, /* of a request: a mail with what is attached to it */
};

struct web_pair {
	struct span name, value;
	struct span file_name; /* of a part that is a file; else absent */
};
struct web_form {
	struct web_pair *list;
	size_t n;
};

/* The first value of that name; absent: there is none. */
struct span web_value(const struct web_form *f, const char *name);
/* A number of 0 or more; `otherwise` where there is none, or something else. */
int64_t web_value_number(const struct web_form *f, const char *name, int64_t otherwise);

/* Errors: LIMIT (pairs), FIELD (a broken escape, part or boundary). */
bool web_form_query(struct arena *a, struct span text, struct web_form *out, struct err *err);
/* type: the Content-Type as it came. Another one than these two: FIELD. */
bool web_form_body(struct arena *a, struct span type, struct span body, struct web_form *out,
	struct err *err);
/* For links that pages write: percent-encoded but for RFC 3986's unreserved. */
struct buf;
void web_encode(struct buf *out, struct span s);

#endif
