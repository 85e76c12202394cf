/* HTTP in HTTP/2, RFC 9113 8, and header blocks, RFC 7541: rows http2/8 and hpack. */
#include "tests/kit/h2_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define METHOD ":method: GET\n"
#define SCHEME ":scheme: https\n"
#define PATH ":path: /\n"
#define AUTHORITY ":authority: " ORIGIN_HOST "\n"
#define MALFORMED WANT_STREAM_ERROR, CODE(PROTOCOL_ERROR)
#define BAD_BLOCK WANT_CONNECTION_ERROR, CODE(COMPRESSION_ERROR)
/* "aaaaa" in Huffman code is 25 bits; seven of padding make it 18 c6 31 ff. */

static const struct h2_spec_row rows[] = {
	{"http2/8.1/1", "trailers that do not end the stream", MALFORMED,
		.steps = {HEAD(H2_END_HEADERS, 1, POST_), FRAME(H2_DATA, 0, 1, "body"),
			HEAD(H2_END_HEADERS, 1, "x-sum: 4\n")}},
	{"http2/8.1.2/1", "a name in upper case", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, GET_ "X-Sum: 4\n")}},
	{"http2/8.1.2.1/1", "a pseudo-header nobody knows", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, GET_ ":other: yes\n")}},
	{"http2/8.1.2.1/2", "a response's pseudo-header", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, GET_ ":status: 200\n")}},
	{"http2/8.1.2.1/3", "a pseudo-header as trailer", MALFORMED,
		.steps = {HEAD(H2_END_HEADERS, 1, POST_), FRAME(H2_DATA, 0, 1, "body"),
			HEAD(H2_WHOLE, 1, ":method: POST\n")}},
	{"http2/8.1.2.1/4", "a pseudo-header behind a field", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, "x-sum: 4\n" GET_)}},
	{"http2/8.1.2.2/1", "a connection's field", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, GET_ "connection: keep-alive\n")}},
	{"http2/8.1.2.2/2", "TE with more than trailers", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, GET_ "te: trailers, deflate\n")}},
	{"http2/8.1.2.3/1", "an empty path", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, METHOD SCHEME ":path: \n" AUTHORITY)}},
	{"http2/8.1.2.3/2", "no method", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, SCHEME PATH AUTHORITY)}},
	{"http2/8.1.2.3/3", "no scheme", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, METHOD PATH AUTHORITY)}},
	{"http2/8.1.2.3/4", "no path", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, METHOD SCHEME AUTHORITY)}},
	{"http2/8.1.2.3/5", "two methods", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, GET_ METHOD)}},
	{"http2/8.1.2.3/6", "two schemes", MALFORMED,
		.steps = {HEAD(H2_WHOLE, 1, GET_ SCHEME)}},
	{"http2/8.1.2.3/7", "two paths", MALFORMED, .steps = {HEAD(H2_WHOLE, 1, GET_ PATH)}},
	{"http2/8.1.2.6/1", "more body than content-length", MALFORMED,
		.steps = {HEAD(H2_END_HEADERS, 1, POST_ "content-length: 1\n"),
			FRAME(H2_DATA, H2_END_STREAM, 1, "body")}},
	{"http2/8.1.2.6/2", "more body than content-length, in pieces", MALFORMED,
		.steps = {HEAD(H2_END_HEADERS, 1, POST_ "content-length: 1\n"),
			FRAME(H2_DATA, 0, 1, "bo"), FRAME(H2_DATA, H2_END_STREAM, 1, "dy")}},
	{"http2/8.2/1", "a client's PUSH_PROMISE", WANT_CONNECTION_ERROR, CODE(PROTOCOL_ERROR),
		.steps = {{.op = SPEC_BLOCK,
			.type = H2_PUSH_PROMISE,
			.flags = H2_END_HEADERS,
			.stream = 1,
			.lines = GET_,
			.pre = "\0\0\0\x03",
			.pre_n = 4}}},
	{"hpack/2.3.3/1", "an index behind the tables", BAD_BLOCK,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\xc6")}},
	{"hpack/2.3.3/2", "a name's index behind the tables", BAD_BLOCK,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\x7f\x07\x01v")}},
	{"hpack/4.2/1", "a change of the table's size at the end", BAD_BLOCK,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\x21")}},
	{"hpack/5.2/1", "Huffman padding of more than seven bits", BAD_BLOCK,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\0\x01x\x85\x18\xc6\x31\xff\xff")}},
	{"hpack/5.2/2", "Huffman padding of zeros", BAD_BLOCK,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\0\x01x\x84\x18\xc6\x31\x80")}},
	{"hpack/5.2/3", "the Huffman code's end symbol", BAD_BLOCK,
		.steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\0\x01x\x84\xff\xff\xff\xff")}},
	{"hpack/6.1/1", "index 0", BAD_BLOCK, .steps = {HEAD_AND(H2_WHOLE, 1, GET_, "\x80")}},
	{"hpack/6.3/1", "a table larger than allowed", BAD_BLOCK,
		.steps = {{.op = SPEC_TABLE}}},
};

H2_SPEC_MAIN(rows)
