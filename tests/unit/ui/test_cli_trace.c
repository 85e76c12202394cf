/*
 * `trace` and `proxy` of the built program: what is printed, what is recorded, how they end.
 * The built-in client and origins on loopback; no browser (the scenarios have that).
 */
#include "tests/unit/ui/cli_run.h"
#include "tests/kit/script_origin.h"

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
		fail_msg("exit code %d: %s%s", code, STDOUT, STDERR);
	assert_non_null(strstr(STDOUT,
		"  1  open            302  GET http://click.example/c\n"
		"  2  http-redirect   200  GET http://click.example/land?x=1\n"));
	assert_non_null(
		strstr(STDOUT, "It ended with a page.\nEvery step was recorded whole.\n"));
	assert_null(strchr(STDOUT, '\x1b'));
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
	json_t *j = json_of(STDOUT);
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
			2);
	assert_int_equal(RUN("report", "--format", "json", "two.case"), 0);
	json_t *j = json_of(STDOUT);
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
		2);
	assert_error("its last step was not let through");
	assert_non_null(strstr(STDOUT, "[refused-address]"));
	assert_non_null(strstr(STDOUT, "It ended with an error: the address is in a range"));
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
	assert_error("time was up: an answer was still under way");
	assert_int_equal(RUN("report", "--format", "json", "h.case"), 0);
	json_t *j = json_of(STDOUT);
	json_t *trail = json_array_get(json_object_get(j, "trails"), 0);
	assert_string_equal(json_string_value(json_object_get(trail, "ended_by")), "timeout");
	assert_true(json_is_false(
		json_object_get(json_object_get(j, "case"), "recording_complete")));
	json_decref(j);
	script_origin_abandon(o);
}

/* Everything was answered and recorded, but a move that was announced has not come. */
static void an_announced_move_that_does_not_come_is_code_2(void **state)
{
	(void)state;
	static const struct script_step waits[] = {EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\nRefresh: 50; url=/later\r\nContent-Length: "
		     "0\r\n\r\n"),
		EXPECT_EOF, END};
	char why[400];
	struct script_origin *o = script_origin_start(false, NULL);
	script_origin_play(o, waits);
	assert_int_equal(RUN("trace", "--browser", "none", "--case", "w.case", "--allow-net",
				 "127.0.0.0/8", "--connect-to", rule_of(o), "--settle", "0.1",
				 "--timeout", "1", "http://click.example/"),
		2);
	assert_error("time was up");
	assert_non_null(strstr(STDOUT, "Every step was recorded whole."));
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
}

/* To leave bodies out is no failure; a limit that cut one is told. */
static void bodies_may_be_left_out(void **state)
{
	(void)state;
	char why[400];
	struct script_origin *o = script_origin_start(false, NULL);
	for (int i = 0; i < 2; i++) {
		script_origin_play(o, lands);
		assert_int_equal(RUN("trace", "--browser", "none", "--case", "nb.case",
					 "--allow-net", "127.0.0.0/8", "--connect-to",
					 rule_of(o), i == 0 ? "--no-bodies" : "--max-body=4",
					 "http://click.example/"),
			i == 0 ? 0 : 2);
		assert_non_null(strstr(STDOUT, "NOT every step was recorded whole"));
	}
	assert_error("not everything was recorded");
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
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
	json_t *j = json_of(STDOUT);
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
	assert_non_null(strstr(STDOUT, "nobody was contacted"));
	assert_non_null(strstr(STDOUT, "https://claimed.example/"));
	assert_int_not_equal(access(in_dir("dry.case"), F_OK), 0);
	assert_int_equal(RUN("trace", "--dry-run", "--browser", "none", "--case",
				 "no/such/dry.case", "http://click.example/"),
		3);
	/* A connection would have been one without a script. */
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
}

/* The port stays inside walls, so where there are none it is refused before anything is made.
 */
static void an_automation_port_needs_a_sandbox(void **state)
{
	(void)state;
	const char *tap = in_dir("tap");
	assert_int_equal(RUN("trace", "--browser", "none", "--instrument", tap, "--case",
				 "i.case", "http://click.example/"),
		1);
	assert_error("--instrument");
	assert_int_equal(RUN("trace", "--no-sandbox", "--instrument", tap, "--case", "i.case",
				 "http://click.example/"),
		1);
	assert_error("--instrument");
	assert_int_not_equal(access(tap, F_OK), 0);
	assert_int_not_equal(access(in_dir("i.case"), F_OK), 0);
}

/* What cannot be had together is refused before anything is made. */
static void no_interception_has_its_conditions(void **state)
{
	(void)state;
	static const char *const more[][2] = {
		{"--browser=none", "--browser"},
		{"--no-sandbox", "--no-sandbox"},
		{"--permit-bad-cert=bad.example", "--permit-bad-cert bad.example"},
	};
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		assert_int_equal(RUN("trace", "--no-intercept", more[i][0], "--case", "n.case",
					 "https://click.example/"),
			1);
		assert_error("--no-intercept");
		if (i > 0)
			assert_error(more[i][1]);
		assert_int_not_equal(access(in_dir("n.case"), F_OK), 0);
	}
	assert_int_equal(RUN("proxy", "--no-intercept"), 1);
	assert_error("--no-intercept");
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
	assert_non_null(strstr(STDOUT, "clicktrail.internal"));
	assert_int_equal(RUN("report", "--format", "json", "p.case"), 0);
	json_t *j = json_of(STDOUT), *about = json_object_get(j, "case");
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
		cmocka_unit_test(a_trace_is_printed_and_recorded),
		cmocka_unit_test(a_trace_prints_json_alone),
		cmocka_unit_test(a_second_trace_is_a_second_session),
		cmocka_unit_test(a_refused_address_is_an_end_with_a_reason),
		cmocka_unit_test(a_trail_without_an_end_is_code_2),
		cmocka_unit_test(an_announced_move_that_does_not_come_is_code_2),
		cmocka_unit_test(bodies_may_be_left_out),
		cmocka_unit_test(ctrl_c_ends_a_trace_in_order),
		cmocka_unit_test(a_dry_run_contacts_nobody_and_leaves_nothing),
		cmocka_unit_test(an_automation_port_needs_a_sandbox),
		cmocka_unit_test(no_interception_has_its_conditions),
		cmocka_unit_test(a_proxy_listens_and_ends_in_order),
		cmocka_unit_test(a_taken_port_leaves_no_case),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
