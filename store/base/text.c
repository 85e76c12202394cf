#include "store/base/text.h"

#include <stdio.h>

bool span_eq_nocase(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] != b.p[i] && ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool span_ends_nocase(struct span a, const char *s)
{
	size_t n = strlen(s);
	return a.n >= n && span_is_nocase(span_of(a.p + a.n - n, n), s);
}

size_t span_find(struct span hay, struct span needle, size_t from)
{
	if (from > hay.n || needle.n > hay.n - from)
		return SIZE_MAX;
	if (needle.n == 0)
		return from;
	const uint8_t *at = memmem(hay.p + from, hay.n - from, needle.p, needle.n);
	return at == NULL ? SIZE_MAX : (size_t)(at - hay.p);
}

size_t span_find_byte(struct span hay, uint8_t byte, size_t from)
{
	if (from >= hay.n)
		return SIZE_MAX;
	const uint8_t *at = memchr(hay.p + from, byte, hay.n - from);
	return at == NULL ? SIZE_MAX : (size_t)(at - hay.p);
}

size_t span_find_nocase(struct span hay, struct span needle, size_t from)
{
	if (needle.n > hay.n)
		return SIZE_MAX;
	uint8_t first = needle.n > 0 ? ascii_lower(needle.p[0]) : 0;
	for (size_t i = from; i + needle.n <= hay.n; i++)
		if ((needle.n == 0 || ascii_lower(hay.p[i]) == first) &&
			span_eq_nocase(span_of(hay.p + i, needle.n), needle))
			return i;
	return SIZE_MAX;
}

struct span span_trim(struct span s, const char *set)
{
	while (s.n > 0 && s.p[0] != 0 && strchr(set, s.p[0]) != NULL) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && s.p[s.n - 1] != 0 && strchr(set, s.p[s.n - 1]) != NULL)
		s.n--;
	return s;
}

bool span_u64(struct span s, uint64_t *out)
{
	uint64_t v = 0;
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_digit(s.p[i]))
			return false;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

int ascii_hex(uint8_t c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Length of the well-formed UTF-8 character at s (RFC 3629 section 4) and its code point; 0 if
 * ill-formed. */
static size_t utf8_char(struct span s, uint32_t *code)
{
	uint8_t c = s.p[0];
	if (c < 0x80) {
		*code = c;
		return 1;
	}
	size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || s.n < n)
		return 0;
	uint32_t v = n == 2 ? c & 0x1fu : n == 3 ? c & 0x0fu : c & 0x07u;
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s.p[i] & 0x3fu);
	}
	if ((n == 3 && v < 0x800) || (n == 4 && v < 0x10000) || v > 0x10ffff ||
		(v >= 0xd800 && v <= 0xdfff))
		return 0;
	*code = v;
	return n;
}

bool text_valid(struct span s)
{
	while (s.n > 0) {
		uint32_t code;
		size_t n = utf8_char(s, &code);
		if (n == 0 || code == 0)
			return false;
		s = span_from(s, n);
	}
	return true;
}

/* Characters that move the cursor, reorder or hide text: shown as escapes. */
static bool code_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x061c ||
	       c == 0x180e || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

size_t text_escape(struct span s, char *out, size_t out_len)
{
	size_t at = 0;
	if (out_len == 0)
		return 0;
	while (s.n > 0) {
		uint32_t code = 0;
		char piece[16];
		size_t len, n = utf8_char(s, &code);
		if (n == 0) {
			n = 1;
			len = (size_t)snprintf(piece, sizeof piece, "\\x%02x", s.p[0]);
		} else if (code_unsafe(code)) {
			len = (size_t)snprintf(
				piece, sizeof piece, code < 0x80 ? "\\x%02x" : "\\u{%x}", code);
		} else {
			memcpy(piece, s.p, n);
			len = n;
		}
		if (at + len >= out_len)
			break;
		memcpy(out + at, piece, len);
		at += len;
		s = span_from(s, n);
	}
	out[at] = 0;
	return at;
}
