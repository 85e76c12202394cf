/* What is no hop, and trails that must not mix. */
#include "tests/kit/trail_case.h"

#include <stdio.h>

static void sub_resources(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "<img src=/i><iframe src=/f></iframe>");
	BUILD(&t.b, "https://click.example/i", .kind = BUILD_IMAGE, .at_ms = 40,
		.referer = LINK, .status = 302, .location = "https://pixel.example/");
	BUILD(&t.b, "https://pixel.example/", .kind = BUILD_IMAGE, .at_ms = 60, .status = 200,
		.type = "image/gif", .body = "GIF");
	BUILD(&t.b, "https://click.example/f", .kind = BUILD_FRAME, .at_ms = 70,
		.referer = LINK, .status = 302, .location = "https://frame.example/");
	BUILD(&t.b, "https://frame.example/", .kind = BUILD_FRAME, .at_ms = 90, .status = 200,
		.body = "<p>");
	BUILD(&t.b, "https://click.example/api", .kind = BUILD_FETCH, .at_ms = 95,
		.status = 302, .location = "https://api.example/");
	BUILD(&t.b, "https://api.example/", .kind = BUILD_FETCH, .at_ms = 99, .status = 200,
		.body = "{}");
	trails_are(&t, "page\nopen certain https://click.example/t?id=1\n");
	/* The same over http, where only Accept, Priority and Upgrade-Insecure-Requests tell.
	 */
	setup(&t, "http://click.example/");
	BUILD(&t.b, "http://click.example/", .status = 200,
		.body = "<img src=/i><iframe src=/f></iframe>");
	BUILD(&t.b, "http://click.example/i", .kind = BUILD_IMAGE, .at_ms = 40, .status = 302,
		.location = "/j");
	BUILD(&t.b, "http://click.example/j", .kind = BUILD_IMAGE, .at_ms = 60, .status = 200,
		.type = "image/gif");
	BUILD(&t.b, "http://click.example/f", .kind = BUILD_FRAME, .at_ms = 70, .status = 200,
		.body = "<p>");
	BUILD(&t.b, "http://click.example/api", .kind = BUILD_FETCH, .at_ms = 95, .status = 200,
		.body = "{}");
	BUILD(&t.b, "http://click.example/x.js", .kind = BUILD_SCRIPT, .at_ms = 96,
		.status = 200, .body = "1");
	trails_are(&t, "page\nopen certain http://click.example/\n");
}

/* What we answered in the referring page's place is no hop, even where it is the link's own
 * address; the link says where it was told to come from. */
static void page_of_a_given_referer(void **state)
{
	static const char *const pages[] = {"https://mail.example/inbox?m=1", LINK};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct test t;
		setup(&t, LINK);
		build_note(&t.b, FACT_NULL, "referer", pages[i]);
		BUILD(&t.b, pages[i], .oddities = "referer-page", .made_by = "clicktrail",
			.status = 200, .body = "<a href='" LINK "'>The link</a>");
		BUILD(&t.b, LINK, .kind = BUILD_SCRIPTED, .at_ms = 90, .referer = pages[i],
			.status = 200, .body = "<p>");
		derive(&t);
		assert_int_equal(t.set.n, 1);
		assert_int_equal(t.set.trails[0].n_hops, 1);
		char line[200];
		snprintf(line, sizeof line, "given-referer: %s", pages[i]);
		assert_true(has_evidence(&t, 1, line));
		assert_true(has_evidence(&t, 1, "no-sec-fetch-user: "));
		assert_true(has_note(&t, "was given by --referer: clicktrail answered"));
		assert_false(has_note(&t, "instead of it"));
		trails_are(&t, "page\nopen certain " LINK "\n");
	}
	/* A browser that sends something else than it was told. */
	struct test t;
	setup(&t, LINK);
	build_note(&t.b, FACT_NULL, "referer", pages[0]);
	BUILD(&t.b, LINK, .referer = "https://mail.example/", .status = 200, .body = "<p>");
	derive(&t);
	assert_true(has_note(&t, "sent the Referer https://mail.example/ instead of it"));
	teardown(&t);
}

/* What a reader must know of how a link was asked for: who resolved names, and what could still
 * be told. */
static void circumstances(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	struct fact_session *s =
		(struct fact_session *)(uintptr_t)t.b.model.sessions[t.b.model.n_sessions - 1];
	s->via = span_str("socks5h://127.0.0.1:9050");
	s->device = span_str("iphone");
	build_note(&t.b, FACT_NULL, "device-giveaway", "the fonts");
	build_note(&t.b, FACT_NULL, "device-giveaway", "the engine");
	BUILD(&t.b, LINK, .status = 200, .body = "<p>");
	derive(&t);
	assert_true(has_note(&t, "--device iphone"));
	assert_true(has_note(&t, "could still tell: the fonts; the engine"));
	assert_true(has_note(&t,
		"names were resolved there, and the addresses they led to were for that exit "
		"to check, not for clicktrail; by which address it went out is not known"));
	static const char *const exits[] = {"9.9.9.9", "9.9.9.9", "8.8.8.8"};
	for (size_t i = 0; i < 3; i++) {
		struct fact_leg leg;
		fact_init(FACT_KIND_LEG, &leg);
		leg.session = s->session;
		leg.leg = 100 + (int64_t)i;
		leg.exit_ip = span_str(exits[i]);
		model_add(&t.b.model, FACT_KIND_LEG, ++t.b.seq, &leg);
	}
	derive(&t);
	assert_true(has_note(&t, "as it says itself, it went out by 9.9.9.9, 8.8.8.8"));
	teardown(&t);
}

