/*
 * The built-in rules as C tables, in the shape of a user's file: docs/guide/wrappers.md says
 * what each member means. Re-derived from public descriptions and examples; nobody's list is
 * copied. Only wrapper_table*.c include this.
 */
#ifndef STORE_DERIVE_WRAPPER_TABLE_H
#define STORE_DERIVE_WRAPPER_TABLE_H

#include "store/derive/wrapper.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define HOSTS(...) .hosts = LIST(__VA_ARGS__)
#define PATHS(...) .paths = LIST(__VA_ARGS__)
#define NEEDS(...) .needs = LIST(__VA_ARGS__)
#define TARGET(...) .targets = LIST(__VA_ARGS__)
#define PARTS(...)                                                                             \
	.parts = (const struct wrapper_part_rule[])                                            \
	{                                                                                      \
		__VA_ARGS__,                                                                   \
		{                                                                              \
			LABEL_OTHER, NULL                                                      \
		}                                                                              \
	}
#define ACCOUNT(recipe)                                                                        \
	{                                                                                      \
		LABEL_ACCOUNT, recipe                                                          \
	}
#define CAMPAIGN(recipe)                                                                       \
	{                                                                                      \
		LABEL_CAMPAIGN, recipe                                                         \
	}
#define LINK(recipe)                                                                           \
	{                                                                                      \
		LABEL_LINK, recipe                                                             \
	}
#define AFFILIATE(recipe)                                                                      \
	{                                                                                      \
		LABEL_AFFILIATE, recipe                                                        \
	}
#define RECIPIENT(recipe)                                                                      \
	{                                                                                      \
		LABEL_RECIPIENT, recipe                                                        \
	}
#define MAYBE(recipe)                                                                          \
	{                                                                                      \
		LABEL_MAYBE_RECIPIENT, recipe                                                  \
	}
#define OTHER(recipe)                                                                          \
	{                                                                                      \
		LABEL_OTHER, recipe                                                            \
	}

struct wrapper_table {
	const struct wrapper_rule *rules;
	size_t n;
};
extern const struct wrapper_table wrapper_table_security, wrapper_table_esp,
	wrapper_table_redirector, wrapper_table_affiliate, wrapper_table_shape;

#endif
