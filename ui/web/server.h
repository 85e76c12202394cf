/*
 * HTTP for the window: the one place that knows libmicrohttpd. Takes connections, within limits
 * that idle ones cannot fill, asks the gate, decodes, calls the page, and sends its answer with
 * the headers of its kind. A thread for each connection. Inside of ui/web.
 */
#ifndef UI_WEB_SERVER_H
#define UI_WEB_SERVER_H

#include "store/base/err.h"

struct window;
struct server;

enum {
	SERVER_CONNECTIONS_MAX = 200,
	SERVER_HEAD_MS = 10 * 1000, /* from a connection's beginning, or its last answer, to a
				       whole request; then it is closed */
	SERVER_BODY_MS = 60 * 1000, /* the same for a request's body */
	SERVER_HEARTBEAT_MS = 15 * 1000, /* of a stream of events that has nothing to say */
};

/* listen_fd is taken. Errors: SYSTEM. */
struct server *server_start(struct window *w, int listen_fd, struct err *err);
void server_stop(struct server *s);

#endif
