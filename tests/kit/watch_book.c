#include "tests/kit/watch_book.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEADLINE_S = 40, STEP_MS = 50 };

void watch_book(struct watch_book *w, const char *path)
{
	*w = (struct watch_book){.book = book_open(path, 1)};
}

void watch_book_end(struct watch_book *w)
{
	book_close(w->book);
	arena_fini(&w->arena);
}

void watch_book_until(struct watch_book *w, watch_book_fn *holds, void *ctx, const char *what)
{
	for (int i = 0; i < DEADLINE_S * 1000 / STEP_MS; i++) {
		int64_t version = book_version(w->book);
		if (holds(w, ctx))
			return;
		book_wait(w->book, version, STEP_MS);
	}
	struct book_about about = watch_book_about(w);
	fail_msg("the book never says: %s (state %d, %s)", what, about.state, about.err.detail);
}

struct book_about watch_book_about(struct watch_book *w)
{
	struct book_about about;
	book_about(w->book, &w->arena, &about);
	return about;
}

static bool is_ready(struct watch_book *w, void *ctx)
{
	(void)ctx;
	return watch_book_about(w).state == BOOK_READY;
}

void watch_book_ready(struct watch_book *w)
{
	watch_book_until(w, is_ready, NULL, "that all was read");
}

/* ---- a case ---- */

void watch_book_visit(struct temp_case *t, int64_t session, int n)
{
	char link[80], middle[80], page[80], picture[80], to_middle[120], to_page[120];
	int ms = 1000 + n * 10000;
	snprintf(link, sizeof link, "http://click%d.mailer.test/c?n=%d", n % 3, n);
	snprintf(middle, sizeof middle, "http://t.tracker.test/r/%d", n);
	snprintf(page, sizeof page, "http://www.shop.test/page/%d", n);
	snprintf(picture, sizeof picture, "http://cdn.shop.test/pic/%d.png", n);
	snprintf(to_middle, sizeof to_middle, "Location: %s\r\n", middle);
	snprintf(to_page, sizeof to_page, "Location: %s\r\n", page);
	PUT_EXCHANGE(t, session, .url = link, .at_ms = ms, .request = NAVIGATES, .status = 302,
		.headers = to_middle);
	PUT_EXCHANGE(t, session, .url = middle, .at_ms = ms + 100, .request = NAVIGATES,
		.status = 301, .headers = to_page);
	PUT_EXCHANGE(t, session, .url = page, .at_ms = ms + 200, .request = NAVIGATES,
		.body = span_str("<html><body><img src=/pic></body></html>"));
	PUT_EXCHANGE(t, session, .url = picture, .at_ms = ms + 300,
		.request = "Sec-Fetch-Dest: image\r\nSec-Fetch-Mode: no-cors\r\n"
			   "Sec-Fetch-Site: same-site\r\n",
		.type = "image/png", .body = span_str("not really a picture"));
}

void watch_book_store(struct temp_case *t)
{
	struct gather g;
	struct gather_counts counts = {0};
	struct err err = {0};
	if (!gather_open(&g, t->path, 0, &err) ||
		!gather_store_anew(&g, 0, t->writer, &counts, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	gather_close(&g);
}

/* ---- what it says ---- */

static void add_line(struct buf *out, const char *id, struct span start, struct span final,
	enum trail_end end, size_t hops)
{
	buf_addf(out, "%s %.*s %.*s %s %zu\n", id, (int)start.n, (const char *)start.p,
		(int) final.n, (const char *) final.p, trail_end_word(end), hops);
}

char *watch_book_trails(struct watch_book *w, int64_t session)
{
	struct buf out = {0};
	struct err err = {0};
	size_t n, total = 1;
	for (size_t from = 0; from < total; from += n) {
		struct book_trail *list;
		const struct book_trails_query q = {.session = session, .from = from, .n = 7};
		if (!book_trails(w->book, &q, &w->arena, &list, &n, &total, &err))
			fail_msg("%s: %s", err_word(err.kind), err.detail);
		for (size_t i = 0; i < n; i++)
			add_line(&out, list[i].id, list[i].start_url, list[i].final_url,
				list[i].ended_by, list[i].hops);
		if (n == 0)
			break;
	}
	return buf_take_str(&out);
}

char *watch_book_trails_of(const char *path)
{
	struct buf out = {0};
	struct gather g;
	struct err err = {0};
	if (!gather_open(&g, path, 0, &err) || !gather_read(&g, NULL, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	/* By session, then by number, newest first. */
	for (int64_t session = (int64_t)g.model.n_sessions; session > 0; session--)
		for (size_t i = g.trails.n; i > 0; i--) {
			const struct trail *t = &g.trails.trails[i - 1];
			char id[48];
			snprintf(id, sizeof id, "%lld.%zu", (long long)t->session, t->number);
			if (t->session == session)
				add_line(&out, id, t->start_url, t->final_url, t->ended_by,
					t->n_hops);
		}
	gather_close(&g);
	return buf_take_str(&out);
}

static char *json_of(struct report *r)
{
	struct buf out = {0};
	r->about.being_written = false;
	report_json(r, &out);
	return buf_take_str(&out);
}

char *watch_book_report(struct watch_book *w, int64_t session, int64_t number)
{
	struct book_reading r;
	struct err err = {0};
	bool found = false;
	if (!book_read_trail(w->book, session, number, &r, &found, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	/* A page asks for the grade of the hop that it is about. */
	for (size_t i = 0; found && i < r.trail->n_hops; i++)
		book_reading_grade(&r, &r.trail->hops[i]);
	char *text = found ? json_of(&r.report) : NULL;
	book_reading_close(&r);
	return text;
}

char *watch_book_report_of(const char *path, int64_t session, int64_t number)
{
	struct gather g;
	struct report r;
	struct arena a = {0};
	struct edition e = {0};
	struct edition_order order = {.session = session, .defang = true};
	struct err err = {0};
	bool found = false;
	if (!gather_open(&g, path, 0, &err) ||
		!gather_trail(&g, session, number, &found, &err) || !found ||
		!report_make(&g, session, &a, &r, &err) ||
		!edition_make(&e, &order, &g, &r, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	char *text = json_of(&r);
	edition_fini(&e);
	arena_fini(&a);
	gather_close(&g);
	return text;
}

bool watch_book_settled(const char *path)
{
	char wal[200];
	uint8_t head[100] = {0};
	struct stat st;
	snprintf(wal, sizeof wal, "%s-wal", path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool whole = fd >= 0 && pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head;
	if (fd >= 0)
		close(fd);
	return whole && head[18] == 1 && stat(wal, &st) != 0;
}
