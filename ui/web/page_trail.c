/*
 * A trail's page, a session's page while its trails come, their streams of events, and the
 * pictures that were put to a case.
 */
#include "ui/web/remarks_panel.h"
#include "ui/web/act.h"
#include "ui/web/feed.h"
#include "ui/web/page.h"
#include "ui/web/trail_stream.h"

#include <stdio.h>
#include <stdlib.h>

static void no_such(struct web_request *q, struct web_answer *a, const char *what)
{
	struct err err;
	err_set(&err, ERR_USAGE, "%s", what);
	page_error(q, a, 404, &err);
}

/* ---- until there is something ---- */

/* The case is not read to its end yet. */
static bool trail_may_come(const struct book_about *about)
{
	return about->state == BOOK_ABSENT || about->state == BOOK_READING;
}

struct waiting {
	struct window *window;
	struct book *book;
	int64_t jobs_seen;
	int64_t session, trail; /* trail 0: the session alone */
	int64_t version;        /* of the book, at the last look */
	bool begun;
};

/* Is it there, or is it certain that it will not be? */
static bool is_there(const struct waiting *w, const struct book_about *about, struct arena *a)
{
	struct book_trail row;
	struct err err = {0};
	bool found = false;
	if (w->trail == 0)
		return about->newest_session >= w->session;
	return !trail_may_come(about) ||
	       (book_trail(w->book, w->session, w->trail, a, &row, &found, &err) && found);
}

static bool wait_next(void *ctx, int wait_ms, struct buf *out)
{
	struct waiting *w = ctx;
	struct arena a = {0};
	struct book_about about;
	/* Since the last look: what came between it and this call is news as well. */
	if (w->begun)
		book_wait(w->book, w->version, wait_ms);
	w->begun = true;
	w->version = book_version(w->book);
	book_about(w->book, &a, &about);
	bool there = is_there(w, &about, &a);
	char id[FEED_ID_MAX];
	feed_id(id, book_epoch(w->book), w->version);
	if (there)
		feed_reload(out, id);
	else
		jobs_of_case_feed(w->window, w->book, &w->jobs_seen, id, out);
	arena_fini(&a);
	return !there;
}

static void wait_stream(struct web_request *q, struct web_answer *a, struct book *b,
	int64_t session, int64_t trail)
{
	struct waiting *w = calloc(1, sizeof *w);
	if (w == NULL)
		abort();
	*w = (struct waiting){.window = q->window,
		.book = b,
		.jobs_seen = -1,
		.session = session,
		.trail = trail};
	a->kind = WEB_EVENTS;
	a->events = (struct web_events){w, wait_next, free};
}

/* session 0: any; trail 0: none. */
static void wait_page(struct web_request *q, struct web_answer *a, struct book *b,
	const struct book_about *about, int64_t session, int64_t trail)
{
	const struct page_place place = {.book = b, .section = "cases", .live = true};
	struct page p;
	page_open(&p, q, a, &place, span_str(trail > 0 ? "Not yet" : "It is about to begin"));
	page_say(&p, "<p class=\"trail-live on\"><span class=\"dot\"></span>");
	if (about->state == BOOK_ABSENT) {
		page_say(&p, "Waiting for the case to be made.");
	} else if (about->state == BOOK_FAILED) {
		page_say(&p, "The case cannot be read now: ");
		page_text(&p, span_str(err_sentence(about->err.kind)));
		page_say(&p, ": ");
		page_text(&p, span_str(about->err.detail));
	} else if (trail > 0 || about->state == BOOK_READING) {
		page_say(&p, "The case is being read.");
	} else if (session > 0) {
		page_sayf(&p, "Waiting for session %lld to begin.", (long long)session);
	} else {
		page_say(&p, "Waiting for a session to begin.");
	}
	page_say(&p, "</p>\n<p class=\"hint\">This page goes on by itself.</p>\n");
	jobs_of_case(&p, b);
	if (trail > 0)
		page_listen(&p, "/c/%zu/t/%lld.%lld/events?wait=1", book_number(b),
			(long long)session, (long long)trail);
	else if (session > 0)
		page_listen(&p, "/c/%zu/s/%lld/events", book_number(b), (long long)session);
	else
		page_listen(&p, "/c/%zu/newest/events", book_number(b));
	page_close(&p);
}

