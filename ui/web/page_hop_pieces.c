#include "ui/web/page_hop_pieces.h"
#include "ui/mail/mail_charset.h"

enum { LINE_LOOK = 2048, META_LOOK = 1024, INDENT_MAX = 40, BINARY_LOOK = 4096 };

/* The value of charset= in a Content-Type, or behind <meta. */
static struct span named_in(struct span s)
{
	size_t at = span_find_nocase(s, span_str("charset"), 0);
	if (at == SIZE_MAX)
		return SPAN_NONE;
	struct span rest = span_trim(span_from(s, at + strlen("charset")), " \t\r\n");
	if (rest.n == 0 || rest.p[0] != '=')
		return SPAN_NONE;
	rest = span_trim(span_from(rest, 1), " \t\r\n\"'");
	size_t n = 0;
	while (n < rest.n && strchr(" \t\r\n\"'>;/,", rest.p[n]) == NULL)
		n++;
	return n > 0 ? span_first(rest, n) : SPAN_NONE;
}

static bool is_utf8(struct span name)
{
	return name.n == 0 || span_is_nocase(name, "utf-8") || span_is_nocase(name, "utf8") ||
	       span_is_nocase(name, "us-ascii") || span_is_nocase(name, "ascii");
}

void hop_charset_of(struct span content_type, struct span body, struct hop_charset *out)
{
	*out = (struct hop_charset){.unit = 1};
	size_t meta = span_find_nocase(span_first(body, META_LOOK), span_str("<meta"), 0);
	if (span_starts(body, "\xef\xbb\xbf")) {
		out->name = span_str("utf-8");
		out->by = "byte order mark";
	} else if (span_starts(body, "\xff\xfe") || span_starts(body, "\xfe\xff")) {
		out->name = span_str(body.p[0] == 0xff ? "utf-16le" : "utf-16be");
		out->by = "byte order mark";
	} else if ((out->name = named_in(content_type)).n > 0) {
		out->by = "header";
	} else if (meta != SIZE_MAX &&
		   (out->name = named_in(span_first(span_from(body, meta), META_LOOK))).n > 0) {
		/* What could be read to find it is of no wide charset (HTML 13.2.3.3). */
		if (span_starts_nocase(out->name, "utf-16"))
			out->name = span_str("utf-8");
		out->by = "meta";
	}
	out->utf8 = is_utf8(out->name);
	if (span_starts_nocase(out->name, "utf-16"))
		out->unit = 2;
	else if (span_starts_nocase(out->name, "utf-32"))
		out->unit = 4;
}

struct span hop_to_utf8(struct arena *a, struct span piece, struct hop_charset *c)
{
	struct mail_charset how = {0};
	if (c->utf8 || piece.n == 0)
		return piece;
	struct span text = mail_utf8(a, piece, &c->name, &how);
	c->unknown |= how.unknown;
	c->wrong |= how.wrong;
	return text.p != NULL && !how.unknown ? text : piece;
}

size_t hop_piece_end(struct span s, size_t from, size_t max, const struct hop_charset *c)
{
	size_t left = s.n - from;
	if (left <= max)
		return s.n;
	size_t end = from + max - max % c->unit;
	if (c->unit > 1)
		return end;
	for (size_t i = end; i > from && i > end - (LINE_LOOK < max ? LINE_LOOK : max / 2); i--)
		if (s.p[i - 1] == '\n')
			return i;
	for (int back = 0; c->utf8 && back < 3 && end > from + 1 && (s.p[end] & 0xc0) == 0x80;
		back++)
		end--;
	return end;
}

bool hop_is_binary(struct span s, const struct hop_charset *c)
{
	size_t odd = 0;
	s = span_first(s, BINARY_LOOK);
	if (c->unit > 1)
		return false;
	for (size_t i = 0; i < s.n; i++)
		odd += s.p[i] == 0 || (s.p[i] < 0x20 && strchr("\t\n\r\f\x1b", s.p[i]) == NULL);
	return odd * 20 > s.n;
}

static bool new_line(struct buf *out, size_t depth, size_t max)
{
	buf_add_byte(out, '\n');
	for (size_t i = 0; i < (depth < INDENT_MAX ? depth : INDENT_MAX); i++)
		buf_add_str(out, "  ");
	return buf_len(out) < max;
}

