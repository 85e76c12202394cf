/* `clicktrail crosscheck` as a person runs it: what it says, how it ends, where files come
 * from, and what it does with cases that have none, are closed, or are checked again. */
#include "tests/kit/temp_case.h"
#include "tests/kit/witnessed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { EXCHANGES = 30, SEED = 3, SECONDS = 60 };

static int set_up(void **state)
{
	static struct witnessed w;
	witnessed_record(&w, EXCHANGES, 2, SEED, NULL);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	witnessed_end(*state);
	return 0;
}

static void demand(struct witnessed *w, int code, int want, const char *said, bool on_stderr)
{
	const char *text =
		on_stderr ? run_program_stderr(&w->program) : run_program_stdout(&w->program);
	if (code != want || strstr(text, said) == NULL)
		fail_msg("exit %d for %d, no \"%s\" in: %s%s", code, want, said,
			run_program_stdout(&w->program), run_program_stderr(&w->program));
}

static int64_t ask(const char *path, const char *sql)
{
	struct temp_case t = {.writer = NULL};
	snprintf(t.path, sizeof t.path, "%s", path);
	return temp_case_number(&t, sql);
}

static int run(struct witnessed *w, const char *const *args)
{
	return run_program(&w->program, SECONDS, args);
}
#define RUN(w, ...) run((w), (const char *const[]){__VA_ARGS__, NULL})

/* Numbers go on, the verdicts are those of the newest run, and the case stays as it is. */
static void again_and_again(void **state)
{
	struct witnessed *w = *state;
	int64_t verdicts[2];
	for (int run_number = 1; run_number <= 2; run_number++) {
		demand(w, witnessed_crosscheck(w, NULL), 0, " comparisons agree.", false);
		demand(w, 0, 0, "browser  x.1.browser.pcapng: ", false);
		demand(w, 0, 0, "origin   x.1.origin.pcapng: ", false);
		verdicts[run_number - 1] = ask(w->companion, "SELECT count(*) FROM verdict");
		assert_int_equal(ask(w->companion, "SELECT count(*) FROM fact_packet_file"),
			2 * run_number);
		assert_int_equal(
			ask(w->companion, "SELECT max(run) FROM fact_packet_file"), run_number);
		assert_int_equal(
			ask(w->companion,
				"SELECT count(*) - count(DISTINCT flow) FROM fact_flow"),
			0);
		assert_int_equal(ask(w->companion, "SELECT count(*) FROM fact_custody WHERE "
						   "act = 'crosschecked'"),
			run_number);
	}
	assert_int_equal(verdicts[0], verdicts[1]);
	assert_int_equal(ask(w->case_path, "SELECT count(*) FROM fact_flow"), 0);
	demand(w, RUN(w, "verify", "x.case", "--seal-dir", "seal"), 0, "", false);
}

/* Packets that tcpdump might have written, under another name, without the key log. */
static void files_of_others(void **state)
{
	struct witnessed *w = *state;
	const char *other = arena_printf(&w->program.arena, "%s/dump.pcapng", w->program.dir);
	assert_int_equal(link(w->packets[1], other), 0);
	demand(w,
		RUN(w, "crosscheck", "x.case", "--seal-dir", "seal", "--packets", "dump.pcapng",
			"--side", "origin"),
		2, "without a key log", false);
	demand(w, 0, 0, "no key for this connection is at hand", false);
	demand(w,
		RUN(w, "crosscheck", "x.case", "--seal-dir", "seal", "--packets",
			"x.1.browser.pcapng", "--side", "browser", "--packets",
			"x.1.origin.pcapng", "--side", "origin", "--keys", "x.1.keys"),
		0, " comparisons agree.", false);
	unlink(other);
}

static void a_file_that_was_changed(void **state)
{
	struct witnessed *w = *state;
	const char *kept = arena_printf(&w->program.arena, "%s/kept", w->program.dir);
	assert_int_equal(rename(w->packets[0], kept), 0);
	demand(w, witnessed_crosscheck(w, NULL), 2, "x.1.browser.pcapng is not there", false);
	/* Appended to: a byte more, after its last block. */
	const char *copy = arena_printf(&w->program.arena, "cp '%s' '%s' && echo >>'%s'", kept,
		w->packets[0], w->packets[0]);
	assert_int_equal(system(copy), 0);
	demand(w, witnessed_crosscheck(w, NULL), 4, "differ: session 1, packet-file", false);
	demand(w, 0, 0, "The packets contradict the case", false);
	assert_int_equal(rename(kept, w->packets[0]), 0);
	demand(w, witnessed_crosscheck(w, NULL), 0, " comparisons agree.", false);
}

/* What leads elsewhere is no packet file, and no key log, that lies beside the case. */
static void links_are_not_followed(void **state)
{
	struct witnessed *w = *state;
	const char *kept = arena_printf(&w->program.arena, "%s/kept", w->program.dir);
	const char *pipe = arena_printf(&w->program.arena, "%s/pipe", w->program.dir);
	assert_int_equal(rename(w->packets[0], kept), 0);
	assert_int_equal(symlink(kept, w->packets[0]), 0);
	demand(w, witnessed_crosscheck(w, NULL), 2, "x.1.browser.pcapng is not there", false);
	assert_int_equal(unlink(w->packets[0]), 0);
	assert_int_equal(rename(kept, w->packets[0]), 0);
	assert_int_equal(rename(w->keys, kept), 0);
	assert_int_equal(symlink(kept, w->keys), 0);
	demand(w, witnessed_crosscheck(w, NULL), 2, "without a key log", false);
	assert_int_equal(unlink(w->keys), 0);
	assert_int_equal(rename(kept, w->keys), 0);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	demand(w, witnessed_crosscheck(w, (const char *[]){"--keys", pipe, NULL}), 2,
		"is no regular file", true);
	unlink(pipe);
}

