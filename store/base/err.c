#include "store/base/err.h"
#include "store/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *word, *sentence;
} err_table[] = {
#define ERR(name, word, sentence) {word, sentence},
#include "store/base/err.tbl"
#undef ERR
};

static void __attribute__((format(printf, 4, 0)))
fill(struct err *err, enum err_kind kind, int os, const char *format, va_list ap)
{
	char raw[ERR_DETAIL_MAX];
	vsnprintf(raw, sizeof raw, format, ap);
	if (os != 0) {
		size_t n = strlen(raw);
		char text[128];
		snprintf(raw + n, sizeof raw - n, "%s%s", n > 0 ? ": " : "",
			strerror_r(os, text, sizeof text));
	}
	err->kind = kind;
	err->os = os;
	text_escape(span_str(raw), err->detail, sizeof err->detail);
}

bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	if (err == NULL)
		return false;
	va_list ap;
	va_start(ap, format);
	fill(err, kind, 0, format, ap);
	va_end(ap);
	return false;
}

bool err_set_os(struct err *err, enum err_kind kind, int os, const char *format, ...)
{
	if (err == NULL)
		return false;
	va_list ap;
	va_start(ap, format);
	fill(err, kind, os, format, ap);
	va_end(ap);
	return false;
}

const char *err_word(enum err_kind kind)
{
	return (unsigned)kind < ERR_KINDS ? err_table[kind].word : "internal";
}

enum err_kind err_of_word(struct span word)
{
	unsigned kind = 0;
	while (kind < ERR_KINDS && !span_is(word, err_table[kind].word))
		kind++;
	return (enum err_kind)kind;
}

const char *err_sentence(enum err_kind kind)
{
	return (unsigned)kind < ERR_KINDS ? err_table[kind].sentence : "unknown error";
}

void err_text(const struct err *err, char *out, size_t out_len)
{
	snprintf(out, out_len, "%s%s%s", err_sentence(err->kind), err->detail[0] ? ": " : "",
		err->detail);
}
