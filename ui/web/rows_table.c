#include "ui/web/rows_table.h"
#include "ui/report/html_svg.h"
#include "ui/web/list_parts.h"
#include "store/derive/party.h"
#include "store/fact/lapse.h"

enum {
	PATH_SHOWN = 160, /* bytes of a path; of a longer one the beginning */
	TICKS = 3,        /* at least; at most 2.5 times as many */
	SCALE_MIN_US = 1000,
};

/* From when to when the bars of this page go. */
struct scale {
	int64_t from_us, width_us;
};

static int64_t end_of(const struct book_row *r)
{
	return r->end_us != FACT_NULL ? r->end_us : r->at_us;
}

static struct scale scale_of(const struct book_rows *rows)
{
	int64_t from = 0, to = 0;
	bool any = false;
	for (size_t i = 0; i < rows->n; i++) {
		const struct book_row *r = &rows->list[i];
		if (r->at_us == FACT_NULL)
			continue;
		if (!any || r->at_us < from)
			from = r->at_us;
		if (!any || end_of(r) > to)
			to = end_of(r);
		any = true;
	}
	struct scale s = {from, SCALE_MIN_US};
	int64_t width;
	/* A hostile case may say any time at all. */
	if (!__builtin_sub_overflow(to, from, &width) && width > SCALE_MIN_US)
		s.width_us = width;
	return s;
}

/* Hundredths of a percent, 0 to 10000. */
static int place(const struct scale *s, int64_t us)
{
	int64_t past;
	if (us == FACT_NULL || __builtin_sub_overflow(us, s->from_us, &past) || past < 0)
		return 0;
	double part = (double)past / (double)s->width_us;
	return part >= 1 ? 10000 : (int)(part * 10000);
}

static void part(struct page *p, const char *class, int from, int to)
{
	enum { LEAST = 30 }; /* or it would not be seen */
	if (to - from < LEAST)
		to = from + LEAST;
	if (to > 10000) {
		from -= to - 10000;
		to = 10000;
	}
	page_sayf(p,
		"<rect class=\"%s\" x=\"%d.%02d%%\" y=\"3\" width=\"%d.%02d%%\" "
		"height=\"10\"/>",
		class, from / 100, from % 100, (to - from) / 100, (to - from) % 100);
}

static void bar(struct page *p, const struct scale *s, const struct book_row *r)
{
	page_say(p, "<svg class=\"bar-of\" width=\"100%\" height=\"16\" aria-hidden=\"true\">");
	int at = place(s, r->at_us);
	if (r->end_us == FACT_NULL) {
		part(p, "bar-open", at, 10000);
	} else if (r->first_byte_us == FACT_NULL || r->first_byte_us < r->at_us) {
		part(p, "bar-wait", at, place(s, r->end_us));
	} else {
		int first = place(s, r->first_byte_us), end = place(s, r->end_us);
		if (first > at)
			part(p, "bar-wait", at, first);
		part(p, "bar-get", first, end > first ? end : first);
	}
	page_say(p, "</svg>");
}

/* 1, 2 or 5 of a power of ten, so that there are about TICKS of them. */
static int64_t round_step(int64_t width_us)
{
	int64_t step = 1;
	while (width_us / step > 10 * TICKS)
		step *= 10;
	if (width_us / step > 5 * TICKS)
		return 5 * step;
	return width_us / step > 2 * TICKS ? 2 * step : step;
}

static void ticks(struct page *p, const struct scale *s)
{
	int64_t step = round_step(s->width_us);
	page_say(p, "<svg class=\"ticks\" width=\"100%\" height=\"18\" aria-hidden=\"true\">");
	for (int64_t i = 0; i <= s->width_us / step; i++) {
		int at = place(s, s->from_us + i * step);
		page_sayf(p, "<line x1=\"%d.%02d%%\" x2=\"%d.%02d%%\" y1=\"13\" y2=\"18\"/>",
			at / 100, at % 100, at / 100, at % 100);
		page_sayf(p, "<text x=\"%d.%02d%%\" y=\"11\" text-anchor=\"%s\">", at / 100,
			at % 100,
			i == 0      ? "start"
			: at > 9300 ? "end"
				    : "middle");
		page_took(p, i * step);
		page_say(p, "</text>");
	}
	page_say(p, "</svg>");
}

