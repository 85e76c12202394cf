/* How a case is made, opened for writing, and left again. */
#include "store/get.h"
#include "store/numbers.h"
#include "store/schema.h"
#include "store/lock.h"
#include "store/base/codec.h"
#include "store/fact/custody.h"
#include "store/writer_state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CASE_ID_BYTES = 16 };

static const char put_info_sql[] =
	"INSERT INTO case_info (n, id, created_us, opened_us, tool_name, tool_version, "
	"operator_name) "
	"VALUES (1, :id, :created_us, :created_us, 'clicktrail', :tool_version, "
	":operator_name)";

static const char get_info_sql[] = "SELECT id, closed_us FROM case_info WHERE n = 1";

static const char prove_sql[] = "UPDATE case_info SET opened_us = :opened_us WHERE n = 1";

static const char certificates_sql[] = "SELECT sha256 FROM fact_certificate";

/* Chunks that are stored, newest first: f8 sha256, f7 same_as, 13 a chunk. Out of the index
 * alone. */
static const char chunks_sql[] =
	"SELECT f8, seq FROM fact INDEXED BY fact_chunk_by_sha256 "
	"WHERE kind = 13 AND f8 IS NOT NULL AND f7 IS NULL ORDER BY seq DESC LIMIT :most";

static bool put_info(sqlite3 *db, const struct writer_options *o, int64_t now, struct err *err)
{
	uint8_t raw[CASE_ID_BYTES];
	if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
		return err_set_os(err, ERR_SYSTEM, errno, "random bytes");
	struct arena a = {0};
	sqlite3_stmt *s = db_prepare(db, put_info_sql, ERR_CASE_OPEN, err);
	bool ok = s != NULL;
	if (ok) {
		db_bind_int(s, ":created_us", now);
		ok = db_bind_text(s, ":id", span_str(hex_str(&a, span_of(raw, sizeof raw)))) &&
		     db_bind_text(s, ":tool_version", span_str(CLICKTRAIL_VERSION)) &&
		     db_bind_text(s, ":operator_name", span_str(o->operator_name)) &&
		     sqlite3_step(s) == SQLITE_DONE;
		if (!ok)
			db_fail(db, ERR_CASE_OPEN, "the new case", err);
	}
	sqlite3_finalize(s);
	arena_fini(&a);
	return ok;
}

static bool sync_folder(const char *path, struct err *err)
{
	char folder[PATH_MAX];
	snprintf(folder, sizeof folder, "%s", path);
	*(strrchr(folder, '/') + 1) = 0;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set_os(err, ERR_CASE_OPEN, errno, "%s", folder);
	bool ok = fsync(fd) == 0 || errno == EINVAL;
	int os = errno;
	close(fd);
	return ok || err_set_os(err, ERR_CASE_OPEN, os, "%s", folder);
}

static bool fill_new(
	const char *path, const struct writer_options *o, int64_t now, struct err *err)
{
	char page_size[40];
	snprintf(page_size, sizeof page_size, "PRAGMA page_size = %d", DB_PAGE_SIZE);
	sqlite3 *db = db_open(path, SQLITE_OPEN_READWRITE, ERR_CASE_OPEN, err);
	if (db == NULL)
		return false;
	/* The steps leave empty pages behind, of what a later one replaced; VACUUM attaches. */
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1);
	bool ok = db_exec(db, page_size, ERR_CASE_OPEN, err) && schema_make(db, err) &&
		  put_info(db, o, now, err) && db_exec(db, "VACUUM", ERR_CASE_OPEN, err);
	db_close(db);
	return ok;
}

/* Made whole under another name and then renamed, so that no crash leaves half a case. Never
 * replaces a file. */
static bool make_case(
	const char *path, const struct writer_options *o, int64_t now, struct err *err)
{
	char fresh[PATH_MAX];
	if (snprintf(fresh, sizeof fresh, "%s.new-XXXXXX", path) >= PATH_MAX)
		return err_set(err, ERR_CASE_OPEN, "%s: the name is too long", path);
	int fd = mkostemp(fresh, O_CLOEXEC); /* O_EXCL, mode 0600 */
	if (fd < 0)
		return err_set_os(err, ERR_CASE_OPEN, errno, "%s", path);
	close(fd);
	bool ok = fill_new(fresh, o, now, err);
	if (ok && renameat2(AT_FDCWD, fresh, AT_FDCWD, path, RENAME_NOREPLACE) != 0) {
		/* File systems without that flag have link, which does not replace either. */
		if (errno != EINVAL || link(fresh, path) != 0)
			ok = err_set_os(err, ERR_CASE_OPEN, errno, "%s", path);
		else
			unlink(fresh);
	}
	if (!ok) {
		unlink(fresh);
		return false;
	}
	return sync_folder(path, err);
}

