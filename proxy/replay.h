/*
 * The answers of a recorded case: for what is asked now, the recorded exchange that answers it,
 * how it was found, and what differed. Nothing is guessed in silence: a match that is not exact
 * is told, and what has no match is told with the nearest that there is. It speaks no protocol:
 * replay_http1.c and h2_replay.c do, behind origin_replay.c.
 *
 * Shared by all tunnels: one lock guards the case's connection and the memory of what was
 * answered already. Reads the case, never writes it.
 */
#ifndef PROXY_REPLAY_H
#define PROXY_REPLAY_H

#include "proxy/origin.h"
#include "proxy/replay_match.h"
#include "store/recorded.h"

enum {
	REPLAY_SAME_URL_MAX = 256, /* requests recorded for one URL that are weighed at once */
	REPLAY_PASSED_MAX = 4096,  /* and that are looked at for one that was not given yet */
	REPLAY_NEAR_MAX = 1024,  /* requests for like URLs, for each prefix of the one asked */
	REPLAY_PREFIXES_MAX = 8, /* of such prefixes, each a path segment shorter */
	REPLAY_NAMED_MAX = 3,    /* nearest requests that are named where nothing matches */
	REPLAY_TUNNELS_MAX = 16, /* connections to an origin that are looked at for one that
				    held, */
	REPLAY_REACH_MAX = 256,  /* among so many requests to it */
	REPLAY_REACHED_MAX = 4096,   /* origins of which that is remembered */
	REPLAY_CERT_MAX = 64 * 1024, /* bytes of a certificate that another is made like */
	REPLAY_UNANSWERED_MS = 2000, /* what the end of the recording left without an answer is
					held for so long */
	REPLAY_DELAY_MAX_MS = 3600 * 1000, /* a recorded delay is kept up to this */
};

enum replay_pace { REPLAY_FAST, REPLAY_ORIGINAL };

/* What came of a request, for whoever lists it. */
enum replay_outcome {
	REPLAY_AS_RECORDED, /* exactly, and no more often than it was recorded */
	REPLAY_REPEATED,    /* asked more often than recorded: the last answer, again */
	REPLAY_BY_RULE,     /* not exactly: the differences say in what */
	REPLAY_MISSED,      /* no answer: near says what comes nearest */
};
enum { REPLAY_OUTCOMES = REPLAY_MISSED + 1 };

struct replay_event {
	enum replay_outcome outcome;
	struct span method, url; /* method absent: the origin as a whole is meant */
	int64_t exchange;        /* the recorded one that answers; FACT_NULL: none */
	enum replay_class how;
	const struct replay_differences *differences; /* NULL: none */
	const char *near;                             /* MISSED: why, and what is nearest */
	bool limited;     /* not all that could have answered was looked at */
	struct err fault; /* how the answer fails or ends early; kind NONE: it is whole */
};
/* Called for each request, from its tunnel's thread, one at a time. */
typedef void replay_tell_fn(void *ctx, const struct replay_event *e);

struct replay_options {
	const char *path;
	int64_t session; /* answers of this one only; 0: of all, in their order */
	bool strict;     /* what is not exact is missed */
	enum replay_pace pace;
	bool hold; /* between questions a moment apart the case stays as it is read; whoever
		      sets this calls replay_rest */
	replay_tell_fn *tell; /* may be NULL */
	void *tell_ctx;
};

struct replay;
struct http1_head;
/* Errors: those of case_open. options are copied; the path must last. */
struct replay *replay_open(const struct replay_options *options, struct err *err);
void replay_free(struct replay *r);
/* What it reads, for case_about and so on; before anything is asked of it. */
struct case_file *replay_case_file(struct replay *r);
/* Nothing was asked for a while, perhaps: what was held on to of the case is let go, so that
 * others can write it. Call it now and then. */
void replay_rest(struct replay *r);
/* Forget what was answered: one-time links answer as they did first. Any thread. */
void replay_restart(struct replay *r);
struct replay_counts {
	uint64_t by_outcome[REPLAY_OUTCOMES];
	uint64_t failed; /* answers that failed or ended early */
};
void replay_counts(struct replay *r, struct replay_counts *out);

/* How an origin was reached when it was recorded. */
struct replay_reach {
	struct err fault;           /* kind != NONE: it was not */
	char alpn[ORIGIN_ALPN_MAX]; /* what it chose; "": nothing */
	struct span cert;           /* DER of its certificate; p NULL: none */
	int64_t leg;                /* where that was recorded; FACT_NULL: nowhere */
};
/* origin: "https://host[:port]". Never fails but by its fault. */
void replay_reach(
	struct replay *r, struct span origin, struct arena *a, struct replay_reach *out);

/* An answer; all it points to is in the caller's arena. */
struct replay_answer {
	struct recorded_exchange x;    /* its response counts where has_head */
	const struct http1_head *read; /* the recorded head, where it is HTTP/1's; else NULL */
	bool has_head;                 /* the recorded head is to be said, then the body */
	bool page;          /* a page of ours that says the fault is to be said in its place */
	bool ours;          /* clicktrail made it, then or now */
	struct err why;     /* the reason of an answer that is ours; kind NONE: no fault */
	struct err fault;   /* behind the last byte, or in place of the head: it ends like this;
			       kind NONE: it is whole */
	const char *remark; /* for struct leg_answer; NULL: an exact match */
	int64_t head_us;    /* nothing before (clock_real); 0: at once */
	int64_t shift_us;   /* a recorded time and this: when it is due now; FACT_NULL: at once
			     */
	int64_t chunks, size; /* of its body, given so far */
	bool body_over;
};
/* Never fails: what goes wrong is told by the answer. */
void replay_ask(struct replay *r, const struct replay_ask *ask, struct arena *a,
	struct replay_answer *out);
/* Does the answer begin with a 100 (Continue), before the request's body was sent? Looks, and
 * remembers nothing. */
bool replay_continues(struct replay *r, const struct replay_ask *ask);
/* The next bytes of its body, appended; *due_us: not before. False: there are no more, and
 * fault says whether that was all. */
bool replay_body(
	struct replay *r, struct replay_answer *answer, struct buf *out, int64_t *due_us);
/* It turns out behind its beginning that it cannot be said as it was told to be: told once
 * more, and it ends like this. A second fault of one answer is not told. */
void replay_breaks(struct replay *r, struct replay_answer *answer, const struct err *why);
/* What the answer says of itself to the exchange. */
void replay_about(const struct replay_answer *answer, struct leg_answer *out);

#endif
