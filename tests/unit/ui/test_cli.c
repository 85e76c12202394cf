/*
 * The built program as a script uses it: what it lists, how it fails, its exit codes, the
 * certificate authority, and reports of a case.
 */
#include "tests/unit/ui/cli_run.h"
#include "tests/kit/temp_case.h"

static void help_lists_only_what_exists(void **state)
{
	(void)state;
	assert_int_equal(RUN("--help"), 0);
	char *help = strdup(STDOUT);
	size_t listed = 0;
	for (char *line = help; (line = strstr(line, "\n  ")) != NULL; listed++) {
		char name[32];
		line += 3;
		snprintf(name, sizeof name, "%.*s", (int)strcspn(line, " "), line);
		assert_int_equal(RUN(name, "--help"), 0);
		assert_non_null(
			strstr(STDOUT, arena_printf(&p.arena, "usage: clicktrail %s", name)));
	}
	assert_int_equal(listed, 19);
	assert_null(strstr(help, "inside"));
	free(help);
}

static void version_is_printed(void **state)
{
	(void)state;
	assert_int_equal(RUN("--version"), 0);
	assert_string_equal(STDOUT, "clicktrail " CLICKTRAIL_VERSION "\n");
}

static void mistakes_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *args[6], *named;
	} calls[] = {
		{{"frob"}, "frob"},
		{{"fr\x1b[2Job"}, "fr\\x1b[2Job"},
		{{"trace"}, "one link"},
		{{"trace", "a.example"}, "a.example"},
		{{"trace", "ftp://a.example/"}, "ftp://a.example/"},
		{{"trace", "http://a.example/", "http://b.example/"}, "one link"},
		{{"trace", "--settle", "x\x07y", "http://a.example/"}, "x\\x07y"},
		{{"trace", "--replace", "token=other", "http://a.example/"}, "token"},
		{{"trace", "--listen", "127.0.0.1:0", "http://a.example/"}, "--listen"},
		{{"proxy", "word"}, "word"},
		{{"proxy", "--listen", "0.0.0.0:0"}, "0.0.0.0:0"},
		{{"proxy", "--listen", "0.0.0.0:0", "--allow-client", "10.0.0.0/8"},
			"password"},
		{{"replay"}, "case file"},
		{{"replay", "missing.case"}, "missing.case"},
		{{"replay", "a.case", "b.case"}, "b.case"},
		{{"replay", "--trail", "0", "a.case"}, "--trail"},
		{{"replay", "--pace", "slow", "a.case"}, "slow"},
		{{"replay", "--listen", "0.0.0.0:0", "a.case"}, "0.0.0.0:0"},
		{{"report"}, "case file"},
		{{"report", "missing.case"}, "missing.case"},
		{{"report", "--format", "docx", "x.case"}, "docx"},
		{{"report", "--colour", "x.case"}, "--colour"},
		{{"report", "--mmdb", "none.mmdb", "x.case"}, "none.mmdb"},
		{{"report", "--party", "0", "x.case"}, "--party"},
		{{"report", "--class", "nonsense", "x.case"}, "nonsense"},
		{{"explain"}, "case file"},
		{{"explain", "missing.case"}, "missing.case"},
		{{"rebuild"}, "case file"},
		{{"erase", "x.case", "--reason", "r"}, "--match"},
		{{"erase", "x.case", "--match", "text"}, "--reason"},
		{{"erase", "x.case", "--match", "ab"}, "too short"},
		{{"erase", "x.case", "--url"}, "--exchange"},
		{{"erase", "x.case", "--exchange", "3"}, "what of it"},
		{{"ca"}, "show, export"},
		{{"ca", "sell"}, "sell"},
		{{"ca", "import", "one"}, "import"},
		{{"demo", "word"}, "word"},
		{{"close"}, "case file"},
		{{"close", "x.case", "--timestamp", "ftp://a.example/"}, "ftp://a.example/"},
		{{"timestamp", "x.case"}, "authority"},
		{{"timestamp", "x.case", "a.example"}, "a.example"},
		{{"timestamp", "missing.case", "http://127.0.0.1:9/"}, "missing.case"},
		{{"verify", "--tsa-ca", "none.pem", "x.case"}, "none.pem"},
		{{"seal"}, "show, key"},
		{{"seal", "break"}, "break"},
	};
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		int code = run_program(&p, SECONDS, calls[i].args);
		if (code != 1)
			fail_msg("%s %s: exit code %d", calls[i].args[0],
				calls[i].args[1] != NULL ? calls[i].args[1] : "", code);
		assert_error(calls[i].named);
		assert_string_equal(STDOUT, "");
	}
	/* And nothing was made on the way. */
	assert_int_not_equal(access(in_dir("missing.case"), F_OK), 0);
	assert_int_not_equal(access(in_dir(".local"), F_OK), 0);
}

