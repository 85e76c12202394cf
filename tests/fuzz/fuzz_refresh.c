/* Values of Refresh; and the same bytes as a Content-Encoding'd body: the first byte picks the
 * coding. */
#include "store/derive/decode.h"
#include "store/derive/refresh.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refresh(struct span value)
{
	struct refresh r;
	if (!refresh_parse(value, &r))
		return;
	MUST(r.seconds >= 0 && r.seconds <= REFRESH_SECONDS_MAX);
	MUST(r.has_url == (r.url.p != NULL));
	MUST(!r.has_url || (r.url.p >= value.p && r.url.p + r.url.n <= value.p + value.n));
}

static void check_decode(struct span bytes)
{
	enum { MAX = 64 * 1024 };
	static const char *const codings[] = {
		"gzip", "deflate", "br", "zstd", "gzip, br", "br, zstd, gzip", "identity", "x"};
	struct buf out = {0};
	if (bytes.n == 0)
		return;
	const char *coding = codings[bytes.p[0] % 8];
	enum decode_result result =
		decode_body(span_from(bytes, 1), span_str(coding), MAX, &out);
	MUST(buf_len(&out) <= MAX);
	MUST(result != DECODE_LAYERS);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_refresh(span_of(data, size));
	check_decode(span_of(data, size));
	return 0;
}
