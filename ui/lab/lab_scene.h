/*
 * Scenes: tables of steps. A step is a URL, what it asks of its visitor (gates), and a function
 * that answers; the table holds the words. A new trick is one row, and a function only if no
 * present one fits. Constant data; read by any thread.
 */
#ifndef UI_LAB_LAB_SCENE_H
#define UI_LAB_LAB_SCENE_H

#include "store/derive/trail.h"
#include "ui/lab/lab_http.h"
#include "ui/lab/lab_text.h"

/* What a step asks of its visitor, and how its answer is dressed. */
enum {
	NEEDS_COOKIE = 1 << 0,  /* else: a redirect to itself that sets one */
	NEEDS_UNUSED = 1 << 1,  /* the URL works once; else a decoy 404 */
	NEEDS_BROWSER = 1 << 2, /* User-Agent and Accept of a browser; else a decoy page */
	NEEDS_HASTE = 1 << 3,   /* within LAB_HASTE_US of being announced; else a decoy 410 */
	NEEDS_FORM = 1 << 4,    /* POST with the visit's token in the body; else a decoy 400 */
	AS_GZIP = 1 << 5,       /* content codings */
	AS_BROTLI = 1 << 6,
	AS_CHUNKS = 1 << 7, /* framings */
	AS_CLOSE = 1 << 8,
	NO_REFERRER = 1 << 9, /* Referrer-Policy: no-referrer */
	BIG_HEAD = 1 << 10,   /* LAB_BIG_HEAD bytes of Set-Cookie */
	CUT_RESET = 1 << 11,  /* see enum lab_cut */
	CUT_SHORT = 1 << 12,
	CUT_NO_ANSWER = 1 << 13,
	WRONG_LEAF = 1 << 14, /* the server's certificate is for another name */
	LATE = 1 << 15,       /* answers after LAB_LATE_US */
	OFF_WIRE = 1 << 16,   /* never asked for: the browser passes it by itself */
	CACHEABLE = 1 << 17,  /* a redirect to be kept: passed unseen once it was served */
	ONCE = 1 << 18,       /* moves the browser only when it is served first */
	HSTS = 1 << 19,       /* Strict-Transport-Security */
	STORABLE = 1 << 20,   /* may be kept for a minute */
	TWICE = 1 << 21,      /* two Locations, the same */
	NOISY = 1 << 22,      /* the page brings pictures, scripts, a frame that moves */
	PREFETCHED = 1 << 23, /* the answer to its prefetch is what the browser shows */
	LEADS_SHIFT = 24,     /* five bits: the number of the step that it leads to, from 1; 0:
				 the one after it */
	LEADS_MASK = 31,
	SAME_TOKEN = 1 << 29, /* as the step before it */
};
#define LEADS_TO(n) ((unsigned)(n) << LEADS_SHIFT)
enum {
	LAB_HASTE_US = 2000000,
	LAB_LATE_US = 700000,
	LAB_BIG_HEAD = 40 * 1024,
	LAB_STEPS_MAX = 32,
};

struct lab_turn;
typedef void lab_serve_fn(struct lab_turn *turn);

struct lab_step {
	const char *trick;  /* in a few words, for people */
	const char *origin; /* "https://host" */
	const char *path;   /* {token}, {visit} */
	unsigned traits;
	lab_serve_fn *serve;
	int status;
	enum trail_mechanism by;  /* how it moves the browser on, where it does */
	const char *with;         /* the words that do it (lab_text.h) */
	const char *title, *text; /* what a person would see */
};

struct lab_scene {
	const char *name, *about;
	const struct lab_step *steps;
	size_t n;
};

/* The scenes, by what they play with. */
struct lab_scene_list {
	const struct lab_scene *scenes;
	size_t n;
};
extern const struct lab_scene lab_click_scene;
extern const struct lab_scene_list lab_trick_scenes; /* spellings, gates, ways to end */
extern const struct lab_scene_list lab_http_scenes;  /* Location, Refresh, cookies */
extern const struct lab_scene_list lab_page_scenes;  /* markup, forms, frames, windows */
extern const struct lab_scene_list lab_script_scenes;
extern const struct lab_scene_list lab_local_scenes; /* what never reaches the wire */
extern const struct lab_scene_list lab_mixed_scenes; /* several tricks, and noise */

/* Host names of sub-resources, beside those of the steps. NULL-terminated. */
extern const char *const lab_asset_hosts[];

/* One step being served. */
struct lab_turn {
	const struct lab_step *step;
	const struct lab_request *request;
	struct lab_reply *reply;
	struct lab_words words;
	bool first; /* never served before in this visit */
	/* Set by serve: the browser is told to go to the next step, or to come again. */
	bool moves, again;
	bool decoy;
};

/* The three that move a browser. */
lab_serve_fn serve_location;  /* a 3xx with `with` as Location; no body worth reading */
lab_serve_fn serve_refresh;   /* 200 with `with` as Refresh header */
lab_serve_fn serve_page;      /* 200, an HTML page holding `with` */
lab_serve_fn serve_created;   /* the same, with a Location that nobody follows */
lab_serve_fn serve_once_more; /* `with`, in page or Refresh, leads to itself the first time */
lab_serve_fn serve_again;     /* a page that is loaded again by itself, then moves on */
lab_serve_fn serve_return;    /* a 302 to the first step: a loop */
/* Those that don't. */
lab_serve_fn end_page;
lab_serve_fn end_download;
lab_serve_fn end_unauthorised;
lab_serve_fn end_choices;
lab_serve_fn end_no_content;

/* True if the visitor passes the step's gates; else the turn's reply is what he gets instead.
 * first: served never before. */
bool lab_gates_pass(struct lab_turn *turn, bool first, int64_t since_announced_us);
/* Content coding, framing, cuts, extra headers, as the traits say. After serve. */
void lab_dress(struct lab_turn *turn);

/* An HTML page; head and tail are raw markup. */
void lab_html(struct buf *out, const char *title, const char *text, struct span head,
	struct span tail);

/* What a sub-resource answers that knows where its page goes on, by its path ("/x/next").
 * False: not one of ours. */
bool lab_helper(struct span path, const struct lab_words *words, struct lab_reply *reply);

/* Sub-resources, by path, the same on every host. False: not one of ours. */
bool lab_asset(const struct lab_request *request, struct lab_reply *reply);

#endif
