/*
 * Inside of verification: what is known while the facts go by, and what is checked beside them.
 * Shared by seal_verify.c, seal_follow.c and seal_checks.c only.
 */
#ifndef STORE_SEAL_CHECKS_H
#define STORE_SEAL_CHECKS_H

#include "store/seal_case.h"
#include "store/seal_tree.h"
#include "store/seal_verify.h"

/* A head as it stands in the case. */
struct checked_head {
	int64_t n; /* the row's */
	bool readable, has_signature, signature_holds;
	struct seal_head h;
	uint8_t digest[SHA256_LEN]; /* of its statement */
};

/* A fact that does not fit, for what is found out about it later. */
struct misfit {
	size_t fault; /* of the verdict; SIZE_MAX: it was not kept */
	int64_t seq;
	struct span bytes; /* that its leaf is the hash of; absent: unreadable */
	uint8_t before[SHA256_LEN], running[SHA256_LEN];
};

enum { BASES_MAX = 4, SHIFT_MAX = 32 };

struct checks {
	sqlite3 *db;
	struct case_file *file;
	struct arena *a; /* of the verdict */
	struct seal_verdict *v;
	const struct seal_expect *expect;
	struct arena own;
	char case_id[SEAL_CASE_ID_LEN + 1];
	int64_t closed_us; /* of case_info */
	struct sealer sealer;
	struct tree tree;
	int64_t seq;   /* of the last row */
	int64_t at_us; /* of the last readable one; FACT_NULL */
	/* What the next fact's running hash may follow from: the first is what it should. */
	uint8_t bases[BASES_MAX][SHA256_LEN];
	size_t n_bases;
	int64_t shift;        /* its number is this much less than it was */
	bool guessed;         /* by one fact alone: the next one must bear it out, */
	int64_t shift_before; /* else this holds on */
	bool free;            /* behind a gap: nothing to follow from */
	bool tree_broken;
	bool first_odd;    /* fact 1 does not follow: it, or case_info */
	bool first_stored; /* and fact 2 follows from what it says */
	bool fact_faults;  /* among those that went by */
	struct misfit *misfits;
	size_t n_misfits;
	struct checked_head *heads;
	size_t n_heads, next_head;
	struct seal_head *logged; /* of this case, in the log */
	size_t n_logged;
	bool log_sound, log_later;
	int64_t log_first_bad;       /* its line */
	int64_t head_facts;          /* of the last one that was passed */
	int64_t unsigned_since_us;   /* time of the first fact behind it; FACT_NULL */
	int64_t close_seq, close_us; /* the last fact of kind close; 0: none */
	int64_t after_close;         /* first fact behind any, that may not be there; 0: none */
};

void seal_fault(struct checks *c, enum seal_fault_kind kind, int64_t from, int64_t to,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* seal_follow.c: the row's place in the running hash. */
void checks_follow(struct checks *c, const struct seal_row *row);
/* Fact 1 did not follow from case_info; does the tree over it hold, and does what comes follow
 * from what it says? */
void checks_first(struct checks *c, bool holds, bool stored);
void checks_sort_out(struct checks *c); /* at the end: what of the misfits was only moved */

/* seal_checks.c */
bool checks_begin(struct checks *c, struct err *err); /* case_info and the heads */
void checks_fact(struct checks *c, const struct seal_row *row);
/* The heads over so many facts. */
void checks_heads(struct checks *c);
bool checks_end(struct checks *c, struct err *err);
void checks_fini(struct checks *c);

/* seal_stamps_check.c: the timestamps in the case and beside it. */
bool checks_stamps(struct checks *c, struct case_file *file, struct err *err);

/* seal_check_log.c: before the heads are read; at the end. */
bool checks_read_log(struct checks *c, struct err *err);
void checks_log(struct checks *c);

/* seal_erasures.c: were the values that are gone erased by somebody who said so? */
bool checks_erasures(struct checks *c, struct err *err);

#endif
