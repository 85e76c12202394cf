/* HTTP redirects, and upgrades that never hit the wire: what Firefox sends and what must come
 * out. */
#include "tests/kit/trail_case.h"

#include <stdio.h>

static void http_redirects(void **state)
{
	(void)state;
	static const int statuses[] = {301, 302, 303, 307, 308};
	for (size_t i = 0; i < 5; i++) {
		struct test t;
		setup(&t, LINK "#mail");
		BUILD(&t.b, LINK, .status = statuses[i], .location = "//b.example/x");
		BUILD(&t.b, "https://b.example/x", KEPT, .at_ms = 100, .status = statuses[i],
			.location = "?a=1#own");
		BUILD(&t.b, "https://b.example/x?a=1", KEPT, .at_ms = 200, .status = 200,
			.body = "<p>hi");
		assert_true(has_evidence(&t, 2, "location: //b.example/x\n"));
		assert_true(has_evidence(&t, 2, "sec-fetch-site: none\nsec-fetch-user: ?1\n"));
		trails_are(&t, "page\n"
			       "open certain https://click.example/t?id=1#mail\n"
			       "http-redirect certain https://b.example/x#mail\n"
			       "http-redirect certain https://b.example/x?a=1#own\n");
	}
}

static void redirects_over_http(void **state)
{
	(void)state;
	struct test t;
	setup(&t, "http://a.example/");
	BUILD(&t.b, "http://a.example/", .status = 302, .location = "https://b.example/");
	BUILD(&t.b, "https://b.example/", KEPT, .at_ms = 100, .status = 302,
		.location = "http://c.example/");
	BUILD(&t.b, "http://c.example/", KEPT, .at_ms = 200, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain http://a.example/\n"
		       "http-redirect certain https://b.example/\n"
		       "http-redirect certain http://c.example/\n");
}

static void statuses_that_do_not_redirect(void **state)
{
	(void)state;
	static const int statuses[] = {200, 201, 202, 300, 304, 305, 306, 404};
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		struct test t;
		setup(&t, LINK);
		BUILD(&t.b, LINK, .status = statuses[i], .location = "https://b.example/",
			.body = "<p>");
		assert_true(has_note(&t, "which browsers do not follow"));
		assert_int_equal(t.set.trails[0].n_hops, 1);
		assert_int_equal(t.set.trails[0].ended_by, ENDED_PAGE);
		teardown(&t);
	}
	/* Unless the next request shows it: then it is said with no more certainty than that.
	 */
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 300, .location = "https://b.example/");
	BUILD(&t.b, "https://b.example/", .kind = BUILD_SCRIPTED, .at_ms = 100, .status = 200,
		.body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "http-redirect possible https://b.example/\n");
}

static void methods_over_redirects(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *next;
		bool fits;
	} rows[] = {{301, "GET", true}, {302, "GET", true}, {303, "GET", true},
		{307, "POST", true}, {308, "POST", true}, {303, "POST", false},
		{307, "GET", false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t;
		setup(&t, LINK);
		BUILD(&t.b, LINK, .status = 200,
			.body = "<form method=post action=/p><input type=hidden name=k "
				"value='v 1'></form>"
				"<script>document.forms[0].submit()</script>");
		BUILD(&t.b, "https://click.example/p", .kind = BUILD_SCRIPTED,
			.site = "same-origin", .at_ms = 100, .method = "POST", .form = "k=v+1",
			.origin = "https://click.example", .referer = LINK,
			.status = rows[i].status, .location = "/done");
		BUILD(&t.b, "https://click.example/done", .kind = BUILD_SCRIPTED,
			.site = "same-origin", .at_ms = 200, .method = rows[i].next,
			.referer = LINK, .status = 200, .body = "ok");
		derive(&t);
		const struct trail_hop *last = &t.set.trails[0].hops[2];
		assert_int_equal(t.set.trails[0].n_hops, 3);
		assert_int_equal(t.set.trails[0].hops[1].mechanism, MECHANISM_FORM);
		assert_int_equal(last->mechanism, MECHANISM_HTTP_REDIRECT);
		assert_int_equal(last->confidence,
			rows[i].fits ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE);
		teardown(&t);
	}
}

/* The same URL twice: the first answer sets a cookie and points to itself. */
static void cookie_gate(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = "/gate");
	BUILD(&t.b, "https://click.example/gate", KEPT, .at_ms = 100, .status = 302,
		.location = "/gate", .headers = "Set-Cookie: seen=1; Path=/\r\n");
	BUILD(&t.b, "https://click.example/gate", KEPT, .at_ms = 200, .cookie = "a=b; seen=1",
		.status = 302, .location = "https://shop.example/");
	BUILD(&t.b, "https://shop.example/", KEPT, .at_ms = 300, .status = 200, .body = "x");
	assert_true(has_evidence(&t, 3, "cookie: seen\n"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "http-redirect certain https://click.example/gate\n"
		       "http-redirect certain https://click.example/gate\n"
		       "http-redirect certain https://shop.example/\n");
}

