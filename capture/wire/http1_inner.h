/*
 * What the http1_*.c files share among themselves; nobody else includes it. A head is read in
 * five steps: find its end, read the start line, read the fields, decide the framing, have
 * llhttp read it again. Each step is one file.
 */
#ifndef CAPTURE_WIRE_HTTP1_INNER_H
#define CAPTURE_WIRE_HTTP1_INNER_H

#include "capture/wire/http1.h"

enum http1_side { HTTP1_REQUEST, HTTP1_RESPONSE };

enum {
	/* Bytes of empty lines before a head (RFC 9112 2.2). Firefox and Chromium stop looking
	   for the status line here. */
	HTTP1_LEADING_MAX = 4,
};

/* Content lengths and chunk sizes stay below 2^63: browsers and SQLite count in signed 64 bits.
 */
#define HTTP1_LENGTH_MAX ((uint64_t)INT64_MAX)

/* White space that is dropped around a value. A CR that ends no line counts as a space (RFC
 * 9110 5.5). */
#define HTTP1_BLANKS " \t\r"

static inline bool http1_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* tchar of RFC 9110 5.6.2: a bit for each of the first 128 bytes. */
static inline bool http1_token_byte(uint8_t c)
{
	static const uint64_t bits[2] = {
		UINT64_C(0x3ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe)};
	return c < 128 && (bits[c >> 6] >> (c & 63) & 1) != 0;
}

/* Control bytes that have no place in a value; HTAB has, CR is counted apart. */
bool http1_has_controls(struct span s);

/* http1_lines.c: where the head begins (after `skip` bytes of empty lines) and ends (blank line
 * included). */
enum http1_scan http1_find_end(
	struct span in, enum http1_side side, size_t *skip, size_t *end, struct err *err);
/* Cut the first line off *rest, its line end included. */
struct span http1_cut_line(struct span *rest);
/* The line without LF or CRLF; a lone LF sets BARE_LF, a CR that is left sets BARE_CR. */
struct span http1_line_text(struct span line, uint32_t *oddities);
/* True if a bare CR in these raw lines is followed by what some readers take for a field that
 * frames the message. */
bool http1_hides_framing(struct span lines);
/* True if the name is not, but with its stray bytes removed would be, Content-Length or
 * Transfer-Encoding. */
bool http1_nearly_framing(struct span name);

/* http1_fields.c: `lines` are the header lines without the blank line. */
bool http1_read_fields(struct span lines, enum http1_side side, struct arena *a,
	struct http1_head *out, struct err *err);
/* Next element of a comma-separated list, trimmed, maybe empty; false at the end. Start with
 * *at = 0. */
bool http1_list_next(struct span list, size_t *at, struct span *element);

/* http1_framing.c: RFC 9112 6.3 and 9.3. */
bool http1_frame_request(struct http1_head *head, struct err *err);
bool http1_frame_response(struct http1_head *head, struct span to_method, struct err *err);

/* http1_llhttp.c: the second reader. May turn keep_alive off, else only agrees or fails with
 * ERR_PARSERS_DISAGREE. */
bool http1_read_again(struct http1_head *head, struct span to_method, struct err *err);

/* http1_chunked.c: the chunked coding (RFC 9112 7.1), for http1_body.c. */
void *http1_chunked_new(enum http1_side side);
void http1_chunked_free(void *chunked);
bool http1_chunked_feed(struct http1_body *b, struct span in, size_t *used,
	http1_payload_fn *payload, void *ctx, struct err *err);

#endif
