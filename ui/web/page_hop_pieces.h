/*
 * Captured bytes as text of a page: which charset they are of, cut where a character ends,
 * pretty-printed, as hex. Bounded; hostile bytes reach HTML through html_write.h alone. On the
 * connection's thread.
 */
#ifndef UI_WEB_PAGE_HOP_PIECES_H
#define UI_WEB_PAGE_HOP_PIECES_H

#include "ui/web/page_hop.h"

/* How a body is to be read: a byte order mark wins, then the header, then the document's meta
 * (Encoding, HTML 13.2.3). */
struct hop_charset {
	struct span name;    /* absent: none is named */
	const char *by;      /* "byte order mark", "header", "meta"; NULL: nothing names one */
	size_t unit;         /* bytes of its smallest character */
	bool utf8;           /* or ASCII, or none: bytes are shown as they are */
	bool unknown, wrong; /* after hop_to_utf8: no such charset here; bytes are none of it */
};
void hop_charset_of(struct span content_type, struct span body, struct hop_charset *out);
/* A piece of a body in that charset; what cannot be read in it stays as it is. */
struct span hop_to_utf8(struct arena *a, struct span piece, struct hop_charset *c);
/* The largest n <= max where a piece of s from `from` may end: behind a line if there is one
 * near, else not inside of a character. */
size_t hop_piece_end(struct span s, size_t from, size_t max, const struct hop_charset *c);

/* Most of these bytes are none that text has. */
bool hop_is_binary(struct span s, const struct hop_charset *c);

/* JSON, or what tries to be it, with a line for each member; everything stays as it was
 * written. False: max was reached. */
bool hop_pretty_json(struct span s, size_t max, struct buf *out);
/* "00000010  48 65 ..  |He..|", a line for 16 bytes. at: offset of the first byte. */
void hop_hex(struct hop_view *v, struct span piece, size_t at);
/* Code as text of the page: an address in it keeps its form but for its scheme, which is
 * written hxxp, so that nothing follows it and the code stays readable. */
void hop_code_text(struct hop_view *v, struct span s);
/* An ordered list of lines, numbered from `first`; text is UTF-8. */
void hop_lines(struct hop_view *v, struct span text, size_t first);

#endif
