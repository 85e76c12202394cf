/* `clicktrail again` for real: the same link from one case, opened by the client without script
 * at an origin that answers by turns or by who asks. */
#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { SECONDS = 60 };

struct world {
	struct run_program p;
	struct script_origin *origin;
	const char *rule;
};

static void begin(struct world *w)
{
	run_program_folder(&w->p);
	w->origin = script_origin_start(false, NULL);
	w->rule = script_origin_rule(w->origin, "link.test", 80);
}

static void end(struct world *w)
{
	char why[500];
	if (!script_origin_end(w->origin, why, sizeof why))
		fail_msg("%s", why);
	run_program_end(&w->p);
}

#define ANSWER(status, rest)                                                                   \
	EXPECT_HEAD, SEND("HTTP/1.1 " status "\r\nConnection: close\r\n" rest), END
#define TO(where)                                                                              \
	ANSWER("302 Found", "Location: http://link.test" where "\r\nContent-Length: "          \
			    "0\r\n\r\n")
#define PAGE(text) ANSWER("200 OK", "Content-Type: text/html\r\n\r\n" text)

static const struct script_step to_a[] = {TO("/a?click=1")};
static const struct script_step to_a_later[] = {TO("/a?click=2")};
static const struct script_step to_b[] = {TO("/b")};
static const struct script_step page[] = {PAGE("<p>hello")};
static const struct script_step gone[] = {ANSWER("410 Gone", "Content-Length: 0\r\n\r\n")};

/* Two connections: the link and where it leads. */
static void answers(
	struct world *w, const struct script_step *link, const struct script_step *then)
{
	script_origin_play(w->origin, link);
	if (then != NULL)
		script_origin_play(w->origin, then);
}

static int first(struct world *w)
{
	const char *const args[] = {"trace", "--browser", "none", "--settle", "0.2", "--case",
		"x.case", "--ca-dir", "ca", "--allow-net", "127.0.0.0/8", "--connect-to",
		w->rule, "--dns-servers", "127.0.0.1:9", "http://link.test/", NULL};
	return run_program(&w->p, SECONDS, args);
}

/* more, more_value: an option of this round, or NULL. */
static int again(struct world *w, const char *more, const char *more_value)
{
	const char *args[24] = {"again", "x.case"};
	const char *const rest[] = {"--settle", "0.2", "--ca-dir", "ca", "--allow-net",
		"127.0.0.0/8", "--connect-to", w->rule, "--dns-servers", "127.0.0.1:9"};
	size_t n = 2;
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
		args[n++] = rest[i];
	if (more != NULL)
		args[n++] = more;
	if (more_value != NULL)
		args[n++] = more_value;
	args[n] = NULL;
	return run_program(&w->p, SECONDS, args);
}

static void assert_said(struct world *w, const char *text)
{
	const char *out = run_program_stdout(&w->p);
	if (strstr(out, text) == NULL)
		fail_msg("\"%s\" is not in:\n%s\n%s", text, out, run_program_stderr(&w->p));
}

static void a_used_up_link_is_no_cloaking(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	answers(&w, to_a, page);
	assert_int_equal(first(&w), 0);
	answers(&w, gone, NULL);
	assert_int_equal(again(&w, NULL, NULL), 4);
	assert_said(&w, "THE LINK WAS OPENED 2 TIMES");
	assert_said(&w, "as in round 1");
	assert_said(&w, "hop 1: status");
	assert_said(&w, "Differs though it was asked in the same manner");
	end(&w);
}

/* What is walked later lies beside a closed case, and is compared with what is in it. */
static void a_closed_case_stays_as_it_is(void **state)
{
	struct world w;
	struct stat before, after;
	(void)state;
	begin(&w);
	answers(&w, to_a, page);
	assert_int_equal(first(&w), 0);
	const char *const close_it[] = {"close", "x.case", NULL};
	assert_int_equal(run_program(&w.p, SECONDS, close_it), 0);
	char *path = arena_printf(&w.p.arena, "%s/x.case", w.p.dir);
	assert_int_equal(stat(path, &before), 0);
	answers(&w, to_a_later, page);
	assert_int_equal(again(&w, NULL, NULL), 0);
	assert_said(&w, "THE LINK WAS OPENED 2 TIMES");
	answers(&w, gone, NULL);
	assert_int_equal(again(&w, "--user-agent", "Other/1.0"), 4);
	assert_said(&w, "THE LINK WAS OPENED 3 TIMES");
	assert_said(&w, "hop 1: status");
	assert_int_equal(stat(path, &after), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim);
	assert_int_equal(before.st_size, after.st_size);
	const char *const verify[] = {"verify", "x.case", NULL};
	assert_int_equal(run_program(&w.p, SECONDS, verify), 0);
	assert_said(&w, "companion x.companion.case: holds");
	const char *const alone[] = {"report", "x.companion.case", NULL};
	assert_int_equal(run_program(&w.p, SECONDS, alone), 0);
	end(&w);
}

