/* Which page a path leads to, and the small readers of what stands in one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/web/page.h"
#include "ui/web/window_state.h"

static void page(struct web_request *q, struct web_answer *a)
{
	(void)q, (void)a;
}

static const struct web_route more[] = {{WEB_GET, "/t/a", page, false},
	{WEB_GET, "/t/+", page, false}, {WEB_POST, "/t/+/x", page, false},
	{WEB_GET, "/t/+/+/y/+", page, false}, {.pattern = NULL}};

static const struct {
	enum web_method method;
	const char *path;
	int row; /* of more; -1: none; -2: none, but of another method */
	const char *segments[3];
} table[] = {
	{WEB_GET, "/t/a", 0, {0}},
	{WEB_GET, "/t/b", 1, {"b"}},
	{WEB_GET, "/t/ab", 1, {"ab"}},
	{WEB_GET, "/t/%41", 1, {"%41"}},
	{WEB_POST, "/t/b/x", 2, {"b"}},
	{WEB_GET, "/t/1/2/y/3", 3, {"1", "2", "3"}},
	{WEB_POST, "/t/a", -2, {0}},
	{WEB_GET, "/t/b/x", -2, {0}},
	{WEB_GET, "/t/", -1, {0}},
	{WEB_GET, "/t", -1, {0}},
	{WEB_GET, "/t/b/", -1, {0}},
	{WEB_GET, "/t/a/b", -1, {0}},
	{WEB_GET, "/t//2/y/3", -1, {0}},
	{WEB_GET, "/T/a", -1, {0}},
	{WEB_GET, "t/a", -1, {0}},
	{WEB_GET, "", -1, {0}},
};

static void test_find(void **state)
{
	struct window *w = calloc(1, sizeof *w);
	(void)state;
	assert_non_null(w);
	w->more = more;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct web_request q = {.window = w,
			.method = table[i].method,
			.path = span_str(table[i].path)};
		bool known;
		const struct web_route *r = web_route_find(&q, &known);
		const struct web_route *is = table[i].row >= 0 ? &more[table[i].row] : NULL;
		if (r != is || known != (table[i].row != -1))
			fail_msg("%s", table[i].path);
		for (size_t j = 0; j < 3; j++)
			assert_true(span_eq(q.segments[j], span_str(table[i].segments[j])));
	}
	free(w);
}

/* The door and its style and script are all that is open, and each list has its end. */
static void test_open(void **state)
{
	static const struct {
		enum web_method method;
		const char *path;
		bool open;
	} paths[] = {{WEB_GET, "/door", true}, {WEB_POST, "/door", true},
		{WEB_GET, "/window.js", true}, {WEB_GET, "/window.css", true},
		{WEB_GET, "/report.css", true}, {WEB_GET, "/icon.svg", true},
		{WEB_GET, "/", false}};
	static const struct web_route *const lists[] = {routes_door, routes_cases,
		routes_search, routes_rows, routes_trail, routes_hop, routes_trace, routes_jobs,
		routes_report, routes_remarks, routes_compare, routes_phone};
	size_t open = 0;
	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct web_request q = {
			.method = paths[i].method, .path = span_str(paths[i].path)};
		bool known;
		const struct web_route *r = web_route_find(&q, &known);
		assert_non_null(r);
		assert_int_equal(r->open, paths[i].open);
	}
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (const struct web_route *r = lists[i]; r->pattern != NULL; r++) {
			size_t plus = 0;
			for (const char *c = r->pattern; *c != 0; c++)
				plus += *c == '+';
			assert_true(r->pattern[0] == '/' && plus <= WEB_SEGMENTS_MAX);
			open += r->open;
		}
	assert_int_equal(open, 6);
}

static void test_go(void **state)
{
	struct web_request q = {0};
	struct web_answer a = {0};
	char *text = malloc(WEB_URL_MAX + 2);
	(void)state;
	assert_non_null(text);
	web_go(&q, &a, "/c/%d", 7);
	assert_int_equal(a.status, 303);
	assert_string_equal(a.location, "/c/7");
	memset(text, 'a', WEB_URL_MAX + 1);
	text[0] = '/';
	text[WEB_URL_MAX + 1] = 0;
	web_go(&q, &a, "%s", text); /* half of it would lead elsewhere */
	assert_string_equal(a.location, "/");
	free(text);
	arena_fini(&q.arena);
}

static void test_ids(void **state)
{
	static const struct {
		const char *text;
		int64_t session, number; /* 0: refused */
	} ids[] = {{"1.2", 1, 2}, {"10.300", 10, 300}, {"1", 0, 0}, {"1.", 0, 0}, {".1", 0, 0},
		{"1.2.3", 0, 0}, {"0.1", 0, 0}, {"1.0", 0, 0}, {"-1.2", 0, 0}, {"1.-2", 0, 0},
		{"1,2", 0, 0}, {"", 0, 0}, {"9223372036854775808.1", 0, 0}, {"+1.2", 0, 0},
		{"1.2 ", 0, 0}};
	int64_t session, number;
	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		bool fine = web_trail_id(span_str(ids[i].text), &session, &number);
		assert_int_equal(fine, ids[i].session != 0);
		if (fine)
			assert_true(session == ids[i].session && number == ids[i].number);
	}
	assert_true(web_number(span_str("0"), &number) && number == 0);
	assert_true(web_number(span_str("9223372036854775807"), &number));
	assert_false(web_number(span_str("9223372036854775808"), &number));
	assert_false(web_number(SPAN_NONE, &number));
}

/* Cut, a page's HTML would be another's. */
static void test_long(void **state)
{
	struct buf out = {0};
	struct page p = {.out = &out};
	char *text = malloc(WEB_URL_MAX + 1);
	(void)state;
	assert_non_null(text);
	memset(text, 'a', WEB_URL_MAX);
	text[WEB_URL_MAX] = 0;
	page_sayf(&p, "<p>%s</p>", text);
	assert_int_equal(buf_len(&out), 3 + WEB_URL_MAX + 4);
	assert_memory_equal(buf_span(&out).p + 3 + WEB_URL_MAX, "</p>", 4);
	free(text);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_long),
		cmocka_unit_test(test_find), cmocka_unit_test(test_open),
		cmocka_unit_test(test_go), cmocka_unit_test(test_ids)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
