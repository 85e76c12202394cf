/* The names of the files beside a case, which of those that a case gives are followed, and how
 * they are made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/kit/temp_case.h"
#include "ui/cli/case_beside.h"

static void names(void **state)
{
	static const struct {
		const char *path;
		int64_t session;
		const char *browser, *origin, *keys;
	} rows[] = {
		{"x.case", 1, "x.1.browser.pcapng", "x.1.origin.pcapng", "x.1.keys"},
		{"/a/b.case/x.case", 12, "/a/b.case/x.12.browser.pcapng",
			"/a/b.case/x.12.origin.pcapng", "/a/b.case/x.12.keys"},
		{"x.companion.case", 3, "x.companion.3.browser.pcapng",
			"x.companion.3.origin.pcapng", "x.companion.3.keys"},
		{"other", 1, "other.1.browser.pcapng", "other.1.origin.pcapng", "other.1.keys"},
		/* Nothing would be left of it. */
		{"/a/.case", 1, "/a/.case.1.browser.pcapng", "/a/.case.1.origin.pcapng",
			"/a/.case.1.keys"},
		{".case", 1, ".case.1.browser.pcapng", ".case.1.origin.pcapng", ".case.1.keys"},
	};
	char out[PATH_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(case_beside_packets(
			rows[i].path, rows[i].session, CAPTURE_BROWSER, out));
		assert_string_equal(out, rows[i].browser);
		assert_true(case_beside_packets(
			rows[i].path, rows[i].session, CAPTURE_ORIGIN, out));
		assert_string_equal(out, rows[i].origin);
		assert_true(case_beside_keys(rows[i].path, rows[i].session, out));
		assert_string_equal(out, rows[i].keys);
	}
}

static void too_long(void **state)
{
	char path[PATH_MAX + 10], out[PATH_MAX];
	(void)state;
	memset(path, 'x', sizeof path);
	path[NAME_MAX - 6] = 0; /* ".1.keys" makes it one too many */
	assert_false(case_beside_keys(path, 1, out));
	path[NAME_MAX - 7] = 0;
	assert_true(case_beside_keys(path, 1, out));
	memset(path, '/', sizeof path);
	path[PATH_MAX - 3] = 0;
	assert_false(case_beside_keys(path, 1, out));
	path[PATH_MAX - 3] = '/';
	path[sizeof path - 1] = 0;
	assert_false(case_beside_keys(path, 1, out));
}

static void found(void **state)
{
	static const struct {
		const char *path, *name, *out; /* NULL: not followed */
	} rows[] = {
		{"x.case", "x.1.keys", "x.1.keys"},
		{"/a/x.case", "y z", "/a/y z"},
		{"a/x.case", "...", "a/..."},
		{"a/x.case", "", NULL},
		{"a/x.case", ".", NULL},
		{"a/x.case", "..", NULL},
		{"a/x.case", "../x", NULL},
		{"a/x.case", "/etc/passwd", NULL},
		{"a/x.case", "b/c", NULL},
	};
	char out[PATH_MAX], longer[PATH_MAX + 1];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool is = case_beside_find(rows[i].path, span_str(rows[i].name), out);
		assert_int_equal(is, rows[i].out != NULL);
		if (is)
			assert_string_equal(out, rows[i].out);
	}
	assert_false(case_beside_find("x.case", SPAN_NONE, out));
	assert_false(case_beside_find("x.case", span_of("a\0b", 3), out));
	memset(longer, 'n', sizeof longer);
	assert_true(case_beside_find("x.case", span_of(longer, NAME_MAX), out));
	assert_false(case_beside_find("x.case", span_of(longer, NAME_MAX + 1), out));
	memset(longer, '/', PATH_MAX);
	longer[PATH_MAX - 3] = 0;
	assert_true(case_beside_find(longer, span_str("ab"), out));
	assert_false(case_beside_find(longer, span_str("abc"), out));
}

static void made(void **state)
{
	struct temp_case t;
	struct stat st;
	struct err err = {0};
	char path[PATH_MAX], link[PATH_MAX + 8];
	(void)state;
	temp_case_init(&t);
	assert_true(case_beside_keys(t.path, 1, path));
	mode_t before = umask(0777);
	int fd = case_beside_make(path, &err);
	umask(before);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* Nobody writes over what is there. */
	assert_int_equal(write(fd, "one", 3), 3);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(write(fd, "two", 3), 3);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 6);
	close(fd);
	/* Not over another, and not where a link leads. */
	assert_int_equal(case_beside_make(path, &err), -1);
	assert_int_equal(err.kind, ERR_CASE_OPEN);
	assert_int_equal(unlink(path), 0);
	snprintf(link, sizeof link, "%s.target", path);
	assert_int_equal(symlink(link, path), 0);
	assert_int_equal(case_beside_make(path, &err), -1);
	assert_int_equal(access(link, F_OK), -1);
	assert_int_equal(unlink(path), 0);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(too_long),
		cmocka_unit_test(found),
		cmocka_unit_test(made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
