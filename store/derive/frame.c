/*
 * Over http Chromium asks for a frame in the very words in which it asks for a page: there is
 * no Sec-Fetch-* and, other than Firefox's, no Priority (measured in Chromium 156). Then only
 * the page that holds the frame tells, and for where the frame goes by itself, the frame.
 */
#include "store/derive/walk.h"

enum { FRAMED_MAX = 400 }; /* looked back at */

static bool could_be_either(const struct model_exchange *x, const struct signs *n)
{
	return n->navigation && n->browser && !n->sec_fetch &&
	       model_request_header(x, "priority").p == NULL;
}

static bool leads_to(const struct cue *c, const struct signs *n)
{
	return c->target.p != NULL && c->key == n->key && url_same(c->target, n->url.href);
}

static bool is_taken(const struct walk *w, const struct cue *c)
{
	for (size_t i = w->n_framed, seen = 0; i > 0 && seen < FRAMED_MAX; i--, seen++)
		if (w->framed[i - 1].cue == c)
			return true;
	return false;
}

/* A frame of a page that was shown lately, which has not been asked for yet. */
static const struct cue *frame_in_page(const struct walk *w, const struct signs *n)
{
	for (size_t i = w->n_sources, seen = 0; i > 0 && seen < OWNERS_MAX; i--, seen++) {
		const struct source *s = &w->sources[i - 1];
		if (n->referer_ok && (!s->signs->url_ok ||
					     !url_same_origin(&n->referer_url, &s->signs->url)))
			continue;
		for (size_t k = 0; k < s->cues->n; k++) {
			const struct cue *c = &s->cues->cues[k];
			if (c->kind == CUE_FRAME && leads_to(c, n) && !is_taken(w, c))
				return c;
		}
	}
	return NULL;
}

/* Where a frame went by itself: its Location, or a refresh of its own. Its script may have
 * moved the whole page as well, and is believed to have. */
static const struct cue *moved_frame(const struct walk *w, const struct signs *n)
{
	for (size_t i = w->n_framed, seen = 0; i > 0 && seen < FRAMED_MAX; i--, seen++) {
		const struct cue_list *cues = derived_cues(w->framed[i - 1].x);
		for (size_t k = 0; k < cues->n; k++) {
			const struct cue *c = &cues->cues[k];
			bool by_itself = c->kind == CUE_LOCATION ||
					 c->kind == CUE_REFRESH_HEADER ||
					 c->kind == CUE_META_REFRESH;
			if (by_itself && leads_to(c, n) && !is_taken(w, c))
				return c;
		}
	}
	return NULL;
}

bool walk_frame(struct walk *w, const struct model_exchange *x)
{
	const struct signs *n = derived_signs(x);
	if (!could_be_either(x, n))
		return false;
	walk_wake(w, x);
	const struct cue *cue = frame_in_page(w, n);
	if (cue == NULL)
		cue = moved_frame(w, n);
	if (cue == NULL)
		return false;
	/* A page that is being redirected there wants it for itself. */
	struct weighed all;
	edge_weigh(w, x, &all);
	if (all.best != NONE && all.list[all.best].mechanism == MECHANISM_HTTP_REDIRECT)
		return false;
	struct framed f = {.x = x, .cue = cue};
	ARENA_PUSH(&w->scratch, w->framed, w->n_framed, f);
	return true;
}
