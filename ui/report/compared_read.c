/* The comparison for a report: what is not agree, and how each hop fared. */
#include "store/case_pick.h"
#include "ui/report/compared_parts.h"
#include "ui/report/report.h"

#include <stdlib.h>

/* A hop by what verdicts name it by. */
struct named_hop {
	int64_t number; /* of its exchange, or of its connection */
	int64_t leg;    /* its origin leg; FACT_NULL: none */
	struct compared_hop *hop;
};

struct reading {
	const struct report *r;
	struct arena *a;
	struct compared *out;
	bool some;
	struct named_hop *by_exchange, *by_tunnel;
	size_t n;
	struct compared_keep keep;
};

static int by_number(const void *a, const void *b)
{
	const struct named_hop *x = a, *y = b;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int by_exchange(const void *a, const void *b)
{
	const struct compared_hop *x = a, *y = b;
	return x->exchange < y->exchange ? -1 : x->exchange > y->exchange;
}

/* An exchange may be a hop of several trails, as a frame's is. */
static void list_hops(struct reading *x)
{
	struct compared *out = x->out;
	for (size_t i = 0; i < x->r->n_trails; i++)
		for (size_t k = 0; k < x->r->trails[i].n_hops; k++) {
			const struct model_exchange *e = x->r->trails[i].hops[k].exchange;
			if (e != NULL)
				ARENA_PUSH(x->a, out->hops, out->n_hops,
					(struct compared_hop){.exchange = e->id});
		}
	if (out->n_hops > 1)
		qsort(out->hops, out->n_hops, sizeof *out->hops, by_exchange);
	size_t n = 0;
	for (size_t i = 0; i < out->n_hops; i++)
		if (n == 0 || out->hops[n - 1].exchange != out->hops[i].exchange)
			out->hops[n++] = out->hops[i];
	out->n_hops = n;
	x->by_exchange = arena_alloc(x->a, (n + 1) * sizeof *x->by_exchange);
	x->by_tunnel = arena_alloc(x->a, (n + 1) * sizeof *x->by_tunnel);
	x->n = n;
}

static void name_hops(struct reading *x)
{
	for (size_t i = 0; i < x->n; i++) {
		struct compared_hop *h = &x->out->hops[i];
		x->by_exchange[i] = (struct named_hop){h->exchange, FACT_NULL, h};
		x->by_tunnel[i] = (struct named_hop){FACT_NULL, FACT_NULL, h};
	}
	for (size_t i = 0; i < x->r->n_trails; i++)
		for (size_t k = 0; k < x->r->trails[i].n_hops; k++) {
			const struct model_exchange *e = x->r->trails[i].hops[k].exchange;
			const struct compared_hop *h =
				e != NULL ? compared_hop_of(x->out, e->id) : NULL;
			if (h == NULL)
				continue;
			struct named_hop *t = &x->by_tunnel[h - x->out->hops];
			t->number = e->request->tunnel;
			t->leg = report_leg(x->r->model, e);
		}
	if (x->n > 1)
		qsort(x->by_tunnel, x->n, sizeof *x->by_tunnel, by_number);
}

static size_t first_of(const struct named_hop *list, size_t n, int64_t number)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (list[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* True: it is about a hop of this report. */
static bool count(struct reading *x, const struct verdict *v)
{
	bool any = false;
	bool exchange = v->exchange != FACT_NULL;
	const struct named_hop *list = exchange ? x->by_exchange : x->by_tunnel;
	int64_t number = exchange ? v->exchange : v->tunnel;
	if (number == FACT_NULL)
		return false;
	for (size_t i = first_of(list, x->n, number); i < x->n && list[i].number == number;
		i++) {
		if (!exchange && v->leg != FACT_NULL && v->leg != LEG_BROWSER &&
			v->leg != list[i].leg)
			continue;
		list[i].hop->of[v->kind]++;
		any = true;
	}
	return any;
}

static bool of_session(const struct report *r, int64_t session)
{
	for (size_t i = 0; i < r->n_sessions; i++)
		if (r->sessions[i].start->session == session)
			return true;
	return false;
}

/* Of an edition about one trail, what is about nobody's hop: files, and what went past the
 * proxy. */
static bool wanted(const struct reading *x, const struct verdict *v, bool hop)
{
	if (!of_session(x->r, v->session))
		return false;
	return !x->some || hop ||
	       (v->tunnel == FACT_NULL && v->exchange == FACT_NULL &&
		       (v->kind == VERDICT_BYPASS || v->subject == VERDICT_OF_FILE));
}

/* A part of a value would be a part of what redaction looks for whole. */
static struct span kept_value(struct arena *a, struct span s)
{
	if (s.n <= COMPARED_VALUE_MAX)
		return arena_copy(a, s);
	return span_str(arena_printf(a, "%zu bytes of text, too long to be shown", s.n));
}

static bool take(void *ctx, const struct verdict *v)
{
	struct reading *x = ctx;
	bool hop = count(x, v);
	if (!compared_keeps(&x->keep, v) || !wanted(x, v, hop))
		return true;
	struct verdict kept = *v;
	kept.file = kept_value(x->a, v->file);
	kept.proxy_value = kept_value(x->a, v->proxy_value);
	kept.witness_value = kept_value(x->a, v->witness_value);
	kept.detail = kept_value(x->a, v->detail);
	compared_keep(&x->keep, x->a, &kept);
	return true;
}

/* What a comparison says besides its verdicts. */
struct said {
	bool checked;
	int64_t at_us;
	struct span by;
	struct compared_file *files;
	struct compared_destroyed *destroyed;
	size_t n_files, n_destroyed;
};

static void take_files(struct said *x, const struct compared_work *w, struct arena *a)
{
	for (size_t i = 0; i < w->n_read; i++) {
		const struct fact_packet_file *f = w->read[i];
		struct compared_file file = {.session = f->session,
			.side = arena_copy(a, f->side),
			.name = arena_copy(a, f->name),
			.outcome = arena_copy(a, f->outcome),
			.detail = arena_copy(a, f->detail),
			.size = f->size,
			.packets = f->packets,
			.dropped = f->dropped,
			.first_us = f->first_us,
			.last_us = f->last_us};
		if (f->sha256.n == SHA256_LEN)
			memcpy(file.sha256, f->sha256.p, SHA256_LEN);
		ARENA_PUSH(a, x->files, x->n_files, file);
	}
}

static struct said said_of(const struct compared_work *w, struct arena *a)
{
	struct said s = {.at_us = FACT_NULL};
	if (w->run != FACT_NULL) {
		s.checked = true;
		s.at_us = w->at_us;
		s.by = arena_copy(a, w->by);
		take_files(&s, w, a);
	}
	for (size_t i = 0; w->mine && i < w->n_destroyed; i++)
		compared_destroyed_add(a, &s.destroyed, &s.n_destroyed, &w->destroyed[i]);
	return s;
}

/* As far as the report's sessions go. */
static void finish(struct reading *x, const struct said *s)
{
	struct compared *out = x->out;
	out->kept = compared_kept(&x->keep, x->a, &out->n_kept);
	out->checked = s->checked;
	out->at_us = s->at_us;
	out->by = s->by;
	for (size_t i = 0; i < s->n_files; i++)
		if (of_session(x->r, s->files[i].session))
			ARENA_PUSH(x->a, out->files, out->n_files, s->files[i]);
	for (size_t i = 0; i < s->n_destroyed; i++)
		if (of_session(x->r, s->destroyed[i].session))
			compared_destroyed_add(
				x->a, &out->destroyed, &out->n_destroyed, &s->destroyed[i]);
}

static bool there_is_one(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	(void)seq;
	(void)fact;
	*(bool *)ctx |= kind == FACT_KIND_CAPTURE;
	return false;
}

/* Only where that is cheap to know. */
static bool was_recorded(struct case_file *c, bool *out, struct err *err)
{
	bool indexed = false;
	*out = false;
	return case_indexed(c, &indexed, err) &&
	       (!indexed || case_facts_of(c, FACT_KIND_CAPTURE, there_is_one, out, err));
}

bool compared_read(struct case_file *c, const char *companion, const struct report *r,
	bool some, struct arena *a, struct compared *out, struct err *err)
{
	struct compared_work w;
	struct reading x = {
		.r = r, .a = a, .out = out, .some = some, .keep = {.max = COMPARED_KEPT_MAX}};
	*out = (struct compared){.at_us = FACT_NULL};
	list_hops(&x);
	name_hops(&x);
	bool ok = was_recorded(c, &out->recorded, err);
	if (!ok)
		return false;
	ok = compared_walk_to(c, companion, 0, &w, take, &x, &out->counts, err);
	if (ok) {
		const struct said said = said_of(&w, a);
		finish(&x, &said);
	}
	compared_walk_done(&w);
	return ok;
}

/* ---- kept, for who asks again ---- */

struct compared_all {
	struct arena arena;
	int64_t max;
	struct verdict *list;
	size_t n;
	bool recorded, full;
	struct said said;
	struct compared_counts counts;
};

static bool keep_one(void *ctx, const struct verdict *v)
{
	struct compared_all *x = ctx;
	struct verdict kept = *v;
	const struct verdict *last = x->n > 0 ? &x->list[x->n - 1] : NULL;
	/* Most say what others have said. */
	kept.file = last != NULL && span_eq(last->file, v->file)
			    ? last->file
			    : arena_copy(&x->arena, v->file);
	kept.proxy_value = kept_value(&x->arena, v->proxy_value);
	kept.witness_value =
		v->witness_value.p != NULL && span_eq(v->proxy_value, v->witness_value)
			? kept.proxy_value
			: kept_value(&x->arena, v->witness_value);
	kept.detail = kept_value(&x->arena, v->detail);
	ARENA_PUSH(&x->arena, x->list, x->n, kept);
	x->full = (int64_t)x->arena.total > x->max;
	return !x->full;
}

struct compared_all *compared_all_read(
	struct case_file *c, const char *companion, int64_t max, struct err *err)
{
	struct compared_work w;
	struct compared_all *x = calloc(1, sizeof *x);
	if (x == NULL)
		abort();
	x->max = max;
	if (!was_recorded(c, &x->recorded, err)) {
		compared_all_free(x);
		return NULL;
	}
	bool ok = compared_walk_to(c, companion, 0, &w, keep_one, x, &x->counts, err);
	if (ok)
		x->said = said_of(&w, &x->arena);
	compared_walk_done(&w);
	if (!ok) {
		compared_all_free(x);
		return NULL;
	}
	if (x->full) {
		/* Only that it is too large is kept. */
		arena_fini(&x->arena);
		*x = (struct compared_all){.full = true};
	}
	return x;
}

void compared_all_free(struct compared_all *x)
{
	if (x == NULL)
		return;
	arena_fini(&x->arena);
	free(x);
}

bool compared_all_full(const struct compared_all *x)
{
	return x->full;
}

int64_t compared_all_bytes(const struct compared_all *x)
{
	return (int64_t)x->arena.total;
}

void compared_all_walk(const struct compared_all *x, compared_fn *each, void *ctx,
	struct compared_counts *counts)
{
	*counts = x->counts;
	for (size_t i = 0; i < x->n && each(ctx, &x->list[i]); i++)
		continue;
}

void compared_all_report(const struct compared_all *all, const struct report *r, bool some,
	struct arena *a, struct compared *out)
{
	struct reading x = {
		.r = r, .a = a, .out = out, .some = some, .keep = {.max = COMPARED_KEPT_MAX}};
	*out = (struct compared){.recorded = all->recorded};
	list_hops(&x);
	name_hops(&x);
	compared_all_walk(all, take, &x, &out->counts);
	finish(&x, &all->said);
}

const struct compared_hop *compared_hop_of(const struct compared *c, int64_t exchange)
{
	const struct compared_hop key = {.exchange = exchange};
	return c == NULL || c->n_hops == 0
		       ? NULL
		       : bsearch(&key, c->hops, c->n_hops, sizeof *c->hops, by_exchange);
}

uint64_t compared_others(const uint64_t of[VERDICT_COUNT])
{
	return of[VERDICT_DIFFER] + of[VERDICT_UNSEEN] + of[VERDICT_BYPASS];
}
