#include "store/case_state.h"
#include "store/lock.h"
#include "store/numbers.h"
#include "store/schema.h"
#include "store/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CASE_PROGRESS_STEPS = 20000 }; /* of SQLite's machine between two looks at the clock */

static const char about_sql[] =
	"SELECT id, created_us, closed_us, tool_name, tool_version, operator_name "
	"FROM case_info WHERE n = 1";

static const char erased_sql[] = "SELECT DISTINCT seq FROM seal_erased ORDER BY seq";

/* Where a case is read: in its place, or from a copy that only this process can change. */
struct place {
	bool copy;
	char folder[PATH_MAX]; /* private, of the copy */
	char file[PATH_MAX + 16];
};

void case_start_clock(struct case_file *c)
{
	c->deadline_us = clock_now_us(clock_real()) + CASE_READ_MAX_MS * 1000LL;
}

static int too_long(void *opened)
{
	const struct case_file *c = opened;
	return atomic_load(&c->interrupted) ||
	       (c->deadline_us != 0 && clock_now_us(clock_real()) > c->deadline_us);
}

void case_interrupt(struct case_file *c)
{
	atomic_store(&c->interrupted, true);
}

bool case_is_written(const char *path)
{
	return lock_held(path);
}

bool case_is_left(const char *path)
{
	return lock_look(path) == LOCK_LEAVING;
}

bool case_is_written_or_left(const char *path, bool *left)
{
	enum lock_state state = lock_look(path);
	*left = state == LOCK_LEAVING;
	return state != LOCK_FREE;
}

bool case_is_copy(const struct case_file *c)
{
	return !c->claimed;
}

static bool beside_exists(const char *path, const char *suffix)
{
	char name[PATH_MAX + 16];
	struct stat st;
	snprintf(name, sizeof name, "%s%s", path, suffix);
	return lstat(name, &st) == 0 && st.st_size > 0;
}

/* In its place only if it is ours (nobody else changes it under us) and nothing is left to
 * recover: either its writer is alive, or it was left cleanly. A case that was closed for good
 * may not be written, and need not. */
static bool readable_in_place(
	const struct case_file *c, const struct stat *st, const struct raw_header *header)
{
	if (st->st_uid != geteuid() || access(c->path, R_OK) != 0)
		return false;
	if (lock_held(c->path))
		return access(c->path, W_OK) == 0;
	return !header->wal && !beside_exists(c->path, "-wal") &&
	       !beside_exists(c->path, "-journal");
}

static bool copy_case(const struct case_file *c, struct place *out, struct err *err)
{
	const char *wanted = getenv("TMPDIR");
	char tmp[PATH_MAX];
	/* SQLite is told to follow no link, so none may be in the name. */
	if (wanted == NULL || wanted[0] != '/')
		wanted = "/tmp";
	if (realpath(wanted, tmp) == NULL)
		return err_set_os(err, ERR_CASE_OPEN, errno, "%s", wanted);
	int n = snprintf(out->folder, sizeof out->folder, "%s/clicktrail-case-XXXXXX", tmp);
	if (n < 0 || (size_t)n >= sizeof out->folder - 8 || mkdtemp(out->folder) == NULL)
		return err_set_os(err, ERR_CASE_OPEN, errno, "a private folder in %s", tmp);
	out->copy = true;
	snprintf(out->file, sizeof out->file, "%s/case", out->folder);
	if (raw_copy(c->path, out->file, err))
		return true;
	rmdir(out->folder);
	return false;
}

/* Under raw_lock. */
static bool choose(struct case_file *c, struct place *out, struct err *err)
{
	struct stat st;
	struct raw_header header;
	if (lstat(c->path, &st) != 0)
		return err_set_os(err, ERR_CASE_OPEN, errno, "%s", c->path);
	struct raw_id id = {st.st_dev, st.st_ino};
	/* Already open in this process, so it was looked at; raw descriptors would drop
	 * SQLite's locks. */
	if (!raw_in_use(id)) {
		if (!raw_sniff(c->path, &header, err) || !raw_beside(c->path, err))
			return false;
		if (!readable_in_place(c, &st, &header))
			return copy_case(c, out, err);
	}
	snprintf(out->file, sizeof out->file, "%s", c->path);
	raw_claim(id);
	c->raw = id;
	c->claimed = true;
	return true;
}

/* A copy's log is folded into it, and its name is gone before anybody reads: nothing is left
 * behind, whatever happens. */
static bool settle_copy(struct case_file *c, struct err *err)
{
	return db_exec(c->db, "PRAGMA journal_mode = DELETE", ERR_CASE_READ, err);
}

static void remove_copy(const struct place *place)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char name[PATH_MAX + 32];
		snprintf(name, sizeof name, "%s%s", place->file, suffixes[i]);
		unlink(name);
	}
	rmdir(place->folder);
}

