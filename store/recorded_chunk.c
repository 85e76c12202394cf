/*
 * One chunk of a body at a time. Chunks are numbered in the order of their facts, so the next
 * one is the first fact behind the last; where that was is remembered for a few bodies.
 */
#include "store/recorded_state.h"
#include "store/writer.h"

#include <assert.h>

/* 13 is a chunk; f3 exchange, f4 side, f7 same_as. */
static const char chunk_sql[] = "SELECT " CASE_CHUNK_COLUMNS ", c.at_us, c.f3, c.f4 "
				"FROM fact AS c "
				"LEFT JOIN fact AS s ON s.seq = c.f7 AND s.kind = 13 "
				"WHERE c.seq = :seq AND c.kind = 13";
enum { CHUNK_AT = 6, CHUNK_EXCHANGE, CHUNK_SIDE };

static struct recorded_place *place_of(
	struct recorded *r, int64_t exchange, enum fact_side side)
{
	uint64_t slot = (uint64_t)exchange * 2 + (side == SIDE_RESPONSE);
	return &r->bodies[slot % RECORDED_PLACES];
}

void recorded_saw_chunk(struct recorded *r, int64_t exchange, enum fact_side side, int64_t seq)
{
	struct recorded_place *p = place_of(r, exchange, side);
	if (p->seq == 0 || p->exchange != exchange || p->side != side)
		*p = (struct recorded_place){exchange, side, 0, seq};
}

/* The number of the n-th chunk's fact; 0: there is none. */
static bool find_chunk(struct recorded *r, int64_t exchange, enum fact_side side, int64_t n,
	int64_t *seq, struct err *err)
{
	const struct recorded_place *p = place_of(r, exchange, side);
	bool near = p->seq != 0 && p->exchange == exchange && p->side == side && p->n <= n;
	*seq = near ? p->seq : 0;
	if (near && p->n == n)
		return true;
	sqlite3_stmt *s = recorded_find(r, FIND_CHUNK, err);
	*seq = 0;
	if (s == NULL)
		return false;
	db_bind_int(s, ":exchange", exchange);
	db_bind_int(s, ":side", side);
	db_bind_int(s, ":after", near ? p->seq - 1 : 0);
	db_bind_int(s, ":skip", near ? n - p->n : n);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*seq = sqlite3_column_int64(s, 0);
	bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE ||
		  db_fail(sqlite3_db_handle(s), ERR_CASE_READ, "chunks", err);
	sqlite3_reset(s);
	return ok;
}

static bool is_of(sqlite3_stmt *row, int64_t exchange, enum fact_side side)
{
	return sqlite3_column_type(row, CHUNK_EXCHANGE) == SQLITE_INTEGER &&
	       sqlite3_column_int64(row, CHUNK_EXCHANGE) == exchange &&
	       sqlite3_column_type(row, CHUNK_SIDE) == SQLITE_INTEGER &&
	       sqlite3_column_int64(row, CHUNK_SIDE) == side;
}

/* The row is there. */
static bool take_row(struct recorded *r, int64_t n, struct buf *out, int64_t *at_us,
	enum recorded_kind *kind, struct err *err)
{
	struct span data;
	int type = sqlite3_column_type(r->chunk, CHUNK_AT);
	if (type != SQLITE_INTEGER && type != SQLITE_NULL)
		return err_set(err, ERR_CASE_READ,
			"chunk %lld of the body: at_us is of the wrong type", (long long)n);
	if (type == SQLITE_INTEGER)
		*at_us = sqlite3_column_int64(r->chunk, CHUNK_AT);
	if (case_chunk_erased(r->c, r->chunk)) {
		*kind = RECORDED_ERASED;
		return sqlite3_column_int64(r->chunk, 0) == n ||
		       err_set(err, ERR_CASE_READ, "chunk %lld of the body is missing",
			       (long long)n);
	}
	if (!case_chunk_data(r->chunk, n, &data, err))
		return false;
	if (data.n > BODY_CHUNK)
		return err_set(err, ERR_CASE_READ,
			"chunk %lld of the body is longer than chunks are", (long long)n);
	*kind = RECORDED_CHUNK;
	buf_add_span(out, data);
	return true;
}

static bool read_chunk(struct recorded *r, int64_t exchange, enum fact_side side, int64_t n,
	struct buf *out, int64_t *at_us, enum recorded_kind *kind, struct err *err)
{
	int64_t seq;
	if (!find_chunk(r, exchange, side, n, &seq, err))
		return false;
	if (seq == 0)
		return true;
	if (r->chunk == NULL)
		r->chunk = db_prepare(r->c->db, chunk_sql, ERR_CASE_READ, err);
	if (r->chunk == NULL)
		return false;
	db_bind_int(r->chunk, ":seq", seq);
	int rc = sqlite3_step(r->chunk);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return db_fail(r->c->db, ERR_CASE_READ, "a chunk", err);
	if (rc == SQLITE_DONE || !is_of(r->chunk, exchange, side))
		return err_set(err, ERR_CASE_READ,
			"chunk %lld of the body is not where the index says", (long long)n);
	if (!take_row(r, n, out, at_us, kind, err))
		return false;
	*place_of(r, exchange, side) = (struct recorded_place){exchange, side, n, seq};
	return true;
}

bool recorded_chunk(struct recorded *r, int64_t exchange, enum fact_side side, int64_t n,
	struct buf *out, int64_t *at_us, enum recorded_kind *kind, struct err *err)
{
	assert(n >= 0);
	*kind = RECORDED_END;
	*at_us = FACT_NULL;
	bool ok = recorded_begin(r, err) &&
		  read_chunk(r, exchange, side, n, out, at_us, kind, err);
	if (r->chunk != NULL)
		sqlite3_reset(r->chunk);
	return recorded_done(r, ok, err);
}
