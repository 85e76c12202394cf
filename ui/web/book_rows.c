/*
 * Every exchange of a book, filtered, sorted, a page of them. The rows are walked in slices, so
 * that the lock is never held for long; an order that was sorted once is kept for as long as
 * nothing changes.
 */
#include "ui/web/book_state.h"
#include "store/case_pick.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- sorting ---- */

struct keyed {
	uint64_t key;
	uint32_t at;
};

/* Least significant digits first: stable, and linear. */
static void sort_keyed(struct keyed *list, struct keyed *spare, size_t n)
{
	enum { DIGIT = 16, PLACES = 1 << DIGIT };
	uint32_t *counts = malloc(PLACES * sizeof *counts);
	uint64_t all_or = 0, all_and = UINT64_MAX;
	if (counts == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		all_or |= list[i].key;
		all_and &= list[i].key;
	}
	struct keyed *from = list, *to = spare;
	for (int shift = 0; shift < 64; shift += DIGIT) {
		/* Where all have the same digit there is nothing to sort. */
		if ((((all_or ^ all_and) >> shift) & (PLACES - 1)) == 0)
			continue;
		memset(counts, 0, PLACES * sizeof *counts);
		for (size_t i = 0; i < n; i++)
			counts[(from[i].key >> shift) & (PLACES - 1)]++;
		uint32_t sum = 0;
		for (size_t i = 0; i < PLACES; i++) {
			uint32_t c = counts[i];
			counts[i] = sum;
			sum += c;
		}
		for (size_t i = 0; i < n; i++)
			to[counts[(from[i].key >> shift) & (PLACES - 1)]++] = from[i];
		struct keyed *t = from;
		from = to;
		to = t;
	}
	if (from != list)
		memcpy(list, from, n * sizeof *list);
	free(counts);
}

/* Numbers as keys: in order, what is unknown first. */
static uint64_t number_key(int64_t v)
{
	return (uint64_t)v ^ (UINT64_C(1) << 63);
}

struct ranked {
	struct span name;
	uint32_t n;
};

static int by_name(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
	int c = n > 0 ? memcmp(x->name.p, y->name.p, n) : 0;
	return c != 0 ? c : x->name.n < y->name.n ? -1 : x->name.n > y->name.n;
}

/* Names by their place in the alphabet; [0] is the absent one. They are copied, in slices: all
 * may be forgotten as soon as the lock is let go. */
static uint32_t *rank_names(struct book *b, int64_t generation, uint32_t *n)
{
	struct arena a = {0};
	pthread_mutex_lock(&b->lock);
	*n = b->generation == generation ? b->ledger.names.n : 0;
	pthread_mutex_unlock(&b->lock);
	struct ranked *list = calloc((size_t)*n + 1, sizeof *list);
	uint32_t *ranks = calloc((size_t)*n + 1, sizeof *ranks);
	if (list == NULL || ranks == NULL)
		abort();
	for (uint32_t i = 0; i < *n; i += BOOK_SLICE) {
		pthread_mutex_lock(&b->lock);
		if (b->generation != generation)
			*n = i;
		for (uint32_t k = i; k < *n && k < i + BOOK_SLICE; k++)
			list[k] =
				(struct ranked){arena_copy(&a, b->ledger.names.list[k]), k + 1};
		pthread_mutex_unlock(&b->lock);
	}
	if (*n > 1)
		qsort(list, *n, sizeof *list, by_name);
	for (uint32_t i = 0; i < *n; i++)
		ranks[list[i].n] = i + 1;
	free(list);
	arena_fini(&a);
	return ranks;
}

static uint64_t key_of(const struct ledger_exchange *x, enum book_order order,
	const uint32_t *ranks, uint32_t n_ranks)
{
	switch (order) {
	case BOOK_BY_TIME: return number_key(x->at_us);
	case BOOK_BY_HOST: return x->host <= n_ranks ? ranks[x->host] : 0;
	case BOOK_BY_METHOD: return x->method <= n_ranks ? ranks[x->method] : 0;
	case BOOK_BY_STATUS: return (uint64_t)(x->status + 1);
	case BOOK_BY_TYPE: return x->type;
	case BOOK_BY_SIZE: return number_key(x->size);
	case BOOK_BY_TOOK:
		return x->end_us == FACT_NULL || x->at_us == FACT_NULL
			       ? 0
			       : number_key(
					 (int64_t)((uint64_t)x->end_us - (uint64_t)x->at_us));
	case BOOK_ORDER_COUNT: break;
	}
	return 0;
}

