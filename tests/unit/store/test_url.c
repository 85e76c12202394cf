/* URLs as browsers read them: against Node's URL (url_table.js made the table), and what the
 * table cannot say. */
#include "store/derive/url.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NONE                                                                                   \
	{                                                                                      \
		NULL, 0                                                                        \
	}
#define S(text)                                                                                \
	{                                                                                      \
		text, sizeof(text) - 1                                                         \
	}
#define ROW(...) {__VA_ARGS__},

struct text {
	const char *p;
	size_t n;
};
struct row {
	struct text input, base, href;
};
static const struct row rows[] = {
#include "tests/unit/store/url_table.inc"
};

static struct span of(struct text t)
{
	return span_of(t.p, t.n);
}

static void show(const char *what, size_t i, struct span got)
{
	char input[400], text[400];
	text_escape(of(rows[i].input), input, sizeof input);
	text_escape(got, text, sizeof text);
	print_error("row %zu '%s': %s '%s'\n", i, input, what, text);
}

/* The parts are slices of the whole, in order. */
static void parts_fit(const struct url *u)
{
	const uint8_t *at = u->href.p, *end = u->href.p + u->href.n;
	assert_ptr_equal(u->scheme.p, at);
	assert_true(u->path.p >= at && u->path.p + u->path.n <= end);
	if (u->host.p != NULL)
		assert_true(u->host.p > at && u->host.p + u->host.n <= u->path.p);
	if (u->query.p != NULL)
		assert_true(u->query.p[-1] == '?' && u->query.p > u->path.p);
	if (u->fragment.p != NULL)
		assert_true(u->fragment.p[-1] == '#' && u->fragment.p + u->fragment.n == end);
	assert_true(u->port >= -1 && u->port <= 65535);
}

static void table_of_node(void **state)
{
	(void)state;
	size_t wrong = 0, n = sizeof rows / sizeof *rows;
	assert_true(n >= 400);
	for (size_t i = 0; i < n; i++) {
		struct arena a = {0};
		struct url base, u;
		bool has_base = rows[i].base.p != NULL;
		if (has_base)
			assert_true(url_parse(&a, NULL, of(rows[i].base), &base));
		bool ok = url_parse(&a, has_base ? &base : NULL, of(rows[i].input), &u);
		if (ok != (rows[i].href.p != NULL)) {
			show(ok ? "taken:" : "refused", i, ok ? u.href : span_str(""));
			wrong++;
		} else if (ok && !span_eq(u.href, of(rows[i].href))) {
			show("came out as", i, u.href);
			wrong++;
		} else if (ok) {
			struct url again;
			parts_fit(&u);
			/* What is serialised parses to itself. */
			assert_true(url_parse(&a, NULL, u.href, &again));
			assert_true(span_eq(again.href, u.href));
		}
		arena_fini(&a);
	}
	assert_int_equal(wrong, 0);
}

static void parts(void **state)
{
	(void)state;
	struct arena a = {0};
	struct url u;
	assert_true(url_parse(
		&a, NULL, span_str("HTTPS://us%65r:p:w@EXAMPLE.org:0444/a/../b?c=d#e"), &u));
	assert_true(span_is(u.scheme, "https") && span_is(u.username, "us%65r"));
	assert_true(span_is(u.password, "p%3Aw") && span_is(u.host, "example.org"));
	assert_int_equal(u.port, 444);
	assert_true(
		span_is(u.path, "/b") && span_is(u.query, "c=d") && span_is(u.fragment, "e"));
	assert_true(span_is(url_origin(&a, &u), "https://example.org:444"));
	assert_true(
		span_is(url_no_fragment(u.href), "https://us%65r:p%3Aw@example.org:444/b?c=d"));
	assert_true(u.special && !u.opaque_path && url_is_web(&u) && !url_host_is_ip(&u));

	assert_true(url_parse(&a, NULL, span_str("http://h?#"), &u));
	assert_true(u.query.p != NULL && u.query.n == 0 && u.fragment.p != NULL &&
		    u.fragment.n == 0);
	assert_int_equal(u.port, -1);
	assert_int_equal(url_port(&u), 80);

	assert_true(url_parse(&a, NULL, span_str("intent://h/p#Intent;end"), &u));
	assert_true(!u.special && !url_is_web(&u) && span_is(u.host, "h"));
	assert_true(url_parse(&a, NULL, span_str("mailto:a@b"), &u));
	assert_true(u.opaque_path && u.host.p == NULL && url_port(&u) == -1);
	assert_true(url_parse(&a, NULL, span_str("http://0x7f.1/"), &u) && url_host_is_ip(&u));
	assert_true(url_parse(&a, NULL, span_str("http://[::1]/"), &u) && url_host_is_ip(&u));
	arena_fini(&a);
}

