#include "store/base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_once_t anchor_once = PTHREAD_ONCE_INIT;
static int64_t anchor_us; /* realtime - monotonic, at first use */

static int64_t read_us(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void anchor(void)
{
	anchor_us = read_us(CLOCK_REALTIME) - read_us(CLOCK_MONOTONIC);
}

static int64_t real_now(void *self)
{
	(void)self;
	pthread_once(&anchor_once, anchor);
	return read_us(CLOCK_MONOTONIC) + anchor_us;
}

const struct clock *clock_real(void)
{
	static const struct clock real = {real_now, NULL};
	return &real;
}

int64_t clock_drift_us(void)
{
	int64_t now = real_now(NULL);
	return read_us(CLOCK_REALTIME) - now;
}

void clock_text(int64_t us, char out[CLOCK_TEXT_MAX])
{
	int64_t s = us / 1000000, rest = us % 1000000;
	if (rest < 0) {
		rest += 1000000;
		s--;
	}
	time_t t = (time_t)s;
	struct tm tm;
	if (gmtime_r(&t, &tm) == NULL) {
		snprintf(out, CLOCK_TEXT_MAX, "?");
		return;
	}
	size_t n = strftime(out, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, CLOCK_TEXT_MAX - n, ".%06dZ", (int)rest);
}
