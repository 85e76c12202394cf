/* A trail that is watched while it is recorded: who listens has every hop as soon as the case
 * has it, loses nothing when the line is cut, and in the end has what the page shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/clock.h"
#include "tests/kit/lab_trace.h"
#include "tests/kit/nasty.h"
#include "tests/kit/raw_client.h"
#include "ui/web/feed.h"
#include "ui/web/window.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROWS_MAX = 64, READ_US = 60 * 1000 * 1000 };

/* ---- the window, and asking it ---- */

static struct window *window;
static char host[64], cookie[160];
static unsigned port;

static struct span ask(struct arena *a, const char *path, const char *more)
{
	struct raw_client c;
	size_t n;
	raw_open(&c, port);
	raw_send(&c, arena_printf(a,
			     "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nConnection: "
			     "close\r\n%s\r\n",
			     path, host, cookie, more));
	const char *text = raw_rest(&c, &n);
	struct span all = arena_copy(a, span_of(text, n));
	raw_close(&c);
	return all;
}

/* By the door, as its page does. */
static void enter(void)
{
	char url[WINDOW_URL_MAX];
	struct raw_client c;
	struct arena a = {0};
	window_url(window, url);
	assert_int_equal(sscanf(url, "http://%63[^/]/", host), 1);
	port = (unsigned)atoi(strrchr(host, ':') + 1);
	char *form = arena_printf(&a, "token=%s", strchr(url, '#') + 1);
	raw_open(&c, port);
	raw_send(&c, arena_printf(&a,
			     "POST /door HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\n"
			     "Content-Type: application/x-www-form-urlencoded\r\n"
			     "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
			     host, host, strlen(form), form));
	const char *set = strstr(raw_rest(&c, NULL), "Set-Cookie: ");
	assert_non_null(set);
	snprintf(cookie, sizeof cookie, "%.*s", (int)strcspn(set + 12, ";"), set + 12);
	raw_close(&c);
	arena_fini(&a);
}

static void open_window(const char *const *paths, size_t n, const char *folder)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct err err = {0};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
		    listen(fd, 16) == 0);
	struct window_options o = {.listen_fd = fd,
		.paths = paths,
		.n_paths = n,
		.folder = folder,
		.program = getenv("CLICKTRAIL_BIN")};
	window = window_start(&o, &err);
	if (window == NULL)
		fail_msg("the window: %s: %s", err_word(err.kind), err.detail);
	enter();
}

/* ---- listening, as the script does ---- */

struct shown_row {
	char id[80];
	char *html;
	int64_t first_us;
};
struct listener {
	struct raw_client c;
	struct buf body; /* without the transfer coding */
	char id[FEED_ID_MAX];
	struct shown_row rows[ROWS_MAX], first[ROWS_MAX]; /* first: of each, without html */
	size_t n, n_first, said, cuts, blocks;            /* blocks: what is no row */
	bool over, reload;
};

static void listen_at(struct listener *l, struct arena *a, const char *path)
{
	raw_open(&l->c, port);
	raw_send(&l->c, arena_printf(a,
				"GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n%s%s%s"
				"Accept: text/event-stream\r\n\r\n",
				path, host, cookie, l->id[0] != 0 ? "Last-Event-ID: " : "",
				l->id, l->id[0] != 0 ? "\r\n" : ""));
	const char *head = raw_head(&l->c);
	assert_non_null(strstr(head, " 200 "));
	assert_non_null(strstr(head, "text/event-stream"));
}

static void cut(struct listener *l)
{
	raw_close(&l->c);
	buf_clear(&l->body);
	l->cuts++;
}

static size_t row_at(const struct listener *l, const char *id)
{
	size_t i = 0;
	while (i < l->n && strcmp(l->rows[i].id, id) != 0)
		i++;
	return i;
}

static void forget_row(struct listener *l, size_t i)
{
	free(l->rows[i].html);
	l->rows[i] = l->rows[--l->n];
}

static void forget_rows(struct listener *l)
{
	while (l->n > 0)
		forget_row(l, 0);
}

/* Whoever comes again may be sent all anew, and had it before. */
static int64_t first_us(struct listener *l, const char *id)
{
	size_t i = 0;
	while (i < l->n_first && strcmp(l->first[i].id, id) != 0)
		i++;
	assert_true(i < ROWS_MAX);
	if (i == l->n_first) {
		l->first[i].first_us = clock_now_us(clock_real());
		snprintf(l->first[i].id, sizeof l->first[i].id, "%s", id);
		l->n_first++;
	}
	return l->first[i].first_us;
}

