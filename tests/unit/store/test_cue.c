/* Cues of one response: what it says, resolved, timed and quoted; and where it sends a client
 * that runs no script. */
#include "store/derive/cue.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct response {
	struct arena a;
	struct url url;
	struct cue_source source;
	struct cue_list list;
	struct model_field *fields;
};

/* head: "Name: value" lines. */
static struct response *response(
	const char *url, int status, const char *head, struct span body)
{
	struct response *r = calloc(1, sizeof *r);
	assert_true(url_parse(&r->a, NULL, span_str(url), &r->url));
	r->source = (struct cue_source){.url = &r->url,
		.status = status,
		.body = body,
		.document = true,
		.scripting = true};
	r->source.n_fields = fields_parse(&r->a, SPAN_NONE, span_str(head), &r->fields);
	r->source.fields = r->fields;
	cue_read(&r->a, &r->source, &r->list);
	return r;
}

static struct response *page(const char *body)
{
	return response("https://h.example/d/p?q#f", 200, "Content-Type: text/html\r\n",
		span_str(body));
}

static void done(struct response *r)
{
	arena_fini(&r->a);
	free(r);
}

static const struct cue *find(const struct response *r, enum cue_kind kind, const char *target)
{
	for (size_t i = 0; i < r->list.n; i++)
		if (r->list.cues[i].kind == kind && span_is(r->list.cues[i].target, target))
			return &r->list.cues[i];
	return NULL;
}

static const struct cue *want(const struct response *r, enum cue_kind kind, const char *target)
{
	const struct cue *c = find(r, kind, target);
	if (c == NULL)
		for (size_t i = 0; i < r->list.n; i++)
			print_error("  kind %d '%.*s'\n", (int)r->list.cues[i].kind,
				(int)r->list.cues[i].target.n,
				(const char *)r->list.cues[i].target.p);
	if (c == NULL || (c->kind != CUE_FORM && c->key != url_key(span_str(target))))
		fail_msg("no such cue: %s", target);
	return c;
}

