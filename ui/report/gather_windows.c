/*
 * Trails of sessions of any length, derived and stored in bounded memory: window after window
 * of a session's facts, each with a margin on both sides in which causes and continuations are
 * looked for. A session that fits into one window is derived whole. A trail belongs to the
 * window in which it begins. The case's indexes are there: what comes after a window, and
 * bodies, are found by them. Windows do not depend on each other: as many threads as there are
 * processors derive them, and store them in their order.
 */
#include "ui/report/gather_windows.h"
#include "ui/report/trail_rows.h"
#include "store/case_pick.h"

#include <pthread.h>
#include <sched.h>

enum { WORKERS_MAX = 4 }; /* each holds a window in memory */

struct anew {
	struct gather *g;
	struct writer *writer;
	int64_t session;    /* only this one; 0: all */
	struct arena arena; /* of these: */
	struct stickies stickies;
	struct window *windows;
	size_t n_windows;
	struct counts counts;
	pthread_mutex_t lock; /* of what follows, of counts, and while a window is stored */
	pthread_cond_t moved;
	size_t next;   /* the window that nobody has taken yet */
	size_t stored; /* windows up to here are */
	bool failed;
	struct err err;
};

/* ---- before the first window ---- */

static bool keep(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct anew *w = ctx;
	int64_t session;
	const struct fact_note *note = fact;
	memcpy(&session, (const uint8_t *)fact + fact_info(kind)->fields[0].offset,
		sizeof session);
	if ((w->session != 0 && session != w->session) ||
		(kind == FACT_KIND_NOTE && note->exchange != FACT_NULL))
		return true;
	void *copy = arena_alloc(&w->arena, fact_info(kind)->size);
	fact_copy(kind, fact, copy, &w->arena);
	struct sticky sticky = {kind, session, seq, copy};
	ARENA_PUSH(&w->arena, w->stickies.list, w->stickies.n, sticky);
	if (kind == FACT_KIND_SESSION)
		counts_of(&w->counts, session)->summary.user_agent =
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

/* Facts from first to last, of one session. */
static void plan_session(struct anew *w, int64_t first, int64_t last)
{
	const struct gather *g = w->g;
	struct window v = {.from = first};
	for (; v.from <= last; v.from = v.to) {
		v.to = v.from + g->window;
		/* A rest that is shorter than a margin is no window of its own. */
		if (v.to + g->margin > last)
			v.to = last + 1;
		v.before = v.from - g->margin > first ? v.from - g->margin : first;
		v.behind = v.to - 1 + g->margin < last ? v.to - 1 + g->margin : last;
		ARENA_PUSH(&w->arena, w->windows, w->n_windows, v);
	}
}

/* From where each session begins to where the next one does. */
static void plan(struct anew *w, int64_t after, int64_t last)
{
	int64_t first = after + 1;
	for (size_t i = 0; i < w->stickies.n; i++) {
		const struct sticky *s = &w->stickies.list[i];
		if (s->kind != FACT_KIND_SESSION || s->seq <= first)
			continue;
		plan_session(w, first, s->seq - 1);
		first = s->seq;
	}
	plan_session(w, first, last);
}

/* ---- windows ---- */

static void add_counts(struct anew *w, const struct counts *more)
{
	for (size_t i = 0; i < more->n; i++) {
		const struct counted *m = &more->list[i];
		struct counted *c = counts_of(&w->counts, m->summary.session);
		c->summary.exchanges += m->summary.exchanges;
		c->summary.opaque += m->summary.opaque;
		c->ended += m->ended;
		if (c->summary.user_agent.p == NULL)
			c->summary.user_agent = arena_copy(&w->arena, m->summary.user_agent);
	}
}

/* The trails that begin in the window, numbered on. */
static bool store(struct anew *w, struct window_worker *worker, struct err *err)
{
	struct trail_set set = {0};
	for (size_t i = 0; i < worker->g.trails.n; i++) {
		struct trail t = worker->g.trails.trails[i];
		if (!window_begins(&worker->window, &t))
			continue;
		t.number = ++counts_of(&w->counts, t.session)->trails;
		ARENA_PUSH(&worker->g.arena, set.trails, set.n, t);
	}
	add_counts(w, &worker->counts);
	return trail_rows_store(w->writer, w->session, &set, true, err);
}

static void fail(struct anew *w, const struct err *err)
{
	if (!w->failed)
		w->err = *err;
	w->failed = true;
}

/* Under the lock, which is left while the window is derived. */
static void work_on(struct anew *w, struct window_worker *worker)
{
	struct err err = {0};
	size_t mine = w->next++;
	pthread_mutex_unlock(&w->lock);
	bool ok = window_derive(worker, &w->windows[mine], &err);
	pthread_mutex_lock(&w->lock);
	while (w->stored != mine && !w->failed)
		pthread_cond_wait(&w->moved, &w->lock);
	if (!ok || (!w->failed && !store(w, worker, &err)))
		fail(w, &err);
	w->stored++;
	pthread_cond_broadcast(&w->moved);
}

static void *work(void *arg)
{
	struct anew *w = arg;
	struct window_worker worker;
	struct err err = {0};
	bool ok = window_open(
		&worker, case_path(w->g->file), w->g, w->session, &w->stickies, &err);
	pthread_mutex_lock(&w->lock);
	if (!ok)
		fail(w, &err);
	while (!w->failed && w->next < w->n_windows)
		work_on(w, &worker);
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
	window_close(&worker);
	return NULL;
}

static size_t processors(void)
{
	cpu_set_t set;
	return sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

/* This thread works, too: others that cannot be had are done without. */
static bool work_all(struct anew *w, struct err *err)
{
	pthread_t others[WORKERS_MAX];
	size_t n = 0, most = processors();
	most = most < w->n_windows ? most : w->n_windows;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->moved, NULL);
	while (n + 1 < most && n + 1 < WORKERS_MAX &&
		pthread_create(&others[n], NULL, work, w) == 0)
		n++;
	work(w);
	for (size_t i = 0; i < n; i++)
		pthread_join(others[i], NULL);
	pthread_cond_destroy(&w->moved);
	pthread_mutex_destroy(&w->lock);
	if (w->failed)
		*err = w->err;
	return !w->failed;
}

/* ---- all sessions ---- */

static bool store_summaries(struct anew *w, struct gather_counts *counts, struct err *err)
{
	for (size_t i = 0; i < w->counts.n; i++) {
		struct counted *c = &w->counts.list[i];
		struct derived_session *s = &c->summary;
		s->failed = s->exchanges > c->ended ? s->exchanges - c->ended : 0;
		counts->trails += c->trails;
		counts->exchanges += (size_t)s->exchanges;
		if (!writer_put_summary(w->writer, s, err))
			return false;
	}
	return true;
}

bool gather_store_anew(struct gather *g, int64_t session, struct writer *writer,
	struct gather_counts *counts, struct err *err)
{
	struct anew w = {.g = g, .writer = writer, .session = session};
	struct trail_set none = {0};
	struct case_about about;
	int64_t after = 0;
	w.counts.arena = &w.arena;
	/* Nothing that was read before is looked at any more. */
	gather_forget(g);
	bool ok = writer_index(writer, err) &&
		  (session == 0 || case_session_after(g->file, session, &after, err)) &&
		  case_about(g->file, &about, err) && read_sticky(&w, err) &&
		  trail_rows_store(writer, session, &none, false, err);
	if (ok) {
		plan(&w, after, about.last_seq);
		ok = work_all(&w, err) && store_summaries(&w, counts, err);
	}
	arena_fini(&w.arena);
	return ok;
}
