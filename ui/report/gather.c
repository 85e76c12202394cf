#include "ui/report/gather.h"

bool gather_open(struct gather *g, const char *path, int64_t session, struct err *err)
{
	*g = (struct gather){.session = session};
	model_init(&g->model);
	g->file = case_open(path, err);
	return g->file != NULL;
}

void gather_close(struct gather *g)
{
	arena_fini(&g->arena);
	model_fini(&g->model);
	if (g->file != NULL)
		case_close(g->file);
	g->file = NULL;
}

static bool take_fact(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct gather *g = ctx;
	model_add(&g->model, kind, seq, fact);
	g->last_seq = seq;
	g->more = true;
	return true;
}

static bool load_body(
	struct gather *g, struct model_exchange *x, enum fact_side side, struct err *err)
{
	struct buf raw = {0};
	bool whole = false;
	if (!model_wants_body(x, side))
		return true;
	bool good = case_body(g->file, x->id, side, MODEL_BODY_MAX, &raw, &whole, err);
	if (good)
		model_set_body(&g->model, x, side, buf_span(&raw), whole && x->end != NULL);
	buf_fini(&raw);
	return good;
}

bool gather_read(struct gather *g, bool *news, struct err *err)
{
	g->more = false;
	/* Of every session: a certificate is a fact once per case, in the session that saw it
	 * first. */
	if (!case_facts(g->file, g->last_seq, 0, take_fact, g, err))
		return false;
	if (news != NULL)
		*news = g->more;
	if (!g->more)
		return true;
	for (size_t i = 0; i < g->model.n_exchanges; i++) {
		struct model_exchange *x = g->model.exchanges[i];
		if (g->session != 0 && x->session != g->session)
			continue;
		if (!load_body(g, x, SIDE_REQUEST, err) || !load_body(g, x, SIDE_RESPONSE, err))
			return false;
	}
	arena_fini(&g->arena);
	arena_init(&g->arena);
	trail_derive(&g->model, g->session, &g->arena, &g->trails);
	return true;
}
