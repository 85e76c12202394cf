/*
 * What was erased must not come back through the other file: a verdict about something of which
 * a part was erased, in the case or in the companion, says no value of either, and no erasure
 * is a contradiction.
 */
#include "ui/report/compared_parts.h"

static bool is_gone(struct compared_gone *g, int64_t seq)
{
	while (g->at < g->n && g->seqs[g->at] < seq)
		g->at++;
	return g->at < g->n && g->seqs[g->at] == seq;
}

static void add(struct compared_work *w, struct compared_list *l, int64_t of)
{
	if (of != FACT_NULL)
		compared_add(w, l, (struct compared_entry){.of = of});
}

/* Facts come in order of their numbers, and so are the lists of those that lack something. */
void compared_gone_in_case(
	struct compared_work *w, enum fact_kind kind, int64_t seq, const void *fact)
{
	if (!is_gone(&w->gone, seq))
		return;
	add(w, &w->gone_exchanges, fact_number(kind, fact, "exchange"));
	add(w, &w->gone_tunnels, fact_number(kind, fact, "tunnel"));
	w->gone_ours |= kind == FACT_KIND_TUNNEL || kind == FACT_KIND_LEG;
}

void compared_gone_in_companion(
	struct compared_work *w, enum fact_kind kind, int64_t seq, const void *fact)
{
	if (!is_gone(&w->gone_there, seq))
		return;
	add(w, &w->gone_flows, fact_number(kind, fact, "flow"));
	w->gone_places |=
		kind == FACT_KIND_FLOW && ((const struct fact_flow *)fact)->server_ip.p == NULL;
	w->gone_names |= kind == FACT_KIND_PACKET_DNS;
}

static bool in(const struct compared_list *l, int64_t of)
{
	return l->n > 0 && of != FACT_NULL && compared_find(l, of).n > 0;
}

bool compared_gone_list(struct compared_work *w, struct err *err)
{
	return case_erased(w->c, &w->arena, &w->gone.seqs, &w->gone.n, err) &&
	       case_erased(w->companion, &w->arena, &w->gone_there.seqs, &w->gone_there.n, err);
}

/* An exchange's connection lacks something, too: a request that only packets show may be the
 * one that was erased. */
void compared_gone_sort(struct compared_work *w)
{
	compared_sort(&w->gone_exchanges);
	for (size_t i = 0; i < w->requests.n && w->gone_exchanges.n > 0; i++)
		if (in(&w->gone_exchanges, w->requests.p[i].extra))
			add(w, &w->gone_tunnels, w->requests.p[i].of);
	compared_sort(&w->gone_tunnels);
	compared_sort(&w->gone_flows);
}

/* Who was not found may be who was erased. */
static bool was_not_found(const struct compared_work *w, const struct verdict *v, bool *in_case)
{
	*in_case =
		v->subject == VERDICT_OF_CONNECTION && v->tunnel == FACT_NULL && w->gone_ours;
	bool there = v->kind == VERDICT_DIFFER &&
		     ((v->subject == VERDICT_OF_CONNECTION && v->flow == FACT_NULL &&
			      w->gone_places) ||
			     (v->subject == VERDICT_OF_DNS && w->gone_names));
	return *in_case || there;
}

void compared_gone_hide(const struct compared_work *w, struct verdict *v)
{
	bool exchange = in(&w->gone_exchanges, v->exchange), unfound;
	bool tunnel = in(&w->gone_tunnels, v->tunnel);
	bool flow = in(&w->gone_flows, v->flow);
	if (!was_not_found(w, v, &unfound) && !exchange && !tunnel && !flow)
		return;
	/* Of another exchange of the connection it is sure what was compared. */
	bool whole = tunnel && !exchange && !flow && v->exchange != FACT_NULL;
	v->proxy_value = v->witness_value = SPAN_NONE;
	if (v->kind == VERDICT_DIFFER && !whole)
		v->kind = VERDICT_UNSEEN;
	if (v->kind == VERDICT_AGREE)
		v->detail = SPAN_NONE;
	else if (whole)
		v->detail = span_str("values are not shown: something else of this "
				     "connection was erased");
	else
		v->detail =
			span_str(exchange || tunnel || unfound ? "erased from the case"
							       : "erased from the companion");
}
