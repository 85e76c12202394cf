/*
 * gumbo on a leash: its allocator counts memory, and sees the tree grow, so that deep nesting,
 * endless attributes and exploding formatting end in a jump out of the parser instead of
 * minutes and gigabytes. Shared by html_cue*.c only.
 */
#ifndef STORE_DERIVE_HTML_CUE_PARSE_H
#define STORE_DERIVE_HTML_CUE_PARSE_H

#include "store/base/text.h"

#include <gumbo.h>

enum {
	HTML_DEPTH_MAX =
		256, /* elements inside each other; browsers flatten beyond 200 to 512 */
	HTML_ATTRIBUTES_MAX = 256, /* of one tag: looking for duplicates is quadratic */
	HTML_MEMORY_MAX = 48 * 1024 * 1024, /* one parse */
	HTML_MEMORY_MIN = 256 * 1024,
	HTML_MEMORY_RATIO = 64, /* bytes of tree per byte of page between these; honest pages
				   need half of it */
	HTML_WORK_MAX = 512 * 1024 * 1024, /* allocated by all parses of one page */
};

struct html_parse {
	uint8_t *memory;
	size_t size; /* of memory */
	size_t work; /* allocated so far, over all parses */
	bool limits; /* a limit was reached */
};

/* html_bytes: of the longest text that will be parsed. */
void html_parse_init(struct html_parse *p, size_t html_bytes);
void html_parse_fini(struct html_parse *p);

typedef void html_visit_fn(void *ctx, const GumboNode *root);

/* Parse html, in as many pieces as the limits ask for, and hand over each piece's root element.
 * The tree dies when visit returns. Its spans of source text point into html. */
void html_parse_each(struct html_parse *p, struct span html, html_visit_fn *visit, void *ctx);

#endif
