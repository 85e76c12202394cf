/* The Merkle tree: published vectors, a second way to compute everything, and proofs that must
 * not hold.
 *
 * The vectors (eight leaves, the roots over the first n, four inclusion and four consistency
 * proofs) are those of the reference implementation of Certificate Transparency,
 * certificate-transparency-go/merkle and its tests (Apache-2.0); facts, retyped here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/base/codec.h"
#include "store/seal_tree.h"

enum { VECTORS = 8, LEAVES_MAX = 130 };

static const char *const inputs[VECTORS] = {"", "00", "10", "2021", "3031", "40414243",
	"5051525354555657", "606162636465666768696a6b6c6d6e6f"};

/* clang-format off */
static const char *const roots[VECTORS + 1] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};
static const struct proof {
	uint64_t a, n; /* a leaf's index, or the smaller tree */
	const char *path;
} inclusions[] = {
	{0, 8, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
	       "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
	       "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"},
	{5, 8, "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
	       "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
	       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
	{2, 3, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
	{1, 5, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
	       "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
	       "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"},
}, consistencies[] = {
	{1, 1, ""},
	{1, 8, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
	       "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
	       "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"},
	{6, 8, "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
	       "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
	       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
	{2, 5, "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
	       "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"},
};
/* clang-format on */
enum {
	INCLUSIONS = sizeof inclusions / sizeof *inclusions,
	CONSISTENCIES = sizeof consistencies / sizeof *consistencies
};

static uint8_t made[LEAVES_MAX][SHA256_LEN];

static void assert_spans(struct span got, struct span expected)
{
	assert_int_equal(got.n, expected.n);
	if (got.n > 0)
		assert_memory_equal(got.p, expected.p, got.n);
}

static struct span made_leaves(uint64_t n)
{
	return span_of(made, n * SHA256_LEN);
}

static struct buf unhex(const char *hex)
{
	struct buf b = {0};
	assert_true(hex_read(span_str(hex), &b));
	return b;
}

static void vector_leaves(struct buf *out)
{
	for (size_t i = 0; i < VECTORS; i++) {
		struct buf data = unhex(inputs[i]);
		tree_leaf(buf_span(&data), buf_room(out, SHA256_LEN));
		buf_grew(out, SHA256_LEN);
		buf_fini(&data);
	}
}

static void assert_hex(const uint8_t *p, size_t n, const char *hex)
{
	struct buf b = unhex(hex);
	assert_int_equal(n, buf_len(&b));
	if (n > 0)
		assert_memory_equal(p, buf_span(&b).p, n);
	buf_fini(&b);
}

static void has_the_published_roots(void **state)
{
	struct buf leaves = {0};
	uint8_t root[SHA256_LEN];
	struct tree t;
	(void)state;
	vector_leaves(&leaves);
	tree_init(&t);
	for (size_t n = 0; n <= VECTORS; n++) {
		tree_root(&t, root);
		assert_hex(root, sizeof root, roots[n]);
		if (n < VECTORS)
			tree_add(&t, leaves.p + n * SHA256_LEN);
	}
	tree_fini(&t);
	buf_fini(&leaves);
}

static void has_the_published_inclusion_proofs(void **state)
{
	struct buf leaves = {0}, path = {0};
	(void)state;
	vector_leaves(&leaves);
	for (size_t i = 0; i < INCLUSIONS; i++) {
		const struct proof *p = &inclusions[i];
		struct buf root = unhex(roots[p->n]);
		buf_clear(&path);
		assert_true(tree_inclusion(span_of(leaves.p, p->n * SHA256_LEN), p->a, &path));
		assert_hex(path.p, buf_len(&path), p->path);
		assert_true(tree_inclusion_verify(
			leaves.p + p->a * SHA256_LEN, p->a, p->n, buf_span(&path), root.p));
		buf_fini(&root);
	}
	buf_fini(&leaves);
	buf_fini(&path);
}

static void has_the_published_consistency_proofs(void **state)
{
	struct buf leaves = {0}, path = {0};
	(void)state;
	vector_leaves(&leaves);
	for (size_t i = 0; i < CONSISTENCIES; i++) {
		const struct proof *p = &consistencies[i];
		struct buf first = unhex(roots[p->a]), root = unhex(roots[p->n]);
		buf_clear(&path);
		assert_true(
			tree_consistency(span_of(leaves.p, p->n * SHA256_LEN), p->a, &path));
		assert_hex(path.p, buf_len(&path), p->path);
		assert_true(
			tree_consistency_verify(p->a, p->n, first.p, root.p, buf_span(&path)));
		buf_fini(&first);
		buf_fini(&root);
	}
	buf_fini(&leaves);
	buf_fini(&path);
}

/* The definitions of RFC 9162 2.1 as they stand, by recursion. */
static uint64_t half(uint64_t n)
{
	uint64_t k = 1;
	while (k * 2 < n)
		k *= 2;
	return k;
}

static void mth(uint64_t from, uint64_t n, uint8_t out[SHA256_LEN])
{
	uint8_t both[1 + 2 * SHA256_LEN] = {1};
	if (n == 0) {
		sha256(span_str(""), out);
	} else if (n == 1) {
		memcpy(out, made[from], SHA256_LEN);
	} else {
		mth(from, half(n), both + 1);
		mth(from + half(n), n - half(n), both + 1 + SHA256_LEN);
		sha256(span_of(both, sizeof both), out);
	}
}

static void add_mth(uint64_t from, uint64_t n, struct buf *out)
{
	uint8_t node[SHA256_LEN];
	mth(from, n, node);
	buf_add(out, node, sizeof node);
}

static void naive_path(uint64_t m, uint64_t from, uint64_t n, struct buf *out)
{
	if (n == 1)
		return;
	uint64_t k = half(n);
	if (m < k) {
		naive_path(m, from, k, out);
		add_mth(from + k, n - k, out);
	} else {
		naive_path(m - k, from + k, n - k, out);
		add_mth(from, k, out);
	}
}

static void naive_subproof(uint64_t m, uint64_t from, uint64_t n, bool known, struct buf *out)
{
	uint64_t k = half(n);
	if (m == n) {
		if (!known)
			add_mth(from, n, out);
	} else if (m <= k) {
		naive_subproof(m, from, k, known, out);
		add_mth(from + k, n - k, out);
	} else {
		naive_subproof(m - k, from + k, n - k, false, out);
		add_mth(from, k, out);
	}
}

static const uint64_t sizes[] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 31, 32, 33, 63, 64, 65, 77, 100, 127, 128, 129, 130};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void agrees_on_inclusion(void **state)
{
	struct buf path = {0}, expected = {0};
	uint8_t root[SHA256_LEN];
	(void)state;
	for (size_t s = 0; s < SIZES; s++) {
		uint64_t n = sizes[s];
		mth(0, n, root);
		for (uint64_t i = 0; i < n; i++) {
			buf_clear(&path);
			buf_clear(&expected);
			naive_path(i, 0, n, &expected);
			assert_true(tree_inclusion(made_leaves(n), i, &path));
			assert_spans(buf_span(&path), buf_span(&expected));
			assert_true(
				tree_inclusion_verify(made[i], i, n, buf_span(&path), root));
		}
		assert_false(tree_inclusion(made_leaves(n), n, &path));
	}
	assert_false(tree_inclusion(SPAN_NONE, 0, &path));
	assert_false(tree_inclusion(span_of(made, 33), 0, &path));
	buf_fini(&path);
	buf_fini(&expected);
}

static void all_paths_at_once(void **state)
{
	static uint8_t work[LEAVES_MAX * SHA256_LEN];
	(void)state;
	for (size_t s = 0; s < SIZES; s++) {
		uint64_t n = sizes[s], indexes[LEAVES_MAX];
		struct buf paths[LEAVES_MAX] = {0}, expected = {0};
		uint8_t root[SHA256_LEN];
		for (uint64_t i = 0; i < n; i++)
			indexes[i] = i;
		memcpy(work, made, n * SHA256_LEN);
		tree_inclusions(work, n, indexes, n, paths);
		mth(0, n, root);
		if (n > 0)
			assert_memory_equal(work, root, sizeof root);
		for (uint64_t i = 0; i < n; i++) {
			buf_clear(&expected);
			naive_path(i, 0, n, &expected);
			assert_true(span_eq(buf_span(&paths[i]), buf_span(&expected)));
			buf_fini(&paths[i]);
		}
		buf_fini(&expected);
	}
}

static void agrees_on_consistency(void **state)
{
	struct buf path = {0}, expected = {0};
	uint8_t first[SHA256_LEN], root[SHA256_LEN];
	(void)state;
	for (size_t s = 0; s < SIZES; s++) {
		uint64_t n = sizes[s];
		mth(0, n, root);
		for (uint64_t m = 1; m <= n; m++) {
			buf_clear(&path);
			buf_clear(&expected);
			mth(0, m, first);
			naive_subproof(m, 0, n, true, &expected);
			assert_true(tree_consistency(made_leaves(n), m, &path));
			assert_spans(buf_span(&path), buf_span(&expected));
			assert_true(
				tree_consistency_verify(m, n, first, root, buf_span(&path)));
		}
		assert_false(tree_consistency(made_leaves(n), 0, &path));
		assert_false(tree_consistency(made_leaves(n), n + 1, &path));
	}
	assert_false(tree_consistency(span_of(made, 33), 1, &path));
	buf_fini(&path);
	buf_fini(&expected);
}

static void goes_on_from_a_frontier(void **state)
{
	struct buf frontier = {0};
	uint8_t root[SHA256_LEN], expected[SHA256_LEN];
	(void)state;
	mth(0, LEAVES_MAX, expected);
	for (uint64_t cut = 0; cut <= LEAVES_MAX; cut++) {
		struct tree a, b;
		tree_init(&a);
		tree_init(&b);
		for (uint64_t i = 0; i < cut; i++)
			tree_add(&a, made[i]);
		buf_clear(&frontier);
		tree_frontier(&a, &frontier);
		assert_false(
			tree_resume(&b, cut, span_of(made, buf_len(&frontier) + SHA256_LEN)));
		assert_true(tree_resume(&b, cut, buf_span(&frontier)));
		tree_root(&a, root);
		mth(0, cut, expected);
		assert_memory_equal(root, expected, SHA256_LEN);
		for (uint64_t i = cut; i < LEAVES_MAX; i++)
			tree_add(&b, made[i]);
		assert_int_equal(b.n, LEAVES_MAX);
		tree_root(&b, root);
		mth(0, LEAVES_MAX, expected);
		assert_memory_equal(root, expected, SHA256_LEN);
		tree_fini(&a);
		tree_fini(&b);
	}
	buf_fini(&frontier);
}

static void refuses_a_frontier_of_another_length(void **state)
{
	struct tree t;
	(void)state;
	tree_init(&t);
	assert_false(tree_resume(&t, 3, made_leaves(1)));
	assert_false(tree_resume(&t, 3, made_leaves(3)));
	assert_false(tree_resume(&t, 3, span_of(made, 65)));
	assert_false(tree_resume(&t, 0, made_leaves(1)));
	assert_false(tree_resume(&t, UINT64_MAX, made_leaves(64)));
	assert_false(tree_resume(&t, UINT64_C(1) << 63, made_leaves(1)));
	assert_int_equal(t.n, 0);
	assert_true(tree_resume(&t, INT64_MAX, made_leaves(63)));
	tree_fini(&t);
}

static void refuses_changed_inclusion(void **state)
{
	struct buf path = {0};
	uint8_t root[SHA256_LEN], leaf[SHA256_LEN];
	(void)state;
	for (uint64_t n = 1; n <= 40; n++) {
		mth(0, n, root);
		for (uint64_t i = 0; i < n; i++) {
			buf_clear(&path);
			tree_inclusion(made_leaves(n), i, &path);
			struct span p = buf_span(&path);
			for (size_t at = 0; at < p.n; at++) {
				path.p[at] ^= 0x10;
				assert_false(tree_inclusion_verify(made[i], i, n, p, root));
				path.p[at] ^= 0x10;
			}
			memcpy(leaf, made[i], sizeof leaf);
			leaf[i % SHA256_LEN] ^= 1;
			assert_false(tree_inclusion_verify(leaf, i, n, p, root));
			root[i % SHA256_LEN] ^= 1;
			assert_false(tree_inclusion_verify(made[i], i, n, p, root));
			root[i % SHA256_LEN] ^= 1;
			for (uint64_t other = 0; other < n + 3; other++)
				assert_int_equal(
					tree_inclusion_verify(made[i], other, n, p, root),
					other == i);
			if (p.n > 0) {
				struct span less = span_first(p, p.n - SHA256_LEN);
				struct span odd = span_first(p, p.n - 1);
				assert_false(tree_inclusion_verify(made[i], i, n, less, root));
				assert_false(tree_inclusion_verify(made[i], i, n, odd, root));
				assert_false(tree_inclusion_verify(
					made[i], i, n, span_from(p, SHA256_LEN), root));
			}
			buf_add(&path, made[0], SHA256_LEN);
			assert_false(
				tree_inclusion_verify(made[i], i, n, buf_span(&path), root));
		}
	}
	assert_false(tree_inclusion_verify(made[0], 0, 0, SPAN_NONE, made[0]));
	buf_fini(&path);
}

static void refuses_changed_consistency(void **state)
{
	struct buf path = {0};
	uint8_t first[SHA256_LEN], root[SHA256_LEN];
	(void)state;
	for (uint64_t n = 1; n <= 40; n++) {
		mth(0, n, root);
		for (uint64_t m = 1; m <= n; m++) {
			buf_clear(&path);
			tree_consistency(made_leaves(n), m, &path);
			struct span p = buf_span(&path);
			mth(0, m, first);
			for (size_t at = 0; at < p.n; at++) {
				path.p[at] ^= 0x10;
				assert_false(tree_consistency_verify(m, n, first, root, p));
				path.p[at] ^= 0x10;
			}
			first[m % SHA256_LEN] ^= 1;
			assert_false(tree_consistency_verify(m, n, first, root, p));
			first[m % SHA256_LEN] ^= 1;
			root[m % SHA256_LEN] ^= 1;
			assert_false(tree_consistency_verify(m, n, first, root, p));
			root[m % SHA256_LEN] ^= 1;
			for (uint64_t other = 0; other < n + 3; other++)
				assert_int_equal(
					tree_consistency_verify(other, n, first, root, p),
					other == m);
			if (p.n > 0) {
				struct span less = span_first(p, p.n - SHA256_LEN);
				struct span odd = span_first(p, p.n - 1);
				assert_false(tree_consistency_verify(m, n, first, root, less));
				assert_false(tree_consistency_verify(m, n, first, root, odd));
				assert_false(tree_consistency_verify(
					m, n, first, root, span_from(p, SHA256_LEN)));
			}
			buf_add(&path, made[0], SHA256_LEN);
			assert_false(
				tree_consistency_verify(m, n, first, root, buf_span(&path)));
		}
	}
	assert_false(tree_consistency_verify(0, 0, root, root, SPAN_NONE));
	buf_fini(&path);
}

/* A path leads to its root for the tree that it was made for, and for no other of another
 * height: what is left of the way up must be nothing. */
static void consumes_the_size(void **state)
{
	struct buf path = {0};
	uint8_t first[SHA256_LEN], root[SHA256_LEN];
	(void)state;
	for (uint64_t n = 1; n <= 16; n++) {
		mth(0, n, root);
		buf_clear(&path);
		tree_inclusion(made_leaves(n), 0, &path);
		for (uint64_t wrong = 1; wrong <= 64; wrong++) {
			bool same_height =
				n == 1 ? wrong == 1 : wrong > 1 && half(n) == half(wrong);
			assert_int_equal(
				tree_inclusion_verify(made[0], 0, wrong, buf_span(&path), root),
				same_height);
		}
		buf_clear(&path);
		tree_consistency(made_leaves(n), 1, &path);
		mth(0, 1, first);
		for (uint64_t wrong = 1; wrong <= 64; wrong++) {
			bool same_height =
				n == 1 ? wrong == 1 : wrong > 1 && half(n) == half(wrong);
			assert_int_equal(
				tree_consistency_verify(1, wrong, first, root, buf_span(&path)),
				same_height);
		}
	}
	buf_fini(&path);
}

static void takes_a_digest_and_begins_anew(void **state)
{
	uint8_t a[SHA256_LEN], b[SHA256_LEN];
	struct sha256 h;
	(void)state;
	sha256_init(&h);
	for (int i = 0; i < 3; i++) {
		sha256_add(&h, "abc", 3);
		sha256_take(&h, a);
		sha256(span_str("abc"), b);
		assert_memory_equal(a, b, SHA256_LEN);
		sha256_take(&h, a);
		sha256(span_str(""), b);
		assert_memory_equal(a, b, SHA256_LEN);
		sha256_add(&h, "x", 1);
		sha256_reset(&h);
		sha256_reset(&h);
	}
	sha256_fini(&h);
}

int main(void)
{
	for (size_t i = 0; i < LEAVES_MAX; i++)
		tree_leaf(span_of(&i, sizeof i), made[i]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_published_roots),
		cmocka_unit_test(has_the_published_inclusion_proofs),
		cmocka_unit_test(has_the_published_consistency_proofs),
		cmocka_unit_test(agrees_on_inclusion),
		cmocka_unit_test(all_paths_at_once),
		cmocka_unit_test(agrees_on_consistency),
		cmocka_unit_test(goes_on_from_a_frontier),
		cmocka_unit_test(refuses_a_frontier_of_another_length),
		cmocka_unit_test(refuses_changed_inclusion),
		cmocka_unit_test(refuses_changed_consistency),
		cmocka_unit_test(consumes_the_size),
		cmocka_unit_test(takes_a_digest_and_begins_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
