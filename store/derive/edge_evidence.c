/* What shows an edge, quoted; and what else was considered. */
#include "store/derive/walk.h"

#include <stdio.h>

enum { ALTERNATIVES_MAX = 6 };

void hop_evidence(struct walk *w, struct trail_hop *hop, struct trail_evidence e)
{
	e.quote = span_first(e.quote, TRAIL_QUOTE_MAX);
	ARENA_PUSH(w->a, hop->evidence, hop->n_evidence, e);
}

static void say(struct walk *w, struct trail_hop *hop, int64_t exchange, const char *signal,
	struct span quote)
{
	hop_evidence(w, hop,
		(struct trail_evidence){.exchange = exchange,
			.signal = signal,
			.quote = quote,
			.offset = FACT_NULL});
}

static const char *signal_of(const struct cue *c)
{
	switch (c->kind) {
	case CUE_LOCATION:
	case CUE_LOCATION_UNUSED: return c->fallback ? "intent-fallback" : "location";
	case CUE_REFRESH_HEADER: return "refresh";
	case CUE_META_REFRESH: return c->written ? "meta-written" : "meta";
	case CUE_FORM: return "form-action";
	case CUE_ANCHOR: return "anchor";
	case CUE_FRAME: return "frame";
	case CUE_SCRIPT: break;
	}
	switch (c->how) {
	case SCRIPT_OPEN: return "window-open";
	case SCRIPT_ASSIGN: return "script-location";
	case SCRIPT_RELOAD: return "script-reload";
	case SCRIPT_ACTION: return "script-action";
	case SCRIPT_HREF: return "script-href";
	case SCRIPT_HISTORY: return "script-history";
	case SCRIPT_RESPOND: return "script-redirect";
	case SCRIPT_LITERAL:
	case SCRIPT_FETCH:
	case SCRIPT_HTML:
	case SCRIPT_REFRESH:
	case SCRIPT_SUBMIT:
	case SCRIPT_CLICK: break;
	case SCRIPT_BLOB: return "script-blob";
	}
	return "script-url";
}

/* The statement that submits or clicks, which the URL's own cue does not show. */
static void say_trigger(struct walk *w, struct trail_hop *hop, const struct candidate *c)
{
	bool form = c->cue->kind == CUE_FORM, anchor = c->cue->kind == CUE_ANCHOR;
	const struct cue_list *page = c->source->cues;
	for (size_t i = 0; (form || anchor) && i < page->n; i++) {
		const struct cue *t = &page->cues[i];
		if (t->kind != CUE_SCRIPT || t->how != (form ? SCRIPT_SUBMIT : SCRIPT_CLICK))
			continue;
		hop_evidence(w, hop,
			(struct trail_evidence){.exchange = c->source->x->id,
				.signal = form ? "script-submit" : "script-click",
				.quote = t->quote,
				.offset = t->offset});
		return;
	}
}

/* The first hidden value that page and request share. */
static void say_fields(struct walk *w, const struct model_exchange *x, struct trail_hop *hop,
	const struct candidate *c)
{
	const struct html_form *form = c->cue->form;
	for (size_t i = 0; c->fields > 0 && i < form->n_fields; i++) {
		const struct html_field *f = &form->fields[i];
		if (!f->hidden || f->value.p == NULL)
			continue;
		struct buf b = {0};
		buf_add_span(&b, span_first(f->name, TRAIL_QUOTE_MAX / 2));
		buf_add_byte(&b, '=');
		buf_add_span(&b, span_first(f->value, TRAIL_QUOTE_MAX / 2));
		say(w, hop, x->id, "form-field", arena_copy(w->a, buf_span(&b)));
		buf_fini(&b);
		return;
	}
}

static void say_time(struct walk *w, const struct model_exchange *x, struct trail_hop *hop,
	const struct candidate *c)
{
	double after = (double)(x->request->at_us - c->source->x->response->at_us) / 1e6;
	bool timed = c->cue->kind == CUE_REFRESH_HEADER || c->cue->kind == CUE_META_REFRESH ||
		     c->cue->timer;
	const char *text =
		timed ? arena_printf(w->a, "%.3f s after the response, announced after %.3f s",
				after, (double)c->cue->delay_ms / 1e3)
		      : arena_printf(w->a, "%.3f s after the response", after);
	say(w, hop, x->id, "timing", span_str(text));
}

