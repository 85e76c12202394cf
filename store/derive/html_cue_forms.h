/*
 * What an HTML page asks of the person who looks at it: its title, its forms with the fields
 * that are shown, what people read beside each, and links that hand out something. Says what
 * stands there and resolves or judges nothing; what a script adds later is not there, and what
 * <noscript> holds is left out where the parser keeps it in there (not in a page's head).
 * Hostile pages cost bounded time and memory, as in html_cue.h. Text comes out as UTF-8 (what
 * is none is read as ISO-8859-1), white space folded. Pure; any thread.
 */
#ifndef STORE_DERIVE_HTML_CUE_FORMS_H
#define STORE_DERIVE_HTML_CUE_FORMS_H

#include "store/base/arena.h"

enum {
	FORMS_MAX = 40,         /* of one page */
	FORMS_FIELDS_MAX = 400, /* of one page, all forms */
	FORMS_TEXT_MAX = 200,   /* bytes of a title, a label, a name */
	FORMS_URL_MAX = 4096,   /* bytes of an action */
	FORMS_LINKS_MAX = 500,
	FORMS_DEPTH_MAX = 1024, /* elements inside each other that are walked */
};

struct forms_field {
	struct span name, id, autocomplete, placeholder;
	struct span label;   /* label for=, a label around it, or aria-label; absent */
	struct span near;    /* the text before it, if no other field lies between; absent */
	struct span type;    /* "text", "password", ..., "select", "textarea"; lower case */
	uint64_t max_length; /* UINT64_MAX: not said */
};

/* A button of its own way (formaction, formmethod). */
struct forms_way {
	struct span action; /* absent: the form's */
	struct span method; /* the same */
};

struct forms_form {
	bool none;          /* fields that are in no form: a script must send them */
	struct span action; /* as it stands there; absent: none is given */
	struct span method; /* "get", "post", "dialog" */
	struct forms_field *fields;
	size_t n_fields;
	struct forms_way *ways;
	size_t n_ways;
	/* Private. */
	struct span id;
	size_t from, to; /* in the page: of its tag, and of what ends it */
};

struct forms_page {
	struct span title; /* absent: there is none */
	struct span base;  /* href of the first base element; absent */
	struct forms_form *forms;
	size_t n_forms;     /* in order; fields in no form come last */
	struct span *links; /* href of anchors, as they stand there */
	size_t n_links;
	bool more; /* a limit was reached: not all is here */
};

void html_forms_read(struct arena *a, struct span html, struct forms_page *out);

#endif
