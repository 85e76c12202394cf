/*
 * What a browser sends along: query strings, forms as application/x-www-form-urlencoded and as
 * multipart/form-data (RFC 7578), decoded into pairs. Strict: what no browser writes is refused
 * as a whole. Pure; bytes are hostile; limits are named. Memory in the caller's arena; values
 * of a multipart form are in the body, which has to live as long. Any thread.
 *
 * Names and values hold no NUL, and those of a POST are UTF-8, but for what is in a file. They
 * may hold anything else.
 */
#ifndef UI_WEB_FORM_H
#define UI_WEB_FORM_H

#include "store/base/arena.h"
#include "store/base/err.h"

enum {
	WEB_PAIRS_MAX = 500,
	WEB_URL_MAX = 16 * 1024,         /* of a request's target */
	WEB_BODY_MAX = 40 * 1024 * 1024, /* of a request: a mail with what is attached to it */
	WEB_TEXT_MAX = 1024 * 1024,      /* of a form without files; of one text of a form */
	WEB_BOUNDARY_MAX = 70,           /* RFC 2046 5.1.1 */
	WEB_PART_HEAD_MAX = 4 * 1024,
	WEB_PART_FIELDS_MAX = 8,
};

struct web_pair {
	struct span name, value;
	struct span file_name; /* of a part that is a file, as the browser said it; empty: none
				  was chosen; absent: it is no file */
};
struct web_form {
	struct web_pair *list;
	size_t n;
};

/* The first value of that name; absent: there is none. */
struct span web_value(const struct web_form *f, const char *name);
/* A number of 0 or more; `otherwise` where there is none, or something else. */
int64_t web_value_number(const struct web_form *f, const char *name, int64_t otherwise);

/* Errors: LIMIT (pairs, WEB_TEXT_MAX), FIELD (a broken escape, part or boundary, NUL, no
 * UTF-8). */
bool web_form_query(struct arena *a, struct span text, struct web_form *out, struct err *err);
/* type: the Content-Type as it came. Another one than these two: FIELD. */
bool web_form_body(struct arena *a, struct span type, struct span body, struct web_form *out,
	struct err *err);
/* How long a body of that Content-Type may be; 0: it is none of these two. */
size_t web_form_max(struct span type);
/* For links that pages write: percent-encoded but for RFC 3986's unreserved. */
struct buf;
void web_encode(struct buf *out, struct span s);

#endif
