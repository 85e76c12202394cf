/*
 * Inside the comparison of a case with its packets: what is kept in memory of both files while
 * tunnels and flows are matched, a few numbers for each fact. Private to
 * ui/report/compared*.c: compared_load.c reads both files once, compared_match.c finds which
 * flow is which connection, compared_walk.c and compared_exchanges.c fetch the facts and hold
 * them against each other. One thread.
 */
#ifndef UI_REPORT_COMPARED_PARTS_H
#define UI_REPORT_COMPARED_PARTS_H

#include "store/fact/capture.h"
#include "store/fact/custody.h"
#include "ui/report/compared.h"

enum {
	COMPARED_ENTRIES_MAX = 16 * 1000 * 1000, /* of one list; more is an error */
	COMPARED_BATCH = 32,                     /* exchanges whose facts are at hand at once */
	COMPARED_FACTS_MAX = 2 * 1024 * 1024,    /* bytes of a tunnel's facts that are kept */
	COMPARED_ATTEMPTS_MAX =
		100 * 1000 * 1000,   /* flows that are looked at for all attempts */
	COMPARED_RESOLVERS_MAX = 32, /* of one session; and listeners */
};

/* A fact, and what it is about. */
struct compared_entry {
	int64_t of, seq;
	int64_t extra; /* of a request: its exchange; of responses and ends: their leg */
	uint32_t hash; /* of method and URL; of a name */
	uint32_t num;  /* a request's number in its connection */
	/* Of digests of a request's head as it came, and as it must have left where it was in a
	 * proxy's form; 0: not known. */
	uint32_t head, sent;
	enum fact_kind kind;
};
struct compared_list {
	struct compared_entry *p;
	size_t n, cap;
};
/* Those of one number, in order of `seq`; after compared_sort. */
struct compared_range {
	const struct compared_entry *p;
	size_t n;
};
struct compared_range compared_find(const struct compared_list *l, int64_t of);
void compared_sort(struct compared_list *l);
/* The same, in order of time, which is `extra`. */
void compared_sort_by_time(struct compared_list *l);

enum { COMPARED_NO_FLOW = -1 };

/* A connection of the proxy's that was made. */
struct compared_ours {
	int64_t session, id, tunnel; /* id: the tunnel's number, or the leg's */
	int64_t at_us, took_us;
	uint32_t place;  /* of the server */
	uint32_t client; /* its address */
	uint16_t port;   /* of the client */
	enum capture_side side;
	int64_t flow; /* index; COMPARED_NO_FLOW */
};
struct compared_flow {
	int64_t flow, session, file, at_us, seq;
	uint32_t place, client;
	uint16_t port, server_port;
	enum capture_side side;
	bool used;
	bool empty; /* it carried nothing */
};

/* A recorder of one side, as the case says it, and its file, as it was read. */
struct compared_side {
	bool told;                   /* any capture fact */
	int64_t started_us, over_us; /* FACT_NULL: not said */
	struct span started_name;
	bool failed, lost;
	struct span detail;
	const struct fact_capture *ended;
	const struct fact_packet_file *file; /* of the newest run; NULL: none was read */
	const char *missing;                 /* once it was asked for, see compared_missing */
};
struct compared_session {
	int64_t session, at_us;
	bool sandboxed;    /* the browser was alone in a network of its own */
	bool instrumented; /* and had an automation port */
	bool only;         /* not all hosts were recorded */
	int64_t drift_us;  /* of the machine's clock, while it was recorded; see compare_to */
	bool no_bodies;    /* none were to be kept */
	bool no_pcap;      /* packets were not asked for */
	bool told;         /* that it has none */
	int64_t run;       /* the newest in which files of it were read; 0: none */
	bool overheard;    /* --no-intercept: recorded from packets itself */
	bool unasked;      /* nobody wanted packets of the origin's side */
	struct compared_side sides[CAPTURE_SIDE_COUNT];
	uint32_t listeners[COMPARED_RESOLVERS_MAX], resolvers[COMPARED_RESOLVERS_MAX];
	size_t n_listeners, n_resolvers;
	bool more_listeners, more_resolvers; /* than are kept */
};

