/*
 * Two runs side by side: how each was asked, the way of each hop by hop with what differs down
 * to the part of the address, where each came to rest, and what may be said of the link.
 */
#include "ui/report/hop_line.h"
#include "ui/report/html_svg.h"
#include "ui/web/compare_pick.h"
#include "ui/web/compare_runs.h"

enum { PARTIES_MAX = 64 }; /* that have a mark of their own */

/* ---- parts of the page ---- */

struct sides {
	struct page *p;
	struct run a, b;
	struct run_rows rows;
	struct span parties[PARTIES_MAX]; /* of both, in order */
	size_t n_parties;
};

static void party(struct sides *s, struct span name)
{
	size_t i = 0;
	while (i < s->n_parties && !span_eq(s->parties[i], name))
		i++;
	if (i == s->n_parties && i < PARTIES_MAX)
		s->parties[s->n_parties++] = name;
	if (i < PARTIES_MAX)
		svg_party(s->p->out, i + 1);
	html_host_text(s->p->out, name, true);
}

static void run_link(struct page *p, const struct run *r)
{
	page_say(p, "<a href=\"");
	page_href(p, r->book, "/t/%s", r->id);
	page_sayf(p, "\">Trail %s</a> of ", r->id);
	html_text(p->out, span_str(book_name(r->book)));
	page_say(p, ", ");
	page_time(p, r->started_us);
}

static void say_parting(struct page *p, const struct run_rows *rows)
{
	const struct run_row *row = &rows->list[rows->parted - 1];
	page_sayf(p, "They part at <a href=\"#row-%zu\">row %zu</a>: ", rows->parted,
		rows->parted);
	if (row->a == NULL || row->b == NULL)
		page_sayf(
			p, "%s has no such hop.", row->a == NULL ? "the first" : "the second");
	else if (row->url && !rounds_same_shape(row->a->url, row->b->url))
		page_say(p, "another address.");
	else if (row->status)
		page_say(p, "it answers otherwise.");
	else if (row->mechanism)
		page_say(p, "the browser was moved there in another way.");
	else
		page_say(p, "another kind of answer.");
}

static void verdict(struct sides *s)
{
	struct page *p = s->p;
	const struct run_rows *rows = &s->rows;
	const char *finding = runs_finding(&s->a, &s->b, rows);
	page_say(p, "<section class=\"asked\" id=\"verdict\"><h2>What differs</h2>\n<p "
		    "class=\"lead\">");
	if (rows->like == ROUND_SAME && s->a.ended_by == s->b.ended_by)
		page_sayf(p, "Both led the same way, over %zu hops.", s->a.all);
	else if (rows->like == ROUND_SAME)
		page_say(p, "Both led the same way, and ended differently.");
	else if (rows->like == ROUND_VALUES)
		page_say(p, "Both led the same way, but for values in the links that may be "
			    "made anew for each click.");
	else
		say_parting(p, rows);
	page_say(p, "</p>\n<p>");
	page_say(p, finding != NULL
			    ? finding
			    : "They are two links: where they lead says nothing of either.");
	page_say(p, "</p>\n");
	if (s->a.n < s->a.all || s->b.n < s->b.all)
		page_sayf(p,
			"<p class=\"warning\">Only the first %d hops of each are "
			"compared.</p>\n",
			COMPARE_HOPS_MAX);
	page_say(p, "</section>\n");
}

/* Where the columns stand under each other (45_compare.css) it is a table still: its roles are
 * said, for browsers forget them with the boxes. */
static void head_row(struct page *p, const char *first)
{
	page_sayf(p,
		"<thead role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" "
		"scope=\"col\">%s</th><th role=\"columnheader\" scope=\"col\">One</th><th "
		"role=\"columnheader\" "
		"scope=\"col\">Beside it</th></tr></thead><tbody role=\"rowgroup\">\n",
		first);
}

static void mark_open(struct page *p, bool differs)
{
	page_say(p, differs ? "<mark class=\"diff\">" : "<span>");
}

static void mark_close(struct page *p, bool differs)
{
	page_say(p, differs ? "</mark>" : "</span>");
}

/* One value of both; label: of its cell where columns stand under each other. */
static void pair(struct page *p, const char *name, struct span a, struct span b, bool url)
{
	bool differs = !span_eq(a, b);
	if (a.p == NULL && b.p == NULL)
		return;
	page_sayf(p, "<tr role=\"row\"%s><th role=\"rowheader\" scope=\"row\">%s%s</th>",
		differs ? " class=\"differs\"" : "", name,
		differs ? " <span class=\"badge note\">differs</span>" : "");
	for (int i = 0; i < 2; i++) {
		struct span v = i == 0 ? a : b;
		page_sayf(p, "<td role=\"cell\" data-label=\"%s\">",
			i == 0 ? "One" : "Beside it");
		mark_open(p, differs);
		if (v.n == 0)
			page_say(p, "-");
		else if (url)
			page_url(p, v);
		else
			page_text(p, v);
		mark_close(p, differs);
		page_say(p, "</td>");
	}
	page_say(p, "</tr>\n");
}

