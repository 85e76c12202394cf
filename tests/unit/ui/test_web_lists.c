/*
 * The window's lists: cases, trails, search, and all exchanges as rows.
 */
#include "tests/kit/nasty.h"
#include "tests/kit/put_exchange.h"
#include "tests/kit/window_page.h"
#include "ui/web/book_state.h"
#include "ui/web/list_parts.h"
#include "ui/web/rows_filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NAVIGATION                                                                             \
	"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\n"
#define PICTURE "Sec-Fetch-Dest: image\r\nSec-Fetch-Mode: no-cors\r\n"

static void has(const char *page, const char *part)
{
	if (strstr(page, part) == NULL)
		fail_msg("not there: %s\nin: %.3000s", part, page);
}

static void has_not(const char *page, const char *part)
{
	if (strstr(page, part) != NULL)
		fail_msg("there: %s", part);
}

static size_t times(const char *page, const char *part)
{
	size_t n = 0;
	for (const char *at = page; (at = strstr(at, part)) != NULL; at += strlen(part))
		n++;
	return n;
}

/* In their order. */
static void in_order(const char *page, const char *const *parts)
{
	const char *at = page;
	for (; *parts != NULL; parts++) {
		at = strstr(at, *parts);
		if (at == NULL)
			fail_msg("not there, or too early: %s", *parts);
	}
}

/* ---- an address in a list ---- */

static void url_is(const char *url, size_t max, const char *want)
{
	struct buf out = {0};
	struct page p;
	list_piece(&p, NULL, &out);
	list_url(&p, span_str(url), max);
	buf_add_byte(&out, 0);
	assert_string_equal((const char *)buf_span(&out).p, want);
	buf_fini(&out);
}

#define URL(from, host, rest)                                                                  \
	"<code class=\"url\"><span class=\"dim\">" from "</span><b>" host "</b>" rest "</"     \
	"code>"

static void the_host_stands_out(void **state)
{
	(void)state;
	url_is("https://a.example/x.php?u=1", 100,
		URL("hxxps://", "a[.]example", "/x[.]php?u=1"));
	/* What stands before an @ is no host. */
	url_is("https://paypal.example@evil.example:8443/#x", 100,
		URL("hxxps://paypal[.]example[@]", "evil[.]example", ":8443/#x"));
	url_is("http://[2001:db8::1]:80/", 100, URL("hxxp://", "[2001:db8::1]", ":80/"));
	url_is("http://[2001:db8::1]/", 100, URL("hxxp://", "[2001:db8::1]", "/"));
	url_is("https://a.example\\@b.example/", 100,
		URL("hxxps://", "a[.]example", "\\[@]b[.]example/"));
	url_is("https://a.example/<b>", 100, URL("hxxps://", "a[.]example", "/&lt;b&gt;"));
	url_is("", 100, "<code class=\"url\"></code>");
	url_is("https://a.example/long", 20,
		URL("hxxps://", "a[.]example",
			"/lo<span class=\"more\" title=\"it is longer\">\xe2\x80\xa6</span>"));
}

/* ---- what an address of the rows page says ---- */

static void filter_comes_back(const char *query, const char *want)
{
	struct arena a = {0};
	struct web_form form;
	struct err err;
	struct buf out = {0};
	assert_true(web_form_query(&a, span_str(query), &form, &err));
	struct rows_filter f = rows_filter_read(&form);
	rows_filter_write(&out, &f);
	buf_add_byte(&out, 0);
	assert_string_equal((const char *)buf_span(&out).p, want);
	buf_fini(&out);
	arena_fini(&a);
}

static void an_address_says_what_is_shown(void **state)
{
	(void)state;
	filter_comes_back("", "");
	filter_comes_back("of=3.2&q=a%26b%3C&type=font&type=image&status=9&nohops=1&nonoise=1"
			  "&noothers=1&sort=size&down=1&from=100",
		"of=3.2&amp;q=a%26b%3C&amp;type=image&amp;type=font&amp;status=9&amp;sort=size"
		"&amp;nohops=1&amp;nonoise=1&amp;noothers=1&amp;down=1");
	filter_comes_back("of=7&sort=time", "of=7");
	filter_comes_back("session=7&trail=2", "of=7.2");
	filter_comes_back("trail=2", "");
	/* What cannot be understood counts as not said. */
	filter_comes_back(
		"of=x&type=nothing&status=7&sort=weight&down=2&nohops=yes&from=-1", "");
	filter_comes_back("of=1.x&q=", "");
}

