/* What in a page may move a browser, found as a browser's parser finds it; hostile pages cost
 * bounded time. */
#include "store/base/buf.h"
#include "store/derive/html_cue.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct page {
	struct arena a;
	struct html_page p;
	struct span html;
};

static struct page *read_span(struct span html, bool scripting)
{
	struct page *page = calloc(1, sizeof *page);
	page->html = html;
	html_cue_read(&page->a, html, scripting, &page->p);
	return page;
}

static struct page *read_html(const char *html)
{
	return read_span(span_str(html), true);
}

static void done(struct page *page)
{
	arena_fini(&page->a);
	free(page);
}

/* The nth item of that kind (from 0), NULL if there are fewer. */
static const struct html_item *item(const struct page *page, enum html_kind kind, size_t nth)
{
	for (size_t i = 0; i < page->p.n_items; i++)
		if (page->p.items[i].kind == kind && nth-- == 0)
			return &page->p.items[i];
	return NULL;
}

/* An item's quote is the page's own text at its offset. */
static void quote_is(const struct page *page, const struct html_item *i, const char *quote)
{
	assert_non_null(i);
	assert_true(span_is(i->quote, quote));
	assert_ptr_equal(i->quote.p, page->html.p + i->offset);
}

static void metas(void **state)
{
	(void)state;
	struct page *p = read_html(
		"<title>x</title><META HTTP-EQUIV=' Refresh ' content=\"0; url=/a&amp;b\">"
		"<meta http-equiv=refresh><meta name=refresh content=1>"
		"<body><p><meta http-equiv=refresh content='3;/in-body'>"
		"<!-- <meta http-equiv=refresh content='4'> -->"
		"<script>'<meta http-equiv=refresh content=5>'</script>"
		"<template><meta http-equiv=refresh content=6></template>"
		"<textarea><meta http-equiv=refresh content=7></textarea>"
		"<svg><meta http-equiv=refresh content=8></svg>");
	const struct html_item *m = item(p, HTML_META_REFRESH, 0);
	assert_true(span_is(m->value, "0; url=/a&b"));
	quote_is(p, m, "<META HTTP-EQUIV=' Refresh ' content=\"0; url=/a&amp;b\">");
	assert_true(span_is(item(p, HTML_META_REFRESH, 1)->value, "3;/in-body"));
	/* A meta tag breaks out of SVG: it is an HTML element again. */
	assert_true(span_is(item(p, HTML_META_REFRESH, 2)->value, "8"));
	assert_null(item(p, HTML_META_REFRESH, 3));
	assert_false(p->p.limits);
	done(p);
}

static void noscript(void **state)
{
	(void)state;
	static const char html[] =
		"<noscript><meta http-equiv=refresh content='0;url=/ns'><img></noscript>"
		"<meta http-equiv=refresh content='1;url=/s'>";
	struct page *p = read_html(html);
	assert_true(span_is(item(p, HTML_META_REFRESH, 0)->value, "1;url=/s"));
	assert_false(item(p, HTML_META_REFRESH, 0)->noscript);
	assert_true(span_is(item(p, HTML_META_REFRESH, 1)->value, "0;url=/ns"));
	assert_true(item(p, HTML_META_REFRESH, 1)->noscript);
	quote_is(p, item(p, HTML_META_REFRESH, 1),
		"<meta http-equiv=refresh content='0;url=/ns'>");
	done(p);
	p = read_span(span_str(html), false);
	assert_true(span_is(item(p, HTML_META_REFRESH, 0)->value, "0;url=/ns"));
	assert_false(item(p, HTML_META_REFRESH, 0)->noscript);
	assert_true(span_is(item(p, HTML_META_REFRESH, 1)->value, "1;url=/s"));
	done(p);
}

/* Measured in Firefox: with script, noscript is text up to its end tag, comments in it or not.
 */
static void noscript_is_text(void **state)
{
	(void)state;
	struct page *p = read_html(
		"<noscript><!-- </noscript><meta http-equiv=refresh content='1;url=/x'> -->"
		"</noscript><noscript><form action=/no><input type=password></form></noscript>"
		"<noscript><a href=/no></noscript ><a href=/yes><noscript><iframe src=/no>");
	assert_true(span_is(item(p, HTML_META_REFRESH, 0)->value, "1;url=/x"));
	assert_false(item(p, HTML_META_REFRESH, 0)->noscript);
	assert_null(item(p, HTML_META_REFRESH, 1));
	assert_null(item(p, HTML_FORM, 0));
	assert_false(p->p.password);
	assert_true(span_is(item(p, HTML_ANCHOR, 0)->value, "/yes"));
	assert_null(item(p, HTML_ANCHOR, 1));
	assert_null(item(p, HTML_FRAME, 0));
	done(p);
	/* Without script the comment swallows the meta. */
	p = read_span(span_str("<body><noscript><!-- </noscript><meta http-equiv=refresh "
			       "content=1> -->"),
		false);
	assert_null(item(p, HTML_META_REFRESH, 0));
	done(p);
}