static void manner(struct sides *s)
{
	struct page *p = s->p;
	page_say(p, "<section><h2>How each was asked</h2>\n<table role=\"table\" "
		    "class=\"beside\"><caption>What "
		    "the browser said of itself, and where it went out</caption>");
	head_row(p, "What");
	for (int i = 0; i < ROUND_ASKED_COUNT; i++)
		pair(p, round_manner_word((enum round_manner)i), s->a.asked[i], s->b.asked[i],
			i == ROUND_ASKED_LINK || i == ROUND_ASKED_REFERER);
	page_say(p, "</tbody></table></section>\n");
}

/* ---- the way ---- */

static void say_url(struct page *p, struct span url, const struct run_hop *other, bool differs)
{
	struct arena work = {0};
	struct run_piece *pieces;
	size_t n;
	if (!differs || other == NULL) {
		page_url(p, url);
		return;
	}
	bool whole = runs_url_pieces(&work, url, other->url, &pieces, &n);
	page_say(p, "<code class=\"url\">");
	for (size_t i = 0; i < n; i++) {
		if (pieces[i].differs)
			page_say(p, "<mark class=\"diff\">");
		html_url_text(p->out, pieces[i].text, true);
		if (pieces[i].differs)
			page_say(p, "</mark>");
	}
	page_say(p, "</code>");
	if (!whole)
		page_sayf(p,
			" <span class=\"dim\">(of its parts, only the first %d are "
			"compared)</span>",
			COMPARE_PIECES_MAX - 1);
	arena_fini(&work);
}

static void cell(struct sides *s, const struct run *r, const struct run_row *row, bool second)
{
	struct page *p = s->p;
	const struct run_hop *h = second ? row->b : row->a, *other = second ? row->a : row->b;
	page_sayf(p, "<td role=\"cell\" data-label=\"%s\">", second ? "Beside it" : "One");
	if (h == NULL) {
		page_say(p, "<p class=\"dim\">no such hop</p></td>");
		return;
	}
	page_say(p, "<p class=\"what\"><a class=\"step\" href=\"");
	page_href(p, r->book, "/t/%s/h/%zu", r->id, h->n);
	page_sayf(p, "\">Hop %zu</a> ", h->n);
	mark_open(p, row->mechanism);
	page_say(p, h->mechanism);
	mark_close(p, row->mechanism);
	page_say(p, " ");
	if (h->status != FACT_NULL) {
		page_sayf(p, "<span class=\"status s%lld\">", (long long)h->status / 100);
		mark_open(p, row->status);
		page_sayf(p, "%lld", (long long)h->status);
		mark_close(p, row->status);
		page_say(p, "</span>");
	} else {
		mark_open(p, row->status);
		page_say(p, h->on_wire ? "no answer" : "inside the browser");
		mark_close(p, row->status);
	}
	page_say(p, " <span class=\"dim\">");
	if (h->after_us != FACT_NULL) {
		page_say(p, "after ");
		page_took(p, h->after_us);
	}
	page_say(p, "</span></p><p class=\"where\">");
	say_url(p, h->url, other, row->url);
	page_say(p, "</p><p class=\"who\">");
	party(s, h->party);
	if (h->media_type.n > 0) {
		page_say(p, " <span class=\"dim\">");
		mark_open(p, row->type);
		page_text(p, h->media_type);
		mark_close(p, row->type);
		page_say(p, "</span>");
	}
	page_say(p, "</p></td>");
}

static void way_row(struct sides *s, size_t i)
{
	static const char *const words[] = {"same", "values", "differs"};
	static const char *const classes[] = {"good", "note", "weak"};
	const struct run_row *row = &s->rows.list[i];
	page_sayf(s->p,
		"<tr role=\"row\" id=\"row-%zu\" class=\"%s\"><th role=\"rowheader\" "
		"scope=\"row\"><span "
		"class=\"n\">%zu</span> <span class=\"badge %s\">%s</span></th>",
		i + 1, words[row->like], i + 1, classes[row->like], words[row->like]);
	cell(s, &s->a, row, false);
	cell(s, &s->b, row, true);
	page_say(s->p, "</tr>\n");
}

