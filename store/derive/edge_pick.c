/*
 * Picking: of all cues that name the URL, each weighed for itself (edge.c), the one that
 * explains the navigation, and how sure that is.
 */
#include "store/derive/walk.h"

static void weigh_key(struct walk *w, const struct model_exchange *x, uint64_t key,
	struct span href, bool form, bool upgraded, struct weighed *out)
{
	if (w->n_heads == 0)
		return;
	for (size_t i = w->heads[key & (w->n_heads - 1)]; i != NONE; i = w->entries[i].next) {
		const struct entry *e = &w->entries[i];
		bool get_form = e->cue->kind == CUE_FORM && !e->cue->post;
		if (e->key != key || get_form != form ||
			(!form && !url_same(e->cue->target, href)))
			continue;
		struct candidate c;
		if (out->n < CANDIDATES_MAX &&
			edge_weigh_cue(w, x, e->source, e->cue, upgraded, &c))
			out->list[out->n++] = c;
	}
}

/* Is a, met later in a list that is newest first, the better one? Of equally good ones: of one
 * page the cue that would have fired first; of two redirects at about the same time the older,
 * for they are followed in order; else the newer. */
static bool better(const struct candidate *a, const struct candidate *b)
{
	enum { SAME_TIME_US = 2 * 1000 * 1000 };
	if (a->score != b->score)
		return a->score > b->score;
	if (a->source == b->source)
		return a->cue->delay_ms < b->cue->delay_ms;
	return a->mechanism == MECHANISM_HTTP_REDIRECT &&
	       b->mechanism == MECHANISM_HTTP_REDIRECT &&
	       b->source->x->response->at_us - a->source->x->response->at_us < SAME_TIME_US;
}

/* The URL with the other of http and https. */
static struct span other_scheme(struct walk *w, const struct url *u)
{
	struct buf b = {0};
	buf_add_str(&b, "http");
	buf_add_span(&b, span_from(url_no_fragment(u->href), 5));
	struct span s = arena_copy(&w->scratch, buf_span(&b));
	buf_fini(&b);
	return s;
}

/* The newest source first, whenever its cues were looked at. */
static void in_order(struct weighed *out)
{
	for (size_t i = 1; i < out->n; i++) {
		struct candidate c = out->list[i];
		size_t k = i;
		for (; k > 0 &&
			out->list[k - 1].source->x->request_seq < c.source->x->request_seq;
			k--)
			out->list[k] = out->list[k - 1];
		out->list[k] = c;
	}
}

static void pick(struct weighed *out)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->list[i].score >= EDGE_ENOUGH &&
			(out->best == NONE || better(&out->list[i], &out->list[out->best])))
			out->best = i;
}

/* Could this other candidate be the true one? */
static bool rivals(
	const struct walk *w, const struct candidate *best, const struct candidate *other)
{
	enum { MARGIN = 30 };
	if (other->score < EDGE_ENOUGH || other->score < best->score - MARGIN)
		return false;
	if (best->cue->kind == CUE_LOCATION)
		return other->cue->kind == CUE_LOCATION &&
		       w->navs[other->source->owner].trail !=
			       w->navs[best->source->owner].trail;
	return other->mechanism != best->mechanism;
}

/* The most that the kind of cue allows when nothing speaks against it. */
static enum trail_confidence at_most(
	const struct walk *w, const struct signs *n, const struct candidate *c)
{
	const struct cue *cue = c->cue;
	switch (cue->kind) {
	case CUE_LOCATION: return c->score >= 60 ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE;
	case CUE_REFRESH_HEADER:
	case CUE_META_REFRESH: return cue->written ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN;
	case CUE_FORM:
		if (c->mechanism == MECHANISM_USER)
			return CONFIDENCE_CERTAIN;
		/* Over http nothing tells a person's submit from a script's. */
		return cue->post && c->fields > 0 && !cue->written &&
				       (n->sec_fetch || !w->attended)
			       ? CONFIDENCE_CERTAIN
			       : CONFIDENCE_LIKELY;
	case CUE_ANCHOR:
		return n->sec_fetch && n->user ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
	case CUE_SCRIPT:
		/* Whoever sits there may load it again, too. */
		return (cue->how == SCRIPT_ASSIGN ||
			       (cue->how == SCRIPT_RELOAD && !w->attended)) &&
				       n->sec_fetch
			       ? CONFIDENCE_CERTAIN
			       : CONFIDENCE_LIKELY;
	case CUE_LOCATION_UNUSED:
	case CUE_FRAME: break;
	}
	return CONFIDENCE_POSSIBLE;
}