/* Under raw_lock. Afterwards the path is a case of ours by its first bytes, and on the list of
 * files in use. */
static bool claim(struct writer *w, const struct writer_options *o, struct err *err)
{
	struct stat st;
	struct raw_header header;
	if (lstat(w->path, &st) != 0) {
		if (errno != ENOENT)
			return err_set_os(err, ERR_CASE_OPEN, errno, "%s", w->path);
		if (!make_case(w->path, o, clock_now_us(w->clock), err))
			return false;
		if (lstat(w->path, &st) != 0)
			return err_set_os(err, ERR_CASE_OPEN, errno, "%s", w->path);
	}
	struct raw_id id = {st.st_dev, st.st_ino};
	if (!raw_in_use(id) && (!raw_sniff(w->path, &header, err) || !raw_beside(w->path, err)))
		return false;
	raw_claim(id);
	w->raw = id;
	w->claimed = true;
	return true;
}

static int count_frames(void *writer, sqlite3 *db, const char *name, int frames)
{
	struct writer *w = writer;
	(void)db, (void)name;
	w->wal_frames = frames;
	w->wal_dirty = true;
	return SQLITE_OK;
}

static bool read_info(struct writer *w, bool closed_too, struct err *err)
{
	sqlite3_stmt *s = db_prepare(w->db, get_info_sql, ERR_CASE_OPEN, err);
	if (s == NULL)
		return false;
	bool ok = sqlite3_step(s) == SQLITE_ROW;
	if (!ok) {
		err_set(err, ERR_CASE_FOREIGN, "it has no case_info");
	} else if (sqlite3_column_type(s, 1) != SQLITE_NULL && !closed_too) {
		ok = err_set(err, ERR_CASE_CLOSED, "%s", w->path);
	} else {
		struct span id = db_column_span(s, 0);
		w->closed = sqlite3_column_type(s, 1) != SQLITE_NULL;
		ok = id.n == WRITER_ID_LEN - 1;
		if (ok)
			memcpy(w->id, id.p, id.n);
		else
			err_set(err, ERR_CASE_FOREIGN, "its id is not one of ours");
	}
	sqlite3_finalize(s);
	return ok;
}

/* journal_mode answers with the mode that came of it. */
static bool enter_wal(sqlite3 *db, struct err *err)
{
	sqlite3_stmt *s = db_prepare(db, "PRAGMA journal_mode = WAL", ERR_CASE_OPEN, err);
	if (s == NULL)
		return false;
	bool ok = sqlite3_step(s) == SQLITE_ROW ? span_is(db_column_span(s, 0), "wal") : false;
	if (!ok)
		db_fail(db, ERR_CASE_OPEN, "write-ahead log", err);
	sqlite3_finalize(s);
	return ok;
}

static bool open_db(struct writer *w, const struct writer_options *o, struct err *err)
{
	int schema;
	w->db = db_open(w->path, SQLITE_OPEN_READWRITE, ERR_CASE_OPEN, err);
	if (w->db == NULL || !schema_check(w->db, true, &schema, err) ||
		!read_info(w, o->closed_too, err) || !enter_wal(w->db, err) ||
		!db_exec(w->db, "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -4096",
			ERR_CASE_OPEN, err))
		return false;
	/* FULL flushes the log at every commit, NORMAL only before a checkpoint. */
	const char *level = o->durability == DURABILITY_POWER ? "PRAGMA synchronous = FULL"
							      : "PRAGMA synchronous = NORMAL";
	sqlite3_wal_hook(w->db, count_frames, w);
	w->commits_here = o->durability == DURABILITY_CRASH;
	return db_exec(w->db, level, ERR_CASE_OPEN, err);
}

static bool read_certificates(struct writer *w, struct err *err)
{
	sqlite3_stmt *s = db_prepare(w->db, certificates_sql, ERR_CASE_READ, err);
	if (s == NULL)
		return false;
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct span digest = db_column_span(s, 0);
		if (digest.n == SHA256_LEN && seen_find(&w->certificates, digest.p) == 0)
			seen_add(&w->certificates, digest.p, 1);
	}
	bool ok = rc == SQLITE_DONE || db_fail(w->db, ERR_CASE_READ, "certificates", err);
	sqlite3_finalize(s);
	return ok;
}

