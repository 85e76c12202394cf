/* What every HTTP/2 server has to do with a decent client: rows generic/... */
#include "tests/kit/h2_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Huffman coded (RFC 7541 5.2) */
#define USER_AGENT "\x87\xb5\x05\xb1\x61\xcc\x5a\x93"
#define X_PROBE "\x86\xf2\xb5\x76\x1e\x32\xff"
#define TRAILFOX "\x86\x4d\x83\x35\x12\x9f\xcf"
#define DEPENDS_ON_NOTHING(weight) "\0\0\0\0" weight

static const struct h2_spec_row rows[] = {
	{"generic/1/1", "a client's preface is answered by SETTINGS", WANT_START,
		.no_hello = true, .steps = {BYTES(H2_PREFACE), SET("4 65535\n")}},
	{"generic/2/1", "PRIORITY on an idle stream", WANT_PONG,
		.steps = {PRIO(1, DEPENDS_ON_NOTHING("\xff")), PING_}},
	{"generic/2/2", "WINDOW_UPDATE on a stream that the client has ended", WANT_DATA,
		.steps = {SET("4 0\n"), HEAD(H2_WHOLE, 1, GET_), WINDOW(1, "\0\0\0\x01")}},
	{"generic/2/3", "PRIORITY on a stream that the client has ended", WANT_DATA,
		.steps = {SET("4 0\n"), HEAD(H2_WHOLE, 1, GET_),
			PRIO(1, DEPENDS_ON_NOTHING("\xff")), WINDOW(1, "\0\0\0\x01")}},
	{"generic/2/4", "RST_STREAM on a stream that the client has ended", WANT_PONG_OR_GONE,
		.steps = {HEAD(H2_WHOLE, 1, GET_), RST(1, "\0\0\0\x08"), PING_}},
	{"generic/2/5", "PRIORITY on a closed stream", WANT_PONG,
		.steps = {HEAD(H2_WHOLE, 1, GET_), AWAIT(CLOSED),
			PRIO(1, DEPENDS_ON_NOTHING("\xff")), PING_}},
	{"generic/3.1/1", "DATA", WANT_HEAD,
		.steps = {HEAD(H2_END_HEADERS, 1, POST_),
			FRAME(H2_DATA, H2_END_STREAM, 1, "body")}},
	{"generic/3.1/2", "several DATA", WANT_HEAD,
		.steps = {HEAD(H2_END_HEADERS, 1, POST_), FRAME(H2_DATA, 0, 1, "bo"),
			FRAME(H2_DATA, H2_END_STREAM, 1, "dy")}},
	{"generic/3.1/3", "padded DATA", WANT_HEAD,
		.steps = {HEAD(H2_END_HEADERS, 1, POST_),
			FRAME(H2_DATA, H2_END_STREAM | H2_PADDED, 1,
				"\x03"
				"body\0\0\0")}},
	{"generic/3.2/1", "HEADERS", WANT_HEAD, .steps = {HEAD(H2_WHOLE, 1, GET_)}},
	{"generic/3.2/2", "padded HEADERS", WANT_HEAD,
		.steps = {{.op = SPEC_BLOCK,
			.type = H2_HEADERS,
			.flags = H2_WHOLE | H2_PADDED,
			.stream = 1,
			.lines = GET_,
			.pre = "\x04",
			.pre_n = 1,
			.post = "\0\0\0\0",
			.post_n = 4}}},
	{"generic/3.2/3", "HEADERS with priority", WANT_HEAD,
		.steps = {{.op = SPEC_BLOCK,
			.type = H2_HEADERS,
			.stream = 1,
			.lines = GET_,
			.flags = H2_WHOLE | H2_WITH_PRIORITY,
			.pre = "\0\0\0\0\xff",
			.pre_n = 5}}},
	{"generic/3.3/1", "PRIORITY with weight 1", WANT_HEAD,
		.steps = {PRIO(1, DEPENDS_ON_NOTHING("\0")), HEAD(H2_WHOLE, 1, GET_)}},
	{"generic/3.3/2", "PRIORITY with weight 256", WANT_HEAD,
		.steps = {PRIO(1, DEPENDS_ON_NOTHING("\xff")), HEAD(H2_WHOLE, 1, GET_)}},
	{"generic/3.3/3", "PRIORITY that depends on another stream", WANT_HEAD,
		.steps = {PRIO(3, "\0\0\0\x01\0"), HEAD(H2_WHOLE, 1, GET_)}},
	{"generic/3.3/4", "exclusive PRIORITY", WANT_HEAD,
		.steps = {PRIO(1, "\x80\0\0\0\0"), HEAD(H2_WHOLE, 1, GET_)}},
	{"generic/3.3/5", "PRIORITY for a later stream does not use up the earlier", WANT_HEAD,
		.steps = {PRIO(3, DEPENDS_ON_NOTHING("\xff")), HEAD(H2_WHOLE, 1, GET_)}},
	{"generic/3.4/1", "RST_STREAM", WANT_PONG_OR_GONE,
		.steps = {HEAD(H2_END_HEADERS, 1, POST_), RST(1, "\0\0\0\x08"), PING_}},
	{"generic/3.5/1", "SETTINGS with all that is defined", WANT_ACK,
		.steps = {SET("1 4096\n2 1\n3 100\n4 65535\n5 16384\n6 4000\n")}},
	{"generic/3.7/1", "PING", WANT_PONG, .steps = {PING_}},
	{"generic/3.8/1", "GOAWAY", WANT_PONG_OR_GONE,
		.steps = {FRAME(H2_GOAWAY, 0, 0,
				  "\0\0\0\0\0\0\0\0"
				  "enough"),
			PING_}},
	{"generic/3.9/1", "WINDOW_UPDATE of the connection", WANT_PONG,
		.steps = {WINDOW(0, "\0\0\0\x01"), PING_}},
	{"generic/3.9/2", "WINDOW_UPDATE of a stream", WANT_HEAD,
		.steps = {HEAD(H2_WHOLE, 1, GET_), WINDOW(1, "\0\0\0\x01")}},
	{"generic/3.10/1", "HEADERS and CONTINUATION", WANT_HEAD,
		.steps = {HEAD_PART(H2_END_STREAM, 0, 7), CONT_PART(H2_END_HEADERS, 7, 0)}},
	{"generic/3.10/2", "HEADERS and several CONTINUATIONs", WANT_HEAD,
		.steps = {HEAD_PART(H2_END_STREAM, 0, 7), CONT_PART(0, 7, 23),
			CONT_PART(H2_END_HEADERS, 23, 0)}},
	{"generic/4/1", "GET", WANT_HEAD, .steps = {HEAD(H2_WHOLE, 1, GET_)}},
	{"generic/4/2", "HEAD", WANT_HEAD, .steps = {HEAD(H2_WHOLE, 1, SPEC_ASK("HEAD"))}},
	{"generic/4/3", "POST", WANT_HEAD,
		.steps = {HEAD(H2_END_HEADERS, 1, POST_),
			FRAME(H2_DATA, H2_END_STREAM, 1, "body")}},
	{"generic/4/4", "POST with trailers", WANT_HEAD,
		.steps = {HEAD(H2_END_HEADERS, 1, POST_ "trailer: x-sum\n"),
			FRAME(H2_DATA, 0, 1, "body"), HEAD(H2_WHOLE, 1, "x-sum: 4\n")}},
	/* RFC 7541 6.1 and 6.2, each form */
	{"generic/5/1", "an indexed field", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\xba")}},
	{"generic/5/2", "a literal with indexing, indexed name", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_,
			"\x7a\x08"
			"trailfox")}},
	{"generic/5/3", "a literal with indexing, indexed name, Huffman", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\x7a" TRAILFOX)}},
	{"generic/5/4", "a literal with indexing, new name", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_,
			"\x40\x07"
			"x-probe\x08"
			"trailfox")}},
	{"generic/5/5", "a literal with indexing, new name, Huffman", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\x40" X_PROBE TRAILFOX)}},
	{"generic/5/6", "a literal without indexing, indexed name", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_,
			"\x0f\x2b\x08"
			"trailfox")}},
	{"generic/5/7", "a literal without indexing, indexed name, Huffman", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\x0f\x2b" TRAILFOX)}},
	{"generic/5/8", "a literal without indexing, new name", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_,
			"\0\x07"
			"x-probe\x08"
			"trailfox")}},
	{"generic/5/9", "a literal without indexing, new name, Huffman", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\0" USER_AGENT TRAILFOX)}},
	{"generic/5/10", "a literal never indexed, indexed name", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_,
			"\x1f\x2b\x08"
			"trailfox")}},
	{"generic/5/11", "a literal never indexed, indexed name, Huffman", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\x1f\x2b" TRAILFOX)}},
	{"generic/5/12", "a literal never indexed, new name", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_,
			"\x10\x07"
			"x-probe\x08"
			"trailfox")}},
	{"generic/5/13", "a literal never indexed, new name, Huffman", WANT_HEAD,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\x10" X_PROBE TRAILFOX)}},
	{"generic/5/14", "a change of the table's size", WANT_HEAD,
		.steps = {{.op = SPEC_BLOCK,
			.type = H2_HEADERS,
			.flags = H2_WHOLE,
			.stream = 1,
			.lines = GET_,
			.pre = "\x3f\x61",
			.pre_n = 2}}},
	{"generic/5/15", "two changes of the table's size", WANT_HEAD,
		.steps = {{.op = SPEC_BLOCK,
			.type = H2_HEADERS,
			.flags = H2_WHOLE,
			.stream = 1,
			.lines = GET_,
			.pre = "\x3f\x61\x3f\xe1\x1f",
			.pre_n = 5}}},
};

H2_SPEC_MAIN(rows)
