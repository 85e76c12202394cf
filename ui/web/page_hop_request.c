/*
 * What the browser asked, and what came back: start lines, header lines as they came, the way
 * there, how long it took, and what was odd.
 */
#include "ui/web/page_hop.h"
#include "store/case.h"
#include "store/derive/cue.h"

static void odd(struct hop_view *v, struct span words)
{
	if (words.n == 0)
		return;
	html_fact_open(v->h, "Odd about it");
	page_say(v->p, "<strong class=\"bad\">");
	page_text(v->p, words);
	page_say(v->p, "</strong>");
	html_fact_close(v->h);
}

static void erased(struct hop_view *v, size_t n)
{
	if (n > 0)
		page_sayf(v->p,
			"<p class=\"hint\">The value of %zu header line%s was erased from "
			"the case.</p>\n",
			n, n == 1 ? "" : "s");
}

/* The bytes as they came, a line each; what does not print is escaped. */
static void raw_head(struct hop_view *v, struct span head, struct span lines)
{
	bool made = head.n == 0;
	struct span left = made ? lines : head;
	if (left.n == 0)
		return;
	html_fold_open(v->h, made ? "Its lines, one by one" : "Head, byte by byte", 0, false);
	if (made)
		page_say(v->p, "<p class=\"hint\">HTTP/2 compresses heads: these are the lines "
			       "that came out, in their order.</p>\n");
	page_say(v->p, "<pre>");
	while (left.n > 0) {
		size_t end = span_find_byte(left, '\n', 0);
		struct span line = span_first(left, end == SIZE_MAX ? left.n : end);
		left = span_from(left, line.n + 1);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n > 0)
			page_text(v->p, line);
		page_say(v->p, left.n > 0 ? "\n" : "");
	}
	page_say(v->p, "</pre>\n");
	html_fold_close(v->h);
}

static void trailers(struct hop_view *v, struct span raw)
{
	if (raw.n == 0)
		return;
	html_fact_open(v->h, "Trailers");
	page_say(v->p, "<code>");
	page_text(v->p, raw);
	page_say(v->p, "</code>");
	html_fact_close(v->h);
}

static void body_fact(struct hop_view *v, int64_t size, int64_t stored, const char *side)
{
	if (size == FACT_NULL || size == 0)
		return;
	html_fact_open(v->h, "Body");
	page_bytes(v->p, size);
	if (stored != FACT_NULL && stored < size) {
		page_say(v->p, ", of which ");
		page_bytes(v->p, stored);
		page_say(v->p, " are stored");
	}
	page_say(v->p, ": ");
	hop_link_open(v, HOP_BODY, side, "");
	page_say(v->p, "look at it</a>");
	html_fact_close(v->h);
}

void hop_request(struct hop_view *v)
{
	const struct fact_request *f = v->x->request;
	struct url url;
	if (f == NULL) {
		hop_nothing(v, "Nothing is recorded of the request's head.");
		return;
	}
	page_say(v->p, "<p class=\"hop-start\"><code>");
	page_text(v->p, f->method);
	page_say(v->p, " ");
	html_url_text(v->out, f->url, true);
	page_say(v->p, " ");
	page_text(v->p, f->version);
	page_say(v->p, "</code></p>\n");
	hop_open_facts(v);
	html_server(v->h, v->hop);
	html_dns(v->h, v->hop->dns);
	html_fact_open(v->h, "Connection");
	page_sayf(v->p, "tunnel %lld, request %lld on it; exchange %lld of the case",
		(long long)f->tunnel, (long long)(f->n != FACT_NULL ? f->n : 0),
		(long long)v->x->id);
	html_fact_close(v->h);
	if (v->x->end != NULL) {
		body_fact(v, v->x->end->req_size, v->x->end->req_stored, "&amp;side=request");
		trailers(v, v->x->end->req_trailers);
	}
	odd(v, f->oddities);
	hop_close_facts(v);
	hop_timing(v);
	if (hop_url(v, &url) && url.query.n > 0)
		hop_values(v, url.query, "Parameters of the address");
	hop_fields(v, SIDE_REQUEST);
	erased(v, v->x->n_req_erased);
	raw_head(v, f->head, f->fields);
}

/* ---- the answer ---- */

