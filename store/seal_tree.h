/*
 * The Merkle tree of RFC 9162 section 2.1 over leaf hashes that come one after the other: root,
 * inclusion and consistency proofs, and their verification. It hashes; it knows nothing of
 * facts, files or keys. One thread per struct.
 */
#ifndef STORE_SEAL_TREE_H
#define STORE_SEAL_TREE_H

#include "store/base/buf.h"
#include "store/base/hash.h"

enum { TREE_LEVELS_MAX = 63 };

/* The full subtrees over the leaves so far, largest first: what is needed to go on, and for the
 * root. As bytes (seal_head.frontier): n_nodes * 32. */
struct tree {
	uint64_t n; /* leaves */
	uint8_t nodes[TREE_LEVELS_MAX][SHA256_LEN];
	size_t n_nodes; /* = number of ones in n */
	struct sha256 hash;
};

void tree_init(struct tree *t);
void tree_fini(struct tree *t);
/* H(0x00 || data), RFC 9162 2.1.1. */
void tree_leaf(struct span data, uint8_t out[SHA256_LEN]);
void tree_add(struct tree *t, const uint8_t leaf[SHA256_LEN]);
/* Of no leaves: H(""). */
void tree_root(struct tree *t, uint8_t out[SHA256_LEN]);
/* Goes on from what tree_frontier gave when there were n leaves. False: it is not as long as n
 * says. */
bool tree_resume(struct tree *t, uint64_t n, struct span frontier);
void tree_frontier(const struct tree *t, struct buf *out);

/* RFC 9162 2.1.3.1: the path of leaf `index` (from 0) among n leaves, given all leaf hashes
 * (n * 32 bytes), appended to out as 32 bytes each, nearest first. False: index >= n. */
bool tree_inclusion(struct span leaves, uint64_t index, struct buf *out);
/* The paths of many leaves among n at once, in one walk up the tree: that of leaf indexes[i] is
 * appended to paths[i]. The n * 32 bytes are worked in and hold the root at their beginning
 * afterwards (n > 0). Every index is below n; they are worked in, too. */
void tree_inclusions(
	uint8_t *leaves, uint64_t n, uint64_t *indexes, size_t n_indexes, struct buf *paths);
/* 2.1.3.2. */
bool tree_inclusion_verify(const uint8_t leaf[SHA256_LEN], uint64_t index, uint64_t n,
	struct span path, const uint8_t root[SHA256_LEN]);
/* 2.1.4.1: that the first `first` leaves are those of the smaller tree; 0 < first <= n. */
bool tree_consistency(struct span leaves, uint64_t first, struct buf *out);
/* 2.1.4.2. */
bool tree_consistency_verify(uint64_t first, uint64_t n, const uint8_t first_root[SHA256_LEN],
	const uint8_t root[SHA256_LEN], struct span path);

#endif
