/*
 * The recorder's end of the socket that recorder.h describes: orders come, and what sockets
 * they show goes into the table; news goes back. What it believes of a connection is what the
 * kernel says of the socket that is shown: its local end, and that it is of our own network.
 * One thread.
 */
#ifndef CAPTURE_RECORDER_ORDERS_H
#define CAPTURE_RECORDER_ORDERS_H

#include "capture/recorder.h"
#include "capture/recorder_table.h"
#include "store/base/err.h"

struct recorder_orders {
	struct recorder_table *table; /* NULL: everything is recorded, and nothing is shown */
	uint64_t network;             /* the cookie of our network namespace */
	bool flush, finish;           /* it was said; whoever obeys takes flush back */
	bool gone;                    /* nobody is there any more */
	char refused[RECORDER_TEXT_MAX]; /* why the last refused order was; "": none was */
};

/* Is descriptor RECORDER_SOCK what it should be? */
bool recorder_orders_check(void);
/* No socket more can be held: orders stay where they are, and who sends them meets a queue that
 * is full, until one is let go. */
bool recorder_orders_full(const struct recorder_orders *o, int64_t now_ns);
/* Takes what has come, until it is full; does not wait. True: something was shown. */
bool recorder_orders_take(struct recorder_orders *o, int64_t now_ns);

/* Is this packet to be recorded? An order is sent before the first packet that it is for: if
 * nothing is known of this one, what has come by now is taken first. */
bool recorder_orders_want(
	struct recorder_orders *o, const struct packet_parts *parts, int64_t now_ns);

/* wait_ms: for room; a state that nobody reads is left out. */
void recorder_tell(const struct recorder_news *news, int wait_ms);

#endif
