/*
 * Does a case's seal hold (docs/seal.md)? Every fact, the running hash, the tree, the heads and
 * their signatures, the closing, what was erased, timestamps over heads, and, where it is
 * given, the installation's log of heads. It names what does not hold and changes nothing.
 * Memory does not grow with the facts. One thread.
 */
#ifndef STORE_SEAL_VERIFY_H
#define STORE_SEAL_VERIFY_H

#include "store/case.h"
#include "store/seal_head.h"
#include "store/seal_stamps.h"

#define SEAL_FAULTS(X)                                                                         \
	X(ALTERED, "altered")     /* a fact, or one of from to to */                           \
	X(REMOVED, "removed")     /* facts from to to are not there */                         \
	X(ADDED, "added")         /* facts behind the end, or before the first */              \
	X(REORDERED, "reordered") /* a fact stands where another was */                        \
	X(HEAD, "head")           /* a head is not what was made */                            \
	X(SIGNATURE, "signature") /* a head's signature does not hold */                       \
	X(KEY, "key")             /* it holds, by another key */                               \
	X(CLOSING, "closing")     /* the case says that it is closed and has no sound end */   \
	X(ERASURE, "erasure")     /* erased by nobody, or otherwise than was said */           \
	X(CASE, "case")           /* case_info */                                              \
	X(TIMESTAMP, "timestamp") /* a token that does not hold, or is over something else */  \
	X(LOG, "log")             /* the log of heads itself does not hold together */
enum seal_fault_kind {
#define X(name, word) FAULT_##name,
	SEAL_FAULTS(X)
#undef X
};
const char *seal_fault_word(enum seal_fault_kind k);

struct seal_fault {
	enum seal_fault_kind kind;
	int64_t from, to; /* numbers of facts, inclusive; 0: none in particular */
	struct span why;  /* in words */
};

enum { SEAL_FAULTS_MAX = 100 };

/* A key that signed heads of the case. */
struct seal_signer {
	uint8_t key[SEAL_KEY_LEN];
	int64_t heads, facts; /* so many, the last one over so many facts */
};

/* A fact that says that the case was closed, that something was erased from it, or that facts
 * without a head were gone on with. */
struct seal_act {
	bool erasure, taken;
	int64_t seq, at_us, n; /* n: values */
	struct span operator_name, reason;
};

struct seal_verdict {
	bool sealed; /* false: it was made before there was a seal; nothing else is said */
	int64_t facts, heads;
	int64_t signed_facts; /* up to here by a head whose signature holds */
	int64_t signed_heads; /* whose signature holds */
	bool closed;          /* and soundly so, whatever else does not hold */
	int64_t closed_us;
	bool has_key, several_keys;
	uint8_t key[SEAL_KEY_LEN];   /* of the last signed head */
	struct seal_head last;       /* n 0: none */
	struct seal_signer *signers; /* in order of their last head */
	size_t n_signers;
	struct seal_act *acts; /* closings and erasures, at most SEAL_FAULTS_MAX */
	size_t n_acts;
	int64_t erased; /* values */
	/* As the facts say: how far the case is complete. */
	int64_t sessions, ended, complete; /* whole: everything seen was recorded */
	bool log_given, log_knows;         /* it was looked into, and has heads of this case */
	int64_t log_heads;
	int64_t log_cuts; /* lines that a crash cut off: heads that the log has lost */
	struct stamp_verdict *stamps; /* in the case, then beside it */
	size_t n_stamps;
	struct seal_fault *faults; /* in the order of the case; the first SEAL_FAULTS_MAX */
	size_t n_faults;
	size_t n_more; /* that were not kept */
};

struct seal_expect {
	const char *log_dir;   /* the installation's; NULL: not looked into */
	const uint8_t *key;    /* that heads must be signed by; NULL: whichever they name */
	struct span tsa_roots; /* PEM, of timestamp authorities to trust; absent: none */
};

/* The verdict's memory is in the arena. False only if the case (CASE_READ) or the log
 * (SEAL_LOG) cannot be read: a case that does not hold is a verdict. */
bool seal_verify(struct case_file *c, const struct seal_expect *expect, struct arena *a,
	struct seal_verdict *out, struct err *err);

#endif
