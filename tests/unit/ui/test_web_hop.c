/* The pages of one hop: each panel against values that want to be more than text, bodies that
 * want to be more than bytes, and pictures that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <zlib.h>

#include "tests/kit/build_facts.h"
#include "tests/kit/html_report.h"
#include "tests/kit/nasty.h"
#include "tests/kit/put_exchange.h"
#include "store/base/clock.h"
#include "ui/web/hop_cookie.h"
#include "ui/web/hop_files.h"
#include "ui/web/page_hop_pieces.h"
#include "ui/web/window_state.h"

enum {
	VALUE_MAX = 600,      /* bytes of a value; test_html_write has what is longer */
	WAIT_MS = 150 * 1000, /* a busy machine's */
	PAGE_MS = 250,
	SLOWNESS = 8 /* of sanitizers, on a busy machine */
};

static size_t count(struct span page, const char *what)
{
	size_t n = 0;
	for (size_t at = 0; (at = span_find(page, span_str(what), at)) != SIZE_MAX; at++)
		n++;
	return n;
}

static void assert_has(struct span page, const char *what)
{
	if (span_find(page, span_str(what), 0) == SIZE_MAX)
		fail_msg("the page lacks: %s\n%.*s", what, (int)(page.n < 6000 ? page.n : 6000),
			(const char *)page.p);
}

static void assert_lacks(struct span page, const char *what)
{
	if (span_find(page, span_str(what), 0) != SIZE_MAX)
		fail_msg("the page has: %s", what);
}

/* Every element is one that we write, and every attribute. */
static void assert_tame(struct span page)
{
	static const char ours[] =
		" html head meta title link script noscript body a header p nav ul ol li main "
		"h1 "
		"h2 "
		"h3 h4 section div span b br em strong code pre samp time abbr data dl dt dd "
		"table "
		"caption thead tbody tr th td details summary svg path rect circle polygon "
		"line g "
		"text figure figcaption form input label button iframe mark textarea select "
		"option fieldset legend ";
	static const char *const never[] = {"<script>", "onerror=window.pwned=1>", "<img",
		"<base", "<object", "<!--", "=\"javascript:", "\xe2\x80\xae", "\xe2\x80\x8b",
		"href=\"http", "src=\"http", "href='", "style=\""};
	assert_true(text_valid(page));
	for (size_t at = 0; (at = span_find_byte(page, '<', at)) != SIZE_MAX; at++) {
		char name[24];
		struct span tag = span_first(span_from(page, at + 1), 16);
		size_t n = 0;
		if (span_starts(tag, "!DOCTYPE html>"))
			continue;
		if (span_starts(tag, "/"))
			tag = span_from(tag, 1);
		while (n < tag.n && (ascii_alpha(tag.p[n]) || ascii_digit(tag.p[n])))
			n++;
		snprintf(name, sizeof name, " %.*s ", (int)n, (const char *)tag.p);
		if (n == 0 || strstr(ours, name) == NULL)
			fail_msg("an element that is not ours: <%.*s", (int)tag.n,
				(const char *)tag.p);
	}
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		assert_lacks(page, never[i]);
	for (size_t i = 0; i < page.n; i++)
		if ((page.p[i] < 0x20 && page.p[i] != '\n' && page.p[i] != '\t') ||
			page.p[i] == 0x7f)
			fail_msg("byte %02x", page.p[i]);
}

/* ---- pages by their routes ---- */

struct window_of_one {
	struct temp_case of_case;
	struct window window;
	struct arena arena;
	struct web_request q;
	struct web_answer a;
};

static void open_window(struct window_of_one *w)
{
	struct err err;
	struct book_about about;
	w->window.shelf = shelf_new();
	struct book *b = shelf_add(w->window.shelf, w->of_case.path, &err);
	assert_non_null(b);
	int64_t version = -1;
	int64_t until = clock_now_us(clock_real()) + (int64_t)WAIT_MS * 1000;
	while (clock_now_us(clock_real()) < until) {
		book_about(b, &w->arena, &about);
		if (about.state == BOOK_READY)
			return;
		version = book_wait(b, version, WAIT_MS / 200);
	}
	fail_msg("the book was not read: %s", about.err.detail);
}

static void forget_answer(struct window_of_one *w)
{
	buf_fini(&w->a.body);
	arena_fini(&w->q.arena);
	w->q = (struct web_request){.window = &w->window, .secret = "secret"};
	w->a = (struct web_answer){.status = 200};
}

