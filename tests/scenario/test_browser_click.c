/* The demo's click with a real Firefox: the trail equals what the lab served, hop for hop, each
 * time anew. */
#include "tests/kit/browser_referer.h"
#include "tests/kit/lab_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void the_trail_is_what_was_served(void **state)
{
	(void)state;
	const char *soak = getenv("CLICKTRAIL_SOAK");
	int rounds = soak != NULL ? atoi(soak) : 0;
	static const char *const options[] = {"--settle", "3", NULL};
	struct lab_trace t;
	/* Once is in test_browser_picture.c. */
	if (rounds == 0)
		skip();
	lab_trace_start(&t);
	for (int i = 0; i < rounds; i++) {
		lab_trace_run(&t, LAB_CLICK, options, 120);
		lab_trace_clicked(&t);
	}
	lab_trace_end(&t);
}

/* As anybody would: `clicktrail demo`. */
static void the_demo_shows_it(void **state)
{
	(void)state;
	struct run_program p;
	run_program_folder(&p);
	const char *args[] = {"demo", "--case", "demo.case", "--ca-dir", "ca", NULL};
	int code = run_program(&p, 120, args);
	const char *out = run_program_stdout(&p);
	if (code != 0)
		fail_msg("demo ended with %d:\n%s\n%s", code, out, run_program_stderr(&p));
	assert_non_null(strstr(out, "http://click.esp-mailer.example/"));
	assert_non_null(strstr(out, "https://shop.garden-miracle.example/offer"));
	assert_non_null(strstr(out, "demo.case"));
	assert_int_equal(access(arena_printf(&p.arena, "%s/demo.case", p.dir), R_OK), 0);
	const char *report[] = {
		"report", "demo.case", "--format", "json", "--redact", "none", NULL};
	assert_int_equal(run_program(&p, 60, report), 0);
	json_error_t error;
	json_t *json = json_loads(run_program_stdout(&p), 0, &error);
	assert_non_null(json);
	const json_t *trail = json_array_get(json_object_get(json, "trails"), 0);
	assert_true(json_array_size(json_object_get(trail, "hops")) >= 18);
	json_decref(json);
	run_program_end(&p);
}

/* What --device cannot hide is said before anything is sent. */
static void a_dry_run_tells_what_gives_it_away(void **state)
{
	(void)state;
	struct run_program p;
	run_program_folder(&p);
	const char *args[] = {"trace", "--dry-run", "--device", "iphone", "--ca-dir", "ca",
		"https://link.test/", NULL};
	int code = run_program(&p, 120, args);
	const char *out = run_program_stdout(&p);
	if (code != 0 || strstr(out, "\ngives it away    ") == NULL ||
		strstr(out, "the engine is Gecko") == NULL)
		fail_msg("%d: %s\n%s", code, out, run_program_stderr(&p));
	run_program_end(&p);
}

static void it_comes_from_where_it_was_told(void **state)
{
	(void)state;
	browser_referer("firefox");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_trail_is_what_was_served),
		cmocka_unit_test(the_demo_shows_it),
		cmocka_unit_test(a_dry_run_tells_what_gives_it_away),
		cmocka_unit_test(it_comes_from_where_it_was_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
