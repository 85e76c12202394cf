/* Streams, RFC 9113 5, and error codes, RFC 9113 7: rows http2/5 and http2/7. */
#include "tests/kit/h2_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define CANCEL_1 RST(1, "\0\0\0\x08")
#define BODY FRAME(H2_DATA, H2_END_STREAM, 1, "body")

static const struct h2_spec_row rows[] = {
	/* idle */
	{"http2/5.1/1", "idle: DATA", WANT_CONNECTION_ERROR,
		CODE(PROTOCOL_ERROR) | CODE(STREAM_CLOSED), .steps = {BODY}},
	{"http2/5.1/2", "idle: RST_STREAM", WANT_CONNECTION_ERROR, CODE(PROTOCOL_ERROR),
		.steps = {CANCEL_1}},
	{"http2/5.1/3", "idle: WINDOW_UPDATE", WANT_CONNECTION_ERROR, CODE(PROTOCOL_ERROR),
		.steps = {WINDOW(1, "\0\0\0\x64")}},
	{"http2/5.1/4", "idle: CONTINUATION", WANT_CONNECTION_ERROR, CODE(PROTOCOL_ERROR),
		.steps = {CONT(H2_END_HEADERS, 1)}},
	/* half closed (remote) */
	{"http2/5.1/5", "ended by the client: DATA", WANT_STREAM_ERROR, CODE(STREAM_CLOSED),
		.steps = {HEAD(H2_WHOLE, 1, GET_), BODY}},
	{"http2/5.1/6", "ended by the client: HEADERS", WANT_STREAM_ERROR, CODE(STREAM_CLOSED),
		.steps = {HEAD(H2_WHOLE, 1, GET_), HEAD(H2_WHOLE, 1, GET_)}},
	{"http2/5.1/7", "ended by the client: CONTINUATION", WANT_STREAM_ERROR,
		CODE(STREAM_CLOSED) | CODE(PROTOCOL_ERROR),
		.steps = {HEAD(H2_WHOLE, 1, GET_), CONT(H2_END_HEADERS, 1)}},
	/* closed by the client's RST_STREAM */
	{"http2/5.1/8", "reset by the client: DATA", WANT_STREAM_ERROR, CODE(STREAM_CLOSED),
		.steps = {HEAD(H2_END_HEADERS, 1, GET_), CANCEL_1, BODY}},
	{"http2/5.1/9", "reset by the client: HEADERS", WANT_STREAM_ERROR, CODE(STREAM_CLOSED),
		.steps = {HEAD(H2_END_HEADERS, 1, GET_), CANCEL_1, HEAD(H2_WHOLE, 1, GET_)}},
	{"http2/5.1/10", "reset by the client: CONTINUATION", WANT_STREAM_ERROR,
		CODE(STREAM_CLOSED) | CODE(PROTOCOL_ERROR),
		.steps = {HEAD(H2_END_HEADERS, 1, GET_), CANCEL_1, CONT(H2_END_HEADERS, 1)}},
	/* closed by the end of both messages */
	{"http2/5.1/11", "closed: DATA", WANT_STREAM_ERROR, CODE(STREAM_CLOSED),
		.steps = {HEAD(H2_WHOLE, 1, GET_), AWAIT(CLOSED), BODY}},
	{"http2/5.1/12", "closed: HEADERS", WANT_CONNECTION_ERROR, CODE(STREAM_CLOSED),
		.steps = {HEAD(H2_WHOLE, 1, GET_), AWAIT(CLOSED), HEAD(H2_WHOLE, 1, GET_)}},
	{"http2/5.1/13", "closed: CONTINUATION", WANT_CONNECTION_ERROR,
		CODE(STREAM_CLOSED) | CODE(PROTOCOL_ERROR),
		.steps = {HEAD(H2_WHOLE, 1, GET_), AWAIT(CLOSED), CONT(H2_END_HEADERS, 1)}},
	{"http2/5.1.1/1", "an even stream number", WANT_CONNECTION_ERROR, CODE(PROTOCOL_ERROR),
		.steps = {HEAD(H2_WHOLE, 2, GET_)}},
	{"http2/5.1.1/2", "a stream number lower than the last", WANT_CONNECTION_ERROR,
		CODE(PROTOCOL_ERROR),
		.steps = {HEAD(H2_WHOLE, 5, GET_), HEAD(H2_WHOLE, 3, GET_)}},
	{"http2/5.1.2/1", "one stream more than allowed", WANT_STREAM_ERROR,
		CODE(PROTOCOL_ERROR) | CODE(REFUSED_STREAM),
		.steps = {SET("4 0\n"), {.op = SPEC_CROWD}}},
	{"http2/5.3.1/1", "HEADERS of a stream that depends on itself", WANT_STREAM_ERROR,
		CODE(PROTOCOL_ERROR),
		.steps = {{.op = SPEC_BLOCK,
			.type = H2_HEADERS,
			.stream = 1,
			.lines = GET_,
			.flags = H2_WHOLE | H2_WITH_PRIORITY,
			.pre = "\0\0\0\x01\xff",
			.pre_n = 5}}},
	{"http2/5.3.1/2", "PRIORITY of a stream that depends on itself", WANT_STREAM_ERROR,
		CODE(PROTOCOL_ERROR), .steps = {PRIO(1, "\0\0\0\x01\xff")}},
	{"http2/5.4.1/1", "a connection error closes the connection", WANT_GONE,
		.steps = {FRAME(H2_PING, 0, 3, "\0\0\0\0\0\0\0\0")}},
	{"http2/5.4.1/2", "a connection error says GOAWAY first (strict)",
		WANT_CONNECTION_ERROR, CODE(PROTOCOL_ERROR),
		.steps = {FRAME(H2_PING, 0, 3, "\0\0\0\0\0\0\0\0")}},
	{"http2/5.5/1", "a frame of an unknown extension is passed over", WANT_PONG,
		.steps = {FRAME(0x17, 0, 0, "anything"), PING_}},
	{"http2/5.5/2", "not inside a header block", WANT_CONNECTION_ERROR,
		CODE(PROTOCOL_ERROR),
		.steps = {HEAD(H2_END_STREAM, 1, GET_), FRAME(0x17, 0, 0, "anything")}},
	{"http2/7/1", "GOAWAY with a code nobody knows", WANT_PONG_OR_GONE,
		.steps = {FRAME(H2_GOAWAY, 0, 0, "\0\0\0\0\0\0\0\xff"), PING_}},
	{"http2/7/2", "RST_STREAM with a code nobody knows", WANT_PONG_OR_GONE,
		.steps = {HEAD(H2_END_HEADERS, 1, POST_), RST(1, "\0\0\0\xff"), PING_}},
};

H2_SPEC_MAIN(rows)