static void newest(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct book_about about;
	if (b == NULL)
		return;
	book_about(b, &q->arena, &about);
	if (about.newest_session > 0)
		web_go(q, a, "/c/%zu/s/%lld", book_number(b), (long long)about.newest_session);
	else
		wait_page(q, a, b, &about, 0, 0);
}

static void newest_events(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	if (b != NULL)
		wait_stream(q, a, b, 1, 0);
}

/* ---- a session ---- */

static void session_trails(struct page *p, struct book *b, int64_t session,
	const struct book_about *about, const struct book_trail *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct book_reading r;
		struct trail_view v;
		bool found;
		struct err err = {0};
		if (book_read_trail(b, session, list[i].number, &r, &found, &err) && found) {
			trail_view_make(&v, &r, about, i == 0, &r.arena);
			trail_section(&v, true, p->out);
		} else if (err.kind != ERR_NONE) {
			page_say(p, "<p class=\"warning\">");
			page_text(p, span_str(err.detail));
			page_say(p, "</p>\n");
		}
		book_reading_close(&r);
	}
}

static void panel(struct page *p)
{
	page_say(p,
		"<section id=\"trail-panel\" class=\"trail-panel\" aria-label=\"The selected "
		"hop\"></section>\n");
}

static bool asked_session(struct web_request *q, struct web_answer *a, int64_t *session)
{
	if (web_number(q->segments[1], session) && *session > 0)
		return true;
	no_such(q, a, "there is no such session");
	return false;
}

static void session(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct book_about about;
	struct book_trail *list = NULL;
	size_t n = 0, total = 0;
	struct err err = {0};
	char since[FEED_ID_MAX];
	int64_t s;
	if (b == NULL || !asked_session(q, a, &s))
		return;
	feed_id(since, book_epoch(b), book_version(b));
	book_about(b, &q->arena, &about);
	if (about.newest_session < s) {
		wait_page(q, a, b, &about, s, 0);
		return;
	}
	struct book_trails_query query = {.session = s, .n = STREAM_TRAILS_MAX};
	if (!book_trails(b, &query, &q->arena, &list, &n, &total, &err)) {
		page_error(q, a, 500, &err);
		return;
	}
	bool runs = about.live && (n > 0 ? list[0].running : about.newest_session <= s);
	const struct page_place place = {
		.book = b, .section = "cases", .live = runs, .wide = true};
	struct page p;
	page_open(&p, q, a, &place,
		span_str(arena_printf(&q->arena, "Session %lld", (long long)s)));
	trail_session_now(s, &about, n > 0 ? &list[0] : NULL, total, p.out);
	page_say(&p, "<div class=\"trail-view\">\n<div id=\"trails\" class=\"trail-main\">\n");
	session_trails(&p, b, s, &about, list, n);
	page_say(&p, "</div>\n<div class=\"trail-side\">\n");
	panel(&p);
	page_say(&p, "</div></div>\n");
	if (total > n)
		page_sayf(&p,
			"<p><a href=\"/c/%zu?session=%lld\">All %zu trails of this "
			"session</a></p>\n",
			book_number(b), (long long)s, total);
	page_listen(&p, "/c/%zu/s/%lld/events?since=%s", book_number(b), (long long)s, since);
	page_close(&p);
}

static void session_events(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct book_about about;
	int64_t s;
	if (b == NULL || !asked_session(q, a, &s))
		return;
	book_about(b, &q->arena, &about);
	if (about.newest_session < s)
		wait_stream(q, a, b, s, 0);
	else
		trail_stream(a, b, s, 0, trail_since(q, b));
}

