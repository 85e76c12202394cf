/*
 * Inside a reader of recorded exchanges. Private to store/: recorded.c (opening, by URL),
 * recorded_find.c (where facts lie: indexes, or the temporary file that stands in for them),
 * recorded_exchange.c, recorded_chunk.c.
 */
#ifndef STORE_RECORDED_STATE_H
#define STORE_RECORDED_STATE_H

#include "store/case_state.h"
#include "store/put.h"
#include "store/recorded.h"

/* Each gives the numbers of facts, in its first column. By index, a fact may turn out to be
 * something else. */
enum recorded_find {
	FIND_URL,   /* requests for :url, > :after, in order */
	FIND_NEAR,  /* requests from :prefix on, in order of URL, then number; the URL beside it
		     */
	FIND_KEY,   /* of :kind, whose third field is :key, in any order */
	FIND_OF,    /* of :kind opaque or h2_frame (a reset by the origin), of :tunnel and
		       :exchange, in any order */
	FIND_CHUNK, /* of :exchange and :side, > :after, in order, but for the first :skip */
	FIND_COUNT,
};

/* Where a chunk was found: the next one lies behind it. */
struct recorded_place {
	int64_t exchange, side, n, seq; /* seq 0: free */
};

enum { RECORDED_PLACES = 64 }; /* bodies that are read at the same time */

struct recorded {
	struct case_file *c;
	bool hold;        /* a transaction is gone on with, */
	int64_t begun_us; /* that began then */
	bool any_erased;  /* in it: something was, somewhere */
	int64_t indexes;  /* in the transaction that was begun: enum case_index */
	sqlite3_stmt *by_index[FIND_COUNT], *by_aside[FIND_COUNT];
	sqlite3_stmt *one, *chunk, *erased, *ever_erased, *behind;
	/* What stands in for the indexes; NULL until it is needed. */
	sqlite3 *aside;
	sqlite3_stmt *scan, *put_url, *put_place;
	bool places;       /* it stands in for both indexes, not only for that by URL */
	int64_t aside_seq; /* facts up to here are in it */
	struct recorded_place bodies[RECORDED_PLACES];
};

/* A read transaction in which recorded_find can be asked. To be ended, also after a failure. */
bool recorded_begin(struct recorded *r, struct err *err);
/* Ends it; ok is what came of it so far. */
bool recorded_done(struct recorded *r, bool ok, struct err *err);
/* The statement, ready to be bound; reset it afterwards. */
sqlite3_stmt *recorded_find(struct recorded *r, enum recorded_find what, struct err *err);
void recorded_find_fini(struct recorded *r);

/* The first chunk of a body was come upon. */
void recorded_saw_chunk(struct recorded *r, int64_t exchange, enum fact_side side, int64_t seq);

/* One fact, if it is there and of that kind. Its spans live until the next call. */
bool recorded_fact(struct recorded *r, int64_t seq, enum fact_kind kind, union fact_any *out,
	bool *found, struct err *err);

#endif
