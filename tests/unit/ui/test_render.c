/*
 * Programs that are not ours, over a private folder: what they may do, what is left of them,
 * and what becomes of one that fails, hangs, lies or fills the disk. The programs are scripts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/kit/html_report.h"
#include "ui/cli/render.h"
#include "ui/cli/report_pdf.h"

struct test {
	char dir[64], path[160]; /* $PATH as it is set: our folder, then the system's */
	char tmp[96];
};

static void write_script(const struct test *t, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", t->dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", text);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof *t);
	snprintf(t->dir, sizeof t->dir, "/tmp/clicktrail-test-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	/* Whoever runs the program has to reach it. */
	assert_int_equal(chmod(t->dir, 0755), 0);
	snprintf(t->tmp, sizeof t->tmp, "%s/tmp", t->dir);
	assert_int_equal(mkdir(t->tmp, 01777), 0);
	assert_int_equal(chmod(t->tmp, 01777), 0);
	assert_int_equal(setenv("TMPDIR", t->tmp, 1), 0);
	snprintf(t->path, sizeof t->path, "%s:/usr/bin:/bin", t->dir);
	*state = t;
	return 0;
}

static size_t left_behind(const struct test *t)
{
	DIR *d = opendir(t->tmp);
	size_t n = 0;
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static int teardown(void **state)
{
	struct test *t = *state;
	char command[128];
	assert_int_equal(left_behind(t), 0);
	snprintf(command, sizeof command, "rm -rf '%s'", t->dir);
	assert_int_equal(system(command), 0);
	unsetenv("TMPDIR");
	free(t);
	return 0;
}

static bool run(
	const struct test *t, const char *script, int seconds, struct buf *out, struct err *err)
{
	char program[256];
	struct render r = {.dir = ""};
	write_script(t, "program", script);
	snprintf(program, sizeof program, "%s/program", t->dir);
	const char *argv[] = {program, NULL};
	*err = (struct err){.kind = ERR_NONE};
	bool good = render_open(&r, err) &&
		    render_put(&r, "report.html", span_str("page"), err) &&
		    render_run(&r, argv, seconds, err) && render_get(&r, "made", out, err);
	render_close(&r);
	return good;
}

static void it_has_a_folder_and_nothing_else(void **state)
{
	struct test *t = *state;
	struct buf out = {0};
	struct err err;
	int kept = open("/etc/passwd", O_RDONLY); /* not close-on-exec */
	assert_true(run(t,
		"{ cat report.html; id -u; pwd; echo \"$HOME $TMPDIR\"; ls /proc/self/fd | wc "
		"-w; "
		"env | grep -c CLICKTRAIL; grep NoNewPrivs /proc/self/status; stat -c %a .; "
		"grep -c : /proc/net/dev; "
		"} >made",
		20, &out, &err));
	char *said = buf_take_str(&out);
	char *line = strtok(said, "\n");
	unsigned uid;
	assert_int_equal(sscanf(line, "page%u", &uid), 1);
	assert_true(uid != 0);
	char *pwd = strtok(NULL, "\n");
	assert_true(strncmp(pwd, t->tmp, strlen(t->tmp)) == 0);
	char homes[256];
	snprintf(homes, sizeof homes, "%s %s", pwd, pwd);
	assert_string_equal(strtok(NULL, "\n"), homes);
	/* 0, 1, 2 and the one that ls reads by. */
	assert_string_equal(strtok(NULL, "\n"), "4");
	assert_string_equal(strtok(NULL, "\n"), "0");
	assert_string_equal(strtok(NULL, "\n"), "NoNewPrivs:\t1");
	assert_string_equal(strtok(NULL, "\n"), "700");
	print_message("network interfaces seen: %s\n", strtok(NULL, "\n"));
	free(said);
	close(kept);
}

static int open_fifo(const struct test *t, int how)
{
	char fifo[128];
	snprintf(fifo, sizeof fifo, "%s/fifo", t->dir);
	int fd = open(fifo, how | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* All who could write to the fifo are gone, so its end is read: soon, if at all. */
static void assert_all_gone(int fd)
{
	struct pollfd wait = {fd, POLLIN, 0};
	char byte;
	assert_int_equal(poll(&wait, 1, 10 * 1000), 1);
	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
}

static void it_is_not_waited_for_forever(void **state)
{
	struct test *t = *state;
	struct buf out = {0};
	struct err err;
	char script[256];
	int fd = open_fifo(t, O_RDONLY | O_NONBLOCK);
	/* A child of its, too, is ended. */
	snprintf(script, sizeof script, "exec 9>'%s/fifo'; sleep 1000 & sleep 1000", t->dir);
	assert_false(run(t, script, 1, &out, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_non_null(strstr(err.detail, "was not done within 1 s"));
	assert_all_gone(fd);
	buf_fini(&out);
}

/* One that ends and leaves a process behind, which goes on making files. */
static void nothing_of_it_stays(void **state)
{
	struct test *t = *state;
	struct buf out = {0};
	struct err err;
	char script[256];
	int fd = open_fifo(t, O_RDONLY | O_NONBLOCK);
	snprintf(script, sizeof script,
		"exec 9>'%s/fifo'; (while mkdir -p a/b; do echo x >a/b/$$; done) & "
		"echo fine >made; exit 0",
		t->dir);
	assert_true(run(t, script, 20, &out, &err));
	assert_int_equal(left_behind(t), 0);
	assert_all_gone(fd);
	buf_fini(&out);
}

static void failures_are_told(void **state)
{
	struct test *t = *state;
	struct buf out = {0};
	struct err err;
	assert_false(run(t, "echo x >made; exit 3", 20, &out, &err));
	assert_non_null(strstr(err.detail, "ended with 3"));
	assert_false(run(t, "kill -SEGV $$", 20, &out, &err));
	assert_non_null(strstr(err.detail, "was ended by signal 11"));
	assert_false(run(t, "exit 0", 20, &out, &err));
	assert_int_equal(err.kind, ERR_SYSTEM);
	/* Not what a link points to, nor what never ends. */
	assert_false(run(t, "ln -s /etc/passwd made", 20, &out, &err));
	assert_false(run(t, "mkfifo made", 20, &out, &err));
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&out);
}

/* Asked to end while it waits: it ends the program and cleans up first. */
static void a_signal_cleans_up(void **state)
{
	struct test *t = *state;
	char ready;
	pid_t pid = fork();
	if (pid == 0) {
		struct buf out = {0};
		struct err err;
		char script[256];
		/* The program says by a fifo that it runs. */
		snprintf(script, sizeof script, "echo x >'%s/fifo'; sleep 1000", t->dir);
		(void)run(t, script, 100, &out, &err);
		_exit(9);
	}
	int fd = open_fifo(t, O_RDONLY);
	assert_int_equal(read(fd, &ready, 1), 1);
	close(fd);
	assert_int_equal(kill(pid, SIGTERM), 0);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_int_equal(left_behind(t), 0);
}

static void make_fifo(const struct test *t)
{
	char fifo[128];
	snprintf(fifo, sizeof fifo, "%s/fifo", t->dir);
	assert_int_equal(mkfifo(fifo, 0622), 0);
	assert_int_equal(chmod(fifo, 0622), 0);
}

static int setup_fifo(void **state)
{
	setup(state);
	make_fifo(*state);
	return 0;
}

/* ---- the format ---- */

static bool print_hops(size_t hops, const char *path, struct buf *out, struct err *err)
{
	struct html_report h;
	html_report_init(&h);
	html_report_add(&h, span_str("value"), hops);
	assert_int_equal(setenv("PATH", path, 1), 0);
	*err = (struct err){.kind = ERR_NONE};
	bool good = edition_pdf(&h.edition, out, err);
	html_report_fini(&h);
	return good;
}

static bool print(const char *path, struct buf *out, struct err *err)
{
	return print_hops(1, path, out, err);
}

/* Where each is told to write to. */
#define LAST "for last; do :; done; "
#define CHROMIUM "for a; do case $a in --print-to-pdf=*) last=${a#*=};; esac; done; "

static void a_failing_renderer_makes_room(void **state)
{
	struct test *t = *state;
	struct buf out = {0};
	struct err err;
	char *before = strdup(getenv("PATH"));
	/* None at all. */
	assert_false(print(t->tmp, &out, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.detail, "install weasyprint or chromium"));
	/* The first that is there; one that makes no PDF counts as failed. */
	write_script(t, "chromium", CHROMIUM "printf '%%PDF-1.7 chromium %%%%EOF' >\"$last\"");
	write_script(t, "weasyprint",
		LAST "grep -q '<details' report.html && "
		     "printf '%%PDF-1.7 weasyprint %%%%EOF' >\"$last\"");
	assert_true(print(t->path, &out, &err));
	assert_true(span_is(buf_span(&out), "%PDF-1.7 weasyprint %%EOF"));
	buf_clear(&out);
	/* A long one goes to the faster of the two. */
	assert_true(print_hops(101, t->path, &out, &err));
	assert_true(span_is(buf_span(&out), "%PDF-1.7 chromium %%EOF"));
	buf_clear(&out);
	static const char *const bad[] = {"exit 1", LAST "echo '<html>' >\"$last\"",
		LAST "printf '%%PDF-1.7 cut' >\"$last\"", ":"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		write_script(t, "weasyprint", bad[i]);
		assert_true(print(t->path, &out, &err));
		assert_true(span_is(buf_span(&out), "%PDF-1.7 chromium %%EOF"));
		buf_clear(&out);
	}
	write_script(t, "chromium", "exit 7");
	assert_false(print(t->path, &out, &err));
	assert_non_null(strstr(err.detail, "ended with 7"));
	assert_int_equal(buf_len(&out), 0);
	setenv("PATH", before, 1);
	free(before);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			it_has_a_folder_and_nothing_else, setup, teardown),
		cmocka_unit_test_setup_teardown(
			it_is_not_waited_for_forever, setup_fifo, teardown),
		cmocka_unit_test_setup_teardown(nothing_of_it_stays, setup_fifo, teardown),
		cmocka_unit_test_setup_teardown(failures_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(a_signal_cleans_up, setup_fifo, teardown),
		cmocka_unit_test_setup_teardown(a_failing_renderer_makes_room, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
