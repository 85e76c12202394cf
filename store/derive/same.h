/*
 * A trail as it was recorded, held against the trail that its replay led to, hop by hop. Pure;
 * works on derived trails and the models they come from. Other than rounds.h, which asks what a
 * second opening of a link shows of the link, this asks whether the record leads the same way
 * by itself: so bytes count, and only what a rule of the replay names may differ. Borrows from
 * both models, trails and the allowances; own memory in the caller's arena. Any thread.
 */
#ifndef STORE_DERIVE_SAME_H
#define STORE_DERIVE_SAME_H

#include "store/derive/trail.h"

enum {
	SAME_DIFFERENCES_MAX = 200, /* listed; all are counted */
};

/* The stronger a statement, the later it stands. */
#define SAME_VERDICTS(X)                                                                       \
	X(NOT_COMPARED, "not-compared") /* nothing can be said; same_why says why */           \
	X(SAME, "same")                 /* nothing differs */                                  \
	X(BUT, "same-but") /* only addresses differ, and only where a rule allows it */        \
	X(PARTED, "parted")
enum same_verdict {
#define X(name, word) SAME_VERDICT_##name,
	SAME_VERDICTS(X)
#undef X
		SAME_VERDICT_COUNT
};
const char *same_verdict_word(enum same_verdict v);

#define SAME_WHYS(X)                                                                           \
	X(NONE, "none", "")                                                                    \
	X(NO_TRAIL, "no-trail", "the case holds no such trail")                                \
	X(NOT_WALKED, "not-walked", "the replay never asked for the link")                     \
	X(REPLAY_CUT, "replay-cut", "the replay itself was not recorded to its end")
enum same_why {
#define X(name, word, sentence) SAME_WHY_##name,
	SAME_WHYS(X)
#undef X
		SAME_WHY_COUNT
};
const char *same_why_word(enum same_why w);
const char *same_why_sentence(enum same_why w);

/* Why a replay can go no further than some hop. */
#define SAME_LIMITS(X)                                                                         \
	X(NONE, "none", "")                                                                    \
	X(CUT_OFF, "cut-off", "its answer was cut off and has no recorded end")                \
	X(BODY, "body-not-stored", "the body of its answer is not stored whole")               \
	X(ERASED, "erased", "its address was erased")                                          \
	X(KILLED, "killed", "the session that recorded it has no end")                         \
	X(STOPPED, "stopped", "it was stopped there before it had come to an end")
enum same_limit {
#define X(name, word, sentence) SAME_LIMIT_##name,
	SAME_LIMITS(X)
#undef X
		SAME_LIMIT_COUNT
};
const char *same_limit_word(enum same_limit l);
const char *same_limit_sentence(enum same_limit l);

/* What differs. */
#define SAME_WHATS(X)                                                                          \
	X(URL, "url")                                                                          \
	X(SPELLING, "url-spelling") /* bytes that browsers escape differently: told */         \
	X(METHOD, "method")                                                                    \
	X(ON_WIRE, "on-wire")                                                                  \
	X(MECHANISM, "mechanism")                                                              \
	X(CONFIDENCE, "confidence") /* told */                                                 \
	X(STATUS, "status")                                                                    \
	X(MADE_BY, "made-by") /* one side's answer is clicktrail's own */                      \
	X(TYPE, "content-type")                                                                \
	X(SIZE, "body-size")                                                                   \
	X(BODY, "body-sha256")                                                                 \
	X(EXCHANGE_END, "exchange-end") /* told: one side's answer is not whole */             \
	X(MISSING, "missing-hop")       /* the replay has no such hop */                       \
	X(EXTRA, "extra-hop")           /* the recorded trail has no such hop */               \
	X(END, "ended-by")                                                                     \
	X(FINAL, "final-url")                                                                  \
	X(HANDOFF, "handoff-url")
enum same_what {
#define X(name, word) SAME_##name##_DIFFERS,
	SAME_WHATS(X)
#undef X
		SAME_WHAT_COUNT
};
const char *same_what_word(enum same_what w);

#define SAME_WEIGHTS(X)                                                                        \
	X(TOLD, "told")       /* no difference by itself */                                    \
	X(ALLOWED, "allowed") /* a rule of the replay's matching names it */                   \
	X(PARTS, "parts")
enum same_weight {
#define X(name, word) SAME_##name,
	SAME_WEIGHTS(X)
#undef X
		SAME_WEIGHT_COUNT
};
const char *same_weight_word(enum same_weight w);

struct same_difference {
	size_t hop; /* from 1; 0: of the trail as a whole */
	enum same_what what;
	enum same_weight weight;
	struct span recorded, replayed; /* as text; absent: there is none */
	struct span rule;               /* ALLOWED: the class that the allowance names */
	struct span text;               /* ALLOWED: its words; absent where it has none */
};

/* A request of the replay that was matched by a rule and not exactly. */
struct same_allowance {
	int64_t exchange; /* of the replay's session */
	int64_t matched;  /* the recorded one that answered it */
	struct span rule; /* a class word */
	struct span text; /* for people; may be absent */
};

struct same_side {
	const struct model *model;
	const struct trail *trail; /* NULL: there is none */
};

struct same {
	enum same_verdict verdict;
	enum same_why why;         /* NOT_COMPARED */
	size_t hops;               /* compared */
	size_t recorded, replayed; /* hops that each trail has */
	size_t bodies;             /* compared: an origin's, whole on both sides */
	size_t bodies_open;        /* answers of an origin whose body could not be */
	size_t parted_at;          /* PARTED: the first hop that parts; 0: only the end does */
	enum same_limit limit;     /* not NONE: replayed as far as it was recorded: */
	size_t limit_hop;          /* it ends at this hop, and nothing behind is compared */
	struct same_difference *differences; /* in order of hops, then of the trail */
	size_t n_differences;                /* at most SAME_DIFFERENCES_MAX */
	size_t counts[SAME_WEIGHT_COUNT];    /* of all of them */
};

/* With two gathers (ui/report/gather.h): gather_open(&recorded, CASE, session) and
 * gather_open(&replayed, SCRATCH, 0), then gather_read of each. Trail N of the session is the
 * entry of recorded.trails with that `session` and `number`, the replay's is replayed.trails.
 * trails[0]; each with its gather's model is a side. The replay's session must have its end
 * fact, and be of the command "trace" with the trail's start_url as its link, for else its
 * trails are derived as those of a person at a proxy. Keep the result with ui/cli/replayed.h,
 * say it with ui/report/say_same.h.
 *
 * Behind a hop whose address, method or place (on the wire or not) parts, no hop is compared:
 * the two went different ways from there. A body is compared where an origin sent it and it
 * passed whole on both sides; what the recording did not store is not. An allowance excuses the
 * address of its exchange's hop, where it was answered by what the recorded hop is of, or by
 * another round of that very address; and of a hop off the wire before it that has the same
 * address but for http and https; nothing else of it, and never another origin. */
void same_compare(const struct same_side *recorded, const struct same_side *replayed,
	const struct same_allowance *allowances, size_t n, struct arena *a, struct same *out);

#endif
