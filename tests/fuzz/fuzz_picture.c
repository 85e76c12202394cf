/* The private screen's memory, as whoever took over the browser may leave it: what is read as a
 * picture lies within it, and can be written. */
#include "tests/fuzz/fuzz_check.h"
#include "ui/browser/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct picture p;
	struct buf png = {0};
	enum { MOST = 1024 * 1024 };
	if (!picture_read(span_of(data, size), &p, NULL))
		return 0;
	MUST(p.width > 0 && p.width <= PICTURE_SIDE_MAX);
	MUST(p.height > 0 && p.height <= PICTURE_SIDE_MAX);
	MUST(p.stride >= 4 * (size_t)p.width);
	MUST(p.pixels.p >= data && p.pixels.n <= size);
	MUST((size_t)(p.pixels.p - data) + p.pixels.n <= size);
	MUST(p.pixels.n >= p.stride * (size_t)p.height);
	if (picture_png(&p, MOST, &png, NULL))
		MUST(buf_len(&png) <= MOST && span_starts(buf_span(&png), "\x89PNG"));
	buf_fini(&png);
	return 0;
}