/* What may be shared with what is recorded now. */
static bool read_chunks(struct writer *w, struct err *err)
{
	sqlite3_stmt *s = db_prepare(w->db, chunks_sql, ERR_CASE_READ, err);
	if (s == NULL)
		return false;
	int rc;
	db_bind_int(s, ":most", WRITER_SEEN_REFILL);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct span digest = db_column_span(s, 0);
		int64_t seq = sqlite3_column_int64(s, 1);
		if (digest.n == SHA256_LEN && seq > 0 && seen_find(&w->chunks, digest.p) == 0)
			seen_add(&w->chunks, digest.p, seq);
	}
	bool ok = rc == SQLITE_DONE || db_fail(w->db, ERR_CASE_READ, "chunks", err);
	sqlite3_finalize(s);
	return ok;
}

/* Sorted in a temporary file, so that a large case takes no more memory than a small one (what
 * is sorted are numbers and digests); where there is no room for one, in memory. */
bool writer_make_indexes(sqlite3 *db, struct err *err)
{
	struct err first;
	if (!db_exec(db, "PRAGMA temp_store = FILE", ERR_CASE_WRITE, err))
		return false;
	bool ok = schema_index(db, &first);
	if (!db_exec(db, "PRAGMA temp_store = MEMORY", ERR_CASE_WRITE, err))
		return false;
	return ok || schema_index(db, err);
}

/* Where the case's numbers went on to. The indexes of the last session help; a case that was
 * left uncleanly gets them first: to make them is to read it once. */
/* A companion's numbers lie behind those of its case. */
static void start_at(_Atomic int64_t *number, int64_t own, int64_t after)
{
	atomic_store(number, own > after ? own : after);
}

static bool read_numbers(struct writer *w, const struct case_numbers *after, struct err *err)
{
	static const struct case_numbers none = {0};
	struct case_numbers own;
	/* What a case brings along may be an index of something else: made anew. */
	if (!schema_unindex(w->db, err) || !writer_make_indexes(w->db, err) ||
		!get_last_seq(w->db, &w->last_seq, err) || !numbers_read(w->db, &own, err) ||
		!read_certificates(w, err) || !read_chunks(w, err))
		return false;
	if (after == NULL)
		after = &none;
	start_at(&w->sessions, own.sessions, after->sessions);
	start_at(&w->tunnels, own.tunnels, after->tunnels);
	start_at(&w->legs, own.legs, after->legs);
	start_at(&w->exchanges, own.exchanges, after->exchanges);
	return true;
}

/* A real commit and a real checkpoint: log and main file can both be written. */
static bool prove(struct writer *w, bool keep_indexes, struct err *err)
{
	if (!db_exec(w->db, "BEGIN IMMEDIATE", ERR_CASE_WRITE, err))
		return false;
	sqlite3_stmt *s = db_prepare(w->db, prove_sql, ERR_CASE_WRITE, err);
	if (s == NULL)
		return false;
	db_bind_int(s, ":opened_us", clock_now_us(w->clock));
	bool ok = (sqlite3_step(s) == SQLITE_DONE && sqlite3_changes(w->db) == 1) ||
		  db_fail(w->db, ERR_CASE_WRITE, w->path, err);
	sqlite3_finalize(s);
	return ok && (keep_indexes || schema_unindex(w->db, err)) &&
	       db_exec(w->db, "COMMIT", ERR_CASE_WRITE, err) && writer_checkpoint(w, err);
}

static bool prepare(struct writer *w, struct err *err)
{
	w->begin = db_prepare(w->db, "BEGIN IMMEDIATE", ERR_CASE_WRITE, err);
	w->commit = w->begin == NULL ? NULL : db_prepare(w->db, "COMMIT", ERR_CASE_WRITE, err);
	return w->commit != NULL && put_open(&w->put, w->db, err);
}

static bool start(struct writer *w, struct err *err)
{
	sigset_t all, before;
	w->observer = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->observer < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "eventfd");
	/* Signals are for the threads that expect them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int os = pthread_create(&w->thread, NULL, writer_thread, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->started = os == 0;
	return os == 0 || err_set_os(err, ERR_SYSTEM, os, "the writer's thread");
}

static struct writer *new_writer(const struct writer_options *options)
{
	struct writer *w = calloc(1, sizeof *w);
	if (w == NULL)
		abort();
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_cond_init(&w->room, NULL);
	pthread_cond_init(&w->job_changed, NULL);
	/* Held for moments only: a short spin is cheaper than to sleep. */
	pthread_mutexattr_t adaptive;
	pthread_mutexattr_init(&adaptive);
	pthread_mutexattr_settype(&adaptive, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(&w->lock, &adaptive);
	pthread_mutexattr_destroy(&adaptive);
	pthread_mutex_init(&w->wait_lock, NULL);
	pthread_mutex_init(&w->certificate_lock, NULL);
	seen_init(&w->chunks, WRITER_SEEN_MAX);
	seen_init(&w->certificates, WRITER_CERTIFICATES_MAX);
	w->tail = &w->head;
	w->clock = options->clock != NULL ? options->clock : clock_real();
	w->lock_fd = w->observer = -1;
	return w;
}