#define CHROMIUM .chromium = true, .status = 200
/* Chromium over http: the words of a frame's request are those of a page's. */
static void frames_of_chromium(void **state)
{
	static const char link[] = "http://click.example/";
	(void)state;
	struct test t;
	setup(&t, link);
	BUILD(&t.b, link, CHROMIUM,
		.body = "<iframe src=/f></iframe><object data=/o></object><iframe "
			"src=/r></iframe>"
			"<script>setTimeout(()=>{location='/end'},900)</script>");
	BUILD(&t.b, "http://click.example/f", CHROMIUM, .kind = BUILD_FRAME, .at_ms = 40,
		.referer = link, .body = "<meta http-equiv=refresh content='0;url=/f2'>");
	BUILD(&t.b, "http://click.example/o", CHROMIUM, .kind = BUILD_FRAME, .at_ms = 45,
		.body = "<iframe src=http://inner.example/></iframe>");
	BUILD(&t.b, "http://click.example/r", .chromium = true, .kind = BUILD_FRAME,
		.at_ms = 50, .status = 302, .location = "http://ads.example/");
	BUILD(&t.b, "http://click.example/f2", CHROMIUM, .kind = BUILD_FRAME, .at_ms = 80,
		.referer = "http://click.example/f", .body = "<p>");
	BUILD(&t.b, "http://ads.example/", CHROMIUM, .kind = BUILD_FRAME, .at_ms = 90,
		.referer = link, .body = "<p>");
	BUILD(&t.b, "http://inner.example/", CHROMIUM, .kind = BUILD_FRAME, .at_ms = 95,
		.referer = "http://click.example/", .body = "<p>");
	BUILD(&t.b, "http://click.example/end", CHROMIUM, .kind = BUILD_SCRIPTED, .at_ms = 1000,
		.referer = link, .body = "<p>");
	trails_are(&t, "page\nopen certain http://click.example/\n"
		       "script likely http://click.example/end\n");
	/* What the page went to after its frame had it is a page. */
	setup(&t, link);
	BUILD(&t.b, link, CHROMIUM,
		.body = "<iframe src=/x></iframe><script>setTimeout(()=>{location='/x'},900)"
			"</script>");
	BUILD(&t.b, "http://click.example/x", CHROMIUM, .kind = BUILD_FRAME, .at_ms = 40,
		.referer = link, .body = "<p>");
	BUILD(&t.b, "http://click.example/x", CHROMIUM, .kind = BUILD_SCRIPTED, .at_ms = 1000,
		.referer = link, .body = "<p>");
	trails_are(&t, "page\nopen certain http://click.example/\n"
		       "script likely http://click.example/x\n");
	/* A redirect is followed by whoever was redirected. */
	setup(&t, link);
	BUILD(&t.b, link, .chromium = true, .status = 302, .location = "/y",
		.body = "<iframe src=/y></iframe>");
	BUILD(&t.b, "http://click.example/y", CHROMIUM, .at_ms = 40, .body = "<p>");
	trails_are(&t, "page\nopen certain http://click.example/\n"
		       "http-redirect certain http://click.example/y\n");
}

static void background_traffic(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, "http://clicktrail.internal/", .status = 200, .body = "ready",
		.made_by = "clicktrail");
	BUILD(&t.b, "https://clicktrail.internal/ca", .status = 200, .body = "ready",
		.made_by = "clicktrail");
	BUILD(&t.b, "http://detectportal.firefox.com/success.txt", .kind = BUILD_FETCH,
		.at_ms = 5, .status = 403, .made_by = "clicktrail");
	int64_t noise = BUILD(&t.b, "https://aus5.mozilla.org/", .at_ms = 6, .status = 403,
		.made_by = "clicktrail");
	build_note(&t.b, noise, "browser-noise", "aus5.mozilla.org");
	BUILD(&t.b, LINK, .at_ms = 10, .status = 200, .body = "x");
	BUILD(&t.b, "https://click.example/", .at_ms = 20, .method = "OPTIONS", .status = 204);
	trails_are(&t, "page\nopen certain https://click.example/t?id=1\n");
}

