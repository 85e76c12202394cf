/* By exclusion: no cue names the URL. What the headers leave, and how little that is, is said.
 */
#include "store/derive/walk.h"

/* The longest start of the URL that a script was seen to add to. */
static bool completes_prefix(
	struct walk *w, const struct model_exchange *x, struct candidate *out)
{
	const struct signs *n = derived_signs(x);
	size_t longest = 0;
	for (size_t i = 0; i < w->n_prefixes && i < PREFIXES_MAX; i++) {
		const struct entry *e = &w->prefixes[i];
		const struct source *s = &w->sources[e->source];
		struct span t = url_no_fragment(e->cue->target);
		size_t host_end = (size_t)(n->url.path.p - n->url.href.p);
		/* A host alone is no evidence: something of the path must stand there. */
		if (t.n <= longest || t.n <= host_end + 1 || t.n >= n->url.href.n ||
			s->owner == NONE || s->x->response->at_us > x->request->at_us ||
			memcmp(t.p, n->url.href.p, t.n) != 0)
			continue;
		longest = t.n;
		out->source = s;
		out->cue = e->cue;
	}
	return longest > 0;
}

/* Does anything of this page run script? */
static bool has_script(const struct walk *w, size_t owner)
{
	for (size_t i = w->n_sources; i > 0; i--) {
		const struct source *s = &w->sources[i - 1];
		if (s->owner == owner && (s->cues->script || !s->is_nav))
			return true;
		if (s->is_nav && s->owner == owner)
			return false;
	}
	return false;
}

/* A browser that says what it does: https. */
static void guess_told(
	struct walk *w, const struct signs *n, size_t owner, struct candidate *out)
{
	if (n->user) {
		out->mechanism = n->site == SITE_NONE ? MECHANISM_OPEN : MECHANISM_USER;
		out->confidence = CONFIDENCE_LIKELY;
		return;
	}
	if (n->site == SITE_NONE) {
		out->mechanism = w->traced ? MECHANISM_UNKNOWN : MECHANISM_OPEN;
		out->confidence = CONFIDENCE_POSSIBLE;
		return;
	}
	if (owner == NONE || !has_script(w, owner))
		return;
	/* A page did it without a gesture, and no Location, Refresh, form or URL in sight
	 * explains it. */
	out->mechanism = MECHANISM_SCRIPT;
	bool named =
		n->referer_ok && url_same_origin(&n->referer_url, &w->navs[owner].signs->url);
	out->confidence = named ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

void edge_guess(struct walk *w, const struct model_exchange *x, struct candidate *out)
{
	const struct signs *n = derived_signs(x);
	size_t owner = walk_owner(w, n);
	if (!n->sec_fetch || !n->user)
		walk_wake(w, x);
	*out = (struct candidate){
		.mechanism = MECHANISM_UNKNOWN, .confidence = CONFIDENCE_POSSIBLE};
	bool gesture = n->sec_fetch && (n->user || n->site == SITE_NONE);
	bool runs = w->scripting && n->browser;
	if (runs && !gesture && span_is(x->request->method, "GET") &&
		completes_prefix(w, x, out)) {
		out->mechanism = MECHANISM_SCRIPT;
		out->confidence = CONFIDENCE_LIKELY;
		return;
	}
	if (n->sec_fetch) {
		guess_told(w, n, owner, out);
		return;
	}
	if (!n->referer_ok && !w->traced) {
		/* http, and nothing points anywhere: typed, opened, or a client without a page.
		 */
		out->mechanism = MECHANISM_OPEN;
		out->confidence = owner == NONE ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
		return;
	}
	if (runs && owner != NONE && has_script(w, owner))
		out->mechanism = MECHANISM_SCRIPT;
}
