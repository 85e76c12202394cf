/*
 * One hop of a trail, or any exchange: its line, what is before and behind it, and one panel of
 * what is known, chosen by links.
 */
#include "ui/web/page_hop.h"
#include "ui/web/remarks_panel.h"
#include "ui/report/html_svg.h"
#include "ui/web/hop_files.h"
#include "store/base/codec.h"
#include "store/derive/trail.h"

#include <stdio.h>

static const struct {
	const char *word, *title;
	void (*write)(struct hop_view *v);
} panels[] = {
#define X(name, word, title) [HOP_##name] = {#word, title, hop_##word},
	HOP_PANELS(X)
#undef X
};

const char *hop_panel_word(enum hop_panel p)
{
	return panels[p].word;
}

static enum hop_panel asked_panel(const struct web_form *q)
{
	struct span show = web_value(q, "show");
	for (int i = 0; i < HOP_PANEL_COUNT; i++)
		if (span_is(show, panels[i].word))
			return (enum hop_panel)i;
	return HOP_WHY;
}

/* ---- the line ---- */

enum { HOP_COPY_MAX = 16 * 1024 }; /* of an address that can be copied by a button */

static void padlock(struct hop_view *v)
{
	const struct report_hop *hop = v->hop;
	bool plain = span_starts_nocase(hop->hop->url, "http:");
	if (!hop->hop->on_wire || (hop->tls == NULL && !plain))
		return;
	bool bad = hop->tls != NULL && hop->tls->origin->verified == 0;
	const char *words = hop->tls == NULL ? "not encrypted"
			    : bad            ? "encrypted, certificate not verified"
					     : "encrypted";
	page_sayf(v->p,
		"<span class=\"badge %s\"><svg class=\"hop-lock\" width=\"11\" height=\"12\" "
		"viewBox=\"0 0 11 12\" aria-hidden=\"true\"><path d=\"%s\" fill=\"none\" "
		"stroke=\"currentColor\" stroke-width=\"1.5\"/><rect x=\"1\" y=\"5\" "
		"width=\"9\" "
		"height=\"6.5\" rx=\"1.5\" fill=\"currentColor\"/></svg> %s</span> ",
		hop->tls != NULL && !bad ? "good" : "weak",
		hop->tls == NULL ? "M3 5V3.2a2.4 2.4 0 0 1 4.6-.9"
				 : "M3 5V3.5a2.5 2.5 0 0 1 5 0V5",
		words);
}

static void party_mark(struct hop_view *v)
{
	if (v->trail == NULL)
		return;
	const struct report_party *p = parties_of_hop(&v->trail->parties, v->hop->hop->n);
	if (p == NULL)
		return;
	svg_party(v->out, p->n);
	page_say(v->p, "<span class=\"hop-party\">");
	html_host_text(v->out, p->name, true);
	page_say(v->p, "</span> ");
}

static void line(struct hop_view *v)
{
	const struct trail_hop *hop = v->hop->hop;
	page_say(v->p, "<p class=\"hop-line\">");
	party_mark(v);
	if (v->trail != NULL)
		page_sayf(v->p, "<span class=\"mech\">%s</span> ",
			mechanism_word(hop->mechanism));
	if (v->trail != NULL && hop->confidence != CONFIDENCE_CERTAIN)
		page_sayf(v->p, "<span class=\"badge note\">%s</span> ",
			confidence_word(hop->confidence));
	html_status(v->h, v->hop);
	page_say(v->p, " ");
	padlock(v);
	if (v->hop->reason.p != NULL && !span_is(v->hop->reason, "ok")) {
		page_say(v->p, "<span class=\"badge weak\">");
		page_text(v->p, v->hop->reason);
		page_say(v->p, "</span> ");
	}
	if (hop->elapsed_us != FACT_NULL) {
		page_say(v->p, "<span class=\"dim\">took ");
		hop_took(v, hop->elapsed_us);
		page_say(v->p, "</span>");
	}
	/* The exact address stands here in hexadecimal, for the script's copy buttons alone:
	 * nothing takes that for a link. */
	page_say(v->p, "</p>\n<p class=\"hop-url\"");
	if (!trail_url_erased(hop->url) && hop->url.n <= HOP_COPY_MAX) {
		page_say(v->p, " data-exact=\"");
		hex_add(v->out, hop->url);
		page_say(v->p, "\"");
	}
	page_say(v->p, "><code>");
	page_text(v->p, hop->method);
	page_say(v->p, "</code> ");
	page_url(v->p, hop->url);
	page_say(v->p, "</p>\n");
}

static void turns(struct hop_view *v, enum hop_panel panel)
{
	static const char *const rel[] = {"prev", "next"};
	if (v->trail == NULL || v->trail->n_hops < 2)
		return;
	page_say(v->p, "<nav class=\"hop-turns\" aria-label=\"Hops before and behind\">");
	for (int i = 0; i < 2; i++) {
		if (i == 0 ? v->index == 0 : v->index + 1 >= v->trail->n_hops)
			continue;
		size_t to = i == 0 ? v->index - 1 : v->index + 1;
		page_sayf(v->p, "<a data-detail rel=\"%s\" href=\"", rel[i]);
		page_href(v->p, v->r->book, "/t/%s/h/%zu?show=%s", v->trail->id,
			v->trail->hops[to].hop->n, hop_panel_word(panel));
		page_sayf(v->p, "\">%sHop %zu%s</a>", i == 0 ? "\u2190 " : "",
			v->trail->hops[to].hop->n, i == 1 ? " \u2192" : "");
	}
	page_say(v->p, "</nav>\n");
}

