#include "store/case_pick.h"
#include "store/case_state.h"
#include "store/put.h"
#include "store/base/hash.h"
#include "store/derive/trail.h"

#include <assert.h>
#include <stdio.h>

static const char find_index_sql[] = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' "
				     "AND name = 'fact_by_kind'";

/* Backwards, up to the first fact that is of another session. */
static const char get_after_sql[] =
	"SELECT seq, session FROM fact WHERE seq < :before ORDER BY seq DESC LIMIT :most";

static const char get_session_sql[] = "SELECT exchanges, failed, opaque, user_agent "
				      "FROM derived_session "
				      "WHERE session = :session AND tool_version = "
				      ":tool_version";

static const char get_sessions_sql[] =
	"SELECT s.session, s.exchanges, s.failed, s.opaque, s.user_agent, t.highest "
	"FROM derived_session AS s LEFT JOIN "
	"(SELECT session, max(number) AS highest, min(number) AS lowest, "
	"count(*) AS n FROM derived_trail GROUP BY session) AS t "
	"ON t.session = s.session WHERE s.tool_version = :tool_version "
	"AND (t.n IS NULL OR (t.lowest = 1 AND t.highest = t.n)) "
	"ORDER BY s.session LIMIT :most";

static const char get_trail_sql[] =
	"SELECT started_us, start_url, final_url, ended_by, recording_complete, notes, "
	"handoff_url, hops FROM derived_trail WHERE id = :id";

static const char get_hops_sql[] =
	"SELECT n, url, method, status, at_us, elapsed_us, on_wire, mechanism, confidence, "
	"exchange, tunnel, claimed_target, evidence, alternatives "
	"FROM derived_hop WHERE trail = :id ORDER BY n";

enum { BACK_PAGE = 20000 };       /* facts looked at in one transaction */
enum { UNTIL_PAGE = 100 * 1000 }; /* the same, where little of them is read */
/* Of a stored trail; far beyond what is ever derived. */
enum {
	HOPS_MOST = 2 * TRAIL_HOPS_MAX,
	JSON_MOST = 256 * 1024,           /* bytes of one hop's evidence, or alternatives, */
	JSON_ALL_MOST = 16 * 1024 * 1024, /* and of all of them */
};

bool case_indexed(struct case_file *c, bool *out, struct err *err)
{
	int64_t n = 0;
	case_start_clock(c);
	bool ok = db_int(c->db, find_index_sql, &n, ERR_CASE_READ, err);
	*out = ok && n > 0;
	return ok;
}

static bool each_row(
	struct case_file *c, sqlite3_stmt *s, case_fact_fn *each, void *ctx, struct err *err)
{
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		union fact_any fact;
		enum fact_kind kind;
		int64_t seq;
		if (!get_kind(s, &seq, &kind, err) || !get_row(s, kind, &fact, err))
			return false;
		if (!each(ctx, kind, seq, &fact))
			return true;
	}
	return rc == SQLITE_DONE || db_fail(c->db, ERR_CASE_READ, "facts", err);
}

/* NULL: err. Whoever gets it resets it. */
static sqlite3_stmt *by_key(struct case_file *c, enum fact_kind kind, struct err *err)
{
	case_start_clock(c);
	if (c->by_key == NULL)
		c->by_key = get_prepare(c->db, GET_BY_KEY, err);
	if (c->by_key == NULL)
		return NULL;
	/* `each` does not come here again. */
	assert(!sqlite3_stmt_busy(c->by_key));
	db_bind_int(c->by_key, ":kind", (int64_t)kind + FACT_KIND_STORED);
	return c->by_key;
}

bool case_facts_by(struct case_file *c, enum fact_kind kind, int64_t key, case_fact_fn *each,
	void *ctx, struct err *err)
{
	sqlite3_stmt *s = by_key(c, kind, err);
	if (s == NULL)
		return false;
	db_bind_int(s, ":key", key);
	bool ok = each_row(c, s, each, ctx, err);
	sqlite3_reset(s);
	return ok;
}

bool case_facts_of(struct case_file *c, enum fact_kind kind, case_fact_fn *each, void *ctx,
	struct err *err)
{
	case_start_clock(c);
	sqlite3_stmt *s = get_prepare(c->db, GET_OF_KIND, err);
	if (s == NULL)
		return false;
	db_bind_int(s, ":kind", (int64_t)kind + FACT_KIND_STORED);
	bool ok = each_row(c, s, each, ctx, err);
	sqlite3_finalize(s);
	return ok;
}

bool case_handshakes_permitted(
	struct case_file *c, case_fact_fn *each, void *ctx, struct err *err)
{
	case_start_clock(c);
	sqlite3_stmt *s = get_prepare(c->db, GET_PERMITTED, err);
	bool ok = s != NULL && each_row(c, s, each, ctx, err);
	sqlite3_finalize(s);
	return ok;
}

