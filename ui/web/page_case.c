#include "ui/web/page_case.h"
#include "ui/web/list_parts.h"
#include "ui/web/pieces.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	CASE_TRAILS = 50,        /* on one page */
	CASE_SESSIONS_MAX = 100, /* that are listed */
	CASE_REST_MS = 100,      /* between two rounds of events */
};

/* Which part of the trails is shown. */
struct part {
	bool marked_only;
	size_t from;
};

static struct part part_of(const struct web_request *q)
{
	return (struct part){.marked_only = web_value_number(&q->query, "marked", 0) == 1,
		.from = (size_t)web_value_number(&q->query, "from", 0)};
}

struct trails {
	struct book_trail *list;
	size_t n, total;
};

static bool read_trails(struct book *b, const struct part *part, struct arena *a,
	struct trails *out, struct err *err)
{
	const struct book_trails_query want = {
		.marked_only = part->marked_only, .from = part->from, .n = CASE_TRAILS};
	return book_trails(b, &want, a, &out->list, &out->n, &out->total, err);
}

void page_case_check_form(struct page *p, const struct book *b, const struct book_about *about)
{
	if (about->state != BOOK_READY ||
		(about->seal != BOOK_UNCHECKED && about->witness != BOOK_UNCHECKED))
		return;
	page_form_open(p, "check", false, "/c/%zu/check", book_number(b));
	page_form_close(p, "Check now");
}

/* Is there anything to list? */
static bool is_open(const struct book_about *about)
{
	return about->state == BOOK_READY || about->state == BOOK_READING;
}

/* What the page says of the case before its trails; replaced when it changes. */
static void summary(struct page *p, struct book *b, const struct book_about *about)
{
	page_say(p, "<div id=\"summary\" class=\"summary\"><p class=\"state\">");
	list_state(p, about);
	page_say(p, "</p>");
	if (is_open(about)) {
		page_say(p, "<p class=\"numbers\"><span>");
		list_count(p, (int64_t)about->trails, "trail", "trails");
		page_say(p, "</span> <span>");
		list_count(p, about->exchanges, "exchange", "exchanges");
		page_say(p, "</span> <span>");
		list_count(p, about->sessions, "session", "sessions");
		page_say(p, "</span> <span>");
		page_bytes(p, about->file_size);
		page_say(p, "</span></p><dl class=\"verdicts\"><div><dt>Seal</dt><dd>");
		list_seal(p, about);
		page_say(p, "</dd></div><div><dt>Packets</dt><dd>");
		list_witness(p, about);
		page_say(p, "</dd></div></dl>");
		page_case_check_form(p, b, about);
		if (about->limited)
			page_say(p, "<p class=\"warning\">This case is larger than what a "
				    "window keeps in mind: what came last is in no list. It is "
				    "in the case, and in reports.</p>");
		if (about->doubted > 0)
			page_sayf(p,
				"<p class=\"warning\">The trails that are stored of %zu "
				"session%s make no sense: what is shown was derived anew from "
				"what was recorded.</p>",
				about->doubted, about->doubted == 1 ? "" : "s");
	}
	page_say(p, "</div>\n");
}

static void ways(struct page *p, struct book *b)
{
	page_say(p, "<nav class=\"ways\" aria-label=\"Of this case\"><ul><li><a href=\"");
	page_href(p, b, "/x");
	page_say(p, "\">Everything the browser did</a></li><li><a href=\"");
	page_href(p, b, "/remarks");
	page_say(p, "\">Notes</a></li><li><a href=\"");
	page_href(p, b, "/do");
	page_say(p, "\">Check, look up, close</a></li><li><a "
		    "href=\"/compare\">Compare</a></li></ul>");
	page_ask_open(p, "search", "/search");
	page_sayf(p,
		"<input type=\"hidden\" name=\"case\" value=\"%zu\"><label><span "
		"class=\"unseen\">Find in this case</span><input type=\"search\" name=\"q\" "
		"data-slash placeholder=\"Find a host, URL, address, hash\"></label><button "
		"type=\"submit\">Find</button></form></nav>\n",
		book_number(b));
}

static void choice(struct page *p, struct book *b, bool marked, bool here)
{
	page_say(p, "<li><a href=\"");
	page_href(p, b, marked ? "?marked=1" : "%s", "");
	page_sayf(p, "\"%s>%s</a></li>", here ? " aria-current=\"true\"" : "",
		marked ? "\u2605 Marked" : "All");
}

