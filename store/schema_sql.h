/*
 * The numbered SQL files of store/schema, embedded by the build in order of their numbers.
 * A released file is never edited: a later one changes what it made.
 */
#ifndef STORE_SCHEMA_SQL_H
#define STORE_SCHEMA_SQL_H

struct schema_step {
	int number;       /* 1.. ; 0 ends the table */
	const char *name; /* "0001_facts" */
	const char *sql;
};

extern const struct schema_step schema_steps[];

#endif
