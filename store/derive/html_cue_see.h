/*
 * What of an element may move a browser: its items, in order, whichever reader found the
 * element. Shared by html_cue*.c only. One thread.
 */
#ifndef STORE_DERIVE_HTML_CUE_SEE_H
#define STORE_DERIVE_HTML_CUE_SEE_H

#include "store/derive/html_cue.h"

/* Elements that are looked at for more than their handlers. */
enum html_tag {
	HTML_TAG_OTHER,
	HTML_TAG_A,
	HTML_TAG_AREA,
	HTML_TAG_BASE,
	HTML_TAG_META,
	HTML_TAG_FRAME, /* frame, iframe, embed */
	HTML_TAG_OBJECT,
	HTML_TAG_FORM,
	HTML_TAG_CONTROL, /* input, button, select, textarea */
	HTML_TAG_SCRIPT,
};

struct html_attribute {
	struct span name;   /* in any case */
	struct span value;  /* decoded; empty where there is none */
	struct span source; /* as it stands in what was parsed, quotes included */
};

struct html_element {
	enum html_tag tag;
	const struct html_attribute *attributes; /* of each name the first */
	size_t n_attributes;
	struct span source;       /* its tag */
	const struct span *texts; /* HTML_TAG_SCRIPT: what stands in it */
	size_t n_texts;
};

/* A page while it is read. */
struct html_seen {
	struct arena *a;
	struct span page;   /* as it came */
	struct span parsed; /* what is read: the same, noscript blanked */
	struct html_page *out;
	size_t n_fields;
	struct html_form *form; /* the one we are inside of */
};

void html_see(struct html_seen *w, const struct html_element *e);
/* Source text of what is parsed as a part of the page; its offset. Both are 0 where the parser
 * made the thing up. */
struct span html_seen_source(const struct html_seen *w, struct span s, size_t *offset);

/* html_cue_plain.c: the whole page, for a browser that runs scripts, without a parser for
 * everything: only pages whose elements are nested as they are written, of kinds that a parser
 * leaves where they stand. The outcome is that of html_cue_read. False: the page is not as
 * plain as that; *out is then undefined. */
bool html_plain_read(struct arena *a, struct span html, struct html_page *out);

#endif
