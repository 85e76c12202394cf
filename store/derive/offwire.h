/*
 * Hops that never hit the wire: an address that the browser turned to https, a redirect that it
 * remembered, a page that a service worker or a script made, an address that a script put into
 * the bar. Each is inserted only where something that did hit the wire shows it. Inside of
 * trail derivation (walk.h).
 */
#ifndef STORE_DERIVE_OFFWIRE_H
#define STORE_DERIVE_OFFWIRE_H

#include "store/derive/walk.h"

enum { BRIDGE_MAX = 4 };

/* What lies between the page whose cue moved the browser and the request that is seen. */
struct bridge {
	struct candidate to; /* how the browser came to the first of them; its cue is NULL if
				that is not known: then there is nothing to insert */
	struct candidate on; /* how it went on to the request */
	struct span urls[BRIDGE_MAX];
	const struct model_exchange *shown_by[BRIDGE_MAX]; /* who says so: the redirect that is
							      remembered, the worker's script */
	size_t n;
};

/* True if the request is best explained by something that was not on the wire. all: what
 * edge_weigh found for it. */
bool offwire_find(struct walk *w, const struct model_exchange *x, const struct weighed *all,
	struct bridge *out);
/* The hops of the bridge, in the trail's order. */
void offwire_insert(
	struct walk *w, size_t trail, const struct model_exchange *x, const struct bridge *b);
/* What shows how it went on; beside edge_evidence. */
void offwire_evidence(struct walk *w, const struct model_exchange *x, const struct bridge *b,
	struct trail_hop *hop);

/* The browser was told http and went to https by itself: the http hop is put into the trail,
 * and *hop becomes the upgrade. */
void offwire_upgrade(
	struct walk *w, size_t trail, const struct model_exchange *x, struct trail_hop *hop);

/* A request, of any kind, whose Referer is an address of the page's own site that nobody asked
 * for: the page has another address now. at: of x in the model. */
void offwire_referer(struct walk *w, const struct model_exchange *x, size_t at);

/* A script that a service worker was registered with is remembered. */
void offwire_worker(struct walk *w, const struct model_exchange *x);
/* The script of a worker that may answer for this address; NULL: there is none. */
const struct model_exchange *offwire_worker_for(const struct walk *w, const struct url *u);
/* Says in the trails where a worker may have answered unseen. */
void offwire_note_workers(struct walk *w);

#endif
