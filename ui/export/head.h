/*
 * A recorded head written out as HTTP/1.1 again (RFC 9112), for archives whose records are HTTP
 * messages: from the parsed fields, in their order, case and number, so that it is a head
 * whatever the bytes on the wire were and whatever was redacted. HTTP/2 heads become one, too.
 * Fields that the body that follows is not like any more, and Refresh, have names that begin
 * with "X-Orig-". One thread.
 */
#ifndef UI_EXPORT_HEAD_H
#define UI_EXPORT_HEAD_H

#include "store/derive/model.h"

struct head_body {
	size_t n;          /* bytes that follow the head */
	bool decoded;      /* without the content coding that the field names */
	bool none_follows; /* a response that has no body whatever its fields say: to HEAD, or
			      304 (RFC 9110 6.4.1) */
};

/* Appends it with its empty line. Returns how many fields were left out, since their name is no
 * token (RFC 9110 5.1). */
size_t head_request(const struct model_exchange *x, const struct head_body *b, struct buf *out);
size_t head_response(
	const struct model_exchange *x, const struct head_body *b, struct buf *out);

/* A URL as it may stand in a header line: what is no printable ASCII is percent-encoded. */
void head_add_url(struct buf *out, struct span url);

/* The same, and what browsers let pass in a URL and RFC 3986 does not. */
void head_add_uri(struct buf *out, struct span url);

#endif
