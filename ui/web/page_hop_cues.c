/*
 * Everything in an answer that could have moved the browser, marked in its place: what did,
 * what was announced and did not happen, and what waits for a person.
 */
#include "ui/web/page_hop_cues.h"

#include <stdlib.h>

/* ---- reading ---- */

static bool is_document(const struct hop_view *v)
{
	static const char *const kinds[] = {"document", "iframe", "frame", "object", "embed"};
	struct span dest = model_request_header(v->x, "sec-fetch-dest");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (span_is(dest, kinds[i]))
			return true;
	return v->trail != NULL;
}

/* Once, for there may be thousands of cues. */
static void read_evidence(struct hop_cues *c)
{
	const struct hop_view *v = c->v;
	c->moved_to = hop_moved_to(v);
	for (size_t i = v->index + 1; v->trail != NULL && i < v->trail->n_hops; i++) {
		const struct trail_hop *hop = v->trail->hops[i].hop;
		for (size_t k = 0; k < hop->n_evidence; k++)
			if (hop->evidence[k].exchange == v->x->id)
				ARENA_PUSH(v->a, c->said, c->n_said,
					(struct hop_said){hop, &hop->evidence[k]});
	}
}

/* A page that costs much to read is mostly hostile; what moved the browser is always found. */
static size_t how_far(const struct hop_cues *c)
{
	bool far = web_value_number(c->v->q, "all", 0) == 1;
	for (size_t i = 0; i < c->n_said; i++)
		far |= c->said[i].e->offset > HOP_CUE_FIRST - CUE_QUOTE_MAX;
	return far ? HOP_CUE_BODY_MAX : HOP_CUE_FIRST;
}

static bool read_cues(struct hop_cues *c, struct err *err)
{
	struct hop_view *v = c->v;
	struct url url, referer;
	struct span from = model_request_header(v->x, "referer");
	read_evidence(c);
	c->max = how_far(c);
	if (!edition_body_start(&v->r->edition, v->x, SIDE_RESPONSE, true, c->max, &c->body,
		    &c->about, err))
		return false;
	c->text = cue_text(v->a, buf_span(&c->body));
	hop_charset_of(
		model_response_header(v->x, "content-type"), buf_span(&c->body), &c->charset);
	if (c->charset.unit > 1)
		c->charset = (struct hop_charset){.unit = 1, .utf8 = true};
	const struct cue_list *known = trail_cues(v->x);
	if (known != NULL || !hop_url(v, &url)) {
		if (known != NULL)
			c->list = *known;
		return true;
	}
	struct cue_source source = {.url = &url,
		.status = v->x->response->status,
		.fields = v->x->res_fields,
		.n_fields = v->x->n_res_fields,
		.body = buf_span(&c->body),
		.document = is_document(v),
		.scripting = true};
	if (!source.document && url_parse(v->a, NULL, from, &referer))
		source.base = &referer;
	if (span_is(v->x->response->made_by, "clicktrail"))
		source.body = SPAN_NONE;
	cue_read(v->a, &source, &c->list);
	return true;
}

/* ---- what became of each ---- */

/* A hop that names this cue as what moved the browser; 0: none does. */
static size_t moved_by(const struct hop_cues *c, const struct cue *cue)
{
	bool head = cue->kind == CUE_LOCATION || cue->kind == CUE_REFRESH_HEADER;
	const char *signal = cue->kind == CUE_LOCATION ? "location" : "refresh";
	for (size_t i = 0; i < c->n_said; i++) {
		const struct trail_evidence *e = c->said[i].e;
		if (head ? strcmp(e->signal, signal) != 0
			 : e->offset == FACT_NULL || e->offset != cue->offset)
			continue;
		if (cue->target.p == NULL || cue->prefix || cue->kind == CUE_FORM ||
			url_same(cue->target, c->said[i].hop->url))
			return c->said[i].hop->n;
	}
	return 0;
}

