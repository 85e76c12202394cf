/* Opening for writing: what is made, what is refused, what is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kit/temp_case.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_refused(const char *path, enum err_kind kind, const char *says)
{
	struct err err = {0};
	struct writer *w = writer_open(path, NULL, &err);
	assert_null(w);
	if (err.kind != kind || strstr(err.detail, says) == NULL)
		fail_msg("%s: %s; wanted %s: ...%s...", err_word(err.kind), err.detail,
			err_word(kind), says);
}

static bool exists(const struct temp_case *t, const char *suffix)
{
	char name[128];
	snprintf(name, sizeof name, "%s%s", t->path, suffix);
	return access(name, F_OK) == 0;
}

static unsigned mode_of(const struct temp_case *t, const char *suffix)
{
	char name[128];
	struct stat st;
	snprintf(name, sizeof name, "%s%s", t->path, suffix);
	assert_int_equal(stat(name, &st), 0);
	return st.st_mode & 07777;
}

static void write_file(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

/* Whatever the umask: nobody else reads a case, nor what lies beside it while it is written;
 * and a clean close leaves one file. */
static void files_are_private_and_tidy(void **state)
{
	struct temp_case t;
	(void)state;
	mode_t before = umask(0);
	temp_case_start(&t);
	assert_int_equal(mode_of(&t, ""), 0600);
	assert_int_equal(mode_of(&t, "-wal"), 0600);
	assert_int_equal(mode_of(&t, "-shm"), 0600);
	assert_int_equal(mode_of(&t, ".lock"), 0600);
	temp_case_fill(&t);
	temp_case_close(&t);
	umask(before);
	assert_true(exists(&t, ""));
	assert_false(exists(&t, "-wal"));
	assert_false(exists(&t, "-shm"));
	assert_false(exists(&t, ".lock"));
	char *mode = temp_case_sql(&t, "PRAGMA journal_mode");
	assert_string_equal(mode, "delete");
	free(mode);
	mode = temp_case_sql(&t, "PRAGMA integrity_check");
	assert_string_equal(mode, "ok");
	free(mode);
	temp_case_fini(&t);
}

