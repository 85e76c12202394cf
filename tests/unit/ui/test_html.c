/* The HTML report as a whole: what is there is shown, what is absent is left out, and nothing
 * from outside becomes more than text. Real browsers look at it in
 * scenario/test_browser_html.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "store/base/codec.h"
#include "store/base/hash.h"
#include "tests/kit/html_report.h"
#include "tests/unit/ui/report_case.h"
#include "ui/report/html.h"
#include "ui/report/html_svg.h"

static char *page_of(struct html_report *h)
{
	struct buf out = {0};
	struct err err = {0};
	assert_true(edition_html(&h->edition, &out, &err));
	return buf_take_str(&out);
}

/* By spans: with sanitizers each strstr measures all of a long page first. */
static size_t count(const char *text, const char *what)
{
	struct span page = span_str(text);
	size_t n = 0;
	for (size_t at = 0; (at = span_find(page, span_str(what), at)) != SIZE_MAX; at++)
		n++;
	return n;
}

static void assert_has(const char *page, const char *what)
{
	if (strstr(page, what) == NULL)
		fail_msg("the page lacks: %s", what);
}

static void assert_lacks(const char *page, const char *what)
{
	if (strstr(page, what) != NULL)
		fail_msg("the page has: %s", what);
}

static void it_shows_all_that_is_filled(void **state)
{
	(void)state;
	struct html_report h;
	html_report_init(&h);
	h.order.abuse = ABUSE_PHISHING;
	h.order.party = 1;
	h.order.reporter.org = span_str("Example CERT");
	html_report_add(&h, span_str("VALUE"), 6);
	char *page = page_of(&h);
	static const char *const wanted[] = {/* summary */
		"It led over 6 steps (hops) and 6 parties", "1 January 2026, 00:00:00 UTC",
		"<strong>phishing</strong>", "Reported by Example CERT.",
		"This report is for whoever runs <strong>VALUE</strong> (party 1 of this "
		"trail): "
		"hop 1 is its own",
		"country VALUE", "<dt>User-Agent</dt><dd>VALUE", "<dt>Language</dt><dd>VALUE",
		/* parties */
		"AS64500", "<dt>Registrar</dt>", "<dt>CAA</dt>", "RFC 2142",
		"mixes scripts, as look-alikes do",
		/* hops */
		"http-redirect", "from byte 34 of the body", "Rather than",
		"led elsewhere than", "may name the recipient; not repeated here",
		"in 2 wrappers", "As the browser sent them", "As the server sent them",
		"<em>erased</em>", "Set by the server", "Path=/; HttpOnly", "5,000 bytes",
		"4,000 of them stored",
		/* encryption */
		"TLS weak: young", "made just before the click", "Toward the browser",
		"began <strong>2 hours</strong> before the click", "certificate not verified",
		"the issuer is allowed by the current records", "SCT in the certificate",
		"aria-label=\"0% of its life had passed at the click\"",
		/* landing */
		"src=\"data:image/png;base64,iVBORw0KGgo", "<strong>password</strong>",
		"to another domain than the page's", "by its first bytes <strong>apk",
		"<dt>package</dt>",
		/* the record */
		"not checked here", "not made: nothing was held against a packet capture",
		"It was not replayed", "What was redacted", "base64",
		"head 3 over 12,345 facts"};
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		assert_has(page, wanted[i]);
	free(page);
	html_report_fini(&h);
}

/* A case as derivation makes it, with nothing looked up, graded or seen. */
static void it_leaves_out_what_is_absent(void **state)
{
	(void)state;
	struct report_case c;
	report_case_init(&c);
	struct edition_order order = {.defang = true};
	struct edition e = {.order = &order, .report = &c.report, .made_us = BUILD_EPOCH_US};
	struct buf out = {0};
	struct err err = {0};
	assert_true(edition_html(&e, &out, &err));
	char *page = buf_take_str(&out);
	assert_has(page, "hxxps://click[.]example/c?t=1");
	assert_has(page, "within 430 ms, to <strong>land[.]example</strong>");
	assert_has(page, "No directory was asked about them");
	assert_has(page, "expired\\x1b]0;x\\x07\\u{202e}\\u{200b}");
	assert_lacks(page, "Where it takes complaints");
	assert_lacks(page, "What was there");
	assert_lacks(page, "What was redacted");
	assert_lacks(page, "<img");
	free(page);
	report_case_fini(&c);
	report_case_unreached(&c);
	e.report = &c.report;
	assert_true(edition_html(&e, &out, &err));
	page = buf_take_str(&out);
	assert_has(page, "It led nowhere else.");
	assert_has(page, "It ended with an error: the name does not exist.");
	free(page);
	report_case_fini(&c);
}