static void forms(void **state)
{
	(void)state;
	struct page *p = read_html(
		"<form id=f action='/go?x' method=POST target=_blank>"
		"<table><input type=hidden name=tok value='a&quot;b'></table>"
		"<input name=mail value=me><select name=s></select><input type=hidden "
		"value=anon>"
		"<button name=b formaction=/other></button></form>"
		"<form><input type=password name=pw></form><input name=late form=f value=1>"
		"<input name=lost>");
	const struct html_item *f = item(p, HTML_FORM, 0);
	quote_is(p, f, "<form id=f action='/go?x' method=POST target=_blank>");
	assert_true(
		span_is(f->value, "/go?x") && f->form->post && f->blank && !f->form->password);
	assert_int_equal(f->form->n_fields, 5);
	assert_true(span_is(f->form->fields[0].name, "tok"));
	assert_true(span_is(f->form->fields[0].value, "a\"b") && f->form->fields[0].hidden);
	assert_true(span_is(f->form->fields[1].name, "mail") && !f->form->fields[1].hidden);
	assert_true(span_is(f->form->fields[4].name, "late"));
	const struct html_item *other = item(p, HTML_FORM, 1);
	assert_true(span_is(other->value, "/other") && other->form == f->form);
	const struct html_item *login = item(p, HTML_FORM, 2);
	assert_null(login->value.p);
	assert_true(login->form->password && !login->form->post && p->p.password);
	assert_null(item(p, HTML_FORM, 3));
	done(p);
}

static void the_rest(void **state)
{
	(void)state;
	struct page *p = read_html(
		"<base href=/b/><base href=/c/><body onload='location=\"/x\"' onclick=y()>"
		"<a href=' /1&amp;2 ' target=_blank>a</a><a>none</a><map><area href=/3></map>"
		"<iframe src=/if></iframe><object data=/ob></object><embed src=/em>"
		"<script src=/s.js></script><script type=text/template>no</script>"
		"<script>var a = '<b>&amp;';</script><script type=module>m</script>"
		"<svg><a href=/svg></a><script>in svg</script></svg>");
	assert_true(span_is(item(p, HTML_BASE, 0)->value, "/b/"));
	assert_true(span_is(item(p, HTML_BASE, 1)->value, "/c/"));
	assert_true(span_is(item(p, HTML_HANDLER, 0)->value, "location=\"/x\""));
	assert_true(item(p, HTML_HANDLER, 0)->automatic);
	assert_false(item(p, HTML_HANDLER, 1)->automatic);
	const struct html_item *a = item(p, HTML_ANCHOR, 0);
	assert_true(span_is(a->value, " /1&2 ") && a->blank);
	quote_is(p, a, "' /1&amp;2 '");
	assert_true(span_is(item(p, HTML_ANCHOR, 1)->value, "/3"));
	assert_true(span_is(item(p, HTML_ANCHOR, 2)->value, "/svg"));
	assert_true(span_is(item(p, HTML_FRAME, 0)->value, "/if"));
	assert_true(span_is(item(p, HTML_FRAME, 1)->value, "/ob"));
	assert_true(span_is(item(p, HTML_FRAME, 2)->value, "/em"));
	assert_true(span_is(item(p, HTML_SCRIPT_SRC, 0)->value, "/s.js"));
	assert_false(item(p, HTML_SCRIPT, 0)->executes);
	quote_is(p, item(p, HTML_SCRIPT, 1), "var a = '<b>&amp;';");
	assert_true(item(p, HTML_SCRIPT, 1)->executes && item(p, HTML_SCRIPT, 2)->executes);
	assert_ptr_equal(item(p, HTML_SCRIPT, 1)->value.p, item(p, HTML_SCRIPT, 1)->quote.p);
	assert_true(span_is(item(p, HTML_SCRIPT, 3)->value, "in svg"));
	assert_true(p->p.script);
	done(p);
}

static void human_checks(void **state)
{
	(void)state;
	struct page *p = read_html(
		"<script "
		"src='https://challenges.cloudflare.com/turnstile/v0/api.js'></script>");
	assert_true(p->p.captcha);
	done(p);
	p = read_html("<p>Our captcha policy</p><script src=/jquery.js></script>");
	assert_false(p->p.captcha);
	done(p);
}

static void broken_bytes(void **state)
{
	(void)state;
	static const char html[] = "\xff\xfe<a href='/\xff\x80z'>\0<meta http-equiv=refresh "
				   "content='1;url=/\xc3'>\xf0";
	struct page *p = read_span(span_of(html, sizeof html - 1), true);
	assert_non_null(item(p, HTML_ANCHOR, 0));
	assert_non_null(item(p, HTML_META_REFRESH, 0));
	quote_is(p, item(p, HTML_META_REFRESH, 0),
		"<meta http-equiv=refresh content='1;url=/\xc3'>");
	done(p);
	p = read_span(SPAN_NONE, true);
	assert_int_equal(p->p.n_items, 0);
	done(p);
}

