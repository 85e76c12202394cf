/*
 * Single things out of a case at rest: one stored trail, and the facts that belong to an
 * exchange or a connection, found by index. What it costs does not grow with the case. A case
 * that is being written, or was left uncleanly, has no index: read it with case_facts. One
 * thread per struct case_file; the file may be hostile, as in case.h.
 */
#ifndef STORE_CASE_PICK_H
#define STORE_CASE_PICK_H

#include "store/case.h"
#include "store/rebuild.h"

/* Has it its indexes? */
bool case_indexed(struct case_file *c, bool *out, struct err *err);

/* Facts of that kind whose third field is `key` (an exchange, a tunnel; FACT_NULL: is unknown),
 * in order. */
bool case_facts_by(struct case_file *c, enum fact_kind kind, int64_t key, case_fact_fn *each,
	void *ctx, struct err *err);
/* All facts of that kind, in order. For kinds of which there are few. */
bool case_facts_of(struct case_file *c, enum fact_kind kind, case_fact_fn *each, void *ctx,
	struct err *err);
/* The handshakes whose certificate was let pass though it does not verify. */
bool case_handshakes_permitted(
	struct case_file *c, case_fact_fn *each, void *ctx, struct err *err);
bool case_certificate(struct case_file *c, const uint8_t sha256[32], case_fact_fn *each,
	void *ctx, struct err *err);

/* These two need no index. The number after which a session's facts lie, if it is the last one
 * of the case; else 0. Costs as much as the session is long. */
bool case_session_after(struct case_file *c, int64_t session, int64_t *after, struct err *err);
/* All certificates up to that number. Reads the whole case up to there, in short transactions.
 */
bool case_certificates_until(
	struct case_file *c, int64_t until, case_fact_fn *each, void *ctx, struct err *err);

/* A session's summary; *found is false where its trails are not all stored by this version. */
bool case_session(struct case_file *c, int64_t session, struct arena *a,
	struct derived_session *out, bool *found, struct err *err);
/* All sessions whose trails are stored by this version and numbered from 1 without a gap, in
 * order, with how many they are; at most max. The list is in a. */
struct case_stored_session {
	struct derived_session summary;
	int64_t trails;
};
bool case_stored_sessions(struct case_file *c, size_t max, struct arena *a,
	struct case_stored_session **out, size_t *n, struct err *err);
/* A stored trail with its hops; what it points to is in a. */
bool case_trail(struct case_file *c, int64_t session, int64_t number, struct arena *a,
	struct derived_trail *out, bool *found, struct err *err);

#endif
