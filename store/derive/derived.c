#include "store/derive/derived.h"
#include "store/derive/trail.h"

void derived_fini(struct derived *d)
{
	arena_fini(&d->cues_arena);
}

void derived_forget(struct derived *d)
{
	d->cues_made = false;
}

static enum sec_site site_of(struct span s)
{
	if (s.p == NULL)
		return SITE_UNSAID;
	if (span_is(s, "none"))
		return SITE_NONE;
	if (span_is(s, "same-origin"))
		return SITE_SAME_ORIGIN;
	return span_is(s, "same-site") ? SITE_SAME_SITE : SITE_CROSS;
}

static bool says_prefetch(const struct model_exchange *x)
{
	static const char *const names[] = {"sec-purpose", "purpose", "x-moz", "x-purpose"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_find_nocase(model_request_header(x, names[i]), span_str("pre"), 0) ==
			0)
			return true;
	return false;
}

/* Without Sec-Fetch-*: http, an old browser, or no browser at all. */
static bool plain_navigation(const struct model_exchange *x, struct signs *s)
{
	struct span accept = model_request_header(x, "accept");
	bool html = span_starts_nocase(accept, "text/html") ||
		    span_find_nocase(accept, span_str("application/xhtml+xml"), 0) != SIZE_MAX;
	bool upgrade = model_request_header(x, "upgrade-insecure-requests").p != NULL;
	bool agent = span_starts(model_request_header(x, "user-agent"), "Mozilla/");
	s->browser = upgrade || agent;
	if (model_request_header(x, "x-requested-with").p != NULL ||
		model_request_header(x, "service-worker").p != NULL ||
		model_request_header(x, "upgrade").p != NULL ||
		model_request_header(x, "access-control-request-method").p != NULL ||
		model_request_header(x, "range").p != NULL)
		return false;
	if (!s->browser)
		return accept.n == 0 || html || span_starts(accept, "*/*");
	if (!html ||
		(!upgrade && !span_starts_nocase(accept, "text/html,application/xhtml+xml")))
		return false;
	/* Measured in Firefox ESR 153 over http: documents say "Priority: u=0, i", frames
	 * "u=4". */
	struct span priority = model_request_header(x, "priority");
	s->frame = priority.p != NULL && !span_starts(priority, "u=0");
	return !s->frame;
}

static bool is_navigation(const struct model_exchange *x, struct signs *s)
{
	/* Of an erased address nobody knows; what else the request says still stands. */
	if (!x->url_erased && (!s->url_ok || !url_is_web(&s->url) ||
				      span_is(s->url.host, "clicktrail.internal")))
		return false;
	if (x->noise || s->prefetch)
		return false;
	if (!span_is(x->request->method, "GET") && !span_is(x->request->method, "POST"))
		return false;
	if (!s->sec_fetch)
		return plain_navigation(x, s);
	s->browser = true;
	s->frame = span_is(s->dest, "iframe") || span_is(s->dest, "frame") ||
		   span_is(s->dest, "object") || span_is(s->dest, "embed");
	return span_is(s->dest, "document") &&
	       (s->mode.p == NULL || span_is(s->mode, "navigate"));
}

/* The URL before '?'. */
static struct span without_query(const struct url *u)
{
	if (u->query.p != NULL)
		return span_first(u->href, (size_t)(u->query.p - u->href.p) - 1);
	return url_no_fragment(u->href);
}

static void make_signs(const struct model_exchange *x, struct derived *d)
{
	struct signs *s = &d->signs;
	struct arena *a = &x->model->arena;
	*s = (struct signs){0};
	s->url_ok = url_parse(a, NULL, x->request->url, &s->url);
	s->key = url_key(s->url_ok ? s->url.href : x->request->url);
	s->path_key =
		s->url_ok && s->url.query.p != NULL ? url_key(without_query(&s->url)) : s->key;
	s->dest = model_request_header(x, "sec-fetch-dest");
	s->mode = model_request_header(x, "sec-fetch-mode");
	s->site = site_of(model_request_header(x, "sec-fetch-site"));
	s->sec_fetch = s->dest.p != NULL || s->site != SITE_UNSAID;
	s->user = span_is(model_request_header(x, "sec-fetch-user"), "?1");
	s->prefetch = says_prefetch(x);
	s->origin = model_request_header(x, "origin");
	s->cookie = fields_cookies(a, x->req_fields, x->n_req_fields);
	s->referer = model_request_header(x, "referer");
	s->referer_ok = s->referer.n > 0 && url_parse(a, NULL, s->referer, &s->referer_url);
	s->navigation = is_navigation(x, s);
	d->signs_made = true;
}

const struct signs *derived_signs(const struct model_exchange *x)
{
	if (!x->derived->signs_made)
		make_signs(x, x->derived);
	return &x->derived->signs;
}

const struct cue_list *derived_cues(const struct model_exchange *x)
{
	struct derived *d = x->derived;
	bool response = x->response != NULL;
	model_need_body(x);
	if (d->cues_made && d->cues_with_response == response &&
		d->cues_with_body == (x->res_body.p != NULL))
		return &d->cues;
	const struct signs *s = derived_signs(x);
	arena_fini(&d->cues_arena);
	d->cues = (struct cue_list){0};
	d->cues_made = true;
	d->cues_with_response = response;
	d->cues_with_body = x->res_body.p != NULL;
	if (!response || !s->url_ok)
		return &d->cues;
	struct cue_source source = {.url = &s->url,
		.status = x->response->status,
		.fields = x->res_fields,
		.n_fields = x->n_res_fields,
		.body = x->res_body,
		.text = x->res_text,
		.document = s->navigation || s->frame,
		.scripting = true};
	if (!source.document && s->referer_ok)
		source.base = &s->referer_url;
	/* Our own pages say nothing about the origin. */
	if (span_is(x->response->made_by, "clicktrail"))
		source.body = SPAN_NONE;
	cue_read(&d->cues_arena, &source, &d->cues);
	return &d->cues;
}

const struct cue_list *trail_cues(const struct model_exchange *x)
{
	const struct derived *d = x->derived;
	bool same = d != NULL && d->cues_made &&
		    d->cues_with_response == (x->response != NULL) &&
		    d->cues_with_body == (x->res_body.p != NULL);
	return same ? &d->cues : NULL;
}
