/*
 * Where facts lie. At rest the indexes say it. Without them the case is read through once, in
 * pages, and the numbers of facts are kept in a database of our own in SQLite's temporary
 * folder: the file has no name there and is gone with the connection, and the case's own
 * connection writes nothing, not even a temporary table.
 */
#include "store/recorded_state.h"
#include "store/schema.h"
#include "store/base/clock.h"

/* 10: a request, f7 its url. */
static const char url_sql[] = "SELECT seq FROM fact INDEXED BY fact_request_by_url "
			      "WHERE kind = 10 AND f7 = :url AND seq > :after ORDER BY seq";
static const char near_sql[] = "SELECT seq, f7 FROM fact INDEXED BY fact_request_by_url "
			       "WHERE kind = 10 AND f7 >= :prefix ORDER BY f7, seq";
static const char key_sql[] = "SELECT seq FROM fact INDEXED BY fact_by_kind "
			      "WHERE kind = :kind AND f3 = :key";
/* 15: opaque, 19: h2_frame; f3 tunnel, f4 leg, f5 exchange, f6 sender, f7 frame. The origin's
 * side, for a browser resets streams too. */
static const char of_sql[] =
	"SELECT seq FROM fact INDEXED BY fact_by_kind WHERE kind = :kind AND f3 = :tunnel "
	"AND f5 = :exchange AND (kind = 15 OR (f4 > 0 AND f6 = 'peer' AND f7 = 'rst_stream'))";
/* 13: a chunk. */
static const char chunk_sql[] =
	"SELECT seq FROM fact INDEXED BY fact_by_kind WHERE kind = 13 AND f3 = :exchange "
	"AND f4 = :side AND seq > :after ORDER BY seq LIMIT 1 OFFSET :skip";

/* `key` and `sub`: exchange and side of a chunk, exchange and tunnel of opaque and h2_frame,
 * else the third field and 0. */
static const char aside_sql[] =
	"PRAGMA page_size = 4096; PRAGMA cache_size = -768; PRAGMA journal_mode = OFF; "
	"PRAGMA synchronous = OFF; "
	"CREATE TABLE request (url TEXT NOT NULL, seq INTEGER NOT NULL, "
	"PRIMARY KEY (url, seq)) STRICT, WITHOUT ROWID; "
	"CREATE TABLE place (kind INTEGER NOT NULL, key ANY NOT NULL, sub INTEGER NOT NULL, "
	"seq INTEGER NOT NULL, PRIMARY KEY (kind, key, sub, seq)) STRICT, WITHOUT ROWID";
static const char aside_url_sql[] =
	"SELECT seq FROM request WHERE url = :url AND seq > :after ORDER BY seq";
static const char aside_near_sql[] =
	"SELECT seq, url FROM request WHERE url >= :prefix ORDER BY url, seq";
static const char aside_key_sql[] = "SELECT seq FROM place WHERE kind = :kind AND key = :key";
static const char aside_of_sql[] = "SELECT seq FROM place WHERE kind = :kind AND key = "
				   ":exchange AND sub = :tunnel";
static const char aside_chunk_sql[] =
	"SELECT seq FROM place WHERE kind = 13 AND key = :exchange AND sub = :side "
	"AND seq > :after ORDER BY seq LIMIT 1 OFFSET :skip";
static const char ever_erased_sql[] = "SELECT EXISTS (SELECT 1 FROM seal_erased)";

static const char put_url_sql[] =
	"INSERT OR IGNORE INTO request (url, seq) VALUES (:url, :seq)";
static const char put_place_sql[] =
	"INSERT OR IGNORE INTO place (kind, key, sub, seq) VALUES (:kind, :key, :sub, :seq)";

/* Of a row that is passed over, no more than its kind is fetched. */
static const char scan_sql[] =
	"SELECT seq, kind, CASE WHEN kind IN (15, 19) THEN f5 "
	"WHEN kind IN (4, 6, 8, 9, 10, 11, 12, 13, 14) THEN f3 END, "
	"CASE WHEN kind IN (15, 19) THEN f3 WHEN kind = 13 THEN f4 ELSE 0 END, "
	"CASE kind WHEN 10 THEN f7 WHEN 19 THEN f4 > 0 AND f6 = 'peer' AND f7 = 'rst_stream' "
	"END FROM fact NOT INDEXED WHERE seq > :after ORDER BY seq LIMIT :most";
enum { SCAN_SEQ, SCAN_KIND, SCAN_KEY, SCAN_SUB, SCAN_MORE };

enum { SCAN_PAGE = 4096, SCAN_LOOK = 64 }; /* facts; the clock is looked at every so many */

static const char *const by_index[FIND_COUNT] = {[FIND_URL] = url_sql,
	[FIND_NEAR] = near_sql,
	[FIND_KEY] = key_sql,
	[FIND_OF] = of_sql,
	[FIND_CHUNK] = chunk_sql};
