/* Trails: for each way a browser is moved, what Firefox sends, and what must come out; the
 * traps beside it. */
#include "store/derive/trail.h"
#include "tests/kit/build_facts.h"
#include "tests/kit/show_trails.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define LINK "https://click.example/t?id=1"
/* A 3xx keeps what the opened link had: Site none and User ?1 over every later https hop. */
#define KEPT .kind = BUILD_TYPED

struct test {
	struct build b;
	struct arena a;
	struct trail_set set;
};

static void begin(struct test *t, const char *link)
{
	*t = (struct test){0};
	build_init(&t->b);
	build_session(&t->b, link != NULL ? "trace" : "proxy", link, "firefox");
}

static void derive(struct test *t)
{
	arena_fini(&t->a);
	trail_derive(&t->b.model, 1, &t->a, &t->set);
}

static void end(struct test *t)
{
	arena_fini(&t->a);
	build_fini(&t->b);
}

/* What is derived reads like this. */
static void trails_are(struct test *t, const char *want)
{
	struct buf got = {0};
	derive(t);
	show_trails(&t->set, &got);
	if (!span_is(buf_span(&got), want))
		print_error(
			"wanted:\n%sgot:\n%.*s", want, (int)buf_len(&got), (const char *)got.p);
	assert_true(span_is(buf_span(&got), want));
	buf_fini(&got);
	end(t);
}

/* The evidence of a hop (from 1) of the first trail has this line. */
static bool has_evidence(struct test *t, size_t hop, const char *line)
{
	struct buf got = {0};
	derive(t);
	assert_true(t->set.n > 0 && t->set.trails[0].n_hops >= hop);
	show_evidence(&t->set.trails[0].hops[hop - 1], &got);
	bool found = span_find(buf_span(&got), span_str(line), 0) != SIZE_MAX;
	if (!found)
		print_error("not in the evidence: %s\n%.*s", line, (int)buf_len(&got),
			(const char *)got.p);
	buf_fini(&got);
	return found;
}

static bool has_note(struct test *t, const char *part)
{
	derive(t);
	for (size_t i = 0; i < t->set.trails[0].n_notes; i++)
		if (strstr(t->set.trails[0].notes[i], part) != NULL)
			return true;
	return false;
}

static const struct trail_alternative *alternative(
	struct test *t, size_t hop, enum trail_mechanism m)
{
	derive(t);
	const struct trail_hop *h = &t->set.trails[0].hops[hop - 1];
	for (size_t i = 0; i < h->n_alternatives; i++)
		if (h->alternatives[i].mechanism == m)
			return &h->alternatives[i];
	return NULL;
}

/* ---- HTTP redirects ---- */

static void http_redirects(void **state)
{
	(void)state;
	static const int statuses[] = {301, 302, 303, 307, 308};
	for (size_t i = 0; i < 5; i++) {
		struct test t;
		begin(&t, LINK "#mail");
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
	begin(&t, "http://a.example/");
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
		begin(&t, LINK);
		BUILD(&t.b, LINK, .status = statuses[i], .location = "https://b.example/",
			.body = "<p>");
		assert_true(has_note(&t, "which browsers do not follow"));
		assert_int_equal(t.set.trails[0].n_hops, 1);
		assert_int_equal(t.set.trails[0].ended_by, ENDED_PAGE);
		end(&t);
	}
	/* Unless the next request shows it: then it is said with no more certainty than that.
	 */
	struct test t;
	begin(&t, LINK);
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
		begin(&t, LINK);
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
		end(&t);
	}
}