/* The answer lives until the next question. */
static struct span ask(struct window_of_one *w, const char *path, const char *query)
{
	struct err err;
	bool known;
	forget_answer(w);
	w->q.path = span_str(path);
	assert_true(web_form_query(&w->q.arena, span_str(query), &w->q.query, &err));
	const struct web_route *r = web_route_find(&w->q, &known);
	if (r == NULL)
		fail_msg("no route: %s", path);
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	r->page(&w->q, &w->a);
	clock_gettime(CLOCK_MONOTONIC, &to);
	int64_t ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
	if (ms > PAGE_MS * SLOWNESS)
		fail_msg("%s?%s took %lld ms", path, query, (long long)ms);
	return buf_span(&w->a.body);
}

static void close_window(struct window_of_one *w)
{
	forget_answer(w);
	shelf_free(w->window.shelf);
	arena_fini(&w->arena);
	temp_case_fini(&w->of_case);
}

/* ---- pieces ---- */

static void pictures_are_told_by_their_first_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t n;
		const char *type;
		int64_t width, height;
	} table[] = {
#define B(s) s, sizeof s - 1
		{B("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\0\x80"), "image/png", 256, 128},
		{B("GIF89a\x10\0\x20\0"), "image/gif", 16, 32},
		{B("GIF87a\1\0\1\0"), "image/gif", 1, 1},
		{B("\xff\xd8\xff\xe0\0\4JF\xff\xc0\0\x11\x08\0\x30\0\x40\3xxxxxx"),
			"image/jpeg", 64, 48},
		{B("\xff\xd8\xff\xe0"), "image/jpeg", 0, 0},
		{B("RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x0f\0\0\x1f\0\0"), "image/webp", 16,
			32},
		{B("BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0\2\0\0\0\xfd\xff\xff\xff\1\0\0"),
			"image/bmp", 2, 3},
		{B("\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0\1\0\0\0\x16\0\0\0\0"), "image/x-icon", 0,
			0},
		{B("\0\0\0\x1c"
		   "ftypavif\0\0\0\0avifmif1miaf"),
			"image/avif", 0, 0},
		{B("\0\0\0\x18"
		   "ftypmif1\0\0\0\0avif"),
			"image/avif", 0, 0},
		/* A GIF that is a script, too: a picture, and nothing else here. */
		{B("GIF89a/*\0\0*/=1;alert(1)//"), "image/gif", 0x2a2f, 0},
		/* A page with a picture's name, or bytes, in it. */
		{B("<html>\x89PNG\r\n\x1a\n"), NULL, 0, 0},
		{B("\x89PNG<script>"), NULL, 0, 0},
		{B("<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"), NULL, 0, 0},
		{B("<?xml version='1.0'?><svg/>"), NULL, 0, 0},
		{B("\n\nGIF89a"), NULL, 0, 0},
		{B("BM<script>alert(1)</script>...."), NULL, 0, 0},
		{B("RIFF\0\0\0\0AVI LIST"), NULL, 0, 0},
		{B("\0\0\0\x18"
		   "ftypmp42\0\0\0\0isom"),
			NULL, 0, 0},
		{B("\0\0\1\0\0\0"), NULL, 0, 0},
		{B("%PDF-1.7"), NULL, 0, 0},
		{B(""), NULL, 0, 0},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		/* To the byte in memory of its own: reading behind it is found. */
		uint8_t *copy = malloc(table[i].n + 1);
		memcpy(copy, table[i].bytes, table[i].n);
		copy = realloc(copy, table[i].n > 0 ? table[i].n : 1);
		struct hop_picture p = hop_picture_of(span_of(copy, table[i].n));
		if ((p.type == NULL) != (table[i].type == NULL) ||
			(p.type != NULL && strcmp(p.type, table[i].type) != 0))
			fail_msg(
				"row %zu is taken for %s", i, p.type != NULL ? p.type : "none");
		assert_int_equal(p.width, table[i].width);
		if (table[i].height > 0)
			assert_int_equal(p.height, table[i].height);
		assert_true(p.height >= 0);
		free(copy);
	}
	struct hop_picture big = {"image/png", "PNG", 0xffffffff, 0xffffffff};
	assert_false(hop_picture_fits(&big));
	struct hop_picture small = {"image/png", "PNG", 4000, 3000};
	assert_true(hop_picture_fits(&small));
}

static struct url url_of(struct arena *a, const char *text)
{
	struct url u;
	assert_true(url_parse(a, NULL, span_str(text), &u));
	return u;
}

