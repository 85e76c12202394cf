/*
 * Commands started from the window, by real processes: what they say is kept and bounded, how
 * they ended is kept, they can be stopped, they get no more of the environment and of open
 * files than they need, and they end in order when the window is gone, however that came.
 */
#include "ui/web/job.h"
#include "tests/kit/run_program.h"
#include "ui/web/act.h"
#include "ui/web/job_child.h"
#include "ui/web/window_state.h"
#include "store/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20 * 1000, THREADS = 40 };

/* Stands in for the program, and says what it is told to. */
static const char script[] = "#!/bin/bash\n"
			     "if [ \"$1\" = --for-window ]; then\n"
			     "  mapfile -d '' -t words; set -- \"${words[@]}\"\n"
			     "fi\n"
			     "case $1 in\n"
			     "say) printf '%s' \"$2\"; printf '%s' \"$3\" >&2; exit \"$4\";;\n"
			     "much) head -c \"$2\" /dev/zero; exit 0;;\n"
			     "env) env; ls /proc/self/fd >&2; pwd;;\n"
			     "wait) trap 'echo ended; exit 7' TERM; echo ready\n"
			     "  while :; do sleep 0.05; done;;\n"
			     "deaf) trap '' TERM; echo ready; while :; do sleep 0.05; done;;\n"
			     "seen) printf '%s ' \"$2\"; tr '\\0' ' ' </proc/$$/cmdline;;\n"
			     "die) kill -9 $$;;\n"
			     "leave) sleep 60 & echo $!;;\n"
			     "esac\n";

