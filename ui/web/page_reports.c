/*
 * Reports that were made: the files of this start, to be fetched, and what was noted of others
 * beside the case. Making one is asking the command line, which notes it there.
 */
#include "store/base/codec.h"
#include "store/case_pick.h"
#include "ui/cli/custody.h"
#include "ui/web/job_child.h"
#include "ui/web/report_page.h"
#include "ui/web/run_command.h"
#include "ui/web/window_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
	EXPORTED_MAX = 500,       /* notes of exports that are shown, the newest */
	MAIL_HEAD_MAX = 64 * 1024 /* bytes of a mail in which its To is looked for */
};

/* ---- making ---- */

/* "To: abuse@desk.example" of a mail that we made, whose lines are not folded there; NULL: it
 * goes to nobody yet. */
static const char *mail_to(const char *path, struct arena *a)
{
	char *head = arena_alloc(a, MAIL_HEAD_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, head, MAIL_HEAD_MAX) : -1;
	if (fd >= 0)
		close(fd);
	struct span s = span_of(head, n > 0 ? (size_t)n : 0);
	s = span_first(s, span_find(s, span_str("\r\n\r\n"), 0));
	size_t at = span_starts(s, "To: ") ? 0 : span_find(s, span_str("\r\nTo: "), 0);
	if (at == SIZE_MAX)
		return NULL;
	s = span_from(s, at + (at == 0 && span_starts(s, "To: ") ? 4 : 6));
	return arena_str(a, span_first(s, span_find_byte(s, '\r', 0)));
}

static const char *command_of(const char *const *argv, struct arena *a)
{
	struct buf words = {0};
	job_child_quote(&words, argv, false);
	const char *s = arena_str(a, buf_span(&words));
	buf_fini(&words);
	return s;
}

static bool make_file(struct web_request *q, const char *const *argv, struct err *err)
{
	struct buf out = {0};
	bool ok = run_command(q, argv, REPORT_SECONDS, &out, err);
	buf_fini(&out);
	return ok;
}

void reports_make(struct web_request *q, struct web_answer *a, struct book *b,
	const struct report_wish *w, struct span party, struct err *err)
{
	const char *path =
		outputs_place(q->window->folder, report_wish_name(w, party, &q->arena),
			w->format->ending, false, &q->arena, err);
	if (path == NULL)
		return;
	const char *const *argv = report_wish_argv(w, WISH_MAKE, path, &q->arena);
	struct output r = {.book = book_number(b),
		.trail = w->trail,
		.format = w->format->name,
		.party = party.n > 0 ? arena_str(&q->arena, party) : NULL,
		.path = path,
		.command = command_of(argv, &q->arena),
		.at_us = clock_now_us(clock_real())};
	if (!make_file(q, argv, err) || !outputs_look(path, r.sha256, &r.size, err)) {
		unlink(path); /* ours, and nothing */
		return;
	}
	r.to = w->format->mail ? mail_to(path, &q->arena) : NULL;
	web_go(q, a, "/c/%zu/reports/%lld", book_number(b),
		(long long)outputs_add(q->window->outputs, &r));
}

void reports_make_all(struct web_request *q, struct web_answer *a, const struct report_wish *w,
	struct err *err)
{
	struct report_wish all = *w;
	all.party = 0;
	const char *path = outputs_place(q->window->folder,
		report_wish_name(&all, SPAN_NONE, &q->arena), NULL, true, &q->arena, err);
	if (path == NULL)
		return;
	const struct job_order order = {.argv = report_wish_argv(w, WISH_ALL, path, &q->arena),
		.title = arena_printf(
			&q->arena, "Reports of trail %s, for each party", w->trail),
		.case_path = w->case_path};
	int64_t job = job_start(q->window->jobs, &order, err);
	if (job != 0)
		web_go(q, a, "/jobs/%lld", (long long)job);
}

/* ---- one ---- */

static bool find(
	struct web_request *q, struct web_answer *a, const struct book *b, struct output *out)
{
	int64_t number;
	struct err err;
	if (web_number(q->segments[1], &number) &&
		outputs_get(q->window->outputs, number, &q->arena, out) &&
		out->book == book_number(b))
		return true;
	err_set(&err, ERR_USAGE, "no such report was made since this window started");
	page_error(q, a, 404, &err);
	return false;
}

static const char *file_name(const struct output *r)
{
	const char *slash = strrchr(r->path, '/');
	return slash != NULL ? slash + 1 : r->path;
}

