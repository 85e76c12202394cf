#include "ui/web/form_parts.h"

/* RFC 9110 5.6.2. */
static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alpha(s.p[i]) && !ascii_digit(s.p[i]) &&
			(s.p[i] == 0 || strchr("!#$%&'*+-.^_`|~", s.p[i]) == NULL))
			return false;
	return s.n > 0;
}

/* Takes one "; name=value" off *rest; value without its quotes, in which nothing is escaped by
 * a backslash: browsers write %22 for a quote. *end: there is none. */
static bool take_parameter(struct span *rest, struct span *name, struct span *value, bool *end)
{
	*rest = span_trim(*rest, " \t");
	*end = rest->n == 0;
	if (*end)
		return true;
	if (rest->p[0] != ';')
		return false;
	struct span s = span_from(*rest, 1);
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = span_from(s, 1);
	size_t equals = span_find_byte(s, '=', 0);
	if (equals == SIZE_MAX || !is_token(span_first(s, equals)))
		return false;
	*name = span_first(s, equals);
	s = span_from(s, equals + 1);
	if (s.n > 0 && s.p[0] == '"') {
		size_t quote = span_find_byte(s, '"', 1);
		if (quote == SIZE_MAX)
			return false;
		*value = span_first(span_from(s, 1), quote - 1);
		*rest = span_from(s, quote + 1);
		return true;
	}
	size_t stop = 0;
	while (stop < s.n && s.p[stop] != ';' && s.p[stop] != ' ' && s.p[stop] != '\t')
		stop++;
	*value = span_first(s, stop);
	*rest = span_from(s, stop);
	return is_token(*value);
}

/* RFC 2046 5.1.1: bchars, not ended by a space. */
static bool is_boundary(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alpha(s.p[i]) && !ascii_digit(s.p[i]) &&
			(s.p[i] == 0 || strchr("'()+_,-./:=? ", s.p[i]) == NULL))
			return false;
	return s.n > 0 && s.n <= WEB_BOUNDARY_MAX && s.p[s.n - 1] != ' ';
}

static bool find_boundary(struct span type, struct span *boundary)
{
	size_t at = span_find_byte(type, ';', 0);
	struct span rest = at == SIZE_MAX ? SPAN_NONE : span_from(type, at), name, value;
	bool found = false, end;
	while (take_parameter(&rest, &name, &value, &end)) {
		if (end)
			return found;
		if (!span_is_nocase(name, "boundary"))
			continue;
		if (found || !is_boundary(value))
			return false;
		*boundary = value;
		found = true;
	}
	return false;
}

/* %22, %0D and %0A are what browsers write for a quote, CR and LF in a name (HTML 4.10.22.8);
 * no other escape is one there. */
static struct span unescape(struct arena *a, struct span s)
{
	if (span_find_byte(s, '%', 0) == SIZE_MAX)
		return s;
	uint8_t *p = arena_alloc(a, s.n + 1);
	size_t n = 0;
	while (s.n > 0) {
		struct span three = span_first(s, 3);
		uint8_t c = s.p[0];
		size_t taken = 3;
		if (span_is(three, "%22"))
			c = '"';
		else if (span_is_nocase(three, "%0d"))
			c = '\r';
		else if (span_is_nocase(three, "%0a"))
			c = '\n';
		else
			taken = 1;
		p[n++] = c;
		s = span_from(s, taken);
	}
	return span_of(p, n);
}

static bool take_disposition(
	struct arena *a, struct span value, struct web_pair *pair, struct err *err)
{
	size_t at = span_find_byte(value, ';', 0);
	struct span rest = at == SIZE_MAX ? SPAN_NONE : span_from(value, at), name, said;
	bool end;
	if (!span_is_nocase(span_trim(span_first(value, at), " \t"), "form-data"))
		return err_set(err, ERR_FIELD, "a part of a form that is none");
	while (take_parameter(&rest, &name, &said, &end)) {
		if (end)
			return pair->name.p != NULL ||
			       err_set(err, ERR_FIELD, "a part of a form without a name");
		struct span *to = span_is_nocase(name, "name")       ? &pair->name
				  : span_is_nocase(name, "filename") ? &pair->file_name
								     : NULL;
		/* RFC 7578 4.2 forbids "filename*"; what else there may be no browser says. */
		if (to == NULL || to->p != NULL || !text_valid(said))
			break;
		*to = unescape(a, said);
	}
	return err_set(
		err, ERR_FIELD, "a part of a form whose disposition cannot be understood");
}

