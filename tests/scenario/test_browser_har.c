/*
 * HAR files in the network panels of real browsers: the importers of Firefox's and Chromium's
 * own developer tools, given a file of a case whose every field is hostile.
 */
#include "tests/kit/export_case.h"
#include "tests/kit/run_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECONDS = 100 };

static struct world {
	struct run_program p;
	struct temp_case hostile;
} w;

static void firefox_imports_it(void **state)
{
	(void)state;
	const char *args[] = {"/usr/bin/env", "python3", "-B",
		source_file(&w.p, "tests/export/firefox_har.py"), "hostile.har",
		"/usr/bin/firefox-esr", NULL};
	run_reader(&w.p, SECONDS, args);
}

static void chromium_imports_it(void **state)
{
	(void)state;
	const char *args[] = {"/usr/bin/env", "node",
		source_file(&w.p, "tests/node/devtools_har.js"), "hostile.har",
		"/usr/bin/chromium", NULL};
	run_reader(&w.p, SECONDS, args);
}

static int start(void **state)
{
	(void)state;
	run_program_folder(&w.p);
	temp_case_start(&w.hostile);
	export_case_fill(&w.hostile);
	temp_case_close(&w.hostile);
	report_as(&w.p, w.hostile.path, "har", "hostile.har", NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	temp_case_fini(&w.hostile);
	run_program_end(&w.p);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(firefox_imports_it),
		cmocka_unit_test(chromium_imports_it),
	};
	return cmocka_run_group_tests(tests, start, end);
}
