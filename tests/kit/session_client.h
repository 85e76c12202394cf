/*
 * A client that walks random sessions through a proxy and writes down all that comes back: of
 * each answer the interim and final heads byte for byte (in HTTP/2 the lines), the body, the
 * trailers, and how it ended. Two answers are the same if their transcripts are. A surprise
 * fails the running cmocka test. One test thread.
 */
#ifndef TESTS_KIT_SESSION_CLIENT_H
#define TESTS_KIT_SESSION_CLIENT_H

#include "tests/kit/h2_raw.h"
#include "tests/kit/random_session.h"
#include "tests/kit/raw_client.h"
#include "tests/kit/session_origin.h"

struct session_client {
	unsigned port;
	const char *cacert;            /* the proxy's root */
	struct session_origin *origin; /* is told what came; NULL: there is none */
	struct raw_client links[2];    /* http, https */
	struct h2_raw two;             /* https, in HTTP/2 */
	bool open[2];
	uint32_t stream; /* of the next request in HTTP/2 */
};

void session_client_start(struct session_client *c, unsigned port, const char *cacert,
	struct session_origin *origin);
/* Sends a step of the session (or one like it), appends the transcript of its answer. */
void session_client_ask(struct session_client *c, const struct random_session *s,
	const struct random_step *st, struct buf *transcript);
/* Its connections end: between sessions, and at the end. */
void session_client_leave(struct session_client *c);

/* What the transcript is if all comes as it was sent. False: that is not decided by the origin
 * alone. */
bool session_transcript(
	const struct random_session *s, const struct random_step *st, struct buf *out);

#endif
