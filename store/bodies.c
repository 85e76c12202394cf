/*
 * Bodies: chunks put together again, equal ones fetched from where they are stored. A case at
 * rest has an index over its chunks; while it is being written there is none, and the reader
 * keeps in memory between which facts a body lies.
 */
#include "store/case_state.h"
#include "store/schema.h"
#include "store/base/clock.h"

#include <stdlib.h>

/* Over the table itself: INDEXED BY says nothing to a view. 13 is a chunk; f3 exchange, f4
 * side, f5 n, f6 size, f7 same_as, f9 data. */
static const char find_indexes_sql[] =
	"SELECT coalesce(sum(CASE name WHEN 'fact_by_kind' THEN 1 "
	"WHEN 'fact_request_by_url' THEN 2 ELSE 0 END), 0) "
	"FROM sqlite_schema WHERE type = 'index'";

static const char get_indexed_sql[] =
	"SELECT " CASE_CHUNK_COLUMNS " FROM fact AS c INDEXED BY fact_by_kind "
	"LEFT JOIN fact AS s ON s.seq = c.f7 AND s.kind = 13 "
	"WHERE c.kind = 13 AND c.f3 = :exchange AND c.f4 = :side ORDER BY c.f5";

/* Chunks of a body are numbered in the order of their facts, so this is the same order. */
static const char get_between_sql[] =
	"SELECT " CASE_CHUNK_COLUMNS " FROM fact AS c NOT INDEXED "
	"LEFT JOIN fact AS s ON s.seq = c.f7 AND s.kind = 13 "
	"WHERE c.seq BETWEEN :first AND :last AND c.kind = 13 AND c.f3 = :exchange "
	"AND c.f4 = :side ORDER BY c.seq";

/* 9: a chunk's data as a part (docs/seal.md). */
static const char erased_sql[] =
	"SELECT count(*) FROM seal_erased WHERE seq = :seq AND part = 9";

static const char get_places_sql[] = "SELECT seq, exchange, side FROM fact_chunk WHERE seq > "
				     ":after ORDER BY seq LIMIT :most";

enum { SPANS_FIRST = 64, PLACES_PAGE = 4096 };

void case_spans_fini(struct case_spans *s)
{
	free(s->items);
	*s = (struct case_spans){0};
}

static uint64_t key_of(int64_t exchange, int64_t side)
{
	return (uint64_t)exchange << 1 | (side != 0);
}

/* Keys are counted numbers, so they spread by themselves; a file that was made to collide only
 * slows its own reading, up to the time limit. */
static struct case_span *slot(const struct case_spans *s, uint64_t key)
{
	size_t at = (size_t)key;
	while (s->items[at & (s->cap - 1)].key != 0 && s->items[at & (s->cap - 1)].key != key)
		at++;
	return &s->items[at & (s->cap - 1)];
}

static void grow(struct case_spans *s)
{
	struct case_spans old = *s;
	s->cap = old.cap == 0 ? SPANS_FIRST : old.cap * 2;
	s->items = calloc(s->cap, sizeof *s->items);
	if (s->items == NULL)
		abort();
	for (size_t i = 0; i < old.cap; i++)
		if (old.items[i].key != 0)
			*slot(s, old.items[i].key) = old.items[i];
	free(old.items);
}

static void learn(struct case_spans *s, int64_t seq, uint64_t key)
{
	if (s->n >= s->cap / 2)
		grow(s);
	struct case_span *span = slot(s, key);
	if (span->key == 0) {
		*span = (struct case_span){.key = key, .first = seq};
		s->n++;
	}
	span->last = seq;
}

void case_body_lies(
	struct case_file *c, int64_t exchange, enum fact_side side, int64_t first, int64_t last)
{
	uint64_t key = key_of(exchange, side);
	if (key == 0)
		return;
	learn(&c->lies, first, key);
	struct case_span *span = slot(&c->lies, key);
	span->first = first;
	span->last = last;
}

static const struct case_span *told_span(
	const struct case_file *c, int64_t exchange, enum fact_side side)
{
	const struct case_span *span =
		c->lies.cap > 0 ? slot(&c->lies, key_of(exchange, side)) : NULL;
	return span != NULL && span->key != 0 ? span : NULL;
}

/* One page of places; *more if there may be another. */
static bool read_places(struct case_file *c, sqlite3_stmt *s, bool *more, struct err *err)
{
	int rc;
	int64_t n = 0;
	case_start_clock(c);
	db_bind_int(s, ":after", c->bodies.seen_seq);
	db_bind_int(s, ":most", PLACES_PAGE);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t seq = sqlite3_column_int64(s, 0);
		uint64_t key = key_of(sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2));
		if (seq <= c->bodies.seen_seq)
			break;
		c->bodies.seen_seq = seq;
		n++;
		if (key != 0)
			learn(&c->bodies, seq, key);
	}
	*more = n == PLACES_PAGE;
	bool ok = rc == SQLITE_DONE;
	if (rc == SQLITE_ROW)
		err_set(err, ERR_CASE_READ, "chunks out of order");
	else if (!ok)
		db_fail(c->db, ERR_CASE_READ, "chunks", err);
	sqlite3_reset(s);
	return ok;
}