static void free_writer(struct writer *w)
{
	put_close(&w->put);
	seal_write_close(&w->seal);
	sqlite3_finalize(w->begin);
	sqlite3_finalize(w->commit);
	db_close(w->db);
	if (w->claimed)
		raw_release(w->raw);
	if (w->lock_fd >= 0)
		lock_drop(w->path, w->lock_fd);
	if (w->observer >= 0)
		close(w->observer);
	seen_fini(&w->chunks);
	seen_fini(&w->certificates);
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->room);
	pthread_cond_destroy(&w->job_changed);
	pthread_mutex_destroy(&w->lock);
	pthread_mutex_destroy(&w->wait_lock);
	pthread_mutex_destroy(&w->certificate_lock);
	free(w);
}

static bool locked_claim(struct writer *w, const struct writer_options *o, struct err *err)
{
	raw_lock();
	bool ok = claim(w, o, err);
	raw_unlock();
	return ok;
}

/* Facts that were found without a head get one with the next; that it was so stays said. */
static bool tell_tail(struct writer *w, struct err *err)
{
	char detail[100];
	struct fact_custody f;
	int64_t last = w->last_seq, n = w->seal.tail;
	if (n == 0)
		return true;
	fact_init(FACT_KIND_CUSTODY, &f);
	f.at_us = clock_now_us(w->clock);
	f.act = span_str(custody_word(CUSTODY_TAKEN));
	f.tool_version = span_str(CLICKTRAIL_VERSION);
	snprintf(detail, sizeof detail, "facts %lld to %lld were found without a head",
		(long long)(last - n + 1), (long long)last);
	f.detail = span_str(detail);
	return writer_put(w, FACT_KIND_CUSTODY, &f, NULL, err) != 0;
}

struct writer *writer_open(
	const char *path, const struct writer_options *options, struct err *err)
{
	static const struct writer_options defaults = {0};
	const struct writer_options *o = options != NULL ? options : &defaults;
	struct writer *w = new_writer(o);
	bool ok = raw_resolve(path, w->path, err);
	if (ok) {
		w->lock_fd = lock_take(w->path, err);
		ok = w->lock_fd >= 0;
	}
	ok = ok && locked_claim(w, o, err) && open_db(w, o, err) &&
	     read_numbers(w, o->after, err) &&
	     seal_write_open(&w->seal, w->db, o, w->clock, err) &&
	     prove(w, o->keep_indexes, err) && prepare(w, err) && start(w, err);
	if (ok && tell_tail(w, err))
		return w;
	if (ok) {
		writer_close(w, NULL);
		return NULL;
	}
	if (err != NULL && err->kind == ERR_CASE_READ)
		err->kind = ERR_CASE_OPEN;
	free_writer(w);
	return NULL;
}

struct writer *writer_of_nothing(void)
{
	static const struct writer_options defaults = {0};
	struct writer *w = new_writer(&defaults);
	err_set(&w->err, ERR_CASE_WRITE, "there is no case to record into");
	w->failed = true;
	return w;
}

bool writer_close(struct writer *w, struct err *err)
{
	if (!w->started) {
		free_writer(w);
		return true;
	}
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_mutex_unlock(&w->lock);
	pthread_cond_signal(&w->work);
	pthread_join(w->thread, NULL);
	bool ok = !w->failed;
	if (!ok && err != NULL)
		*err = w->err;
	ok = ok && writer_head(w, HEAD_RUNNING, err);
	put_close(&w->put);
	seal_write_close(&w->seal);
	sqlite3_finalize(w->begin);
	sqlite3_finalize(w->commit);
	w->begin = w->commit = NULL;
	ok = ok && writer_settle(w, err);
	/* After a failure the log stays as it is: what it holds is sound, and the disk is not
	 * to be tried again. */
	if (!ok)
		sqlite3_db_config(w->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	free_writer(w);
	return ok;
}
