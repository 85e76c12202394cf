/*
 * Facts into their table: one INSERT for all kinds, prepared once; field n of a kind's list
 * goes into column n. Private to store/; called by whoever commits, one thread at a time. The
 * matching SELECT is in get.c.
 */
#ifndef STORE_PUT_H
#define STORE_PUT_H

#include "store/db.h"
#include "store/fact/fact.h"

enum {
	FACT_COLUMNS = 22, /* for fields in the table: as many as the longest kind has */
	/* `kind` in the table: the enum's value, from 1 (kinds are only ever appended). */
	FACT_KIND_STORED = 1,
};

/* Room for a fact of any kind. */
union fact_any {
#define X(upper, lower) struct fact_##lower lower;
	FACT_KINDS(X)
#undef X
};

struct put {
	sqlite3 *db;
	sqlite3_stmt *insert;
	int bound; /* fields that the last fact had: the rest is NULL */
};

bool put_open(struct put *p, sqlite3 *db, struct err *err);
/* The same for facts that are there already and lost something (store/seal_erase). */
bool put_open_again(struct put *p, sqlite3 *db, struct err *err);
void put_close(struct put *p); /* also after a failed put_open */
/* Spans of the fact and the seal are borrowed until the call returns. */
bool put_fact(struct put *p, enum fact_kind kind, int64_t seq, const void *fact,
	struct span seal, struct err *err);

#endif
