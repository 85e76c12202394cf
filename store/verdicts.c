#include "store/verdicts.h"
#include "store/derive/compare.h"
#include "store/writer_state.h"

static const char drop_sql[] = "DELETE FROM derived_verdict";
static const char put_sql[] =
	"INSERT INTO derived_verdict (session, tunnel, leg, exchange, flow, packet, file, "
	"subject, verdict, proxy_value, witness_value, detail) "
	"VALUES (:session, :tunnel, :leg, :exchange, :flow, :packet, :file, "
	":subject, :verdict, :proxy_value, :witness_value, :detail)";

static bool put_one(sqlite3 *db, sqlite3_stmt *s, const struct verdict *v, struct err *err)
{
	bool bound = db_bind_text(s, ":file", v->file) &&
		     db_bind_text(s, ":subject", span_str(verdict_subject_word(v->subject))) &&
		     db_bind_text(s, ":verdict", span_str(verdict_kind_word(v->kind))) &&
		     db_bind_text(s, ":proxy_value", v->proxy_value) &&
		     db_bind_text(s, ":witness_value", v->witness_value) &&
		     db_bind_text(s, ":detail", v->detail);
	if (!bound)
		return err_set(err, ERR_CASE_WRITE, "a verdict's value is too long");
	/* One that is about no session belongs to the case. */
	db_bind_int(s, ":session", v->session != FACT_NULL ? v->session : 0);
	db_bind_int(s, ":tunnel", v->tunnel);
	db_bind_int(s, ":leg", v->leg);
	db_bind_int(s, ":exchange", v->exchange);
	db_bind_int(s, ":flow", v->flow);
	db_bind_int(s, ":packet", v->packet);
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
