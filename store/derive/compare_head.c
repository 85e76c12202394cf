/*
 * The request head that must have left toward the origin, made anew from the one that came: a
 * tunnel's is passed on as it is, one in a proxy's form is put into an origin's (RFC 9112
 * 3.2.1), and what is meant for the proxy alone is taken out. Written anew from the rules, not
 * shared with the proxy.
 */
#include "store/derive/compare_parts.h"
#include "store/base/hash.h"

static struct span next_line(struct span *rest)
{
	size_t end = span_find(*rest, span_str("\r\n"), 0);
	struct span line = end == SIZE_MAX ? *rest : span_first(*rest, end + 2);
	*rest = span_from(*rest, line.n);
	return line;
}

static bool names(struct span line, const char *name)
{
	size_t n = strlen(name);
	return span_starts_nocase(line, name) && line.n > n && line.p[n] == ':';
}

/* The target behind "scheme://authority"; all of it where it begins with '/'. */
static struct span path_of(struct span target, bool *slash)
{
	size_t at = span_find(target, span_str("://"), 0);
	*slash = false;
	if (target.n == 0 || target.p[0] == '/' || at == SIZE_MAX)
		return target;
	for (at += 3; at < target.n && target.p[at] != '/' && target.p[at] != '?' &&
		      target.p[at] != '#';)
		at++;
	struct span path = span_from(target, at);
	*slash = path.n == 0 || path.p[0] != '/';
	return path;
}

static bool has_h2c(struct span head)
{
	for (struct span rest = head; rest.n > 0;) {
		struct span line = next_line(&rest);
		if (names(line, "upgrade") &&
			span_find_nocase(line, span_str("h2c"), 0) != SIZE_MAX)
			return true;
	}
	return false;
}

static void put_start(struct span line, struct buf *out)
{
	size_t first = span_find_byte(line, ' ', 0);
	size_t second = first == SIZE_MAX ? SIZE_MAX : span_find_byte(line, ' ', first + 1);
	bool slash;
	if (second == SIZE_MAX) {
		buf_add_span(out, line);
		return;
	}
	struct span target = span_of(line.p + first + 1, second - first - 1);
	struct span path = path_of(target, &slash);
	buf_add_span(out, span_first(line, first + 1));
	if (slash)
		buf_add_byte(out, '/');
	buf_add_span(out, path);
	buf_add_span(out, span_from(line, second));
}

bool compare_forwarded(const struct fact_request *request, bool plain, uint8_t out[SHA256_LEN])
{
	struct span rest = request->head;
	struct buf head = {0};
	if (rest.p == NULL)
		return false;
	while (span_starts(rest, "\r\n"))
		rest = span_from(rest, 2);
	while (span_starts(rest, "\n"))
		rest = span_from(rest, 1);
	size_t space = span_find_byte(rest, ' ', 0);
	bool absolute = space != SIZE_MAX &&
			(span_starts_nocase(span_from(rest, space + 1), "http://") ||
				span_starts_nocase(span_from(rest, space + 1), "https://"));
	bool h2c = has_h2c(rest);
	if (!plain && !absolute && !h2c) {
		sha256(rest, out);
		return true;
	}
	/* Lines that are not plain were put together anew. */
	if (request->fields.p != NULL)
		return false;
	put_start(next_line(&rest), &head);
	while (rest.n > 0) {
		struct span line = next_line(&rest);
		bool ours =
			names(line, "proxy-connection") || names(line, "proxy-authorization");
		bool other = h2c && (names(line, "upgrade") || names(line, "http2-settings"));
		if (!ours && !other)
			buf_add_span(&head, line);
	}
	sha256(buf_span(&head), out);
	buf_fini(&head);
	return true;
}
