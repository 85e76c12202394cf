/* A trail as its pages draw it: each row says how sure, how safe and how long, nothing from
 * outside becomes more than text, and a stream sends what changed and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/kit/build_facts.h"
#include "tests/kit/html_report.h"
#include "tests/kit/nasty.h"
#include "ui/report/remarks.h"
#include "ui/web/feed.h"
#include "ui/web/trail_seen.h"
#include "ui/web/trail_stream.h"
#include "ui/web/trail_wait.h"

/* A trail of n hops, each of another party, that a test may change. */
struct shown {
	struct html_report h;
	struct book_about about;
	struct trail_view v;
};

static void show(struct shown *s, struct span value, size_t n_hops)
{
	*s = (struct shown){.about = {.live = true}};
	html_report_init(&s->h);
	s->h.plain_urls = true;
	html_report_add(&s->h, value, n_hops);
	s->v = (struct trail_view){.book = 7,
		.r = &s->h.report,
		.t = &s->h.report.trails[0],
		.e = &s->h.edition,
		.about = &s->about,
		.state = TRAIL_RUNS,
		.pending = {.due_us = FACT_NULL},
		.scale_us = 1000 * 1000};
	for (size_t i = 0; i < n_hops; i++) {
		struct report_hop *r = &s->h.report.trails[0].hops[i];
		struct trail_hop *hop = (struct trail_hop *)(uintptr_t)r->hop;
		hop->confidence = CONFIDENCE_CERTAIN;
		hop->on_wire = true;
		hop->n_evidence = 0;
		r->reason = SPAN_NONE;
	}
}

static struct trail_hop *hop_of(struct shown *s, size_t i)
{
	return (struct trail_hop *)(uintptr_t)s->h.report.trails[0].hops[i].hop;
}

static void end(struct shown *s)
{
	html_report_fini(&s->h);
}

static char *row(struct shown *s, size_t i)
{
	struct buf out = {0};
	trail_row_html(&s->v, i, SPAN_NONE, &out);
	return buf_take_str(&out);
}

static size_t count(const char *text, const char *what)
{
	struct span all = span_str(text);
	size_t n = 0;
	for (size_t at = 0; (at = span_find(all, span_str(what), at)) != SIZE_MAX; at++)
		n++;
	return n;
}

static void assert_has(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("it lacks: %s\n%s", what, text);
}

static void assert_lacks(const char *text, const char *what)
{
	if (strstr(text, what) != NULL)
		fail_msg("it has: %s\n%s", what, text);
}

/* ---- rows ---- */

/* Each row is drawn twice, and each drawing has the step from above, and twice the one to
 * below. */
static void a_step_that_is_not_certain_is_dashed(void **state)
{
	(void)state;
	static const struct {
		enum trail_confidence of[3];
		size_t dashes[3];
	} rows[] = {{{CONFIDENCE_CERTAIN, CONFIDENCE_CERTAIN, CONFIDENCE_CERTAIN}, {0, 0, 0}},
		{{CONFIDENCE_CERTAIN, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN}, {4, 2, 0}},
		{{CONFIDENCE_CERTAIN, CONFIDENCE_CERTAIN, CONFIDENCE_POSSIBLE}, {0, 4, 2}},
		{{CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_POSSIBLE}, {4, 6, 2}}};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct shown s;
		show(&s, span_str("x"), 3);
		for (size_t i = 0; i < 3; i++)
			hop_of(&s, i)->confidence = rows[k].of[i];
		for (size_t i = 0; i < 3; i++) {
			char *html = row(&s, i);
			assert_int_equal(count(html, "stroke-dasharray"), rows[k].dashes[i]);
			/* From above in all but the first, to below in all but the last. */
			assert_int_equal(count(html, "class=\"edge\""),
				(i > 0 ? 2u : 0u) + (i < 2 ? 4u : 0u));
			free(html);
		}
		end(&s);
	}
}

static void what_was_inside_the_browser_is_hollow(void **state)
{
	(void)state;
	struct shown s;
	show(&s, span_str("x"), 2);
	hop_of(&s, 1)->on_wire = false;
	hop_of(&s, 1)->status = FACT_NULL;
	char *on = row(&s, 0), *off = row(&s, 1);
	assert_lacks(on, "hollow");
	assert_int_equal(count(off, "class=\"hollow pc2\""), 2);
	assert_has(off, "in the browser");
	assert_lacks(off, "class=\"lock");
	free(on);
	free(off);
	end(&s);
}

