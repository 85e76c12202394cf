#include "store/db.h"
#include "store/fact/fact.h"

#include <assert.h>
#include <pthread.h>

static void harden(sqlite3 *db)
{
	sqlite3_extended_result_codes(db, 1);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, DB_VALUE_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
	sqlite3_busy_timeout(db, DB_BUSY_MS);
}

/* Before SQLite's first use in the process; where somebody else was first, it stays as it is.
 * Each connection is used by one thread at a time, and nobody asks how much memory it took:
 * both cost a mutex at every allocation. */
static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

sqlite3 *db_open(const char *path, int flags, enum err_kind kind, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	sqlite3 *db = NULL;
	pthread_once(&once, configure);
	/* One thread at a time uses a connection: no mutex inside. */
	flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW;
	if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK) {
		db_fail(db, kind, path, err);
		sqlite3_close(db);
		return NULL;
	}
	harden(db);
	/* No mmap: a file that shrinks under us would be a SIGBUS. */
	if (!db_exec(db,
		    "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA temp_store = "
		    "MEMORY",
		    kind, err)) {
		db_close(db);
		return NULL;
	}
	return db;
}

void db_close(sqlite3 *db)
{
	int rc = sqlite3_close(db);
	assert(rc == SQLITE_OK);
}

bool db_fail(sqlite3 *db, enum err_kind kind, const char *what, struct err *err)
{
	int code = db != NULL ? sqlite3_errcode(db) : SQLITE_NOMEM;
	const char *text = db != NULL ? sqlite3_errmsg(db) : "out of memory";
	switch (code & 0xff) {
	case SQLITE_NOTADB:
		return err_set(err, ERR_CASE_FOREIGN, "%s: not a SQLite file", what);
	case SQLITE_CORRUPT:
		return err_set(err, kind, "%s: the file is damaged (%s)", what, text);
	case SQLITE_INTERRUPT: return err_set(err, kind, "%s: it took too long", what);
	default: break;
	}
	int os = db != NULL ? sqlite3_system_errno(db) : 0;
	bool by_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN ||
			 (code & 0xff) == SQLITE_FULL;
	if (by_system && os != 0)
		return err_set_os(err, kind, os, "%s: %s (SQLite %d)", what, text, code);
	return err_set(err, kind, "%s: %s (SQLite %d)", what, text, code);
}

bool db_exec(sqlite3 *db, const char *sql, enum err_kind kind, struct err *err)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	char what[48];
	size_t n = strcspn(sql, ";\n");
	if (n >= sizeof what)
		n = sizeof what - 1;
	memcpy(what, sql, n);
	what[n] = 0;
	return db_fail(db, kind, what, err);
}

sqlite3_stmt *db_prepare(sqlite3 *db, const char *sql, enum err_kind kind, struct err *err)
{
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) == SQLITE_OK)
		return s;
	db_fail(db, kind, "a statement", err);
	return NULL;
}

bool db_int(sqlite3 *db, const char *sql, int64_t *out, enum err_kind kind, struct err *err)
{
	sqlite3_stmt *s = db_prepare(db, sql, kind, err);
	if (s == NULL)
		return false;
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW && sqlite3_column_type(s, 0) == SQLITE_INTEGER)
		*out = sqlite3_column_int64(s, 0);
	bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE || db_fail(db, kind, "a look-up", err);
	sqlite3_finalize(s);
	return ok;
}

static int parameter(sqlite3_stmt *s, const char *name)
{
	int at = sqlite3_bind_parameter_index(s, name);
	assert(at > 0);
	return at;
}

void db_bind_int(sqlite3_stmt *s, const char *name, int64_t value)
{
	int at = parameter(s, name);
	int rc = value == FACT_NULL ? sqlite3_bind_null(s, at)
				    : sqlite3_bind_int64(s, at, value);
	assert(rc == SQLITE_OK);
}

bool db_bind_text(sqlite3_stmt *s, const char *name, struct span value)
{
	int at = parameter(s, name);
	if (value.p == NULL)
		return sqlite3_bind_null(s, at) == SQLITE_OK;
	return sqlite3_bind_text64(s, at, (const char *)value.p, value.n, SQLITE_STATIC,
		       SQLITE_UTF8) == SQLITE_OK;
}

bool db_bind_blob(sqlite3_stmt *s, const char *name, struct span value)
{
	int at = parameter(s, name);
	if (value.p == NULL)
		return sqlite3_bind_null(s, at) == SQLITE_OK;
	return sqlite3_bind_blob64(s, at, value.p, value.n, SQLITE_STATIC) == SQLITE_OK;
}

struct span db_column_span(sqlite3_stmt *s, int column)
{
	int type = sqlite3_column_type(s, column);
	if (type != SQLITE_TEXT && type != SQLITE_BLOB)
		return SPAN_NONE;
	const void *p = type == SQLITE_TEXT ? (const void *)sqlite3_column_text(s, column)
					    : sqlite3_column_blob(s, column);
	int n = sqlite3_column_bytes(s, column);
	/* An empty blob has no address, but it is not absent. */
	return span_of(p != NULL ? p : "", (size_t)n);
}
