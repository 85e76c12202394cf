/* Lists of names with values that are compared whatever their order: sorted, so that hostile
 * lists cost n log n. */
#include "proxy/replay_match_inner.h"

#include <stdlib.h>

void pairs_add(
	struct pairs *p, struct arena *a, struct span name, struct span value, struct span head)
{
	if (p->n == REPLAY_PAIRS_MAX)
		p->more = true;
	else
		ARENA_PUSH(a, p->items, p->n, (struct pair){name, value, head, p->n});
}

struct pairs pairs_split(struct arena *a, struct span s, bool lone_is_value)
{
	struct pairs out = {0};
	for (size_t at = 0; s.p != NULL && at <= s.n && !out.more;) {
		size_t end = span_find_byte(s, '&', at);
		if (end == SIZE_MAX)
			end = s.n;
		struct span piece = span_of(s.p + at, end - at);
		size_t eq = span_find_byte(piece, '=', 0);
		if (eq != SIZE_MAX)
			pairs_add(&out, a, span_first(piece, eq), span_from(piece, eq + 1),
				SPAN_NONE);
		else
			pairs_add(&out, a, lone_is_value ? SPAN_NONE : piece,
				lone_is_value ? piece : SPAN_NONE, SPAN_NONE);
		at = end + 1;
	}
	return out;
}

static int span_order(struct span a, struct span b)
{
	if ((a.p == NULL) != (b.p == NULL))
		return a.p == NULL ? -1 : 1;
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;
	if (order != 0 || a.n == b.n)
		return order;
	return a.n < b.n ? -1 : 1;
}

static int pair_order(const struct pair *a, const struct pair *b)
{
	int order = span_order(a->name, b->name);
	if (order == 0)
		order = span_order(a->value, b->value);
	return order != 0 ? order : span_order(a->head, b->head);
}

static int by_content(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = pair_order(x, y);
	return order != 0 ? order : x->at < y->at ? -1 : x->at > y->at;
}

static int by_name(const void *a, const void *b)
{
	const struct pair *const *x = a, *const *y = b;
	int order = span_order((*x)->name, (*y)->name);
	return order != 0 ? order : (*x)->at < (*y)->at ? -1 : (*x)->at > (*y)->at;
}

static void sort(void *items, size_t n, size_t size, int (*order)(const void *, const void *))
{
	if (n > 1)
		qsort(items, n, size, order);
}

struct couples pairs_couple(struct arena *a, struct pairs *recorded, struct pairs *asked)
{
	struct couples out = {0};
	const struct pair **left_r = arena_alloc(a, (recorded->n + 1) * sizeof *left_r);
	const struct pair **left_k = arena_alloc(a, (asked->n + 1) * sizeof *left_k);
	size_t n_r = 0, n_k = 0;
	sort(recorded->items, recorded->n, sizeof *recorded->items, by_content);
	sort(asked->items, asked->n, sizeof *asked->items, by_content);
	for (size_t r = 0, k = 0; r < recorded->n || k < asked->n;) {
		int order = r == recorded->n ? 1
			    : k == asked->n  ? -1
					    : pair_order(&recorded->items[r], &asked->items[k]);
		if (order < 0)
			left_r[n_r++] = &recorded->items[r++];
		else if (order > 0)
			left_k[n_k++] = &asked->items[k++];
		else
			r++, k++;
	}
	sort(left_r, n_r, sizeof *left_r, by_name);
	sort(left_k, n_k, sizeof *left_k, by_name);
	for (size_t r = 0, k = 0; r < n_r || k < n_k;) {
		int order = r == n_r   ? 1
			    : k == n_k ? -1
				       : span_order(left_r[r]->name, left_k[k]->name);
		struct couple c = {
			order <= 0 ? left_r[r++] : NULL, order >= 0 ? left_k[k++] : NULL};
		out.singles += order != 0;
		ARENA_PUSH(a, out.items, out.n, c);
	}
	return out;
}