static void cookies_are_taken_apart(void **state)
{
	(void)state;
	struct arena a = {0};
	struct hop_cookie c;
	struct url here = url_of(&a, "https://www.shop.example/a/b?x");
	const int64_t now = BUILD_EPOCH_US;
	hop_cookie_read(
		span_str("sid=a=b; Path=/a; Domain=.shop.example; Max-Age=3600; Secure; "
			 "HttpOnly; SameSite=None; Partitioned; Priority=High"),
		now, &c);
	assert_true(span_is(c.name, "sid") && span_is(c.value, "a=b"));
	assert_true(span_is(c.domain, "shop.example") && span_is(c.path, "/a"));
	assert_int_equal(c.until_us, now + INT64_C(3600000000));
	assert_true(c.secure && c.http_only && c.partitioned && !c.gone);
	assert_true(span_is(c.same_site, "None") && span_starts(c.rest, " Priority"));
	assert_null(hop_cookie_refused(&c, &here));
	struct url there = url_of(&a, "https://x.shop.example/a/c");
	assert_true(hop_cookie_goes(&c, &here, &there));
	there = url_of(&a, "http://x.shop.example/a/c");
	assert_false(hop_cookie_goes(&c, &here, &there));
	there = url_of(&a, "https://x.shop.example/ab");
	assert_false(hop_cookie_goes(&c, &here, &there));
	hop_cookie_read(span_str("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), now, &c);
	assert_true(c.gone);
	hop_cookie_read(span_str("a=1; max-age=99999999999"), now, &c);
	assert_true(c.cut && !c.gone);
	static const char *const refused[] = {"a=1; Domain=other.example",
		"a=1; Domain=example", "__Host-a=1; Secure", "__Secure-a=1",
		"a=1; SameSite=None", "", "=", "a=1; Domain=co.uk"};
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		hop_cookie_read(span_str(refused[i]), now, &c);
		if (hop_cookie_refused(&c, &here) == NULL)
			fail_msg("taken: %s", refused[i]);
	}
	struct span left = span_str("; a=1;b ;; c=2=3"), name, value;
	assert_true(hop_cookie_next(&left, &name, &value) && span_is(name, "a"));
	assert_true(
		hop_cookie_next(&left, &name, &value) && span_is(value, "b") && name.n == 0);
	assert_true(hop_cookie_next(&left, &name, &value) && span_is(value, "2=3"));
	assert_false(hop_cookie_next(&left, &name, &value));
	arena_fini(&a);
}

/* When it was set is what the case says. */
static void a_cookies_life_ends_within_time(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int64_t now, until;
		bool gone, cut;
	} rows[] = {
		{"a=1; Max-Age=1", 0, 1000000, false, false},
		{"a=1; Max-Age=99999999999", 0, INT64_C(34560000000000), false, true},
		{"a=1; Max-Age=18446744073709551615", INT64_MAX, FACT_NULL, false, true},
		{"a=1; Max-Age=1", INT64_MAX, FACT_NULL, false, false},
		{"a=1; Max-Age=1", INT64_MIN + 1, INT64_MIN + 1000001, false, false},
		{"a=1; Max-Age=0", INT64_MAX, FACT_NULL, true, false},
		{"a=1; Max-Age=1", FACT_NULL, FACT_NULL, false, false},
		{"a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT", 0, INT64_C(34560000000000),
			false, true},
		{"a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT", INT64_MAX,
			INT64_C(253402300799000000), true, false},
		{"a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT", INT64_MIN + 1,
			INT64_MIN + 1 + INT64_C(34560000000000), false, true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct hop_cookie c;
		hop_cookie_read(span_str(rows[i].line), rows[i].now, &c);
		if (c.until_us != rows[i].until || c.gone != rows[i].gone ||
			c.cut != rows[i].cut)
			fail_msg("%zu: until %lld, gone %d, cut %d", i, (long long)c.until_us,
				c.gone, c.cut);
	}
}

static void json_gets_lines_and_stays_as_it_was(void **state)
{
	(void)state;
	struct buf out = {0};
	assert_true(hop_pretty_json(
		span_str("{\"a\":[1,2,{}],\"a\":\"x,\\\"{\",\"b\":[ ]}"), 1000, &out));
	char *text = buf_take_str(&out);
	assert_string_equal(text, "{\n  \"a\": [\n    1,\n    2,\n    {}\n  ],\n  \"a\": "
				  "\"x,\\\"{\",\n  \"b\": []\n}");
	free(text);
	/* What only nests grows to its limit, and no further. */
	struct buf deep = {0};
	for (int i = 0; i < 100 * 1000; i++)
		buf_add_byte(&deep, '[');
	assert_false(hop_pretty_json(buf_span(&deep), 64 * 1024, &out));
	assert_true(buf_len(&out) < 65 * 1024);
	buf_clear(&out);
	assert_true(hop_pretty_json(span_str("]]}{\"open"), 1000, &out));
	buf_fini(&deep);
	buf_fini(&out);
}

static void charsets_are_found(void **state)
{
	(void)state;
	static const struct {
		const char *type, *body, *name, *by;
	} table[] = {{"text/html; charset=Shift_JIS", "", "Shift_JIS", "header"},
		{"text/html; charset=\"utf-8\"; x", "", "utf-8", "header"},
		{"text/html", "<html><meta charset=koi8-r>", "koi8-r", "meta"},
		{"text/html",
			"<meta http-equiv=content-type content='text/html; charset=euc-jp'>",
			"euc-jp", "meta"},
		{"text/html; charset=latin1", "\xef\xbb\xbfx", "utf-8", "byte order mark"},
		{"text/plain", "\xff\xfex", "utf-16le", "byte order mark"},
		{"text/html", "<meta charset=utf-16>", "utf-8", "meta"},
		{"text/html", "<p>charset=none</p>", NULL, NULL}, {"charset", "", NULL, NULL},
		{"text/html; charset=", "", NULL, NULL}};
	struct arena a = {0};
	struct hop_charset c;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		hop_charset_of(span_str(table[i].type), span_str(table[i].body), &c);
		if ((c.by == NULL) != (table[i].by == NULL) ||
			(c.by != NULL && (strcmp(c.by, table[i].by) != 0 ||
						 !span_is(c.name, table[i].name))))
			fail_msg("row %zu: %.*s by %s", i, (int)c.name.n,
				(const char *)c.name.p, c.by != NULL ? c.by : "none");
	}
	hop_charset_of(span_str("text/html; charset=windows-1252"), span_str("x"), &c);
	assert_true(span_is(hop_to_utf8(&a, span_str("caf\xe9"), &c), "caf\xc3\xa9"));
	hop_charset_of(span_str("text/html; charset=no-such"), span_str("x"), &c);
	assert_true(span_is(hop_to_utf8(&a, span_str("caf\xe9"), &c), "caf\xe9"));
	assert_true(c.unknown);
	/* Pages end behind lines, and not inside of characters. */
	hop_charset_of(SPAN_NONE, SPAN_NONE, &c);
	assert_int_equal(hop_piece_end(span_str("one\ntwo\nthree"), 0, 6, &c), 4);
	assert_int_equal(hop_piece_end(span_str("abc\xc3\xa9z"), 0, 4, &c), 3);
	assert_int_equal(hop_piece_end(span_str("\x80\x80\x80\x80"), 0, 1, &c), 1);
	arena_fini(&a);
}

