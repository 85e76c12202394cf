/*
 * Inside a reader of cases. Private to store/: case.c (opening), case_facts.c, bodies.c,
 * recorded*.c.
 */
#ifndef STORE_CASE_STATE_H
#define STORE_CASE_STATE_H

#include "store/case.h"
#include "store/get.h"
#include "store/raw.h"

#include <limits.h>
#include <stdatomic.h>

enum {
	CASE_READ_MAX_MS = 10 * 1000, /* for one page of facts or one body; longer: the file is
					 made to be slow */
	CASE_PAGE_FACTS = 512,        /* facts read in one transaction */
	CASE_PAGE_BYTES = 4 * 1024 * 1024,
	CASE_PAGE_MS =
		500, /* a page is cut after this time: the writer's log waits for readers */
};

/* Where the chunks of one side of an exchange lie, as numbers of facts. */
struct case_span {
	uint64_t key; /* exchange and side; 0: free */
	int64_t first, last;
};

/* Known while a case has no index over its chunks: while it is being written, or was left
 * uncleanly. */
struct case_spans {
	struct case_span *items;
	size_t n, cap;
	int64_t seen_seq; /* chunks up to here are in it */
};

struct case_file {
	char path[PATH_MAX]; /* of the case itself, also when a copy is read */
	sqlite3 *db;
	int schema; /* its last step */
	struct raw_id raw;
	bool claimed;
	int64_t deadline_us; /* of the call under way; 0: none */
	struct arena texts;  /* what case_about gave */
	sqlite3_stmt *facts;
	sqlite3_stmt *for_trails; /* made when first needed */
	sqlite3_stmt *one;        /* the same */
	sqlite3_stmt *by_key;     /* the same */
	/* Made when first needed. */
	sqlite3_stmt *begin, *rollback, *schema_version, *find_indexes, *body_indexed,
		*body_between;
	bool hold;        /* a transaction is gone on with, */
	int64_t begun_us; /* that began then */
	bool schema_known;
	int64_t schema_seen; /* that version of it has these indexes */
	int64_t indexes;     /* enum case_index */
	struct case_spans bodies;
	struct case_spans lies; /* as case_body_lies said */
	atomic_bool interrupted;
};

void case_spans_fini(struct case_spans *s); /* bodies.c */

/* In bodies.c: a read transaction, and which indexes there are in it. */
enum case_index { CASE_BY_KIND = 1, CASE_BY_URL = 2 };
bool case_begin(struct case_file *c, struct err *err);
bool case_roll_back(struct case_file *c, struct err *err);
/* The same, gone on with where case_hold asked for that; and its end, with what came of it. */
bool case_enter(struct case_file *c, struct err *err);
bool case_leave(struct case_file *c, bool ok, struct err *err);
bool case_indexes(struct case_file *c, int64_t *out, struct err *err);

/* A row of a chunk begins with these columns: c is its fact, s the one that it shares. */
#define CASE_CHUNK_COLUMNS "c.f5, c.f6, c.f7, c.f9, s.f9, c.seq"
/* The bytes of the n-th chunk of a body; they must be what the fact says they are. */
bool case_chunk_data(sqlite3_stmt *row, int64_t n, struct span *out, struct err *err);
/* Were they erased? */
bool case_chunk_erased(struct case_file *c, sqlite3_stmt *row);

/* The time allowed for one call starts now. */
void case_start_clock(struct case_file *c);

#endif
