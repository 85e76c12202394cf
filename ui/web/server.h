/*
 * HTTP for the window: the one place that knows libmicrohttpd. Takes connections, within limits
 * that idle ones cannot fill (visitors.h), looks at each request's head before its body is
 * taken (head.h, gate.h), decodes, calls the page, and sends its answer with the header fields
 * of its kind (answer_head.h). A thread for each connection. Inside of ui/web.
 */
#ifndef UI_WEB_SERVER_H
#define UI_WEB_SERVER_H

#include "store/base/err.h"

struct window;
struct server;

enum {
	SERVER_CONNECTIONS_MAX = 200,
	SERVER_STREAMS_MAX = 32,    /* of events: one more ends the oldest, which says so */
	SERVER_HEAD_MS = 10 * 1000, /* from a connection's beginning, or its last answer, to a
				       whole head; then it is closed */
	SERVER_IDLE_MS = 60 * 1000, /* the same between requests of who has a session */
	SERVER_BODY_MS = 60 * 1000, /* for a request's body; without a session
					SERVER_HEAD_MS */
	SERVER_TAKE_MS = 30 * 1000, /* in which something of an answer has to be taken; without
				       a session all of it */
	SERVER_LARGE_MAX = 4,       /* bodies above WEB_TEXT_MAX that are in memory at once */
	SERVER_ANSWER_LARGE = 4 * 1024 * 1024, /* bytes; of answers above that there are */
	SERVER_ANSWERS_MAX = 8,                /* on their way at once */
	SERVER_STRANGER_ASKS = 50,       /* requests on one connection without a session */
	SERVER_HEARTBEAT_MS = 15 * 1000, /* of a stream of events that has nothing to say */
	SERVER_DISCARD_MAX = 64 * 1024,  /* of a body that is refused is read, so that the
					    answer is seen; with a session four times
					    WEB_BODY_MAX */
};

/* listen_fd is taken. Errors: SYSTEM. */
struct server *server_start(struct window *w, int listen_fd, struct err *err);
/* Streams end, connections are closed, pages that run are waited for. */
void server_stop(struct server *s);

#endif
