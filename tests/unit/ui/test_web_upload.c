/*
 * Files that were handed to the window: where they lie, and that they go, also after a window
 * that was killed; and that nothing else goes with them.
 */
#include "ui/web/upload.h"
#include "tests/kit/run_program.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct run_program home; /* for its folder */

static int set_up(void **state)
{
	(void)state;
	run_program_folder(&home);
	setenv("TMPDIR", home.dir, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	run_program_end(&home);
	return 0;
}

static void keep(struct uploads *u, char path[PATH_MAX])
{
	char id[UPLOAD_ID_LEN + 1];
	struct err err = {0};
	if (!upload_keep(u, span_str("../a mail.eml"), span_str("From: x"), id, &err))
		fail_msg("%s", err.detail);
	assert_true(upload_path(u, span_str(id), path));
	assert_int_equal(access(path, R_OK), 0);
	assert_string_equal(strrchr(path, '/'), "/a mail.eml");
}

static bool is_there(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static const char *make(const char *name, bool folder)
{
	const char *path = arena_printf(&home.arena, "%s/%s", home.dir, name);
	if (folder) {
		assert_int_equal(mkdir(path, 0700), 0);
		return path;
	}
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void go_with_their_window(void **state)
{
	char path[PATH_MAX], second[PATH_MAX];
	(void)state;
	struct uploads *u = uploads_new();
	keep(u, path);
	struct uploads *other = uploads_new(); /* it takes nothing of one that is there */
	keep(u, second);
	keep(other, second);
	assert_true(is_there(path));
	uploads_free(other);
	assert_false(is_there(second));
	assert_true(is_there(path));
	uploads_free(u);
	assert_false(is_there(path));
	assert_int_equal(rmdir(home.dir), 0);
	assert_int_equal(mkdir(home.dir, 0700), 0);
}

static void go_after_a_window_that_was_killed(void **state)
{
	char path[PATH_MAX];
	int to[2], status;
	(void)state;
	assert_int_equal(pipe(to), 0);
	pid_t pid = fork();
	if (pid == 0) {
		keep(uploads_new(), path);
		if (write(to[1], path, sizeof path) == (ssize_t)sizeof path)
			pause();
		_exit(1);
	}
	assert_int_equal(read(to[0], path, sizeof path), sizeof path);
	uploads_free(uploads_new());
	assert_true(is_there(path));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(is_there(path));
	uploads_free(uploads_new());
	assert_false(is_there(path));
	*strrchr(path, '/') = 0;
	*strrchr(path, '/') = 0;
	assert_false(is_there(path));
	close(to[0]);
	close(to[1]);
}

static void nothing_else_goes(void **state)
{
	(void)state;
	make("mine", true);
	make("mine/0123456789abcdef0123456789abcdef", true);
	const char *file = make("mine/0123456789abcdef0123456789abcdef/x", false);
	const char *link = arena_printf(&home.arena, "%s/clicktrail-window-link00", home.dir);
	assert_int_equal(symlink("mine", link), 0);
	make("clicktrail-window-notour", true);
	const char *note = make("clicktrail-window-notour/note", false);
	make("clicktrail-window-notour/sub", true);
	const char *deep = make("clicktrail-window-notour/sub/x", false);
	assert_int_equal(
		symlink("../mine/0123456789abcdef0123456789abcdef",
			arena_printf(&home.arena,
				"%s/clicktrail-window-notour/0123456789abcdef0123456789abcdef",
				home.dir)),
		0);
	const char *plain = make("clicktrail-window-file00", false);
	const char *seen = make("clicktrail-window-others", true);
	assert_int_equal(chmod(seen, 0755), 0); /* ours are for nobody else */
	uploads_free(uploads_new());
	assert_true(is_there(file) && is_there(link) && is_there(note) && is_there(deep) &&
		    is_there(plain) && is_there(seen));
}

/* Whoever cleans up temporary files takes the folder of a window that has been open for long.
 */
static void a_folder_that_went_is_made_again(void **state)
{
	char path[PATH_MAX];
	(void)state;
	struct uploads *u = uploads_new();
	keep(u, path);
	assert_int_equal(unlink(path), 0);
	for (int i = 0; i < 2; i++) {
		*strrchr(path, '/') = 0;
		assert_int_equal(rmdir(path), 0);
	}
	keep(u, path);
	uploads_free(u);
	assert_false(is_there(path));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(go_with_their_window),
		TEST(go_after_a_window_that_was_killed),
		TEST(nothing_else_goes),
		TEST(a_folder_that_went_is_made_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
