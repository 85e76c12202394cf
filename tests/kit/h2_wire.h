/*
 * HTTP/2 as bytes, good or bad: frames and header blocks put together by hand, and the names of
 * what comes back. It knows no state and checks nothing, so that a test can write what no
 * decent peer would. RFC 9113 and RFC 7541. Any thread.
 */
#ifndef TESTS_KIT_H2_WIRE_H
#define TESTS_KIT_H2_WIRE_H

#include "store/base/buf.h"

/* RFC 9113 6 */
enum {
	H2_DATA = 0,
	H2_HEADERS = 1,
	H2_PRIORITY = 2,
	H2_RST_STREAM = 3,
	H2_SETTINGS = 4,
	H2_PUSH_PROMISE = 5,
	H2_PING = 6,
	H2_GOAWAY = 7,
	H2_WINDOW_UPDATE = 8,
	H2_CONTINUATION = 9
};

enum {
	H2_END_STREAM = 0x1,
	H2_ACK = 0x1,
	H2_END_HEADERS = 0x4,
	H2_PADDED = 0x8,
	H2_WITH_PRIORITY = 0x20,
	H2_WHOLE = H2_END_STREAM | H2_END_HEADERS
};

/* RFC 9113 7 */
enum {
	H2_NO_ERROR = 0,
	H2_PROTOCOL_ERROR = 1,
	H2_INTERNAL_ERROR = 2,
	H2_FLOW_CONTROL_ERROR = 3,
	H2_SETTINGS_TIMEOUT = 4,
	H2_STREAM_CLOSED = 5,
	H2_FRAME_SIZE_ERROR = 6,
	H2_REFUSED_STREAM = 7,
	H2_CANCEL = 8,
	H2_COMPRESSION_ERROR = 9,
	H2_CONNECT_ERROR = 10,
	H2_ENHANCE_YOUR_CALM = 11,
	H2_INADEQUATE_SECURITY = 12,
	H2_HTTP_1_1_REQUIRED = 13
};

/* RFC 9113 6.5.2 */
enum {
	H2_SET_HEADER_TABLE_SIZE = 1,
	H2_SET_ENABLE_PUSH = 2,
	H2_SET_MAX_CONCURRENT_STREAMS = 3,
	H2_SET_INITIAL_WINDOW_SIZE = 4,
	H2_SET_MAX_FRAME_SIZE = 5,
	H2_SET_MAX_HEADER_LIST_SIZE = 6,
	H2_SETTINGS_KNOWN = 7 /* one more than the highest */
};

#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
enum {
	H2_PREFACE_LEN = 24,
	H2_FRAME_HEAD = 9,
	H2_FRAME_MAX = 16384,
	H2_WINDOW = 65535,
	H2_WINDOW_MAX = 0x7fffffff
};

/* How a field stands in a block (RFC 7541 6.2): new name, no Huffman, nothing in the table. */
enum h2_literal { H2_PLAIN = 0x00, H2_NEVER_INDEXED = 0x10, H2_INDEXED = 0x40 };

void h2_write_frame(struct buf *out, unsigned type, unsigned flags, uint32_t stream,
	const void *payload, size_t n);
void h2_write_int(struct buf *out, uint8_t first, unsigned prefix_bits, uint64_t value);
void h2_write_field(struct buf *out, enum h2_literal how, struct span name, struct span value);
/* Lines "name: value\n" (a name may start with a colon) as a header block. */
void h2_write_fields(struct buf *out, const char *lines);

const char *h2_wire_type(unsigned type); /* "HEADERS" */
const char *h2_wire_code(uint32_t code); /* "PROTOCOL_ERROR" */

#endif
