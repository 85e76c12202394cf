/* Hops that never hit the wire, and what shows them. */
#include "store/derive/offwire.h"

enum {
	ENOUGH_TO = 60,      /* a cue that leads to a document in between must say this much */
	WEAK = 60,           /* an explanation that may be worse than one by what is unseen */
	REFERER_BACK = 2000, /* requests looked back at for who may have that address */
};

/* ---- http to https ---- */

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

/* What the browser did without the network: no exchange, no answer. */
static struct trail_hop unseen(const struct model_exchange *x, struct span url)
{
	return (struct trail_hop){.url = url,
		.method = span_str("GET"),
		.status = FACT_NULL,
		.elapsed_us = FACT_NULL,
		.at_us = x->request->at_us};
}

void offwire_upgrade(
	struct walk *w, size_t trail, const struct model_exchange *x, struct trail_hop *hop)
{
	struct trail_hop http = *hop;
	const struct signs *n = derived_signs(x);
	http.on_wire = false;
	http.exchange = NULL;
	http.status = http.elapsed_us = FACT_NULL;
	walk_push_hop(w, trail, http);
	const struct model_exchange *seen = hsts_seen(w, x, n->url.host);
	*hop = walk_hop_of(x, n->url.href);
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
			(struct trail_alternative){MECHANISM_HTTPS_FIRST,
				w->trails[trail].n_hops,
				"no Strict-Transport-Security of that host was seen"});
}

/* ---- what a service worker may have answered ---- */

void offwire_worker(struct walk *w, const struct model_exchange *x)
{
	if (span_is(derived_signs(x)->dest, "serviceworker") && x->response != NULL &&
		derived_signs(x)->url_ok)
		ARENA_PUSH(&w->scratch, w->workers, w->n_workers, x);
}

/* The scope that a worker's script may have at most: the folder that it lies in, or what
 * Service-Worker-Allowed says (Service Workers, "Update" 16). */
static struct span scope_of(const struct model_exchange *script)
{
	struct span allowed = model_response_header(script, "service-worker-allowed");
	const struct span path = derived_signs(script)->url.path;
	size_t end = path.n;
	if (span_starts(allowed, "/"))
		return allowed;
	while (end > 1 && path.p[end - 1] != '/')
		end--;
	return span_first(path, end);
}

const struct model_exchange *offwire_worker_for(const struct walk *w, const struct url *u)
{
	for (size_t i = w->n_workers; i > 0; i--) {
		const struct model_exchange *script = w->workers[i - 1];
		struct span scope = scope_of(script);
		if (url_same_origin(&derived_signs(script)->url, u) && u->path.n >= scope.n &&
			span_eq(span_first(u->path, scope.n), scope))
			return script;
	}
	return NULL;
}

void offwire_note_workers(struct walk *w)
{
	for (size_t i = 0; i < w->n_workers; i++) {
		const struct signs *s = derived_signs(w->workers[i]);
		size_t owner = NONE;
		for (size_t k = w->n_navs; k > 0 && owner == NONE; k--)
			if (w->navs[k - 1].x->request_seq < w->workers[i]->request_seq &&
				url_same_origin(&w->navs[k - 1].signs->url, &s->url))
				owner = k - 1;
		if (owner == NONE)
			continue;
		char host[256];
		text_escape(s->url.host, host, sizeof host);
		trail_note(w, &w->trails[w->navs[owner].trail],
			"hop %zu registered a service worker (exchange %lld): from then on "
			"pages "
			"of %s may have come, and moved the browser, without any request",
			w->navs[owner].hop + 1, (long long)w->workers[i]->id, host);
	}
}

/* Was this asked for on the wire, at or after that time? */
static bool asked(
	const struct walk *w, const struct model_exchange *x, struct span url, int64_t since_us)
{
	uint64_t key = url_key(url);
	for (size_t i = w->m->n_exchanges, seen = 0; i > 0 && seen < REFERER_BACK; i--) {
		const struct model_exchange *e = w->m->exchanges[i - 1];
		if (e->request_seq > x->request_seq || e->session != x->session)
			continue;
		seen++;
		if (e->request->at_us < since_us)
			return false;
		if (derived_signs(e)->key == key && url_same(e->request->url, url))
			return true;
	}
	return false;
}

/* The best cue of the page shown that leads to where this worker answers, and was not followed
 * over the wire. */