static void code_is_shown_with_dead_schemes(void **state)
{
	(void)state;
	struct buf out = {0};
	struct page p = {.out = &out};
	struct hop_view v = {.p = &p, .out = &out};
	hop_code_text(&v, span_str("<a href='HTTPS://evil.example/'> http:\\/\\/x http "
				   "https%3A//y \x1b"));
	char *text = buf_take_str(&out);
	assert_string_equal(text, "&lt;a href=&#39;HXXPS://evil.example/&#39;&gt; hxxp:\\/\\/x "
				  "http hxxps%3A//y \\x1b");
	free(text);
	hop_hex(&v, span_str("<b>\x01 and more than a line"), 0x20);
	struct span hex = buf_span(&out);
	assert_has(hex, "00000020  3c 62 3e 01 20 61 6e 64  20 6d 6f 72 65 20 74 68  "
			"|&lt;b&gt;. and more th|");
	assert_has(hex, "00000030  61 6e");
	buf_fini(&out);
}

/* ---- panels ---- */

/* A request's and a response's facts, every text and every byte being the value. */
static void fill_facts(struct html_report *h, struct model_exchange *x, struct span value)
{
	struct fact_request *q = arena_alloc(&h->arena, sizeof *q);
	struct fact_response *a = arena_alloc(&h->arena, sizeof *a);
	*q = (struct fact_request){
		1, BUILD_EPOCH_US, x->id, 7, 1, value, value, value, value, value, value};
	*a = (struct fact_response){
		1, BUILD_EPOCH_US, x->id, 1, 302, value, value, value, value, value, value};
	x->request = q;
	x->response = a;
	x->leg = 1;
}

