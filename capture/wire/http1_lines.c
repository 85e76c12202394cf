#include "capture/wire/http1_inner.h"

bool http1_is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!http1_token_byte(s.p[i]))
			return false;
	return s.n > 0;
}

/* Is none of eight bytes below 0x20 or DEL? Bytes above 0x7f may be taken for such. */
static bool plain8(const uint8_t *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t w;
	memcpy(&w, p, sizeof w);
	uint64_t low = (w - ones * 0x20) & ~w & tops;
	uint64_t x = w ^ (ones * 0x7f), del = (x - ones) & ~x & tops;
	return (low | del | (w & tops)) == 0;
}

bool http1_has_controls(struct span s)
{
	size_t i = 0;
	while (i + 8 <= s.n && plain8(s.p + i))
		i += 8;
	for (; i < s.n; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\t' && s.p[i] != '\r') || s.p[i] == 0x7f)
			return true;
	return false;
}

/* RFC 9112 2.2: empty lines before a start line are skipped, here up to HTTP1_LEADING_MAX bytes
 * of them. */
static enum http1_scan skip_empty_lines(struct span in, size_t *skip, struct err *err)
{
	size_t at = 0;
	while (at < in.n && (in.p[at] == '\n' || in.p[at] == '\r')) {
		bool cr = in.p[at] == '\r';
		if (at + (cr ? 2 : 1) > HTTP1_LEADING_MAX ||
			(cr && at + 1 < in.n && in.p[at + 1] != '\n')) {
			err_set(err, ERR_START_LINE, "it starts with line ends");
			return HTTP1_BAD;
		}
		if (cr && at + 1 == in.n)
			return HTTP1_MORE;
		at += cr ? 2 : 1;
	}
	*skip = at;
	return at == in.n ? HTTP1_MORE : HTTP1_HEAD;
}

/* Turn away early what can never become a head: most often another protocol on our port. */
static bool start_plausible(struct span in, enum http1_side side, struct err *err)
{
	static const char http[] = "HTTP/";
	enum { METHOD_LOOK = 32 };

	if (side == HTTP1_RESPONSE) {
		struct span first = span_first(in, sizeof http - 1);
		if (span_eq_nocase(first, span_of(http, first.n)))
			return true;
		return err_set(err, ERR_START_LINE, "the response does not start with HTTP/");
	}
	for (size_t i = 0; i < in.n && i < METHOD_LOOK; i++) {
		if (http1_token_byte(in.p[i]))
			continue;
		if (in.p[i] == ' ' && i > 0)
			return true;
		return err_set(err, ERR_START_LINE, "the request does not start with a method");
	}
	return true;
}

enum http1_scan http1_find_end(
	struct span in, enum http1_side side, size_t *skip, size_t *end, struct err *err)
{
	enum http1_scan scan = skip_empty_lines(in, skip, err);
	if (scan != HTTP1_HEAD)
		return scan;
	if (!start_plausible(span_from(in, *skip), side, err))
		return HTTP1_BAD;

	/* Only line ends are looked at: a head fed byte by byte costs a memchr a byte, not a
	 * parse. */
	struct span seen = span_first(in, HTTP1_HEAD_MAX);
	size_t at = *skip, lines = 0;
	bool whole = false;
	while (!whole) {
		size_t lf = span_find_byte(seen, '\n', at);
		if (lf == SIZE_MAX)
			break;
		whole = lf == at || (lf == at + 1 && seen.p[at] == '\r');
		at = lf + 1;
		if (!whole && ++lines > HTTP1_FIELDS_MAX + 1) {
			err_set(err, ERR_HEAD_TOO_MANY_FIELDS, "more than %d header lines",
				HTTP1_FIELDS_MAX);
			return HTTP1_BAD;
		}
	}
	if (span_find_byte(whole ? span_first(seen, at) : seen, 0, 0) != SIZE_MAX) {
		err_set(err, ERR_NUL_BYTE, "at offset %zu", span_find_byte(seen, 0, 0));
		return HTTP1_BAD;
	}
	if (!whole && in.n >= HTTP1_HEAD_MAX) {
		err_set(err, ERR_HEAD_TOO_LARGE, "no end within %d bytes", HTTP1_HEAD_MAX);
		return HTTP1_BAD;
	}
	*end = at;
	return whole ? HTTP1_HEAD : HTTP1_MORE;
}

struct span http1_cut_line(struct span *rest)
{
	size_t lf = span_find_byte(*rest, '\n', 0);
	struct span line = lf == SIZE_MAX ? *rest : span_first(*rest, lf + 1);
	*rest = span_from(*rest, line.n);
	return line;
}

struct span http1_line_text(struct span line, uint32_t *oddities)
{
	if (line.n > 0 && line.p[line.n - 1] == '\n') {
		line.n--;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		else
			*oddities |= HTTP1_ODD(BARE_LF);
	}
	if (span_find_byte(line, '\r', 0) != SIZE_MAX)
		*oddities |= HTTP1_ODD(BARE_CR);
	return line;
}

/* The token bytes of s spell `name`, whatever stands between them. */
static bool spells(struct span s, const char *name)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!http1_token_byte(s.p[i]))
			continue;
		if (ascii_lower(s.p[i]) != (uint8_t)*name)
			return false;
		name++;
	}
	return *name == 0;
}

static bool spells_framing(struct span name)
{
	return spells(name, "content-length") || spells(name, "transfer-encoding");
}

bool http1_nearly_framing(struct span name)
{
	return !http1_is_token(name) && spells_framing(name);
}

bool http1_hides_framing(struct span lines)
{
	/* Chromium ends a line at a bare CR, Firefox does not: behind one, a field is there for
	 * the one and not for the other. */
	for (size_t cr = span_find_byte(lines, '\r', 0); cr != SIZE_MAX;
		cr = span_find_byte(lines, '\r', cr + 1)) {
		struct span behind = span_from(lines, cr + 1);
		size_t n = 0;
		while (n < behind.n && behind.p[n] != ':' && behind.p[n] != '\r' &&
			behind.p[n] != '\n')
			n++;
		if (n < behind.n && behind.p[n] == ':' && spells_framing(span_first(behind, n)))
			return true;
	}
	return false;
}
