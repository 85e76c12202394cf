/* Two texts beside each other: what is the same stands in both columns, what differs in pairs,
 * and nothing of either is lost, whatever the texts are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/buf.h"
#include "ui/web/beside.h"

/* "a=a", "b|c", "d|", "|e". */
static char *shown(const char *left, const char *right)
{
	struct arena a = {0};
	struct beside b;
	struct buf out = {0};
	beside_make(span_str(left), span_str(right), "Hop ", &a, &b);
	assert_false(b.more);
	for (size_t i = 0; i < b.n; i++) {
		buf_add_str(&out, i > 0 ? " " : "");
		buf_add_span(&out, b.lines[i].left);
		buf_add_str(&out, b.lines[i].same ? "=" : "|");
		buf_add_span(&out, b.lines[i].right);
	}
	arena_fini(&a);
	return buf_take_str(&out);
}

static void lines_are_paired(void **state)
{
	static const struct {
		const char *left, *right, *want;
	} table[] = {
		{"", "", ""},
		{"a\nb\n", "a\nb\n", "a=a b=b"},
		{"a\nb\nc", "a\nx\nc\n", "a=a b|x c=c"},
		{"a\nb\nb2\nc", "a\nx\nc", "a=a b|x b2| c=c"},
		{"a\nc", "a\nx\ny\nc", "a=a |x |y c=c"},
		{"x\n", "y\n", "x|y"},
		{"", "y\nz\n", "|y |z"},
		{"a\n\nb", "a\n\nc", "a=a = b|c"},
		/* A part is compared with its own, though more would be the same elsewhere. */
		{"h\nHop 1\nsame\nHop 2\nq", "h\nHop 1\ngone\nHop 2\nsame\nq",
			"h=h Hop 1=Hop 1 same|gone Hop 2=Hop 2 |same q=q"},
		{"Hop 1\na\nHop 2\nb", "Hop 1\na", "Hop 1=Hop 1 a=a Hop 2| b|"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char *got = shown(table[i].left, table[i].right);
		assert_string_equal(got, table[i].want);
		free(got);
	}
}

static void add_line(struct buf *b, unsigned n)
{
	buf_addf(b, "%s%u\n", n % 7 == 0 ? "Hop " : "", n % 13);
}

static struct span joined(struct arena *a, const struct beside *b, bool left)
{
	struct buf out = {0};
	for (size_t i = 0; i < b->n; i++) {
		struct span s = left ? b->lines[i].left : b->lines[i].right;
		if (s.p == NULL)
			continue;
		buf_add_span(&out, s);
		buf_add_byte(&out, '\n');
	}
	struct span s = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return s;
}

static void nothing_is_lost(void **state)
{
	unsigned seed = 1;
	(void)state;
	for (int run = 0; run < 400; run++) {
		struct arena a = {0};
		struct buf left = {0}, right = {0};
		struct beside b;
		for (int i = 0; i < run % 60; i++) {
			seed = seed * 1103515245 + 12345;
			unsigned n = seed >> 16;
			if (n % 5 != 0)
				add_line(&left, n);
			if (n % 4 != 0)
				add_line(&right, n % 6 == 0 ? n + 1 : n);
		}
		beside_make(buf_span(&left), buf_span(&right), "Hop ", &a, &b);
		assert_false(b.more);
		assert_true(span_eq(joined(&a, &b, true), buf_span(&left)));
		assert_true(span_eq(joined(&a, &b, false), buf_span(&right)));
		size_t differ = 0;
		for (size_t i = 0; i < b.n; i++) {
			differ += !b.lines[i].same;
			assert_true(
				!b.lines[i].same || span_eq(b.lines[i].left, b.lines[i].right));
		}
		assert_int_equal(differ, b.differ);
		buf_fini(&left);
		buf_fini(&right);
		arena_fini(&a);
	}
}

static void limits_are_said(void **state)
{
	struct arena a = {0};
	struct buf left = {0}, right = {0};
	struct beside b;
	(void)state;
	for (int i = 0; i <= BESIDE_LINES_MAX; i++)
		buf_add_str(&left, "a\n");
	beside_make(buf_span(&left), buf_span(&left), "Hop ", &a, &b);
	assert_true(b.more);
	assert_int_equal(b.n, BESIDE_LINES_MAX);
	buf_clear(&left);
	for (int i = 0; i < BESIDE_APART_MAX; i++) {
		buf_addf(&left, "l%d\n", i);
		buf_addf(&right, "r%d\n", i);
	}
	beside_make(buf_span(&left), buf_span(&right), "Hop ", &a, &b);
	assert_true(b.more);
	assert_int_equal(b.n, 0);
	buf_fini(&left);
	buf_fini(&right);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_paired),
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(limits_are_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