/* The end of a string that begins at `at`, behind its quote. */
static size_t string_end(struct span s, size_t at)
{
	for (at++; at < s.n && s.p[at] != '"'; at++)
		if (s.p[at] == '\\')
			at++;
	return at < s.n ? at + 1 : s.n;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool hop_pretty_json(struct span s, size_t max, struct buf *out)
{
	size_t depth = 0, end;
	for (size_t i = 0; i < s.n; i = end) {
		uint8_t c = s.p[i];
		end = c == '"' ? string_end(s, i) : i + 1;
		if (is_space(c))
			continue;
		if ((c == '}' || c == ']') && depth > 0) {
			depth--;
			if (!new_line(out, depth, max))
				return false;
		}
		if (buf_len(out) + (end - i) > max)
			return false;
		buf_add(out, s.p + i, end - i);
		if (c == ':')
			buf_add_byte(out, ' ');
		if (c != '{' && c != '[' && c != ',')
			continue;
		size_t next = end;
		while (next < s.n && is_space(s.p[next]))
			next++;
		/* Empty ones stay on their line. */
		if (c != ',' && next < s.n && s.p[next] == (c == '{' ? '}' : ']')) {
			buf_add_byte(out, s.p[next]);
			end = next + 1;
			continue;
		}
		depth += c != ',';
		if (!new_line(out, depth, max))
			return false;
	}
	return true;
}

void hop_hex(struct hop_view *v, struct span piece, size_t at)
{
	static const char digits[] = "0123456789abcdef";
	hop_scroll_open(v, "hop-hex", "Bytes in hexadecimal");
	page_say(v->p, "<pre>");
	for (size_t i = 0; i < piece.n; i += 16) {
		char line[80], *to = line;
		char ascii[17] = "";
		page_sayf(v->p, "%08zx  ", at + i);
		for (size_t k = 0; k < 16; k++) {
			bool there = i + k < piece.n;
			uint8_t c = there ? piece.p[i + k] : 0;
			*to++ = there ? digits[c >> 4] : ' ';
			*to++ = there ? digits[c & 15] : ' ';
			*to++ = ' ';
			if (k == 7)
				*to++ = ' ';
			ascii[k] = !there ? 0 : c >= 0x20 && c < 0x7f ? (char)c : '.';
		}
		buf_add(v->out, line, (size_t)(to - line));
		page_say(v->p, " |");
		html_text(v->out, span_str(ascii));
		page_say(v->p, "|\n");
	}
	page_say(v->p, "</pre>");
	hop_scroll_close(v);
}

/* "http" in front of "://" and its like, escaped or not. */
static size_t find_scheme(struct span s, size_t from)
{
	static const char *const behind[] = {":", "%3a", "&#58;", "&#x3a;", "\\u003a", "\\x3a"};
	for (size_t at = from; (at = span_find_nocase(s, span_str("http"), at)) != SIZE_MAX;
		at++) {
		struct span rest = span_from(s, at + 4);
		if (rest.n > 0 && ascii_lower(rest.p[0]) == 's')
			rest = span_from(rest, 1);
		for (size_t i = 0; i < sizeof behind / sizeof *behind; i++)
			if (span_starts_nocase(rest, behind[i]))
				return at;
	}
	return SIZE_MAX;
}

void hop_code_text(struct hop_view *v, struct span s)
{
	struct span shown = span_first(s, HTML_VALUE_MAX);
	for (size_t at = 0; at < shown.n;) {
		size_t scheme = find_scheme(shown, at);
		size_t end = scheme == SIZE_MAX ? shown.n : scheme;
		if (end > at)
			html_text(v->out, span_of(shown.p + at, end - at));
		if (scheme == SIZE_MAX)
			break;
		page_say(v->p, ascii_lower(shown.p[end]) == shown.p[end] ? "hxxp" : "HXXP");
		at = end + 4;
	}
	if (s.n > shown.n) {
		page_say(v->p, " <span class=\"more\">and ");
		page_number(v->p, (int64_t)(s.n - shown.n));
		page_say(v->p, " bytes more</span>");
	}
}

void hop_lines(struct hop_view *v, struct span text, size_t first)
{
	page_sayf(v->p, "<ol class=\"hop-lines\" start=\"%zu\">\n", first);
	while (text.n > 0) {
		size_t end = span_find_byte(text, '\n', 0);
		struct span line = span_first(text, end == SIZE_MAX ? text.n : end);
		text = span_from(text, line.n + 1);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		page_say(v->p, "<li><code>");
		if (line.n > 0)
			hop_code_text(v, line);
		page_say(v->p, "</code></li>\n");
	}
	page_say(v->p, "</ol>\n");
}
