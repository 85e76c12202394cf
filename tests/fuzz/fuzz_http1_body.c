/*
 * Chunked bodies: the first byte chooses the side, the next two where to cut; the rest is fed
 * whole, in two pieces and byte by byte, and must come out the same. What came out must also be
 * what a plain reading of the same bytes gives.
 */
#include "capture/wire/http1.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	struct http1_body body;
	struct buf payload;
	struct span piece;
	size_t used;
	bool broken;
	struct err err;
};

static void take(void *ctx, struct span payload)
{
	struct outcome *o = ctx;
	MUST(payload.n > 0 && payload.p >= o->piece.p);
	MUST(payload.p + payload.n <= o->piece.p + o->piece.n);
	buf_add_span(&o->payload, payload);
}

static void feed(struct outcome *o, struct span in)
{
	size_t used;
	o->piece = in;
	bool ended = o->body.ended;
	bool ok = http1_body_feed(&o->body, in, &used, take, o, &o->err);
	MUST(used <= in.n);
	MUST((!ended && !o->broken) || used == 0);
	MUST(!o->broken || !ok);
	MUST(!ok || o->body.ended || used == in.n);
	o->used += used;
	o->broken = !ok;
	MUST(!o->broken || o->err.kind == ERR_CHUNK || o->err.kind == ERR_TRAILER ||
		o->err.kind == ERR_LIMIT);
}

/* Fed in pieces of at most `step` bytes, the first one of `cut`. */
static void run(struct outcome *o, struct span in, bool response, size_t cut, size_t step)
{
	*o = (struct outcome){0};
	struct http1_head head = {.status = response ? 200 : 0, .framing = HTTP1_CHUNKED};
	http1_body_init(&o->body, &head);
	feed(o, span_first(in, cut));
	for (size_t at = cut; at < in.n; at += step)
		feed(o, span_first(span_from(in, at), step));
}

static void same(const struct outcome *a, const struct outcome *b)
{
	MUST(a->used == b->used && a->broken == b->broken && a->err.kind == b->err.kind);
	MUST(a->body.ended == b->body.ended && a->body.oddities == b->body.oddities);
	MUST(span_eq(buf_span(&a->payload), buf_span(&b->payload)));
	MUST(span_eq(buf_span(&a->body.trailers), buf_span(&b->body.trailers)));
}

static void done(struct outcome *o)
{
	http1_body_fini(&o->body);
	buf_fini(&o->payload);
}

/* A body that ended, read again in the plainest way: size, line end, data, line end, until a
 * size of 0. */
static void read_plainly(struct span in, const struct outcome *o)
{
	size_t at = 0, got = 0;
	for (;;) {
		char digits[64] = {0};
		size_t n = 0;
		for (; at < in.n && ascii_hex(in.p[at]) >= 0; at++)
			if (n > 0 || in.p[at] != '0')
				digits[n++] = (char)in.p[at];
		size_t size = (size_t)strtoull(digits, NULL, 16);
		at = span_find_byte(in, '\n', at) + 1;
		if (size == 0)
			break;
		MUST(at + size <= in.n && got + size <= buf_len(&o->payload));
		MUST(memcmp(in.p + at, o->payload.p + got, size) == 0);
		got += size;
		at = span_find_byte(in, '\n', at + size) + 1;
	}
	MUST(got == buf_len(&o->payload));
	MUST(o->used >= at && in.p[o->used - 1] == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	struct span in = span_of(data + 3, size - 3);
	bool response = data[0] % 2 != 0;
	size_t cut = (size_t)(data[1] << 8 | data[2]);
	struct outcome whole, pieces, bytes;
	run(&whole, in, response, in.n, 1);
	run(&pieces, in, response, cut < in.n ? cut : in.n, in.n + 1);
	run(&bytes, in, response, 0, 1);
	same(&whole, &pieces);
	same(&whole, &bytes);
	if (whole.body.ended)
		read_plainly(in, &whole);
	struct err err = {0};
	MUST(http1_body_eof(&whole.body, &err) == whole.body.ended);
	MUST(whole.body.ended || err.kind == ERR_BODY_TRUNCATED);
	done(&whole);
	done(&pieces);
	done(&bytes);
	return 0;
}
