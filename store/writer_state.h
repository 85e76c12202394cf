/*
 * Inside the writer. Private to store/: writer.c (what producers call), writer_wait.c (who
 * waits for commits), writer_open.c, writer_thread.c and writer_commit.c share it.
 *
 * Two locks. `lock`: the queue, its counters, the job, who is at the database (`busy`).
 * `wait_lock`: who waits for commits. They are never held together.
 *
 * There is one connection, and one thread at a time uses it: the one that set `busy`. Mostly
 * that is the writer's own; a producer that waits alone may commit by itself
 * (writer_commit_here).
 */
#ifndef STORE_WRITER_STATE_H
#define STORE_WRITER_STATE_H

#include "store/put.h"
#include "store/raw.h"
#include "store/rebuild.h"
#include "store/seal_erase.h"
#include "store/seal_write.h"
#include "store/seen.h"
#include "store/verdicts.h"
#include "store/writer.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
	WRITER_IDLE_MS = 250, /* without work: then the WAL is folded into the file */
	WRITER_LINGER_MS = 5, /* facts that nobody waits for are committed after this time, */
	WRITER_LINGER_FACTS = 256,        /* or when so many are queued, */
	WRITER_LINGER_BYTES = 256 * 1024, /* or so many bytes */
	/* The same for who wants large commits, not early ones. */
	WRITER_PATIENT_MS = 250,
	WRITER_HERE_BYTES = 64 * 1024, /* queued at most, for a producer to commit by itself */
	/* How many wait for a commit, as a running mean in eighths; below this, one does. */
	WRITER_CROWD_ONE = 8,
	WRITER_CROWD_ALONE = 12,
	WRITER_CROWD_MANY = 24,
	WRITER_SEEN_MAX = 3 * 256 * 1024, /* chunks that sharing remembers, at 40 bytes */
	WRITER_SEEN_REFILL = 128 * 1024,  /* of them from before, when a case is opened again */
	WRITER_CERTIFICATES_MAX = 96 * 1024,
	WRITER_ID_LEN = 33, /* 32 hex digits and NUL */
};

/* A fact in the queue: its struct, and behind it all that its spans point to. */
struct writer_node {
	struct writer_node *next;
	enum fact_kind kind;
	size_t len; /* of both */
	_Alignas(int64_t) uint8_t bytes[];
};

/* How the thread sleeps: who hands over a fact, or waits for one, wakes it only if that changes
 * what it would do. While there is traffic it looks by itself every WRITER_LINGER_MS
 * (WRITER_PATIENT_MS). */
enum writer_sleep { WRITER_AWAKE, WRITER_LINGERS, WRITER_IDLES };

/* What is written in one transaction. */
struct writer_batch {
	uint64_t number; /* counts from 1; 0: no facts in it */
	struct writer_node *head;
	uint64_t n;
	size_t bytes;
	struct writer_job *job;
};

/* Those who are blocked until a batch is written. Who waits for the batch under way and who
 * waits for the next one never share a turn. One wake is for all of them, and none of them
 * takes a lock afterwards: a condition variable would hand its mutex from one to the other. */
struct writer_turn {
	_Atomic uint32_t over; /* counts up with each such batch; what they sleep on (futex) */
	_Atomic unsigned waiting;
};

/* Derived rows to be stored, a timestamp, the indexes to be made, or something to be erased, on
 * the stack of who waits for it. */
struct writer_job {
	bool indexes;                   /* these, and no rows */
	const struct seal_stamp *stamp; /* or this; NULL: none */
	const struct seal_erase *erase; /* or this */
	int64_t *erased;                /* out: how many */
	bool scrub;                     /* or this: no copy of what is gone is left */
	int64_t session;
	bool keep; /* what is stored already */
	const struct derived_trail *trails;
	size_t n;
	const struct derived_session *summary; /* NULL: none */
	const struct verdict *verdicts;        /* or these, and none of the rows above */
	size_t n_verdicts;
	bool done, ok;
	struct err err;
};

struct writer {
	char path[PATH_MAX];
	char id[WRITER_ID_LEN];
	const struct clock *clock;
	int lock_fd;
	struct raw_id raw;
	bool claimed;

	/* Of whoever set busy, after the thread started. */
	sqlite3 *db;
	struct put put;
	struct seal_writer seal;
	bool closed; /* for good: nothing comes after that */
	sqlite3_stmt *begin, *commit;
	struct seen chunks;
	bool chunks_full;
	int wal_frames;   /* in the log, as of the last commit */
	int wal_forced;   /* frames at which a checkpoint is made whatever the load */
	bool wal_dirty;   /* some of it is not in the main file yet */
	int64_t last_seq; /* of the last fact written; at first, of the case as it was found */