static void (*const without_body[])(struct hop_view *v) = {hop_why, hop_request, hop_response,
	hop_cookies, hop_tls, hop_certificates, hop_packets};

/* Each string in every field of a hop, one after the other. */
static void show_panels(
	size_t n, size_t step, struct span value_of(struct arena *, size_t), bool addresses)
{
	struct buf out = {0};
	struct arena arena = {0};
	struct web_form nothing = {0};
	struct book *book = book_open("/nonexistent/x.case", 1);
	struct web_request q = {.secret = "secret"};
	struct page p = {.q = &q, .out = &out};
	for (size_t i = 0; i < n; i += step) {
		struct html_report h;
		html_report_init(&h);
		struct span value = span_first(value_of(&h.arena, i), VALUE_MAX);
		html_report_add(&h, value, 1);
		const struct report_trail *t = &h.report.trails[0];
		struct book_reading r = {
			.book = book, .report = h.report, .edition = h.edition};
		p.h = (struct html){.out = &out,
			.e = &h.edition,
			.r = &h.report,
			.defang = true,
			.level = 2};
		fill_facts(&h, (struct model_exchange *)(uintptr_t)t->hops[0].exchange, value);
		struct hop_view v = {&p, &p.h, &out, &nothing, &arena, &r, t, 0, &t->hops[0],
			t->hops[0].exchange, "/c/1/t/1.1/h/1", 0, 0};
		/* The frame around them now and then: it asks the companion for remarks. */
		if (i % 25 == 0)
			hop_detail(&v, HOP_WHY);
		for (size_t k = 0; k < sizeof without_body / sizeof *without_body; k++)
			without_body[k](&v);
		assert_tame(buf_span(&out));
		if (addresses)
			assert_lacks(buf_span(&out), "https://evil");
		buf_clear(&out);
		arena_reset(&arena);
		html_report_fini(&h);
	}
	book_close(book);
	buf_fini(&out);
	arena_fini(&arena);
}

/* Of the long list every fifth, and all where there is time (./dev soak). */
static void no_value_is_more_than_text(void **state)
{
	(void)state;
	size_t step = getenv("CLICKTRAIL_SOAK") != NULL ? 1 : 5;
	show_panels(HTML_NASTY, 1, html_nasty, true);
	show_panels(NASTY_STRINGS, step, nasty_string, false);
}

/* The same of a page's body, from a case. */
static void no_body_is_more_than_text(void **state)
{
	(void)state;
	struct window_of_one w = {0};
	struct buf out = {0};
	struct arena arena = {0};
	struct book_reading r;
	struct err err;
	bool found;
	temp_case_start(&w.of_case);
	nasty_hops(&w.of_case);
	if (w.of_case.writer != NULL)
		temp_case_close(&w.of_case);
	open_window(&w);
	assert_true(book_read_trail(shelf_get(w.window.shelf, 1), 1, 1, &r, &found, &err));
	assert_true(found);
	assert_true(r.trail->n_hops >= NASTY_STRINGS - 1);
	struct web_request q = {.secret = "secret"};
	struct page p = {.q = &q, .out = &out};
	p.h = (struct html){
		.out = &out, .e = &r.edition, .r = &r.report, .defang = true, .level = 2};
	static const char *const as[] = {"text", "decoded", "hex"};
	for (size_t i = 0; i < r.trail->n_hops; i++) {
		struct web_pair pair = {span_str("as"), span_str(as[i % 3]), SPAN_NONE};
		struct web_form form = {&pair, 1};
		struct hop_view v = {&p, &p.h, &out, &form, &arena, &r, r.trail, i,
			&r.trail->hops[i], r.trail->hops[i].exchange, "/c/1/t/1.1/h/1", 0, 0};
		hop_body(&v);
		hop_cues(&v);
		assert_tame(buf_span(&out));
		buf_clear(&out);
		arena_reset(&arena);
	}
	book_reading_close(&r);
	buf_fini(&out);
	arena_fini(&arena);
	close_window(&w);
}

/* ---- bodies ---- */

static struct span zipped(struct arena *a, struct span s)
{
	uLongf n = compressBound(s.n);
	uint8_t *out = arena_alloc(a, n);
	assert_int_equal(compress2(out, &n, s.p, s.n, 9), Z_OK);
	return span_of(out, n);
}