/* The others' hops give context: no headers, cookies or certificates of theirs. */
static void a_party_gets_its_own_hops(void **state)
{
	(void)state;
	struct html_report h;
	html_report_init(&h);
	html_report_add(&h, span_str("first"), 3);
	html_report_add(&h, span_str("second"), 2);
	struct parties *p = &h.report.trails[0].parties;
	p->list[0].name = span_str("own.example");
	h.order.party = 1;
	char *page = page_of(&h);
	assert_int_equal(count(page, "<details class=\"hop\""), 1);
	assert_int_equal(count(page, "<details class=\"hop context\""), 2);
	assert_int_equal(count(page, "As the browser sent them"), 1);
	assert_int_equal(count(page, "Set by the server"), 1);
	assert_int_equal(count(page, "Toward the browser"), 1);
	assert_int_equal(count(page, "This report is for them."), 1);
	/* It has no part in the second trail. */
	assert_int_equal(count(page, "<section class=\"one-trail\">"), 1);
	free(page);
	h.order.party = 0;
	page = page_of(&h);
	assert_int_equal(count(page, "As the browser sent them"), 5);
	assert_int_equal(count(page, "<section class=\"one-trail\">"), 2);
	free(page);
	html_report_fini(&h);
}

/* A desk's address is there to be written to; the link is not there to be opened. */
static void a_contact_stays_exact(void **state)
{
	(void)state;
	struct html_report h;
	html_report_init(&h);
	h.order.defang = true;
	h.order.reporter.email = span_str("desk@cert.example");
	html_report_add(&h, span_str("http://in.example/"), 1);
	h.report.trails[0].parties.list[0].contacts[0].email = span_str("abuse@host.example");
	char *page = page_of(&h);
	assert_has(page, "<code>abuse@host.example</code>");
	assert_has(page, "Reported by desk@cert.example");
	assert_lacks(page, "in.example");
	free(page);
	html_report_fini(&h);
}

static void the_policy_names_the_style_that_is_there(void **state)
{
	(void)state;
	struct html_report h;
	html_report_init(&h);
	html_report_add(&h, span_str("x"), 1);
	char *page = page_of(&h);
	const char *style = strstr(page, "<style>") + 7, *end = strstr(page, "</style>");
	uint8_t digest[SHA256_LEN];
	struct buf want = {0};
	sha256(span_of(style, (size_t)(end - style)), digest);
	buf_add_str(&want, "style-src 'sha256-");
	base64_add(&want, span_of(digest, sizeof digest));
	buf_add_str(&want, "'; img-src data:;");
	char *text = buf_take_str(&want);
	assert_has(page, text);
	assert_has(page, "default-src 'none'");
	assert_int_equal(count(page, "<style"), 1);
	free(text);
	free(page);
	html_report_fini(&h);
}

/* Each "<" of the page begins or ends an element that we write. */
static void assert_only_our_elements(const char *page)
{
	static const char ours[] = " html head meta link title style body header footer main "
				   "section article h1 h2 "
				   "h3 h4 p b br code pre samp span strong em time ul li dl "
				   "div dt dd details summary "
				   "table caption thead tbody tr th td figure figcaption img "
				   "svg g circle rect polygon "
				   "path text ";
	struct span all = span_str(page);
	for (size_t at = 0; (at = span_find_byte(all, '<', at)) != SIZE_MAX; at++) {
		char name[16];
		struct span tag = span_first(span_from(all, at + 1), 14);
		size_t n = 0;
		if (span_starts(tag, "!DOCTYPE html>"))
			continue;
		if (span_starts(tag, "/"))
			tag = span_from(tag, 1);
		while (n < tag.n && (ascii_alpha(tag.p[n]) || ascii_digit(tag.p[n])))
			n++;
		snprintf(name, sizeof name, " %.*s ", (int)n, (const char *)tag.p);
		if (n == 0 || strstr(ours, name) == NULL)
			fail_msg("an element that is not ours: <%.*s", (int)tag.n,
				(const char *)tag.p);
	}
}

/* What the file holds, byte by byte, whatever the values are. */
static void nothing_from_outside_is_markup(void **state)
{
	(void)state;
	struct html_report h;
	html_report_init(&h);
	h.order.defang = true;
	for (size_t i = 0; i < HTML_NASTY; i++)
		html_report_add(&h, html_nasty(&h.arena, i), 1);
	char *page = page_of(&h);
	struct span s = span_str(page);
	assert_true(text_valid(s));
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ||
			(c == 0xc2 && s.p[i + 1] < 0xa0))
			fail_msg("byte %02x at %zu", c, i);
	}
	static const char *const never[] = {"<script", "<a ", "<a>", "<iframe", "<form",
		"<base", "<object", "<img src=x", "onerror=window.pwned=1>", "\xe2\x80\xae",
		"\xe2\x80\x8b", "\xf3\xa0", "https://evil", "<!--"};
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		assert_lacks(page, never[i]);
	assert_int_equal(count(page, "<link "), 1);
	assert_only_our_elements(page);
	assert_int_equal(count(page, "<link rel=\"icon\" href=\"data:,\">"), 1);
	free(page);
	html_report_fini(&h);
}

