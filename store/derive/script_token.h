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

/* JSON needs no tokens in memory. Where the next one starts, from `at` on (text.n: nowhere),
 * and the length of the one there: a string, true, false, null, or one byte of what else there
 * is. 0: not in JSON, or not followed by what follows there. */
size_t json_next(struct span text, size_t at);
size_t json_token(struct span text, size_t at);

/* The value of a string literal with its quotes, or of a piece of a template, appended:
 * ECMA-262 12.9.4. */
void script_unescape(struct span body, struct buf *out);

#endif
