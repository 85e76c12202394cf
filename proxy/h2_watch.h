/*
 * The frames of one direction of an HTTP/2 connection, watched as they come in: counted against
 * floods, and the few that say something of the connection handed out raw, before the library
 * has a say. It decodes frame headers only and changes nothing. Pure: no I/O, no library; the
 * session that it belongs to owns it.
 */
#ifndef PROXY_H2_WATCH_H
#define PROXY_H2_WATCH_H

#include "store/base/err.h"
#include "store/base/text.h"

/* RFC 9113 6 */
enum h2_type {
	H2_DATA = 0,
	H2_HEADERS = 1,
	H2_PRIORITY = 2,
	H2_RST_STREAM = 3,
	H2_SETTINGS = 4,
	H2_PUSH_PROMISE = 5,
	H2_PING = 6,
	H2_GOAWAY = 7,
	H2_WINDOW_UPDATE = 8,
	H2_CONTINUATION = 9,
};
enum { H2_FLAG_ACK = 1, H2_FLAG_END_STREAM = 1, H2_FLAG_END_HEADERS = 4 };

enum {
	H2_MAGIC_LEN = 24,          /* the client's connection preface, RFC 9113 3.4 */
	H2_FRAME_HEAD = 9,          /* RFC 9113 4.1 */
	H2_FRAME_PAYLOAD_MAX = 256, /* kept of one frame's payload */
	H2_SECOND_US = 1000000,
};

/* What one peer may send in a second; a browser or a server that does its work stays far below.
 * Name, per second, in words. */
#define H2_FLOODS(X)                                                                           \
	X(RESET, 200, "streams reset")                                                         \
	X(PING, 50, "PING frames")                                                             \
	X(SETTINGS, 20, "SETTINGS frames")                                                     \
	X(PRIORITY, 300, "PRIORITY frames")                                                    \
	X(EMPTY, 100, "frames without content")                                                \
	X(CONTINUATION, 64, "CONTINUATION frames")                                             \
	X(DRIP, 500, "window updates of a few bytes")                                          \
	X(TINY, 2000, "DATA frames of a few bytes")                                            \
	X(OTHER, 500, "frames of unknown types")                                               \
	X(PROVOKED, 100, "stream errors provoked")

enum h2_flood {
#define X(name, per_second, words) H2_FLOOD_##name,
	H2_FLOODS(X)
#undef X
		H2_FLOOD_COUNT
};

enum {
	H2_DRIP_MAX = 64, /* a window update of fewer bytes is a drip */
	H2_TINY_MAX = 16, /* a DATA frame of fewer bytes that does not end its stream is tiny */
	H2_CONTINUATIONS_MAX = 8, /* of one header block */
};

struct h2_seen {
	uint8_t type, flags;
	uint32_t stream, len;
	struct span payload; /* whole, or its first H2_FRAME_PAYLOAD_MAX bytes; kept for frames
				other than DATA, HEADERS, CONTINUATION */
};
typedef void h2_seen_fn(void *ctx, const struct h2_seen *frame);

struct h2_watch {
	bool trusted; /* the peer is in this process: nothing is a flood */
	size_t magic_left;
	uint8_t head[H2_FRAME_HEAD];
	size_t head_have;
	struct h2_seen frame; /* under way */
	uint32_t payload_left;
	uint8_t payload[H2_FRAME_PAYLOAD_MAX];
	size_t payload_have;
	unsigned continuations; /* since the last HEADERS */
	bool block_open;        /* CONTINUATION must follow */
	uint64_t finished;      /* frames so far */
	int64_t second_us;      /* start of the second that is counted */
	uint32_t counts[H2_FLOOD_COUNT];
};

/* from_client: the peer is a client, which begins with the preface. */
void h2_watch_init(struct h2_watch *w, bool from_client);
/* Bytes as they come, before anybody else takes them. `each` is called for every whole frame
 * but DATA and CONTINUATION. False: a limit was reached (LIMIT; the frame that did it was still
 * given to `each`). */
bool h2_watch_feed(struct h2_watch *w, struct span in, int64_t now_us, h2_seen_fn *each,
	void *ctx, struct err *err);
/* Something that must go on at once has begun: the preface, a header block, a frame that is no
 * DATA. */
bool h2_watch_in_block(const struct h2_watch *w);
/* Count one more; false if that reaches the limit. */
bool h2_watch_count(struct h2_watch *w, enum h2_flood flood, int64_t now_us, struct err *err);

const char *h2_frame_name(unsigned type); /* "rst_stream"; "unknown" */
const char *h2_code_name(uint32_t code);  /* "PROTOCOL_ERROR" (RFC 9113 7); "unknown" */

#endif
