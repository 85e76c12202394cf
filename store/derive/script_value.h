/*
 * What a string expression comes to, as far as literals tell: concatenation, names bound to
 * literals, atob, decodeURIComponent, fromCharCode, split-reverse-join, array join, parts of
 * location. Nothing is run. Shared by script*.c only.
 */
#ifndef STORE_DERIVE_SCRIPT_VALUE_H
#define STORE_DERIVE_SCRIPT_VALUE_H

#include "store/derive/script_token.h"
#include "store/derive/url.h"

enum { BINDINGS_MAX = 4096 }; /* names of one script */

struct value {
	struct span text;
	bool prefix;        /* something unknown is added behind */
	const char *coding; /* how it was hidden, NULL if it stood there plainly */
};

struct binding {
	struct span name; /* a property's starts with '.' */
	struct value value;
};

struct script_env {
	struct arena *a;
	struct span text;
	struct tokens tokens;
	const struct url *base;
	struct binding *bindings; /* open addressing, n_slots of them (a power of two) */
	size_t n_bindings, n_slots;
	size_t steps, bytes; /* used up so far */
	bool limits, based;  /* based: base was looked at */
};

/* Asked several times of every token: in the header, to be cheap. Behind the last one there is
 * a TOKEN_END. */
static inline struct span token_text(const struct script_env *e, size_t i)
{
	const struct token *t = &e->tokens.list[i < e->tokens.n ? i : e->tokens.n];
	return span_of(e->text.p + t->at, t->len);
}
static inline enum token_kind token_kind(const struct script_env *e, size_t i)
{
	return i < e->tokens.n ? (enum token_kind)e->tokens.list[i].kind : TOKEN_END;
}
static inline bool token_is(const struct script_env *e, size_t i, uint8_t punct)
{
	return i < e->tokens.n && e->tokens.list[i].kind == TOKEN_PUNCT &&
	       e->tokens.list[i].punct == punct;
}
static inline bool token_is_name(const struct script_env *e, size_t i, const char *name)
{
	return token_kind(e, i) == TOKEN_NAME && span_is(token_text(e, i), name);
}

/* The expression at token *i. True if its start is known; *i is then behind what was
 * understood. False: *i is unchanged. */
bool value_read(struct script_env *e, size_t *i, struct value *out);

/* The member chain at *i (a name, then .name and ["name"]): its last two names. *i is then
 * behind it. */
struct chain {
	struct span last, before; /* before: empty if there is but one */
	size_t n;
};
void chain_read(struct script_env *e, size_t *i, struct chain *out);

/* The string's value is known by that name from now on. */
void script_bind(struct script_env *e, struct span name, const struct value *v);
bool script_bound(struct script_env *e, struct span name, struct value *out);
bool value_add(struct script_env *e, struct value *a, const struct value *b);

#endif