static void location(void **state)
{
	(void)state;
	struct response *r = response("https://h.example/d/p?q#f", 302,
		"Location: ../x y\r\nRefresh: 0;url=/no\r\n", span_str("<a href=/no>"));
	const struct cue *c = want(r, CUE_LOCATION, "https://h.example/x%20y#f");
	assert_true(span_is(c->quote, "../x y") && c->offset == CUE_NO_OFFSET && c->web);
	assert_int_equal(r->list.n, 1);
	assert_true(r->list.hidden);
	done(r);
	static const struct {
		int status;
		const char *head;
		bool refused, handoff;
	} rows[] = {
		{301, "Location: /a\r\nLocation: /b\r\n", true, false},
		{301, "Location: /a\r\nlocation: /a\r\n", false, false},
		{302, "Location: http://\r\n", true, false},
		{302, "Location: tel:1\r\n", false, true},
		{302, "Location: data:text/html,x\r\n", false, false},
		{302, "Location: javascript:x\r\n", false, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		r = response("https://h.example/", rows[i].status, rows[i].head, SPAN_NONE);
		assert_int_equal(r->list.n, 1);
		assert_int_equal(r->list.cues[0].refused, rows[i].refused);
		assert_int_equal(r->list.cues[0].handoff, rows[i].handoff);
		done(r);
	}
	r = response("https://h.example/", 201, "Location: /new\r\n", span_str("<a href=/x>"));
	assert_non_null(find(r, CUE_LOCATION_UNUSED, "https://h.example/new"));
	assert_false(r->list.hidden);
	done(r);
}

static void methods(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *method, *next;
	} rows[] = {{301, "GET", "GET"}, {301, "POST", "GET"}, {302, "POST", "GET"},
		{301, "PUT", "PUT"}, {303, "POST", "GET"}, {303, "PUT", "GET"},
		{303, "HEAD", "HEAD"}, {307, "POST", "POST"}, {308, "POST", "POST"},
		{307, "PUT", "PUT"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_true(
			span_is(cue_redirect_method(rows[i].status, span_str(rows[i].method)),
				rows[i].next));
	for (int status = 100; status < 600; status++)
		assert_int_equal(cue_redirect_status(status),
			status == 301 || status == 302 || status == 303 || status == 307 ||
				status == 308);
}

/* The header is resolved against the page's URL, a meta against its base: measured in Firefox.
 */
static void refreshes(void **state)
{
	(void)state;
	struct response *r = response("https://h.example/d/p", 200,
		"Content-Type: text/html\r\nRefresh: 3,url='rel'\r\nRefresh: 4\r\nRefresh: "
		"x\r\n",
		span_str("<base href=//b.example/x/y><base href=/no/><meta http-equiv=refresh "
			 "content='1;url=rel'>"
			 "<meta http-equiv=refresh content=7>"));
	assert_int_equal(
		want(r, CUE_REFRESH_HEADER, "https://h.example/d/rel")->delay_ms, 3000);
	assert_int_equal(want(r, CUE_REFRESH_HEADER, "https://h.example/d/p")->delay_ms, 4000);
	const struct cue *c = want(r, CUE_META_REFRESH, "https://b.example/x/rel");
	assert_int_equal(c->delay_ms, 1000);
	assert_true(span_starts(c->quote, "<meta http-equiv=refresh content='1;url=rel'>"));
	assert_ptr_equal(c->quote.p, r->source.body.p + c->offset);
	assert_int_equal(want(r, CUE_META_REFRESH, "https://h.example/d/p")->delay_ms, 7000);
	assert_int_equal(r->list.n, 4);
	done(r);
	r = response("https://h.example/", 200, "Content-Type: text/html\r\n",
		span_str("<base href='javascript:x'><base href='http://['><meta "
			 "http-equiv=refresh content='0;url=a'>"));
	want(r, CUE_META_REFRESH, "https://h.example/a");
	done(r);
}

static void page_cues(void **state)
{
	(void)state;
	struct response *r =
		page("<form action=/f?x=1#y><input name=a></form><form method=post></form>"
		     "<a href=' link '>x</a><a href=mailto:x@y>m</a><a href='http://['>bad</a>"
		     "<iframe src=//f.example></iframe><body onload='location=\"/auto\"' "
		     "onclick='location=\"/click\"'>"
		     "<a href='javascript:location=%22/js%22'>j</a><input type=password>"
		     "<script>location='/s'; f.submit(); a.click()</script><script "
		     "src=/x.js></script>");
	const struct cue *c = want(r, CUE_FORM, "https://h.example/f?x=1#y");
	assert_true(!c->post && c->key == url_key(span_str("https://h.example/f")));
	c = want(r, CUE_FORM, "https://h.example/d/p?q#f");
	assert_true(c->post && c->form->n_fields == 0);
	want(r, CUE_ANCHOR, "https://h.example/d/link");
	assert_true(want(r, CUE_ANCHOR, "mailto:x@y")->handoff);
	want(r, CUE_FRAME, "https://f.example/");
	assert_false(want(r, CUE_SCRIPT, "https://h.example/auto")->gesture);
	assert_true(want(r, CUE_SCRIPT, "https://h.example/click")->gesture);
	c = want(r, CUE_SCRIPT, "https://h.example/js");
	assert_true(c->gesture && span_is(c->quote, "'javascript:location=%22/js%22'"));
	c = want(r, CUE_SCRIPT, "https://h.example/s");
	assert_true(c->how == SCRIPT_ASSIGN && span_is(c->quote, "location='/s'"));
	assert_ptr_equal(c->quote.p, r->source.body.p + c->offset);
	assert_true(r->list.submits && r->list.clicks && r->list.script && r->list.password);
	assert_true(r->list.document && !r->list.captcha && !r->list.limits);
	done(r);
}

static void written_markup(void **state)
{
	(void)state;
	struct response *r =
		page("<script>setTimeout(function(){document.write('<meta http-equiv=refresh "
		     "content=\"2;url=/w\">"
		     "<form action=/wf><\\/form><script>location=\"/ws\"<\\/script>')},1000);"
		     "m.content='0; url=/wc'</script>");
	const struct cue *c = want(r, CUE_META_REFRESH, "https://h.example/w");
	assert_true(c->written && span_starts(c->quote, "'<meta"));
	assert_true(want(r, CUE_FORM, "https://h.example/wf")->written);
	assert_true(want(r, CUE_SCRIPT, "https://h.example/ws")->written);
	assert_true(want(r, CUE_META_REFRESH, "https://h.example/wc")->written);
	done(r);
}

static void other_bodies(void **state)
{
	(void)state;
	/* A script file: relative to the page that runs it. */
	struct response *r = response("https://cdn.example/x.js", 200,
		"Content-Type: text/javascript\r\n", SPAN_NONE);
	struct url base;
	assert_true(url_parse(&r->a, NULL, span_str("https://h.example/d/p"), &base));
	r->source.document = false;
	r->source.base = &base;
	r->source.body = span_str("location='rel'");
	cue_read(&r->a, &r->source, &r->list);
	want(r, CUE_SCRIPT, "https://h.example/d/rel");
	/* The same as a page is text to look at. */
	r->source.document = true;
	cue_read(&r->a, &r->source, &r->list);
	assert_int_equal(r->list.n, 0);
	done(r);
	/* JSON that calls itself HTML, as an answer to script. */
	r = response("https://h.example/api", 200, "Content-Type: text/html\r\n", SPAN_NONE);
	r->source.document = false;
	r->source.body = span_str("\xef\xbb\xbf {\"u\":\"https:\\/\\/x.example\\/\"}");
	cue_read(&r->a, &r->source, &r->list);
	want(r, CUE_SCRIPT, "https://x.example/");
	done(r);
	/* Plain text as an answer. */
	r = response("https://h.example/api", 200, "Content-Type: text/plain\r\n", SPAN_NONE);
	r->source.document = false;
	r->source.body = span_str("ok https://x.example/t");
	cue_read(&r->a, &r->source, &r->list);
	assert_int_equal(want(r, CUE_SCRIPT, "https://x.example/t")->offset, 3);
	done(r);
	/* No type at all, and UTF-16. */
	r = response("https://h.example/", 200, "",
		span_str(" <meta http-equiv=refresh content='0;url=/n'>"));
	want(r, CUE_META_REFRESH, "https://h.example/n");
	done(r);
	static const char wide[] = "<meta http-equiv=refresh content='0;url=/w\xe9'>";
	uint8_t utf16[2 * sizeof wide] = {0xff, 0xfe};
	for (size_t i = 0; i + 1 < sizeof wide; i++)
		utf16[2 + 2 * i] = (uint8_t)wide[i];
	r = response("https://h.example/", 200, "Content-Type: text/html\r\n",
		span_of(utf16, 2 * sizeof wide));
	want(r, CUE_META_REFRESH, "https://h.example/w%C3%A9");
	done(r);
}

static void next_of_plain_client(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *head, *body, *method;
		const char *url; /* NULL: nowhere */
		enum cue_kind kind;
		int delay_ms;
		const char *next_method;
	} rows[] = {
		{302, "Location: /a\r\nRefresh: 0;url=/b\r\n", "", "GET", "https://h.example/a",
			CUE_LOCATION, 0, "GET"},
		{302, "Location: /a\r\n", "", "POST", "https://h.example/a", CUE_LOCATION, 0,
			"GET"},
		{308, "Location: /a\r\n", "", "POST", "https://h.example/a", CUE_LOCATION, 0,
			"POST"},
		{300, "Location: /a\r\n", "", "GET", NULL, CUE_LOCATION, 0, ""},
		{302, "", "", "GET", NULL, CUE_LOCATION, 0, ""},
		{302, "Location: http://\r\nRefresh: 0;url=/b\r\n", "", "GET", NULL,
			CUE_LOCATION, 0, ""},
		{302, "Location: intent://x\r\n", "", "GET", "intent://x", CUE_LOCATION, 0,
			"GET"},
		{200, "Refresh: 2;url=/b\r\n", "<meta http-equiv=refresh content='1;url=/m'>",
			"POST", "https://h.example/m", CUE_META_REFRESH, 1000, "GET"},
		{200, "Refresh: 1;url=/b\r\n", "<meta http-equiv=refresh content='1;url=/m'>",
			"GET", "https://h.example/b", CUE_REFRESH_HEADER, 1000, "GET"},
		{404, "", "<noscript><meta http-equiv=refresh content='0;url=/ns'></noscript>",
			"GET", "https://h.example/ns", CUE_META_REFRESH, 0, "GET"},
		{200, "", "<script>location='/s'</script><a href=/a>", "GET", NULL,
			CUE_LOCATION, 0, ""},
		{200, "", "<meta http-equiv=refresh content='0;url=javascript:x'>", "GET", NULL,
			CUE_LOCATION, 0, ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char head[300];
		struct cue_next next;
		snprintf(head, sizeof head, "Content-Type: text/html\r\n%s", rows[i].head);
		struct response *r = response(
			"https://h.example/", rows[i].status, head, span_str(rows[i].body));
		bool ok = cue_next_plain(&r->a, &r->source, span_str(rows[i].method), &next);
		if (ok != (rows[i].url != NULL))
			fail_msg("row %zu", i);
		if (ok) {
			assert_true(
				span_is(next.url, rows[i].url) && next.kind == rows[i].kind);
			assert_int_equal(next.delay_ms, rows[i].delay_ms);
			assert_true(span_is(next.method, rows[i].next_method));
			assert_int_equal(next.web, span_starts(next.url, "http"));
		} else {
			assert_int_equal(
				next.refused, strstr(rows[i].head, "http://\r") != NULL);
		}
		done(r);
	}
}

/* A base URL of a megabyte and ten thousand links: what is kept stays bounded. */
static void hostile_page(void **state)
{
	(void)state;
	size_t cap = (size_t)1200 * 1024, n = 0;
	char *text = malloc(cap + (size_t)200 * 1024);
	n += (size_t)sprintf(text, "<base href='https://h/");
	memset(text + n, 'a', (size_t)1000 * 1000);
	n += (size_t)1000 * 1000;
	n += (size_t)sprintf(text + n, "/'>");
	while (n < cap)
		n += (size_t)sprintf(text + n, "<a href=x>");
	clock_t start = clock();
	struct response *r = response(
		"https://h.example/", 200, "Content-Type: text/html\r\n", span_of(text, n));
	assert_true(r->list.limits);
	assert_true(r->list.bytes < CUE_BYTES_MAX + (size_t)2 * 1024 * 1024);
	assert_true(r->a.total < (size_t)256 * 1024 * 1024);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10);
	done(r);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(location),
		cmocka_unit_test(methods),
		cmocka_unit_test(refreshes),
		cmocka_unit_test(page_cues),
		cmocka_unit_test(written_markup),
		cmocka_unit_test(other_bodies),
		cmocka_unit_test(next_of_plain_client),
		cmocka_unit_test(hostile_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
