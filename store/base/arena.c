#include "store/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The first block is small: many arenas never hold more. Each further one is twice as large as
 * the one before, up to the last size. */
enum { ARENA_FIRST = 1024 - 32, ARENA_BLOCK = 4096 - 32, ARENA_LAST = 65536 - 32 };

struct arena_block {
	struct arena_block *next;
	size_t cap;
	_Alignas(16) uint8_t bytes[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena){0};
}

void arena_fini(struct arena *a)
{
	for (struct arena_block *b = a->block, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){0};
}

void arena_reset(struct arena *a)
{
	struct arena_block *kept = a->block;
	if (kept == NULL || kept->cap > ARENA_BLOCK) {
		arena_fini(a);
		return;
	}
	a->block = kept->next;
	arena_fini(a);
	kept->next = NULL;
	a->block = kept;
}

static size_t next_cap(const struct arena *a)
{
	if (a->block == NULL)
		return ARENA_FIRST;
	size_t cap = a->block->cap;
	if (cap < ARENA_BLOCK)
		return ARENA_BLOCK;
	return cap < ARENA_LAST ? (cap + 32) * 2 - 32 : ARENA_LAST;
}

void *arena_alloc(struct arena *a, size_t n)
{
	n = (n + 15) & ~(size_t)15;
	if (a->block == NULL || a->block->cap - a->used < n) {
		size_t least = next_cap(a);
		size_t cap = n > least ? n : least;
		struct arena_block *b = malloc(sizeof *b + cap);
		if (b == NULL)
			abort();
		b->cap = cap;
		b->next = a->block;
		a->block = b;
		a->used = 0;
	}
	void *p = a->block->bytes + a->used;
	a->used += n;
	a->total += n;
	memset(p, 0, n);
	return p;
}

struct span arena_copy(struct arena *a, struct span s)
{
	if (s.p == NULL)
		return SPAN_NONE;
	uint8_t *p = arena_alloc(a, s.n + 1);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return span_of(p, s.n);
}

char *arena_str(struct arena *a, struct span s)
{
	char *p = arena_alloc(a, s.n + 1);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap, again;
	va_start(ap, format);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	char *p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	return p;
}

void *arena_grow(struct arena *a, void *items, size_t n, size_t size)
{
	/* The capacity is the next power of two from 4: full exactly when n is one of those. */
	if (n != 0 && (n < 4 || (n & (n - 1)) != 0))
		return items;
	void *bigger = arena_alloc(a, (n == 0 ? 4 : n * 2) * size);
	if (n > 0)
		memcpy(bigger, items, n * size);
	return bigger;
}
