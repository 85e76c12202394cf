/* Hops that never hit the wire: a redirect remembered, a page that a worker or a script made,
 * an address that a script put into the bar, a page fetched in advance; and what is not
 * invented.
 */
#include "tests/kit/trail_case.h"

#include <stdlib.h>

#define B "https://b.example/"

static void remembered_redirect(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = B "r");
	BUILD(&t.b, B "r", KEPT, .at_ms = 50, .status = 301, .location = "https://c.example/");
	BUILD(&t.b, "https://c.example/", KEPT, .at_ms = 100, .status = 200,
		.body = "<script>location='" B "r'</script>");
	BUILD(&t.b, "https://c.example/", .kind = BUILD_SCRIPTED, .at_ms = 200, .status = 200,
		.body = "x");
	assert_true(has_evidence(&t, 4, "script-location: location='https://b.example/r'\n"));
	assert_true(has_evidence(&t, 5, "location: https://c.example/\n"));
	assert_true(has_evidence(&t, 5, "cache-control: none"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "http-redirect certain https://b.example/r\n"
		       "http-redirect certain https://c.example/\n"
		       "script likely https://b.example/r off-wire\n"
		       "cached-redirect likely https://c.example/\n");
}

/* Two of them in a row; and one that may not be kept explains nothing. */
static void remembered_redirects(void **state)
{
	(void)state;
	struct test t;
	for (int kept = 0; kept < 2; kept++) {
		setup(&t, LINK);
		BUILD(&t.b, LINK, .status = 302, .location = B "1");
		BUILD(&t.b, B "1", KEPT, .at_ms = 50, .status = 302, .location = B "2",
			.headers = kept ? "Cache-Control: max-age=600\r\n" : NULL);
		BUILD(&t.b, B "2", KEPT, .at_ms = 100, .status = 308,
			.location = "https://c.example/");
		BUILD(&t.b, "https://c.example/", KEPT, .at_ms = 150, .status = 200,
			.body = "<meta http-equiv=refresh content='0;url=" B "1'>");
		BUILD(&t.b, "https://c.example/", .kind = BUILD_SCRIPTED, .at_ms = 300,
			.status = 200, .body = "x");
		trails_are(&t, kept ? "page\n"
				      "open certain https://click.example/t?id=1\n"
				      "http-redirect certain https://b.example/1\n"
				      "http-redirect certain https://b.example/2\n"
				      "http-redirect certain https://c.example/\n"
				      "meta-refresh likely https://b.example/1 off-wire\n"
				      "cached-redirect likely https://b.example/2 off-wire\n"
				      "cached-redirect likely https://c.example/\n"
				    : "page\n"
				      "open certain https://click.example/t?id=1\n"
				      "http-redirect certain https://b.example/1\n"
				      "http-redirect certain https://b.example/2\n"
				      "http-redirect certain https://c.example/\n"
				      "unknown possible https://c.example/\n");
	}
}

#define WORKER_PAGE                                                                            \
	"<script>navigator.serviceWorker.register('/sw.js').then(()=>{location='/go'})</"      \
	"script>"
#define WORKER                                                                                 \
	.kind = BUILD_WORKER, .site = "same-origin", .referer = LINK, .at_ms = 100,            \
	.status = 200, .type = "text/javascript"

static void worker_redirects(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = WORKER_PAGE);
	BUILD(&t.b, "https://click.example/sw.js", WORKER,
		.body = "onfetch=e=>e.respondWith(Response.redirect('" B "sw'))");
	BUILD(&t.b, B "sw", .kind = BUILD_SCRIPTED, .at_ms = 400, .status = 200, .body = "x");
	assert_true(has_note(&t, "hop 1 registered a service worker (exchange 2)"));
	assert_true(has_evidence(&t, 3, "script-redirect: Response.redirect"));
	assert_true(has_evidence(&t, 3, "service-worker: https://click.example/sw.js\n"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script likely https://click.example/go off-wire\n"
		       "service-worker likely https://b.example/sw\n");
}

/* The page that it made moves the browser by a script of its own. */
static void worker_makes_a_page(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = WORKER_PAGE);
	BUILD(&t.b, "https://click.example/sw.js", WORKER,
		.body = "onfetch=e=>e.respondWith(new "
			"Response(\"<script>location='" B "sw'</script>\"))");
	BUILD(&t.b, B "sw", .kind = BUILD_SCRIPTED, .at_ms = 400, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script likely https://click.example/go off-wire\n"
		       "script certain https://b.example/sw\n");
}

/* A list of addresses to keep moves nobody. */
static void worker_keeps_a_list(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = WORKER_PAGE);
	BUILD(&t.b, "https://click.example/sw.js", WORKER,
		.body = "precache(['/one','" B "sw'])");
	BUILD(&t.b, B "sw", .kind = BUILD_SCRIPTED, .at_ms = 400, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script likely https://b.example/sw\n");
}

