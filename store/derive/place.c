/* Placing: one navigation becomes a hop of the trail that it belongs to. */
#include "store/derive/offwire.h"
#include "store/fact/notes.h"

static size_t new_trail(struct walk *w, const struct model_exchange *x)
{
	struct trail t = {.session = x->session, .started_us = x->request->at_us};
	ARENA_PUSH(w->a, w->trails, w->n_trails, t);
	ARENA_PUSH(&w->scratch, w->newest, w->n_newest, NONE);
	return w->n_trails - 1;
}

struct trail_hop walk_hop_of(const struct model_exchange *x, struct span url)
{
	struct trail_hop hop = {.url = url,
		.on_wire = true,
		.exchange = x,
		.method = x->request->method,
		.status = FACT_NULL,
		.at_us = x->request->at_us,
		.elapsed_us = FACT_NULL};
	/* status is what the origin said; a page of ours says nothing about it. */
	if (x->response != NULL && !span_is(x->response->made_by, "clicktrail"))
		hop.status = x->response->status;
	if (x->end != NULL)
		hop.elapsed_us = x->end->at_us - x->request->at_us;
	return hop;
}

void walk_push_hop(struct walk *w, size_t trail, struct trail_hop hop)
{
	struct trail *t = &w->trails[trail];
	hop.n = t->n_hops + 1;
	hop.url = arena_copy(w->a, hop.url);
	ARENA_PUSH(w->a, t->hops, t->n_hops, hop);
}

/* The URL as the cue gave it, fragment and all; a Location without one inherits it (Fetch,
 * "location URL"). */
static struct span url_by_cue(struct walk *w, const struct signs *n, const struct candidate *c)
{
	const struct cue *cue = c->cue;
	if (cue == NULL || cue->prefix || (cue->kind == CUE_FORM && !cue->post) ||
		!url_same(cue->target, n->url.href))
		return n->url.href;
	if (cue->kind != CUE_LOCATION || span_find_byte(cue->target, '#', 0) != SIZE_MAX)
		return cue->target;
	const struct nav *from = &w->navs[c->source->owner];
	struct span before = w->trails[from->trail].hops[from->hop].url;
	size_t at = span_find_byte(before, '#', 0);
	if (at == SIZE_MAX)
		return cue->target;
	struct buf b = {0};
	buf_add_span(&b, cue->target);
	buf_add_span(&b, span_from(before, at));
	struct span url = arena_copy(w->a, buf_span(&b));
	buf_fini(&b);
	return url;
}

/* Is this what was opened? Its scheme may have been upgraded on the way. */
static bool is_link(struct walk *w, const struct signs *n, bool *upgraded)
{
	*upgraded = false;
	if (!w->traced || !w->link_ok || w->first_trail != NONE)
		return false;
	if (url_same(w->link.href, n->url.href))
		return true;
	struct span a = w->link.href, b = n->url.href;
	*upgraded = span_is(w->link.scheme, "http") && span_is(n->url.scheme, "https") &&
		    url_same(span_from(a, 4), span_from(b, 5));
	return *upgraded;
}

size_t walk_put(struct walk *w, const struct model_exchange *x, size_t trail,
	const struct candidate *c, struct trail_hop hop)
{
	struct nav nav = {
		.x = x, .signs = derived_signs(x), .trail = trail, .before = w->newest[trail]};
	if (w->trails[trail].n_hops + 2 > TRAIL_HOPS_MAX) {
		trail_note(w, &w->trails[trail], "more than %d hops: the rest is left out",
			TRAIL_HOPS_MAX);
		return NONE;
	}
	if (c != NULL && c->cue != NULL) {
		struct nav *from = &w->navs[c->source->owner];
		if (c->mechanism == MECHANISM_HTTP_REDIRECT) {
			from->followed = true;
			nav.redirects = from->redirects + 1;
		}
		from->left |= c->mechanism != MECHANISM_WINDOW;
	} else if (w->trails[trail].n_hops > 0) {
		/* What caused it was not found; still, its trail has moved on. */
		for (size_t i = nav.before; i != NONE; i = w->navs[i].before)
			w->navs[i].left = true;
	}
	if (c != NULL && c->upgraded)
		offwire_upgrade(w, trail, x, &hop);
	walk_push_hop(w, trail, hop);
	nav.hop = w->trails[trail].n_hops - 1;
	nav.scripts = derived_cues(x)->script;
	ARENA_PUSH(&w->scratch, w->navs, w->n_navs, nav);
	w->newest[trail] = w->n_navs - 1;
	return w->n_navs - 1;
}

