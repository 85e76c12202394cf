/*
 * Inside replay over HTTP/2: h2_replay.c is the connection as a peer of a leg, h2_replay_say.c
 * what is said on one of its streams, h2_replay_head.c recorded heads as HTTP/2 has them.
 * Private to proxy/h2_replay*.c; one tunnel thread.
 */
#ifndef PROXY_H2_REPLAY_INNER_H
#define PROXY_H2_REPLAY_INNER_H

#include "proxy/h2_replay.h"
#include "proxy/h2_session.h"
#include "proxy/replay_head.h"

enum {
	/* Answers that are over, kept for who has yet to read their heads: no more streams than
	 * this can be over here and open there. */
	H2_REPLAY_UNREAD_MAX = H2_STREAMS_MAX,
	/* The end of the whole connection waits for the requests that came along with the one
	 * it ends, and for their answers, as long as those move. */
	H2_REPLAY_SETTLE_MS = 100,
	H2_REPLAY_LINGER_MS = 2000,
};

/* In order of life. */
enum h2_replay_state {
	H2_REPLAY_ASKED,   /* the request is on its way in */
	H2_REPLAY_WAITING, /* its answer begins when it is due */
	H2_REPLAY_SAYING,  /* the head was said, pieces of the body follow */
	H2_REPLAY_FAILING, /* all was handed over but how it fails */
	H2_REPLAY_SAID,    /* nothing more is to be said */
	H2_REPLAY_LOST,    /* it fails by the end of the connection */
};

struct h2_replay;

struct h2_replay_stream {
	struct h2_replay *of;
	struct h2_replay_stream *next; /* the newer first */
	int32_t id;
	enum h2_replay_state state;
	bool closed; /* the library knows it no more */
	bool told;   /* or nobody will ask: what the answer says of itself */
	struct arena arena;
	struct h2_head req;
	struct replay_body_seen body;
	bool continued;
	struct replay_answer answer;
	struct h2_head res, trailers;
	struct h2_out out;
	struct buf piece; /* of the body: the next one, */
	int64_t due_us;   /* which leaves then; or the head does */
};

struct h2_replay {
	struct leg_peer peer; /* first: it is what the leg holds */
	struct replay *r;
	struct target target;
	struct leg far; /* buffers only */
	struct h2_session session;
	struct h2_replay_stream *streams;
	bool busy;          /* there may be frames to make right now */
	bool ended;         /* the tunnel says no more */
	struct err fault;   /* kind != NONE: of the connection, which is to end */
	int64_t settled_us; /* from then on no more requests are answered; at the earliest, */
	int64_t fault_us;   /* and at the latest */
	int64_t now_us;
};

/* ---- h2_replay_say.c ---- */

/* The request is whole: find its answer. */
void h2_replay_ask(struct h2_replay_stream *st);
/* The request's head says that its body waits for a 100 (Continue): say it, if that was how the
 * recorded answer began. */
void h2_replay_continue(struct h2_replay_stream *st);
/* Hand over what is due and has room. */
void h2_replay_say(struct h2_replay_stream *st);

/* ---- h2_replay_head.c ---- */

/* A recorded head. head: of HTTP/1, absent in HTTP/2; fields: HTTP/2's lines. In the arena.
 * False: HTTP/2 cannot say it. */
bool h2_replay_head(struct span head, struct span fields, struct span method, struct arena *a,
	struct h2_head *out, struct err *err);
/* Recorded trailers; http1: they stood behind chunks. */
bool h2_replay_trailers(
	struct span lines, bool http1, struct arena *a, struct h2_head *out, struct err *err);
/* The code of a name (RFC 9113 7); CANCEL for what is none. */
uint32_t h2_replay_code(struct span name);

#endif