/* One page back; *found when it came upon another session, or the beginning. */
static bool look_back(struct case_file *c, sqlite3_stmt *s, int64_t session, int64_t *before,
	bool *found, struct err *err)
{
	int rc;
	int64_t n = 0;
	case_start_clock(c);
	db_bind_int(s, ":before", *before);
	db_bind_int(s, ":most", BACK_PAGE);
	while (!*found && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		*before = sqlite3_column_int64(s, 0);
		*found = sqlite3_column_int64(s, 1) != session;
		n++;
	}
	bool ok = *found || rc == SQLITE_DONE || db_fail(c->db, ERR_CASE_READ, "facts", err);
	sqlite3_reset(s);
	if (ok && !*found && n < BACK_PAGE) {
		*found = true;
		*before = 0;
	}
	return ok;
}

bool case_session_after(struct case_file *c, int64_t session, int64_t *after, struct err *err)
{
	sqlite3_stmt *s = db_prepare(c->db, get_after_sql, ERR_CASE_READ, err);
	int64_t last, before = INT64_MAX;
	bool found = false;
	bool ok = s != NULL && get_last_seq(c->db, &last, err);
	while (ok && !found)
		ok = look_back(c, s, session, &before, &found, err);
	sqlite3_finalize(s);
	/* The last session is another one: nothing is known of where this one lies. */
	*after = ok && before < last ? before : 0;
	return ok;
}

bool case_certificates_until(
	struct case_file *c, int64_t until, case_fact_fn *each, void *ctx, struct err *err)
{
	sqlite3_stmt *s = get_prepare(c->db, GET_OF_KIND_BETWEEN, err);
	bool ok = s != NULL;
	if (ok)
		db_bind_int(s, ":kind", FACT_KIND_CERTIFICATE + FACT_KIND_STORED);
	for (int64_t from = 1; ok && from <= until; from += UNTIL_PAGE) {
		case_start_clock(c);
		db_bind_int(s, ":from", from);
		db_bind_int(
			s, ":to", until - from < UNTIL_PAGE ? until : from + UNTIL_PAGE - 1);
		ok = each_row(c, s, each, ctx, err);
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
	return ok;
}

bool case_certificate(struct case_file *c, const uint8_t sha256[32], case_fact_fn *each,
	void *ctx, struct err *err)
{
	sqlite3_stmt *s = by_key(c, FACT_KIND_CERTIFICATE, err);
	if (s == NULL)
		return false;
	int rc = sqlite3_bind_blob(
		s, sqlite3_bind_parameter_index(s, ":key"), sha256, SHA256_LEN, SQLITE_STATIC);
	bool ok = rc == SQLITE_OK ? each_row(c, s, each, ctx, err)
				  : db_fail(c->db, ERR_CASE_READ, "a certificate", err);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s); /* the key is the caller's */
	return ok;
}

/* Columns of the row at hand, copied; *ok turns false at one of another type. */
struct row {
	sqlite3_stmt *s;
	struct arena *a;
	bool ok;
};

static struct span text_at(struct row *r, int column)
{
	int type = sqlite3_column_type(r->s, column);
	struct span text = db_column_span(r->s, column);
	r->ok &= type == SQLITE_NULL || (type == SQLITE_TEXT && text_valid(text));
	return arena_copy(r->a, text);
}

static int64_t int_at(struct row *r, int column)
{
	int type = sqlite3_column_type(r->s, column);
	r->ok &= type == SQLITE_NULL || type == SQLITE_INTEGER;
	return type == SQLITE_INTEGER ? sqlite3_column_int64(r->s, column) : FACT_NULL;
}

bool case_session(struct case_file *c, int64_t session, struct arena *a,
	struct derived_session *out, bool *found, struct err *err)
{
	*found = false;
	case_start_clock(c);
	struct row r = {.s = db_prepare(c->db, get_session_sql, ERR_CASE_READ, err),
		.a = a,
		.ok = true};
	if (r.s == NULL)
		return false;
	db_bind_int(r.s, ":session", session);
	bool ok = db_bind_text(r.s, ":tool_version", span_str(CLICKTRAIL_VERSION));
	int rc = sqlite3_step(r.s);
	if (ok && rc == SQLITE_ROW) {
		*found = true;
		*out = (struct derived_session){.session = session,
			.exchanges = int_at(&r, 0),
			.failed = int_at(&r, 1),
			.opaque = int_at(&r, 2),
			.user_agent = text_at(&r, 3)};
	}
	if (!ok || (rc != SQLITE_ROW && rc != SQLITE_DONE))
		ok = db_fail(c->db, ERR_CASE_READ, "derived_session", err);
	else if (!r.ok)
		ok = err_set(err, ERR_CASE_READ, "the summary of session %lld makes no sense",
			(long long)session);
	sqlite3_finalize(r.s);
	return ok;
}

