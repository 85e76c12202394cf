/*
 * Writing: what is queued into one transaction, and the log into the main file. Called by
 * whoever is busy, which is one thread at a time and no other connection (Debian's SQLite has
 * the WAL-reset race). While it commits, the next batch gathers: that is the group commit.
 */
#include "store/base/log.h"
#include "store/fact/notes.h"
#include "store/seal_stamps_put.h"
#include "store/writer_state.h"

enum { WAL_FRAME = DB_PAGE_SIZE + 24 }; /* SQLite file format 4.1 */
enum { WAL_FRAMES_MAX = WRITER_CHECKPOINT_WAL / WAL_FRAME };

static const char closed_sql[] = "UPDATE case_info SET closed_us = :closed_us WHERE n = 1";

struct writer_batch writer_take(struct writer *w)
{
	struct writer_batch b = {.head = w->head};
	struct writer_node **end = &w->head;
	while (*end != NULL && b.n < WRITER_BATCH_MAX && b.bytes < WRITER_BATCH_BYTES) {
		b.n++;
		b.bytes += (*end)->len;
		end = &(*end)->next;
	}
	if (b.n > 0) {
		struct writer_node *rest = *end;
		b.number = ++w->batches;
		w->taken += b.n;
		*end = NULL;
		w->head = rest;
		if (rest == NULL)
			w->tail = &w->head;
	}
	if (w->head == NULL)
		b.job = w->job;
	return b;
}

/* The set of chunks is full: said once, as a fact, since from here on bodies are stored more
 * than once. */
static void note_full(struct writer *w, int64_t session)
{
	struct fact_note note;
	fact_init(FACT_KIND_NOTE, &note);
	note.session = session;
	note.at_us = clock_now_us(w->clock);
	note.code = span_str(note_word(NOTE_LIMIT));
	note.detail = span_str("equal body chunks are no longer looked for");
	struct writer_node *node = writer_node_make(FACT_KIND_NOTE, &note);
	pthread_mutex_lock(&w->lock);
	writer_append(w, node);
	pthread_mutex_unlock(&w->lock);
}

static void share_chunk(struct writer *w, struct fact_chunk *chunk, int64_t seq)
{
	if (chunk->data.p == NULL || chunk->data.n <= BODY_SHARE_MIN ||
		chunk->sha256.p == NULL || chunk->sha256.n != SHA256_LEN)
		return;
	int64_t same = seen_find(&w->chunks, chunk->sha256.p);
	if (same != 0) {
		chunk->same_as = same;
		chunk->data = SPAN_NONE;
	} else if (!seen_add(&w->chunks, chunk->sha256.p, seq) && !w->chunks_full) {
		w->chunks_full = true;
		note_full(w, chunk->session);
	}
}

static bool write_node(struct writer *w, struct writer_node *node, struct err *err)
{
	uint8_t seal[SEAL_LEN];
	int64_t seq = ++w->last_seq;
	const uint8_t *digest = NULL;
	if (node->kind == FACT_KIND_CHUNK) {
		struct fact_chunk *chunk = (struct fact_chunk *)(void *)node->bytes;
		share_chunk(w, chunk, seq);
		if (chunk->sha256.n == SHA256_LEN)
			digest = chunk->sha256.p;
	}
	return seal_write_fact(&w->seal, node->kind, seq, node->bytes, digest, seal, err) &&
	       put_fact(&w->put, node->kind, seq, node->bytes, span_of(seal, sizeof seal), err);
}

static bool run(struct writer *w, sqlite3_stmt *s, const char *what, struct err *err)
{
	bool ok = sqlite3_step(s) == SQLITE_DONE || db_fail(w->db, ERR_CASE_WRITE, what, err);
	sqlite3_reset(s);
	return ok;
}