static struct run_program home;
static char program[128];
static struct jobs *jobs;
static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	run_program_folder(&home);
	snprintf(program, sizeof program, "%s/program", home.dir);
	FILE *f = fopen(program, "we");
	assert_non_null(f);
	assert_true(fputs(script, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(program, 0700), 0);
	jobs = jobs_new(program, home.dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jobs_free(jobs);
	arena_fini(&arena);
	run_program_end(&home);
	/* No process of ours is left, not even one that nobody waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static int64_t start(const char *const *argv)
{
	struct err err = {0};
	const struct job_order order = {.argv = argv, .title = "A test"};
	int64_t number = job_start(jobs, &order, &err);
	if (number == 0)
		fail_msg("%s", err.detail);
	return number;
}
#define START(...) start((const char *const[]){__VA_ARGS__, NULL})

/* When it is over, or said this; fails if neither comes. */
static struct job_about wait_for(int64_t number, const char *said)
{
	struct job_about job;
	const int64_t until = clock_now_us(clock_real()) + PATIENCE_MS * INT64_C(1000);
	for (int64_t seen = -1;;) {
		int64_t now = jobs_version(jobs);
		assert_true(job_about(jobs, number, &arena, &job));
		if (!job.running ||
			(said != NULL && span_find(job.out, span_str(said), 0) != SIZE_MAX))
			return job;
		if (clock_now_us(clock_real()) > until)
			fail_msg("job %lld did not end", (long long)number);
		seen = jobs_wait(jobs, now, 1000);
		(void)seen;
	}
}

static void keeps_what_it_said_and_how_it_ended(void **state)
{
	(void)state;
	struct job_about job = wait_for(START("say", "to out", "to err", "4"), NULL);
	assert_true(span_is(job.out, "to out"));
	assert_true(span_is(job.err, "to err"));
	assert_int_equal(job.code, 4);
	assert_false(job.more);
	assert_true(job.ended_us >= job.started_us);
	assert_true(span_is(job.command, "clicktrail say 'to out' 'to err' 4"));
	job = wait_for(START("die"), NULL);
	assert_int_equal(job.code, 128 + SIGKILL);
}

/* Arguments are there for every user of the machine to read. */
static void others_see_the_commands_name_alone(void **state)
{
	(void)state;
	struct job_about job = wait_for(START("seen", "--link=of-somebody", "note"), NULL);
	assert_int_equal(job.code, 0);
	assert_true(span_starts(job.out, "--link=of-somebody "));
	assert_true(span_find(job.out, span_str(" seen "), 0) != SIZE_MAX);
	struct span rest = span_from(job.out, strlen("--link=of-somebody "));
	assert_true(span_find(rest, span_str("of-somebody"), 0) == SIZE_MAX);
	assert_true(span_find(rest, span_str("note"), 0) == SIZE_MAX);
}

/* More than the kernel takes as one argument. */
static void a_word_may_be_long(void **state)
{
	enum { LONG = 200 * 1000 };
	(void)state;
	char *word = malloc(LONG + 1);
	memset(word, 'x', LONG);
	word[LONG] = 0;
	struct job_about job = wait_for(START("say", word, "", "0"), NULL);
	assert_int_equal(job.out.n, LONG);
	free(word);
}

static void output_is_bounded(void **state)
{
	(void)state;
	struct job_about job = wait_for(START("much", "3000000"), NULL);
	assert_int_equal(job.code, 0);
	assert_int_equal(job.out.n, JOB_OUTPUT_MAX);
	assert_true(job.more);
	job = wait_for(START("much", "1048576"), NULL);
	assert_int_equal(job.out.n, JOB_OUTPUT_MAX);
	assert_false(job.more);
}

static void a_stopped_one_ends_in_order(void **state)
{
	(void)state;
	int64_t number = START("wait");
	wait_for(number, "ready");
	job_stop(jobs, number);
	struct job_about job = wait_for(number, NULL);
	assert_int_equal(job.code, 7);
	assert_true(span_is(job.out, "ready\nended\n"));
	job_stop(jobs, number); /* nothing is there to be stopped */
	job_stop(jobs, 99);
}

static void no_more_than_some_run_at_once(void **state)
{
	(void)state;
	int64_t numbers[JOBS_RUNNING_MAX];
	struct err err = {0};
	const struct job_order order = {
		.argv = (const char *const[]){"say", "", "", "0", NULL}, .title = "One more"};
	for (size_t i = 0; i < JOBS_RUNNING_MAX; i++)
		numbers[i] = START("wait");
	assert_int_equal(job_start(jobs, &order, &err), 0);
	assert_int_equal(err.kind, ERR_LIMIT);
	wait_for(numbers[1], "ready");
	job_stop(jobs, numbers[1]);
	wait_for(numbers[1], NULL);
	assert_int_equal(job_start(jobs, &order, &err), JOBS_RUNNING_MAX + 1);
}

static void the_oldest_are_forgotten(void **state)
{
	(void)state;
	struct job_about job, *list;
	size_t n;
	int64_t running = START("wait"), last = 0;
	for (int i = 0; i < JOBS_MAX + 3; i++) {
		last = START("say", "", "", "0");
		wait_for(last, NULL);
	}
	jobs_list(jobs, &arena, &list, &n);
	assert_int_equal(n, JOBS_MAX);
	assert_int_equal(list[0].number, last);
	assert_int_equal(list[n - 1].number, running);
	assert_true(list[n - 1].running);
	assert_false(job_about(jobs, 2, &arena, &job));
}

static void it_gets_what_it_needs_and_no_more(void **state)
{
	(void)state;
	struct err err = {0};
	int other = open("/dev/null", O_RDONLY); /* not closed on exec, as a library might */
	setenv("SECRET_OF_THE_SHELL", "hunter2", 1);
	setenv("CLICKTRAIL_PASSWORD", "not:this", 1);
	setenv("CLICKTRAIL_OPERATOR", "A. Person", 1);
	const struct job_order order = {.argv = (const char *const[]){"env", NULL},
		.title = "Environment",
		.password = "user:pass word"};
	int64_t number = job_start(jobs, &order, &err);
	struct job_about job = wait_for(number, NULL), without = wait_for(START("env"), NULL);
	unsetenv("SECRET_OF_THE_SHELL");
	unsetenv("CLICKTRAIL_PASSWORD");
	unsetenv("CLICKTRAIL_OPERATOR");
	close(other);
	const char *out = arena_str(&arena, job.out);
	assert_non_null(strstr(out, "PATH="));
	assert_non_null(strstr(out, "CLICKTRAIL_OPERATOR=A. Person\n"));
	assert_non_null(strstr(out, "CLICKTRAIL_PASSWORD=user:pass word\n"));
	assert_null(strstr(out, "not:this"));
	assert_null(strstr(arena_str(&arena, without.out), "CLICKTRAIL_PASSWORD"));
	assert_null(strstr(out, "hunter2"));
	assert_non_null(strstr(out, arena_printf(&arena, "\n%s\n", home.dir)));
	/* 3 is what ls itself opens. */
	assert_string_equal(arena_str(&arena, job.err), "0\n1\n2\n3\n");
	assert_true(span_find(job.command, span_str("pass word"), 0) == SIZE_MAX);
}

static void its_file_goes_with_it(void **state)
{
	(void)state;
	struct err err = {0};
	char path[160];
	snprintf(path, sizeof path, "%s/mail.eml", home.dir);
	fclose(fopen(path, "we"));
	const struct job_order order = {.argv = (const char *const[]){"wait", NULL},
		.title = "File",
		.remove_file = path};
	int64_t number = job_start(jobs, &order, &err);
	wait_for(number, "ready");
	assert_int_equal(access(path, F_OK), 0);
	job_stop(jobs, number);
	wait_for(number, NULL);
	assert_int_equal(access(path, F_OK), -1);
}

/* Who inherited its pipes is not waited for. */
static void what_it_left_behind_holds_nobody_up(void **state)
{
	(void)state;
	struct job_about job = wait_for(START("leave"), NULL);
	uint64_t pid;
	assert_true(span_u64(span_trim(job.out, "\n"), &pid));
	assert_int_equal(job.code, 0);
	kill((pid_t)pid, SIGKILL);
}

static void a_program_that_is_not_there_is_told(void **state)
{
	(void)state;
	struct err err = {0};
	struct jobs *none = jobs_new("/nowhere/clicktrail", home.dir);
	const struct job_order order = {
		.argv = (const char *const[]){"trace", NULL}, .title = "None"};
	struct job_about *list;
	size_t n;
	assert_int_equal(job_start(none, &order, &err), 0);
	assert_int_equal(err.kind, ERR_SYSTEM);
	jobs_list(none, &arena, &list, &n);
	assert_int_equal(n, 0);
	jobs_free(none);
}

static void short_ones_are_waited_for(void **state)
{
	(void)state;
	struct buf out = {0}, said = {0};
	struct err err = {0};
	int code = -1;
	assert_true(job_run(jobs, (const char *const[]){"say", "yes", "no", "2", NULL}, 20,
		&out, &said, &code, &err));
	assert_true(span_is(buf_span(&out), "yes"));
	assert_true(span_is(buf_span(&said), "no"));
	assert_int_equal(code, 2);
	/* It hears the wish, and what it says then is kept. */
	buf_clear(&out);
	assert_false(job_run(
		jobs, (const char *const[]){"wait", NULL}, 1, &out, &said, &code, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_true(span_is(buf_span(&out), "ready\nended\n"));
	assert_int_equal(code, 7);
	/* It does not hear it. */
	assert_false(job_run(
		jobs, (const char *const[]){"deaf", NULL}, 1, &out, &said, &code, &err));
	assert_int_equal(code, 128 + SIGKILL);
	buf_fini(&out);
	buf_fini(&said);
}

static void nothing_starts_when_the_window_ends(void **state)
{
	(void)state;
	struct err err = {0};
	int64_t number = START("wait");
	int code;
	wait_for(number, "ready");
	jobs_end(jobs);
	assert_int_equal(wait_for(number, NULL).code, 7);
	const struct job_order order = {
		.argv = (const char *const[]){"say", NULL}, .title = "Late"};
	assert_int_equal(job_start(jobs, &order, &err), 0);
	assert_int_equal(err.kind, ERR_SHUTDOWN);
	assert_false(job_run(jobs, order.argv, 1, NULL, NULL, &code, &err));
	assert_int_equal(err.kind, ERR_SHUTDOWN);
}

static void *wait_for_the_end(void *ctx)
{
	(void)ctx;
	for (;;)
		pause();
	return NULL;
}

/* The real program, whose window is killed while it records: it notices, and ends in order. The
 * kernel tells it anew with each thread of the window that goes. */
static void the_end_of_the_window_is_noticed(void **state)
{
	(void)state;
	char case_path[160];
	int told[2], status;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	snprintf(case_path, sizeof case_path, "%s/proxy.case", home.dir);
	setenv("HOME", home.dir, 1);
	pid_t window = fork();
	assert_true(window >= 0);
	if (window == 0) {
		const char *const argv[] = {
			"proxy", "--listen", "127.0.0.1:0", "--case", case_path, NULL};
		const struct job_order order = {.argv = argv, .title = "Proxy"};
		struct err err;
		pthread_t others;
		for (int i = 0; i < THREADS; i++)
			pthread_create(&others, NULL, wait_for_the_end, NULL);
		struct jobs *mine = jobs_new(getenv("CLICKTRAIL_BIN"), home.dir);
		int64_t number = job_start(mine, &order, &err);
		struct job_about job = {0};
		while (number > 0 && job_about(mine, number, &arena, &job) && job.running &&
			span_find(job.out, span_str("127.0.0.1:"), 0) == SIZE_MAX)
			jobs_wait(mine, jobs_version(mine), 100);
		(void)!write(told[1], job.running ? "y" : "n", 1);
		for (;;)
			pause();
	}
	char answer = 0;
	close(told[1]);
	assert_int_equal(read(told[0], &answer, 1), 1);
	close(told[0]);
	assert_int_equal(answer, 'y');
	kill(window, SIGKILL);
	assert_int_equal(waitpid(window, &status, 0), window);
	/* It is ours now. */
	alarm(PATIENCE_MS / 1000);
	assert_true(waitpid(-1, &status, 0) > 0);
	alarm(0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
}

static void words_are_quoted_for_a_shell(void **state)
{
	(void)state;
	struct buf out = {0};
	job_child_quote(&out,
		(const char *const[]){"trace", "--replace=a b=c", "it's", "", "http://x/?a=1&b",
			"$HOME", "a\nb", NULL},
		true);
	assert_string_equal(arena_str(&arena, buf_span(&out)),
		"CLICKTRAIL_PASSWORD=\"$CLICKTRAIL_PASSWORD\" clicktrail trace "
		"'--replace=a b=c' 'it'\\''s' '' 'http://x/?a=1&b' '$HOME' 'a\nb'");
	buf_fini(&out);
}

/* One that did not start leaves nothing behind that looks like a case to come. */
static void a_new_case_is_listed_with_its_command(void **state)
{
	struct window *w = calloc(1, sizeof *w);
	const struct act_new_case order = {.name = "new", .title = "A test", .last = "behind"};
	struct err err = {0};
	int64_t job;
	(void)state;
	assert_non_null(w);
	w->shelf = shelf_new();
	snprintf(w->folder, sizeof w->folder, "%s", home.dir);
	w->jobs = jobs_new("/not/there", home.dir);
	struct act_words words = {.arena = &arena};
	act_word(&words, "say");
	assert_null(act_new_case(w, &words, &order, &job, &err));
	assert_int_equal(err.kind, ERR_SYSTEM);
	words = (struct act_words){.arena = &arena, .bad = true};
	assert_null(act_new_case(w, &words, &order, &job, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_int_equal(shelf_n(w->shelf), 0);
	jobs_free(w->jobs);
	w->jobs = jobs;
	for (size_t i = 1; i <= 3; i++) { /* of one second, maybe */
		words = (struct act_words){.arena = &arena};
		act_word(&words, "say");
		struct book *b = act_new_case(w, &words, &order, &job, &err);
		assert_non_null(b);
		assert_int_equal(shelf_n(w->shelf), i);
		assert_true(span_starts(
			span_str(book_path(b)), arena_printf(&arena, "%s/new-20", home.dir)));
		struct job_about about = wait_for(job, NULL);
		assert_true(
			span_is(about.out, arena_printf(&arena, "--case=%s", book_path(b))));
		assert_true(span_starts(about.err, "behind"));
	}
	shelf_free(w->shelf);
	free(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keeps_what_it_said_and_how_it_ended),
		TEST(others_see_the_commands_name_alone),
		TEST(a_word_may_be_long),
		TEST(output_is_bounded),
		TEST(a_stopped_one_ends_in_order),
		TEST(no_more_than_some_run_at_once),
		TEST(the_oldest_are_forgotten),
		TEST(it_gets_what_it_needs_and_no_more),
		TEST(its_file_goes_with_it),
		TEST(what_it_left_behind_holds_nobody_up),
		TEST(a_program_that_is_not_there_is_told),
		TEST(short_ones_are_waited_for),
		TEST(nothing_starts_when_the_window_ends),
		TEST(the_end_of_the_window_is_noticed),
		TEST(words_are_quoted_for_a_shell),
		TEST(a_new_case_is_listed_with_its_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
