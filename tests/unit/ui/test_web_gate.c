/* Who is let in: the table of gate.h row by row, cookies in every form, wrong tokens counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/web/gate.h"

static struct gate gate;

static int setup(void **state)
{
	struct err err;
	(void)state;
	assert_true(gate_init(&gate, "127.0.0.1", false, 8800, &err));
	return 0;
}

/* With the cookie, Host and Origin right. */
static struct gate_fields right(bool post)
{
	static char cookie[160];
	snprintf(cookie, sizeof cookie, "%s=%s", gate.cookie, gate.session);
	return (struct gate_fields){.post = post,
		.host = span_str(gate.host),
		.origin = post ? span_str(gate.origin) : SPAN_NONE,
		.cookie = span_str(cookie)};
}

static void test_names(void **state)
{
	struct gate v6, other;
	struct err err;
	char cookie[160], again[160];
	(void)state;
	assert_string_equal(gate.host, "127.0.0.1:8800");
	assert_string_equal(gate.origin, "http://127.0.0.1:8800");
	assert_string_equal(gate.cookie, "clicktrail-8800");
	assert_true(gate_init(&v6, "::1", true, 9, &err));
	assert_string_equal(v6.host, "[::1]:9");
	assert_true(gate_init(&other, "127.0.0.1", false, 8800, &err));
	assert_string_not_equal(gate.token, other.token);
	assert_string_not_equal(gate.token, gate.session);
	assert_string_not_equal(gate.token, gate.secret);
	assert_int_equal(strlen(gate.token), WINDOW_TOKEN_LEN);
	gate_set_cookie(&gate, cookie);
	snprintf(again, sizeof again, "clicktrail-8800=%s; Path=/; HttpOnly; SameSite=Strict",
		gate.session);
	assert_string_equal(cookie, again);
}

static void test_hosts(void **state)
{
	static const char *const others[] = {"127.0.0.1", "127.0.0.1:80", "127.0.0.1:8800.",
		"localhost:8800", "LOCALHOST:8800", "127.1:8800", "2130706433:8800",
		"0x7f.1:8800", "[::1]:8800", "[::ffff:127.0.0.1]:8800", "0.0.0.0:8800",
		"localhost.:8800", "evil.example:8800", "127.0.0.1:8800.evil.example", "",
		"127.0.0.1:8800 ", " 127.0.0.1:8800", "user@127.0.0.1:8800", "127.0.0.1:08800"};
	struct gate_fields f = right(false);
	(void)state;
	assert_int_equal(gate_look(&gate, &f), GATE_IN);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		f.host = span_str(others[i]);
		assert_int_equal(gate_look(&gate, &f), GATE_FOREIGN);
	}
	f.host = SPAN_NONE;
	assert_int_equal(gate_look(&gate, &f), GATE_FOREIGN);
	f = right(false);
	f.several_hosts = true;
	assert_int_equal(gate_look(&gate, &f), GATE_FOREIGN);
	f = right(false);
	f.service_worker = true;
	assert_int_equal(gate_look(&gate, &f), GATE_FOREIGN);
}

static void test_origins(void **state)
{
	static const char *const others[] = {"http://127.0.0.1:8801", "http://127.0.0.1",
		"https://127.0.0.1:8800", "http://localhost:8800", "null", "", "NULL",
		"http://127.0.0.1:8800/", "http://127.0.0.1:8800 http://evil.example",
		"http://evil.example", "HTTP://127.0.0.1:8800"};
	struct gate_fields f = right(true);
	(void)state;
	assert_int_equal(gate_look(&gate, &f), GATE_IN);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		f.origin = span_str(others[i]);
		assert_int_equal(gate_look(&gate, &f), GATE_FOREIGN);
	}
	f.origin = SPAN_NONE;
	assert_int_equal(gate_look(&gate, &f), GATE_FOREIGN);
	/* A form of ours under no-referrer. */
	f.origin = span_str("null");
	f.fetch_site = span_str("same-origin");
	assert_int_equal(gate_look(&gate, &f), GATE_IN);
	f.origin = span_str("http://evil.example");
	assert_int_equal(gate_look(&gate, &f), GATE_FOREIGN);
	f.origin = SPAN_NONE;
	assert_int_equal(gate_look(&gate, &f), GATE_FOREIGN);
}

