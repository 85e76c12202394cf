/* The sessions of a book as lists show them: counted in memory, what their first and last facts
 * say out of the case. */
#include "ui/web/book_state.h"
#include "store/case_pick.h"

struct listed {
	struct book_session *list;
	size_t n;
	struct arena *a;
};

static struct book_session *of_session(struct listed *x, int64_t session)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->list[i].session == session)
			return &x->list[i];
	return NULL;
}

static bool take(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct listed *x = ctx;
	struct book_session *s = of_session(x, fact_number(kind, fact, "session"));
	(void)seq;
	if (s == NULL)
		return true;
	if (kind == FACT_KIND_SESSION_END) {
		const struct fact_session_end *e = fact;
		s->ended_us = e->at_us;
		s->ended_by = arena_copy(x->a, e->reason);
		s->complete = e->complete == 1;
		return true;
	}
	const struct fact_session *f = fact;
	s->started_us = f->at_us;
	s->command = arena_copy(x->a, f->command);
	s->mode = arena_copy(x->a, f->mode);
	s->browser = arena_copy(x->a, f->browser);
	s->browser_version = arena_copy(x->a, f->browser_version);
	s->device = arena_copy(x->a, f->device);
	s->language = arena_copy(x->a, f->language);
	s->timezone = arena_copy(x->a, f->timezone);
	s->via = arena_copy(x->a, f->via);
	return true;
}

/* Under the lock. */
static void want(struct arena *a, enum fact_kind kind, int64_t seq, struct case_wanted **wanted,
	size_t *n)
{
	if (seq != 0)
		ARENA_PUSH(a, *wanted, *n, (struct case_wanted){kind, seq});
}

/* What is known in memory; *all: the numbers of all facts that are wanted are. */
static void count(struct book *b, size_t max, struct arena *own, struct listed *x,
	struct case_wanted **wanted, size_t *n_wanted, bool *all)
{
	*all = true;
	for (size_t i = b->n_sessions; i > 0 && x->n < max; i--) {
		const struct kept_session *k = b->sessions[i - 1];
		const struct ledger_session *l = ledger_session(&b->ledger, k->id);
		struct book_session s = {.session = k->id,
			.started_us = FACT_NULL,
			.ended_us = FACT_NULL,
			.running = kept_session_runs(b, k),
			.trails = k->trails,
			.exchanges = k->stored ? k->stored_exchanges : 0};
		*all &= l != NULL && (l->ends != 0 || s.running || b->ready);
		if (l != NULL) {
			if (!k->stored || (b->ready && !b->ledger.full))
				s.exchanges = l->exchanges;
			want(own, FACT_KIND_SESSION, l->begins, wanted, n_wanted);
			want(own, FACT_KIND_SESSION_END, l->ends, wanted, n_wanted);
		}
		ARENA_PUSH(x->a, x->list, x->n, s);
	}
}

static bool fetch(struct book *b, struct listed *x, const struct case_wanted *wanted, size_t n,
	bool all, struct arena *own, struct err *err)
{
	void **facts = arena_alloc(own, (n + 1) * sizeof *facts);
	bool indexed = false;
	pthread_mutex_lock(&b->reading);
	struct case_file *file = book_page_file(b, err);
	bool ok = file != NULL && (all || case_indexed(file, &indexed, err));
	if (ok && indexed)
		ok = case_facts_of(file, FACT_KIND_SESSION, take, x, err) &&
		     case_facts_of(file, FACT_KIND_SESSION_END, take, x, err);
	else if (ok)
		ok = case_fetch(file, wanted, n, own, facts, err);
	for (size_t i = 0; ok && !indexed && i < n; i++)
		if (facts[i] != NULL)
			take(x, wanted[i].kind, wanted[i].seq, facts[i]);
	book_page_done(b);
	pthread_mutex_unlock(&b->reading);
	return ok;
}

bool book_sessions(struct book *b, size_t max, struct arena *a, struct book_session **out,
	size_t *n, size_t *total, struct err *err)
{
	struct arena own = {0};
	struct listed x = {.a = a};
	struct case_wanted *wanted = NULL;
	size_t n_wanted = 0;
	bool all;
	book_wait_opened(b);
	pthread_mutex_lock(&b->lock);
	count(b, max < BOOK_PAGE_MAX ? max : BOOK_PAGE_MAX, &own, &x, &wanted, &n_wanted, &all);
	*total = b->n_sessions;
	pthread_mutex_unlock(&b->lock);
	bool ok = x.n == 0 || fetch(b, &x, wanted, n_wanted, all, &own, err);
	arena_fini(&own);
	*out = x.list;
	*n = ok ? x.n : 0;
	return ok;
}
