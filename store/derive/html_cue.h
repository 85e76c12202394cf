/*
 * What in an HTML document may move a browser: meta refresh, base, forms, anchors, frames,
 * scripts and handlers, found by a real HTML parser (gumbo, whose one door this is), with where
 * each stands. It resolves nothing and decides nothing. A hostile page costs bounded time and
 * memory: past a limit the page goes on as a new document from there (browsers flatten deep
 * trees too) and `limits` says so. Pure; any thread.
 */
#ifndef STORE_DERIVE_HTML_CUE_H
#define STORE_DERIVE_HTML_CUE_H

#include "store/base/arena.h"

enum {
	HTML_ITEMS_MAX = 10000, /* cues of one page */
	HTML_FIELDS_MAX = 2000, /* form fields of one page */
};

enum html_kind {
	HTML_BASE,         /* value: href */
	HTML_META_REFRESH, /* value: content */
	HTML_FORM,         /* value: action, absent if there is none */
	HTML_ANCHOR,       /* value: href */
	HTML_FRAME,        /* value: src of iframe, frame, embed; data of object */
	HTML_SRCDOC,       /* value: a frame's document itself */
	HTML_SCRIPT_SRC,   /* value: src */
	HTML_SCRIPT,       /* value: the text, a part of the page */
	HTML_HANDLER,      /* value: text of an on... attribute */
};

struct html_field {
	struct span name, value;
	bool hidden;
};

struct html_form {
	bool post;
	bool password; /* it asks for one */
	struct html_field *fields;
	size_t n_fields;
	struct span id;
};

struct html_item {
	enum html_kind kind;
	struct span value; /* decoded; in the page or in the arena */
	struct span quote; /* as it stands in the page: the attribute's text, or the tag's */
	size_t offset;     /* of quote */
	bool noscript;     /* stands in <noscript>, which a scripting browser does not read */
	bool automatic;    /* HTML_HANDLER: runs without anyone's doing (onload, onerror) */
	bool executes;     /* HTML_SCRIPT: its type is one that browsers run */
	bool blank;        /* HTML_ANCHOR, HTML_FORM: target=_blank */
	struct html_form *form;
};

struct html_page {
	struct html_item *items; /* in document order */
	size_t n_items;
	bool password; /* a password field, in a form or not */
	bool captcha;  /* loads one of the known human checks */
	bool script;   /* holds or loads a script that runs */
	bool limits;   /* a limit was reached: not all was read */
};

/* scripting: read as a browser with script does: what <noscript> holds is text; a meta refresh
 * in there is listed, marked. */
void html_cue_read(struct arena *a, struct span html, bool scripting, struct html_page *out);

#endif
