/*
 * Notes of people: all of a case in order, and the forms that make, mark and withdraw. What is
 * done is done by the command line, as a process of its own, so that there is one set of rules
 * and one writer of companions.
 */
#include "ui/cli/custody.h"
#include "ui/cli/remarked.h"
#include "ui/web/remarks_panel.h"
#include "ui/web/run_command.h"

#include <stdio.h>

enum { NOTE_SECONDS = 60, BACK_MAX = 200 };

/* ---- doing it ---- */

/* A path of a page of ours: what a form brings back may be anything. */
static bool is_ours(struct span path)
{
	if (!span_starts(path, "/c/") || path.n > BACK_MAX)
		return false;
	for (size_t i = 0; i < path.n; i++) {
		uint8_t c = path.p[i];
		bool plain = ascii_alpha(c) || ascii_digit(c) || c == '/' || c == '.' ||
			     c == '-' || c == '_' || c == '#';
		if (!plain || (c == '/' && i > 0 && path.p[i - 1] == '/'))
			return false;
	}
	return true;
}

static void go_back(struct web_request *q, struct web_answer *a, const struct book *b)
{
	struct span back = web_value(&q->form, "back");
	int64_t session, number;
	if (is_ours(back))
		web_go(q, a, "%.*s", (int)back.n, (const char *)back.p);
	else if (web_trail_id(q->segments[1], &session, &number))
		web_go(q, a, "/c/%zu/t/%lld.%lld", book_number(b), (long long)session,
			(long long)number);
	else
		web_go(q, a, "/c/%zu/remarks", book_number(b));
}

static void run_note(struct web_request *q, struct web_answer *a, const struct book *b,
	const char *const *argv)
{
	struct buf out = {0};
	struct err err;
	if (run_command(q, argv, NOTE_SECONDS, &out, &err))
		go_back(q, a, b);
	else
		page_error(q, a, 409, &err);
	buf_fini(&out);
}

/* As people type: line ends of forms are CRLF (HTML 4.10.21.7). */
static const char *text_of(struct web_request *q)
{
	struct span s = span_trim(web_value(&q->form, "text"), " \t\r\n");
	struct buf b = {0};
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r')
			buf_add_byte(&b, s.p[i]);
	const char *text = buf_len(&b) > 0 ? arena_str(&q->arena, buf_span(&b)) : NULL;
	buf_fini(&b);
	return text;
}

static bool not_found(struct web_request *q, struct web_answer *a)
{
	struct err err;
	err_set(&err, ERR_USAGE, "there is no such trail, hop or note");
	page_error(q, a, 404, &err);
	return false;
}

/* "1.2" as we write it, of what may be "01.2". */
static const char *trail_of(struct web_request *q)
{
	int64_t session, number;
	if (!web_trail_id(q->segments[1], &session, &number))
		return NULL;
	return arena_printf(&q->arena, "%lld.%lld", (long long)session, (long long)number);
}

/* Options first, then --: a text may begin with a dash. */
static void note(struct web_request *q, struct web_answer *a, const char *option,
	const char *hop, bool needs_text)
{
	struct book *b = web_book(q, a);
	const char *trail = b != NULL ? trail_of(q) : NULL;
	const char *text = text_of(q), *argv[12];
	size_t n = 0;
	struct err err;
	if (b == NULL)
		return;
	if (trail == NULL) {
		not_found(q, a);
		return;
	}
	if (needs_text && text == NULL) {
		err_set(&err, ERR_USAGE, "the note is empty");
		page_error(q, a, 400, &err);
		return;
	}
	argv[n++] = "note";
	argv[n++] = "--trail";
	argv[n++] = trail;
	if (hop != NULL) {
		argv[n++] = "--hop";
		argv[n++] = hop;
	}
	if (option != NULL)
		argv[n++] = option;
	argv[n++] = "--";
	argv[n++] = book_path(b);
	if (text != NULL)
		argv[n++] = text;
	argv[n] = NULL;
	run_note(q, a, b, argv);
}

static void note_hop(struct web_request *q, struct web_answer *a)
{
	int64_t hop;
	if (!web_number(q->segments[2], &hop) || hop == 0)
		not_found(q, a);
	else
		note(q, a, NULL, arena_printf(&q->arena, "%lld", (long long)hop), true);
}

static void note_trail(struct web_request *q, struct web_answer *a)
{
	note(q, a, NULL, NULL, true);
}

