/*
 * Two runs laid side by side, and links as people paste them: what is aligned with what, which
 * parts of an address are marked, what may be said; and what is undone of a spelling that
 * nobody follows by accident.
 */
#include "ui/web/compare_runs.h"
#include "ui/web/page_acts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena arena;

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

/* ---- runs ---- */

/* Each word is a hop: "302 https://a.test/x". */
static struct run make(const char *const *hops)
{
	struct run r = {.whole = true, .ended_by = ENDED_PAGE};
	for (; *hops != NULL; hops++) {
		struct span text = span_str(*hops);
		uint64_t status = 0;
		span_u64(span_first(text, 3), &status);
		struct run_hop h = {.n = r.n + 1,
			.mechanism = "http-redirect",
			.status = (int64_t)status,
			.url = span_from(text, 4),
			.party = span_str("a.test"),
			.on_wire = true};
		ARENA_PUSH(&arena, r.hops, r.n, h);
	}
	r.all = r.n;
	r.start_url = r.n > 0 ? r.hops[0].url : SPAN_NONE;
	return r;
}
#define RUN(...) make((const char *const[]){__VA_ARGS__, NULL})

/* "1=1 2~2 3!- -!3": numbers of both, and how alike. */
static const char *shape(const struct run *a, const struct run *b, struct run_rows *rows)
{
	static const char marks[] = "=~!";
	struct buf out = {0};
	runs_align(a, b, &arena, rows);
	for (size_t i = 0; i < rows->n; i++) {
		const struct run_row *r = &rows->list[i];
		char x[8] = "-", y[8] = "-";
		if (r->a != NULL)
			snprintf(x, sizeof x, "%zu", r->a->n);
		if (r->b != NULL)
			snprintf(y, sizeof y, "%zu", r->b->n);
		buf_addf(&out, "%s%s%c%s", i > 0 ? " " : "", x, marks[r->like], y);
	}
	const char *text = arena_str(&arena, buf_span(&out));
	buf_fini(&out);
	return text;
}

static void alike_hops_lie_beside_each_other(void **state)
{
	(void)state;
	struct run_rows rows;
	struct run a =
		RUN("302 http://a.test/", "302 https://b.test/x?t=1", "200 https://c.test/");
	struct run b =
		RUN("302 http://a.test/", "302 https://b.test/x?t=2", "200 https://c.test/");
	assert_string_equal(shape(&a, &a, &rows), "1=1 2=2 3=3");
	assert_int_equal(rows.parted, 0);
	assert_int_equal(rows.like, ROUND_SAME);
	assert_string_equal(shape(&a, &b, &rows), "1=1 2~2 3=3");
	assert_int_equal(rows.like, ROUND_VALUES);
	/* A step more in the middle, and behind it all is aligned again. */
	struct run more = RUN("302 http://a.test/", "307 https://gate.test/",
		"302 https://b.test/x?t=1", "200 https://c.test/");
	assert_string_equal(shape(&a, &more, &rows), "1=1 -!2 2=3 3=4");
	assert_int_equal(rows.parted, 2);
	assert_string_equal(shape(&more, &a, &rows), "1=1 2!- 3=2 4=3");
	/* One that stops early. */
	struct run brief = RUN("302 http://a.test/");
	assert_string_equal(shape(&a, &brief, &rows), "1=1 2!- 3!-");
	/* Another answer is another hop, at the same address too. */
	struct run gone =
		RUN("302 http://a.test/", "302 https://b.test/x?t=1", "404 https://c.test/");
	assert_string_equal(shape(&a, &gone, &rows), "1=1 2=2 3!3");
	assert_true(rows.list[2].status);
	assert_false(rows.list[2].url);
	/* Nothing at all. */
	struct run none = {.n = 0};
	assert_string_equal(shape(&none, &none, &rows), "");
	assert_string_equal(shape(&none, &brief, &rows), "-!1");
}

static void a_finding_asks_how_each_was_asked(void **state)
{
	(void)state;
	struct run_rows rows;
	struct run a = RUN("302 http://a.test/", "200 https://b.test/");
	struct run b = RUN("302 http://a.test/", "200 https://c.test/");
	shape(&a, &b, &rows);
	assert_string_equal(
		runs_finding(&a, &b, &rows), rounds_finding_sentence(ROUNDS_CHANGED));
	b.asked[ROUND_ASKED_LANGUAGE] = span_str("de");
	assert_string_equal(
		runs_finding(&a, &b, &rows), rounds_finding_sentence(ROUNDS_UNDECIDED));
	/* Another version with its user agent is no other manner. */
	struct run c = RUN("302 http://a.test/", "200 https://c.test/");
	c.asked[ROUND_ASKED_VERSION] = span_str("2");
	c.asked[ROUND_ASKED_USER_AGENT] = span_str("x/2");
	assert_string_equal(
		runs_finding(&a, &c, &rows), rounds_finding_sentence(ROUNDS_CHANGED));
	b.asked[ROUND_ASKED_LINK] = span_str("http://a.test/?x");
	assert_string_equal(
		runs_finding(&a, &b, &rows), rounds_finding_sentence(ROUNDS_OTHER_LINK));
	b.whole = false;
	assert_string_equal(
		runs_finding(&a, &b, &rows), rounds_finding_sentence(ROUNDS_INCOMPLETE));
	struct run other = RUN("302 http://elsewhere.test/", "200 https://b.test/");
	assert_null(runs_finding(&a, &other, &rows));
	shape(&a, &a, &rows);
	assert_string_equal(runs_finding(&a, &a, &rows), rounds_finding_sentence(ROUNDS_ALIKE));
}

