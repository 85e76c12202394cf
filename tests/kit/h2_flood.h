/*
 * Rows of frames that no decent peer would send so many of, for either end of an HTTP/2
 * connection. Bytes only: who sends them, and what has to come of it, is the test's business.
 * Any thread.
 */
#ifndef TESTS_KIT_H2_FLOOD_H
#define TESTS_KIT_H2_FLOOD_H

#include "tests/kit/h2_talk.h"

enum { H2_FLOOD_ROUND = 200 /* frames between two looks at what came back */ };

struct h2_flood_row {
	const char *name;
	/* Frame i of the flood, for a stream that is open already. */
	void (*put)(struct buf *out, uint32_t i, uint32_t open_stream);
	bool post;            /* the open stream is a request with a body under way */
	const char *settings; /* six bytes: a setting of the attacker's */
	/* Frames between two looks at what came back, 0: H2_FLOOD_ROUND. Few: what they provoke
	 * is seen before more is sent, so that never many streams are open at once. */
	uint32_t round;
	bool plainly_wrong; /* one frame ends the connection: no limit is reached */
};

extern const struct h2_flood_row h2_floods_of_browser[], h2_floods_of_origin[];
extern const size_t h2_floods_of_browser_n, h2_floods_of_origin_n;

#endif
