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
/* False: it is not exactly what seal_head_write would write. The signature is left alone. */
bool seal_head_read(struct span statement, struct seal_head *out);
/* Does the signature hold, by the key that the head names? False without a key. */
bool seal_head_verify(const struct seal_head *h);

/* dir/heads.log (0600): one line appended, written out and linked to the line before. Errors:
 * SEAL_LOG. */
bool seal_log_append(const char *dir, const struct seal_head *h, struct err *err);
/* Every head of that case in the log, in order; a line that is cut off at the end of the file
 * (a crash) is passed over. *sound: every line is well-formed, and linked to the one before.
 * *first_bad: the number (from 1) of the first line that is not. A log that is not there has no
 * heads and is sound. Errors: SEAL_LOG (it cannot be read). */
typedef bool seal_log_fn(void *ctx, const struct seal_head *h);
bool seal_log_read(const char *dir, const char *case_id, seal_log_fn *each, void *ctx,
	bool *sound, int64_t *first_bad, struct err *err);

#endif
