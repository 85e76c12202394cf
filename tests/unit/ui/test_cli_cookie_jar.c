/*
 * The built-in client's cookies: which are taken, and which are sent where (RFC 6265 5).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/cli/cookie_jar.h"

#define NOW INT64_C(1767225600000000) /* 2026-01-01 */
#define SECOND INT64_C(1000000)

struct jar_test {
	struct cookie_jar jar;
	struct arena a;
};

static struct url url_of(struct jar_test *t, const char *text)
{
	struct url url;
	assert_true(url_parse(&t->a, NULL, span_str(text), &url));
	return url;
}

static bool take(struct jar_test *t, const char *url, const char *field)
{
	struct url u = url_of(t, url);
	return cookie_jar_take(&t->jar, &u, span_str(field), NOW);
}

/* The Cookie value for a request, "" for none; in the arena. */
static const char *give(struct jar_test *t, const char *url, int64_t now)
{
	struct buf out = {0};
	struct url u = url_of(t, url);
	bool any = cookie_jar_give(&t->jar, &u, now, &out);
	assert_true(any == (buf_len(&out) > 0));
	const char *text = arena_str(&t->a, span_of(out.p + out.start, buf_len(&out)));
	buf_fini(&out);
	return text;
}

static int start(void **state)
{
	*state = calloc(1, sizeof(struct jar_test));
	return *state == NULL;
}

static int stop(void **state)
{
	struct jar_test *t = *state;
	cookie_jar_fini(&t->jar);
	arena_fini(&t->a);
	free(t);
	return 0;
}

static void goes_back_to_its_host_only(void **state)
{
	struct jar_test *t = *state;
	assert_true(take(t, "https://a.example/x", "id=1"));
	assert_string_equal(give(t, "https://a.example/y", NOW), "id=1");
	assert_string_equal(give(t, "http://a.example:81/y", NOW), "id=1");
	assert_string_equal(give(t, "https://www.a.example/y", NOW), "");
	assert_string_equal(give(t, "https://b.example/", NOW), "");
}

static void a_domain_covers_its_hosts(void **state)
{
	struct jar_test *t = *state;
	assert_true(take(t, "https://www.a.example/", "id=1; Domain=.A.example"));
	assert_string_equal(give(t, "https://a.example/", NOW), "id=1");
	assert_string_equal(give(t, "https://x.y.a.example/", NOW), "id=1");
	assert_string_equal(give(t, "https://nota.example/", NOW), "");
}

static void a_foreign_or_public_domain_is_refused(void **state)
{
	struct jar_test *t = *state;
	assert_false(take(t, "https://a.example/", "id=1; Domain=b.example"));
	assert_false(take(t, "https://a.example/", "id=1; Domain=www.a.example"));
	assert_false(take(t, "https://shop.co.uk/", "id=1; Domain=co.uk"));
	assert_false(take(t, "https://a.example/", "id=1; Domain=example"));
	assert_false(take(t, "https://10.0.0.1/", "id=1; Domain=0.0.1"));
	assert_true(take(t, "https://10.0.0.1/", "id=1; Domain=10.0.0.1"));
}

static void paths_are_matched_at_slashes(void **state)
{
	struct jar_test *t = *state;
	assert_true(take(t, "https://a.example/one/two", "default=1"));
	assert_true(take(t, "https://a.example/", "given=2; Path=/one"));
	assert_string_equal(give(t, "https://a.example/one", NOW), "default=1; given=2");
	assert_string_equal(give(t, "https://a.example/one/x", NOW), "default=1; given=2");
	assert_string_equal(give(t, "https://a.example/oneness", NOW), "");
	assert_string_equal(give(t, "https://a.example/", NOW), "");
}

static void longer_paths_come_first(void **state)
{
	struct jar_test *t = *state;
	assert_true(take(t, "https://a.example/", "a=1; Path=/"));
	assert_true(take(t, "https://a.example/", "b=2; Path=/x/y"));
	assert_true(take(t, "https://a.example/", "c=3; Path=/x"));
	assert_string_equal(give(t, "https://a.example/x/y/z", NOW), "b=2; c=3; a=1");
}

