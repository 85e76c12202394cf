/*
 * From one time to another. The times of a case are whatever its file says, and a hostile one
 * says what no difference fits into. Pure. Any thread.
 */
#ifndef STORE_FACT_LAPSE_H
#define STORE_FACT_LAPSE_H

#include "store/fact/fact.h"

/* 0 or more. FACT_NULL: one of them is not known, `to` comes first, or no number holds it. */
static inline int64_t lapse_us(int64_t from, int64_t to)
{
	int64_t us;
	return from == FACT_NULL || to == FACT_NULL || __builtin_sub_overflow(to, from, &us) ||
			       us < 0
		       ? FACT_NULL
		       : us;
}

/* So much later. FACT_NULL: one of them is not known, or no number holds it. */
static inline int64_t lapse_end_us(int64_t from, int64_t us)
{
	int64_t to;
	return from == FACT_NULL || us == FACT_NULL || __builtin_add_overflow(from, us, &to)
		       ? FACT_NULL
		       : to;
}

#endif