static void put(struct listener *l, char *html)
{
	/* What comes as a whole, comes empty. */
	if (strstr(html, "class=\"trail-path\"></ol>") != NULL)
		forget_rows(l);
	if (strncmp(html, "<li id=\"hop-", 12) != 0) {
		l->blocks++;
		free(html);
		return;
	}
	char id[80];
	assert_int_equal(sscanf(html, "<li id=\"%79[^\"]\"", id), 1);
	size_t i = row_at(l, id);
	if (i == l->n) {
		assert_true(l->n < ROWS_MAX);
		l->rows[l->n++] = (struct shown_row){.first_us = first_us(l, id)};
		memcpy(l->rows[i].id, id, sizeof id);
	}
	free(l->rows[i].html);
	l->rows[i].html = html;
}

/* One event, its lines without the empty one. */
static void event(struct listener *l, struct span text)
{
	char kind[16] = "";
	struct buf data = {0};
	while (text.n > 0) {
		size_t end = span_find_byte(text, '\n', 0);
		struct span line = span_first(text, end);
		text = end == SIZE_MAX ? SPAN_NONE : span_from(text, end + 1);
		if (span_starts(line, "event: "))
			snprintf(kind, sizeof kind, "%.*s", (int)line.n - 7,
				(const char *)line.p + 7);
		else if (span_starts(line, "id: "))
			snprintf(l->id, sizeof l->id, "%.*s", (int)line.n - 4,
				(const char *)line.p + 4);
		else if (span_starts(line, "data: ")) {
			if (buf_len(&data) > 0)
				buf_add_byte(&data, '\n');
			buf_add_span(&data, span_from(line, 6));
		}
	}
	char *all = buf_take_str(&data);
	if (strcmp(kind, "put") == 0) {
		char *html = strchr(all, '\n');
		assert_non_null(html);
		put(l, strdup(html + 1));
	} else if (strcmp(kind, "drop") == 0) {
		size_t i = row_at(l, all);
		if (i < l->n)
			forget_row(l, i);
	} else if (strcmp(kind, "end") == 0) {
		l->over = true;
	} else if (strcmp(kind, "reload") == 0) {
		l->reload = true;
	} else if (strcmp(kind, "say") == 0) {
		l->said++;
	}
	free(all);
}

/* RFC 9112 7.1: whole chunks to the body. */
static void dechunk(struct listener *l)
{
	for (;;) {
		struct span in = buf_span(&l->c.in);
		size_t end = span_find(in, span_str("\r\n"), 0);
		if (end == SIZE_MAX)
			return;
		size_t n = strtoul(
			(const char *)in.p, NULL, 16); /* ends at the CR, which is there */
		if (in.n < end + 2 + n + 2)
			return;
		buf_add(&l->body, in.p + end + 2, n);
		buf_consume(&l->c.in, end + 2 + n + 2);
		if (n == 0)
			return;
	}
}

/* What has come; waits for more where that is nothing. False: the line is gone. */
static bool hear(struct listener *l)
{
	bool any = false;
	do {
		dechunk(l);
		for (size_t end;
			(end = span_find(buf_span(&l->body), span_str("\n\n"), 0)) != SIZE_MAX;
			any = true) {
			event(l, span_first(buf_span(&l->body), end));
			buf_consume(&l->body, end + 2);
		}
	} while (!any && raw_more(&l->c));
	return any;
}

static void hush(struct listener *l)
{
	raw_close(&l->c);
	buf_fini(&l->body);
	forget_rows(l);
}

/* ---- what the page shows ---- */

/* Row by row, as put in order of the page. */
static size_t rows_of_page(struct arena *a, struct span page, struct span *out)
{
	size_t n = 0;
	struct span row = span_str("<li id=\"hop-");
	size_t at = span_find(page, row, 0);
	while (at != SIZE_MAX) {
		size_t next = span_find(page, row, at + 1);
		size_t end = next != SIZE_MAX ? next : span_find(page, span_str("</ol>"), at);
		assert_true(n < ROWS_MAX);
		out[n++] = span_trim(
			arena_copy(a, span_first(span_from(page, at), end - at)), "\n");
		at = next;
	}
	return n;
}

/* That it was shown as something else before is known to who saw that alone. */
static struct span without_correction(struct arena *a, const char *html)
{
	struct span s = span_trim(span_str(html), "\n"), end = span_str("</span> ");
	size_t at = span_find(s, span_str("<span class=\"badge note corrected\">"), 0);
	if (at == SIZE_MAX)
		return s;
	size_t behind = span_find(s, end, at) + end.n;
	return span_str(arena_printf(a, "%.*s%.*s", (int)at, (const char *)s.p,
		(int)(s.n - behind), (const char *)s.p + behind));
}

