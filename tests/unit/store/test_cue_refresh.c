/* The value of Refresh and of meta refresh, by HTML's shared declarative refresh steps. */
#include "store/derive/refresh.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

struct row {
	const char *value;
	int64_t seconds; /* -1: browsers do nothing */
	const char *url; /* NULL: the page itself */
};

static const struct row rows[] = {
	{"0", 0, NULL},
	{"5", 5, NULL},
	{" 5 ", 5, NULL},
	{"5;", 5, NULL},
	{"5; ", 5, NULL},
	{"5,", 5, NULL},
	{"0;url=/x", 0, "/x"},
	{"0;URL=/x", 0, "/x"},
	{"0; url=/x", 0, "/x"},
	{"0 ;url=/x", 0, "/x"},
	{"0 ; url = /x", 0, "/x"},
	{"0,url=/x", 0, "/x"},
	{"0 , url=/x", 0, "/x"},
	{"0 url=/x", 0, "/x"},
	{"0\turl=/x", 0, "/x"},
	{"0\n;\furl\r=\t/x", 0, "/x"},
	{"0 /x", 0, "/x"},
	{"0;/x", 0, "/x"},
	{"0;https://h/", 0, "https://h/"},
	{"0;url='/x'", 0, "/x"},
	{"0;url=\"/x\"", 0, "/x"},
	{"0;url='/x", 0, "/x"},
	{"0;url='/x'y", 0, "/x"},
	{"0;url=\"/x'", 0, "/x'"},
	{"0;'/x'", 0, "/x"},
	{"0;url=", 0, ""},
	{"0;url=''", 0, ""},
	{"0;url", 0, "url"},
	{"0;url /x", 0, "url /x"},
	{"0;ur=/x", 0, "ur=/x"},
	{"0;u", 0, "u"},
	{"0;urlx=/x", 0, "urlx=/x"},
	{"0;url=/a;url=/b", 0, "/a;url=/b"},
	{"0;url=/a b ", 0, "/a b "},
	{"0.5;url=/x", 0, "/x"},
	{"0.9.9.9;url=/x", 0, "/x"},
	{"3.7", 3, NULL},
	{".5;url=/x", 0, "/x"},
	{".;url=/x", 0, "/x"},
	{"...", 0, NULL},
	{"007;url=/x", 7, "/x"},
	{"99999999999999999999;url=/x", REFRESH_SECONDS_MAX, "/x"},
	{"0;;url=/x", 0, ";url=/x"},
	{"0;,url=/x", 0, ",url=/x"},
	{"0; ;url=/x", 0, ";url=/x"},
	{"", -1, NULL},
	{" ", -1, NULL},
	{";url=/x", -1, NULL},
	{"url=/x", -1, NULL},
	{"-1;url=/x", -1, NULL},
	{"+1;url=/x", -1, NULL},
	{"x;url=/x", -1, NULL},
	{"0x;url=/x", -1, NULL},
	{"5s;url=/x", -1, NULL},
	{"1e3;url=/x", -1, NULL},
	{"0:url=/x", -1, NULL},
	{"0/x", -1, NULL},
	{"0\v;url=/x", -1, NULL},
};

static void table(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct refresh r;
		bool ok = refresh_parse(span_str(rows[i].value), &r);
		if (ok == (rows[i].seconds >= 0) &&
			(!ok || (r.seconds == rows[i].seconds &&
					r.has_url == (rows[i].url != NULL) &&
					(rows[i].url == NULL || span_is(r.url, rows[i].url)))))
			continue;
		print_error("'%s': %d, %d s, '%.*s'\n", rows[i].value, ok, (int)r.seconds,
			(int)r.url.n, r.url.p != NULL ? (const char *)r.url.p : "");
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(table)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