/* Where we follow the standard and browsers rather than Node 20. */
static void other_than_node(void **state)
{
	(void)state;
	struct arena a = {0};
	struct url u;
	assert_true(url_parse(&a, NULL, span_str("http://h/^"), &u));
	assert_true(span_is(u.href, "http://h/%5E"));
	struct url base;
	assert_true(url_parse(&a, NULL, span_str("x://h/a/b?q"), &base));
	assert_true(url_parse(&a, &base, span_str("../.."), &u));
	assert_true(span_is(u.href, "x://h/"));
	/* UTS 46 CheckBidi: a label that starts left-to-right may hold no right-to-left
	 * character. */
	assert_false(url_parse(&a, NULL,
		span_str("http://\xd7\x90\xd7\x91"
			 "a.com/"),
		&u));
	arena_fini(&a);
}

static void location_inherits_the_fragment(void **state)
{
	(void)state;
	struct arena a = {0};
	struct url request, u;
	assert_true(url_parse(&a, NULL, span_str("https://h/a?b#frag"), &request));
	assert_true(url_location(&a, &request, span_str("/x"), &u));
	assert_true(span_is(u.href, "https://h/x#frag") && span_is(u.fragment, "frag"));
	assert_true(url_location(&a, &request, span_str("/x#own"), &u));
	assert_true(span_is(u.href, "https://h/x#own"));
	assert_true(url_location(&a, &request, span_str("/x#"), &u));
	assert_true(span_is(u.href, "https://h/x#"));
	assert_true(url_location(&a, &request, span_str(""), &u));
	assert_true(span_is(u.href, "https://h/a?b#frag"));
	assert_true(url_location(&a, &request, span_str("?q"), &u));
	assert_true(span_is(u.href, "https://h/a?q#frag"));
	assert_true(url_location(&a, &request, span_str("//other/y"), &u));
	assert_true(span_is(u.href, "https://other/y#frag"));
	/* Raw bytes, as Firefox sends them on: 0xe9 alone, and UTF-8. */
	assert_true(url_location(&a, &request, span_str("/a b\xe9?c d"), &u));
	assert_true(span_is(url_no_fragment(u.href), "https://h/a%20b%E9?c%20d"));
	assert_true(url_location(&a, &request,
		span_str("http://b\xc3\xbc"
			 "cher.de/\xc3\xbc"),
		&u));
	assert_true(span_is(url_no_fragment(u.href), "http://xn--bcher-kva.de/%C3%BC"));
	assert_false(url_location(&a, &request, span_str("http://a b/"), &u));
	arena_fini(&a);
}