/* The same URL twice: the first answer sets a cookie and points to itself. */
static void cookie_gate(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
	begin(&t, "https://h.example/0");
	for (int i = 0; i <= 20; i++) {
		char url[64], next[64];
		snprintf(url, sizeof url, "https://h.example/%d", i);
		snprintf(next, sizeof next, "/%d", i + 1);
		BUILD(&t.b, url, KEPT, .at_ms = i * 50, .status = 302, .location = next);
	}
	derive(&t);
	assert_int_equal(t.set.n, 1);
	assert_int_equal(t.set.trails[0].n_hops, 21);
	assert_int_equal(t.set.trails[0].ended_by, ENDED_LOOP);
	end(&t);
	/* A limit that was raised: the chain goes on and lands. */
	begin(&t, "https://h.example/0");
	for (int i = 0; i <= 30; i++) {
		char url[64], next[64];
		snprintf(url, sizeof url, "https://h.example/%d", i);
		snprintf(next, sizeof next, "/%d", i + 1);
		BUILD(&t.b, url, KEPT, .at_ms = i * 50, .status = i < 30 ? 302 : 200,
			.location = i < 30 ? next : NULL, .body = "x");
	}
	derive(&t);
	assert_int_equal(t.set.trails[0].n_hops, 31);
	assert_int_equal(t.set.trails[0].ended_by, ENDED_PAGE);
	end(&t);
}

static void self_redirect_without_end(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
	for (int i = 0; i <= 20; i++)
		BUILD(&t.b, LINK, KEPT, .at_ms = i * 50, .status = 302, .location = "");
	derive(&t);
	assert_int_equal(t.set.n, 1);
	assert_int_equal(t.set.trails[0].n_hops, 21);
	assert_int_equal(t.set.trails[0].ended_by, ENDED_LOOP);
	end(&t);
}

static void two_locations(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = "/a", .headers = "Location: /b\r\n");
	trails_are(&t, "error\nopen certain https://click.example/t?id=1\n");
	begin(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = "http://",
		.body = "<script>location='/x'</script>");
	trails_are(&t, "error\nopen certain https://click.example/t?id=1\n");
}

/* A Location that was never asked for is no hop; what the body says is not shown. */
static void hidden_body(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
	begin(&t, LINK);
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
	begin(&t, LINK);
	BUILD(&t.b, LINK, .status = 302, .location = "https://b.example/");
	BUILD(&t.b, "https://b.example/", .kind = BUILD_SCRIPTED, .at_ms = 100, .status = 200,
		.body = "x");
	derive(&t);
	assert_int_equal(t.set.trails[0].hops[1].confidence, CONFIDENCE_POSSIBLE);
	assert_true(has_evidence(&t, 2, "against: a redirect would have kept"));
	end(&t);
}

/* ---- Refresh and meta refresh ---- */

static void refresh_header(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
	begin(&t, LINK);
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
	begin(&t, LINK);
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
	begin(&t, LINK);
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
	begin(&t, LINK);
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
	begin(&t, LINK);
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
	begin(&t, NULL);
	t.b.session = 2;
	build_session(&t.b, "trace", LINK, "none");
	BUILD(&t.b, LINK, .kind = BUILD_CURL, .status = 200, .body = page);
	BUILD(&t.b, "https://b.example/p", .kind = BUILD_CURL, .at_ms = 100, .status = 200,
		.body = "x");
	trail_derive(&t.b.model, 2, &t.a, &t.set);
	assert_int_equal(t.set.n, 1);
	assert_int_equal(t.set.trails[0].hops[1].mechanism, MECHANISM_META_REFRESH);
	end(&t);
}

static void meta_written_by_script(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
	begin(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = page);
	BUILD(&t.b, "https://click.example/x", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 1300, .referer = LINK, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "meta-refresh certain https://click.example/x\n");
	begin(&t, NULL);
	BUILD(&t.b, "http://click.example/", .status = 200, .body = page);
	BUILD(&t.b, "http://click.example/x", .at_ms = 1300, .referer = "http://click.example/",
		.status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open likely http://click.example/\n"
		       "meta-refresh likely http://click.example/x\n");
	begin(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = page);
	BUILD(&t.b, "https://click.example/x", .kind = BUILD_CLICKED, .site = "same-origin",
		.at_ms = 1300, .referer = LINK, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "user certain https://click.example/x\n");
}

/* ---- Script ---- */

