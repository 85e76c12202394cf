#include "store/derive/decode.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

enum { PIECE = 64 * 1024 };

/* One layer being undone: how much came in, how much may go out. */
struct layer {
	struct span in;
	size_t used; /* of in */
	size_t max;
	struct buf *out;
};

/* Room for the next piece of output; 0 when a limit is reached, which *result then names. */
static size_t room(struct layer *l, enum decode_result *result)
{
	size_t have = buf_len(l->out);
	if (have >= l->max) {
		*result = DECODE_CUT;
		return 0;
	}
	if (have > DECODE_RATIO_FREE && have / DECODE_RATIO_MAX > l->used) {
		*result = DECODE_RATIO;
		return 0;
	}
	return l->max - have < PIECE ? l->max - have : PIECE;
}

/* Members of a gzip file, or one zlib or raw stream. window_bits as in inflateInit2. */
static enum decode_result inflate_layer(struct layer *l, int window_bits)
{
	z_stream z = {0};
	enum decode_result result = DECODE_CUT;
	if (inflateInit2(&z, window_bits) != Z_OK)
		return DECODE_BROKEN;
	/* zlib takes a pointer to non-const bytes that it does not write to. */
	z.next_in = (z_const Bytef *)(uintptr_t)l->in.p;
	z.avail_in = (uInt)l->in.n;
	for (size_t n; (n = room(l, &result)) > 0;) {
		z.next_out = buf_room(l->out, n);
		z.avail_out = (uInt)n;
		int rc = inflate(&z, Z_NO_FLUSH);
		buf_grew(l->out, n - z.avail_out);
		l->used = l->in.n - z.avail_in;
		if (rc == Z_STREAM_END) {
			result = DECODE_WHOLE;
			/* RFC 1952 2.2: another member may follow; anything else behind the end
			 * is ignored. */
			if (window_bits <= 15 || z.avail_in < 2 || z.next_in[0] != 0x1f ||
				z.next_in[1] != 0x8b || inflateReset(&z) != Z_OK)
				break;
		} else if (rc == Z_BUF_ERROR ||
			   (rc == Z_OK && z.avail_in == 0 && z.avail_out > 0)) {
			result = DECODE_CUT;
			break;
		} else if (rc != Z_OK) {
			result = DECODE_BROKEN;
			break;
		}
	}
	inflateEnd(&z);
	return result;
}

/* RFC 9110 8.4.1.2 says zlib; servers send raw deflate too and browsers take both. */
static enum decode_result deflate_layer(struct layer *l)
{
	enum decode_result result = inflate_layer(l, 15);
	if (result == DECODE_BROKEN && buf_len(l->out) == 0) {
		l->used = 0;
		result = inflate_layer(l, -15);
	}
	return result;
}

static enum decode_result brotli_layer(struct layer *l)
{
	BrotliDecoderState *b = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	enum decode_result result = DECODE_BROKEN;
	const uint8_t *in = l->in.p;
	size_t in_left = l->in.n;
	for (size_t n; b != NULL && (n = room(l, &result)) > 0;) {
		uint8_t *to = buf_room(l->out, n);
		size_t left = n;
		BrotliDecoderResult rc =
			BrotliDecoderDecompressStream(b, &in_left, &in, &left, &to, NULL);
		buf_grew(l->out, n - left);
		l->used = l->in.n - in_left;
		if (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT)
			continue;
		result = rc == BROTLI_DECODER_RESULT_SUCCESS            ? DECODE_WHOLE
			 : rc == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT ? DECODE_CUT
									: DECODE_BROKEN;
		break;
	}
	BrotliDecoderDestroyInstance(b);
	return result;
}

static enum decode_result zstd_layer(struct layer *l)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	enum decode_result result = DECODE_BROKEN;
	ZSTD_inBuffer in = {l->in.p, l->in.n, 0};
	if (z == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(
				 z, ZSTD_d_windowLogMax, DECODE_WINDOW_LOG_MAX))) {
		ZSTD_freeDCtx(z);
		return DECODE_BROKEN;
	}
	for (size_t n; (n = room(l, &result)) > 0;) {
		ZSTD_outBuffer to = {buf_room(l->out, n), n, 0};
		size_t rc = ZSTD_decompressStream(z, &to, &in);
		buf_grew(l->out, to.pos);
		l->used = in.pos;
		if (ZSTD_isError(rc)) {
			result = DECODE_BROKEN;
			break;
		}
		if (in.pos == in.size && to.pos < to.size) {
			result = rc == 0 ? DECODE_WHOLE : DECODE_CUT;
			break;
		}
	}
	ZSTD_freeDCtx(z);
	return result;
}

static bool known(struct span name)
{
	return span_is_nocase(name, "gzip") || span_is_nocase(name, "x-gzip") ||
	       span_is_nocase(name, "deflate") || span_is_nocase(name, "br") ||
	       span_is_nocase(name, "zstd");
}

static enum decode_result one_layer(struct span name, struct layer *l)
{
	if (l->in.n == 0)
		return DECODE_WHOLE; /* an empty body has no coding to undo */
	if (span_is_nocase(name, "gzip") || span_is_nocase(name, "x-gzip"))
		return inflate_layer(l, 15 + 16);
	if (span_is_nocase(name, "deflate"))
		return deflate_layer(l);
	return span_is_nocase(name, "br") ? brotli_layer(l) : zstd_layer(l);
}

/* The list's names in order of application; SIZE_MAX if there are too many. */
static size_t split(struct span list, struct span names[DECODE_LAYERS_MAX])
{
	size_t n = 0;
	for (size_t at = 0; list.n > 0 && at <= list.n;) {
		size_t end = span_find_byte(list, ',', at);
		if (end == SIZE_MAX)
			end = list.n;
		struct span name = span_trim(span_of(list.p + at, end - at), " \t");
		at = end + 1;
		if (name.n == 0 || span_is_nocase(name, "identity"))
			continue;
		if (n == DECODE_LAYERS_MAX)
			return SIZE_MAX;
		names[n++] = name;
	}
	return n;
}

enum decode_result decode_body(
	struct span raw, struct span codings, size_t max, struct buf *out)
{
	struct span names[DECODE_LAYERS_MAX];
	size_t n = split(codings, names);
	if (n == SIZE_MAX)
		return DECODE_LAYERS;
	enum decode_result worst = raw.n > max && n == 0 ? DECODE_CUT : DECODE_WHOLE;
	struct buf a = {0}, b = {0};
	struct span in = raw;
	while (n > 0 && worst != DECODE_UNKNOWN && worst != DECODE_BROKEN) {
		if (!known(names[--n])) {
			worst = DECODE_UNKNOWN;
			break;
		}
		buf_clear(&b);
		struct layer l = {.in = in, .max = max, .out = &b};
		enum decode_result result = one_layer(names[n], &l);
		if (result != DECODE_WHOLE)
			worst = result;
		struct buf swap = a;
		a = b;
		b = swap;
		in = buf_span(&a);
	}
	buf_add_span(out, span_first(in, max));
	buf_fini(&a);
	buf_fini(&b);
	return worst;
}
