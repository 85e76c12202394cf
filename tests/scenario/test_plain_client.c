/* `trace --browser none`: what a client without script can do with each scene of the lab, and
 * that it says so. */
#include "tests/kit/lab_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const plain[] = {"--browser", "none", "--settle", "1", NULL};

/* ended_by NULL: not looked at. reached: the end of the scene, which takes no script. */
static const struct {
	const char *scene, *ended_by;
	bool reached, lenient;
} scenes[] = {
	{"codes", "page", true, false},
	{"fragments", "page", true, false},
	{"queries", "page", true, false},
	{"metas", "page", true, false},
	{"refreshes", "page", true, false},
	{"codings", "page", true, false},
	{"gates", "page", true, false},
	{"slow", "page", true, false},
	{"landing", "page", true, false},
	{"choices", "page", false, false},
	{"download", "download", true, false},
	{"unauthorised", "gate", true, false},
	{"login", "gate", true, false},
	{"captcha", "gate", true, false},
	{"handoff", "handoff", true, true},
	{"missing", NULL, true, false},
	{"nothing", NULL, true, false},
	{"reset", "page", true, false},
	{"truncated", "page", true, false},
	{"silent", "error", true, false},
	{"bad-cert", "error", false, true},
	/* No script runs: it stays on the first page. */
	{"scripts", "page", false, false},
	{"forms", "page", false, false},
	{"timers", NULL, false, false},
};

static void every_scene_without_script(void **state)
{
	(void)state;
	struct lab_trace t;
	lab_trace_start(&t);
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
		lab_trace_run(&t, scenes[i].scene, plain, 60);
		lab_trace_compare(&t, scenes[i].lenient);
		if (t.served.reached_end != scenes[i].reached || t.served.strays != 0)
			fail_msg("%s: reached_end %d, %zu strays", scenes[i].scene,
				t.served.reached_end, t.served.strays);
		if (scenes[i].ended_by != NULL &&
			strcmp(lab_trace_word(&t, "ended_by"), scenes[i].ended_by) != 0)
			fail_msg("%s ended by %s, not %s", scenes[i].scene,
				lab_trace_word(&t, "ended_by"), scenes[i].ended_by);
	}
	lab_trace_end(&t);
}

/* A Refresh that comes after the settle time extends it. */
static void an_announced_move_is_waited_for(void **state)
{
	(void)state;
	struct lab_trace t;
	lab_trace_start(&t);
	lab_trace_run(&t, "patient", plain, 60);
	lab_trace_compare(&t, false);
	assert_true(t.served.reached_end);
	lab_trace_end(&t);
}

static void a_loop_is_called_so(void **state)
{
	(void)state;
	struct lab_trace t;
	lab_trace_start(&t);
	lab_trace_run(&t, "loop", plain, 60);
	lab_trace_compare(&t, false);
	assert_string_equal(lab_trace_word(&t, "ended_by"), "loop");
	lab_trace_end(&t);
}

/* The click ends for it at the first page that wants script, and the program says that a
 * browser may go further. */
static void the_click_ends_at_the_script(void **state)
{
	(void)state;
	struct lab_trace t;
	lab_trace_start(&t);
	lab_trace_run(&t, LAB_CLICK, plain, 60);
	lab_trace_compare(&t, false);
	assert_false(t.served.reached_end);
	assert_true(t.served.n >= 7);
	char *said = json_dumps(t.report, 0);
	bool told = strstr(run_program_stdout(&t.program), "script") != NULL ||
		    strstr(said, "no script") != NULL || strstr(said, "without script") != NULL;
	free(said);
	assert_true(told);
	lab_trace_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scene_without_script),
		cmocka_unit_test(an_announced_move_is_waited_for),
		cmocka_unit_test(a_loop_is_called_so),
		cmocka_unit_test(the_click_ends_at_the_script),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