static bool moves_by_itself(const struct cue *c)
{
	switch (c->kind) {
	case CUE_LOCATION:
	case CUE_REFRESH_HEADER: return true;
	case CUE_META_REFRESH: return !c->noscript;
	case CUE_LOCATION_UNUSED:
	case CUE_FORM:
	case CUE_ANCHOR:
	case CUE_FRAME: return false;
	case CUE_SCRIPT: break;
	}
	switch (c->how) {
	case SCRIPT_REFRESH:
	case SCRIPT_OPEN:
	case SCRIPT_ASSIGN:
	case SCRIPT_SUBMIT:
	case SCRIPT_CLICK:
	case SCRIPT_RELOAD:
	case SCRIPT_RESPOND: return !c->gesture;
	case SCRIPT_LITERAL:
	case SCRIPT_FETCH:
	case SCRIPT_HREF:
	case SCRIPT_ACTION:
	case SCRIPT_HTML:
	case SCRIPT_HISTORY:
	case SCRIPT_BLOB: return false;
	}
	return false;
}

static void judge(const struct hop_cues *c, struct hop_cue *s)
{
	const struct cue *cue = s->cue;
	size_t to = c->moved_to;
	s->hop = moved_by(c, cue);
	if (s->hop > 0) {
		s->fate = FATE_MOVED;
	} else if (cue->refused) {
		s->fate = FATE_REFUSED;
	} else if (to > 0 && cue->target.n > 0 &&
		   url_same(cue->target, c->v->trail->hops[to - 1].hop->url)) {
		s->fate = FATE_SAME;
		s->hop = to;
	} else if (moves_by_itself(cue)) {
		s->fate = FATE_NOTHING;
	} else if (cue->gesture || cue->kind == CUE_ANCHOR || cue->kind == CUE_FORM) {
		s->fate = FATE_WAITS;
	} else {
		s->fate = FATE_BESIDE;
	}
}

static int by_place(const void *x, const void *y)
{
	const struct hop_cue *a = x, *b = y;
	if (a->cue->offset != b->cue->offset)
		return a->cue->offset < b->cue->offset ? -1 : 1;
	return a->fate != b->fate ? (a->fate < b->fate ? -1 : 1)
				  : (a->cue > b->cue) - (a->cue < b->cue);
}

static void place(const struct hop_cues *c, struct hop_cue *s)
{
	struct span quote = s->cue->quote;
	if (s->cue->offset < 0 || (uint64_t)s->cue->offset >= c->text.n || quote.n == 0)
		return;
	size_t start = (size_t)s->cue->offset;
	if (quote.n > c->text.n - start || memcmp(c->text.p + start, quote.p, quote.n) != 0)
		return;
	s->start = start;
	s->end = start + quote.n;
}

static void judge_all(struct hop_cues *c)
{
	bool all = web_value_number(c->v->q, "all", 0) == 1;
	for (size_t i = 0; i < c->list.n; i++) {
		const struct cue *cue = &c->list.cues[i];
		struct hop_cue s = {.cue = cue};
		judge(c, &s);
		if (!all && s.fate == FATE_BESIDE && cue->kind == CUE_SCRIPT &&
			(cue->how == SCRIPT_LITERAL || cue->how == SCRIPT_FETCH)) {
			c->unused++;
			continue;
		}
		place(c, &s);
		ARENA_PUSH(c->v->a, c->seen, c->n, s);
	}
	if (c->n > 0)
		qsort(c->seen, c->n, sizeof *c->seen, by_place);
	for (size_t i = 0; i < c->n; i++)
		c->seen[i].number = i + 1;
	c->from = (size_t)web_value_number(c->v->q, "from", 0);
	c->from = c->from < c->n ? c->from - c->from % HOP_CUES_PAGE : 0;
	c->to = c->n - c->from > HOP_CUES_PAGE ? c->from + HOP_CUES_PAGE : c->n;
}

/* ---- words ---- */

static const char *script_label(enum script_how how)
{
	switch (how) {
	case SCRIPT_LITERAL: return "address in a script";
	case SCRIPT_FETCH: return "fetch in the background";
	case SCRIPT_HREF: return "href set by script";
	case SCRIPT_ACTION: return "form's action set by script";
	case SCRIPT_HTML: return "markup written by script";
	case SCRIPT_REFRESH: return "meta refresh written by script";
	case SCRIPT_OPEN: return "window.open";
	case SCRIPT_ASSIGN: return "location =";
	case SCRIPT_SUBMIT: return "form submitted by script";
	case SCRIPT_CLICK: return "click by script";
	case SCRIPT_RELOAD: return "reload";
	case SCRIPT_HISTORY: return "address changed in place";
	case SCRIPT_RESPOND: return "redirect by a service worker";
	case SCRIPT_BLOB: return "document made by script";
	}
	return "script";
}

