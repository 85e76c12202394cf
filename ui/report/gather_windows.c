/*
 * Trails of a session of any length, derived and stored in bounded memory: window after window
 * of its facts, each with a margin on both sides in which causes and continuations are looked
 * for. A session that fits into one window is derived whole. A trail belongs to the window in
 * which it begins.
 */
#include "ui/report/gather.h"
#include "ui/report/report.h"
#include "ui/report/trail_rows.h"
#include "store/case_pick.h"

#include <stdlib.h>

/* What came long after its exchange's request: beyond the margin. */
struct late {
	int64_t request_seq, seq;
};

/* What belongs to every window: the session itself, and what was let pass on long connections.
 */
struct sticky {
	enum fact_kind kind;
	int64_t seq;
	const void *fact;
};

struct survey {
	int64_t session, margin;
	int64_t first_seq, last_seq;
	int64_t *requests; /* by exchange, from first_exchange on: seq of its request */
	size_t n_requests;
	int64_t first_exchange;
	struct arena arena;
	struct late *late;
	size_t n_late;
	struct sticky *sticky;
	size_t n_sticky;
	struct derived_session summary;
	size_t n_ended;
};

/* ---- the first pass ---- */

static void *grown(void *p, size_t size)
{
	p = realloc(p, size);
	if (p == NULL)
		abort();
	return p;
}

static int64_t *request_of(struct survey *s, int64_t exchange)
{
	int64_t at = exchange - s->first_exchange;
	if (s->n_requests == 0 || at < 0 || (size_t)at >= s->n_requests)
		return NULL;
	return &s->requests[at];
}

/* Numbers of exchanges go on one by one; what a spoilt case says beyond that is left out. */
static void saw_request(struct survey *s, const struct fact_request *f, int64_t seq)
{
	enum { AT_ONCE = 4096, GAP_MAX = 1 << 20 };
	if (s->n_requests == 0)
		s->first_exchange = f->exchange - AT_ONCE > 0 ? f->exchange - AT_ONCE : 1;
	int64_t at = f->exchange - s->first_exchange;
	if (at < 0 || at > (int64_t)s->n_requests + GAP_MAX)
		return;
	if ((size_t)at >= s->n_requests) {
		size_t n = ((size_t)at + AT_ONCE) * 5 / 4;
		s->requests = grown(s->requests, n * sizeof *s->requests);
		memset(s->requests + s->n_requests, 0,
			(n - s->n_requests) * sizeof *s->requests);
		s->n_requests = n;
	}
	s->requests[at] = seq;
	s->summary.exchanges++;
	if (s->summary.user_agent.p != NULL)
		return;
	struct arena scratch = {0};
	struct model_field *fields;
	size_t n = fields_parse(&scratch, f->head, f->fields, &fields);
	s->summary.user_agent = arena_copy(&s->arena, fields_value(fields, n, "User-Agent"));
	arena_fini(&scratch);
}

static void saw_of_exchange(struct survey *s, int64_t exchange, int64_t seq)
{
	const int64_t *request = request_of(s, exchange);
	if (request == NULL || *request == 0 || seq - *request <= s->margin / 2)
		return;
	struct late late = {*request, seq};
	ARENA_PUSH(&s->arena, s->late, s->n_late, late);
}

static void keep(struct survey *s, enum fact_kind kind, int64_t seq, const void *fact)
{
	void *copy = arena_alloc(&s->arena, fact_info(kind)->size);
	fact_copy(kind, fact, copy, &s->arena);
	struct sticky sticky = {kind, seq, copy};
	ARENA_PUSH(&s->arena, s->sticky, s->n_sticky, sticky);
}

static bool is_sticky(enum fact_kind kind, const void *fact)
{
	const struct fact_note *note = fact;
	const struct fact_handshake *handshake = fact;
	if (kind == FACT_KIND_NOTE)
		return note->tunnel == FACT_NULL && note->exchange == FACT_NULL;
	if (kind == FACT_KIND_HANDSHAKE)
		return handshake->permitted == 1;
	return kind == FACT_KIND_SESSION || kind == FACT_KIND_SESSION_END;
}

static void saw_end(struct survey *s, const struct fact_exchange_end *f, int64_t seq)
{
	saw_of_exchange(s, f->exchange, seq);
	s->n_ended += span_is(f->reason, "ok");
}

static bool survey_fact(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct survey *s = ctx;
	if (s->first_seq == 0)
		s->first_seq = seq;
	s->last_seq = seq;
	if (is_sticky(kind, fact))
		keep(s, kind, seq, fact);
	if (kind == FACT_KIND_SESSION)
		s->summary.user_agent =
			arena_copy(&s->arena, ((const struct fact_session *)fact)->user_agent);
	else if (kind == FACT_KIND_REQUEST)
		saw_request(s, fact, seq);
	else if (kind == FACT_KIND_RESPONSE)
		saw_of_exchange(s, ((const struct fact_response *)fact)->exchange, seq);
	else if (kind == FACT_KIND_EXCHANGE_END)
		saw_end(s, fact, seq);
	s->summary.opaque += kind == FACT_KIND_OPAQUE;
	return true;
}

/* ---- a window ---- */

struct window {
	struct gather *g;
	const struct survey *s;
	int64_t first, last; /* of its facts, margins included */
};

