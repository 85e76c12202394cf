/*
 * A conversation over HTTP/2 that is recorded, and then asked again out of its case: first an
 * h2_talk, then a proxy whose origin is the recording, and a browser's end that asks it. One
 * test thread.
 */
#ifndef TESTS_KIT_H2_AGAIN_H
#define TESTS_KIT_H2_AGAIN_H

#include "proxy/replay.h"
#include "tests/kit/h2_talk.h"

enum { H2_AGAIN_WIDE = 0x600000 };

struct h2_again {
	struct h2_talk live; /* the recording */
	struct replay *replay;
	struct run_proxy proxy; /* answers from it */
	struct h2_raw b;        /* the browser's end of that one */
};

/* Both ends of the recording; its browser has wide windows (H2_AGAIN_WIDE), so that the origin
 * may say much before it reads. */
void h2_again_record(struct h2_again *a);
/* The recording's browser asks; the stream on which its origin hears that. */
uint32_t h2_again_ask(struct h2_again *a, uint32_t stream, const char *head);

/* The recording ends; from here on `b` is asked out of it. */
void h2_again_replay(struct h2_again *a);
void h2_again_replay_at(struct h2_again *a, enum replay_pace pace);
/* `b` connects (anew). */
void h2_again_connect(struct h2_again *a);
/* `b` leaves, the second case is closed and read: proxy.facts. */
void h2_again_end(struct h2_again *a);
void h2_again_free(struct h2_again *a);

/* The end's reason of exchange i. */
void h2_again_ended(const struct read_case *c, size_t i, const char *reason);
/* What the second case tells of exchange i of the first one is what that tells of it. */
void h2_again_alike(const struct h2_again *a, size_t i);

#endif
