#include "store/rebuild.h"
#include "store/writer_state.h"

#include <stdio.h>

static const char drop_hops_sql[] =
	"DELETE FROM derived_hop WHERE :session = 0 OR session = :session";
static const char drop_trails_sql[] =
	"DELETE FROM derived_trail WHERE :session = 0 OR session = :session";
static const char drop_summary_sql[] =
	"DELETE FROM derived_session WHERE :session = 0 OR session = :session";
static const char put_summary_sql[] =
	"INSERT OR REPLACE INTO derived_session (session, tool_version, exchanges, failed, "
	"opaque, "
	"user_agent) "
	"VALUES (:session, :tool_version, :exchanges, :failed, :opaque, :user_agent)";
static const char put_trail_sql[] =
	"INSERT INTO derived_trail (id, session, number, started_us, start_url, final_url, "
	"ended_by, hops, recording_complete, notes, handoff_url) "
	"VALUES (:id, :session, :number, :started_us, :start_url, :final_url, "
	":ended_by, :hops, :recording_complete, :notes, :handoff_url)";
static const char put_hop_sql[] =
	"INSERT INTO derived_hop (trail, n, session, url, method, status, at_us, elapsed_us, "
	"on_wire, mechanism, confidence, exchange, tunnel, claimed_target, evidence, "
	"alternatives) "
	"VALUES (:trail, :n, :session, :url, :method, :status, :at_us, :elapsed_us, "
	":on_wire, :mechanism, :confidence, :exchange, :tunnel, :claimed_target, :evidence, "
	":alternatives)";

struct statements {
	sqlite3 *db;
	sqlite3_stmt *put_trail, *put_hop;
};

static struct span or_empty_list(struct span json)
{
	return json.p != NULL ? json : span_str("[]");
}

static bool run(sqlite3 *db, sqlite3_stmt *s, bool bound, struct err *err)
{
	bool ok = bound ? sqlite3_step(s) == SQLITE_DONE ||
				  db_fail(db, ERR_CASE_WRITE, "derived", err)
			: err_set(err, ERR_CASE_WRITE, "a derived value is too long");
	sqlite3_reset(s);
	return ok;
}

static bool drop(sqlite3 *db, const char *sql, int64_t session, struct err *err)
{
	sqlite3_stmt *s = db_prepare(db, sql, ERR_CASE_WRITE, err);
	if (s == NULL)
		return false;
	db_bind_int(s, ":session", session);
	bool ok = run(db, s, true, err);
	sqlite3_finalize(s);
	return ok;
}

static bool put_hop(struct statements *st, const char *id, int64_t session,
	const struct derived_hop *h, struct err *err)
{
	sqlite3_stmt *s = st->put_hop;
	bool bound = db_bind_text(s, ":trail", span_str(id)) &&
		     db_bind_text(s, ":url", h->url) && db_bind_text(s, ":method", h->method) &&
		     db_bind_text(s, ":mechanism", h->mechanism) &&
		     db_bind_text(s, ":confidence", h->confidence) &&
		     db_bind_text(s, ":claimed_target", h->claimed_target) &&
		     db_bind_text(s, ":evidence", or_empty_list(h->evidence)) &&
		     db_bind_text(s, ":alternatives", or_empty_list(h->alternatives));
	db_bind_int(s, ":n", h->n);
	db_bind_int(s, ":session", session);
	db_bind_int(s, ":status", h->status);
	db_bind_int(s, ":at_us", h->at_us);
	db_bind_int(s, ":elapsed_us", h->elapsed_us);
	db_bind_int(s, ":on_wire", h->on_wire);
	db_bind_int(s, ":exchange", h->exchange);
	db_bind_int(s, ":tunnel", h->tunnel);
	return run(st->db, s, bound, err);
}

static bool put_trail(struct statements *st, const struct derived_trail *t, struct err *err)
{
	char id[48];
	snprintf(id, sizeof id, "%lld.%lld", (long long)t->session, (long long)t->number);
	sqlite3_stmt *s = st->put_trail;
	bool bound = db_bind_text(s, ":id", span_str(id)) &&
		     db_bind_text(s, ":start_url", t->start_url) &&
		     db_bind_text(s, ":final_url", t->final_url) &&
		     db_bind_text(s, ":ended_by", t->ended_by) &&
		     db_bind_text(s, ":handoff_url", t->handoff_url) &&
		     db_bind_text(s, ":notes", or_empty_list(t->notes));
	db_bind_int(s, ":session", t->session);
	db_bind_int(s, ":number", t->number);
	db_bind_int(s, ":started_us", t->started_us);
	db_bind_int(s, ":hops", (int64_t)t->n_hops);
	db_bind_int(s, ":recording_complete", t->recording_complete);
	if (!run(st->db, s, bound, err))
		return false;
	for (size_t i = 0; i < t->n_hops; i++)
		if (!put_hop(st, id, t->session, &t->hops[i], err))
			return false;
	return true;
}

