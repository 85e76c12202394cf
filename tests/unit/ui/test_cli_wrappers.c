/* A user's link rules through the built program: recorded by trace, used by report, explain and
 * rebuild when they are given. */
#include "tests/unit/ui/cli_run.h"
#include "tests/kit/script_origin.h"

/* base64 of http://t.own.example/land */
#define LINK "http://t.own.example/c/aHR0cDovL3Qub3duLmV4YW1wbGUvbGFuZA/acc7"

static const struct script_step redirects[] = {EXPECT_HEAD,
	SEND("HTTP/1.1 302 Found\r\nLocation: /land\r\nContent-Length: 0\r\n\r\n"), EXPECT_EOF,
	END};
static const struct script_step lands[] = {EXPECT_HEAD,
	SEND("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"),
	EXPECT_EOF, END};

static const char *write_rules(const char *name, const char *recipe)
{
	const char *path = in_dir(name);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f,
		"{\"format\": \"clicktrail-wrappers/1\",\n\"rules\": [{\"name\": \"own\", "
		"\"vendor\": \"Our own tracker\", \"kind\": \"esp\", "
		"\"hosts\": \"t.own.example\", \"paths\": \"/c/**\", \"target\": \"%s\", "
		"\"parts\": {\"account\": \"path:3\"}}]}",
		recipe);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void record(const char *name, const char *rules)
{
	char why[400];
	struct script_origin *o = script_origin_start(false, NULL);
	script_origin_play(o, redirects);
	script_origin_play(o, lands);
	int code = RUN("trace", "--browser", "none", "--case", name, "--allow-net",
		"127.0.0.0/8", "--connect-to", script_origin_rule(o, "t.own.example", 80),
		"--wrappers", rules, LINK);
	if (code != 0)
		fail_msg("exit code %d: %s%s", code, STDOUT, STDERR);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
}

static json_t *first_hop(json_t *report)
{
	json_t *trail = json_array_get(json_object_get(report, "trails"), 0);
	return json_array_get(json_object_get(trail, "hops"), 0);
}

static json_t *report_json_of(const char *name, const char *rules)
{
	int code = rules != NULL ? RUN("report", "--format", "json", "--wrappers", rules, name)
				 : RUN("report", "--format", "json", name);
	if (code != 0)
		fail_msg("exit code %d: %s", code, STDERR);
	json_t *j = json_loads(STDOUT, 0, NULL);
	assert_non_null(j);
	return j;
}

static bool other_rules(const json_t *report)
{
	json_t *sessions = json_object_get(json_object_get(report, "case"), "sessions");
	return json_is_true(json_object_get(json_array_get(sessions, 0), "other_wrappers"));
}

static const char *recorded_digest(const json_t *report)
{
	json_t *sessions = json_object_get(json_object_get(report, "case"), "sessions");
	json_t *options = json_object_get(json_array_get(sessions, 0), "options");
	return json_string_value(json_object_get(options, "wrappers-sha256"));
}

static void they_go_with_the_case(void **state)
{
	(void)state;
	const char *rules = write_rules("own.json", "path:2 base64");
	record("own.case", rules);
	json_t *j = report_json_of("own.case", rules);
	json_t *claimed = json_object_get(first_hop(j), "claimed");
	assert_string_equal(json_string_value(json_object_get(claimed, "target")),
		"http://t.own.example/land");
	assert_string_equal(json_string_value(json_object_get(claimed, "rule")), "own");
	assert_string_equal(json_string_value(json_object_get(claimed, "verdict")), "agree");
	assert_false(other_rules(j));
	assert_string_equal(recorded_digest(j),
		json_string_value(json_object_get(json_object_get(j, "wrappers"), "sha256")));
	json_decref(j);
	/* Without the file nothing is known of the link, and that is said. */
	j = report_json_of("own.case", NULL);
	assert_true(json_is_null(json_object_get(first_hop(j), "claimed")));
	assert_true(json_is_null(json_object_get(j, "wrappers")));
	assert_true(other_rules(j));
	json_decref(j);
	assert_int_equal(RUN("report", "own.case"), 0);
	assert_non_null(strstr(STDOUT, "does not use (--wrappers)"));
	assert_int_equal(RUN("explain", "--wrappers", rules, "own.case"), 0);
	assert_non_null(strstr(STDOUT, "This address is a link of Our own tracker"));
	assert_non_null(strstr(STDOUT, "account acc7 (part 3 of the path"));
	assert_non_null(strstr(STDOUT, "hop 2 agrees"));
	assert_int_equal(RUN("explain", "own.case"), 0);
	assert_null(strstr(STDOUT, "Our own tracker"));
}

static void rebuild_takes_them(void **state)
{
	(void)state;
	const char *rules = write_rules("own.json", "path:2 base64");
	const char *wrong = write_rules("wrong.json", "query:u");
	record("again.case", wrong);
	json_t *j = report_json_of("again.case", wrong);
	assert_true(json_is_null(json_object_get(first_hop(j), "claimed_target")));
	json_decref(j);
	assert_int_equal(RUN("rebuild", "--wrappers", rules, "again.case"), 0);
	assert_non_null(strstr(STDOUT, "1 trail"));
	j = report_json_of("again.case", rules);
	assert_true(other_rules(j));
	json_decref(j);
}

static void bad_ones_are_exit_1(void **state)
{
	(void)state;
	const char *bad = write_rules("bad.json", "path:2 base65");
	static const char *const commands[] = {
		"trace", "proxy", "report", "explain", "rebuild"};
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		const char *last = i == 0 ? "http://t.own.example/" : "x.case";
		if (i == 1)
			assert_int_equal(RUN(commands[i], "--wrappers", bad), 1);
		else
			assert_int_equal(RUN(commands[i], "--wrappers", bad, last), 1);
		assert_error("--wrappers");
		assert_error("bad.json");
		assert_error("line 2: rule 1 \"own\"");
		assert_error("base65");
		assert_int_not_equal(access(in_dir("x.case"), F_OK), 0);
	}
}

/* Decoded without a case and without asking anybody. */
static void a_dry_run_uses_them(void **state)
{
	(void)state;
	const char *rules = write_rules("own.json", "path:2 base64");
	assert_int_equal(RUN("trace", "--dry-run", "--browser", "none", "--case", "dry.case",
				 "--wrappers", rules, LINK),
		0);
	assert_non_null(strstr(STDOUT, "Our own tracker (esp)"));
	assert_non_null(strstr(STDOUT, "http://t.own.example/land\n"));
	assert_non_null(strstr(STDOUT, "acc7\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(they_go_with_the_case, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rebuild_takes_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_ones_are_exit_1, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_dry_run_uses_them, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
