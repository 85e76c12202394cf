/*
 * Blocks of field lines of one direction, each with a length of two bytes before it; a length
 * from 0xff00 on announces a table instead. Whatever comes: what fails once fails always, two
 * readers read the same, and no line is longer than HPACK lets it be.
 */
#include "capture/wire/hpack.h"
#include "store/base/hash.h"
#include "store/base/reader.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_MAX = 65536, LINES_MAX = 2000 };

struct heard {
	struct sha256 hash;
	size_t lines;
	bool stopped;
};

static bool line(void *ctx, struct span name, struct span value)
{
	struct heard *h = ctx;
	uint64_t sizes[2] = {name.n, value.n};
	MUST(!h->stopped);
	MUST(name.n <= LINE_MAX && value.n <= LINE_MAX);
	sha256_add(&h->hash, sizes, sizeof sizes);
	sha256_add(&h->hash, name.p, name.n);
	sha256_add(&h->hash, value.p, value.n);
	h->stopped = ++h->lines >= LINES_MAX;
	return !h->stopped;
}

static void play(struct span in, uint8_t digest[SHA256_LEN])
{
	struct hpack *p = hpack_new();
	struct heard h = {0};
	struct reader r = reader_of(in);
	bool failed = false;
	sha256_init(&h.hash);
	while (r.n > 2) {
		uint16_t n = read_u16(&r);
		if (n >= 0xff00) {
			hpack_allow(p, (uint32_t)(n & 0xff) << 14);
			continue;
		}
		struct err err = {0};
		struct span block = read_span(&r, n < r.n ? n : r.n);
		uint8_t *copy = malloc(block.n + 1);
		MUST(copy != NULL);
		memcpy(copy, block.p, block.n);
		bool ok = hpack_block(p, span_of(copy, block.n), line, &h, &err);
		free(copy);
		MUST(!ok || !failed);
		MUST(ok || h.stopped || err.kind == ERR_H2_PROTOCOL);
		failed = !ok;
	}
	hpack_free(p);
	sha256_end(&h.hash, digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t once[SHA256_LEN], again[SHA256_LEN];
	play(span_of(data, size), once);
	play(span_of(data, size), again);
	MUST(memcmp(once, again, sizeof once) == 0);
	return 0;
}