bool case_stored_sessions(struct case_file *c, size_t max, struct arena *a,
	struct case_stored_session **out, size_t *n, struct err *err)
{
	struct row r = {.a = a, .ok = true};
	int rc;
	*out = NULL;
	*n = 0;
	case_start_clock(c);
	r.s = db_prepare(c->db, get_sessions_sql, ERR_CASE_READ, err);
	if (r.s == NULL)
		return false;
	bool ok = db_bind_text(r.s, ":tool_version", span_str(CLICKTRAIL_VERSION));
	db_bind_int(r.s, ":most", (int64_t)max);
	while ((rc = sqlite3_step(r.s)) == SQLITE_ROW) {
		struct case_stored_session s = {.summary = {.session = int_at(&r, 0),
							.exchanges = int_at(&r, 1),
							.failed = int_at(&r, 2),
							.opaque = int_at(&r, 3),
							.user_agent = text_at(&r, 4)},
			.trails = int_at(&r, 5)};
		if (s.trails < 0)
			s.trails = 0;
		ARENA_PUSH(a, *out, *n, s);
	}
	if (!ok || rc != SQLITE_DONE)
		ok = db_fail(c->db, ERR_CASE_READ, "derived_session", err);
	else if (!r.ok)
		ok = err_set(err, ERR_CASE_READ, "the summaries make no sense");
	sqlite3_finalize(r.s);
	return ok;
}

static struct derived_hop hop_at(struct row *r)
{
	return (struct derived_hop){
		.n = int_at(r, 0),
		.url = text_at(r, 1),
		.method = text_at(r, 2),
		.status = int_at(r, 3),
		.at_us = int_at(r, 4),
		.elapsed_us = int_at(r, 5),
		.on_wire = int_at(r, 6) == 1,
		.mechanism = text_at(r, 7),
		.confidence = text_at(r, 8),
		.exchange = int_at(r, 9),
		.tunnel = int_at(r, 10),
		.claimed_target = text_at(r, 11),
		.evidence = text_at(r, 12),
		.alternatives = text_at(r, 13),
	};
}

static bool read_hops(struct case_file *c, const char *id, struct arena *a,
	struct derived_trail *out, struct err *err)
{
	struct row r = {
		.s = db_prepare(c->db, get_hops_sql, ERR_CASE_READ, err), .a = a, .ok = true};
	struct derived_hop *hops = NULL;
	size_t n = 0, json = 0;
	int rc = SQLITE_DONE;
	if (r.s == NULL || !db_bind_text(r.s, ":id", span_str(id))) {
		sqlite3_finalize(r.s);
		return false;
	}
	while (r.ok && n <= out->n_hops && (rc = sqlite3_step(r.s)) == SQLITE_ROW) {
		struct derived_hop hop = hop_at(&r);
		json += hop.evidence.n + hop.alternatives.n;
		r.ok &= hop.n == (int64_t)n + 1 && hop.evidence.n <= JSON_MOST &&
			hop.alternatives.n <= JSON_MOST && json <= JSON_ALL_MOST;
		ARENA_PUSH(a, hops, n, hop);
	}
	bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE ||
		  db_fail(c->db, ERR_CASE_READ, "derived_hop", err);
	if (ok && (!r.ok || n != out->n_hops))
		ok = err_set(
			err, ERR_CASE_READ, "the stored hops of trail %s make no sense", id);
	sqlite3_finalize(r.s);
	out->hops = hops;
	return ok;
}

bool case_trail(struct case_file *c, int64_t session, int64_t number, struct arena *a,
	struct derived_trail *out, bool *found, struct err *err)
{
	char id[48];
	*found = false;
	case_start_clock(c);
	snprintf(id, sizeof id, "%lld.%lld", (long long)session, (long long)number);
	struct row r = {
		.s = db_prepare(c->db, get_trail_sql, ERR_CASE_READ, err), .a = a, .ok = true};
	if (r.s == NULL || !db_bind_text(r.s, ":id", span_str(id))) {
		sqlite3_finalize(r.s);
		return false;
	}
	int rc = sqlite3_step(r.s);
	if (rc == SQLITE_ROW) {
		*found = true;
		*out = (struct derived_trail){.session = session,
			.number = number,
			.started_us = int_at(&r, 0),
			.start_url = text_at(&r, 1),
			.final_url = text_at(&r, 2),
			.ended_by = text_at(&r, 3),
			.recording_complete = int_at(&r, 4) == 1,
			.notes = text_at(&r, 5),
			.handoff_url = text_at(&r, 6)};
		int64_t hops = int_at(&r, 7);
		r.ok &= hops > 0 && hops <= HOPS_MOST;
		out->n_hops = r.ok ? (size_t)hops : 0;
	}
	bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE ||
		  db_fail(c->db, ERR_CASE_READ, "derived_trail", err);
	if (ok && !r.ok)
		ok = err_set(err, ERR_CASE_READ, "the stored trail %s makes no sense", id);
	sqlite3_finalize(r.s);
	return ok && (!*found || read_hops(c, id, a, out, err));
}
