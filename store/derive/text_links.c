#include "store/derive/text_links.h"
#include "store/base/buf.h"

enum { TEXT_LINK_BACK_MAX = 1000 }; /* bytes of a line that are looked back over */

static bool is_space(uint8_t c)
{
	return c <= 0x20 || c == 0x7f;
}

/* Bytes that no mail program takes into an address. */
static bool ends_address(uint8_t c)
{
	return is_space(c) || c == '<' || c == '>' || c == '"' || c == '`';
}

/* Is this where an address may begin: not in the middle of a word? */
static bool may_begin(struct span text, size_t at)
{
	if (at == 0)
		return true;
	uint8_t c = text.p[at - 1];
	return !ascii_alpha(c) && !ascii_digit(c) && c != '.' && c != '-' && c != '_' &&
	       c != '@' && c != '/' && c != '=' && c != '&' && c != '%';
}

static size_t count(struct span s, uint8_t c)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

/* Signs behind an address that are no part of it: of other scripts, as UTF-8. */
static size_t foreign_end(struct span s)
{
	static const char *const signs[] = {"\xe3\x80\x82", "\xe3\x80\x81", "\xef\xbc\x8c",
		"\xef\xbc\x8e", "\xef\xbc\x89", "\xe3\x80\x8d", "\xe3\x80\x91", "\xe2\x80\x9d",
		"\xe2\x80\x99", "\xc2\xbb", "\xe2\x80\xa6"};
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		size_t n = strlen(signs[i]);
		if (s.n > n && memcmp(s.p + s.n - n, signs[i], n) == 0)
			return n;
	}
	return 0;
}

/* What ends a sentence, and brackets that were not opened before the address. */
static struct span without_end(struct span s)
{
	static const char open[] = "([{", shut[] = ")]}";
	size_t spare[sizeof shut - 1]; /* counted once: an address may be nothing but these */
	for (size_t i = 0; i < sizeof spare / sizeof *spare; i++) {
		size_t opened = count(s, (uint8_t)open[i]), closed = count(s, (uint8_t)shut[i]);
		spare[i] = closed > opened ? closed - opened : 0;
	}
	for (;;) {
		uint8_t last = s.n > 0 ? s.p[s.n - 1] : 0;
		size_t foreign = foreign_end(s);
		const char *bracket = last != 0 ? strchr(shut, last) : NULL;
		if (foreign > 0)
			s.n -= foreign;
		else if (last != 0 && strchr(".,;:!?'*_~|\\", last) != NULL)
			s.n--;
		else if (bracket != NULL && spare[bracket - shut] > 0) {
			spare[bracket - shut]--;
			s.n--;
		} else {
			return s;
		}
	}
}

/* May what stands between the brackets be an address, broken over lines or not? */
static bool is_one_address(struct span s, bool *broken)
{
	*broken = false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '<' || c == '"')
			return false;
		*broken |= is_space(c);
		/* A blank within a line ends it; only ends of lines, with what surrounds them,
		 * are none of it. */
		bool inner = c == ' ' && i > 0 && i + 1 < s.n && !is_space(s.p[i + 1]) &&
			     !is_space(s.p[i - 1]);
		if (inner)
			return false;
	}
	return true;
}

/* RFC 3986 appendix C: white space between the brackets is none of the address. Absent: they do
 * not close, or what stands there is no address alone. */
static struct span in_brackets(struct arena *a, struct span text, size_t from, size_t *end)
{
	bool broken;
	struct span near = span_first(span_from(text, from), TEXT_LINK_MAX);
	size_t to = span_find_byte(near, '>', 0), n = 0;
	struct span s = span_first(near, to);
	if (to == SIZE_MAX || !is_one_address(s, &broken))
		return SPAN_NONE;
	*end = from + to + 1;
	if (!broken)
		return s;
	uint8_t *out = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		if (!is_space(s.p[i]))
			out[n++] = s.p[i];
	return span_of(out, n);
}

/* Where the line begins that `at` is in, as far back as is looked. */
static size_t line_of(struct span text, size_t at)
{
	size_t line = at;
	while (line > 0 && text.p[line - 1] != '\n' && at - line < TEXT_LINK_BACK_MAX)
		line--;
	return line;
}

/* The words before an address, as far as the one before it: of its own line, or if there are
 * none of the one above. */