static void blob(void **state)
{
	(void)state;
	static const struct {
		const char *script, *referer;
		bool blob;
	} rows[] = {
		/* Markup that a Blob is made of. */
		{"location=URL.createObjectURL(new Blob([\"<script>location='" B
		 "'<\\/script>\"],{type:'text/html'}))",
			NULL, true},
		{"location=URL.createObjectURL(new Blob([\"<script>location='" B
		 "'<\\/script>\"],{type:'text/html'}))",
			"https://click.example/", true},
		/* It may be made of it: only where no page is named. */
		{"var h=\"<script>location='" B
		 "'<\\/script>\";location=URL.createObjectURL(new Blob([h]))",
			NULL, true},
		{"var h=\"<script>location='" B
		 "'<\\/script>\";go(h);a.href=URL.createObjectURL(new Blob([x]))",
			"https://click.example/", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t;
		setup(&t, LINK);
		char *body = arena_printf(&t.a, "<script>%s</script>", rows[i].script);
		BUILD(&t.b, LINK, .status = 200, .body = body);
		BUILD(&t.b, B, .kind = BUILD_SCRIPTED, .at_ms = 100, .referer = rows[i].referer,
			.status = 200, .body = "x");
		trails_are(&t,
			rows[i].blob
				? "page\n"
				  "open certain https://click.example/t?id=1\n"
				  "local-document likely blob:https://click.example/ off-wire\n"
				  "script certain https://b.example/\n"
				: "page\n"
				  "open certain https://click.example/t?id=1\n"
				  "script certain https://b.example/\n");
	}
}

/* Where the markup says http and the browser went by https, that is the step that was unseen.
 */
static void blob_upgraded(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<script>location=URL.createObjectURL(new Blob([\"<script>location="
			"'http://b.example/'<\\/script>\"]))</script>");
	BUILD(&t.b, B, .kind = BUILD_SCRIPTED, .at_ms = 100, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain http://b.example/ off-wire\n"
		       "hsts-upgrade possible https://b.example/\n");
}

static void history(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<link rel=stylesheet href=/a.css><script>history.pushState({a:1},'',"
			"'/article?id=7')</script><img src=/p.png>");
	BUILD(&t.b, "https://click.example/a.css", .kind = BUILD_IMAGE, .at_ms = 40,
		.site = "same-origin", .referer = LINK, .status = 200, .type = "text/css");
	/* A style sheet's pictures name the style sheet. */
	BUILD(&t.b, "https://click.example/bg.png", .kind = BUILD_IMAGE, .at_ms = 60,
		.site = "same-origin", .referer = "https://click.example/a.css", .status = 200,
		.type = "image/png");
	BUILD(&t.b, "https://click.example/p.png", .kind = BUILD_IMAGE, .at_ms = 80,
		.site = "same-origin", .referer = "https://click.example/article?id=7",
		.status = 200, .type = "image/png");
	assert_true(has_evidence(&t, 2, "script-history: history.pushState"));
	assert_true(has_evidence(&t, 2, "referer: https://click.example/article?id=7\n"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "history certain https://click.example/article?id=7 off-wire\n");
	teardown(&t);
}

/* The statement alone says nothing about whether it ran, and an address that nobody asked for
 * may be another tab's. */
static void history_not_seen(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<script>function f(){history.replaceState(0,0,'/x')}</script>");
	BUILD(&t.b, "https://click.example/p.png", .kind = BUILD_IMAGE, .at_ms = 80,
		.site = "same-origin", .referer = LINK, .status = 200, .type = "image/png");
	BUILD(&t.b, "https://click.example/q.png", .kind = BUILD_IMAGE, .at_ms = 90,
		.site = "same-origin", .referer = "https://click.example/", .status = 200,
		.type = "image/png");
	trails_are(&t, "page\nopen certain https://click.example/t?id=1\n");
	setup(&t, NULL);
	BUILD(&t.b, LINK, .status = 200, .body = "<script>f()</script>");
	BUILD(&t.b, "https://click.example/p.png", .kind = BUILD_IMAGE, .at_ms = 80,
		.site = "same-origin", .referer = "https://click.example/elsewhere",
		.status = 200, .type = "image/png");
	trails_are(&t, "page\nopen likely https://click.example/t?id=1\n");
}

/* A page that came out of the prefetch was never asked for again. */
static void prefetched_page(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<link rel=prefetch href=/one><script>location='/one'</script>");
	BUILD(&t.b, "https://click.example/one", .kind = BUILD_PREFETCH, .at_ms = 50,
		.status = 200, .body = "<script>location='" B "'</script>");
	BUILD(&t.b, B, .kind = BUILD_SCRIPTED, .at_ms = 100, .status = 200, .body = "x");
	assert_true(has_evidence(&t, 2, "prefetched: prefetch\n"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script likely https://click.example/one\n"
		       "script certain https://b.example/\n");
	/* The last page, and nothing after it. */
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<link rel=prefetch href=/one><script>location='/one'</script>");
	BUILD(&t.b, "https://click.example/one", .kind = BUILD_PREFETCH, .at_ms = 50,
		.status = 200, .body = "that is it");
	build_session_end(&t.b, 5000, "settled");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script likely https://click.example/one\n");
	/* Nobody went there. */
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "<link rel=prefetch href=/one>");
	BUILD(&t.b, "https://click.example/one", .kind = BUILD_PREFETCH, .at_ms = 50,
		.status = 200, .body = "<script>location='" B "'</script>");
	trails_are(&t, "page\nopen certain https://click.example/t?id=1\n");
}

/* Whoever prefetches without end fills no report. */
static void notes_have_an_end(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "<script>location='/one'</script>");
	for (int i = 0; i < 2 * TRAIL_NOTES_MAX; i++)
		BUILD(&t.b, "https://click.example/one", .kind = BUILD_PREFETCH, .at_ms = 50,
			.status = 200, .body = "x");
	BUILD(&t.b, "https://click.example/one", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 100, .status = 404, .body = "x");
	assert_true(has_note(&t, "more than 299 notes: the rest is left out"));
	assert_int_equal(t.set.trails[0].n_notes, TRAIL_NOTES_MAX);
	teardown(&t);
}

/* A user's own browser tries https for what says http, and goes back where that fails. */
static void https_first(void **state)
{
	(void)state;
	struct test t;
	setup(&t, NULL);
	BUILD(&t.b, "https://a.example/", .status = 302, .location = "http://b.example/x");
	BUILD(&t.b, "https://b.example/x", KEPT, .at_ms = 100, .end = "connect");
	BUILD(&t.b, "http://b.example/x", .at_ms = 400, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open likely https://a.example/\n"
		       "http-redirect certain http://b.example/x off-wire\n"
		       "https-first likely https://b.example/x no-status\n"
		       "https-first likely http://b.example/x\n");
}

static void works_once(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "<meta http-equiv=refresh content='1'>");
	BUILD(&t.b, LINK, .kind = BUILD_SCRIPTED, .site = "same-origin", .at_ms = 1100,
		.status = 404, .body = "gone");
	assert_true(has_note(&t,
		"hop 2: the same request was answered 200 before (exchange 1) and "
		"404 now: the link works once, has a deadline, or answers by turns"));
	teardown(&t);
	/* A cookie gate is none. */
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = LINK,
		.headers = "Set-Cookie: a=1; Max-Age=30\r\n");
	BUILD(&t.b, LINK, KEPT, .cookie = "a=1", .at_ms = 100, .status = 200, .body = "x");
	assert_true(has_note(&t, "a cookie gate"));
	assert_true(
		has_evidence(&t, 2, "cookie-lifetime: a: 30 s, and came back after 0.080 s\n"));
	teardown(&t);
}

static void deadlines(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = B "?expires=1767225660&exp=12");
	BUILD(&t.b, B "?expires=1767225660&exp=12", KEPT, .at_ms = 10000, .status = 302,
		.location =
			"https://s3.example/o?X-Amz-Date=20260101T000000Z&X-Amz-Expires=60");
	BUILD(&t.b, "https://s3.example/o?X-Amz-Date=20260101T000000Z&X-Amz-Expires=60", KEPT,
		.at_ms = 90000, .status = 403, .body = "x");
	assert_true(has_evidence(&t, 2,
		"deadline: expires: the link says that it ends at "
		"2026-01-01T00:01:00.000000Z, 50 s after this request\n"));
	assert_true(has_evidence(&t, 3, "30 s before this request\n"));
	teardown(&t);
}

