/* Bytes and characters of URLs: percent-encode sets, UTF-8, comparing. */
#include "store/derive/url_parts.h"

bool url_set_has(enum url_set set, uint8_t c)
{
	if (c <= 0x1f || c > 0x7e)
		return true;
	switch (set) {
	case URL_SET_C0: return false;
	case URL_SET_FRAGMENT: return strchr(" \"<>`", c) != NULL;
	case URL_SET_QUERY: return strchr(" \"#<>", c) != NULL;
	case URL_SET_SPECIAL_QUERY: return strchr(" \"#<>'", c) != NULL;
	case URL_SET_PATH: return strchr(" \"#<>?^`{}", c) != NULL;
	case URL_SET_USERINFO: return strchr(" \"#<>?^`{}/:;=@[\\]|", c) != NULL;
	}
	return true;
}

void url_encode_byte(struct buf *out, enum url_set set, uint8_t c)
{
	static const char digits[] = "0123456789ABCDEF";
	if (!url_set_has(set, c)) {
		buf_add_byte(out, c);
		return;
	}
	buf_add_byte(out, '%');
	buf_add_byte(out, (uint8_t)digits[c >> 4]);
	buf_add_byte(out, (uint8_t)digits[c & 15]);
}

void url_encode(struct buf *out, enum url_set set, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		url_encode_byte(out, set, s.p[i]);
}

size_t url_utf8(struct span s, uint32_t *code, size_t *bad)
{
	uint8_t c = s.p[0], low = 0x80, high = 0xbf;
	size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	*code = c;
	*bad = 1;
	if (n == 1)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	/* Encoding Standard 8.1.1, UTF-8 decoder: the second byte's range keeps out overlong
	 * forms and surrogates. */
	if (c == 0xe0)
		low = 0xa0;
	if (c == 0xed)
		high = 0x9f;
	if (c == 0xf0)
		low = 0x90;
	if (c == 0xf4)
		high = 0x8f;
	uint32_t v = n == 2 ? c & 0x1fu : n == 3 ? c & 0x0fu : c & 0x07u;
	for (size_t i = 1; i < n; i++) {
		if (i >= s.n || s.p[i] < low || s.p[i] > high) {
			*bad = i;
			return 0;
		}
		low = 0x80;
		high = 0xbf;
		v = v << 6 | (s.p[i] & 0x3fu);
	}
	*code = v;
	return n;
}

void url_add_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_add_byte(out, (uint8_t)c);
	} else if (c < 0x800) {
		buf_add_byte(out, (uint8_t)(0xc0 | c >> 6));
		buf_add_byte(out, (uint8_t)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		buf_add_byte(out, (uint8_t)(0xe0 | c >> 12));
		buf_add_byte(out, (uint8_t)(0x80 | (c >> 6 & 63)));
		buf_add_byte(out, (uint8_t)(0x80 | (c & 63)));
	} else {
		buf_add_byte(out, (uint8_t)(0xf0 | (c >> 18 & 7)));
		buf_add_byte(out, (uint8_t)(0x80 | (c >> 12 & 63)));
		buf_add_byte(out, (uint8_t)(0x80 | (c >> 6 & 63)));
		buf_add_byte(out, (uint8_t)(0x80 | (c & 63)));
	}
}

struct span url_well_formed(struct arena *a, struct span s)
{
	bool fine = true;
	uint32_t code;
	size_t bad;
	for (struct span rest = s; rest.n > 0 && fine;) {
		size_t n = rest.p[0] < 0x80 ? 1 : url_utf8(rest, &code, &bad);
		fine = n > 0;
		rest = span_from(rest, n);
	}
	if (fine)
		return s;
	struct buf out = {0};
	while (s.n > 0) {
		size_t n = url_utf8(s, &code, &bad);
		if (n > 0)
			buf_add(&out, s.p, n);
		else
			buf_add_str(&out, "\xef\xbf\xbd");
		s = span_from(s, n > 0 ? n : bad);
	}
	s = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return s;
}

struct span url_no_fragment(struct span href)
{
	size_t at = span_find_byte(href, '#', 0);
	return at == SIZE_MAX ? href : span_first(href, at);
}

/* Bytes that may stand encoded or not without naming another resource in practice. */
static bool same_either_way(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) ||
	       (c != 0 && strchr("-._~\"'<>[]^`{|}\\", c) != NULL);
}

/* The next unit of a URL in canonical form: a plain byte, or 256 + the value of an escape that
 * stays one. */
static unsigned next_unit(struct span *s)
{
	uint8_t c = s->p[0];
	int hi, lo;
	if (c != '%' || s->n < 3 || (hi = ascii_hex(s->p[1])) < 0 ||
		(lo = ascii_hex(s->p[2])) < 0) {
		*s = span_from(*s, 1);
		return c > 0x7e || c <= 0x20 ? 256u + c : c;
	}
	*s = span_from(*s, 3);
	uint8_t v = (uint8_t)(hi << 4 | lo);
	return same_either_way(v) ? v : 256u + v;
}

/* A URL as the wire can show it: no fragment, no user information. `head` ends behind "//",
 * `rest` begins at the host. */
struct on_wire {
	struct span head, rest;
};

static struct on_wire on_wire(struct span href)
{
	href = url_no_fragment(href);
	size_t authority = span_find(href, span_str("://"), 0);
	if (authority == SIZE_MAX)
		return (struct on_wire){SPAN_NONE, href};
	authority += 3;
	size_t host = authority;
	for (size_t i = authority; i < href.n && strchr("/?\\", href.p[i]) == NULL; i++)
		if (href.p[i] == '@')
			host = i + 1;
	return (struct on_wire){span_first(href, authority), span_from(href, host)};
}

static bool same_units(struct span a, struct span b)
{
	while (a.n > 0 && b.n > 0)
		if (next_unit(&a) != next_unit(&b))
			return false;
	return a.n == 0 && b.n == 0;
}

bool url_same(struct span a, struct span b)
{
	struct on_wire x = on_wire(a), y = on_wire(b);
	return same_units(x.head, y.head) && same_units(x.rest, y.rest);
}

uint64_t url_key(struct span href)
{
	struct on_wire u = on_wire(href);
	struct span parts[] = {u.head, u.rest};
	/* FNV-1a, 64 bits. */
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < 2; i++) {
		while (parts[i].n > 0) {
			h ^= next_unit(&parts[i]);
			h *= 0x100000001b3u;
		}
	}
	return h;
}

struct span url_unescape(struct arena *a, struct span s, bool plus)
{
	uint8_t *out = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int hi, lo;
		if (s.p[i] == '%' && i + 2 < s.n && (hi = ascii_hex(s.p[i + 1])) >= 0 &&
			(lo = ascii_hex(s.p[i + 2])) >= 0) {
			out[n++] = (uint8_t)(hi << 4 | lo);
			i += 2;
		} else {
			out[n++] = plus && s.p[i] == '+' ? ' ' : s.p[i];
		}
	}
	return span_of(out, n);
}

struct span url_parameter(struct span query, const char *name)
{
	for (size_t at = 0; query.p != NULL && at <= query.n;) {
		size_t end = span_find_byte(query, '&', at);
		if (end == SIZE_MAX)
			end = query.n;
		struct span pair = span_of(query.p + at, end - at);
		size_t eq = span_find_byte(pair, '=', 0);
		if (span_is_nocase(span_first(pair, eq), name))
			return eq == SIZE_MAX ? span_of(pair.p + pair.n, 0)
					      : span_from(pair, eq + 1);
		at = end + 1;
	}
	return SPAN_NONE;
}