static void trails_section(
	struct page *p, struct book *b, const struct part *part, const struct trails *t)
{
	char path[40];
	page_say(p, "<section class=\"trails\"><h2>Trails</h2><ul class=\"choices\" "
		    "aria-label=\"Which trails\">");
	choice(p, b, false, !part->marked_only);
	choice(p, b, true, part->marked_only);
	page_say(p, "</ul>\n");
	page_say(p, "<ol id=\"trails\" class=\"trail-list\">\n");
	/* Not shown once there is another. */
	if (t->n == 0)
		page_sayf(p, "<li class=\"hint alone\">%s</li>\n",
			t->total > 0        ? "There are no more."
			: part->marked_only ? "None is marked. A trail's own page marks it."
					    : "No trail was recorded yet.");
	for (size_t i = 0; i < t->n; i++)
		list_trail(p, b, &t->list[i], NULL);
	page_say(p, "</ol>\n");
	snprintf(path, sizeof path, "/c/%zu", book_number(b));
	page_turns(p, path, part->marked_only ? "marked=1" : "", part->from, t->n, CASE_TRAILS,
		t->total);
	page_say(p, "</section>\n");
}

/* ---- what it is ---- */

static const char *mode_words(struct span mode)
{
	if (span_is(mode, "intercept"))
		return "intercept: TLS was opened between browser and origin";
	if (span_is(mode, "no-intercept"))
		return "no-intercept: the browser's own TLS, read from its packets";
	if (span_is(mode, "replay"))
		return "replay: answered from a recording";
	return NULL;
}

static void word_cell(struct page *p, const char *name, struct span s)
{
	page_sayf(p, "<td data-name=\"%s\">", name);
	list_words(p, s);
	page_say(p, "</td>");
}

static void session_row(struct page *p, struct book *b, const struct book_session *s)
{
	page_say(p, "<tr><th scope=\"row\"><a href=\"");
	page_href(p, b, "/x?of=%lld", (long long)s->session);
	page_sayf(p, "\">Session %lld</a>", (long long)s->session);
	if (s->running)
		page_say(p, " <span class=\"badge note live\">running now</span>");
	page_say(p, "</th><td data-name=\"Begun\">");
	page_time(p, s->started_us);
	page_say(p, "</td><td data-name=\"Browser\">");
	if (span_is(s->browser, "none"))
		page_say(p, "built-in client");
	else
		list_words(p, s->browser);
	if (s->browser_version.n > 0) {
		page_say(p, " ");
		list_words(p, s->browser_version);
	}
	page_say(p, "</td>");
	word_cell(p, "Device", s->device);
	word_cell(p, "Language", s->language);
	word_cell(p, "Via", s->via);
	page_say(p, "<td data-name=\"Mode\">");
	if (mode_words(s->mode) != NULL)
		page_say(p, mode_words(s->mode));
	else
		list_words(p, s->mode);
	page_say(p, "</td><td data-name=\"Ended\">");
	if (s->ended_us == FACT_NULL)
		page_say(p, s->running ? "not yet" : "cut off");
	else
		list_words(p, s->ended_by);
	page_say(p, "</td><td class=\"num\" data-name=\"Exchanges\">");
	page_number(p, s->exchanges);
	page_say(p, "</td></tr>\n");
}

static void sessions(struct page *p, struct book *b)
{
	static const char *const columns[] = {"Session", "Begun", "Browser", "Device",
		"Language", "Via", "Mode", "Ended", "Exchanges"};
	struct book_session *list = NULL;
	struct err err;
	size_t n = 0, total = 0;
	page_say(p, "<h3>Sessions</h3>\n");
	if (!book_sessions(b, CASE_SESSIONS_MAX, &p->q->arena, &list, &n, &total, &err)) {
		page_say(p, "<p class=\"warning\">");
		page_text(p, span_str(err.detail));
		page_say(p, "</p>\n");
		return;
	}
	page_say(p,
		"<div class=\"card-table\"><table><caption class=\"unseen\">Sessions, newest "
		"first</caption><thead><tr>");
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		page_sayf(p, "<th scope=\"col\"%s>%s</th>", i == 8 ? " class=\"num\"" : "",
			columns[i]);
	page_say(p, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < n; i++)
		session_row(p, b, &list[i]);
	page_say(p, "</tbody></table></div>\n");
	if (total > n) {
		page_say(p, "<p class=\"hint\">And ");
		page_number(p, (int64_t)(total - n));
		page_sayf(p, " earlier ones: at most %d are listed.</p>\n", CASE_SESSIONS_MAX);
	}
}

