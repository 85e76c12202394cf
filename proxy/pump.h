/*
 * The one place where a tunnel waits while bytes move: both legs, the recorder's eventfd and
 * the stop signal, with a deadline. It fills and flushes the legs that are ready and says what
 * happened; it decides nothing. One tunnel thread.
 */
#ifndef PROXY_PUMP_H
#define PROXY_PUMP_H

#include "proxy/leg.h"

enum {
	PUMP_HIGH_WATER =
		256 *
		1024, /* bytes waiting toward one side above which the other is not read */
};

enum {
	PUMP_UNPOLLED_MAX = 8
}; /* times that a peer's bytes are taken without a look at the
       others */

enum pump_event {
	PUMP_MOVED = 1,     /* bytes were read or written */
	PUMP_COMMITTED = 2, /* the recorder's eventfd fired (and was drained) */
	PUMP_STOPPED = 4,
	PUMP_TIMEOUT = 8,
};

struct pump {
	struct leg *browser, *origin; /* origin may be NULL */
	bool read_browser, read_origin;
	int commit_fd; /* -1: not waiting for the recorder */
	int stop_fd;
	int64_t until_us;
};

/* Waits until something happens. Returns a set of pump_event bits. */
unsigned pump_wait(const struct pump *p);

#endif
