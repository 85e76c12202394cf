/*
 * What is erased from a case does not come back through the second witness: not out of the
 * companion's bytes, not in a report, and not as a contradiction.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/kit/packets_case.h"

enum { SECONDS = 60 };

static struct run_program p;
static const char *secret;

#define RUN(...) run_program(&p, SECONDS, (const char *const[]){__VA_ARGS__, NULL})
#define REASON "--reason", "request of 2 November"

static void assert_code(int code, int expected)
{
	if (code != expected)
		fail_msg("exit code %d, not %d:\n%s\n%s", code, expected,
			run_program_stdout(&p), run_program_stderr(&p));
}

static void says(const char *part)
{
	if (strstr(run_program_stdout(&p), part) == NULL)
		fail_msg("\"%s\" is not said in:\n%s\n%s", part, run_program_stdout(&p),
			run_program_stderr(&p));
}

static void says_not(const char *part)
{
	if (strstr(run_program_stdout(&p), part) != NULL)
		fail_msg("\"%s\" is said in:\n%s", part, run_program_stdout(&p));
}

static bool holds(const char *name)
{
	struct buf all = {0};
	packets_read(packets_path(&p, name), &all);
	bool any = span_find(buf_span(&all), span_str(secret), 0) != SIZE_MAX;
	buf_fini(&all);
	return any;
}

static int record(void **state)
{
	(void)state;
	run_program_folder(&p);
	assert_code(RUN("demo", "--browser", "none", "--pcap", "--case", "d.case"), 0);
	char *at = strstr(
		packets_sql(&p, "d.case", "SELECT url FROM hop WHERE url LIKE '%/h/%'"), "/h/");
	assert_non_null(at);
	at += 3;
	at[strspn(at, "0123456789abcdef")] = 0;
	assert_true(strlen(at) >= 8);
	secret = at;
	assert_code(RUN("crosscheck", "d.case"), 0);
	assert_true(holds("d.companion.case"));
	assert_int_equal(
		system(arena_printf(&p.arena, "cd %s && tar cf kept d.* .local", p.dir)), 0);
	return 0;
}

/* As it was recorded, with its key and its log of heads. */
static void anew(void)
{
	assert_int_equal(
		system(arena_printf(&p.arena,
			"cd %s && rm -rf d.* .local && tar xf /dev/stdin < kept", p.dir)),
		0);
}

static int end(void **state)
{
	(void)state;
	run_program_end(&p);
	return 0;
}

static void no_report_holds_it(void)
{
	static const char *const formats[] = {"text", "html", "json"};
	static const char *const redact[] = {"keyed", "strip", "none"};
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		for (size_t k = 0; k < sizeof redact / sizeof *redact; k++) {
			assert_code(RUN("report", "d.case", "--format", formats[i], "--redact",
					    redact[k]),
				0);
			says_not(secret);
			says("erased from the c");
		}
}

/* The companion was elsewhere when the case was erased from: it holds all of it still. */
static void what_the_companion_still_holds(void **state)
{
	(void)state;
	assert_int_equal(rename(packets_path(&p, "d.companion.case"),
				 packets_path(&p, "away.companion.case")),
		0);
	assert_code(RUN("erase", "d.case", "--match", secret, "--keys", REASON), 0);
	assert_false(holds("d.case"));
	assert_int_equal(rename(packets_path(&p, "away.companion.case"),
				 packets_path(&p, "d.companion.case")),
		0);
	assert_true(holds("d.companion.case"));
	no_report_holds_it();
	assert_code(RUN("report", "d.case", "--format", "text"), 0);
	says("erased from the case");
	says_not("DIFFER");
	says_not("differ  ");
}

static void the_companion_goes_with_it(void **state)
{
	(void)state;
	anew();
	assert_code(RUN("erase", "d.case", "--match", secret, "--keys", "--dry-run"), 0);
	says("d.companion.case: ");
	says("flow_exchange.url");
	assert_true(holds("d.companion.case"));
	assert_code(RUN("erase", "d.case", "--match", secret, "--keys", REASON), 0);
	says("flow_exchange.url");
	says("flow_plain.up_sha256");
	assert_false(holds("d.case"));
	assert_false(holds("d.companion.case"));
	packets_sql_is(&p, "d.companion.case", "SELECT count(*) FROM verdict", "0");
	packets_sql_is(&p, "d.companion.case",
		"SELECT count(*) FROM fact_erasure WHERE reason = 'request of 2 November'",
		"1");
	assert_code(RUN("verify", "d.case"), 0);
	assert_code(RUN("verify", "d.companion.case"), 0);
	says("erased");
	no_report_holds_it();
	assert_code(RUN("erase", "d.case", "--match", secret, REASON), 0);
	says("there was nothing to erase");
	says("d.companion.case: 0 values");
	assert_code(RUN("crosscheck", "d.case"), 2);
	says("erased from the case");
	assert_false(holds("d.companion.case"));
}

/* What happened to them is told by reports and by the command, without advice that leads
 * nowhere; behind keys that are gone nothing is said to have been seen. */
