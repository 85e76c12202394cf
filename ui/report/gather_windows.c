/*
 * Trails of sessions of any length, derived and stored in bounded memory: window after window
 * of a session's facts, each with a margin on both sides in which causes and continuations are
 * looked for. A session that fits into one window is derived whole. A trail belongs to the
 * window in which it begins. The case's indexes are there: what comes after a window, and
 * bodies, are found by them.
 */
#include "ui/report/gather.h"
#include "ui/report/trail_rows.h"
#include "store/case_pick.h"

/* Facts that belong to every window of their session: the session itself, notes on it, and
 * connections whose certificate was let pass. */
struct sticky {
	enum fact_kind kind;
	int64_t session, seq;
	const void *fact;
};

/* What was counted of a session, and how many of its trails are stored. */
struct counted {
	struct derived_session summary;
	size_t trails;
	int64_t ended; /* exchanges, well */
};

struct anew {
	struct gather *g;
	struct writer *writer;
	int64_t session;    /* only this one; 0: all */
	int64_t from, to;   /* of the window, margins left out: numbers of facts, to excluded */
	struct arena arena; /* of these: */
	struct sticky *sticky;
	size_t n_sticky;
	struct counted *counted;
	size_t n_counted;
	struct arena facts; /* of a window */
};

/* Sessions come one after the other: the newest first. */
static struct counted *counted_of(struct anew *w, int64_t session)
{
	for (size_t i = w->n_counted; i > 0; i--)
		if (w->counted[i - 1].summary.session == session)
			return &w->counted[i - 1];
	struct counted c = {.summary = {.session = session}};
	ARENA_PUSH(&w->arena, w->counted, w->n_counted, c);
	return &w->counted[w->n_counted - 1];
}

/* ---- before the first window ---- */

/* The first field of every kind. */
static int64_t session_of(enum fact_kind kind, const void *fact)
{
	int64_t session;
	memcpy(&session, (const uint8_t *)fact + fact_info(kind)->fields[0].offset,
		sizeof session);
	return session;
}

static bool keep(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct anew *w = ctx;
	int64_t session = session_of(kind, fact);
	const struct fact_note *note = fact;
	if ((w->session != 0 && session != w->session) ||
		(kind == FACT_KIND_NOTE && note->exchange != FACT_NULL))
		return true;
	void *copy = arena_alloc(&w->arena, fact_info(kind)->size);
	fact_copy(kind, fact, copy, &w->arena);
	struct sticky sticky = {kind, session, seq, copy};
	ARENA_PUSH(&w->arena, w->sticky, w->n_sticky, sticky);
	if (kind == FACT_KIND_SESSION)
		counted_of(w, session)->summary.user_agent =
			((const struct fact_session *)copy)->user_agent;
	return true;
}

static bool read_sticky(struct anew *w, struct err *err)
{
	struct case_file *c = w->g->file;
	return case_facts_of(c, FACT_KIND_SESSION, keep, w, err) &&
	       case_facts_of(c, FACT_KIND_SESSION_END, keep, w, err) &&
	       case_facts_by(c, FACT_KIND_NOTE, FACT_NULL, keep, w, err) &&
	       case_handshakes_permitted(c, keep, w, err);
}

/* ---- a window ---- */

static void count(struct anew *w, enum fact_kind kind, const void *fact)
{
	const struct fact_exchange_end *end = fact;
	const struct fact_request *request = fact;
	struct counted *c = counted_of(w, session_of(kind, fact));
	c->summary.exchanges += kind == FACT_KIND_REQUEST;
	c->summary.opaque += kind == FACT_KIND_OPAQUE;
	c->ended += kind == FACT_KIND_EXCHANGE_END && span_is(end->reason, "ok");
	if (kind != FACT_KIND_REQUEST || c->summary.user_agent.p != NULL)
		return;
	struct model_field *fields;
	size_t n = fields_parse(&w->facts, request->head, request->fields, &fields);
	c->summary.user_agent = arena_copy(&w->arena, fields_value(fields, n, "User-Agent"));
}

static void into_window(void *ctx, enum fact_kind kind, int64_t seq, void *fact)
{
	struct anew *w = ctx;
	const struct fact_note *note = fact;
	if (w->session != 0 && session_of(kind, fact) != w->session)
		return;
	if (seq >= w->from && seq < w->to && session_of(kind, fact) > 0)
		count(w, kind, fact);
	/* Kept already. */
	if (kind != FACT_KIND_NOTE || note->tunnel != FACT_NULL || note->exchange != FACT_NULL)
		model_take(&w->g->model, kind, seq, fact);
}

static bool late_fact(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct anew *w = ctx;
	model_add(&w->g->model, kind, seq, fact);
	return false;
}

