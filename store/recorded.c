#include "store/recorded.h"
#include "store/case_pick.h"
#include "store/case_state.h"
#include "store/put.h"
#include "store/schema.h"
#include "store/base/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* 10: a request, f7 its url. 13: a chunk, f3 its exchange, f4 its side. 9: a certificate, f3
 * its digest. */
#define OF_SESSION "AND (:session = 0 OR session = :session) "

static const char has_index_sql[] =
	"SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name IN "
	"('fact_by_kind', 'fact_request_by_url')";

enum {
	STATEMENT_NEXT,
	STATEMENT_NEAR,
	STATEMENT_BY,
	STATEMENT_CHUNK,
	STATEMENT_GET,
	STATEMENT_DATA,
	STATEMENT_ERASED,
	STATEMENTS
};

static const char *const indexed_sql[STATEMENTS] = {
	[STATEMENT_NEXT] =
		"SELECT seq FROM fact INDEXED BY fact_request_by_url WHERE kind = 10 "
		"AND f7 = :url AND seq > :after " OF_SESSION "ORDER BY seq LIMIT 1",
	[STATEMENT_NEAR] =
		"SELECT seq FROM fact INDEXED BY fact_request_by_url WHERE kind = 10 "
		"AND f7 >= :from AND f7 < :to " OF_SESSION "ORDER BY f7, seq LIMIT :most",
	[STATEMENT_BY] = "SELECT seq FROM fact INDEXED BY fact_by_kind WHERE kind = :kind AND "
			 "f3 = :key ORDER BY seq LIMIT :most",
	[STATEMENT_CHUNK] = "SELECT seq FROM fact INDEXED BY fact_by_kind WHERE kind = 13 AND "
			    "f3 = :key AND f4 = :side AND seq > :after ORDER BY seq LIMIT 1",
};

/* What the temporary tables are called, and what they hold. */
static const char tables_sql[] =
	"CREATE TEMP TABLE asked (url TEXT NOT NULL, session INTEGER, seq INTEGER NOT NULL);"
	"CREATE TEMP TABLE belongs (kind INTEGER NOT NULL, key ANY, side INTEGER, seq INTEGER "
	"NOT NULL)";
static const char fill_sql[] =
	"INSERT INTO belongs SELECT kind, f3, CASE WHEN kind = 13 THEN f4 END, seq FROM fact "
	"WHERE seq > :after AND seq <= :until AND kind IN (6, 8, 9, 10, 11, 12, 13, 14, 15, "
	"19)";
static const char fill_asked_sql[] =
	"INSERT INTO asked SELECT f7, session, seq FROM fact WHERE seq > :after AND seq <= "
	":until AND kind = 10 AND typeof(f7) = 'text'";
static const char index_tables_sql[] =
	"CREATE INDEX temp.asked_by_url ON asked (url, seq);"
	"CREATE INDEX temp.belongs_by_key ON belongs (kind, key, seq)";

static const char *const temporary_sql[STATEMENTS] = {
	[STATEMENT_NEXT] =
		"SELECT seq FROM temp.asked WHERE url = :url AND seq > :after " OF_SESSION
		"ORDER BY seq LIMIT 1",
	[STATEMENT_NEAR] =
		"SELECT seq FROM temp.asked WHERE url >= :from AND url < :to " OF_SESSION
		"ORDER BY url, seq LIMIT :most",
	[STATEMENT_BY] = "SELECT seq FROM temp.belongs WHERE kind = :kind AND key = :key "
			 "ORDER BY seq LIMIT :most",
	[STATEMENT_CHUNK] = "SELECT seq FROM temp.belongs WHERE kind = 13 AND key = :key AND "
			    "side = :side AND seq > :after ORDER BY seq LIMIT 1",
};

static const char data_sql[] =
	"SELECT c.f5, c.f6, c.f7, c.f9, s.f9, c.seq, c.at_us FROM fact AS c "
	"LEFT JOIN fact AS s ON s.seq = c.f7 AND s.kind = 13 WHERE c.seq = :seq";

