/*
 * A thin layer over SQLite: open, run, prepare, and turn its failures into struct err. Private
 * to store/, which is the only folder that includes sqlite3.h. Knows nothing of facts. A
 * connection belongs to one thread at a time.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "store/base/err.h"
#include "store/base/text.h"

#include <sqlite3.h>

enum {
	DB_BUSY_MS = 5000,               /* how long a lock of somebody else's is waited for */
	DB_VALUE_MAX = 16 * 1024 * 1024, /* bytes of one row or statement */
	DB_APPLICATION_ID = 0x636c6b74,  /* "clkt", at byte 68 of the file */
	DB_PAGE_SIZE = 16384,
};

/* flags: SQLITE_OPEN_*. Follows no symbolic link: resolve the path first. NULL after an error
 * of that kind. The connection trusts nothing that the file's schema says. */
sqlite3 *db_open(const char *path, int flags, enum err_kind kind, struct err *err);
void db_close(sqlite3 *db); /* NULL is fine; every statement must be finalized before */

/* Fill err from the connection's last failure ("what: message") and return false. A file that
 * SQLite cannot make sense of is said to be damaged. */
bool db_fail(sqlite3 *db, enum err_kind kind, const char *what, struct err *err);

bool db_exec(sqlite3 *db, const char *sql, enum err_kind kind, struct err *err);
sqlite3_stmt *db_prepare(sqlite3 *db, const char *sql, enum err_kind kind, struct err *err);
/* The single integer that sql gives; NULL or no row leaves *out as it is. */
bool db_int(sqlite3 *db, const char *sql, int64_t *out, enum err_kind kind, struct err *err);

/* Bind by name; a statement without that parameter is our bug. Spans are borrowed until the
 * next reset. */
void db_bind_int(sqlite3_stmt *s, const char *name, int64_t value); /* FACT_NULL binds NULL */
bool db_bind_text(sqlite3_stmt *s, const char *name, struct span value); /* false: too long */
bool db_bind_blob(sqlite3_stmt *s, const char *name, struct span value); /* the same */
/* Bytes of a text or blob column, without conversion; absent for NULL and for other types. */
struct span db_column_span(sqlite3_stmt *s, int column);

#endif
