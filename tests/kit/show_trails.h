/*
 * Trails as text, so that a test says what it expects the way a person would write it down.
 */
#ifndef TESTS_KIT_SHOW_TRAILS_H
#define TESTS_KIT_SHOW_TRAILS_H

#include "store/derive/trail.h"

/*
 * One line per trail, "ended_by" (and " incomplete"), then one per hop:
 *   "mechanism confidence url", with " POST", " 404" (statuses but 200 and 3xx), " off-wire"
 * behind where they apply.
 */
void show_trails(const struct trail_set *set, struct buf *out);
/* One line per evidence of a hop: "signal: quote". */
void show_evidence(const struct trail_hop *hop, struct buf *out);

#endif
