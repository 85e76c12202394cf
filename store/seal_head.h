/*
 * A signed head over a case's facts as text, and the installation's own log of all heads
 * (docs/seal.md). What is read is hostile: parsed strictly, so that there is one statement for
 * one head. Any thread; the log is locked against other processes while a line is appended.
 */
#ifndef STORE_SEAL_HEAD_H
#define STORE_SEAL_HEAD_H

#include "store/seal_key.h"
#include "store/base/hash.h"

#define SEAL_HEAD_KINDS(X)                                                                     \
	X(RUNNING, "running")                                                                  \
	X(SESSION, "session")                                                                  \
	X(CLOSING, "closing")
enum seal_head_kind {
#define X(name, word) HEAD_##name,
	SEAL_HEAD_KINDS(X)
#undef X
};

enum { SEAL_CASE_ID_LEN = 32, SEAL_STATEMENT_MAX = 1024, SEAL_LINE_MAX = 1024 };

struct seal_head {
	char case_id[SEAL_CASE_ID_LEN + 1]; /* 32 hex digits */
	int64_t n;                          /* from 1 */
	enum seal_head_kind kind;
	int64_t facts; /* how many are covered; >= 0 */
	int64_t at_us;
	uint8_t running[SHA256_LEN], root[SHA256_LEN], previous[SHA256_LEN];
	bool has_key; /* false: no key, no signature */
	uint8_t key[SEAL_KEY_LEN];
	uint8_t signature[SEAL_SIGNATURE_LEN]; /* not part of the statement */
};

/* The statement of docs/seal.md, appended to out. */
void seal_head_write(const struct seal_head *h, struct buf *out);
/* False: it is not exactly what seal_head_write would write; *out is as before. The signature
 * is left alone. */
bool seal_head_read(struct span statement, struct seal_head *out);
/* A time as statements have it. What stands between its numbers is not looked at, nor whether
 * there is such a day: write it again and compare. */
bool seal_head_read_time(struct span s, int64_t *out);
/* Does the signature hold, by the key that the head names? False without a key. */
bool seal_head_verify(const struct seal_head *h);

/* dir/heads.log (0600; the folder is made if it is missing): one line appended, written out and
 * linked to the line before. A line that a crash cut off is ended first. Errors: SEAL_LOG. */
bool seal_log_append(const char *dir, const struct seal_head *h, struct err *err);
/* Every head in the log, in order: of that case, or of all if case_id is NULL. `each` may end
 * the reading by false; what is said of the log is then said up to there. Signatures are not
 * looked at (seal_head_verify).
 * *sound: every line is a head that is linked to the line before, or was cut off by a crash.
 * *first_bad: the number (from 1) of the first line that is not; 0: none.
 * *cuts: how many lines were cut off; each of them is a head that the log has lost.
 * A log that is not there has no heads and is sound. What is appended meanwhile is not read.
 * Errors: SEAL_LOG (it cannot be read). */
typedef bool seal_log_fn(void *ctx, const struct seal_head *h);
bool seal_log_read(const char *dir, const char *case_id, seal_log_fn *each, void *ctx,
	bool *sound, int64_t *first_bad, int64_t *cuts, struct err *err);
/* The log's bytes as they are, in pieces, in order: all that was appended before the call.
 * False from `take` ends it, with its error. *there: is there a log at all? Errors: SEAL_LOG.
 */
typedef bool seal_log_bytes_fn(void *ctx, struct span piece, struct err *err);
bool seal_log_copy(
	const char *dir, seal_log_bytes_fn *take, void *ctx, bool *there, struct err *err);

#endif
