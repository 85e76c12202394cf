#include "store/recorded_state.h"

#include <stdlib.h>

struct recorded *recorded_open(const char *path, struct err *err)
{
	struct recorded *r = calloc(1, sizeof *r);
	if (r == NULL)
		abort();
	r->c = case_open(path, err);
	/* With the temporary file's 768 KB: below 2 MB. Where it is not needed, more. */
	bool ok = r->c != NULL &&
		  db_exec(r->c->db, "PRAGMA cache_size = -1024", ERR_CASE_READ, err);
	if (ok)
		ok = recorded_done(r, recorded_begin(r, err), err);
	if (ok && r->aside == NULL)
		ok = db_exec(r->c->db, "PRAGMA cache_size = -4096", ERR_CASE_READ, err);
	if (ok)
		return r;
	recorded_close(r);
	return NULL;
}

void recorded_close(struct recorded *r)
{
	if (r == NULL)
		return;
	recorded_find_fini(r);
	sqlite3_finalize(r->one);
	sqlite3_finalize(r->chunk);
	sqlite3_finalize(r->erased);
	sqlite3_finalize(r->ever_erased);
	sqlite3_finalize(r->behind);
	case_close(r->c);
	free(r);
}

struct case_file *recorded_case(struct recorded *r)
{
	return r->c;
}

bool recorded_fact(struct recorded *r, int64_t seq, enum fact_kind kind, union fact_any *out,
	bool *found, struct err *err)
{
	enum fact_kind is;
	*found = false;
	if (r->one == NULL)
		r->one = get_prepare(r->c->db, GET_ONE, err);
	if (r->one == NULL)
		return false;
	sqlite3_reset(r->one);
	db_bind_int(r->one, ":seq", seq);
	int rc = sqlite3_step(r->one);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE || db_fail(r->c->db, ERR_CASE_READ, "a fact", err);
	if (!get_kind(r->one, &seq, &is, err))
		return false;
	if (is != kind)
		return true;
	*found = true;
	return get_row(r->one, kind, out, err);
}

/* ---- by URL ---- */

static bool next_of(struct recorded *r, sqlite3_stmt *s, int64_t session, struct span url,
	struct arena *a, struct fact_request *out, int64_t *seq, struct err *err)
{
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		union fact_any fact;
		bool found;
		int64_t at = sqlite3_column_int64(s, 0);
		if (!recorded_fact(r, at, FACT_KIND_REQUEST, &fact, &found, err))
			return false;
		if (!found || !span_eq(fact.request.url, url) ||
			(session != 0 && fact.request.session != session))
			continue;
		fact_copy(FACT_KIND_REQUEST, &fact, out, a);
		*seq = at;
		return true;
	}
	return rc == SQLITE_DONE ||
	       db_fail(sqlite3_db_handle(s), ERR_CASE_READ, "requests", err);
}

/* A statement over one row holds on to its page, and to the transaction. */
static void let_go(struct recorded *r, sqlite3_stmt *s)
{
	if (s != NULL)
		sqlite3_reset(s);
	if (r->one != NULL)
		sqlite3_reset(r->one);
}

bool recorded_next(struct recorded *r, int64_t session, struct span url, int64_t after,
	struct arena *a, struct fact_request *out, int64_t *seq, struct err *err)
{
	*seq = 0;
	fact_init(FACT_KIND_REQUEST, out);
	if (url.p == NULL)
		return true;
	sqlite3_stmt *s = recorded_begin(r, err) ? recorded_find(r, FIND_URL, err) : NULL;
	bool ok = s != NULL;
	if (ok) {
		db_bind_int(s, ":after", after < 0 ? 0 : after);
		ok = db_bind_text(s, ":url", url)
			     ? next_of(r, s, session, url, a, out, seq, err)
			     : true; /* longer than any that is stored */
	}
	let_go(r, s);
	return recorded_done(r, ok, err);
}

static bool starts(struct span s, struct span prefix)
{
	return s.p != NULL && span_eq(span_first(s, prefix.n), prefix);
}

/* The numbers of at most max. No pattern of SQL's, in which a URL's '%' and '_' would mean
 * something: the first that does not start with the prefix ends it. */
static bool list_near(sqlite3_stmt *s, struct span prefix, size_t max, struct arena *a,
	int64_t **seqs, size_t *n, bool *more, struct err *err)
{
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		if (!starts(db_column_span(s, 1), prefix))
			return true;
		*more = *n == max;
		if (*more)
			return true;
		ARENA_PUSH(a, *seqs, *n, sqlite3_column_int64(s, 0));
	}
	return rc == SQLITE_DONE ||
	       db_fail(sqlite3_db_handle(s), ERR_CASE_READ, "requests", err);
}

/* In a transaction of its own, so that `each` may take its time. */
static bool copy_near(struct recorded *r, int64_t seq, struct arena *a,
	struct fact_request *out, bool *found, struct err *err)
{
	union fact_any fact;
	bool ok = recorded_begin(r, err) &&
		  recorded_fact(r, seq, FACT_KIND_REQUEST, &fact, found, err);
	if (ok && *found)
		fact_copy(FACT_KIND_REQUEST, &fact, out, a);
	let_go(r, NULL);
	return recorded_done(r, ok, err);
}

static bool give_near(struct recorded *r, int64_t session, struct span prefix,
	const int64_t *seqs, size_t n, recorded_fn *each, void *ctx, struct err *err)
{
	bool ok = true, on = true;
	struct arena a = {0};
	for (size_t i = 0; ok && on && i < n; i++) {
		struct fact_request request;
		bool found = false;
		arena_reset(&a);
		ok = copy_near(r, seqs[i], &a, &request, &found, err);
		if (ok && found && starts(request.url, prefix) &&
			(session == 0 || request.session == session))
			on = each(ctx, seqs[i], &request);
	}
	arena_fini(&a);
	return ok;
}

bool recorded_near(struct recorded *r, int64_t session, struct span prefix, size_t max,
	recorded_fn *each, void *ctx, bool *more, struct err *err)
{
	struct arena a = {0};
	int64_t *seqs = NULL;
	size_t n = 0;
	*more = false;
	if (prefix.p == NULL)
		prefix = span_str("");
	sqlite3_stmt *s = recorded_begin(r, err) ? recorded_find(r, FIND_NEAR, err) : NULL;
	bool ok = s != NULL;
	if (ok && db_bind_text(s, ":prefix", prefix))
		ok = list_near(s, prefix, max, &a, &seqs, &n, more, err);
	let_go(r, s);
	ok = recorded_done(r, ok, err) &&
	     give_near(r, session, prefix, seqs, n, each, ctx, err);
	arena_fini(&a);
	return ok;
}
