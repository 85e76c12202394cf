/*
 * Trails of a book's sessions. Those that are in the case need only be held against the rows;
 * of a session that goes on, or has none stored by this version, they are derived here, by
 * windows that slide along, and kept as rows.
 */
#include "ui/web/book_state.h"
#include "ui/report/trail_rows.h"
#include "store/case_pick.h"

#include <stdlib.h>

enum {
	MAP_BATCH = 64,      /* stored trails that are held against the rows at once */
	LIVE_WINDOW = 5000,  /* facts: what is derived at each look, */
	LIVE_MARGIN = 10000, /* and around it; a hop has to be shown soon after it happened */
	DERIVING = 2,        /* sessions at a time */
};

/* ---- which hop a row is ---- */

/* Under the lock. */
static void map_row(struct book *b, const struct derived_trail *row)
{
	for (size_t i = 0; i < row->n_hops; i++) {
		struct ledger_exchange *x =
			row->hops[i].exchange != FACT_NULL
				? ledger_exchange(&b->ledger, row->hops[i].exchange)
				: NULL;
		if (x == NULL || ledger_session_at(&b->ledger, x->session)->id != row->session)
			continue;
		x->trail = (uint32_t)row->number;
		x->hop = (uint32_t)row->hops[i].n;
	}
	b->ledger.touched++;
}

static void unmap_row(struct book *b, const struct derived_trail *row)
{
	for (size_t i = 0; i < row->n_hops; i++) {
		struct ledger_exchange *x = ledger_exchange(&b->ledger, row->hops[i].exchange);
		if (x != NULL && x->trail == (uint32_t)row->number)
			x->trail = x->hop = 0;
	}
}

/* ---- stored ones ---- */

static struct kept_session *unmapped(const struct book *b)
{
	for (size_t i = b->n_sessions; i > 0; i--)
		if (b->sessions[i - 1]->stored &&
			b->sessions[i - 1]->mapped < b->sessions[i - 1]->trails)
			return b->sessions[i - 1];
	return NULL;
}

static void clear_rows(struct book *b, const struct kept_session *s)
{
	const struct ledger_session *l = ledger_session(&b->ledger, s->id);
	for (uint32_t i = 0; l != NULL && i < b->ledger.n; i++) {
		struct ledger_exchange *x = ledger_at(&b->ledger, i);
		if (ledger_session_at(&b->ledger, x->session) == l)
			x->trail = x->hop = 0;
	}
}

/* What is stored is a copy of what the facts say, and was made of them by who knows whom: one
 * trail that makes no sense, and none of that session is believed. Under the lock. */
static void doubt(struct book *b, struct kept_session *s)
{
	if (s->mapped > 0)
		clear_rows(b, s);
	s->doubted = true;
	s->stored = s->derived = false;
	s->trails = s->mapped = 0;
	b->n_doubted++;
}

/* What was kept of it may have been seen otherwise when it was stored. */
static void map_stored(struct book *b, struct kept_session *s)
{
	struct arena a = {0};
	size_t n = s->trails - s->mapped < MAP_BATCH ? s->trails - s->mapped : MAP_BATCH;
	struct derived_trail *rows = arena_alloc(&a, n * sizeof *rows);
	bool sense = true;
	struct err ignored;
	case_hold(b->file);
	for (size_t i = 0; sense && i < n; i++) {
		bool found;
		sense = case_trail(b->file, s->id, (int64_t)(s->mapped + i + 1), &a, &rows[i],
				&found, &ignored) &&
			found;
	}
	case_rest(b->file);
	pthread_mutex_lock(&b->lock);
	if (!sense)
		doubt(b, s);
	else if (s->mapped == 0 && s->tells)
		clear_rows(b, s);
	for (size_t i = 0; sense && i < n; i++) {
		map_row(b, &rows[i]);
		book_tell(b, s, &rows[i]);
	}
	s->mapped += sense ? n : 0;
	if (sense && s->mapped == s->trails)
		book_tell_end(b, s, s->trails);
	book_changed(b);
	pthread_mutex_unlock(&b->lock);
	arena_fini(&a);
}

/* ---- those that are derived here ---- */

/* goes_on: the one that does, else the newest of those that do not. */
static struct kept_session *underived(const struct book *b, bool goes_on)
{
	for (size_t i = b->n_sessions; i > 0; i--) {
		struct kept_session *s = b->sessions[i - 1];
		if (!s->stored && !s->derived && ledger_session(&b->ledger, s->id) != NULL &&
			kept_session_runs(b, s) == goes_on)
			return s;
		if (goes_on)
			break;
	}
	return NULL;
}

static void stop(struct deriving *d)
{
	if (d->on)
		gather_close(&d->gather);
	d->on = false;
}

void book_derive_stop(struct book *b)
{
	for (size_t i = 0; i < DERIVING; i++)
		stop(&b->derive[i]);
}

static bool is_of(const struct deriving *d, const struct kept_session *s)
{
	return d->on && s != NULL && d->session == s->id;
}