/* What comes long after its exchange's request is not in the window: found one by one. */
static bool read_late(struct anew *w, struct err *err)
{
	const struct model *m = &w->g->model;
	for (size_t i = 0; i < m->n_exchanges; i++) {
		const struct model_exchange *x = m->exchanges[i];
		if ((x->response == NULL && !case_facts_by(w->g->file, FACT_KIND_RESPONSE,
						    x->id, late_fact, w, err)) ||
			(x->end == NULL && !case_facts_by(w->g->file, FACT_KIND_EXCHANGE_END,
						   x->id, late_fact, w, err)))
			return false;
	}
	return true;
}

/* first, last: of the facts that are read, margins included. */
static bool fill_window(struct anew *w, int64_t first, int64_t last, struct err *err)
{
	struct gather *g = w->g;
	gather_forget(g);
	arena_fini(&w->facts);
	for (size_t i = 0; i < w->n_sticky; i++)
		model_add(&g->model, w->sticky[i].kind, w->sticky[i].seq, w->sticky[i].fact);
	return case_facts_for_trails(g->file, first, last, &w->facts, into_window, w, err) &&
	       read_late(w, err) && gather_bodies(g, err);
}

static int64_t begins_at(const struct trail *t)
{
	for (size_t i = 0; i < t->n_hops; i++)
		if (t->hops[i].exchange != NULL)
			return t->hops[i].exchange->request_seq;
	return 0;
}

/* The trails that begin in the window, margins left out, numbered on. */
static struct trail_set begun_in(struct anew *w)
{
	struct trail_set set = {0};
	for (size_t i = 0; i < w->g->trails.n; i++) {
		struct trail t = w->g->trails.trails[i];
		int64_t at = begins_at(&t);
		if (at < w->from || at >= w->to)
			continue;
		t.number = ++counted_of(w, t.session)->trails;
		ARENA_PUSH(&w->g->arena, set.trails, set.n, t);
	}
	return set;
}

/* Facts from `from` to `last`, of one session. */
static bool store_windows(struct anew *w, int64_t first, int64_t last, struct err *err)
{
	struct gather *g = w->g;
	for (w->from = first; w->from <= last; w->from = w->to) {
		w->to = w->from + g->window;
		/* A rest that is shorter than a margin is no window of its own. */
		if (w->to + g->margin > last)
			w->to = last + 1;
		int64_t before = w->from - g->margin > first ? w->from - g->margin : first;
		int64_t behind = w->to - 1 + g->margin < last ? w->to - 1 + g->margin : last;
		if (!fill_window(w, before, behind, err))
			return false;
		if (!gather_derive(g, w->session, err))
			return false;
		struct trail_set set = begun_in(w);
		if (!trail_rows_store(w->writer, w->session, &set, true, err))
			return false;
	}
	return true;
}

/* ---- all sessions ---- */

static bool store_summaries(struct anew *w, struct gather_counts *counts, struct err *err)
{
	for (size_t i = 0; i < w->n_counted; i++) {
		struct derived_session *s = &w->counted[i].summary;
		s->failed = s->exchanges > w->counted[i].ended
				    ? s->exchanges - w->counted[i].ended
				    : 0;
		counts->trails += w->counted[i].trails;
		counts->exchanges += (size_t)s->exchanges;
		if (!writer_put_summary(w->writer, s, err))
			return false;
	}
	return true;
}

/* From where each session begins to where the next one does. */
static bool store_sessions(struct anew *w, int64_t after, int64_t last, struct err *err)
{
	int64_t first = after + 1;
	for (size_t i = 0; i < w->n_sticky; i++) {
		const struct sticky *s = &w->sticky[i];
		if (s->kind != FACT_KIND_SESSION || s->seq <= first)
			continue;
		if (!store_windows(w, first, s->seq - 1, err))
			return false;
		first = s->seq;
	}
	return store_windows(w, first, last, err);
}

bool gather_store_anew(struct gather *g, int64_t session, struct writer *writer,
	struct gather_counts *counts, struct err *err)
{
	struct anew w = {.g = g, .writer = writer, .session = session};
	struct trail_set none = {0};
	struct case_about about;
	int64_t after = 0;
	bool ok = writer_index(writer, err) &&
		  (session == 0 || case_session_after(g->file, session, &after, err)) &&
		  case_about(g->file, &about, err) && read_sticky(&w, err) &&
		  trail_rows_store(writer, session, &none, false, err) &&
		  store_sessions(&w, after, about.last_seq, err) &&
		  store_summaries(&w, counts, err);
	/* The facts of the last window go: nothing of it may be looked at any more. */
	gather_forget(g);
	arena_fini(&w.facts);
	arena_fini(&w.arena);
	return ok;
}
