/*
 * Weighing: for one navigation, every cue of an earlier response that names its URL, and what
 * the request's headers, method, body and time say for and against each. The rules were
 * measured in Firefox ESR 153; see docs/redirects.md for the table.
 */
#include "store/derive/walk.h"

enum {
	/* What a cue is worth before anything else is known. */
	WORTH_FORM_FILLED = 90,
	WORTH_FORM = 75,
	WORTH_SCRIPT_NOW = 82, /* runs while the page loads: before any refresh */
	WORTH_REFRESH = 80,
	WORTH_SCRIPT_TIMER = 78,
	WORTH_ANCHOR = 62,
	WORTH_UNUSED = 45,

	EARLY_SLACK_US = 250 * 1000, /* clocks and rounding */
	LATE_US = 30 * 1000 *
		  1000,       /* behind what was announced: something else may have done it */
	PAIR_MAX = 64 * 1024, /* bytes of one name=value that is compared */
	LOCATION_LATE_US = 60 * 1000 * 1000,
};

static int64_t since_response(const struct source *s, const struct model_exchange *x)
{
	return x->request->at_us - s->x->response->at_us;
}

static void reject(struct candidate *c, const char *why)
{
	c->score = 0;
	c->against = why;
}

static void weaken(struct candidate *c, int by, const char *why)
{
	c->score -= by;
	c->against = why;
}

/* The Referer fits (both known), the whole URL or its origin: policies cut it, so that absence
 * says nothing. */
static void weigh_referer(
	struct candidate *c, const struct source *owner, const struct signs *n)
{
	if (!n->referer_ok || !owner->signs->url_ok)
		return;
	if (url_same(n->referer_url.href, owner->signs->url.href))
		c->score += 6;
	else if (url_same_origin(&n->referer_url, &owner->signs->url))
		c->score += 4;
	else
		weaken(c, 30, "the Referer is another page's");
}

/* A 3xx keeps User, and Site grows no better; where both requests say so (https). */
static bool keeps_signs(const struct signs *from, const struct signs *n)
{
	if (!from->sec_fetch || !n->sec_fetch)
		return true;
	if (from->user != n->user)
		return false;
	return from->site == SITE_NONE ? n->site == SITE_NONE : n->site >= from->site;
}

static void weigh_location(struct walk *w, const struct model_exchange *x,
	const struct signs *n, struct candidate *c)
{
	const struct source *s = c->source;
	const struct nav *from = &w->navs[s->owner];
	c->mechanism = MECHANISM_HTTP_REDIRECT;
	c->score = EDGE_LOCATION;
	if (!s->is_nav || c->cue->refused) {
		reject(c, "that response was no navigation's");
		return;
	}
	if (from->followed) {
		reject(c, "that redirect was followed before");
		return;
	}
	if (c->cue->fallback) {
		weaken(c, 35, "only a browser on Android goes to an intent's fallback");
		return;
	}
	struct span method = cue_redirect_method(s->x->response->status, s->x->request->method);
	if (!span_eq(method, x->request->method)) {
		c->inconsistent = true;
		weaken(c, 50, "a redirect with that status would have used another method");
	}
	if (!keeps_signs(s->signs, n)) {
		c->inconsistent = true;
		weaken(c, 58, "a redirect would have kept Sec-Fetch-Site and Sec-Fetch-User");
	}
	if (since_response(s, x) > LOCATION_LATE_US)
		weaken(c, 20, "it came long after the redirect");
}

/* What only a document that runs on its own can have done: no gesture, and not from outside. */
static bool by_document(const struct signs *n, struct candidate *c)
{
	if (n->sec_fetch && n->user) {
		reject(c, "Sec-Fetch-User says that a person did it");
		return false;
	}
	if (n->sec_fetch && n->site == SITE_NONE) {
		reject(c, "Sec-Fetch-Site says that no page did it");
		return false;
	}
	return true;
}

/* Announced for a time: not before it, and rather not long after. */
static void weigh_time(const struct model_exchange *x, struct candidate *c)
{
	int64_t since = since_response(c->source, x), due = c->cue->delay_ms * 1000;
	if (since + EARLY_SLACK_US < due)
		reject(c, "it came before the announced delay was over");
	else if (since > due + LATE_US)
		weaken(c, 12, "it came long after the announced delay");
}