/* ---- pages of a small case ---- */

struct lists {
	struct temp_case t;
	struct window_pages w;
	int64_t session;
};

static void fill(struct lists *s)
{
	s->session = put_session(&s->t, "https://click.example/t");
	PUT_EXCHANGE(&s->t, s->session, .url = "https://click.example/t", .status = 302,
		.request = NAVIGATION, .headers = "Location: https://www.shop.example/page\r\n",
		.wait_ms = 50, .took_ms = 100);
	PUT_EXCHANGE(&s->t, s->session, .url = "https://www.shop.example/page", .at_ms = 200,
		.request = NAVIGATION, .body = span_str("<!DOCTYPE html><p>Hello"),
		.wait_ms = 100, .took_ms = 300);
	PUT_EXCHANGE(&s->t, s->session, .url = "https://cdn.example/logo.png", .at_ms = 600,
		.request = PICTURE, .type = "image/png", .body = span_str("abc"),
		.took_ms = 400);
	PUT_EXCHANGE(&s->t, s->session, .url = "https://cdn.example/gone.png", .at_ms = 700,
		.request = PICTURE, .type = "image/png", .status = 404, .took_ms = 50);
}

static int start(void **state)
{
	struct lists *s = calloc(1, sizeof *s);
	assert_non_null(s);
	temp_case_start(&s->t);
	fill(s);
	window_pages_start(&s->w);
	*state = s;
	return 0;
}

static int stop(void **state)
{
	struct lists *s = *state;
	window_pages_end(&s->w);
	temp_case_fini(&s->t);
	free(s);
	return 0;
}

/* At rest. */
static void rest(struct lists *s)
{
	put_session_end(&s->t, s->session, 2000, "page");
	temp_case_close(&s->t);
	window_pages_add(&s->w, s->t.path);
}

static void an_empty_window_says_what_to_do(void **state)
{
	struct lists *s = *state;
	const char *page = window_page_kept(&s->w, "/");
	has(page, "Nothing was recorded yet");
	has(page, "href=\"/trace\"");
	has(page, "action=\"/trace/demo\"");
	has(page, "Run the demo");
	window_pages_check(&s->w, true);
}

static void cases_say_what_they_are(void **state)
{
	struct lists *s = *state;
	char broken[96];
	rest(s);
	snprintf(broken, sizeof broken, "%s/broken.case", s->w.folder);
	FILE *f = fopen(broken, "w");
	assert_non_null(f);
	fputs("no case", f);
	fclose(f);
	window_pages_add(&s->w, broken);
	window_pages_add(&s->w, "/nowhere/to-come.case");
	const char *page = window_page_kept(&s->w, "/");
	in_order(page, (const char *const[]){"id=\"case-1\"", "at rest", "id=\"case-2\"",
			       "broken.case", "cannot be read", NULL});
	has(page, "not there yet");
	has(page, "<td class=\"num\" data-name=\"Exchanges\"><data value=\"4\">4</data>");
	has(page, "id=\"trail-1-1-1\"");
	page = window_page_kept(&s->w, "/c/1");
	has(page, "click[.]example");
	has(page, "<data value=\"2\">2</data> hops");
	has(page, "It ended with a page.");
	has(page, "Session 1");
	has(page, "intercept: TLS was opened");
	has(page, "href=\"/c/1/x\"");
	has(window_page_kept(&s->w, "/c/1?marked=1"), "None is marked");
	has(window_page_kept(&s->w, "/c/2"), "cannot be read");
	window_page(&s->w, "/c/4", 404);
	window_page(&s->w, "/c/0", 404);
	window_page(&s->w, "/c/x", 404);
	window_pages_check(&s->w, true);
}

