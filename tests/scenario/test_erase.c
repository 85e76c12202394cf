/*
 * Erasing as somebody would who has to: a real click is recorded, identifiers in addresses,
 * cookies and pages are erased from it, the seal holds by both verifiers, and no byte of them
 * is left in the file.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>
#include <sqlite3.h>

#include "store/base/buf.h"
#include "tests/kit/run_program.h"

enum { SECONDS = 60 };

static struct run_program p;
static char cookie[64], page[64]; /* in an address and a cookie; in an address and a page */

#define RUN(...) run_program(&p, SECONDS, (const char *const[]){__VA_ARGS__, NULL})
#define STDOUT run_program_stdout(&p)

static const char *in_dir(const char *name)
{
	return arena_printf(&p.arena, "%s/%s", p.dir, name);
}

static void assert_code(int code, int expected)
{
	if (code != expected)
		fail_msg("exit code %d, not %d:\n%s\n%s", code, expected, STDOUT,
			run_program_stderr(&p));
}

/* What stands behind `before` in the address of that hop. */
static void take(size_t hop, const char *before, char out[64])
{
	json_error_t why;
	json_t *report = json_loads(STDOUT, 0, &why);
	assert_non_null(report);
	json_t *hops =
		json_object_get(json_array_get(json_object_get(report, "trails"), 0), "hops");
	const char *url =
		json_string_value(json_object_get(json_array_get(hops, hop - 1), "url"));
	assert_non_null(url);
	const char *at = strstr(url, before);
	assert_non_null(at);
	at += strlen(before);
	size_t n = strspn(at, "0123456789abcdef");
	assert_in_range(n, 8, 60);
	snprintf(out, 64, "%.*s", (int)n, at);
	json_decref(report);
}

static bool in_file(const char *path, const char *text)
{
	struct buf all = {0};
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	for (size_t n = 1; n > 0; buf_grew(&all, n))
		n = fread(buf_room(&all, 65536), 1, 65536, f);
	fclose(f);
	bool found = span_find_nocase(buf_span(&all), span_str(text), 0) != SIZE_MAX;
	buf_fini(&all);
	return found;
}

/* Of the case, its log, its journal: whatever begins with its name. */
static void assert_gone(const char *name, const char *text)
{
	DIR *dir = opendir(p.dir);
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		if (strncmp(e->d_name, name, strlen(name)) == 0 &&
			in_file(in_dir(e->d_name), text))
			fail_msg("%s still holds %s", e->d_name, text);
	closedir(dir);
}

/* By the program, and by the reader that shares no code with it. */
static void assert_verifies(const char *name, bool closed, bool log)
{
	assert_code(RUN("verify", name, log ? "--json" : "--no-log"), 0);
	if (!log)
		assert_code(RUN("verify", name, "--no-log", "--json"), 0);
	json_t *seal = json_loads(STDOUT, 0, NULL);
	assert_true(json_is_true(json_object_get(seal, "holds")));
	assert_true(json_integer_value(json_object_get(seal, "erased")) > 0);
	assert_int_equal(json_is_true(json_object_get(seal, "closed")), closed);
	const char *source = getenv("CLICKTRAIL_SOURCE");
	if (source != NULL && access("/usr/bin/python3", X_OK) == 0) {
		const char *with = arena_printf(
			&p.arena, "--log %s/.local/share/clicktrail/seal/heads.log", p.dir);
		char *line =
			arena_printf(&p.arena, "python3 -B %s/tests/seal/verify.py %s %s > %s",
				source, in_dir(name), log ? with : "", in_dir("second"));
		assert_int_equal(system(line), 0);
		json_t *second = json_load_file(in_dir("second"), 0, NULL);
		assert_int_equal(json_integer_value(json_object_get(second, "erased")),
			json_integer_value(json_object_get(seal, "erased")));
		assert_int_equal(json_is_true(json_object_get(second, "closed")), closed);
		json_decref(second);
	}
	json_decref(seal);
	assert_code(RUN("verify", name, "--no-log"), 0);
	assert_non_null(strstr(STDOUT, "erased"));
}

static int set_up(void **state)
{
	(void)state;
	run_program_folder(&p);
	assert_code(RUN("demo", "--browser", "none", "--case", "d.case", "--ca-dir", "ca"), 0);
	assert_code(RUN("report", "d.case", "--format", "json", "--redact", "none"), 0);
	take(4, "cid=", cookie);
	take(8, "/h/", page);
	assert_true(in_file(in_dir("d.case"), cookie) && in_file(in_dir("d.case"), page));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	run_program_end(&p);
	return 0;
}

static void nothing_happens_by_a_dry_run(void **state)
{
	(void)state;
	assert_code(RUN("erase", "d.case", "--match", cookie, "--match", page, "--dry-run"), 0);
	assert_non_null(strstr(STDOUT, "request.url"));
	assert_non_null(strstr(STDOUT, "request.head, Cookie"));
	assert_non_null(strstr(STDOUT, "response.head, Set-Cookie"));
	assert_non_null(strstr(STDOUT, "response.head, Location"));
	assert_non_null(strstr(STDOUT, "chunk.data"));
	assert_null(strstr(STDOUT, cookie));
	assert_null(strstr(STDOUT, page));
	assert_code(RUN("verify", "d.case"), 0);
	assert_null(strstr(STDOUT, "erased"));
}

