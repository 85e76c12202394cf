/* Refresh and meta refresh, against time, script and links that say the same. */
#include "tests/kit/trail_case.h"

#include <stdio.h>

static void refresh_header(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .headers = "Refresh: 2; url=https://b.example/\r\n",
		.body = "<p>wait");
	BUILD(&t.b, "https://b.example/", .kind = BUILD_SCRIPTED, .at_ms = 2300,
		.referer = "https://click.example/", .status = 200, .body = "x");
	assert_true(has_evidence(&t, 2, "refresh: 2; url=https://b.example/\n"));
	assert_true(has_evidence(
		&t, 2, "timing: 2.280 s after the response, announced after 2.000 s\n"));
	assert_true(has_evidence(&t, 2, "no-sec-fetch-user: \n"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "refresh-header certain https://b.example/\n");
}

static void meta_refresh(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<base href='https://b.example/d/'><meta http-equiv=refresh "
			"content='0, url=x&amp;y'>");
	BUILD(&t.b, "https://b.example/d/x&y", .kind = BUILD_SCRIPTED, .at_ms = 200,
		.status = 200, .body = "x");
	derive(&t);
	const struct trail_hop *hop = &t.set.trails[0].hops[1];
	assert_true(span_is(
		hop->evidence[0].quote, "<meta http-equiv=refresh content='0, url=x&amp;y'>"));
	assert_int_equal(hop->evidence[0].offset, strlen("<base href='https://b.example/d/'>"));
	assert_int_equal(hop->evidence[0].exchange, 1);
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "meta-refresh certain https://b.example/d/x&y\n");
}

/* On any status, and the first due of several: measured. */
static void several_refreshes(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 503, .headers = "Refresh: 3;url=/h3\r\n",
		.body = "<meta http-equiv=refresh content='5;url=/m'><meta http-equiv=refresh "
			"content='1;url=/m'>");
	BUILD(&t.b, "https://click.example/m", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 1200, .referer = LINK, .status = 200, .body = "x");
	assert_true(has_evidence(&t, 2, "content='1;url=/m'"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1 503\n"
		       "meta-refresh certain https://click.example/m\n");
}

static void refresh_before_its_time(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<meta http-equiv=refresh "
			"content='5;url=/x'><script>location='/x'</script>");
	BUILD(&t.b, "https://click.example/x", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 400, .referer = LINK, .status = 200, .body = "x");
	const struct trail_alternative *alt = alternative(&t, 2, MECHANISM_META_REFRESH);
	assert_non_null(alt);
	assert_string_equal(alt->why, "it came before the announced delay was over");
	assert_int_equal(alt->from_hop, 1);
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://click.example/x\n");
}

/* A page that says it twice, by script and by meta: likely the script, and the other is named.
 */
static void meta_and_script(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<meta http-equiv=refresh "
			"content='0;url=/x'><script>location.replace('\\/x')</script>");
	BUILD(&t.b, "https://click.example/x", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 100, .referer = LINK, .status = 200, .body = "x");
	assert_non_null(alternative(&t, 2, MECHANISM_META_REFRESH));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script likely https://click.example/x\n");
}

/* The t.co page: meta in noscript, and an escaped location.replace. */
static void noscript_meta(void **state)
{
	(void)state;
	static const char page[] = "<head><noscript><META http-equiv=\"refresh\" "
				   "content=\"0;URL=https://b.example/p\">"
				   "</noscript><title>https://b.example/p</title></head>"
				   "<script>window.opener = null; "
				   "location.replace(\"https:\\/\\/b.example\\/p\")</script>";
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = page);
	BUILD(&t.b, "https://b.example/p", .kind = BUILD_SCRIPTED, .at_ms = 100, .status = 200,
		.body = "x");
	const struct trail_alternative *alt = alternative(&t, 2, MECHANISM_META_REFRESH);
	assert_non_null(alt);
	assert_string_equal(alt->why, "it stands in noscript, and this browser runs scripts");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://b.example/p\n");
	/* The built-in client runs no script: there it is the meta. */
	setup(&t, NULL);
	t.b.session = 2;
	build_session(&t.b, "trace", LINK, "none");
	BUILD(&t.b, LINK, .kind = BUILD_CURL, .status = 200, .body = page);
	BUILD(&t.b, "https://b.example/p", .kind = BUILD_CURL, .at_ms = 100, .status = 200,
		.body = "x");
	trail_derive(&t.b.model, 2, &t.a, &t.set);
	assert_int_equal(t.set.n, 1);
	assert_int_equal(t.set.trails[0].hops[1].mechanism, MECHANISM_META_REFRESH);
	teardown(&t);
}

static void meta_written_by_script(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<script>document.write('<meta http-equiv=\"refresh\" "
			"content=\"0;url=/w\">')</script>");
	BUILD(&t.b, "https://click.example/w", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 100, .referer = LINK, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "meta-refresh likely https://click.example/w\n");
}

/* The same link stands in the page for those who wait too long: over http only time tells, over
 * https the gesture does. */
static void refresh_beside_a_link(void **state)
{
	(void)state;
	static const char page[] =
		"<meta http-equiv=refresh content='1;url=/x'><a href=/x>click here</a>";
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = page);
	BUILD(&t.b, "https://click.example/x", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 1300, .referer = LINK, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "meta-refresh certain https://click.example/x\n");
	setup(&t, NULL);
	BUILD(&t.b, "http://click.example/", .status = 200, .body = page);
	BUILD(&t.b, "http://click.example/x", .at_ms = 1300, .referer = "http://click.example/",
		.status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open likely http://click.example/\n"
		       "meta-refresh likely http://click.example/x\n");
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = page);
	BUILD(&t.b, "https://click.example/x", .kind = BUILD_CLICKED, .site = "same-origin",
		.at_ms = 1300, .referer = LINK, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "user certain https://click.example/x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refresh_header),
		cmocka_unit_test(meta_refresh),
		cmocka_unit_test(several_refreshes),
		cmocka_unit_test(refresh_before_its_time),
		cmocka_unit_test(meta_and_script),
		cmocka_unit_test(noscript_meta),
		cmocka_unit_test(meta_written_by_script),
		cmocka_unit_test(refresh_beside_a_link),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