/* From 0 to 1000 ms: the logo's end. Hundredths of a percent. */
static void rows_are_a_waterfall(void **state)
{
	struct lists *s = *state;
	rest(s);
	const char *page = window_page_kept(&s->w, "/c/1/x");
	in_order(page,
		(const char *const[]){"href=\"/c/1/x/1\"", "href=\"/c/1/t/1.1/h/1\"",
			"class=\"mark\"", "hop 1", "click[.]example", "s3\">302",
			"bar-wait\" x=\"0.00%\" y=\"3\" width=\"5.00%",
			"bar-get\" x=\"5.00%\" y=\"3\" width=\"5.00%", "href=\"/c/1/x/2\"",
			"hop 2", "bar-wait\" x=\"20.00%\" y=\"3\" width=\"10.00%",
			"bar-get\" x=\"30.00%\" y=\"3\" width=\"20.00%", "href=\"/c/1/x/3\"",
			"cdn[.]example", "/logo[.]png", "image", "3 B", "400 ms",
			"bar-wait\" x=\"60.00%\" y=\"3\" width=\"40.00%", "s4\">404", NULL});
	assert_int_equal(times(page, "<tr id=\"x-"), 4);
	assert_int_equal(times(page, "aria-sort"), 1);
	has(page, "aria-sort=\"ascending\"><a href=\"/c/1/x?down=1\">#");
	page = window_page_kept(&s->w, "/c/1/x?type=image&sort=took&down=1");
	assert_int_equal(times(page, "<tr id=\"x-"), 2);
	in_order(page, (const char *const[]){"id=\"x-3\"", "id=\"x-4\"", NULL});
	has(page, "aria-sort=\"descending\"><a href=\"/c/1/x?type=image&amp;sort=took\">Took");
	has(page, "value=\"image\" checked");
	page = window_page_kept(&s->w, "/c/1/x?sort=took");
	in_order(page, (const char *const[]){
			       "id=\"x-4\"", "id=\"x-1\"", "id=\"x-2\"", "id=\"x-3\"", NULL});
	page = window_page_kept(&s->w, "/c/1/x?status=4");
	assert_int_equal(times(page, "<tr id=\"x-"), 1);
	page = window_page_kept(&s->w, "/c/1/x?nohops=1&q=logo");
	assert_int_equal(times(page, "<tr id=\"x-"), 1);
	has(window_page_kept(&s->w, "/c/1/x?q=nowhere"), "Nothing fits");
	has(window_page_kept(&s->w, "/c/1/x?from=4000"), "There are no more");
	page = window_page_kept(&s->w, "/c/1/x?of=1.1");
	has(page, "<option value=\"1.1\" selected>");
	window_pages_check(&s->w, true);
}

static void search_finds(void **state)
{
	struct lists *s = *state;
	rest(s);
	const char *page = window_page_kept(&s->w, "/search?q=shop.example");
	in_order(page, (const char *const[]){"<h3><a href=\"/c/1/t/1.1\"", "Host</span>",
			       "www[.]<mark>shop[.]example</mark>", "href=\"/c/1/t/1.1/h/2\"",
			       "URL</span>", NULL});
	has(page, "at least 8 hex digits");
	/* As these pages show it. */
	page = window_page_kept(&s->w, "/search?q=hxxps%3A%2F%2Fcdn%5B.%5Dexample%2Flogo");
	in_order(page, (const char *const[]){"In no trail of",
			       "<mark>hxxps://cdn[.]example/logo", "href=\"/c/1/x/3\"", NULL});
	/* SHA-256 of "abc" (FIPS 180-4), with colons. */
	page = window_page_kept(&s->w, "/search?q=BA7816BF8F01");
	in_order(page,
		(const char *const[]){"Body</span>", "<mark>ba7816bf8f01</mark>cfea", NULL});
	has(page, "whose SHA-256 begins so");
	page = window_page_kept(&s->w, "/search?q=nothing.of.this");
	has(page, "<data value=\"0\">0</data> finds in");
	has(window_page_kept(&s->w, "/search?q=%3Cb%3E%22&case=1"),
		"value=\"&lt;b&gt;&quot;\"");
	has_not(window_page_kept(&s->w, "/search"), "Found");
	has(window_page(&s->w, "/search?q=shop&case=99", 404), "no such case");
	window_pages_check(&s->w, true);
}