/* case_info says so, too: for who asks it alone. */
bool writer_say_closed(struct writer *w, int64_t at_us, struct err *err)
{
	sqlite3_stmt *s = db_prepare(w->db, closed_sql, ERR_CASE_WRITE, err);
	if (s == NULL)
		return false;
	db_bind_int(s, ":closed_us", at_us);
	bool ok = run(w, s, "closing", err);
	sqlite3_finalize(s);
	w->closed = true;
	return ok;
}

static bool write_nodes(struct writer *w, const struct writer_batch *b,
	enum seal_head_kind *kind, struct err *err)
{
	bool ok = true;
	for (struct writer_node *node = b->head; ok && node != NULL; node = node->next) {
		if (w->closed)
			return err_set(err, ERR_CASE_CLOSED, "%s", w->path);
		ok = write_node(w, node, err);
		if (node->kind == FACT_KIND_SESSION_END)
			*kind = HEAD_SESSION;
		if (node->kind != FACT_KIND_CLOSE)
			continue;
		*kind = HEAD_CLOSING;
		ok = ok && writer_say_closed(
				   w, ((struct fact_close *)(void *)node->bytes)->at_us, err);
	}
	return ok;
}

/* The end of a session, or of the case, is signed at once. */
static bool write_batch(struct writer *w, const struct writer_batch *b, struct err *err)
{
	enum seal_head_kind kind = HEAD_RUNNING;
	bool ok = run(w, w->begin, "begin", err) && write_nodes(w, b, &kind, err);
	if (ok && (kind != HEAD_RUNNING || seal_write_due(&w->seal)))
		ok = seal_write_head(&w->seal, kind, err);
	return ok && run(w, w->commit, "commit", err);
}

/* For writer_last_head, which any thread may call. */
static void keep_head(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->last_head = w->seal.last;
	pthread_mutex_unlock(&w->lock);
}

void writer_last_head(struct writer *w, struct seal_head *out)
{
	pthread_mutex_lock(&w->lock);
	*out = w->last_head;
	pthread_mutex_unlock(&w->lock);
}

/* What the installation's log lacks shows when the case is verified; the recording goes on. */
static void log_heads(struct writer *w)
{
	struct err err;
	if (!seal_write_log(&w->seal, &err))
		log_error("%s: %s", err_sentence(err.kind), err.detail);
}

bool writer_head(struct writer *w, enum seal_head_kind kind, struct err *err)
{
	if (!seal_write_behind(&w->seal))
		return true;
	bool ok = run(w, w->begin, "begin", err) && seal_write_head(&w->seal, kind, err) &&
		  run(w, w->commit, "commit", err);
	if (ok)
		log_heads(w);
	keep_head(w);
	return ok;
}

void writer_after_erase(struct writer *w)
{
	log_heads(w);
	keep_head(w);
}

bool writer_must_checkpoint(const struct writer *w)
{
	return w->wal_frames >= w->wal_forced;
}

bool writer_checkpoint(struct writer *w, struct err *err)
{
	int log = 0, done = 0;
	int rc = sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &done);
	/* Readers may hold a part back: the rest is done another time. */
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
		return db_fail(w->db, ERR_CASE_WRITE, "checkpoint", err);
	w->wal_dirty = rc != SQLITE_OK || done < log;
	/* The log starts anew with the next commit if nobody reads in it; else it grows on, and
	 * not each commit shall try. */
	w->wal_forced = log + WAL_FRAMES_MAX / 8;
	if (w->wal_forced < WAL_FRAMES_MAX)
		w->wal_forced = WAL_FRAMES_MAX;
	pthread_mutex_lock(&w->lock);
	w->stats.checkpoints++;
	pthread_mutex_unlock(&w->lock);
	return true;
}

static void finish_batch(struct writer *w, const struct writer_batch *b)
{
	atomic_store(&w->committed, atomic_load(&w->committed) + b->n);
	pthread_mutex_lock(&w->lock);
	w->last_head = w->seal.last;
	w->queued -= b->bytes;
	w->stats.commits++;
	bool wake = w->blocked_puts > 0;
	pthread_mutex_unlock(&w->lock);
	if (wake)
		pthread_cond_broadcast(&w->room);
	writer_notify(w, b->number);
}