/* Every Site with every Mode and Dest, GET and POST, against what the table says in words. */
static enum gate_verdict by_table(
	bool post, const char *site, const char *mode, const char *dest)
{
	static const char *const dests[] = {
		"document", "iframe", "empty", "image", "script", "style"};
	bool fits = dest == NULL, none = site != NULL && strcmp(site, "none") == 0;
	bool ours = site != NULL && strcmp(site, "same-origin") == 0;
	bool elsewhere = site != NULL &&
			 (strcmp(site, "same-site") == 0 || strcmp(site, "cross-site") == 0);
	bool link = mode != NULL && dest != NULL && strcmp(mode, "navigate") == 0 &&
		    strcmp(dest, "document") == 0;
	for (size_t i = 0; i < 6 && dest != NULL; i++)
		fits = fits || strcmp(dest, dests[i]) == 0;
	if (!fits)
		return GATE_FOREIGN;
	if (site == NULL || ours || (none && !post))
		return GATE_IN;
	return elsewhere && link && !post ? GATE_ELSEWHERE : GATE_FOREIGN;
}

static void test_fetch_metadata(void **state)
{
	static const char *const sites[] = {
		NULL, "none", "same-origin", "same-site", "cross-site", "", "Same-Origin", "x"};
	static const char *const modes[] = {NULL, "navigate", "no-cors", "cors", "same-origin",
		"nested-navigate", "websocket", "x"};
	static const char *const dests[] = {NULL, "document", "iframe", "empty", "image",
		"script", "style", "frame", "embed", "object", "worker", "sharedworker",
		"serviceworker", "font", "manifest", "audio", "video", "track", "report",
		"xslt", "audioworklet", "json", "webidentity", "", "x"};
	size_t in = 0, elsewhere = 0;
	(void)state;
	for (size_t i = 0; i < 8 * 8 * 25 * 2; i++) {
		const char *site = sites[i / 2 % 8], *mode = modes[i / 16 % 8];
		const char *dest = dests[i / 128];
		struct gate_fields f = right(i % 2 != 0);
		f.fetch_site = span_str(site);
		f.fetch_mode = span_str(mode);
		f.fetch_dest = span_str(dest);
		enum gate_verdict is = gate_look(&gate, &f);
		if (is != by_table(f.post, site, mode, dest))
			fail_msg("%s %s %s %s: %d", f.post ? "POST" : "GET", site, mode, dest,
				(int)is);
		in += is == GATE_IN;
		elsewhere += is == GATE_ELSEWHERE;
	}
	assert_int_equal(in, 8 * 7 * 5); /* GET by three, POST by two, 7 dests, any mode */
	assert_int_equal(elsewhere, 2);
}

static void test_cookies(void **state)
{
	static const struct {
		const char *format;
		enum gate_verdict is;
	} table[] = {
		{"%s=%s", GATE_IN},
		{"a=b; %s=%s", GATE_IN},
		{"%s=%s; a=b", GATE_IN},
		{"a=b;%s=%s;c", GATE_IN},
		{"  %s=%s  ", GATE_IN},
		{";;;=; %s=%s", GATE_IN},
		/* Another port's beside ours, before and behind. */
		{"clicktrail-8800=evil; %s=%s", GATE_IN},
		{"%s=%s; clicktrail-8800=evil", GATE_IN},
		{"%s=%sx", GATE_NO_SESSION},
		{"%s=x%s", GATE_NO_SESSION},
		{"%s =%s", GATE_NO_SESSION},
		{"%s= %s", GATE_NO_SESSION},
		{"%s=\"%s\"", GATE_NO_SESSION},
		{"x%s=%s", GATE_NO_SESSION},
		{"%s1=%s", GATE_NO_SESSION},
		{"%s==%s", GATE_NO_SESSION},
		{"%s,%s", GATE_NO_SESSION},
		{"a=%s=%s", GATE_NO_SESSION},
		{"", GATE_NO_SESSION},
		{";", GATE_NO_SESSION},
		{"clicktrail-8800", GATE_NO_SESSION},
		{"clicktrail-8800=", GATE_NO_SESSION},
	};
	struct gate_fields f = right(false);
	char text[256], rest[256];
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		/* Formats are ours; the name and the session go where %s stands. */
		const char *at = strstr(table[i].format, "%s");
		const char *next = at != NULL ? strstr(at + 2, "%s") : NULL;
		snprintf(text, sizeof text, "%s", table[i].format);
		if (next != NULL) {
			snprintf(rest, sizeof rest, "%.*s%s%.*s%s%s",
				(int)(at - table[i].format), table[i].format, gate.cookie,
				(int)(next - at - 2), at + 2, gate.session, next + 2);
			memcpy(text, rest, sizeof text);
		}
		f.cookie = span_str(text);
		if (gate_look(&gate, &f) != table[i].is)
			fail_msg("%s", table[i].format);
	}
	snprintf(text, sizeof text, "%s=%s", gate.cookie, gate.token);
	f.cookie = span_str(text);
	assert_int_equal(gate_look(&gate, &f), GATE_NO_SESSION);
	f.cookie = SPAN_NONE;
	assert_int_equal(gate_look(&gate, &f), GATE_NO_SESSION);
}

