/*
 * The one writer of a case: it owns the only connection that ever commits or checkpoints, and a
 * thread for it. Producers hand it facts from any thread; it numbers them, writes them in
 * batches (group commit) and tells those who wait. It decides nothing about their meaning. A
 * full queue makes the producer wait (counted), never lose.
 *
 * Order: facts are numbered in the order in which writer_put was called (a total order over all
 * threads). A failed commit is final: every later put and wait fails with that error, and
 * nothing may be released any more.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/base/clock.h"
#include "store/base/err.h"
#include "store/fact/fact.h"

struct case_numbers;
struct seal_key;

enum writer_durability { DURABILITY_POWER, DURABILITY_CRASH }; /* synchronous=FULL, NORMAL */

enum {
	WRITER_QUEUE_MAX = 32 * 1024 * 1024, /* bytes of facts waiting; a put beyond it waits */
	WRITER_LARGE_FACT = 16 * 1024,       /* of a fact longer than this, */
	WRITER_QUEUE_LARGE = 2 * 1024 * 1024, /* beyond this already */
	WRITER_BATCH_MAX = 4096,              /* facts in one transaction, */
	WRITER_BATCH_BYTES =
		512 * 1024, /* and bytes: a body at full speed must not hold up others */
	WRITER_CHECKPOINT_WAL = 128 * 1024 * 1024, /* bytes of WAL that force a checkpoint */
	BODY_CHUNK = 64 * 1024,                    /* bytes of body in one chunk fact */
	BODY_SHARE_MIN = 4 * 1024, /* equal chunks longer than this are stored once */
};

struct writer_options {
	enum writer_durability durability;
	const struct clock *clock;  /* NULL: the real one */
	const char *operator_name;  /* who runs this; may be NULL */
	const struct seal_key *key; /* that heads are signed by; borrowed; NULL: they are not */
	const char *seal_dir;       /* where the log of heads lies; NULL: there is none */
	/* Sessions, tunnels and so on are numbered on from these; NULL: from where the case
	 * stands. */
	const struct case_numbers *after;
	bool keep_indexes; /* for who puts no facts, but what is derived from them */
	bool closed_too;   /* open one that was closed for good: nothing but writer_erase can */
};

struct writer;

/* Opens or makes the case (mode 0600), takes its lock, starts the thread. A path of an open
 * case gets appended to. Errors: CASE_OPEN, CASE_FOREIGN, CASE_CLOSED, CASE_LOCKED, CASE_WRITE.
 * Proves that it can write before it returns. */
struct writer *writer_open(
	const char *path, const struct writer_options *options, struct err *err);

/* One without a case, for who records nothing but needs numbers: whatever is put fails. Closed
 * likewise. */
struct writer *writer_of_nothing(void);

/* Hand over one fact (copied). Returns its ticket (> 0, growing in queue order), or 0 if the
 * writer has failed (err). May wait when the queue is full; *waited_us (may be NULL) is added
 * to. Chunk facts: fill `data` and, above BODY_SHARE_MIN, `sha256`; the writer sets same_as
 * where it has an equal chunk. */
uint64_t writer_put(struct writer *w, enum fact_kind kind, const void *fact, int64_t *waited_us,
	struct err *err);

/* For who puts very many facts and waits for none of them: fewer and larger commits, each of
 * which may come a quarter of a second later. */
void writer_be_patient(struct writer *w);

/* Fresh case-wide numbers, from 1 (they go on over sessions of one case). Any thread. */
int64_t writer_new_session(struct writer *w);
int64_t writer_new_tunnel(struct writer *w);
int64_t writer_new_leg(struct writer *w);
int64_t writer_new_exchange(struct writer *w);
/* True the first time this certificate is seen in the case: put its fact then. Any thread. */
bool writer_certificate_new(struct writer *w, const uint8_t sha256[32]);

/* Who waits for commits on a descriptor (an eventfd, owned by the caller; written to when
 * `ticket` is committed or the writer fails). One waiter per tunnel. */
struct writer_waiter {
	int eventfd;
	uint64_t ticket; /* this and what follows: internal while armed */
	struct writer_waiter *next;
	bool listed;
	bool armed;
};
enum writer_state { WRITER_PENDING, WRITER_COMMITTED, WRITER_FAILED };
/* Is it committed? If not, arm the waiter: its eventfd becomes readable when it is (or when the
 * writer fails); the caller reads it and asks again. Never blocks. */
enum writer_state writer_poll(
	struct writer *w, uint64_t ticket, struct writer_waiter *waiter, struct err *err);
/* For who is about to wait for that ticket: commits what is queued on the caller's thread, if
 * nobody else waits, nobody is at it, and a commit does not wait for the disk (durability
 * crash). It spares a lone connection two changes of thread. Else it does nothing: ask
 * writer_poll in any case. Takes as long as a small commit. */
void writer_commit_here(struct writer *w, uint64_t ticket);
void writer_disarm(struct writer *w, struct writer_waiter *waiter); /* before freeing it */
/* Block until committed. False if the writer failed. For those who have nothing else to poll.
 */
bool writer_wait(struct writer *w, uint64_t ticket, struct err *err);
/* The same for at most that time: PENDING if it was too short. Cheaper than to poll, for all
 * who wait for a commit are woken at once. */
enum writer_state writer_wait_ms(struct writer *w, uint64_t ticket, int ms, struct err *err);
/* Everything put so far is committed. */
bool writer_flush(struct writer *w, struct err *err);

/* An eventfd that becomes readable after every commit; the one observer reads it. Owned by the
 * writer. */
int writer_observer_fd(struct writer *w);

struct writer_stats {
	uint64_t facts, commits, queue_waits;
	int64_t queue_waited_us;
	uint64_t checkpoints;
};
void writer_stats(struct writer *w, struct writer_stats *out);

/* The newest head of the case, for who tells people what to write down; n 0: none. After a
 * flush, or a wait for what it covers. */
struct seal_head;
void writer_last_head(struct writer *w, struct seal_head *out);

/* A timestamp over one of the case's heads: no fact, for it comes after the head that it is
 * over. Blocks until it is committed. Any thread. Errors: LIMIT, CASE_WRITE (the recording goes
 * on). */
struct seal_stamp;
bool writer_put_timestamp(struct writer *w, const struct seal_stamp *s, struct err *err);

const char *writer_path(const struct writer *w);
const char *writer_case_id(
	const struct writer *w); /* random, made with the case: 32 hex digits */

/* Writes what waits, makes indexes and derived tables (store/rebuild), checkpoints, leaves WAL
 * mode, drops the lock. The case stays open for another session. False if anything was not
 * written. Frees w in any case. */
bool writer_close(struct writer *w, struct err *err);

#endif