static struct span filled(struct arena *a, size_t n, char with)
{
	uint8_t *p = arena_alloc(a, n);
	memset(p, with, n);
	return span_of(p, n);
}

/* No page of the window's. */
#define LOADED                                                                                 \
	"Sec-Fetch-Dest: image\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: cross-site\r\n"

/* One trail: a page that goes on by meta refresh, and what it loads. */
static void a_case_of_bodies(struct window_of_one *w)
{
	struct temp_case *t = &w->of_case;
	temp_case_start(t);
	int64_t s = put_session(t, "http://a.example/");
	struct buf json = {0};
	PUT_EXCHANGE(t, s, .url = "http://a.example/", .status = 302,
		.headers = "Location: /next#x\r\nSet-Cookie: sid=77; Path=/; HttpOnly\r\n"
			   "Set-Cookie: never=1; Path=/elsewhere\r\n"
			   "Strict-Transport-Security: max-age=31536000; "
			   "includeSubDomains\r\n");
	PUT_EXCHANGE(t, s, .url = "http://a.example/next", .at_ms = 100,
		.request = "Cookie: sid=77; other=2\r\n",
		.body = span_str(
			"<html>\n<title>caf\xc3\xa9</title>\n<meta http-equiv=refresh "
			"content='0;url=http://b.example/last'>\n<a "
			"href=http://c.example/>c</a>\n"
			"<script>setTimeout(function(){location='http://d.example/'},90000)"
			"</script>\n"));
	PUT_EXCHANGE(t, s, .url = "http://b.example/last", .at_ms = 300,
		.request = "Referer: http://a.example/next\r\n",
		.body = span_str("<p>end</p>"));
	/* 4: a bomb of 60 MB. */
	PUT_EXCHANGE(t, s, .url = "http://b.example/bomb", .at_ms = 400, .request = LOADED,
		.type = "text/plain", .headers = "Content-Encoding: deflate\r\n",
		.body = zipped(&w->arena, filled(&w->arena, 60 * 1000 * 1000, 'b')));
	/* 5: not of the charset that it names. */
	PUT_EXCHANGE(t, s, .url = "http://b.example/wrong", .at_ms = 410, .request = LOADED,
		.type = "text/plain; charset=shift_jis", .body = span_str("caf\xe9\xff <b>"));
	/* 6: one line of 300 kB. */
	PUT_EXCHANGE(t, s, .url = "http://b.example/line", .at_ms = 420, .request = LOADED,
		.type = "text/plain", .body = filled(&w->arena, 300 * 1000, 'l'));
	/* 7: passed, and not stored; 8: its end was not. */
	PUT_EXCHANGE(t, s, .url = "http://b.example/none", .at_ms = 430, .request = LOADED,
		.type = "text/plain", .body = span_str("gone"), .lost = 4);
	PUT_EXCHANGE(t, s, .url = "http://b.example/part", .at_ms = 440, .request = LOADED,
		.type = "text/plain", .body = span_str("here, gone"), .lost = 4);
	/* 9: a form, answered by JSON. */
	buf_add_str(&json, "{\"to\":\"http://e.example/\",\"n\":[1,2]}");
	PUT_EXCHANGE(t, s, .url = "http://b.example/form?q=%3Cb%3E&x", .at_ms = 450,
		.request = LOADED "Content-Type: application/x-www-form-urlencoded\r\n",
		.request_body = span_str("mail=a%40b.example&pass=%3Cx%3E+y"),
		.type = "application/json", .body = buf_span(&json));
	/* 10: a picture that is a script, too; 11: a picture that its type calls a page; 12: a
	 * drawing that could run. */
	PUT_EXCHANGE(t, s, .url = "http://b.example/x.gif", .at_ms = 460, .request = LOADED,
		.type = "image/gif",
		.body = span_of("GIF89a=\0\1\0;alert(document.domain)", 33));
	PUT_EXCHANGE(t, s, .url = "http://b.example/x.png", .at_ms = 470, .request = LOADED,
		.type = "text/html", .body = html_pixel());
	PUT_EXCHANGE(t, s, .url = "http://b.example/x.svg", .at_ms = 480, .request = LOADED,
		.type = "image/svg+xml",
		.body = span_str("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)"
				 "</script></svg>"));
	/* 13: 50,000 lines. */
	struct buf lines = {0};
	for (int i = 1; i <= 50 * 1000; i++)
		buf_addf(&lines, "line %d\n", i);
	PUT_EXCHANGE(t, s, .url = "http://b.example/lines", .at_ms = 490, .request = LOADED,
		.type = "text/plain", .body = buf_span(&lines));
	put_session_end(t, s, 6000, "page");
	temp_case_close(t);
	open_window(w);
	buf_fini(&json);
	buf_fini(&lines);
}

