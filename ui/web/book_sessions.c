/* The sessions of a book: their kept trails, and what was told of them. All under the lock. */
#include "ui/web/book_state.h"

#include <stdlib.h>

static void *more(void *list, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return list;
	*room = *room == 0 ? 8 : *room * 2;
	list = reallocarray(list, *room, size);
	if (list == NULL)
		abort();
	return list;
}

/* Where it is, or belongs. */
static size_t place_of(const struct book *b, int64_t id)
{
	size_t low = 0, high = b->n_sessions;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (b->sessions[mid]->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct kept_session *kept_session(const struct book *b, int64_t id)
{
	size_t at = place_of(b, id);
	return at < b->n_sessions && b->sessions[at]->id == id ? b->sessions[at] : NULL;
}

struct kept_session *kept_session_add(struct book *b, int64_t id)
{
	size_t at = place_of(b, id);
	if (at < b->n_sessions && b->sessions[at]->id == id)
		return b->sessions[at];
	if (b->n_sessions == BOOK_SESSIONS_MAX) {
		b->kept_full = true;
		return NULL;
	}
	if (b->sessions == NULL)
		b->sessions = calloc(BOOK_SESSIONS_MAX, sizeof *b->sessions);
	struct kept_session *s = calloc(1, sizeof *s);
	if (b->sessions == NULL || s == NULL)
		abort();
	s->id = id;
	memmove(b->sessions + at + 1, b->sessions + at,
		(b->n_sessions - at) * sizeof *b->sessions);
	b->sessions[at] = s;
	b->n_sessions++;
	return s;
}

bool kept_session_runs(const struct book *b, const struct kept_session *s)
{
	const struct ledger_session *l = ledger_session(&b->ledger, s->id);
	return b->live && !s->stored && l != NULL && l->ends == 0 &&
	       s == b->sessions[b->n_sessions - 1];
}

void kept_session_drop_kept(struct book *b, struct kept_session *s)
{
	for (size_t i = 0; i < s->n_kept; i++) {
		if (s->kept[i] == NULL)
			continue;
		b->kept_bytes -= (int64_t)s->kept[i]->arena.total;
		b->n_kept--;
		arena_fini(&s->kept[i]->arena);
		free(s->kept[i]);
	}
	free(s->kept);
	s->kept = NULL;
	s->n_kept = s->kept_room = 0;
}

void kept_session_drop_told(struct kept_session *s)
{
	for (size_t i = 0; i < s->n_told; i++)
		free(s->told[i].hops);
	free(s->told);
	s->told = NULL;
	s->n_told = s->told_room = s->n_told_hops = 0;
	s->tells = false;
}

void book_sessions_free(struct book *b)
{
	for (size_t i = 0; i < b->n_sessions; i++) {
		kept_session_drop_kept(b, b->sessions[i]);
		kept_session_drop_told(b->sessions[i]);
		free(b->sessions[i]);
	}
	free(b->sessions);
	b->sessions = NULL;
	b->n_sessions = b->n_doubted = 0;
	b->kept_full = false;
}

static struct derived_hop hop_copy(struct arena *a, const struct derived_hop *h, bool whole)
{
	struct derived_hop out = *h;
	out.url = arena_copy(a, h->url);
	out.method = arena_copy(a, h->method);
	out.mechanism = arena_copy(a, h->mechanism);
	out.confidence = arena_copy(a, h->confidence);
	out.claimed_target = whole ? arena_copy(a, h->claimed_target) : SPAN_NONE;
	out.evidence = whole ? arena_copy(a, h->evidence) : SPAN_NONE;
	out.alternatives = whole ? arena_copy(a, h->alternatives) : SPAN_NONE;
	return out;
}

struct derived_trail book_row_copy(struct arena *a, const struct derived_trail *row, bool whole)
{
	struct derived_trail out = *row;
	struct derived_hop *hops = arena_alloc(a, (row->n_hops + 1) * sizeof *hops);
	for (size_t i = 0; i < row->n_hops; i++)
		hops[i] = hop_copy(a, &row->hops[i], whole);
	out.hops = hops;
	out.start_url = arena_copy(a, row->start_url);
	out.final_url = arena_copy(a, row->final_url);
	out.ended_by = arena_copy(a, row->ended_by);
	out.handoff_url = arena_copy(a, row->handoff_url);
	out.notes = whole ? arena_copy(a, row->notes) : SPAN_NONE;
	return out;
}

/* ---- what is told ---- */

static uint64_t hash_hop(const struct derived_hop *h)
{
	uint64_t out = hash_text(hash_text(1, h->url), h->method);
	out = hash_text(hash_text(out, h->mechanism), h->confidence);
	out = hash_text(hash_text(out, h->evidence), h->alternatives);
	out = hash_text(out, h->claimed_target);
	out = hash_with(hash_with(out, (uint64_t)h->status), (uint64_t)h->elapsed_us);
	out = hash_with(hash_with(out, (uint64_t)h->at_us), h->on_wire);
	return hash_with(out, (uint64_t)h->exchange);
}

static uint64_t hash_trail(const struct derived_trail *t, bool runs)
{
	uint64_t out = hash_text(hash_text(2, t->start_url), t->final_url);
	out = hash_text(hash_text(out, t->ended_by), t->handoff_url);
	out = hash_with(hash_text(out, t->notes), (uint64_t)t->started_us);
	return hash_with(hash_with(hash_with(out, t->n_hops), t->recording_complete), runs);
}

static void tell_hops(struct book *b, struct kept_session *s, struct told_trail *t,
	const struct derived_trail *row)
{
	for (size_t i = 0; i < row->n_hops; i++) {
		uint64_t hash = hash_hop(&row->hops[i]);
		if (i == t->n) {
			if (s->n_told_hops == BOOK_TOLD_MAX)
				return;
			t->hops = more(t->hops, t->n, &t->room, sizeof *t->hops);
			t->hops[t->n++] = (struct told_hop){0};
			s->n_told_hops++;
		}
		struct told_hop *h = &t->hops[i];
		if (h->version != 0 && h->hash == hash && !h->gone)
			continue;
		*h = (struct told_hop){hash, ++b->version, false};
	}
	for (size_t i = row->n_hops; i < t->n; i++)
		if (!t->hops[i].gone)
			t->hops[i] = (struct told_hop){0, ++b->version, true};
}

void book_tell(struct book *b, struct kept_session *s, const struct derived_trail *row)
{
	uint64_t hash = hash_trail(row, kept_session_runs(b, s));
	if (!s->tells || row->number < 1 || row->number > BOOK_TOLD_MAX)
		return;
	while (s->n_told < (size_t)row->number) {
		s->told = more(s->told, s->n_told, &s->told_room, sizeof *s->told);
		s->told[s->n_told++] = (struct told_trail){0};
	}
	struct told_trail *t = &s->told[row->number - 1];
	if (t->version == 0 || t->hash != hash) {
		t->hash = hash;
		t->version = ++b->version;
	}
	tell_hops(b, s, t, row);
}

void book_tell_end(struct book *b, struct kept_session *s, size_t n)
{
	for (size_t i = n; i < s->n_told; i++)
		for (size_t k = 0; k < s->told[i].n; k++)
			if (!s->told[i].hops[k].gone)
				s->told[i].hops[k] = (struct told_hop){0, ++b->version, true};
}
