/*
 * JavaScript, cut into tokens, brackets paired. Not a parser: it must only never be led astray
 * for long by hostile text. Shared by script*.c only.
 */
#ifndef STORE_DERIVE_SCRIPT_TOKEN_H
#define STORE_DERIVE_SCRIPT_TOKEN_H

#include "store/base/buf.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_STRING,
	TOKEN_TEMPLATE,
	TOKEN_NUMBER,
	TOKEN_PUNCT,
	TOKEN_REGEX
};

/* Punctuators of more than one byte that matter; all others of one byte stand for themselves.
 */
enum { PUNCT_EQUALS = 1, PUNCT_ARROW, PUNCT_PLUS_ASSIGN, PUNCT_OTHER };

struct token {
	uint32_t at, len; /* in the text, quotes included */
	uint32_t mate;    /* brackets: index of the other one; its own index if there is none */
	uint8_t kind;
	uint8_t punct;
};

struct tokens {
	struct token *list; /* heap; ended by a TOKEN_END that is not counted */
	size_t n;
	bool cut; /* there were more */
};

void tokens_read(struct span text, size_t max, struct tokens *out);
void tokens_fini(struct tokens *t);

/* The value of a string literal with its quotes, or of a piece of a template, appended:
 * ECMA-262 12.9.4. */
void script_unescape(struct span body, struct buf *out);

#endif