static const char *const by_aside[FIND_COUNT] = {[FIND_URL] = aside_url_sql,
	[FIND_NEAR] = aside_near_sql,
	[FIND_KEY] = aside_key_sql,
	[FIND_OF] = aside_of_sql,
	[FIND_CHUNK] = aside_chunk_sql};

_Static_assert(FACT_KIND_REQUEST + FACT_KIND_STORED == 10 &&
		       FACT_KIND_CHUNK + FACT_KIND_STORED == 13 &&
		       FACT_KIND_OPAQUE + FACT_KIND_STORED == 15 &&
		       FACT_KIND_H2_FRAME + FACT_KIND_STORED == 19,
	"as the statements say");

/* ---- the temporary file ---- */

static bool make_aside(struct recorded *r, struct err *err)
{
	r->aside = db_open("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, ERR_CASE_READ, err);
	if (r->aside == NULL || !db_exec(r->aside, aside_sql, ERR_CASE_READ, err))
		return false;
	r->scan = db_prepare(r->c->db, scan_sql, ERR_CASE_READ, err);
	r->put_url =
		r->scan == NULL ? NULL : db_prepare(r->aside, put_url_sql, ERR_CASE_READ, err);
	r->put_place = r->put_url == NULL
			       ? NULL
			       : db_prepare(r->aside, put_place_sql, ERR_CASE_READ, err);
	return r->put_place != NULL;
}

static bool run_put(struct recorded *r, sqlite3_stmt *put, struct err *err)
{
	bool ok = sqlite3_step(put) == SQLITE_DONE ||
		  db_fail(r->aside, ERR_CASE_READ, "a temporary file", err);
	sqlite3_reset(put);
	return ok;
}

/* A value of another type is found by nobody who looks for one of ours. */
static bool put_row(struct recorded *r, sqlite3_stmt *row, struct err *err)
{
	int64_t seq = sqlite3_column_int64(row, SCAN_SEQ),
		kind = sqlite3_column_int64(row, SCAN_KIND);
	int key = sqlite3_column_type(row, SCAN_KEY);
	if (kind == FACT_KIND_REQUEST + FACT_KIND_STORED &&
		sqlite3_column_type(row, SCAN_MORE) == SQLITE_TEXT) {
		db_bind_int(r->put_url, ":seq", seq);
		if (!db_bind_text(r->put_url, ":url", db_column_span(row, SCAN_MORE)))
			return err_set(err, ERR_CASE_READ, "a URL is too long");
		if (!run_put(r, r->put_url, err))
			return false;
	}
	if (!r->places || (kind == FACT_KIND_H2_FRAME + FACT_KIND_STORED &&
				  sqlite3_column_int64(row, SCAN_MORE) != 1))
		return true;
	bool certificate = kind == FACT_KIND_CERTIFICATE + FACT_KIND_STORED;
	if (key != (certificate ? SQLITE_BLOB : SQLITE_INTEGER) ||
		sqlite3_column_type(row, SCAN_SUB) != SQLITE_INTEGER)
		return true;
	db_bind_int(r->put_place, ":kind", kind);
	db_bind_int(r->put_place, ":sub", sqlite3_column_int64(row, SCAN_SUB));
	db_bind_int(r->put_place, ":seq", seq);
	sqlite3_bind_value(r->put_place, sqlite3_bind_parameter_index(r->put_place, ":key"),
		sqlite3_column_value(row, SCAN_KEY));
	return run_put(r, r->put_place, err);
}

static bool put_rows(struct recorded *r, bool *more, struct err *err)
{
	int rc = SQLITE_DONE;
	int64_t n = 0, until_us = clock_now_us(clock_real()) + CASE_PAGE_MS * 1000LL;
	db_bind_int(r->scan, ":after", r->aside_seq);
	db_bind_int(r->scan, ":most", SCAN_PAGE);
	while ((rc = sqlite3_step(r->scan)) == SQLITE_ROW) {
		int64_t seq = sqlite3_column_int64(r->scan, SCAN_SEQ);
		if (seq <= r->aside_seq)
			return err_set(err, ERR_CASE_READ, "facts out of order at number %lld",
				(long long)seq);
		if (!put_row(r, r->scan, err))
			return false;
		r->aside_seq = seq;
		*more = ++n == SCAN_PAGE ||
			(n % SCAN_LOOK == 0 && clock_now_us(clock_real()) > until_us);
		if (*more)
			return true;
	}
	return rc == SQLITE_DONE || db_fail(r->c->db, ERR_CASE_READ, "facts", err);
}

/* One page, in transactions of its own. */
static bool fill_page(struct recorded *r, bool *more, struct err *err)
{
	*more = false;
	case_start_clock(r->c);
	if (!db_exec(r->aside, "BEGIN", ERR_CASE_READ, err))
		return false;
	bool ok = case_begin(r->c, err) && put_rows(r, more, err);
	sqlite3_reset(r->scan);
	ok = recorded_done(r, ok, err);
	/* What went in stays in, for aside_seq says that it is there. */
	return db_exec(r->aside, "COMMIT", ERR_CASE_READ, ok ? err : NULL) && ok;
}

static void drop_aside(struct recorded *r)
{
	for (int i = 0; i < FIND_COUNT; i++) {
		sqlite3_finalize(r->by_aside[i]);
		r->by_aside[i] = NULL;
	}
	sqlite3_finalize(r->scan);
	sqlite3_finalize(r->put_url);
	sqlite3_finalize(r->put_place);
	db_close(r->aside);
	r->scan = r->put_url = r->put_place = NULL;
	r->aside = NULL;
	r->aside_seq = 0;
}

/* A closed case of an earlier version lacks the index by URL only; a writer that goes on with
 * it takes the other away. The file has no journal: after a failure (a full disk) it may be
 * anything, and is not used again. */
static bool fill_aside(struct recorded *r, struct err *err)
{
	bool places = (r->indexes & CASE_BY_KIND) == 0;
	if (places && !r->places)
		drop_aside(r);
	r->places |= places;
	bool more = true, ok = r->aside != NULL || make_aside(r, err);
	while (ok && more)
		ok = fill_page(r, &more, err);
	if (!ok)
		drop_aside(r);
	return ok;
}

/* ---- asking ---- */

enum { BOTH = CASE_BY_KIND | CASE_BY_URL };

/* One that was begun a moment ago. */
static bool goes_on(struct recorded *r)
{
	if (!r->hold || sqlite3_get_autocommit(r->c->db) != 0)
		return false;
	if (clock_now_us(clock_real()) - r->begun_us < RECORDED_HOLD_MS * INT64_C(1000)) {
		case_start_clock(r->c);
		return true;
	}
	case_roll_back(r->c, NULL);
	return false;
}

/* Mostly nothing is: then nobody has to look for each fact. */
static bool look_for_erased(struct recorded *r, struct err *err)
{
	int64_t any = 0;
	if (r->c->schema < SCHEMA_SEAL)
		return true;
	if (r->ever_erased == NULL)
		r->ever_erased = db_prepare(r->c->db, ever_erased_sql, ERR_CASE_READ, err);
	if (r->ever_erased == NULL)
		return false;
	bool ok = sqlite3_step(r->ever_erased) == SQLITE_ROW;
	if (ok)
		any = sqlite3_column_int64(r->ever_erased, 0);
	else
		db_fail(r->c->db, ERR_CASE_READ, "what was erased", err);
	sqlite3_reset(r->ever_erased);
	r->any_erased = any != 0;
	return ok;
}

void recorded_hold(struct recorded *r)
{
	r->hold = true;
}

void recorded_rest(struct recorded *r)
{
	if (sqlite3_get_autocommit(r->c->db) == 0)
		case_roll_back(r->c, NULL);
}

bool recorded_begin(struct recorded *r, struct err *err)
{
	int64_t now = 0;
	if (goes_on(r))
		return true;
	case_start_clock(r->c);
	r->begun_us = clock_now_us(clock_real());
	if (!case_begin(r->c, err) || !case_indexes(r->c, &r->indexes, err))
		return false;
	/* Reading it through may take long: page by page, each a transaction of its own. A
	 * writer that came meanwhile may have taken an index away: once more, then. */
	for (bool known = r->indexes == BOTH; !known;) {
		if (!case_roll_back(r->c, err) || !fill_aside(r, err))
			return false;
		case_start_clock(r->c);
		if (!case_begin(r->c, err) || !case_indexes(r->c, &now, err))
			return false;
		r->indexes &= now & ~CASE_BY_URL;
		known = r->places || (r->indexes & CASE_BY_KIND) != 0;
	}
	return look_for_erased(r, err);
}

bool recorded_done(struct recorded *r, bool ok, struct err *err)
{
	if (ok && r->hold && r->indexes == BOTH)
		return true;
	if (sqlite3_get_autocommit(r->c->db) == 0 && !case_roll_back(r->c, ok ? err : NULL))
		return false;
	return ok;
}

sqlite3_stmt *recorded_find(struct recorded *r, enum recorded_find what, struct err *err)
{
	bool url = what == FIND_URL || what == FIND_NEAR;
	bool indexed = (r->indexes & (url ? CASE_BY_URL : CASE_BY_KIND)) != 0;
	sqlite3_stmt **kept = indexed ? &r->by_index[what] : &r->by_aside[what];
	if (*kept == NULL)
		*kept = db_prepare(indexed ? r->c->db : r->aside,
			indexed ? by_index[what] : by_aside[what], ERR_CASE_READ, err);
	return *kept;
}

void recorded_find_fini(struct recorded *r)
{
	for (int i = 0; i < FIND_COUNT; i++)
		sqlite3_finalize(r->by_index[i]);
	drop_aside(r);
}
