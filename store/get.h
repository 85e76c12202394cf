/*
 * Facts out of their tables: one SELECT per kind, written out in get_*.c. Private to store/;
 * used by readers. The file may be hostile: a value of the wrong type, or text that is no
 * UTF-8, is an error.
 */
#ifndef STORE_GET_H
#define STORE_GET_H

#include "store/db.h"
#include "store/fact/fact.h"

#define X(upper, lower) extern const char get_sql_##lower[];
FACT_KINDS(X)
#undef X

/* Rows of that kind with seq > :after in order; columns: seq, then the fields in order (a
 * chunk's data as NULL). */
sqlite3_stmt *get_prepare(sqlite3 *db, enum fact_kind kind, struct err *err);
/* The row that the statement stands on. Spans live until it is stepped or reset. */
bool get_row(sqlite3_stmt *s, enum fact_kind kind, void *fact, struct err *err);
/* The highest seq of all tables; 0: none. */
bool get_last_seq(sqlite3 *db, int64_t *out, struct err *err);

#endif