static void the_authority_is_made_shown_replaced_and_removed(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(RUN("ca", "show"), 0);
	assert_non_null(strstr(STDOUT, "a new one was made"));
	assert_int_equal(stat(in_dir(".local/share/clicktrail/ca"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(RUN("ca", "export", "-o", "root.pem"), 0);
	assert_int_equal(RUN("ca", "export"), 0);
	assert_int_equal(strncmp(STDOUT, "-----BEGIN CERTIFICATE-----\n", 28), 0);
	char *first = strdup(STDOUT);
	assert_int_equal(RUN("ca", "export"), 0);
	assert_string_equal(STDOUT, first);
	assert_int_equal(RUN("ca", "new"), 0);
	assert_int_equal(RUN("ca", "export"), 0);
	assert_string_not_equal(STDOUT, first);
	assert_int_equal(RUN("ca", "--ca-dir", "other", "show"), 0);
	assert_int_equal(RUN("ca", "remove", "--ca-dir", "other"), 0);
	assert_int_not_equal(access(in_dir("other"), F_OK), 0);
	assert_null(strstr(STDOUT, "PRIVATE KEY"));
	free(first);
}

/* A filled case, closed, under p's folder's eyes. */
static void with_case(void (*test)(const char *path))
{
	struct temp_case c;
	temp_case_start(&c);
	temp_case_fill(&c);
	temp_case_close(&c);
	test(c.path);
	temp_case_fini(&c);
}

static void check_reports(const char *path)
{
	assert_int_equal(RUN("report", path), 0);
	assert_non_null(strstr(STDOUT, "hxxps://click[.]test/c?t=1"));
	assert_null(strstr(STDOUT, "https://"));
	assert_int_equal(RUN("report", "--no-defang", path), 0);
	assert_non_null(strstr(STDOUT, "https://click.test/c?t=1"));
	assert_non_null(strstr(STDOUT, "2026-02-03T04:05:06.0"));
	assert_int_equal(RUN("report", "--format", "json", path), 0);
	json_t *j = json_of(STDOUT);
	assert_string_equal(
		json_string_value(json_object_get(j, "format")), "clicktrail-report/1");
	json_t *trails = json_object_get(j, "trails");
	assert_int_equal(json_array_size(trails), 1);
	json_decref(j);
	assert_int_equal(RUN("explain", path), 0);
	assert_non_null(strstr(STDOUT, "Location"));
}

static void a_case_is_reported(void **state)
{
	(void)state;
	with_case(check_reports);
}

static void check_file(const char *path)
{
	struct stat st;
	assert_int_equal(RUN("report", path, "-o", "r.txt"), 0);
	assert_string_equal(STDOUT, "");
	assert_int_equal(stat(in_dir("r.txt"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_size > 500);
	assert_int_equal(RUN("report", path, "-o", "no/such/folder"), 2);
	assert_error("no/such/folder");
	/* A slip of the keyboard does not cost the evidence. */
	assert_int_equal(RUN("report", path, "-o", path), 1);
	assert_error("overwrite");
	assert_int_equal(RUN("report", path), 0);
}

static void a_report_goes_to_a_file(void **state)
{
	(void)state;
	with_case(check_file);
}

static void check_rebuild(const char *path)
{
	assert_int_equal(RUN("rebuild", path), 0);
	assert_string_equal(STDOUT, "1 trail derived anew from 3 exchanges.\n");
	assert_int_equal(RUN("report", path), 0);
}

static void trails_are_rebuilt(void **state)
{
	(void)state;
	with_case(check_rebuild);
}

static void a_case_is_reported_while_it_is_written(void **state)
{
	(void)state;
	struct temp_case c;
	temp_case_start(&c);
	temp_case_fill(&c);
	assert_int_equal(RUN("report", "--format", "json", c.path), 0);
	json_t *j = json_of(STDOUT), *about = json_object_get(j, "case");
	assert_true(json_is_true(json_object_get(about, "being_written")));
	json_decref(j);
	assert_int_equal(RUN("rebuild", c.path), 3);
	assert_int_equal(
		RUN("trace", "--browser", "none", "--case", c.path, "http://127.0.0.1:9/"), 3);
	assert_error(c.path);
	temp_case_fini(&c);
}

static void what_is_no_case_is_refused(void **state)
{
	(void)state;
	FILE *f = fopen(in_dir("text.case"), "we");
	assert_non_null(f);
	fputs("this is not a case, but a text that somebody wants to keep\n", f);
	fclose(f);
	assert_int_equal(RUN("report", "text.case"), 1);
	assert_error("text.case");
	assert_int_equal(
		RUN("trace", "--browser", "none", "--case", "text.case", "http://127.0.0.1:9/"),
		3);
	assert_int_equal(RUN("trace", "--browser", "none", "--case", "no/such/x.case",
				 "http://127.0.0.1:9/"),
		3);
	assert_error("no/such/x.case");
	struct stat st;
	assert_int_equal(stat(in_dir("text.case"), &st), 0);
	assert_int_equal(st.st_size, 59);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_lists_only_what_exists),
		cmocka_unit_test(version_is_printed),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(the_authority_is_made_shown_replaced_and_removed),
		cmocka_unit_test(a_case_is_reported),
		cmocka_unit_test(a_report_goes_to_a_file),
		cmocka_unit_test(trails_are_rebuilt),
		cmocka_unit_test(a_case_is_reported_while_it_is_written),
		cmocka_unit_test(what_is_no_case_is_refused),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