static int open_bodies(void **state)
{
	static struct window_of_one w;
	w = (struct window_of_one){0};
	a_case_of_bodies(&w);
	*state = &w;
	return 0;
}

static int close_bodies(void **state)
{
	close_window(*state);
	return 0;
}

static void bodies_are_looked_at_in_bounds(void **state)
{
	struct window_of_one *w = *state;
	struct span page = ask(w, "/c/1/x/4", "show=body");
	assert_has(page, "Only its first 4 MiB are looked at here");
	assert_has(page, "4.2 MB</data> and more decoded");
	assert_true(page.n < 400 * 1000);
	page = ask(w, "/c/1/x/4", "show=body&as=hex&coded=1");
	assert_has(page, "00000000  78 da");
	page = ask(w, "/c/1/x/5", "show=body");
	assert_has(page, "Not all of it is of that charset");
	assert_has(page, "&lt;b&gt;");
	page = ask(w, "/c/1/x/6", "show=body");
	assert_has(page, "<data value=\"32768\">");
	assert_true(page.n < 60 * 1000);
	page = ask(w, "/c/1/x/6", "show=body&as=text&from=32768");
	assert_has(page, "It begins inside of a line");
	assert_has(page, "start=\"1\"");
	page = ask(w, "/c/1/x/6", "show=body&as=text&from=99999999");
	assert_has(page, "value=\"0\"></label>");
	page = ask(w, "/c/1/x/7", "show=body");
	assert_has(page, "It passed, and was not stored");
	page = ask(w, "/c/1/x/8", "show=body");
	assert_has(page, "Only its beginning was stored");
	assert_has(page, "here, ");
	page = ask(w, "/c/1/x/9", "show=body&side=request&as=decoded");
	assert_has(page, "&lt;x&gt; y");
	page = ask(w, "/c/1/x/9", "show=body&as=decoded");
	assert_has(page, "<code>  &quot;n&quot;: [</code>");
	page = ask(w, "/c/1/x/13", "show=body");
	assert_int_equal(count(page, "<li><code>line "), HOP_LINES_PAGE);
	page = ask(w, "/c/1/x/13", "show=body&as=text&from=13893");
	assert_has(page, "start=\"1501\"");
	assert_has(page, "<li><code>line 1501</code>");
}

static void pictures_leave_as_pictures_alone(void **state)
{
	struct window_of_one *w = *state;
	struct span page = ask(w, "/c/1/x/10", "show=body");
	assert_has(page, "<iframe sandbox class=\"hop-picture\"");
	assert_has(page, "src=\"/c/1/x/10/picture?side=response\"");
	assert_lacks(page, "<img");
	page = ask(w, "/c/1/x/10/picture", "side=response");
	assert_true(w->a.kind == WEB_PICTURE && w->a.status == 200);
	assert_string_equal(w->a.type, "image/gif");
	assert_has(page, "GIF89a");
	ask(w, "/c/1/x/11/picture", "");
	assert_true(w->a.kind == WEB_PICTURE);
	assert_string_equal(w->a.type, "image/png");
	/* Neither as a picture nor in any other way that could run. */
	static const char *const none[] = {"/c/1/x/12/picture", "/c/1/x/2/picture",
		"/c/1/x/7/picture", "/c/1/x/999/picture"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		page = ask(w, none[i], "side=response");
		assert_true(w->a.kind == WEB_PAGE && w->a.status == 404);
		assert_lacks(page, "<script>");
	}
	page = ask(w, "/c/1/x/12", "show=body&as=picture");
	assert_has(page, "It is no picture that can be shown");
	assert_lacks(page, "<iframe");
	page = ask(w, "/c/1/x/12/bytes", "as=decoded");
	assert_true(w->a.kind == WEB_DOWNLOAD);
	assert_string_equal(w->a.file_name, "exchange-12-response.bin");
	ask(w, "/c/1/x/12/bytes", "as=text");
	assert_true(w->a.kind == WEB_TEXT);
	ask(w, "/c/1/x/8/bytes", "as=stored");
	assert_string_equal(w->a.file_name, "exchange-8-response-as-stored-not-whole.bin");
	page = ask(w, "/c/1/x/9/bytes", "side=request");
	assert_true(span_is(page, "mail=a%40b.example&pass=%3Cx%3E+y"));
}

