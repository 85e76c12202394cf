#include "ui/report/defang.h"

void defang_host(struct buf *out, struct span host)
{
	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] == '.')
			buf_add_str(out, "[.]");
		else
			buf_add_byte(out, host.p[i]);
}

/* Where the host ends: RFC 3986 3.2, and the backslash that browsers take for a slash. */
static size_t authority_end(struct span s)
{
	size_t n = 0;
	while (n < s.n && s.p[n] != '/' && s.p[n] != '\\' && s.p[n] != '?' && s.p[n] != '#')
		n++;
	return n;
}

void defang_add(struct buf *out, struct span url)
{
	size_t colon = span_find_byte(url, ':', 0);
	if (colon == SIZE_MAX) {
		buf_add_span(out, url);
		return;
	}
	if (span_starts_nocase(url, "http")) {
		buf_add_str(out, "hxxp");
		buf_add_span(out, span_of(url.p + 4, colon - 4));
	} else {
		buf_add_span(out, span_first(url, colon));
	}
	struct span rest = span_from(url, colon);
	bool authority = span_starts(rest, "://");
	buf_add_str(out, authority ? "://" : ":");
	rest = span_from(rest, authority ? 3 : 1);
	size_t n = authority ? authority_end(rest) : 0;
	defang_host(out, span_first(rest, n));
	buf_add_span(out, span_from(rest, n));
}
