/*
 * URLs that stand as the parser would write them: http or https, a host of lower-case letters,
 * digits, hyphens and dots, no port, a path and a query of bytes that are never escaped. That
 * is most of what browsers send and pages say, and the states (url_states.c) would copy it byte
 * by byte, five times. Whatever is not as plain as that is left to them.
 */
#include "store/derive/url_parts.h"

enum { PLAIN_MAX = 4096, IN_HOST = 1, IN_PATH = 2, IN_QUERY = 4 };

/* Where a byte stands for itself. No space is wasted: the rest is 0. */
static uint8_t place_of(uint8_t c)
{
	if ((c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-')
		return IN_HOST | IN_PATH | IN_QUERY;
	if (c >= 'A' && c <= 'Z')
		return IN_PATH | IN_QUERY;
	switch (c) {
	case '.': return IN_HOST | IN_PATH | IN_QUERY;
	case '_':
	case '~':
	case '!':
	case '$':
	case '&':
	case '(':
	case ')':
	case '*':
	case '+':
	case ',':
	case ';':
	case '=':
	case ':':
	case '@':
	case '/':
	case '%': return IN_PATH | IN_QUERY;
	case '?': return IN_QUERY;
	default: return 0;
	}
}

/* Labels that are neither empty, nor punycode, nor (the last) a number. */
static bool plain_host(struct span host)
{
	size_t label = 0;
	for (size_t i = 0; i <= host.n; i++) {
		if (i < host.n && host.p[i] != '.')
			continue;
		struct span l = span_of(host.p + label, i - label);
		if (l.n == 0 || span_starts(l, "xn--") || (i == host.n && ascii_digit(l.p[0])))
			return false;
		label = i + 1;
	}
	return true;
}

/* No segment of dots, written out or escaped: those move the path. */
static bool plain_path(struct span path)
{
	for (size_t i = 0; i + 1 < path.n; i++) {
		if (path.p[i] == '/' && path.p[i + 1] == '.')
			return false;
		if (path.p[i] == '%' && path.p[i + 1] == '2' && i + 2 < path.n &&
			ascii_lower(path.p[i + 2]) == 'e')
			return false;
	}
	return true;
}

static size_t run_of(struct span s, size_t at, uint8_t place)
{
	while (at < s.n && (place_of(s.p[at]) & place) != 0)
		at++;
	return at;
}

/* A path with its slash, and a query if there is one: *path_end is where that begins. */
static bool plain_rest(struct span s, size_t at, size_t *path_end)
{
	if (at == s.n || s.p[at] != '/')
		return false;
	*path_end = run_of(s, at, IN_PATH);
	if (!plain_path(span_of(s.p + at, *path_end - at)))
		return false;
	if (*path_end == s.n)
		return true;
	return s.p[*path_end] == '?' && run_of(s, *path_end + 1, IN_QUERY) == s.n;
}

static void fill(
	struct span all, size_t scheme, size_t host_end, size_t path_end, struct url *out)
{
	size_t host = scheme + 3;
	*out = (struct url){.href = all, .port = -1, .special = true};
	out->scheme = span_first(all, scheme);
	out->username = out->password = span_of(all.p + host, 0);
	out->host = span_of(all.p + host, host_end - host);
	out->path = span_of(all.p + host_end, path_end - host_end);
	if (path_end < all.n)
		out->query = span_of(all.p + path_end + 1, all.n - path_end - 1);
}

static bool absolute(struct arena *a, struct span s, struct url *out)
{
	size_t scheme = span_starts(s, "https://") ? 5 : span_starts(s, "http://") ? 4 : 0;
	size_t path_end;
	if (scheme == 0)
		return false;
	size_t host_end = run_of(s, scheme + 3, IN_HOST);
	if (!plain_host(span_of(s.p + scheme + 3, host_end - scheme - 3)) ||
		!plain_rest(s, host_end, &path_end))
		return false;
	fill(arena_copy(a, s), scheme, host_end, path_end, out);
	return true;
}

/* "/path?query" of a page whose own URL has neither port nor user. */
static bool rooted(struct arena *a, const struct url *base, struct span s, struct url *out)
{
	size_t path_end;
	if (!base->special || base->port >= 0 || base->username.n > 0 || base->password.n > 0 ||
		!url_is_web(base) || base->host.n == 0 || (s.n > 1 && s.p[1] == '/') ||
		!plain_rest(s, 0, &path_end))
		return false;
	size_t scheme = base->scheme.n, before = scheme + 3 + base->host.n;
	uint8_t *all = arena_alloc(a, before + s.n + 1);
	memcpy(all, base->href.p, before);
	memcpy(all + before, s.p, s.n);
	fill(span_of(all, before + s.n), scheme, before, before + path_end, out);
	return true;
}

bool url_plain(struct arena *a, const struct url *base, struct span input, struct url *out)
{
	if (input.n == 0 || input.n > PLAIN_MAX)
		return false;
	if (input.p[0] == '/')
		return base != NULL && rooted(a, base, input, out);
	return absolute(a, input, out);
}
