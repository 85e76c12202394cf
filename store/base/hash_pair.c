#include "store/base/hash_pair.h"

#include <assert.h>
#include <pthread.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

enum { BLOCK = 64, WORDS = 8, LENGTH_AT = 56 };

/* FIPS 180-4, 5.3.3 */
static const uint32_t first[WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

#if defined(__x86_64__)

/* FIPS 180-4, 4.2.2 */
static const uint32_t round_constants[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
	0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
	0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152,
	0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
	0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624,
	0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3,
	0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

static bool sha_there;
static pthread_once_t asked = PTHREAD_ONCE_INIT;

static void ask(void)
{
	unsigned a, b, c, d;
	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_SSSE3) == 0 || (c & bit_SSE4_1) == 0)
		return;
	sha_there = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) != 0;
}

/* Asked once: in a virtual machine each CPUID is a way out to the host and back, tens of us. */
static bool has_sha(void)
{
	pthread_once(&asked, ask);
	return sha_there;
}

/* The eight working variables as the instructions want them. */
struct vars {
	__m128i abef, cdgh;
};

WITH_SHA static inline struct vars load(const uint32_t h[WORDS])
{
	return (struct vars){_mm_set_epi32((int)h[0], (int)h[1], (int)h[4], (int)h[5]),
		_mm_set_epi32((int)h[2], (int)h[3], (int)h[6], (int)h[7])};
}

WITH_SHA static inline void store(struct vars v, uint32_t h[WORDS])
{
	h[0] = (uint32_t)_mm_extract_epi32(v.abef, 3);
	h[1] = (uint32_t)_mm_extract_epi32(v.abef, 2);
	h[4] = (uint32_t)_mm_extract_epi32(v.abef, 1);
	h[5] = (uint32_t)_mm_extract_epi32(v.abef, 0);
	h[2] = (uint32_t)_mm_extract_epi32(v.cdgh, 3);
	h[3] = (uint32_t)_mm_extract_epi32(v.cdgh, 2);
	h[6] = (uint32_t)_mm_extract_epi32(v.cdgh, 1);
	h[7] = (uint32_t)_mm_extract_epi32(v.cdgh, 0);
}

/* Four rounds; wk: their words plus constants. */
WITH_SHA static inline struct vars rounds(struct vars v, __m128i wk)
{
	__m128i two = _mm_sha256rnds2_epu32(v.cdgh, v.abef, wk);
	__m128i four = _mm_sha256rnds2_epu32(v.abef, two, _mm_shuffle_epi32(wk, 0x0e));
	return (struct vars){four, two};
}

WITH_SHA static inline struct vars sum(struct vars a, struct vars b)
{
	return (struct vars){_mm_add_epi32(a.abef, b.abef), _mm_add_epi32(a.cdgh, b.cdgh)};
}

/* The next four words of the message schedule, from the last sixteen (FIPS 180-4, 6.2.2). */
WITH_SHA static inline __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3)
{
	__m128i w = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
	return _mm_sha256msg2_epu32(w, w3);
}

/* Blocks into one state, or into two with one schedule (b may be NULL). */
WITH_SHA static void compress(uint32_t a[WORDS], uint32_t *b, const uint8_t *p, size_t blocks)
{
	const __m128i swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
	struct vars va = load(a), vb = b != NULL ? load(b) : va;
	for (; blocks > 0; blocks--, p += BLOCK) {
		struct vars before_a = va, before_b = vb;
		__m128i w[4];
		for (int i = 0; i < 4; i++)
			w[i] = _mm_shuffle_epi8(
				_mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)),
				swap);
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			__m128i k = _mm_loadu_si128(
				(const __m128i *)(const void *)&round_constants[4 * i]);
			__m128i wk = _mm_add_epi32(w[i % 4], k);
			va = rounds(va, wk);
			if (b != NULL)
				vb = rounds(vb, wk);
			if (i < 12)
				w[i % 4] = next_words(w[i % 4], w[(i + 1) % 4], w[(i + 2) % 4],
					w[(i + 3) % 4]);
		}
		va = sum(va, before_a);
		vb = sum(vb, before_b);
	}
	store(va, a);
	if (b != NULL)
		store(vb, b);
}

#else

static bool has_sha(void)
{
	return false;
}

