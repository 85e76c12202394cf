/* Files that are no cases, and cases that were made or damaged to harm a reader: an error with
 * a clear text, never a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kit/temp_case.h"
#include "store/case.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static void assert_refused(const char *path, enum err_kind kind, const char *says)
{
	struct err err = {0};
	struct case_file *c = case_open(path, &err);
	assert_null(c);
	if (err.kind != kind || strstr(err.detail, says) == NULL)
		fail_msg("%s: %s; wanted %s: ...%s...", err_word(err.kind), err.detail,
			err_word(kind), says);
}

static void files_that_are_no_cases(void **state)
{
	struct temp_case t;
	uint8_t noise[5000];
	char name[128];
	(void)state;
	temp_case_init(&t);
	assert_refused(t.path, ERR_CASE_OPEN, "No such file");
	assert_refused(t.folder, ERR_CASE_FOREIGN, "not a regular file");
	snprintf(name, sizeof name, "%s/fifo", t.folder);
	assert_int_equal(mkfifo(name, 0600), 0);
	assert_refused(name, ERR_CASE_FOREIGN, "not a regular file");
	write_file(t.path, "", 0);
	assert_refused(t.path, ERR_CASE_FOREIGN, "empty");
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)(i * 37 + i / 256);
	write_file(t.path, noise, sizeof noise);
	assert_refused(t.path, ERR_CASE_FOREIGN, "not a SQLite file");
	unlink(t.path);
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "CREATE TABLE places (url)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_refused(t.path, ERR_CASE_FOREIGN, "another program");
	/* Its first bytes are a case's, and nothing else of it. */
	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "PRAGMA application_id = 0x636c6b74", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_refused(t.path, ERR_CASE_FOREIGN, "schema 0");
	temp_case_fini(&t);
}