/* Nine parties: the ninth stands in the first lane again, with another shape. */
static void each_party_has_its_lane(void **state)
{
	(void)state;
	struct shown s;
	show(&s, span_str("x"), 9);
	for (size_t i = 0; i < 9; i++) {
		char want[80], *html = row(&s, i);
		snprintf(want, sizeof want, "translate(%zu 28)\" class=\"pc%zu\"",
			14 + i % 8 * 18, i % 8 + 1);
		assert_has(html, want);
		snprintf(want, sizeof want,
			"id=\"hop-1.1-%zu\" class=\"way-row\" data-order=\"%zu\"", i + 1,
			i + 1);
		assert_has(html, want);
		snprintf(want, sizeof want, "href=\"/c/7/t/1.1/h/%zu\"", i + 1);
		assert_has(html, want);
		snprintf(want, sizeof want, "party %zu", i + 1);
		assert_has(html, want);
		free(html);
	}
	end(&s);
}

static void the_padlock_says_how_safe_it_was(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		bool tls;
		int64_t verified, permitted;
		const char *class, *says;
	} rows[] = {{"http://a.example/", false, 0, 0, "lock lock-open", "not encrypted"},
		{"https://a.example/", true, 1, 0, "lock lock-tls", "TLS 1.3"},
		{"https://a.example/", true, 0, 0, "lock lock-bad", "TLS, not verified"},
		{"https://a.example/", true, 0, 1, "lock lock-bad", "permitted certificate"},
		{"https://a.example/", false, 0, 0, NULL, NULL}};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct shown s;
		show(&s, span_str("x"), 1);
		struct report_hop *r = &s.h.report.trails[0].hops[0];
		hop_of(&s, 0)->url = span_str(rows[k].url);
		r->grade = NULL;
		if (rows[k].tls) {
			struct fact_handshake *f =
				(struct fact_handshake *)(uintptr_t)r->tls->origin;
			f->verified = rows[k].verified;
			f->permitted = rows[k].permitted;
			f->version = span_str("TLS 1.3");
		} else {
			r->tls = NULL;
		}
		char *html = row(&s, 0);
		if (rows[k].class != NULL) {
			assert_has(html, rows[k].class);
			assert_has(html, rows[k].says);
		} else {
			assert_lacks(html, "class=\"lock");
		}
		free(html);
		end(&s);
	}
}

/* Evidence as derivation writes it, and names that want to be taken for it. */
static void allowed_times_stand_beside_what_was_spent(void **state)
{
	(void)state;
	static const struct {
		const char *signal, *quote, *says;
	} rows[] = {{"timing", "5.003 s after the response, announced after 5.000 s",
			    "waited 5.0 s of 5.0 s announced"},
		{"timing", "0.551 s after the response, announced after 0.400 s",
			"waited 551 ms of 400 ms announced"},
		{"timing", "0.551 s after the response, announced after 0.000 s", NULL},
		{"timing", "0.020 s after the response", NULL},
		{"deadline",
			"exp: the link says that it ends at 2026-01-01T00:00:30.000000Z, 30 s "
			"after "
			"this request",
			"link valid for 30.0 s more, by <code>exp</code>"},
		{"deadline",
			"exp: the link says that it ends at 2026-01-01T00:00:30.000000Z, 12 s "
			"before "
			"this request",
			"asked 12.0 s after the link\u2019s end"},
		{"cookie-lifetime", "sid: 30 s, and came back after 1.250 s",
			"cookie <code>sid</code> came back after 1.2 s of its 30.0 s"},
		{"cookie-lifetime",
			"a: 1 s, and came back after 9.000 s: 30 s, and came back after "
			"1.250 s",
			"came back after 1.2 s of its 30.0 s"},
		{"cookie-lifetime", "<b>: 30 s, and came back after 1.250 s", "&lt;b&gt;"},
		{"cookie-lifetime", "sid: x s, and came back after 1 s", NULL},
		{"deadline", "99999999999999999999999 s after this request", NULL},
		{"location", "5.003 s after the response, announced after 5.000 s", NULL}};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct shown s;
		show(&s, span_str("x"), 1);
		struct trail_evidence e = {
			1, rows[k].signal, span_str(rows[k].quote), FACT_NULL};
		hop_of(&s, 0)->evidence = &e;
		hop_of(&s, 0)->n_evidence = 1;
		char *html = row(&s, 0);
		if (rows[k].says != NULL)
			assert_has(html, rows[k].says);
		else
			assert_lacks(html, "class=\"way-wait\"");
		free(html);
		end(&s);
	}
}