/* Only a PNG becomes a picture. */
static void other_bytes_are_no_picture(void **state)
{
	(void)state;
	struct html_report h;
	html_report_init(&h);
	html_report_add(&h, span_str("x"), 1);
	struct report_landing *l =
		(struct report_landing *)(uintptr_t)h.report.trails[0].hops[0].landing;
	assert_non_null(l);
	l->shots[0].png = span_str("<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>");
	char *page = page_of(&h);
	assert_lacks(page, "<img");
	assert_has(page, "it is not a PNG");
	free(page);
	/* A small file that would be a picture of 4 GB. */
	uint8_t bomb[128];
	struct span pixel = html_pixel();
	assert_true(pixel.n <= sizeof bomb);
	memcpy(bomb, pixel.p, pixel.n);
	bomb[16 + 2] = bomb[20 + 2] = 0x80;
	l->shots[0].png = span_of(bomb, pixel.n);
	page = page_of(&h);
	assert_lacks(page, "<img");
	assert_has(page, "it is too large");
	free(page);
	html_report_fini(&h);
}

static void a_party_has_its_own_mark(void **state)
{
	(void)state;
	enum { PARTIES = 60 };
	char *marks[PARTIES];
	for (size_t i = 0; i < PARTIES; i++) {
		struct buf out = {0};
		svg_party(&out, i + 1);
		marks[i] = buf_take_str(&out);
		/* Without its number, too: by colour and shape. */
		*strstr(marks[i], "<text") = 0;
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(marks[i], marks[k]);
	}
	for (size_t i = 0; i < PARTIES; i++)
		free(marks[i]);
}

/* A long trail: folded, drawn in pieces, quick, and of a size that can be mailed. */
static void five_hundred_hops_stay_readable(void **state)
{
	(void)state;
	struct html_report h;
	html_report_init(&h);
	h.plain_urls = true;
	html_report_add(&h, span_str("a value of some forty bytes, as they come"), 500);
	struct timespec from, to;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	char *page = page_of(&h);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_int_equal(count(page, "<details class=\"hop\">"), 500);
	assert_int_equal(count(page, "class=\"trail wide\""), (500 + SVG_ROWS - 1) / SVG_ROWS);
	assert_in_range(strlen(page), 1000 * 1000, 12 * 1000 * 1000);
	print_message("500 hops: %zu bytes in %.2f s\n", strlen(page),
		(double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	assert_true(to.tv_sec - from.tv_sec < 10);
	free(page);
	struct buf out = {0};
	html_write(&h.edition, true, &out);
	page = buf_take_str(&out);
	assert_int_equal(count(page, "<details class=\"hop\" open>"), 500);
	assert_int_equal(count(page, "<details"), count(page, " open>"));
	free(page);
	html_report_fini(&h);
}

/* What is too much for one page is left out by trails, and told. */
static void too_many_trails_are_told(void **state)
{
	(void)state;
	struct html_report h;
	html_report_init(&h);
	for (int i = 0; i < 13; i++)
		html_report_add(&h, span_str("x"), 500);
	char *page = page_of(&h);
	assert_int_equal(count(page, "<section class=\"one-trail\">"), HTML_HOPS_MAX / 500);
	assert_has(page, "There are 3 more trails, from 11.1 on");
	free(page);
	html_report_fini(&h);
}

/* Times that only a broken or hostile case has. */
static void impossible_times_are_survived(void **state)
{
	(void)state;
	static const int64_t times[] = {
		FACT_NULL, INT64_MIN + 1, INT64_MAX, -1, 0, INT64_C(1) << 62};
	enum { TIMES = sizeof times / sizeof *times };
	for (size_t i = 0; i < TIMES; i++)
		for (size_t k = 0; k < TIMES; k++) {
			struct html_report h;
			html_report_init(&h);
			html_report_add(&h, span_str("x"), 2);
			struct report_trail *t = &h.report.trails[0];
			((struct trail *)(uintptr_t)t->trail)->started_us = times[i];
			for (size_t n = 0; n < 2; n++) {
				struct trail_hop *hop =
					(struct trail_hop *)(uintptr_t)t->hops[n].hop;
				hop->at_us = times[k];
				hop->elapsed_us = times[i];
				t->hops[n].tls->certs[0].not_before_us = times[i];
				t->hops[n].tls->certs[0].not_after_us = times[k];
			}
			char *page = page_of(&h);
			assert_lacks(page, "nan");
			assert_lacks(page, "inf ");
			free(page);
			html_report_fini(&h);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_shows_all_that_is_filled),
		cmocka_unit_test(it_leaves_out_what_is_absent),
		cmocka_unit_test(a_party_gets_its_own_hops),
		cmocka_unit_test(a_contact_stays_exact),
		cmocka_unit_test(the_policy_names_the_style_that_is_there),
		cmocka_unit_test(nothing_from_outside_is_markup),
		cmocka_unit_test(other_bytes_are_no_picture),
		cmocka_unit_test(a_party_has_its_own_mark),
		cmocka_unit_test(five_hundred_hops_stay_readable),
		cmocka_unit_test(too_many_trails_are_told),
		cmocka_unit_test(impossible_times_are_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
