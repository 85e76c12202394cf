/* Five hundred strings that have broken other programs, in every field of a case, through every
 * format: tests/nasty/check.py looks at what comes out as those do who read such a format. */
#include "tests/kit/nasty.h"
#include "tests/kit/run_program.h"
#include "ui/cli/report_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECONDS = 120, ARGS_MAX = 32 };

static bool is_of_party(const char *format)
{
	return strcmp(format, "eml") == 0 || strcmp(format, "xarf") == 0 ||
	       strcmp(format, "form") == 0 || strcmp(format, "misp") == 0;
}

/* False: it was not made, or can do harm; said. With redaction a page of nothing but values to
 * be hidden takes minutes here; what is left of them is not nastier. */
static bool look_at(
	struct run_program *p, const char *path, const char *format, bool hops, bool party)
{
	char file[64];
	const char *args[ARGS_MAX] = {"report", path, "--format", format, "-o", file, "--class",
		"phishing", "--reporter-org", "Nasty \"Desk\"", "--reporter-email",
		"desk@reporter.example", "--reporter-domain", "reporter.example"};
	size_t n = 14;
	snprintf(file, sizeof file, "out.%s", format);
	if (hops) {
		args[n++] = "--redact";
		args[n++] = "none";
	}
	if (party) {
		args[n++] = "--trail";
		args[n++] = "1.1";
		args[n++] = "--party";
		args[n++] = "1";
	}
	if (strcmp(format, "eml") == 0) {
		args[n++] = "--to";
		args[n++] = "abuse@nasty.example";
	}
	if (run_program(p, SECONDS, args) != 0) {
		print_error("%s was not made: %s\n", format, run_program_stderr(p));
		return false;
	}
	const char *const check[] = {"-B",
		arena_printf(&p->arena, "%s/tests/nasty/check.py", getenv("CLICKTRAIL_SOURCE")),
		format, file, NULL};
	p->program = "/usr/bin/python3";
	int code = run_program(p, SECONDS, check);
	p->program = NULL;
	if (code != 0)
		print_error("%s%s", run_program_stdout(p), run_program_stderr(p));
	return code == 0;
}

/* A case of sessions: those formats that show one at length; all with CLICKTRAIL_SOAK. */
static bool shows_sessions(const char *format)
{
	return getenv("CLICKTRAIL_SOAK") != NULL || strcmp(format, "text") == 0 ||
	       strcmp(format, "json") == 0 || strcmp(format, "html") == 0;
}

/* A PDF is the page, printed; packets are none of the case's fields (test_pcapng.c). */
static void all_formats(const struct temp_case *t, bool hops, bool party)
{
	struct run_program p = {.pid = 0};
	struct buf names = {0};
	size_t wrong = 0;
	run_program_folder(&p);
	report_format_names(&names);
	char *list = buf_take_str(&names), *rest = NULL;
	for (char *f = strtok_r(list, ", ", &rest); f != NULL; f = strtok_r(NULL, ", ", &rest))
		if (strcmp(f, "pdf") != 0 && strcmp(f, "pcapng") != 0 &&
			is_of_party(f) == party && (hops || shows_sessions(f)))
			wrong += !look_at(&p, t->path, f, hops, party);
	free(list);
	run_program_end(&p);
	assert_int_equal(wrong, 0);
}

static void in_every_field_of_a_hop(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	nasty_hops(&t);
	temp_case_close(&t);
	nasty_witness(&t);
	all_formats(&t, true, false);
	all_formats(&t, true, true);
	temp_case_fini(&t);
}

static void in_every_field_of_a_session(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	nasty_sessions(&t);
	temp_case_close(&t);
	all_formats(&t, false, false);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_every_field_of_a_hop),
		cmocka_unit_test(in_every_field_of_a_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
