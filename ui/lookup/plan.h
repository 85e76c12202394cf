/*
 * What there is to ask about a case: for each party, host and address of its trails the
 * questions, none twice, in the order in which they are asked; and for what is not asked, why.
 * From facts alone; asks nobody. One thread.
 */
#ifndef UI_LOOKUP_PLAN_H
#define UI_LOOKUP_PLAN_H

#include "ui/lookup/session.h"

enum { PLAN_ITEMS_MAX = 2000 };

struct plan_item {
	enum lookup_kind kind;
	struct span subject;
	const char *skip; /* why it is not asked, in words; NULL: it is */
};

struct plan {
	struct plan_item *items;
	size_t n;
	size_t n_asking; /* of them, those that are asked */
	size_t n_over;   /* behind PLAN_ITEMS_MAX */
};

/* party: 0 for all, else its number in each trail. dns: there is a resolver to ask. */
void plan_make(const struct report *r, size_t party, const struct lookup_options *o, bool dns,
	struct arena *a, struct plan *out);

/* One question more, unless it is there already; false then. */
bool plan_add(struct plan *p, struct arena *a, struct plan_item item);

#endif