/* ---- a trail ---- */

static void act(struct page *p, const struct trail_view *v, const char *what, const char *name)
{
	page_sayf(p, "<li><a class=\"button\" href=\"/c/%zu/t/%s/%s\">%s</a></li>\n", v->book,
		v->t->id, what, name);
}

static void actions(struct page *p, const struct trail_view *v, bool marked)
{
	const char *id = v->t->id;
	page_say(p, "<nav class=\"actions\" aria-label=\"What to do with this trail\">\n<ul>");
	act(p, v, "report", "Make a report");
	act(p, v, "replay", "Replay offline");
	act(p, v, "again", "Open it once more");
	page_sayf(p,
		"<li><a class=\"button\" href=\"/compare?a=%zu:%s\">Compare</a></li>\n<li><a "
		"class=\"button\" href=\"/c/%zu/x?session=%lld&amp;trail=%zu\">Everything it "
		"loaded</a></li>\n<li>",
		v->book, id, v->book, (long long)v->t->trail->session, v->t->trail->number);
	page_form_open(p, "act", false, "/c/%zu/t/%s/mark", v->book, id);
	if (marked)
		page_say(p, "<input type=\"hidden\" name=\"off\" value=\"1\">");
	page_form_close(p, marked ? "Take its mark away" : "Mark as the one that matters");
	page_say(p, "</li></ul></nav>\n");
}

static void put_block(struct page *p, const struct trail_view *v, enum trail_block b)
{
	trail_block(v, b, p->out);
}

static void body(struct page *p, const struct trail_view *v, bool marked)
{
	put_block(p, v, TRAIL_BLOCK_LIVE);
	if (marked)
		page_say(p, "<p><span class=\"badge note\">marked</span> Somebody said that "
			    "this trail matters.</p>\n");
	put_block(p, v, TRAIL_BLOCK_STORY);
	put_block(p, v, TRAIL_BLOCK_VERDICTS);
	actions(p, v, marked);
	page_say(p, "<div class=\"trail-view\">\n<section class=\"trail-main\" "
		    "aria-labelledby=\"path-title\">\n<h2 id=\"path-title\">The path</h2>\n");
	put_block(p, v, TRAIL_BLOCK_LEGEND);
	put_block(p, v, TRAIL_BLOCK_SCALE);
	trail_path(v, p->out);
	page_say(p, "<p class=\"hint\">A mark\u2019s shape, colour and column say who runs the "
		    "hop. A dashed line: how the browser came there is not certain. A hollow "
		    "mark: the step was inside the browser, and nobody was asked.</p>\n"
		    "</section>\n<div class=\"trail-side\">\n");
	panel(p);
	put_block(p, v, TRAIL_BLOCK_PICTURE);
	put_block(p, v, TRAIL_BLOCK_NOTES);
	page_say(p, "</div></div>\n");
}

static struct span title_of(struct arena *a, const struct trail_view *v)
{
	struct buf title = {0};
	buf_addf(&title, "Trail %s", v->t->id);
	if (v->t->n_hops > 0 && v->t->hops[0].host.n > 0) {
		buf_add_str(&title, ": ");
		html_defang(&title, span_first(v->t->hops[0].host, 255), true);
	}
	struct span s = arena_copy(a, buf_span(&title));
	buf_fini(&title);
	return s;
}

static bool asked_trail(struct web_request *q, struct web_answer *a, int64_t *s, int64_t *k)
{
	if (web_trail_id(q->segments[1], s, k))
		return true;
	no_such(q, a, "there is no such trail");
	return false;
}

/* What is announced belongs to the newest one of its session. */
static bool is_newest(struct web_request *q, struct book *b, int64_t s, int64_t k)
{
	struct book_trails_query query = {.session = s, .n = 1};
	struct book_trail *list;
	size_t n, total;
	struct err err = {0};
	return book_trails(b, &query, &q->arena, &list, &n, &total, &err) && n == 1 &&
	       list[0].number == k;
}

