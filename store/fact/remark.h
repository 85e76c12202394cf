/*
 * The words that a remark fact may carry: what somebody said about a trail or a hop. Only ever
 * appended.
 */
#ifndef STORE_FACT_REMARK_H
#define STORE_FACT_REMARK_H

#include "store/base/text.h"

enum { REMARK_TEXT_MAX = 4096 }; /* bytes of one */

#define REMARK_ACTS(X)                                                                         \
	X(NOTED, "noted")         /* a text about a hop, or a trail */                         \
	X(MARKED, "marked")       /* this trail matters; a text may say why */                 \
	X(UNMARKED, "unmarked")   /* it does not, after all */                                 \
	X(WITHDRAWN, "withdrawn") /* an earlier remark is no longer meant; it stays */

enum remark_act {
#define X(name, word) REMARK_##name,
	REMARK_ACTS(X)
#undef X
		REMARK_ACT_COUNT
};

static inline const char *remark_word(enum remark_act act)
{
	static const char *const words[] = {
#define X(name, word) word,
		REMARK_ACTS(X)
#undef X
	};
	return words[act];
}

/* False: it is none of them. */
static inline bool remark_act_of(struct span word, enum remark_act *out)
{
	for (int i = 0; i < REMARK_ACT_COUNT; i++)
		if (span_is(word, remark_word((enum remark_act)i))) {
			*out = (enum remark_act)i;
			return true;
		}
	return false;
}

#endif