static void panels_say_what_happened(void **state)
{
	struct window_of_one *w = *state;
	struct span page = ask(w, "/c/1/t/1.1/h/1", "show=response");
	assert_has(page, "leads to <code class=\"url\">hxxp://a[.]example/next#x</code>; it "
			 "became <a data-detail href=\"/c/1/t/1.1/h/2\">hop 2</a>");
	assert_has(page, "browsers ignore it over plain HTTP");
	assert_has(page, "HTTP/1.1 302 ");
	page = ask(w, "/c/1/t/1.1/h/1", "show=cookies");
	assert_has(
		page, "sent by <a data-detail href=\"/c/1/t/1.1/h/2?show=cookies\">hop 2</a>");
	assert_has(page, "never, as far as is recorded");
	page = ask(w, "/c/1/t/1.1/h/2", "show=cookies");
	assert_has(page, "by <a data-detail href=\"/c/1/t/1.1/h/1?show=cookies\">hop 1</a>");
	assert_has(page, "by no recorded answer");
	page = ask(w, "/c/1/t/1.1/h/2", "show=cues");
	assert_has(page, "The browser was moved to <a data-detail "
			 "href=\"/c/1/t/1.1/h/3\">hop 3</a> by");
	assert_has(page, "<mark class=\"cue cue-moved\"><span class=\"cue-label\" id=\"cue-1\" "
			 "tabindex=\"-1\">meta refresh \u2192 hop 3</span>&lt;meta");
	assert_has(page, "<mark class=\"cue cue-waits\">");
	assert_has(page, "location =");
	assert_has(page, "was announced, and did not happen");
	page = ask(w, "/c/1/t/1.1/h/2", "show=cues&all=1");
	assert_has(page, "by <a data-detail href=\"/c/1/t/1.1/h/2?show=cues&amp;all=1&amp;"
			 "from=0#cue-1\">meta refresh</a>");
	page = ask(w, "/c/1/t/1.1/h/3", "");
	assert_has(page, "<b>meta-refresh</b>: a meta refresh in the page sent it on");
	assert_has(page, "href=\"/c/1/t/1.1/h/2?show=cues\">hop 2</a>");
	assert_has(page, "it is where the trail ended");
	/* An exchange that is a hop says so; another is shown all the same. */
	page = ask(w, "/c/1/x/2", "");
	assert_has(page, "This exchange is <a data-detail href=\"/c/1/t/1.1/h/2\">hop 2</a>");
	page = ask(w, "/c/1/x/9", "show=request");
	assert_has(page, "Exchange 9: </span>b[.]example</h2>");
	assert_has(page, "<code>q</code></th><td><code>&lt;b&gt;</code>");
	page = ask(w, "/c/1/t/1.1/h/2", "show=packets");
	assert_has(page, "No packets were recorded");
	/* Its grade is made for this page alone. */
	page = ask(w, "/c/1/t/1.1/h/2", "show=why");
	assert_has(page, "<b>plain-http</b>");
	page = ask(w, "/c/1/t/1.1/h/2", "show=certificates");
	assert_has(page, "There are none");
	static const char *const gone[] = {"/c/1/t/1.1/h/0", "/c/1/t/1.1/h/99",
		"/c/1/t/1.7/h/1", "/c/1/t/x/h/1", "/c/9/t/1.1/h/1", "/c/1/x/0", "/c/1/x/-1",
		"/c/1/x/1e9"};
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
		ask(w, gone[i], "");
		assert_int_equal(w->a.status, 404);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pictures_are_told_by_their_first_bytes),
		cmocka_unit_test(cookies_are_taken_apart),
		cmocka_unit_test(a_cookies_life_ends_within_time),
		cmocka_unit_test(json_gets_lines_and_stays_as_it_was),
		cmocka_unit_test(charsets_are_found),
		cmocka_unit_test(code_is_shown_with_dead_schemes),
		cmocka_unit_test(no_value_is_more_than_text),
		cmocka_unit_test(no_body_is_more_than_text),
		cmocka_unit_test(bodies_are_looked_at_in_bounds),
		cmocka_unit_test(pictures_leave_as_pictures_alone),
		cmocka_unit_test(panels_say_what_happened),
	};
	return cmocka_run_group_tests(tests, open_bodies, close_bodies);
}