/* ---- head ---- */

static void head_cell(struct page *p, struct book *b, const struct rows_filter *f,
	enum book_order order, const char *class, const char *words)
{
	struct rows_filter to = *f;
	struct buf query = {0};
	bool here = f->order == order;
	bool largest_first = order == BOOK_BY_SIZE || order == BOOK_BY_TOOK;
	to.order = order;
	to.down = here ? !f->down : largest_first;
	rows_filter_write(&query, &to);
	page_sayf(p, "<th scope=\"col\" class=\"%s\"%s><a href=\"", class,
		!here     ? ""
		: f->down ? " aria-sort=\"descending\""
			  : " aria-sort=\"ascending\"");
	page_href(p, b, "/x?");
	buf_add_span(p->out, buf_span(&query));
	page_sayf(p, "\">%s", words);
	if (here)
		page_sayf(p, "<span aria-hidden=\"true\"> %s</span>",
			f->down ? "\u25BC" : "\u25B2");
	page_say(p, "</a></th>");
	buf_fini(&query);
}

static void head(
	struct page *p, struct book *b, const struct rows_filter *f, const struct scale *s)
{
	page_say(p, "<thead><tr>");
	head_cell(p, b, f, BOOK_BY_TIME, "num", "#");
	head_cell(p, b, f, BOOK_BY_METHOD, "", "Method");
	head_cell(p, b, f, BOOK_BY_HOST, "", "Host");
	page_say(p, "<th scope=\"col\">Path</th>");
	head_cell(p, b, f, BOOK_BY_STATUS, "", "Status");
	head_cell(p, b, f, BOOK_BY_TYPE, "", "Type");
	head_cell(p, b, f, BOOK_BY_SIZE, "num", "Size");
	head_cell(p, b, f, BOOK_BY_TOOK, "num", "Took");
	page_say(p, "<th scope=\"col\" class=\"fall\"><span class=\"unseen\">When: ");
	page_took(p, s->width_us);
	page_say(p, " from left to right</span>");
	ticks(p, s);
	page_say(p, "</th></tr></thead>\n");
}

/* ---- a row ---- */

/* The trails that hops on this page are of, each read once. */
struct known {
	struct book_trail *list;
	size_t n;
};

static const struct book_trail *trail_of(
	struct page *p, struct book *b, struct known *k, const struct book_row *r)
{
	struct book_trail t;
	struct err err;
	bool found = false;
	for (size_t i = 0; i < k->n; i++)
		if (k->list[i].session == r->session && k->list[i].number == r->trail)
			return &k->list[i];
	if (!book_trail(b, r->session, r->trail, &p->q->arena, &t, &found, &err) || !found)
		return NULL;
	ARENA_PUSH(&p->q->arena, k->list, k->n, t);
	return &k->list[k->n - 1];
}

/* The number of its party in the report; 0: not among those that are known. */
static size_t party_of(struct page *p, const struct book_trail *t, struct span host)
{
	struct party about = {0};
	party_of_host(&p->q->arena, host, &about);
	struct span name = about.registrable_domain.p != NULL ? about.registrable_domain : host;
	for (size_t i = 0; i < t->n_parties; i++)
		if (span_eq(t->parties[i], name))
			return i + 1;
	return 0;
}

static void what_it_is(
	struct page *p, struct book *b, struct known *known, const struct book_row *r)
{
	if (r->trail != 0) {
		const struct book_trail *t = trail_of(p, b, known, r);
		size_t party = t != NULL ? party_of(p, t, r->host) : 0;
		page_say(p, "<a class=\"hop-link\" href=\"");
		page_href(p, b, "/t/%lld.%lld/h/%zu", (long long)r->session,
			(long long)r->trail, r->hop);
		page_say(p, "\">");
		if (party > 0)
			svg_party(p->out, party);
		page_sayf(p, "hop %zu</a> ", r->hop);
	}
	if (r->noise)
		page_say(p, "<span class=\"badge plain\">browser's own</span> ");
	if (r->ours)
		page_say(p, "<span class=\"badge note\">answered by clicktrail</span> ");
}

