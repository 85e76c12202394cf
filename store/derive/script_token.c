#include "store/derive/script_token.h"
#include "store/derive/url_parts.h"

#include <stdlib.h>

enum { REGEX_MAX = 1000 }; /* bytes; a longer one is taken for a division */

struct lexer {
	struct span text;
	size_t at;
	struct tokens *out;
	size_t max, cap;
};

static inline bool name_byte(uint8_t c)
{
	uint8_t letter = (uint8_t)((c | 32) - 'a');
	return letter < 26 || ascii_digit(c) || c == '_' || c == '$' || c >= 0x80;
}

/* Up to where a name goes on that starts or goes on at offset n from here. */
static size_t name_len(const struct span rest, size_t n)
{
	while (n < rest.n && name_byte(rest.p[n]))
		n++;
	return n;
}

static int ahead(const struct lexer *l, size_t n)
{
	return l->at + n < l->text.n ? l->text.p[l->at + n] : -1;
}

static inline void push(struct lexer *l, enum token_kind kind, uint8_t punct, size_t len)
{
	struct tokens *t = l->out;
	if (t->n + 1 >= l->cap) {
		l->cap = l->cap == 0 ? 64 + l->text.n / 8 : l->cap * 2;
		struct token *list = realloc(t->list, l->cap * sizeof *list);
		if (list == NULL)
			abort();
		t->list = list;
	}
	t->list[t->n] = (struct token){
		(uint32_t)l->at, (uint32_t)len, (uint32_t)t->n, (uint8_t)kind, punct};
	t->n++;
	l->at += len;
}

/* White space and comments, HTML's among them (ECMA-262 B.1.1). */
static bool skip_blank(struct lexer *l)
{
	uint8_t c = l->text.p[l->at];
	if (c <= ' ') {
		l->at++;
		return true;
	}
	if (c != '/' && c != '<')
		return false;
	struct span rest = span_from(l->text, l->at);
	bool line = span_starts(rest, "//") || span_starts(rest, "<!--");
	if (!line && !span_starts(rest, "/*"))
		return false;
	size_t end = line ? span_find_byte(rest, '\n', 0) : span_find(rest, span_str("*/"), 2);
	l->at = end == SIZE_MAX ? l->text.n : l->at + end + (line ? 1 : 2);
	return true;
}

/* Length of a quoted string, quotes included; an unclosed one ends at its line. */
static size_t string_len(struct span rest, uint8_t quote)
{
	size_t n = 1;
	for (; n < rest.n && rest.p[n] != '\n'; n++) {
		if (rest.p[n] == '\\' && n + 1 < rest.n)
			n++;
		else if (rest.p[n] == quote)
			return n + 1;
	}
	return n;
}

/* Length of a template literal; what stands in ${} may hold braces and strings, which are only
 * counted, not understood. */
static size_t template_len(const struct lexer *l)
{
	size_t n = 1, depth = 0;
	for (int c; (c = ahead(l, n)) != -1; n++) {
		if (c == '\\' && ahead(l, n + 1) != -1)
			n++;
		else if (c == '$' && depth == 0 && ahead(l, n + 1) == '{')
			depth++, n++;
		else if (depth > 0 && c == '{')
			depth++;
		else if (depth > 0 && c == '}')
			depth--;
		else if (depth == 0 && c == '`')
			return n + 1;
	}
	return n;
}

/* Length of a regular expression literal, 0 if the line ends first. */
static size_t regex_len(const struct lexer *l)
{
	size_t n = 1;
	bool set = false;
	for (int c; (c = ahead(l, n)) != -1 && c != '\n' && n < REGEX_MAX; n++) {
		if (c == '\\')
			n++;
		else if (c == '[')
			set = true;
		else if (c == ']')
			set = false;
		else if (c == '/' && !set) {
			for (n++; ahead(l, n) != -1 && ascii_alpha((uint8_t)ahead(l, n));)
				n++;
			return n;
		}
	}
	return 0;
}

/* After what a '/' cannot divide: an operator, an opening bracket, a keyword. */
static bool regex_may_start(const struct lexer *l)
{
	static const char *const words[] = {"return", "typeof", "case", "in", "of", "delete",
		"void", "throw", "new", "else", "do", "instanceof", "yield", "await"};
	if (l->out->n == 0)
		return true;
	const struct token *t = &l->out->list[l->out->n - 1];
	if (t->kind == TOKEN_PUNCT)
		return t->punct != ')' && t->punct != ']' && t->punct != '}';
	struct span name = span_of(l->text.p + t->at, t->len);
	for (size_t i = 0; t->kind == TOKEN_NAME && i < sizeof words / sizeof *words; i++)
		if (span_is(name, words[i]))
			return true;
	return false;
}