static size_t place_link(struct walk *w, const struct model_exchange *x, bool upgraded)
{
	struct candidate c = {.mechanism = MECHANISM_OPEN, .upgraded = upgraded};
	struct trail_hop hop = walk_hop_of(x, w->link.href);
	hop.mechanism = MECHANISM_OPEN;
	hop.confidence = CONFIDENCE_CERTAIN;
	hop_evidence(w, &hop,
		(struct trail_evidence){.exchange = FACT_NULL,
			.signal = "sent-link",
			.quote = w->session->sent_link,
			.offset = FACT_NULL});
	struct span mail = model_note(w->m, x->session, note_word(NOTE_MAIL_LINK));
	if (mail.n > 0)
		hop_evidence(w, &hop,
			(struct trail_evidence){.exchange = FACT_NULL,
				.signal = "mail-link",
				.quote = mail,
				.offset = FACT_NULL});
	struct span referer = model_note(w->m, x->session, note_word(NOTE_REFERER));
	if (referer.n > 0)
		hop_evidence(w, &hop,
			(struct trail_evidence){.exchange = FACT_NULL,
				.signal = "given-referer",
				.quote = referer,
				.offset = FACT_NULL});
	edge_evidence(w, x, &c, &hop);
	w->first_trail = new_trail(w, x);
	return walk_put(w, x, w->first_trail, &c, hop);
}

/* The same, by http where https was tried. */
static bool fell_back(const struct signs *https, const struct signs *http)
{
	return https->url_ok && http->url_ok && span_is(https->url.scheme, "https") &&
	       span_is(http->url.scheme, "http") &&
	       url_same(span_from(https->url.href, 5), span_from(http->url.href, 4));
}

/* An upgrade that the browser took back was its own idea: no site had asked for it. */
static void tried_https_first(struct trail_hop *tried, struct trail_hop *now)
{
	now->mechanism = MECHANISM_HTTPS_FIRST;
	if (tried->mechanism != MECHANISM_HSTS_UPGRADE)
		return;
	tried->mechanism = MECHANISM_HTTPS_FIRST;
	tried->confidence = CONFIDENCE_LIKELY;
	tried->n_alternatives = 0;
}

/* The same request again soon after one that nobody answered: the browser tries again by
 * itself. */
static const struct nav *retried(const struct walk *w, const struct model_exchange *x)
{
	enum { RETRY_US = 15 * 1000 * 1000, LOOK_BACK = 8 };
	for (size_t i = w->n_navs, seen = 0; i > 0 && seen < LOOK_BACK; i--, seen++) {
		const struct nav *nav = &w->navs[i - 1];
		bool unanswered = nav->x->end != NULL && !nav->left && !nav->followed &&
				  (nav->x->response == NULL ||
					  span_is(nav->x->response->made_by, "clicktrail"));
		if (unanswered &&
			(nav->signs->key == derived_signs(x)->key ||
				fell_back(nav->signs, derived_signs(x))) &&
			span_eq(nav->x->request->method, x->request->method) &&
			x->request->at_us - nav->x->end->at_us < RETRY_US)
			return nav;
	}
	return NULL;
}

static size_t place_retry(
	struct walk *w, const struct model_exchange *x, const struct nav *before)
{
	size_t trail = before->trail;
	struct trail_hop *old = &w->trails[trail].hops[before->hop];
	bool by_http = fell_back(before->signs, derived_signs(x));
	struct trail_hop hop = walk_hop_of(x, by_http ? derived_signs(x)->url.href : old->url);
	struct candidate none = {.mechanism = old->mechanism};
	hop.mechanism = old->mechanism;
	hop.confidence = CONFIDENCE_LIKELY;
	if (by_http)
		tried_https_first(old, &hop);
	hop_evidence(w, &hop,
		(struct trail_evidence){.exchange = before->x->id,
			.signal = "retry",
			.quote = before->x->end->reason,
			.offset = FACT_NULL});
	edge_evidence(w, x, &none, &hop);
	size_t redirects = before->redirects;
	size_t nav = walk_put(w, x, trail, NULL, hop);
	if (nav == NONE)
		return NONE;
	w->navs[nav].redirects = redirects;
	trail_note(w, &w->trails[trail],
		"hop %zu: the browser asked again for what hop %zu did not get",
		w->trails[trail].n_hops, w->trails[trail].n_hops - 1);
	return nav;
}

/* The same request again, now with credentials, after a 401 or 407: no hop, but the same one
 * going on. */
static size_t logged_in(struct walk *w, const struct model_exchange *x)
{
	enum { LOOK_BACK = 8 };
	if (model_request_header(x, "authorization").p == NULL &&
		model_request_header(x, "proxy-authorization").p == NULL)
		return NONE;
	for (size_t i = w->n_navs, seen = 0; i > 0 && seen < LOOK_BACK; i--, seen++) {
		const struct nav *nav = &w->navs[i - 1];
		const struct fact_response *r = nav->x->response;
		if (r != NULL && (r->status == 401 || r->status == 407) && !nav->left &&
			nav->signs->key == derived_signs(x)->key)
			return i - 1;
	}
	return NONE;
}

