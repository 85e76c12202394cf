/* The trails of a book as lists show them, newest first: kept ones from memory, stored ones out
 * of the case. */
#include "ui/web/book_state.h"
#include "store/case_pick.h"
#include "store/derive/party.h"
#include "store/derive/url.h"

#include <stdio.h>

/* ---- one row ---- */

static enum trail_end end_of(struct span word)
{
	for (int e = 0; e < ENDED_COUNT; e++)
		if (span_is(word, trail_end_word((enum trail_end)e)))
			return (enum trail_end)e;
	return ENDED_CLOSED;
}

static void add_party(struct arena *a, struct span url_text, struct book_trail *out)
{
	struct url url;
	struct party party;
	if (!url_parse(a, NULL, url_text, &url) || url.host.n == 0)
		return;
	party_of_host(a, url.host, &party);
	struct span name = party.registrable_domain.n > 0 ? party.registrable_domain : url.host;
	for (size_t i = 0; i < out->n_parties; i++)
		if (span_eq(out->parties[i], name))
			return;
	out->all_parties++;
	if (out->n_parties < BOOK_PARTIES)
		out->parties[out->n_parties++] = name;
}

/* Beyond the list's end a party that comes again would be counted again: all are looked at. */
static void count_parties(
	struct arena *a, const struct derived_trail *row, struct book_trail *out)
{
	struct book_trail all = {.parties = arena_alloc(a, sizeof(struct span))};
	struct span *seen = arena_alloc(a, (row->n_hops + 1) * sizeof *seen);
	size_t n = 0;
	out->parties = arena_alloc(a, BOOK_PARTIES * sizeof *out->parties);
	for (size_t i = 0; i < row->n_hops; i++) {
		all.n_parties = all.all_parties = 0;
		add_party(a, row->hops[i].url, &all);
		bool known = all.n_parties == 0;
		for (size_t k = 0; !known && k < n; k++)
			known = span_eq(seen[k], all.parties[0]);
		if (!known)
			seen[n++] = all.parties[0];
	}
	out->all_parties = n;
	out->n_parties = n < BOOK_PARTIES ? n : BOOK_PARTIES;
	memcpy(out->parties, seen, out->n_parties * sizeof *seen);
}

static bool session_runs(struct book *b, int64_t id)
{
	const struct kept_session *s = kept_session(b, id);
	return s != NULL && kept_session_runs(b, s);
}

void book_trail_of(struct book *b, const struct derived_trail *row, struct arena *a,
	struct book_trail *out)
{
	*out = (struct book_trail){.session = row->session,
		.number = row->number,
		.started_us = row->started_us,
		.start_url = arena_copy(a, row->start_url),
		.final_url = arena_copy(a, row->final_url),
		.ended_by = end_of(row->ended_by),
		.complete = row->recording_complete,
		.hops = row->n_hops};
	if (out->start_url.p == NULL && row->n_hops > 0)
		out->start_url = arena_copy(a, row->hops[0].url);
	if (out->final_url.p == NULL && row->n_hops > 0)
		out->final_url = arena_copy(a, row->hops[row->n_hops - 1].url);
	snprintf(out->id, sizeof out->id, "%lld.%lld", (long long)row->session,
		(long long)row->number);
	count_parties(a, row, out);
	pthread_mutex_lock(&b->lock);
	out->running = session_runs(b, row->session);
	const struct trail_verdicts *v = book_check_of(b, row->session, row->number);
	if (v != NULL)
		memcpy(out->verdicts, v->of, sizeof out->verdicts);
	out->marked = book_is_marked(b, row->session, row->number);
	pthread_mutex_unlock(&b->lock);
}

/* ---- which ---- */

struct picked {
	int64_t session, number;
	bool stored, have;
	struct derived_trail row;
};

struct picking {
	struct book *b;
	const struct book_trails_query *q;
	struct arena *a;
	struct picked *list;
	size_t n, most; /* of the page */
};

static void put(struct picking *x, const struct kept_session *s, size_t number)
{
	struct picked *p = &x->list[x->n++];
	*p = (struct picked){s->id, (int64_t)number, s->stored, false, {0}};
	if (s->stored || number > s->n_kept || s->kept[number - 1] == NULL)
		return;
	p->row = book_row_copy(x->a, &s->kept[number - 1]->row, false);
	p->have = true;
}

/* How many there are; those of the page are put. However many there are, only those are walked
 * through. */