static void assert_shows_the_page(struct arena *a, const struct listener *l, struct span page)
{
	struct span rows[ROWS_MAX];
	size_t n = rows_of_page(a, page, rows);
	assert_int_equal(l->n, n);
	for (size_t i = 0; i < n; i++) {
		char id[80];
		assert_int_equal(sscanf((const char *)rows[i].p, "<li id=\"%79[^\"]\"", id), 1);
		size_t k = row_at(l, id);
		assert_true(k < l->n);
		struct span got = without_correction(a, l->rows[k].html);
		if (!span_eq(got, rows[i]))
			fail_msg("%s was heard as\n%.*s\nand is shown as\n%.*s", id, (int)got.n,
				(const char *)got.p, (int)rows[i].n, (const char *)rows[i].p);
	}
}

/* Each row after its request, and one after the other. How late is printed and no matter of a
 * test: a busy machine is late. That rows come before the trail is over is seen by who cuts the
 * line between them. */
static void assert_in_order(const struct listener *l, const struct lab_trace *t)
{
	const json_t *trail = json_array_get(json_object_get(t->report, "trails"), 0);
	const json_t *hops = json_object_get(trail, "hops");
	int64_t worst = 0, sum = 0, n = 0, before_us = 0;
	for (size_t i = 0; i < json_array_size(hops); i++) {
		const char *at =
			json_string_value(json_object_get(json_array_get(hops, i), "at"));
		char id[80];
		struct tm tm = {0};
		const char *fraction = strptime(at, "%Y-%m-%dT%H:%M:%S", &tm);
		assert_non_null(fraction);
		int64_t us = (int64_t)timegm(&tm) * 1000000 + atoll(fraction + 1);
		snprintf(id, sizeof id, "hop-1.1-%zu", i + 1);
		size_t k = row_at(l, id);
		assert_true(k < l->n);
		int64_t late = l->rows[k].first_us - us;
		assert_true(late >= 0 && l->rows[k].first_us >= before_us);
		before_us = l->rows[k].first_us;
		sum += late;
		worst = late > worst ? late : worst;
		n++;
	}
	assert_true(n > 0);
	print_message(
		"%lld hops, shown %.0f ms after their request on average, %.0f ms at worst\n",
		(long long)n, (double)sum / (double)n / 1e3, (double)worst / 1e3);
}

static void every_hop_is_heard(void **state)
{
	(void)state;
	struct lab_trace t;
	struct listener l = {0};
	struct arena a = {0};
	lab_trace_start(&t);
	const char *path = arena_printf(&a, "%s/t.case", t.program.dir);
	open_window(&path, 1, t.program.dir);
	/* Nothing is there yet, as the book says once it has looked. */
	size_t said = SIZE_MAX;
	for (int i = 0; i < 200 && said == SIZE_MAX; i++)
		said = span_find(ask(&a, "/c/1/newest", ""),
			span_str("Waiting for the case to be made"), 0);
	assert_true(said != SIZE_MAX);
	listen_at(&l, &a, "/c/1/newest/events");
	static const char *const plain[] = {"--browser", "none", "--settle", "1", NULL};
	lab_trace_begin(&t, "refreshes", plain);
	while (!l.reload)
		assert_true(hear(&l));
	hush(&l);
	assert_true(span_find(ask(&a, "/c/1/newest", ""), span_str("Location: /c/1/s/1\r\n"),
			    0) != SIZE_MAX);
	l = (struct listener){0};
	listen_at(&l, &a, "/c/1/s/1/events");
	while (!l.over) {
		bool heard = hear(&l);
		if (l.over || (heard && (l.cuts >= 2 || l.n < 2 * (l.cuts + 1))))
			continue;
		cut(&l);
		listen_at(&l, &a, "/c/1/s/1/events");
	}
	assert_true(l.cuts >= 2);
	assert_true(l.said > 0);
	lab_trace_finish(&t, 60);
	struct span page = ask(&a, "/c/1/t/1.1", "");
	assert_shows_the_page(&a, &l, page);
	assert_in_range(l.n, 4, ROWS_MAX);
	assert_true(span_find(page, span_str("Ended: page"), 0) != SIZE_MAX);
	/* The parser of times holds against who writes them. */
	assert_true(span_find(page, span_str(" announced</li>"), 0) != SIZE_MAX);
	assert_in_order(&l, &t);
	hush(&l);
	window_stop(window);
	lab_trace_end(&t);
	arena_fini(&a);
}

