/* How trails end. */
#include "tests/kit/trail_case.h"

#include <stdio.h>

static const struct {
	struct build_exchange last;
	enum trail_end end;
} end_rows[] = {
	{{.status = 200, .body = "<p>hi"}, ENDED_PAGE},
	{{.status = 404, .body = "<p>gone"}, ENDED_PAGE},
	{{.status = 500}, ENDED_PAGE},
	{{.status = 200, .type = "application/pdf", .body = "%PDF"}, ENDED_PAGE},
	{{.status = 200, .type = "text/plain", .body = "x"}, ENDED_PAGE},
	{{.status = 200, .type = "application/zip", .body = "PK"}, ENDED_DOWNLOAD},
	{{.status = 200, .type = "application/x-msdownload", .body = "MZ"}, ENDED_DOWNLOAD},
	{{.status = 200, .type = "text/csv", .body = "a,b"}, ENDED_DOWNLOAD},
	{{.status = 200,
		 .headers = "Content-Disposition: ATTACHMENT; filename=x.html\r\n",
		 .body = "<p>"},
		ENDED_DOWNLOAD},
	{{.status = 200, .headers = "Content-Disposition: inline\r\n", .body = "<p>"},
		ENDED_PAGE},
	{{.status = 302, .location = "intent://x#Intent;scheme=https;end"}, ENDED_HANDOFF},
	{{.status = 302, .location = "mailto:a@b"}, ENDED_HANDOFF},
	{{.status = 302, .location = "itms-apps://apps.example/1"}, ENDED_HANDOFF},
	{{.status = 200, .headers = "Refresh: 0;url=tg://resolve?domain=x\r\n", .body = "x"},
		ENDED_HANDOFF},
	{{.status = 200, .body = "<script>location='market://details?id=x'</script>"},
		ENDED_HANDOFF},
	{{.status = 200, .body = "<a href=mailto:a@b>mail us</a>"}, ENDED_PAGE},
	{{.status = 200, .body = "<button onclick=\"location='whatsapp://send'\">"},
		ENDED_PAGE},
	{{.status = 200, .body = "<script>function m(){location='mailto:a@b'}</script>"},
		ENDED_PAGE},
	{{.status = 302, .location = "javascript:alert(1)"}, ENDED_CLOSED},
	{{.status = 401, .headers = "WWW-Authenticate: Basic\r\n"}, ENDED_GATE},
	{{.status = 403,
		 .body = "<script "
			 "src=https://challenges.cloudflare.com/x.js></script>"},
		ENDED_GATE},
	{{.status = 403, .headers = "cf-mitigated: challenge\r\n", .body = "x"}, ENDED_GATE},
	{{.status = 403, .body = "<p>forbidden"}, ENDED_PAGE},
	{{.status = 200,
		 .body = "<form method=post><input name=u><input type=password "
			 "name=p></form>"},
		ENDED_GATE},
	{{.status = 200,
		 .body = "<script "
			 "src=https://www.google.com/recaptcha/api.js></script><form>"},
		ENDED_PAGE},
	{{.status = 502, .made_by = "clicktrail", .end = "cert-invalid", .body = "x"},
		ENDED_ERROR},
	{{.status = 0, .end = "origin-silent"}, ENDED_ERROR},
	{{.status = 0, .end = ""}, ENDED_CLOSED},
};

static void ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof end_rows / sizeof *end_rows; i++) {
		struct test t;
		struct build_exchange last = end_rows[i].last;
		setup(&t, "https://a.example/");
		BUILD(&t.b, "https://a.example/", .status = 302,
			.location = "https://b.example/");
		last.url = "https://b.example/";
		last.at_ms = 100;
		build_exchange(&t.b, &last);
		derive(&t);
		assert_int_equal(t.set.n, 1);
		/* What another program was to open is a hop of its own. */
		assert_int_equal(
			t.set.trails[0].n_hops, end_rows[i].end == ENDED_HANDOFF ? 3 : 2);
		if (t.set.trails[0].ended_by != end_rows[i].end)
			fail_msg("row %zu: %s", i, trail_end_word(t.set.trails[0].ended_by));
		if (last.made_by != NULL || last.status == 0)
			assert_true(t.set.trails[0].hops[1].status == FACT_NULL);
		if (end_rows[i].end == ENDED_HANDOFF)
			assert_true(t.set.trails[0].handoff_url.n > 0);
		teardown(&t);
	}
}