/* What differs between < and >. */
static const char *marked(const char *url, const char *other)
{
	struct run_piece *pieces;
	size_t n;
	struct buf out = {0};
	runs_url_pieces(&arena, span_str(url), span_str(other), &pieces, &n);
	for (size_t i = 0; i < n; i++) {
		buf_add_str(&out, pieces[i].differs ? "<" : "");
		buf_add_span(&out, pieces[i].text);
		buf_add_str(&out, pieces[i].differs ? ">" : "");
	}
	const char *text = arena_str(&arena, buf_span(&out));
	buf_fini(&out);
	return text;
}

static void differences_are_marked_down_to_the_part(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{"https://a.test/x?t=1&u=2", "https://a.test/x?t=9&u=2",
			"https://a.test/x?t=<1>&u=2"},
		{"https://a.test/x", "https://b.test/x", "<https://a.test>/x"},
		{"https://a.test/x", "https://a.test/x", "https://a.test/x"},
		{"https://a.test/x/y#f", "https://a.test/x", "https://a.test/x</y#f>"},
		{"https://a.test/", "", "<https://a.test></>"},
		{"", "https://a.test/", ""},
		{"about:blank", "data:x", "<about:blank>"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(marked(cases[i][0], cases[i][1]), cases[i][2]);
}

/* A part and its mark are two pieces, and the host one. */
static const char *of_pieces(size_t n)
{
	struct buf url = {0};
	buf_add_str(&url, "https://a.test");
	for (size_t i = 1; i < n; i++)
		buf_add_str(&url, i % 2 == 1 ? "/" : "x");
	const char *text = arena_str(&arena, buf_span(&url));
	buf_fini(&url);
	return text;
}

/* All of it is there, it takes no more memory, and it is said. */
static void long_addresses_are_compared_in_part(void **state)
{
	(void)state;
	static const struct {
		size_t pieces;
		bool whole;
	} cases[] = {{3, true}, {COMPARE_PIECES_MAX, true}, {COMPARE_PIECES_MAX + 1, false},
		{10000, false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct span text = span_str(of_pieces(cases[i].pieces));
		struct arena work = {0};
		struct run_piece *pieces;
		size_t n, len = 0;
		for (int way = 0; way < 2; way++)
			assert_int_equal(runs_url_pieces(&work, way == 0 ? text : SPAN_NONE,
						 way == 0 ? SPAN_NONE : text, &pieces, &n),
				cases[i].whole);
		assert_int_equal(
			runs_url_pieces(&work, text, text, &pieces, &n), cases[i].whole);
		for (size_t k = 0; k < n; k++)
			len += pieces[k].text.n;
		assert_int_equal(len, text.n);
		assert_in_range(work.total, 1, 128 * 1024);
		arena_fini(&work);
	}
}

/* ---- links as they are pasted ---- */

static void odd_spellings_are_undone(void **state)
{
	(void)state;
	static const struct {
		const char *given, *link;
		bool web, undone;
	} cases[] = {
		{"https://a.test/x", "https://a.test/x", true, false},
		{" <https://a.test/x>\r\n", "https://a.test/x", true, false},
		{"hxxps://a[.]test/x", "https://a.test/x", true, true},
		{"hXXp://a.test/", "http://a.test/", true, true},
		{"h**ps://a(.)test/", "https://a.test/", true, true},
		{"hxxps[:]//a[dot]test", "https://a.test", true, true},
		{"hxxp[://]a.test", "http://a.test", true, true},
		{"http://[::1]:80/", "http://[::1]:80/", true, false},
		{"a.test/x", "http://a.test/x", true, false},
		{"a.test:8080", "http://a.test:8080", true, false},
		{"http://a.test/\xc3\xa4 b", "http://a.test/%C3%A4%20b", true, false},
		{"mailto:x@a.test", "mailto:x@a.test", false, false},
		{"javascript:alert(1)", "javascript:alert(1)", false, false},
		{"data:text/html,x", "data:text/html,x", false, false},
		{"file:///etc/passwd", "file:///etc/passwd", false, false},
		{"/etc/pass.wd", "/etc/pass.wd", false, false},
		{"--no-sandbox", "--no-sandbox", false, false},
		{"-a.b", "-a.b", false, false},
		{"hxx", "hxx", false, false},
		{"", "", false, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct link_look l;
		link_look(&arena, span_str(cases[i].given), &l);
		if (!span_is(l.link, cases[i].link) || l.web != cases[i].web ||
			l.undone != cases[i].undone)
			fail_msg("\"%s\": %.*s, web %d, undone %d", cases[i].given,
				(int)l.link.n, (const char *)l.link.p, l.web, l.undone);
	}
	struct link_look l;
	link_look(&arena, span_of("https://a.test/\0--yes", 21), &l);
	assert_true(span_find_byte(l.link, 0, 0) == SIZE_MAX || !l.web);
	link_look(&arena, span_str("https://a.test/unsubscribe?u=1"), &l);
	assert_true(l.acts);
	assert_string_equal(link_title(&arena, "Trace of ", span_str("https://a.test/x")),
		"Trace of hxxps://a[.]test/x");
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(alike_hops_lie_beside_each_other),
		TEST(a_finding_asks_how_each_was_asked),
		TEST(differences_are_marked_down_to_the_part),
		TEST(long_addresses_are_compared_in_part),
		TEST(odd_spellings_are_undone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