static void compress(uint32_t a[WORDS], uint32_t *b, const uint8_t *p, size_t blocks)
{
	(void)a, (void)b, (void)p, (void)blocks;
	assert(false); /* never fast */
}

#endif

static void start(struct hash_half *half)
{
	memcpy(half->h, first, sizeof first);
	half->len = 0;
}

/* Both of them the same bytes at the same place in a block, or one alone (b NULL). */
static void add(struct hash_half *a, struct hash_half *b, struct span s)
{
	size_t fill = (size_t)(a->len % BLOCK);
	a->len += s.n;
	if (b != NULL)
		b->len += s.n;
	if (fill > 0) {
		struct span head = span_first(s, BLOCK - fill);
		memcpy(a->block + fill, head.p, head.n);
		if (b != NULL)
			memcpy(b->block + fill, head.p, head.n);
		s = span_from(s, head.n);
		if (fill + head.n < BLOCK)
			return;
		/* What came before may differ: each its own block. */
		compress(a->h, NULL, a->block, 1);
		if (b != NULL)
			compress(b->h, NULL, b->block, 1);
	}
	size_t blocks = s.n / BLOCK;
	if (blocks > 0)
		compress(a->h, b != NULL ? b->h : NULL, s.p, blocks);
	s = span_from(s, blocks * BLOCK);
	if (s.n == 0)
		return;
	memcpy(a->block, s.p, s.n);
	if (b != NULL)
		memcpy(b->block, s.p, s.n);
}

/* FIPS 180-4, 5.1.1 */
static void finish(struct hash_half half, uint8_t out[SHA256_LEN])
{
	uint8_t tail[2 * BLOCK] = {0};
	size_t fill = (size_t)(half.len % BLOCK);
	size_t n = fill < LENGTH_AT ? BLOCK : 2 * BLOCK;
	uint64_t bits = half.len * 8;
	memcpy(tail, half.block, fill);
	tail[fill] = 0x80;
	for (size_t i = 0; i < 8; i++)
		tail[n - 1 - i] = (uint8_t)(bits >> 8 * i);
	compress(half.h, NULL, tail, n / BLOCK);
	for (size_t i = 0; i < SHA256_LEN; i++)
		out[i] = (uint8_t)(half.h[i / 4] >> (24 - 8 * (i % 4)));
}

void hash_pair_init_slow(struct hash_pair *p)
{
	p->fast = false;
	sha256_init(&p->slow_whole);
	sha256_init(&p->slow_part);
}

void hash_pair_init(struct hash_pair *p)
{
	p->fast = has_sha();
	if (!p->fast) {
		hash_pair_init_slow(p);
		return;
	}
	start(&p->whole);
	start(&p->part);
}

void hash_pair_fini(struct hash_pair *p)
{
	if (p->fast)
		return;
	sha256_fini(&p->slow_whole);
	sha256_fini(&p->slow_part);
}

void hash_pair_add(struct hash_pair *p, struct span bytes)
{
	if (bytes.n == 0)
		return;
	if (!p->fast) {
		sha256_add(&p->slow_whole, bytes.p, bytes.n);
		sha256_add(&p->slow_part, bytes.p, bytes.n);
	} else if (p->whole.len % BLOCK == p->part.len % BLOCK) {
		add(&p->whole, &p->part, bytes);
	} else {
		add(&p->whole, NULL, bytes);
		add(&p->part, NULL, bytes);
	}
}

void hash_pair_add_whole(struct hash_pair *p, struct span bytes)
{
	if (bytes.n > 0 && p->fast)
		add(&p->whole, NULL, bytes);
	else if (bytes.n > 0)
		sha256_add(&p->slow_whole, bytes.p, bytes.n);
}

void hash_pair_cut(struct hash_pair *p, uint8_t *out)
{
	if (p->fast) {
		if (out != NULL)
			finish(p->part, out);
		start(&p->part);
		return;
	}
	if (out != NULL)
		sha256_peek(&p->slow_part, out);
	sha256_fini(&p->slow_part);
	sha256_init(&p->slow_part);
}

void hash_pair_peek(const struct hash_pair *p, uint8_t out[SHA256_LEN])
{
	if (p->fast)
		finish(p->whole, out);
	else
		sha256_peek(&p->slow_whole, out);
}