static bool into_window(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct window *w = ctx;
	if (seq > w->last)
		return false;
	if (!is_sticky(kind, fact))
		model_add(&w->g->model, kind, seq, fact);
	return true;
}

static bool one_fact(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct window *w = ctx;
	model_add(&w->g->model, kind, seq, fact);
	return false;
}

static bool fill_window(struct window *w, struct err *err)
{
	const struct survey *s = w->s;
	for (size_t i = 0; i < s->n_sticky; i++)
		model_add(&w->g->model, s->sticky[i].kind, s->sticky[i].seq, s->sticky[i].fact);
	if (!case_facts(w->g->file, w->first - 1, s->session, into_window, w, err))
		return false;
	for (size_t i = 0; i < s->n_late; i++) {
		const struct late *late = &s->late[i];
		if (late->request_seq >= w->first && late->request_seq <= w->last &&
			late->seq > w->last &&
			!case_facts(w->g->file, late->seq - 1, s->session, one_fact, w, err))
			return false;
	}
	return gather_bodies(w->g, err);
}

static int64_t begins_at(const struct trail *t)
{
	for (size_t i = 0; i < t->n_hops; i++)
		if (t->hops[i].exchange != NULL)
			return t->hops[i].exchange->request_seq;
	return 0;
}

/* The trails that begin from `from` up to before `to`, numbered on. */
static struct trail_set begun_in(
	struct gather *g, int64_t from, int64_t to, size_t *number, struct arena *a)
{
	struct trail_set set = {0};
	for (size_t i = 0; i < g->trails.n; i++) {
		struct trail t = g->trails.trails[i];
		int64_t at = begins_at(&t);
		if (at < from || at >= to)
			continue;
		t.number = ++*number;
		ARENA_PUSH(a, set.trails, set.n, t);
	}
	return set;
}

static bool store_window(struct gather *g, const struct survey *s, int64_t from, int64_t to,
	size_t *number, struct writer *writer, struct err *err)
{
	struct window w = {.g = g,
		.s = s,
		.first = from - g->margin > s->first_seq ? from - g->margin : s->first_seq,
		.last = to - 1 + g->margin};
	const struct wrapper_rules *wrappers = g->model.wrappers;
	model_fini(&g->model);
	model_init(&g->model);
	g->model.wrappers = wrappers;
	arena_fini(&g->arena);
	bool ok = fill_window(&w, err);
	if (!ok)
		return false;
	trail_derive(&g->model, s->session, &g->arena, &g->trails);
	bool first = from == s->first_seq;
	struct trail_set set = begun_in(g, from, to, number, &g->arena);
	return trail_rows_store(writer, s->session, &set, !first, err);
}

static bool store_windows(struct gather *g, struct survey *s, size_t *number,
	struct writer *writer, struct err *err)
{
	int64_t from = s->first_seq;
	while (from <= s->last_seq) {
		int64_t to = from + g->window;
		/* A rest that is shorter than a margin is no window of its own. */
		if (to + g->margin > s->last_seq)
			to = s->last_seq + 1;
		if (!store_window(g, s, from, to, number, writer, err))
			return false;
		from = to;
	}
	s->summary.session = s->session;
	s->summary.failed = s->summary.exchanges - (int64_t)s->n_ended;
	if (s->summary.failed < 0)
		s->summary.failed = 0;
	return writer_put_summary(writer, &s->summary, err);
}

static bool store_session(struct gather *g, int64_t session, int64_t after,
	struct writer *writer, struct gather_counts *counts, struct err *err)
{
	struct survey s = {.session = session, .margin = g->margin};
	size_t number = 0;
	bool ok = case_facts(g->file, after, session, survey_fact, &s, err);
	if (ok && s.first_seq != 0)
		ok = store_windows(g, &s, &number, writer, err);
	counts->trails += number;
	counts->exchanges += (size_t)s.summary.exchanges;
	free(s.requests);
	arena_fini(&s.arena);
	return ok;
}

/* ---- all sessions ---- */

struct session_start {
	int64_t session, first_seq;
};

struct sessions {
	struct arena arena;
	struct session_start *items;
	size_t n;
};

static bool note_session(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct sessions *s = ctx;
	int64_t session; /* the first field of every kind */
	memcpy(&session, (const uint8_t *)fact + fact_info(kind)->fields[0].offset,
		sizeof session);
	if (session == FACT_NULL || session == 0)
		return true;
	for (size_t i = s->n; i > 0; i--)
		if (s->items[i - 1].session == session)
			return true;
	struct session_start start = {session, seq};
	ARENA_PUSH(&s->arena, s->items, s->n, start);
	return true;
}

bool gather_store_anew(struct gather *g, int64_t session, struct writer *writer,
	struct gather_counts *counts, struct err *err)
{
	struct sessions all = {0};
	struct trail_set none = {0};
	int64_t after = 0;
	if (session != 0)
		return case_session_after(g->file, session, &after, err) &&
		       store_session(g, session, after, writer, counts, err);
	bool ok = case_facts(g->file, 0, 0, note_session, &all, err) &&
		  trail_rows_store(writer, 0, &none, false, err);
	for (size_t i = 0; ok && i < all.n; i++)
		ok = store_session(g, all.items[i].session, all.items[i].first_seq - 1, writer,
			counts, err);
	arena_fini(&all.arena);
	return ok;
}