static void reports_say_that_it_is_erased(const char *name)
{
	static const char *const commands[] = {"report", "explain"};
	for (size_t i = 0; i < 2; i++) {
		assert_code(RUN(commands[i], name), 0);
		assert_non_null(strstr(STDOUT, "(erased)"));
		assert_non_null(strstr(STDOUT, "something was erased from"));
		assert_null(strstr(STDOUT, cookie));
	}
	assert_code(RUN("report", name, "--format", "json", "--redact", "none"), 0);
	json_t *report = json_loads(STDOUT, 0, NULL),
	       *trail = json_array_get(json_object_get(report, "trails"), 0);
	json_t *hops = json_object_get(trail, "hops");
	/* One trail still, and nothing is made up for what is gone. */
	assert_int_equal(json_array_size(json_object_get(report, "trails")), 1);
	assert_int_equal(json_array_size(hops), 9);
	json_t *hop = json_array_get(hops, 3);
	assert_true(json_is_null(json_object_get(hop, "url")));
	const char *how = json_string_value(
		json_object_get(json_object_get(hop, "arrived_by"), "mechanism"));
	assert_string_equal(how, "unknown");
	json_decref(report);
	/* One trail as it is stored says the same. */
	assert_code(
		RUN("report", name, "--trail", "1.1", "--format", "json", "--redact", "none"),
		0);
	report = json_loads(STDOUT, 0, NULL);
	hops = json_object_get(json_array_get(json_object_get(report, "trails"), 0), "hops");
	assert_true(json_is_null(json_object_get(json_array_get(hops, 3), "url")));
	json_decref(report);
	assert_code(RUN("rebuild", name), 0);
}

static void it_is_gone(void **state)
{
	(void)state;
	assert_code(RUN("erase", "d.case", "--match", cookie, "--match", page, "--reason",
			    "the recipient asked for it"),
		0);
	assert_non_null(strstr(STDOUT, "Only this file was changed"));
	assert_null(strstr(STDOUT, cookie));
	assert_gone("d.case", cookie);
	assert_gone("d.case", page);
	assert_verifies("d.case", false, true);
	reports_say_that_it_is_erased("d.case");
	assert_gone("d.case", cookie);
	/* Once more, of what has lost something already, and by exchange. */
	assert_code(RUN("erase", "d.case", "--exchange", "3", "--url", "--header", "accept",
			    "--response-body", "--reason", "again"),
		0);
	assert_non_null(strstr(STDOUT, "request.head, Accept:"));
	assert_verifies("d.case", false, true);
	assert_code(RUN("erase", "d.case", "--match", cookie, "--reason", "again"), 0);
	assert_non_null(strstr(STDOUT, "nothing to erase"));
}

static void spoil(const char *name, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(in_dir(name), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_true(sqlite3_changes(db) > 0);
	sqlite3_close(db);
}

static void what_is_put_in_its_place_is_found(void **state)
{
	(void)state;
	assert_code(
		RUN("erase", "d.case", "--match", cookie, "-o", "n.case", "--reason", "r"), 0);
	assert_verifies("n.case", false, true);
	spoil("n.case",
		"UPDATE fact SET f7 = 'http://forged.test/' WHERE kind = 10 AND f7 IS NULL");
	assert_code(RUN("verify", "n.case"), 4);
	assert_non_null(strstr(STDOUT, "erasure"));
	/* The first one is behind the log now. */
	assert_code(RUN("verify", "d.case", "--no-log"), 0);
	assert_true(in_file(in_dir("d.case"), cookie));
}

static void assert_both_refuse(const char *name)
{
	const char *source = getenv("CLICKTRAIL_SOURCE");
	assert_code(RUN("verify", name, "--no-log"), 4);
	if (source == NULL || access("/usr/bin/python3", X_OK) != 0)
		return;
	char *line = arena_printf(&p.arena, "python3 -B %s/tests/seal/verify.py %s > %s",
		source, in_dir(name), in_dir("second"));
	assert_int_equal(WEXITSTATUS(system(line)), 4);
}

/* A closing that is taken back by hand is one still. */
static void nothing_else_behind_a_closing(void **state)
{
	(void)state;
	assert_code(RUN("close", "d.case"), 0);
	spoil("d.case", "UPDATE case_info SET closed_us = NULL");
	assert_both_refuse("d.case");
	assert_code(RUN("erase", "d.case", "--match", cookie, "--reason", "r"), 3);
	assert_code(RUN("close", "d.case"), 3);
	assert_non_null(strstr(run_program_stderr(&p), "closed for good"));
	spoil("d.case",
		"UPDATE case_info SET closed_us = (SELECT at_us FROM fact WHERE kind = 20)");
	assert_code(RUN("verify", "d.case"), 0);
}

static void a_closed_case_only_by_a_copy(void **state)
{
	(void)state;
	assert_code(RUN("close", "d.case"), 0);
	assert_code(RUN("erase", "d.case", "--match", cookie, "--reason", "r"), 3);
	assert_non_null(strstr(run_program_stderr(&p), "closed"));
	assert_code(
		RUN("erase", "d.case", "--match", cookie, "--reason", "r", "-o", "n.case"), 0);
	assert_gone("n.case", cookie);
	assert_verifies("n.case", true, true);
	/* Never over a file; and from the copy again. */
	assert_code(
		RUN("erase", "d.case", "--match", page, "--reason", "r", "-o", "n.case"), 3);
	assert_code(
		RUN("erase", "n.case", "--match", page, "--reason", "r", "-o", "m.case"), 0);
	assert_gone("m.case", page);
	assert_verifies("m.case", true, true);
	assert_code(RUN("report", "m.case"), 0);
	assert_non_null(strstr(STDOUT, "(erased)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			nothing_happens_by_a_dry_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_is_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_put_in_its_place_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_closed_case_only_by_a_copy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			nothing_else_behind_a_closing, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
