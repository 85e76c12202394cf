#include "store/derive/index.h"

#include <stdbool.h>
#include <stdlib.h>

static uint64_t mix(int kind, int64_t a, int64_t b)
{
	uint64_t h = (uint64_t)a * 0x9e3779b97f4a7c15u + (uint64_t)b * 0xc2b2ae3d27d4eb4fu +
		     (uint64_t)kind;
	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9u;
	return h ^ h >> 32;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct index_slot *slot(const struct index *x, int kind, int64_t a, int64_t b)
{
	for (size_t at = (size_t)mix(kind, a, b);; at++) {
		struct index_slot *s = &x->slots[at & (x->cap - 1)];
		if (s->value == NULL || (s->kind == kind && s->a == a && s->b == b))
			return s;
	}
}

static void grow(struct index *x)
{
	struct index bigger = {.cap = x->cap == 0 ? 64 : x->cap * 2, .n = x->n};
	bigger.slots = calloc(bigger.cap, sizeof *bigger.slots);
	if (bigger.slots == NULL)
		abort();
	for (size_t i = 0; i < x->cap; i++) {
		const struct index_slot *s = &x->slots[i];
		if (s->value != NULL)
			*slot(&bigger, s->kind, s->a, s->b) = *s;
	}
	free(x->slots);
	*x = bigger;
}

void index_put(struct index *x, int kind, int64_t a, int64_t b, void *value)
{
	if (x->n * 4 >= x->cap * 3)
		grow(x);
	struct index_slot *s = slot(x, kind, a, b);
	x->n += s->value == NULL;
	*s = (struct index_slot){a, b, kind, value};
}

void *index_get(const struct index *x, int kind, int64_t a, int64_t b)
{
	return x->cap == 0 ? NULL : slot(x, kind, a, b)->value;
}

void index_fini(struct index *x)
{
	free(x->slots);
	*x = (struct index){0};
}