static bool put_all(sqlite3 *db, const struct writer_job *job, struct err *err)
{
	struct statements st = {.db = db};
	st.put_trail = db_prepare(db, put_trail_sql, ERR_CASE_WRITE, err);
	st.put_hop =
		st.put_trail == NULL ? NULL : db_prepare(db, put_hop_sql, ERR_CASE_WRITE, err);
	bool ok = st.put_hop != NULL;
	for (size_t i = 0; ok && i < job->n; i++)
		ok = put_trail(&st, &job->trails[i], err);
	sqlite3_finalize(st.put_trail);
	sqlite3_finalize(st.put_hop);
	return ok;
}

static bool drop_all(sqlite3 *db, int64_t session, struct err *err)
{
	return drop(db, drop_hops_sql, session, err) &&
	       drop(db, drop_trails_sql, session, err) &&
	       drop(db, drop_summary_sql, session, err);
}

bool rebuild_forget(sqlite3 *db, struct err *err)
{
	return drop_all(db, 0, err);
}

static bool put_summary(sqlite3 *db, const struct derived_session *d, struct err *err)
{
	sqlite3_stmt *s = db_prepare(db, put_summary_sql, ERR_CASE_WRITE, err);
	if (s == NULL)
		return false;
	bool bound = db_bind_text(s, ":tool_version", span_str(CLICKTRAIL_VERSION)) &&
		     db_bind_text(s, ":user_agent", d->user_agent);
	db_bind_int(s, ":session", d->session);
	db_bind_int(s, ":exchanges", d->exchanges);
	db_bind_int(s, ":failed", d->failed);
	db_bind_int(s, ":opaque", d->opaque);
	bool ok = run(db, s, bound, err);
	sqlite3_finalize(s);
	return ok;
}

bool rebuild_store(sqlite3 *db, const struct writer_job *job, struct err *err)
{
	bool ok = db_exec(db, "BEGIN IMMEDIATE", ERR_CASE_WRITE, err) &&
		  (job->keep || drop_all(db, job->session, err)) && put_all(db, job, err) &&
		  (job->summary == NULL || put_summary(db, job->summary, err)) &&
		  db_exec(db, "COMMIT", ERR_CASE_WRITE, err);
	if (!ok && sqlite3_get_autocommit(db) == 0)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return ok;
}

bool writer_run_job(struct writer *w, struct writer_job job, struct err *err)
{
	pthread_mutex_lock(&w->lock);
	while (w->job != NULL && !w->failed)
		pthread_cond_wait(&w->job_changed, &w->lock);
	if (!w->failed) {
		w->job = &job;
		pthread_cond_signal(&w->work);
	}
	while (!job.done && !w->failed)
		pthread_cond_wait(&w->job_changed, &w->lock);
	if (w->job == &job)
		w->job = NULL;
	bool ok = job.done && job.ok;
	if (!ok && err != NULL)
		*err = w->failed ? w->err : job.err;
	pthread_cond_broadcast(&w->job_changed);
	pthread_mutex_unlock(&w->lock);
	return ok;
}

bool writer_put_derived(struct writer *w, int64_t session, const struct derived_trail *trails,
	size_t n, struct err *err)
{
	return writer_run_job(
		w, (struct writer_job){.session = session, .trails = trails, .n = n}, err);
}

bool writer_add_derived(struct writer *w, int64_t session, const struct derived_trail *trails,
	size_t n, struct err *err)
{
	return writer_run_job(w,
		(struct writer_job){.session = session, .keep = true, .trails = trails, .n = n},
		err);
}

bool writer_put_summary(
	struct writer *w, const struct derived_session *summary, struct err *err)
{
	return writer_run_job(w,
		(struct writer_job){
			.session = summary->session, .keep = true, .summary = summary},
		err);
}

bool writer_index(struct writer *w, struct err *err)
{
	return writer_run_job(w, (struct writer_job){.indexes = true}, err);
}

bool writer_put_timestamp(struct writer *w, const struct seal_stamp *s, struct err *err)
{
	return writer_run_job(w, (struct writer_job){.stamp = s}, err);
}
