/*
 * A growable run of bytes with one owner. Appending never fails but by running out of memory,
 * which stops the program: whoever feeds it from the network bounds it first. `start` lets a
 * reader consume from the front cheaply.
 */
#ifndef STORE_BASE_BUF_H
#define STORE_BASE_BUF_H

#include "store/base/text.h"

#include <stdarg.h>

struct buf {
	uint8_t *p;
	size_t start, end, cap; /* content is p[start..end) */
};

void buf_init(struct buf *b); /* same as {0} */
void buf_fini(struct buf *b);
static inline size_t buf_len(const struct buf *b)
{
	return b->end - b->start;
}
static inline struct span buf_span(const struct buf *b)
{
	/* Nothing may be added to a null pointer in C, not even 0. */
	return span_of(b->p != NULL ? b->p + b->start : NULL, b->end - b->start);
}
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_span(struct buf *b, struct span s);
void buf_add_str(struct buf *b, const char *s);
void buf_add_byte(struct buf *b, uint8_t c);
void buf_add_u16(struct buf *b, uint16_t v); /* big-endian */
void buf_add_u32(struct buf *b, uint32_t v);
void buf_add_u64(struct buf *b, uint64_t v);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Room for n more bytes at the end; write there, then buf_grew. Moves the content: borrowed
 * pointers die. */
uint8_t *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);
void buf_consume(struct buf *b, size_t n); /* drop n bytes from the front */
void buf_clear(struct buf *b);             /* empty, memory kept */
/* Content as a heap string ended by NUL; the caller frees it; b is left empty. */
char *buf_take_str(struct buf *b);

#endif