static void script_in_page(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
	begin(&t, LINK);
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

static void script_with_a_token(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
	begin(&t, LINK);
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
	begin(&t, LINK);
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
	begin(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .headers = "Set-Cookie: js=1\r\n",
		.body = "<script>document.cookie='x=1';location.reload()</script>");
	BUILD(&t.b, LINK, .kind = BUILD_SCRIPTED, .site = "same-origin", .at_ms = 100,
		.cookie = "js=1; x=1", .referer = LINK, .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://click.example/t?id=1\n");
}

/* ---- Forms ---- */

#define POSTED .kind = BUILD_SCRIPTED, .method = "POST", .at_ms = 100
#define FORM_PAGE                                                                              \
	"<form id=f method=post action=https://b.example/in><input type=hidden name=tok "      \
	"value='a b&amp;c'></form>"

static void form_posted_by_script(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
	begin(&t, LINK);
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
	begin(&t, LINK);
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
	begin(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = FORM_PAGE "<script>f.submit()</script>");
	BUILD(&t.b, "https://b.example/in", POSTED, .form = "other=1",
		.origin = "https://click.example", .status = 200, .body = "x");
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "form possible https://b.example/in POST\n");
	begin(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = FORM_PAGE "<script>f.submit()</script>");
	BUILD(&t.b, "https://b.example/in", POSTED, .form = "other=1",
		.origin = "https://evil.example", .status = 200, .body = "x");
	derive(&t);
	assert_int_not_equal(t.set.trails[0].hops[1].mechanism, MECHANISM_FORM);
	end(&t);
}

/* ---- What is no hop ---- */

static void sub_resources(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
	begin(&t, "http://click.example/");
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

static void background_traffic(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
	begin(&t, LINK);
	BUILD(&t.b, LINK, .status = 200,
		.body = "<link rel=prefetch href=/one><script>location='/one'</script>");
	BUILD(&t.b, "https://click.example/one", .kind = BUILD_PREFETCH, .at_ms = 50,
		.status = 200, .body = "real");
	BUILD(&t.b, "https://click.example/one", .kind = BUILD_SCRIPTED, .site = "same-origin",
		.at_ms = 100, .referer = LINK, .status = 404, .body = "used up");
	assert_true(has_note(&t, "hop 2: its URL was also prefetched (exchange 2)"));
	assert_true(has_note(&t, "status 404"));
	trails_are(&t, "page\n"
		       "open certain https://click.example/t?id=1\n"
		       "script certain https://click.example/one 404\n");
}

/* ---- Several trails ---- */

static void two_tabs(void **state)
{
	(void)state;
	struct test t;
	begin(&t, NULL);
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
	begin(&t, NULL);
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
	begin(&t, NULL);
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
	begin(&t, NULL);
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

/* ---- Upgrades that never hit the wire ---- */

static void hsts(void **state)
{
	(void)state;
	struct test t;
	begin(&t, "https://h.example/");
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
	begin(&t, "http://h.example/");
	BUILD(&t.b, "https://h.example/", .status = 200, .body = "x");
	assert_non_null(alternative(&t, 2, MECHANISM_HTTPS_FIRST));
	trails_are(&t, "page\n"
		       "open certain http://h.example/ off-wire\n"
		       "hsts-upgrade possible https://h.example/\n");
}

/* ---- How it ends ---- */

static void ends(void **state)
{
	(void)state;
	static const struct {
		struct build_exchange last;
		enum trail_end end;
	} rows[] = {
		{{.status = 200, .body = "<p>hi"}, ENDED_PAGE},
		{{.status = 404, .body = "<p>gone"}, ENDED_PAGE},
		{{.status = 500}, ENDED_PAGE},
		{{.status = 200, .type = "application/pdf", .body = "%PDF"}, ENDED_PAGE},
		{{.status = 200, .type = "text/plain", .body = "x"}, ENDED_PAGE},
		{{.status = 200, .type = "application/zip", .body = "PK"}, ENDED_DOWNLOAD},
		{{.status = 200, .type = "application/x-msdownload", .body = "MZ"},
			ENDED_DOWNLOAD},
		{{.status = 200, .type = "text/csv", .body = "a,b"}, ENDED_DOWNLOAD},
		{{.status = 200,
			 .headers = "Content-Disposition: ATTACHMENT; filename=x.html\r\n",
			 .body = "<p>"},
			ENDED_DOWNLOAD},
		{{.status = 200, .headers = "Content-Disposition: inline\r\n", .body = "<p>"},
			ENDED_PAGE},
		{{.status = 302, .location = "intent://x#Intent;scheme=https;end"},
			ENDED_HANDOFF},
		{{.status = 302, .location = "mailto:a@b"}, ENDED_HANDOFF},
		{{.status = 302, .location = "itms-apps://apps.example/1"}, ENDED_HANDOFF},
		{{.status = 200,
			 .headers = "Refresh: 0;url=tg://resolve?domain=x\r\n",
			 .body = "x"},
			ENDED_HANDOFF},
		{{.status = 200, .body = "<script>location='market://details?id=x'</script>"},
			ENDED_HANDOFF},
		{{.status = 200, .body = "<a href=mailto:a@b>mail us</a>"}, ENDED_PAGE},
		{{.status = 200, .body = "<button onclick=\"location='whatsapp://send'\">"},
			ENDED_PAGE},
		{{.status = 200,
			 .body = "<script>function m(){location='mailto:a@b'}</script>"},
			ENDED_PAGE},
		{{.status = 302, .location = "javascript:alert(1)"}, ENDED_CLOSED},
		{{.status = 401, .headers = "WWW-Authenticate: Basic\r\n"}, ENDED_GATE},
		{{.status = 403,
			 .body = "<script "
				 "src=https://challenges.cloudflare.com/x.js></script>"},
			ENDED_GATE},
		{{.status = 403, .headers = "cf-mitigated: challenge\r\n", .body = "x"},
			ENDED_GATE},
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
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t;
		struct build_exchange last = rows[i].last;
		begin(&t, "https://a.example/");
		BUILD(&t.b, "https://a.example/", .status = 302,
			.location = "https://b.example/");
		last.url = "https://b.example/";
		last.at_ms = 100;
		build_exchange(&t.b, &last);
		derive(&t);
		assert_int_equal(t.set.n, 1);
		assert_int_equal(t.set.trails[0].n_hops, 2);
		if (t.set.trails[0].ended_by != rows[i].end)
			fail_msg("row %zu: %s", i, trail_end_word(t.set.trails[0].ended_by));
		if (last.made_by != NULL || last.status == 0)
			assert_true(t.set.trails[0].hops[1].status == FACT_NULL);
		if (rows[i].end == ENDED_HANDOFF)
			assert_true(t.set.trails[0].handoff_url.n > 0);
		end(&t);
	}
}

/* 204 leaves the browser where it was. */
static void no_content(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
		begin(&t, LINK);
		BUILD(&t.b, LINK, .status = rows[i].status,
			.end = rows[i].status == 0 ? "" : NULL);
		build_session_end(&t.b, 60000, rows[i].reason);
		derive(&t);
		assert_int_equal(t.set.trails[0].ended_by, rows[i].end);
		assert_int_equal(t.set.trails[0].recording_complete, rows[i].status != 0);
		end(&t);
	}
}

static void page_that_reloads_itself(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
	for (int i = 0; i < 6; i++)
		BUILD(&t.b, LINK, .kind = i == 0 ? BUILD_TYPED : BUILD_SCRIPTED,
			.at_ms = i * 1500, .referer = i == 0 ? NULL : LINK,
			.site = i == 0 ? NULL : "same-origin", .status = 200,
			.headers = "Refresh: 1\r\n", .body = "x");
	derive(&t);
	assert_int_equal(t.set.trails[0].n_hops, 6);
	assert_int_equal(t.set.trails[0].hops[5].mechanism, MECHANISM_REFRESH_HEADER);
	assert_int_equal(t.set.trails[0].ended_by, ENDED_LOOP);
	struct trail_pending p;
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_true(p.due_us == FACT_NULL);
	end(&t);
}

/* The origin said nothing, and the browser asked once more by itself. */
static void retry(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
	begin(&t, LINK);
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

static void bodies_not_stored(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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

/* ---- What is still to come ---- */

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
		begin(&t, LINK);
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
			int64_t loaded = BUILD_EPOCH_US + 40 * 1000;
			assert_true(p.due_us >= loaded + rows[i].delay_ms * 1000);
			assert_true(p.due_us <= loaded + (rows[i].delay_ms + 3000) * 1000);
		}
		end(&t);
	}
}

static void pending_in_flight(void **state)
{
	(void)state;
	struct test t;
	struct trail_pending p;
	begin(&t, LINK);
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_true(!p.in_flight && p.due_us == FACT_NULL);
	BUILD(&t.b, LINK, .status = 200, .body = "x", .end = "");
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_true(p.in_flight);
	end(&t);
	begin(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "<script src=/x.js></script>");
	BUILD(&t.b, "https://click.example/x.js", .kind = BUILD_SCRIPT, .at_ms = 60,
		.referer = LINK, .end = "");
	trail_pending(&t.b.model, 1, &t.a, &p);
	assert_string_equal(p.what, "sub-resource");
	/* It came: what it says counts, from when it came. */
	end(&t);
	begin(&t, LINK);
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
	end(&t);
}

/* ---- Growing, and size ---- */

/* The same after every fact as when it is all there at once; cues of a body that came late
 * count. */
static void growing(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
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
	begin(&t, LINK "&url=https%3A%2F%2Fshop.example%2F%3Fa%3D1");
	BUILD(&t.b, LINK "&url=https%3A%2F%2Fshop.example%2F%3Fa%3D1", .status = 302,
		.location = "https://evil.example/");
	BUILD(&t.b, "https://evil.example/", KEPT, .at_ms = 100, .status = 200, .body = "x");
	derive(&t);
	assert_int_equal(t.set.trails[0].n_hops, 2);
	assert_true(
		span_is(t.set.trails[0].hops[0].claimed_target, "https://shop.example/?a=1"));
	assert_null(t.set.trails[0].hops[1].claimed_target.p);
	end(&t);
}

static void all_sessions(void **state)
{
	(void)state;
	struct test t;
	begin(&t, LINK);
	BUILD(&t.b, LINK, .status = 200, .body = "x");
	t.b.session = 2;
	build_session(&t.b, "trace", LINK, "firefox");
	BUILD(&t.b, LINK, .at_ms = 9000, .status = 200, .body = "x");
	trail_derive(&t.b.model, 0, &t.a, &t.set);
	assert_int_equal(t.set.n, 2);
	assert_int_equal(t.set.trails[0].session, 1);
	assert_int_equal(t.set.trails[1].session, 2);
	assert_int_equal(t.set.trails[1].number, 1);
	end(&t);
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
		cmocka_unit_test(refresh_header),
		cmocka_unit_test(meta_refresh),
		cmocka_unit_test(several_refreshes),
		cmocka_unit_test(refresh_before_its_time),
		cmocka_unit_test(meta_and_script),
		cmocka_unit_test(noscript_meta),
		cmocka_unit_test(meta_written_by_script),
		cmocka_unit_test(refresh_beside_a_link),
		cmocka_unit_test(script_in_page),
		cmocka_unit_test(script_elsewhere),
		cmocka_unit_test(script_with_a_token),
		cmocka_unit_test(by_exclusion),
		cmocka_unit_test(scripted_click_and_window),
		cmocka_unit_test(reload),
		cmocka_unit_test(form_posted_by_script),
		cmocka_unit_test(form_sent_by_a_person),
		cmocka_unit_test(form_by_get),
		cmocka_unit_test(form_that_does_not_fit),
		cmocka_unit_test(sub_resources),
		cmocka_unit_test(background_traffic),
		cmocka_unit_test(prefetch),
		cmocka_unit_test(two_tabs),
		cmocka_unit_test(two_tabs_one_target),
		cmocka_unit_test(clicked_in_webmail),
		cmocka_unit_test(client_without_headers),
		cmocka_unit_test(hsts),
		cmocka_unit_test(ends),
		cmocka_unit_test(no_content),
		cmocka_unit_test(session_ends),
		cmocka_unit_test(page_that_reloads_itself),
		cmocka_unit_test(retry),
		cmocka_unit_test(target_out_of_reach),
		cmocka_unit_test(bodies_not_stored),
		cmocka_unit_test(pending),
		cmocka_unit_test(pending_in_flight),
		cmocka_unit_test(growing),
		cmocka_unit_test(claimed),
		cmocka_unit_test(all_sessions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
