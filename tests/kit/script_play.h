/*
 * One scripted conversation on an open leg: the steps of script_origin.h, played in order,
 * until they are over or something comes that is not in the script. Private to script_origin.
 * Runs in a thread of its own; never calls cmocka.
 */
#ifndef TESTS_KIT_SCRIPT_PLAY_H
#define TESTS_KIT_SCRIPT_PLAY_H

#include "proxy/leg.h"
#include "tests/kit/script_origin.h"

enum { SCRIPT_PATIENCE_US = 20 * 1000000 };

struct script_play {
	const struct script_step *steps;
	size_t number; /* of the connection, for people */
	struct leg leg;
	int stop_fd;
	/* Every run of bytes as it comes. */
	void (*received)(void *ctx, struct span news);
	/* A WAIT_GO: true when the test has said go. */
	bool (*wait_go)(void *ctx);
	void *ctx;
	char why[400]; /* what differed first; "" while all is well */
};

void script_play_run(struct script_play *p);
/* Note that something differs; false. */
bool script_play_differs(struct script_play *p, size_t step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Now and SCRIPT_PATIENCE_US. */
int64_t script_deadline_us(void);

#endif