static void a_named_trail_can_always_be_picked(void **state)
{
	struct lists *s = *state;
	put_session_end(&s->t, s->session, 2000, "page");
	for (int i = 0; i < 21; i++) {
		int64_t session = put_session(&s->t, "https://more.example/");
		PUT_EXCHANGE(&s->t, session, .url = "https://more.example/", .at_ms = 3000 + i,
			.request = NAVIGATION, .body = span_str("x"));
		put_session_end(&s->t, session, 4000, "page");
	}
	temp_case_close(&s->t);
	window_pages_add(&s->w, s->t.path);
	const char *page = window_page_kept(&s->w, "/compare");
	has_not(page, "<option value=\"1:1.1\"");
	has(page, "The 20 newest of each case can be picked here");
	page = window_page_kept(&s->w, "/compare?a=1:1.1");
	has(page, "<option value=\"1:1.1\" selected>");
	page = window_page_kept(&s->w, "/compare?a=1:1.1&b=1:2.1");
	has(page, "<option value=\"1:2.1\" selected>");
	assert_int_equal(times(page, "<option value=\"1:1.1\""), 2);
}

/* As while it is read; its own thread says otherwise at its next look. */
static void is_being_read(struct book *b)
{
	pthread_mutex_lock(&b->lock);
	b->state = BOOK_READING;
	pthread_mutex_unlock(&b->lock);
}

static void what_is_not_read_yet_is_not_denied(void **state)
{
	struct lists *s = *state;
	static const char *const targets[] = {"/c/1/t/1.9/h/1", "/c/1/t/1.1/h/99", "/c/1/x/999",
		"/c/1/x/999/bytes", "/c/1/x/999/picture", "/c/1/t/1.9/report",
		"/c/1/t/1.9/replay", "/compare?a=1:1.1&b=1:1.9"};
	rest(s);
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		const char *page = "";
		s->w.a.status = 0;
		for (int tries = 0; tries < 20 && s->w.a.status != 503; tries++) {
			is_being_read(shelf_get(s->w.window.shelf, 1));
			page = window_ask(&s->w, targets[i]);
		}
		if (s->w.a.status != 503)
			fail_msg("%s: %d", targets[i], s->w.a.status);
		has(page, "till being read");
	}
	static const char *const never[] = {
		"/c/1/t/1/h/1", "/c/1/x/y", "/c/1/t/x/report", "/compare?a=1:1.1&b=1:x"};
	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		is_being_read(shelf_get(s->w.window.shelf, 1));
		window_page(&s->w, never[i], 404);
	}
}

/* ---- live ---- */

/* What the stream of events says next, within some seconds; "" if nothing. */
static const char *hear(struct lists *s, struct buf *out, int looks)
{
	buf_clear(out);
	for (int i = 0; i < looks && buf_len(out) == 0; i++)
		assert_true(s->w.a.events.next(s->w.a.events.ctx, 500, out));
	buf_add_byte(out, 0);
	return (const char *)buf_span(out).p;
}

static void listen_to(struct lists *s, const char *page)
{
	char target[400];
	const char *at = strstr(page, "data-listen=\"");
	assert_non_null(at);
	at += strlen("data-listen=\"");
	size_t n = 0;
	for (; *at != '"' && n + 1 < sizeof target; at++) {
		target[n++] = *at;
		if (strncmp(at, "&amp;", 5) == 0)
			at += 4;
	}
	target[n] = 0;
	window_page(&s->w, target, 200);
	assert_non_null(s->w.a.events.next);
}

