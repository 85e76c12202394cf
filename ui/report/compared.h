/*
 * The verdicts of a case: its facts against what the newest crosscheck kept in its companion,
 * tunnel by tunnel, in memory that does not grow with bodies or packets. Reads only; both files
 * are hostile, and a companion that does not say that it is this case's is not believed. One
 * thread.
 */
#ifndef UI_REPORT_COMPARED_H
#define UI_REPORT_COMPARED_H

#include "store/case.h"
#include "store/derive/compare.h"

struct report;

enum {
	COMPARED_KEPT_MAX = 10000, /* verdicts other than agree that a report keeps, */
	COMPARED_VALUE_MAX =
		8192, /* and bytes of a value; of a longer one it is told how long */
};

/* Each verdict in turn; its spans live during the call. False stops. */
typedef bool compared_fn(void *ctx, const struct verdict *v);

struct compared_counts {
	uint64_t of[VERDICT_COUNT];
	uint64_t tunnels, legs, flows, exchanges; /* that were looked at */
	/* Sessions whose origin's side was not recorded, and not to be: --no-intercept needs
	 * the browser's alone. */
	uint64_t unasked;
	/* Sessions of --no-intercept: what was inside TLS was recorded from these very packets.
	 */
	uint64_t overheard;
	/* Sessions that were recorded without packets, as they were to be: nothing of them was
	 * compared. The first one's number. */
	uint64_t without;
	int64_t first_without;
};

/* Verdicts that are kept one by one, `max` of them: of those that are not agree the first, and
 * of what contradicts the first before all that is unseen. All zero but max. */
struct compared_keep {
	size_t max;
	struct compared_kept {
		uint64_t number; /* in order of being told */
		struct verdict verdict;
	} * of[2]; /* unseen; the others */
	size_t n[2];
	uint64_t next;
};
/* Is there room for it? Then a copy whose spans last is to be kept. */
bool compared_keeps(const struct compared_keep *k, const struct verdict *v);
void compared_keep(struct compared_keep *k, struct arena *a, const struct verdict *copy);
/* At the end: in order of being told. */
struct verdict *compared_kept(const struct compared_keep *k, struct arena *a, size_t *n);

/* A packet file as it was read, for reports. */
struct compared_file {
	int64_t session;
	struct span side, name, outcome, detail;
	uint8_t sha256[32];
	int64_t size, packets, dropped, first_us, last_us;
};

/* The reason of unseen where the key was destroyed: texts count such connections. */
#define COMPARED_NO_KEYS "the keys were destroyed"
bool compared_is_keyless(const struct verdict *v);

/* Packets, or keys alone, of a session, that a custody fact calls destroyed. */
struct compared_destroyed {
	int64_t session, at_us;
	bool packets, keys;
	struct span by, reason; /* by: absent, or not said */
};
/* False: it is no such fact. Spans are the fact's. */
bool compared_destroyed_of(const struct fact_custody *f, struct compared_destroyed *out);
/* To a list of one for each session, in the arena. */
void compared_destroyed_add(struct arena *a, struct compared_destroyed **list, size_t *n,
	const struct compared_destroyed *d);

/* For a report: memory in its arena. */
struct compared {
	bool checked;   /* there is a crosscheck; else all below but `recorded` is empty */
	int64_t at_us;  /* of the newest one */
	struct span by; /* who ran it; absent: not said */
	struct compared_counts counts;
	struct compared_file *files;
	size_t n_files;
	struct compared_destroyed *destroyed; /* also where nothing was checked */
	size_t n_destroyed;
	struct verdict *kept; /* that are not agree, as in compared_keep */
	size_t n_kept;
	/* Of exchanges of the trails, by exchange: how many of each kind there are of the
	 * exchange itself, its tunnel's legs and handshakes included. */
	struct compared_hop {
		int64_t exchange;
		uint64_t of[VERDICT_COUNT];
	} * hops;
	size_t n_hops;
	/* Packet recorders, as the case says: were they there? */
	bool recorded; /* a capture fact, of any session; unknown is false */
};

/* `companion`: path; one that is not there gives no verdicts. session: that one alone; 0: all.
 * stop at false of each. Errors: those of case_open, CASE_READ. */
bool compared_walk(struct case_file *c, const char *companion, int64_t session,
	compared_fn *each, void *ctx, struct compared_counts *counts, struct err *err);

/* For a report, anew: nothing that was derived before is believed. some: the report holds only
 * some of the case's trails, and verdicts about others are left out; counts are of all that was
 * compared. Memory from `a`. Errors: as above. */
bool compared_read(struct case_file *c, const char *companion, const struct report *r,
	bool some, struct arena *a, struct compared *out, struct err *err);
/* ---- all of them, kept for who asks again and again ---- */

struct compared_all;
/* As compared_walk with all sessions. max: bytes; where they would take more, it is `full`,
 * and holds nothing. NULL: err. To be freed. Any thread may read it. */
struct compared_all *compared_all_read(
	struct case_file *c, const char *companion, int64_t max, struct err *err);
void compared_all_free(struct compared_all *x); /* NULL is fine */
bool compared_all_full(const struct compared_all *x);
int64_t compared_all_bytes(const struct compared_all *x);
/* Long values are replaced as in a report. */
void compared_all_walk(const struct compared_all *x, compared_fn *each, void *ctx,
	struct compared_counts *counts);
/* As compared_read; *out borrows from x. */
void compared_all_report(const struct compared_all *x, const struct report *r, bool some,
	struct arena *a, struct compared *out);

/* Of one exchange; NULL: nothing was compared of it. */
const struct compared_hop *compared_hop_of(const struct compared *c, int64_t exchange);
/* All that are not agree. */
uint64_t compared_others(const uint64_t of[VERDICT_COUNT]);

#endif
