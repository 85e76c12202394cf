/*
 * Inside of trail derivation: the walk over a session's exchanges that joins navigations to
 * what caused them. Shared by trail*.c, edge*.c, ending.c and pending.c only.
 */
#ifndef STORE_DERIVE_WALK_H
#define STORE_DERIVE_WALK_H

#include "store/derive/derived.h"
#include "store/derive/trail.h"

enum {
	CANDIDATES_MAX = 48, /* cues weighed for one navigation */
	PREFIXES_MAX = 400,  /* URLs that script completes: newest kept */
	WAITING_BACK = 4000, /* scripts and answers that are looked back at */
	OWNERS_MAX = 50,     /* pages looked back at for whose a script or answer is */
	REDIRECTS_MAX = 20,  /* Fetch 4.4: then the browser gives up */
	SAME_VISITS_MAX = 5, /* the same URL with the same cookies: a loop */
};

#define NONE SIZE_MAX

/* A navigation that became a hop. */
struct nav {
	const struct model_exchange *x;
	const struct signs *signs;
	size_t trail, hop; /* indices */
	size_t before;     /* the navigation before it in its trail; NONE */
	bool followed;     /* its Location was */
	bool left;         /* its document was left by a later hop */
	bool scripts;      /* its document holds or loads scripts */
	size_t redirects;  /* Locations in a row that led here */
	struct span shown; /* the address that it has now, if a script changed it */
};

/* A response that cues come from. */
struct source {
	const struct model_exchange *x;
	const struct signs *signs;
	const struct cue_list *cues;
	size_t owner; /* the navigation whose page this is or belongs to; NONE */
	bool is_nav;  /* it is that navigation itself */
};

/* What was asked for in advance. */
struct prefetched {
	const struct model_exchange *x;
	size_t page; /* the navigation whose page asked; NONE */
	size_t nav;  /* the hop that it became; NONE */
};

/* A script, frame or answer whose cues are looked for when a navigation needs them. */
struct waiting {
	const struct model_exchange *x;
	size_t owner;       /* the navigation whose page it belongs to; NONE */
	bool woken;         /* it is among the sources */
	uint64_t page, own; /* the origins of that page, and of its own URL: origin_key */
};

/* A request that did not say so, and was for a frame. */
struct framed {
	const struct model_exchange *x;
	const struct cue *cue; /* what the frame was asked for by: used up */
};

struct entry {
	uint64_t key;
	const struct cue *cue;
	size_t source, next;
};

struct walk {
	const struct model *m;
	struct arena *a; /* of the result */
	struct arena scratch;
	const struct fact_session *session; /* NULL: none recorded */
	const struct fact_session_end *session_end;
	bool traced;    /* a trace: one link was opened, by us */
	bool attended;  /* a person may have clicked */
	bool scripting; /* the client runs scripts */
	bool link_ok;
	struct url link;
	struct nav *navs;
	size_t n_navs;
	struct source *sources;
	size_t n_sources;
	struct waiting *waiting;
	size_t n_waiting;
	struct framed *framed;
	size_t n_framed;
	struct prefetched *prefetched;
	size_t n_prefetched;
	const struct model_exchange **workers; /* scripts of service workers */
	size_t n_workers;
	struct span referer_seen; /* of the exchange before: mostly the same */
	struct entry *entries;
	size_t n_entries;
	size_t *heads; /* into entries, by key; a power of two */
	size_t n_heads;
	struct entry prefixes[PREFIXES_MAX]; /* a ring */
	size_t n_prefixes;
	struct trail *trails;
	size_t n_trails;
	size_t *newest; /* of each trail: its last navigation; NONE */
	size_t n_newest;
	size_t first_trail; /* the opened link's, NONE while it was not seen */
};

/* Why a navigation happened, as far as one cue can tell. */
struct candidate {
	const struct source *source; /* NULL: no cue, by exclusion */
	const struct cue *cue;
	enum trail_mechanism mechanism;
	int score;           /* below EDGE_ENOUGH: it is not why */
	const char *against; /* what speaks against it, NULL: nothing */
	bool upgraded;       /* the cue says http, the request is https */
	bool inconsistent;   /* headers are not what this cue would have made */
	size_t fields;       /* hidden fields that the request carries */
	enum trail_confidence confidence;
};
enum {
	EDGE_ENOUGH = 40,
	EDGE_STRING = 55,    /* a URL in a script, whatever for */
	EDGE_LOCATION = 100, /* before anything speaks against it */
};

struct weighed {
	struct candidate list[CANDIDATES_MAX];
	size_t n;
	size_t best; /* NONE: nothing explains it */
};

/* edge_pick.c: every cue of earlier responses that names this URL, weighed. */
void edge_weigh(struct walk *w, const struct model_exchange *x, struct weighed *out);
/* The same as if the request were for another URL. */
void edge_weigh_url(
	struct walk *w, const struct model_exchange *x, struct span href, struct weighed *out);
