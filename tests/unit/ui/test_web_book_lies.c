/* Trails that are stored in a case are nothing that anybody signed: where they make no sense
 * the window shows what the facts say, and says so; it is not led around by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kit/watch_book.h"

enum { VISITS = 3 };

/* Two sessions: the first one's trails are what is lied about. */
static void fill(struct temp_case *t)
{
	for (int s = 0; s < 2; s++) {
		int64_t session = put_session(t, "http://click0.mailer.test/c?n=0");
		for (int n = 0; n < VISITS; n++)
			watch_book_visit(t, session, n);
		put_session_end(t, session, 200000, "page");
	}
	watch_book_store(t);
}

/* doubted: it is said. A gap in the numbers is as if nothing were stored. */
static const struct lie {
	const char *sql;
	size_t doubted;
} lies[] = {
	{"UPDATE derived_trail SET number = 1000000000 WHERE id = '1.2'", 0},
	{"UPDATE derived_trail SET number = -1 WHERE id = '1.1'", 0},
	{"UPDATE derived_trail SET number = 1 WHERE session = 1", 0},
	{"DELETE FROM derived_trail WHERE id = '1.2'", 0},
	{"UPDATE derived_trail SET id = '7.7' WHERE id = '1.2'", 1},
	{"UPDATE derived_trail SET hops = 1000000000 WHERE id = '1.2'", 1},
	{"UPDATE derived_trail SET hops = -1", 2},
	{"UPDATE derived_trail SET start_url = CAST(x'fffe' AS TEXT) WHERE id = '1.1'", 1},
	{"UPDATE derived_hop SET n = 9223372036854775807 WHERE trail = '1.1' AND n = 1", 1},
	{"DELETE FROM derived_hop WHERE trail = '1.3' AND n = 2", 1},
	{"UPDATE derived_hop SET evidence = replace(hex(zeroblob(200000)), '0', '[') "
	 "WHERE trail = '1.1'",
		1},
	{"UPDATE derived_session SET exchanges = 9223372036854775807", 0},
	{"UPDATE derived_session SET exchanges = -9223372036854775807 - 1", 0},
};

/* What is shown of a case that was spoilt. */
static void is_believed(const struct temp_case *t, const char *want, const struct lie *lie)
{
	struct watch_book w;
	struct book_session *sessions;
	struct err err;
	size_t n, total;
	watch_book(&w, t->path);
	watch_book_ready(&w);
	char *is = watch_book_trails(&w, 0), *one = watch_book_report(&w, 1, 1);
	struct book_about about = watch_book_about(&w);
	if (strcmp(is, want) != 0 || one == NULL || about.doubted != lie->doubted ||
		about.trails != 2 * VISITS || about.exchanges != 2 * VISITS * WATCH_VISIT)
		fail_msg("%s: %zu trails, %lld exchanges, %zu doubted\n%s", lie->sql,
			about.trails, (long long)about.exchanges, about.doubted, is);
	assert_true(book_sessions(w.book, 10, &w.arena, &sessions, &n, &total, &err));
	assert_int_equal(n, 2);
	for (size_t k = 0; k < n; k++) {
		assert_int_equal(sessions[k].exchanges, VISITS * WATCH_VISIT);
		assert_int_equal(sessions[k].trails, VISITS);
	}
	free(is);
	free(one);
	watch_book_end(&w);
}

static void copy(const char *from, const char *to)
{
	char block[65536];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	assert_non_null(in);
	assert_non_null(out);
	for (size_t n; (n = fread(block, 1, sizeof block, in)) > 0;)
		assert_int_equal(fwrite(block, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

static void what_makes_no_sense_is_derived_anew(void **state)
{
	struct temp_case t, lied;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	temp_case_close(&t);
	char *want = watch_book_trails_of(t.path);
	temp_case_init(&lied);
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		copy(t.path, lied.path);
		temp_case_spoil(&lied, lies[i].sql);
		is_believed(&lied, want, &lies[i]);
	}
	free(want);
	temp_case_fini(&lied);
	temp_case_fini(&t);
}

static bool has_failed(struct watch_book *w, void *ctx)
{
	(void)ctx;
	return watch_book_about(w).state == BOOK_FAILED;
}

/* More of them than are read through at a time. */
static void what_fails_keeps_nobody_out(void **state)
{
	enum { FAILING = 4 };
	struct temp_case t, broken[FAILING];
	struct watch_book w, of_broken[FAILING];
	(void)state;
	temp_case_start(&t);
	fill(&t);
	temp_case_close(&t);
	for (int i = 0; i < FAILING; i++) {
		temp_case_init(&broken[i]);
		copy(t.path, broken[i].path);
		temp_case_spoil(&broken[i], "UPDATE fact SET f3 = 'no number' WHERE seq = 9");
		watch_book(&of_broken[i], broken[i].path);
		watch_book_until(&of_broken[i], has_failed, NULL, "that it failed");
	}
	watch_book(&w, t.path);
	watch_book_ready(&w);
	assert_int_equal(watch_book_about(&w).trails, 2 * VISITS);
	watch_book_end(&w);
	for (int i = 0; i < FAILING; i++) {
		watch_book_end(&of_broken[i]);
		temp_case_fini(&broken[i]);
	}
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_makes_no_sense_is_derived_anew),
		cmocka_unit_test(what_fails_keeps_nobody_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
