/*
 * One connection to a session_origin: how it ends, and what is asked on it.
 * For tests/kit/session_*.c alone; the thread of that connection.
 */
#ifndef TESTS_KIT_SESSION_LINK_H
#define TESTS_KIT_SESSION_LINK_H

#include "tests/kit/session_origin.h"
#include "tests/kit/two_doors.h"

struct session_link {
	struct session_origin *o;
	struct two_doors_link *at;
};

void session_link_end(struct session_link *l);   /* close_notify and FIN */
void session_link_cut(struct session_link *l);   /* FIN */
void session_link_reset(struct session_link *l); /* RST, once the connection is closed */
/* Until the client has the head and so many bytes of the body, or long enough. */
void session_link_await(struct session_link *l, size_t bytes);

/* What is asked next; NULL, and it is noted, if nothing is. */
const struct random_step *session_link_step(struct session_link *l);
__attribute__((format(printf, 2, 3))) void session_link_trouble(
	struct session_link *l, const char *format, ...);

/* Until the connection is over. */
void session_link_http1(struct session_link *l);
void session_link_http2(struct session_link *l);

#endif
