/*
 * What a replay showed, for people and for programs: a comparison as it was just made, and the
 * newest verdict that is kept of a trail. It decides nothing. One thread.
 */
#ifndef UI_REPORT_SAY_SAME_H
#define UI_REPORT_SAY_SAME_H

#include "store/derive/same_line.h"

#include <jansson.h>

enum { SAY_DIFFERENCES_MAX = 20 }; /* in text; how many more there are is said */

/* The verdict in a sentence or two, then what differs. */
void same_say(const struct same *s, struct buf *out);
/* The same as members of an object: verdict, why, hops, recorded_hops, replayed_hops, bodies,
 * bodies_not_compared, parted_at, recorded_until, n_differences, differences, told. A new
 * reference. */
json_t *json_same(const struct same *s);

/* Of a report's trail; nothing, and null, where k is NULL: the trail was never replayed. The
 * line alone, for a summary: */
void say_replay_line(const struct same_kept *k, struct buf *out);
/* with what differs, too: */
void say_replay(const struct same_kept *k, struct buf *out);
/* json_same with at, by, browser, strict and session_sha256. */
json_t *json_replay(const struct same_kept *k);

/* That a session was a replay: no site answered, but a case (replay_of, as its note says it;
 * may be absent). */
void say_replay_source(struct span replay_of, struct buf *out);

#endif