const char *hop_cue_label(const struct cue *c)
{
	switch (c->kind) {
	case CUE_LOCATION: return "Location";
	case CUE_LOCATION_UNUSED: return "Location, unused";
	case CUE_REFRESH_HEADER: return "Refresh header";
	case CUE_META_REFRESH: return "meta refresh";
	case CUE_SCRIPT: return script_label(c->how);
	case CUE_FORM: return c->post ? "form, POST" : "form, GET";
	case CUE_ANCHOR: return "link";
	case CUE_FRAME: return "frame";
	}
	return "";
}

const char *hop_fate_class(enum hop_fate f)
{
	switch (f) {
	case FATE_MOVED: return "moved";
	case FATE_SAME: return "same";
	case FATE_NOTHING:
	case FATE_REFUSED: return "nothing";
	case FATE_WAITS: return "waits";
	case FATE_BESIDE: break;
	}
	return "beside";
}

static void say_fate(struct hop_view *v, const struct hop_cue *s)
{
	switch (s->fate) {
	case FATE_MOVED:
		page_say(v->p, "<strong>moved the browser</strong> to ");
		hop_link_hop(v, s->hop);
		break;
	case FATE_SAME:
		page_say(v->p, "leads where another one led: ");
		hop_link_hop(v, s->hop);
		break;
	case FATE_NOTHING: page_say(v->p, "was announced, and did not happen"); break;
	case FATE_REFUSED: page_say(v->p, "makes no sense: browsers show an error"); break;
	case FATE_WAITS: page_say(v->p, "waits for a person"); break;
	case FATE_BESIDE:
		page_say(v->p, s->cue->kind == CUE_LOCATION_UNUSED
				       ? "never followed with this status"
				       : "moves nothing by itself");
		break;
	}
}

static void say_details(struct hop_view *v, const struct cue *c)
{
	if (c->delay_ms > 0) {
		page_say(v->p, ", after ");
		page_took(v->p, c->delay_ms * 1000);
	}
	if (c->timer)
		page_say(v->p, ", by a timer");
	if (c->coding != NULL) {
		page_say(v->p, ", hidden as ");
		page_text(v->p, span_str(c->coding));
	}
	if (c->noscript)
		page_say(v->p, ", for browsers without script");
	if (c->written && c->kind != CUE_SCRIPT)
		page_say(v->p, ", written by script");
	if (c->window)
		page_say(v->p, ", may open a window");
	if (c->handoff)
		page_say(v->p, ", to another program");
	if (c->prefix)
		page_say(v->p, ", and something more that script adds");
}

static void list(struct hop_cues *c)
{
	struct hop_view *v = c->v;
	page_sayf(v->p, "<ol class=\"hop-cues-list\" start=\"%zu\">\n", c->from + 1);
	for (size_t i = c->from; i < c->to; i++) {
		const struct hop_cue *s = &c->seen[i];
		page_sayf(v->p, "<li class=\"cue-%s\">", hop_fate_class(s->fate));
		if (s->start < s->end)
			page_sayf(v->p, "<a href=\"#cue-%zu\">%s</a>", s->number,
				hop_cue_label(s->cue));
		else
			page_sayf(v->p, "<b>%s</b>", hop_cue_label(s->cue));
		say_details(v, s->cue);
		if (s->cue->offset == CUE_NO_OFFSET) {
			page_say(v->p, ", ");
			hop_link_open(v, HOP_RESPONSE, "", "");
			page_say(v->p, "in the head</a>");
		} else {
			page_say(v->p, ", at byte ");
			page_number(v->p, s->cue->offset);
		}
		page_say(v->p, ": ");
		say_fate(v, s);
		if (s->cue->target.n > 0) {
			page_say(v->p, "<br>");
			page_url(v->p, s->cue->target);
		}
		page_say(v->p, "</li>\n");
	}
	page_say(v->p, "</ol>\n");
}