/* Facts of which something was erased, by number. */
struct compared_gone {
	int64_t *seqs;
	size_t n, at; /* at: the walk over the facts is there */
};

struct compared_work {
	struct case_file *c, *companion;
	struct arena arena;                /* as long as the comparison */
	struct compared_session *sessions; /* in order of number */
	size_t n_sessions;
	/* Of the case: tunnel facts and those of the browser's leg; origin legs'; requests by
	 * tunnel; responses and ends by exchange. */
	struct compared_list tunnels, legs, requests, answers;
	struct compared_list certificates; /* by the first bytes of their digests */
	struct compared_ours *ours;
	size_t n_ours, cap_ours;
	/* Of the companion. */
	struct compared_list files, in_flows, dns, strays;
	/* What lacks something, by number. */
	struct compared_gone gone, gone_there;
	struct compared_list gone_exchanges, gone_tunnels, gone_flows;
	/* Something of connections' places in the case; of places, of names in the companion.
	 */
	bool gone_ours, gone_places, gone_names;
	struct compared_flow *flows;
	size_t n_flows, cap_flows;
	const struct fact_packet_file **read; /* all packet_file facts */
	size_t n_read;
	const struct fact_packet_file **orphans; /* of sessions that the case does not have */
	size_t n_orphans;
	int64_t run, at_us; /* the newest that came to its end; FACT_NULL: none did */
	int64_t reading;    /* the newest of all */
	int64_t only;       /* session; 0: all of them */
	struct span by;
	struct compared_destroyed *destroyed;
	size_t n_destroyed;
	bool mine;      /* the companion says that it is this case's */
	struct span id; /* of the case */
	bool full;
	uint64_t looked; /* flows, for attempts that failed */
	/* Where it goes. */
	struct compare_to to;
	struct arena scratch;
	struct compared_counts *counts;
	compared_fn *each;
	void *ctx;
};

/* A list, in the heap, with room for one more of that size; NULL: it is full, and w->full set.
 */
void *compared_room(struct compared_work *w, void *list, size_t n, size_t *cap, size_t size);
/* Full: w->full is set, and it is not there. */
void compared_add(struct compared_work *w, struct compared_list *l, struct compared_entry e);
uint32_t compared_hash(struct span a, struct span b);
/* Of a host's name, however it is written. */
uint32_t compared_name(struct span name);
uint32_t compared_place(struct span ip, int64_t port);
/* A time and a span of it; times of files may be anything, the sum stays at the end of them. */
int64_t compared_plus(int64_t a, int64_t b);
/* How much earlier, and later, than it might be a packet may seem to be by that. */
int64_t compared_drift(const struct compared_session *s, bool later);
/* The first bytes of a digest; 0: there is none. */
uint32_t compared_short(struct span digest);
/* Of a request's head, as it came and as it must have left. */
void compared_heads(const struct fact_request *request, struct compared_entry *e);
struct compared_session *compared_session(struct compared_work *w, int64_t session);

/* compared_erased.c: before and while facts are read, and once all are. */
bool compared_gone_list(struct compared_work *w, struct err *err);
void compared_gone_in_case(
	struct compared_work *w, enum fact_kind kind, int64_t seq, const void *fact);
void compared_gone_in_companion(
	struct compared_work *w, enum fact_kind kind, int64_t seq, const void *fact);
void compared_gone_sort(struct compared_work *w);
/* Says so where a key is missing because it was destroyed. */
void compared_keys_gone(const struct compared_work *w, struct verdict *v);
/* No value, and no contradiction, where something was erased. */
void compared_gone_hide(const struct compared_work *w, struct verdict *v);

bool compared_load(struct compared_work *w, struct err *err);
void compared_unload(struct compared_work *w);

/* Which flow is which connection. Afterwards flows are in order of session, side, port,
 * place, time. */
void compared_match(struct compared_work *w);
struct compared_ours *compared_ours_of(
	struct compared_work *w, enum capture_side side, int64_t id);