static void facts(struct page *p, struct book *b, const struct book_about *about)
{
	const struct case_about *c = &about->about;
	page_say(p, "<section class=\"about\"><h2>About this case</h2>\n<dl class=\"facts\">");
	html_fact_open(&p->h, "File");
	html_text(p->out, span_str(book_path(b)));
	html_fact_close(&p->h);
	if (c->id.n > 0) {
		html_fact_open(&p->h, "Id");
		html_code(&p->h, c->id);
		html_fact_close(&p->h);
		html_fact_open(&p->h, "Begun");
		page_time(p, c->created_us);
		html_fact_close(&p->h);
		if (c->closed_us != FACT_NULL) {
			html_fact_open(&p->h, "Closed");
			page_time(p, c->closed_us);
			html_fact_close(&p->h);
		}
		html_fact_open(&p->h, "Operator");
		list_words(p, c->operator_name);
		html_fact_close(&p->h);
		html_fact_open(&p->h, "Made by");
		list_words(p, c->tool_name);
		page_say(p, " ");
		list_words(p, c->tool_version);
		html_fact_close(&p->h);
		html_fact_open(&p->h, "Notes");
		page_number(p, (int64_t)about->remarks);
		html_fact_close(&p->h);
	}
	page_say(p, "</dl>\n");
	if (c->id.n > 0)
		sessions(p, b);
	page_say(p, "</section>\n");
}

void page_case_show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "cases"};
	struct book *b = web_book(q, a);
	struct part part = part_of(q);
	struct trails t = {0};
	struct book_about about;
	struct err err;
	struct page p;
	if (b == NULL)
		return;
	int64_t version = book_version(b);
	book_about(b, &q->arena, &about);
	if (!read_trails(b, &part, &q->arena, &t, &err)) {
		page_error(q, a, 500, &err);
		return;
	}
	page_open(&p, q, a, &place, span_str(book_name(b)));
	summary(&p, b, &about);
	if (is_open(&about)) {
		ways(&p, b);
		trails_section(&p, b, &part, &t);
	}
	facts(&p, b, &about);
	page_listen(&p, "/c/%zu/events?v=%lld&amp;marked=%d&amp;from=%zu&amp;open=%d",
		book_number(b), (long long)version, part.marked_only, part.from,
		is_open(&about));
	page_close(&p);
}

/* ---- live ---- */

struct listening {
	struct web_request q; /* of ours: an arena, the forms' secret */
	struct book *book;
	struct part part;
	struct pieces told;
	bool was_open;   /* the page lists something */
	int64_t version; /* of what was told last */
};

static void tell(struct listening *l, struct buf *out)
{
	char event[FEED_ID_MAX], id[LIST_ID_MAX];
	struct buf html = {0};
	struct trails t = {0};
	struct book_about about;
	struct err err;
	struct page p;
	arena_reset(&l->q.arena);
	l->version = book_version(l->book);
	feed_id(event, book_epoch(l->book), l->version);
	book_about(l->book, &l->q.arena, &about);
	if (is_open(&about) != l->was_open) {
		feed_reload(out, event);
		return;
	}
	pieces_begin(&l->told, out, event);
	list_piece(&p, &l->q, &html);
	summary(&p, l->book, &about);
	pieces_put(&l->told, "summary", "main", buf_span(&html));
	/* On later pages entries would move under the reader's eyes. */
	bool first = l->part.from == 0 && read_trails(l->book, &l->part, &l->q.arena, &t, &err);
	for (size_t i = 0; first && i < t.n; i++) {
		buf_clear(&html);
		list_trail(&p, l->book, &t.list[i], NULL);
		list_trail_id(id, l->book, &t.list[i]);
		pieces_put(&l->told, id, "trails", buf_span(&html));
	}
	pieces_end(&l->told);
	buf_fini(&html);
}

static bool next(void *ctx, int wait_ms, struct buf *out)
{
	struct listening *l = ctx;
	if (l->told.silent) {
		l->told.silent = book_version(l->book) == l->version;
		tell(l, out);
		return true;
	}
	if (book_wait(l->book, l->version, wait_ms) == l->version)
		return true;
	tell(l, out);
	return true;
}

static void end(void *ctx)
{
	struct listening *l = ctx;
	pieces_fini(&l->told);
	arena_fini(&l->q.arena);
	free(l);
}

void page_case_live(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct listening *l = b != NULL ? calloc(1, sizeof *l) : NULL;
	if (b == NULL)
		return;
	if (l == NULL)
		abort();
	*l = (struct listening){.book = b, .part = part_of(q)};
	l->q.window = q->window;
	l->q.secret = q->secret;
	l->version = feed_since(q->last_event_id, book_epoch(b));
	if (l->version < 0)
		l->version = web_value_number(&q->query, "v", -1);
	l->was_open = web_value_number(&q->query, "open", 1) == 1;
	l->told.silent = true;
	a->kind = WEB_EVENTS;
	a->events = (struct web_events){l, next, end};
}
