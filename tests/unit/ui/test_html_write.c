/* The writers through which everything from outside reaches a page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/fact/fact.h"
#include "tests/kit/html_report.h"
#include "ui/report/html_write.h"

static char *taken(struct buf *out)
{
	return buf_take_str(out);
}

static void assert_text(struct span in, const char *want)
{
	struct buf out = {0};
	html_text(&out, in);
	char *got = taken(&out);
	assert_string_equal(got, want);
	free(got);
}

static void text_is_escaped(void **state)
{
	(void)state;
	assert_text(span_str("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
	assert_text(span_str("<script>"), "&lt;script&gt;");
	assert_text(span_str("&lt;"), "&amp;lt;");
	assert_text(span_of("a\0b", 3), "a\\x00b");
	assert_text(span_str("a\nb\rc\td"), "a\\x0ab\\x0dc\\x09d");
	assert_text(span_str("\xe2\x80\xae"), "\\u{202e}");
	assert_text(span_str("\xc0\xbc"), "\\xc0\\xbc");
	assert_text(span_str("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
	assert_text(span_str(""), "");
	assert_text(SPAN_NONE, "-");
}

/* An attribute that nobody knows is empty, and cannot be left. */
static void attributes_cannot_be_left(void **state)
{
	(void)state;
	struct buf out = {0};
	html_attr(&out, SPAN_NONE);
	assert_int_equal(buf_len(&out), 0);
	html_attr(&out, span_str("\" onload='x' <>"));
	char *got = taken(&out);
	assert_null(strpbrk(got, "\"'<>"));
	free(got);
}

typedef void writer(struct buf *out, struct span s, bool defang);

static void assert_written(writer *w, const char *in, bool defang, const char *want)
{
	struct buf out = {0};
	w(&out, span_str(in), defang);
	char *got = taken(&out);
	assert_string_equal(got, want);
	free(got);
}

static void addresses_are_not_live(void **state)
{
	(void)state;
	assert_written(html_url_text, "https://a.example/x?y=1&z", true,
		"hxxps://a[.]example/x?y=1&amp;z");
	assert_written(html_url_text, "https://a.example/x", false, "https://a.example/x");
	assert_written(html_url_text, "HTTP://A.example/", true, "HXXP://A[.]example/");
	/* One inside another. */
	assert_written(html_url_text, "https://a.example/?u=http://b.example/", true,
		"hxxps://a[.]example/?u=hxxp://b[.]example/");
	assert_written(
		html_url_text, "http://www.a.example/", true, "hxxp://www[.]a[.]example/");
	assert_written(html_url_text, "ftp://a.example/http://b.example/", true,
		"fxp://a[.]example/hxxp://b[.]example/");
	assert_written(html_url_text, "javascript:alert(1)", true, "javascript:alert(1)");
	assert_written(html_url_text, "", true, "");
	/* In the middle of other text. */
	assert_written(html_value_text, "go to \"http://a.example/\" or www.b.example", true,
		"go to &quot;hxxp://a[.]example/&quot; or www[.]b[.]example");
	assert_written(
		html_value_text, "<http://a.example>", true, "&lt;hxxp://a[.]example&gt;");
	assert_written(html_value_text, "http://http://http://", true, "hxxp://hxxp://hxxp://");
	assert_written(html_value_text, "nothing of 1.5 here", true, "nothing of 1.5 here");
	assert_written(html_host_text, "a.b.example", true, "a[.]b[.]example");
	assert_written(html_host_text, "a.b.example", false, "a.b.example");
}

/* Whatever is fed to it, no reader makes a link of what comes out. */
static void nothing_stays_live(void **state)
{
	(void)state;
	struct arena a = {0};
	static const char *const live[] = {"http://", "https://", "HTTP://", "www."};
	for (size_t i = 0; i < HTML_NASTY; i++) {
		struct buf out = {0}, in = {0};
		buf_add_span(&in, html_nasty(&a, i));
		buf_add_str(&in, "http://x.example/ www.y.example hTTps://z.example");
		html_value_text(&out, buf_span(&in), true);
		for (size_t k = 0; k < sizeof live / sizeof *live; k++)
			assert_true(span_find_nocase(buf_span(&out), span_str(live[k]), 0) ==
				    SIZE_MAX);
		buf_fini(&out);
		buf_fini(&in);
	}
	arena_fini(&a);
}

static void long_values_are_cut_and_told(void **state)
{
	(void)state;
	struct buf in = {0}, out = {0};
	for (size_t i = 0; i < 1024 * 1024; i++)
		buf_add_byte(&in, 'x');
	html_value_text(&out, buf_span(&in), true);
	char *got = taken(&out);
	assert_int_equal(strspn(got, "x"), HTML_VALUE_MAX);
	assert_string_equal(got + HTML_VALUE_MAX,
		" <span class=\"more\">(and 983,040 more bytes, which are not shown "
		"here)</span>");
	free(got);
	/* Not inside a character. */
	buf_clear(&in);
	buf_add_byte(&in, 'x');
	while (buf_len(&in) < HTML_VALUE_MAX + 10)
		buf_add_str(&in, "\xe2\x82\xac");
	html_url_text(&out, buf_span(&in), false);
	got = taken(&out);
	assert_null(strstr(got, "\\x"));
	assert_non_null(strstr(got, "more bytes"));
	free(got);
	buf_fini(&in);
}

static void assert_time(int64_t us, const char *want)
{
	struct buf out = {0};
	html_time(&out, us);
	char *got = taken(&out);
	assert_string_equal(got, want);
	free(got);
}

static void times_are_utc(void **state)
{
	(void)state;
	assert_time(INT64_C(1767225600123456),
		"<time datetime=\"2026-01-01T00:00:00.123Z\">1 January 2026, 00:00:00 "
		"UTC</time>");
	assert_time(FACT_NULL, "an unknown time");
	/* A year that HTML's attribute has no room for is text alone. */
	assert_time(INT64_C(9000000000000000000), "24 August 287168, 16:00:00 UTC");
}

static void assert_age(double us, const char *want)
{
	struct buf out = {0};
	html_age(&out, us);
	char *got = taken(&out);
	assert_string_equal(got, want);
	free(got);
}

static void ages_are_rounded(void **state)
{
	(void)state;
	assert_age(0, "less than a second");
	assert_age(90e6, "2 minutes");
	assert_age(3600e6, "1 hour");
	assert_age(5 * 3600e6, "5 hours");
	assert_age(500 * 86400e6, "500 days");
	assert_age(800 * 86400e6, "2 years");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(attributes_cannot_be_left),
		cmocka_unit_test(addresses_are_not_live),
		cmocka_unit_test(nothing_stays_live),
		cmocka_unit_test(long_values_are_cut_and_told),
		cmocka_unit_test(times_are_utc),
		cmocka_unit_test(ages_are_rounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