static void trail(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct book_about about;
	struct book_trail row = {0};
	struct book_reading r;
	struct err err = {0};
	char since[FEED_ID_MAX];
	int64_t s, k;
	bool found = false, read;
	if (b == NULL || !asked_trail(q, a, &s, &k))
		return;
	feed_id(since, book_epoch(b), book_version(b));
	book_about(b, &q->arena, &about);
	bool last = is_newest(q, b, s, k);
	if (!book_trail(b, s, k, &q->arena, &row, &found, &err) || !found) {
		if (err.kind != ERR_NONE)
			page_error(q, a, 500, &err);
		else if (trail_may_come(&about))
			wait_page(q, a, b, &about, s, k);
		else
			no_such(q, a, "there is no such trail in this case");
		return;
	}
	read = book_read_trail(b, s, k, &r, &found, &err);
	if (!read || !found) {
		book_reading_close(&r);
		if (!read)
			page_error(q, a, 500, &err);
		else
			no_such(q, a, "there is no such trail in this case");
		return;
	}
	struct trail_view v;
	struct page p;
	trail_view_make(&v, &r, &about, last, &q->arena);
	const struct page_place place = {.book = b,
		.trail = row.id,
		.section = "cases",
		.live = v.state == TRAIL_RUNS,
		.wide = true};
	page_open(&p, q, a, &place, title_of(&q->arena, &v));
	/* As the companion says now: the book looks at it a little later. */
	body(&p, &v, r.trail->mark != NULL);
	remarks_panel(&p, &r, 0);
	book_reading_close(&r);
	page_listen(&p, "/c/%zu/t/%lld.%lld/events?since=%s", book_number(b), (long long)s,
		(long long)k, since);
	page_close(&p);
}

static void trail_events(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	int64_t s, k;
	if (b == NULL || !asked_trail(q, a, &s, &k))
		return;
	if (web_value(&q->query, "wait").p != NULL)
		wait_stream(q, a, b, s, k);
	else
		trail_stream(a, b, s, k, trail_since(q, b));
}

/* ---- a picture that was put to the case ---- */

/* Its trail is named, for that is how the case is read. Only what is a PNG for certain is given
 * out as one; anything else is for `clicktrail extract`. */
static void attached(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct book_reading r;
	struct err err = {0};
	int64_t seq, s, k;
	bool found = false;
	if (b == NULL)
		return;
	if (!web_number(q->segments[1], &seq) ||
		!web_trail_id(web_value(&q->query, "trail"), &s, &k)) {
		no_such(q, a, "there is no such picture");
		return;
	}
	bool read = book_read_trail(b, s, k, &r, &found, &err);
	struct span png = SPAN_NONE;
	for (size_t i = 0; read && found && i < r.report.attachments.n; i++)
		if (r.report.attachments.list[i].seq == seq &&
			!r.report.attachments.list[i].from_companion)
			png = r.report.attachments.list[i].data;
	const char *why = html_no_picture(png);
	if (why == NULL) {
		a->kind = WEB_PICTURE;
		a->type = "image/png";
		buf_add_span(&a->body, png);
	}
	book_reading_close(&r);
	if (!read)
		page_error(q, a, 500, &err);
	else if (why != NULL)
		no_such(q, a, why);
}

const struct web_route routes_trail[] = {{WEB_GET, "/c/+/t/+", trail, false},
	{WEB_GET, "/c/+/t/+/events", trail_events, false},
	{WEB_GET, "/c/+/s/+", session, false},
	{WEB_GET, "/c/+/s/+/events", session_events, false},
	{WEB_GET, "/c/+/newest", newest, false},
	{WEB_GET, "/c/+/newest/events", newest_events, false},
	{WEB_GET, "/c/+/a/+", attached, false}, {.pattern = NULL}};