static void weigh_refresh(struct walk *w, const struct model_exchange *x, const struct signs *n,
	struct candidate *c)
{
	c->mechanism = c->cue->kind == CUE_META_REFRESH ? MECHANISM_META_REFRESH
							: MECHANISM_REFRESH_HEADER;
	c->score = WORTH_REFRESH;
	if (!by_document(n, c))
		return;
	if (!span_is(x->request->method, "GET"))
		reject(c, "a refresh is a GET");
	else if (c->cue->noscript && w->scripting && n->browser)
		reject(c, "it stands in noscript, and this browser runs scripts");
	else
		weigh_time(x, c);
}

static int worth_of_script(const struct cue *cue, const struct cue_list *page)
{
	switch (cue->how) {
	case SCRIPT_ASSIGN:
	case SCRIPT_OPEN:
	case SCRIPT_RELOAD: return cue->timer ? WORTH_SCRIPT_TIMER : WORTH_SCRIPT_NOW;
	case SCRIPT_HREF: return page->clicks ? WORTH_SCRIPT_TIMER : EDGE_STRING;
	case SCRIPT_ACTION: return WORTH_FORM;
	case SCRIPT_RESPOND: return WORTH_FORM;
	case SCRIPT_LITERAL:
	case SCRIPT_FETCH:
	case SCRIPT_HTML:
	case SCRIPT_REFRESH:
	case SCRIPT_SUBMIT:
	case SCRIPT_CLICK:
	case SCRIPT_HISTORY:
	case SCRIPT_BLOB: break;
	}
	return EDGE_STRING;
}

/* A link, or script behind one: a person's click, or a script's. */
static void weigh_gesture(struct walk *w, const struct signs *n, struct candidate *c)
{
	bool clicks = c->source->cues->clicks;
	c->score = WORTH_ANCHOR;
	if (n->sec_fetch && n->site == SITE_NONE)
		reject(c, "Sec-Fetch-Site says that no page did it");
	enum trail_mechanism by_script = c->cue->window ? MECHANISM_WINDOW : MECHANISM_SCRIPT;
	if (n->sec_fetch) {
		c->mechanism = n->user ? MECHANISM_USER : by_script;
		if (!n->user && !clicks)
			weaken(c, 15, "no script that clicks it was seen");
		return;
	}
	c->mechanism = w->attended ? MECHANISM_USER : by_script;
	if (!w->attended && !clicks)
		weaken(c, 15, "nobody was there to click it, and no script that does was seen");
}

/* Firefox loads a page again in the words in which it was loaded first, but for the gesture
 * (measured in Firefox ESR 153; Chromium says same-origin). */
static bool reloads(const struct signs *n, const struct candidate *c)
{
	return c->cue->how == SCRIPT_RELOAD && n->sec_fetch && !n->user &&
	       n->site == c->source->signs->site;
}

static void weigh_script(struct walk *w, const struct model_exchange *x, const struct signs *n,
	struct candidate *c)
{
	c->mechanism = c->cue->how == SCRIPT_OPEN     ? MECHANISM_WINDOW
		       : c->cue->how == SCRIPT_ACTION ? MECHANISM_FORM
						      : MECHANISM_SCRIPT;
	c->score = worth_of_script(c->cue, c->source->cues);
	if (!w->scripting || !n->browser) {
		reject(c, "this client runs no script");
		return;
	}
	if (c->cue->gesture) {
		weigh_gesture(w, n, c);
		return;
	}
	if (!reloads(n, c) && !by_document(n, c))
		return;
	if (span_is(x->request->method, "POST") && c->cue->how != SCRIPT_ACTION)
		reject(c, "location and open make a GET");
	else if (c->cue->timer)
		weigh_time(x, c);
}

/* name=value among urlencoded pairs. */
static bool has_pair(struct arena *a, struct span pairs, const struct html_field *f)
{
	for (size_t at = 0; at < pairs.n;) {
		size_t end = span_find_byte(pairs, '&', at);
		if (end == SIZE_MAX)
			end = pairs.n;
		struct span pair = span_of(pairs.p + at, end - at);
		size_t eq = span_find_byte(pair, '=', 0);
		at = end + 1;
		if (eq == SIZE_MAX || pair.n > PAIR_MAX)
			continue;
		if (span_eq(url_unescape(a, span_first(pair, eq), true), f->name) &&
			span_eq(url_unescape(a, span_from(pair, eq + 1), true), f->value))
			return true;
	}
	return false;
}

