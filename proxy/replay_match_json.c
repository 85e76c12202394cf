/* JSON (RFC 8259) as its values and the keys that lead to them. Strict and small: it decodes
 * nothing, for keys and values are compared as they are written. */
#include "proxy/replay_match_inner.h"

#include <stdio.h>

struct json {
	struct arena *a;
	struct span text;
	size_t at;
	struct pairs *out;
	uint8_t path[REPLAY_JSON_NAME_MAX];
	size_t path_n;
	unsigned depth;
	bool keyed; /* the outermost object or array is not empty */
};

static bool value(struct json *j);

static uint8_t peek(const struct json *j)
{
	return j->at < j->text.n ? j->text.p[j->at] : 0;
}

static bool take(struct json *j, uint8_t c)
{
	bool here = j->at < j->text.n && j->text.p[j->at] == c;
	j->at += here;
	return here;
}

static void space(struct json *j)
{
	while (peek(j) == ' ' || peek(j) == '\t' || peek(j) == '\r' || peek(j) == '\n')
		j->at++;
}

static bool too_large(struct json *j)
{
	j->out->more = true;
	return false;
}

/* Without its quotes, escapes as they are. */
static bool string(struct json *j, struct span *out)
{
	if (!take(j, '"'))
		return false;
	size_t start = j->at;
	for (; j->at < j->text.n && peek(j) != '"'; j->at++) {
		uint8_t c = peek(j);
		if (c < ' ')
			return false;
		if (c != '\\')
			continue;
		j->at++;
		c = peek(j);
		if (c == 0 || strchr("\"\\/bfnrtu", c) == NULL)
			return false;
		for (int i = 0; c == 'u' && i < 4; i++) {
			j->at++;
			if (ascii_hex(peek(j)) < 0)
				return false;
		}
	}
	*out = span_of(j->text.p + start, j->at - start);
	return take(j, '"');
}

static bool digits(struct json *j)
{
	size_t start = j->at;
	while (ascii_digit(peek(j)))
		j->at++;
	return j->at > start;
}

static bool number(struct json *j)
{
	take(j, '-');
	if (!take(j, '0') && !digits(j))
		return false;
	if (take(j, '.') && !digits(j))
		return false;
	if (take(j, 'e') || take(j, 'E')) {
		if (!take(j, '-'))
			take(j, '+');
		return digits(j);
	}
	return true;
}

static bool word(struct json *j, const char *s)
{
	if (!span_starts(span_from(j->text, j->at), s))
		return false;
	j->at += strlen(s);
	return true;
}

/* A value that has no others within it: named by the path to it. */
static bool leaf(struct json *j, size_t start)
{
	struct span name = arena_copy(j->a, span_of(j->path, j->path_n));
	pairs_add(j->out, j->a, name, span_of(j->text.p + start, j->at - start), SPAN_NONE);
	return !j->out->more;
}

static bool path_add(struct json *j, uint8_t c)
{
	if (j->path_n == sizeof j->path)
		return too_large(j);
	j->path[j->path_n++] = c;
	return true;
}

/* A backslash before '.' or '[' is no escape that JSON has, so no two paths look the same. */
static bool path_key(struct json *j, struct span key)
{
	if (j->depth > 1 && !path_add(j, '.'))
		return false;
	for (size_t i = 0; i < key.n; i++) {
		bool sign = key.p[i] == '.' || key.p[i] == '[';
		if ((sign && !path_add(j, '\\')) || !path_add(j, key.p[i]))
			return false;
	}
	return true;
}

static bool member(struct json *j, size_t i)
{
	struct span key;
	(void)i;
	space(j);
	if (!string(j, &key) || !path_key(j, key))
		return false;
	space(j);
	return take(j, ':') && value(j);
}

static bool element(struct json *j, size_t i)
{
	char place[24];
	int n = snprintf(place, sizeof place, "[%zu]", i);
	for (int k = 0; k < n; k++)
		if (!path_add(j, (uint8_t)place[k]))
			return false;
	return value(j);
}

/* An object or an array. An empty one is a leaf. */
static bool list(struct json *j, uint8_t close, bool (*each)(struct json *, size_t))
{
	size_t start = j->at++, kept = j->path_n, i = 0;
	space(j);
	if (take(j, close))
		return leaf(j, start);
	if (j->depth == REPLAY_JSON_DEPTH)
		return too_large(j);
	j->depth++;
	j->keyed = true;
	do {
		j->path_n = kept;
		if (!each(j, i++))
			return false;
		space(j);
	} while (take(j, ','));
	j->depth--;
	return take(j, close);
}

static bool value(struct json *j)
{
	struct span unused;
	space(j);
	size_t start = j->at;
	switch (peek(j)) {
	case '{': return list(j, '}', member);
	case '[': return list(j, ']', element);
	case '"': return string(j, &unused) && leaf(j, start);
	case 't': return word(j, "true") && leaf(j, start);
	case 'f': return word(j, "false") && leaf(j, start);
	case 'n': return word(j, "null") && leaf(j, start);
	default: return number(j) && leaf(j, start);
	}
}

bool match_json_pairs(struct arena *a, struct span text, struct pairs *out)
{
	struct json j = {.a = a, .text = text, .out = out};
	/* What has no key at all has no form. */
	space(&j);
	if ((peek(&j) != '{' && peek(&j) != '[') || !value(&j))
		return false;
	space(&j);
	return j.at == text.n && j.keyed;
}
