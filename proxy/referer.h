/*
 * The page of --referer: the browser is sent to the referring address first, and we answer it
 * in its origin's place, once, with a page that goes on to the link. So the browser itself says
 * where it comes from, and that origin is never asked. Decides only; the answer's bytes are
 * local.c's. Fixed before the first accept, but for `served`; any tunnel thread.
 */
#ifndef PROXY_REFERER_H
#define PROXY_REFERER_H

#include "proxy/target.h"

#include <stdatomic.h>

struct referer {
	const char *url, *link; /* serialised; NULL: there is none. Borrowed */
	struct target target;
	atomic_bool served;
};

/* url NULL: none. TARGET where it is no address that a browser could ask for. */
bool referer_init(struct referer *r, const char *url, const char *link, struct err *err);
/* The page is still to be served, and this is where it will be asked for: its own address, or
 * the same with https, for browsers know hosts that they never ask by http. */
bool referer_expected(const struct referer *r, const struct target *to);
bool referer_served(const struct referer *r);
/* Is this request for the page? True once: it is to be answered with it. */
bool referer_take(struct referer *r, const struct target *to, const char *url);

#endif
