#include "store/derive/fields.h"
#include "store/base/buf.h"

/* Without spaces and tabs at its ends. */
static struct span trimmed(struct span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = span_of(s.p + 1, s.n - 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static size_t lines_of(struct span s)
{
	size_t n = 1;
	for (size_t at = 0; (at = span_find_byte(s, '\n', at)) != SIZE_MAX; at++)
		n++;
	return n;
}

size_t fields_parse(
	struct arena *a, struct span head, struct span lines, struct model_field **out)
{
	struct model_field *fields = NULL;
	size_t n = 0;
	struct span rest = lines;
	if (lines.p == NULL) {
		size_t eol = span_find_byte(head, '\n', 0);
		rest = eol == SIZE_MAX ? SPAN_NONE : span_from(head, eol + 1);
	}
	if (rest.n > 0)
		fields = arena_alloc(a, lines_of(rest) * sizeof *fields);
	while (rest.n > 0) {
		size_t eol = span_find_byte(rest, '\n', 0);
		struct span line = span_first(rest, eol);
		while (line.n > 0 && line.p[0] == '\r')
			line = span_of(line.p + 1, line.n - 1);
		while (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		rest = eol == SIZE_MAX ? SPAN_NONE : span_from(rest, eol + 1);
		/* HTTP/2 has no head, and names that begin with a colon (RFC 9113 8.3). */
		bool pseudo = head.p == NULL && line.n > 0 && line.p[0] == ':';
		size_t colon = span_find_byte(line, ':', pseudo ? 1 : 0);
		if (colon == SIZE_MAX || colon == 0)
			continue;
		fields[n++] = (struct model_field){
			trimmed(span_first(line, colon)), trimmed(span_from(line, colon + 1))};
	}
	*out = fields;
	return n;
}

struct span fields_value(const struct model_field *fields, size_t n, const char *name)
{
	struct span wanted = span_str(name);
	for (size_t i = 0; i < n; i++)
		if (fields[i].name.n == wanted.n && span_eq_nocase(fields[i].name, wanted))
			return fields[i].value;
	return SPAN_NONE;
}

struct span fields_cookies(struct arena *a, const struct model_field *fields, size_t n)
{
	struct buf all = {0};
	struct span first = SPAN_NONE;
	for (size_t i = 0; i < n; i++) {
		if (!span_is_nocase(fields[i].name, "cookie"))
			continue;
		if (first.p == NULL) {
			first = fields[i].value;
			continue;
		}
		if (buf_len(&all) == 0)
			buf_add_span(&all, first);
		buf_add_str(&all, "; ");
		buf_add_span(&all, fields[i].value);
	}
	struct span joined = buf_len(&all) > 0 ? arena_copy(a, buf_span(&all)) : first;
	buf_fini(&all);
	return joined;
}

struct span fields_media_type(struct span content_type)
{
	size_t end = span_find_byte(content_type, ';', 0);
	return span_trim(span_first(content_type, end), " \t\r\n");
}

bool fields_is_html(struct span t)
{
	return span_is_nocase(t, "text/html") || span_is_nocase(t, "application/xhtml+xml");
}

bool fields_is_json(struct span t)
{
	return span_is_nocase(t, "application/json") || span_is_nocase(t, "text/json") ||
	       span_ends_nocase(t, "+json");
}

bool fields_is_script(struct span t)
{
	static const char *const types[] = {"text/javascript", "application/javascript",
		"application/x-javascript", "application/ecmascript", "text/ecmascript",
		"text/x-javascript", "text/jscript", "text/livescript"};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (span_is_nocase(t, types[i]))
			return true;
	return fields_is_json(t);
}
