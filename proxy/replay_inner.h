/*
 * Inside replay: what its files share. Private to proxy/replay*.c; everything here is called
 * under the lock.
 */
#ifndef PROXY_REPLAY_INNER_H
#define PROXY_REPLAY_INNER_H

#include "proxy/replay.h"

#include <pthread.h>

/* ---- replay_memory.c: what was answered already ---- */

/* Open addressing; keys are never 0. */
struct replay_map {
	struct replay_slot {
		uint64_t key;
		int64_t a, b;
	} * slots;
	size_t n, cap;
};
void replay_map_fini(struct replay_map *m);
struct replay_slot *replay_map_find(const struct replay_map *m, uint64_t key); /* or NULL */
struct replay_slot *replay_map_put(struct replay_map *m, uint64_t key); /* found or new: zeroed
									 */
uint64_t replay_key(struct span method, struct span url);

struct replay {
	struct replay_options options;
	pthread_mutex_t lock; /* guards all below */
	struct recorded *recorded;
	struct replay_map answered; /* by exchange: a times; b: its request's fact */
	struct replay_map urls; /* by method and URL: a: no new answer was recorded up to this
				   fact; b: the exchange that answered last */
	struct replay_map reaches; /* by origin: a: index in reached */
	struct replay_reach *reached;
	size_t n_reached;
	struct arena kept; /* of reached */
	struct replay_counts counts;
};

/* ---- replay_find.c: which recorded request is it? ---- */

struct replay_candidate {
	int64_t seq, exchange;
	enum replay_class how;
	int64_t weight;
	bool answered;   /* it was given already */
	bool unanswered; /* when it was recorded, no answer came */
	bool other;      /* another method: no candidate at all */
	struct replay_differences differences;
	struct recorded_exchange *x; /* in the arena; NULL: of another method */
};
struct replay_found {
	struct replay_candidate best; /* how NONE: there is none */
	char *near;   /* why there is none, and what is nearest; in the arena; else NULL */
	bool limited; /* not all that could have matched was looked at */
};
/* False: the case could not be read. take: the answer counts as given. */
bool replay_find(struct replay *r, const struct replay_ask *ask, bool take, struct arena *a,
	struct replay_found *out, struct err *err);

/* ---- replay_answer.c: what was it answered by? ---- */
void replay_fill(struct replay *r, const struct replay_found *found, struct arena *a,
	struct replay_answer *out);
/* A stored word and detail as an error: unchanged for "ok", INTERNAL for a word that is none.
 */
void replay_recorded_err(struct err *err, struct span word, struct span detail);

#endif
