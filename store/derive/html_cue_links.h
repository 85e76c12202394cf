/*
 * What an HTML document offers its reader to click, and what it loads by itself, as a mail
 * program sees it: no script runs, and what stands in Outlook's conditional comments counts
 * too. For each: the address as it is written, what people read there, and whether they can see
 * it at all. It resolves nothing and decides nothing; limits as in html_cue.h. Pure; any
 * thread.
 */
#ifndef STORE_DERIVE_HTML_CUE_LINKS_H
#define STORE_DERIVE_HTML_CUE_LINKS_H

#include "store/base/arena.h"

enum {
	HTML_LINKS_MAX = 5000,        /* of one document */
	HTML_LINK_TEXT_MAX = 500,     /* bytes of what is read at one of them */
	HTML_LINK_SENTENCE_MAX = 200, /* bytes of a sentence on either side of a link */
	HTML_LINK_COMMENTS_MAX = 100, /* conditional comments that are read */
};

/* Kind, word, what it is. From HTML_LINK_IMAGE on it is loaded without anyone's doing, if the
 * mail program lets it. */
#define HTML_LINK_KINDS(X)                                                                     \
	X(A, "a", "a link")                                                                    \
	X(AREA, "area", "a part of a picture")                                                 \
	X(FORM, "form", "where a form is sent")                                                \
	X(BUTTON, "button", "where a form's button sends it")                                  \
	X(REFRESH, "refresh", "a meta refresh")                                                \
	X(FRAME, "frame", "a frame")                                                           \
	X(LINK, "link", "a link element")                                                      \
	X(IMAGE, "image", "a picture")                                                         \
	X(BACKGROUND, "background", "a picture behind the text, or what a style sheet loads")

enum html_link_kind {
#define X(name, word, about) HTML_LINK_##name,
	HTML_LINK_KINDS(X)
#undef X
		HTML_LINK_KIND_COUNT
};
const char *html_link_word(enum html_link_kind k);

struct html_link {
	enum html_link_kind kind;
	struct span href;     /* decoded, as it is written; REFRESH: the content attribute */
	struct span text;     /* what is read there, white space folded; absent: nothing */
	struct span sentence; /* A: what stands around it, outside of links, in the same
				 sentence and block; the link itself is left out. Absent:
				 nothing */
	bool text_cut;        /* it was longer */
	bool text_is_alt;     /* there is only a picture's alternative text */
	bool unseen;          /* itself or what it stands in is styled or marked away */
	bool pixel;           /* IMAGE: at most 1 by 1, or unseen */
	bool button;          /* A: looks like a button */
	bool post;            /* FORM, BUTTON: not by GET */
	bool conditional;     /* stands in a conditional comment: Outlook alone shows it */
};

struct html_links {
	struct html_link *list; /* in document order, those in comments last */
	size_t n;
	struct span base; /* of the first base element that has one; absent: none */
	bool limits;      /* a limit was reached: not all was read */
};

/* html: UTF-8, or nearly. */
void html_links_read(struct arena *a, struct span html, struct html_links *out);

#endif