static void lists_grow_while_one_looks(void **state)
{
	struct lists *s = *state;
	struct buf out = {0};
	window_pages_add(&s->w, s->t.path);
	for (int round = 0; round < 2; round++) {
		listen_to(s, window_page(&s->w, round == 0 ? "/" : "/c/1", 200));
		assert_string_equal(hear(s, &out, 2), ""); /* the page shows it already */
		PUT_EXCHANGE(&s->t, s->session, .url = "https://again.example/", .at_ms = 9000,
			.request = NAVIGATION);
		const char *said = hear(s, &out, 10);
		has(said, "event: put");
		has(said, round == 0 ? "data: <tr id=\"case-1\"" : "data: <div id=\"summary\"");
	}
	/* Rows stay, and what is new is counted. */
	listen_to(s, window_page(&s->w, "/c/1/x?q=again", 200));
	assert_string_equal(hear(s, &out, 1), "");
	PUT_EXCHANGE(&s->t, s->session, .url = "https://again.example/x", .at_ms = 9100);
	const char *said = hear(s, &out, 10);
	has(said, "id=\"news\"");
	has(said, "href=\"/c/1/x?q=again&amp;from=0\"><data value=\"1\">1</data> new: show");
	assert_int_equal(times(said, "event: put"), 1);
	/* A page that was made before: everything is said. */
	window_page(&s->w, "/c/1/events?v=0&open=1", 200);
	has(hear(s, &out, 10), "id=\"trail-1-1-1\"");
	buf_fini(&out);
}

/* ---- hostile words ---- */

static void wait_for_rows(struct book *b, int64_t n)
{
	struct arena a = {0};
	struct book_about about = {.exchanges = 0};
	int64_t version = -1;
	assert_non_null(b);
	for (int looks = 0; looks < 600 && about.exchanges < n; looks++) {
		version = book_wait(b, version, 50);
		book_about(b, &a, &about);
	}
	assert_int_equal(about.exchanges, n);
	arena_fini(&a);
}

static void hostile_words_stay_words(void **state)
{
	struct lists *s = *state;
	struct temp_case hops, sessions;
	struct arena a = {0};
	temp_case_start(&hops);
	nasty_hops(&hops);
	temp_case_close(&hops);
	temp_case_start(&sessions);
	nasty_sessions(&sessions);
	temp_case_close(&sessions);
	window_pages_add(&s->w, hops.path);
	/* Its trails are of no interest here, and take long to be derived. */
	wait_for_rows(shelf_add(s->w.window.shelf, sessions.path, NULL), NASTY_STRINGS);
	static const char *const pages[] = {"/", "/c/1", "/c/2", "/c/2?from=450", "/c/2/x",
		"/c/1/x?from=100", "/c/1/x?from=200", "/c/1/x?from=300&sort=type",
		"/c/1/x?sort=method", "/c/1/x?sort=host&down=1", "/c/1/x?of=1.1",
		"/search?q=nasty.example", "/search?q=https"};
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		window_page_kept(&s->w, pages[i]);
	assert_int_equal(times(window_page_kept(&s->w, "/c/1/x"), "<tr id=\"x-"), 100);
	/* As what somebody looks for: every seventh, and all of them in ./dev soak. */
	window_pages_add(&s->w, "/nowhere.case");
	size_t step = getenv("CLICKTRAIL_SOAK") != NULL ? 1 : 7;
	for (size_t i = 0; i < NASTY_STRINGS; i += step) {
		struct buf target = {0};
		struct span what = span_first(nasty_string(&a, i), 1000);
		if (span_find_byte(what, 0, 0) != SIZE_MAX)
			continue; /* form.h has refused it */
		buf_add_str(&target, i % 2 == 0 ? "/search?case=3&q=" : "/c/3/x?q=");
		web_encode(&target, what);
		buf_add_byte(&target, 0);
		window_page_kept(&s->w, (const char *)buf_span(&target).p);
		buf_fini(&target);
	}
	window_pages_check(&s->w, false);
	arena_fini(&a);
	temp_case_fini(&hops);
	temp_case_fini(&sessions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_stands_out),
		cmocka_unit_test(an_address_says_what_is_shown),
		cmocka_unit_test_setup_teardown(an_empty_window_says_what_to_do, start, stop),
		cmocka_unit_test_setup_teardown(cases_say_what_they_are, start, stop),
		cmocka_unit_test_setup_teardown(rows_are_a_waterfall, start, stop),
		cmocka_unit_test_setup_teardown(search_finds, start, stop),
		cmocka_unit_test_setup_teardown(
			a_named_trail_can_always_be_picked, start, stop),
		cmocka_unit_test_setup_teardown(
			what_is_not_read_yet_is_not_denied, start, stop),
		cmocka_unit_test_setup_teardown(lists_grow_while_one_looks, start, stop),
		cmocka_unit_test_setup_teardown(hostile_words_stay_words, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
