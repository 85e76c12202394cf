/*
 * The HTML report in readers that nobody here wrote: Firefox and Chromium open it without a
 * request, a complaint or a script, and find the same elements whatever the values were;
 * parse5, html-validate and axe-core have nothing to say.
 */
#include "tests/kit/html_report.h"
#include "tests/kit/run_program.h"
#include "ui/report/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { HOPS = 1, BROWSER_SECONDS = 120, MENTIONS = 100 };

struct files {
	struct run_program p;
	const char *nasty, *harmless, *plain, *long_trail, *large, *demo, *control;
};

static const char *write_file(struct files *f, const char *name, struct span content)
{
	const char *path = arena_printf(&f->p.arena, "%s/%s", f->p.dir, name);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(content.p, 1, content.n, out), content.n);
	assert_int_equal(fclose(out), 0);
	return path;
}

static const char *write_page(struct files *f, const char *name, struct html_report *h)
{
	struct buf out = {0};
	struct err err = {0};
	assert_true(edition_html(&h->edition, &out, &err));
	const char *path = write_file(f, name, buf_span(&out));
	buf_fini(&out);
	return path;
}

/* What the page's text has to be: the value as text_escape shows it. */
static void expect(json_t *list, struct span value)
{
	size_t room = value.n * 10 + 1;
	char *text = malloc(room);
	assert_non_null(text);
	text_escape(value, text, room);
	json_array_append_new(list, json_string(text));
	free(text);
}

/* 200 trails, each with one string in all its fields. */
static const char *write_many(struct files *f, const char *name, bool nasty)
{
	struct html_report h;
	json_t *texts = json_array();
	html_report_init(&h);
	for (size_t i = 0; i < HTML_NASTY; i++) {
		struct span value =
			nasty ? html_nasty(&h.arena, i)
			      : span_str(arena_printf(&h.arena, "harmless-%zu-", i));
		html_report_add(&h, value, HOPS);
		expect(texts, value);
	}
	const char *path = write_page(f, name, &h);
	char *json = json_dumps(texts, 0);
	write_file(f, arena_printf(&f->p.arena, "%s.json", name), span_str(json));
	free(json);
	json_decref(texts);
	html_report_fini(&h);
	return path;
}

static const char *write_one(struct files *f, const char *name, struct span value, size_t hops)
{
	struct html_report h;
	html_report_init(&h);
	h.order.defang = true;
	h.order.abuse = ABUSE_PHISHING;
	h.order.party = 1;
	h.plain_urls = hops > HOPS;
	html_report_add(&h, value, hops);
	const char *path = write_page(f, name, &h);
	html_report_fini(&h);
	return path;
}

/* A case made by the program, with the built-in client. */
static const char *write_demo(struct files *f)
{
	const char *demo[] = {
		"demo", "--browser", "none", "--case", "d.case", "--ca-dir", "ca", NULL};
	(void)run_program(&f->p, 60, demo);
	const char *report[] = {
		"report", "d.case", "--format", "html", "-o", "demo.html", NULL};
	if (run_program(&f->p, 60, report) != 0)
		fail_msg("no report: %s", run_program_stderr(&f->p));
	return arena_printf(&f->p.arena, "%s/demo.html", f->p.dir);
}

static int make_files(void **state)
{
	struct files *f = calloc(1, sizeof *f);
	struct buf big = {0};
	run_program_folder(&f->p);
	f->demo = write_demo(f);
	f->nasty = write_many(f, "nasty.html", true);
	f->harmless = write_many(f, "harmless.html", false);
	f->plain = write_one(f, "plain.html",
		span_str("A value with some words, http://in.example/ and more"), 18);
	f->long_trail = write_one(f, "long.html", span_str("value"), 500);
	while (buf_len(&big) < 1024 * 1024)
		buf_add_str(&big, "<script>\"'\xe2\x80\xae&\n\xff");
	f->large = write_one(f, "large.html", buf_span(&big), HOPS);
	buf_fini(&big);
	f->control = write_file(f, "control.html",
		span_str(
			"<!DOCTYPE html><title>x</title><script>window.pwned=1;"
			"console.log('ran')</script><img onerror=x src=http://127.0.0.1:54321/>"
			"<a href=x>x</a><div style='width:2000px'>x</div>"));
	*state = f;
	return 0;
}

static int remove_files(void **state)
{
	struct files *f = *state;
	if (f == NULL)
		return 0;
	run_program_end(&f->p);
	free(f);
	return 0;
}

/* Runs a script of tests/node; what it prints is JSON. */
static json_t *run_node(struct files *f, const char *script, const char *const *args)
{
	const char *source = getenv("CLICKTRAIL_SOURCE");
	const char *all[16] = {
		"node", arena_printf(&f->p.arena, "%s/tests/node/%s", source, script)};
	size_t n = 2;
	for (; args[n - 2] != NULL; n++)
		all[n] = args[n - 2];
	f->p.program = "/usr/bin/env";
	int code = run_program(&f->p, BROWSER_SECONDS, all);
	f->p.program = NULL;
	if (code != 0)
		fail_msg("%s ended with %d:\n%s", script, code, run_program_stderr(&f->p));
	json_error_t error;
	json_t *out = json_loads(run_program_stdout(&f->p), 0, &error);
	if (out == NULL)
		fail_msg("%s said no JSON: %.300s", script, run_program_stdout(&f->p));
	return out;
}