static enum trail_confidence confidence(
	const struct walk *w, const struct signs *n, const struct weighed *all)
{
	const struct candidate *best = &all->list[all->best];
	enum trail_confidence most =
		best->cue->fallback ? CONFIDENCE_LIKELY : at_most(w, n, best);
	if (best->inconsistent || (best->score < EDGE_STRING && best->against != NULL))
		return CONFIDENCE_POSSIBLE;
	if (most != CONFIDENCE_CERTAIN || best->against != NULL)
		return most == CONFIDENCE_CERTAIN ? CONFIDENCE_LIKELY : most;
	for (size_t i = 0; i < all->n; i++)
		if (i != all->best && rivals(w, best, &all->list[i]))
			return CONFIDENCE_LIKELY;
	return CONFIDENCE_CERTAIN;
}

static void weigh_all(struct walk *w, const struct model_exchange *x, struct weighed *out)
{
	const struct signs *n = derived_signs(x);
	out->n = 0;
	out->best = NONE;
	weigh_key(w, x, n->key, n->url.href, false, false, out);
	weigh_key(w, x, n->path_key, n->url.href, true, false, out);
	in_order(out);
	pick(out);
	if (out->best == NONE && span_is(n->url.scheme, "https") && n->url.port == -1) {
		/* The cue said http and the browser went to https by itself: HSTS, https-first,
		 * upgrade-insecure-requests. */
		struct span http = other_scheme(w, &n->url);
		weigh_key(w, x, url_key(http), http, false, true, out);
		in_order(out);
		pick(out);
	}
}

/* No script, frame or answer can change what is found: it was typed or opened, which no page
 * does, or a Location explains all of it. */
static bool settled(const struct signs *n, const struct weighed *all)
{
	const struct candidate *best = all->best != NONE ? &all->list[all->best] : NULL;
	if (n->sec_fetch && n->user && n->site == SITE_NONE)
		return true;
	return best != NULL && best->cue->kind == CUE_LOCATION &&
	       best->score == EDGE_LOCATION && best->against == NULL && !best->upgraded;
}

/* Of pages alone: whether scripts were looked at meanwhile must not show. */
static void pages_only(struct weighed *all)
{
	size_t n = 0, best = NONE;
	for (size_t i = 0; i < all->n; i++) {
		if (!all->list[i].source->is_nav)
			continue;
		if (i == all->best)
			best = n;
		all->list[n++] = all->list[i];
	}
	all->n = n;
	all->best = best;
}

void edge_weigh(struct walk *w, const struct model_exchange *x, struct weighed *out)
{
	const struct signs *n = derived_signs(x);
	weigh_all(w, x, out);
	if (settled(n, out)) {
		pages_only(out);
	} else if (walk_wake(w, x)) {
		weigh_all(w, x, out);
	}
	if (out->best != NONE)
		out->list[out->best].confidence = confidence(w, n, out);
}

void edge_weigh_url(
	struct walk *w, const struct model_exchange *x, struct span href, struct weighed *out)
{
	walk_wake(w, x);
	out->n = 0;
	out->best = NONE;
	weigh_key(w, x, url_key(href), href, false, false, out);
	in_order(out);
	pick(out);
	if (out->best != NONE)
		out->list[out->best].confidence = confidence(w, derived_signs(x), out);
}
