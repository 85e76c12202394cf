/*
 * The first page: every case of the shelf, and the newest trails of all of them. It listens: a
 * case that is being written shows its growing numbers, and a new trail appears.
 */
#include "ui/web/list_parts.h"
#include "ui/web/pieces.h"
#include "ui/web/page_case.h"
#include "ui/web/window_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	CASES_NEWEST = 12,   /* trails below the cases */
	CASES_LOOK_MS = 100, /* between two looks at whether anything is new, */
	CASES_REST_MS = 200, /* and after something was */
};

struct one_case {
	struct book *book;
	struct book_about about;
};
struct one_trail {
	const struct one_case *of;
	struct book_trail trail;
};

/* Everything that the page is made of, as it is at this moment. */
struct cases {
	int64_t stamp; /* differs from before if any book is newer, or there are more */
	struct one_case *list;
	size_t n;
	struct one_trail *newest;
	size_t n_newest;
};

static int64_t stamp_of(struct shelf *shelf)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t n = shelf_n(shelf);
	for (size_t i = 1; i <= n; i++)
		h = (h ^ (uint64_t)book_version(shelf_get(shelf, i))) * 0x100000001b3u;
	return (int64_t)((h ^ n) & INT64_MAX);
}

static int64_t order_of(const struct one_case *c)
{
	int64_t at = c->about.about.created_us;
	return c->about.about.id.n == 0 || at == FACT_NULL ? 0 : -at;
}

static int newest_case(const void *x, const void *y)
{
	const struct one_case *a = x, *b = y;
	int64_t m = order_of(a), n = order_of(b);
	if (m != n)
		return m < n ? -1 : 1;
	return book_number(a->book) < book_number(b->book) ? -1 : 1;
}

static int newest_trail(const void *x, const void *y)
{
	const struct one_trail *a = x, *b = y;
	int64_t m = a->trail.started_us, n = b->trail.started_us;
	if (m != n)
		return m > n ? -1 : 1;
	if (a->of != b->of)
		return a->of < b->of ? -1 : 1;
	return a->trail.number > b->trail.number ? -1 : 1;
}

static void read_trails(struct cases *c, struct arena *a)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct book_trails_query want = {.n = CASES_NEWEST};
		struct book_trail *list = NULL;
		struct err err;
		size_t n = 0, total;
		if (!book_trails(c->list[i].book, &want, a, &list, &n, &total, &err))
			continue; /* its row says why */
		for (size_t k = 0; k < n; k++) {
			struct one_trail t = {&c->list[i], list[k]};
			ARENA_PUSH(a, c->newest, c->n_newest, t);
		}
	}
	if (c->n_newest > 0)
		qsort(c->newest, c->n_newest, sizeof *c->newest, newest_trail);
	if (c->n_newest > CASES_NEWEST)
		c->n_newest = CASES_NEWEST;
}

static void read_cases(struct shelf *shelf, struct arena *a, struct cases *out)
{
	*out = (struct cases){.stamp = stamp_of(shelf)};
	size_t n = shelf_n(shelf);
	for (size_t i = 1; i <= n; i++) {
		struct one_case c = {.book = shelf_get(shelf, i)};
		book_about(c.book, a, &c.about);
		ARENA_PUSH(a, out->list, out->n, c);
	}
	if (out->n > 0)
		qsort(out->list, out->n, sizeof *out->list, newest_case);
	read_trails(out, a);
}

/* ---- pieces ---- */

static void case_id(char out[LIST_ID_MAX], const struct one_case *c)
{
	snprintf(out, LIST_ID_MAX, "case-%zu", book_number(c->book));
}

static void number_cell(struct page *p, const char *name, int64_t n)
{
	page_sayf(p, "<td class=\"num\" data-name=\"%s\">", name);
	page_number(p, n);
	page_say(p, "</td>");
}

static void case_row(struct page *p, const struct one_case *c)
{
	char id[LIST_ID_MAX];
	const struct book_about *about = &c->about;
	bool unread = about->state == BOOK_ABSENT || about->state == BOOK_FAILED;
	case_id(id, c);
	page_sayf(p, "<tr id=\"%s\" data-order=\"%lld\"><th scope=\"row\"%s><a href=\"", id,
		(long long)order_of(c), unread ? " colspan=\"8\"" : "");
	page_href(p, c->book, "%s", "");
	page_say(p, "\">");
	html_text(p->out, span_str(book_name(c->book)));
	page_say(p, "</a><p>");
	list_state(p, about);
	page_say(p, "</p></th>");
	if (unread) {
		page_say(p, "</tr>\n");
		return;
	}
	page_say(p, "<td data-name=\"Begun\">");
	page_time(p, about->about.created_us);
	page_say(p, "</td>");
	number_cell(p, "Trails", (int64_t)about->trails);
	number_cell(p, "Exchanges", about->exchanges);
	number_cell(p, "Sessions", about->sessions);
	page_say(p, "<td class=\"num\" data-name=\"Size\">");
	page_bytes(p, about->file_size);
	page_say(p, "</td><td data-name=\"Seal\">");
	list_seal(p, about);
	page_say(p, "</td><td data-name=\"Packets\">");
	list_witness(p, about);
	page_say(p, "</td></tr>\n");
}

static void empty(struct page *p)
{
	page_say(p, "<section class=\"card first-steps\"><h2>Nothing was recorded yet</h2>\n"
		    "<p>This window shows what a browser did behind a link. To see "
		    "something:</p>\n<ul><li><a href=\"/trace\">Trace a link</a>: paste it, or "
		    "drop the mail that it came in.</li>\n<li>Run the demo, which clicks "
		    "through a lab of redirect tricks on this machine and contacts nobody. Its "
		    "case is kept in <code>");
	html_text(p->out, span_str(p->q->window->folder));
	page_say(p, "</code>.");
	page_form_open(p, "first-demo", false, "/trace/demo");
	page_say(p, "<input type=\"hidden\" name=\"browser\" value=\"firefox\">");
	page_form_close(p, "Run the demo");
	page_say(p, "</li>\n<li>Open cases that you have: end this window, and start it with "
		    "them: <code>clicktrail ui FILE...</code></li></ul></section>\n");
}

