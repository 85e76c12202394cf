/*
 * A case in a folder of its own under $TMPDIR or /tmp, gone with temp_case_fini. Opens its
 * writer, closes it, looks at the file by SQL as a person with a SQLite shell would, and spoils
 * it where a test wants a spoilt one. Every failure fails the running cmocka test. One test
 * thread.
 */
#ifndef TESTS_KIT_TEMP_CASE_H
#define TESTS_KIT_TEMP_CASE_H

#include "store/writer.h"

struct temp_case {
	char folder[64], path[80];
	struct writer *writer; /* NULL while it is closed */
};

/* A folder and a path in it; no case is made yet. */
void temp_case_init(struct temp_case *t);
/* The same with an open writer (synchronous=NORMAL: tests lose no power). */
void temp_case_start(struct temp_case *t);
void temp_case_open(struct temp_case *t); /* opens the writer (again) */
/* Closes the writer; everything must have been written. */
void temp_case_close(struct temp_case *t);
void temp_case_fini(struct temp_case *t); /* closes the writer too, if it is open */

/* A fact, committed before it returns. Fills at_us where it is unknown. Returns its ticket. */
uint64_t temp_case_put(struct temp_case *t, enum fact_kind kind, void *fact);
/* One believable session: a link on a click tracker over TLS that redirects to a page (body in
 * three chunks, two of them equal), an exchange that was cut off, a derived trail. Returns the
 * session. */
int64_t temp_case_fill(struct temp_case *t);
enum { TEMP_CASE_CHUNK = 8 * 1024 }; /* of that page's body */

/* Rows as text: columns joined by '|', rows by '\n', NULL as "NULL", blobs in hex. The caller
 * frees it. Works while the writer is open too. */
char *temp_case_sql(const struct temp_case *t, const char *sql);
int64_t temp_case_number(const struct temp_case *t, const char *sql);
/* Change the file by SQL; the writer must be closed. */
void temp_case_spoil(const struct temp_case *t, const char *sql);

#endif
