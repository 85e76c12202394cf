/*
 * Trails: the ordered hops from what was opened to the landing page, derived from facts by pure
 * functions: which exchange was a navigation, what moved the browser there, how sure we are,
 * and what shows it. Dropped and rebuilt at will. Invents nothing: a navigation that nothing
 * explains is `unknown`, or `script` by exclusion with that said.
 */
#ifndef STORE_DERIVE_TRAIL_H
#define STORE_DERIVE_TRAIL_H

#include "store/derive/model.h"

/* Contract words of `mechanism`. */
#define TRAIL_MECHANISMS(X)                                                                    \
	X(OPEN, "open")                                                                        \
	X(HTTP_REDIRECT, "http-redirect")                                                      \
	X(REFRESH_HEADER, "refresh-header")                                                    \
	X(META_REFRESH, "meta-refresh")                                                        \
	X(SCRIPT, "script")                                                                    \
	X(FORM, "form")                                                                        \
	X(FRAME, "frame")                                                                      \
	X(WINDOW, "window")                                                                    \
	X(HSTS_UPGRADE, "hsts-upgrade")                                                        \
	X(HTTPS_FIRST, "https-first")                                                          \
	X(USER, "user")                                                                        \
	X(CACHED_REDIRECT, "cached-redirect")                                                  \
	X(SERVICE_WORKER, "service-worker")                                                    \
	X(HISTORY, "history")                                                                  \
	X(LOCAL_DOCUMENT, "local-document")                                                    \
	X(HANDOFF, "handoff")                                                                  \
	X(UNKNOWN, "unknown")

enum trail_mechanism {
#define X(name, word) MECHANISM_##name,
	TRAIL_MECHANISMS(X)
#undef X
		MECHANISM_COUNT
};
/* An erased address: a word of ours that is like no other address. */
bool trail_url_erased(struct span url);
const char *mechanism_word(enum trail_mechanism m);

enum trail_confidence { CONFIDENCE_CERTAIN, CONFIDENCE_LIKELY, CONFIDENCE_POSSIBLE };
const char *confidence_word(enum trail_confidence c);

/* Contract words of `ended_by`. */
#define TRAIL_ENDS(X)                                                                          \
	X(PAGE, "page")                                                                        \
	X(DOWNLOAD, "download")                                                                \
	X(HANDOFF, "handoff")                                                                  \
	X(GATE, "gate")                                                                        \
	X(ERROR, "error")                                                                      \
	X(LOOP, "loop")                                                                        \
	X(TIMEOUT, "timeout")                                                                  \
	X(CLOSED, "closed")
enum trail_end {
#define X(name, word) ENDED_##name,
	TRAIL_ENDS(X)
#undef X
		ENDED_COUNT
};
const char *trail_end_word(enum trail_end e);

/* One thing on the wire that supports (or speaks against) an edge. Words of `signal`.
 * The cue itself: sent-link, mail-link (where in a mail that was), given-referer (--referer),
 * location, refresh, meta, meta-written,
 * form-action, anchor, script-location, script-reload, script-href, script-action, script-url,
 * script-prefix, window-open, script-history, script-redirect, intent-fallback. Beside it:
 * status, coding, form-field, script-submit, script-click, script-blob, method, cookie,
 * cookie-lifetime, deadline, timing, prefetched, strict-transport-security, cache-control,
 * service-worker, intent-package, retry, no-referer. Of the request:
 * sec-fetch-site, sec-fetch-user, no-sec-fetch-user, referer, origin. What does not fit, in
 * words: against. */
struct trail_evidence {
	int64_t exchange;   /* where it was seen; FACT_NULL if not in an exchange */
	const char *signal; /* a short fixed word, as above */
	struct span quote;  /* the text itself, at most TRAIL_QUOTE_MAX bytes */
	int64_t offset;     /* of the quote in the decoded body, or FACT_NULL */
};
struct trail_alternative {
	enum trail_mechanism mechanism;
	size_t from_hop; /* 1-based number of the hop it would come from; 0 unknown */
	const char *why; /* why it was not chosen */
};
enum { TRAIL_QUOTE_MAX = 400, TRAIL_HOPS_MAX = 500, TRAIL_NOTES_MAX = 300 };

/* What a link claims about where it leads, against the hops that followed. */
#define TRAIL_VERDICTS(X)                                                                      \
	X(NONE, "none")                                                                        \
	X(AGREE, "agree")   /* a later hop is what the link names */                           \
	X(DIFFER, "differ") /* the browser was led to somebody else, and never there */        \
	X(NOT_REACHED, "not-reached") /* the trail ended before it left whose link it is */
