/* Hosts (URL Standard 3): domains, IPv4 in every notation, IPv6, opaque hosts. */
#include "store/derive/url_parts.h"

#include <stdio.h>

/* "Forbidden host code point". NUL is looked at apart, for strchr's sake. */
static bool forbidden_host(uint8_t c)
{
	return c == 0 || strchr("\t\n\r #/:<>?@[\\]^|", c) != NULL;
}

/* "Forbidden domain code point". */
static bool forbidden_domain(uint8_t c)
{
	return forbidden_host(c) || c <= 0x1f || c == '%' || c == 0x7f;
}

/* One part of an IPv4 address: decimal, 0x hex or 0 octal; "0x" is zero. Values are capped, not
 * wrapped. */
static bool ipv4_number(struct span s, uint64_t *out)
{
	unsigned radix = 10;
	if (s.n == 0)
		return false;
	if (s.n >= 2 && s.p[0] == '0' && ascii_lower(s.p[1]) == 'x') {
		radix = 16;
		s = span_from(s, 2);
	} else if (s.n >= 2 && s.p[0] == '0') {
		radix = 8;
		s = span_from(s, 1);
	}
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		int d = ascii_hex(s.p[i]);
		if (d < 0 || (unsigned)d >= radix)
			return false;
		if (v <= UINT32_MAX)
			v = v * radix + (unsigned)d;
	}
	*out = v;
	return true;
}

static struct span last_label(struct span host)
{
	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	size_t at = host.n;
	while (at > 0 && host.p[at - 1] != '.')
		at--;
	return span_from(host, at);
}

bool url_ends_in_number(struct span host)
{
	/* 3.6 "ends in a number checker": a lone "." or "" does not. */
	struct span last = last_label(host);
	uint64_t v;
	if (last.n == 0)
		return false;
	bool digits = true;
	for (size_t i = 0; i < last.n; i++)
		digits &= ascii_digit(last.p[i]);
	return digits || (last.n >= 2 && last.p[0] == '0' && ascii_lower(last.p[1]) == 'x' &&
				 ipv4_number(last, &v));
}

static struct span ipv4_parse(struct arena *a, struct span host)
{
	uint64_t parts[4], address = 0;
	size_t n = 0;
	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	for (size_t at = 0; at <= host.n;) {
		size_t end = span_find_byte(host, '.', at);
		if (end == SIZE_MAX)
			end = host.n;
		if (n == 4 || !ipv4_number(span_of(host.p + at, end - at), &parts[n]))
			return SPAN_NONE;
		n++;
		at = end + 1;
	}
	for (size_t i = 0; i + 1 < n; i++) {
		if (parts[i] > 255)
			return SPAN_NONE;
		address |= parts[i] << (24 - 8 * i);
	}
	if (parts[n - 1] >= (uint64_t)1 << (8 * (5 - n)))
		return SPAN_NONE;
	address |= parts[n - 1];
	return span_str(arena_printf(a, "%u.%u.%u.%u", (unsigned)(address >> 24),
		(unsigned)(address >> 16 & 255), (unsigned)(address >> 8 & 255),
		(unsigned)(address & 255)));
}

/* The dotted tail of an IPv6 address, into two pieces. */
static bool ipv6_tail(struct span s, uint16_t out[2])
{
	uint32_t v = 0;
	unsigned seen = 0;
	while (s.n > 0) {
		if (seen > 0) {
			if (s.p[0] != '.' || seen == 4)
				return false;
			s = span_from(s, 1);
		}
		if (s.n == 0 || !ascii_digit(s.p[0]))
			return false;
		unsigned part = 0, digits = 0;
		for (; s.n > 0 && ascii_digit(s.p[0]); s = span_from(s, 1), digits++) {
			if (digits > 0 && part == 0)
				return false; /* no leading zeros */
			part = part * 10 + (unsigned)(s.p[0] - '0');
			if (part > 255)
				return false;
		}
		v = v << 8 | part;
		seen++;
	}
	out[0] = (uint16_t)(v >> 16);
	out[1] = (uint16_t)v;
	return seen == 4;
}