static void prefetch(void **state)
{
	(void)state;
	struct test t;
	setup(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<link rel=prefetch href=/one><script>location='/one'</script>");
	BUILD(&t.b, "https://click.example/one", .kind = BUILD_PREFETCH, .at_ms = 50,
		.status = 200, .body = "real");
	BUILD(&t.b, "https://click.example/one", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 100, .referer = LINK, .status = 404, .body = "used up");
	assert_true(has_note(&t, "hop 2: its URL was prefetched first (exchange 2, answered 200)"));
	assert_true(has_note(&t, "status 404"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://click.example/one 404\n");
	/* Over http it looks much like a navigation. */
	setup(&t, "http://click.example/");
	BUILD(&t.b, "http://click.example/", .status = 200,
		.body = "<link rel=prefetch href=/one>");
	BUILD(&t.b, "http://click.example/one", .kind = BUILD_PREFETCH, .at_ms = 50,
		.referer = "http://click.example/", .status = 200, .body = "x");
	trails_are(&t, "page\nopen certain http://click.example/\n");
}

static void two_tabs(void **state)
{
	(void)state;
	struct test t;
	setup(&t, NULL);
	BUILD(&t.b, "https://a.example/1", .status = 302, .location = "https://b.example/x");
	BUILD(&t.b, "https://p.example/1", .at_ms = 10, .status = 200,
		.body = "<script>location='/2'</script>");
	BUILD(&t.b, "https://b.example/x", KEPT, .at_ms = 60, .status = 200,
		.body = "<meta http-equiv=refresh content='0;url=/y'>");
	BUILD(&t.b, "https://p.example/2", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 70, .referer = "https://p.example/1", .status = 302,
		.location = "https://q.example/");
	BUILD(&t.b, "https://b.example/y", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 130, .referer = "https://b.example/x", .status = 200, .body = "x");
	BUILD(&t.b, "https://q.example/", .kind = BUILD_SCRIPTED, .at_ms = 140,
		.referer = "https://p.example/1", .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open likely https://a.example/1\n"
		       "http-redirect certain https://b.example/x\n"
		       "meta-refresh certain https://b.example/y\n"
		       "page\n"
		       "open likely https://p.example/1\n"
		       "script certain https://p.example/2\n"
		       "http-redirect certain https://q.example/\n");
}

/* Both tabs lead to the same URL at about the same time: in order, and no longer certain. */
static void two_tabs_one_target(void **state)
{
	(void)state;
	struct test t;
	setup(&t, NULL);
	BUILD(&t.b, "https://a.example/1", .status = 302, .location = "https://z.example/");
	BUILD(&t.b, "https://p.example/1", .at_ms = 10, .status = 302,
		.location = "https://z.example/");
	BUILD(&t.b, "https://z.example/", KEPT, .at_ms = 60, .status = 200, .body = "x");
	BUILD(&t.b, "https://z.example/", KEPT, .at_ms = 70, .status = 200, .body = "x");
	derive(&t);
	assert_int_equal(t.set.n, 2);
	assert_int_equal(t.set.trails[0].hops[1].exchange->id, 3);
	assert_int_equal(t.set.trails[1].hops[1].exchange->id, 4);
	trails_are(&t, "page\n"
		       "open likely https://a.example/1\n"
		       "http-redirect likely https://z.example/\n"
		       "page\n"
		       "open likely https://p.example/1\n"
		       "http-redirect certain https://z.example/\n");
}

/* A link clicked in a web page that we did not record: the gesture starts a trail. */
static void clicked_in_webmail(void **state)
{
	(void)state;
	struct test t;
	setup(&t, NULL);
	BUILD(&t.b, LINK, .kind = BUILD_CLICKED, .referer = "https://mail.example/",
		.status = 302, .location = "/x");
	BUILD(&t.b, "https://click.example/x", .kind = BUILD_CLICKED, .at_ms = 90,
		.referer = "https://mail.example/", .status = 200, .body = "<a href=/y>on</a>");
	BUILD(&t.b, "https://click.example/y", .kind = BUILD_CLICKED, .site = "same-origin",
		.at_ms = 5000, .referer = "https://click.example/x", .status = 200,
		.body = "x");
	trails_are(&t, "page\n"
		       "open likely https://click.example/t?id=1\n"
		       "http-redirect certain https://click.example/x\n"
		       "page\n"
		       "user certain https://click.example/y\n");
}

static void client_without_headers(void **state)
{
	(void)state;
	struct test t;
	setup(&t, NULL);
	BUILD(&t.b, "http://a.example/", .kind = BUILD_CURL, .status = 301,
		.location = "https://a.example/");
	BUILD(&t.b, "https://a.example/", .kind = BUILD_CURL, .at_ms = 90, .status = 200,
		.body = "x");
	BUILD(&t.b, "https://other.example/", .kind = BUILD_CURL, .at_ms = 900, .status = 200,
		.body = "x");
	trails_are(&t, "page\n"
		       "open likely http://a.example/\n"
		       "http-redirect certain https://a.example/\n"
		       "page\n"
		       "open possible https://other.example/\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sub_resources),
		cmocka_unit_test(page_of_a_given_referer),
		cmocka_unit_test(circumstances),
		cmocka_unit_test(frames_of_chromium),
		cmocka_unit_test(background_traffic),
		cmocka_unit_test(prefetch),
		cmocka_unit_test(two_tabs),
		cmocka_unit_test(two_tabs_one_target),
		cmocka_unit_test(clicked_in_webmail),
		cmocka_unit_test(client_without_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
