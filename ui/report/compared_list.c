/* Facts by what they are about. */
#include "ui/report/compared_parts.h"

#include <stdlib.h>

int64_t compared_plus(int64_t a, int64_t b)
{
	int64_t out;
	if (__builtin_add_overflow(a, b, &out))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return out;
}

int64_t compared_drift(const struct compared_session *s, bool later)
{
	int64_t drift = s == NULL ? 0 : later ? s->drift_us : -s->drift_us;
	return drift > 0 ? drift : 0;
}

uint32_t compared_hash(struct span a, struct span b)
{
	uint32_t h = 2166136261u; /* FNV-1a; only says where to look */
	for (size_t i = 0; i < a.n; i++)
		h = (h ^ a.p[i]) * 16777619u;
	h = (h ^ ' ') * 16777619u;
	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * 16777619u;
	return h;
}

uint32_t compared_name(struct span name)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ ascii_lower(name.p[i])) * 16777619u;
	return h;
}

uint32_t compared_place(struct span ip, int64_t port)
{
	uint8_t bytes[2] = {(uint8_t)(port >> 8), (uint8_t)port};
	return compared_hash(ip, span_of(bytes, sizeof bytes));
}

void *compared_room(struct compared_work *w, void *list, size_t n, size_t *cap, size_t size)
{
	if (n == COMPARED_ENTRIES_MAX) {
		w->full = true;
		return NULL;
	}
	if (n < *cap)
		return list;
	*cap = *cap == 0 ? 256 : 2 * *cap;
	list = realloc(list, *cap * size);
	if (list == NULL)
		abort();
	return list;
}

void compared_add(struct compared_work *w, struct compared_list *l, struct compared_entry e)
{
	struct compared_entry *p = compared_room(w, l->p, l->n, &l->cap, sizeof *p);
	if (p == NULL)
		return;
	l->p = p;
	l->p[l->n++] = e;
}

static int by_of(const void *a, const void *b)
{
	const struct compared_entry *x = a, *y = b;
	if (x->of != y->of)
		return x->of < y->of ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void compared_sort(struct compared_list *l)
{
	if (l->n > 1)
		qsort(l->p, l->n, sizeof *l->p, by_of);
}

static int by_time(const void *a, const void *b)
{
	const struct compared_entry *x = a, *y = b;
	if (x->of == y->of && x->extra != y->extra)
		return x->extra < y->extra ? -1 : 1;
	return by_of(a, b);
}

void compared_sort_by_time(struct compared_list *l)
{
	if (l->n > 1)
		qsort(l->p, l->n, sizeof *l->p, by_time);
}

struct compared_range compared_find(const struct compared_list *l, int64_t of)
{
	size_t low = 0, high = l->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (l->p[mid].of < of)
			low = mid + 1;
		else
			high = mid;
	}
	struct compared_range r = {l->p + low, 0};
	while (low + r.n < l->n && l->p[low + r.n].of == of)
		r.n++;
	return r;
}

static int shown_by_num(const void *a, const void *b)
{
	const struct compared_entry *x = *(const struct compared_entry *const *)a;
	const struct compared_entry *y = *(const struct compared_entry *const *)b;
	if (x->num != y->num)
		return x->num < y->num ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

const struct compared_entry **compared_shown(
	struct compared_work *w, const struct compared_flow *f, size_t *n)
{
	struct compared_range r = compared_find(&w->in_flows, f->flow);
	const struct compared_entry **out = calloc(r.n + 1, sizeof *out);
	*n = 0;
	if (out == NULL)
		abort();
	for (size_t i = 0; i < r.n; i++)
		if (r.p[i].kind == FACT_KIND_FLOW_EXCHANGE)
			out[(*n)++] = &r.p[i];
	if (*n > 1)
		qsort(out, *n, sizeof *out, shown_by_num);
	return out;
}
