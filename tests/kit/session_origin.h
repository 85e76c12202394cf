/*
 * The host of random sessions: every name in a domain, over http and TLS, HTTP/1.1 or, for
 * names that begin with "two-", HTTP/2. It is told what is asked next and how to answer it
 * (random_session.h), and counts the connections that came. Threads of its own, which never
 * call cmocka; the calls below from one test thread.
 */
#ifndef TESTS_KIT_SESSION_ORIGIN_H
#define TESTS_KIT_SESSION_ORIGIN_H

#include "tests/kit/random_session.h"

struct session_origin;

/* domain: of at least two labels. */
struct session_origin *session_origin_start(const char *domain);
/* For --connect-to: all of http, all of https. Its root for --cacert. Live as long as it. */
const char *session_origin_rule(const struct session_origin *o, bool secure);
const char *session_origin_cacert(const struct session_origin *o);
/* The next request is this one (borrowed). NULL: there is none to come. */
void session_origin_next(struct session_origin *o, const struct random_step *st);
/* The client got the head of its answer, and so many bytes of the body. */
void session_origin_seen(struct session_origin *o, size_t bytes);
/* Connections that were accepted so far. */
size_t session_origin_connections(struct session_origin *o);
/* What came unexpected, or NULL. */
const char *session_origin_trouble(struct session_origin *o);
/* All connections to it have to be over. */
void session_origin_stop(struct session_origin *o);

#endif
