/*
 * curl's --connect-to: which rules are taken, which of them applies.
 */
#include "proxy/connect_to.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct {
	const char *rule, *from_host;
	uint16_t from_port;
	const char *to_host;
	uint16_t to_port;
} good[] = {
	{"a.example:80:b.example:8080", "a.example", 80, "b.example", 8080},
	{"A.Example:443:B.EXAMPLE:1", "a.example", 443, "b.example", 1},
	{"::127.0.0.1:8443", "", 0, "127.0.0.1", 8443},
	{"a.example::127.0.0.1:", "a.example", 0, "127.0.0.1", 0},
	{":443::8443", "", 443, "", 8443},
	{":::", "", 0, "", 0},
	{"[::1]:80:[2001:db8::2]:81", "::1", 80, "2001:db8::2", 81},
	{"[0:0:0:0:0:0:0:1]:80:b:81", "::1", 80, "b", 81},
	{"a:1:[2001:DB8:0::2]:", "a", 1, "2001:db8::2", 0},
	{"xn--mnchen-3ya.example:65535:_x.example:65535", "xn--mnchen-3ya.example", 65535,
		"_x.example", 65535},
};

static void test_good_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct connect_to c = {0};
		struct err err = {0};
		if (!connect_to_add(&c, good[i].rule, &err))
			fail_msg("%s", err.detail);
		assert_int_equal(c.n, 1);
		assert_string_equal(c.rules[0].from_host, good[i].from_host);
		assert_string_equal(c.rules[0].to_host, good[i].to_host);
		assert_int_equal(c.rules[0].from_port, good[i].from_port);
		assert_int_equal(c.rules[0].to_port, good[i].to_port);
		connect_to_fini(&c);
		assert_null(c.rules);
	}
}

static const char *const bad[] = {"", "a", "a:80", "a:80:b", "a:80:b:80:c",
	"a:80:b:80:", "::::", "a:x:b:80", "a:80:b:x", "a:0:b:80", "a:80:b:0", "a:65536:b:80",
	"a:80:b:65536", "a:-1:b:80", "a:+1:b:80", "a: 80:b:80", "a b:80:c:80", "a:80:b c:80",
	"[::1:80:b:80", "::1]:80:b:80", "[::1]80:b:80", "[::1]x:80:b:80", "[::1]:80:[::2]:80x",
	"[::1]:80:[::2]80", "::1:80:b:80", "[name]:80:b:80", "[]:80:b:80",
	"[127.0.0.1]:80:b:80", "a:[80]:b:80", "a:80:b:[80]", "http://a:80:b:80", "a/:80:b:80",
	"u@a:80:b:80", "m\xc3\xbcnchen:80:b:80", "a\n:80:b:80", "[fe80::1%eth0]:80:b:80",
	"a:99999999999999999999:b:80"};

static void test_bad_rules(void **state)
{
	(void)state;
	struct connect_to c = {0};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err err = {0};
		if (connect_to_add(&c, bad[i], &err))
			fail_msg("accepted '%s'", bad[i]);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_int_equal(c.n, 0);
		assert_non_null(strstr(err.detail, "--connect-to"));
		assert_null(strchr(err.detail, '\n'));
	}
	char longer[CONNECT_TO_HOST_MAX + 20];
	struct err err = {0};
	memset(longer, 'a', sizeof longer);
	memcpy(longer + CONNECT_TO_HOST_MAX, ":80:b:80", 9);
	assert_false(connect_to_add(&c, longer, &err));
	memcpy(longer + CONNECT_TO_HOST_MAX - 1, ":80:b:80", 9);
	assert_true(connect_to_add(&c, longer, &err));
	connect_to_fini(&c);
}

static void add(struct connect_to *c, const char *rule)
{
	struct err err = {0};
	assert_true(connect_to_add(c, rule, &err));
}

/* The index of the rule that applies, or -1. */
static int found(const struct connect_to *c, const char *host, uint16_t port)
{
	const struct connect_to_rule *r = connect_to_find(c, host, port);
	return r == NULL ? -1 : (int)(r - c->rules);
}

static void test_find(void **state)
{
	(void)state;
	struct connect_to c = {0};
	assert_int_equal(found(&c, "a.example", 80), -1);
	add(&c, "a.example:80:x:1");
	add(&c, "a.example::x:2");
	add(&c, "[2001:db8::1]:443:x:3");
	add(&c, ":8443:x:4");
	assert_int_equal(found(&c, "a.example", 80), 0);
	assert_int_equal(found(&c, "A.EXAMPLE", 80), 0);
	assert_int_equal(found(&c, "a.example", 81), 1);
	assert_int_equal(found(&c, "a.example.", 80), -1);
	assert_int_equal(found(&c, "b.a.example", 80), -1);
	assert_int_equal(found(&c, "a.exampl", 80), -1);
	assert_int_equal(found(&c, "2001:db8::1", 443), 2);
	assert_int_equal(found(&c, "2001:DB8:0:0::1", 443), 2);
	assert_int_equal(found(&c, "2001:db8::2", 443), -1);
	assert_int_equal(found(&c, "anything", 8443), 3);
	assert_int_equal(
		found(&c, "odd host\x01", 8443), 3); /* only a rule without a host meets it */
	assert_int_equal(found(&c, "odd host\x01", 80), -1);
	add(&c, ":::5");
	assert_int_equal(found(&c, "b.example", 1), 4);
	assert_int_equal(found(&c, "a.example", 80), 0); /* first match wins */
	connect_to_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_rules),
		cmocka_unit_test(test_bad_rules),
		cmocka_unit_test(test_find),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
