/*
 * Events for a page that is being looked at: small pieces of HTML that the script puts in the
 * place of the element with the same id, or into a list by its order. Written here as
 * text/event-stream (HTML 9.2); what they say is their page's business. Pure. Any thread.
 *
 *   feed_put:  the element in `html`, which has an id, replaces the one with that id; where
 * there is none it goes into the element `into`, before the first child whose data-order is
 *              greater than its own.
 *   feed_drop: the element with that id goes away.
 *   feed_say:  words for the page's status line, read aloud by screen readers.
 */
#ifndef UI_WEB_FEED_H
#define UI_WEB_FEED_H

#include "store/base/buf.h"

/* id: what comes back as Last-Event-ID: "<epoch>-<version>", of feed_id; NULL: as it was. */
enum { FEED_ID_MAX = 48 };
void feed_put(struct buf *out, const char *id, const char *into, struct span html);
void feed_drop(struct buf *out, const char *id, const char *element);
void feed_say(struct buf *out, const char *id, struct span words); /* escaped by feed_say */
/* The page is to be loaded anew: what it shows has changed as a whole. */
void feed_reload(struct buf *out, const char *id);
/* The stream is over for good: do not come again. */
void feed_end(struct buf *out, const char *id);

void feed_id(char out[FEED_ID_MAX], uint64_t epoch, int64_t version);
/* The version of an id of that epoch; -1: of another, or none: everything has to be sent. */
int64_t feed_since(struct span id, uint64_t epoch);

#endif