static bool do_job(struct writer *w, const struct writer_job *job, struct err *err)
{
	if (job->erase != NULL)
		return erase_store(w, job->erase, job->erased, err);
	if (job->scrub)
		return erase_scrub(w, err);
	if (job->stamp != NULL)
		return seal_stamps_put(w->db, job->stamp, err);
	if (job->verdicts != NULL)
		return verdicts_store(w->db, job, err);
	return job->indexes ? writer_make_indexes(w->db, err) : rebuild_store(w->db, job, err);
}

/* False where nothing more may be written. */
static bool finish_job(struct writer *w, struct writer_job *job, struct err *why)
{
	struct err err = {0};
	bool ok = do_job(w, job, &err), final = !ok && job->erase != NULL;
	pthread_mutex_lock(&w->lock);
	job->ok = ok;
	job->err = err;
	job->done = true;
	w->job = NULL;
	pthread_cond_broadcast(&w->job_changed);
	pthread_mutex_unlock(&w->lock);
	*why = err;
	return !final;
}

void writer_fail(struct writer *w, const struct err *err)
{
	if (sqlite3_get_autocommit(w->db) == 0)
		sqlite3_exec(w->db, "ROLLBACK", NULL, NULL, NULL);
	pthread_mutex_lock(&w->lock);
	w->err = *err;
	atomic_store(&w->failed, true);
	struct writer_node *dropped = w->head;
	w->head = NULL;
	w->tail = &w->head;
	w->queued = 0;
	pthread_cond_broadcast(&w->room);
	pthread_cond_broadcast(&w->job_changed);
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	writer_node_free_all(dropped);
	writer_notify(w, UINT64_MAX);
}

bool writer_commit(struct writer *w, struct writer_batch *b)
{
	struct err err = {0};
	bool ok = true;
	if (b->n > 0) {
		ok = write_batch(w, b, &err);
		if (ok) {
			finish_batch(w, b);
			log_heads(w);
		}
	}
	if (ok && b->job != NULL)
		ok = finish_job(w, b->job, &err);
	/* A shorter log than last time: it was started anew. */
	if (w->wal_frames < w->wal_forced && w->wal_frames < WAL_FRAMES_MAX)
		w->wal_forced = WAL_FRAMES_MAX;
	writer_node_free_all(b->head);
	b->head = NULL;
	if (!ok)
		writer_fail(w, &err);
	return ok;
}

/* Lock held. */
static bool may_commit_here(const struct writer *w, uint64_t ticket)
{
	return w->commits_here && !w->busy && !w->failed && !w->stop && w->job == NULL &&
	       ticket > w->taken && w->queued <= WRITER_HERE_BYTES &&
	       atomic_load(&w->n_waiting) == 0 && atomic_load(&w->crowd) < WRITER_CROWD_ALONE &&
	       !writer_must_checkpoint(w);
}

void writer_commit_here(struct writer *w, uint64_t ticket)
{
	pthread_mutex_lock(&w->lock);
	if (!may_commit_here(w, ticket)) {
		pthread_mutex_unlock(&w->lock);
		return;
	}
	struct writer_batch b = writer_take(w);
	w->busy = true;
	pthread_mutex_unlock(&w->lock);
	bool ok = writer_commit(w, &b);
	pthread_mutex_lock(&w->lock);
	w->busy = false;
	/* Others came meanwhile, or the log is long: that is the thread's. */
	bool wake =
		!ok || w->stop || w->job != NULL || writer_due(w) || writer_must_checkpoint(w);
	if (wake)
		w->sleep = WRITER_AWAKE;
	pthread_mutex_unlock(&w->lock);
	if (wake)
		pthread_cond_signal(&w->work);
}
