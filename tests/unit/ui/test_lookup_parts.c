/*
 * The parts of a lookup that ask nobody: whom bootstrap files name, how fast and where
 * questions go, when a server wants to be asked again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ui/lookup/http_answer.h"
#include "ui/lookup/pace.h"
#include "ui/lookup/special.h"
#include "ui/report/rdap_bootstrap.h"

static struct arena arena;

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void names(enum rdap_file file, const char *json, const char *subject, const char *want)
{
	json_t *loaded = rdap_bootstrap_load(span_str(json));
	assert_non_null(loaded);
	struct span got = rdap_bootstrap_find(loaded, file, span_str(subject), &arena);
	if (want == NULL ? got.p != NULL : got.p == NULL || !span_is(got, want))
		fail_msg("%s: %.*s, not %s", subject, (int)got.n, (const char *)got.p, want);
	json_decref(loaded);
}

/* RFC 9224 4: label by label, the longest; https where there is a choice. */
static void domains(void **state)
{
	static const char json[] =
		"{\"services\":[[[\"uk\"],[\"https://uk.test\"]],"
		"[[\"co.uk\",\"Example\"],[\"http://co.test/\",\"https://co.test/x/\"]],"
		"[[\"\"],[\"https://root.test/\"]],[[\"bad\"],[\"ftp://a/\",\"https://u:p@b/\","
		"7]],[[\"plain\"],[\"http://plain.test/\"]],[\"odd\"],7,null,[[7,null],[]],"
		"[[\"xn--p1ai\"],[\"https://rf.test/\"]]]}";
	(void)state;
	names(RDAP_FILE_DNS, json, "a.uk", "https://uk.test/");
	names(RDAP_FILE_DNS, json, "a.co.uk", "https://co.test/x/");
	names(RDAP_FILE_DNS, json, "a.xco.uk", "https://uk.test/");
	names(RDAP_FILE_DNS, json, "a.EXAMPLE", "https://co.test/x/");
	names(RDAP_FILE_DNS, json, "a.bad", NULL);
	names(RDAP_FILE_DNS, json, "a.plain", "http://plain.test/");
	names(RDAP_FILE_DNS, json, "a.test", NULL);
	names(RDAP_FILE_DNS, json, "xn--80a.xn--p1ai", "https://rf.test/");
}

/* RFC 9224 5.1, 5.2: the longest prefix that holds the address. */
static void addresses(void **state)
{
	static const char v4[] =
		"{\"services\":[[[\"192.0.0.0/8\"],[\"https://a/\"]],[[\"192.0.2.0/25\","
		"\"0.0.0.0/33\",\"10.0.0.0\",\"x/8\"],[\"https://b/\"]],"
		"[[\"192.0.2.0/24\"],[\"https://c/\"]]]}";
	static const char v6[] = "{\"services\":[[[\"2001:db8::/32\"],[\"https://a/\"]],"
				 "[[\"2001:db8:8000::/33\"],[\"https://b/\"]],[[\"192.0.2.0/"
				 "24\"],[\"https://c/\"]]]}";
	(void)state;
	names(RDAP_FILE_IPV4, v4, "192.0.2.127", "https://b/");
	names(RDAP_FILE_IPV4, v4, "192.0.2.128", "https://c/");
	names(RDAP_FILE_IPV4, v4, "192.1.2.1", "https://a/");
	names(RDAP_FILE_IPV4, v4, "10.0.0.0", NULL);
	names(RDAP_FILE_IPV4, v4, "nonsense", NULL);
	names(RDAP_FILE_IPV6, v6, "2001:db8:7fff::1", "https://a/");
	names(RDAP_FILE_IPV6, v6, "2001:db8:8000::1", "https://b/");
	names(RDAP_FILE_IPV6, v6, "2001:db9::", NULL);
}

static void numbers_and_handles(void **state)
{
	static const char asn[] = "{\"services\":[[[\"1-10\",\"x-9\",\"5-\",\"20\"],"
				  "[\"https://a/\"]],[[\"64496-64511\"],[\"https://b/\"]]]}";
	static const char tags[] =
		"{\"services\":[[[\"a@b.test\"],[\"ARIN\"],[\"https://a/\"]],"
		"[[],[\"X\"],[\"https://b/\"]],[[\"Y\"],[\"https://c/\"]]]}";
	(void)state;
	names(RDAP_FILE_ASN, asn, "1", "https://a/");
	names(RDAP_FILE_ASN, asn, "11", NULL);
	names(RDAP_FILE_ASN, asn, "20", "https://a/");
	names(RDAP_FILE_ASN, asn, "64511", "https://b/");
	names(RDAP_FILE_ASN, asn, "64512", NULL);
	names(RDAP_FILE_ASN, asn, "-1", NULL);
	names(RDAP_FILE_TAGS, tags, "ABC-1-ARIN", "https://a/");
	names(RDAP_FILE_TAGS, tags, "ABC-x", "https://b/");
	names(RDAP_FILE_TAGS, tags, "ABC-Y", NULL);
	names(RDAP_FILE_TAGS, tags, "ARIN", NULL);
	assert_null(rdap_bootstrap_load(span_str("{\"services\":{}}")));
	assert_null(rdap_bootstrap_load(span_str("")));
}

