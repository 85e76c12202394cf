/* Addresses that are not live: by table, twice the same, and no byte of anything else changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/report/defang.h"

static const char *const table[][2] = {
	{"https://a.example/", "hxxps://a[.]example/"},
	{"d.1.browser.pcapng, 3", "d.1.browser.pcapng, 3"},
	{"d.12.origin.pcapng", "d.12.origin.pcapng"},
	{"a.example.1.browser.pcapng", "a[.]example[.]1[.]browser[.]pcapng"},
	{"d.x.browser.pcapng", "d[.]x[.]browser[.]pcapng"},
	{"https://d.1.browser.pcapng/", "hxxps://d[.]1[.]browser[.]pcapng/"},
	{"http://a.b.example:8080/x.html?q=1.5#f",
		"hxxp://a[.]b[.]example:8080/x[.]html?q=1.5#f"},
	{"HTTP://A.EXAMPLE/", "HXXP://A[.]EXAMPLE/"},
	{"hTtPs://a.example/", "hXxPs://a[.]example/"},
	{"ftp://a.example/f", "fxp://a[.]example/f"},
	{"https://user:pw@a.example/", "hxxps://user:pw[@]a[.]example/"},
	{"https://192.0.2.7/", "hxxps://192[.]0[.]2[.]7/"},
	{"https://[2001:db8::1]/a", "hxxps://[2001:db8::1]/a"},
	{"https://a.1/", "hxxps://a[.]1/"},
	{"https://go.example/?u=https://evil.example/p&m=me@home.example",
		"hxxps://go[.]example/?u=hxxps://evil[.]example/p&m=me[@]home[.]example"},
	{"https://go.example/?u=https%3A%2F%2Fevil.example",
		"hxxps://go[.]example/?u=https%3A%2F%2Fevil[.]example"},
	{"view-source:http://a.example", "view-source:hxxp://a[.]example"},
	{"mailto:a@b.example", "mailto[:]a[@]b[.]example"},
	{"tel:+41123", "tel[:]+41123"},
	{"intent://scan/#Intent", "intent[:]//scan/#Intent"},
	{"wss://a.example/s", "wss[:]//a[.]example/s"},
	{"//cdn.example/x", "//cdn[.]example/x"},
	{"www.example", "www[.]example"},
	{"bücher.example", "bücher[.]example"},
	{"a\xe3\x80\x82"
	 "example",
		"a[\xe3\x80\x82]example"},
	{"x.рф", "x[.]рф"},
	{"https://http://a.example/", "hxxps://hxxp://a[.]example/"},
	{"https://https://https://a.1", "hxxps://hxxps://hxxps://a[.]1"},
	/* What stays. */
	{"Mozilla/5.0 (X11; rv:152.0) Gecko/20100101",
		"Mozilla/5.0 (X11; rv:152.0) Gecko/20100101"},
	{"nginx/1.18.0", "nginx/1.18.0"},
	{"12:30:01.250 UTC. Then it ended. e.g. so",
		"12:30:01.250 UTC. Then it ended. e.g. so"},
	{"version 1.2.3.4", "version 1[.]2[.]3[.]4"},
	{"javascript:void(0)", "javascript:void(0)"},
	{"a @ b, @c d@", "a @ b, @c d@"},
	{"Note: hop 1", "Note: hop 1"},
	{"://x.y", "://x[.]y"},
	{"plain-http: not encrypted", "plain-http: not encrypted"},
	{"http:", "http:"},
	{"http:a.example", "hxxp:a[.]example"},
	{"", ""},
	{":", ":"},
	{".", "."},
};

static char *run(void (*f)(struct buf *, struct span), const char *s)
{
	struct buf out = {0};
	f(&out, span_str(s));
	return buf_take_str(&out);
}

static void is_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char *once = run(defang_add, table[i][0]), *twice = run(defang_add, once);
		assert_string_equal(once, table[i][1]);
		assert_string_equal(twice, once);
		free(once);
		free(twice);
	}
}

static void hosts_lose_every_dot(void **state)
{
	(void)state;
	static const char *const hosts[][2] = {{"a.b", "a[.]b"},
		{"192.0.2.1", "192[.]0[.]2[.]1"}, {"a.b.", "a[.]b[.]"}, {"::1", "::1"},
		{"::ffff:192.0.2.1", "::ffff:192[.]0[.]2[.]1"}, {"a[.]b", "a[.]b"},
		{"localhost", "localhost"}, {"", ""}};
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		char *got = run(defang_host, hosts[i][0]);
		assert_string_equal(got, hosts[i][1]);
		free(got);
	}
}

/* Taking out what was put in gives back what was there, but for the scheme's letters. */
static void nothing_is_lost(void **state)
{
	(void)state;
	static const char alphabet[] = "a.:/@[]htps-\x01\xe3\x80\x82 1?";
	uint32_t seed = 1;
	for (int round = 0; round < 20000; round++) {
		struct buf in = {0}, out = {0}, again = {0};
		for (int i = 0; i < 24; i++) {
			seed = seed * 1664525u + 1013904223u;
			buf_add_byte(
				&in, (uint8_t)alphabet[(seed >> 16) % (sizeof alphabet - 1)]);
		}
		defang_add(&out, buf_span(&in));
		defang_add(&again, buf_span(&out));
		assert_true(span_eq(buf_span(&out), buf_span(&again)));
		assert_int_equal(span_find(buf_span(&out), span_str("http://"), 0), SIZE_MAX);
		assert_int_equal(span_find(buf_span(&out), span_str("https://"), 0), SIZE_MAX);
		struct span o = buf_span(&out), s = buf_span(&in);
		size_t k = 0;
		for (size_t i = 0; i < o.n; i++) {
			bool same = k < s.n &&
				    (o.p[i] == s.p[k] || (o.p[i] == 'x' && s.p[k] == 't'));
			if (same)
				k++;
			else
				assert_true(o.p[i] == '[' || o.p[i] == ']');
		}
		assert_int_equal(k, s.n);
		buf_fini(&in);
		buf_fini(&out);
		buf_fini(&again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_as_the_table_says),
		cmocka_unit_test(hosts_lose_every_dot),
		cmocka_unit_test(nothing_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