static const char erased_sql[] = "SELECT count(*) FROM seal_erased WHERE seq = :seq";
static const char any_erased_sql[] = "SELECT EXISTS (SELECT 1 FROM seal_erased)";

enum { FILL_PAGE = 100 * 1000 }; /* facts gone through in one transaction */

struct recorded {
	struct case_file *c;
	sqlite3_stmt *s[STATEMENTS];
	bool any_erased;
};

/* ---- opening ---- */

static bool fill(struct recorded *r, const char *sql, int64_t last, struct err *err)
{
	sqlite3_stmt *s = db_prepare(r->c->db, sql, ERR_CASE_READ, err);
	bool ok = s != NULL;
	for (int64_t at = 0; ok && at < last; at += FILL_PAGE) {
		case_start_clock(r->c);
		db_bind_int(s, ":after", at);
		db_bind_int(s, ":until", at + FILL_PAGE);
		ok = sqlite3_step(s) == SQLITE_DONE ||
		     db_fail(r->c->db, ERR_CASE_READ, "facts", err);
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
	return ok;
}

/* query_only forbids temporary tables, too. */
static bool make_tables(struct recorded *r, struct err *err)
{
	sqlite3 *db = r->c->db;
	int64_t last;
	bool ok = get_last_seq(db, &last, err) &&
		  db_exec(db, "PRAGMA temp_store = FILE; PRAGMA query_only = OFF",
			  ERR_CASE_READ, err) &&
		  db_exec(db, tables_sql, ERR_CASE_READ, err) && fill(r, fill_sql, last, err) &&
		  fill(r, fill_asked_sql, last, err);
	case_start_clock(r->c);
	ok = ok && db_exec(db, index_tables_sql, ERR_CASE_READ, err);
	return db_exec(db, "PRAGMA query_only = ON", ERR_CASE_READ, ok ? err : NULL) && ok;
}

static bool prepare(struct recorded *r, struct err *err)
{
	int64_t indexes = 0, erased = 0;
	char cache[64];
	sqlite3 *db = r->c->db;
	snprintf(cache, sizeof cache, "PRAGMA cache_size = -%d", RECORDED_CACHE_KIB);
	if (!db_exec(db, cache, ERR_CASE_READ, err) ||
		!db_int(db, has_index_sql, &indexes, ERR_CASE_READ, err))
		return false;
	if (indexes < 2 && !make_tables(r, err))
		return false;
	if (r->c->schema >= SCHEMA_SEAL &&
		!db_int(db, any_erased_sql, &erased, ERR_CASE_READ, err))
		return false;
	r->any_erased = erased != 0;
	for (int i = 0; i < STATEMENT_GET; i++)
		r->s[i] = db_prepare(db, indexes < 2 ? temporary_sql[i] : indexed_sql[i],
			ERR_CASE_READ, err);
	r->s[STATEMENT_GET] = get_prepare(db, GET_AFTER, err);
	r->s[STATEMENT_DATA] = db_prepare(db, data_sql, ERR_CASE_READ, err);
	if (r->any_erased)
		r->s[STATEMENT_ERASED] = db_prepare(db, erased_sql, ERR_CASE_READ, err);
	for (int i = 0; i < STATEMENTS; i++)
		if (r->s[i] == NULL && (i != STATEMENT_ERASED || r->any_erased))
			return false;
	return true;
}

struct recorded *recorded_open(const char *path, struct err *err)
{
	struct recorded *r = calloc(1, sizeof *r);
	if (r == NULL)
		abort();
	r->c = case_open(path, err);
	if (r->c != NULL) {
		case_start_clock(r->c);
		if (prepare(r, err))
			return r;
	}
	recorded_close(r);
	return NULL;
}

void recorded_close(struct recorded *r)
{
	if (r == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(r->s[i]);
	case_close(r->c);
	free(r);
}

/* ---- single facts ---- */

/* One number, or 0. */
static bool step_seq(struct recorded *r, sqlite3_stmt *s, int64_t *seq, struct err *err)
{
	int rc = sqlite3_step(s);
	*seq = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE ||
		  db_fail(r->c->db, ERR_CASE_READ, "facts", err);
	sqlite3_reset(s);
	return ok;
}

/* The fact of that number and kind, copied. */
static bool get(struct recorded *r, int64_t seq, enum fact_kind kind, struct arena *a,
	void *out, struct err *err)
{
	sqlite3_stmt *s = r->s[STATEMENT_GET];
	union fact_any fact;
	enum fact_kind found_kind;
	int64_t found = 0;
	sqlite3_bind_int64(s, 1, seq - 1);
	int rc = sqlite3_step(s);
	bool ok = rc == SQLITE_ROW || db_fail(r->c->db, ERR_CASE_READ, "facts", err);
	ok = ok && get_kind(s, &found, &found_kind, err);
	if (ok && (found != seq || found_kind != kind))
		ok = err_set(err, ERR_CASE_READ, "fact %lld is not what the index says it is",
			(long long)seq);
	ok = ok && get_row(s, kind, &fact, err);
	if (ok)
		fact_copy(kind, &fact, out, a);
	sqlite3_reset(s);
	return ok;
}

bool recorded_next(struct recorded *r, int64_t session, struct span url, int64_t after,
	struct arena *a, struct fact_request *out, int64_t *seq, struct err *err)
{
	sqlite3_stmt *s = r->s[STATEMENT_NEXT];
	*seq = 0;
	case_start_clock(r->c);
	if (!db_bind_text(s, ":url", url))
		return true;
	db_bind_int(s, ":after", after);
	db_bind_int(s, ":session", session);
	return step_seq(r, s, seq, err) &&
	       (*seq == 0 || get(r, *seq, FACT_KIND_REQUEST, a, out, err));
}

/* The first text behind all those that begin with prefix, as SQLite compares them: by bytes. */
static bool bind_range(struct recorded *r, struct span prefix, struct arena *a)
{
	sqlite3_stmt *s = r->s[STATEMENT_NEAR];
	while (prefix.n > 0 && prefix.p[prefix.n - 1] == 0xff)
		prefix.n--;
	if (prefix.n == 0)
		return false;
	char *to = arena_str(a, prefix);
	to[prefix.n - 1]++;
	return db_bind_text(s, ":from", prefix) &&
	       db_bind_text(s, ":to", span_of(to, prefix.n));
}

bool recorded_near(struct recorded *r, int64_t session, struct span prefix, size_t max,
	recorded_fn *each, void *ctx, bool *more, struct err *err)
{
	sqlite3_stmt *s = r->s[STATEMENT_NEAR];
	struct arena a = {0};
	int64_t *list = NULL;
	size_t n = 0;
	int rc = SQLITE_DONE;
	*more = false;
	case_start_clock(r->c);
	bool ok = bind_range(r, prefix, &a);
	if (!ok) {
		arena_fini(&a);
		return true;
	}
	db_bind_int(s, ":session", session);
	db_bind_int(s, ":most", (int64_t)max);
	/* The numbers first: each may ask the case for other things. */
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		ARENA_PUSH(&a, list, n, sqlite3_column_int64(s, 0));
	ok = rc == SQLITE_DONE || db_fail(r->c->db, ERR_CASE_READ, "facts", err);
	sqlite3_reset(s);
	*more = n == max;
	for (size_t i = 0; ok && i < n; i++) {
		struct arena one = {0};
		struct fact_request f;
		ok = get(r, list[i], FACT_KIND_REQUEST, &one, &f, err);
		bool on = ok && each(ctx, list[i], &f);
		arena_fini(&one);
		if (!on)
			break;
	}
	arena_fini(&a);
	return ok;
}

/* ---- facts that belong together ---- */

/* Their numbers, in order. key: a digest, or else n. */
static bool list_by(struct recorded *r, enum fact_kind kind, struct span key, int64_t n,
	struct arena *a, int64_t **list, size_t *count, struct err *err)
{
	sqlite3_stmt *s = r->s[STATEMENT_BY];
	int rc;
	*list = NULL;
	*count = 0;
	case_start_clock(r->c);
	db_bind_int(s, ":kind", (int64_t)kind + FACT_KIND_STORED);
	db_bind_int(s, ":most", RECORDED_FACTS_MAX);
	if (key.p != NULL)
		db_bind_blob(s, ":key", key);
	else
		db_bind_int(s, ":key", n);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		ARENA_PUSH(a, *list, *count, sqlite3_column_int64(s, 0));
	sqlite3_reset(s);
	return rc == SQLITE_DONE || db_fail(r->c->db, ERR_CASE_READ, "facts", err);
}

/* The first of its kind. */
static bool get_first(struct recorded *r, enum fact_kind kind, int64_t key, struct arena *a,
	void *out, int64_t *seq, struct err *err)
{
	int64_t *list;
	size_t n;
	*seq = 0;
	if (!list_by(r, kind, SPAN_NONE, key, a, &list, &n, err))
		return false;
	if (n == 0)
		return true;
	*seq = list[0];
	return get(r, list[0], kind, a, out, err);
}

static bool get_interims(
	struct recorded *r, struct arena *a, struct recorded_exchange *x, struct err *err)
{
	int64_t *list;
	size_t n;
	if (!list_by(r, FACT_KIND_INTERIM, SPAN_NONE, x->request.exchange, a, &list, &n, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct fact_interim f;
		if (!get(r, list[i], FACT_KIND_INTERIM, a, &f, err))
			return false;
		ARENA_PUSH(a, x->interims, x->n_interims, f);
	}
	return true;
}

/* A connection's frames carry the exchange that they ended. */
static bool get_reset(
	struct recorded *r, struct arena *a, struct recorded_exchange *x, struct err *err)
{
	int64_t *list;
	size_t n;
	if (!list_by(r, FACT_KIND_H2_FRAME, SPAN_NONE, x->request.tunnel, a, &list, &n, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct fact_h2_frame f;
		if (!get(r, list[i], FACT_KIND_H2_FRAME, a, &f, err))
			return false;
		if (f.exchange == x->request.exchange && f.leg > LEG_BROWSER &&
			span_is(f.sender, "peer") && span_is(f.frame, "rst_stream"))
			x->reset_code = f.code;
	}
	return true;
}

static bool get_opaque(
	struct recorded *r, struct arena *a, struct recorded_exchange *x, struct err *err)
{
	int64_t *list;
	size_t n;
	if (!list_by(r, FACT_KIND_OPAQUE, SPAN_NONE, x->request.tunnel, a, &list, &n, err))
		return false;
	for (size_t i = 0; i < n && !x->has_opaque; i++) {
		struct fact_opaque f;
		if (!get(r, list[i], FACT_KIND_OPAQUE, a, &f, err))
			return false;
		x->has_opaque = f.exchange == x->request.exchange;
	}
	return true;
}

static bool was_erased(struct recorded *r, int64_t seq, bool *out, struct err *err)
{
	int64_t n = 0;
	if (!r->any_erased || seq == 0)
		return true;
	db_bind_int(r->s[STATEMENT_ERASED], ":seq", seq);
	bool ok = step_seq(r, r->s[STATEMENT_ERASED], &n, err);
	*out = n > 0;
	return ok;
}

/* What else there is to know of how it ended, where it may be so. */
static bool get_ending(
	struct recorded *r, struct arena *a, struct recorded_exchange *x, struct err *err)
{
	bool by_frame =
		x->has_end && (span_is(x->end.reason, err_word(ERR_ORIGIN_CANCELLED)) ||
				      span_is(x->end.reason, err_word(ERR_ORIGIN_REFUSED)));
	if (by_frame && x->request.tunnel != FACT_NULL && !get_reset(r, a, x, err))
		return false;
	return !x->has_response || x->response.status != 101 ||
	       x->request.tunnel == FACT_NULL || get_opaque(r, a, x, err);
}

bool recorded_exchange(struct recorded *r, int64_t exchange, struct arena *a,
	struct recorded_exchange *out, struct err *err)
{
	int64_t response = 0, end = 0;
	*out = (struct recorded_exchange){.reset_code = FACT_NULL};
	if (!get_first(r, FACT_KIND_REQUEST, exchange, a, &out->request, &out->seq, err))
		return false;
	out->found = out->seq != 0;
	if (!out->found)
		return true;
	if (!get_interims(r, a, out, err) ||
		!get_first(
			r, FACT_KIND_RESPONSE, exchange, a, &out->response, &response, err) ||
		!get_first(r, FACT_KIND_EXCHANGE_END, exchange, a, &out->end, &end, err))
		return false;
	out->has_response = response != 0;
	out->has_end = end != 0;
	return was_erased(r, out->seq, &out->request_erased, err) &&
	       was_erased(r, response, &out->response_erased, err) &&
	       get_ending(r, a, out, err);
}

static bool get_legs(struct recorded *r, int64_t tunnel, struct arena *a,
	struct recorded_tunnel *out, struct err *err)
{
	int64_t *list;
	size_t n;
	if (!list_by(r, FACT_KIND_LEG, SPAN_NONE, tunnel, a, &list, &n, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct fact_leg f;
		if (!get(r, list[i], FACT_KIND_LEG, a, &f, err))
			return false;
		ARENA_PUSH(a, out->legs, out->n_legs, f);
	}
	return true;
}

bool recorded_tunnel(struct recorded *r, int64_t tunnel, struct arena *a,
	struct recorded_tunnel *out, struct err *err)
{
	int64_t *list;
	size_t n;
	*out = (struct recorded_tunnel){0};
	if (!get_legs(r, tunnel, a, out, err) ||
		!list_by(r, FACT_KIND_HANDSHAKE, SPAN_NONE, tunnel, a, &list, &n, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct fact_handshake f;
		if (!get(r, list[i], FACT_KIND_HANDSHAKE, a, &f, err))
			return false;
		if (f.leg != LEG_BROWSER)
			ARENA_PUSH(a, out->handshakes, out->n_handshakes, f);
	}
	return true;
}

bool recorded_certificate(struct recorded *r, const uint8_t sha256[32], struct arena *a,
	struct span *der, struct err *err)
{
	struct fact_certificate f;
	int64_t *list;
	size_t n;
	*der = SPAN_NONE;
	if (!list_by(r, FACT_KIND_CERTIFICATE, span_of(sha256, SHA256_LEN), 0, a, &list, &n,
		    err))
		return false;
	if (n == 0)
		return true;
	if (!get(r, list[0], FACT_KIND_CERTIFICATE, a, &f, err))
		return false;
	*der = f.der;
	return true;
}

/* ---- bodies ---- */

bool recorded_chunk(struct recorded *r, int64_t exchange, enum fact_side side,
	struct recorded_place *place, struct buf *out, int64_t *at_us, enum recorded_kind *kind,
	struct err *err)
{
	sqlite3_stmt *find = r->s[STATEMENT_CHUNK], *s = r->s[STATEMENT_DATA];
	struct span data = SPAN_NONE;
	int64_t seq;
	bool erased = false;
	*at_us = FACT_NULL;
	*kind = RECORDED_END;
	case_start_clock(r->c);
	db_bind_int(find, ":key", exchange);
	db_bind_int(find, ":side", side);
	db_bind_int(find, ":after", place->seq);
	if (!step_seq(r, find, &seq, err))
		return false;
	if (seq == 0)
		return true;
	db_bind_int(s, ":seq", seq);
	bool ok = sqlite3_step(s) == SQLITE_ROW ||
		  db_fail(r->c->db, ERR_CASE_READ, "a chunk", err);
	ok = ok && case_chunk_row(r->c, s, place->n, &data, &erased, err);
	if (ok) {
		buf_add_span(out, data);
		*kind = erased ? RECORDED_ERASED : RECORDED_CHUNK;
		if (sqlite3_column_type(s, 6) == SQLITE_INTEGER)
			*at_us = sqlite3_column_int64(s, 6);
		*place = (struct recorded_place){seq, place->n + 1};
	}
	sqlite3_reset(s);
	return ok;
}