/* A person has the password: the 401 is a note of the hop, no hop of its own. */
static void login_by_header(void **state)
{
	(void)state;
	struct test t;
	setup(&t, NULL);
	BUILD(&t.b, LINK, .status = 302, .location = "/in");
	BUILD(&t.b, "https://click.example/in", KEPT, .at_ms = 100, .status = 401);
	BUILD(&t.b, "https://click.example/in", KEPT, .at_ms = 9000,
		.more = "Authorization: Basic eA==\r\n", .status = 200,
		.body = "<script>location='/x'</script>");
	BUILD(&t.b, "https://click.example/x", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 9100, .referer = "https://click.example/in", .status = 200,
		.body = "x");
	assert_true(has_note(&t, "hop 2: answered 401 at first (exchange 2)"));
	trails_are(&t, "page\n"
		       "open likely https://click.example/t?id=1\n"
		       "http-redirect certain https://click.example/in\n"
		       "script certain https://click.example/x\n");
}

/* 204 leaves the browser where it was. */
static void no_content(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "<script>location='/204'</script>");
	BUILD(&t.b, "https://click.example/204", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 100, .referer = LINK, .status = 204);
	derive(&t);
	assert_true(span_is(t.set.trails[0].final_url, LINK));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://click.example/204 204\n");
}

static void session_ends(void **state)
{
	(void)state;
	static const struct {
		const char *reason;
		int status;
		enum trail_end end;
	} rows[] = {{"page", 200, ENDED_PAGE}, {"timeout", 200, ENDED_TIMEOUT},
		{"closed", 200, ENDED_CLOSED}, {"timeout", 401, ENDED_GATE},
		{"timeout", 0, ENDED_TIMEOUT}, {"closed", 0, ENDED_CLOSED}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t;
		setup(&t, LINK);
		BUILD(&t.b, LINK, .status = rows[i].status,
			.end = rows[i].status == 0 ? "" : NULL);
		build_session_end(&t.b, 60000, rows[i].reason);
		derive(&t);
		assert_int_equal(t.set.trails[0].ended_by, rows[i].end);
		assert_int_equal(t.set.trails[0].recording_complete, rows[i].status != 0);
		teardown(&t);
	}
}

/* What the user allowed or changed stands beside the trail, and why its last hop failed. */
static void circumstances(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = "/b");
	BUILD(&t.b, "https://click.example/b", KEPT, .at_ms = 100, .status = 502,
		.made_by = "clicktrail", .end = "refused-address");
	build_note(&t.b, FACT_NULL, "no-sandbox", "--no-sandbox");
	build_note(&t.b, FACT_NULL, "no-sandbox", "--no-sandbox");
	build_note(&t.b, FACT_NULL, "link-changed", "a=b");
	build_note(&t.b, FACT_NULL, "instrumented", "--instrument");
	struct fact_handshake h;
	fact_init(FACT_KIND_HANDSHAKE, &h);
	h.session = t.b.session;
	h.tunnel = t.b.model.exchanges[0]->tunnel;
	h.leg = t.b.model.exchanges[0]->leg;
	h.verified = 0;
	h.permitted = 1;
	h.verify_error = span_str("expired\x1b");
	model_add(&t.b.model, FACT_KIND_HANDSHAKE, ++t.b.seq, &h);
	derive(&t);
	assert_true(has_note(&t, "hop 1: its certificate did not verify (expired\\x1b) and was "
				 "let pass by --permit-bad-cert"));
	assert_true(has_note(&t, "without namespaces"));
	assert_true(has_note(&t, "changed before it was sent"));
	assert_true(has_note(&t, "instrumented: pages can tell"));
	assert_false(has_note(&t, "hop 2: its certificate"));
	assert_int_equal(t.set.trails[0].n_notes, 4);
	teardown(&t);
}

static void page_that_reloads_itself(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	for (int i = 0; i < 6; i++)
		BUILD(&t.b, LINK, .kind = i == 0 ? BUILD_TYPED : BUILD_SCRIPTED,
			.at_ms = (int64_t)i * 1500, .referer = i == 0 ? NULL : LINK,
			.site = i == 0 ? NULL : "same-origin", .status = 200,
			.headers = "Refresh: 1\r\n", .body = "x");
	derive(&t);
	assert_int_equal(t.set.trails[0].n_hops, 6);
	assert_int_equal(t.set.trails[0].hops[5].mechanism, MECHANISM_REFRESH_HEADER);
	assert_int_equal(t.set.trails[0].ended_by, ENDED_LOOP);
	struct trail_pending p;
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_true(p.due_us == FACT_NULL);
	teardown(&t);
}