static struct span words_before(struct span text, size_t at, size_t after)
{
	static const char around[] = " \t\r\n<(*_[:>|-\"";
	size_t line = line_of(text, at);
	line = line > after ? line : after;
	struct span s = span_trim(span_of(text.p + line, at - line), around);
	if (s.n == 0 && line > after) {
		size_t from = line - 1;
		line = line_of(text, from);
		line = line > after ? line : after;
		s = span_trim(span_of(text.p + line, from - line), around);
	}
	if (s.n > TEXT_LINK_BEFORE_MAX) {
		s = span_from(s, s.n - TEXT_LINK_BEFORE_MAX);
		while (s.n > 0 && (s.p[0] & 0xc0) == 0x80)
			s = span_from(s, 1);
	}
	return s;
}

/* 0: none begins here. */
static size_t prefix_at(struct span text, size_t at, bool *bare)
{
	struct span rest = span_from(text, at);
	*bare = false;
	if (span_starts_nocase(rest, "https://"))
		return 8;
	if (span_starts_nocase(rest, "http://"))
		return 7;
	*bare = true;
	return span_starts_nocase(rest, "www.") ? 4 : 0;
}

/* From a letter that may begin an address; the number of bytes that are done with. */
static size_t take(
	struct arena *a, struct span text, size_t at, size_t *after, struct text_links *out)
{
	struct text_link l = {0};
	size_t prefix = may_begin(text, at) ? prefix_at(text, at, &l.bare) : 0, end = at;
	if (prefix == 0)
		return 1;
	struct span before = span_first(text, at);
	if (span_ends_nocase(before, "<url:"))
		before.n -= 4;
	l.before = words_before(text, before.n, *after);
	if (before.n > 0 && before.p[before.n - 1] == '<')
		l.href = in_brackets(a, text, at, &end);
	if (l.href.p == NULL) {
		for (end = at; end < text.n && !ends_address(text.p[end]);)
			end++;
		l.href = without_end(span_of(text.p + at, end - at));
	}
	if (l.href.n <= prefix || (l.bare && span_find_byte(l.href, '.', 4) == SIZE_MAX))
		return prefix;
	if (l.href.n <= TEXT_LINK_MAX)
		ARENA_PUSH(a, out->list, out->n, l);
	out->limits |= l.href.n > TEXT_LINK_MAX || out->n == TEXT_LINKS_MAX;
	*after = end;
	return end - at;
}

void text_links_read(struct arena *a, struct span text, struct text_links *out)
{
	size_t after = 0; /* the end of the one before */
	*out = (struct text_links){0};
	for (size_t at = 0; at < text.n && out->n < TEXT_LINKS_MAX;) {
		uint8_t c = ascii_lower(text.p[at]);
		at += c == 'h' || c == 'w' ? take(a, text, at, &after, out) : 1;
	}
}

/* One line of a flowed text. */
struct flowed {
	size_t quotes;
	struct span text; /* without quote marks, stuffing and line end */
	bool soft;
};

static struct flowed flowed_line(struct span line)
{
	struct flowed f = {0};
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	while (f.quotes < line.n && line.p[f.quotes] == '>')
		f.quotes++;
	f.text = span_from(line, f.quotes);
	if (f.text.n > 0 && f.text.p[0] == ' ')
		f.text = span_from(f.text, 1);
	/* RFC 3676 4.3: a signature's mark is no soft break. */
	f.soft = f.text.n > 0 && f.text.p[f.text.n - 1] == ' ' && !span_is(f.text, "-- ");
	return f;
}

struct span text_unflow(struct arena *a, struct span text, bool del_sp)
{
	/* A line grows by one byte at most: the blank between quote marks and text. */
	uint8_t *out = arena_alloc(a, 2 * text.n + 2);
	size_t n = 0, quotes = 0;
	bool open = false;
	while (text.n > 0) {
		size_t end = span_find_byte(text, '\n', 0);
		struct flowed f = flowed_line(span_first(text, end));
		if (open && f.quotes != quotes) /* 4.5: quoted otherwise: another paragraph */
			out[n++] = '\n';
		if (!open || f.quotes != quotes) {
			memset(out + n, '>', f.quotes);
			n += f.quotes;
			if (f.quotes > 0)
				out[n++] = ' ';
		}
		struct span s = f.text;
		if (f.soft && del_sp)
			s.n--;
		memcpy(out + n, s.p, s.n);
		n += s.n;
		if (!f.soft)
			out[n++] = '\n';
		open = f.soft;
		quotes = f.quotes;
		text = end == SIZE_MAX ? span_of(text.p, 0) : span_from(text, end + 1);
	}
	return span_of(out, n);
}
