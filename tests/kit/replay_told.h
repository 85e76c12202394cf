/*
 * What a replay tells of the requests that it answers, kept for a test that sends them one
 * after the other. Added to by the tunnels' threads; the rest: one test thread, which fails
 * the running cmocka test.
 */
#ifndef TESTS_KIT_REPLAY_TOLD_H
#define TESTS_KIT_REPLAY_TOLD_H

#include "proxy/replay.h"

#include <pthread.h>

enum { REPLAY_TOLD_MAX = 8 };

struct told_event {
	enum replay_outcome outcome;
	enum replay_class how;
	int64_t exchange;
	enum err_kind fault;
	char differences[600], near[600];
};

struct replay_told {
	pthread_mutex_t lock; /* over all below */
	struct told_event events[REPLAY_TOLD_MAX];
	size_t n;
};

void replay_told_init(struct replay_told *t);
/* For struct replay_options. */
void replay_told_add(void *told, const struct replay_event *e);
/* The one thing that was told since the last call; it must be one. */
struct told_event replay_told_take(struct replay_told *t);
void replay_told_demand(const struct told_event *e, enum replay_outcome outcome,
	enum replay_class how, int64_t exchange);

#endif