static void the_time_line_has_round_ends(void **state)
{
	(void)state;
	static const struct {
		int64_t at, took, scale;
	} rows[] = {{0, 0, 0}, {0, 1, 100 * 1000}, {100 * 1000, 0, 100 * 1000},
		{100 * 1000, 1, 150 * 1000}, {1900 * 1000, 50 * 1000, 2000 * 1000},
		{2000 * 1000, 1, 3000 * 1000},
		{60 * INT64_C(1000000), FACT_NULL, 75 * INT64_C(1000000)},
		{INT64_MAX / 2, INT64_MAX, 0}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct trail_hop hop = {.n = 1,
			.at_us = BUILD_EPOCH_US + rows[i].at,
			.elapsed_us = rows[i].took};
		struct trail t = {.started_us = BUILD_EPOCH_US, .hops = &hop, .n_hops = 1};
		assert_int_equal(trail_time_scale(&t), rows[i].scale);
	}
}

static void what_waits_has_a_clock_and_what_is_announced_a_row(void **state)
{
	(void)state;
	struct shown s;
	struct buf out = {0};
	show(&s, span_str("x"), 2);
	struct model_exchange *x =
		(struct model_exchange *)(uintptr_t)s.h.report.trails[0].hops[1].exchange;
	x->end = NULL;
	hop_of(&s, 1)->status = FACT_NULL;
	hop_of(&s, 1)->elapsed_us = FACT_NULL;
	char *html = row(&s, 1), want[64];
	snprintf(want, sizeof want, "data-since=\"%lld\"",
		(long long)(hop_of(&s, 1)->at_us / 1000));
	assert_has(html, want);
	assert_has(html, "way-row waiting");
	free(html);
	s.v.state = TRAIL_IS_CUT;
	html = row(&s, 1);
	assert_lacks(html, "data-since");
	assert_has(html, "cut off");
	free(html);
	/* Something is announced once nothing is waited for. */
	s.v.state = TRAIL_RUNS;
	s.v.looked = true;
	s.v.pending = (struct trail_pending){.due_us = BUILD_EPOCH_US + 4000000,
		.what = "meta-refresh",
		.target = span_str("https://next.example/<b>")};
	assert_false(trail_next(&s.v, &out));
	hop_of(&s, 1)->exchange = s.h.report.trails[0].hops[1].exchange = NULL;
	assert_true(trail_next(&s.v, &out));
	html = buf_take_str(&out);
	assert_has(html, "id=\"hop-1.1-next\"");
	assert_has(html,
		"by a meta refresh, to <code class=\"url\">hxxps://next[.]example/&lt;b&gt;");
	assert_has(html, "until 00:00:04 UTC");
	free(html);
	/* The last row goes on to it. */
	html = row(&s, 1);
	assert_int_equal(count(html, "class=\"edge\""), 6);
	free(html);
	end(&s);
}

static void notes_of_people_are_marked(void **state)
{
	(void)state;
	struct shown s;
	struct remark said[2] = {
		{.text = span_str("first")}, {.text = span_str("<the> second")}};
	show(&s, span_str("x"), 1);
	char *html = row(&s, 0);
	assert_lacks(html, "remark");
	free(html);
	s.h.report.trails[0].hops[0].remarks = said;
	s.h.report.trails[0].hops[0].n_remarks = 2;
	html = row(&s, 0);
	assert_has(html, "<span class=\"badge remark\">2 notes: &lt;the&gt; second</span>");
	free(html);
	end(&s);
}

/* ---- hostile values ---- */

