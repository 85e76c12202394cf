#include "store/derive/hide_parts.h"

#include <assert.h>
#include <stdlib.h>

const char *hide_kind_word(enum hide_kind k)
{
	static const char *const words[] = {
#define X(name, word) word,
		HIDE_KINDS(X)
#undef X
	};
	return words[k];
}

struct hide *hide_new(void)
{
	struct hide *h = calloc(1, sizeof *h);
	if (h == NULL)
		abort();
	return h;
}

void hide_free(struct hide *h)
{
	if (h == NULL)
		return;
	map_fini(&h->known);
	map_fini(&h->locals);
	free(h->seen);
	arena_fini(&h->arena);
	free(h);
}

struct span hide_fold(struct arena *a, struct span s)
{
	uint8_t *out = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		out[i] = ascii_lower(s.p[i]);
	return span_of(out, s.n);
}

size_t hide_count(const struct hide *h)
{
	return h->n_values;
}

bool hide_full(const struct hide *h)
{
	return h->full;
}

void hide_keep(struct hide *h, struct span host)
{
	for (size_t i = 0; i < h->n_kept; i++)
		if (span_eq_nocase(h->kept[i], host))
			return;
	if (host.n > 0)
		ARENA_PUSH(&h->arena, h->kept, h->n_kept, hide_fold(&h->arena, host));
}

uint32_t hide_value_add(struct hide *h, enum hide_kind kind, struct span text)
{
	struct hide_value v = {kind, arena_copy(&h->arena, text)};
	ARENA_PUSH(&h->arena, h->values, h->n_values, v);
	return (uint32_t)(h->n_values - 1);
}

/* The same bytes that count in the same way are one pattern: that of who came first. */
void hide_pattern_add(struct hide *h, struct hide_pattern p, struct span text)
{
	struct buf key = {0};
	assert(!h->ready);
	if (text.n < HIDE_MIN)
		return;
	buf_add_byte(&key, (uint8_t)(p.edges | p.domain << 4));
	buf_add_u32(&key, p.context);
	buf_add_span(&key, text);
	struct span kept = arena_copy(&h->arena, buf_span(&key));
	buf_fini(&key);
	if (!hide_number_put(&h->known, kept, (uint32_t)h->n_patterns))
		return;
	p.exact = span_from(kept, 5);
	p.folded = hide_fold(&h->arena, text);
	ARENA_PUSH(&h->arena, h->patterns, h->n_patterns, p);
}

/* One way to look for a text that is its own value. */
static bool add(struct hide *h, enum hide_kind kind, struct span text, size_t context,
	enum hide_edges edges)
{
	struct buf key = {0};
	if (text.n < HIDE_MIN || text.n <= context)
		return false;
	if (h->n_values >= HIDE_VALUES_MAX) {
		h->full = true;
		return false;
	}
	buf_add_byte(&key, (uint8_t)edges);
	buf_add_u32(&key, (uint32_t)context);
	buf_add_span(&key, text);
	bool there = hide_number(&h->known, buf_span(&key)) != HIDE_NOTHING;
	buf_fini(&key);
	if (there)
		return true;
	struct hide_pattern p = {.form = "plain", .edges = (uint8_t)edges};
	p.value = hide_value_add(h, kind, span_from(text, context));
	p.context = (uint32_t)context;
	hide_pattern_add(h, p, text);
	return true;
}

bool hide_text(struct hide *h, enum hide_kind kind, struct span text)
{
	return add(h, kind, text, 0, EDGES_ANY);
}

bool hide_word(struct hide *h, enum hide_kind kind, struct span text)
{
	return add(h, kind, text, 0, EDGES_BOTH);
}

bool hide_behind(struct hide *h, enum hide_kind kind, struct span text, size_t context)
{
	return add(h, kind, text, context, EDGES_AFTER);
}

static bool begins(struct span s, struct span with)
{
	return s.n >= with.n && memcmp(s.p, with.p, with.n) == 0;
}

static int by_bytes(const void *a, const void *b)
{
	const struct hide_pattern *x = a, *y = b;
	size_t n = x->folded.n < y->folded.n ? x->folded.n : y->folded.n;
	int order = memcmp(x->folded.p, y->folded.p, n);
	if (order != 0)
		return order;
	if (x->folded.n != y->folded.n)
		return x->folded.n < y->folded.n ? -1 : 1;
	/* Who came first is found last, and wins. */
	return x->value != y->value   ? (x->value < y->value ? 1 : -1)
	       : x->edges != y->edges ? (int)y->edges - (int)x->edges
				      : 0;
}

void hide_ready(struct hide *h)
{
	uint32_t last = HIDE_NOTHING;
	if (h->ready)
		return;
	h->ready = true;
	h->seen = calloc(HIDE_SEEN_BITS / 8, 1);
	if (h->seen == NULL)
		abort();
	if (h->n_patterns > 1)
		qsort(h->patterns, h->n_patterns, sizeof *h->patterns, by_bytes);
	for (size_t i = 0; i < h->n_patterns; i++) {
		struct hide_pattern *p = &h->patterns[i];
		uint32_t four = 0;
		for (size_t k = 0; k < HIDE_MIN; k++)
			four = hide_next(four, p->folded.p[k]);
		size_t bit = hide_bit(four);
		h->seen[bit / 8] |= (uint8_t)(1u << bit % 8);
		while (last != HIDE_NOTHING && !begins(p->folded, h->patterns[last].folded))
			last = h->patterns[last].shorter;
		p->shorter = last;
		last = (uint32_t)i;
	}
}
