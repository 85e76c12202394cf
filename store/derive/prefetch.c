/* Prefetches: what the browser asked for before it went there, or instead of asking again. */
#include "store/derive/walk.h"

enum { PREFETCHED_BACK = 64 };

void walk_prefetched(struct walk *w, const struct model_exchange *x)
{
	if (!derived_signs(x)->prefetch || x->noise || !derived_signs(x)->url_ok)
		return;
	struct prefetched p = {.x = x, .page = walk_owner(w, derived_signs(x)), .nav = NONE};
	ARENA_PUSH(&w->scratch, w->prefetched, w->n_prefetched, p);
}

/* A page that the browser took out of what it had fetched in advance. */
static bool is_page(const struct prefetched *p)
{
	const struct model_exchange *x = p->x;
	return p->nav == NONE && p->page != NONE && x->response != NULL &&
	       !span_is(x->response->made_by, "clicktrail") && x->response->status == 200 &&
	       fields_is_html(fields_media_type(model_response_header(x, "content-type")));
}

/* The prefetch becomes a hop; how the browser came there, c says. */
static void activate(struct walk *w, struct prefetched *p, const struct candidate *c)
{
	struct trail_hop hop = walk_hop_of(p->x, p->x->request->url);
	hop.mechanism = c->mechanism;
	hop.confidence = CONFIDENCE_LIKELY;
	edge_cue_evidence(w, c, &hop);
	hop_evidence(w, &hop,
		(struct trail_evidence){.exchange = p->x->id,
			.signal = "prefetched",
			.quote = model_request_header(p->x, "sec-purpose"),
			.offset = FACT_NULL});
	p->nav = walk_put(w, p->x, w->navs[c->source->owner].trail, c, hop);
	if (p->nav != NONE)
		walk_add_page(w, p->x, p->nav);
}

/* Did the page that lies under the prefetch lead there? As seen at the time of x. */
static bool led_there(struct walk *w, const struct prefetched *p,
	const struct model_exchange *x, struct candidate *out)
{
	struct weighed all;
	if (w->navs[p->page].left)
		return false;
	edge_weigh_url(w, x, p->x->request->url, &all);
	if (all.best == NONE)
		return false;
	*out = all.list[all.best];
	return out->source->owner == p->page;
}

static bool says(const struct model_exchange *x, const struct signs *n)
{
	const struct cue_list *cues = derived_cues(x);
	for (size_t i = 0; i < cues->n; i++)
		if (cues->cues[i].kind != CUE_FRAME && cues->cues[i].target.p != NULL &&
			cues->cues[i].key == n->key &&
			url_same(cues->cues[i].target, n->url.href))
			return true;
	return false;
}

void walk_from_prefetch(struct walk *w, const struct model_exchange *x, bool explained)
{
	const struct signs *n = derived_signs(x);
	if (n->prefetch)
		return;
	for (size_t i = w->n_prefetched, seen = 0; i > 0 && seen < PREFETCHED_BACK;
		i--, seen++) {
		struct prefetched *p = &w->prefetched[i - 1];
		struct candidate c;
		bool named = n->referer_ok &&
			     url_same(n->referer_url.href, p->x->request->url) &&
			     n->key != derived_signs(p->x)->key;
		if ((named || (!explained && n->navigation)) && is_page(p) &&
			(named || says(p->x, n)) && led_there(w, p, x, &c)) {
			activate(w, p, &c);
			return;
		}
	}
}

/* A page that is left by itself for what was prefetched, and nothing came any more. */
static bool went_at_last(struct walk *w, const struct prefetched *p, struct candidate *out)
{
	uint64_t key = derived_signs(p->x)->key;
	walk_wake(w, p->x);
	for (size_t i = w->n_sources; i > 0; i--) {
		const struct source *s = &w->sources[i - 1];
		for (size_t k = 0; s->owner == p->page && k < s->cues->n; k++) {
			const struct cue *c = &s->cues->cues[k];
			bool refresh =
				c->kind == CUE_META_REFRESH || c->kind == CUE_REFRESH_HEADER;
			bool script = c->kind == CUE_SCRIPT && c->how == SCRIPT_ASSIGN;
			if ((!refresh && !script) || c->gesture || c->noscript ||
				c->target.p == NULL || c->key != key ||
				s->x->response->at_us + c->delay_ms * 1000 > w->m->last_at_us)
				continue;
			*out = (struct candidate){.source = s, .cue = c};
			out->mechanism = script ? MECHANISM_SCRIPT
					 : c->kind == CUE_META_REFRESH
						 ? MECHANISM_META_REFRESH
						 : MECHANISM_REFRESH_HEADER;
			return true;
		}
	}
	return false;
}

static bool asked_again(const struct walk *w, const struct model_exchange *x)
{
	for (size_t i = 0; i < w->n_navs; i++)
		if (w->navs[i].signs->key == derived_signs(x)->key)
			return true;
	return false;
}

/* How an answer reads in a note: "302", "200". */
static int status_of(const struct model_exchange *x)
{
	return x->response != NULL ? (int)x->response->status : 0;
}

static void note(struct walk *w, const struct prefetched *p)
{
	const struct model_exchange *x = p->x;
	for (size_t i = 0; i < w->n_navs; i++) {
		const struct nav *nav = &w->navs[i];
		struct trail *t = &w->trails[nav->trail];
		if (nav->signs->key != derived_signs(x)->key || nav->x == x)
			continue;
		bool both = x->response != NULL && nav->x->response != NULL;
		if (both && walk_answers_differ(x, nav->x) &&
			nav->x->request_seq > x->request_seq)
			trail_note(w, t,
				"hop %zu: its URL was prefetched first (exchange %lld, "
				"answered "
				"%d); when the browser then went there, it was answered %d: "
				"the "
				"prefetch may have used up a link that works once",
				nav->hop + 1, (long long)x->id, status_of(x),
				status_of(nav->x));
		else
			trail_note(w, t,
				"hop %zu: its URL was also prefetched (exchange %lld), which "
				"may have used up a one-time link",
				nav->hop + 1, (long long)x->id);
	}
}

void walk_settle_prefetches(struct walk *w)
{
	for (size_t i = 0; i < w->n_prefetched; i++) {
		struct prefetched *p = &w->prefetched[i];
		struct candidate c;
		/* While it goes on, the browser may still ask again. */
		if (w->session_end != NULL && is_page(p) && !w->navs[p->page].left &&
			!asked_again(w, p->x) && went_at_last(w, p, &c))
			activate(w, p, &c);
		note(w, p);
	}
}