/* How many of the form's hidden fields the request carries as they stood in the page, and how
 * many it does not. */
static void compare_fields(struct walk *w, const struct model_exchange *x,
	const struct signs *n, struct candidate *c, size_t *missing)
{
	enum { COMPARED_MAX = 20 };
	const struct html_form *form = c->cue->form;
	struct span pairs = c->cue->post ? x->req_body : n->url.query;
	bool encoded =
		!c->cue->post || span_starts_nocase(model_request_header(x, "content-type"),
					 "application/x-www-form");
	*missing = 0;
	for (size_t i = 0; i < form->n_fields && c->fields + *missing < COMPARED_MAX; i++) {
		const struct html_field *f = &form->fields[i];
		if (!f->hidden || f->value.p == NULL || pairs.p == NULL)
			continue;
		/* multipart and text/plain bodies hold the value as it is. */
		bool there = encoded ? has_pair(&w->scratch, pairs, f)
				     : span_find(pairs, f->value, 0) != SIZE_MAX;
		c->fields += there;
		*missing += !there;
	}
}

static void weigh_form(struct walk *w, const struct model_exchange *x, const struct signs *n,
	struct candidate *c)
{
	size_t missing;
	bool post = span_is(x->request->method, "POST");
	c->mechanism = MECHANISM_FORM;
	if (post != c->cue->post) {
		reject(c, post ? "that form is sent by GET" : "that form is sent by POST");
		return;
	}
	compare_fields(w, x, n, c, &missing);
	c->score = c->fields > 0 ? WORTH_FORM_FILLED : WORTH_FORM;
	if (!post && c->fields == 0)
		c->score = n->url.query.p != NULL ? EDGE_STRING : EDGE_ENOUGH + 5;
	if (missing > 0 && c->fields == 0)
		weaken(c, 30, "the form's hidden values are not in the request");
	if (n->sec_fetch && n->site == SITE_NONE) {
		reject(c, "Sec-Fetch-Site says that no page did it");
		return;
	}
	if (n->user)
		c->mechanism = MECHANISM_USER;
	struct url origin;
	if (n->origin.n > 0 && !span_is(n->origin, "null") &&
		url_parse(&w->scratch, NULL, n->origin, &origin)) {
		if (url_same_origin(&origin, &c->source->signs->url))
			c->score += 5;
		else
			weaken(c, 40, "the Origin is another page's");
	}
}

static void weigh_kind(struct walk *w, const struct model_exchange *x, const struct signs *n,
	struct candidate *c)
{
	switch (c->cue->kind) {
	case CUE_LOCATION: weigh_location(w, x, n, c); return;
	case CUE_LOCATION_UNUSED:
		/* Browsers do not follow it; only a request that shows it could make it an
		 * edge. */
		c->mechanism = MECHANISM_HTTP_REDIRECT;
		c->score = WORTH_UNUSED;
		c->inconsistent = true;
		c->against = "browsers do not follow Location with that status";
		return;
	case CUE_REFRESH_HEADER:
	case CUE_META_REFRESH: weigh_refresh(w, x, n, c); break;
	case CUE_SCRIPT: weigh_script(w, x, n, c); break;
	case CUE_FORM: weigh_form(w, x, n, c); break;
	case CUE_ANCHOR: weigh_gesture(w, n, c); break;
	case CUE_FRAME: reject(c, "a frame is no navigation"); return;
	}
	if (c->score == 0)
		return;
	const struct source page = {.signs = w->navs[c->source->owner].signs};
	weigh_referer(c, c->source->is_nav ? c->source : &page, n);
	if (w->navs[c->source->owner].left)
		weaken(c, 25, "that page had been left before");
	/* A reload asks for what is shown already. */
	if (!c->source->is_nav)
		c->score -= 2;
}

bool edge_weigh_cue(struct walk *w, const struct model_exchange *x, size_t source,
	const struct cue *cue, bool upgraded, struct candidate *out)
{
	const struct source *s = &w->sources[source];
	*out = (struct candidate){.source = s, .cue = cue, .upgraded = upgraded};
	if (s->x->response->at_us > x->request->at_us || s->owner == NONE)
		return false;
	weigh_kind(w, x, derived_signs(x), out);
	if (out->score > 0 && upgraded)
		out->score -= 4;
	return true;
}
