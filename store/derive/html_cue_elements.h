/*
 * Elements that may stand in a plain page (html_cue_plain.c), and how a parser treats them.
 * Shared by html_cue*.c only.
 */
#ifndef STORE_DERIVE_HTML_CUE_ELEMENTS_H
#define STORE_DERIVE_HTML_CUE_ELEMENTS_H

#include "store/derive/html_cue_see.h"

/* What a parser does with an element beyond putting it where it stands. */
enum html_how {
	HOW_PLAIN,
	HOW_VOID,
	HOW_BLOCK,   /* closes a paragraph */
	HOW_HEADING, /* the same, and a heading */
	HOW_ITEM,    /* the same, and an item of a list: closes the one before */
	HOW_LIST,    /* a block that items belong to */
	HOW_FORMAT,  /* is opened again in what follows, if it is not closed */
	HOW_ONCE,    /* not inside of itself */
	HOW_RAW,     /* what stands in it is text */
	HOW_HEAD_VOID,
	HOW_HEAD_RAW, /* both may stand in the head */
	HOW_NOSCRIPT,
	HOW_ROOT, /* html, head, body */
};

struct html_known {
	const char *name;
	enum html_how how;
	enum html_tag tag;
};

/* NULL: none of those. name: in lower case. */
const struct html_known *html_known(const char *name);

#endif
