/*
 * The one point through which words from outside (URLs, headers, host names, error details)
 * reach a person's eyes: everything that could move a cursor, reorder or hide text is escaped
 * here. What our own code says goes in by buf_addf beside it. UTF-8 out. One thread.
 */
#ifndef UI_REPORT_SAY_H
#define UI_REPORT_SAY_H

#include "store/base/buf.h"

enum {
	SAY_WIDTH = 76,     /* columns of prose, so that it survives being quoted in a mail */
	SAY_LINE_MAX = 900, /* bytes of one line; RFC 5322 2.1.1 allows 998. Longer ones go on
			       below, marked */
};

/* s escaped by text_escape, whole however long; an absent span is "-". */
void say_text(struct buf *out, struct span s);
/* The same, folded at SAY_LINE_MAX bytes: what goes on is on a line of its own behind `indent`
 * and "+ ". */
void say_long(struct buf *out, struct span s, const char *indent);
/* The folding alone, of one line that is escaped already. */
void say_fold(struct buf *out, struct span line, const char *indent);
/* Prose broken at spaces to SAY_WIDTH columns, every line behind `indent`; the first behind
 * `first` instead. Ends the line. A word that is too long stays whole. `prose` may hold words
 * from outside: it is escaped. */
void say_prose(struct buf *out, const char *first, const char *indent, struct span prose);
/* "31 January 2026, 23:59:59 UTC"; "an unknown time" for FACT_NULL. */
void say_day(struct buf *out, int64_t us);
/* "23:59:59.123" UTC. */
void say_clock(struct buf *out, int64_t us);
/* "870 ms", "12.3 s", "4 min 5 s". */
void say_span_of_time(struct buf *out, int64_t us);
/* "1 hop", "3 hops". */
void say_count(struct buf *out, size_t n, const char *one, const char *many);
/* Writes all of out to descriptor fd. */
bool say_write(int fd, const struct buf *out);

#endif
