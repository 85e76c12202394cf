#include "store/base/codec.h"

void hex_add(struct buf *out, struct span bytes)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < bytes.n; i++) {
		buf_add_byte(out, (uint8_t)digits[bytes.p[i] >> 4]);
		buf_add_byte(out, (uint8_t)digits[bytes.p[i] & 15]);
	}
}

char *hex_str(struct arena *a, struct span bytes)
{
	struct buf b = {0};
	hex_add(&b, bytes);
	char *s = arena_str(a, buf_span(&b));
	buf_fini(&b);
	return s;
}

bool hex_read(struct span text, struct buf *out)
{
	if (text.n % 2 != 0)
		return false;
	for (size_t i = 0; i < text.n; i += 2) {
		int hi = ascii_hex(text.p[i]), lo = ascii_hex(text.p[i + 1]);
		if (hi < 0 || lo < 0)
			return false;
		buf_add_byte(out, (uint8_t)(hi << 4 | lo));
	}
	return true;
}

void base64_add(struct buf *out, struct span s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < s.n; i += 3) {
		uint32_t v = (uint32_t)s.p[i] << 16;
		if (i + 1 < s.n)
			v |= (uint32_t)s.p[i + 1] << 8;
		if (i + 2 < s.n)
			v |= s.p[i + 2];
		buf_add_byte(out, (uint8_t)digits[v >> 18]);
		buf_add_byte(out, (uint8_t)digits[v >> 12 & 63]);
		buf_add_byte(out, i + 1 < s.n ? (uint8_t)digits[v >> 6 & 63] : '=');
		buf_add_byte(out, i + 2 < s.n ? (uint8_t)digits[v & 63] : '=');
	}
}

static int base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

bool base64_read(struct span text, struct buf *out)
{
	while (text.n > 0 && text.p[text.n - 1] == '=')
		text.n--;
	if (text.n % 4 == 1)
		return false;
	uint32_t v = 0;
	unsigned bits = 0;
	for (size_t i = 0; i < text.n; i++) {
		int d = base64_value(text.p[i]);
		if (d < 0)
			return false;
		v = v << 6 | (uint32_t)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_add_byte(out, (uint8_t)(v >> bits));
		}
	}
	return true;
}