static void way(struct sides *s)
{
	struct page *p = s->p;
	page_say(p,
		"<section><h2>The way, hop by hop</h2>\n<table role=\"table\" class=\"beside "
		"compare-way\"><caption>Aligned where they are alike; what differs is "
		"marked</caption>");
	head_row(p, "Row");
	for (size_t i = 0; i < s->rows.n; i++)
		way_row(s, i);
	page_say(p, "</tbody></table></section>\n");
}

static struct span bytes_of(struct arena *a, int64_t n)
{
	return n == FACT_NULL ? SPAN_NONE
			      : span_str(arena_printf(a, "%lld bytes", (long long)n));
}

/* Where each came to rest: its last hop. */
static void landing(struct sides *s)
{
	struct page *p = s->p;
	struct arena *a = &p->q->arena;
	static const struct run_hop none = {.size = FACT_NULL};
	const struct run_hop *x = s->a.n > 0 ? &s->a.hops[s->a.n - 1] : &none,
			     *y = s->b.n > 0 ? &s->b.hops[s->b.n - 1] : &none;
	page_say(p, "<section><h2>Where each came to rest</h2>\n<table role=\"table\" "
		    "class=\"beside\"><caption>The last page of each</caption>");
	head_row(p, "What");
	pair(p, "ended", span_str(trail_end_sentence(s->a.ended_by)),
		span_str(trail_end_sentence(s->b.ended_by)), false);
	pair(p, "address", s->a.final_url, s->b.final_url, true);
	pair(p, "handed over", s->a.handoff_url, s->b.handoff_url, true);
	pair(p, "title", s->a.title, s->b.title, false);
	pair(p, "type", x->media_type, y->media_type, false);
	pair(p, "size", bytes_of(a, x->size), bytes_of(a, y->size), false);
	pair(p, "SHA-256", x->sha256, y->sha256, false);
	page_say(p, "</tbody></table>\n");
	if (x->sha256.n > 0 && y->sha256.n > 0)
		page_say(p,
			span_eq(x->sha256, y->sha256)
				? "<p>The last page is the same, byte for byte.</p>\n"
				: "<p>The last page has other bytes. Many pages do, each time "
				  "that they are asked for.</p>\n");
	page_say(p, "</section>\n");
}

/* ---- the page ---- */

/* The status that it makes; err says why it is another than 200. */
static int named(struct web_request *q, const char *name, struct run *out, struct err *err)
{
	*out = (struct run){.book = NULL};
	out->book = compare_book(q, web_value(&q->query, name), &out->session, &out->number);
	if (out->book == NULL) {
		err_set(err, ERR_USAGE, "%s: name a trail as CASE:SESSION.TRAIL, 1:1.1", name);
		return 404;
	}
	if (!run_read(out, &q->arena, err))
		return 500;
	if (out->found)
		return 200;
	return page_why_not_there(out->book,
		arena_printf(&q->arena, "%s: the case has no such trail", name), err);
}

static void compare(struct sides *s)
{
	struct page *p = s->p;
	runs_align(&s->a, &s->b, &p->q->arena, &s->rows);
	page_say(p, "<dl class=\"facts\"><div><dt>One</dt><dd>");
	run_link(p, &s->a);
	page_say(p, "</dd></div><div><dt>Beside it</dt><dd>");
	run_link(p, &s->b);
	page_say(p, "</dd></div></dl>\n");
	verdict(s);
	way(s);
	manner(s);
	landing(s);
}

static const char *asked_for(struct web_request *q, const char *name)
{
	struct span text = web_value(&q->query, name);
	return text.p != NULL ? arena_str(&q->arena, text) : "";
}

static void show(struct web_request *q, struct web_answer *a)
{
	const char *one = asked_for(q, "a"), *other = asked_for(q, "b");
	bool both = one[0] != 0 && other[0] != 0;
	const struct page_place place = {.section = "compare", .wide = both};
	struct sides *s = arena_alloc(&q->arena, sizeof *s);
	struct page p;
	struct err err = {0};
	int status = both ? named(q, "a", &s->a, &err) : 200;
	if (both && status == 200)
		status = named(q, "b", &s->b, &err);
	page_open(&p, q, a, &place,
		span_str(both ? "Two runs side by side" : "Compare two runs"));
	s->p = &p;
	a->status = status;
	if (status != 200) {
		page_say(&p, "<p class=\"warning\" role=\"alert\">");
		page_text(&p, span_str(err.detail));
		page_say(&p, "</p>\n");
	}
	if (both && status == 200)
		compare(s);
	page_sayf(&p, "<section>%s\n", both ? "<h2>Others</h2>" : "");
	compare_picker(&p, one, other);
	page_say(&p, "</section>\n");
	page_close(&p);
}

const struct web_route routes_compare[] = {
	{WEB_GET, "/compare", show, false}, {.pattern = NULL}};
