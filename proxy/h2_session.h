/*
 * One HTTP/2 connection on one leg: server toward the browser, client toward an origin. Wraps
 * nghttp2, which sees bytes only: input is taken from the leg's buffer, output is put there, no
 * callback does I/O. Knows frames, windows and limits; messages and what becomes of them are
 * the business of whoever gets its events. Windows open only by h2_session_consume, so that
 * back-pressure passes from one leg to the other. Owned by h2_serve; one tunnel thread.
 */
#ifndef PROXY_H2_SESSION_H
#define PROXY_H2_SESSION_H

#include "proxy/h2_message.h"
#include "proxy/h2_watch.h"
#include "proxy/leg.h"

enum {
	H2_STREAMS_MAX =
		100, /* at once, as the browser is told; an origin's smaller number counts */
	H2_TABLE_SIZE = 65536, /* HPACK table that peers may use; as browsers say */
	H2_STREAM_WINDOW =
		131072, /* bytes of one body on the way before we took them; as browsers say */
	H2_CONNECTION_WINDOW =
		12582912,  /* of all bodies of a leg: so much is held in memory at most */
	H2_ACKS_MAX = 200, /* PING and SETTINGS answers waiting for a peer that does not read */
	H2_SKIPS_MAX = 8,  /* gaps in a client's stream numbers that are remembered */
	H2_OUT_HIGH_WATER =
		64 * 1024, /* bytes waiting for the socket beyond which no frame is made */
};

struct nghttp2_session;

/* A body, or what is left of it, on its way out on one stream. */
struct h2_out {
	struct buf bytes;
	bool ended;    /* END_STREAM follows the last byte, or the trailers do */
	bool deferred; /* the library waits for h2_session_resume */
	const struct h2_head *trailers; /* behind the last byte; NULL: none */
};

/* What a session tells. `stream` is the number; `user` what was attached to it, or NULL. */
struct h2_events {
	/* A whole block of field lines: a message's head, an interim one, trailers. end:
	 * END_STREAM stands on it. */
	void (*head)(void *ctx, int32_t stream, void *user, const struct h2_fields *fields,
		bool end);
	void (*data)(void *ctx, int32_t stream, void *user, struct span bytes);
	void (*end)(void *ctx, int32_t stream, void *user); /* END_STREAM on DATA */
	/* What should leave on this stream: borrowed; NULL if there is nothing to say any more.
	 */
	struct h2_out *(*out)(void *ctx, void *user);
	void (*sent)(void *ctx, void *user, size_t n,
		bool end); /* bytes of `out` were handed to the leg */
	/* The stream is gone. by_peer: by its RST_STREAM, or its GOAWAY (REFUSED_STREAM). user
	 * is NULL for a request that never left. */
	void (*closed)(void *ctx, int32_t stream, void *user, uint32_t code, bool by_peer);
	void (*settings)(void *ctx); /* the peer's, the first or new ones */
	void (*goaway)(void *ctx, uint32_t code, int32_t last_stream);
	/* A frame for the record. ours: we sent it. */
	void (*frame)(void *ctx, const struct h2_seen *frame, void *user, bool ours);
};

struct h2_session {
	struct nghttp2_session *ng;
	struct leg *leg;
	bool server;
	const struct h2_events *events;
	void *ctx;
	struct h2_watch watch;
	struct h2_fields fields;
	int64_t block_since_us; /* a field block or the preface is under way since; 0: none */
	int32_t reset_by_peer;  /* stream of the RST_STREAM that is being handled */
	int32_t goaway_last;    /* the peer's GOAWAY; -1: none */
	bool goaway_ours;       /* we said it */
	bool has_settings;
	bool over;            /* nothing more is read; what is queued may still leave */
	struct err err;       /* why it is over; kind NONE: a peer said goodbye */
	uint32_t last_opened; /* highest stream that a client opened */
	struct {
		uint32_t from, to;
	} skipped[H2_SKIPS_MAX]; /* numbers below it that it left out: closed without ever being
				    used (RFC 9113 5.1.1) */
	size_t n_skipped;
	int64_t now_us;
	uint64_t block_frames; /* frames finished when block_since_us was set */
	void *nvs;             /* room for a head, as the library wants it */
	size_t nvs_cap;
};

/* leg: borrowed. Our preface is queued. */
void h2_session_init(struct h2_session *s, struct leg *leg, bool server,
	const struct h2_events *events, void *ctx);
void h2_session_fini(struct h2_session *s);
/* The peer is in this process and passes on what was held against the limits already: it floods
 * nobody. Before the first byte. */
void h2_session_trust(struct h2_session *s);

/* Take all that is in leg->in. Events come from within. */
void h2_session_feed(struct h2_session *s, int64_t now_us);
/* Make frames and put them into leg->out, up to H2_OUT_HIGH_WATER. True: something was put
 * there. Does not send. */
bool h2_session_drain(struct h2_session *s, int64_t now_us);
/* Nothing is left to be said. */
bool h2_session_done(const struct h2_session *s);

/* A request from us (client). The head's memory must last as long as the stream. out: whether a
 * body or trailers follow. The stream's number, or 0: the peer takes no more requests (or
 * numbers ran out). */
int32_t h2_session_request(
	struct h2_session *s, const struct h2_head *head, bool out, void *user);
/* An interim or final head from us (server). out: a body or trailers follow a final one. */
bool h2_session_respond(struct h2_session *s, int32_t stream, const struct h2_head *head,
	bool interim, bool out);
/* Attach `user` to a stream (NULL detaches). */
void h2_session_attach(struct h2_session *s, int32_t stream, void *user);
/* More to send on this stream than when the library asked last. */
void h2_session_resume(struct h2_session *s, int32_t stream, struct h2_out *out);
/* n bytes of the stream's body need no room any more: the peer may send as many. */
void h2_session_consume(struct h2_session *s, int32_t stream, size_t n);
void h2_session_reset(struct h2_session *s, int32_t stream, uint32_t code);
/* Say that no new streams are taken (code); those under way go on. */
void h2_session_goaway(struct h2_session *s, uint32_t code);
/* Say goodbye and be over at once. err (may be NULL): becomes s->err. */
void h2_session_terminate(struct h2_session *s, uint32_t code, const struct err *err);
/* Is the window of this stream, or the connection's, shut for us? */
bool h2_session_window_shut(struct h2_session *s, int32_t stream);
/* The peer's SETTINGS_MAX_CONCURRENT_STREAMS and SETTINGS_INITIAL_WINDOW_SIZE. */
uint32_t h2_session_peer_streams(struct h2_session *s);
uint32_t h2_session_peer_window(struct h2_session *s);
/* Tell the browser how many streams it may open. */
void h2_session_set_streams(struct h2_session *s, uint32_t n);

/* RFC 9113 7 */
enum {
	H2_NO_ERROR = 0,
	H2_PROTOCOL_ERROR = 1,
	H2_INTERNAL_ERROR = 2,
	H2_REFUSED_STREAM = 7,
	H2_CANCEL = 8,
	H2_ENHANCE_YOUR_CALM = 11,
	H2_HTTP_1_1_REQUIRED = 13,
};

#endif