static void destroyed_is_said(void **state)
{
	static const char *const formats[] = {"text", "html", "json"};
	(void)state;
	anew();
	assert_code(RUN("erase", "d.case", "--keys", REASON), 0);
	assert_code(RUN("crosscheck", "d.case"), 2);
	says("unseen  browser's side: keys were destroyed: ");
	says("unseen  origin's side: keys were destroyed: ");
	says(" connections cannot be read\n");
	says_not("\"0 bytes\"");
	says_not("no key for this connection");
	assert_code(RUN("report", "d.case", "--format", "text"), 0);
	says("unseen  browser's side: keys were destroyed: ");
	says_not("0 bytes\n");
	says("The keys of session 1 were destroyed on ");
	assert_int_equal(setenv("CLICKTRAIL_OPERATOR", "J. Novak", 1), 0);
	assert_code(RUN("erase", "d.case", "--packets", REASON), 0);
	unsetenv("CLICKTRAIL_OPERATOR");
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		assert_code(RUN("report", "d.case", "--format", formats[i]), 0);
		says(i == 2 ? "\"packets_destroyed\": ["
			    : "packets and keys of session 1 were");
		says("J. Novak");
		says("request of 2 November");
		says_not("clicktrail crosscheck");
	}
	assert_code(RUN("crosscheck", "d.case"), 1);
	const char *why = run_program_stderr(&p);
	assert_null(strstr(why, "command line"));
	assert_non_null(strstr(why, "packets and keys of session 1 were destroyed on "));
	assert_non_null(strstr(why, "by J. Novak: request of 2 November."));
}

/* Nobody had looked at them before. */
static void no_advice_to_look(void **state)
{
	(void)state;
	anew();
	assert_int_equal(unlink(packets_path(&p, "d.companion.case")), 0);
	assert_code(RUN("erase", "d.case", "--packets", REASON), 0);
	assert_code(RUN("report", "d.case", "--format", "text"), 0);
	says("nobody held the record against them");
	says_not("clicktrail crosscheck");
	assert_code(RUN("report", "d.case", "--format", "html"), 0);
	says("packets and keys of session 1 were destroyed");
	says_not("clicktrail crosscheck");
}

/* By the exchange nothing says what it looks like in the packets but its address. */
static void by_its_exchange(void **state)
{
	(void)state;
	anew();
	const char *exchange = packets_sql(&p, "d.case",
		arena_printf(&p.arena,
			"SELECT exchange FROM fact_request WHERE url LIKE '%%%s%%'", secret));
	assert_code(
		RUN("erase", "d.case", "--exchange", exchange, "--url", "--keys", REASON), 0);
	packets_sql_is(&p, "d.companion.case",
		arena_printf(&p.arena,
			"SELECT count(*) FROM fact_flow_exchange WHERE url LIKE '%%%s%%'",
			secret),
		"0");
	packets_sql_is(&p, "d.companion.case",
		"SELECT count(*) FROM fact_flow_exchange WHERE url IS NULL", "2");
}

/* Verdicts are no evidence, and hold what facts do. */
static void from_the_companion_alone(void **state)
{
	(void)state;
	anew();
	assert_code(RUN("erase", "d.companion.case", "--match", secret, REASON), 0);
	assert_false(holds("d.companion.case"));
	packets_sql_is(&p, "d.companion.case", "SELECT count(*) FROM verdict", "0");
	assert_code(RUN("report", "d.case", "--format", "text"), 0);
	says("erased from the companion");
	says_not("differ  ");
}

static void not_from_another_ones(void **state)
{
	(void)state;
	anew();
	assert_code(RUN("demo", "--browser", "none", "--pcap", "--case", "e.case"), 0);
	assert_code(RUN("demo", "--browser", "none", "--pcap", "--case", "e.case"), 0);
	says("clicktrail crosscheck CASE");
	/* Of two sessions, a file is of the one that recorded it. */
	assert_int_equal(rename(packets_path(&p, "e.1.browser.pcapng"),
				 packets_path(&p, "other.pcapng")),
		0);
	RUN("crosscheck", "e.case", "--packets", "other.pcapng", "--side", "browser");
	says("; taken for session 1, by its SHA-256\n");
	RUN("crosscheck", "e.case", "--packets", "e.2.origin.pcapng", "--side", "origin");
	says("; taken for session 2, by its SHA-256\n");
	RUN("crosscheck", "e.case", "--packets", "other.pcapng", "--side", "browser",
		"--session", "2");
	says("; taken for session 2, as you say\n");
	assert_int_equal(rename(packets_path(&p, "d.companion.case"),
				 packets_path(&p, "e.companion.case")),
		0);
	assert_code(RUN("erase", "e.case", "--match", secret, "--packets", REASON), 3);
	assert_non_null(strstr(run_program_stderr(&p), "is not this case's companion"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_companion_still_holds),
		cmocka_unit_test(the_companion_goes_with_it),
		cmocka_unit_test(destroyed_is_said),
		cmocka_unit_test(no_advice_to_look),
		cmocka_unit_test(by_its_exchange),
		cmocka_unit_test(from_the_companion_alone),
		cmocka_unit_test(not_from_another_ones),
	};
	return cmocka_run_group_tests(tests, record, end);
}