static bool to_worker(struct walk *w, const struct model_exchange *x,
	const struct model_exchange *script, struct candidate *out)
{
	enum { LOOKED_AT_MAX = 2000 };
	struct arena scratch = {0};
	struct span origin = url_origin(&scratch, &derived_signs(script)->url);
	size_t looked_at = 0;
	out->score = 0;
	for (size_t i = w->n_sources, seen = 0; i > 0 && seen < OWNERS_MAX; i--, seen++) {
		const struct source *s = &w->sources[i - 1];
		for (size_t k = 0; s->owner != NONE && s->x != script && k < s->cues->n; k++) {
			const struct cue *cue = &s->cues->cues[k];
			struct candidate c;
			struct url u;
			if (!cue->web || cue->kind == CUE_FRAME || w->navs[s->owner].left ||
				cue->how == SCRIPT_HISTORY ||
				!span_eq(span_first(cue->target, origin.n), origin) ||
				++looked_at > LOOKED_AT_MAX ||
				!url_parse(&scratch, NULL, cue->target, &u) ||
				offwire_worker_for(w, &u) != script ||
				!edge_weigh_cue(w, x, i - 1, cue, false, &c) ||
				c.score < ENOUGH_TO || c.score <= out->score ||
				asked(w, x, cue->target, s->x->response->at_us))
				continue;
			*out = c;
		}
	}
	arena_fini(&scratch);
	return out->score > 0;
}

static bool by_worker(struct walk *w, const struct model_exchange *x,
	const struct candidate *best, struct bridge *out)
{
	const struct model_exchange *script = best->source->x;
	/* A mere address in there is mostly one of a list of what is to be kept. */
	if (!best->cue->written && best->cue->how != SCRIPT_RESPOND)
		return false;
	out->on = *best;
	/* Markup in the worker's script is a page that it made; an address alone, where it
	 * sends the browser. */
	if (!best->cue->written) {
		out->on.mechanism = MECHANISM_SERVICE_WORKER;
		out->on.confidence = CONFIDENCE_LIKELY;
	}
	if (to_worker(w, x, script, &out->to)) {
		out->to.confidence = CONFIDENCE_LIKELY;
		out->urls[0] = out->to.cue->target;
		out->shown_by[0] = script;
		out->n = 1;
	}
	return true;
}

/* ---- what the browser remembered ---- */

/* May a browser answer this redirect from its cache (RFC 9111 3, 4.2.2)? */
static bool cacheable(const struct model_exchange *x)
{
	int64_t status = x->response->status;
	struct span control = model_response_header(x, "cache-control");
	struct span vary = model_response_header(x, "vary");
	bool told = span_find_nocase(control, span_str("max-age"), 0) != SIZE_MAX ||
		    model_response_header(x, "expires").p != NULL;
	if (!span_is(x->request->method, "GET") || span_find_byte(vary, '*', 0) != SIZE_MAX ||
		span_find_nocase(control, span_str("no-store"), 0) != SIZE_MAX ||
		span_find_nocase(control, span_str("no-cache"), 0) != SIZE_MAX ||
		span_find_nocase(control, span_str("max-age=0"), 0) != SIZE_MAX)
		return false;
	return status == 301 || status == 308 || told;
}

/* A redirect that was seen before and leads to where x is. */
static const struct candidate *remembered(const struct weighed *all)
{
	const struct candidate *found = NULL;
	for (size_t i = 0; i < all->n; i++) {
		const struct candidate *c = &all->list[i];
		if (c->cue->kind == CUE_LOCATION && c->source->is_nav &&
			cacheable(c->source->x) &&
			(found == NULL ||
				c->source->x->request_seq > found->source->x->request_seq))
			found = c;
	}
	return found;
}

/* Backwards, from x to the page whose cue leads to the first address that was remembered. */
static bool by_cache(struct walk *w, const struct model_exchange *x, const struct weighed *all,
	struct bridge *out)
{
	struct weighed here = *all;
	for (size_t n = 0; n < BRIDGE_MAX; n++) {
		const struct candidate *r = remembered(&here);
		if (r == NULL)
			return false;
		if (n == 0) {
			out->on = *r;
			out->on.mechanism = MECHANISM_CACHED_REDIRECT;
			out->on.confidence = CONFIDENCE_LIKELY;
			out->on.against = NULL;
			out->on.inconsistent = false;
		}
		/* First the address that the browser came to. */
		memmove(out->urls + 1, out->urls, n * sizeof *out->urls);
		memmove(out->shown_by + 1, out->shown_by, n * sizeof *out->shown_by);
		out->urls[0] = r->source->x->request->url;
		out->shown_by[0] = r->source->x;
		out->n = n + 1;
		edge_weigh_url(w, x, out->urls[0], &here);
		const struct candidate *to = here.best != NONE ? &here.list[here.best] : NULL;
		if (to == NULL || to->score < ENOUGH_TO)
			continue;
		int64_t since = to->source->x->response->at_us;
		if (since < out->shown_by[0]->response->at_us ||
			asked(w, x, out->urls[0], since))
			return false;
		out->to = *to;
		return true;
	}
	return false;
}

