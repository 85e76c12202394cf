/* The dress of an answer: content codings, framing, cuts, and heads of unusual size. */
#include "ui/lab/lab_scene.h"

#include <assert.h>
#include <stdlib.h>
#include <zlib.h>

/* RFC 1952, by zlib. */
static void gzip(struct buf *body)
{
	struct span in = buf_span(body);
	struct buf out = {0};
	z_stream z = {0};
	int rc = deflateInit2(
		&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	assert(rc == Z_OK);
	uLong room = deflateBound(&z, (uLong)in.n);
	z.next_in = body->p + body->start;
	z.avail_in = (uInt)in.n;
	z.next_out = buf_room(&out, room);
	z.avail_out = (uInt)room;
	rc = deflate(&z, Z_FINISH);
	assert(rc == Z_STREAM_END);
	buf_grew(&out, z.total_out);
	deflateEnd(&z);
	buf_fini(body);
	*body = out;
}

/*
 * RFC 7932 without compression: a window of 16 bits (one 0 bit), then uncompressed meta-blocks
 * (9.2): ISLAST 0, MNIBBLES 00, MLEN-1 in 16 bits, ISUNCOMPRESSED 1, padding to a byte, the
 * bytes; at last ISLAST 1, ISLASTEMPTY 1. Short blocks, so that no word of the page stands
 * whole in what goes over the wire.
 */
enum { BROTLI_BLOCK = 5 };

static void brotli(struct buf *body)
{
	struct buf out = {0};
	struct span in = buf_span(body);
	unsigned lead = 1; /* bits before the first meta-block: WBITS */
	while (in.n > 0) {
		struct span block = span_first(in, BROTLI_BLOCK);
		uint32_t bits = ((uint32_t)(block.n - 1) << 3 | 1u << 19) << lead;
		buf_add_byte(&out, (uint8_t)bits);
		buf_add_byte(&out, (uint8_t)(bits >> 8));
		buf_add_byte(&out, (uint8_t)(bits >> 16));
		buf_add_span(&out, block);
		in = span_from(in, block.n);
		lead = 0;
	}
	buf_add_byte(&out, lead == 1 ? 0x06 : 0x03);
	buf_fini(body);
	*body = out;
}

static void big_head(struct lab_reply *reply)
{
	for (int n = 0; buf_len(&reply->headers) < LAB_BIG_HEAD; n++) {
		struct buf junk = {0};
		for (int i = 0; i < 900; i++)
			buf_add_byte(&junk, (uint8_t)('a' + (i * 7 + n) % 26));
		char *text = buf_take_str(&junk);
		lab_header(reply, "Set-Cookie", "seg%d=%s; Path=/", n, text);
		free(text);
	}
}

void lab_dress(struct lab_turn *turn)
{
	struct lab_reply *reply = turn->reply;
	unsigned traits = turn->step->traits;
	if (traits & AS_GZIP) {
		gzip(&reply->body);
		lab_header(reply, "Content-Encoding", "gzip");
	}
	if (traits & AS_BROTLI) {
		brotli(&reply->body);
		lab_header(reply, "Content-Encoding", "br");
	}
	if (traits & AS_CHUNKS)
		reply->framing = LAB_BY_CHUNKS;
	if (traits & AS_CLOSE)
		reply->framing = LAB_BY_CLOSE;
	if (traits & NO_REFERRER)
		lab_header(reply, "Referrer-Policy", "no-referrer");
	if (traits & BIG_HEAD)
		big_head(reply);
	if (traits & CUT_RESET)
		reply->cut = LAB_CUT_RESET;
	if (traits & CUT_SHORT)
		reply->cut = LAB_CUT_SHORT;
	if (traits & CUT_NO_ANSWER)
		reply->cut = LAB_CUT_NO_ANSWER;
	if (traits & HSTS)
		lab_header(reply, "Strict-Transport-Security", "max-age=600");
	lab_header(reply, "Cache-Control",
		(traits & (CACHEABLE | STORABLE)) != 0 ? "max-age=60" : "no-store");
	if (traits & LATE)
		reply->delay_us = LAB_LATE_US;
}
