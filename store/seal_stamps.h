/*
 * The timestamp tokens of a case (docs/seal.md): in it (table seal_timestamp), and, of a closed
 * one, in files beside it. Kept, listed, and held against the heads that they are over. Case
 * and files are hostile: sizes and counts are bounded. One thread.
 */
#ifndef STORE_SEAL_STAMPS_H
#define STORE_SEAL_STAMPS_H

#include "store/case.h"
#include "store/seal_stamp_file.h"
#include "store/seal_time.h"

enum {
	STAMPS_MAX = 1000,                   /* looked at in a case, */
	STAMPS_BESIDE_MAX = 64,              /* and beside it, by the file's number, */
	STAMPS_BYTES_MAX = 64 * 1024 * 1024, /* and bytes of them */
	STAMPS_BACK = 16, /* how many tokens before it one may carry the bytes of */
};

struct kept_stamp {
	int64_t n; /* of the row, or in the file's name */
	bool beside;
	char file_case[SEAL_CASE_ID_LEN + 1]; /* of a file: the case it says it is of */
	struct seal_stamp stamp;
	const char *wrong; /* why nothing of it can be looked at; NULL: it can */
};

struct kept_stamps {
	struct kept_stamp *items; /* those in the case first, each kind in the order of n */
	size_t n;
	size_t bytes;
	bool more; /* than are looked at */
};

/* Memory is in the arena. A token that makes no sense is in the list, with what is wrong.
 * Errors: CASE_READ. */
bool seal_stamps_list(
	struct case_file *c, struct arena *a, struct kept_stamps *out, struct err *err);

/* Over what does the list's token i stand? *earlier: of which token before it, over the same
 * head, it carries the bytes (SIZE_MAX: none; the last STAMPS_BACK are tried). False: over
 * nothing that we know. */
bool seal_stamps_over(const struct kept_stamps *list, size_t i, struct span statement,
	size_t *earlier, struct buf *over);

/* What the next token is asked for over: the statement of the case's last head, and, if there
 * is a token over it, the newest one that holds. Errors: CASE_READ,
 * TIMESTAMP (there is no head). */
struct stamp_subject {
	struct seal_head head;
	struct span bytes;
	bool renews;
};
bool seal_stamps_subject(
	struct case_file *c, struct arena *a, struct stamp_subject *out, struct err *err);

/* In a file beside the case, under the first number that is free: whole or not at all. Its name
 * is in the arena. Errors: LIMIT (no number is free), SYSTEM. */
bool seal_stamps_keep_beside(struct case_file *c, const struct seal_stamp *s, struct arena *a,
	const char **name, struct err *err);

/* The newest head in the case as it stands there: no verification. n 0: there is none that can
 * be read. Errors: CASE_READ. */
bool seal_last_head(
	struct case_file *c, struct seal_head *out, bool *has_signature, struct err *err);

/* What verification finds of one token. */
struct stamp_verdict {
	struct kept_stamp kept;
	struct seal_head head; /* n 0: it is not there */
	struct timestamp t;    /* only if it can be read */
	size_t earlier;        /* the token that it carries; SIZE_MAX: none */
	bool holds;            /* over that head, by the certificate in it */
	bool asked_trust;      /* there were roots to hold it against */
	struct span why;       /* it does not hold, or is not trusted; absent: it is */
};

#endif
