/*
 * How fast directories are asked: each server at most so many times a second, however many
 * questions there are. Main thread.
 */
#ifndef UI_LOOKUP_PACE_H
#define UI_LOOKUP_PACE_H

#include "store/base/arena.h"

enum { PACE_SERVERS_MAX = 256 };

struct pace {
	struct {
		struct span name;
		int64_t next_us; /* not before; 0: at any time */
		int64_t held_us; /* it wants to be left alone until then; 0: it does not */
	} servers[PACE_SERVERS_MAX];
	size_t n;
};

/* When that server may be asked, by the real clock; reckoned from now on as asked then. Where
 * there are more servers than PACE_SERVERS_MAX, the last ones share a turn. name is copied. */
int64_t pace_next(
	struct pace *p, struct arena *a, struct span name, int64_t interval_us, int64_t now_us);
/* It says itself that it wants to be left alone until then. */
void pace_hold(struct pace *p, struct arena *a, struct span name, int64_t until_us);
int64_t pace_held(const struct pace *p, struct span name); /* 0: it does not */

#endif