/* Where that session is derived, or can be: after it is off for all but these two. */
static struct deriving *place_of(struct book *b, const struct kept_session *s)
{
	for (size_t i = 0; i < DERIVING; i++)
		if (is_of(&b->derive[i], s))
			return &b->derive[i];
	return b->derive[0].on ? &b->derive[1] : &b->derive[0];
}

static bool derive_begin(
	struct book *b, struct deriving *d, struct kept_session *s, struct err *err)
{
	const struct ledger_session *l = ledger_session(&b->ledger, s->id);
	/* What was kept before, by another connection, is seen anew. */
	d->on = true;
	d->session = s->id;
	d->next_us = 0;
	if (!gather_open_on(&d->gather, b->file, s->id, err))
		return false;
	gather_slides(&d->gather);
	d->gather.window = LIVE_WINDOW;
	d->gather.margin = LIVE_MARGIN;
	d->gather.after = d->gather.last_seq = d->gather.sliding.dropped = l->first - 1;
	/* Certificates of earlier sessions say nothing about trails. */
	d->gather.earlier_certs = true;
	d->to = l->first - 1;
	return true;
}

static uint64_t hash_hop(uint64_t h, const struct trail_hop *hop)
{
	const struct model_exchange *x = hop->exchange;
	const uint64_t parts[] = {hop->n, (uint64_t)hop->status, (uint64_t)hop->at_us,
		(uint64_t)hop->elapsed_us, hop->on_wire, (uint64_t)hop->mechanism,
		(uint64_t)hop->confidence, hop->n_evidence, hop->n_alternatives, x != NULL,
		(uint64_t)(x != NULL ? x->id : 0), (uint64_t)(x != NULL ? x->tunnel : 0)};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		h = hash_with(h, parts[i]);
	h = hash_text(hash_text(hash_text(h, hop->url), hop->method), hop->claimed_target);
	for (size_t i = 0; i < hop->n_evidence; i++) {
		const struct trail_evidence *e = &hop->evidence[i];
		h = hash_text(hash_text(h, span_str(e->signal)), e->quote);
		h = hash_with(hash_with(h, (uint64_t)e->exchange), (uint64_t)e->offset);
	}
	for (size_t i = 0; i < hop->n_alternatives; i++) {
		const struct trail_alternative *a = &hop->alternatives[i];
		h = hash_with(hash_with(h, (uint64_t)a->mechanism), a->from_hop);
		h = hash_text(h, span_str(a->why));
	}
	return h;
}

uint64_t book_trail_hash(const struct trail *t)
{
	uint64_t h = hash_with(hash_with(3, (uint64_t)t->ended_by), t->recording_complete);
	h = hash_with(hash_with(h, t->n_hops), t->n_notes);
	h = hash_with(hash_text(h, t->start_url), (uint64_t)t->started_us);
	h = hash_text(hash_text(h, t->final_url), t->handoff_url);
	for (size_t i = 0; i < t->n_notes; i++)
		h = hash_text(h, span_str(t->notes[i]));
	for (size_t i = 0; i < t->n_hops; i++)
		h = hash_hop(h, &t->hops[i]);
	return h;
}

/* Under the lock. */
static struct kept_trail **kept_at(struct kept_session *s, size_t number)
{
	if (number > s->kept_room) {
		size_t room = s->kept_room == 0 ? 16 : s->kept_room;
		while (room < number)
			room *= 2;
		s->kept = reallocarray(s->kept, room, sizeof(struct kept_trail *));
		if (s->kept == NULL)
			abort();
		memset(s->kept + s->kept_room, 0,
			(room - s->kept_room) * sizeof(struct kept_trail *));
		s->kept_room = room;
	}
	if (number > s->n_kept)
		s->n_kept = number;
	return &s->kept[number - 1];
}

static void drop_kept(struct book *b, struct kept_trail **at)
{
	if (*at == NULL)
		return;
	unmap_row(b, &(*at)->row);
	b->kept_bytes -= (int64_t)(*at)->arena.total;
	b->n_kept--;
	arena_fini(&(*at)->arena);
	free(*at);
	*at = NULL;
}

static void keep(struct book *b, struct kept_session *s, const struct trail *t, uint64_t hash)
{
	struct arena a = {0};
	struct derived_trail row = trail_rows_one(&a, t);
	struct kept_trail *k = calloc(1, sizeof *k);
	if (k == NULL)
		abort();
	k->hash = hash;
	k->row = book_row_copy(&k->arena, &row, true);
	arena_fini(&a);
	pthread_mutex_lock(&b->lock);
	struct kept_trail **at = kept_at(s, t->number);
	drop_kept(b, at);
	*at = k;
	b->n_kept++;
	b->kept_bytes += (int64_t)k->arena.total;
	map_row(b, &k->row);
	book_tell(b, s, &k->row);
	if (s->trails < t->number)
		s->trails = t->number;
	book_changed(b);
	pthread_mutex_unlock(&b->lock);
}

