/*
 * A case file as a reader sees it: read-only connection, hostile content assumed (defensive
 * mode, limits, whitelist of the schema). A case that another process is writing is read beside
 * it (WAL, short read transactions); a foreign, unwritable or unclosed one is copied with its
 * WAL to a private folder first and opened there. One thread per struct case_file.
 */
#ifndef STORE_CASE_H
#define STORE_CASE_H

#include "store/base/err.h"
#include "store/base/hash.h"
#include "store/fact/fact.h"

struct case_file;

struct case_about {
	struct span id; /* hex */
	int64_t created_us;
	int64_t closed_us; /* FACT_NULL while open */
	struct span tool_name, tool_version;
	struct span operator_name;
	int schema;         /* number of the last schema step */
	bool being_written; /* a writer holds the lock: another process, or this one */
	int64_t last_seq;
};

/* Errors: CASE_OPEN, CASE_FOREIGN, CASE_READ. */
struct case_file *case_open(const char *path, struct err *err);
void case_close(struct case_file *c);
/* As it was opened by; lives until case_close. */
const char *case_path(const struct case_file *c);
/* Is it a private copy that is read? Then nothing that is written to the case later is seen. */
bool case_is_copy(const struct case_file *c);
/* Does a writer hold the lock of the case at this path? The file itself is not touched. */
bool case_is_written(const char *path);
/* Does that writer want to be the only one who is connected, for it is leaving? Who reads along
 * lets go, and comes back when nobody writes. */
bool case_is_left(const char *path);
/* Both by one look at the lock. */
bool case_is_written_or_left(const char *path, bool *left);
/* From any thread, while c lives: what is under way ends soon, with an error, and so does all
 * that is called later. */
void case_interrupt(struct case_file *c);
/* Spans live until case_close. Read anew at each call. */
bool case_about(struct case_file *c, struct case_about *out, struct err *err);
/* The last numbers of each kind that were given out. */
struct case_numbers {
	int64_t sessions, tunnels, legs, exchanges;
};
bool case_numbers(struct case_file *c, struct case_numbers *out, struct err *err);
/* The number of the newest fact; 0: there is none. */
bool case_last_seq(struct case_file *c, int64_t *out, struct err *err);

/* Facts of which something was erased, in order. The list is in the arena. */
bool case_erased(
	struct case_file *c, struct arena *a, int64_t **out, size_t *n, struct err *err);

/* Every fact with seq > after, in order of seq, of one session (0: all); chunk data is left out
 * (read it by case_body). The spans handed to `each` live until it returns; false from it
 * stops. Each call is made of read transactions of at most a second. */
typedef bool case_fact_fn(void *ctx, enum fact_kind kind, int64_t seq, const void *fact);
bool case_facts(struct case_file *c, int64_t after, int64_t session, case_fact_fn *each,
	void *ctx, struct err *err);

/* What trails are derived from, from one number to another (inclusive), in order: requests,
 * responses, their ends, what was let pass, notes, and connections that could not be made. Of
 * these only the fields that derivation looks at; the rest is unknown. Much cheaper than all
 * facts. They are copied into the arena and may be kept as long as it. Transactions as above.
 */
typedef void case_taken_fn(void *ctx, enum fact_kind kind, int64_t seq, void *fact);
bool case_facts_for_trails(struct case_file *c, int64_t from, int64_t to, struct arena *into,
	case_taken_fn *each, void *ctx, struct err *err);

/* From now on case_fetch, case_body and case_stored go on with the read transaction of the call
 * before, for as long as CASE_HOLD_MS: for one who calls them many times. A writer of the case
 * waits meanwhile: whoever pauses calls case_rest, which ends it; so does the close. */
enum { CASE_HOLD_MS = 250 };
void case_hold(struct case_file *c);
void case_rest(struct case_file *c);

/* Some facts by their numbers, in one read transaction: out[i] is the fact, copied into the
 * arena, or NULL where that number is none of a fact of that kind. Chunk data is left out. */
struct case_wanted {
	enum fact_kind kind;
	int64_t seq;
};
enum { CASE_FETCH_BYTES = 128 * 1024 * 1024 }; /* of all of them; more is an error */
bool case_fetch(struct case_file *c, const struct case_wanted *wanted, size_t n,
	struct arena *a, void **out, struct err *err);

/* What is stored of a body, chunk by chunk: how many bytes, and their SHA-256. */
struct case_stored {
	int64_t size;
	uint8_t sha256[SHA256_LEN];
	bool erased; /* some of it was: the rest is not looked at */
	bool broken; /* its chunks contradict themselves: one is missing, or not of its size */
};
bool case_stored(struct case_file *c, int64_t exchange, enum fact_side side,
	struct case_stored *out, struct err *err);

/* Its chunks lie between these facts: for a case that has no index yet, so that it need not be
 * read through to learn that. */
void case_body_lies(struct case_file *c, int64_t exchange, enum fact_side side, int64_t first,
	int64_t last);

/* At most max bytes of a stored body, from its start, appended to out. *whole is set if that is
 * all of what is stored. */
bool case_body(struct case_file *c, int64_t exchange, enum fact_side side, size_t max,
	struct buf *out, bool *whole, struct err *err);

#endif
