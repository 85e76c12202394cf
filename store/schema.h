/*
 * What a case's database is made of: runs the numbered SQL files on a new one, recognises an
 * existing one, and adds the indexes that readers want. Private to store/. Any object that our
 * own SQL does not make (a trigger above all) makes a file foreign.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/db.h"

enum {
	SCHEMA_OLDEST = 6, /* of the cases that are read */
	SCHEMA_SEAL = 8,   /* from here on there is a seal */
	SCHEMA_REPORT = 9,   /* from here on there are lookups and attachments */
	SCHEMA_PACKETS = 10, /* from here on there are packet recorders and what packets show */
	SCHEMA_REMARKS = 11, /* from here on there are remarks */
};

int schema_number(void); /* of the last step that this program knows */

/* Every table and view, application_id and user_version, in one transaction on an empty
 * database. */
bool schema_make(sqlite3 *db, struct err *err);
/* Is it exactly ours, as of the step that it names (*number)? ERR_CASE_FOREIGN if not, or if it
 * is to be written and is not of this version; ERR_CASE_READ if it cannot be read. */
bool schema_check(sqlite3 *db, bool to_write, int *number, struct err *err);
/* Indexes for readers: made when a session ends, dropped when the next one begins. */
bool schema_index(sqlite3 *db, struct err *err);
bool schema_unindex(sqlite3 *db, struct err *err);

#endif
