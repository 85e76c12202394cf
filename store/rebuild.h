/*
 * What was derived from facts, on its way into the case: trails and their hops as plain rows.
 * Not facts: they have no number, are no part of the evidence, and are replaced whole. Whoever
 * holds the writer hands them over; its thread stores them.
 */
#ifndef STORE_REBUILD_H
#define STORE_REBUILD_H

#include "store/base/err.h"
#include "store/base/text.h"

struct writer;

struct derived_hop {
	int64_t n; /* from 1 */
	struct span url, method;
	int64_t status, at_us, elapsed_us; /* FACT_NULL: unknown */
	bool on_wire;
	struct span mechanism, confidence;  /* the report's words */
	int64_t exchange, tunnel;           /* FACT_NULL where it was not on the wire */
	struct span claimed_target;         /* may be absent */
	struct span evidence, alternatives; /* JSON arrays as in the report; absent: [] */
};

struct derived_trail {
	int64_t session, number; /* its number in the session, from 1; id is "session.number" */
	int64_t started_us;
	struct span start_url, final_url;
	struct span ended_by; /* the report's word */
	bool recording_complete;
	struct span handoff_url; /* absent mostly */
	struct span notes;       /* JSON array of texts; absent: [] */
	const struct derived_hop *hops;
	size_t n_hops;
};

/* That a session's trails are all there, and what was counted on the way. */
struct derived_session {
	int64_t session;
	int64_t exchanges, failed, opaque;
	struct span user_agent; /* as set, else as the first request had it; may be absent */
};

/* Replaces all trails of that session (0: of every session) by these, in one transaction;
 * blocks until it is committed. Any thread. False if they could not be stored; facts are not
 * touched by that. */
bool writer_put_derived(struct writer *w, int64_t session, const struct derived_trail *trails,
	size_t n, struct err *err);
/* The same, but none of those that are there are dropped. */
bool writer_add_derived(struct writer *w, int64_t session, const struct derived_trail *trails,
	size_t n, struct err *err);
/* The indexes that a case has at rest, now instead of when it is closed: for who derives from
 * many facts and puts no more. Blocks until they are there. */
bool writer_index(struct writer *w, struct err *err);
/* After the last of a session's trails: readers may rely on them from here on. */
bool writer_put_summary(
	struct writer *w, const struct derived_session *summary, struct err *err);

#endif