static void assert_only_our_elements(const char *html)
{
	static const char ours[] = " section h2 h3 p b code span strong em time data ul ol li "
				   "div a figure figcaption svg "
				   "g circle rect polygon path text foreignObject iframe ";
	struct span all = span_str(html);
	for (size_t at = 0; (at = span_find_byte(all, '<', at)) != SIZE_MAX; at++) {
		char name[32];
		struct span tag = span_first(span_from(all, at + 1), 24);
		size_t n = 0;
		if (span_starts(tag, "/"))
			tag = span_from(tag, 1);
		while (n < tag.n && (ascii_alpha(tag.p[n]) || ascii_digit(tag.p[n])))
			n++;
		snprintf(name, sizeof name, " %.*s ", (int)n, (const char *)tag.p);
		if (n == 0 || strstr(ours, name) == NULL)
			fail_msg("an element that is not ours: <%.*s", (int)tag.n,
				(const char *)tag.p);
	}
	assert_int_equal(count(html, "<a "), count(html, "href=\"/c/7/"));
	assert_int_equal(count(html, "<iframe "), count(html, " src=\"/c/7/a/"));
	static const char *const never[] = {"https://evil", "<!--", "\xe2\x80\xae",
		"\xe2\x80\x8b", "http://", "<script", "<form", "<img"};
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		assert_lacks(html, never[i]);
}

static void nothing_from_outside_is_markup(void **state)
{
	(void)state;
	struct arena a = {0};
	for (size_t i = 0; i < HTML_NASTY + NASTY_STRINGS; i++) {
		struct shown s;
		struct buf out = {0};
		struct span value =
			i < HTML_NASTY ? html_nasty(&a, i) : nasty_string(&a, i - HTML_NASTY);
		show(&s, value, 2);
		s.h.plain_urls = false;
		hop_of(&s, 0)->url = s.h.report.trails[0].hops[0].host = value;
		hop_of(&s, 1)->url = value;
		s.h.report.trails[0].hops[1].host = SPAN_NONE;
		struct trail_evidence e = {1, "cookie-lifetime", value, FACT_NULL};
		hop_of(&s, 0)->evidence = &e;
		hop_of(&s, 0)->n_evidence = 1;
		s.v.looked = true;
		s.v.pending = (struct trail_pending){
			.due_us = BUILD_EPOCH_US, .what = "timer", .target = value};
		s.about.seal_says = value;
		struct remark said = {.text = value, .by = value};
		s.h.report.trails[0].hops[0].remarks = &said;
		s.h.report.trails[0].hops[0].n_remarks = 1;
		trail_section(&s.v, true, &out);
		trail_row_html(&s.v, 0, value, &out);
		trail_next(&s.v, &out);
		char *html = buf_take_str(&out);
		assert_only_our_elements(html);
		free(html);
		end(&s);
	}
	arena_fini(&a);
}

/* ---- what a stream sends ---- */

/* The kinds of what is sent, "p" "d" "s", and the ids of rows behind. */
static char *sent(struct trail_seen *seen, struct shown *s, enum trail_how how)
{
	struct trail_pieces pieces = {0};
	struct buf out = {0};
	trail_seen_look(seen, &s->v, how, &pieces);
	trail_pieces_send(&pieces, "before", "now", &out);
	return buf_take_str(&out);
}

static void only_what_looks_otherwise_is_sent(void **state)
{
	(void)state;
	struct shown s;
	struct trail_seen seen = {.number = 1};
	show(&s, span_str("x"), 3);
	char *out = sent(&seen, &s, TRAIL_ANEW);
	assert_int_equal(count(out, "<li id=\"hop-1.1-"), 3);
	assert_int_equal(count(out, "id: now\n"), 1);
	assert_has(strstr(out, "id: now\n"), "trail-notes-1.1");
	free(out);
	out = sent(&seen, &s, TRAIL_CHANGED);
	assert_string_equal(out, "");
	free(out);
	hop_of(&s, 1)->elapsed_us = 77000;
	out = sent(&seen, &s, TRAIL_CHANGED);
	assert_int_equal(count(out, "event: put\n"), 1);
	assert_has(out, "<li id=\"hop-1.1-2\"");
	assert_lacks(out, "event: say");
	free(out);
	trail_seen_fini(&seen);
	/* Whoever has it as it is now is sent nothing. */
	seen = (struct trail_seen){.number = 1};
	out = sent(&seen, &s, TRAIL_KNOWN);
	assert_string_equal(out, "");
	free(out);
	trail_seen_fini(&seen);
	/* Who has every hop and comes again is sent the blocks, and hears no hop twice. */
	seen = (struct trail_seen){.number = 1};
	out = sent(&seen, &s, TRAIL_BLOCKS_ANEW);
	assert_lacks(out, "<li id=\"hop-1.1-");
	assert_lacks(out, "event: say");
	assert_has(out, "trail-notes-1.1");
	free(out);
	trail_seen_fini(&seen);
	end(&s);
}

