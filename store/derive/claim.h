/*
 * What the links of a trail claim about where they lead, and whether the browser came there.
 * Needs nothing but the hops themselves: it serves trails that were just derived and trails
 * that were stored. Pure; any thread.
 */
#ifndef STORE_DERIVE_CLAIM_H
#define STORE_DERIVE_CLAIM_H

#include "store/derive/trail.h"
#include "store/derive/wrapper.h"

/* Fills claimed_target and claim of every hop of t. What it makes is in a; more may be NULL. */
void claim_read(struct arena *a, const struct wrapper_rules *more, struct trail *t);

#endif
