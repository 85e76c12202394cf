/*
 * Escapes made plain, byte by byte, so that what is found can be pointed at in the text itself.
 * One pass undoes one layer of everything that URLs, HTML and scripts escape: any mixture of
 * them is undone in as many passes as it is deep.
 */
#include "store/derive/hide_parts.h"
#include "store/derive/url_parts.h"

struct writer {
	const struct hide_view *in;
	uint8_t *text;
	uint32_t *from;
	size_t n;
	const char *form; /* NULL: nothing was escaped yet */
};

static void put(struct writer *w, size_t at, uint8_t c)
{
	w->from[w->n] = (uint32_t)hide_view_at(w->in, at);
	w->text[w->n++] = c;
}

/* UTF-8 takes at most as many bytes as any escape of it; what people do not see is left out, so
 * that it splits nothing. */
static void put_code(struct writer *w, size_t at, uint32_t c)
{
	struct buf b = {0};
	if (c == 0x200b || c == 0xad || c == 0x2060 || c == 0xfeff)
		return;
	url_add_utf8(&b, c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0xfffd : c);
	for (size_t i = 0; i < buf_len(&b); i++)
		put(w, at, b.p[b.start + i]);
	buf_fini(&b);
}

static bool hex_at(struct span s, size_t at, size_t digits, uint32_t *out)
{
	*out = 0;
	if (at + digits > s.n)
		return false;
	for (size_t i = at; i < at + digits; i++) {
		int d = ascii_hex(s.p[i]);
		if (d < 0)
			return false;
		*out = *out << 4 | (uint32_t)d;
	}
	return true;
}

/* These return how many bytes they used; 0: it is no escape. */
static size_t percent(struct writer *w, struct span s, size_t at)
{
	uint32_t c;
	if (hex_at(s, at + 1, 2, &c)) {
		put(w, at, (uint8_t)c);
		return 3;
	}
	if (at + 1 < s.n && (s.p[at + 1] | 0x20) == 'u' && hex_at(s, at + 2, 4, &c)) {
		put_code(w, at, c);
		return 6;
	}
	return 0;
}

static size_t number(struct span s, size_t at, uint32_t *c)
{
	size_t i = at;
	bool hex = i < s.n && (s.p[i] | 0x20) == 'x';
	*c = 0;
	for (i += hex; i < s.n && i - at < 12; i++) {
		int d = ascii_hex(s.p[i]);
		if (d < 0 || (!hex && d > 9))
			break;
		*c = *c > 0x110000 ? *c : *c * (hex ? 16 : 10) + (uint32_t)d;
	}
	return i - at > (size_t)hex ? i : 0;
}

/* Those that an address, or what is around it, may be written with (HTML 13.5). */
static size_t entity(struct writer *w, struct span s, size_t at)
{
	enum { LONGEST = 14 };
	static const struct {
		const char *name;
		uint8_t c;
	} names[] = {{"amp", '&'}, {"AMP", '&'}, {"quot", '"'}, {"QUOT", '"'}, {"lt", '<'},
		{"LT", '<'}, {"gt", '>'}, {"GT", '>'}, {"apos", '\''}, {"commat", '@'},
		{"period", '.'}, {"lowbar", '_'}, {"UnderBar", '_'}, {"plus", '+'},
		{"equals", '='}, {"percnt", '%'}, {"num", '#'}, {"sol", '/'}, {"colon", ':'},
		{"semi", ';'}, {"comma", ','}, {"quest", '?'}, {"hyphen", '-'}, {"dash", '-'},
		{"Tab", '\t'}, {"NewLine", '\n'}, {"excl", '!'}, {"dollar", '$'}, {"ast", '*'},
		{"midast", '*'}, {"lpar", '('}, {"rpar", ')'}, {"lbrace", '{'}, {"lcub", '{'},
		{"rbrace", '}'}, {"rcub", '}'}, {"lbrack", '['}, {"lsqb", '['}, {"rbrack", ']'},
		{"rsqb", ']'}, {"bsol", '\\'}, {"verbar", '|'}, {"vert", '|'}, {"Hat", '^'},
		{"grave", '`'}, {"nbsp", ' '}, {"shy", 0}, {"ZeroWidthSpace", 0}};
	uint32_t c;
	if (at + 2 < s.n && s.p[at + 1] == '#') {
		size_t end = number(s, at + 2, &c);
		if (end == 0)
			return 0;
		put_code(w, at, c);
		return end + (end < s.n && s.p[end] == ';') - at;
	}
	/* In a URL '&' is mostly none. */
	struct span name = span_first(span_from(s, at + 1), LONGEST + 1);
	name = span_first(name, span_find_byte(name, ';', 0));
	if (name.n == 0 || name.n > LONGEST)
		return 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t n = name.n;
		if (!span_is(name, names[i].name))
			continue;
		if (names[i].c != 0)
			put(w, at, names[i].c);
		return n + 2;
	}
	return 0;
}

