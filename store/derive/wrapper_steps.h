/*
 * The steps of recipes: each makes a new text of the one before, or finds that it does not fit.
 * Shared by wrapper_recipe.c and wrapper_steps.c only. Pure; any thread.
 */
#ifndef STORE_DERIVE_WRAPPER_STEPS_H
#define STORE_DERIVE_WRAPPER_STEPS_H

#include "store/derive/wrapper_recipe.h"

/* What stands behind the ':' of a word: bytes, and the number that they are or end with. */
struct recipe_arg {
	struct span text;
	int64_t number;
};
enum recipe_arg_kind { NO_ARG, A_NUMBER, A_TEXT, TWO_BYTES, TEXT_AND_NUMBER };

/* False if the text (absent: there is no ':') is not of that kind. */
bool recipe_arg(struct span text, enum recipe_arg_kind kind, struct recipe_arg *out);

typedef bool step_fn(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg);

struct recipe_step {
	const char *name;
	enum recipe_arg_kind arg;
	step_fn *run;
};

/* NULL: there is none of that name. */
const struct recipe_step *recipe_step(struct span name);

#endif