static size_t go_on(struct walk *w, const struct model_exchange *x, size_t nav)
{
	struct nav *at = &w->navs[nav];
	struct trail_hop *hop = &w->trails[at->trail].hops[at->hop];
	struct trail_hop now = walk_hop_of(x, hop->url);
	trail_note(w, &w->trails[at->trail],
		"hop %zu: answered %d at first (exchange %lld); the browser came again with "
		"credentials",
		hop->n, (int)at->x->response->status, (long long)at->x->id);
	hop->exchange = x;
	hop->status = now.status;
	hop->at_us = now.at_us;
	hop->elapsed_us = now.elapsed_us;
	at->x = x;
	at->signs = derived_signs(x);
	return nav;
}

/* Where a hop of this kind belongs: the trail of what caused it, or a new one for what a person
 * started. */
static size_t trail_for(
	struct walk *w, const struct model_exchange *x, const struct candidate *c)
{
	bool person = c->mechanism == MECHANISM_OPEN ||
		      (c->mechanism == MECHANISM_USER && !w->traced);
	if (person)
		return new_trail(w, x);
	if (c->cue != NULL && c->source->owner != NONE)
		return w->navs[c->source->owner].trail;
	size_t owner = walk_owner(w, derived_signs(x));
	if (owner == NONE)
		return new_trail(w, x);
	if (w->traced)
		return w->navs[owner].trail;
	/* Several tabs: a request that points nowhere belongs to none of their trails. */
	const struct signs *n = derived_signs(x);
	bool points =
		n->referer_ok && url_same_origin(&n->referer_url, &w->navs[owner].signs->url);
	return points ? w->navs[owner].trail : new_trail(w, x);
}

/* Between the page whose cue it was and this request lies what was not on the wire. */
static size_t place_bridged(struct walk *w, const struct model_exchange *x,
	const struct weighed *all, const struct bridge *b)
{
	const struct candidate *c = b->to.cue != NULL ? &b->to : &b->on;
	struct trail_hop hop = walk_hop_of(x, url_by_cue(w, derived_signs(x), &b->on));
	size_t trail = trail_for(w, x, c);
	hop.mechanism = b->on.mechanism;
	hop.confidence = b->on.confidence;
	offwire_evidence(w, x, b, &hop);
	edge_alternatives(w, all, &hop);
	if (w->trails[trail].n_hops + b->n + 2 <= TRAIL_HOPS_MAX)
		offwire_insert(w, trail, x, b);
	return walk_put(w, x, trail, c, hop);
}

/* What told the browser to come here may have been erased, or the address that would show it:
 * in a trace it belongs to the page before. */
static const struct nav *lost(const struct walk *w, const struct model_exchange *x)
{
	const struct nav *before = w->n_navs > 0 ? &w->navs[w->n_navs - 1] : NULL;
	return before != NULL && w->traced &&
			       (before->x->cues_erased || before->x->url_erased ||
				       x->url_erased)
		       ? before
		       : NULL;
}

static size_t place_lost(
	struct walk *w, const struct model_exchange *x, const struct nav *before)
{
	struct trail_hop hop = walk_hop_of(x, derived_signs(x)->url.href);
	size_t trail = before->trail;
	hop.mechanism = MECHANISM_UNKNOWN;
	hop.confidence = CONFIDENCE_POSSIBLE;
	hop_evidence(w, &hop,
		(struct trail_evidence){
			.exchange = before->x->id, .signal = "erased", .offset = FACT_NULL});
	size_t nav = walk_put(w, x, trail, NULL, hop);
	if (nav != NONE)
		trail_note(w, &w->trails[trail], "hop %zu: what led to it was erased",
			w->trails[trail].n_hops);
	return nav;
}

size_t walk_place(struct walk *w, const struct model_exchange *x)
{
	struct weighed all;
	struct candidate guess, *best = &guess;
	struct bridge bridge;
	const struct signs *n = derived_signs(x);
	bool upgraded;
	if (is_link(w, n, &upgraded))
		return place_link(w, x, upgraded);
	size_t login = logged_in(w, x);
	if (login != NONE)
		return go_on(w, x, login);
	edge_weigh(w, x, &all);
	if (all.best == NONE && w->n_prefetched > 0) {
		walk_from_prefetch(w, x, false);
		edge_weigh(w, x, &all);
	}
	if (offwire_find(w, x, &all, &bridge))
		return place_bridged(w, x, &all, &bridge);
	if (all.best != NONE) {
		best = &all.list[all.best];
	} else {
		const struct nav *before = retried(w, x);
		if (before != NULL)
			return place_retry(w, x, before);
		before = lost(w, x);
		if (before != NULL)
			return place_lost(w, x, before);
		edge_guess(w, x, &guess);
		if (w->n_navs == 0)
			guess.mechanism = MECHANISM_OPEN;
	}
	struct trail_hop hop = walk_hop_of(x, url_by_cue(w, n, best));
	if (best->upgraded)
		hop.url = best->cue->target;
	hop.mechanism = best->mechanism;
	hop.confidence = best->confidence;
	edge_evidence(w, x, best, &hop);
	edge_alternatives(w, &all, &hop);
	return walk_put(w, x, trail_for(w, x, best), best, hop);
}
