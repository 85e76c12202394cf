/*
 * Inside the writer. Private to store/: writer.c (what producers call), writer_wait.c (who
 * waits for commits), writer_open.c and writer_thread.c share it.
 *
 * Two locks. `lock`: the queue, its counters, the job. `wait_lock`: who waits for commits; an
 * eventfd is written to while it is held, so that a disarmed one is never touched again. They
 * are never held together.
 */
#ifndef STORE_WRITER_STATE_H
#define STORE_WRITER_STATE_H

#include "store/put.h"
#include "store/raw.h"
#include "store/rebuild.h"
#include "store/seen.h"
#include "store/writer.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
	WRITER_IDLE_MS = 250, /* without work: then the WAL is folded into the file */
	WRITER_LINGER_MS = 5, /* facts that nobody waits for are committed after this time, */
	WRITER_LINGER_FACTS = 256,         /* or when so many are queued, */
	WRITER_LINGER_BYTES = 1024 * 1024, /* or so many bytes */
	WRITER_SEEN_MAX = 3 * 256 * 1024,  /* chunks that sharing remembers, at 40 bytes */
	WRITER_CERTIFICATES_MAX = 96 * 1024,
	WRITER_ID_LEN = 33, /* 32 hex digits and NUL */
};

struct writer_node {
	struct writer_node *next;
	enum fact_kind kind;
	size_t len;
	uint8_t bytes[]; /* as fact_encode wrote them */
};

/* How the thread sleeps: who hands over a fact, or waits for one, wakes it only if that changes
 * what it would do. */
enum writer_sleep { WRITER_AWAKE, WRITER_LINGERS, WRITER_IDLES };

/* Blocked in writer_wait, on its own stack. */
struct writer_blocked {
	uint64_t ticket;
	bool woken;
	pthread_cond_t cond;
	struct writer_blocked *next;
};

/* Derived rows to be stored, on the stack of who waits for it. */
struct writer_job {
	int64_t session;
	const struct derived_trail *trails;
	size_t n;
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

	/* The thread's own, after it started. */
	sqlite3 *db;
	struct put put;
	sqlite3_stmt *begin, *commit;
	struct seen chunks;
	bool chunks_full;
	int wal_frames;   /* in the log, as of the last commit */
	int wal_forced;   /* frames at which a checkpoint is made whatever the load */
	bool wal_dirty;   /* some of it is not in the main file yet */
	int64_t last_seq; /* of the last fact written; at first, of the case as it was found */

	pthread_t thread;
	bool started;

	pthread_mutex_t lock;
	pthread_cond_t work, room, job_changed;
	struct writer_node *head, **tail;
	size_t queued;    /* bytes not yet committed, the thread's batch included */
	uint64_t tickets; /* last one given out */
	uint64_t taken;   /* last one that the thread has taken */
	uint64_t wanted;  /* highest one that somebody waits for */
	unsigned blocked_puts;
	enum writer_sleep sleep;
	bool stop;
	struct writer_job *job;
	struct writer_stats stats;
	/* Final once set; err is written before it. Read without the lock too. */
	atomic_bool failed;
	struct err err;

	pthread_mutex_t wait_lock;
	_Atomic uint64_t committed;
	struct writer_waiter *waiters;
	struct writer_blocked *blocked;

	int observer;
	atomic_bool observed;

	_Atomic int64_t sessions, tunnels, legs, exchanges; /* last numbers given out */

	pthread_mutex_t certificate_lock;
	struct seen certificates;
};

/* writer.c */
struct writer_node *writer_node_make(enum fact_kind kind, const void *fact);
uint64_t writer_append(struct writer *w, struct writer_node *node); /* lock held */
/* Lock held: is there enough in the queue, or somebody waiting for it, that it is to be
 * committed now? */
bool writer_due(const struct writer *w);

/* writer_wait.c: tell everybody whose ticket is committed, or all if the writer failed. */
void writer_notify(struct writer *w);

/* writer_thread.c */
void *writer_thread(void *writer);
/* Fold the log into the main file as far as readers allow. */
bool writer_checkpoint(struct writer *w, struct err *err);

/* rebuild.c */
bool rebuild_store(sqlite3 *db, const struct writer_job *job, struct err *err);

#endif
