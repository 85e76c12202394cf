/*
 * A report on a trail: asked for, looked at before it goes out, and made. What is done is done
 * by the command line, as a process of its own.
 */
#include "ui/web/job_child.h"
#include "ui/web/report_page.h"
#include "ui/web/window_state.h"

#include <stdlib.h>

struct span report_party_name(const struct report_trail *t, size_t party)
{
	for (size_t i = 0; i < t->parties.n; i++)
		if (t->parties.list[i].n == party)
			return t->parties.list[i].name;
	return SPAN_NONE;
}

void report_command(struct page *p, const char *const *argv)
{
	struct buf words = {0};
	job_child_quote(&words, argv, false);
	page_say(p,
		"<details class=\"fold report-command\"><summary>The same by the command line"
		"</summary>\n<pre>");
	html_text(p->out, buf_span(&words));
	page_say(p, "</pre></details>\n");
	buf_fini(&words);
}

/* Read, and let go at once: a report is made by another process, which takes its time. What is
 * needed of the trail is copied: its id and its parties. */
struct asked {
	struct book *book;
	struct report_trail trail;
	struct span start_url;
	struct report_wish wish;
};

static void copy_party(
	struct arena *a, const struct report_party *from, struct report_party *to)
{
	*to = (struct report_party){.n = from->n,
		.name = arena_copy(a, from->name),
		.service = from->service,
		.front = {.name = from->front.name, .sure = from->front.sure},
		.n_hops = from->n_hops};
	to->hops = arena_alloc(a, (from->n_hops + 1) * sizeof *to->hops);
	if (from->n_hops > 0)
		memcpy(to->hops, from->hops, from->n_hops * sizeof *to->hops);
	for (size_t i = 0; i < from->n_contacts; i++) {
		const struct party_contact *c = &from->contacts[i];
		ARENA_PUSH(a, to->contacts, to->n_contacts,
			(struct party_contact){.email = arena_copy(a, c->email),
				.form = arena_copy(a, c->form),
				.guessed = c->guessed});
	}
}

static void copy_trail(struct arena *a, const struct report_trail *t, struct asked *x)
{
	x->start_url = arena_copy(a, t->trail->start_url);
	x->trail.id = arena_str(a, span_str(t->id));
	x->trail.parties.n = t->parties.n;
	x->trail.parties.list =
		arena_alloc(a, (t->parties.n + 1) * sizeof *x->trail.parties.list);
	for (size_t i = 0; i < t->parties.n; i++)
		copy_party(a, &t->parties.list[i], &x->trail.parties.list[i]);
}

static bool read_trail(struct web_request *q, struct web_answer *a, struct asked *x)
{
	struct book_reading r;
	int64_t session, number;
	bool found = false;
	struct err err;
	*x = (struct asked){.book = web_book(q, a)};
	if (x->book == NULL)
		return false;
	if (!web_trail_id(q->segments[1], &session, &number)) {
		page_not_there(q, a, NULL, "there is no such trail");
		return false;
	}
	bool ok = book_read_trail(x->book, session, number, &r, &found, &err);
	if (ok && found)
		copy_trail(&q->arena, r.trail, x);
	book_reading_close(&r);
	if (!ok)
		page_error(q, a, 500, &err);
	else if (!found)
		page_not_there(q, a, x->book, "there is no such trail");
	if (!ok || !found)
		return false;
	report_wish_read(&q->arena, q->method == WEB_POST ? &q->form : &q->query,
		book_path(x->book), x->trail.id, &x->wish);
	return true;
}

/* Who reports is who works here, until something else is said. */
static void fill_in(struct web_request *q, struct report_wish *w)
{
	if (q->method == WEB_GET && w->org == NULL)
		w->org = getenv("CLICKTRAIL_OPERATOR");
}

static void open_page(
	struct page *p, struct web_request *q, struct web_answer *a, struct asked *x)
{
	const struct page_place place = {
		.book = x->book, .trail = x->wish.trail, .section = "cases", .wide = true};
	page_open(p, q, a, &place,
		span_str(arena_printf(&q->arena, "Report on trail %s", x->wish.trail)));
	page_say(p, "<p class=\"of-link\">");
	page_url(p, x->start_url);
	page_say(p, "</p>\n<p class=\"hint\"><a href=\"");
	page_href(p, x->book, "/reports");
	page_say(p, "\">Reports that were made of this case</a></p>\n");
}

static void show(struct web_request *q, struct web_answer *a)
{
	struct asked x;
	struct page p;
	if (!read_trail(q, a, &x))
		return;
	fill_in(q, &x.wish);
	open_page(&p, q, a, &x);
	report_form(&p, x.book, &x.trail, &x.wish);
	page_close(&p);
}

static void show_preview(struct web_request *q, struct web_answer *a, struct asked *x)
{
	struct page p;
	open_page(&p, q, a, x);
	report_preview(&p, &x->trail, &x->wish);
	page_say(&p, "<h2>Change it</h2>\n");
	report_form(&p, x->book, &x->trail, &x->wish);
	page_close(&p);
}

/* The form again, with what was filled in, and why it could not be. */
static void show_failed(
	struct web_request *q, struct web_answer *a, struct asked *x, const struct err *err)
{
	bool makes = span_is(web_value(&q->form, "do"), "make") && !x->wish.more_secrets;
	struct page p;
	open_page(&p, q, a, x);
	page_say(&p, "<p class=\"warning\" role=\"alert\">It was not made: ");
	if (makes && x->wish.format->of_reporter &&
		(x->wish.org == NULL || x->wish.email == NULL))
		page_say(&p,
			"fill in your organisation and your mail address below. The command "
			"said: ");
	page_text(&p, span_str(err->detail));
	page_say(&p, "</p>\n");
	report_form(&p, x->book, &x->trail, &x->wish);
	page_close(&p);
	a->status = 422;
}

static void act(struct web_request *q, struct web_answer *a)
{
	struct asked x;
	struct err err = {.kind = ERR_NONE};
	struct span what = web_value(&q->form, "do");
	if (!read_trail(q, a, &x))
		return;
	if (x.wish.more_secrets)
		err_set(&err, ERR_USAGE,
			"more than %d values to be hidden: give them by "
			"the command line",
			WISH_SECRETS_MAX);
	else if (span_is(what, "make"))
		reports_make(
			q, a, x.book, &x.wish, report_party_name(&x.trail, x.wish.party), &err);
	else if (span_is(what, "all"))
		reports_make_all(q, a, &x.wish, &err);
	else
		show_preview(q, a, &x);
	if (err.kind != ERR_NONE)
		show_failed(q, a, &x, &err);
}

const struct web_route routes_report[] = {
	{WEB_GET, "/c/+/t/+/report", show, false},
	{WEB_POST, "/c/+/t/+/report", act, false},
	{.pattern = NULL},
};