static void widen(
	const struct ledger_exchange *x, bool first, int64_t *first_us, int64_t *last_us)
{
	int64_t last = x->end_us != FACT_NULL ? x->end_us : x->at_us;
	if (first || x->at_us < *first_us)
		*first_us = x->at_us;
	if (first || last > *last_us)
		*last_us = last;
}

static void release(struct book_order_list *o)
{
	if (o != NULL && --o->refs == 0)
		free(o);
}

/* The rows there are, in that order; to be released under the lock. */
static struct book_order_list *sort_rows(struct book *b, enum book_order order)
{
	uint32_t n_ranks = 0, *ranks = NULL;
	pthread_mutex_lock(&b->lock);
	uint32_t n = b->ledger.n;
	int64_t generation = b->generation, touched = b->ledger.touched;
	pthread_mutex_unlock(&b->lock);
	/* Their names are there already, and more may come. */
	if (order == BOOK_BY_HOST || order == BOOK_BY_METHOD)
		ranks = rank_names(b, generation, &n_ranks);
	struct keyed *list = malloc(((size_t)n + 1) * 2 * sizeof *list);
	struct book_order_list *o = calloc(1, sizeof *o + (size_t)n * sizeof o->at[0]);
	int64_t first_us = 0, last_us = 0;
	if (list == NULL || o == NULL)
		abort();
	for (uint32_t i = 0; i < n; i += BOOK_SLICE) {
		pthread_mutex_lock(&b->lock);
		if (b->generation != generation)
			n = i;
		for (uint32_t k = i; k < n && k < i + BOOK_SLICE; k++) {
			const struct ledger_exchange *x = ledger_at(&b->ledger, k);
			list[k] = (struct keyed){key_of(x, order, ranks, n_ranks), k};
			widen(x, k == 0, &first_us, &last_us);
		}
		pthread_mutex_unlock(&b->lock);
	}
	sort_keyed(list, list + n + 1, n);
	*o = (struct book_order_list){.refs = 1,
		.generation = generation,
		.touched = touched,
		.first_us = first_us,
		.last_us = last_us,
		.n = n};
	for (uint32_t i = 0; i < n; i++)
		o->at[i] = list[i].at;
	free(list);
	free(ranks);
	return o;
}

/* Under the lock: nothing has changed since. */
static bool is_sorted(const struct book *b, enum book_order order)
{
	const struct book_order_list *o = b->orders[order];
	return o != NULL && o->generation == b->generation && o->n == b->ledger.n &&
	       (o->touched == b->ledger.touched || order == BOOK_BY_HOST ||
		       order == BOOK_BY_METHOD || order == BOOK_BY_TIME);
}

static struct book_order_list *order_of(struct book *b, enum book_order order)
{
	pthread_mutex_lock(&b->lock);
	struct book_order_list *o = b->orders[order];
	if (is_sorted(b, order)) {
		o->refs++;
		pthread_mutex_unlock(&b->lock);
		return o;
	}
	pthread_mutex_unlock(&b->lock);
	o = sort_rows(b, order);
	pthread_mutex_lock(&b->lock);
	release(b->orders[order]);
	b->orders[order] = o;
	o->refs++;
	pthread_mutex_unlock(&b->lock);
	return o;
}

bool book_sort_ahead(struct book *b)
{
	int due = 0;
	pthread_mutex_lock(&b->lock);
	if (b->ledger.n < BOOK_SORT_AHEAD)
		due = BOOK_ORDER_COUNT;
	while (due < BOOK_ORDER_COUNT && is_sorted(b, (enum book_order)due))
		due++;
	pthread_mutex_unlock(&b->lock);
	if (due == BOOK_ORDER_COUNT)
		return false;
	struct book_order_list *o = order_of(b, (enum book_order)due);
	pthread_mutex_lock(&b->lock);
	release(o);
	pthread_mutex_unlock(&b->lock);
	return true;
}

/* ---- filtering ---- */