/* ---- all of it ---- */

/* What links within this panel keep: the cues' numbers depend on it. */
static const char *query_of(const struct hop_cues *c)
{
	return web_value_number(c->v->q, "all", 0) == 1 ? "show=cues&amp;all=1" : "show=cues";
}

static void summary(struct hop_cues *c)
{
	struct hop_view *v = c->v;
	size_t of[FATE_BESIDE + 1] = {0};
	const struct hop_cue *moved = NULL;
	for (size_t i = 0; i < c->n; i++) {
		of[c->seen[i].fate]++;
		if (moved == NULL && c->seen[i].fate == FATE_MOVED)
			moved = &c->seen[i];
	}
	page_say(v->p, "<p class=\"hop-sum\">");
	if (moved != NULL) {
		page_say(v->p, "The browser was moved to ");
		hop_link_hop(v, moved->hop);
		page_say(v->p, " by ");
		page_sayf(v->p, "<a data-detail href=\"%s?%s&amp;from=%zu#cue-%zu\">%s</a>. ",
			v->path, query_of(c), moved->number - 1, moved->number,
			hop_cue_label(moved->cue));
	} else {
		page_say(v->p, "Nothing in here is known to have moved the browser. ");
		if (v->trail != NULL && v->index + 1 < v->trail->n_hops) {
			const struct trail_hop *next = v->trail->hops[v->index + 1].hop;
			page_say(v->p, "It went on to ");
			hop_link_hop(v, next->n);
			page_sayf(v->p, " by <b>%s</b>; what told it to is not among these. ",
				mechanism_word(next->mechanism));
		}
	}
	page_sayf(v->p, "%zu cue%s: %zu announced without effect, %zu that wait for a person.",
		c->n, c->n == 1 ? "" : "s", of[FATE_NOTHING] + of[FATE_REFUSED],
		of[FATE_WAITS]);
	if (c->unused > 0) {
		page_sayf(v->p,
			" <a data-detail href=\"%s?show=cues&amp;all=1\">%zu address%s "
			"in scripts</a> that nothing is seen to use, left out.",
			v->path, c->unused, c->unused == 1 ? "" : "es");
	}
	page_say(v->p, "</p>\n");
	if (c->list.limits)
		page_say(v->p, "<p class=\"hint\">A limit of reading was reached: there may be "
			       "more.</p>\n");
	if (buf_len(&c->body) >= c->max) {
		page_sayf(v->p, "<p class=\"hint\">Cues are looked for in its first %zu KiB.",
			c->max / 1024);
		if (c->max < HOP_CUE_BODY_MAX)
			page_sayf(v->p,
				" <a data-detail href=\"%s?show=cues&amp;all=1\">In the first "
				"%d "
				"KiB</a>, which takes longer.",
				v->path, HOP_CUE_BODY_MAX / 1024);
		page_say(v->p, "</p>\n");
	}
	if (c->list.hidden)
		page_say(v->p, "<p class=\"hint\">The status and Location took the browser on: "
			       "what the body holds was never shown, and is not read.</p>\n");
}

void hop_cues(struct hop_view *v)
{
	struct hop_cues c = {.v = v};
	struct err err = {0};
	if (v->x->response == NULL) {
		hop_nothing(v, "There was no answer, so nothing in it could move the browser.");
		return;
	}
	if (!read_cues(&c, &err)) {
		page_say(v->p, "<p class=\"warning\">The body could not be read: ");
		page_text(v->p, span_str(err.detail));
		page_say(v->p, "</p>\n");
		buf_fini(&c.body);
		return;
	}
	judge_all(&c);
	summary(&c);
	if (c.n > HOP_CUES_PAGE)
		page_turns(
			v->p, v->path, query_of(&c), c.from, c.to - c.from, HOP_CUES_PAGE, c.n);
	if (c.n > 0)
		list(&c);
	if (c.text.n > 0 && !hop_is_binary(c.text, &c.charset))
		hop_cues_marked(&c);
	buf_fini(&c.body);
}