static void without_keys_much_is_unseen(void **state)
{
	struct witnessed *w = *state;
	const char *kept = arena_printf(&w->program.arena, "%s/kept", w->program.dir);
	assert_int_equal(rename(w->keys, kept), 0);
	demand(w, witnessed_crosscheck(w, NULL), 2, "Nothing contradicts the case", false);
	demand(w, witnessed_crosscheck(w, (const char *[]){"--json", NULL}), 2,
		"\"verdict\": \"unseen\"", false);
	assert_int_equal(rename(kept, w->keys), 0);
}

static void what_cannot_be(void **state)
{
	struct witnessed *w = *state;
	demand(w, RUN(w, "crosscheck", "x.case", "--packets", "x.1.keys"), 1, "--side", true);
	demand(w, RUN(w, "crosscheck", "x.case", "--side", "origin"), 1, "--packets", true);
	demand(w, RUN(w, "crosscheck", "x.case", "--packets", "a", "--side", "east"), 1,
		"neither browser nor origin", true);
	demand(w, RUN(w, "crosscheck", "x.case", "--packets", "a", "--side", "origin"), 1,
		"there is no packet file a", true);
	demand(w, RUN(w, "crosscheck", "x.case", "--session", "0"), 1, "no number", true);
	demand(w, RUN(w, "crosscheck", "x.case", "--session", "7"), 1,
		"no packets were recorded", true);
	demand(w, RUN(w, "crosscheck"), 1, "give one case", true);
	demand(w, RUN(w, "crosscheck", "none.case"), 1, "none.case", true);
	demand(w, RUN(w, "crosscheck", "x.companion.case"), 1, "is a companion", true);
	demand(w, RUN(w, "crosscheck", "x.1.keys"), 1, "x.1.keys", true);
	/* What is no packet file is one that cannot be read. */
	demand(w,
		RUN(w, "crosscheck", "x.case", "--seal-dir", "seal", "--packets", "x.1.keys",
			"--side", "browser"),
		2, "unseen: ", false);
}

static void a_case_without_packets(void **state)
{
	struct temp_case t;
	struct witnessed *w = *state;
	temp_case_start(&t);
	temp_case_fill(&t);
	temp_case_close(&t);
	demand(w, RUN(w, "crosscheck", t.path), 1,
		"was recorded without packets: record with --pcap", true);
	char companion[200];
	snprintf(companion, sizeof companion, "%.*s.companion.case",
		(int)(strlen(t.path) - strlen(".case")), t.path);
	assert_int_not_equal(access(companion, F_OK), 0);
	temp_case_fini(&t);
}

static const char without_digest[] =
	"SELECT count(*) FROM fact_flow JOIN fact_flow_plain USING (flow) "
	"WHERE layer = 'tls' AND fact_flow_plain.up_bytes > 0 AND fact_flow.up_sha256 IS NULL";

/* Where something was passed through unread, its stream's digest is all that the case has: then
 * each stream gets one, also where keys open what is inside. */
static void a_case_that_let_something_pass(void **state)
{
	struct witnessed *w = *state;
	struct err err = {0};
	struct fact_opaque opaque;
	const char *dir = w->program.dir;
	demand(w, witnessed_crosscheck(w, NULL), 0, " comparisons agree.", false);
	assert_true(ask(w->companion, without_digest) > 0);
	const char *copy =
		arena_printf(&w->program.arena, "cp '%s' '%s/y.case' && cp '%s' '%s/y.1.keys'",
			w->case_path, dir, w->keys, dir);
	assert_int_equal(system(copy), 0);
	const char *path = arena_printf(&w->program.arena, "%s/y.case", dir);
	struct writer *writer = writer_open(path, NULL, &err);
	assert_non_null(writer);
	fact_init(FACT_KIND_OPAQUE, &opaque);
	opaque.session = 1;
	opaque.why = span_str("no-intercept");
	assert_true(writer_put(writer, FACT_KIND_OPAQUE, &opaque, NULL, &err) != 0);
	assert_true(writer_close(writer, &err));
	demand(w, RUN(w, "crosscheck", "y.case", "--seal-dir", "seal"), 0,
		" comparisons agree.", false);
	const char *companion = arena_printf(&w->program.arena, "%s/y.companion.case", dir);
	assert_true(ask(companion, "SELECT count(*) FROM fact_flow") > 0);
	assert_int_equal(ask(companion, without_digest), 0);
}

/* Closed for good, and read-only: it is only looked at. */
static void a_closed_case(void **state)
{
	struct witnessed *w = *state;
	demand(w, RUN(w, "close", "x.case", "--seal-dir", "seal"), 0, "", false);
	assert_int_equal(chmod(w->case_path, 0400), 0);
	demand(w, witnessed_crosscheck(w, NULL), 0, " comparisons agree.", false);
	assert_int_equal(chmod(w->case_path, 0600), 0);
	demand(w, RUN(w, "verify", "x.case", "--seal-dir", "seal"), 0, "", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(again_and_again),
		cmocka_unit_test(files_of_others),
		cmocka_unit_test(a_file_that_was_changed),
		cmocka_unit_test(links_are_not_followed),
		cmocka_unit_test(without_keys_much_is_unseen),
		cmocka_unit_test(what_cannot_be),
		cmocka_unit_test(a_case_without_packets),
		cmocka_unit_test(a_case_that_let_something_pass),
		cmocka_unit_test(a_closed_case),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