static bool take_field(struct arena *a, struct span line, struct web_pair *pair, bool *disposed,
	struct err *err)
{
	size_t colon = span_find_byte(line, ':', 0);
	struct span name = span_first(line, colon);
	if (colon == SIZE_MAX || !is_token(name) || span_find_byte(line, '\r', 0) != SIZE_MAX ||
		span_find_byte(line, '\n', 0) != SIZE_MAX ||
		span_find_byte(line, 0, 0) != SIZE_MAX)
		return err_set(err, ERR_FIELD, "a part of a form with a broken line");
	if (span_is_nocase(name, "Content-Type"))
		return true;
	if (!span_is_nocase(name, "Content-Disposition"))
		return err_set(err, ERR_FIELD, "a part of a form with a field of another kind");
	/* A second one says the name again, and is refused for that. */
	*disposed = true;
	return take_disposition(a, span_trim(span_from(line, colon + 1), " \t"), pair, err);
}

/* The lines of a part, and *rest behind its empty one. */
static bool take_part_head(
	struct arena *a, struct span *rest, struct web_pair *pair, struct err *err)
{
	const struct span crlf = span_str("\r\n");
	struct span whole = *rest;
	bool disposed = false;
	for (int fields = 0;; fields++) {
		size_t end = span_find(span_first(*rest, WEB_PART_HEAD_MAX), crlf, 0);
		if (end == SIZE_MAX || fields > WEB_PART_FIELDS_MAX ||
			whole.n - rest->n > WEB_PART_HEAD_MAX)
			return err_set(err, ERR_FIELD, "a part of a form with a broken head");
		struct span line = span_first(*rest, end);
		*rest = span_from(*rest, end + 2);
		if (line.n == 0)
			return disposed || err_set(err, ERR_FIELD,
						   "a part of a form without a disposition");
		if (!take_field(a, line, pair, &disposed, err))
			return false;
	}
}

static bool is_fit(const struct web_pair *pair, struct err *err)
{
	if (pair->file_name.p != NULL)
		return true;
	if (pair->value.n > WEB_TEXT_MAX)
		return err_set(err, ERR_LIMIT, "a text of more than %d bytes", WEB_TEXT_MAX);
	return text_valid(pair->value) ||
	       err_set(err, ERR_FIELD, "a value that is not UTF-8, or holds a NUL");
}

/* What follows a boundary: a line break and another part, or the end. */
static bool take_turn(struct span *rest, bool *over, struct err *err)
{
	if (span_starts(*rest, "--")) {
		struct span end = span_from(*rest, 2);
		*over = true;
		return end.n == 0 || span_is(end, "\r\n") ||
		       err_set(err, ERR_FIELD, "bytes behind the end of a form");
	}
	if (!span_starts(*rest, "\r\n"))
		return err_set(err, ERR_FIELD, "a boundary of a form that is not one");
	*rest = span_from(*rest, 2);
	return true;
}

bool form_parts_read(struct arena *a, struct span type, struct span body, struct web_form *out,
	struct err *err)
{
	struct span boundary;
	bool over = false;
	if (!find_boundary(type, &boundary))
		return err_set(err, ERR_FIELD, "a form without a boundary, or a broken one");
	struct span mark = span_str(
		arena_printf(a, "\r\n--%.*s", (int)boundary.n, (const char *)boundary.p));
	if (body.n < mark.n - 2 || !span_eq(span_first(body, mark.n - 2), span_from(mark, 2)))
		return err_set(err, ERR_FIELD, "a form that does not start by its boundary");
	struct span rest = span_from(body, mark.n - 2);
	while (take_turn(&rest, &over, err)) {
		struct web_pair pair = {.file_name = SPAN_NONE};
		if (over)
			return true;
		if (out->n == WEB_PAIRS_MAX)
			return err_set(err, ERR_LIMIT, "more than %d values", WEB_PAIRS_MAX);
		if (!take_part_head(a, &rest, &pair, err))
			return false;
		size_t end = span_find(rest, mark, 0);
		if (end == SIZE_MAX)
			return err_set(err, ERR_FIELD, "a form that is cut off");
		pair.value = span_first(rest, end);
		rest = span_from(rest, end + mark.n);
		if (!is_fit(&pair, err))
			return false;
		ARENA_PUSH(a, out->list, out->n, pair);
	}
	return false;
}
