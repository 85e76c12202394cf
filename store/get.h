/*
 * Facts out of their table: one SELECT for all kinds. Private to store/; used by readers. The
 * file may be hostile: a value of the wrong type, or text that is no UTF-8, is an error.
 */
#ifndef STORE_GET_H
#define STORE_GET_H

#include "store/db.h"
#include "store/fact/fact.h"

/* In order of seq; a chunk's data is left out. GET_BY_KEY, GET_OF_KIND and GET_PERMITTED need
 * the index of a case at rest.
 */
enum { GET_COLUMN_FIELDS = 2, GET_COLUMN_SEAL = 24 };
enum get_what {
	GET_AFTER,           /* seq > :after */
	GET_ONE,             /* :seq */
	GET_BY_KEY,          /* of :kind, whose third field is :key */
	GET_OF_KIND,         /* of :kind */
	GET_OF_KIND_BETWEEN, /* of :kind, from :from to :to; without the index */
	GET_FOR_TRAILS,      /* from :from to :to, what trails are derived from, as far as that
				needs it */
	GET_SEALED,    /* seq > :after, with chunk data, and the seal as the last column */
	GET_PERMITTED, /* handshakes whose certificate was let pass; by the index */
};
sqlite3_stmt *get_prepare(sqlite3 *db, enum get_what what, struct err *err);
/* Number and kind of the row that the statement stands on. */
bool get_kind(sqlite3_stmt *s, int64_t *seq, enum fact_kind *kind, struct err *err);
/* Its fields. Spans live until it is stepped or reset. */
bool get_row(sqlite3_stmt *s, enum fact_kind kind, void *fact, struct err *err);
/* The highest seq; 0: none. */
bool get_last_seq(sqlite3 *db, int64_t *out, struct err *err);

#endif
