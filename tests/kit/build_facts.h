/*
 * A session as facts, written the way a test reads: what the browser asked, with which headers,
 * and what came back. Fills a struct model as a reader of the case would. Times are
 * milliseconds since the session's start. One thread.
 */
#ifndef TESTS_KIT_BUILD_FACTS_H
#define TESTS_KIT_BUILD_FACTS_H

#include "store/derive/model.h"

#define BUILD_EPOCH_US INT64_C(1767225600000000) /* 2026-01-01 */

struct build {
	struct model model;
	int64_t session; /* of what is built from now on; 1 */
	int64_t seq, next_exchange, next_tunnel;
};

void build_init(struct build *b);
void build_fini(struct build *b);

/* command: trace or proxy; link: what was opened, NULL for proxy; browser: "firefox" or "none".
 */
void build_session(struct build *b, const char *command, const char *link, const char *browser);
void build_session_end(struct build *b, int64_t at_ms, const char *reason);

/* How Firefox ESR 153 introduces a request (measured). Over http, Sec-Fetch-* are left out
 * whatever the kind says. */
enum build_kind {
	BUILD_TYPED,    /* a link opened from outside: Site none, User ?1 */
	BUILD_SCRIPTED, /* script, meta, Refresh, scripted form: Site cross-site, no User */
	BUILD_CLICKED,  /* a person clicked: Site cross-site, User ?1 */
	BUILD_FRAME,
	BUILD_IMAGE,
	BUILD_SCRIPT,
	BUILD_FETCH,
	BUILD_PREFETCH,
	BUILD_WORKER, /* the script of a service worker */
	BUILD_CURL,   /* no browser */
};

/* One request and, if status is not 0, its response. Fields that are not set have a sensible
 * value. */
struct build_exchange {
	const char *url;
	enum build_kind kind;
	int64_t at_ms;
	int64_t took_ms; /* to the response head (default 20), and as long again to its end */
	const char *method; /* GET */
	const char *site;   /* Sec-Fetch-Site, if not the kind's */
	const char *referer, *origin, *cookie;
	const char *more;     /* further request lines, each ended by CRLF */
	const char *oddities; /* of the request */
	const char *form;     /* request body, urlencoded */
	int status;           /* 0: no response; -1: 200 */
	const char *location;
	const char *headers; /* further response lines, each ended by CRLF */
	const char *type;    /* Content-Type; "text/html" if there is a body */
	const char *body;
	struct span body_bytes; /* instead of body */
	const char *made_by;    /* origin */
	const char *end;        /* reason; "ok". "": no end fact yet */
	bool chromium;          /* its words, where they are not Firefox's */
	bool body_not_loaded;   /* stored, but model_set_body is not called */
};

/* Returns the exchange's number. */
int64_t build_exchange(struct build *b, const struct build_exchange *x);
#define BUILD(b, ...) build_exchange((b), &(struct build_exchange){__VA_ARGS__})

void build_note(struct build *b, int64_t exchange, const char *code, const char *detail);
/* A CONNECT that was made, or could not be (outcome: an err word). */
void build_connect(
	struct build *b, int64_t at_ms, const char *host, int port, const char *outcome);
/* The handshake between browser and origin of the newest of those tunnels. */
void build_handshake(struct build *b, int64_t ms, const char *outcome, const char *detail);

#endif