/* Sec-Fetch-* and Referer of the request itself, as sent. */
static void say_signs(struct walk *w, const struct model_exchange *x, struct trail_hop *hop)
{
	const struct signs *n = derived_signs(x);
	struct span site = model_request_header(x, "sec-fetch-site");
	if (site.p != NULL)
		say(w, hop, x->id, "sec-fetch-site", site);
	if (n->sec_fetch)
		say(w, hop, x->id, n->user ? "sec-fetch-user" : "no-sec-fetch-user",
			n->user ? span_str("?1") : span_str(""));
	if (n->referer.p != NULL)
		say(w, hop, x->id, "referer", n->referer);
	if (n->origin.p != NULL && !span_is(x->request->method, "GET"))
		say(w, hop, x->id, "origin", n->origin);
}

/* A redirect to itself that is passed by a cookie: set there, sent here. */
static void say_cookie(struct walk *w, const struct model_exchange *x, struct trail_hop *hop,
	const struct candidate *c)
{
	const struct model_exchange *from = c->source->x;
	struct span sent = derived_signs(x)->cookie;
	for (size_t i = 0; i < from->n_res_fields; i++) {
		if (!span_is_nocase(from->res_fields[i].name, "set-cookie"))
			continue;
		struct span pair = from->res_fields[i].value;
		pair = span_first(pair, span_find_byte(pair, ';', 0));
		struct span before = derived_signs(from)->cookie;
		if (pair.n == 0 || span_find(sent, pair, 0) == SIZE_MAX ||
			span_find(before, pair, 0) != SIZE_MAX)
			continue;
		/* The name only: values of cookies are the reader's to look up. */
		say(w, hop, from->id, "cookie", span_first(pair, span_find_byte(pair, '=', 0)));
		return;
	}
}

void edge_cue_evidence(struct walk *w, const struct candidate *c, struct trail_hop *hop)
{
	hop_evidence(w, hop,
		(struct trail_evidence){.exchange = c->source->x->id,
			.signal = c->cue->prefix ? "script-prefix" : signal_of(c->cue),
			.quote = arena_copy(w->a, c->cue->quote),
			.offset = c->cue->offset});
}

void edge_evidence(struct walk *w, const struct model_exchange *x, const struct candidate *c,
	struct trail_hop *hop)
{
	if (c->cue == NULL) {
		say_signs(w, x, hop);
		deadline_evidence(w, NULL, x, hop);
		return;
	}
	const struct model_exchange *from = c->source->x;
	if (c->cue->kind == CUE_LOCATION || c->cue->kind == CUE_LOCATION_UNUSED)
		say(w, hop, from->id, "status",
			span_str(arena_printf(w->a, "%d", (int)from->response->status)));
	edge_cue_evidence(w, c, hop);
	if (c->cue->coding != NULL)
		say(w, hop, from->id, "coding", span_str(c->cue->coding));
	if (c->cue->form != NULL)
		say_fields(w, x, hop, c);
	say_trigger(w, hop, c);
	if (!span_eq(from->request->method, x->request->method) && c->cue->kind == CUE_LOCATION)
		say(w, hop, x->id, "method", x->request->method);
	if (url_same(from->request->url, x->request->url))
		say_cookie(w, x, hop, c);
	say_time(w, x, hop, c);
	say_signs(w, x, hop);
	deadline_evidence(w, from, x, hop);
	if (c->inconsistent && c->against != NULL)
		say(w, hop, x->id, "against", span_str(c->against));
}

static size_t hop_number(const struct walk *w, const struct candidate *c)
{
	return c->source->owner == NONE ? 0 : w->navs[c->source->owner].hop + 1;
}

void edge_alternatives(struct walk *w, const struct weighed *all, struct trail_hop *hop)
{
	for (size_t i = 0; i < all->n && hop->n_alternatives < ALTERNATIVES_MAX; i++) {
		const struct candidate *c = &all->list[i];
		bool known = false;
		struct trail_alternative alt = {.mechanism = c->mechanism,
			.from_hop = hop_number(w, c),
			.why = c->against != NULL ? c->against
						  : "another explanation fits better"};
		if (i == all->best)
			continue;
		for (size_t k = 0; k < hop->n_alternatives; k++)
			known |= hop->alternatives[k].mechanism == alt.mechanism &&
				 hop->alternatives[k].from_hop == alt.from_hop;
		/* The same cue said twice is not an alternative. */
		if (all->best != NONE && alt.mechanism == all->list[all->best].mechanism &&
			c->source->owner == all->list[all->best].source->owner)
			continue;
		if (!known)
			ARENA_PUSH(w->a, hop->alternatives, hop->n_alternatives, alt);
	}
}