/* Length of the punctuator, and what it is. */
static size_t punct_len(struct span rest, uint8_t *punct)
{
	uint8_t c = rest.p[0], next = rest.n > 1 ? rest.p[1] : 0,
		third = rest.n > 2 ? rest.p[2] : 0;
	*punct = PUNCT_OTHER;
	switch (c) {
	case '?':
		*punct = '.';
		if (next == '.' && !ascii_digit(third))
			return 2;
		break;
	case '=':
		*punct = next == '=' ? PUNCT_EQUALS : PUNCT_ARROW;
		if (next == '=' || next == '>')
			return next == '=' && third == '=' ? 3 : 2;
		break;
	case '!':
		if (next == '=')
			return third == '=' ? 3 : 2;
		break;
	case '+':
		*punct = next == '=' ? PUNCT_PLUS_ASSIGN : PUNCT_OTHER;
		if (next == '=' || next == '+')
			return 2;
		break;
	case '-':
		if (next == '=' || next == '-')
			return 2;
		break;
	case '<':
	case '>':
	case '*':
		if (next == '=')
			return 2;
		break;
	case '&':
	case '|':
		if (next == c)
			return 2;
		break;
	case '.':
		if (next == '.' && third == '.')
			return 3;
		break;
	default: break;
	}
	*punct = c;
	return 1;
}

static void push_punct(struct lexer *l)
{
	uint8_t punct;
	size_t n = punct_len(span_from(l->text, l->at), &punct);
	push(l, TOKEN_PUNCT, punct, n);
}

static void push_next(struct lexer *l)
{
	uint8_t c = l->text.p[l->at];
	size_t n = 1;
	if (c == '"' || c == '\'') {
		push(l, TOKEN_STRING, 0, string_len(span_from(l->text, l->at), c));
	} else if (c == '`') {
		push(l, TOKEN_TEMPLATE, 0, template_len(l));
	} else if (ascii_digit(c) ||
		   (c == '.' && ahead(l, 1) != -1 && ascii_digit((uint8_t)ahead(l, 1)))) {
		while (ahead(l, n) != -1 &&
			(name_byte((uint8_t)ahead(l, n)) || ahead(l, n) == '.'))
			n++;
		push(l, TOKEN_NUMBER, 0, n);
	} else if (name_byte(c)) {
		push(l, TOKEN_NAME, 0, name_len(span_from(l->text, l->at), n));
	} else if (c == '/' && regex_may_start(l) && (n = regex_len(l)) > 0) {
		push(l, TOKEN_REGEX, 0, n);
	} else {
		push_punct(l);
	}
}

/* Each bracket learns where its mate is; one without a mate is its own. */
static void pair_brackets(struct tokens *t)
{
	uint32_t *open = malloc((t->n + 1) * sizeof *open);
	size_t depth = 0;
	if (open == NULL)
		abort();
	for (size_t i = 0; i < t->n; i++) {
		struct token *k = &t->list[i];
		if (k->kind != TOKEN_PUNCT)
			continue;
		if (k->punct == '(' || k->punct == '[' || k->punct == '{')
			open[depth++] = (uint32_t)i;
		if (k->punct != ')' && k->punct != ']' && k->punct != '}')
			continue;
		uint8_t want = k->punct == ')' ? '(' : k->punct == ']' ? '[' : '{';
		if (depth == 0 || t->list[open[depth - 1]].punct != want)
			continue;
		depth--;
		k->mate = open[depth];
		t->list[open[depth]].mate = (uint32_t)i;
	}
	free(open);
}

void tokens_read(struct span text, size_t max, struct tokens *out)
{
	struct lexer l = {.text = text, .out = out, .max = max};
	*out = (struct tokens){0};
	while (l.at < text.n && out->n < max)
		if (!skip_blank(&l))
			push_next(&l);
	out->cut = l.at < text.n;
	push(&l, TOKEN_END, 0, 0);
	out->n--;
	pair_brackets(out);
}

size_t json_next(struct span text, size_t at)
{
	while (at < text.n && text.p[at] <= ' ')
		at++;
	return at;
}