struct sieve {
	const struct book_rows_query *q;
	int64_t from_us, to_us; /* of a trail */
	struct span text;
	uint8_t *named; /* by name: it holds the text */
	uint32_t n_named;
	unsigned types; /* whose word does */
};

static uint32_t address_of(const struct ledger *l, const struct ledger_exchange *x)
{
	return x->leg != 0 ? ledger_leg_at(l, x->leg)->address : 0;
}

static bool holds(struct span s, struct span text)
{
	return s.n >= text.n && span_find_nocase(s, text, 0) != SIZE_MAX;
}

/* Names come again and again: each is looked at once. */
static void look_at_names(struct book *b, struct sieve *s)
{
	pthread_mutex_lock(&b->lock);
	s->n_named = b->ledger.names.n;
	pthread_mutex_unlock(&b->lock);
	s->named = calloc((size_t)s->n_named + 1, 1);
	if (s->named == NULL)
		abort();
	for (uint32_t i = 0; i < s->n_named; i += BOOK_SLICE) {
		pthread_mutex_lock(&b->lock);
		for (uint32_t k = i;
			k < i + BOOK_SLICE && k < b->ledger.names.n && k < s->n_named; k++)
			s->named[k + 1] = holds(b->ledger.names.list[k], s->text);
		pthread_mutex_unlock(&b->lock);
	}
	for (int t = 0; t < BOOK_TYPE_COUNT; t++)
		if (holds(span_str(book_type_word((enum book_type)t)), s->text))
			s->types |= 1u << t;
}

static bool name_holds(const struct sieve *s, uint32_t name)
{
	return name <= s->n_named && s->named[name] != 0;
}

static bool has_text(
	const struct ledger *l, const struct ledger_exchange *x, const struct sieve *s)
{
	if (name_holds(s, x->method) || name_holds(s, x->media) ||
		name_holds(s, address_of(l, x)) || (s->types & 1u << x->type) != 0)
		return true;
	if (s->text.n <= 3 && x->status >= 0) {
		char status[16];
		snprintf(status, sizeof status, "%d", (int)x->status);
		if (holds(span_str(status), s->text))
			return true;
	}
	return holds(ledger_url(x), s->text);
}

static bool fits_status(const struct ledger *l, const struct ledger_exchange *x, int class)
{
	if (class == 0)
		return true;
	if (class == 9)
		return x->status < 0 || x->end == 0 ||
		       !span_is(ledger_name(l, x->reason), "ok");
	return x->status / 100 == class;
}

static bool fits(const struct ledger *l, const struct ledger_exchange *x, const struct sieve *s)
{
	const struct book_rows_query *q = s->q;
	if ((q->types != 0 && (q->types & 1u << x->type) == 0) ||
		(q->hide_hops && x->trail != 0) || (q->hide_noise && x->noise) ||
		(q->hide_others && x->trail == 0 && !x->noise))
		return false;
	if (q->trail != 0 && (x->at_us < s->from_us || x->at_us >= s->to_us))
		return false;
	return fits_status(l, x, q->status_class) && (s->text.n == 0 || has_text(l, x, s));
}

static struct book_row row_of(
	const struct ledger *l, const struct ledger_exchange *x, struct arena *a)
{
	return (struct book_row){.exchange = x->id,
		.session = ledger_session_at(l, x->session)->id,
		.tunnel = x->tunnel != 0 ? ledger_tunnel_at(l, x->tunnel)->id : FACT_NULL,
		.at_us = x->at_us,
		.first_byte_us = x->first_byte_us,
		.end_us = x->end_us,
		.method = arena_copy(a, ledger_name(l, x->method)),
		.url = arena_copy(a, ledger_url(x)),
		.host = arena_copy(a, ledger_name(l, x->host)),
		.address = arena_copy(a, ledger_name(l, address_of(l, x))),
		.protocol = arena_copy(a, ledger_name(l, x->protocol)),
		.url_cut = x->url_cut,
		.status = x->status >= 0 ? x->status : FACT_NULL,
		.reason = arena_copy(a, ledger_name(l, x->reason)),
		.size = x->size,
		.type = (enum book_type)x->type,
		.media_type = arena_copy(a, ledger_name(l, x->media)),
		.noise = x->noise,
		.ours = x->ours,
		.trail = x->trail,
		.hop = x->hop};
}

