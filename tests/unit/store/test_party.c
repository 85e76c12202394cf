/* Registrable domains by the Public Suffix List. */
#include "store/derive/party.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void table(void **state)
{
	(void)state;
	static const struct {
		const char *host, *registrable, *registered;
		bool ip;
	} rows[] = {
		{"www.example.com", "example.com", "example.com", false},
		{"example.com", "example.com", "example.com", false},
		{"example.com.", "example.com", "example.com", false},
		{"a.b.example.co.uk", "example.co.uk", "example.co.uk", false},
		{"co.uk", NULL, NULL, false},
		{"com", NULL, NULL, false},
		{"localhost", NULL, NULL, false},
		/* A platform's customers: who runs it is not whom the registrar knows. */
		{"someone.github.io", "someone.github.io", "github.io", false},
		{"x.someone.github.io", "someone.github.io", "github.io", false},
		{"github.io", NULL, "github.io", false},
		{"www.ck", "www.ck", "www.ck", false},
		{"a.b.ck", "a.b.ck", "a.b.ck", false},
		{"x.city.kawasaki.jp", "city.kawasaki.jp", "city.kawasaki.jp", false},
		{"shop.xn--85x722f.com.cn", "xn--85x722f.com.cn", "xn--85x722f.com.cn", false},
		{"a.unknown-tld-x", "a.unknown-tld-x", "a.unknown-tld-x", false},
		{"192.0.2.7", NULL, NULL, true},
		{"[2001:db8::1]", NULL, NULL, true},
		{"", NULL, NULL, false},
		{".", NULL, NULL, false},
		{".com", NULL, NULL, false},
		{"a..com", NULL, NULL, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct party p;
		party_of_host(&a, span_str(rows[i].host), &p);
		struct span want = span_str(rows[i].registrable),
			    sold = span_str(rows[i].registered);
		if (p.ip != rows[i].ip ||
			(p.registrable_domain.p == NULL) != (want.p == NULL) ||
			!span_eq(p.registrable_domain, want) ||
			!span_eq(p.registered_domain, sold))
			fail_msg("%s: '%.*s' '%.*s'", rows[i].host, (int)p.registrable_domain.n,
				(const char *)p.registrable_domain.p,
				(int)p.registered_domain.n,
				(const char *)p.registered_domain.p);
		arena_fini(&a);
	}
	assert_true(party_list()[0] != 0);
}

static void attributes_of_names(void **state)
{
	(void)state;
	static const struct {
		const char *name, *attribute;
		bool has;
	} rows[] = {
		{"CN=R11,O=Let's Encrypt,C=US", "O=Let's Encrypt", true},
		{"O=Let's Encrypt", "O=Let's Encrypt", true},
		{"CN=x+O=Let's Encrypt", "O=Let's Encrypt", true},
		{"CN=x\\,O=Let's Encrypt", "O=Let's Encrypt", false},
		{"CN=x\\\\,O=Let's Encrypt", "O=Let's Encrypt", true},
		{"CN=x\\\\\\,O=Let's Encrypt", "O=Let's Encrypt", false},
		{"CN=xO=Let's Encrypt,O=Let's Encrypt", "O=Let's Encrypt", true},
		{"OU=O=Let's Encrypt", "O=Let's Encrypt", false},
		{"\\,O=a", "O=a", false},
		{",O=a", "O=a", true},
		{"", "O=a", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (party_name_has(span_str(rows[i].name), rows[i].attribute) != rows[i].has)
			fail_msg("%s", rows[i].name);
	assert_false(party_name_has(SPAN_NONE, "O=a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table), cmocka_unit_test(attributes_of_names)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
