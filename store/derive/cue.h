/*
 * Cues: everything in one response that may have told the browser to move, with where it leads,
 * when, and the text that says so. A cue is a possibility; whether the browser followed it is
 * an edge's business (edge.h). Pure; any thread.
 */
#ifndef STORE_DERIVE_CUE_H
#define STORE_DERIVE_CUE_H

#include "store/derive/fields.h"
#include "store/derive/html_cue.h"
#include "store/derive/script_cue.h"
#include "store/derive/url.h"

#define CUE_NO_OFFSET INT64_MIN /* not in the body; the same as FACT_NULL */

enum {
	CUES_MAX = 12000,                 /* of one response */
	CUE_BYTES_MAX = 16 * 1024 * 1024, /* of all their targets */
	CUE_QUOTE_MAX = 400,
	CUE_WRITTEN_DEPTH_MAX = 2, /* markup written by script written by script */
};

enum cue_kind {
	CUE_LOCATION,        /* one of the five redirect statuses, with Location */
	CUE_LOCATION_UNUSED, /* Location with another status: noted, never followed by browsers
			      */
	CUE_REFRESH_HEADER,
	CUE_META_REFRESH,
	CUE_SCRIPT,
	CUE_FORM,
	CUE_ANCHOR,
	CUE_FRAME,
};

struct cue {
	enum cue_kind kind;
	enum script_how how; /* of CUE_SCRIPT */
	struct span target;  /* serialised URL, fragment included; absent: not a URL, or not
				named (submit, click) */
	uint64_t key;        /* url_key(target); of a GET form: of target without its query */
	bool web;            /* http or https */
	bool handoff;        /* a scheme that goes to another program: mailto:, intent:, ... */
	bool refused;  /* Location: several that differ, or not a URL; browsers show an error */
	bool noscript; /* in <noscript>: nothing to a browser that runs scripts */
	bool written;  /* markup that a script holds in a string */
	bool blob;     /* and makes a Blob of */
	bool prefix;   /* script adds something unknown behind target */
	bool timer;    /* script: in a timer's handler */
	bool window;   /* may open another window */
	bool gesture;  /* script: only runs when a person (or a script) clicks */
	bool fallback; /* target is where an intent: URL leads without its program */
	bool post;     /* a form whose method is POST */
	int64_t delay_ms;   /* announced; 0: at once */
	const char *coding; /* how script hid it, NULL: not */
	const struct html_form *form;
	struct span quote; /* as it stands in the header or body, at most CUE_QUOTE_MAX bytes */
	int64_t offset;    /* of quote in the decoded body, or CUE_NO_OFFSET */
};

struct cue_list {
	struct cue *cues;
	size_t n;
	size_t bytes; /* of their targets */
	bool hidden; /* the status and Location took the browser on: the body was never shown */
	bool document; /* the body was read as HTML */
	bool script;   /* holds or loads scripts */
	bool password, captcha;
	bool submits, clicks;   /* script submits a form, clicks an element */
	const struct cue *blob; /* script makes a document of its own; NULL: it does not */
	bool limits;            /* a limit was reached: there may be more */
};

/* One response as cues need it. */
struct cue_source {
	const struct url *url; /* of the request */
	const struct url
		*base; /* of the page that runs a script or reads an answer; NULL: url */
	int64_t status;
	const struct model_field *fields;
	size_t n_fields;
	struct span body;  /* decoded; absent: not known. Must live as long as the cues */
	struct text *text; /* that body, if it may come again (texts.h); NULL: not known to */
	bool document;     /* fetched to be shown (page, frame), not as a script or by one */
	bool scripting;    /* the client runs scripts */
};

/* A key of an Android intent URI, "intent:...#Intent;package=x;end", decoded; absent. */
struct span cue_intent_value(struct arena *a, struct span target, const char *key);

/* Fetch, "redirect status": 301, 302, 303, 307, 308. */
bool cue_redirect_status(int64_t status);
/* The method of the request that follows such a redirect (Fetch 4.4, HTTP-redirect fetch): GET,
 * or `method` itself. */
struct span cue_redirect_method(int64_t status, struct span method);

void cue_read(struct arena *a, const struct cue_source *source, struct cue_list *out);
/* A decoded body as cues are read in it: UTF-16 with a byte order mark as UTF-8, all else as it
 * is. Offsets are those of this text. */
struct span cue_text(struct arena *a, struct span body);

/*
 * For a client that runs no script: where this response sends it next. False: nowhere,
 * *out.refused says whether that is since a Location makes no sense. Location wins over
 * Refresh; of Refresh and meta refreshes, the first due wins (as measured in Firefox).
 */
struct cue_next {
	enum cue_kind kind;
	struct span url;    /* serialised */
	bool web;           /* false: another scheme; hand over, do not fetch */
	struct span method; /* for the next request */
	int64_t delay_ms;
	bool refused;
};
bool cue_next_plain(struct arena *a, const struct cue_source *source, struct span method,
	struct cue_next *out);

#endif