static void tabs(struct hop_view *v, enum hop_panel shown)
{
	page_say(v->p, "<nav class=\"hop-tabs\" aria-label=\"What is known of it\"><ul>");
	for (int i = 0; i < HOP_PANEL_COUNT; i++)
		page_sayf(v->p,
			"<li><a data-detail id=\"hop-tab-%s\" href=\"%s?show=%s\"%s>%s"
			"</a></li>",
			panels[i].word, v->path, panels[i].word,
			i == (int)shown ? " aria-current=\"page\"" : "", panels[i].title);
	page_say(v->p, "</ul></nav>\n");
}

void hop_detail(struct hop_view *v, enum hop_panel panel)
{
	page_sayf(v->p, "<section id=\"hop-detail\" class=\"hop-detail\" data-path=\"%s\"",
		v->path);
	if (v->trail != NULL)
		page_sayf(v->p, " data-hop=\"%zu\"", v->hop->hop->n);
	page_say(v->p, " aria-labelledby=\"hop-title\">\n<h2 id=\"hop-title\">");
	if (v->trail != NULL)
		page_sayf(v->p, "<span class=\"hop-which\">Hop %zu", v->hop->hop->n);
	else
		page_sayf(v->p, "<span class=\"hop-which\">Exchange %lld",
			v->x != NULL ? (long long)v->x->id : 0LL);
	page_say(v->p, v->hop->host.n > 0 ? ": </span>" : "</span>");
	if (v->hop->host.n > 0) {
		html_host_text(v->out, v->hop->host, true);
	}
	page_say(v->p, "</h2>\n");
	turns(v, panel);
	line(v);
	tabs(v, panel);
	page_sayf(v->p, "<div class=\"hop-panel hop-%s\">\n<h3>%s</h3>\n", panels[panel].word,
		panels[panel].title);
	if (v->x == NULL && panel != HOP_WHY)
		hop_nothing(v, "This hop happened inside the browser: nothing of it was on the "
			       "wire, so there is nothing to show here.");
	else
		panels[panel].write(v);
	page_say(v->p, "</div>\n");
	if (v->trail != NULL)
		remarks_panel(v->p, v->r, v->hop->hop->n);
	page_say(v->p, "</section>\n");
}

/* ---- pages ---- */

static void write_page(struct web_request *q, struct web_answer *a, struct book_reading *r,
	struct hop_view *v, const char *title)
{
	struct page p;
	struct page_place place = {.book = r->book, .section = "cases"};
	if (v->trail != NULL) {
		place.trail = v->trail->id;
		place.hop = v->hop->hop->n;
	}
	page_open(&p, q, a, &place, span_str(title));
	p.h.e = &r->edition;
	p.h.r = &r->report;
	v->p = &p;
	v->h = &p.h;
	v->out = p.out;
	v->q = &q->query;
	v->a = &q->arena;
	v->r = r;
	v->x = v->hop->exchange;
	v->path = arena_str(&q->arena, q->path);
	if (v->trail != NULL && span_find(q->path, span_str("/x/"), 0) != SIZE_MAX) {
		page_say(&p, "<p class=\"hint\">This exchange is ");
		hop_link_hop(v, v->hop->hop->n);
		page_sayf(&p, " of trail %s.</p>\n", v->trail->id);
	}
	hop_detail(v, asked_panel(&q->query));
	page_close(&p);
}

static void show_hop(struct web_request *q, struct web_answer *a)
{
	struct book_reading r;
	struct err err = {0};
	int64_t session, number, n;
	bool found = false;
	struct book *b = web_book(q, a);
	if (b == NULL)
		return;
	if (!web_trail_id(q->segments[1], &session, &number) ||
		!web_number(q->segments[2], &n)) {
		page_not_there(q, a, NULL, "there is no such hop");
		return;
	}
	bool ok = book_read_trail(b, session, number, &r, &found, &err);
	size_t i = 0;
	while (ok && found && i < r.trail->n_hops && r.trail->hops[i].hop->n != (size_t)n)
		i++;
	if (!ok) {
		page_error(q, a, 500, &err);
	} else if (!found || i == r.trail->n_hops) {
		page_not_there(q, a, b, "there is no such hop");
	} else {
		struct hop_view v = {.trail = r.trail, .index = i, .hop = &r.trail->hops[i]};
		char title[96];
		book_reading_grade(&r, &r.trail->hops[i]);
		snprintf(title, sizeof title, "Hop %zu of %zu, trail %s", v.hop->hop->n,
			r.trail->n_hops, r.trail->id);
		write_page(q, a, &r, &v, title);
	}
	book_reading_close(&r);
}

static void show_exchange(struct web_request *q, struct web_answer *a)
{
	struct book_reading r;
	struct err err = {0};
	int64_t n;
	bool found = false;
	struct book *b = web_book(q, a);
	if (b == NULL)
		return;
	if (!web_number(q->segments[1], &n)) {
		page_not_there(q, a, NULL, "there is no such exchange");
		return;
	}
	if (!book_read_exchange(b, n, &r, &found, &err)) {
		page_error(q, a, 500, &err);
	} else if (!found) {
		page_not_there(q, a, b, "there is no such exchange");
	} else {
		struct hop_view v = {.trail = r.trail, .index = r.hop_index, .hop = &r.hop};
		char title[64];
		snprintf(title, sizeof title, "Exchange %lld", (long long)n);
		write_page(q, a, &r, &v, title);
	}
	book_reading_close(&r);
}

const struct web_route routes_hop[] = {{WEB_GET, "/c/+/t/+/h/+", show_hop, false},
	{WEB_GET, "/c/+/x/+", show_exchange, false},
	{WEB_GET, "/c/+/x/+/picture", hop_picture_file, false},
	{WEB_GET, "/c/+/x/+/bytes", hop_bytes_file, false}, {.pattern = NULL}};
