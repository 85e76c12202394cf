/* The end that a browser cannot show: it is told to hand over to another program. */
#include "store/derive/walk.h"

/* Value of a key in an Android intent URI, "#Intent;key=value;...;end", decoded; absent. */
struct span handoff_intent_value(struct arena *a, struct span target, const char *key)
{
	size_t at = span_find(target, span_str("#Intent;"), 0);
	if (!span_starts_nocase(target, "intent:") || at == SIZE_MAX)
		return SPAN_NONE;
	for (at += strlen("#Intent;"); at < target.n;) {
		size_t end = span_find_byte(target, ';', at);
		if (end == SIZE_MAX)
			end = target.n;
		struct span pair = span_of(target.p + at, end - at);
		size_t eq = span_find_byte(pair, '=', 0);
		if (eq != SIZE_MAX && span_is(span_first(pair, eq), key))
			return url_unescape(a, span_from(pair, eq + 1), false);
		at = end + 1;
	}
	return SPAN_NONE;
}

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
		handoff_intent_value(&w->scratch, cue->target, "package"));
	say(w, &hop, x->id, "intent-fallback",
		handoff_intent_value(&w->scratch, cue->target, "S.browser_fallback_url"));
	walk_push_hop(w, (size_t)(t - w->trails), hop);
}
