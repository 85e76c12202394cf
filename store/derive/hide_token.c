#include "store/derive/hide_parts.h"

#include <zlib.h>

enum {
	LINE_MIN = 56,
	RUN_MIN = 6,
	HEX_MIN = 8
}; /* a line of MIME has 76 characters, of PEM 64 */

enum { NOT = 64, HEX = 0x100, DIGIT = 0x200, UPPER = 0x400, LOWER = 0x800, SPLIT = 0x1000 };

static int class_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (c - 'A') | UPPER | (c <= 'F' ? HEX : 0);
	if (c >= 'a' && c <= 'z')
		return (c - 'a' + 26) | LOWER | (c <= 'f' ? HEX : 0);
	if (ascii_digit(c))
		return (c - '0' + 52) | DIGIT | HEX;
	switch (c) {
	case '+': return 62 | SPLIT;
	case '/': return 63 | SPLIT;
	case '-': return 62;
	case '_': return 63;
	default: return NOT;
	}
}

static int16_t classes[256];
static const int16_t *table(void)
{
	return classes;
}

/* Before any thread. */
__attribute__((constructor)) static void fill(void)
{
	for (int c = 0; c < 256; c++)
		classes[c] = (int16_t)class_of((uint8_t)c);
}

/* An end of line inside of a run: how many bytes it has; 0: the run ends here. */
static size_t line_end(struct span s, size_t at, size_t line_from)
{
	size_t n = at < s.n && s.p[at] == '\r' ? 1 : 0;
	if (at - line_from < LINE_MIN || at + n + 1 >= s.n || s.p[at + n] != '\n' ||
		table()[s.p[at + n + 1]] == NOT)
		return 0;
	return n + 1;
}

/* What stands at i is the rest of an escape: how many bytes of it. */
static size_t in_escape(struct span s, size_t i)
{
	uint8_t before = i > 0 ? s.p[i - 1] : 0;
	size_t digits = before == '%' ? 2 : 0;
	if (before == '\\' && (s.p[i] == 'u' || s.p[i] == 'x'))
		digits = s.p[i] == 'u' ? 5 : 3;
	else if (before == '\\')
		return strchr("nrtbfv0", s.p[i]) != NULL ? 1 : 0;
	if (digits == 0 || i + digits > s.n)
		return 0;
	for (size_t k = i + (before == '\\'); k < i + digits; k++)
		if (ascii_hex(s.p[k]) < 0)
			return 0;
	return digits;
}

bool hide_next_run(struct span s, size_t *at, struct hide_run *out)
{
	const int16_t *t = table();
	for (size_t i = *at; i < s.n;) {
		size_t escaped = t[s.p[i]] != NOT ? in_escape(s, i) : 1;
		if (escaped > 0) {
			i += escaped;
			continue;
		}
		int seen = 0;
		size_t n = 0, line = i, more;
		*out = (struct hide_run){.from = i};
		do {
			for (; i < s.n && t[s.p[i]] != NOT; i++, n++) {
				seen |= t[s.p[i]];
			}
			more = line_end(s, i, line);
			out->lines |= more > 0;
			i += more;
			line = i;
		} while (more > 0);
		out->n = n;
		for (int pad = 0; pad < 2 && i < s.n && s.p[i] == '='; pad++)
			i++;
		out->to = *at = i;
		out->split = (seen & SPLIT) != 0;
		out->mixed = (seen & DIGIT) && (seen & UPPER) && (seen & LOWER);
		if (n >= RUN_MIN)
			return true;
	}
	*at = s.n;
	return false;
}

bool hide_next_hex(struct span s, size_t *at, struct hide_run *out)
{
	const int16_t *t = table();
	for (size_t i = *at; i < s.n;) {
		size_t from = i;
		while (i < s.n && (t[s.p[i]] & HEX) != 0)
			i++;
		*at = i;
		if (i - from >= HEX_MIN) {
			*out = (struct hide_run){.from = from, .to = i, .n = i - from};
			return true;
		}
		i += i == from;
	}
	*at = s.n;
	return false;
}

size_t hide_base64(struct span s, size_t phase, uint8_t *out)
{
	const int16_t *t = table();
	uint32_t v = 0;
	unsigned bits = 0;
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int c = t[s.p[i]];
		if (c == NOT)
			continue;
		if (phase > 0) {
			phase--;
			continue;
		}
		v = v << 6 | (uint32_t)(c & 63);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (uint8_t)(v >> bits);
		}
	}
	return n;
}

size_t hide_hex(struct span s, size_t phase, uint8_t *out)
{
	size_t n = 0;
	for (size_t i = phase; i + 1 < s.n; i += 2)
		out[n++] = (uint8_t)(ascii_hex(s.p[i]) << 4 | ascii_hex(s.p[i + 1]));
	return n;
}

struct span hide_inflate(struct arena *a, struct span s, bool raw)
{
	enum { PIECE = 16 * 1024, ENOUGH = 4, AUTO = 32 };
	z_stream z = {0};
	if (s.n < ENOUGH || s.n > UINT32_MAX ||
		inflateInit2(&z, raw ? -MAX_WBITS : MAX_WBITS + AUTO) != Z_OK)
		return SPAN_NONE;
	uint8_t piece[PIECE];
	struct buf b = {0};
	/* zlib takes a pointer that is not const and writes nothing there. */
	z.next_in = (uint8_t *)(uintptr_t)s.p;
	z.avail_in = (uInt)s.n;
	int result = Z_OK;
	while (result == Z_OK && buf_len(&b) < HIDE_INFLATE_MAX) {
		z.next_out = piece;
		z.avail_out = PIECE;
		result = inflate(&z, Z_NO_FLUSH);
		buf_add(&b, piece, PIECE - z.avail_out);
		if (z.avail_out != 0)
			break;
	}
	inflateEnd(&z);
	/* What broke off is looked at as far as it goes. */
	struct span out = buf_len(&b) >= ENOUGH ? arena_copy(a, buf_span(&b)) : SPAN_NONE;
	buf_fini(&b);
	return out;
}
