/*
 * What the http_flow*.c files share; nobody else includes it. http_flow.c hands bytes on to
 * http_flow_1.c or http_flow_2.c; http_flow_url.c says where requests lead, http_flow_lines.c
 * reads decoded field lines, http_flow_2_stream.c knows exchanges of HTTP/2.
 */
#ifndef CAPTURE_HTTP_FLOW_INNER_H
#define CAPTURE_HTTP_FLOW_INNER_H

#include "capture/http_flow.h"
#include "capture/http_place.h"

enum {
	HTTP_FLOW_INTERIMS_MAX = 64,              /* 1xx responses to one request, */
	HTTP_FLOW_INTERIM_BYTES_MAX = 256 * 1024, /* and of HTTP/2 so many bytes */
	/* Bytes of answers that wait for their request: the two directions of a capture may be
	 * out of step. */
	HTTP_FLOW_HELD_MAX = 256 * 1024,
};

struct http_flow {
	enum http_kind kind;
	bool https, direct;
	const char *host; /* NULL: a plain connection to a proxy */
	uint16_t port;
	const struct http_flow_calls *calls;
	void *ctx;
	uint64_t exchanges; /* numbers given */
	bool closed[2];     /* by enum flow_way: nothing comes any more */
	bool understood;    /* a request was */
	bool other;         /* that was told */
	struct http_one *one;
	struct http_two *two;
};

static inline enum flow_way flow_back(enum flow_way way)
{
	return way == FLOW_UP ? FLOW_DOWN : FLOW_UP;
}

/* http_flow.c: the first thing that was wrong with an exchange. Most have none, and a capture
 * may hold very many. */
void http_keep_why(struct err **kept, const struct err *why);
extern const struct err http_fine;

/* http_flow.c: calls that may be absent. */
void http_tell_request(struct http_flow *h, uint64_t n, uint32_t stream,
	const struct http_message *m, const struct packet_at *at);
void http_tell_interim(struct http_flow *h, uint64_t n, const struct http_message *m,
	const struct packet_at *at);
void http_tell_response(struct http_flow *h, uint64_t n, const struct http_message *m,
	const struct packet_at *at);
void http_tell_body(struct http_flow *h, uint64_t n, enum fact_side side, struct span bytes,
	const struct packet_at *at);
void http_tell_message_end(struct http_flow *h, uint64_t n, enum fact_side side,
	struct span trailers, const struct packet_at *at);
void http_tell_end(
	struct http_flow *h, uint64_t n, const struct err *why, const struct packet_at *at);
void http_tell_beyond(
	struct http_flow *h, enum flow_way way, struct span bytes, const struct packet_at *at);
void http_tell_other(
	struct http_flow *h, uint64_t n, const struct err *why, const struct packet_at *at);

/* ---- http_flow_url.c ---- */

/* The URL of an HTTP/1 request, by the rule of request facts; always something. False: why says
 * what is wrong with it. differs: Host names another place than the connection leads to. */
bool http_one_url(const struct http_flow *h, const struct http1_head *req, struct buf *url,
	bool *differs, struct err *why);

/* Overwrites the value of each Proxy-Authorization with asterisks, as recorded heads have it.
 * room: where the copy lies, if there is one to be made. */
struct span http_masked(struct span raw, struct buf *room);

/* ---- http_flow_lines.c ---- */

enum {
	/* As RFC 9113 6.5.2 counts, 32 bytes more for each line: what the proxy announces. */
	HTTP_LINES_SIZE_MAX = 64 * 1024,
	HTTP_LINES_MAX = 1000,
	HTTP_LINE_OVERHEAD = 32,
};

/* Decoded lines of one block. */
struct http_lines {
	struct buf text; /* "name: value\r\n" each */
	struct http_line {
		uint32_t at, name, value; /* offset in text; lengths */
	} * of;
	size_t n, cap;
	size_t size; /* goes on counting beyond the limit */
	bool too_large, too_many;
	struct buf escaped;
};
void http_lines_fini(struct http_lines *l);
void http_lines_clear(struct http_lines *l);
/* Beyond a limit a line is counted and not kept. */
void http_lines_add(struct http_lines *l, struct span name, struct span value);

/* Words of oddities of HTTP/2 messages, in the order in which they are written. */
#define HTTP_LINES_ODDITIES(X)                                                                 \
	X(VALUE_BYTES, "value-bytes")                                                          \
	X(VALUE_SPACE, "value-space")                                                          \
	X(SAME_LENGTHS, "repeated-content-length")                                             \
	X(SEVERAL_LOCATIONS, "several-locations")                                              \
	X(HOST_DIFFERS, "host-differs")                                                        \
	X(SCHEME, "scheme-differs")                                                            \
	X(ESCAPED, "escaped")
enum http_lines_oddity {
#define X(name, word) HTTP_LINES_BIT_##name,
	HTTP_LINES_ODDITIES(X)
#undef X
		HTTP_LINES_ODDITY_COUNT
};
#define HTTP_LINES_ODD(name) (1u << HTTP_LINES_BIT_##name)
/* Appended to out; SPAN_NONE: none. */
struct span http_lines_words(uint32_t oddities, struct buf *out);

/* Spans point into the lines, and live until they are cleared. */
struct http_lines_read {
	struct span text; /* as `fields` of facts */
	struct span method, scheme, authority, path, host;
	int status;
	bool has_length, secret; /* secret: a Proxy-Authorization is among them */
	uint64_t length;
	uint32_t oddities;
};
/* RFC 9113 8. False: err says which rule is broken; text is set all the same, the rest as far
 * as it was read. */
bool http_lines_request(struct http_lines *l, struct http_lines_read *out, struct err *err);
bool http_lines_response(struct http_lines *l, struct http_lines_read *out, struct err *err);
/* text without the empty line. */
bool http_lines_trailers(struct http_lines *l, struct http_lines_read *out, struct err *err);

/* ---- http_flow_1.c, http_flow_2.c ---- */

struct http_one *http_one_new(struct http_flow *h);
void http_one_free(struct http_one *o);
void http_one_bytes(
	struct http_one *o, enum flow_way way, struct span bytes, const struct packet_at *at);
void http_one_lost(struct http_one *o, enum flow_way way, const struct err *why,
	const struct packet_at *at);
void http_one_closed(
	struct http_one *o, enum flow_way way, bool reset, const struct packet_at *at);
void http_one_end(struct http_one *o, const struct packet_at *at);

struct http_two *http_two_new(struct http_flow *h);
void http_two_free(struct http_two *t);
void http_two_bytes(
	struct http_two *t, enum flow_way way, struct span bytes, const struct packet_at *at);
void http_two_lost(struct http_two *t, enum flow_way way, const struct err *why,
	const struct packet_at *at);
void http_two_closed(
	struct http_two *t, enum flow_way way, bool reset, const struct packet_at *at);
void http_two_end(struct http_two *t, const struct packet_at *at);

#endif
