/* One window of a session: its facts are read, counted, and its trails derived. */
#include "ui/report/gather_windows.h"
#include "store/case_pick.h"

/* Sessions come one after the other: the newest first. */
struct counted *counts_of(struct counts *c, int64_t session)
{
	for (size_t i = c->n; i > 0; i--)
		if (c->list[i - 1].summary.session == session)
			return &c->list[i - 1];
	struct counted counted = {.summary = {.session = session}};
	ARENA_PUSH(c->arena, c->list, c->n, counted);
	return &c->list[c->n - 1];
}

/* The first field of every kind. */
static int64_t session_of(enum fact_kind kind, const void *fact)
{
	int64_t session;
	memcpy(&session, (const uint8_t *)fact + fact_info(kind)->fields[0].offset,
		sizeof session);
	return session;
}

static void count(struct window_worker *w, enum fact_kind kind, const void *fact)
{
	const struct fact_exchange_end *end = fact;
	const struct fact_request *request = fact;
	struct counted *c = counts_of(&w->counts, session_of(kind, fact));
	c->summary.exchanges += kind == FACT_KIND_REQUEST;
	c->summary.opaque +=
		kind == FACT_KIND_OPAQUE &&
		!span_is(((const struct fact_opaque *)fact)->why, OPAQUE_NO_INTERCEPT);
	c->ended += kind == FACT_KIND_EXCHANGE_END && span_is(end->reason, "ok");
	if (kind != FACT_KIND_REQUEST || c->summary.user_agent.p != NULL)
		return;
	struct model_field *fields;
	size_t n = fields_parse(&w->facts, request->head, request->fields, &fields);
	c->summary.user_agent = arena_copy(&w->arena, fields_value(fields, n, "User-Agent"));
}

static void into_window(void *ctx, enum fact_kind kind, int64_t seq, void *fact)
{
	struct window_worker *w = ctx;
	const struct fact_note *note = fact;
	if (w->session != 0 && session_of(kind, fact) != w->session)
		return;
	if (seq >= w->window.from && seq < w->window.to && session_of(kind, fact) > 0)
		count(w, kind, fact);
	/* Sticky: there already. */
	if (kind != FACT_KIND_NOTE || note->tunnel != FACT_NULL || note->exchange != FACT_NULL)
		model_take(&w->g.model, kind, seq, fact);
}

static bool late_fact(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct window_worker *w = ctx;
	model_add(&w->g.model, kind, seq, fact);
	return false;
}

/* What comes long after its exchange's request is not in the window: found one by one. */
static bool read_late(struct window_worker *w, struct err *err)
{
	const struct model *m = &w->g.model;
	for (size_t i = 0; i < m->n_exchanges; i++) {
		const struct model_exchange *x = m->exchanges[i];
		if ((x->response == NULL && !case_facts_by(w->g.file, FACT_KIND_RESPONSE, x->id,
						    late_fact, w, err)) ||
			(x->end == NULL && !case_facts_by(w->g.file, FACT_KIND_EXCHANGE_END,
						   x->id, late_fact, w, err)))
			return false;
	}
	return true;
}

bool window_open(struct window_worker *w, const char *path, const struct gather *like,
	int64_t session, const struct stickies *stickies, struct err *err)
{
	*w = (struct window_worker){.session = session, .stickies = stickies};
	bool ok = gather_open(&w->g, path, session, err);
	w->g.model.wrappers = like->model.wrappers;
	return ok;
}

void window_close(struct window_worker *w)
{
	gather_close(&w->g);
	arena_fini(&w->facts);
	arena_fini(&w->arena);
}

bool window_derive(struct window_worker *w, const struct window *window, struct err *err)
{
	gather_forget(&w->g);
	arena_fini(&w->facts);
	arena_fini(&w->arena);
	w->window = *window;
	w->counts = (struct counts){.arena = &w->arena};
	for (size_t i = 0; i < w->stickies->n; i++) {
		const struct sticky *s = &w->stickies->list[i];
		model_add(&w->g.model, s->kind, s->seq, s->fact);
	}
	return case_facts_for_trails(w->g.file, window->before, window->behind, &w->facts,
		       into_window, w, err) &&
	       read_late(w, err) && gather_bodies(&w->g, err) &&
	       gather_derive(&w->g, w->session, err);
}

bool window_begins(const struct window *w, const struct trail *t)
{
	int64_t at = 0;
	for (size_t i = 0; at == 0 && i < t->n_hops; i++)
		if (t->hops[i].exchange != NULL)
			at = t->hops[i].exchange->request_seq;
	return at >= w->from && at < w->to;
}
