/* What people said about a hop: out of a companion that may hold anything, to where it belongs
 * in a report, and hidden there like everything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/fact/custody.h"
#include "tests/kit/build_facts.h"
#include "tests/kit/temp_case.h"
#include "ui/report/edition.h"
#include "ui/report/html.h"
#include "ui/report/remarks.h"
#include "ui/report/say_remarks.h"

#define CASE_ID "0123456789abcdef0123456789abcdef"

/* ---- out of the file ---- */

struct written {
	int64_t trail, hop, exchange;
	const char *act, *by, *text;
	int64_t withdraws;
};

static void put_whose(struct temp_case *t, const char *of)
{
	struct fact_custody f;
	fact_init(FACT_KIND_CUSTODY, &f);
	f.act = span_str(custody_word(CUSTODY_COMPANION));
	f.detail = span_str(of);
	temp_case_put(t, FACT_KIND_CUSTODY, &f);
}

static void put(struct temp_case *t, const struct written *w)
{
	struct fact_remark f;
	fact_init(FACT_KIND_REMARK, &f);
	f.session = 1;
	f.at_us = BUILD_EPOCH_US;
	f.trail = w->trail;
	f.hop = w->hop != 0 ? w->hop : FACT_NULL;
	f.exchange = w->exchange != 0 ? w->exchange : FACT_NULL;
	f.act = span_str(w->act);
	f.operator_name = span_str(w->by);
	f.text = span_str(w->text);
	f.withdraws = w->withdraws != 0 ? w->withdraws : FACT_NULL;
	temp_case_put(t, FACT_KIND_REMARK, &f);
}

static void read_back(const struct temp_case *t, struct arena *a, struct remarks *m)
{
	struct err err;
	if (!remarks_read(t->path, span_str(CASE_ID), a, m, &err))
		fail_msg("%s", err.detail);
}

/* Numbers: 1 is whose companion it is. */
static void what_was_written_is_read(void **state)
{
	static const struct written list[] = {
		{1, 2, 7, "noted", "Ada", "here it turns", 0},
		{1, 0, 0, "marked", "Ada", NULL, 0},
		{2, 0, 0, "marked", "Ben", "no, this", 0},
		{0, 0, 0, "withdrawn", "Ben", NULL, 3},
		{0, 0, 0, "withdrawn", "Eve", NULL, 3},   /* once is enough */
		{0, 0, 0, "withdrawn", "Eve", NULL, 5},   /* no withdrawal of a withdrawal */
		{0, 0, 0, "withdrawn", "Eve", NULL, 999}, /* nothing */
		{1, 1, 0, "sung", "Eve", "la", 0},        /* of a later version */
		{-1, 1, 0, "noted", "Eve", "nowhere", 0},
	};
	struct temp_case t;
	struct arena a = {0};
	struct remarks m;
	(void)state;
	temp_case_start(&t);
	put_whose(&t, CUSTODY_OF_CASE CASE_ID);
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		put(&t, &list[i]);
	read_back(&t, &a, &m); /* while it is written, too */
	assert_int_equal(m.n, 3);
	temp_case_close(&t);
	read_back(&t, &a, &m);
	assert_false(m.stranger);
	assert_int_equal(m.n, 3);
	assert_int_equal(m.unread, 4);
	assert_int_equal(m.list[0].number, 2);
	assert_int_equal(m.list[0].exchange, 7);
	assert_true(span_is(m.list[0].text, "here it turns"));
	assert_false(m.list[0].withdrawn);
	assert_true(m.list[1].withdrawn);
	assert_true(span_is(m.list[1].withdrawn_by, "Ben"));
	assert_null(remarks_mark(&m, 1, 1));
	assert_ptr_equal(remarks_mark(&m, 1, 2), &m.list[2]);
	arena_fini(&a);
	temp_case_fini(&t);
}

static void another_cases_companion_is_not_believed(void **state)
{
	static const char *const whose[] = {
		NULL, CUSTODY_OF_CASE "ffffffffffffffffffffffffffffffff", CASE_ID};
	(void)state;
	for (size_t i = 0; i < sizeof whose / sizeof *whose; i++) {
		struct temp_case t;
		struct arena a = {0};
		struct remarks m;
		temp_case_start(&t);
		if (whose[i] != NULL)
			put_whose(&t, whose[i]);
		put(&t, &(struct written){1, 1, 0, "noted", "Eve", "yours", 0});
		temp_case_close(&t);
		read_back(&t, &a, &m);
		assert_true(m.stranger);
		assert_int_equal(m.n, 0);
		arena_fini(&a);
		temp_case_fini(&t);
	}
}