/* The origin said nothing, and the browser asked once more by itself. */
static void retry(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = "/b");
	BUILD(&t.b, "https://click.example/b", KEPT, .at_ms = 100, .status = 0,
		.end = "origin-silent");
	BUILD(&t.b, "https://click.example/b", KEPT, .at_ms = 300, .status = 200, .body = "x");
	assert_true(has_note(&t, "hop 3: the browser asked again for what hop 2 did not get"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "http-redirect certain https://click.example/b no-status\n"
		       "http-redirect likely https://click.example/b\n");
}

static void target_out_of_reach(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = "https://dead.example/x");
	struct trail_pending p;
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_string_equal(p.what, "location");
	assert_true(span_is(p.target, "https://dead.example/x"));
	build_connect(&t.b, 90, "dead.example", 443, "refused-address");
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_true(p.due_us == FACT_NULL && !p.in_flight);
	assert_true(has_note(
		&t, "dead.example:443 next, which could not be reached: refused-address"));
	trails_are(&t, "error\nopen certain https://click.example/t?id=1\n");
}

/* --no-intercept: the browser came to the origin, and they did not come to terms. */
static void no_terms_with_the_target(void **state)
{
	(void)state;
	static const struct {
		const char *outcome;
		bool broken;
	} rows[] = {{"cert-invalid", true}, {"origin-tls", true}, {"ok", false},
		{"shutdown", false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t;
		struct trail_pending p;
		setup(&t, LINK);
		BUILD(&t.b, LINK, .status = 302, .location = "https://odd.example/x");
		build_connect(&t.b, 90, "odd.example", 443, "ok");
		build_handshake(&t.b, 95, rows[i].outcome, "the browser refused it");
		trail_pending(&t.b.model, 1, &t.a, &p);
		assert_int_equal(p.due_us == FACT_NULL, rows[i].broken);
		assert_int_equal(has_note(&t, "the browser went to where hop 1 leads, and the "
					      "TLS handshake failed"),
			rows[i].broken);
		trails_are(&t, rows[i].broken
				       ? "error\nopen certain https://click.example/t?id=1\n"
				       : "closed\nopen certain "
					 "https://click.example/t?id=1\n");
	}
}

/* And of the link itself, of which nothing is known but that. */
static void no_terms_with_the_link(void **state)
{
	(void)state;
	static const struct {
		const char *outcome, *host;
		bool asked, refused;
	} rows[] = {{"cert-invalid", "click.example", false, true},
		{"cert-invalid", "click.example", true, false}, /* it came by another one */
		{"cert-invalid", "other.example", false, false},
		{"origin-tls", "click.example", false, false}, /* it will be tried again */
		{"ok", "click.example", false, false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t;
		struct trail_pending p;
		setup(&t, LINK);
		build_connect(&t.b, 90, rows[i].host, 443, "ok");
		build_handshake(&t.b, 95, rows[i].outcome, "the browser refused it");
		if (rows[i].asked)
			BUILD(&t.b, LINK, .status = 200);
		trail_pending(&t.b.model, 1, &t.a, &p);
		assert_int_equal(p.refused != NULL, rows[i].refused);
		assert_true(p.due_us == FACT_NULL && !p.in_flight);
		trails_are(&t, rows[i].asked
				       ? "page\nopen certain https://click.example/t?id=1\n"
				       : "");
	}
}

static void bodies_not_stored(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	int64_t id = BUILD(&t.b, LINK, .status = 200, .body = "x", .end = "");
	struct fact_exchange_end f;
	fact_init(FACT_KIND_EXCHANGE_END, &f);
	f.session = 1;
	f.exchange = id;
	f.at_us = BUILD_EPOCH_US + 90000;
	f.reason = span_str("ok");
	f.res_size = 10;
	f.res_stored = 4;
	model_add(&t.b.model, FACT_KIND_EXCHANGE_END, 99, &f);
	trails_are(&t, "page incomplete\nopen certain https://click.example/t?id=1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends),
		cmocka_unit_test(login_by_header),
		cmocka_unit_test(no_content),
		cmocka_unit_test(session_ends),
		cmocka_unit_test(circumstances),
		cmocka_unit_test(page_that_reloads_itself),
		cmocka_unit_test(retry),
		cmocka_unit_test(target_out_of_reach),
		cmocka_unit_test(no_terms_with_the_target),
		cmocka_unit_test(no_terms_with_the_link),
		cmocka_unit_test(bodies_not_stored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
