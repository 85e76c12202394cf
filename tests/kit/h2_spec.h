/*
 * Conformance rows: what a browser's end sends, and what has to come back, one connection
 * through the proxy each. The rows follow the case list of the h2spec tool, whose numbers they
 * bear, so that its report and ours can be laid side by side; wording and bytes are our own.
 * Behind the last row the case file must hold every RST_STREAM and GOAWAY that the rows saw.
 * One test thread.
 */
#ifndef TESTS_KIT_H2_SPEC_H
#define TESTS_KIT_H2_SPEC_H

#include "tests/kit/h2_talk.h"

enum h2_spec_op {
	SPEC_END = 0,
	SPEC_FRAME,       /* pre as payload */
	SPEC_BYTES,       /* pre as it is */
	SPEC_BLOCK,       /* pre, the header block of lines (bytes from..to of it), post */
	SPEC_FULL,        /* `value` bytes more than the peer's largest frame allows */
	SPEC_SET,         /* SETTINGS: lines of "identifier value\n" */
	SPEC_TABLE,       /* a request that asks for a table larger than the peer allows */
	SPEC_CROWD,       /* one request more than the peer takes at once */
	SPEC_AWAIT_ACK,   /* of our SETTINGS */
	SPEC_AWAIT_DATA,  /* any DATA */
	SPEC_AWAIT_CLOSED /* the stream ends on both sides */
};

struct h2_spec_step {
	enum h2_spec_op op;
	unsigned type, flags;
	uint32_t stream, value;
	const char *lines;
	size_t from, to; /* to 0: the end */
	const char *pre;
	size_t pre_n;
	const char *post;
	size_t post_n;
};

enum h2_spec_want {
	WANT_CONNECTION_ERROR, /* GOAWAY with one of the codes, then the end */
	WANT_STREAM_ERROR,     /* RST_STREAM or GOAWAY with one of the codes */
	WANT_RST,              /* RST_STREAM on stream 1 with one of the codes */
	WANT_GONE,             /* the end, however it comes */
	WANT_PONG, /* PING with ACK and the row's eight bytes, and no other before */
	WANT_PONG_OR_GONE,
	WANT_ACK,  /* SETTINGS with ACK */
	WANT_HEAD, /* an answer on stream 1 */
	WANT_DATA, /* the next DATA has exactly one byte */
	WANT_START /* the first frame is SETTINGS */
};

enum { H2_SPEC_STEPS = 10, H2_SPEC_SEEN = 8 };
#define H2_SPEC_PONG "clicktrl"

struct h2_spec_row {
	const char *name; /* the case's number */
	const char *what;
	enum h2_spec_want want;
	unsigned codes; /* CODE(..) | CODE(..) */
	bool no_hello;  /* nothing is sent before the steps */
	struct h2_spec_step steps[H2_SPEC_STEPS];
};

/* Runs the rows as one group of cmocka tests; its result. */
int h2_spec_run(const char *group, const struct h2_spec_row *rows, size_t n);

/* clang-format off */
#define CODE(x) (1u << H2_##x)
#define SPEC_ASK(method) \
	":method: " method "\n:scheme: https\n:path: /\n:authority: " ORIGIN_HOST "\n"
#define GET_ SPEC_ASK("GET")
#define POST_ SPEC_ASK("POST")
#define FRAME(type_, flags_, stream_, text) \
	{.op = SPEC_FRAME, .type = type_, .flags = flags_, .stream = stream_, .pre = text, \
		.pre_n = sizeof(text) - 1}
#define BYTES(text) {.op = SPEC_BYTES, .pre = text, .pre_n = sizeof(text) - 1}
#define HEAD(flags_, stream_, lines_) \
	{.op = SPEC_BLOCK, .type = H2_HEADERS, .flags = flags_, .stream = stream_, .lines = lines_}
#define HEAD_AND(flags_, stream_, lines_, text) \
	{.op = SPEC_BLOCK, .type = H2_HEADERS, .flags = flags_, .stream = stream_, .lines = lines_, \
		.post = text, .post_n = sizeof(text) - 1}
#define HEAD_PART(flags_, from_, to_) \
	{.op = SPEC_BLOCK, .type = H2_HEADERS, .flags = flags_, .stream = 1, .lines = GET_, \
		.from = from_, .to = to_}
#define CONT_PART(flags_, from_, to_) \
	{.op = SPEC_BLOCK, .type = H2_CONTINUATION, .flags = flags_, .stream = 1, .lines = GET_, \
		.from = from_, .to = to_}
#define CONT(flags_, stream_) \
	{.op = SPEC_BLOCK, .type = H2_CONTINUATION, .flags = flags_, .stream = stream_, \
		.lines = "x-more: yes\n"}
#define PRIO(stream_, text) FRAME(H2_PRIORITY, 0, stream_, text)
#define RST(stream_, text) FRAME(H2_RST_STREAM, 0, stream_, text)
#define WINDOW(stream_, text) FRAME(H2_WINDOW_UPDATE, 0, stream_, text)
#define SET(lines_) {.op = SPEC_SET, .lines = lines_}
#define PING_ FRAME(H2_PING, 0, 0, H2_SPEC_PONG)
#define AWAIT(what) {.op = SPEC_AWAIT_##what}
/* clang-format on */

#define H2_SPEC_MAIN(rows)                                                                     \
	int main(void)                                                                         \
	{                                                                                      \
		return h2_spec_run(__FILE__, rows, sizeof rows / sizeof *rows);                \
	}

#endif