/* A flow that is nobody's yet, to that place and about then; NULL: there is none. */
struct compared_flow *compared_attempt(struct compared_work *w, int64_t session,
	struct span place, int64_t from_us, int64_t to_us);

/* Why packets of that side may be missing then; NULL: they should be there. In the scratch
 * arena. */
const char *compared_unseen(struct compared_work *w, const struct compared_session *s,
	enum capture_side side, int64_t at_us);

/* Why packets of that side may be missing without a trace; NULL: none may. Lives as long as the
 * comparison. */
const char *compared_missing(
	struct compared_work *w, struct compared_session *s, enum capture_side side);
/* Is it sure that no packet of the flow is missing? Both ends of both directions were seen. */
bool compared_whole(const struct fact_flow *f);
/* Was that side never recorded, in all of the session? That is told once, and not of each
 * connection. */
bool compared_absent(const struct compared_session *s, enum capture_side side);

/* The exchanges that the packets of one flow show, by number; to be freed. */
const struct compared_entry **compared_shown(
	struct compared_work *w, const struct compared_flow *f, size_t *n);

/* Facts by their entries; out: as in case_fetch. */
bool compared_fetch(struct case_file *c, const struct compared_entry *const *of, size_t n,
	struct arena *a, void **out, struct err *err);

/* compared_reach.c: what a leg did before it was connected. */
bool compared_dns(struct compared_work *w, const struct compared_session *s,
	const struct fact_dns *dns, struct err *err);
bool compared_attempts(struct compared_work *w, const struct compared_session *s,
	const struct fact_leg *leg, bool reached, struct err *err);

/* A leg whose flow was found, for its exchanges. */
struct compared_carrier {
	int64_t leg;
	const struct compared_flow *flow;
	bool settled, cut; /* it ended as it should; the proxy says that it did not */
	bool unread; /* the proxy passed all of it through unread: as bytes it is compared */
	struct compare_seen seen;
	struct span file;
	const char *missing; /* as in struct compare_to */
};
/* The exchanges of one tunnel on all of its legs, the browser's first. */
bool compared_exchanges(struct compared_work *w, const struct compared_session *s,
	int64_t tunnel, bool plain, const struct compared_carrier *carriers, size_t n,
	struct err *err);

/* What verdicts have in common from here on: no exchange, no flow. */
void compared_about(struct compared_work *w, int64_t session, int64_t tunnel, int64_t leg);
struct span compared_file_name(const struct compared_work *w, int64_t file);

/* compared_case.c: packet files, sessions, certificates, and what facts say of each other. */
void compared_files(struct compared_work *w);
void compared_absent_sides(struct compared_work *w);
/* Were packets of it recorded, or read? */
bool compared_watched(const struct compared_session *s);
bool compared_odd(struct compared_work *w, struct err *err);
/* An answer of that exchange came by a leg that the case does not have. */
void compared_nowhere(struct compared_work *w, int64_t exchange);
void compared_certificates(struct compared_work *w, struct span certs);
void compared_hello(struct compared_work *w, const struct fact_hello *h, struct span shown);
/* target: what packets show that CONNECT asked for. hello, handshake, end: the tunnel that the
 * leg's facts name; FACT_NULL: there is none. */
void compared_leg_odd(struct compared_work *w, struct span target, const struct fact_leg *leg,
	const struct fact_dns *dns, int64_t hello, int64_t handshake, int64_t end);

/* compared_rest.c: flows that no connection is, and what is no flow. */
bool compared_flows(struct compared_work *w, struct err *err);
bool compared_strays(struct compared_work *w, struct err *err);

/* compared_walk, and what was loaded for it, for who wants more than the verdicts. w is to be
 * done away with in either case. */
bool compared_walk_to(struct case_file *c, const char *companion, int64_t only,
	struct compared_work *w, compared_fn *each, void *ctx, struct compared_counts *counts,
	struct err *err);
void compared_walk_done(struct compared_work *w);

#endif
