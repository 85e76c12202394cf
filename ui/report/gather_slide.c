/*
 * A session that is being recorded and goes on for long: what a look at it costs must not grow
 * with it. The trails that began more than a margin ago stay as they are; facts that are older
 * than a margin before the others leave the model.
 */
#include "ui/report/gather_windows.h"

static bool is_sticky(enum fact_kind kind, const void *fact)
{
	const struct fact_note *note = fact;
	const struct fact_handshake *handshake = fact;
	if (kind == FACT_KIND_NOTE)
		return note->tunnel == FACT_NULL && note->exchange == FACT_NULL;
	return kind == FACT_KIND_SESSION ||
	       (kind == FACT_KIND_HANDSHAKE && handshake->permitted == 1);
}

void gather_slide_keep(struct gather *g, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct stickies *s = &g->sliding.stickies;
	if (!is_sticky(kind, fact) || (s->n > 0 && s->list[s->n - 1].seq >= seq))
		return;
	void *copy = arena_alloc(&g->sliding.arena, fact_info(kind)->size);
	fact_copy(kind, fact, copy, &g->sliding.arena);
	struct sticky sticky = {.kind = kind, .seq = seq, .fact = copy};
	ARENA_PUSH(&g->sliding.arena, s->list, s->n, sticky);
}

static bool is_too_much(const struct gather *g)
{
	int64_t held = g->last_seq - g->sliding.dropped;
	return g->sliding.on && held > g->window + 2 * g->margin;
}

void gather_slide(struct gather *g)
{
	struct sliding *s = &g->sliding;
	if (!is_too_much(g))
		return;
	struct window settled = {.from = s->settled, .to = g->last_seq - g->margin + 1};
	for (size_t i = 0; i < g->trails.n; i++)
		s->trails += window_begins(&settled, &g->trails.trails[i]);
	s->settled = settled.to;
	s->dropped = settled.to - g->margin - 1;
	gather_forget(g);
	for (size_t i = 0; i < s->stickies.n && s->stickies.list[i].seq <= s->dropped; i++)
		model_add(&g->model, s->stickies.list[i].kind, s->stickies.list[i].seq,
			s->stickies.list[i].fact);
	g->last_seq = s->dropped;
}

void gather_slide_trails(struct gather *g)
{
	struct window rest = {.from = g->sliding.settled, .to = INT64_MAX};
	struct trail_set set = {0};
	if (g->sliding.settled == 0)
		return;
	for (size_t i = 0; i < g->trails.n; i++) {
		struct trail t = g->trails.trails[i];
		if (!window_begins(&rest, &t))
			continue;
		t.number = g->sliding.trails + set.n + 1;
		ARENA_PUSH(&g->arena, set.trails, set.n, t);
	}
	g->trails = set;
}