static void redirect_limit(void **state)
{
	(void)state;
	struct test t;
	setup(&t, "https://h.example/0");
	for (int i = 0; i <= 20; i++) {
		char url[64], next[64];
		snprintf(url, sizeof url, "https://h.example/%d", i);
		snprintf(next, sizeof next, "/%d", i + 1);
		BUILD(&t.b, url, KEPT, .at_ms = (int64_t)i * 50, .status = 302,
			.location = next);
	}
	derive(&t);
	assert_int_equal(t.set.n, 1);
	assert_int_equal(t.set.trails[0].n_hops, 21);
	assert_int_equal(t.set.trails[0].ended_by, ENDED_LOOP);
	teardown(&t);
	/* A limit that was raised: the chain goes on and lands. */
	setup(&t, "https://h.example/0");
	for (int i = 0; i <= 30; i++) {
		char url[64], next[64];
		snprintf(url, sizeof url, "https://h.example/%d", i);
		snprintf(next, sizeof next, "/%d", i + 1);
		BUILD(&t.b, url, KEPT, .at_ms = (int64_t)i * 50, .status = i < 30 ? 302 : 200,
			.location = i < 30 ? next : NULL, .body = "x");
	}
	derive(&t);
	assert_int_equal(t.set.trails[0].n_hops, 31);
	assert_int_equal(t.set.trails[0].ended_by, ENDED_PAGE);
	teardown(&t);
}

static void self_redirect_without_end(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	for (int i = 0; i <= 20; i++)
		BUILD(&t.b, LINK, KEPT, .at_ms = (int64_t)i * 50, .status = 302,
			.location = "");
	derive(&t);
	assert_int_equal(t.set.n, 1);
	assert_int_equal(t.set.trails[0].n_hops, 21);
	assert_int_equal(t.set.trails[0].ended_by, ENDED_LOOP);
	teardown(&t);
}

static void two_locations(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = "/a", .headers = "Location: /b\r\n");
	trails_are(&t, "error\nopen certain https://click.example/t?id=1\n");
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = "http://",
		.body = "<script>location='/x'</script>");
	trails_are(&t, "error\nopen certain https://click.example/t?id=1\n");
}

/* A Location that was never asked for is no hop; what the body says is not shown. */
static void hidden_body(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = "/real",
		.headers = "Refresh: 0;url=/no\r\n",
		.body = "<meta http-equiv=refresh "
			"content='0;url=/no'><script>location='/no'</script>");
	BUILD(&t.b, "https://click.example/real", KEPT, .at_ms = 100, .status = 200,
		.body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "http-redirect certain https://click.example/real\n");
	/* Without Location the body of a 302 is a page like any other. */
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .body = "<script>location='/sb'</script>");
	BUILD(&t.b, "https://click.example/sb", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 100, .referer = LINK, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://click.example/sb\n");
}

/* The redirect's target, but a person's gesture that the redirect did not have: something else
 * did it. */
static void headers_that_do_not_fit(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = "https://b.example/");
	BUILD(&t.b, "https://b.example/", .kind = BUILD_SCRIPTED, .at_ms = 100, .status = 200,
		.body = "x");
	derive(&t);
	assert_int_equal(t.set.trails[0].hops[1].confidence, CONFIDENCE_POSSIBLE);
	assert_true(has_evidence(&t, 2, "against: a redirect would have kept"));
	teardown(&t);
}

static void hsts(void **state)
{
	(void)state;
	struct test t;
	setup(&t, "https://h.example/");
	BUILD(&t.b, "https://h.example/", .status = 302, .location = "https://r.example/",
		.headers = "Strict-Transport-Security: max-age=9; includeSubDomains\r\n");
	BUILD(&t.b, "https://r.example/", KEPT, .at_ms = 90, .status = 302,
		.location = "http://sub.h.example/x#f");
	BUILD(&t.b, "https://sub.h.example/x", KEPT, .at_ms = 190, .status = 200, .body = "x");
	assert_true(has_evidence(
		&t, 4, "strict-transport-security: max-age=9; includeSubDomains\n"));
	trails_are(&t, "page\n"
		       "open certain https://h.example/\n"
		       "http-redirect certain https://r.example/\n"
		       "http-redirect certain http://sub.h.example/x#f off-wire\n"
		       "hsts-upgrade certain https://sub.h.example/x\n");
	/* Nobody saw the header: it may be https-first or the preload list. */
	setup(&t, "http://h.example/");
	BUILD(&t.b, "https://h.example/", .status = 200, .body = "x");
	assert_non_null(alternative(&t, 2, MECHANISM_HTTPS_FIRST));
	trails_are(&t, "page\n"
		       "open certain http://h.example/ off-wire\n"
		       "hsts-upgrade possible https://h.example/\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_redirects),
		cmocka_unit_test(redirects_over_http),
		cmocka_unit_test(statuses_that_do_not_redirect),
		cmocka_unit_test(methods_over_redirects),
		cmocka_unit_test(cookie_gate),
		cmocka_unit_test(redirect_limit),
		cmocka_unit_test(self_redirect_without_end),
		cmocka_unit_test(two_locations),
		cmocka_unit_test(hidden_body),
		cmocka_unit_test(headers_that_do_not_fit),
		cmocka_unit_test(hsts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