static void status_cell(struct page *p, const struct book_row *r)
{
	page_say(p, "<td data-name=\"Status\">");
	if (r->status != FACT_NULL && r->status >= 100 && r->status <= 999)
		page_sayf(p, "<span class=\"status s%d\">%d</span>", (int)(r->status / 100),
			(int)r->status);
	else if (r->status != FACT_NULL)
		page_sayf(p, "<span class=\"status\">%lld</span>", (long long)r->status);
	if (r->reason.p != NULL && !span_is(r->reason, "ok")) {
		page_say(p, " <span class=\"bad\">");
		page_text(p, span_first(r->reason, LIST_URL_MAX));
		page_say(p, "</span>");
	} else if (r->end_us == FACT_NULL) {
		page_say(p, " <span class=\"dim\">not over</span>");
	} else if (r->status == FACT_NULL) {
		page_say(p, "<span class=\"bad\">no answer</span>");
	}
	page_say(p, "</td>");
}

static void took_cell(struct page *p, const struct book_row *r)
{
	int64_t waited = lapse_us(r->at_us, r->first_byte_us);
	page_say(p, "<td class=\"num\" data-name=\"Took\"");
	if (waited != FACT_NULL) {
		page_say(p, " title=\"waited ");
		page_took(p, waited);
		page_say(p, " for the first byte\"");
	}
	page_say(p, ">");
	page_took(p, lapse_us(r->at_us, r->end_us));
	page_say(p, "</td>");
}

static void row(struct page *p, struct book *b, const struct scale *s, struct known *known,
	const struct book_row *r)
{
	page_sayf(p, "<tr id=\"x-%lld\"%s><td class=\"num\"><a class=\"row-link\" href=\"",
		(long long)r->exchange,
		r->noise        ? " class=\"noise\""
		: r->trail != 0 ? " class=\"is-hop\""
				: "");
	page_href(p, b, "/x/%lld", (long long)r->exchange);
	page_sayf(p, "\"><span class=\"unseen\">Exchange </span>%lld</a></td><td>",
		(long long)r->exchange);
	html_value_text(p->out, span_first(r->method, LIST_URL_MAX), true);
	page_say(p, "</td><td class=\"host\">");
	what_it_is(p, b, known, r);
	if (r->host.n > 0)
		html_host_text(p->out, r->host, true);
	else
		list_host(p, r->url);
	page_say(p, "</td><td class=\"path\">");
	list_path(p, r->url, PATH_SHOWN);
	page_say(p, "</td>");
	status_cell(p, r);
	page_sayf(p, "<td data-name=\"Type\">%s</td><td class=\"num\" data-name=\"Size\">",
		book_type_word(r->type));
	page_bytes(p, r->size);
	page_say(p, "</td>");
	took_cell(p, r);
	page_say(p, "<td class=\"fall\">");
	bar(p, s, r);
	page_say(p, "</td></tr>\n");
}

void rows_table(struct page *p, struct book *b, const struct rows_filter *f,
	const struct book_rows *rows)
{
	struct scale s = scale_of(rows);
	struct known known = {0};
	page_say(p,
		"<p class=\"key\"><svg width=\"14\" height=\"12\" aria-hidden=\"true\"><rect "
		"class=\"bar-wait\" width=\"14\" height=\"10\" y=\"1\"/></svg> until the first "
		"byte <svg width=\"14\" height=\"12\" aria-hidden=\"true\"><rect "
		"class=\"bar-get\" width=\"14\" height=\"10\" y=\"1\"/></svg> receiving <svg "
		"width=\"14\" height=\"12\" aria-hidden=\"true\"><rect class=\"bar-open\" "
		"width=\"12\" height=\"9\" x=\"1\" y=\"1\"/></svg> not over. Bars begin at ");
	page_time(p, s.from_us);
	page_say(p, ".</p>\n<div class=\"rows-box\" role=\"region\" tabindex=\"0\" "
		    "aria-label=\"Exchanges\"><table class=\"rows\" id=\"rows\"><caption "
		    "class=\"unseen\">Exchanges; the columns' names sort them</caption>");
	head(p, b, f, &s);
	page_say(p, "<tbody>\n");
	for (size_t i = 0; i < rows->n; i++)
		row(p, b, &s, &known, &rows->list[i]);
	page_say(p, "</tbody></table></div>\n");
}
