/*
 * Time, injectable. Stamps are microseconds since 1970 UTC, anchored once to the monotonic
 * clock: within a process they never step back, and differences between them are true
 * durations. Any thread may read.
 */
#ifndef STORE_BASE_CLOCK_H
#define STORE_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock {
	int64_t (*now_us)(void *self);
	void *self;
};

/* The real clock: CLOCK_REALTIME at first use, CLOCK_MONOTONIC from then on. */
const struct clock *clock_real(void);
static inline int64_t clock_now_us(const struct clock *c)
{
	return c->now_us(c->self);
}
/* CLOCK_REALTIME minus our anchored time: how far the machine's clock was stepped since the
 * start. */
int64_t clock_drift_us(void);

enum { CLOCK_TEXT_MAX = 32 };
/* RFC 3339 UTC with microseconds, "2026-01-31T23:59:59.000001Z". */
void clock_text(int64_t us, char out[CLOCK_TEXT_MAX]);

#endif