/* ---- the page ---- */

static void take_slice(struct book *b, const struct book_order_list *o, uint32_t i,
	const struct sieve *s, struct arena *a, struct book_rows *out)
{
	const struct book_rows_query *q = s->q;
	const struct ledger *l = &b->ledger;
	size_t most = q->n < BOOK_PAGE_MAX ? q->n : BOOK_PAGE_MAX;
	for (uint32_t k = i; k < o->n && k < i + BOOK_SLICE; k++) {
		const struct ledger_exchange *x =
			ledger_at(l, o->at[q->down ? o->n - 1 - k : k]);
		if (q->session != 0 && ledger_session_at(l, x->session)->id != q->session)
			continue;
		out->all++;
		if (!fits(l, x, s))
			continue;
		widen(x, out->total == 0, &out->first_us, &out->last_us);
		if (out->total++ >= q->from && out->n < most)
			out->list[out->n++] = row_of(l, x, a);
	}
}

/* Nothing is filtered, and nothing changed since it was sorted: only the page's own rows are
 * looked at. False: that is not so. */
static bool take_page(struct book *b, const struct book_order_list *o,
	const struct book_rows_query *q, struct arena *a, struct book_rows *out)
{
	size_t most = q->n < BOOK_PAGE_MAX ? q->n : BOOK_PAGE_MAX;
	bool plain = q->session == 0 && q->trail == 0 && q->text.n == 0 && q->types == 0 &&
		     q->status_class == 0 && !q->hide_hops && !q->hide_noise && !q->hide_others;
	pthread_mutex_lock(&b->lock);
	plain = plain && o->generation == b->generation && o->touched == b->ledger.touched;
	for (size_t k = q->from; plain && k < o->n && out->n < most; k++)
		out->list[out->n++] = row_of(&b->ledger,
			ledger_at(&b->ledger, o->at[q->down ? o->n - 1 - k : k]), a);
	pthread_mutex_unlock(&b->lock);
	if (plain) {
		out->all = out->total = o->n;
		out->first_us = o->first_us;
		out->last_us = o->last_us;
	}
	return plain;
}

static bool when(struct book *b, struct sieve *s, struct err *err)
{
	struct arena a = {0};
	struct derived_trail row;
	bool found = false, next = false, stored;
	s->from_us = INT64_MAX;
	s->to_us = INT64_MAX;
	pthread_mutex_lock(&b->reading);
	bool ok = book_trail_row(b, s->q->session, s->q->trail, &a, &row, &found, &stored, err);
	if (ok && found)
		s->from_us = row.started_us;
	ok = ok &&
	     book_trail_row(b, s->q->session, s->q->trail + 1, &a, &row, &next, &stored, err);
	if (ok && next)
		s->to_us = row.started_us;
	book_page_done(b);
	pthread_mutex_unlock(&b->reading);
	arena_fini(&a);
	return ok;
}

bool book_rows(struct book *b, const struct book_rows_query *q, struct arena *a,
	struct book_rows *out, struct err *err)
{
	struct sieve s = {.q = q, .text = q->text};
	*out = (struct book_rows){.n = 0};
	book_wait_opened(b);
	if (q->trail != 0 && !when(b, &s, err))
		return false;
	size_t most = q->n < BOOK_PAGE_MAX ? q->n : BOOK_PAGE_MAX;
	out->list = arena_alloc(a, (most + 1) * sizeof *out->list);
	if (s.text.n > 0)
		look_at_names(b, &s);
	enum book_order order = q->order < BOOK_ORDER_COUNT ? q->order : BOOK_BY_TIME;
	struct book_order_list *o = order_of(b, order);
	bool taken = take_page(b, o, q, a, out);
	for (uint32_t i = 0; !taken && i < o->n; i += BOOK_SLICE) {
		pthread_mutex_lock(&b->lock);
		if (b->generation == o->generation)
			take_slice(b, o, i, &s, a, out);
		pthread_mutex_unlock(&b->lock);
	}
	pthread_mutex_lock(&b->lock);
	out->reading = !b->ready;
	out->more = b->ledger.full;
	release(o);
	pthread_mutex_unlock(&b->lock);
	free(s.named);
	return true;
}