/* edge.c: one cue alone; false: it cannot be. upgraded: it says http, the request is https. */
bool edge_weigh_cue(struct walk *w, const struct model_exchange *x, size_t source,
	const struct cue *cue, bool upgraded, struct candidate *out);
/* edge_guess.c: no cue names the URL; what follows by exclusion. */
void edge_guess(struct walk *w, const struct model_exchange *x, struct candidate *out);
/* edge_evidence.c: what shows it, and what else was considered. */
void edge_evidence(struct walk *w, const struct model_exchange *x, const struct candidate *c,
	struct trail_hop *hop);
/* The cue alone, quoted. */
void edge_cue_evidence(struct walk *w, const struct candidate *c, struct trail_hop *hop);
void edge_alternatives(struct walk *w, const struct weighed *all, struct trail_hop *hop);
void hop_evidence(struct walk *w, struct trail_hop *hop, struct trail_evidence e);

/* walk.c: scripts, frames and answers that may have moved the browser to where x goes (NULL:
 * anywhere) become sources: of the page or frame that its Referer names, or of all if it names
 * none. Most navigations are explained without them, by a Location or by having been typed;
 * what depends on them calls this first. False: there were no new ones. */
bool walk_wake(struct walk *w, const struct model_exchange *x);

/* The navigation that a fetched thing belongs to, by Referer, else the newest; NONE. */
size_t walk_owner(const struct walk *w, const struct signs *s);
void trail_note(struct walk *w, struct trail *t, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The trail's last navigation, NULL if there is none. */
const struct nav *trail_last(const struct walk *w, const struct trail *t);

/* ending.c */
void trail_ending(struct walk *w, struct trail *t);
bool trail_looped(const struct walk *w, const struct trail *t);
/* A CONNECT to where this Location leads that could not be made; NULL if there is none. */
const struct fact_connect *refused_connect(
	const struct walk *w, const struct model_exchange *x, const struct cue *c);
/* One that could, and in which the browser and the origin did not come to terms: of
 * --no-intercept, where nobody answers in the origin's place. */
const struct fact_handshake *refused_handshake(
	const struct walk *w, const struct model_exchange *x, const struct cue *c);
/* The same of the link itself, which nobody asked for yet: the browser refused the certificate.
 */
const struct fact_handshake *refused_link(const struct walk *w);
/* The Location cue of a response, NULL if it has none. */
const struct cue *location_cue(const struct model_exchange *x);

/* claim.c: what the links of the trail claim, compared with what followed. */
void trail_claims(struct walk *w, struct trail *t);

/* circumstances.c: notes on what was allowed, changed or failed; after trail_ending. */
void trail_circumstances(struct walk *w, struct trail *t);

/* place.c */
/* A hop that is filled from the exchange; what brought it there is filled by the caller. */
struct trail_hop walk_hop_of(const struct model_exchange *x, struct span url);
void walk_push_hop(struct walk *w, size_t trail, struct trail_hop hop);
/* The navigation that it became, or went on with; NONE if it was left out. */
size_t walk_place(struct walk *w, const struct model_exchange *x);
/* Puts the hop at the trail's end; c: what brought the browser there, NULL: not known. NONE:
 * the trail is full. */
size_t walk_put(struct walk *w, const struct model_exchange *x, size_t trail,
	const struct candidate *c, struct trail_hop hop);

/* prefetch.c: a prefetch is remembered; what it fetched becomes a hop where a later request
 * shows that the browser went there without asking again, or, at the end, where the page was
 * left for it; and it is said what it may have used up. */
void walk_prefetched(struct walk *w, const struct model_exchange *x);
void walk_from_prefetch(struct walk *w, const struct model_exchange *x, bool explained);
void walk_settle_prefetches(struct walk *w);

/* spent.c: the same asked twice and answered otherwise. */
void walk_spent(struct walk *w);
bool walk_answers_differ(const struct model_exchange *a, const struct model_exchange *b);

/* deadline.c: until when the link is good, as far as it says so. from: the page before; NULL.
 */
void deadline_evidence(struct walk *w, const struct model_exchange *from,
	const struct model_exchange *x, struct trail_hop *hop);

/* handoff.c: the hop that leaves the browser. */
void handoff_place(
	struct walk *w, struct trail *t, const struct model_exchange *x, const struct cue *cue);

/* frame.c: is this, which looks like a navigation, for a frame? Then it is remembered. */
bool walk_frame(struct walk *w, const struct model_exchange *x);

/* walk.c: run the walk; the caller ends it. */
void walk_add_page(struct walk *w, const struct model_exchange *x, size_t nav);
void walk_run(struct walk *w, const struct model *m, int64_t session, struct arena *a);
void walk_fini(struct walk *w);

#endif
