#include "capture/wire/hpack.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

struct hpack {
	nghttp2_hd_inflater *ng;
	uint32_t allowed;
	bool broken;
};

static void must(int rc)
{
	if (rc != 0)
		abort();
}

struct hpack *hpack_new(void)
{
	struct hpack *h = calloc(1, sizeof *h);
	if (h == NULL)
		abort();
	must(nghttp2_hd_inflate_new(&h->ng));
	hpack_allow(h, HPACK_TABLE_USUAL);
	return h;
}

void hpack_free(struct hpack *h)
{
	if (h == NULL)
		return;
	nghttp2_hd_inflate_del(h->ng);
	free(h);
}

void hpack_allow(struct hpack *h, uint32_t bytes)
{
	if (bytes > HPACK_TABLE_MAX)
		bytes = HPACK_TABLE_MAX;
	if (h->broken || bytes <= h->allowed)
		return;
	h->allowed = bytes;
	/* Between blocks, and upward: the library refuses neither. */
	must(nghttp2_hd_inflate_change_table_size(h->ng, bytes));
}

static bool broke(struct hpack *h)
{
	h->broken = true;
	return false;
}

bool hpack_block(
	struct hpack *h, struct span block, hpack_line_fn *line, void *ctx, struct err *err)
{
	static const uint8_t nothing;
	if (h->broken)
		return err_set(err, ERR_H2_PROTOCOL, "a field block before it did not decode");
	const uint8_t *p = block.n > 0 ? block.p : &nothing;
	size_t left = block.n;
	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t n = nghttp2_hd_inflate_hd2(h->ng, &nv, &flags, p, left, 1);
		if (n == NGHTTP2_ERR_NOMEM)
			abort();
		if (n < 0) {
			broke(h);
			return err_set(err, ERR_H2_PROTOCOL, "a field block does not decode");
		}
		p += n;
		left -= (size_t)n;
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0 &&
			!line(ctx, span_of(nv.name, nv.namelen),
				span_of(nv.value, nv.valuelen)))
			return broke(h);
		if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
			nghttp2_hd_inflate_end_headers(h->ng);
			return true;
		}
	}
}