/* Deep, wide, long and exploding pages, each with a cue behind the trouble that must still be
 * found. */
static struct page *hostile(const char *head, const char *unit, const char *tail, size_t bytes)
{
	struct buf text = {0};
	buf_add_str(&text, head);
	while (buf_len(&text) < bytes)
		buf_add_str(&text, unit);
	buf_add_str(&text, tail);
	clock_t start = clock();
	struct page *p = read_span(buf_span(&text), true);
	double took = (double)(clock() - start) / CLOCKS_PER_SEC;
	if (took > 20)
		fail_msg("%.1f s for %zu bytes of %s%s", took, bytes, head, unit);
	assert_true(p->a.total < (size_t)256 * 1024 * 1024);
	buf_fini(&text);
	return p;
}

static void hostile_pages(void **state)
{
	(void)state;
	static const char tail[] =
		"\"'></script></style><meta http-equiv=refresh content='1;url=/end'>";
	static const char *const units[][2] = {
		{"", "<div>"},
		{"", "<b>"},
		{"", "<a>"},
		{"", "<table>"},
		{"", "<table><div>"},
		{"", "<svg><g>"},
		{"", "<p><i><u>"},
		{"", "<select><option>"},
		{"", "<form>"},
		{"", "<ul><li>"},
		{"", "</p>"},
		{"", "<div></marquee><marquee></div>"},
		{"", "<"},
		{"", "<!--"},
		{"", "&amp;"},
		{"", "\xff"},
		{"<a ", "x=1 "},
		{"<meta content='", "a"},
		{"<meta http-equiv=refresh content='", "0;"},
		{"<noscript>", "<div>"},
		{"", "<math><mi>"},
		{"", "<b><p>"},
		{"", "<font size=1><p></p>"},
		{"", "<template>"},
		{"", "<frameset>"},
	};
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		done(hostile(units[i][0], units[i][1], tail, (size_t)(size_t)100 * 1000));
	/* 100,000 nested elements, and the cue behind them. */
	struct page *p = hostile("", "<div>", tail, (size_t)500 * 1000);
	assert_true(p->p.limits);
	assert_true(span_is(item(p, HTML_META_REFRESH, 0)->value, "1;url=/end"));
	done(p);
	p = hostile("<a ", "abcdefgh",
		" href=/x><meta http-equiv=refresh content='1;url=/end'>", (size_t)1024 * 1024);
	assert_true(span_is(item(p, HTML_META_REFRESH, 0)->value, "1;url=/end"));
	assert_false(p->p.limits);
	done(p);
}

/* Many different attributes, and formatting that multiplies: both would be quadratic. */
static void hostile_growth(void **state)
{
	(void)state;
	size_t cap = (size_t)2 * 1024 * 1024, n = 0;
	char *text = malloc(cap + 200);
	for (size_t i = 0; n < cap; i++)
		n += (size_t)sprintf(text + n, i % 3000 == 0 ? "><a b%zu" : " a%zu", i);
	n += (size_t)sprintf(text + n, "><meta http-equiv=refresh content='1;url=/end'>");
	clock_t start = clock();
	struct page *p = read_span(span_of(text, n), true);
	assert_true(p->p.limits);
	assert_true(span_is(item(p, HTML_META_REFRESH, 0)->value, "1;url=/end"));
	done(p);
	n = 0;
	for (size_t i = 0; n < cap / 2; i++)
		n += (size_t)sprintf(text + n, "<b a=%zu>", i);
	while (n < cap)
		n += (size_t)sprintf(text + n, "<p>x</p>");
	p = read_span(span_of(text, n), true);
	assert_true(p->p.limits);
	done(p);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 40);
	free(text);
}

static void many_items(void **state)
{
	(void)state;
	struct page *p = hostile("", "<a href=x></a>", "", (size_t)14 * (HTML_ITEMS_MAX + 10));
	assert_int_equal(p->p.n_items, HTML_ITEMS_MAX);
	assert_true(p->p.limits);
	done(p);
	p = hostile("<form>", "<input name=a>", "", (size_t)14 * (HTML_FIELDS_MAX + 10));
	assert_int_equal(item(p, HTML_FORM, 0)->form->n_fields, HTML_FIELDS_MAX);
	assert_true(p->p.limits);
	done(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metas),
		cmocka_unit_test(noscript),
		cmocka_unit_test(noscript_is_text),
		cmocka_unit_test(forms),
		cmocka_unit_test(the_rest),
		cmocka_unit_test(human_checks),
		cmocka_unit_test(broken_bytes),
		cmocka_unit_test(hostile_pages),
		cmocka_unit_test(hostile_growth),
		cmocka_unit_test(many_items),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
