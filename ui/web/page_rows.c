/*
 * Everything that the browser did in a case: each exchange as a row, filtered, sorted and paged
 * here. What comes in meanwhile is counted above the rows, which do not move under the reader's
 * eyes.
 */
#include "ui/web/feed.h"
#include "ui/web/list_parts.h"
#include "ui/web/rows_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS_REST_MS = 300 }; /* between two counts of what is new */

/* "12 new: show". seen: how many there were when the page was made. */
static void news(struct page *p, struct book *b, const struct rows_filter *f, size_t seen,
	const struct book_rows *now)
{
	size_t new = now->total > seen ? now->total - seen : 0;
	page_say(p, "<p id=\"news\" class=\"news\" role=\"status\">");
	if (new > 0) {
		struct buf query = {0};
		/* Where the first of them stands, if they come last. */
		size_t from =
			f->order == BOOK_BY_TIME && !f->down ? seen / ROWS_PAGE * ROWS_PAGE : 0;
		rows_filter_write(&query, f);
		page_say(p, "<a href=\"");
		page_href(p, b, "/x?");
		buf_add_span(p->out, buf_span(&query));
		page_sayf(p, "%sfrom=%zu\">", buf_len(&query) > 0 ? "&amp;" : "", from);
		page_number(p, (int64_t) new);
		page_say(p, " new: show</a>");
		buf_fini(&query);
	}
	page_say(p, "</p>\n");
}

static void limits(struct page *p, const struct rows_filter *f, const struct book_rows *rows)
{
	page_say(p, "<p class=\"hint\">");
	list_count(p, (int64_t)rows->total, "exchange", "exchanges");
	if (rows_filter_any(f)) {
		page_say(p, " of ");
		page_number(p, (int64_t)rows->all);
	}
	page_say(p, ".");
	if (rows->reading)
		page_say(p, " The case is still being read: there will be more.");
	if (f->text_cut)
		page_sayf(p, " Of the text only the first %d bytes are looked for.",
			ROWS_TEXT_MAX);
	page_say(p, "</p>\n");
	if (rows->more)
		page_say(p, "<p class=\"warning\">This case has more exchanges than a window "
			    "keeps in mind: the last of them are not listed here.</p>\n");
}

static void show(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct page_place place = {.book = b, .section = "cases", .wide = true};
	struct rows_filter f = rows_filter_read(&q->query);
	struct book_rows_query want = rows_filter_query(&f, ROWS_PAGE);
	struct book_rows rows;
	struct buf query = {0};
	struct err err;
	struct page p;
	char path[40];
	if (b == NULL)
		return;
	int64_t version = book_version(b);
	if (!book_rows(b, &want, &q->arena, &rows, &err)) {
		page_error(q, a, 500, &err);
		return;
	}
	page_open(&p, q, a, &place, span_str("Everything the browser did"));
	rows_filter_form(&p, b, &f);
	limits(&p, &f, &rows);
	news(&p, b, &f, rows.total, &rows);
	if (rows.n > 0)
		rows_table(&p, b, &f, &rows);
	else
		page_say(&p, rows.total > 0 ? "<p class=\"hint\">There are no more.</p>\n"
					    : "<p class=\"hint\">Nothing fits.</p>\n");
	snprintf(path, sizeof path, "/c/%zu/x", book_number(b));
	rows_filter_write(&query, &f);
	buf_add_byte(&query, 0);
	const char *same = (const char *)buf_span(&query).p;
	page_turns(&p, path, same, f.from, rows.n, ROWS_PAGE, rows.total);
	page_listen(&p, "/c/%zu/x/events?%s%sv=%lld&amp;seen=%zu", book_number(b), same,
		same[0] != 0 ? "&amp;" : "", (long long)version, rows.total);
	page_close(&p);
	buf_fini(&query);
}

/* ---- live ---- */

struct listening {
	struct arena arena; /* of the filter's text */
	struct book *book;
	struct rows_filter filter;
	size_t seen, told;
	int64_t version;
	bool rest;
};

static void tell(struct listening *l, struct buf *out)
{
	char event[FEED_ID_MAX];
	struct web_request q = {0};
	struct book_rows_query want = rows_filter_query(&l->filter, 0);
	struct book_rows rows;
	struct buf html = {0};
	struct err err;
	struct page p;
	l->version = book_version(l->book);
	if (book_rows(l->book, &want, &q.arena, &rows, &err) && rows.total != l->told) {
		l->told = rows.total;
		feed_id(event, book_epoch(l->book), l->version);
		list_piece(&p, &q, &html);
		news(&p, l->book, &l->filter, l->seen, &rows);
		feed_put(out, event, "main", buf_span(&html));
	}
	buf_fini(&html);
	arena_fini(&q.arena);
}

static bool next(void *ctx, int wait_ms, struct buf *out)
{
	struct listening *l = ctx;
	if (l->rest)
		nanosleep(&(struct timespec){.tv_nsec = ROWS_REST_MS * 1000000L}, NULL);
	l->rest = book_wait(l->book, l->version, wait_ms) != l->version;
	if (l->rest)
		tell(l, out);
	return true;
}

static void end(void *ctx)
{
	struct listening *l = ctx;
	arena_fini(&l->arena);
	free(l);
}

static void live(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct listening *l = b != NULL ? calloc(1, sizeof *l) : NULL;
	if (b == NULL)
		return;
	if (l == NULL)
		abort();
	l->book = b;
	l->filter = rows_filter_read(&q->query);
	l->filter.text = arena_copy(&l->arena, l->filter.text);
	l->seen = l->told = (size_t)web_value_number(&q->query, "seen", 0);
	l->version = feed_since(q->last_event_id, book_epoch(b));
	if (l->version < 0)
		l->version = web_value_number(&q->query, "v", -1);
	a->kind = WEB_EVENTS;
	a->events = (struct web_events){l, next, end};
}

/* Before the route of one exchange, "/c/+/x/+". */
const struct web_route routes_rows[] = {{WEB_GET, "/c/+/x", show, false},
	{WEB_GET, "/c/+/x/events", live, false}, {.pattern = NULL}};