static void what_is_not_asked_about(void **state)
{
	static const char *const special[] = {"a.test", "TEST", "example.com", "x.example.org",
		"localhost", "a.localhost", "printer.local", "db.internal", "x.onion",
		"1.0.0.127.in-addr.arpa", "host", "", "a..b.com", "a b.com", "a/b.com", ".com",
		"com.", "x@y.com", "a%2fb.com", "\xc3\xa9.com"};
	static const char *const ordinary[] = {"a.com", "notexample.com", "test.com",
		"a.mytest", "_dmarc.a.com", "xn--bcher-kva.de", "local.host.de"};
	static const char *const inside[] = {"127.0.0.1", "10.1.2.3", "169.254.169.254", "::1",
		"[::1]", "fe80::1", "192.0.2.1", "::ffff:10.0.0.1", "fd00::1", "x", ""};
	(void)state;
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if (special_name(span_str(special[i])) == NULL)
			fail_msg("\"%s\" is asked about", special[i]);
	for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
		if (special_name(span_str(ordinary[i])) != NULL)
			fail_msg("%s: %s", ordinary[i], special_name(span_str(ordinary[i])));
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		if (special_address(span_str(inside[i])) == NULL)
			fail_msg("\"%s\" is asked about", inside[i]);
	assert_null(special_address(span_str("9.9.9.9")));
	assert_null(special_address(span_str("[2620:fe::fe]")));
}

static void each_server_has_its_turn(void **state)
{
	struct pace p = {.n = 0};
	struct span a = span_str("https://a"), b = span_str("https://b");
	(void)state;
	assert_int_equal(pace_next(&p, &arena, a, 100, 1000), 1000);
	assert_int_equal(pace_next(&p, &arena, a, 100, 1000), 1100);
	assert_int_equal(pace_next(&p, &arena, b, 100, 1000), 1000);
	assert_int_equal(pace_next(&p, &arena, a, 100, 1150), 1200);
	assert_int_equal(pace_next(&p, &arena, a, 100, 5000), 5000);
	pace_hold(&p, &arena, a, 9000);
	pace_hold(&p, &arena, a, 7000);
	assert_int_equal(pace_held(&p, a), 9000);
	assert_int_equal(pace_held(&p, b), 0);
	assert_int_equal(pace_next(&p, &arena, a, 100, 5000), 9000);
	/* More servers than are told apart: the last ones share a turn. */
	for (int i = 0; i < PACE_SERVERS_MAX; i++)
		pace_next(&p, &arena, span_str(arena_printf(&arena, "s%d", i)), 100, 1000);
	assert_int_equal(p.n, PACE_SERVERS_MAX);
	int64_t at = pace_next(&p, &arena, span_str("one more"), 100, 1000);
	assert_true(at > 1000);
	assert_int_equal(pace_next(&p, &arena, span_str("and another"), 100, 1000), at + 100);
}

static void when_to_come_again(void **state)
{
	const int64_t now = INT64_C(1767225600000000); /* 2026-01-01 */
	(void)state;
	assert_int_equal(http_retry_at(span_str("0"), now), now);
	assert_int_equal(http_retry_at(span_str("120"), now), now + 120000000);
	assert_int_equal(
		http_retry_at(span_str("Thu, 01 Jan 2026 00:02:00 GMT"), now), now + 120000000);
	assert_int_equal(http_retry_at(span_str("Wed, 31 Dec 2025 23:59:59 GMT"), now), now);
	static const char *const none[] = {"", "-1", "1.5", "soon", "99999999999999999999",
		"4294967296", "Thu, 01 Jan 2026 00:02:00 GMT and more than that is what I say"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_int_equal(http_retry_at(span_str(none[i]), now), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(domains, tear_down),
		cmocka_unit_test_teardown(addresses, tear_down),
		cmocka_unit_test_teardown(numbers_and_handles, tear_down),
		cmocka_unit_test_teardown(what_is_not_asked_about, tear_down),
		cmocka_unit_test_teardown(each_server_has_its_turn, tear_down),
		cmocka_unit_test_teardown(when_to_come_again, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
