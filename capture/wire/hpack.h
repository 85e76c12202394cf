/*
 * Blocks of HTTP/2 field lines (HPACK, RFC 7541), one direction of one connection: nghttp2's
 * inflater behind a small door. It is no party of the connection: it holds nobody to the table
 * size that was announced, but follows what the sender itself says of its table inside its
 * blocks (RFC 7541 4.2), up to HPACK_TABLE_MAX. Bounded memory. One thread.
 */
#ifndef CAPTURE_WIRE_HPACK_H
#define CAPTURE_WIRE_HPACK_H

#include "store/base/err.h"

enum {
	HPACK_TABLE_USUAL = 65536,     /* bytes of table; browsers announce as much */
	HPACK_TABLE_MAX = 1024 * 1024, /* whatever was announced */
};

struct hpack;

struct hpack *hpack_new(void);
void hpack_free(struct hpack *h); /* NULL is fine */

/* The receiver announced room for so many bytes of table: the sender may use them from now on.
 * Never takes away what was allowed before. */
void hpack_allow(struct hpack *h, uint32_t bytes);

/* False from it stops the decoding. Spans live during the call. */
typedef bool hpack_line_fn(void *ctx, struct span name, struct span value);

/* One whole block. False: H2_PROTOCOL (it does not decode), or line stopped it (err is as it
 * was): the state is lost, every later call fails. */
bool hpack_block(
	struct hpack *h, struct span block, hpack_line_fn *line, void *ctx, struct err *err);

#endif
