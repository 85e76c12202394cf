/* Script: URLs found in pages, files and answers; and what is left by exclusion. */
#include "tests/kit/trail_case.h"

#include <stdio.h>

static void script_in_page(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<script>var "
			"u=atob('aHR0cHM6Ly9iLmV4YW1wbGUvaGlkZGVu');setTimeout(function(){"
			"location=u},500)</script>");
	BUILD(&t.b, "https://b.example/hidden", .kind = BUILD_SCRIPTED, .at_ms = 700,
		.referer = "https://click.example/", .status = 200, .body = "x");
	assert_true(has_evidence(&t, 2, "script-location: location=u\ncoding: base64\n"));
	assert_true(has_evidence(&t, 2, "announced after 0.500 s\n"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://b.example/hidden\n");
}

/* In a script file, and in an answer that a script asked for: whose page it was, the Referer
 * says. */
static void script_elsewhere(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "<script src=//cdn.example/x.js></script>");
	BUILD(&t.b, "https://cdn.example/x.js", .kind = BUILD_SCRIPT, .at_ms = 60,
		.referer = "https://click.example/", .status = 200, .type = "text/javascript",
		.body = "top.location.href='https://b.example/s'");
	BUILD(&t.b, "https://b.example/s", .kind = BUILD_SCRIPTED, .at_ms = 200, .status = 200,
		.body = "<script>fetch('/next').then(r=>r.json()).then(j=>{location=j.go})</"
			"script>");
	BUILD(&t.b, "https://b.example/next", .kind = BUILD_FETCH, .at_ms = 300,
		.site = "same-origin", .referer = "https://b.example/s", .status = 200,
		.type = "application/json", .body = "{\"go\":\"https:\\/\\/c.example\\/end\"}");
	BUILD(&t.b, "https://c.example/end", .kind = BUILD_SCRIPTED, .at_ms = 400,
		.status = 200, .body = "x");
	assert_true(has_evidence(
		&t, 2, "script-location: top.location.href='https://b.example/s'\n"));
	assert_true(has_evidence(&t, 3, "script-url: \"https:\\/\\/c.example\\/end\"\n"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://b.example/s\n"
		       "script likely https://c.example/end\n");
}

/* Firefox loads again in the words of the first time; a person may do so as well. */
static void script_reloads(void **state)
{
	(void)state;
	struct test t;
	for (int attended = 0; attended < 2; attended++) {
		setup(&t, attended ? NULL : LINK);
		BUILD(&t.b, LINK, .kind = BUILD_TYPED, .status = 200,
			.body = "<script>location.reload()</script>");
		BUILD(&t.b, LINK, .kind = BUILD_SCRIPTED, .site = "none", .at_ms = 100,
			.status = 200, .body = "x");
		trails_are(&t, attended ? "page\n"
					  "open likely https://click.example/t?id=1\n"
					  "script likely https://click.example/t?id=1\n"
					: "page\n"
					  "open certain https://click.example/t?id=1\n"
					  "script certain https://click.example/t?id=1\n");
	}
}

/* A frame whose document stands in the page: its script moves the page, its refresh itself. */
static void script_in_srcdoc(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<iframe srcdoc=\"<meta http-equiv=refresh "
			"content='0;url=//m.example/'>"
			"<script>top.location='https://b.example/'</script>\"></iframe>");
	BUILD(&t.b, "https://b.example/", .kind = BUILD_SCRIPTED, .at_ms = 100, .status = 200,
		.body = "x");
	BUILD(&t.b, "https://m.example/", .kind = BUILD_SCRIPTED, .at_ms = 200, .status = 200,
		.body = "x");
	assert_true(has_evidence(&t, 2, "script-location: \"<meta http-equiv"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://b.example/\n"
		       "unknown possible https://m.example/\n");
}

static void script_with_a_token(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<script>location='https://b.example/go?t='+make()</script>");
	BUILD(&t.b, "https://b.example/go?t=8f3a", .kind = BUILD_SCRIPTED, .at_ms = 100,
		.status = 200, .body = "x");
	assert_true(has_evidence(&t, 2, "script-prefix: location='https://b.example/go?t='"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script likely https://b.example/go?t=8f3a\n");
}

/* Nothing in sight names the URL: what is left, and how much that is. */
static void by_exclusion(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "<script>go(secret)</script>");
	BUILD(&t.b, "https://b.example/1", .kind = BUILD_SCRIPTED, .at_ms = 100,
		.referer = "https://click.example/", .status = 200,
		.body = "<script>x()</script>");
	BUILD(&t.b, "https://c.example/2", .kind = BUILD_SCRIPTED, .at_ms = 200, .status = 200,
		.body = "<p>plain");
	BUILD(&t.b, "https://d.example/3", .kind = BUILD_SCRIPTED, .at_ms = 300, .status = 200,
		.body = "<p>plain");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script likely https://b.example/1\n"
		       "script possible https://c.example/2\n"
		       "unknown possible https://d.example/3\n");
}

static void scripted_click_and_window(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<a id=a "
			"href=https://b.example/>x</"
			"a><script>document.getElementById('a').click()</script>");
	BUILD(&t.b, "https://b.example/", .kind = BUILD_SCRIPTED, .at_ms = 100, .status = 200,
		.body = "<script>window.open('https://c.example/','_blank')</script>");
	BUILD(&t.b, "https://c.example/", .kind = BUILD_SCRIPTED, .at_ms = 200, .status = 200,
		.body = "x");
	assert_true(has_evidence(&t, 2, "script-click: document.getElementById('a').click("));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script likely https://b.example/\n"
		       "window likely https://c.example/\n");
}

static void reload(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .headers = "Set-Cookie: js=1\r\n",
		.body = "<script>document.cookie='x=1';location.reload()</script>");
	BUILD(&t.b, LINK, .kind = BUILD_SCRIPTED, .site = "same-origin", .at_ms = 100,
		.cookie = "js=1; x=1", .referer = LINK, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://click.example/t?id=1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(script_in_page),
		cmocka_unit_test(script_elsewhere),
		cmocka_unit_test(script_reloads),
		cmocka_unit_test(script_in_srcdoc),
		cmocka_unit_test(script_with_a_token),
		cmocka_unit_test(by_exclusion),
		cmocka_unit_test(scripted_click_and_window),
		cmocka_unit_test(reload),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