static bool learn_places(struct case_file *c, struct err *err)
{
	sqlite3_stmt *s = db_prepare(c->db, get_places_sql, ERR_CASE_READ, err);
	bool ok = s != NULL, more = ok;
	while (ok && more)
		ok = read_places(c, s, &more, err);
	sqlite3_finalize(s);
	return ok;
}

bool case_chunk_data(sqlite3_stmt *s, int64_t n, struct span *out, struct err *err)
{
	bool shared = sqlite3_column_type(s, 2) != SQLITE_NULL;
	int column = shared ? 4 : 3;
	if (sqlite3_column_type(s, 0) != SQLITE_INTEGER || sqlite3_column_int64(s, 0) != n)
		return err_set(
			err, ERR_CASE_READ, "chunk %lld of the body is missing", (long long)n);
	if (sqlite3_column_type(s, column) != SQLITE_BLOB)
		return err_set(err, ERR_CASE_READ, "chunk %lld of the body has no bytes",
			(long long)n);
	*out = db_column_span(s, column);
	if (sqlite3_column_type(s, 1) != SQLITE_INTEGER ||
		sqlite3_column_int64(s, 1) != (int64_t)out->n)
		return err_set(err, ERR_CASE_READ, "chunk %lld of the body is not of its size",
			(long long)n);
	return true;
}

bool case_chunk_erased(struct case_file *c, sqlite3_stmt *row)
{
	bool shared = sqlite3_column_type(row, 2) != SQLITE_NULL;
	if (c->schema < SCHEMA_SEAL || sqlite3_column_type(row, shared ? 4 : 3) != SQLITE_NULL)
		return false;
	sqlite3_stmt *s = db_prepare(c->db, erased_sql, ERR_CASE_READ, NULL);
	if (s == NULL)
		return false;
	db_bind_int(s, ":seq", sqlite3_column_int64(row, shared ? 2 : 5));
	bool erased = sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int64(s, 0) > 0;
	sqlite3_finalize(s);
	return erased;
}

static bool read_chunks(struct case_file *c, sqlite3_stmt *s, size_t max, struct buf *out,
	bool *whole, struct err *err)
{
	int rc;
	for (int64_t n = 0; (rc = sqlite3_step(s)) == SQLITE_ROW; n++) {
		struct span data = SPAN_NONE;
		/* What came before it is what there is. */
		if (case_chunk_erased(c, s))
			return true;
		if (!case_chunk_data(s, n, &data, err))
			return false;
		buf_add_span(out, span_first(data, max));
		if (data.n > max)
			return true;
		max -= data.n;
	}
	*whole = rc == SQLITE_DONE;
	return rc == SQLITE_DONE || db_fail(c->db, ERR_CASE_READ, "body", err);
}

static sqlite3_stmt *prepare_body(struct case_file *c, bool indexed, int64_t exchange,
	enum fact_side side, struct err *err)
{
	struct case_span none = {0};
	const struct case_span *span = told_span(c, exchange, side);
	sqlite3_stmt **kept = indexed ? &c->body_indexed : &c->body_between;
	if (*kept == NULL)
		*kept = db_prepare(
			c->db, indexed ? get_indexed_sql : get_between_sql, ERR_CASE_READ, err);
	sqlite3_stmt *s = *kept;
	if (s == NULL)
		return NULL;
	db_bind_int(s, ":exchange", exchange);
	db_bind_int(s, ":side", side);
	if (indexed)
		return s;
	if (span == NULL)
		span = &none;
	if (span == &none && c->bodies.cap > 0)
		span = slot(&c->bodies, key_of(exchange, side));
	db_bind_int(s, ":first", span->first);
	db_bind_int(s, ":last", span->last);
	return s;
}

static bool step_int(struct case_file *c, sqlite3_stmt **kept, const char *sql, int64_t *out,
	struct err *err)
{
	if (*kept == NULL)
		*kept = db_prepare(c->db, sql, ERR_CASE_READ, err);
	if (*kept == NULL)
		return false;
	bool ok = sqlite3_step(*kept) == SQLITE_ROW;
	*out = ok ? sqlite3_column_int64(*kept, 0) : 0;
	if (!ok)
		db_fail(c->db, ERR_CASE_READ, "the schema", err);
	sqlite3_reset(*kept);
	return ok;
}

