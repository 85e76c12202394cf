/*
 * A click that a real Firefox made, as the archive formats hand it over: ReplayWeb.page, in a
 * real Chromium, walks its WACZ file from the first link to the landing page; its HAR file is
 * held against the case.
 */
#include "tests/kit/lab_trace.h"
#include "tests/kit/run_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECONDS = 100 };

static struct run_program p;

/* What the reader showed on its way; it must have landed. */
static const char *walk(struct run_program *at, const char *wacz, const char *landing)
{
	const char *args[] = {"/usr/bin/env", "node",
		source_file(at, "tests/node/wacz_walk.js"), wacz, "/usr/bin/chromium", "90",
		landing, NULL};
	run_reader(at, SECONDS, args);
	return run_program_stdout(at);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (; (text = strstr(text, part)) != NULL; text++)
		n++;
	return n;
}

/* Redirects of every kind that the reader can make by itself, without a hand: HTTP, meta,
 * script, form. */
static void a_scene_is_walked_in_one_go(void **state)
{
	(void)state;
	struct lab_trace t;
	lab_trace_start(&t);
	lab_trace_run(&t, "plain", NULL, 60);
	report_as(&t.program, "t.case", "wacz", "plain.wacz", NULL);
	const char *way = walk(&t.program, "plain.wacz", "You have arrived.");
	if (count(way, "open ") != 1 || count(way, "302 http://plain.tricks.test/1/") != 1 ||
		count(way, "200 http://plain.other-tricks.test/2/") != 1 ||
		count(way, "200 http://plain.tricks.test/3/") != 1 ||
		count(way, "200 http://plain.other-tricks.test/4/") != 1 ||
		count(way, "landed http://plain.landing.test/") != 1)
		fail_msg("%s", way);
	lab_trace_end(&t);
}

static void the_demo_is_walked(void **state)
{
	(void)state;
	const char *demo[] = {
		"demo", "--browser", "firefox", "--case", "demo.case", "--ca-dir", "ca", NULL};
	assert_int_equal(run_program(&p, SECONDS, demo), 0);
	report_as(&p, "demo.case", "wacz", "demo.wacz", NULL);
	const char *check[] = {"/usr/bin/env", "python3", "-B",
		source_file(&p, "tests/export/check_wacz.py"), "demo.wacz", NULL};
	run_reader(&p, SECONDS, check);
	const char *way = walk(&p, "demo.wacz", "The fertiliser that experts");
	/* One page per step that the reader does not make: a quoted meta refresh, a Refresh. */
	if (count(way, "open ") != 3 || count(way, "\n30") < 8 ||
		count(way, "\n303 https://enter.prizedesk.example/enter/") != 1 ||
		count(way, "\n307 https://post.prizerelay.example/in/") != 1 ||
		count(way, "landed https://shop.garden-miracle.example/offer?") != 1)
		fail_msg("%s", way);
}

static void the_demo_as_har(void **state)
{
	(void)state;
	report_as(&p, "demo.case", "har", "demo.har", NULL);
	const char *node[] = {"/usr/bin/env", "node",
		source_file(&p, "tests/node/har_check.js"), "demo.har", NULL};
	const char *python[] = {"/usr/bin/env", "python3", "-B",
		source_file(&p, "tests/export/check_har.py"), "demo.case", "demo.har", NULL};
	run_reader(&p, SECONDS, node);
	run_reader(&p, SECONDS, python);
}

static int start(void **state)
{
	(void)state;
	run_program_folder(&p);
	return 0;
}

static int end(void **state)
{
	(void)state;
	run_program_end(&p);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scene_is_walked_in_one_go),
		cmocka_unit_test(the_demo_is_walked),
		cmocka_unit_test(the_demo_as_har),
	};
	return cmocka_run_group_tests(tests, start, end);
}
