/*
 * The demo's click with a real Chromium, which asks for the link only once its way is proven,
 * and whose headers and timers are not Firefox's.
 */
#include "tests/kit/browser_referer.h"
#include "tests/kit/lab_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_trail_is_what_was_served(void **state)
{
	(void)state;
	const char *soak = getenv("CLICKTRAIL_SOAK");
	int rounds = soak != NULL ? atoi(soak) : 0;
	static const char *const options[] = {"--settle", "3", "--browser", "chromium", NULL};
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

/* As anybody would: `clicktrail demo --browser chromium`. */
static void the_demo_agrees(void **state)
{
	(void)state;
	struct run_program p;
	run_program_folder(&p);
	const char *args[] = {
		"demo", "--browser", "chromium", "--case", "demo.case", "--ca-dir", "ca", NULL};
	int code = run_program(&p, 120, args);
	const char *out = run_program_stdout(&p);
	if (code != 0)
		fail_msg("demo ended with %d:\n%s\n%s", code, out, run_program_stderr(&p));
	assert_non_null(strstr(out, "was opened with Chromium "));
	assert_non_null(strstr(out, "The lab agrees, hop for hop"));
	run_program_end(&p);
}

static void it_comes_from_where_it_was_told(void **state)
{
	(void)state;
	browser_referer("chromium");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_trail_is_what_was_served),
		cmocka_unit_test(the_demo_agrees),
		cmocka_unit_test(it_comes_from_where_it_was_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