/* A, B, A: only the third round allows to say it. */
static void cloaking_takes_three_rounds(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	answers(&w, to_a, page);
	assert_int_equal(first(&w), 0);
	answers(&w, to_b, page);
	assert_int_equal(again(&w, "--user-agent", "Phone/1.0"), 4);
	assert_said(&w, "asked with another user agent");
	assert_said(&w, "used up, rotated or cloaked");
	answers(&w, to_a_later, page);
	assert_int_equal(again(&w, NULL, NULL), 0);
	assert_said(&w, "THE LINK WAS OPENED 3 TIMES");
	assert_said(&w, "with other values in its links");
	assert_said(&w, "Round 2. ");
	assert_said(&w, "Cloaked, most likely");
	/* Round 2 alone called itself otherwise. */
	struct span heads[6];
	for (size_t i = 0; i < 6; i++) {
		heads[i] = script_origin_received(w.origin, i);
		bool phone = span_find(heads[i], span_str("User-Agent: Phone/1.0\r\n"), 0) !=
			     SIZE_MAX;
		assert_int_equal(phone, i == 2 || i == 3);
	}
	/* The report says the same whenever it is asked. */
	assert_int_equal(
		run_program(&w.p, SECONDS, (const char *const[]){"report", "x.case", NULL}), 0);
	assert_said(&w, "Cloaked, most likely");
	end(&w);
}

/* Where a link is said to stand is a manner like the others, and goes out as it was given. */
static void a_referer_is_another_manner(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	answers(&w, to_a, page);
	assert_int_equal(first(&w), 0);
	answers(&w, to_b, page);
	assert_int_equal(again(&w, "--referer", "https://mail.test/in?m=1#x"), 4);
	assert_said(&w, "asked with another referer");
	assert_said(&w, "used up, rotated or cloaked");
	answers(&w, to_a_later, page);
	assert_int_equal(again(&w, NULL, NULL), 0);
	assert_said(&w, "Cloaked, most likely");
	for (size_t i = 0; i < 6; i++) {
		struct span head = script_origin_received(w.origin, i);
		bool whole = span_find(head, span_str("Referer: https://mail.test/in?m=1\r\n"),
				     0) != SIZE_MAX;
		assert_int_equal(whole, i == 2 || i == 3);
		assert_true(whole || span_find(head, span_str("Referer:"), 0) == SIZE_MAX);
	}
	const char *const args[] = {"again", "--dry-run", "--ca-dir", "ca", "--referer",
		"https://mail.test/in", "x.case", NULL};
	assert_int_equal(run_program(&w.p, SECONDS, args), 0);
	assert_said(&w, "referer          https://mail.test/in\n");
	end(&w);
}

static void json_has_the_rounds(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	answers(&w, to_a, page);
	assert_int_equal(first(&w), 0);
	answers(&w, to_b, page);
	assert_int_equal(again(&w, "--language", "de"), 4);
	answers(&w, to_a, page);
	assert_int_equal(again(&w, "--json", NULL), 0);
	json_error_t err;
	json_t *j = json_loads(run_program_stdout(&w.p), 0, &err);
	if (j == NULL)
		fail_msg("%s in %s", err.text, run_program_stdout(&w.p));
	json_t *rounds = json_object_get(j, "rounds");
	assert_string_equal(json_string_value(json_object_get(rounds, "finding")), "cloaked");
	assert_int_equal(json_integer_value(json_object_get(rounds, "round")), 2);
	json_t *list = json_object_get(rounds, "list");
	assert_int_equal(json_array_size(list), 3);
	json_t *second = json_array_get(list, 1);
	assert_string_equal(
		json_string_value(json_object_get(second, "differs_by")), "address");
	assert_int_equal(json_integer_value(json_object_get(second, "differs_at")), 2);
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(second, "asked_otherwise"), 0)),
		"language");
	assert_int_equal(json_array_size(json_object_get(j, "trails")), 3);
	json_decref(j);
	end(&w);
}

/* What a case from elsewhere recorded must not open a way to anywhere. */
static void ways_are_not_taken_from_a_case(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	answers(&w, to_a, page);
	assert_int_equal(first(&w), 0);
	const char *const args[] = {"again", "--ca-dir", "ca", "--connect-to", w.rule,
		"--dns-servers", "127.0.0.1:9", "x.case", NULL};
	int code = run_program(&w.p, SECONDS, args);
	assert_int_equal(code, 2); /* refused: 127.0.0.0/8 was not allowed this time */
	/* And what failed because of us is held against nobody. */
	assert_said(&w, "Not comparable");
	const char *said = run_program_stderr(&w.p);
	if (strstr(said, "--allow-net was in effect") == NULL ||
		strstr(said, "--connect-to was") != NULL)
		fail_msg("%s", said);
	end(&w);
}

static void what_is_no_case_of_a_trace_is_refused(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	assert_int_equal(run_program(&w.p, SECONDS, (const char *const[]){"again", NULL}), 1);
	assert_int_equal(
		run_program(&w.p, SECONDS, (const char *const[]){"again", "none.case", NULL}),
		1);
	assert_int_equal(
		run_program(&w.p, SECONDS,
			(const char *const[]){"again", "--listen", "127.0.0.1:0", "x", NULL}),
		1);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_used_up_link_is_no_cloaking),
		cmocka_unit_test(a_closed_case_stays_as_it_is),
		cmocka_unit_test(cloaking_takes_three_rounds),
		cmocka_unit_test(a_referer_is_another_manner),
		cmocka_unit_test(json_has_the_rounds),
		cmocka_unit_test(ways_are_not_taken_from_a_case),
		cmocka_unit_test(what_is_no_case_of_a_trace_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
