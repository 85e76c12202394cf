/*
 * Where a client without script goes from an answer: a redirect, a Refresh header, a meta
 * refresh, or nowhere. Pure; any thread.
 */
#ifndef UI_CLI_PLAIN_NEXT_H
#define UI_CLI_PLAIN_NEXT_H

#include "ui/cli/plain_fetch.h"

enum plain_kind {
	PLAIN_STAY,     /* the answer is where it ends */
	PLAIN_REDIRECT, /* a 3xx */
	PLAIN_REFRESH,  /* Refresh, in a header or in the page */
	PLAIN_HANDOFF   /* to another scheme than http or https */
};

struct plain_move {
	enum plain_kind kind;
	struct url to; /* REDIRECT, REFRESH */
	int64_t delay_us;
	bool script, form; /* STAY: the page holds what a real browser might go on with */
};

void plain_next(const struct url *url, const struct plain_answer *answer, struct arena *a,
	struct plain_move *out);

#endif
