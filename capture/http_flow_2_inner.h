/*
 * What the files of HTTP/2 share. Private to http_flow_2.c (the connection and its end),
 * http_flow_2_frame.c (frames and field blocks) and http_flow_2_stream.c (exchanges).
 */
#ifndef CAPTURE_HTTP_FLOW_2_INNER_H
#define CAPTURE_HTTP_FLOW_2_INNER_H

#include "capture/http_flow_inner.h"
#include "capture/wire/hpack.h"

/* RFC 9113 7, as far as they bear on how an exchange ends. */
enum { HTTP_TWO_NO_ERROR = 0, HTTP_TWO_REFUSED_STREAM = 7, HTTP_TWO_ENHANCE_YOUR_CALM = 11 };

/* http_flow_2_stream.c: the exchanges of one HTTP/2 connection. */
struct http_two_stream {
	struct http_two_stream *next;
	uint32_t id;
	uint64_t n;
	bool up_done, down_done, answered, to_head, no_body, too_much;
	bool has_length[2];
	uint64_t length[2], size[2]; /* by enum fact_side */
	unsigned interims;
	size_t interim_bytes;
	struct err *why; /* NULL: all is well */
};

enum { HTTP_TWO_BUCKETS = 32 };
struct http_two_streams {
	struct http_flow *h;
	struct http_two_stream *of[HTTP_TWO_BUCKETS];
	size_t n;
	uint64_t answered;    /* final responses so far */
	struct err down_lost; /* kind NONE: responses can be read */
	struct buf url, words, masked;
};
void http_two_streams_fini(struct http_two_streams *s);
/* Nothing is under way: memory of heads is given back. */
void http_two_rest(struct http_two_streams *s);
struct http_two_stream *http_two_find(struct http_two_streams *s, uint32_t id);
/* A block of lines opened a stream. */
void http_two_request(struct http_two_streams *s, uint32_t id, struct http_lines *l, bool end,
	const struct packet_at *at);
/* Another block on a stream: a response's head, or trailers. */
void http_two_head(struct http_two_streams *s, struct http_two_stream *st, enum flow_way way,
	struct http_lines *l, bool end, const struct packet_at *at);
/* A DATA frame of n bytes: its beginning (the stream may be gone behind it), pieces, end. */
void http_two_data_begin(struct http_two_streams *s, struct http_two_stream *st,
	enum flow_way way, size_t n, const struct packet_at *at);
void http_two_data(struct http_two_streams *s, struct http_two_stream *st, enum flow_way way,
	struct span bytes, const struct packet_at *at);
void http_two_data_done(struct http_two_streams *s, struct http_two_stream *st,
	enum flow_way way, bool end, const struct packet_at *at);
/* END_STREAM. */
void http_two_data_end(struct http_two_streams *s, struct http_two_stream *st,
	enum flow_way way, const struct packet_at *at);
void http_two_reset(struct http_two_streams *s, struct http_two_stream *st, enum flow_way way,
	uint32_t code, const struct packet_at *at);
/* Its exchange is over, with why unless something else was wrong before. */
void http_two_over(struct http_two_streams *s, struct http_two_stream *st,
	const struct err *why, const struct packet_at *at);
/* The one of the lowest number for which pick says so; NULL: none. pick NULL: any. */
typedef bool http_two_pick_fn(const struct http_two_stream *st, uint32_t arg);
struct http_two_stream *http_two_first(
	const struct http_two_streams *s, http_two_pick_fn *pick, uint32_t arg);
void http_two_lost_way(struct http_two_streams *s, enum flow_way way, const struct err *why,
	const struct packet_at *at);

/* ---- http_flow_2_frame.c ---- */

enum {
	HTTP_TWO_FRAME_FIRST = 16384, /* RFC 9113 4.2: until more is announced */
	HTTP_TWO_DATA = 0,            /* RFC 9113 6.1: its frame type */
	HTTP_TWO_PREFACE = 24,        /* bytes of what a client says first (RFC 9113 3.4) */
};

struct two_frame {
	uint32_t len, stream;
	uint8_t type, flags;
};

struct two_way {
	struct hpack *hpack;
	struct buf in;       /* part of a frame, or what waits for its stream */
	size_t preface_left; /* up */
	bool stalled;        /* what stands first in `in` is of a stream that is not opened */
	/* inside a frame */
	struct two_frame frame;
	uint32_t left, pad; /* payload, and padding behind it, still to come */
	/* a field block */
	struct buf block;
	bool block_open, block_ends, block_pushed;
	uint32_t block_stream;
	/* what its sender said */
	bool has_settings, goaway;
	uint32_t frame_max, goaway_code;
	/* its end */
	bool over, closed, reset;
};

struct http_two {
	struct http_flow *h;
	struct http_two_streams streams;
	struct two_way way[2];
	uint32_t last_opened;
	bool no_waiting; /* for streams that may yet be opened */
	struct http_lines lines;
};

/* Bytes used; 0: more must come, here or the other way. */
size_t http_two_step(
	struct http_two *t, enum flow_way way, struct span in, const struct packet_at *at);
/* Nothing of that direction is read any more. */
void http_two_way_over(struct http_two *t, enum flow_way way, const struct err *why,
	const struct packet_at *at);

#endif