enum trail_verdict {
#define X(name, word) CLAIM_##name,
	TRAIL_VERDICTS(X)
#undef X
};
const char *verdict_word(enum trail_verdict v);

/* In what the hop that agrees is like the claim. */
#define TRAIL_MATCHES(X)                                                                       \
	X(NONE, "none")                                                                        \
	X(ADDRESS, "address") /* the same address, fragments aside */                          \
	X(SCHEME, "scheme")   /* but for http and https */                                     \
	X(ADDED, "added")     /* but for parameters that were added (and the scheme) */        \
	X(DOMAIN, "domain")   /* the host, which is all that the link names */
enum trail_match {
#define X(name, word) MATCH_##name,
	TRAIL_MATCHES(X)
#undef X
};
const char *match_word(enum trail_match m);

struct trail_claim {
	enum trail_verdict verdict; /* CLAIM_NONE: the link claims nothing that can be read */
	const char *rule;           /* of the innermost layer: "safelinks"; NULL with NONE */
	bool generic;               /* it is nobody's rule: a parameter holds a URL */
	struct span domain;         /* only the target's host can be read; else absent */
	size_t layers;              /* wrappers inside of each other */
	bool deeper;                /* there were more than are read */
	size_t hop;                 /* AGREE, DIFFER: the hop that shows it; else 0 */
	enum trail_match match;     /* AGREE */
	size_t strayed; /* AGREE: the first hop on the way that is neither of whose link it is
			   nor named by it; 0: none */
};

struct trail_hop {
	size_t n;        /* from 1 */
	struct span url; /* what the browser asked for, fragment included where it is known */
	struct span method;
	int64_t status;     /* FACT_NULL: none */
	int64_t at_us;      /* the request was seen */
	int64_t elapsed_us; /* until the response's end, or FACT_NULL */
	bool on_wire;
	const struct model_exchange *exchange; /* NULL if not on the wire */
	enum trail_mechanism mechanism;
	enum trail_confidence confidence;
	struct trail_evidence *evidence;
	size_t n_evidence;
	struct trail_alternative *alternatives;
	size_t n_alternatives;
	struct span claimed_target; /* a URL that the link itself names (wrapper, parameter),
				       not a visited hop; absent mostly */
	struct trail_claim claim;   /* the same, compared with what followed */
};

struct trail {
	int64_t session;
	size_t number; /* in its session, from 1 */
	struct span start_url, final_url;
	int64_t started_us;
	struct trail_hop *hops;
	size_t n_hops;
	enum trail_end ended_by;
	struct span handoff_url; /* ENDED_HANDOFF: what another program was to open */
	bool recording_complete; /* every exchange of a hop ended and was stored whole */
	const char **notes;
	size_t n_notes;
};

struct trail_set {
	struct trail *trails; /* in order of their first request */
	size_t n;
};

/* Every trail of a session (0: of all sessions). For `trace` sessions the first trail starts at
 * the opened link; for others at each navigation that a person started. All memory from `a`;
 * borrows from m. ended_by is what the facts show so far; a session_end fact of a trace decides
 * timeout and closed. */
void trail_derive(
	const struct model *m, int64_t session, struct arena *a, struct trail_set *out);

/* Is something still to come? For the end of `trace`: requests of hops without a whole answer,
 * and announced moves that have not happened: a Refresh, a meta refresh or a timer seen in
 * script. until_us: when the last of them is due (delay plus load), or FACT_NULL if there is
 * none. */
struct trail_pending {
	bool in_flight; /* a navigation has no whole answer yet */
	int64_t due_us; /* something is due by this time; FACT_NULL: nothing is */
	const char
		*what; /* refresh-header, meta-refresh, timer; location: its origin is still
			  being dialled; sub-resource: a script, frame or fetch is on its way */
	struct span target; /* where to, if known */
	/* The model's. --no-intercept: the browser refused the link's certificate, and will not
	 * ask for it; NULL: it has asked, or may still. */
	const struct fact_handshake *refused;
};
void trail_pending(
	const struct model *m, int64_t session, struct arena *a, struct trail_pending *out);

/* True if the exchange is the browser fetching a top-level document (a hop candidate), not a
 * sub-resource, prefetch, frame, or its own background traffic. */
bool trail_is_navigation(const struct model_exchange *x);

/* What in its response may have moved the browser, as derivation has read it in the bodies that
 * the model holds; NULL: it has not. Borrows from the model. */
struct cue_list;
const struct cue_list *trail_cues(const struct model_exchange *x);

/* Was the whole answer something that a browser saves and does not show: by
 * Content-Disposition, or by its media type? The exchange has a response. */
bool trail_is_download(const struct model_exchange *x);

#endif
