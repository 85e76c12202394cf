/*
 * Pictures of the private screen, taken of real browsers while they are traced: they show what
 * the lab's pages look like, and belong to the documents that they show.
 */
#include "tests/kit/attached.h"
#include "tests/kit/lab_trace.h"
#include "store/base/hash.h"
#include "ui/report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SHOP_GREY = 0xfafafa, SHOP_GREEN = 0x33aa33, SHOP_ORANGE = 0xee6600, WHITE = 0xffffff };

static const char *case_of(struct lab_trace *t)
{
	return arena_printf(&t->program.arena, "%s/t.case", t->program.dir);
}

static int64_t exchange_of_hop(const struct lab_trace *t, size_t n)
{
	const json_t *trail = json_array_get(json_object_get(t->report, "trails"), 0);
	const json_t *hop = json_array_get(json_object_get(trail, "hops"), n);
	assert_non_null(hop);
	return json_integer_value(json_object_get(hop, "exchange"));
}

static void is_whole_picture(const struct fact_attachment *f)
{
	uint8_t digest[SHA256_LEN];
	sha256(f->data, digest);
	assert_true(span_is(f->kind, "screenshot") && span_is(f->media_type, "image/png"));
	assert_true(span_eq(f->sha256, span_of(digest, sizeof digest)));
	assert_int_equal(f->size, f->data.n);
}

/* The page of the shop fills the window, whose size is the screen's. */
static void shows_shop(const struct fact_attachment *f)
{
	struct pixels p;
	pixels_of_png(f->data, &p);
	assert_int_equal(p.width, 1920);
	assert_int_equal(p.height, 1080);
	size_t all = (size_t)p.width * p.height, grey = pixels_count(&p, SHOP_GREY),
	       green = pixels_count(&p, SHOP_GREEN), orange = pixels_count(&p, SHOP_ORANGE);
	if (grey < all / 3 || green < all / 20 || orange < 1000)
		fail_msg("grey %zu, green %zu, orange %zu of %zu", grey, green, orange, all);
	free(p.rgb);
}

static void the_landing_page_is_pictured(void **state)
{
	(void)state;
	static const char *const firefox[] = {"--settle", "3", NULL};
	static const char *const chromium[] = {"--settle", "3", "--browser", "chromium", NULL};
	struct lab_trace t;
	lab_trace_start(&t);
	for (int round = 0; round < 2; round++) {
		struct attached a;
		lab_trace_run(&t, LAB_CLICK, round == 0 ? firefox : chromium, 120);
		/* Many times over in test_browser_click.c and test_browser_chromium.c. */
		lab_trace_clicked(&t);
		attached_read(&a, case_of(&t));
		assert_true(a.n >= 1);
		for (size_t i = 0; i < a.n; i++)
			is_whole_picture(&a.list[i].fact);
		const struct fact_attachment *last = &a.list[a.n - 1].fact;
		assert_int_equal(last->exchange, exchange_of_hop(&t, t.served.n - 1));
		shows_shop(last);
		attached_fini(&a);
	}
	lab_trace_end(&t);
}

/* A page that goes on after three seconds has its picture too, from before that. */
static void so_is_a_page_on_the_way(void **state)
{
	(void)state;
	static const char *const options[] = {"--settle", "2", NULL};
	struct lab_trace t;
	struct attached a;
	lab_trace_start(&t);
	lab_trace_run(&t, "refresh-late", options, 120);
	lab_trace_compare(&t, false);
	attached_read(&a, case_of(&t));
	assert_true(a.n >= 2);
	is_whole_picture(&a.list[0].fact);
	assert_int_equal(a.list[0].fact.exchange, exchange_of_hop(&t, 0));
	assert_true(span_starts(a.list[0].fact.detail, "resting, "));
	assert_int_equal(a.list[a.n - 1].fact.exchange, exchange_of_hop(&t, 1));
	attached_fini(&a);
	lab_trace_end(&t);
}

/* The case, read back as reports do. */
struct read_back {
	struct gather g;
	struct arena arena;
	struct report report;
};

static const struct report_landing *read_last(struct read_back *r, struct lab_trace *t)
{
	struct err err = {0};
	*r = (struct read_back){0};
	if (!gather_open(&r->g, case_of(t), 0, &err) || !gather_read(&r->g, NULL, &err) ||
		!report_make(&r->g, 0, &r->arena, &r->report, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	assert_true(r->report.n_trails == 1 && r->report.trails[0].n_hops > 0);
	const struct report_trail *trail = &r->report.trails[0];
	return trail->hops[trail->n_hops - 1].landing;
}

static void forget(struct read_back *r)
{
	arena_fini(&r->arena);
	gather_close(&r->g);
}

/* A login asks for a password, and its picture is beside that; after a download the tab shows
 * nothing that came over a connection, and the file is told by its bytes. */
static void ends_are_told_with_their_pictures(void **state)
{
	(void)state;
	static const char *const options[] = {"--settle", "2", NULL};
	struct lab_trace t;
	struct read_back r;
	lab_trace_start(&t);
	lab_trace_run(&t, "login", options, 120);
	lab_trace_compare(&t, false);
	const struct report_landing *l = read_last(&r, &t);
	assert_non_null(l);
	assert_true(l->n_shots >= 1 && l->shots[0].png.n > 1000);
	assert_true(l->shots[0].exchange != FACT_NULL);
	assert_true(l->n_forms == 1 && l->forms[0].n_fields >= 1);
	bool password = false;
	for (size_t i = 0; i < l->forms[0].n_fields; i++)
		password |= l->forms[0].fields[i].asks != NULL &&
			    strcmp(l->forms[0].fields[i].asks, "password") == 0;
	assert_true(password);
	forget(&r);
	lab_trace_run(&t, "download", options, 120);
	assert_string_equal(lab_trace_word(&t, "ended_by"), "download");
	l = read_last(&r, &t);
	assert_non_null(l);
	assert_true(l->n_shots >= 1);
	assert_true(l->shots[0].exchange == FACT_NULL);
	assert_int_equal(l->n_downloads, 1);
	assert_true(l->downloads[0].name.n > 0 && l->downloads[0].sha256.n == 32);
	forget(&r);
	lab_trace_end(&t);
}

static void there_is_none_if_none_is_wanted(void **state)
{
	(void)state;
	static const char *const options[] = {"--settle", "1.5", "--no-screenshot", NULL};
	struct lab_trace t;
	struct attached a;
	lab_trace_start(&t);
	lab_trace_run(&t, "refresh-zero", options, 120);
	assert_int_equal(t.exit_code, 0);
	attached_read(&a, case_of(&t));
	assert_int_equal(a.n, 0);
	attached_fini(&a);
	lab_trace_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_landing_page_is_pictured),
		cmocka_unit_test(so_is_a_page_on_the_way),
		cmocka_unit_test(ends_are_told_with_their_pictures),
		cmocka_unit_test(there_is_none_if_none_is_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
