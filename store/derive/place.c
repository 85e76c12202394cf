/* Placing: one navigation becomes a hop of the trail that it belongs to. */
#include "store/derive/walk.h"
#include "store/fact/notes.h"

static size_t new_trail(struct walk *w, const struct model_exchange *x)
{
	struct trail t = {.session = x->session, .started_us = x->request->at_us};
	ARENA_PUSH(w->a, w->trails, w->n_trails, t);
	ARENA_PUSH(&w->scratch, w->newest, w->n_newest, NONE);
	return w->n_trails - 1;
}

/* A hop that is filled from the exchange; what brought it there is filled by the caller. */
static struct trail_hop hop_of(const struct model_exchange *x, struct span url)
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

static void push_hop(struct walk *w, size_t trail, struct trail_hop hop)
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

/* Did this host ask for https before (RFC 6797 6.1), over https? The exchange that shows it. */
static const struct model_exchange *hsts_seen(
	const struct walk *w, const struct model_exchange *x, struct span host)
{
	for (size_t i = 0; i < w->m->n_exchanges && w->m->exchanges[i] != x; i++) {
		const struct model_exchange *e = w->m->exchanges[i];
		if (e->session != x->session || e->response == NULL ||
			span_is(e->response->made_by, "clicktrail"))
			continue;
		struct span value = model_response_header(e, "strict-transport-security");
		if (value.p == NULL)
			continue;
		const struct signs *s = derived_signs(e);
		bool below =
			host.n > s->url.host.n && host.p[host.n - s->url.host.n - 1] == '.' &&
			span_eq(span_from(host, host.n - s->url.host.n), s->url.host) &&
			span_find_nocase(value, span_str("includesubdomains"), 0) != SIZE_MAX;
		if (span_is(s->url.scheme, "https") && (below || span_eq(host, s->url.host)) &&
			span_find_nocase(value, span_str("max-age=0"), 0) == SIZE_MAX)
			return e;
	}
	return NULL;
}

/* The browser was told http and went to https by itself: the http hop never hit the wire, and
 * the next arrived by the upgrade. */
static void upgrade(
	struct walk *w, size_t trail, const struct model_exchange *x, struct trail_hop *hop)
{
	struct trail_hop http = *hop;
	const struct signs *n = derived_signs(x);
	http.on_wire = false;
	http.exchange = NULL;
	http.status = http.elapsed_us = FACT_NULL;
	push_hop(w, trail, http);
	const struct model_exchange *seen = hsts_seen(w, x, n->url.host);
	*hop = hop_of(x, n->url.href);
	hop->mechanism = MECHANISM_HSTS_UPGRADE;
	hop->confidence = seen != NULL ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE;
	if (seen != NULL)
		hop_evidence(w, hop,
			(struct trail_evidence){.exchange = seen->id,
				.signal = "strict-transport-security",
				.quote = model_response_header(
					seen, "strict-transport-security"),
				.offset = FACT_NULL});
	else
		ARENA_PUSH(w->a, hop->alternatives, hop->n_alternatives,
			(struct trail_alternative){MECHANISM_HTTPS_FIRST, http.n,
				"no Strict-Transport-Security of that host was seen"});
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

/* Puts the hop at the trail's end. NONE: the trail is full. */
static size_t place(struct walk *w, const struct model_exchange *x, size_t trail,
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
		upgrade(w, trail, x, &hop);
	push_hop(w, trail, hop);
	nav.hop = w->trails[trail].n_hops - 1;
	ARENA_PUSH(&w->scratch, w->navs, w->n_navs, nav);
	w->newest[trail] = w->n_navs - 1;
	return w->n_navs - 1;
}

static size_t place_link(struct walk *w, const struct model_exchange *x, bool upgraded)
{
	struct candidate c = {.mechanism = MECHANISM_OPEN, .upgraded = upgraded};
	struct trail_hop hop = hop_of(x, w->link.href);
	hop.mechanism = MECHANISM_OPEN;
	hop.confidence = CONFIDENCE_CERTAIN;
	hop_evidence(w, &hop,
		(struct trail_evidence){.exchange = FACT_NULL,
			.signal = "sent-link",
			.quote = w->session->sent_link,
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
	return place(w, x, w->first_trail, &c, hop);
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
		if (unanswered && nav->signs->key == derived_signs(x)->key &&
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
	const struct trail_hop *old = &w->trails[trail].hops[before->hop];
	struct trail_hop hop = hop_of(x, old->url);
	struct candidate none = {.mechanism = old->mechanism};
	hop.mechanism = old->mechanism;
	hop.confidence = CONFIDENCE_LIKELY;
	hop_evidence(w, &hop,
		(struct trail_evidence){.exchange = before->x->id,
			.signal = "retry",
			.quote = before->x->end->reason,
			.offset = FACT_NULL});
	edge_evidence(w, x, &none, &hop);
	size_t redirects = before->redirects;
	size_t nav = place(w, x, trail, NULL, hop);
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
	struct trail_hop now = hop_of(x, hop->url);
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

size_t walk_place(struct walk *w, const struct model_exchange *x)
{
	struct weighed all;
	struct candidate guess, *best = &guess;
	const struct signs *n = derived_signs(x);
	bool upgraded;
	if (is_link(w, n, &upgraded))
		return place_link(w, x, upgraded);
	size_t login = logged_in(w, x);
	if (login != NONE)
		return go_on(w, x, login);
	edge_weigh(w, x, &all);
	if (all.best != NONE) {
		best = &all.list[all.best];
	} else {
		const struct nav *before = retried(w, x);
		if (before != NULL)
			return place_retry(w, x, before);
		edge_guess(w, x, &guess);
		if (w->n_navs == 0)
			guess.mechanism = MECHANISM_OPEN;
	}
	struct trail_hop hop = hop_of(x, url_by_cue(w, n, best));
	if (best->upgraded)
		hop.url = best->cue->target;
	hop.mechanism = best->mechanism;
	hop.confidence = best->confidence;
	edge_evidence(w, x, best, &hop);
	edge_alternatives(w, &all, &hop);
	return place(w, x, trail_for(w, x, best), best, hop);
}

void walk_prefetch(struct walk *w, const struct model_exchange *x)
{
	for (size_t i = 0; i < w->n_navs; i++)
		if (w->navs[i].signs->key == derived_signs(x)->key)
			trail_note(w, &w->trails[w->navs[i].trail],
				"hop %zu: its URL was also prefetched (exchange %lld), which "
				"may have used up a one-time link",
				w->navs[i].hop + 1, (long long)x->id);
}
