/*
 * What people read at a link and around it, put together while a page is walked in its order:
 * text inside, texts of pictures, and the sentence that the link stands in. Shared by
 * html_cue_links.c and html_cue_said.c only. One thread.
 */
#ifndef STORE_DERIVE_HTML_CUE_SAID_H
#define STORE_DERIVE_HTML_CUE_SAID_H

#include "store/derive/html_cue_links.h"
#include "store/base/buf.h"

/* A link that is being walked. */
struct html_said_link {
	struct buf text, alt;
	bool cut;
	size_t number; /* in the list, from 1 */
	struct html_said_link *outer;
};

struct html_said {
	struct arena *a;
	struct html_links *out;
	struct html_said_link *inside; /* NULL: of none */
	struct buf beside;  /* text outside of links, since the last one or the last block */
	struct span before; /* of the last link, in its sentence */
	size_t last;        /* its number; 0: its sentence is over */
};

void html_said_text(struct html_said *w, struct span s, bool unseen);
void html_said_alt(struct html_said *w, struct span alt);
/* A block begins or ends: sentences do not go over that; over a line break they do. */
void html_said_block(struct html_said *w, bool only_break);
/* Link `number` of the list begins; r lives until html_said_end. */
void html_said_begin(struct html_said *w, size_t number, struct html_said_link *r);
/* Puts what was read to the link. */
void html_said_end(struct html_said *w, struct html_said_link *r);
void html_said_fini(struct html_said *w);

#endif
