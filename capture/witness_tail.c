/*
 * The last boundaries of a direction, where its receiver can have stopped reading, and the
 * digest of all before each: so that a beginning of it can be told from anything else.
 */
#include "capture/witness_inner.h"

#include <stdlib.h>

struct tail_mark {
	uint64_t n;
	struct sha256 hash; /* not finished: most flows ask for none of them */
};

enum { FIRST_MARKS = 2 };

/* Twice as many; false: no more are to be had. */
static bool grow(struct witness *w, struct tail *t)
{
	size_t cap = t->cap == 0 ? FIRST_MARKS : 2 * t->cap;
	size_t more = (cap - t->cap) * sizeof *t->marks;
	if (t->cap == WITNESS_TAIL || t->full)
		return false;
	if (more > WITNESS_TAILS_MAX - w->tails) {
		t->full = true; /* its order turns round: it stays as it is */
		w->tails_left++;
		return false;
	}
	struct tail_mark *marks = realloc(t->marks, cap * sizeof *marks);
	if (marks == NULL)
		abort();
	t->marks = marks;
	t->cap = cap;
	w->tails += more;
	return true;
}

void tail_mark(struct witness *w, struct tail *t, const struct sha256 *hash, uint64_t n)
{
	if (n == 0)
		return; /* no bytes are the beginning of everything */
	if (t->n == t->cap && !grow(w, t) && t->cap == 0)
		return;
	size_t at = t->n < t->cap ? t->n++ : t->oldest++;
	if (t->oldest == t->cap)
		t->oldest = 0;
	t->marks[at] = (struct tail_mark){n, *hash};
}

struct span tail_take(struct witness *w, struct tail *t)
{
	struct span out = SPAN_NONE;
	if (t->n > 0) {
		uint8_t *p = arena_alloc(&w->scratch, t->n * WITNESS_TAIL_ENTRY);
		out = span_of(p, t->n * WITNESS_TAIL_ENTRY);
		for (size_t i = 0; i < t->n; i++, p += WITNESS_TAIL_ENTRY) {
			struct tail_mark *m = &t->marks[(t->oldest + i) % t->cap];
			for (unsigned byte = 0; byte < 8; byte++)
				p[byte] = (uint8_t)(m->n >> (56 - 8 * byte));
			sha256_end(&m->hash, p + 8);
		}
	}
	tail_fini(w, t);
	return out;
}

void tail_fini(struct witness *w, struct tail *t)
{
	w->tails -= t->cap * sizeof *t->marks;
	free(t->marks);
	*t = (struct tail){.full = true};
}
