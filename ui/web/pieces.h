/*
 * What a page of lists has been told so far by its stream of events (feed.h), so that only what
 * has changed goes out: pieces by their ids, each with a hash of what it said last. A round
 * says everything that the page should show now. One thread: that of its stream.
 */
#ifndef UI_WEB_PIECES_H
#define UI_WEB_PIECES_H

#include "ui/web/feed.h"

enum { PIECES_ID_MAX = 64, PIECES_MAX = 2000 };

struct piece {
	char id[PIECES_ID_MAX];
	uint64_t hash;
	bool there; /* in this round */
};
struct pieces {
	struct piece *list;
	size_t n;
	bool silent; /* this round only learns what the page shows already */
	char event[FEED_ID_MAX];
	struct buf *out;
};

void pieces_begin(struct pieces *l, struct buf *out, const char *event);
/* The element `id` is this; where it is new it goes into `into`. Beyond PIECES_MAX
 * everything is sent each time. */
void pieces_put(struct pieces *l, const char *id, const char *into, struct span html);
/* What was not put in this round goes away. */
void pieces_end(struct pieces *l);
void pieces_fini(struct pieces *l);

#endif