struct interims {
	struct hop_view *v;
	int64_t exchange;
	size_t seen, n;
	bool over;
};

static bool take_interim(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct interims *i = ctx;
	const struct fact_interim *f = fact;
	(void)seq;
	if (kind == FACT_KIND_INTERIM && f->exchange == i->exchange) {
		struct hop_view *v = i->v;
		html_fact_open(v->h, "Before it");
		page_sayf(v->p, "<span class=\"status s0\">%lld</span> at ",
			(long long)f->status);
		page_time(v->p, f->at_us);
		page_say(v->p, " <code>");
		page_text(v->p, f->head.n > 0 ? f->head : f->fields);
		page_say(v->p, "</code>");
		html_fact_close(v->h);
		i->n++;
	}
	i->over = kind == FACT_KIND_RESPONSE &&
		  ((const struct fact_response *)fact)->exchange == i->exchange;
	return !i->over && ++i->seen < HOP_NEAR_FACTS;
}

static void interims(struct hop_view *v)
{
	struct interims i = {.v = v, .exchange = v->x->id};
	struct err err = {0};
	if (v->r->gather == NULL || v->r->gather->file == NULL)
		return;
	if (!case_facts(v->r->gather->file, v->x->request_seq, v->x->session, take_interim, &i,
		    &err)) {
		html_fact_open(v->h, "Before it");
		page_say(v->p, "interim answers could not be looked for: ");
		page_text(v->p, span_str(err.detail));
		html_fact_close(v->h);
	} else if (!i.over && i.seen >= HOP_NEAR_FACTS) {
		html_fact_open(v->h, "Before it");
		page_sayf(v->p,
			"interim answers were looked for among the %d facts behind the request "
			"only",
			HOP_NEAR_FACTS);
		html_fact_close(v->h);
	}
}

static void switched(struct hop_view *v)
{
	const struct model *m = v->r->report.model;
	for (size_t i = 0; m != NULL && i < m->n_opaques; i++) {
		const struct fact_opaque *o = m->opaques[i];
		if (o->exchange != v->x->id)
			continue;
		html_fact_open(v->h, "Then");
		page_say(v->p, "another protocol (");
		page_text(v->p, o->why);
		page_say(v->p, "): ");
		page_bytes(v->p, o->up_bytes);
		page_say(v->p, " up, ");
		page_bytes(v->p, o->down_bytes);
		page_say(v->p, " down, passed through unread");
		html_fact_close(v->h);
	}
}

static void how_it_ended(struct hop_view *v)
{
	const struct fact_exchange_end *end = v->x->end;
	html_fact_open(v->h, "Ended");
	if (end == NULL) {
		page_say(v->p, "not yet, or the recording was cut off");
	} else if (span_is(end->reason, "ok")) {
		page_say(v->p, "as announced");
	} else {
		page_say(v->p, "<strong class=\"bad\">");
		page_text(v->p, end->reason);
		page_say(v->p, "</strong> ");
		if (end->detail.n > 0)
			page_text(v->p, end->detail);
	}
	html_fact_close(v->h);
}

void hop_response(struct hop_view *v)
{
	const struct fact_response *f = v->x->response;
	if (f == NULL)
		page_say(v->p, "<p class=\"hop-start\">No answer was recorded.</p>\n");
	else {
		page_say(v->p, "<p class=\"hop-start\"><code>");
		page_text(v->p, f->version);
		page_sayf(v->p, " %lld ", (long long)f->status);
		if (f->reason.n > 0)
			page_text(v->p, f->reason);
		page_say(v->p, "</code></p>\n");
	}
	hop_open_facts(v);
	html_server(v->h, v->hop);
	interims(v);
	how_it_ended(v);
	switched(v);
	if (v->x->end != NULL) {
		body_fact(v, v->x->end->res_size, v->x->end->res_stored, "&amp;side=response");
		trailers(v, v->x->end->res_trailers);
	}
	if (f != NULL)
		odd(v, f->oddities);
	hop_close_facts(v);
	hop_timing(v);
	if (f == NULL)
		return;
	hop_fields(v, SIDE_RESPONSE);
	erased(v, v->x->n_res_erased);
	raw_head(v, f->head, f->fields);
}
