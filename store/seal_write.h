/*
 * The seal while a case is written: each fact's leaf and the running hash, in the transaction
 * that stores the fact, and the signed heads (docs/seal.md). Private to store/; used by whoever
 * is busy at the writer's database, one thread at a time.
 */
#ifndef STORE_SEAL_WRITE_H
#define STORE_SEAL_WRITE_H

#include "store/seal_case.h"
#include "store/seal_head.h"
#include "store/seal_tree.h"
#include "store/writer.h"

enum {
	SEAL_HEAD_FACTS = 16 * 1024, /* facts without a head, */
	SEAL_HEAD_MS = 1000,         /* or for so long */
	SEAL_POOL = 4096,            /* random bytes asked for at a time */
	SEAL_UNLOGGED_MAX = 4,       /* heads of one transaction, on their way to the log */
};

struct seal_writer {
	sqlite3 *db;
	sqlite3_stmt *put;
	const struct clock *clock;
	const struct seal_key *key;
	char log_dir[4096]; /* "": none */
	struct sealer sealer;
	struct tree tree;
	uint8_t running[SHA256_LEN];
	uint8_t pool[SEAL_POOL];
	size_t pool_left;
	int64_t head_us;       /* when the last one was made by this writer; 0: none was */
	int64_t tail;          /* facts that were found behind the last head */
	int64_t tail_session;  /* of facts that were found behind the last head */
	struct seal_head last; /* n 0: none yet */
	uint8_t last_digest[SHA256_LEN]; /* of its statement */
	struct seal_head unlogged[SEAL_UNLOGGED_MAX];
	size_t n_unlogged;
	bool log_failed, contradicted;
};

/* Goes on where the case's seal stands: the facts behind its last head are gone through again,
 * and must follow from it. Errors: CASE_READ (they do not: it was altered), CASE_OPEN. It can
 * be closed in either case. */
bool seal_write_open(struct seal_writer *s, sqlite3 *db, const struct writer_options *o,
	const struct clock *clock, struct err *err);
void seal_write_close(struct seal_writer *s);

/* The fact's value of the column `seal`. digest: of a chunk's data, NULL: not known. Errors:
 * SYSTEM (no random bytes). */
bool seal_write_fact(struct seal_writer *s, enum fact_kind kind, int64_t seq, const void *fact,
	const uint8_t *digest, uint8_t out[SEAL_LEN], struct err *err);
/* Is a head due, with facts that none covers? */
bool seal_write_due(const struct seal_writer *s);
bool seal_write_behind(const struct seal_writer *s); /* are there such facts at all? */
/* A head over all facts so far, into the transaction under way. */
bool seal_write_head(struct seal_writer *s, enum seal_head_kind kind, struct err *err);
/* After the commit: its heads into the log. False: it cannot be written (said once). */
bool seal_write_log(struct seal_writer *s, struct err *err);

#endif