/* RFC 8259 7, and what scripts add (ECMA-262 12.9.4). */
static size_t backslash(struct writer *w, struct span s, size_t at)
{
	uint32_t c, low;
	if (at + 1 >= s.n)
		return 0;
	uint8_t what = s.p[at + 1];
	if (what == 'u' && hex_at(s, at + 2, 4, &c)) {
		bool pair = c >= 0xd800 && c < 0xdc00 && at + 7 < s.n && s.p[at + 6] == '\\' &&
			    s.p[at + 7] == 'u' && hex_at(s, at + 8, 4, &low) && low >= 0xdc00 &&
			    low < 0xe000;
		put_code(w, at, pair ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : c);
		return pair ? 12 : 6;
	}
	if (what == 'u' && at + 3 < s.n && s.p[at + 2] == '{') {
		size_t end = at + 3;
		for (c = 0; end < s.n && end < at + 9 && ascii_hex(s.p[end]) >= 0; end++)
			c = c << 4 | (uint32_t)ascii_hex(s.p[end]);
		if (end == at + 3 || end >= s.n || s.p[end] != '}')
			return 0;
		put_code(w, at, c);
		return end + 1 - at;
	}
	if (what == 'x' && hex_at(s, at + 2, 2, &c)) {
		put(w, at, (uint8_t)c);
		return 4;
	}
	if (what >= '0' && what <= '3' && at + 3 < s.n && s.p[at + 2] >= '0' &&
		s.p[at + 2] <= '7' && s.p[at + 3] >= '0' && s.p[at + 3] <= '7') {
		put(w, at,
			(uint8_t)((what - '0') << 6 | (s.p[at + 2] - '0') << 3 |
				  (s.p[at + 3] - '0')));
		return 4;
	}
	if (strchr("/\"'\\@.+-_&", what) == NULL || what == 0)
		return 0;
	put(w, at, what);
	return 2;
}

static size_t escape(struct writer *w, struct span s, size_t at)
{
	switch (s.p[at]) {
	case '%': return percent(w, s, at);
	case '&': return entity(w, s, at);
	case '\\': return backslash(w, s, at);
	default: return 0;
	}
}

static const char *form_of(uint8_t c)
{
	return c == '%' ? "percent" : c == '&' ? "html" : "script";
}

static void begin(struct writer *w, struct arena *a, const struct hide_view *in)
{
	*w = (struct writer){.in = in};
	w->text = arena_alloc(a, in->text.n + 1);
	w->from = arena_alloc(a, (in->text.n + 1) * sizeof *w->from);
}

static bool finish(struct writer *w, struct hide_view *out)
{
	if (w->form == NULL)
		return false;
	w->from[w->n] = (uint32_t)hide_view_at(w->in, w->in->text.n);
	*out = (struct hide_view){span_of(w->text, w->n), w->from, w->form};
	return true;
}

bool hide_unescape(struct arena *a, const struct hide_view *in, struct hide_view *out)
{
	struct writer w;
	struct span s = in->text;
	if (s.n == 0 || (memchr(s.p, '%', s.n) == NULL && memchr(s.p, '&', s.n) == NULL &&
				memchr(s.p, '\\', s.n) == NULL))
		return false;
	begin(&w, a, in);
	for (size_t i = 0; i < s.n;) {
		size_t used = escape(&w, s, i);
		if (used == 0) {
			put(&w, i, s.p[i]);
			i++;
			continue;
		}
		if (w.form == NULL)
			w.form = form_of(s.p[i]);
		i += used;
	}
	return finish(&w, out);
}

/* RFC 2045 6.7: "=40", and lines that go on behind "=". */
bool hide_unquote(struct arena *a, const struct hide_view *in, struct hide_view *out)
{
	struct writer w;
	struct span s = in->text;
	if (s.n == 0 || memchr(s.p, '=', s.n) == NULL)
		return false;
	begin(&w, a, in);
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t used = 0;
		if (s.p[i] == '=' && hex_at(s, i + 1, 2, &c)) {
			put(&w, i, (uint8_t)c);
			used = 3;
		} else if (s.p[i] == '=' && i + 1 < s.n && s.p[i + 1] == '\n') {
			used = 2;
		} else if (s.p[i] == '=' && i + 2 < s.n && s.p[i + 1] == '\r' &&
			   s.p[i + 2] == '\n') {
			used = 3;
		}
		if (used == 0)
			put(&w, i, s.p[i]);
		else
			w.form = "quoted-printable";
		i += used > 0 ? used : 1;
	}
	return finish(&w, out);
}

/* Proofpoint's second: '-' for '%', '_' for '/'. Only where a '@' or "://" is written so. */
bool hide_undash(struct arena *a, const struct hide_view *in, struct hide_view *out)
{
	struct writer w;
	struct span s = in->text;
	if (span_find(s, span_str("-40"), 0) == SIZE_MAX &&
		span_find(s, span_str("-2540"), 0) == SIZE_MAX &&
		span_find_nocase(s, span_str("-3a_"), 0) == SIZE_MAX)
		return false;
	begin(&w, a, in);
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		if (s.p[i] == '-' && hex_at(s, i + 1, 2, &c)) {
			put(&w, i, (uint8_t)c);
			w.form = "proofpoint";
			i += 3;
			continue;
		}
		put(&w, i, s.p[i] == '_' ? '/' : s.p[i]);
		i++;
	}
	return finish(&w, out);
}
