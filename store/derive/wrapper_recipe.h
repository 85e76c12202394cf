/*
 * Recipes: one line of text that says where in a link something stands and how it is decoded,
 * "query:data field:|:2 percent". The first word is the place, the others are steps in order.
 * The same language in built-in rules and in a user's file; docs/guide/wrappers.md lists the
 * words. Bounded in work by the link's length. Pure; any thread.
 */
#ifndef STORE_DERIVE_WRAPPER_RECIPE_H
#define STORE_DERIVE_WRAPPER_RECIPE_H

#include "store/base/err.h"
#include "store/derive/link_pieces.h"

enum {
	RECIPE_MAX = 200,              /* bytes of a recipe */
	RECIPE_STEPS_MAX = 12,         /* words behind the place */
	RECIPE_ANY_MAX = 32,           /* pieces that the place "any" tries */
	RECIPE_INFLATE_MAX = 64 * 1024 /* bytes that come out of a compressed token */
};

struct recipe_value {
	struct span text; /* what came of it */
	struct span raw;  /* the piece of the link's href that it was made of */
	bool exact;       /* text is raw itself: nothing was decoded yet */
	enum link_where where;
	unsigned number;
	struct span name;
};

/* False if the link has no such place or a step does not fit. An empty text is not nothing. */
bool recipe_read(
	struct arena *a, const char *recipe, const struct url *link, struct recipe_value *out);

/* Can the recipe be read at all? False: ERR_USAGE names the word. */
bool recipe_check(const char *recipe, struct err *err);

#endif
