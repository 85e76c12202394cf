#include "store/verdicts.h"
#include "store/derive/compare.h"
#include "store/writer_state.h"

static const char drop_sql[] = "DELETE FROM derived_verdict";
/* Bound by number: there are tens of thousands, and a name is looked for each time. */
enum {
	PUT_SESSION = 1,
	PUT_TUNNEL,
	PUT_LEG,
	PUT_EXCHANGE,
	PUT_FLOW,
	PUT_PACKET,
	PUT_FILE,
	PUT_SUBJECT,
	PUT_VERDICT,
	PUT_PROXY_VALUE,
	PUT_WITNESS_VALUE,
	PUT_DETAIL,
};
static const char put_sql[] =
	"INSERT INTO derived_verdict (session, tunnel, leg, exchange, flow, packet, file, "
	"subject, verdict, proxy_value, witness_value, detail) "
	"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

static bool bind_number(sqlite3_stmt *s, int at, int64_t value)
{
	return (value == FACT_NULL ? sqlite3_bind_null(s, at)
				   : sqlite3_bind_int64(s, at, value)) == SQLITE_OK;
}

static bool bind_text(sqlite3_stmt *s, int at, struct span value)
{
	return (value.p == NULL ? sqlite3_bind_null(s, at)
				: sqlite3_bind_text64(s, at, (const char *)value.p, value.n,
					  SQLITE_STATIC, SQLITE_UTF8)) == SQLITE_OK;
}

static bool put_one(sqlite3 *db, sqlite3_stmt *s, const struct verdict *v, struct err *err)
{
	/* One that is about no session belongs to the case. */
	bool bound = bind_number(s, PUT_SESSION, v->session != FACT_NULL ? v->session : 0) &&
		     bind_number(s, PUT_TUNNEL, v->tunnel) && bind_number(s, PUT_LEG, v->leg) &&
		     bind_number(s, PUT_EXCHANGE, v->exchange) &&
		     bind_number(s, PUT_FLOW, v->flow) &&
		     bind_number(s, PUT_PACKET, v->packet) && bind_text(s, PUT_FILE, v->file) &&
		     bind_text(s, PUT_SUBJECT, span_str(verdict_subject_word(v->subject))) &&
		     bind_text(s, PUT_VERDICT, span_str(verdict_kind_word(v->kind))) &&
		     bind_text(s, PUT_PROXY_VALUE, v->proxy_value) &&
		     bind_text(s, PUT_WITNESS_VALUE, v->witness_value) &&
		     bind_text(s, PUT_DETAIL, v->detail);
	if (!bound)
		return err_set(err, ERR_CASE_WRITE, "a verdict's value is too long");
	bool good =
		sqlite3_step(s) == SQLITE_DONE || db_fail(db, ERR_CASE_WRITE, "verdicts", err);
	sqlite3_reset(s);
	return good;
}

static bool put_all(sqlite3 *db, const struct writer_job *job, struct err *err)
{
	sqlite3_stmt *s = db_prepare(db, put_sql, ERR_CASE_WRITE, err);
	bool good = s != NULL;
	for (size_t i = 0; good && i < job->n_verdicts; i++)
		good = put_one(db, s, &job->verdicts[i], err);
	sqlite3_finalize(s);
	return good;
}

bool verdicts_store(sqlite3 *db, const struct writer_job *job, struct err *err)
{
	bool good = db_exec(db, "BEGIN IMMEDIATE", ERR_CASE_WRITE, err) &&
		    (job->keep || db_exec(db, drop_sql, ERR_CASE_WRITE, err)) &&
		    put_all(db, job, err) && db_exec(db, "COMMIT", ERR_CASE_WRITE, err);
	if (!good && sqlite3_get_autocommit(db) == 0)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return good;
}

bool writer_put_verdicts(
	struct writer *w, bool first, const struct verdict *verdicts, size_t n, struct err *err)
{
	static const struct verdict none;
	return writer_run_job(w,
		(struct writer_job){.keep = !first,
			.verdicts = verdicts != NULL ? verdicts : &none,
			.n_verdicts = n},
		err);
}