static void cases_table(struct page *p, const struct cases *c)
{
	static const char *const columns[] = {
		"Case", "Begun", "Trails", "Exchanges", "Sessions", "Size", "Seal", "Packets"};
	page_say(p,
		"<div class=\"card-table\"><table class=\"cases\"><caption "
		"class=\"unseen\">The cases in this window, newest first</caption><thead><tr>");
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		page_sayf(p, "<th scope=\"col\"%s>%s</th>",
			i >= 2 && i <= 5 ? " class=\"num\"" : "", columns[i]);
	page_say(p, "</tr></thead><tbody id=\"cases\">\n");
	for (size_t i = 0; i < c->n; i++)
		case_row(p, &c->list[i]);
	page_say(p, "</tbody></table></div>\n");
}

static void newest_list(struct page *p, const struct cases *c)
{
	page_say(p, "<section><h2>Newest trails</h2>\n");
	page_say(p, "<ol id=\"newest\" class=\"trail-list\">\n");
	/* Not shown once there is another. */
	if (c->n_newest == 0)
		page_say(p, "<li class=\"hint alone\">None yet. <a href=\"/trace\">Trace a "
			    "link</a>.</li>\n");
	for (size_t i = 0; i < c->n_newest; i++)
		list_trail(
			p, c->newest[i].of->book, &c->newest[i].trail, &c->newest[i].of->about);
	page_say(p, "</ol></section>\n");
}

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "cases"};
	struct page p;
	struct cases c;
	read_cases(q->window->shelf, &q->arena, &c);
	page_open(&p, q, a, &place, span_str("Cases"));
	if (c.n == 0)
		empty(&p);
	else
		cases_table(&p, &c);
	newest_list(&p, &c);
	page_listen(&p, "/events?v=%lld&amp;n=%zu", (long long)c.stamp, c.n);
	page_close(&p);
}

/* ---- live ---- */

struct listening {
	struct web_request q; /* of ours: an arena, the window, the forms' secret */
	struct pieces told;
	int64_t stamp; /* of what was told last */
	bool was_empty;
	bool rest;
};

static void nap(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static void tell(struct listening *l, struct buf *out)
{
	char event[FEED_ID_MAX], id[LIST_ID_MAX];
	struct buf html = {0};
	struct cases c;
	struct page p;
	arena_reset(&l->q.arena);
	read_cases(l->q.window->shelf, &l->q.arena, &c);
	feed_id(event, 0, c.stamp);
	l->stamp = c.stamp;
	if (l->was_empty && c.n > 0) {
		feed_reload(out, event);
		return;
	}
	pieces_begin(&l->told, out, event);
	list_piece(&p, &l->q, &html);
	for (size_t i = 0; i < c.n; i++) {
		buf_clear(&html);
		case_row(&p, &c.list[i]);
		case_id(id, &c.list[i]);
		pieces_put(&l->told, id, "cases", buf_span(&html));
	}
	for (size_t i = 0; i < c.n_newest; i++) {
		const struct one_trail *t = &c.newest[i];
		buf_clear(&html);
		list_trail(&p, t->of->book, &t->trail, &t->of->about);
		list_trail_id(id, t->of->book, &t->trail);
		pieces_put(&l->told, id, "newest", buf_span(&html));
	}
	pieces_end(&l->told);
	buf_fini(&html);
}

static bool next(void *ctx, int wait_ms, struct buf *out)
{
	struct listening *l = ctx;
	if (l->told.silent) {
		/* What the page shows: nothing is said, but known. If it is no longer that, all
		 * is said. */
		l->told.silent = stamp_of(l->q.window->shelf) == l->stamp;
		tell(l, out);
		return true;
	}
	if (l->rest) {
		nap(CASES_REST_MS);
		wait_ms -= CASES_REST_MS;
	}
	l->rest = false;
	while (stamp_of(l->q.window->shelf) == l->stamp && wait_ms > 0) {
		nap(CASES_LOOK_MS);
		wait_ms -= CASES_LOOK_MS;
	}
	if (stamp_of(l->q.window->shelf) == l->stamp)
		return true;
	tell(l, out);
	l->rest = true;
	return true;
}

static void end(void *ctx)
{
	struct listening *l = ctx;
	pieces_fini(&l->told);
	arena_fini(&l->q.arena);
	free(l);
}

static void live(struct web_request *q, struct web_answer *a)
{
	struct listening *l = calloc(1, sizeof *l);
	if (l == NULL)
		abort();
	l->q.window = q->window;
	l->q.secret = q->secret;
	l->stamp = feed_since(q->last_event_id, 0);
	if (l->stamp < 0)
		l->stamp = web_value_number(&q->query, "v", -1);
	l->told.silent = true;
	l->was_empty = web_value_number(&q->query, "n", 1) == 0;
	a->kind = WEB_EVENTS;
	a->events = (struct web_events){l, next, end};
}

static void check(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	if (b == NULL)
		return;
	book_check(b);
	web_go(q, a, "/c/%zu", book_number(b));
}

const struct web_route routes_cases[] = {{WEB_GET, "/", show, false},
	{WEB_GET, "/events", live, false}, {WEB_GET, "/c/+", page_case_show, false},
	{WEB_GET, "/c/+/events", page_case_live, false}, {WEB_POST, "/c/+/check", check, false},
	{.pattern = NULL}};