static bool open_db(struct case_file *c, const struct place *place, struct err *err)
{
	c->db = db_open(place->file, place->copy ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY,
		ERR_CASE_READ, err);
	if (c->db == NULL)
		return false;
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_progress_handler(c->db, CASE_PROGRESS_STEPS, too_long, c);
	if (place->copy && !settle_copy(c, err))
		return false;
	return db_exec(c->db, "PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON",
		       ERR_CASE_READ, err) &&
	       schema_check(c->db, false, &c->schema, err);
}

struct case_file *case_open(const char *path, struct err *err)
{
	struct case_file *c = calloc(1, sizeof *c);
	struct place *place = calloc(1, sizeof *place);
	if (c == NULL || place == NULL)
		abort();
	bool ok = raw_resolve(path, c->path, err);
	if (ok) {
		raw_lock();
		ok = choose(c, place, err);
		raw_unlock();
	}
	if (ok) {
		ok = open_db(c, place, err);
		if (ok)
			c->facts = get_prepare(c->db, GET_AFTER, err);
		ok = c->facts != NULL;
		if (place->copy)
			remove_copy(place);
	}
	free(place);
	if (ok)
		return c;
	case_close(c);
	return NULL;
}

const char *case_path(const struct case_file *c)
{
	return c->path;
}

void case_close(struct case_file *c)
{
	if (c == NULL)
		return;
	sqlite3_finalize(c->facts);
	sqlite3_finalize(c->for_trails);
	sqlite3_finalize(c->one);
	sqlite3_finalize(c->by_key);
	sqlite3_finalize(c->begin);
	sqlite3_finalize(c->rollback);
	sqlite3_finalize(c->schema_version);
	sqlite3_finalize(c->find_indexes);
	sqlite3_finalize(c->body_indexed);
	sqlite3_finalize(c->body_between);
	case_spans_fini(&c->bodies);
	case_spans_fini(&c->lies);
	db_close(c->db);
	if (c->claimed)
		raw_release(c->raw);
	arena_fini(&c->texts);
	free(c);
}

/* A text that may be absent; false if it is of another type or no UTF-8. */
static bool text_column(struct case_file *c, sqlite3_stmt *s, int column, struct span *out)
{
	int type = sqlite3_column_type(s, column);
	struct span text = db_column_span(s, column);
	*out = arena_copy(&c->texts, text);
	return type == SQLITE_NULL || (type == SQLITE_TEXT && text_valid(text));
}

static bool int_column(sqlite3_stmt *s, int column, int64_t *out)
{
	int type = sqlite3_column_type(s, column);
	*out = type == SQLITE_INTEGER ? sqlite3_column_int64(s, column) : FACT_NULL;
	return type == SQLITE_INTEGER || type == SQLITE_NULL;
}

static bool read_about(
	struct case_file *c, sqlite3_stmt *s, struct case_about *out, struct err *err)
{
	int rc = sqlite3_step(s);
	if (rc == SQLITE_DONE)
		return err_set(err, ERR_CASE_READ, "it has no case_info");
	if (rc != SQLITE_ROW)
		return db_fail(c->db, ERR_CASE_READ, "case_info", err);
	if (!text_column(c, s, 0, &out->id) || !int_column(s, 1, &out->created_us) ||
		!int_column(s, 2, &out->closed_us) || !text_column(c, s, 3, &out->tool_name) ||
		!text_column(c, s, 4, &out->tool_version) ||
		!text_column(c, s, 5, &out->operator_name))
		return err_set(err, ERR_CASE_READ, "case_info holds a value of the wrong type");
	return true;
}

bool case_about(struct case_file *c, struct case_about *out, struct err *err)
{
	*out = (struct case_about){.schema = c->schema};
	case_start_clock(c);
	sqlite3_stmt *s = db_prepare(c->db, about_sql, ERR_CASE_READ, err);
	if (s == NULL)
		return false;
	bool ok = read_about(c, s, out, err);
	sqlite3_finalize(s);
	if (!ok)
		return false;
	out->being_written = lock_held(c->path);
	return get_last_seq(c->db, &out->last_seq, err);
}

bool case_numbers(struct case_file *c, struct case_numbers *out, struct err *err)
{
	case_start_clock(c);
	return numbers_read(c->db, out, err);
}

bool case_last_seq(struct case_file *c, int64_t *out, struct err *err)
{
	case_start_clock(c);
	return get_last_seq(c->db, out, err);
}

bool case_erased(
	struct case_file *c, struct arena *a, int64_t **out, size_t *n, struct err *err)
{
	*out = NULL;
	*n = 0;
	if (c->schema < SCHEMA_SEAL)
		return true;
	case_start_clock(c);
	sqlite3_stmt *s = db_prepare(c->db, erased_sql, ERR_CASE_READ, err);
	if (s == NULL)
		return false;
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		ARENA_PUSH(a, *out, *n, sqlite3_column_int64(s, 0));
	bool ok = rc == SQLITE_DONE || db_fail(c->db, ERR_CASE_READ, "what was erased", err);
	sqlite3_finalize(s);
	return ok;
}
