/*
 * What in a script may move a browser, read without running it: the URLs that stand in it
 * (plain, escaped, encoded, reversed, put together of literals) and the statements that use
 * them (location, open, submit, timers). A reading is a list of what could happen; what did
 * happen is judged by the next request. Bounded in tokens, steps, depth and output. Pure; any
 * thread.
 */
#ifndef STORE_DERIVE_SCRIPT_CUE_H
#define STORE_DERIVE_SCRIPT_CUE_H

#include "store/derive/url.h"

enum {
	SCRIPT_TOKENS_MAX = 400 * 1000,
	SCRIPT_STEPS_MAX = 8 * 1000 * 1000, /* tokens looked at while evaluating */
	SCRIPT_ITEMS_MAX = 4000,
	SCRIPT_VALUE_MAX = 64 * 1024,        /* bytes of one evaluated string */
	SCRIPT_BYTES_MAX = 16 * 1024 * 1024, /* of all evaluated strings */
	SCRIPT_DEPTH_MAX = 4,    /* code in strings in code; decoding of what was decoded */
	SCRIPT_INNER_MAX = 500,  /* strings read as code */
	SCRIPT_NESTING_MAX = 24, /* parentheses of an expression */
	SCRIPT_INTERVAL_GUESS_MS = 10000, /* when a counting-down setInterval may be over */
	SCRIPT_DELAY_MAX_MS = 60000,      /* longer timers are waited for no longer than this */
};

/* What is done with a string. In order of how much it says. */
enum script_how {
	SCRIPT_LITERAL, /* nothing that we see */
	SCRIPT_FETCH,   /* requested in the background */
	SCRIPT_HREF,    /* becomes some element's href */
	SCRIPT_ACTION,  /* becomes a form's action */
	SCRIPT_HTML,    /* holds markup: value is to be read as HTML */
	SCRIPT_REFRESH, /* looks like the content of a meta refresh */
	SCRIPT_OPEN,    /* window.open */
	SCRIPT_ASSIGN, /* location = , .href = , .assign(), .replace(), navigation.navigate() */
	SCRIPT_SUBMIT, /* form.submit(); no value */
	SCRIPT_CLICK,  /* element.click(); no value */
	SCRIPT_RELOAD, /* location.reload(); no value */
	SCRIPT_HISTORY, /* history.pushState(), replaceState(): the address alone changes */
	SCRIPT_RESPOND, /* Response.redirect(): what a service worker answers with */
	SCRIPT_BLOB,    /* URL.createObjectURL(): a document that is never fetched; no value */
};

struct script_item {
	enum script_how how;
	struct span value;  /* the string, decoded; in the arena */
	size_t at, len;     /* the source text that says so */
	bool prefix;        /* something unknown is added behind value */
	bool timer;         /* in a timer's handler */
	bool blob;          /* in what a Blob is made of */
	int64_t delay_ms;   /* of that timer, 0 without one */
	const char *coding; /* how the string was hidden: "base64", "percent", ...; NULL: it was
			       not */
};

struct script_page {
	struct script_item *items;
	size_t n_items;
	size_t n_inner; /* strings in it that were read as code */
	bool limits;    /* a limit was reached: not all was read */
	bool based;     /* base was looked at: with another one it may say something else */
};

/* base: the document's URL, for scripts that build on their own location; may be NULL. */
void script_cue_read(
	struct arena *a, struct span script, const struct url *base, struct script_page *out);

/* Text that is no script: the URLs in it, as SCRIPT_LITERAL. */
void script_cue_text(struct arena *a, struct span text, struct script_page *out);

#endif