static void secure_ones_stay_on_https(void **state)
{
	struct jar_test *t = *state;
	assert_false(take(t, "http://a.example/", "id=1; Secure"));
	assert_true(take(t, "https://a.example/", "id=1; secure; HttpOnly"));
	assert_string_equal(give(t, "http://a.example/", NOW), "");
	assert_string_equal(give(t, "https://a.example/", NOW), "id=1");
}

static void a_new_value_replaces_the_old(void **state)
{
	struct jar_test *t = *state;
	assert_true(take(t, "https://a.example/", "id=1"));
	assert_true(take(t, "https://a.example/", "id=2"));
	assert_string_equal(give(t, "https://a.example/", NOW), "id=2");
}

static void they_expire(void **state)
{
	struct jar_test *t = *state;
	assert_true(take(t, "https://a.example/", "soon=1; Max-Age=10"));
	assert_true(take(t, "https://a.example/",
		"both=1; Max-Age=20; Expires=Thu, 01 Jan 1970 00:00:00 GMT"));
	assert_true(
		take(t, "https://a.example/", "date=1; expires=Thu, 01-Jan-2026 00:00:30 GMT"));
	assert_string_equal(give(t, "https://a.example/", NOW), "soon=1; both=1; date=1");
	assert_string_equal(give(t, "https://a.example/", NOW + 10 * SECOND), "both=1; date=1");
	assert_string_equal(give(t, "https://a.example/", NOW + 20 * SECOND), "date=1");
	assert_string_equal(give(t, "https://a.example/", NOW + 30 * SECOND), "");
}

static void they_are_deleted(void **state)
{
	struct jar_test *t = *state;
	static const char *const ways[] = {"id=; Max-Age=0", "id=; Max-Age=-1",
		"id=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"};
	for (size_t i = 0; i < 3; i++) {
		assert_true(take(t, "https://a.example/", "id=1"));
		assert_string_equal(give(t, "https://a.example/", NOW), "id=1");
		take(t, "https://a.example/", ways[i]);
		assert_string_equal(give(t, "https://a.example/", NOW), "");
	}
}

static void odd_ones(void **state)
{
	struct jar_test *t = *state;
	static char big[5000];
	memset(big, 'x', sizeof big - 1);
	big[1] = '=';
	assert_false(take(t, "https://a.example/", "no equals sign"));
	assert_false(take(t, "https://a.example/", "=value"));
	assert_false(take(t, "https://a.example/", ""));
	assert_false(take(t, "https://a.example/", big));
	/* Would be a line of its own in our request. */
	assert_false(take(t, "https://a.example/", "id=1\rX-Evil: 1"));
	assert_true(take(t, "https://a.example/", "  spaced  =  a b  ; whatever; =;;"));
	assert_string_equal(give(t, "https://a.example/", NOW), "spaced=a b");
}

static void the_jar_is_bounded(void **state)
{
	struct jar_test *t = *state;
	for (int i = 0; i < COOKIE_JAR_MAX + 5; i++)
		assert_true(take(t, "https://a.example/", arena_printf(&t->a, "c%d=%d", i, i)));
	assert_int_equal(t->jar.n, COOKIE_JAR_MAX);
	assert_int_equal(strncmp(give(t, "https://a.example/", NOW), "c5=5; c6=6", 10), 0);
}

#define JAR(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JAR(goes_back_to_its_host_only),
		JAR(a_domain_covers_its_hosts),
		JAR(a_foreign_or_public_domain_is_refused),
		JAR(paths_are_matched_at_slashes),
		JAR(longer_paths_come_first),
		JAR(secure_ones_stay_on_https),
		JAR(a_new_value_replaces_the_old),
		JAR(they_expire),
		JAR(they_are_deleted),
		JAR(odd_ones),
		JAR(the_jar_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