static void assert_empty(const json_t *page, const char *name)
{
	json_t *list = json_object_get(page, name);
	assert_non_null(list);
	if (json_array_size(list) == 0)
		return;
	char *text = json_dumps(list, JSON_INDENT(1));
	fail_msg("%s: %s: %s", json_string_value(json_object_get(page, "file")), name, text);
}

static json_int_t number(const json_t *page, const char *name)
{
	json_t *n = json_object_get(page, name);
	assert_true(json_is_integer(n));
	return json_integer_value(n);
}

static void assert_quiet(const json_t *page)
{
	assert_empty(page, "requests");
	assert_empty(page, "console");
	assert_int_equal(number(page, "dialogs"), 0);
	assert_int_equal(number(page, "handlers"), 0);
	assert_int_equal(number(page, "scripts"), 0);
	assert_int_equal(number(page, "links"), 0);
	assert_true(json_is_false(json_object_get(page, "pwned")));
	/* Nothing is wider than a telephone. */
	assert_int_equal(number(page, "wide"), 0);
}

/* A page that does all of it: so nothing was seen because there was nothing. */
static void assert_loud(const json_t *page)
{
	assert_true(json_array_size(json_object_get(page, "requests")) > 0);
	assert_true(json_array_size(json_object_get(page, "console")) > 0);
	assert_int_equal(number(page, "handlers"), 1);
	assert_int_equal(number(page, "scripts"), 1);
	assert_int_equal(number(page, "links"), 1);
	assert_true(json_is_true(json_object_get(page, "pwned")));
	assert_true(number(page, "wide") > 0);
}

/* The text stands where the harmless one does: but for a hop's line and the two drawings, where
 * it is cut if it is long, and the recipe, which folds it. */
static void compare_texts(const json_t *nasty, const json_t *harmless)
{
	json_t *a = json_object_get(nasty, "texts"), *b = json_object_get(harmless, "texts");
	assert_int_equal(json_array_size(a), HTML_NASTY);
	for (size_t i = 0; i < HTML_NASTY; i++) {
		json_int_t got = json_integer_value(json_array_get(a, i));
		json_int_t want = json_integer_value(json_array_get(b, i));
		bool nul = i / (HTML_NASTY / 4) == 2; /* ends what is a C string */
		assert_true(want > MENTIONS);
		if (got < want - (nul ? 40 : 10 * HOPS))
			fail_msg("string %zu stands %lld times, not %lld", i, (long long)got,
				(long long)want);
	}
}

static void open_in(struct files *f, const char *name, const char *path)
{
	const char *args[] = {name, path, f->p.dir, f->nasty, f->harmless, f->plain,
		f->long_trail, f->large, f->demo, f->control, NULL};
	json_t *pages = run_node(f, "html_open.js", args);
	assert_int_equal(json_array_size(pages), 7);
	assert_loud(json_array_get(pages, 6));
	for (size_t i = 0; i < 6; i++)
		assert_quiet(json_array_get(pages, i));
	const json_t *nasty = json_array_get(pages, 0), *harmless = json_array_get(pages, 1);
	assert_int_equal(number(nasty, "trails"), HTML_NASTY);
	assert_true(number(nasty, "nodes") > 100 * 1000);
	assert_int_equal(number(nasty, "nodes"), number(harmless, "nodes"));
	assert_string_equal(json_string_value(json_object_get(nasty, "skeleton")),
		json_string_value(json_object_get(harmless, "skeleton")));
	compare_texts(nasty, harmless);
	json_decref(pages);
}

static void chromium_opens_it(void **state)
{
	open_in(*state, "chrome", "/usr/bin/chromium");
}

static void firefox_opens_it(void **state)
{
	open_in(*state, "firefox", "/usr/bin/firefox-esr");
}

static void strict_readers_have_nothing_to_say(void **state)
{
	struct files *f = *state;
	const char *all[] = {f->nasty, f->plain, f->large, f->demo, f->long_trail, NULL};
	json_t *pages = run_node(f, "html_valid.js", all);
	for (size_t i = 0; i < json_array_size(pages); i++) {
		assert_empty(json_array_get(pages, i), "parse");
		assert_empty(json_array_get(pages, i), "rules");
	}
	json_decref(pages);
	/* They would have: */
	const char *bad[] = {write_file(f, "bad.html",
				     span_str("<!DOCTYPE html><title>x</title><p><div></p id=a>"
					      "<img src=x>")),
		NULL};
	pages = run_node(f, "html_valid.js", bad);
	json_t *page = json_array_get(pages, 0);
	assert_true(json_array_size(json_object_get(page, "parse")) > 0);
	assert_true(json_array_size(json_object_get(page, "rules")) > 0);
	json_decref(pages);
}

static void everybody_can_read_it(void **state)
{
	struct files *f = *state;
	const char *args[] = {"--axe", "/usr/bin/chromium", f->p.dir, f->plain, f->demo, NULL};
	json_t *pages = run_node(f, "html_valid.js", args);
	for (size_t i = 0; i < json_array_size(pages); i++)
		assert_empty(json_array_get(pages, i), "axe");
	json_decref(pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chromium_opens_it),
		cmocka_unit_test(firefox_opens_it),
		cmocka_unit_test(strict_readers_have_nothing_to_say),
		cmocka_unit_test(everybody_can_read_it),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
