#include "store/derive/wrapper_decode.h"
#include "store/base/codec.h"
#include "store/derive/url.h"
#include "store/derive/url_parts.h"

#include <zlib.h>

/* How many bytes "**X" stands for: A is 2. */
static size_t run_length(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (size_t)(c - 'A') + 2;
	if (c >= 'a' && c <= 'z')
		return (size_t)(c - 'a') + 28;
	if (ascii_digit(c))
		return (size_t)(c - '0') + 54;
	return c == '-' ? 64 : c == '_' ? 65 : 0;
}

/* Length of the UTF-8 character that starts with this byte. */
static size_t char_length(uint8_t c)
{
	return c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
}

/* Puts back what was replaced. Runs count bytes, and a character may straddle two runs: bytes
 * are taken as they come. */
static bool put_back(struct span text, struct span with, struct buf *url)
{
	for (size_t i = 0; i < text.n; i++) {
		size_t n = 0;
		if (text.p[i] != '*') {
			buf_add_byte(url, text.p[i]);
			continue;
		}
		if (i + 2 < text.n && text.p[i + 1] == '*' && run_length(text.p[i + 2]) > 0) {
			n = run_length(text.p[i + 2]);
			i += 2;
		} else if (with.n > 0) {
			n = char_length(with.p[0]);
		}
		if (n == 0 || n > with.n)
			return false;
		buf_add_span(url, span_first(with, n));
		with = span_from(with, n);
	}
	return true;
}

bool wrapper_proofpoint3(struct arena *a, struct span text, struct span *out)
{
	size_t end = SIZE_MAX;
	if (!span_starts(text, "__"))
		return false;
	/* The URL may hold "__;" itself: its end is the last one. */
	for (size_t at = span_find(text, span_str("__;"), 2); at != SIZE_MAX;
		at = span_find(text, span_str("__;"), at + 1))
		end = at;
	if (end == SIZE_MAX)
		return false;
	struct span code = span_from(text, end + 3);
	code = span_first(code, span_find_byte(code, '!', 0));
	struct buf with = {0}, url = {0};
	bool ok = base64_read(code, &with) &&
		  put_back(span_of(text.p + 2, end - 2), buf_span(&with), &url);
	if (ok)
		*out = arena_copy(a, buf_span(&url));
	buf_fini(&with);
	buf_fini(&url);
	return ok;
}

/* Behind the string that starts at `at` with its quote; SIZE_MAX: it has no end. */
static size_t string_end(struct span s, size_t at)
{
	for (size_t i = at + 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return SIZE_MAX;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static uint32_t hex4(struct span s, size_t at)
{
	uint32_t v = 0;
	for (size_t i = at; i < at + 4; i++) {
		int d = i < s.n ? ascii_hex(s.p[i]) : -1;
		if (d < 0)
			return UINT32_MAX;
		v = v << 4 | (uint32_t)d;
	}
	return v;
}

/* RFC 8259 7, without the quotes. A lone surrogate becomes U+FFFD. */
static struct span unescape(struct arena *a, struct span s)
{
	struct buf b = {0};
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\\' || i + 1 >= s.n) {
			buf_add_byte(&b, s.p[i]);
			continue;
		}
		uint8_t c = s.p[++i];
		uint32_t v = c == 'u' ? hex4(s, i + 1) : UINT32_MAX;
		if (v == UINT32_MAX) {
			buf_add_byte(&b, c == 'n'   ? '\n'
					 : c == 't' ? '\t'
					 : c == 'r' ? '\r'
						    : c);
			continue;
		}
		i += 4;
		if (v >= 0xd800 && v < 0xdc00 && i + 2 < s.n && s.p[i + 1] == '\\' &&
			s.p[i + 2] == 'u') {
			uint32_t low = hex4(s, i + 3);
			if (low >= 0xdc00 && low < 0xe000) {
				v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
				i += 6;
			}
		}
		url_add_utf8(&b, v >= 0xd800 && v < 0xe000 ? 0xfffd : v);
	}
	struct span out = arena_copy(a, b.p != NULL ? buf_span(&b) : span_str(""));
	buf_fini(&b);
	return out;
}

/* The value that starts at `at`, whole: "..." or what stands until a ',' or '}' of this level.
 */
static struct span value_at(struct span s, size_t at)
{
	size_t depth = 0, i = at;
	if (i < s.n && s.p[i] == '"') {
		size_t end = string_end(s, i);
		return end == SIZE_MAX ? SPAN_NONE : span_of(s.p + i, end - i);
	}
	for (; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '"') {
			size_t end = string_end(s, i);
			if (end == SIZE_MAX)
				return SPAN_NONE;
			i = end - 1;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == ',' || c == '}' || c == ']') && depth == 0) {
			break;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return span_trim(span_of(s.p + at, i - at), " \t\r\n");
}

bool wrapper_json_member(struct arena *a, struct span s, struct span key, struct span *out)
{
	size_t depth = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (depth-- <= 1)
				return false;
		} else if (c == '"') {
			size_t end = string_end(s, i);
			if (end == SIZE_MAX || depth == 0)
				return false;
			struct span name = span_of(s.p + i + 1, end - i - 2);
			i = end - 1;
			while (end < s.n && is_space(s.p[end]))
				end++;
			if (depth != 1 || end >= s.n || s.p[end] != ':' || !span_eq(name, key))
				continue;
			for (end++; end < s.n && is_space(s.p[end]);)
				end++;
			struct span value = value_at(s, end);
			if (value.n == 0)
				return false;
			*out = value.p[0] == '"'
				       ? unescape(a, span_of(value.p + 1, value.n - 2))
				       : value;
			return true;
		}
	}
	return false;
}

bool wrapper_inflate(struct arena *a, struct span text, bool raw, size_t max, struct span *out)
{
	z_stream z = {0};
	if (text.n == 0 || text.n > UINT32_MAX ||
		inflateInit2(&z, raw ? -MAX_WBITS : MAX_WBITS) != Z_OK)
		return false;
	struct buf b = {0};
	uint8_t *room = buf_room(&b, max);
	/* zlib takes a pointer that is not const and writes nothing there. */
	z.next_in = (uint8_t *)(uintptr_t)text.p;
	z.avail_in = (uInt)text.n;
	z.next_out = room;
	z.avail_out = (uInt)max;
	bool ok = inflate(&z, Z_FINISH) == Z_STREAM_END;
	buf_grew(&b, max - z.avail_out);
	inflateEnd(&z);
	if (ok)
		*out = arena_copy(a, buf_span(&b));
	buf_fini(&b);
	return ok;
}

bool wrapper_base64(struct arena *a, struct span text, struct span *out)
{
	struct buf b = {0};
	bool ok = text.n > 0 && text.n < URL_MAX &&
		  base64_read(url_unescape(a, text, false), &b) && buf_len(&b) > 0;
	if (ok)
		*out = arena_copy(a, buf_span(&b));
	buf_fini(&b);
	return ok;
}
