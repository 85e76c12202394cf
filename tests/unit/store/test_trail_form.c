/* Forms: by script, by a person, and requests that do not fit them. */
#include "tests/kit/trail_case.h"

#include <stdio.h>

static void form_posted_by_script(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = FORM_PAGE "<script>f.submit()</script>");
	BUILD(&t.b, "https://b.example/in", POSTED, .form = "tok=a+b%26c",
		.origin = "https://click.example", .referer = "https://click.example/",
		.status = 303, .location = "/landing");
	BUILD(&t.b, "https://b.example/landing", .kind = BUILD_SCRIPTED, .at_ms = 200,
		.referer = "https://click.example/", .status = 200, .body = "x");
	assert_true(has_evidence(&t, 2, "form-field: tok=a b&c\nscript-submit: f.submit(\n"));
	assert_true(has_evidence(&t, 2, "origin: https://click.example\n"));
	assert_true(has_evidence(&t, 3, "method: GET\n"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "form certain https://b.example/in POST\n"
		       "http-redirect certain https://b.example/landing\n");
}

static void form_sent_by_a_person(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = FORM_PAGE);
	BUILD(&t.b, "https://b.example/in", .kind = BUILD_CLICKED, .method = "POST",
		.at_ms = 900, .form = "tok=a+b%26c", .origin = "https://click.example",
		.status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "user certain https://b.example/in POST\n");
}

static void form_by_get(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<form action='/go?dropped=1'><input type=hidden name=k value=v><input "
			"name=q></form>"
			"<script>document.forms[0].submit()</script>");
	BUILD(&t.b, "https://click.example/go?k=v&q=", .kind = BUILD_SCRIPTED,
		.site = "same-origin", .at_ms = 100, .referer = LINK, .status = 200,
		.body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "form likely https://click.example/go?k=v&q=\n");
}

/* A POST to the form's action with other values, and from another origin. */
static void form_that_does_not_fit(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = FORM_PAGE "<script>f.submit()</script>");
	BUILD(&t.b, "https://b.example/in", POSTED, .form = "other=1",
		.origin = "https://click.example", .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "form possible https://b.example/in POST\n");
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = FORM_PAGE "<script>f.submit()</script>");
	BUILD(&t.b, "https://b.example/in", POSTED, .form = "other=1",
		.origin = "https://evil.example", .status = 200, .body = "x");
	derive(&t);
	assert_int_not_equal(t.set.trails[0].hops[1].mechanism, MECHANISM_FORM);
	teardown(&t);
	/* A GET of what the form would have posted to. */
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = FORM_PAGE "<script>f.submit()</script>");
	BUILD(&t.b, "https://b.example/in", .kind = BUILD_SCRIPTED, .at_ms = 100, .status = 200,
		.body = "x");
	const struct trail_alternative *alt = alternative(&t, 2, MECHANISM_FORM);
	assert_non_null(alt);
	assert_string_equal(alt->why, "that form is sent by POST");
	assert_int_not_equal(t.set.trails[0].hops[1].mechanism, MECHANISM_FORM);
	teardown(&t);
}

/* Two forms to the same place: the one whose hidden value was sent. */
static void two_forms(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<form method=post action=https://b.example/in><input type=hidden "
			"name=tok value=no></form>" FORM_PAGE "<script>f.submit()</script>");
	BUILD(&t.b, "https://b.example/in", POSTED, .form = "tok=a+b%26c",
		.origin = "https://click.example", .status = 200, .body = "x");
	assert_true(has_evidence(&t, 2, "form-action: <form id=f method=post"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "form certain https://b.example/in POST\n");
}

/* A page would have gone there by itself, but the request says that no page made it. */
static void opened_from_outside(void **state)
{
	(void)state;
	struct test t;
	setup(&t, NULL);
	BUILD(&t.b, "https://a.example/", .status = 200,
		.body = "<meta http-equiv=refresh content='0;url=/x'>");
	BUILD(&t.b, "https://a.example/x", .kind = BUILD_SCRIPTED, .site = "none", .at_ms = 500,
		.status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open likely https://a.example/\n"
		       "page\n"
		       "open possible https://a.example/x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(form_posted_by_script),
		cmocka_unit_test(form_sent_by_a_person),
		cmocka_unit_test(form_by_get),
		cmocka_unit_test(form_that_does_not_fit),
		cmocka_unit_test(two_forms),
		cmocka_unit_test(opened_from_outside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
