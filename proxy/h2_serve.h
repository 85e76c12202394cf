/*
 * Both HTTP/2 connections of one tunnel, and the exchanges between them: one per stream.
 * h2_serve.c has the loop, h2_stream.c what happens to one exchange, h2_request.c where a
 * request goes, h2_record.c the facts. Private to proxy/h2_*; one tunnel thread.
 */
#ifndef PROXY_H2_SERVE_H
#define PROXY_H2_SERVE_H

#include "capture/wire/http1.h"
#include "proxy/exchange.h"
#include "proxy/h2_session.h"
#include "proxy/local.h"

enum {
	H2_LIVE_MAX = 4 * H2_STREAMS_MAX, /* exchanges in memory: with those whose end an origin
					     has yet to hear of */
	H2_INTERIM_BYTES_MAX = 256 * 1024, /* of one exchange's interim responses */
	H2_FRAMES_RECORDED_MAX = 200,      /* h2_frame facts of one leg; then a note */
	H2_PRIORITIES_RECORDED_MAX = 32,
	H2_ZERO_WINDOW_STREAMS =
		10, /* so many bodies wait for a peer whose windows are shut from the start, */
	H2_ZERO_WINDOW_MS = 500, /* for so long: it means to fill memory */
	H2_GOODBYE_MS = 1000,    /* our last frames have so long to leave */
};

struct h2_serve;

struct h2_stream {
	struct exchange x;
	struct h2_serve *serve;
	struct h2_stream *prev, *next;
	struct h2_stream *gate_next; /* in order of tickets */
	bool gated;
	int32_t b_id, o_id;      /* o_id 0: never asked */
	bool b_closed, o_closed; /* as the library says; freed when both are */
	bool b_reset, o_reset;   /* we said so */
	bool b_told;             /* END_STREAM has left toward the browser */
	/* the request */
	struct h2_head req, req_trailers;
	struct h2_out up;
	size_t up_taken; /* body bytes received and not yet sent on: the browser's window is
			    shut by as many */
	/* the response */
	struct h2_head res, res_trailers;
	struct h2_head **heads; /* interim ones and the final one, in order; those from
				   heads_sent on wait */
	size_t n_heads, heads_sent;
	size_t interim_bytes;
	bool final_sent, no_body,
		down_whole; /* down_whole: END_STREAM goes out behind what waits */
	struct h2_out down;
	size_t down_taken;
	bool cut_wanted; /* reset the browser's stream when what waits has left */
	uint32_t cut_code;
};

/* How much of one leg's frames was recorded. */
struct h2_recorded {
	unsigned frames, priorities;
	bool settings, window, noted;
};

struct h2_serve {
	struct tunnel *t;
	struct h2_session browser, origin;
	bool origin_live;               /* may be asked */
	bool origin_gone, browser_gone; /* that connection is over */
	bool leaving;                   /* the browser has said goodbye */
	bool origin_shut;               /* and its leg is closed */
	struct err origin_fault; /* the origin broke off before anything was asked: the answer
				    to the first request */
	bool silent; /* a request is left without an answer: the browser's connection ends as
			the origin's did */
	struct h2_stream *streams;
	size_t n_streams;
	struct h2_stream *gate_first, **gate_last;
	uint64_t armed;    /* ticket that the tunnel's waiter waits for */
	bool committed;    /* something was, since then */
	uint64_t answered; /* responses that came from the origin */
	uint32_t told_streams;
	struct h2_recorded browser_frames, origin_frames;
	int64_t now_us, idle_since_us, goodbye_us, origin_goodbye_us;
	int64_t starved_browser_us, starved_origin_us;
	struct err end;
};

/* h2_stream.c: one exchange, and every way to end it. */
struct h2_stream *h2_stream_new(struct h2_serve *s, int32_t id);
void h2_stream_free(struct h2_stream *st);
/* Nothing is under way in either direction any more. */
bool h2_stream_finished(const struct h2_stream *st);
/* Release waits for all that was put so far; not any more; the gate is open: hand over what
 * waited. */
