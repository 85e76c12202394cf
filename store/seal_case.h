/*
 * A sealed case as rows: what goes into the running hash, read back. Private to store/: the
 * writer goes on from it, verification goes through it. The file may be hostile. One thread.
 */
#ifndef STORE_SEAL_CASE_H
#define STORE_SEAL_CASE_H

#include "store/db.h"
#include "store/seal_fact.h"

enum {
	SEAL_LEN = SEAL_SALT_LEN + SHA256_LEN, /* of the column */
	SEAL_ROWS_MS = 1000, /* for a read transaction: a writer's log waits for readers */
};

/* A fact with its seal. Valid until the next one. */
struct seal_row {
	int64_t seq;
	enum fact_kind kind; /* and fact: only if readable */
	const void *fact;
	bool readable;  /* it is a fact at all */
	bool sealed;    /* the column is there, of the right type and length */
	bool erased;    /* something of it was */
	struct err why; /* it is not readable */
	uint8_t running[SHA256_LEN];
	int64_t salts; /* that are kept of it, if something was erased */
	struct seal_source source;
};

/* case_info as the start of the running hash; id: 32 hex digits and NUL. Errors: CASE_READ. */
bool seal_genesis(sqlite3 *db, char id[33], uint8_t out[SHA256_LEN], struct err *err);
/* running = H(running || leaf) */
void seal_running(
	struct sha256 *hash, uint8_t running[SHA256_LEN], const uint8_t leaf[SHA256_LEN]);

/* Every row with seq > after, in order; what was erased of it is in its source. false from
 * `each` ends it, with its error. In read transactions of SEAL_ROWS_MS at most. Errors:
 * CASE_READ. */
typedef bool seal_row_fn(void *ctx, const struct seal_row *row, struct err *err);
bool seal_rows(sqlite3 *db, int64_t after, seal_row_fn *each, void *ctx, struct err *err);
/* Single rows. Errors: CASE_READ, also where there is no such row. */
struct seal_picker;
struct seal_picker *seal_picker_open(sqlite3 *db, struct err *err);
bool seal_pick(
	struct seal_picker *p, int64_t seq, seal_row_fn *each, void *ctx, struct err *err);
void seal_picker_close(struct seal_picker *p); /* NULL is fine */

#endif
