/*
 * A cursor over hostile bytes with a sticky error: after the first read past the end every read
 * gives zero or an empty span, and `bad` stays set. Check once, at the end. Big-endian, as the
 * network is. Never allocates.
 */
#ifndef STORE_BASE_READER_H
#define STORE_BASE_READER_H

#include "store/base/text.h"

struct reader {
	const uint8_t *p;
	size_t n; /* bytes left */
	bool bad;
};

static inline struct reader reader_of(struct span s)
{
	return (struct reader){s.p, s.n, false};
}
static inline struct span read_span(struct reader *r, size_t n)
{
	if (r->bad || n > r->n) {
		r->bad = true;
		r->n = 0;
		return span_of(r->p, 0);
	}
	struct span s = span_of(r->p, n);
	if (n > 0)
		r->p += n;
	r->n -= n;
	return s;
}
static inline uint64_t read_uint(struct reader *r, size_t bytes)
{
	struct span s = read_span(r, bytes);
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	return v;
}
static inline uint8_t read_u8(struct reader *r)
{
	return (uint8_t)read_uint(r, 1);
}
static inline uint16_t read_u16(struct reader *r)
{
	return (uint16_t)read_uint(r, 2);
}
static inline uint32_t read_u24(struct reader *r)
{
	return (uint32_t)read_uint(r, 3);
}
static inline uint32_t read_u32(struct reader *r)
{
	return (uint32_t)read_uint(r, 4);
}
static inline uint64_t read_u64(struct reader *r)
{
	return read_uint(r, 8);
}
/* A vector with a length prefix of 1, 2 or 3 bytes (RFC 8446 3.4), as a reader of its own. */
static inline struct reader read_vector(struct reader *r, size_t prefix_bytes)
{
	size_t n = (size_t)read_uint(r, prefix_bytes);
	struct span s = read_span(r, n);
	return (struct reader){s.p, s.n, r->bad};
}

#endif
