/* Events as text/event-stream, read back by a reader that does what HTML 9.2.6 says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/web/feed.h"

struct heard {
	struct buf kind, data, id;
	bool any;
};

/* One event off *rest, by the standard's own steps. */
static bool hear(struct span *rest, struct heard *h)
{
	buf_clear(&h->kind);
	buf_clear(&h->data);
	h->any = false;
	while (rest->n > 0) {
		size_t end = 0;
		while (end < rest->n && rest->p[end] != '\r' && rest->p[end] != '\n')
			end++;
		assert_true(end < rest->n); /* a line that is not ended is thrown away */
		struct span line = span_first(*rest, end);
		bool both =
			rest->p[end] == '\r' && end + 1 < rest->n && rest->p[end + 1] == '\n';
		*rest = span_from(*rest, end + (both ? 2 : 1));
		if (line.n == 0) {
			assert_true(h->any);
			buf_span(&h->data);
			return true;
		}
		size_t colon = span_find_byte(line, ':', 0);
		struct span name = span_first(line, colon);
		struct span value = colon == SIZE_MAX ? SPAN_NONE : span_from(line, colon + 1);
		if (value.n > 0 && value.p[0] == ' ')
			value = span_from(value, 1);
		if (span_is(name, "event")) {
			buf_clear(&h->kind);
			buf_add_span(&h->kind, value);
		} else if (span_is(name, "data")) {
			if (h->any)
				buf_add_byte(&h->data, '\n');
			buf_add_span(&h->data, value);
			h->any = true;
		} else if (span_is(name, "id")) {
			assert_true(span_find_byte(value, 0, 0) == SIZE_MAX);
			buf_clear(&h->id);
			buf_add_span(&h->id, value);
		} else {
			assert_int_equal(name.n, 0); /* a comment */
		}
	}
	return false;
}

static void check(
	struct span *rest, struct heard *h, const char *kind, struct span data, const char *id)
{
	assert_true(hear(rest, h));
	assert_true(span_is(buf_span(&h->kind), kind));
	assert_true(span_eq(buf_span(&h->data), data));
	assert_true(span_is(buf_span(&h->id), id));
}

static void forget(struct heard *h)
{
	buf_fini(&h->kind);
	buf_fini(&h->data);
	buf_fini(&h->id);
}

static void test_each(void **state)
{
	struct buf out = {0};
	struct heard h = {0};
	char id[FEED_ID_MAX];
	(void)state;
	feed_id(id, 0x1234, 7);
	assert_string_equal(id, "0000000000001234-7");
	feed_put(&out, id, "hops", span_str("<li id=\"h1\">x</li>"));
	feed_drop(&out, id, "h1");
	feed_say(&out, NULL, span_str("words"));
	feed_reload(&out, "2-8");
	feed_end(&out, NULL);
	struct span rest = buf_span(&out);
	check(&rest, &h, "put", span_str("hops\n<li id=\"h1\">x</li>"), id);
	check(&rest, &h, "drop", span_str("h1"), id);
	check(&rest, &h, "say", span_str("words"), id);
	check(&rest, &h, "reload", span_str("-"), "2-8");
	check(&rest, &h, "end", span_str("-"), "2-8");
	assert_int_equal(rest.n, 0);
	forget(&h);
	buf_fini(&out);
}

/* Whatever a value holds, it stays one value, and ends no event. */
static void test_bytes(void **state)
{
	static const struct {
		const char *html, *is;
		size_t n; /* of both; 0: strings */
	} table[] = {
		{"a\nb", "a\nb", 0},
		{"a\rb", "a\nb", 0},
		{"a\r\nb", "a\nb", 0},
		{"a\n\rb", "a\n\nb", 0},
		{"a\n\nb", "a\n\nb", 0},
		{"a\r\r\n\nb", "a\n\n\nb", 0},
		{"\na", "\na", 0},
		{"a\n", "a\n", 0},
		{"\r", "\n", 0},
		{"", "", 0},
		{" a", " a", 0},
		{":a", ":a", 0},
		{"a\n\nevent: end\ndata: x", "a\n\nevent: end\ndata: x", 0},
		{"a\r\rid: 9\r\r", "a\n\nid: 9\n\n", 0},
		{"a\xe2\x80\xa8"
		 "b\xe2\x80\xa9",
			"a\xe2\x80\xa8"
			"b\xe2\x80\xa9",
			0},
		{"a\xef\xbb\xbf\xff\x85", "a\xef\xbb\xbf\xff\x85", 0},
		{"a\0b", "a\0b", 3},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct buf out = {0}, is = {0};
		struct heard h = {0};
		struct span html = table[i].n > 0 ? span_of(table[i].html, table[i].n)
						  : span_str(table[i].html);
		feed_put(&out, "1-1", "into", html);
		feed_say(&out, "1-2", html);
		buf_add_str(&is, "into\n");
		buf_add(&is, table[i].is, table[i].n > 0 ? table[i].n : strlen(table[i].is));
		struct span rest = buf_span(&out);
		check(&rest, &h, "put", buf_span(&is), "1-1");
		check(&rest, &h, "say", span_from(buf_span(&is), 5), "1-2");
		assert_int_equal(rest.n, 0);
		forget(&h);
		buf_fini(&out);
		buf_fini(&is);
	}
}

static void test_since(void **state)
{
	char id[FEED_ID_MAX];
	(void)state;
	feed_id(id, UINT64_MAX, INT64_MAX);
	assert_true(strlen(id) < FEED_ID_MAX);
	assert_int_equal(feed_since(span_str(id), UINT64_MAX), INT64_MAX);
	assert_int_equal(feed_since(span_str(id), 1), -1);
	feed_id(id, 1, 0);
	assert_int_equal(feed_since(span_str(id), 1), 0);
	static const char *const others[] = {"", "1-0", "0000000000000001-",
		"0000000000000001-x", "0000000000000001--1", "0000000000000001",
		"0000000000000001-99999999999999999999", "0000000000000001-9223372036854775808",
		"0000000000000001-1 "};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_int_equal(feed_since(span_str(others[i]), 1), -1);
	assert_int_equal(feed_since(SPAN_NONE, 1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each),
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_since)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
