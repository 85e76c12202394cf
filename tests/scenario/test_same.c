/* Two real walks of one link, each in a case of its own, read back and held against each other:
 * what a replay's comparison does, with an origin in the place of the replay. */
#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"
#include "store/derive/same.h"
#include "ui/report/gather.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SECONDS = 60 };

struct world {
	struct run_program p;
	struct script_origin *origin;
	const char *rule;
	struct gather recorded, replayed;
	struct arena a;
	struct same same;
};

static void begin(struct world *w)
{
	*w = (struct world){0};
	run_program_folder(&w->p);
	w->origin = script_origin_start(false, NULL);
	w->rule = script_origin_rule(w->origin, "link.test", 80);
}

static void end(struct world *w)
{
	char why[500];
	if (!script_origin_end(w->origin, why, sizeof why))
		fail_msg("%s", why);
	gather_close(&w->recorded);
	gather_close(&w->replayed);
	arena_fini(&w->a);
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
static const struct script_step refresh[] = {
	PAGE("<meta http-equiv=refresh content='0;url=/b#part'>")};
static const struct script_step page[] = {PAGE("<p>hello")};
static const struct script_step other_page[] = {PAGE("<p>hullo")};
static const struct script_step gone[] = {ANSWER("410 Gone", "Content-Length: 0\r\n\r\n")};

static void walk(struct world *w, const char *file, const struct script_step *const steps[3])
{
	const char *const args[] = {"trace", "--browser", "none", "--settle", "0.2", "--case",
		file, "--ca-dir", "ca", "--allow-net", "127.0.0.0/8", "--connect-to", w->rule,
		"--dns-servers", "127.0.0.1:9", "http://link.test/", NULL};
	for (size_t i = 0; i < 3 && steps[i] != NULL; i++)
		script_origin_play(w->origin, steps[i]);
	int code = run_program(&w->p, SECONDS, args);
	if (code != 0)
		fail_msg("%d: %s", code, run_program_stderr(&w->p));
}

static void read_back(struct world *w, struct gather *g, const char *file)
{
	struct err err = {0};
	char path[200];
	snprintf(path, sizeof path, "%s/%s", w->p.dir, file);
	if (!gather_open(g, path, 0, &err) || !gather_read(g, NULL, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	assert_int_equal(g->trails.n, 1);
}

/* allowance: of the second hop; NULL: none. */
static void compare(struct world *w, const struct script_step *const recorded[3],
	const struct script_step *const replayed[3], struct same_allowance *allowance)
{
	walk(w, "x.case", recorded);
	walk(w, "y.case", replayed);
	read_back(w, &w->recorded, "x.case");
	read_back(w, &w->replayed, "y.case");
	struct same_side a = {&w->recorded.model, &w->recorded.trails.trails[0]};
	struct same_side b = {&w->replayed.model, &w->replayed.trails.trails[0]};
	if (allowance != NULL) {
		allowance->exchange = b.trail->hops[1].exchange->id;
		allowance->matched = a.trail->hops[1].exchange->id;
	}
	same_compare(&a, &b, allowance, allowance != NULL, &w->a, &w->same);
}

static const struct script_step *const whole[] = {to_a, refresh, page};

static void the_same_walk(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	compare(&w, whole, whole, NULL);
	assert_int_equal(w.same.verdict, SAME_VERDICT_SAME);
	assert_int_equal(w.same.hops, 3);
	assert_int_equal(w.same.bodies, 3);
	assert_int_equal(w.same.limit, SAME_LIMIT_NONE);
	assert_int_equal(w.same.counts[SAME_PARTS], 0);
	end(&w);
}

static void another_byte_of_a_page(void **state)
{
	static const struct script_step *const other[] = {to_a, refresh, other_page};
	struct world w;
	(void)state;
	begin(&w);
	compare(&w, whole, other, NULL);
	assert_int_equal(w.same.verdict, SAME_VERDICT_PARTED);
	assert_int_equal(w.same.parted_at, 3);
	assert_int_equal(w.same.n_differences, 1);
	assert_int_equal(w.same.differences[0].what, SAME_BODY_DIFFERS);
	end(&w);
}

static void another_value(void **state)
{
	static const struct script_step *const other[] = {to_a_later, refresh, page};
	struct same_allowance rule = {.rule = span_str("values")};
	struct world w;
	(void)state;
	begin(&w);
	compare(&w, whole, other, NULL);
	assert_int_equal(w.same.verdict, SAME_VERDICT_PARTED);
	assert_int_equal(w.same.parted_at, 2);
	end(&w);
	begin(&w);
	compare(&w, whole, other, &rule);
	assert_int_equal(w.same.verdict, SAME_VERDICT_BUT);
	assert_int_equal(w.same.hops, 3);
	end(&w);
}

static void a_way_that_ends(void **state)
{
	static const struct script_step *const other[] = {to_a, gone, NULL};
	struct world w;
	(void)state;
	begin(&w);
	compare(&w, whole, other, NULL);
	assert_int_equal(w.same.verdict, SAME_VERDICT_PARTED);
	assert_int_equal(w.same.parted_at, 2);
	assert_int_equal(w.same.differences[0].what, SAME_STATUS_DIFFERS);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_walk),
		cmocka_unit_test(another_byte_of_a_page),
		cmocka_unit_test(another_value),
		cmocka_unit_test(a_way_that_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
