/*
 * What is said with an answer besides its body: the header fields of each kind, and which kinds
 * a browser may get for what it is about to do with them. All fields of ours are written here,
 * but for the cookie (gate.h). Pure. Any thread.
 */
#ifndef UI_WEB_ANSWER_HEAD_H
#define UI_WEB_ANSWER_HEAD_H

#include "ui/web/web.h"

typedef void answer_field_fn(void *ctx, const char *name, const char *value);
/* Each field of a, in order; values hold nothing but printable ASCII. */
void answer_head(const struct web_answer *a, answer_field_fn *add, void *ctx);

/* May an answer of that kind be used so (Sec-Fetch-Dest; absent: it is not said)? Captured
 * bytes are no script or style of anybody's, and a frame holds pictures alone. */
bool answer_suits(enum web_kind kind, struct span fetch_dest);

enum { ANSWER_TAG_MAX = 67 };
/* Strong, of the bytes: "\"<SHA-256 in hex>\"". */
void answer_tag(struct span body, char out[ANSWER_TAG_MAX]);

#endif
