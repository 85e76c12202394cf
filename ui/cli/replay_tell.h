/*
 * What a replay was asked and how it answered, for people (a line for each answer that was not
 * plainly the recorded one) and for programs (a JSON object on a line for each request).
 * Called from tunnels' threads, one at a time; the rest is the main thread's.
 */
#ifndef UI_CLI_REPLAY_TELL_H
#define UI_CLI_REPLAY_TELL_H

#include "proxy/replay.h"

enum {
	REPLAY_TELL_LINES_MAX = 1000, /* kept for the end; how many more there are is said */
	REPLAY_TELL_BYTES_MAX = 16 * 1024 * 1024, /* of these, or of what nobody takes */
	REPLAY_TELL_WAIT_MS = 100,                /* for a reader that was quick until now, */
	REPLAY_TELL_LAST_WAIT_MS = 2000           /* and at the end */
};

struct replay_tell {
	int fd; /* where lines go as they come; -1: they are kept */
	bool json;
	struct buf lines; /* kept ones; or those that the reader has not taken yet */
	size_t kept, dropped;
};

/* A replay_tell_fn; ctx: the struct. */
void replay_tell(void *ctx, const struct replay_event *e);
/* Behind the last one: what was not taken yet, with a last text (may be empty). */
void replay_tell_end(struct replay_tell *t, struct span last);
void replay_tell_fini(struct replay_tell *t);
/* How many requests came to what, in one sentence. */
void replay_tell_counts(const struct replay_counts *n, struct buf *out);

#endif
