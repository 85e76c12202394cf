/*
 * The built program as a script uses it: what it lists, how it fails, its exit codes, and
 * reports of a case. Links of 127.0.0.1 only; no browser (the scenarios have that).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"
#include "tests/kit/temp_case.h"

enum { SECONDS = 60 };

static struct run_program p;

static int set_up(void **state)
{
	(void)state;
	run_program_folder(&p);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	run_program_end(&p);
	return 0;
}

#define RUN(...) run_program(&p, SECONDS, (const char *const[]){__VA_ARGS__, NULL})
#define OUT run_program_stdout(&p)
#define ERR run_program_stderr(&p)

static const char *in_dir(const char *name)
{
	return arena_printf(&p.arena, "%s/%s", p.dir, name);
}

/* Every line of stderr is ours and escaped. */
static void assert_error(const char *word)
{
	const char *text = ERR;
	if (strncmp(text, "clicktrail: ", 12) != 0)
		fail_msg("not our form: %s", text);
	if (strstr(text, word) == NULL)
		fail_msg("\"%s\" is not named in: %s", word, text);
	for (const char *c = text; *c != 0; c++)
		assert_true(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7f));
}

static void help_lists_only_what_exists(void **state)
{
	(void)state;
	static const char *const later[] = {"again", "replay", "crosscheck", "lookup", "close",
		"verify", "erase", "extract", "ui"};
	assert_int_equal(RUN("--help"), 0);
	char *help = strdup(OUT);
	size_t listed = 0;
	for (char *line = help; (line = strstr(line, "\n  ")) != NULL; listed++) {
		char name[32];
		line += 3;
		snprintf(name, sizeof name, "%.*s", (int)strcspn(line, " "), line);
		assert_int_equal(RUN(name, "--help"), 0);
		assert_non_null(
			strstr(OUT, arena_printf(&p.arena, "usage: clicktrail %s", name)));
	}
	assert_int_equal(listed, 7);
	for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
		assert_null(strstr(help, arena_printf(&p.arena, "\n  %s ", later[i])));
		assert_int_equal(RUN(later[i]), 1);
		assert_error(later[i]);
	}
	assert_null(strstr(help, "inside"));
	free(help);
}

