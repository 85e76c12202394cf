#include "store/base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b)
{
	*b = (struct buf){0};
}

void buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}

uint8_t *buf_room(struct buf *b, size_t n)
{
	if (b->cap - b->end >= n)
		return b->p + b->end;
	size_t len = b->end - b->start;
	if (b->start > 0) {
		memmove(b->p, b->p + b->start, len);
		b->start = 0;
		b->end = len;
	}
	if (b->cap - len < n) {
		size_t cap = b->cap < 64 ? 64 : b->cap;
		while (cap - len < n)
			cap *= 2;
		uint8_t *p = realloc(b->p, cap);
		if (p == NULL)
			abort();
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->end;
}

void buf_grew(struct buf *b, size_t n)
{
	assert(n <= b->cap - b->end);
	b->end += n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_room(b, n), p, n);
	b->end += n;
}

void buf_add_span(struct buf *b, struct span s)
{
	buf_add(b, s.p, s.n);
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_add_byte(struct buf *b, uint8_t c)
{
	buf_add(b, &c, 1);
}

void buf_add_u16(struct buf *b, uint16_t v)
{
	buf_add(b, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

void buf_add_u32(struct buf *b, uint32_t v)
{
	buf_add_u16(b, (uint16_t)(v >> 16));
	buf_add_u16(b, (uint16_t)v);
}

void buf_add_u64(struct buf *b, uint64_t v)
{
	uint8_t bytes[8];
	for (int i = 7; i >= 0; i--, v >>= 8)
		bytes[i] = (uint8_t)v;
	buf_add(b, bytes, sizeof bytes);
}

void buf_vaddf(struct buf *b, const char *format, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, format, ap);
	if (n > 0) {
		vsnprintf((char *)buf_room(b, (size_t)n + 1), (size_t)n + 1, format, again);
		b->end += (size_t)n;
	}
	va_end(again);
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	buf_vaddf(b, format, ap);
	va_end(ap);
}

void buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->end - b->start);
	b->start += n;
	if (b->start == b->end)
		b->start = b->end = 0;
}

void buf_clear(struct buf *b)
{
	b->start = b->end = 0;
}

char *buf_take_str(struct buf *b)
{
	buf_add_byte(b, 0);
	if (b->start > 0)
		memmove(b->p, b->p + b->start, b->end - b->start);
	char *s = (char *)b->p;
	*b = (struct buf){0};
	return s;
}
