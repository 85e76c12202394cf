/* The walk: exchanges in order; each navigation is placed, and every response adds its cues to
 * what may explain the next. */
#include "store/derive/offwire.h"

size_t walk_owner(const struct walk *w, const struct signs *s)
{
	size_t same_origin = NONE;
	for (size_t i = w->n_navs, seen = 0; i > 0 && seen < OWNERS_MAX && s->referer_ok;
		i--, seen++) {
		const struct url *u = &w->navs[i - 1].signs->url;
		if (url_same(u->href, s->referer_url.href))
			return i - 1;
		if (same_origin == NONE && url_same_origin(u, &s->referer_url))
			same_origin = i - 1;
	}
	if (same_origin != NONE)
		return same_origin;
	return w->n_navs > 0 ? w->n_navs - 1 : NONE;
}

static void rehash(struct walk *w)
{
	size_t n = w->n_heads == 0 ? 256 : w->n_heads * 4;
	w->heads = arena_alloc(&w->scratch, n * sizeof *w->heads);
	w->n_heads = n;
	for (size_t i = 0; i < n; i++)
		w->heads[i] = NONE;
	/* Oldest first, so that chains stay newest first. */
	for (size_t i = 0; i < w->n_entries; i++) {
		size_t *head = &w->heads[w->entries[i].key & (n - 1)];
		w->entries[i].next = *head;
		*head = i;
	}
}

static void index_cue(struct walk *w, size_t source, const struct cue *c)
{
	if (c->target.p == NULL || c->kind == CUE_FRAME || !c->web)
		return;
	struct entry e = {.key = c->key, .cue = c, .source = source};
	if (c->prefix) {
		w->prefixes[w->n_prefixes++ % PREFIXES_MAX] = e;
		return;
	}
	ARENA_PUSH(&w->scratch, w->entries, w->n_entries, e);
	if (w->n_entries * 2 > w->n_heads) {
		rehash(w);
		return;
	}
	size_t *head = &w->heads[e.key & (w->n_heads - 1)];
	w->entries[w->n_entries - 1].next = *head;
	*head = w->n_entries - 1;
}

static bool is_script_fetch(const struct model_exchange *x, const struct signs *s)
{
	return span_is(s->dest, "script") ||
	       fields_is_script(fields_media_type(model_response_header(x, "content-type")));
}

static void put_source(
	struct walk *w, const struct model_exchange *x, size_t owner, bool is_nav)
{
	const struct signs *s = derived_signs(x);
	const struct cue_list *cues = derived_cues(x);
	if (!is_nav && !is_script_fetch(x, s) &&
		(x->res_body.p == NULL || (cues->n == 0 && !cues->script)))
		return;
	struct source source = {
		.x = x, .signs = s, .cues = cues, .owner = owner, .is_nav = is_nav};
	ARENA_PUSH(&w->scratch, w->sources, w->n_sources, source);
	for (size_t i = 0; i < cues->n; i++)
		if (is_nav || (cues->cues[i].kind != CUE_LOCATION &&
				      cues->cues[i].kind != CUE_LOCATION_UNUSED))
			index_cue(w, w->n_sources - 1, &cues->cues[i]);
}

/* Equal for URLs of the same origin, and hardly for others. */
static uint64_t origin_key(const struct url *u)
{
	uint64_t h = 14695981039346656037u ^ (uint64_t)url_port(u) ^ u->scheme.n << 32;
	for (size_t i = 0; i < u->host.n; i++)
		h = (h ^ u->host.p[i]) * 1099511628211u;
	return h;
}

/* Can it have moved the browser to where this request goes? A Referer names the page that did,
 * or the frame in it. 0: no Referer. */
static bool concerns(const struct waiting *s, uint64_t referer)
{
	return referer == 0 || s->owner == NONE || s->page == referer || s->own == referer;
}

bool walk_wake(struct walk *w, const struct model_exchange *x)
{
	size_t from = w->n_waiting > WAITING_BACK ? w->n_waiting - WAITING_BACK : 0;
	bool any = false;
	const struct signs *n = x != NULL ? derived_signs(x) : NULL;
	uint64_t referer = n != NULL && n->referer_ok ? origin_key(&n->referer_url) : 0;
	for (size_t i = from; i < w->n_waiting; i++) {
		struct waiting *s = &w->waiting[i];
		if (s->woken || !concerns(s, referer))
			continue;
		s->woken = any = true;
		put_source(w, s->x, s->owner, false);
	}
	return any;
}

static void add_source(struct walk *w, const struct model_exchange *x, size_t nav)
{
	const struct signs *s = derived_signs(x);
	if (x->response == NULL || !s->url_ok || x->noise || (s->prefetch && nav == NONE))
		return;
	if (nav != NONE) {
		put_source(w, x, nav, true);
		return;
	}
	/* Where there is neither header nor body to look at, nothing is made. */
	bool body = x->res_body.p != NULL || (x->model->fetch != NULL && !x->fetched &&
						     model_wants_body(x, SIDE_RESPONSE));
	struct waiting waiting = {.x = x};
	if (!body && !is_script_fetch(x, s))
		return;
	waiting.owner = walk_owner(w, s);
	waiting.own = origin_key(&s->url);
	if (waiting.owner != NONE)
		waiting.page = origin_key(&w->navs[waiting.owner].signs->url);
	ARENA_PUSH(&w->scratch, w->waiting, w->n_waiting, waiting);
}

void walk_add_page(struct walk *w, const struct model_exchange *x, size_t nav)
{
	add_source(w, x, nav);
}

static void find_session(struct walk *w, const struct model *m, int64_t session)
{
	for (size_t i = 0; i < m->n_sessions; i++)
		if (m->sessions[i]->session == session)
			w->session = m->sessions[i];
	for (size_t i = 0; i < m->n_session_ends; i++)
		if (m->session_ends[i]->session == session)
			w->session_end = m->session_ends[i];
	w->scripting = true;
	w->attended = true;
	if (w->session == NULL)
		return;
	const struct fact_session *s = w->session;
	w->traced = span_is(s->command, "trace") ||
		    (span_is(s->command, "replay") && s->link.p != NULL);
	w->attended = !w->traced ||
		      span_find(s->options, span_str("\"show\":true"), 0) != SIZE_MAX ||
		      span_find(s->options, span_str("\"show\": true"), 0) != SIZE_MAX;
	w->scripting = !span_is(s->browser, "none");
	w->link_ok = url_parse(
		&w->scratch, NULL, s->sent_link.p != NULL ? s->sent_link : s->link, &w->link);
}

void walk_run(struct walk *w, const struct model *m, int64_t session, struct arena *a)
{
	*w = (struct walk){.m = m, .a = a, .first_trail = NONE};
	find_session(w, m, session);
	for (size_t i = 0; i < m->n_exchanges; i++) {
		const struct model_exchange *x = m->exchanges[i];
		if (x->session != session)
			continue;
		bool page = trail_is_navigation(x) && !walk_frame(w, x);
		walk_from_prefetch(w, x, true);
		offwire_referer(w, x, i);
		walk_prefetched(w, x);
		offwire_worker(w, x);
		add_source(w, x, page ? walk_place(w, x) : NONE);
	}
	walk_settle_prefetches(w);
	walk_spent(w);
	offwire_note_workers(w);
	for (size_t i = 0; i < w->n_trails; i++) {
		trail_ending(w, &w->trails[i]);
		trail_claims(w, &w->trails[i]);
		trail_circumstances(w, &w->trails[i]);
	}
}

void walk_fini(struct walk *w)
{
	arena_fini(&w->scratch);
}
