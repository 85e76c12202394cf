/*
 * What goes through the proxy unread (--no-intercept), read from the recorder's packets while
 * they come, with the browser's own key log, and put as facts: in a thread of its own, behind
 * by as little as recorder and key log are. The proxy tells it by its tap what was passed, so
 * that it knows what is still to come. Calls from the main thread, but for the tap's.
 */
#ifndef UI_CLI_OVERHEAR_H
#define UI_CLI_OVERHEAR_H

#include "proxy/tap.h"
#include "store/writer.h"

enum {
	OVERHEAR_LOOK_MS = 10,   /* between two looks at files that did not grow */
	OVERHEAR_TURN_MS = 1000, /* what a request waits for those before it, at most */
	OVERHEAR_KEYS_MS = 1000, /* packets wait for their secrets, at most; once for each
				    connection */
	OVERHEAR_LATE_MS = 5000, /* packets that do not come in that time are lost */
};

struct overhear;

struct overhear_order {
	struct writer *writer; /* borrowed */
	int64_t session;
	const char *packets, *keys; /* files that grow, and are there */
	bool store_bodies;
	uint64_t max_body;
	const struct tap *also; /* is told everything too; borrowed; may be NULL */
	/* Somebody waits for packets: write out what there is. May be NULL. Any thread. */
	void (*hurry)(void *ctx);
	void *hurry_ctx;
};

/* Errors: SYSTEM, PACKETS. */
struct overhear *overhear_start(const struct overhear_order *order, struct err *err);
/* For proxy_options; lives as long as o. */
const struct tap *overhear_tap(struct overhear *o);
/* Bytes were passed through that are not facts yet. */
bool overhear_behind(struct overhear *o);
/* Connections are going to be ended by us: what is cut off from now on was stopped. Waits for
 * what came before, as a request would. */
void overhear_stopping(struct overhear *o);
/* The files do not grow any more: reads them to their ends, and puts what is still to be put.
 * NULL: all that was passed was read; else why not. The text lives as long as o. */
const char *overhear_finish(struct overhear *o);
void overhear_free(struct overhear *o); /* NULL is fine */

#endif
