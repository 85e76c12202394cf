/* report --all: every format for the case, and for each party what goes to its desk. */
#include "tests/kit/run_program.h"
#include "tests/kit/temp_case.h"
#include "ui/cli/report_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { SECONDS = 120 };

static void make(struct run_program *p, struct temp_case *t)
{
	temp_case_start(t);
	temp_case_fill(t);
	temp_case_close(t);
	run_program_folder(p);
}

static bool has_file(struct run_program *p, const char *folder, const char *name)
{
	struct stat st;
	return stat(arena_printf(&p->arena, "%s/%s/%s", p->dir, folder, name), &st) == 0 &&
	       st.st_size > 0 && (st.st_mode & 0777) == 0600;
}

static const char *read_file(struct run_program *p, const char *folder, const char *name)
{
	char text[16384] = "";
	FILE *f = fopen(arena_printf(&p->arena, "%s/%s/%s", p->dir, folder, name), "r");
	assert_non_null(f);
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	return arena_str(&p->arena, span_of((uint8_t *)text, n));
}

static void demand(struct run_program *p, const char *name)
{
	if (!has_file(p, "all", name))
		fail_msg("there is no %s, or not for its owner only:\n%s", name,
			read_file(p, "all", "README.txt"));
}

static void everybody_gets_theirs(void **state)
{
	struct run_program p = {.pid = 0};
	struct temp_case t;
	(void)state;
	make(&p, &t);
	const char *const args[] = {"report", t.path, "--all", "all", "--class", "phishing",
		"--reporter-org", "Desk", "--reporter-email", "desk@reporter.example",
		"--reporter-domain", "reporter.example", NULL};
	if (run_program(&p, SECONDS, args) != 0)
		fail_msg("%s", run_program_stderr(&p));
	assert_non_null(strstr(run_program_stdout(&p), "reports in all"));
	demand(&p, "report.txt");
	demand(&p, "report.json");
	demand(&p, "trail-1.1-party-1-click.test.txt");
	demand(&p, "trail-1.1-party-2-page.test.txt");
	demand(&p, "README.txt");
	const char *const again[] = {"report", t.path, "--all", "all", NULL};
	assert_int_equal(run_program(&p, SECONDS, again), 1);
	assert_non_null(strstr(run_program_stderr(&p), "is there already"));
	/* The manifest is right, by a program of others. */
	assert_int_equal(system(arena_printf(&p.arena,
				 "cd %s/all && sha256sum --quiet -c manifest.sha256 && "
				 "test $(wc -l <manifest.sha256) = $(ls | grep -vc manifest)",
				 p.dir)),
		0);
	/* What was given away is noted beside the case. */
	const char *const note[] = {"note", t.path, NULL};
	assert_int_equal(run_program(&p, SECONDS, note), 0);
	assert_non_null(strstr(run_program_stdout(&p), "report --all: "));
	run_program_end(&p);
	temp_case_fini(&t);
}

static void what_could_not_be_made_is_said(void **state)
{
	struct run_program p = {.pid = 0};
	struct temp_case t;
	(void)state;
	make(&p, &t);
	const char *const args[] = {"report", t.path, "--all", "all", NULL};
	assert_int_equal(run_program(&p, SECONDS, args), 0);
	const char *list = read_file(&p, "all", "README.txt");
	/* Who complains, and of what, was not said. */
	if (report_format_find("xarf") != NULL) {
		assert_non_null(strstr(list, "xarf.json was not made: a complaint says whose"));
		assert_non_null(strstr(run_program_stdout(&p), "could not be made"));
	}
	assert_false(has_file(&p, "all", "trail-1.1-party-1-click.test.xarf.json"));
	run_program_end(&p);
	temp_case_fini(&t);
}

static void one_document_and_all_are_not_asked_for_at_once(void **state)
{
	struct run_program p = {.pid = 0};
	struct temp_case t;
	(void)state;
	make(&p, &t);
	const char *const with[][3] = {
		{"--format", "json", NULL}, {"-o", "x", NULL}, {"--party", "1", NULL}};
	for (size_t i = 0; i < 3; i++) {
		const char *const args[] = {
			"report", t.path, "--all", "all", with[i][0], with[i][1], NULL};
		assert_int_equal(run_program(&p, SECONDS, args), 1);
		assert_non_null(strstr(run_program_stderr(&p), "--all: "));
		assert_false(has_file(&p, "all", "README.txt"));
	}
	run_program_end(&p);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_gets_theirs),
		cmocka_unit_test(what_could_not_be_made_is_said),
		cmocka_unit_test(one_document_and_all_are_not_asked_for_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
