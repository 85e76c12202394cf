/* What a session leaves behind: one plain file. */
#include "store/lock.h"
#include "store/writer_state.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WRITER_CLOSE_BUSY_MS = 250, WRITER_CLOSE_WAIT_MS = 3000, WRITER_CLOSE_PAUSE_MS = 5 };

/* SQLite itself does not wait for the connections of others here. A reader that follows along
 * lets go when it sees that the writer is leaving; it may be in the middle of a page. */
static int leave_wal(sqlite3 *db)
{
	int64_t until_us = writer_tick_us() + WRITER_CLOSE_WAIT_MS * INT64_C(1000);
	int rc;
	while ((rc = sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL)) !=
			SQLITE_OK &&
		((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED) &&
		writer_tick_us() < until_us)
		nanosleep(
			&(struct timespec){.tv_nsec = WRITER_CLOSE_PAUSE_MS * 1000000L}, NULL);
	return rc;
}

static bool has_left_wal(sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	bool left = sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &s, NULL) == SQLITE_OK &&
		    sqlite3_step(s) == SQLITE_ROW &&
		    strcmp((const char *)sqlite3_column_text(s, 0), "delete") == 0;
	sqlite3_finalize(s);
	return left;
}

/* Between leaving the log and writing so into the file SQLite lets go of its lock. A reader
 * that comes in that moment makes a log anew, cannot remove it again, and is waited for; what
 * is left is empty then, and belongs to nobody. */
static void remove_empty_log(const char *path)
{
	char name[PATH_MAX + 8];
	struct stat st;
	snprintf(name, sizeof name, "%s-wal", path);
	if (stat(name, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != 0)
		return;
	unlink(name);
	snprintf(name, sizeof name, "%s-shm", path);
	unlink(name);
}

bool writer_settle(struct writer *w, struct err *err)
{
	sqlite3_busy_timeout(w->db, WRITER_CLOSE_BUSY_MS);
	if (!writer_make_indexes(w->db, err))
		return false;
	int rc = sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
		return db_fail(w->db, ERR_CASE_WRITE, "checkpoint", err);
	lock_leaving(w->lock_fd);
	rc = leave_wal(w->db);
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
		return db_fail(w->db, ERR_CASE_WRITE, "leaving the write-ahead log", err);
	if (rc == SQLITE_OK && has_left_wal(w->db))
		remove_empty_log(w->path);
	return true;
}
