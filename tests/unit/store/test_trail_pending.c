/* What is still to come, and sessions that grow. */
#include "tests/kit/trail_case.h"

#include <stdio.h>

static void pending(void **state)
{
	(void)state;
	static const struct {
		struct build_exchange page;
		const char *what; /* NULL: nothing */
		int64_t delay_ms;
	} rows[] = {
		{{.body = "<p>done"}, NULL, 0},
		{{.headers = "Refresh: 7;url=/x\r\n", .body = "x"}, "refresh-header", 7000},
		{{.body = "<meta http-equiv=refresh content='3;url=/x'>"}, "meta-refresh",
			3000},
		{{.body = "<noscript><meta http-equiv=refresh content='3;url=/x'></noscript>"},
			NULL, 0},
		{{.body = "<script>setTimeout(function(){location='/x'},4000)</script>"},
			"timer", 4000},
		{{.body = "<script>setTimeout(function(){f.submit()},4000)</script>"}, "timer",
			4000},
		{{.body = "<script>setTimeout(function(){blink()},4000)</script>"}, NULL, 0},
		{{.body = "<meta http-equiv=refresh content='600'>"}, NULL, 0},
		{{.headers = "Refresh: 5;url=mailto:a@b\r\n", .body = "x"}, NULL, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t;
		struct trail_pending p;
		struct build_exchange page = rows[i].page;
		setup(&t, LINK);
		page.url = LINK;
		page.status = 200;
		build_exchange(&t.b, &page);
		trail_pending(&t.b.model, 1, &t.a, &p);
		assert_false(p.in_flight);
		if (rows[i].what == NULL) {
			if (p.due_us != FACT_NULL)
				fail_msg("row %zu: %s", i, p.what);
		} else {
			assert_string_equal(p.what, rows[i].what);
			int64_t loaded = BUILD_EPOCH_US + INT64_C(40) * 1000;
			assert_true(p.due_us >= loaded + rows[i].delay_ms * 1000);
			assert_true(p.due_us <= loaded + (rows[i].delay_ms + 3000) * 1000);
		}
		teardown(&t);
	}
}

static void pending_in_flight(void **state)
{
	(void)state;
	struct test t;
	struct trail_pending p;
	setup(&t, LINK);
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_true(!p.in_flight && p.due_us == FACT_NULL);
	BUILD(&t.b, LINK, .status = 200, .body = "x", .end = "");
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_true(p.in_flight);
	teardown(&t);
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "<script src=/x.js></script>");
	BUILD(&t.b, "https://click.example/x.js", .kind = BUILD_SCRIPT, .at_ms = 60,
		.referer = LINK, .end = "");
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_string_equal(p.what, "sub-resource");
	/* It came: what it says counts, from when it came. */
	teardown(&t);
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "<script src=/x.js></script>");
	BUILD(&t.b, "https://click.example/x.js", .kind = BUILD_SCRIPT, .at_ms = 5000,
		.referer = LINK, .status = 200, .type = "text/javascript",
		.body = "setTimeout(\"location='/late'\",3000)");
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_string_equal(p.what, "timer");
	assert_true(span_is(p.target, "https://click.example/late"));
	assert_true(p.due_us >= BUILD_EPOCH_US + INT64_C(8000000));
	/* It happened: nothing is pending any more. */
	BUILD(&t.b, "https://click.example/late", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 8100, .referer = LINK, .status = 200, .body = "end");
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_true(p.due_us == FACT_NULL && !p.in_flight);
	teardown(&t);
}

/* The same after every fact as when it is all there at once; cues of a body that came late
 * count. */
static void growing(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	int64_t id = BUILD(&t.b, LINK, .status = 200, .body = "<script>location='/x'</script>",
		.body_not_loaded = true);
	derive(&t);
	assert_int_equal(t.set.trails[0].n_hops, 1);
	BUILD(&t.b, "https://click.example/x", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 100, .referer = LINK, .status = 200, .body = "x");
	derive(&t);
	assert_int_equal(t.set.trails[0].hops[1].mechanism, MECHANISM_UNKNOWN);
	struct model_exchange *x = model_exchange(&t.b.model, id);
	assert_true(model_wants_body(x, SIDE_RESPONSE));
	model_set_body(
		&t.b.model, x, SIDE_RESPONSE, span_str("<script>location='/x'</script>"), true);
	assert_false(model_wants_body(x, SIDE_RESPONSE));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://click.example/x\n");
}

static void claimed(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK "&url=https%3A%2F%2Fshop.example%2F%3Fa%3D1");
	BUILD(&t.b, LINK "&url=https%3A%2F%2Fshop.example%2F%3Fa%3D1", .status = 302,
		.location = "https://evil.example/");
	BUILD(&t.b, "https://evil.example/", KEPT, .at_ms = 100, .status = 200, .body = "x");
	derive(&t);
	assert_int_equal(t.set.trails[0].n_hops, 2);
	assert_true(
		span_is(t.set.trails[0].hops[0].claimed_target, "https://shop.example/?a=1"));
	assert_null(t.set.trails[0].hops[1].claimed_target.p);
	teardown(&t);
}

static void all_sessions(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "x");
	t.b.session = 2;
	build_session(&t.b, "trace", LINK, "firefox");
	BUILD(&t.b, LINK, .at_ms = 9000, .status = 200, .body = "x");
	trail_derive(&t.b.model, 0, &t.a, &t.set);
	assert_int_equal(t.set.n, 2);
	assert_int_equal(t.set.trails[0].session, 1);
	assert_int_equal(t.set.trails[1].session, 2);
	assert_int_equal(t.set.trails[1].number, 1);
	teardown(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pending),
		cmocka_unit_test(pending_in_flight),
		cmocka_unit_test(growing),
		cmocka_unit_test(claimed),
		cmocka_unit_test(all_sessions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
