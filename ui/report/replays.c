#include "ui/report/replays.h"
#include "store/fact/custody.h"

enum { BY_MAX = 256 }; /* bytes of an operator's name */

/* The newest line of a trail, as it stands in its fact. */
struct newest {
	struct span trail;
	uint8_t *line; /* SAME_LINE_MAX bytes, written over by a later one */
	size_t n;
	int64_t at_us;
	struct span by;
};

struct reading {
	struct span case_id;
	struct arena *a;
	struct arena scratch;
	struct newest *list;
	size_t n;
	struct replays *out;
	bool mine;
};

static struct newest *find(struct reading *r, struct span trail)
{
	for (size_t i = 0; i < r->n; i++)
		if (span_eq(r->list[i].trail, trail))
			return &r->list[i];
	if (r->n == REPLAYS_MAX)
		return NULL;
	ARENA_PUSH(r->a, r->list, r->n,
		(struct newest){.trail = arena_copy(r->a, trail),
			.line = arena_alloc(r->a, SAME_LINE_MAX)});
	return &r->list[r->n - 1];
}

/* What a companion holds may be of any length; what is kept of it is not. */
static void take(struct reading *r, const struct fact_custody *f)
{
	struct same_kept k;
	bool good = same_line_read(f->detail, &r->scratch, &k);
	struct newest *into = good ? find(r, k.trail) : NULL;
	arena_reset(&r->scratch);
	if (into == NULL) {
		r->out->unread++;
		return;
	}
	memcpy(into->line, f->detail.p, f->detail.n);
	into->n = f->detail.n;
	into->at_us = f->at_us;
	if (!span_eq(into->by, f->operator_name))
		into->by = arena_copy(r->a, span_first(f->operator_name, BY_MAX));
}

static void keep(struct reading *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct same_kept k;
		if (!same_line_read(span_of(r->list[i].line, r->list[i].n), r->a, &k))
			continue;
		k.at_us = r->list[i].at_us;
		k.by = r->list[i].by;
		ARENA_PUSH(r->a, r->out->list, r->out->n, k);
	}
}

static bool look_at(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct reading *r = ctx;
	const struct fact_custody *f = fact;
	(void)seq;
	if (kind != FACT_KIND_CUSTODY)
		return true;
	if (span_is(f->act, custody_word(CUSTODY_COMPANION))) {
		r->mine = r->mine || custody_is_of(f, r->case_id);
		return r->mine;
	}
	if (!r->mine || !span_is(f->act, custody_word(CUSTODY_REPLAYED)))
		return r->mine;
	take(r, f);
	return true;
}

bool replays_read(const char *companion, struct span case_id, struct arena *a,
	struct replays *out, struct err *err)
{
	struct reading r = {.case_id = case_id, .a = a, .out = out};
	*out = (struct replays){0};
	struct case_file *c = case_open(companion, err);
	bool good = c != NULL && case_facts(c, 0, 0, look_at, &r, err);
	if (c != NULL)
		case_close(c);
	out->stranger = good && !r.mine;
	keep(&r);
	arena_fini(&r.scratch);
	return good;
}

void replays_attach(const struct replays *replays, struct report *r)
{
	for (size_t i = 0; i < r->n_trails; i++)
		for (size_t k = 0; k < replays->n; k++)
			if (span_is(replays->list[k].trail, r->trails[i].id))
				r->trails[i].replay = &replays->list[k];
}