static size_t pick_all(struct picking *x)
{
	size_t at = 0;
	for (size_t i = x->b->n_sessions; i > 0; i--) {
		const struct kept_session *s = x->b->sessions[i - 1];
		if (x->q->session != 0 && s->id != x->q->session)
			continue;
		size_t before = x->q->from > at ? x->q->from - at : 0;
		at += s->trails;
		for (size_t k = before; k < s->trails && x->n < x->most; k++)
			put(x, s, s->trails - k);
	}
	return at;
}

static size_t pick_marked(struct picking *x)
{
	size_t at = 0;
	for (size_t i = x->b->remarks.n_marked; i > 0; i--) {
		const struct marked_trail *m = &x->b->remarks.marked[i - 1];
		const struct kept_session *s = kept_session(x->b, m->session);
		if ((x->q->session != 0 && m->session != x->q->session) || s == NULL ||
			m->trail < 1 || (uint64_t)m->trail > s->trails)
			continue;
		if (at++ >= x->q->from && x->n < x->most)
			put(x, s, (size_t)m->trail);
	}
	return at;
}

/* Under the lock: the page's part of the list; rows of kept ones with it. */
static struct picked *pick(struct book *b, const struct book_trails_query *q, struct arena *a,
	size_t *n, size_t *total)
{
	struct picking x = {
		.b = b, .q = q, .a = a, .most = q->n < BOOK_PAGE_MAX ? q->n : BOOK_PAGE_MAX};
	x.list = arena_alloc(a, (x.most + 1) * sizeof *x.list);
	*total = q->marked_only ? pick_marked(&x) : pick_all(&x);
	*n = x.n;
	return x.list;
}

static bool read_stored(
	struct book *b, struct picked *list, size_t n, struct arena *a, struct err *err)
{
	bool any = false;
	for (size_t i = 0; i < n; i++)
		any |= list[i].stored;
	if (!any)
		return true;
	pthread_mutex_lock(&b->reading);
	struct case_file *file = book_page_file(b, err);
	bool ok = file != NULL;
	for (size_t i = 0; ok && i < n; i++) {
		struct err ignored;
		/* One that makes no sense is left out, and the others are shown. */
		if (list[i].stored && !case_trail(file, list[i].session, list[i].number, a,
					      &list[i].row, &list[i].have, &ignored))
			list[i].have = false;
	}
	book_page_done(b);
	pthread_mutex_unlock(&b->reading);
	return ok;
}

bool book_trails(struct book *b, const struct book_trails_query *q, struct arena *a,
	struct book_trail **out, size_t *n, size_t *total, struct err *err)
{
	size_t picked;
	struct arena own = {0};
	*out = NULL;
	*n = 0;
	book_wait_opened(b);
	pthread_mutex_lock(&b->lock);
	struct picked *list = pick(b, q, &own, &picked, total);
	pthread_mutex_unlock(&b->lock);
	bool ok = read_stored(b, list, picked, &own, err);
	if (ok)
		*out = arena_alloc(a, (picked + 1) * sizeof **out);
	for (size_t i = 0; ok && i < picked; i++)
		if (list[i].have)
			book_trail_of(b, &list[i].row, a, &(*out)[(*n)++]);
	arena_fini(&own);
	return ok;
}

bool book_trail_row(struct book *b, int64_t session, int64_t number, struct arena *a,
	struct derived_trail *out, bool *found, bool *stored, struct err *err)
{
	*found = *stored = false;
	pthread_mutex_lock(&b->lock);
	const struct kept_session *s = kept_session(b, session);
	*stored = s != NULL && s->stored;
	if (s != NULL && !s->stored && number > 0 && (size_t)number <= s->n_kept &&
		s->kept[number - 1] != NULL) {
		*out = book_row_copy(a, &s->kept[number - 1]->row, true);
		*found = true;
	}
	pthread_mutex_unlock(&b->lock);
	if (!*stored)
		return true;
	struct case_file *file = book_page_file(b, err);
	return file != NULL && case_trail(file, session, number, a, out, found, err);
}

bool book_trail(struct book *b, int64_t session, int64_t number, struct arena *a,
	struct book_trail *out, bool *found, struct err *err)
{
	struct derived_trail row;
	struct arena own = {0};
	bool stored;
	book_wait_opened(b);
	pthread_mutex_lock(&b->reading);
	bool ok = book_trail_row(b, session, number, &own, &row, found, &stored, err);
	book_page_done(b);
	pthread_mutex_unlock(&b->reading);
	if (ok && *found)
		book_trail_of(b, &row, a, out);
	arena_fini(&own);
	return ok;
}
