/*
 * What HTTP/1 and HTTP/2 share in replay: the request's body as it is seen going by, and
 * recorded heads in the form that the connection speaks. A head that was recorded in the same
 * protocol is given as it was; one of the other is written anew. Pure.
 */
#ifndef PROXY_REPLAY_HEAD_H
#define PROXY_REPLAY_HEAD_H

#include "proxy/replay.h"

/* The first REPLAY_BODY_KEPT bytes, and size and digest of all. */
struct replay_body_seen {
	struct buf first;
	uint64_t size;
	struct sha256 hash;
	uint8_t digest[SHA256_LEN];
};
void replay_body_seen_init(struct replay_body_seen *b);
void replay_body_seen_fini(struct replay_body_seen *b);
void replay_body_seen_add(void *ctx, struct span bytes); /* ctx: the struct */
/* Fills the body's part of the question; copies into the arena. */
void replay_body_seen_ask(struct replay_body_seen *b, struct arena *a, struct replay_ask *out);

/* The final head for HTTP/1: as recorded, or made from HTTP/2's lines, chunked where they give
 * no length. method: of the request. In the arena. */
struct span replay_head_http1(
	const struct replay_answer *answer, struct span method, struct arena *a);
/* An interim head for HTTP/1, appended; nothing, where it is none. */
void replay_head_http1_interim(const struct fact_interim *f, struct buf *out);
/* Is it one head and nothing else, of a final response with the status that the fact has? What
 * stands behind a head would be taken for the answer to the next request. *read: it, where it
 * is HTTP/1's, in the arena; else NULL. */
bool replay_head_sound(const struct fact_response *f, struct span method, struct arena *a,
	const struct http1_head **read);
/* The same of trailer lines for HTTP/1: no empty one among them, which would end the message.
 */
bool replay_trailers_sound(struct span lines);

#endif