	pthread_t thread;
	bool started;
	bool commits_here; /* a commit does not wait for the disk: producers may do it */

	pthread_mutex_t lock;
	pthread_cond_t work, room, job_changed;
	struct writer_node *head, **tail;
	bool busy;         /* somebody is at the database */
	int64_t oldest_us; /* since when the head of the queue waits; monotonic */
	size_t queued;     /* bytes not yet committed, the batch under way included */
	uint64_t tickets;  /* last one given out */
	uint64_t taken;    /* last one that is in a batch */
	uint64_t batches;  /* begun */
	uint64_t looked;   /* tickets, when the thread last looked for traffic */
	uint64_t wanted;   /* highest one that somebody waits for */
	unsigned blocked_puts;
	enum writer_sleep sleep;
	bool stop;
	struct writer_job *job;
	struct writer_stats stats;
	struct seal_head last_head; /* as of the last commit */
	/* Final once set; err is written before it. Read without the lock too. */
	atomic_bool failed;
	struct err err;

	pthread_mutex_t wait_lock;
	_Atomic uint64_t committed;
	struct writer_waiter *waiters;
	struct writer_turn turns[2]; /* by the batch's number, odd or even */
	_Atomic uint64_t finished;   /* batches; all there will ever be if the writer failed */
	_Atomic unsigned n_waiting;  /* in the list or in a turn */
	bool patient;                /* lock; writer_be_patient */
	_Atomic unsigned crowd;      /* see WRITER_CROWD_ONE */

	int observer;
	atomic_bool observed;

	_Atomic int64_t sessions, tunnels, legs, exchanges; /* last numbers given out */

	pthread_mutex_t certificate_lock;
	struct seen certificates;
};

/* writer.c */
struct writer_node *writer_node_make(enum fact_kind kind, const void *fact);
void writer_node_free_all(struct writer_node *node);                /* and those behind it */
uint64_t writer_append(struct writer *w, struct writer_node *node); /* lock held */
/* Lock held: is there enough in the queue, or somebody waiting for it, that it is to be
 * committed now? */
bool writer_due(const struct writer *w);
int64_t writer_tick_us(void); /* monotonic */

/* writer_wait.c: the batch of that number is written (`committed` says so already), or the
 * writer failed: tell those who wait for it, or all. */
void writer_notify(struct writer *w, uint64_t batch);

/* writer_thread.c */
void *writer_thread(void *writer);

/* writer_commit.c. Lock held: what is queued, oldest first, as much as one transaction takes;
 * the derived job once nothing is queued before it. */
struct writer_batch writer_take(struct writer *w);
/* By whoever is busy: write the batch and tell; final if it fails. Frees its facts. */
bool writer_commit(struct writer *w, struct writer_batch *b);
/* By whoever is busy, or before the thread runs: fold the log into the main file as far as
 * readers allow. */
bool writer_checkpoint(struct writer *w, struct err *err);
/* The log is long enough to be folded in whatever the load. */
bool writer_must_checkpoint(const struct writer *w);
/* By whoever is busy: a signed head over facts that none covers yet, if there are any. */
bool writer_head(struct writer *w, enum seal_head_kind kind, struct err *err);
/* Final: whatever is queued is dropped, and everybody is told. */
void writer_fail(struct writer *w, const struct err *err);

/* writer_commit.c: the case says that it was closed; within a transaction. */
bool writer_say_closed(struct writer *w, int64_t at_us, struct err *err);
void writer_after_erase(struct writer *w); /* the new heads are known and logged */

/* seal_erase.c. By whoever is busy. A failed erasure is final for the writer. */
bool erase_store(struct writer *w, const struct seal_erase *e, int64_t *n, struct err *err);
bool erase_scrub(struct writer *w, struct err *err);

/* rebuild.c: hand it over and wait. */
bool writer_run_job(struct writer *w, struct writer_job job, struct err *err);
bool rebuild_forget(sqlite3 *db, struct err *err); /* all derived rows; in a transaction */
bool writer_make_indexes(sqlite3 *db, struct err *err);
bool rebuild_store(sqlite3 *db, const struct writer_job *job, struct err *err);
bool verdicts_store(sqlite3 *db, const struct writer_job *job, struct err *err);

/* writer_settle.c */
/* What a case looks like between sessions: indexes, no log, one plain file. While a reader
 * stays connected it stays in WAL mode, with an empty log. */
bool writer_settle(struct writer *w, struct err *err);

#endif