/* 3.5 "IPv6 parser": eight pieces, one run of which may be compressed. */
static bool ipv6_pieces(struct span s, uint16_t piece[8])
{
	size_t n = 0, compress = SIZE_MAX;
	if (s.n > 0 && s.p[0] == ':') {
		if (s.n < 2 || s.p[1] != ':')
			return false;
		s = span_from(s, 2);
		compress = 0;
	}
	while (s.n > 0) {
		if (n == 8)
			return false;
		if (s.p[0] == ':') {
			if (compress != SIZE_MAX)
				return false;
			s = span_from(s, 1);
			compress = n;
			continue;
		}
		unsigned v = 0;
		size_t len = 0;
		for (; len < 4 && len < s.n && ascii_hex(s.p[len]) >= 0; len++)
			v = v << 4 | (unsigned)ascii_hex(s.p[len]);
		if (len < s.n && s.p[len] == '.') {
			if (n > 6 || len == 0 || !ipv6_tail(s, &piece[n]))
				return false;
			n += 2;
			break;
		}
		if (len < s.n && s.p[len] != ':')
			return false;
		if (len == 0 || (len < s.n && len + 1 == s.n))
			return false; /* a lone ':' at the end */
		piece[n++] = (uint16_t)v;
		s = span_from(s, len + 1);
	}
	if (compress == SIZE_MAX)
		return n == 8;
	if (n == 8)
		return false;
	memmove(&piece[8 - (n - compress)], &piece[compress], (n - compress) * sizeof *piece);
	memset(&piece[compress], 0, (8 - n) * sizeof *piece);
	return true;
}

static struct span ipv6_parse(struct arena *a, struct span s)
{
	uint16_t piece[8] = {0};
	if (!ipv6_pieces(s, piece))
		return SPAN_NONE;
	/* 3.7: the first longest run of two or more zero pieces is compressed. */
	size_t best = 8, best_len = 1;
	for (size_t i = 0; i < 8; i++) {
		size_t len = 0;
		while (i + len < 8 && piece[i + len] == 0)
			len++;
		if (len > best_len) {
			best = i;
			best_len = len;
		}
	}
	struct buf out = {0};
	buf_add_byte(&out, '[');
	for (size_t i = 0; i < 8; i++) {
		if (i == best) {
			buf_add_str(&out, i == 0 ? "::" : ":");
			i += best_len - 1;
			continue;
		}
		buf_addf(&out, i < 7 ? "%x:" : "%x", piece[i]);
	}
	buf_add_byte(&out, ']');
	s = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return s;
}

static struct span opaque_host(struct arena *a, struct span s)
{
	struct buf out = {0};
	for (size_t i = 0; i < s.n; i++)
		if (forbidden_host(s.p[i]))
			return SPAN_NONE;
	url_encode(&out, URL_SET_C0, s);
	s = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return s.p == NULL ? span_str("") : s;
}

struct span url_host_parse(struct arena *a, struct span s, bool special)
{
	if (s.n > 0 && s.p[0] == '[') {
		if (s.p[s.n - 1] != ']')
			return SPAN_NONE;
		return ipv6_parse(a, span_of(s.p + 1, s.n - 2));
	}
	if (!special)
		return opaque_host(a, s);
	struct span domain = url_well_formed(a, url_unescape(a, s, false));
	domain = url_domain_to_ascii(a, domain);
	if (domain.n == 0)
		return SPAN_NONE;
	for (size_t i = 0; i < domain.n; i++)
		if (forbidden_domain(domain.p[i]))
			return SPAN_NONE;
	return url_ends_in_number(domain) ? ipv4_parse(a, domain) : domain;
}

bool url_host_is_ip(const struct url *u)
{
	return u->host.n > 0 && u->special &&
	       (u->host.p[0] == '[' || url_ends_in_number(u->host));
}
