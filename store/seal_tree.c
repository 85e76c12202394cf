#include "store/seal_tree.h"

#include <assert.h>

enum { PATH_MAX_NODES = 64 };

void tree_init(struct tree *t)
{
	t->n = 0;
	t->n_nodes = 0;
	sha256_init(&t->hash);
}

void tree_fini(struct tree *t)
{
	sha256_fini(&t->hash);
}

/* RFC 9162 2.1.1: MTH({d[0]}) = HASH(0x00 || d[0]). */
void tree_leaf(struct span data, uint8_t out[SHA256_LEN])
{
	struct sha256 h;
	sha256_init(&h);
	sha256_add(&h, "", 1);
	sha256_add(&h, data.p, data.n);
	sha256_end(&h, out);
}

/* RFC 9162 2.1.1: HASH(0x01 || left || right). out may be one of the two. */
static void join(struct sha256 *h, const uint8_t *left, const uint8_t *right, uint8_t *out)
{
	sha256_add(h, "\x01", 1);
	sha256_add(h, left, SHA256_LEN);
	sha256_add(h, right, SHA256_LEN);
	sha256_take(h, out);
}

void tree_add(struct tree *t, const uint8_t leaf[SHA256_LEN])
{
	assert(t->n < INT64_MAX);
	/* A leaf completes as many subtrees as n ends in ones, as an odometer turns over. */
	uint8_t node[SHA256_LEN];
	memcpy(node, leaf, SHA256_LEN);
	for (uint64_t n = t->n; (n & 1) != 0; n >>= 1)
		join(&t->hash, t->nodes[--t->n_nodes], node, node);
	memcpy(t->nodes[t->n_nodes++], node, SHA256_LEN);
	t->n++;
}

void tree_root(struct tree *t, uint8_t out[SHA256_LEN])
{
	if (t->n_nodes == 0) {
		sha256(span_of("", 0), out);
		return;
	}
	size_t i = t->n_nodes - 1;
	memcpy(out, t->nodes[i], SHA256_LEN);
	while (i-- > 0)
		join(&t->hash, t->nodes[i], out, out);
}

bool tree_resume(struct tree *t, uint64_t n, struct span frontier)
{
	size_t n_nodes = (size_t)__builtin_popcountll(n);
	if (n > INT64_MAX || frontier.n != n_nodes * SHA256_LEN)
		return false;
	if (frontier.n > 0)
		memcpy(t->nodes, frontier.p, frontier.n);
	t->n = n;
	t->n_nodes = n_nodes;
	return true;
}

void tree_frontier(const struct tree *t, struct buf *out)
{
	buf_add(out, t->nodes, t->n_nodes * SHA256_LEN);
}

/* The hash over leaves from `from` to before `to`; t is overwritten. */
static void root_of(
	struct tree *t, struct span leaves, uint64_t from, uint64_t to, uint8_t out[SHA256_LEN])
{
	t->n = 0;
	t->n_nodes = 0;
	for (uint64_t i = from; i < to; i++)
		tree_add(t, leaves.p + i * SHA256_LEN);
	tree_root(t, out);
}