bool case_indexes(struct case_file *c, int64_t *out, struct err *err)
{
	int64_t version;
	/* The schema's version says whether there is anything new to ask. */
	if (!step_int(c, &c->schema_version, "PRAGMA schema_version", &version, err))
		return false;
	if (version != c->schema_seen || !c->schema_known) {
		if (!step_int(c, &c->find_indexes, find_indexes_sql, &c->indexes, err))
			return false;
		c->schema_known = true;
		c->schema_seen = version;
	}
	*out = c->indexes;
	return true;
}

/* The same short statements before and after each body: prepared once. */
static bool run_short(
	struct case_file *c, sqlite3_stmt **kept, const char *sql, struct err *err)
{
	if (*kept == NULL)
		*kept = db_prepare(c->db, sql, ERR_CASE_READ, err);
	if (*kept == NULL)
		return false;
	int rc = sqlite3_step(*kept);
	sqlite3_reset(*kept);
	return rc == SQLITE_DONE || db_fail(c->db, ERR_CASE_READ, sql, err);
}

bool case_roll_back(struct case_file *c, struct err *err)
{
	return run_short(c, &c->rollback, "ROLLBACK", err);
}

bool case_begin(struct case_file *c, struct err *err)
{
	if (atomic_load(&c->interrupted))
		return err_set(err, ERR_CASE_READ, "it was broken off");
	if (sqlite3_get_autocommit(c->db) == 0 && !case_roll_back(c, err))
		return false;
	return run_short(c, &c->begin, "BEGIN", err);
}

void case_hold(struct case_file *c)
{
	c->hold = true;
}

void case_rest(struct case_file *c)
{
	c->hold = false;
	if (sqlite3_get_autocommit(c->db) == 0)
		case_roll_back(c, NULL);
}

bool case_enter(struct case_file *c, struct err *err)
{
	int64_t now_us = clock_now_us(clock_real());
	case_start_clock(c);
	if (sqlite3_get_autocommit(c->db) == 0 && now_us - c->begun_us < CASE_HOLD_MS * 1000LL)
		return true;
	c->begun_us = now_us;
	return case_begin(c, err);
}

bool case_leave(struct case_file *c, bool ok, struct err *err)
{
	if ((ok && c->hold) || sqlite3_get_autocommit(c->db) != 0)
		return ok;
	return case_roll_back(c, ok ? err : NULL) && ok;
}

/* Begins a read transaction in which the index is there, or else the places of all chunks are
 * known. */
static bool begin_body(struct case_file *c, int64_t exchange, enum fact_side side,
	bool *indexed, struct err *err)
{
	int64_t indexes;
	if (!case_enter(c, err) || !case_indexes(c, &indexes, err))
		return false;
	*indexed = (indexes & CASE_BY_KIND) != 0;
	if (*indexed || told_span(c, exchange, side) != NULL)
		return true;
	/* Learning may take long: page by page, each a transaction of its own. */
	if (!case_roll_back(c, err) || !learn_places(c, err))
		return false;
	return case_enter(c, err);
}

static bool hash_chunks(
	struct case_file *c, sqlite3_stmt *s, struct case_stored *out, struct err *err)
{
	struct sha256 hash;
	int rc;
	sha256_init(&hash);
	for (int64_t n = 0; (rc = sqlite3_step(s)) == SQLITE_ROW; n++) {
		struct span data = SPAN_NONE;
		struct err why;
		out->erased = case_chunk_erased(c, s);
		out->broken = !out->erased && !case_chunk_data(s, n, &data, &why);
		if (out->erased || out->broken)
			break;
		sha256_add(&hash, data.p, data.n);
		out->size += (int64_t)data.n;
	}
	sha256_end(&hash, out->sha256);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ||
	       db_fail(c->db, ERR_CASE_READ, "body", err);
}

bool case_stored(struct case_file *c, int64_t exchange, enum fact_side side,
	struct case_stored *out, struct err *err)
{
	bool indexed = false;
	*out = (struct case_stored){0};
	bool ok = begin_body(c, exchange, side, &indexed, err);
	sqlite3_stmt *s = ok ? prepare_body(c, indexed, exchange, side, err) : NULL;
	ok = s != NULL && hash_chunks(c, s, out, err);
	if (s != NULL)
		sqlite3_reset(s);
	return case_leave(c, ok, err);
}

bool case_body(struct case_file *c, int64_t exchange, enum fact_side side, size_t max,
	struct buf *out, bool *whole, struct err *err)
{
	bool indexed = false;
	*whole = false;
	bool ok = begin_body(c, exchange, side, &indexed, err);
	sqlite3_stmt *s = ok ? prepare_body(c, indexed, exchange, side, err) : NULL;
	ok = s != NULL && read_chunks(c, s, max, out, whole, err);
	if (s != NULL)
		sqlite3_reset(s);
	return case_leave(c, ok, err);
}