static void a_text_that_is_too_long_is_not_taken(void **state)
{
	struct temp_case t;
	struct arena a = {0};
	struct remarks m;
	(void)state;
	char *text = arena_alloc(&a, REMARK_TEXT_MAX + 2);
	memset(text, 'x', REMARK_TEXT_MAX + 1);
	text[REMARK_TEXT_MAX + 1] = 0;
	temp_case_start(&t);
	put_whose(&t, CUSTODY_OF_CASE CASE_ID);
	put(&t, &(struct written){1, 1, 0, "noted", "Ada", text, 0});
	put(&t, &(struct written){1, 1, 0, "noted", "Ada", text + 1, 0});
	temp_case_close(&t);
	read_back(&t, &a, &m);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.list[0].text.n, REMARK_TEXT_MAX);
	assert_int_equal(m.unread, 1);
	arena_fini(&a);
	temp_case_fini(&t);
}

/* ---- into a report ---- */

#define TOKEN "k3J9xQ2mZ7bV5nT1"
#define LINK "https://click.mailer.example/c?uid=" TOKEN
#define NEXT "https://shop.example/land"
#define READER "jane.doe@mail.example"

struct test {
	struct build b;
	struct arena a;
	struct trail_set set;
	struct case_about about;
	struct report report;
	struct edition_order order;
	struct edition edition;
	int64_t last; /* exchange of the last hop */
	uint8_t key[REDACT_KEY_LEN];
};

static void begin(struct test *t)
{
	*t = (struct test){.about = {.id = span_str(CASE_ID)}, .key = {1}};
	build_init(&t->b);
	build_session(&t->b, "trace", LINK, "firefox");
	BUILD(&t->b, .url = LINK, .kind = BUILD_TYPED, .status = 302, .location = NEXT);
	t->last = BUILD(&t->b, .url = NEXT, .kind = BUILD_TYPED, .at_ms = 100, .status = 200,
		.body = "<p>hello</p>");
	build_session_end(&t->b, 9000, "page");
	trail_derive(&t->b.model, 0, &t->a, &t->set);
	report_build(&t->about, &t->b.model, &t->set, 0, &t->a, &t->report);
	assert_int_equal(t->report.n_trails, 1);
	assert_int_equal(t->report.trails[0].n_hops, 2);
}

static void end(struct test *t)
{
	edition_fini(&t->edition);
	arena_fini(&t->a);
	build_fini(&t->b);
}

static struct remark said(
	int64_t number, int64_t hop, int64_t exchange, enum remark_act act, const char *text)
{
	return (struct remark){.number = number,
		.at_us = BUILD_EPOCH_US + 61 * INT64_C(1000000),
		.session = 1,
		.trail = 1,
		.hop = hop,
		.exchange = exchange,
		.act = act,
		.by = span_str("Ada"),
		.text = span_str(text)};
}

static void attach(struct test *t, struct remark *list, size_t n)
{
	const struct remarks m = {.list = list, .n = n};
	remarks_attach(&m, &t->a, &t->report);
}

static const char *written(struct test *t, edition_format_fn *write, enum redact_how how)
{
	struct buf out = {0};
	struct err err = {0};
	t->order.redact.how = how;
	t->order.redact.key = t->key;
	if (!edition_make(&t->edition, &t->order, NULL, &t->report, &err) ||
		!write(&t->edition, &out, &err))
		fail_msg("%s", err.detail);
	const char *s = arena_str(&t->a, buf_span(&out));
	buf_fini(&out);
	return s;
}

static void it_is_where_it_belongs(void **state)
{
	struct test t;
	(void)state;
	begin(&t);
	struct remark list[] = {
		said(2, 1, FACT_NULL, REMARK_NOTED, "by number"),
		said(3, 9, t.last, REMARK_NOTED, "by exchange, whatever its number was"),
		said(4, 9, 999, REMARK_NOTED, "of a hop that is none any more"),
		said(5, FACT_NULL, FACT_NULL, REMARK_NOTED, "of all of it"),
		said(6, FACT_NULL, FACT_NULL, REMARK_MARKED, "first"),
		said(7, FACT_NULL, FACT_NULL, REMARK_MARKED, "again"),
		said(8, 1, FACT_NULL, REMARK_NOTED, "withdrawn"),
		said(9, 1, FACT_NULL, REMARK_NOTED, "of another trail"),
	};
	list[6].withdrawn = true;
	list[7].trail = 2;
	attach(&t, list, sizeof list / sizeof *list);
	const struct report_trail *trail = &t.report.trails[0];
	assert_int_equal(trail->hops[0].n_remarks, 1);
	assert_int_equal(trail->hops[0].remarks[0].number, 2);
	assert_int_equal(trail->hops[1].n_remarks, 1);
	assert_int_equal(trail->hops[1].remarks[0].number, 3);
	assert_int_equal(trail->n_remarks, 2);
	assert_int_equal(trail->remarks[0].number, 4);
	assert_int_equal(trail->remarks[1].number, 5);
	assert_int_equal(trail->mark->number, 7);
	assert_true(remarks_is_about(&list[2], trail, NULL));
	assert_false(remarks_is_about(&list[1], trail, NULL));
	end(&t);
}