/* RFC 9162 2.1.1: the largest power of two smaller than n; n > 1. */
static uint64_t split_of(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* Both proofs are found from the root down and written from the leaf up. */
struct path {
	uint8_t nodes[PATH_MAX_NODES][SHA256_LEN];
	size_t n;
};

static void write_path(const struct path *p, struct buf *out)
{
	for (size_t i = p->n; i-- > 0;)
		buf_add(out, p->nodes[i], SHA256_LEN);
}

bool tree_inclusion(struct span leaves, uint64_t index, struct buf *out)
{
	uint64_t from = 0, to = leaves.n / SHA256_LEN;
	if (leaves.n % SHA256_LEN != 0 || index >= to)
		return false;
	struct path path = {.n = 0};
	struct tree t;
	tree_init(&t);
	while (to - from > 1) {
		uint64_t middle = from + split_of(to - from);
		uint8_t *sibling = path.nodes[path.n++];
		if (index < middle) {
			root_of(&t, leaves, middle, to, sibling);
			to = middle;
		} else {
			root_of(&t, leaves, from, middle, sibling);
			from = middle;
		}
	}
	tree_fini(&t);
	write_path(&path, out);
	return true;
}

/* Pair by pair, level by level: a node without a sibling rises as it is, which gives the same
 * tree as 2.1.1's splitting at the largest power of two. */
void tree_inclusions(
	uint8_t *leaves, uint64_t n, uint64_t *indexes, size_t n_indexes, struct buf *paths)
{
	struct sha256 h;
	sha256_init(&h);
	for (; n > 1; n = n / 2 + n % 2) {
		for (size_t i = 0; i < n_indexes; i++) {
			assert(indexes[i] < n);
			uint64_t sibling = indexes[i] ^ 1;
			if (sibling < n)
				buf_add(&paths[i], leaves + sibling * SHA256_LEN, SHA256_LEN);
			indexes[i] /= 2;
		}
		for (uint64_t i = 0; i < n / 2; i++) {
			uint8_t *pair = leaves + 2 * i * SHA256_LEN;
			join(&h, pair, pair + SHA256_LEN, leaves + i * SHA256_LEN);
		}
		if (n % 2 != 0)
			memmove(leaves + n / 2 * SHA256_LEN, leaves + (n - 1) * SHA256_LEN,
				SHA256_LEN);
	}
	sha256_fini(&h);
}

/* RFC 9162 2.1.4.1, PROOF and SUBPROOF. */
bool tree_consistency(struct span leaves, uint64_t first, struct buf *out)
{
	uint64_t from = 0, to = leaves.n / SHA256_LEN;
	if (leaves.n % SHA256_LEN != 0 || first == 0 || first > to)
		return false;
	struct path path = {.n = 0};
	struct tree t;
	tree_init(&t);
	while (first < to) {
		uint64_t middle = from + split_of(to - from);
		uint8_t *sibling = path.nodes[path.n++];
		if (first <= middle) {
			root_of(&t, leaves, middle, to, sibling);
			to = middle;
		} else {
			root_of(&t, leaves, from, middle, sibling);
			from = middle;
		}
	}
	/* A subtree that begins at the first leaf is the smaller tree itself: who verifies has
	 * its root. */
	if (from > 0)
		root_of(&t, leaves, from, to, path.nodes[path.n++]);
	tree_fini(&t);
	write_path(&path, out);
	return true;
}

/* Where a node and the last node of its level stand, on the way up. */
struct climb {
	uint64_t at, last;
};

static bool is_right(const struct climb *c)
{
	return (c->at & 1) != 0 || c->at == c->last;
}

/* A node that is last in its level without a sibling rises unchanged. */
static void skip_lone(struct climb *c)
{
	while ((c->at & 1) == 0 && c->at != 0) {
		c->at >>= 1;
		c->last >>= 1;
	}
}

/* RFC 9162 2.1.3.2; `index` is leaf_index, `n` tree_size. */
bool tree_inclusion_verify(const uint8_t leaf[SHA256_LEN], uint64_t index, uint64_t n,
	struct span path, const uint8_t root[SHA256_LEN])
{
	if (index >= n || path.n % SHA256_LEN != 0)
		return false;
	struct climb c = {index, n - 1};
	uint8_t r[SHA256_LEN];
	struct sha256 h;
	bool ok = true;
	memcpy(r, leaf, SHA256_LEN);
	sha256_init(&h);
	for (; ok && path.n > 0; path = span_from(path, SHA256_LEN)) {
		ok = c.last != 0;
		if (is_right(&c)) {
			join(&h, path.p, r, r);
			skip_lone(&c);
		} else {
			join(&h, r, path.p, r);
		}
		c.at >>= 1;
		c.last >>= 1;
	}
	sha256_fini(&h);
	return ok && c.last == 0 && memcmp(r, root, SHA256_LEN) == 0;
}

static bool climb_both(struct climb c, const uint8_t *seed, struct span path,
	const uint8_t *first_root, const uint8_t *root)
{
	uint8_t fr[SHA256_LEN], sr[SHA256_LEN];
	struct sha256 h;
	bool ok = true;
	memcpy(fr, seed, SHA256_LEN);
	memcpy(sr, seed, SHA256_LEN);
	sha256_init(&h);
	for (; ok && path.n > 0; path = span_from(path, SHA256_LEN)) {
		ok = c.last != 0;
		if (is_right(&c)) {
			join(&h, path.p, fr, fr);
			join(&h, path.p, sr, sr);
			skip_lone(&c);
		} else {
			join(&h, sr, path.p, sr);
		}
		c.at >>= 1;
		c.last >>= 1;
	}
	sha256_fini(&h);
	return ok && c.last == 0 && memcmp(fr, first_root, SHA256_LEN) == 0 &&
	       memcmp(sr, root, SHA256_LEN) == 0;
}

/* RFC 9162 2.1.4.2. */
bool tree_consistency_verify(uint64_t first, uint64_t n, const uint8_t first_root[SHA256_LEN],
	const uint8_t root[SHA256_LEN], struct span path)
{
	if (first == 0 || first > n || path.n % SHA256_LEN != 0)
		return false;
	if (first == n)
		return path.n == 0 && memcmp(first_root, root, SHA256_LEN) == 0;
	if (path.n == 0)
		return false;
	struct climb c = {first - 1, n - 1};
	while ((c.at & 1) != 0) {
		c.at >>= 1;
		c.last >>= 1;
	}
	/* "If first is an exact power of 2, then prepend first_hash to the consistency_path".
	 */
	if ((first & (first - 1)) == 0)
		return climb_both(c, first_root, path, first_root, root);
	return climb_both(c, path.p, span_from(path, SHA256_LEN), first_root, root);
}
