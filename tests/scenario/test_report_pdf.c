/*
 * `report --format pdf` by the renderers that are installed: a file that poppler reads, with
 * the text of the pages, tagged, without links; not for a terminal; nothing left behind.
 */
#include "tests/kit/run_program.h"
#include "store/base/buf.h"

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
#include <sys/stat.h>
#include <unistd.h>

enum { SECONDS = 110 };

static int make_case(void **state)
{
	struct run_program *p = calloc(1, sizeof *p);
	run_program_folder(p);
	/* So that it serves as TMPDIR of whoever root becomes. */
	assert_int_equal(chmod(p->dir, 0755), 0);
	const char *demo[] = {
		"demo", "--browser", "none", "--case", "d.case", "--ca-dir", "ca", NULL};
	(void)run_program(p, 60, demo);
	*state = p;
	return 0;
}

static int remove_case(void **state)
{
	run_program_end(*state);
	free(*state);
	return 0;
}

/* What a program of poppler's says of a file. */
static const char *poppler(struct run_program *p, const char *const *args)
{
	p->program = "/usr/bin/env";
	int code = run_program(p, 30, args);
	p->program = NULL;
	if (code != 0)
		fail_msg("%s: %s", args[0], run_program_stderr(p));
	return run_program_stdout(p);
}

static void nothing_is_left(struct run_program *p)
{
	DIR *d = opendir(p->dir);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (strstr(e->d_name, "render") != NULL)
			fail_msg("left behind: %s", e->d_name);
	closedir(d);
}

/* Lines are broken anywhere in an address. */
static char *without_spaces(const char *text)
{
	struct buf out = {0};
	for (; *text != 0; text++)
		if (*text > ' ')
			buf_add_byte(&out, (uint8_t)*text);
	return buf_take_str(&out);
}

static void read_back(struct run_program *p, const char *file, const char *producer)
{
	const char *info[] = {"pdfinfo", file, NULL}, *urls[] = {"pdfinfo", "-url", file, NULL};
	const char *words[] = {"pdftotext", "-layout", file, "-", NULL};
	const char *said = poppler(p, info);
	if (strstr(said, producer) == NULL || strstr(said, "Tagged:          yes") == NULL ||
		strstr(said, "JavaScript:      no") == NULL || strstr(said, "A4") == NULL ||
		strstr(said, "Report on a link") == NULL)
		fail_msg("%s", said);
	said = poppler(p, urls);
	if (strstr(said, "://") != NULL || strstr(said, "mailto:") != NULL)
		fail_msg("live links: %s", said);
	char *text = without_spaces(poppler(p, words));
	assert_non_null(strstr(text, "hxxp://click[.]esp-mailer[.]example/"));
	assert_non_null(strstr(text, "Whathappened"));
	/* From inside what the page folds. */
	assert_non_null(strstr(text, "Asthebrowsersentthem"));
	assert_non_null(strstr(text, "Upgrade-Insecure-Requests"));
	assert_null(strstr(text, "http://"));
	assert_non_null(strstr(text, "Page1of"));
	free(text);
	nothing_is_left(p);
}

static void weasyprint_makes_it(void **state)
{
	struct run_program *p = *state;
	const char *args[] = {"report", "d.case", "--format", "pdf", "-o", "w.pdf", NULL};
	if (run_program(p, SECONDS, args) != 0)
		fail_msg("%s", run_program_stderr(p));
	read_back(p, "w.pdf", "WeasyPrint");
	/* To a pipe or a file as well. */
	const char *plain[] = {"report", "d.case", "--format", "pdf", NULL};
	assert_int_equal(run_program(p, SECONDS, plain), 0);
	assert_true(strncmp(run_program_stdout(p), "%PDF-", 5) == 0);
}

/* A $PATH that holds Chromium and what its starting script wants, but no WeasyPrint. */
static void chromium_makes_it(void **state)
{
	struct run_program *p = *state;
	static const char *const programs[] = {"chromium", "sh", "dash", "grep", "sed", "cat",
		"uname", "dirname", "basename", "readlink", "cut", "head", "id", "ls", "expr"};
	char folder[128];
	snprintf(folder, sizeof folder, "%s/bin", p->dir);
	assert_int_equal(mkdir(folder, 0755), 0);
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		char from[64], to[192];
		snprintf(from, sizeof from, "/usr/bin/%s", programs[i]);
		snprintf(to, sizeof to, "%s/%s", folder, programs[i]);
		if (access(from, X_OK) == 0)
			assert_int_equal(symlink(from, to), 0);
	}
	char *before = strdup(getenv("PATH"));
	assert_int_equal(setenv("PATH", folder, 1), 0);
	const char *args[] = {"report", "d.case", "--format", "pdf", "-o", "c.pdf", NULL};
	int code = run_program(p, SECONDS, args);
	setenv("PATH", before, 1);
	free(before);
	if (code != 0)
		fail_msg("%s", run_program_stderr(p));
	read_back(p, "c.pdf", "Skia/PDF");
}

static void a_terminal_is_spared(void **state)
{
	struct run_program *p = *state;
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	const char *plain[] = {"report", "d.case", "--format", "pdf", NULL};
	const char *dash[] = {"report", "d.case", "--format", "pdf", "-o", "-", NULL};
	p->out = slave;
	assert_int_equal(run_program(p, SECONDS, plain), 1);
	assert_non_null(strstr(run_program_stderr(p), "not for a terminal"));
	p->out = slave;
	assert_int_equal(run_program(p, SECONDS, dash), 1);
	p->out = 0;
	close(slave);
	close(master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weasyprint_makes_it),
		cmocka_unit_test(chromium_makes_it),
		cmocka_unit_test(a_terminal_is_spared),
	};
	return cmocka_run_group_tests(tests, make_case, remove_case);
}
