/*
 * The words that a custody fact may carry: what was done with a case. Only ever appended.
 */
#ifndef STORE_FACT_CUSTODY_H
#define STORE_FACT_CUSTODY_H

#include "store/fact/fact.h"

#define CUSTODY_ACTS(X)                                                                        \
	X(OPENED, "opened")       /* a session began: by which build, with which lists */      \
	X(COMPANION, "companion") /* this is the companion of that case */                     \
	X(EXPORTED,                                                                            \
		"exported")    /* something was written out of the case: what, and its hash */ \
	X(WALKED, "walked")    /* the link was opened again; the session is in here */         \
	X(TAKEN, "taken-over") /* facts were found that no head covered, and were gone on with \
				*/                                                             \
	X(NOTED, "noted")      /* somebody wrote a note */                                     \
	X(REPLAYED, "replayed") /* a trail was walked again offline: same_line.h */            \
	X(LOOKED_UP,                                                                           \
		"looked-up") /* directories were asked about its parties: what came of it */   \
	X(CROSSCHECKED, "crosschecked") /* its packets were read: what they show against what  \
					   it says */                                          \
	X(DESTROYED, "destroyed") /* a file beside it, packets or keys: its name, its hash,    \
				     and why */

enum custody_act {
#define X(name, word) CUSTODY_##name,
	CUSTODY_ACTS(X)
#undef X
};

static inline const char *custody_word(enum custody_act act)
{
	static const char *const words[] = {
#define X(name, word) word,
		CUSTODY_ACTS(X)
#undef X
	};
	return words[act];
}

/* What the first fact of a companion says of whose it is; behind it, the case's id. */
#define CUSTODY_OF_CASE "of case "

/* Does it say that this is that case's companion? */
static inline bool custody_is_of(const struct fact_custody *f, struct span case_id)
{
	return span_is(f->act, custody_word(CUSTODY_COMPANION)) &&
	       span_starts(f->detail, CUSTODY_OF_CASE) &&
	       span_eq(span_from(f->detail, sizeof CUSTODY_OF_CASE - 1), case_id);
}

#endif
