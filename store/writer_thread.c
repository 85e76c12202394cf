/*
 * The writer's thread: takes what is queued, writes it in one transaction, tells who waits.
 * While it commits, the next batch gathers: that is the group commit. Nobody else commits or
 * checkpoints (Debian's SQLite has the WAL-reset race).
 */
#include "store/fact/notes.h"
#include "store/writer_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { WAL_FRAME = DB_PAGE_SIZE + 24 }; /* SQLite file format 4.1 */
enum { WAL_FRAMES_MAX = WRITER_CHECKPOINT_WAL / WAL_FRAME };

struct batch {
	struct writer_node *head;
	uint64_t n;
	size_t bytes;
	struct writer_job *job;
};

static bool must_work(const struct writer *w)
{
	return writer_due(w) || w->job != NULL || w->stop;
}

static struct timespec from_now(long ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ms * 1000000L;
	t.tv_sec += t.tv_nsec / 1000000000L;
	t.tv_nsec %= 1000000000L;
	return t;
}

/* Lock held. Facts are queued that nobody waits for yet: others may join them. */
static void linger(struct writer *w)
{
	struct timespec until = from_now(WRITER_LINGER_MS);
	int rc = 0;
	while (!must_work(w) && rc != ETIMEDOUT) {
		w->sleep = WRITER_LINGERS;
		rc = pthread_cond_timedwait(&w->work, &w->lock, &until);
	}
	w->sleep = WRITER_AWAKE;
}

/* Lock held. False if the idle time passed without work. */
static bool sleep_until_work(struct writer *w)
{
	struct timespec until = from_now(WRITER_IDLE_MS);
	int rc = 0;
	while (w->head == NULL && !must_work(w) && rc != ETIMEDOUT) {
		w->sleep = WRITER_IDLES;
		rc = w->wal_dirty ? pthread_cond_timedwait(&w->work, &w->lock, &until)
				  : pthread_cond_wait(&w->work, &w->lock);
	}
	w->sleep = WRITER_AWAKE;
	if (w->head != NULL)
		linger(w);
	return w->head != NULL || must_work(w);
}

/* Lock held. What is queued, oldest first; the derived job once nothing is queued before it. */
static struct batch take(struct writer *w)
{
	struct batch b = {.head = w->head};
	struct writer_node **end = &w->head;
	while (*end != NULL && b.n < WRITER_BATCH_MAX) {
		b.n++;
		b.bytes += (*end)->len;
		end = &(*end)->next;
	}
	if (b.n > 0) {
		struct writer_node *rest = *end;
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

static void free_nodes(struct writer_node *node)
{
	while (node != NULL) {
		struct writer_node *next = node->next;
		free(node);
		node = next;
	}
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

static bool write_node(struct writer *w, const struct writer_node *node, struct err *err)
{
	union fact_any fact;
	bool sound = fact_decode(node->kind, span_of(node->bytes, node->len), &fact);
	assert(sound);
	int64_t seq = ++w->last_seq;
	if (node->kind == FACT_KIND_CHUNK)
		share_chunk(w, &fact.chunk, seq);
	return put_fact(&w->put, node->kind, seq, &fact, err);
}

static bool run(struct writer *w, sqlite3_stmt *s, const char *what, struct err *err)
{
	bool ok = sqlite3_step(s) == SQLITE_DONE || db_fail(w->db, ERR_CASE_WRITE, what, err);
	sqlite3_reset(s);
	return ok;
}

static bool write_batch(struct writer *w, const struct batch *b, struct err *err)
{
	bool ok = run(w, w->begin, "begin", err);
	for (struct writer_node *node = b->head; ok && node != NULL; node = node->next)
		ok = write_node(w, node, err);
	return ok && run(w, w->commit, "commit", err);
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

static void finish_batch(struct writer *w, const struct batch *b)
{
	atomic_store(&w->committed, atomic_load(&w->committed) + b->n);
	pthread_mutex_lock(&w->lock);
	w->queued -= b->bytes;
	w->stats.commits++;
	bool wake = w->blocked_puts > 0;
	pthread_mutex_unlock(&w->lock);
	if (wake)
		pthread_cond_broadcast(&w->room);
	writer_notify(w);
}

static void finish_job(struct writer *w, struct writer_job *job)
{
	struct err err = {0};
	bool ok = rebuild_store(w->db, job, &err);
	pthread_mutex_lock(&w->lock);
	job->ok = ok;
	job->err = err;
	job->done = true;
	w->job = NULL;
	pthread_cond_broadcast(&w->job_changed);
	pthread_mutex_unlock(&w->lock);
}

/* Final: whatever is queued is dropped, and everybody is told. */
static void fail(struct writer *w, const struct err *err)
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
	pthread_mutex_unlock(&w->lock);
	free_nodes(dropped);
	writer_notify(w);
}

static bool work_once(struct writer *w, const struct batch *b, struct err *err)
{
	if (b->n > 0) {
		if (!write_batch(w, b, err))
			return false;
		finish_batch(w, b);
	}
	if (b->job != NULL)
		finish_job(w, b->job);
	/* A shorter log than last time: it was started anew. */
	if (w->wal_frames < w->wal_forced && w->wal_frames < WAL_FRAMES_MAX)
		w->wal_forced = WAL_FRAMES_MAX;
	return w->wal_frames < w->wal_forced || writer_checkpoint(w, err);
}

void *writer_thread(void *writer)
{
	struct writer *w = writer;
	struct err err = {0};
	for (;;) {
		pthread_mutex_lock(&w->lock);
		bool work = sleep_until_work(w);
		struct batch b = take(w);
		bool stop = w->stop && b.n == 0 && b.job == NULL;
		pthread_mutex_unlock(&w->lock);
		if (stop)
			return NULL;
		bool ok = work ? work_once(w, &b, &err) : writer_checkpoint(w, &err);
		free_nodes(b.head);
		if (!ok) {
			fail(w, &err);
			return NULL;
		}
	}
}
