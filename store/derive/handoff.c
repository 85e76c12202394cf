/* The end that a browser cannot show: it is told to hand over to another program. */
#include "store/derive/walk.h"

static void say(struct walk *w, struct trail_hop *hop, int64_t exchange, const char *signal,
	struct span quote)
{
	if (quote.n > 0)
		hop_evidence(w, hop,
			(struct trail_evidence){.exchange = exchange,
				.signal = signal,
				.quote = arena_copy(w->a, span_first(quote, TRAIL_QUOTE_MAX)),
				.offset = FACT_NULL});
}

void handoff_place(
	struct walk *w, struct trail *t, const struct model_exchange *x, const struct cue *cue)
{
	struct source source = {.x = x, .owner = NONE};
	struct candidate c = {.source = &source, .cue = cue};
	struct trail_hop hop = {.url = cue->target,
		.method = span_str("GET"),
		.status = FACT_NULL,
		.elapsed_us = FACT_NULL,
		.at_us = x->end != NULL ? x->end->at_us : x->response->at_us,
		.mechanism = MECHANISM_HANDOFF};
	/* Nothing on the wire shows whether the browser did, or asked its user first. */
	hop.confidence =
		cue->kind == CUE_SCRIPT || cue->timer ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY;
	if (t->n_hops + 2 > TRAIL_HOPS_MAX)
		return;
	edge_cue_evidence(w, &c, &hop);
	say(w, &hop, x->id, "intent-package",
		cue_intent_value(&w->scratch, cue->target, "package"));
	say(w, &hop, x->id, "intent-fallback",
		cue_intent_value(&w->scratch, cue->target, "S.browser_fallback_url"));
	walk_push_hop(w, (size_t)(t - w->trails), hop);
}
