/*
 * The connections to the window, and how long each may take: what says nothing, sends its
 * request in drops, or takes no bytes of an answer is shut, and when there are too many,
 * whoever waits longest without a session goes first, so that its user always gets in. Knows
 * sockets, and no HTTP. It shuts (shutdown(2)) and never closes: that, and the thread that
 * notices, are the server's. Calls may come from any thread; one thread of its own.
 */
#ifndef UI_WEB_VISITORS_H
#define UI_WEB_VISITORS_H

#include "store/base/err.h"

struct visitors_limits {
	size_t connections, streams;
	int head_ms; /* from a connection's beginning, or its last answer, to a whole head */
	int idle_ms; /* the same between two requests of who has a session */
	int body_ms; /* to a whole body; without a session head_ms */
	int take_ms; /* in which something of an answer is taken; without a session, all of it
		      */
};

struct visitors;
struct visitor;

/* Errors: SYSTEM. */
struct visitors *visitors_start(const struct visitors_limits *limits, struct err *err);
void visitors_stop(struct visitors *v); /* the thread; nobody is shut any more */
void visitors_free(struct visitors *v); /* when all have left */

/* fd is open until visitors_leave. Too many: somebody is shut; where that takes a while, so
 * does this. */
struct visitor *visitors_come(struct visitors *v, int fd);
void visitors_leave(struct visitors *v, struct visitor *one);
size_t visitors_count(struct visitors *v);

enum visitor_phase {
	VISITOR_HEAD, /* from here its time is counted: until the head is there */
	VISITOR_BODY,
	VISITOR_PAGE, /* ours, however long */
	VISITOR_ANSWER,
	VISITOR_STREAM, /* an answer without end, as long as it is taken. The oldest of too
			   many is turned away */
};
void visitor_is(struct visitors *v, struct visitor *one, enum visitor_phase phase);
/* A request of it came with a session; stays so. */
void visitor_known(struct visitors *v, struct visitor *one);
/* How many requests it has made with this one. */
unsigned visitor_asks(struct visitors *v, struct visitor *one);
/* Its stream is to end: another one took its place. */
bool visitor_turned_away(struct visitors *v, struct visitor *one);
/* The other end has closed. */
bool visitor_gone(const struct visitor *one);

#endif
