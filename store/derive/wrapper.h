/*
 * What a link itself says about where it leads: link wrappers and click trackers that carry
 * their target in the URL, decoded offline. A claim, never a visited hop. Hosts match exactly
 * or as a suffix at a dot. Pure; any thread.
 */
#ifndef STORE_DERIVE_WRAPPER_H
#define STORE_DERIVE_WRAPPER_H

#include "store/derive/url.h"

enum { WRAPPER_DEPTH_MAX = 8 }; /* wrappers inside of each other */

struct wrapper_claim {
	struct span target; /* serialised http(s) URL; absent: the link claims none */
	const char
		*rule; /* "safelinks", "proofpoint-v3", "parameter", ...; NULL without target */
};

/* One layer: what this link claims. */
void wrapper_read(struct arena *a, const struct url *link, struct wrapper_claim *out);
/* All layers, to the innermost target; *depth (may be NULL) says how many there were. */
void wrapper_unwrap(
	struct arena *a, const struct url *link, struct wrapper_claim *out, unsigned *depth);

#endif
