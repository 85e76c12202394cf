/* Names that look like others: by table. */
#include "store/derive/lookalike.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void table(void **state)
{
	(void)state;
	static const struct {
		const char *host, *unicode;
		bool mixed, whole;
		const char *twin;
	} rows[] = {
		{"example.com", NULL, false, false, NULL},
		{"xn--bcher-kva.example", "bücher.example", false, false, NULL},
		/* All Cyrillic, and all of it looks Latin. */
		{"xn--80ak6aa92e.com", "аррӏе.com", false, true, "appie"},
		{"www.xn--80ak6aa92e.com", "www.аррӏе.com", false, true, "appie"},
		/* The same letters where Cyrillic is what people write. */
		{"xn--80ak6aa92e.xn--p1ai", "аррӏе.рф", false, false, NULL},
		/* Cyrillic that looks like Cyrillic. */
		{"xn--e1aybc.com", "тест.com", false, false, NULL},
		/* Latin with one Cyrillic a, and with a Greek o. */
		{"xn--pypal-4ve.com", "pаypal.com", true, false, NULL},
		{"xn--ggle-55da.com", "gооgle.com", true, false, NULL},
		{"xn--gogle-sce.com", "goοgle.com", true, false, NULL},
		/* What belongs together. */
		{"xn--eckwd4c7c.xn--zckzah", "ドメイン.テスト", false, false, NULL},
		{"xn--fsqu00a.example", "例子.example", false, false, NULL},
		/* No punycode, and no name. */
		{"xn--a.example", NULL, false, false, NULL},
		{"xn--.example", NULL, false, false, NULL},
		{"192.0.2.1", NULL, false, false, NULL},
		{"[2001:db8::1]", NULL, false, false, NULL},
		{"", NULL, false, false, NULL},
		{"...", NULL, false, false, NULL},
		{"localhost", NULL, false, false, NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct lookalike l;
		lookalike_read(&a, span_str(rows[i].host), &l);
		if (l.mixed_scripts != rows[i].mixed || l.whole_script != rows[i].whole ||
			(l.unicode.p == NULL) != (rows[i].unicode == NULL) ||
			!span_eq(l.unicode, span_str(rows[i].unicode)) ||
			!span_eq(l.looks_like, span_str(rows[i].twin)))
			fail_msg("%s: '%.*s' %d %d '%.*s'", rows[i].host, (int)l.unicode.n,
				(const char *)l.unicode.p, l.mixed_scripts, l.whole_script,
				(int)l.looks_like.n, (const char *)l.looks_like.p);
		arena_fini(&a);
	}
}

static void long_names_are_left_alone(void **state)
{
	(void)state;
	struct arena a = {0};
	struct lookalike l;
	char name[LOOKALIKE_NAME_MAX + 2];
	memset(name, '.', sizeof name);
	lookalike_read(&a, span_of(name, LOOKALIKE_NAME_MAX), &l);
	for (size_t i = 0; i + 2 < sizeof name; i += 2)
		name[i] = 'a';
	lookalike_read(&a, span_of(name, LOOKALIKE_NAME_MAX), &l);
	lookalike_read(&a, span_of(name, LOOKALIKE_NAME_MAX + 1), &l);
	assert_false(l.mixed_scripts || l.whole_script || l.unicode.p != NULL);
	/* A label that decodes to far more than it is. */
	memcpy(name, "xn--", 4);
	memset(name + 4, '9', 500);
	lookalike_read(&a, span_of(name, 504), &l);
	assert_null(l.unicode.p);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(long_names_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
