/*
 * Header lines of a recorded head, parsed: the view that derivation reads. The head's raw bytes
 * stay the evidence. Pure.
 */
#ifndef STORE_DERIVE_FIELDS_H
#define STORE_DERIVE_FIELDS_H

#include "store/base/arena.h"

/* One header line as the browser or origin wrote it. */
struct model_field {
	struct span name, value;
};

/* From `lines` ("Name: value" lines with CRLF) where there are any, else from `head`, whose
 * first line is skipped. Without a head (HTTP/2), names may begin with a colon. Spans point
 * into them; the array lies in the arena. */
size_t fields_parse(
	struct arena *a, struct span head, struct span lines, struct model_field **out);
/* Value of the first line of that name (ASCII case folded), or SPAN_NONE. */
struct span fields_value(const struct model_field *fields, size_t n, const char *name);
/* The values of all Cookie lines as one: HTTP/2 may split them (RFC 9113 8.2.3). */
struct span fields_cookies(struct arena *a, const struct model_field *fields, size_t n);
/* "text/html" of "Text/HTML; charset=x", lower case kept as written; empty if absent. */
struct span fields_media_type(struct span content_type);
/* The media type is one of those that JavaScript has (MIME Sniffing 4.6), or JSON. */
bool fields_is_script(struct span media_type);
bool fields_is_html(struct span media_type);
bool fields_is_json(struct span media_type);

#endif