/* ---- a page that a script made ---- */

static bool by_blob(struct walk *w, const struct model_exchange *x,
	const struct candidate *best, struct bridge *out)
{
	const struct signs *n = derived_signs(x), *page = best->source->signs;
	/* Markup that a Blob is made of; or that it may be made of, where no Referer is sent,
	 * as documents of blob: send none in Chromium (and Firefox the origin that made them).
	 */
	bool made = best->cue->blob || n->referer.p == NULL;
	if (!best->cue->written || !made || best->source->cues->blob == NULL ||
		!best->source->is_nav)
		return false;
	out->on = *best;
	out->to = *best;
	out->to.cue = best->source->cues->blob;
	out->to.mechanism = MECHANISM_LOCAL_DOCUMENT;
	out->to.confidence = CONFIDENCE_LIKELY;
	struct buf b = {0};
	buf_add_str(&b, "blob:");
	buf_add_span(&b, url_origin(&w->scratch, &page->url));
	buf_add_str(&b, "/");
	out->urls[0] = arena_copy(w->a, buf_span(&b));
	out->n = 1;
	buf_fini(&b);
	return true;
}

bool offwire_find(struct walk *w, const struct model_exchange *x, const struct weighed *all,
	struct bridge *out)
{
	const struct candidate *best = all->best != NONE ? &all->list[all->best] : NULL;
	*out = (struct bridge){0};
	/* The address that was meant went by http, and that is what is unseen. */
	if (best != NULL && best->upgraded)
		return false;
	if (best != NULL && span_is(best->source->signs->dest, "serviceworker"))
		return by_worker(w, x, best, out);
	if (best != NULL && by_blob(w, x, best, out))
		return true;
	if (best == NULL || best->score < WEAK || best->inconsistent)
		return by_cache(w, x, all, out);
	return false;
}

static void say_cache(
	struct walk *w, struct trail_hop *hop, const struct model_exchange *redirect)
{
	struct span control = model_response_header(redirect, "cache-control");
	hop_evidence(w, hop,
		(struct trail_evidence){.exchange = redirect->id,
			.signal = "cache-control",
			.quote = control.p != NULL
					 ? control
					 : span_str("none: browsers keep a 301 or 308"),
			.offset = FACT_NULL});
}

static void say_worker(
	struct walk *w, struct trail_hop *hop, const struct model_exchange *script)
{
	hop_evidence(w, hop,
		(struct trail_evidence){.exchange = script->id,
			.signal = "service-worker",
			.quote = script->request->url,
			.offset = FACT_NULL});
}

void offwire_insert(
	struct walk *w, size_t trail, const struct model_exchange *x, const struct bridge *b)
{
	for (size_t i = 0; i < b->n && b->to.cue != NULL; i++) {
		struct trail_hop hop = unseen(x, b->urls[i]);
		const struct nav *from = &w->navs[b->to.source->owner];
		/* The page showed it already (offwire_referer). */
		if (i == 0 && from->shown.p != NULL && url_same(from->shown, b->urls[0]))
			continue;
		hop.mechanism = b->to.mechanism;
		hop.confidence = b->to.confidence == CONFIDENCE_CERTAIN ? CONFIDENCE_LIKELY
									: b->to.confidence;
		if (i == 0)
			edge_cue_evidence(w, &b->to, &hop);
		if (b->on.mechanism == MECHANISM_CACHED_REDIRECT) {
			if (i > 0)
				hop.mechanism = MECHANISM_CACHED_REDIRECT;
			say_cache(w, &hop, b->shown_by[i]);
		} else if (b->shown_by[i] != NULL) {
			say_worker(w, &hop, b->shown_by[i]);
		}
		walk_push_hop(w, trail, hop);
	}
}

void offwire_evidence(struct walk *w, const struct model_exchange *x, const struct bridge *b,
	struct trail_hop *hop)
{
	edge_evidence(w, x, &b->on, hop);
	if (b->on.mechanism == MECHANISM_CACHED_REDIRECT)
		say_cache(w, hop, b->on.source->x);
	else if (b->n > 0 && b->shown_by[0] != NULL)
		say_worker(w, hop, b->shown_by[0]);
	else if (b->to.mechanism == MECHANISM_LOCAL_DOCUMENT &&
		 derived_signs(x)->referer.p == NULL)
		hop_evidence(w, hop,
			(struct trail_evidence){.exchange = x->id,
				.signal = "no-referer",
				.quote = span_str(""),
				.offset = FACT_NULL});
}

