/*
 * Facts into their tables: one INSERT per kind, written out in put_*.c, prepared once. Private
 * to store/; called by the writer's thread only. The texts of the matching SELECTs are in
 * get_*.c.
 */
#ifndef STORE_PUT_H
#define STORE_PUT_H

#include "store/db.h"
#include "store/fact/fact.h"

#define X(upper, lower) extern const char put_sql_##lower[];
FACT_KINDS(X)
#undef X

/* Room for a fact of any kind. */
union fact_any {
#define X(upper, lower) struct fact_##lower lower;
	FACT_KINDS(X)
#undef X
};

struct put {
	sqlite3 *db;
	sqlite3_stmt *inserts[FACT_KIND_COUNT];
};

bool put_open(struct put *p, sqlite3 *db, struct err *err);
void put_close(struct put *p); /* also after a failed put_open */
/* Spans of the fact are borrowed until the call returns. */
bool put_fact(
	struct put *p, enum fact_kind kind, int64_t seq, const void *fact, struct err *err);

#endif