static void say_whom(struct page *p, const struct output *r)
{
	html_fact_open(&p->h, "For");
	if (r->party != NULL)
		page_text(p, span_str(r->party));
	else
		page_say(p, "everybody");
	html_fact_close(&p->h);
	if (strcmp(r->format, "eml") != 0)
		return;
	html_fact_open(&p->h, "To be sent to");
	if (r->to != NULL)
		html_mail(&p->h, span_str(r->to));
	else
		page_say(p,
			"nobody yet: no desk is known (<i>Look up whom to write to</i> asks "
			"for it)");
	html_fact_close(&p->h);
}

static void download_link(struct page *p, const struct book *b, const struct output *r)
{
	if (r->size > OUTPUTS_DOWNLOAD_MAX) {
		page_sayf(p, "more than %d MB: take it from its folder",
			OUTPUTS_DOWNLOAD_MAX / 1024 / 1024);
		return;
	}
	page_sayf(p, "<a class=\"download\" href=\"/c/%zu/reports/%lld/file\" download>",
		book_number(b), (long long)r->number);
	html_text(p->out, span_str(file_name(r)));
	page_say(p, "</a>");
}

static void show_one(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct output r;
	struct page p;
	if (b == NULL || !find(q, a, b, &r))
		return;
	const struct page_place place = {.book = b, .trail = r.trail, .section = "cases"};
	page_open(&p, q, a, &place, span_str("The report is made"));
	page_say(&p, "<dl class=\"facts\">\n");
	html_fact_open(&p.h, "File");
	download_link(&p, b, &r);
	html_fact_close(&p.h);
	say_whom(&p, &r);
	html_fact(&p.h, "Format", span_str(r.format));
	html_fact_open(&p.h, "Where it lies");
	page_say(&p, "<code>");
	html_text(p.out, span_str(r.path));
	page_say(&p, "</code>");
	html_fact_close(&p.h);
	html_fact_open(&p.h, "Size");
	page_bytes(&p, r.size);
	html_fact_close(&p.h);
	html_fact_open(&p.h, "SHA-256");
	html_hex(&p.h, span_of(r.sha256, sizeof r.sha256));
	html_fact_close(&p.h);
	html_fact_open(&p.h, "Made");
	page_time(&p, r.at_us);
	html_fact_close(&p.h);
	page_say(&p, "</dl>\n<p class=\"hint\">It is noted beside the case, with its SHA-256. "
		     "Nothing was sent.</p>\n<details class=\"fold "
		     "report-command\"><summary>The same "
		     "by the command line</summary>\n<pre>");
	html_text(p.out, span_str(r.command));
	page_sayf(&p,
		"</pre></details>\n<p><a href=\"/c/%zu/t/%s/report\">Another report on this "
		"trail</a></p>\n",
		book_number(b), r.trail);
	page_close(&p);
}

/* The bytes that were made, and no others. */
static bool read_file(const struct output *r, struct buf *out, struct err *err)
{
	uint8_t digest[SHA256_LEN];
	int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = 0;
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "reading \"%s\"", r->path);
	do {
		n = read(fd, buf_room(out, 64 * 1024), 64 * 1024);
		buf_grew(out, n > 0 ? (size_t)n : 0);
	} while (n > 0 && buf_len(out) <= OUTPUTS_DOWNLOAD_MAX);
	close(fd);
	if (n < 0 || buf_len(out) > OUTPUTS_DOWNLOAD_MAX)
		return err_set(
			err, ERR_LIMIT, "\"%s\" cannot be read, or is too large", r->path);
	sha256(buf_span(out), digest);
	return memcmp(digest, r->sha256, sizeof digest) == 0 ||
	       err_set(err, ERR_USAGE, "the file was changed since it was made: %s", r->path);
}

static void fetch(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct output r;
	struct err err;
	if (b == NULL || !find(q, a, b, &r))
		return;
	if (!read_file(&r, &a->body, &err)) {
		page_error(q, a, 409, &err);
		return;
	}
	a->kind = WEB_DOWNLOAD;
	a->file_name = file_name(&r);
}

/* ---- all ---- */

struct exported {
	int64_t at_us;
	struct span by, detail, sha256;
};
struct noted {
	struct arena *a;
	struct span id;
	bool mine;
	struct exported *list;
	size_t n;
};