static void take_trails(struct book *b, struct kept_session *s, const struct gather *g)
{
	size_t last = g->sliding.trails + g->trails.n;
	for (size_t i = 0; i < g->trails.n; i++) {
		const struct trail *t = &g->trails.trails[i];
		uint64_t hash = book_trail_hash(t);
		bool known = t->number <= s->n_kept && s->kept[t->number - 1] != NULL;
		if (known && s->kept[t->number - 1]->hash == hash)
			continue;
		if (!known &&
			(b->n_kept >= BOOK_KEPT_MAX || b->kept_bytes >= BOOK_KEPT_BYTES)) {
			pthread_mutex_lock(&b->lock);
			b->kept_full = true;
			pthread_mutex_unlock(&b->lock);
			return;
		}
		keep(b, s, t, hash);
	}
	if (last >= s->trails)
		return;
	pthread_mutex_lock(&b->lock);
	for (size_t i = last; i < s->n_kept; i++)
		drop_kept(b, &s->kept[i]);
	s->trails = last;
	s->n_kept = last < s->n_kept ? last : s->n_kept;
	book_tell_end(b, s, last);
	book_changed(b);
	pthread_mutex_unlock(&b->lock);
}

/* It is over and derived to its end. */
static void derive_done(struct book *b, struct deriving *d, struct kept_session *s)
{
	stop(d);
	pthread_mutex_lock(&b->lock);
	s->derived = true;
	for (size_t i = 0; i < s->n_kept; i++)
		if (s->kept[i] != NULL)
			book_tell(b, s, &s->kept[i]->row);
	pthread_mutex_unlock(&b->lock);
}

/* It goes on, and was there before this book. */
static void begin_telling(struct book *b, struct kept_session *s)
{
	pthread_mutex_lock(&b->lock);
	s->tells = true;
	for (size_t i = 0; i < s->n_kept; i++)
		if (s->kept[i] != NULL)
			book_tell(b, s, &s->kept[i]->row);
	pthread_mutex_unlock(&b->lock);
}

static bool take_seq(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	(void)kind, (void)fact;
	*(int64_t *)ctx = seq;
	return false;
}

/* There was nothing: on to the next fact, however far away the case says that it is. */
static bool skip_gap(struct book *b, struct deriving *d, int64_t last, struct err *err)
{
	int64_t next = last;
	bool ok = case_facts(b->file, d->to, 0, take_seq, &next, err);
	d->to = next <= last ? next - 1 : last;
	return ok;
}

/* *more: there is another step at once. */
static bool derive_some(
	struct book *b, struct deriving *d, struct kept_session *s, bool *more, struct err *err)
{
	const struct ledger_session *l = ledger_session(&b->ledger, s->id);
	int64_t begun_us = book_tick_us();
	bool news = false, runs = kept_session_runs(b, s);
	int64_t to = d->to + BOOK_DERIVE_BATCH;
	*more = !runs;
	if (d->to >= l->last) {
		if (!runs)
			derive_done(b, d, s);
		return true;
	}
	if (runs && !s->tells)
		begin_telling(b, s);
	/* Much work for little: where a look takes long, there are fewer. At one that is over
	 * nobody may look again. */
	if (runs && begun_us < d->next_us)
		return true;
	d->gather.until = to < l->last ? to : l->last;
	if (!gather_read(&d->gather, &news, err))
		return false;
	d->to = d->gather.until;
	*more |= d->to < l->last;
	if (!news && d->to < l->last)
		return skip_gap(b, d, l->last, err);
	take_trails(b, s, &d->gather);
	int64_t now_us = book_tick_us();
	d->next_us = *more ? 0 : now_us + (now_us - begun_us) / 2;
	return true;
}

static bool derive(struct book *b, struct kept_session *s, bool *more, struct err *err)
{
	struct deriving *d = place_of(b, s);
	return (d->on || derive_begin(b, d, s, err)) && derive_some(b, d, s, more, err);
}

/* The one that goes on comes first; what was there before it is seen as well, while nothing is
 * new in that. */
bool book_derive(struct book *b, bool *more, struct err *err)
{
	bool ok = true, copy = b->file == b->copy;
	struct kept_session *now = underived(b, true), *before = underived(b, false);
	struct kept_session *stored = before == NULL ? unmapped(b) : NULL;
	*more = false;
	for (size_t i = 0; i < DERIVING; i++)
		if (!is_of(&b->derive[i], now) && !is_of(&b->derive[i], before))
			stop(&b->derive[i]);
	if (now == NULL && before == NULL && stored == NULL)
		return true;
	if (copy)
		pthread_mutex_lock(&b->reading);
	if (now != NULL)
		ok = derive(b, now, more, err);
	if (ok && !*more && before != NULL) {
		ok = derive(b, before, more, err);
	} else if (ok && !*more && stored != NULL) {
		map_stored(b, stored);
		*more = true;
	}
	if (copy)
		pthread_mutex_unlock(&b->reading);
	return ok;
}
