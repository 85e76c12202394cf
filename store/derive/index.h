/*
 * A map from small keys to pointers, for joining facts by their numbers. Not for keys that a
 * stranger chooses. One thread.
 */
#ifndef STORE_DERIVE_INDEX_H
#define STORE_DERIVE_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct index_slot {
	int64_t a, b; /* the key, with `kind` */
	int kind;
	void *value; /* NULL: free */
};
struct index {
	struct index_slot *slots;
	size_t n, cap; /* cap: a power of two */
};

void index_fini(struct index *x);
void index_put(struct index *x, int kind, int64_t a, int64_t b, void *value); /* replaces */
void *index_get(const struct index *x, int kind, int64_t a, int64_t b);       /* NULL: none */

#endif