static void mark(struct web_request *q, struct web_answer *a)
{
	/* One form does both: off: it is marked now. */
	note(q, a, web_value(&q->form, "off").n > 0 ? "--unmark" : "--mark", NULL, false);
}

static void withdraw(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	int64_t number;
	if (b == NULL)
		return;
	if (!web_number(q->segments[1], &number) || number == 0) {
		not_found(q, a);
		return;
	}
	const char *const argv[] = {"note", "--withdraw",
		arena_printf(&q->arena, "%lld", (long long)number), "--", book_path(b), NULL};
	run_note(q, a, b, argv);
}

/* ---- all of them ---- */

static void about_what(struct page *p, const struct book *b, const struct remark *m)
{
	page_say(p, "<a href=\"");
	page_href(p, b, "/t/%lld.%lld", (long long)m->session, (long long)m->trail);
	if (m->hop != FACT_NULL)
		page_sayf(p, "/h/%lld\">hop %lld of trail %lld.%lld</a>", (long long)m->hop,
			(long long)m->hop, (long long)m->session, (long long)m->trail);
	else
		page_sayf(p, "\">trail %lld.%lld</a>", (long long)m->session,
			(long long)m->trail);
}

static const char *act_words(enum remark_act act)
{
	return act == REMARK_MARKED     ? "marked as the one that matters"
	       : act == REMARK_UNMARKED ? "not the one that matters after all"
					: "noted";
}

static void who_and_when(struct page *p, const char *did, struct span by, int64_t at_us)
{
	page_sayf(p, "%s by ", did);
	page_text(p, by.n > 0 ? by : span_str("somebody"));
	page_say(p, ", ");
	page_time(p, at_us);
}

static void item(struct page *p, const struct book *b, const struct remark *m)
{
	page_sayf(p, "<li class=\"remark%s\" id=\"note-%lld\"><p><strong>",
		m->withdrawn ? " withdrawn" : "", (long long)m->number);
	page_number(p, m->number);
	page_say(p, "</strong> on ");
	about_what(p, b, m);
	page_say(p, "</p>\n<p class=\"remark-by\">");
	who_and_when(p, act_words(m->act), m->by, m->at_us);
	page_say(p, "</p>\n<div class=\"remark-text\">");
	remarks_text(p, m);
	page_say(p, "</div>\n");
	if (m->withdrawn) {
		page_say(p, "<p class=\"remark-by\">");
		who_and_when(p, "Withdrawn", m->withdrawn_by, m->withdrawn_us);
		page_say(p, "</p>");
	} else {
		remarks_withdraw(
			p, b, m, arena_printf(&p->q->arena, "/c/%zu/remarks", book_number(b)));
	}
	page_say(p, "</li>\n");
}

static void list(struct page *p, const struct book *b, const struct remarks *m)
{
	page_say(p, "<p class=\"hint\">About trails and hops, in the order in which they were "
		    "made. What was withdrawn stays here; reports leave it out.</p>\n<ol "
		    "class=\"remark-list remark-all\">\n");
	for (size_t i = 0; i < m->n; i++)
		item(p, b, &m->list[i]);
	page_say(p, "</ol>\n");
}

static void show(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct remarks m;
	struct err err;
	struct page p;
	if (b == NULL)
		return;
	if (!remarked_read(book_path(b), &q->arena, &m, &err)) {
		page_error(q, a, 500, &err);
		return;
	}
	const struct page_place place = {.book = b, .section = "cases"};
	page_open(&p, q, a, &place, span_str("Notes"));
	remarks_left_out(&p, &m);
	if (m.n > 0)
		list(&p, b, &m);
	else
		page_say(&p, "<p>Nobody noted anything about this case's trails and hops yet. "
			     "Each trail and hop has a place for it on its page.</p>\n");
	if (!custody_is_companion(book_path(b)))
		remarks_as_whom(&p);
	page_close(&p);
}

const struct web_route routes_remarks[] = {
	{WEB_GET, "/c/+/remarks", show, false},
	{WEB_POST, "/c/+/t/+/h/+/note", note_hop, false},
	{WEB_POST, "/c/+/t/+/note", note_trail, false},
	{WEB_POST, "/c/+/t/+/mark", mark, false},
	{WEB_POST, "/c/+/remarks/+/withdraw", withdraw, false},
	{.pattern = NULL},
};