void h2_stream_gate(struct h2_stream *st);
void h2_stream_ungate(struct h2_stream *st);
void h2_stream_release(struct h2_stream *st);
/* A head, bytes of a body for the browser: through the gate. */
void h2_stream_push_head(struct h2_stream *st, struct h2_head *head);
void h2_stream_push_body(struct h2_stream *st, struct span bytes);
/* The first reason counts. */
void h2_stream_set_end(struct h2_stream *st, const struct err *err);
/* The body goes no further: what waits makes room again. */
void h2_stream_drop_up(struct h2_stream *st);
void h2_stream_drop_down(struct h2_stream *st);
/* RST_STREAM, once, if that stream is still there. */
void h2_stream_reset_browser(struct h2_stream *st, uint32_t code);
void h2_stream_reset_origin(struct h2_stream *st, uint32_t code);
/* It cannot go on: a page of ours if the browser has nothing yet, else a cut. The origin's
 * stream is reset. */
void h2_stream_fail(struct h2_stream *st, const struct err *err, enum local_fault fault);
/* The answer is out and the rest of the request has no reader: the browser is told to stop (RFC
 * 9113 8.1). */
void h2_stream_stop_upload(struct h2_stream *st);
/* Its answer is whole and the rest of the request has no reader. */
void h2_stream_takes_no_more(struct h2_stream *st);
/* An answer of ours; why: becomes the exchange's reason. */
void h2_stream_answer(struct h2_stream *st, struct local_answer *a, const struct err *why);
/* What came of the answer still reaches the browser, then a reset with code. */
void h2_stream_cut(struct h2_stream *st, uint32_t code);
void h2_stream_cut_if_empty(struct h2_stream *st);
/* It ends here without an answer: the browser's stream is reset with code at once. */
void h2_stream_drop(struct h2_stream *st, const struct err *err, uint32_t code);
/* It is left as it is, without an answer, until the browser's connection ends. */
void h2_stream_abandon(struct h2_stream *st, const struct err *err);
/* The browser's side is gone: nothing more reaches it. The origin's stream is reset with code.
 */
void h2_stream_left(struct h2_stream *st, const struct err *err, uint32_t code);

/* h2_up.c, h2_down.c: what the browser and the origin say. */
extern const struct h2_events h2_browser_events, h2_origin_events;

/* h2_request.c: a new stream's head: recorded, judged and sent on, or refused. */
void h2_request_take(struct h2_stream *st, const struct h2_fields *fields, bool end);
/* The URL of a good head, appended, and the origin that it names. False: its pseudo-headers and
 * Host make none. */
bool h2_request_url(
	const struct h2_head *req, struct target *named, struct buf *url, struct err *err);

/* h2_record.c */
void h2_put_request(struct h2_stream *st, const char *url);
void h2_put_interim(struct h2_stream *st, const struct h2_head *head, int64_t status);
void h2_put_response(struct h2_stream *st, const char *made_by);
void h2_put_frame(struct h2_serve *s, const struct leg *leg, const struct h2_seen *frame,
	const struct h2_stream *st, bool ours);
/* A response head of HTTP/1 as HTTP/2 has it: names in lower case, without what belongs to
 * HTTP/1 connections (RFC 9113 8.2.2). False: it cannot be said so. */
bool h2_head_of_http1(
	const struct http1_head *in, struct arena *arena, struct h2_head *out, struct err *err);
/* An answer of ours as HTTP/2 has it. False: it is broken. */
bool h2_local_head(const struct local_answer *a, struct arena *arena, struct h2_head *out,
	struct err *err);

/* h2_limits.c: what waits for a deadline. The earliest one of all. */
int64_t h2_deadline_us(const struct h2_serve *s);
/* Look for peers that let bodies wait behind windows that were never open. */
void h2_check_starved(struct h2_serve *s);
/* Act on those that have passed. */
void h2_check_deadlines(struct h2_serve *s);

#endif