/* Does the text go on as it does in JSON behind a value or a name? */
static bool json_ends(struct span text, size_t at, bool name)
{
	at = json_next(text, at);
	if (at == text.n)
		return true;
	uint8_t c = text.p[at];
	return c == ',' || c == '}' || c == ']' || (name && c == ':');
}

size_t json_token(struct span text, size_t at)
{
	struct span rest = span_from(text, at);
	uint8_t c = rest.p[0];
	size_t len = 0;
	if (c == '"') {
		len = string_len(rest, c);
		return len >= 2 && rest.p[len - 1] == '"' && json_ends(text, at + len, true)
			       ? len
			       : 0;
	}
	if (ascii_digit(c) || c == '{' || c == '}' || c == '[' || c == ']' || c == ',' ||
		c == ':' || c == '-' || c == '.')
		return 1;
	if (span_starts(rest, "true") || span_starts(rest, "null"))
		len = 4;
	else if (span_starts(rest, "false"))
		len = 5;
	return json_ends(text, at + len, false) ? len : 0;
}

void tokens_fini(struct tokens *t)
{
	free(t->list);
	*t = (struct tokens){0};
}

/* At most `max` hex digits at s; how many there were. */
static size_t hex_digits(struct span s, size_t max, uint32_t *value)
{
	size_t n = 0;
	for (*value = 0; n < max && n < s.n && ascii_hex(s.p[n]) >= 0; n++)
		*value = *value << 4 | (uint32_t)ascii_hex(s.p[n]);
	return n;
}

/* \uNNNN (two of them for a pair of surrogates) or \u{N}; rest starts behind the 'u'. Returns
 * the bytes used, 0 if broken. */
static size_t unicode_escape(struct span rest, struct buf *out)
{
	uint32_t v, low;
	if (rest.n > 0 && rest.p[0] == '{') {
		size_t n = hex_digits(span_from(rest, 1), 6, &v);
		if (n == 0 || v > 0x10ffff || n + 1 >= rest.n || rest.p[n + 1] != '}')
			return 0;
		url_add_utf8(out, v);
		return n + 2;
	}
	if (hex_digits(rest, 4, &v) != 4)
		return 0;
	struct span next = span_from(rest, 4);
	if (v >= 0xd800 && v < 0xdc00 && span_starts(next, "\\u") &&
		hex_digits(span_from(next, 2), 4, &low) == 4 && low >= 0xdc00 && low < 0xe000) {
		url_add_utf8(out, 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00));
		return 10;
	}
	url_add_utf8(out, v >= 0xd800 && v < 0xe000 ? 0xfffd : v);
	return 4;
}

/* One escape; s starts behind the backslash. Returns the bytes used. */
static size_t escape(struct span s, struct buf *out)
{
	uint32_t v = 0;
	size_t n = 0;
	uint8_t c = s.p[0];
	switch (c) {
	case 'n': buf_add_byte(out, '\n'); return 1;
	case 't': buf_add_byte(out, '\t'); return 1;
	case 'r': buf_add_byte(out, '\r'); return 1;
	case 'b': buf_add_byte(out, '\b'); return 1;
	case 'f': buf_add_byte(out, '\f'); return 1;
	case 'v': buf_add_byte(out, '\v'); return 1;
	case '\n': return 1; /* the line goes on */
	case '\r': return s.n > 1 && s.p[1] == '\n' ? 2 : 1;
	case 'x':
		if (hex_digits(span_from(s, 1), 2, &v) != 2)
			break;
		url_add_utf8(out, v);
		return 3;
	case 'u':
		n = unicode_escape(span_from(s, 1), out);
		if (n == 0)
			break;
		return n + 1;
	default: break;
	}
	if (c >= '0' && c <= '7') {
		for (; n < 3 && n < s.n && s.p[n] >= '0' && s.p[n] <= '7' && v < 32; n++)
			v = v * 8 + (uint32_t)(s.p[n] - '0');
		url_add_utf8(out, v);
		return n;
	}
	buf_add_byte(out, c);
	return 1;
}

void script_unescape(struct span body, struct buf *out)
{
	while (body.n > 0) {
		size_t slash = span_find_byte(body, '\\', 0);
		buf_add_span(out, span_first(body, slash));
		if (slash == SIZE_MAX || slash + 1 >= body.n)
			return;
		body = span_from(body, slash + 1);
		body = span_from(body, escape(body, out));
	}
}
