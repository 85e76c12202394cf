/*
 * Failure as a value. A fallible function returns bool (or a pointer) and takes `struct err
 * *err` last; the struct lives on the caller's stack and holds no memory. Kinds come from
 * err.tbl: one table gives the enum, the word that is stored, and the sentence that is shown.
 * Any thread.
 */
#ifndef STORE_BASE_ERR_H
#define STORE_BASE_ERR_H

#include "store/base/text.h"

enum err_kind {
#define ERR(name, word, sentence) ERR_##name,
#include "store/base/err.tbl"
#undef ERR
	ERR_KINDS
};

enum { ERR_DETAIL_MAX = 400 };

struct err {
	enum err_kind kind;
	int os;                      /* errno, 0 if none */
	char detail[ERR_DETAIL_MAX]; /* UTF-8, control bytes escaped; may be empty */
};

/* Fill *err and return false, so that `return err_set(...)` reads well. err may be NULL.
 * Control bytes that reach the detail through the arguments are escaped; the text is cut at
 * ERR_DETAIL_MAX - 1. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, adding strerror(os) behind the detail. */
bool err_set_os(struct err *err, enum err_kind kind, int os, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

const char *err_word(enum err_kind kind); /* "cert-invalid" */
/* The kind of a stored word; ERR_KINDS: of none. */
enum err_kind err_of_word(struct span word);
const char *err_sentence(enum err_kind kind); /* "the origin's certificate does not verify" */
/* "sentence: detail" into out, always ended by NUL. */
void err_text(const struct err *err, char *out, size_t out_len);

#endif
