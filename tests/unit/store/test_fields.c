/* Header lines of recorded heads as derivation reads them, of either protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/derive/fields.h"

static void http2_names_may_begin_with_a_colon(void **state)
{
	(void)state;
	struct arena a = {0};
	struct model_field *f;
	size_t n = fields_parse(&a, SPAN_NONE,
		span_str(":method: GET\r\n:path: /a:b\r\nx: y:z\r\n: none\r\n\r\n"), &f);
	assert_int_equal(n, 3);
	assert_true(span_is(f[0].name, ":method"));
	assert_true(span_is(f[0].value, "GET"));
	assert_true(span_is(f[1].value, "/a:b"));
	assert_true(span_is(f[2].name, "x"));
	assert_true(span_is(f[2].value, "y:z"));
	/* In HTTP/1 such a line has no name, and is none. */
	n = fields_parse(
		&a, span_str("GET / HTTP/1.1\r\n:method: X\r\na: b\r\n\r\n"), SPAN_NONE, &f);
	assert_int_equal(n, 1);
	assert_true(span_is(f[0].name, "a"));
	arena_fini(&a);
}

static void cookie_lines_are_one_cookie(void **state)
{
	(void)state;
	struct arena a = {0};
	struct model_field *f;
	size_t n = fields_parse(&a, SPAN_NONE,
		span_str("cookie: a=1\r\nx: y\r\nCookie: b=2; c=3\r\ncookie: d=4\r\n\r\n"), &f);
	assert_true(span_is(fields_cookies(&a, f, n), "a=1; b=2; c=3; d=4"));
	n = fields_parse(&a, SPAN_NONE, span_str("cookie: a=1\r\n\r\n"), &f);
	assert_true(span_is(fields_cookies(&a, f, n), "a=1"));
	n = fields_parse(&a, SPAN_NONE, span_str("x: y\r\n\r\n"), &f);
	assert_null(fields_cookies(&a, f, n).p);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http2_names_may_begin_with_a_colon),
		cmocka_unit_test(cookie_lines_are_one_cookie),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