static void a_corrected_hop_says_what_it_was(void **state)
{
	(void)state;
	struct shown s;
	struct trail_seen seen = {.number = 1};
	show(&s, span_str("x"), 2);
	hop_of(&s, 1)->mechanism = MECHANISM_UNKNOWN;
	free(sent(&seen, &s, TRAIL_ANEW));
	hop_of(&s, 1)->mechanism = MECHANISM_SCRIPT;
	char *out = sent(&seen, &s, TRAIL_CHANGED);
	assert_has(out, "corrected: it was shown as unknown, certain, "
			"hxxps://host2[.]example/p?2");
	assert_has(out, "data: Hop 2 corrected: script, 302, host2.example\n");
	free(out);
	/* Only its answer came: that is no correction. */
	hop_of(&s, 0)->status = 404;
	out = sent(&seen, &s, TRAIL_CHANGED);
	assert_lacks(out, "corrected");
	free(out);
	trail_seen_fini(&seen);
	end(&s);
}

static void a_hop_that_is_none_is_dropped(void **state)
{
	(void)state;
	struct shown s;
	struct trail_seen seen = {.number = 1};
	show(&s, span_str("x"), 3);
	free(sent(&seen, &s, TRAIL_ANEW));
	s.h.report.trails[0].n_hops = 2;
	char *out = sent(&seen, &s, TRAIL_CHANGED);
	assert_has(out, "event: drop\nid: before\ndata: hop-1.1-3\n\n");
	/* The row before no longer goes on. */
	assert_has(out, "<li id=\"hop-1.1-2\"");
	assert_lacks(out, "<li id=\"hop-1.1-1\"");
	free(out);
	struct trail_pieces pieces = {0};
	trail_seen_gone(&seen, 1, &pieces);
	assert_int_equal(pieces.n, 2);
	arena_fini(&pieces.arena);
	trail_seen_fini(&seen);
	end(&s);
}

static void a_new_party_moves_every_row(void **state)
{
	(void)state;
	struct shown s;
	struct trail_seen seen = {.number = 1};
	show(&s, span_str("x"), 4);
	s.h.report.trails[0].n_hops = 3;
	s.h.report.trails[0].parties.n = 3;
	free(sent(&seen, &s, TRAIL_ANEW));
	s.h.report.trails[0].n_hops = 4;
	s.h.report.trails[0].parties.n = 4;
	char *out = sent(&seen, &s, TRAIL_CHANGED);
	assert_int_equal(count(out, "<li id=\"hop-1.1-"), 4);
	assert_int_equal(count(out, "event: say"), 1);
	assert_has(out, "data: Hop 4: ");
	free(out);
	trail_seen_fini(&seen);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_that_is_not_certain_is_dashed),
		cmocka_unit_test(what_was_inside_the_browser_is_hollow),
		cmocka_unit_test(each_party_has_its_lane),
		cmocka_unit_test(the_padlock_says_how_safe_it_was),
		cmocka_unit_test(allowed_times_stand_beside_what_was_spent),
		cmocka_unit_test(the_time_line_has_round_ends),
		cmocka_unit_test(what_waits_has_a_clock_and_what_is_announced_a_row),
		cmocka_unit_test(notes_of_people_are_marked),
		cmocka_unit_test(nothing_from_outside_is_markup),
		cmocka_unit_test(only_what_looks_otherwise_is_sent),
		cmocka_unit_test(a_corrected_hop_says_what_it_was),
		cmocka_unit_test(a_hop_that_is_none_is_dropped),
		cmocka_unit_test(a_new_party_moves_every_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