static void handed_over(void **state)
{
	(void)state;
	struct test t;
	const char *intent = "intent://x.example/p#Intent;scheme=https;package=com.x;"
			     "S.browser_fallback_url=https%3A%2F%2Fb.example%2Ff%3Fa;end";
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = intent);
	assert_true(has_evidence(&t, 2, "intent-package: com.x\n"));
	assert_true(has_evidence(&t, 2, "intent-fallback: https://b.example/f?a\n"));
	struct buf want = {0};
	buf_addf(&want,
		"handoff\nopen certain https://click.example/t?id=1\nhandoff likely %s "
		"off-wire\n",
		intent);
	char *text = buf_take_str(&want);
	trails_are(&t, text);
	free(text);
	/* A phone without the program goes to the fallback. */
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = intent);
	BUILD(&t.b, B "f?a", KEPT, .at_ms = 100, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "http-redirect likely https://b.example/f?a\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembered_redirect),
		cmocka_unit_test(remembered_redirects),
		cmocka_unit_test(worker_redirects),
		cmocka_unit_test(worker_makes_a_page),
		cmocka_unit_test(worker_keeps_a_list),
		cmocka_unit_test(blob),
		cmocka_unit_test(blob_upgraded),
		cmocka_unit_test(history),
		cmocka_unit_test(history_not_seen),
		cmocka_unit_test(prefetched_page),
		cmocka_unit_test(notes_have_an_end),
		cmocka_unit_test(https_first),
		cmocka_unit_test(works_once),
		cmocka_unit_test(deadlines),
		cmocka_unit_test(handed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