static void same_request(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
		{"http://h/a#x", "http://h/a#y", true},
		{"http://h/a#x", "http://h/a", true},
		{"http://h/%5E|'%22", "http://h/^%7C%27\"", true},
		{"http://h/%41%7e%2d", "http://h/A~-", true},
		{"http://h/%c3%bc", "http://h/%C3%BC", true},
		{"http://h/a%2Fb", "http://h/a/b", false},
		{"http://h/?a%26b", "http://h/?a&b", false},
		{"http://h/?a+b", "http://h/?a%20b", false},
		{"http://h/?a%2Bb", "http://h/?a+b", false},
		{"http://h/?a=%2525", "http://h/?a=%25", false},
		{"http://h/?", "http://h/", false},
		{"http://h/a", "http://h/A", false},
		{"http://h/a", "https://h/a", false},
		{"http://h/a", "http://h/ab", false},
		{"http://h/%", "http://h/%25", false},
		/* What stands before the host never leaves the browser: a phisher's favourite.
		 */
		{"http://www.bank.example@h/a", "http://h/a", true},
		{"http://u:p@h/a", "http://h/a", true},
		{"http://u:p@h/a", "http://x@h/a", true},
		{"http://h/a@h/b", "http://h/b", false},
		{"http://h?u@h", "http://h", false},
		{"http://u@h/a", "https://h/a", false},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct span a = span_str(pairs[i].a), b = span_str(pairs[i].b);
		if (url_same(a, b) != pairs[i].same || url_same(b, a) != pairs[i].same)
			fail_msg("pair %zu", i);
		assert_int_equal(url_key(a) == url_key(b), pairs[i].same);
	}
}

static void parameters(void **state)
{
	(void)state;
	struct arena a = {0};
	struct span q = span_str("a=1&URL=http%3A%2F%2Fx%2F%3Fy%3D1&b&c=&=d&&url=no");
	assert_true(span_is(url_parameter(q, "url"), "http%3A%2F%2Fx%2F%3Fy%3D1"));
	assert_true(span_is(url_unescape(&a, url_parameter(q, "url"), true), "http://x/?y=1"));
	assert_true(url_parameter(q, "b").p != NULL && url_parameter(q, "b").n == 0);
	assert_true(url_parameter(q, "c").p != NULL && url_parameter(q, "c").n == 0);
	assert_null(url_parameter(q, "d").p);
	assert_null(url_parameter(SPAN_NONE, "d").p);
	assert_true(span_is(url_unescape(&a, span_str("a+b%2B%zz%4"), true), "a b+%zz%4"));
	assert_true(span_is(url_unescape(&a, span_str("a+b"), false), "a+b"));
	arena_fini(&a);
}

/* Long input of every shape ends soon, in memory of the input's order. */
static void hostile_sizes(void **state)
{
	(void)state;
	static const char *const shapes[] = {"/", "a", "%2e%2e/", "@", ":", "\xc3\xbc", "\xff",
		"?#", "[", "1.", "0x.", "xn--a.", "..", "\t", " ", "\xf0\x9f\x98\x80."};
	static const char *const heads[] = {
		"http://", "http://h/", "x:", "file:///", "", "http://h?"};
	enum { N = 256 * 1024 };
	char *text = malloc(N + 64);
	clock_t start = clock();
	for (size_t h = 0; h < sizeof heads / sizeof *heads; h++) {
		for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
			size_t n = strlen(heads[h]), unit = strlen(shapes[s]);
			memcpy(text, heads[h], n);
			for (; n + unit <= N; n += unit)
				memcpy(text + n, shapes[s], unit);
			struct arena a = {0};
			struct url base, u;
			assert_true(url_parse(&a, NULL, span_str("http://b/c/d"), &base));
			(void)url_parse(&a, &base, span_of(text, n), &u);
			assert_true(a.total < (size_t)64 * N);
			arena_fini(&a);
		}
	}
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 20);
	free(text);
	char *big = calloc(1, URL_MAX + 1);
	struct arena a = {0};
	struct url u;
	memset(big, 'a', URL_MAX + 1);
	for (size_t i = 0; i < 4; i++)
		big[i] = "x://"[i];
	assert_true(url_parse(&a, NULL, span_of(big, URL_MAX), &u));
	assert_false(url_parse(&a, NULL, span_of(big, URL_MAX + 1), &u));
	arena_fini(&a);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_node),
		cmocka_unit_test(parts),
		cmocka_unit_test(other_than_node),
		cmocka_unit_test(location_inherits_the_fragment),
		cmocka_unit_test(same_request),
		cmocka_unit_test(parameters),
		cmocka_unit_test(hostile_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