static void second_writer_is_refused(void **state)
{
	struct temp_case t;
	char holder[40];
	int status = 0;
	(void)state;
	temp_case_start(&t);
	snprintf(holder, sizeof holder, "process %ld", (long)getpid());
	assert_refused(t.path, ERR_CASE_LOCKED, holder);
	pid_t child = fork();
	if (child == 0) {
		struct err err = {0};
		struct writer *w = writer_open(t.path, NULL, &err);
		_exit(w == NULL && err.kind == ERR_CASE_LOCKED &&
					strstr(err.detail, holder) != NULL
				? 0
				: 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* And the refusals did no harm to the first. */
	temp_case_fill(&t);
	temp_case_close(&t);
	temp_case_open(&t);
	temp_case_fini(&t);
}

/* A lock file that a killed process left behind locks nothing. */
static void stale_lock_is_taken_over(void **state)
{
	struct temp_case t;
	char name[128];
	(void)state;
	temp_case_init(&t);
	snprintf(name, sizeof name, "%s.lock", t.path);
	write_file(name, "4242\n", 5);
	temp_case_open(&t);
	temp_case_close(&t);
	assert_false(exists(&t, ".lock"));
	temp_case_fini(&t);
}

static void closed_case_is_refused(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	temp_case_close(&t);
	temp_case_spoil(&t, "UPDATE case_info SET closed_us = 1770091506000000");
	assert_refused(t.path, ERR_CASE_CLOSED, "x.case");
	assert_false(exists(&t, ".lock"));
	assert_false(exists(&t, "-wal"));
	temp_case_fini(&t);
}

static void spoilt_case_is_refused(const char *sql, enum err_kind kind, const char *says)
{
	struct temp_case t;
	temp_case_start(&t);
	temp_case_close(&t);
	temp_case_spoil(&t, sql);
	assert_refused(t.path, kind, says);
	temp_case_fini(&t);
}

/* Never write into a file that we did not make, and leave it as it was. */
static void foreign_files_are_refused(void **state)
{
	struct temp_case t;
	uint8_t noise[5000];
	(void)state;
	temp_case_init(&t);
	write_file(t.path, "", 0);
	assert_refused(t.path, ERR_CASE_FOREIGN, "empty");
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)(i * 37 + i / 256);
	write_file(t.path, noise, sizeof noise);
	assert_refused(t.path, ERR_CASE_FOREIGN, "not a SQLite file");
	write_file(t.path, "SQLite format 3", 16);
	assert_refused(t.path, ERR_CASE_FOREIGN, "not a SQLite file");
	unlink(t.path);
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "CREATE TABLE places (url)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_refused(t.path, ERR_CASE_FOREIGN, "another program");
	assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM sqlite_schema"), 1);
	assert_false(exists(&t, ".lock"));
	temp_case_fini(&t);

	spoilt_case_is_refused("CREATE TRIGGER t AFTER INSERT ON fact BEGIN "
			       "DELETE FROM fact_kind; END",
		ERR_CASE_FOREIGN, "trigger");
	spoilt_case_is_refused("CREATE TABLE mine (a)", ERR_CASE_FOREIGN, "mine");
	spoilt_case_is_refused("DROP VIEW hop", ERR_CASE_FOREIGN, "hop");
	spoilt_case_is_refused("DROP VIEW fact_note", ERR_CASE_FOREIGN, "fact_note");
	spoilt_case_is_refused(
		"ALTER TABLE fact ADD COLUMN more TEXT", ERR_CASE_FOREIGN, "ours: fact");
	spoilt_case_is_refused("PRAGMA user_version = 99", ERR_CASE_FOREIGN, "99");
	spoilt_case_is_refused("DELETE FROM case_info", ERR_CASE_FOREIGN, "case_info");
	spoilt_case_is_refused("INSERT INTO fact (seq, kind) VALUES (9223372036854775807, 18)",
		ERR_CASE_OPEN, "numbers");
}

static void paths_that_cannot_be_are_refused(void **state)
{
	struct temp_case t;
	char name[160];
	(void)state;
	temp_case_init(&t);
	assert_refused(t.folder, ERR_CASE_FOREIGN, "not a regular file");
	snprintf(name, sizeof name, "%s/no/such/folder.case", t.folder);
	assert_refused(name, ERR_CASE_OPEN, "No such file");
	snprintf(name, sizeof name, "%s/", t.path);
	assert_refused(name, ERR_CASE_OPEN, "x.case/");
	assert_refused("", ERR_CASE_OPEN, "");
	snprintf(name, sizeof name, "%s/link", t.folder);
	assert_int_equal(symlink("/nowhere/at/all", name), 0);
	assert_refused(name, ERR_CASE_OPEN, "leads nowhere");
	temp_case_fini(&t);
}

/* Errors must come before the link is released: a folder that takes no new file. */
static void unwritable_folder_is_seen_at_once(void **state)
{
	struct temp_case t;
	int status = 0;
	(void)state;
	temp_case_init(&t);
	assert_int_equal(chmod(t.folder, 0555), 0);
	pid_t child = fork();
	if (child == 0) {
		struct err err = {0};
		/* Root may write everywhere: be somebody else. */
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(2);
		struct writer *w = writer_open(t.path, NULL, &err);
		_exit(w == NULL && err.kind == ERR_CASE_OPEN && err.os == EACCES ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(t.folder, 0700), 0);
	temp_case_fini(&t);
}

/* By another name it is the same case, and the lock lies beside the real one. */
static void links_lead_to_the_same_case(void **state)
{
	struct temp_case t;
	char name[160];
	(void)state;
	temp_case_start(&t);
	snprintf(name, sizeof name, "%s/link", t.folder);
	assert_int_equal(symlink(t.path, name), 0);
	assert_refused(name, ERR_CASE_LOCKED, "x.case.lock");
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_private_and_tidy),
		cmocka_unit_test(second_writer_is_refused),
		cmocka_unit_test(stale_lock_is_taken_over),
		cmocka_unit_test(closed_case_is_refused),
		cmocka_unit_test(foreign_files_are_refused),
		cmocka_unit_test(paths_that_cannot_be_are_refused),
		cmocka_unit_test(unwritable_folder_is_seen_at_once),
		cmocka_unit_test(links_lead_to_the_same_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