/* ---- an address that a script put into the bar ---- */

/* The page that this Referer is of, if it is one that is shown now. */
static struct nav *shown_page(struct walk *w, const struct signs *n)
{
	for (size_t i = w->n_navs, seen = 0; i > 0 && seen < OWNERS_MAX; i--, seen++) {
		struct nav *nav = &w->navs[i - 1];
		if (url_same(nav->signs->url.href, n->referer_url.href))
			return NULL;
		if (nav->shown.p != NULL && url_same(nav->shown, n->referer_url.href))
			return NULL;
	}
	for (size_t i = w->n_navs, seen = 0; i > 0 && seen < OWNERS_MAX; i--, seen++) {
		struct nav *nav = &w->navs[i - 1];
		if (url_same_origin(&nav->signs->url, &n->referer_url))
			return !nav->left && w->newest[nav->trail] == i - 1 ? nav : NULL;
	}
	return NULL;
}

/* The page's cue that names this address: a script that changes the bar, or one that goes where
 * a worker answers. */
static const struct source *names(const struct walk *w, const struct nav *page, struct span url,
	bool history, const struct cue **out)
{
	uint64_t key = url_key(url);
	for (size_t i = w->n_sources; i > 0; i--) {
		const struct source *s = &w->sources[i - 1];
		if (s->owner == NONE || &w->navs[s->owner] != page)
			continue;
		for (size_t k = 0; k < s->cues->n; k++) {
			*out = &s->cues->cues[k];
			bool bar = (*out)->how == SCRIPT_HISTORY;
			if ((*out)->target.p != NULL && (*out)->key == key && bar == history &&
				(*out)->kind != CUE_FRAME && url_same((*out)->target, url))
				return s;
		}
		if (s->is_nav)
			break;
	}
	return NULL;
}

static void insert_shown(struct walk *w, const struct model_exchange *x, struct nav *page)
{
	const struct signs *n = derived_signs(x);
	struct trail_hop hop = unseen(x, n->referer_url.href);
	walk_wake(w, x);
	const struct model_exchange *worker = offwire_worker_for(w, &n->referer_url);
	const struct cue *cue;
	const struct source *s = names(w, page, n->referer_url.href, true, &cue);
	struct candidate c = {.source = s, .cue = cue};
	hop.mechanism = MECHANISM_HISTORY;
	hop.confidence = s != NULL ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
	if (s == NULL && worker != NULL &&
		(s = names(w, page, n->referer_url.href, false, &cue)) != NULL &&
		edge_weigh_cue(w, x, (size_t)(s - w->sources), cue, false, &c) &&
		c.score >= ENOUGH_TO) {
		hop.mechanism = c.mechanism;
		hop.confidence = CONFIDENCE_LIKELY;
		say_worker(w, &hop, worker);
	} else if (s == NULL && (!w->traced || !page->scripts)) {
		/* Another tab's, or a page's that was there before the recording. */
		return;
	}
	page->shown = arena_copy(w->a, n->referer_url.href);
	if (w->trails[page->trail].n_hops + 2 > TRAIL_HOPS_MAX)
		return;
	if (c.source != NULL && c.cue != NULL)
		edge_cue_evidence(w, &c, &hop);
	hop_evidence(w, &hop,
		(struct trail_evidence){.exchange = x->id,
			.signal = "referer",
			.quote = n->referer,
			.offset = FACT_NULL});
	walk_push_hop(w, page->trail, hop);
}

/* Did a style sheet, a frame or a worker of this page have that address? */
static bool part_of_page(const struct walk *w, const struct nav *page, const struct signs *n,
	const struct model_exchange *x, size_t at)
{
	uint64_t key = url_key(n->referer_url.href);
	for (size_t i = at, seen = 0; i > 0 && seen < REFERER_BACK; i--, seen++) {
		const struct model_exchange *e = w->m->exchanges[i - 1];
		if (e == page->x)
			return false;
		if (e->session == x->session && derived_signs(e)->key == key)
			return true;
	}
	return true;
}

void offwire_referer(struct walk *w, const struct model_exchange *x, size_t at)
{
	const struct signs *n = derived_signs(x);
	if (!n->referer_ok || x->noise || w->n_navs == 0 ||
		span_eq(n->referer, w->referer_seen))
		return;
	w->referer_seen = n->referer;
	/* An origin alone is what policies leave of any address. */
	if (n->referer_url.path.n <= 1 && n->referer_url.query.p == NULL)
		return;
	struct nav *page = shown_page(w, n);
	if (page == NULL || part_of_page(w, page, n, x, at))
		return;
	insert_shown(w, x, page);
}
