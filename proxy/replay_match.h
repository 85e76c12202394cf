/*
 * Does a recorded request answer one that is asked now? The rules of docs/replay.md, pure: no
 * I/O, no clock, no state. Scheme, host, port, method and the spelling of paths are never
 * guessed at; whatever else differs is either a reason to say no or is listed. Which of several
 * candidates is served, and from where they come, is the caller's business. All bytes are
 * hostile and borrowed; memory from the caller's arena. Any thread.
 */
#ifndef PROXY_REPLAY_MATCH_H
#define PROXY_REPLAY_MATCH_H

#include "store/base/arena.h"
#include "store/base/buf.h"

/* Beyond a limit nothing is compared but whether all bytes are the same; `limited` then says
 * so. */
enum {
	REPLAY_BODY_KEPT = 64 * 1024,   /* bytes of a body that its form is read from */
	REPLAY_URL_MAX = 64 * 1024,     /* bytes of a URL */
	REPLAY_FIELDS_MAX = 256 * 1024, /* bytes of field lines */
	REPLAY_LINES_MAX = 1024,        /* field lines */
	REPLAY_SEGMENTS_MAX = 256,      /* of a path */
	REPLAY_PAIRS_MAX = 1024, /* parameters, cookies, form fields, parts, JSON values */
	REPLAY_VARY_MAX = 64,    /* names in Vary */
	REPLAY_JSON_DEPTH = 32,
	REPLAY_JSON_NAME_MAX = 256,   /* bytes of the keys that lead to a value, joined */
	REPLAY_NESTED_MAX = 2,        /* URLs in parameters of URLs in parameters */
	REPLAY_DIFFERENCES_MAX = 64,  /* listed; the others are counted */
	REPLAY_SAY_MAX = 80,          /* bytes of a value as it is said */
	REPLAY_NEAR_OTHER_HOST = 1000 /* what replay_near gives for it, and never more */
};

struct replay_ask {              /* one request, recorded or asked now */
	struct span method, url; /* absolute, without fragment */
	struct span fields;      /* "Name: value\r\n" lines, an empty line ends them; lines that
				    start with a colon (":method: GET") are passed over */
	struct span body;        /* its first REPLAY_BODY_KEPT bytes, or less */
	uint64_t body_size;      /* of all of it */
	const uint8_t *body_sha256; /* 32 bytes, of all of it; NULL: unknown. Asked only of a
				       body that is not there as a whole */
	struct span vary;           /* of a recorded request: the values of its response's Vary,
				       joined by ", "; or none */
};

/* From best to worst. Each is also allowed the differences of those before it. */
#define REPLAY_CLASSES(X)                                                                      \
	X(EXACT, "exact")   /* method, URL, body and deciding fields are equal */              \
	X(FIELDS, "fields") /* a deciding field has another value */                           \
	X(STATE, "state")   /* other cookies, or a condition that is not on both sides */      \
	X(BODY, "body")     /* a body of the same form, with other values */                   \
	X(BODY_FREE, "body-free") /* another body */                                           \
	X(QUERY, "query")         /* the URL's parameters stand in another order */            \
	X(VOLATILE, "volatile")   /* parts of the URL are times, random numbers, tokens */     \
	X(NONE, "none")           /* no answer to it */

enum replay_class {
#define X(name, word) REPLAY_##name,
	REPLAY_CLASSES(X)
#undef X
		REPLAY_CLASS_COUNT
};
const char *replay_class_word(enum replay_class class);

struct replay_difference {
	const char *what;  /* "method", "origin", "path", "query", "order", "field", "cookie",
			      "form", "part", "json", "body", "limit" */
	const char *shape; /* what both values are: "time", "token", ...; NULL: anything */
	struct span name;  /* absent: it has none */
	struct span recorded, asked; /* raw; absent: not there */
};

struct replay_differences {
	struct replay_difference *items;
	size_t n;
	size_t unlisted; /* further ones, beyond REPLAY_DIFFERENCES_MAX */
	int64_t weight;  /* of all differences: the smaller the better among those of one class.
			    At REPLAY_WEIGHT_COOKIES or more, the cookies' names differ */
	bool limited;    /* something was too large to be compared, and is taken as different */
};
#define REPLAY_WEIGHT_COOKIES ((int64_t)1 << 32)

/* *out is overwritten; its spans point into both requests and the arena. REPLAY_EXACT: no
 * difference. REPLAY_NONE: the first thing that forbids it is the last one listed. */
enum replay_class replay_match(const struct replay_ask *recorded,
	const struct replay_ask *asked, struct arena *a, struct replay_differences *out);

/* Is match 1 strictly better than match 2? If neither is better, the caller decides: by what
 * was served last, say. */
static inline bool replay_better(
	enum replay_class class1, int64_t weight1, enum replay_class class2, int64_t weight2)
{
	return class1 != class2 ? class1 < class2 : weight1 < weight2;
}

/* One line each, for people: `cookie "sid": recorded "a", asked "b"`. */
void replay_differences_say(const struct replay_differences *d, struct buf *out);

/* How far apart two URLs are, to name the nearest recorded ones where nothing matches. 0: the
 * same; at most REPLAY_NEAR_OTHER_HOST. Never a reason to serve one for the other. */
unsigned replay_near(struct span asked, struct span recorded);

#endif
