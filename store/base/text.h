/*
 * Borrowed bytes (span) and the few things we do with them: compare, search, escape for people,
 * check UTF-8. A span owns nothing and need not end in NUL. ASCII rules only: HTTP and URLs are
 * ASCII. Any thread.
 */
#ifndef STORE_BASE_TEXT_H
#define STORE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *p; /* NULL: absent, which differs from empty */
	size_t n;
};

#define SPAN_NONE ((struct span){NULL, 0})

static inline struct span span_of(const void *p, size_t n)
{
	return (struct span){p, n};
}
/* From a C string; NULL gives the absent span. */
static inline struct span span_str(const char *s)
{
	return (struct span){(const uint8_t *)s, s != NULL ? strlen(s) : 0};
}
static inline struct span span_from(struct span s, size_t at)
{
	if (s.n == 0)
		return s;
	return at >= s.n ? span_of(s.p + s.n, 0) : span_of(s.p + at, s.n - at);
}
static inline struct span span_first(struct span s, size_t n)
{
	return span_of(s.p, n < s.n ? n : s.n);
}

/* In the header, so that the length of a literal is known where it is compared: most are
 * told apart by that alone. */
static inline bool span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool span_is(struct span a, const char *s) /* same bytes */
{
	return span_eq(a, span_of(s, strlen(s)));
}
static inline bool span_starts(struct span a, const char *s)
{
	size_t n = strlen(s);
	return a.n >= n && (n == 0 || memcmp(a.p, s, n) == 0);
}
bool span_eq_nocase(struct span a, struct span b);
static inline bool span_is_nocase(struct span a, const char *s) /* ASCII case folded */
{
	size_t n = strlen(s);
	return a.n == n && span_eq_nocase(a, span_of(s, n));
}
static inline bool span_starts_nocase(struct span a, const char *s)
{
	size_t n = strlen(s);
	return a.n >= n && span_eq_nocase(span_of(a.p, n), span_of(s, n));
}
bool span_ends_nocase(struct span a, const char *s);
/* Offset of the first occurrence at or after `from`, or SIZE_MAX. */
size_t span_find(struct span hay, struct span needle, size_t from);
size_t span_find_byte(struct span hay, uint8_t byte, size_t from);
size_t span_find_nocase(struct span hay, struct span needle, size_t from);
/* Without leading and trailing bytes of `set`. */
struct span span_trim(struct span s, const char *set);
/* Decimal digits only, whole span, no sign; false on anything else or overflow. */
bool span_u64(struct span s, uint64_t *out);

static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}
static inline bool ascii_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}
static inline bool ascii_alpha(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/* 0..15, or -1. */
int ascii_hex(uint8_t c);

/* True if s is well-formed UTF-8 (RFC 3629) without NUL. */
bool text_valid(struct span s);

/* For people's eyes (terminal, log, text report): C0, C1, DEL, bidi controls (U+202A-202E,
 * U+2066-2069, U+200E, U+200F), zero-width and other format characters, line separators and
 * ill-formed bytes become \xNN or \u{N}; a backslash stays as it is. Writes at most out_len - 1
 * bytes and a NUL, never half an escape or character; returns the length written. */
size_t text_escape(struct span s, char *out, size_t out_len);

#endif