static void version_is_printed(void **state)
{
	(void)state;
	assert_int_equal(RUN("--version"), 0);
	assert_string_equal(OUT, "clicktrail " CLICKTRAIL_VERSION "\n");
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
		{{"report"}, "case file"},
		{{"report", "missing.case"}, "missing.case"},
		{{"report", "--format", "pdf", "x.case"}, "pdf"},
		{{"report", "--colour", "x.case"}, "--colour"},
		{{"explain"}, "case file"},
		{{"explain", "missing.case"}, "missing.case"},
		{{"rebuild"}, "case file"},
		{{"ca"}, "show, export"},
		{{"ca", "sell"}, "sell"},
		{{"ca", "import", "one"}, "import"},
		{{"demo", "word"}, "word"},
	};
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		int code = run_program(&p, SECONDS, calls[i].args);
		if (code != 1)
			fail_msg("%s %s: exit code %d", calls[i].args[0],
				calls[i].args[1] != NULL ? calls[i].args[1] : "", code);
		assert_error(calls[i].named);
		assert_string_equal(OUT, "");
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
	assert_non_null(strstr(OUT, "a new one was made"));
	assert_int_equal(stat(in_dir(".local/share/clicktrail/ca"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(RUN("ca", "export", "-o", "root.pem"), 0);
	assert_int_equal(RUN("ca", "export"), 0);
	assert_int_equal(strncmp(OUT, "-----BEGIN CERTIFICATE-----\n", 28), 0);
	char *first = strdup(OUT);
	assert_int_equal(RUN("ca", "export"), 0);
	assert_string_equal(OUT, first);
	assert_int_equal(RUN("ca", "new"), 0);
	assert_int_equal(RUN("ca", "export"), 0);
	assert_string_not_equal(OUT, first);
	assert_int_equal(RUN("ca", "--ca-dir", "other", "show"), 0);
	assert_int_equal(RUN("ca", "remove", "--ca-dir", "other"), 0);
	assert_int_not_equal(access(in_dir("other"), F_OK), 0);
	assert_null(strstr(OUT, "PRIVATE KEY"));
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

static json_t *json_of(const char *text)
{
	json_error_t error;
	json_t *j = json_loads(text, 0, &error);
	if (j == NULL)
		fail_msg("no JSON: %s: %.200s", error.text, text);
	return j;
}

static void check_reports(const char *path)
{
	assert_int_equal(RUN("report", path), 0);
	assert_non_null(strstr(OUT, "https://click.test/c?t=1"));
	assert_non_null(strstr(OUT, "2026-02-03T04:05:06.0"));
	assert_int_equal(RUN("report", "--format", "json", path), 0);
	json_t *j = json_of(OUT);
	assert_string_equal(
		json_string_value(json_object_get(j, "format")), "clicktrail-report/1");
	json_t *trails = json_object_get(j, "trails");
	assert_int_equal(json_array_size(trails), 1);
	json_decref(j);
	assert_int_equal(RUN("explain", path), 0);
	assert_non_null(strstr(OUT, "Location"));
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
	assert_string_equal(OUT, "");
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
	assert_string_equal(OUT, "1 trail derived anew from 3 exchanges.\n");
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
	json_t *j = json_of(OUT), *about = json_object_get(j, "case");
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

static const struct script_step redirects[] = {EXPECT_HEAD,
	SEND("HTTP/1.1 302 Found\r\nLocation: /land?x=1\r\nContent-Length: 0\r\n\r\n"),
	EXPECT_EOF, END};
static const struct script_step lands[] = {EXPECT_HEAD,
	SEND("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"),
	EXPECT_EOF, END};

static const char *rule_of(struct script_origin *o)
{
	return script_origin_rule(o, "click.example", 80);
}

static void a_trace_is_printed_and_recorded(void **state)
{
	(void)state;
	char why[400];
	struct script_origin *o = script_origin_start(false, NULL);
	script_origin_play(o, redirects);
	script_origin_play(o, lands);
	int code = RUN("trace", "--browser", "none", "--case", "t.case", "--allow-net",
		"127.0.0.0/8", "--connect-to", rule_of(o), "http://click.example/c");
	if (code != 0)
		fail_msg("exit code %d: %s%s", code, OUT, ERR);
	assert_non_null(
		strstr(OUT, "  1  open            302  GET http://click.example/c\n"
			    "  2  http-redirect   200  GET http://click.example/land?x=1\n"));
	assert_non_null(strstr(OUT, "It ended with a page.\nEvery step was recorded whole.\n"));
	assert_null(strchr(OUT, '\x1b'));
	struct stat st;
	assert_int_equal(stat(in_dir("t.case"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_not_equal(access(in_dir("t.case-wal"), F_OK), 0);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
}

static void a_trace_prints_json_alone(void **state)
{
	(void)state;
	char why[400];
	struct script_origin *o = script_origin_start(false, NULL);
	script_origin_play(o, lands);
	int code = RUN("trace", "--browser", "none", "--case", "j.case", "--allow-net",
		"127.0.0.0/8", "--connect-to", rule_of(o), "--json", "--replace", "secret=x",
		"http://click.example/secret?secret");
	assert_int_equal(code, 0);
	json_t *j = json_of(OUT);
	json_t *trail = json_array_get(json_object_get(j, "trails"), 0);
	assert_string_equal(json_string_value(json_object_get(trail, "start_url")),
		"http://click.example/x?x");
	assert_string_equal(json_string_value(json_object_get(trail, "ended_by")), "page");
	json_t *session =
		json_array_get(json_object_get(json_object_get(j, "case"), "sessions"), 0);
	assert_string_equal(json_string_value(json_object_get(session, "link")),
		"http://click.example/secret?secret");
	assert_string_equal(json_string_value(json_object_get(session, "sent_link")),
		"http://click.example/x?x");
	json_decref(j);
	assert_null(memmem(
		script_origin_received(o, 0).p, script_origin_received(o, 0).n, "secret", 6));
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
}

static void a_second_trace_is_a_second_session(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(RUN("trace", "--browser", "none", "--case", "two.case",
					 "http://127.0.0.1:9/"),
			0);
	assert_int_equal(RUN("report", "--format", "json", "two.case"), 0);
	json_t *j = json_of(OUT);
	assert_int_equal(json_array_size(json_object_get(j, "trails")), 2);
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(j, "case"), "sessions")), 2);
	json_decref(j);
}

static void a_refused_address_is_an_end_with_a_reason(void **state)
{
	(void)state;
	assert_int_equal(
		RUN("trace", "--browser", "none", "--case", "r.case", "http://127.0.0.1:9/"),
		0);
	assert_non_null(strstr(OUT, "[refused-address]"));
	assert_non_null(strstr(OUT, "It ended with an error: the address is in a range"));
}

static void a_trail_without_an_end_is_code_2(void **state)
{
	(void)state;
	static const struct script_step hangs[] = {EXPECT_HEAD, EXPECT_CUT, END};
	struct script_origin *o = script_origin_start(false, NULL);
	script_origin_play(o, hangs);
	assert_int_equal(RUN("trace", "--browser", "none", "--case", "h.case", "--allow-net",
				 "127.0.0.0/8", "--connect-to", rule_of(o), "--timeout", "1",
				 "http://click.example/"),
		2);
	assert_error("time was up");
	assert_int_equal(RUN("report", "--format", "json", "h.case"), 0);
	json_t *j = json_of(OUT);
	json_t *trail = json_array_get(json_object_get(j, "trails"), 0);
	assert_string_equal(json_string_value(json_object_get(trail, "ended_by")), "timeout");
	assert_true(json_is_false(
		json_object_get(json_object_get(j, "case"), "recording_complete")));
	json_decref(j);
	script_origin_abandon(o);
}

static void ctrl_c_ends_a_trace_in_order(void **state)
{
	(void)state;
	char why[400];
	/* The request has arrived when the test goes on: the trace is in the middle of it. */
	static const struct script_step hangs[] = {EXPECT_HEAD, EXPECT_CUT, END};
	struct script_origin *o = script_origin_start(false, NULL);
	script_origin_play(o, hangs);
	run_program_start(&p, (const char *const[]){"trace", "--browser", "none", "--case",
				      "c.case", "--allow-net", "127.0.0.0/8", "--connect-to",
				      rule_of(o), "http://click.example/", NULL});
	for (int i = 0; i < 3000 && script_origin_received(o, 0).n == 0; i++)
		usleep(10000);
	assert_true(script_origin_received(o, 0).n > 0);
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, SECONDS), 2);
	assert_error("signal");
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
	assert_int_equal(RUN("report", "--format", "json", "c.case"), 0);
	json_t *j = json_of(OUT);
	json_t *trail = json_array_get(json_object_get(j, "trails"), 0);
	assert_string_equal(json_string_value(json_object_get(trail, "ended_by")), "closed");
	json_decref(j);
}

static void a_dry_run_contacts_nobody_and_leaves_nothing(void **state)
{
	(void)state;
	char why[400];
	struct script_origin *o = script_origin_start(false, NULL);
	assert_int_equal(RUN("trace", "--dry-run", "--browser", "none", "--case", "dry.case",
				 "--connect-to", rule_of(o), "--allow-net", "127.0.0.0/8",
				 "http://click.example/?url=https%3A%2F%2Fclaimed.example%2F"),
		0);
	assert_non_null(strstr(OUT, "nobody was contacted"));
	assert_non_null(strstr(OUT, "https://claimed.example/"));
	assert_int_not_equal(access(in_dir("dry.case"), F_OK), 0);
	assert_int_equal(RUN("trace", "--dry-run", "--browser", "none", "--case",
				 "no/such/dry.case", "http://click.example/"),
		3);
	/* A connection would have been one without a script. */
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
}

static void a_proxy_listens_and_ends_in_order(void **state)
{
	(void)state;
	run_program_start(&p, (const char *const[]){"proxy", "--listen", "127.0.0.1:0",
				      "--case", "p.case", NULL});
	unsigned port = run_program_port(&p);
	assert_true(port > 0);
	run_program_signal(&p, SIGTERM);
	assert_int_equal(run_program_wait(&p, SECONDS), 0);
	assert_non_null(strstr(OUT, "clicktrail.internal"));
	assert_int_equal(RUN("report", "--format", "json", "p.case"), 0);
	json_t *j = json_of(OUT), *about = json_object_get(j, "case");
	assert_true(json_is_true(json_object_get(about, "recording_complete")));
	json_decref(j);
}

static void a_taken_port_leaves_no_case(void **state)
{
	(void)state;
	struct script_origin *o = script_origin_start(false, NULL);
	const char *where = arena_printf(&p.arena, "127.0.0.1:%u", script_origin_port(o));
	assert_int_equal(RUN("proxy", "--listen", where, "--case", "taken.case"), 2);
	assert_error(where);
	assert_int_not_equal(access(in_dir("taken.case"), F_OK), 0);
	script_origin_abandon(o);
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
		cmocka_unit_test(a_trace_is_printed_and_recorded),
		cmocka_unit_test(a_trace_prints_json_alone),
		cmocka_unit_test(a_second_trace_is_a_second_session),
		cmocka_unit_test(a_refused_address_is_an_end_with_a_reason),
		cmocka_unit_test(a_trail_without_an_end_is_code_2),
		cmocka_unit_test(ctrl_c_ends_a_trace_in_order),
		cmocka_unit_test(a_dry_run_contacts_nobody_and_leaves_nothing),
		cmocka_unit_test(a_proxy_listens_and_ends_in_order),
		cmocka_unit_test(a_taken_port_leaves_no_case),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