/* Until the last piece of a look, which alone has that look's id. */
static void hear_all(struct listener *l)
{
	char before[FEED_ID_MAX];
	memcpy(before, l->id, sizeof before);
	while (l->id[0] == 0 || l->id[0] == '-' || strcmp(l->id, before) == 0)
		assert_true(hear(l));
}

/* Who comes with an id of this start is sent nothing that it has; with another one, all. */
static void an_id_says_what_is_known(void **state)
{
	(void)state;
	struct lab_trace t;
	struct listener l = {0};
	struct arena a = {0};
	static const char *const plain[] = {"--browser", "none", "--settle", "1", NULL};
	lab_trace_start(&t);
	lab_trace_run(&t, "codes", plain, 60);
	const char *path = arena_printf(&a, "%s/t.case", t.program.dir);
	open_window(&path, 1, t.program.dir);
	listen_at(&l, &a, "/c/1/t/1.1/events");
	hear_all(&l);
	struct span page = ask(&a, "/c/1/t/1.1", "");
	assert_shows_the_page(&a, &l, page);
	/* Another start's. */
	size_t n = l.n;
	char ours[FEED_ID_MAX];
	memcpy(ours, l.id, sizeof ours);
	cut(&l);
	snprintf(l.id, sizeof l.id, "00000000deadbeef-5");
	l.rows[0].id[4] = '9'; /* a row that is none any more */
	listen_at(&l, &a, "/c/1/t/1.1/events");
	hear_all(&l);
	assert_int_equal(l.n, n);
	assert_shows_the_page(&a, &l, page);
	assert_memory_equal(l.id, ours, 17);
	/* Ours: no row again. */
	cut(&l);
	forget_rows(&l);
	l.over = false;
	listen_at(&l, &a, "/c/1/t/1.1/events");
	while (!l.over)
		assert_true(hear(&l));
	assert_int_equal(l.n, 0);
	/* Nor where the case's seal was looked at meanwhile, which was the last that happened.
	 */
	char *dash = strrchr(l.id, '-');
	cut(&l);
	l.over = false;
	int64_t last = strtoll(dash + 1, NULL, 10);
	snprintf(
		dash + 1, sizeof l.id - (size_t)(dash + 1 - l.id), "%lld", (long long)last - 1);
	listen_at(&l, &a, "/c/1/t/1.1/events");
	while (!l.over)
		assert_true(hear(&l));
	assert_int_equal(l.n, 0);
	assert_true(l.blocks > 0);
	hush(&l);
	/* What is not there. */
	static const char *const none[] = {"/c/1/t/1.2", "/c/1/t/x", "/c/2/t/1.1", "/c/1/s/0",
		"/c/1/a/1?trail=1.1", "/c/1/a/1", "/c/1/a/x?trail=1.1"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_true(span_starts(ask(&a, none[i], ""), "HTTP/1.1 404"));
	window_stop(window);
	lab_trace_end(&t);
	arena_fini(&a);
}

static size_t times_in(struct span page, const char *what)
{
	size_t n = 0;
	for (size_t at = 0; (at = span_find(page, span_str(what), at)) != SIZE_MAX; at++)
		n++;
	return n;
}

/* As many hops as a trail has at most, each a string that broke something. */
static void the_longest_trail_is_shown_at_once(void **state)
{
	(void)state;
	struct temp_case c;
	struct arena a = {0};
	temp_case_start(&c);
	nasty_hops(&c);
	temp_case_close(&c);
	const char *path = c.path;
	open_window(&path, 1, c.folder);
	/* A case that is being read shows a trail as far as it was read: that page is long, and
	 * that of the case is not. */
	size_t rows = 0;
	struct span page = SPAN_NONE;
	int64_t until = clock_now_us(clock_real()) + READ_US, from = 0;
	while (rows < 450 && from < until) {
		arena_reset(&a);
		from = clock_now_us(clock_real());
		if (span_find(ask(&a, "/c/1", ""), span_str(">being read<"), 0) != SIZE_MAX)
			continue;
		page = ask(&a, "/c/1/t/1.1", "");
		rows = times_in(page, "<li id=\"hop-");
	}
	print_message("%zu hops: %zu bytes in %.0f ms\n", rows, page.n,
		(double)(clock_now_us(clock_real()) - from) / 1e3);
	assert_in_range(rows, 450, 500);
	assert_true(span_find(page, span_str("<script>"), 0) == SIZE_MAX);
	window_stop(window);
	temp_case_fini(&c);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_hop_is_heard),
		cmocka_unit_test(an_id_says_what_is_known),
		cmocka_unit_test(the_longest_trail_is_shown_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
