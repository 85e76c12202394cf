/*
 * The events of trails that are being looked at: what a page shows, sent again piece by piece
 * where it changed. A stream knows what it has sent; one that is taken up again (Last-Event-ID)
 * knows by the book's news what may have changed meanwhile. On the connection's thread.
 */
#ifndef UI_WEB_TRAIL_STREAM_H
#define UI_WEB_TRAIL_STREAM_H

#include "ui/web/trail_view.h"

enum {
	STREAM_TRAILS_MAX = 20, /* of a session, the newest: their paths are on its page */
};

/* trail 0: all of the session. since: of feed_since; -1: everything has to be sent. */
void trail_stream(
	struct web_answer *a, struct book *b, int64_t session, int64_t trail, int64_t since);
/* What is to be sent, as a page's `since`: where the stream begins that the page listens to. */
int64_t trail_since(const struct web_request *q, const struct book *b);
/* A trail of a session's page: its heading, blocks and path; rows: with the hops in it. */
void trail_section(const struct trail_view *v, bool rows, struct buf *out);
/* The session's own line, with the id "session-now". newest: NULL: it has no trail. */
void trail_session_now(int64_t session, const struct book_about *about,
	const struct book_trail *newest, size_t trails, struct buf *out);
void trail_section_id(int64_t session, int64_t trail, char out[TRAIL_ID_MAX]);

#endif
