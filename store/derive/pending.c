/* Is something still to come? What an end of `trace` waits for. */
#include "store/derive/walk.h"

enum {
	LOAD_SLACK_US =
		2 * 1000 * 1000, /* timers start when the page has loaded: parsing, images */
	SUBRESOURCE_US =
		15 * 1000 *
		1000, /* an answer that never ends (a stream) is not waited for longer */
	CONNECT_US =
		35 * 1000 * 1000, /* a slow origin is being dialled: no request is seen yet */
	DELAY_MAX_MS =
		60 * 1000, /* pages that reload themselves every ten minutes are no redirects */
};

static void due(struct trail_pending *out, int64_t at_us, const char *what, struct span target)
{
	if (out->due_us != FACT_NULL && at_us <= out->due_us)
		return;
	out->due_us = at_us;
	out->what = what;
	out->target = target;
}

/* When the page and what it loads had come: no earlier do its timers start. */
static int64_t loaded_us(const struct walk *w, size_t nav)
{
	const struct model_exchange *page = w->navs[nav].x;
	int64_t at = page->end != NULL ? page->end->at_us : page->response->at_us;
	for (size_t i = w->n_sources; i > 0; i--) {
		const struct source *s = &w->sources[i - 1];
		if (s->is_nav && s->owner == nav)
			break;
		if (s->owner == nav && s->x->end != NULL && s->x->end->at_us > at)
			at = s->x->end->at_us;
	}
	return at;
}

static bool timed_script(const struct cue *c)
{
	if (c->kind != CUE_SCRIPT || !c->timer || c->gesture)
		return false;
	return c->how == SCRIPT_ASSIGN || c->how == SCRIPT_OPEN || c->how == SCRIPT_SUBMIT ||
	       c->how == SCRIPT_CLICK || c->how == SCRIPT_RELOAD;
}

static void due_cues(const struct walk *w, size_t nav, const struct cue_list *cues,
	struct trail_pending *out)
{
	int64_t loaded = loaded_us(w, nav);
	for (size_t i = 0; i < cues->n; i++) {
		const struct cue *c = &cues->cues[i];
		const char *what = c->kind == CUE_REFRESH_HEADER ? "refresh-header"
				   : c->kind == CUE_META_REFRESH ? "meta-refresh"
								 : "timer";
		bool refresh = c->kind == CUE_REFRESH_HEADER || c->kind == CUE_META_REFRESH;
		if (refresh ? !c->web || (c->noscript && w->scripting) : !timed_script(c))
			continue;
		if (!refresh && !w->scripting)
			continue;
		if (c->delay_ms <= DELAY_MAX_MS)
			due(out, loaded + c->delay_ms * 1000 + LOAD_SLACK_US, what, c->target);
	}
}

/* What the page that a trail stands on may still do. */
static void pending_page(const struct walk *w, size_t nav, struct trail_pending *out)
{
	const struct model_exchange *x = w->navs[nav].x;
	const struct trail *t = &w->trails[w->navs[nav].trail];
	if (x->end == NULL) {
		out->in_flight = true;
		return;
	}
	if (x->response == NULL || trail_looped(w, t))
		return;
	const struct cue *location = location_cue(x);
	if (location != NULL) {
		if (location->web && !location->refused &&
			refused_connect(w, x, location) == NULL &&
			refused_handshake(w, x, location) == NULL)
			due(out, x->response->at_us + CONNECT_US, "location", location->target);
		return;
	}
	for (size_t i = 0; i < w->n_sources; i++)
		if (w->sources[i].owner == nav)
			due_cues(w, nav, w->sources[i].cues, out);
}

/* Scripts, frames and fetches on the way may be what moves the browser next. */
static void pending_subresources(
	const struct walk *w, int64_t session, struct trail_pending *out)
{
	for (size_t i = 0; i < w->m->n_exchanges; i++) {
		const struct model_exchange *x = w->m->exchanges[i];
		if (x->session != session || x->end != NULL || x->noise)
			continue;
		const struct signs *s = derived_signs(x);
		bool script = s->frame || span_is(s->dest, "script") ||
			      span_is(s->dest, "empty") ||
			      (!s->sec_fetch &&
				      span_starts(model_request_header(x, "accept"), "*/*"));
		if (!script || s->navigation || s->prefetch || !s->url_ok ||
			span_is(s->url.host, "clicktrail.internal"))
			continue;
		due(out, x->request->at_us + SUBRESOURCE_US, "sub-resource", x->request->url);
	}
}

void trail_pending(
	const struct model *m, int64_t session, struct arena *a, struct trail_pending *out)
{
	struct walk w;
	*out = (struct trail_pending){.due_us = FACT_NULL};
	walk_run(&w, m, session, a);
	walk_wake(&w, NULL);
	for (size_t i = 0; i < w.n_navs; i++)
		if (!w.navs[i].left && !w.navs[i].followed)
			pending_page(&w, i, out);
	if (w.n_navs > 0)
		pending_subresources(&w, session, out);
	out->target = arena_copy(a, out->target);
	out->refused = refused_link(&w);
	walk_fini(&w);
}
