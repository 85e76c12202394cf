/* The pair against the ordinary digest: every length round a block's end, every way to cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/base/hash_pair.h"

enum { BYTES = 70 * 1024 };
static uint8_t data[BYTES];

static void fill(void)
{
	uint64_t x = 88172645463325252u;
	for (size_t i = 0; i < BYTES; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		data[i] = (uint8_t)x;
	}
}

static void assert_digest(const uint8_t *got, struct span of)
{
	uint8_t want[SHA256_LEN];
	sha256(of, want);
	assert_memory_equal(got, want, SHA256_LEN);
}

/* total bytes, handed over `step` at a time, a piece ending after each `cut` bytes. */
static void run(bool slow, size_t total, size_t step, size_t cut)
{
	struct hash_pair p;
	uint8_t out[SHA256_LEN];
	size_t begun = 0;
	if (slow)
		hash_pair_init_slow(&p);
	else
		hash_pair_init(&p);
	for (size_t at = 0; at < total;) {
		size_t n = step < total - at ? step : total - at;
		if (cut - (at - begun) < n)
			n = cut - (at - begun);
		hash_pair_add(&p, span_of(data + at, n));
		at += n;
		if (at - begun < cut)
			continue;
		hash_pair_cut(&p, out);
		assert_digest(out, span_of(data + begun, at - begun));
		begun = at;
		hash_pair_peek(&p, out);
		assert_digest(out, span_of(data, at));
	}
	hash_pair_cut(&p, out);
	assert_digest(out, span_of(data + begun, total - begun));
	hash_pair_peek(&p, out);
	assert_digest(out, span_of(data, total));
	hash_pair_fini(&p);
}

static void both_are_sha256(void **state)
{
	static const size_t steps[] = {1, 3, 63, 64, 65, 1000, 16384};
	(void)state;
	fill();
	for (int slow = 0; slow < 2; slow++) {
		for (size_t total = 0; total < 300; total++)
			for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
				run(slow, total, steps[i], 128);
		for (size_t i = 2; i < sizeof steps / sizeof *steps; i++) {
			run(slow, BYTES, steps[i], 64 * 1024);
			run(slow, BYTES, steps[i], 4096);
			run(slow, BYTES - 1, steps[i],
				1000); /* pieces that are no whole blocks */
			run(slow, BYTES - 63, steps[i], 65);
		}
	}
}

/* Some of it belongs to no piece, and nobody asks for some pieces. */
static void pieces_can_be_left_out(void **state)
{
	(void)state;
	fill();
	for (int slow = 0; slow < 2; slow++) {
		struct hash_pair p;
		uint8_t out[SHA256_LEN];
		if (slow)
			hash_pair_init_slow(&p);
		else
			hash_pair_init(&p);
		hash_pair_add(&p, span_of(data, 100));
		hash_pair_cut(&p, NULL);
		hash_pair_add_whole(&p, span_of(data + 100, 77));
		hash_pair_add(&p, span_of(data + 177, 500));
		hash_pair_add_whole(&p, span_of(data + 677, 1000));
		hash_pair_add(&p, span_of(data + 1677, 300));
		hash_pair_peek(&p, out);
		assert_digest(out, span_of(data, 1977));
		uint8_t piece[800];
		memcpy(piece, data + 177, 500);
		memcpy(piece + 500, data + 1677, 300);
		hash_pair_cut(&p, out);
		assert_digest(out, span_of(piece, sizeof piece));
		hash_pair_fini(&p);
	}
}

/* FIPS 180-4's own example. */
static void known_digest(void **state)
{
	static const uint8_t abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
	struct hash_pair p;
	uint8_t out[SHA256_LEN];
	(void)state;
	hash_pair_init(&p);
	hash_pair_add(&p, span_str("abc"));
	hash_pair_cut(&p, out);
	assert_memory_equal(out, abc, sizeof abc);
	hash_pair_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digest),
		cmocka_unit_test(both_are_sha256),
		cmocka_unit_test(pieces_can_be_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