static bool take(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct noted *x = ctx;
	const struct fact_custody *f = fact;
	(void)seq;
	if (kind != FACT_KIND_CUSTODY)
		return true;
	x->mine = x->mine || custody_is_of(f, x->id);
	if (x->mine && span_is(f->act, custody_word(CUSTODY_EXPORTED)))
		ARENA_PUSH(x->a, x->list, x->n,
			(struct exported){f->at_us, arena_copy(x->a, f->operator_name),
				arena_copy(x->a, f->detail), arena_copy(x->a, f->sha256)});
	return true;
}

static bool read_noted(struct book *b, struct noted *x, struct err *err)
{
	char companion[PATH_MAX];
	struct book_about about;
	bool indexed = false;
	book_about(b, x->a, &about);
	x->id = about.about.id;
	if (custody_is_companion(book_path(b)) || !custody_companion(book_path(b), companion) ||
		access(companion, F_OK) != 0)
		return true;
	struct case_file *c = case_open(companion, err);
	bool ok = c != NULL && case_indexed(c, &indexed, err) &&
		  (indexed ? case_facts_of(c, FACT_KIND_CUSTODY, take, x, err)
			   : case_facts(c, 0, 0, take, x, err));
	if (c != NULL)
		case_close(c);
	return ok;
}

static void say_noted(struct page *p, struct book *b)
{
	static const char *const columns[] = {"When", "Who", "What", "SHA-256"};
	struct noted x = {.a = &p->q->arena};
	struct err err;
	page_say(p, "<h2>Noted beside the case</h2>\n");
	if (!read_noted(b, &x, &err)) {
		page_say(p, "<p class=\"warning\">It cannot be read: ");
		page_text(p, span_str(err.detail));
		page_say(p, "</p>\n");
		return;
	}
	if (x.n == 0) {
		page_say(p, "<p>Nothing that left this case is noted there.</p>\n");
		return;
	}
	html_table_open(&p->h, "What left the case, newest first", columns, 4);
	for (size_t i = x.n; i > 0 && x.n - i < EXPORTED_MAX; i--) {
		const struct exported *e = &x.list[i - 1];
		page_say(p, "<tr><td>");
		page_time(p, e->at_us);
		page_say(p, "</td><td>");
		page_text(p, e->by.n > 0 ? e->by : span_str("-"));
		page_say(p, "</td><th scope=\"row\">");
		page_text(p, e->detail);
		page_say(p, "</th><td>");
		html_hex(&p->h, e->sha256);
		page_say(p, "</td></tr>\n");
	}
	html_table_close(&p->h);
	if (x.n > EXPORTED_MAX)
		page_sayf(
			p, "<p class=\"hint\">The newest %d of %zu.</p>\n", EXPORTED_MAX, x.n);
}

static void say_made(struct page *p, struct book *b)
{
	static const char *const columns[] = {"When", "File", "For", "Format", "Size"};
	struct output *list;
	size_t n;
	outputs_list(p->q->window->outputs, book_number(b), &p->q->arena, &list, &n);
	page_say(p, "<h2>Made from this window</h2>\n");
	if (n == 0) {
		page_say(p, "<p>None since it started. Each trail\u2019s page leads to its "
			    "reports.</p>\n");
		return;
	}
	html_table_open(&p->h, "Made since this window started, newest first", columns, 5);
	for (size_t i = 0; i < n; i++) {
		page_say(p, "<tr><td>");
		page_time(p, list[i].at_us);
		page_sayf(p, "</td><th scope=\"row\"><a href=\"/c/%zu/reports/%lld\">",
			book_number(b), (long long)list[i].number);
		html_text(p->out, span_str(file_name(&list[i])));
		page_say(p, "</a></th><td>");
		page_text(p, span_str(list[i].party != NULL ? list[i].party : "everybody"));
		page_sayf(p, "</td><td>%s</td><td>", list[i].format);
		page_bytes(p, list[i].size);
		page_say(p, "</td></tr>\n");
	}
	html_table_close(&p->h);
}

static void show_all(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct page p;
	if (b == NULL)
		return;
	const struct page_place place = {.book = b, .section = "cases", .wide = true};
	page_open(&p, q, a, &place, span_str("Reports"));
	say_made(&p, b);
	say_noted(&p, b);
	page_close(&p);
}

const struct web_route routes_reports[] = {
	{WEB_GET, "/c/+/reports", show_all, false},
	{WEB_GET, "/c/+/reports/+", show_one, false},
	{WEB_GET, "/c/+/reports/+/file", fetch, false},
	{.pattern = NULL},
};