static void foreign_objects(void **state)
{
	static const struct {
		const char *sql, *says;
	} cases[] = {
		{"CREATE TRIGGER t AFTER INSERT ON fact BEGIN DELETE FROM fact_kind; END",
			"trigger"},
		{"CREATE TABLE mine (a)", "mine"},
		{"CREATE VIEW mine AS SELECT 1", "mine"},
		{"CREATE INDEX mine ON fact (f5)", "mine"},
		{"DROP VIEW header; CREATE VIEW header AS SELECT randomblob(100000000)",
			"header"},
		{"DROP VIEW hop", "hop"},
		{"CREATE VIRTUAL TABLE mine USING fts5(a)", "mine"},
		{"ALTER TABLE fact ADD COLUMN more TEXT", "ours: fact"},
		{"ALTER TABLE fact ADD COLUMN more TEXT GENERATED ALWAYS AS (f5) VIRTUAL",
			"ours: fact"},
		{"DROP VIEW fact_note; CREATE VIEW fact_note AS SELECT 1", "fact_note"},
		{"PRAGMA user_version = 3", "schema 3"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct temp_case t;
		temp_case_start(&t);
		temp_case_close(&t);
		temp_case_spoil(&t, cases[i].sql);
		assert_refused(t.path, ERR_CASE_FOREIGN, cases[i].says);
		temp_case_fini(&t);
	}
}

static bool look(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	const struct fact_info *info = fact_info(kind);
	int64_t *bytes = ctx;
	(void)seq;
	for (size_t i = 0; i < info->n_fields; i++) {
		struct span v;
		if (info->fields[i].type == FACT_TYPE_INT)
			continue;
		memcpy(&v, (const uint8_t *)fact + info->fields[i].offset, sizeof v);
		for (size_t k = 0; k < v.n; k++)
			*bytes += v.p[k];
	}
	return true;
}

/* Everything that a reader does; false at the first error. */
static bool read_all(const char *path, struct err *err)
{
	struct case_about about;
	int64_t bytes = 0;
	struct case_file *c = case_open(path, err);
	if (c == NULL)
		return false;
	bool ok = case_about(c, &about, err) && case_facts(c, 0, 0, look, &bytes, err);
	for (int64_t x = 1; ok && x <= 3; x++) {
		struct buf body = {0};
		bool whole;
		ok = case_body(c, x, SIDE_RESPONSE, SIZE_MAX, &body, &whole, err);
		buf_fini(&body);
	}
	case_close(c);
	return ok;
}

/* Tables that lost their STRICT for a moment take any type; at rest they look as ours do. */
static void spoil_types(const struct temp_case *t, const char *table, const char *sql)
{
	char text[400];
	snprintf(text, sizeof text,
		"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ') "
		"STRICT', "
		"')') WHERE name = '%s'",
		table);
	temp_case_spoil(t, text);
	temp_case_spoil(t, sql);
	snprintf(text, sizeof text,
		"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql || ' STRICT' "
		"WHERE name = '%s'",
		table);
	temp_case_spoil(t, text);
}

static void values_of_the_wrong_type(void **state)
{
	static const struct {
		const char *table, *sql, *says;
	} cases[] = {
		{"fact", "UPDATE fact SET at_us = 'noon' WHERE kind = 10 AND f3 = 1", "at_us"},
		{"fact", "UPDATE fact SET f7 = x'00ff' WHERE kind = 10 AND f3 = 1", "url"},
		{"fact", "UPDATE fact SET f10 = 7 WHERE kind = 10 AND f3 = 1", "head"},
		{"fact", "UPDATE fact SET f5 = 1.5 WHERE kind = 10 AND f3 = 1", "n"},
		{"fact", "UPDATE fact SET f7 = CAST(x'c328' AS TEXT) WHERE kind = 10", "UTF-8"},
		{"fact", "UPDATE fact SET f9 = 'text' WHERE kind = 13 AND f3 = 2", "no bytes"},
		{"fact", "UPDATE fact SET f5 = 'a' WHERE kind = 13 AND f3 = 2", "chunk"},
		{"fact", "UPDATE fact SET kind = 'note' WHERE kind = 10", "kind: 0"},
		{"fact", "UPDATE fact SET kind = 99 WHERE kind = 10", "kind: 99"},
		{"fact", "UPDATE fact SET kind = -1 WHERE kind = 10", "kind: -1"},
		{"case_info", "UPDATE case_info SET closed_us = x'01'", "case_info"},
		{"case_info", "UPDATE case_info SET operator_name = CAST(x'ff' AS TEXT)",
			"case_info"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct temp_case t;
		struct err err = {0};
		temp_case_start(&t);
		temp_case_fill(&t);
		temp_case_close(&t);
		assert_true(read_all(t.path, &err));
		spoil_types(&t, cases[i].table, cases[i].sql);
		if (read_all(t.path, &err))
			fail_msg("taken for sound: %s", cases[i].sql);
		if (err.kind != ERR_CASE_READ || strstr(err.detail, cases[i].says) == NULL)
			fail_msg("%s: %s: %s", cases[i].sql, err_word(err.kind), err.detail);
		temp_case_fini(&t);
	}
}

static void contents_that_make_no_sense(void **state)
{
	static const struct {
		const char *sql, *says;
	} cases[] = {
		{"INSERT INTO fact (seq, kind) VALUES (9223372036854775807, 18)", "numbers"},
		{"INSERT INTO fact (seq, kind) VALUES (-5, 18)", "numbers"},
		{"DELETE FROM case_info", "case_info"},
		{"INSERT INTO fact (seq, kind, f6) VALUES (9000, 18, "
		 "CAST(zeroblob(20000000) AS TEXT))",
			"too big"},
		{"DELETE FROM fact WHERE kind = 13 AND f3 = 2 AND f5 = 1", "chunk 1"},
		{"DELETE FROM fact WHERE kind = 13 AND f3 = 2 AND f5 = 0", "chunk 0"},
		{"UPDATE fact SET f5 = 0 WHERE kind = 13 AND f3 = 2", "chunk 1"},
		{"UPDATE fact SET f6 = 1 WHERE kind = 13 AND f3 = 2", "size"},
		{"UPDATE fact SET f7 = 424242 WHERE kind = 13 AND f3 = 2 AND f5 = 1",
			"no bytes"},
		{"UPDATE fact SET f7 = seq WHERE kind = 13 AND f3 = 2 AND f5 = 1", "no bytes"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct temp_case t;
		struct err err = {0};
		temp_case_start(&t);
		temp_case_fill(&t);
		temp_case_close(&t);
		temp_case_spoil(&t, cases[i].sql);
		if (read_all(t.path, &err))
			fail_msg("taken for sound: %s", cases[i].sql);
		if (err.kind != ERR_CASE_READ || strstr(err.detail, cases[i].says) == NULL)
			fail_msg("%s: %s: %s", cases[i].sql, err_word(err.kind), err.detail);
		temp_case_fini(&t);
	}
}

static uint8_t *file_bytes(const char *path, size_t *n)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	uint8_t *p = malloc((size_t)st.st_size);
	*n = (size_t)read(fd, p, (size_t)st.st_size);
	assert_int_equal(*n, st.st_size);
	close(fd);
	return p;
}

static void assert_clear_error(const struct err *err)
{
	if (err->kind != ERR_CASE_READ && err->kind != ERR_CASE_FOREIGN &&
		err->kind != ERR_CASE_OPEN)
		fail_msg("%s: %s", err_word(err->kind), err->detail);
	assert_true(err->detail[0] != 0);
}

/* Cut anywhere: too short a file is always noticed. */
static void truncated_files(void **state)
{
	struct temp_case t;
	size_t n;
	(void)state;
	temp_case_start(&t);
	temp_case_fill(&t);
	temp_case_close(&t);
	uint8_t *bytes = file_bytes(t.path, &n);
	for (size_t cut = 0; cut < n; cut += 8192 - 77) {
		struct err err = {0};
		write_file(t.path, bytes, cut);
		if (read_all(t.path, &err))
			fail_msg("cut to %zu of %zu bytes and taken for sound", cut, n);
		assert_clear_error(&err);
	}
	free(bytes);
	temp_case_fini(&t);
}

/* Damaged anywhere, page heads and cells above all: an error or other values, never a crash. */
static void damaged_files(void **state)
{
	enum { ROUNDS = 250, PAGE = 16384 };
	struct temp_case t;
	size_t n;
	int refused = 0;
	uint64_t seed = 99194853094755497u;
	(void)state;
	temp_case_start(&t);
	temp_case_fill(&t);
	temp_case_close(&t);
	uint8_t *bytes = file_bytes(t.path, &n);
	uint8_t *bad = malloc(n);
	for (int round = 0; round < ROUNDS; round++) {
		struct err err = {0};
		memcpy(bad, bytes, n);
		for (int k = 0; k < 8; k++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			size_t page = (seed >> 8) % (n / PAGE);
			/* Even ones: the page's head and cell pointers. */
			size_t at = page * PAGE + (seed >> 40) % (k % 2 == 0 ? 64 : PAGE);
			if (at >= 100)
				bad[at] = (uint8_t)(seed >> 24);
		}
		write_file(t.path, bad, n);
		if (!read_all(t.path, &err)) {
			refused++;
			assert_clear_error(&err);
		}
	}
	assert_true(refused > ROUNDS / 10);
	free(bad);
	free(bytes);
	temp_case_fini(&t);
}

/* A log of noise, a log cut off, a journal of noise beside a case: read from a copy, or
 * refused. */
static void damaged_side_files(void **state)
{
	static const char *const suffixes[] = {"-wal", "-journal"};
	uint8_t noise[40000];
	(void)state;
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)(i * 73 + i / 256);
	for (size_t i = 0; i < 2; i++) {
		struct temp_case t;
		struct err err = {0};
		char name[128];
		temp_case_start(&t);
		temp_case_fill(&t);
		temp_case_close(&t);
		snprintf(name, sizeof name, "%s%s", t.path, suffixes[i]);
		write_file(name, noise, sizeof noise);
		if (!read_all(t.path, &err))
			assert_clear_error(&err);
		/* And it was not touched. */
		size_t n;
		uint8_t *after = file_bytes(name, &n);
		assert_int_equal(n, sizeof noise);
		assert_memory_equal(after, noise, n);
		free(after);
		temp_case_fini(&t);
	}
}

/* SQLite deletes the super-journal that a hot journal names, once it has rolled that back: the
 * record at the journal's end, SQLite file format 3. */
static void a_journal_deletes_nothing(void **state)
{
	static const uint8_t magic[] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
	struct temp_case t;
	struct err err = {0};
	struct buf journal = {0};
	char victim[128], name[128];
	uint32_t sum = 0;
	(void)state;
	temp_case_start(&t);
	temp_case_fill(&t);
	temp_case_close(&t);
	snprintf(victim, sizeof victim, "%s/victim", t.folder);
	snprintf(name, sizeof name, "%s-journal", t.path);
	write_file(victim, (const uint8_t *)"precious", 8);
	/* A header without pages: a sector of 512 bytes, nothing to roll back. */
	buf_add(&journal, magic, sizeof magic);
	for (int i = 0; i < 3; i++)
		buf_add_u32(&journal, 0);
	buf_add_u32(&journal, 512);
	buf_add_u32(&journal, 16384);
	while (buf_len(&journal) < 512)
		buf_add_byte(&journal, 0);
	buf_add_u32(&journal, (1u << 30) / 16384 + 1);
	buf_add_str(&journal, victim);
	buf_add_u32(&journal, (uint32_t)strlen(victim));
	for (const char *c = victim; *c != 0; c++)
		sum += (uint8_t)*c;
	buf_add_u32(&journal, sum);
	buf_add(&journal, magic, sizeof magic);
	write_file(name, buf_span(&journal).p, buf_len(&journal));
	assert_null(case_open(t.path, &err));
	assert_int_equal(err.kind, ERR_CASE_READ);
	assert_non_null(strstr(err.detail, "names another file"));
	assert_null(writer_open(t.path, NULL, &err));
	assert_int_equal(access(victim, F_OK), 0);
	/* And one that is no file at all holds nobody up. */
	assert_int_equal(unlink(name), 0);
	assert_int_equal(mkfifo(name, 0600), 0);
	assert_null(case_open(t.path, &err));
	assert_non_null(strstr(err.detail, "no ordinary file"));
	assert_int_equal(unlink(name), 0);
	buf_fini(&journal);
	temp_case_fini(&t);
}

static void other_encodings_are_foreign(void **state)
{
	struct temp_case t;
	struct err err = {0};
	sqlite3 *db = NULL;
	(void)state;
	temp_case_init(&t);
	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "PRAGMA encoding = 'UTF-16le'; PRAGMA application_id = "
				 "0x636c6b74; PRAGMA user_version = 11; CREATE TABLE x (a)",
				 NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_null(case_open(t.path, &err));
	assert_int_equal(err.kind, ERR_CASE_FOREIGN);
	assert_non_null(strstr(err.detail, "UTF-8"));
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_are_no_cases),
		cmocka_unit_test(foreign_objects),
		cmocka_unit_test(values_of_the_wrong_type),
		cmocka_unit_test(contents_that_make_no_sense),
		cmocka_unit_test(truncated_files),
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(damaged_side_files),
		cmocka_unit_test(a_journal_deletes_nothing),
		cmocka_unit_test(other_encodings_are_foreign),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
