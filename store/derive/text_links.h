/*
 * Addresses in plain text as mail programs make them clickable: http:// and https:// with
 * anything, and names that begin with "www."; between angle brackets also over the ends of
 * lines (RFC 3986 appendix C). Text of format=flowed is put together first (RFC 3676). It
 * resolves nothing and decides nothing. Pure; any thread.
 */
#ifndef STORE_DERIVE_TEXT_LINKS_H
#define STORE_DERIVE_TEXT_LINKS_H

#include "store/base/arena.h"

enum {
	TEXT_LINKS_MAX = 5000,      /* of one text */
	TEXT_LINK_MAX = 32768,      /* bytes of one; a longer one is passed over */
	TEXT_LINK_BEFORE_MAX = 120, /* bytes of the line before it that are kept */
};

struct text_link {
	struct span href;   /* as it stands there, without what ends a sentence; line ends
			       removed */
	struct span before; /* what stands before it in its line, or the line above: what people
			       read it as; may be empty */
	bool bare;          /* "www.": has no scheme; mail programs take http */
};

struct text_links {
	struct text_link *list;
	size_t n;
	bool limits; /* not all is there */
};

/* text: UTF-8, or nearly. */
void text_links_read(struct arena *a, struct span text, struct text_links *out);

/* The paragraphs of a format=flowed text, each in one line (RFC 3676 4.2, 4.4: space-stuffing
 * undone, quote marks kept). del_sp: DelSp=yes. */
struct span text_unflow(struct arena *a, struct span text, bool del_sp);

#endif
