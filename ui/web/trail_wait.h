/*
 * How long a hop took, and how long it was allowed to: the delay that a Refresh or a timer had
 * announced, the end that a link states, the life of a cookie that the hop needs. Read from the
 * evidence that derivation writes (deadline.c, edge_evidence.c), for that is what a stored
 * trail keeps. And how much time a drawing of the trail shows. Pure; borrows from the hop. Any
 * thread.
 */
#ifndef UI_WEB_TRAIL_WAIT_H
#define UI_WEB_TRAIL_WAIT_H

#include "store/derive/trail.h"

enum trail_wait_kind {
	WAIT_DELAY,  /* spent between the answer before and this request */
	WAIT_LINK,   /* left until the link's own end when it was asked; spent: unknown */
	WAIT_COOKIE, /* spent until the cookie came back */
};
struct trail_wait {
	enum trail_wait_kind kind;
	struct span name;   /* of the parameter or cookie; absent for a delay. Hostile */
	int64_t spent_us;   /* FACT_NULL: unknown */
	int64_t allowed_us; /* of a link: below 0 when its end was past */
};
enum { TRAIL_WAITS_MAX = 6 };
/* At most TRAIL_WAITS_MAX; how many there are. What is not as derivation writes it is left out.
 */
size_t trail_waits(const struct trail_hop *h, struct trail_wait out[TRAIL_WAITS_MAX]);

/* The width of the time line: what the hops of t took from its start, rounded up to one of six
 * steps for each power of ten, so that it seldom changes while the trail grows. 0: nothing is
 * known. */
int64_t trail_time_scale(const struct trail *t);

#endif