static void test_secrets(void **state)
{
	char text[WINDOW_TOKEN_LEN + 2];
	(void)state;
	for (size_t i = 0; i < WINDOW_TOKEN_LEN; i++) {
		memcpy(text, gate.secret, sizeof gate.secret);
		assert_true(gate_secret_is(&gate, span_str(text)));
		text[i] ^= 1;
		assert_false(gate_secret_is(&gate, span_str(text)));
		assert_false(gate_secret_is(&gate, span_of(gate.secret, i)));
	}
	snprintf(text, sizeof text, "%sx", gate.secret);
	assert_false(gate_secret_is(&gate, span_str(text)));
	assert_false(gate_secret_is(&gate, span_str("")));
	assert_false(gate_secret_is(&gate, SPAN_NONE));
	assert_false(gate_secret_is(&gate, span_str(gate.token)));
	assert_true(gate_token_is(&gate, span_str(gate.token)));
	assert_false(gate_token_is(&gate, span_str(gate.session)));
}

static void test_tries(void **state)
{
	struct span token = span_str(gate.token), wrong = span_str("x");
	struct gate_tries t;
	int64_t now = 1000000000;
	bool tell;
	(void)state;
	gate_tries_init(&t);
	for (int i = 0; i < GATE_WRONG_MAX; i++) {
		assert_int_equal(gate_try(&gate, &t, token, now, &tell), GATE_RIGHT);
		assert_false(tell);
		assert_int_equal(gate_try(&gate, &t, wrong, now, &tell), GATE_WRONG);
		assert_int_equal(tell, i == GATE_WRONG_MAX - 1);
	}
	assert_int_equal(gate_try(&gate, &t, wrong, now + 1, &tell), GATE_SHUT);
	now += (int64_t)GATE_SHUT_MS * 1000;
	assert_int_equal(gate_try(&gate, &t, wrong, now - 1, &tell), GATE_SHUT);
	/* Who has the right one gets in, whoever else tries. */
	assert_int_equal(gate_try(&gate, &t, token, now - 1, &tell), GATE_RIGHT);
	assert_int_equal(gate_try(&gate, &t, token, now, &tell), GATE_RIGHT);
	/* Again, and not told again. */
	for (int i = 0; i < GATE_WRONG_MAX; i++) {
		assert_int_equal(gate_try(&gate, &t, wrong, now, &tell), GATE_WRONG);
		assert_false(tell);
	}
	assert_int_equal(gate_try(&gate, &t, wrong, now, &tell), GATE_SHUT);
	assert_int_equal(gate_try(&gate, &t, token, now, &tell), GATE_RIGHT);
	/* Slowly: never shut. */
	now += (int64_t)GATE_SHUT_MS * 1000;
	for (int i = 0; i < 100; i++) {
		now += (int64_t)GATE_WRONG_MS * 1000 / (GATE_WRONG_MAX - 2);
		assert_int_equal(gate_try(&gate, &t, wrong, now, &tell), GATE_WRONG);
	}
	gate_tries_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
		cmocka_unit_test(test_hosts), cmocka_unit_test(test_origins),
		cmocka_unit_test(test_fetch_metadata), cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_secrets), cmocka_unit_test(test_tries)};
	return cmocka_run_group_tests(tests, setup, NULL);
}
