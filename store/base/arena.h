/*
 * Memory with one end: many small allocations, freed together. One owner, one thread at a time.
 */
#ifndef STORE_BASE_ARENA_H
#define STORE_BASE_ARENA_H

#include "store/base/text.h"

struct arena_block;
struct arena {
	struct arena_block *block; /* newest first */
	size_t used;               /* in the newest block */
	size_t total;              /* bytes handed out */
};

void arena_init(struct arena *a); /* same as {0} */
void arena_fini(struct arena *a);
void arena_reset(struct arena *a); /* as new, but keeps a block for what comes next */
void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned to 16; never NULL */
struct span arena_copy(
	struct arena *a, struct span s);         /* an extra NUL behind; absent stays absent */
char *arena_str(struct arena *a, struct span s); /* the same as a C string */
char *arena_printf(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A growing array in an arena: ARENA_PUSH(a, items, n, value) where items is T*, n is size_t.
 */
void *arena_grow(struct arena *a, void *items, size_t n, size_t size);
#define ARENA_PUSH(a, items, n, ...)                                                           \
	((items) = arena_grow((a), (items), (n), sizeof *(items)),                             \
		(items)[(n)++] = (__VA_ARGS__))

#endif