static void an_unmarked_trail_is_not_marked(void **state)
{
	struct test t;
	(void)state;
	begin(&t);
	struct remark list[] = {said(2, FACT_NULL, FACT_NULL, REMARK_MARKED, NULL),
		said(3, FACT_NULL, FACT_NULL, REMARK_UNMARKED, NULL)};
	attach(&t, list, 2);
	assert_null(t.report.trails[0].mark);
	list[1].withdrawn = true;
	attach(&t, list, 2);
	assert_non_null(t.report.trails[0].mark);
	end(&t);
}

static const struct {
	edition_format_fn *write;
	const char *hop, *mark;
} formats[] = {
	{edition_text, "  noted        By Ada, 2026-01-01 00:01:01 UTC: see ",
		"Marked as the trail that matters by Ada, 2026-01-01 00:01:01 UTC: it"},
	{edition_html, "Note by Ada, <time ", "Marked as the trail that matters by Ada, "},
	{edition_json, "\"text\": \"see ", "\"marked\": {"},
};

/* A reader whom nothing but a note names is hidden, and so is a token of the link. */
static void every_format_says_it_and_hides_in_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		for (int how = REDACT_KEYED; how <= REDACT_NONE; how++) {
			struct test t;
			begin(&t);
			struct remark list[] = {said(2, 1, FACT_NULL, REMARK_NOTED,
							"see " READER " and " TOKEN),
				said(3, FACT_NULL, FACT_NULL, REMARK_MARKED, "it"),
				said(4, FACT_NULL, FACT_NULL, REMARK_NOTED, READER)};
			attach(&t, list, 3);
			const char *all = written(&t, formats[i].write, (enum redact_how)how);
			assert_non_null(strstr(all, formats[i].hop));
			assert_non_null(strstr(all, formats[i].mark));
			bool hidden =
				strstr(all, "jane.doe") == NULL && strstr(all, TOKEN) == NULL;
			if (hidden != (how != REDACT_NONE))
				fail_msg("format %zu, redacted %d:\n%s", i, how, all);
			end(&t);
		}
}

static void times_are_coarse_too(void **state)
{
	struct test t;
	(void)state;
	begin(&t);
	struct remark one = said(2, 1, FACT_NULL, REMARK_NOTED, "so");
	attach(&t, &one, 1);
	t.order.coarse_time = true;
	const char *all = written(&t, edition_text, REDACT_KEYED);
	assert_non_null(strstr(all, "By Ada, 2026-01-01 00:00:00 UTC: so"));
	end(&t);
}

static void it_can_be_left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct test t;
		begin(&t);
		struct remark list[] = {said(2, 1, FACT_NULL, REMARK_NOTED, "between us"),
			said(3, FACT_NULL, FACT_NULL, REMARK_MARKED, "between us"),
			said(4, FACT_NULL, FACT_NULL, REMARK_NOTED, "between us")};
		attach(&t, list, 3);
		t.order.without_remarks = true;
		assert_null(strstr(written(&t, formats[i].write, REDACT_NONE), "between us"));
		end(&t);
	}
}

static void what_was_erased_says_so(void **state)
{
	struct test t;
	(void)state;
	begin(&t);
	struct remark one = said(2, 1, FACT_NULL, REMARK_NOTED, NULL);
	attach(&t, &one, 1);
	const char *all = written(&t, edition_text, REDACT_KEYED);
	assert_non_null(strstr(all, "By Ada, 2026-01-01 00:01:01 UTC: (erased)"));
	end(&t);
}

static void only_one_marked_of_several_is_named(void **state)
{
	struct trail trails[3] = {{.session = 1, .number = 1}, {.session = 1, .number = 2},
		{.session = 1, .number = 3}};
	struct remark mark = {.act = REMARK_MARKED};
	struct report_trail list[3] = {{.trail = &trails[0], .id = "1.1"},
		{.trail = &trails[1], .id = "1.2", .mark = &mark},
		{.trail = &trails[2], .id = "1.3"}};
	struct report r = {.trails = list, .n_trails = 3};
	struct buf out = {0};
	(void)state;
	say_only_marked(&r, &out);
	assert_true(span_is(
		buf_span(&out), "Of 3 trails, 1.2 is marked as the one that matters.\n\n"));
	list[2].mark = &mark;
	assert_null(remarks_only_marked(&r));
	list[2].mark = NULL;
	r.n_trails = 1;
	r.trails = &list[1];
	assert_null(remarks_only_marked(&r));
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(another_cases_companion_is_not_believed),
		cmocka_unit_test(a_text_that_is_too_long_is_not_taken),
		cmocka_unit_test(it_is_where_it_belongs),
		cmocka_unit_test(an_unmarked_trail_is_not_marked),
		cmocka_unit_test(every_format_says_it_and_hides_in_it),
		cmocka_unit_test(times_are_coarse_too),
		cmocka_unit_test(it_can_be_left_out),
		cmocka_unit_test(what_was_erased_says_so),
		cmocka_unit_test(only_one_marked_of_several_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
