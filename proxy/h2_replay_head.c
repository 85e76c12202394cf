/* Recorded heads as HTTP/2 has them: as they were, or out of HTTP/1's. */
#include "proxy/h2_replay_inner.h"
#include "proxy/h2_serve.h"
#include "store/derive/fields.h"

/* "name: value" lines as h2_message.c wrote them: no byte of a value is white space too much.
 */
static void add_lines(struct span lines, struct h2_fields *out)
{
	while (lines.n > 0) {
		size_t eol = span_find_byte(lines, '\n', 0);
		struct span line = span_first(lines, eol);
		lines = eol == SIZE_MAX ? SPAN_NONE : span_from(lines, eol + 1);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		/* A pseudo-header's name begins with one. */
		size_t colon = span_find_byte(line, ':', 1);
		if (colon == SIZE_MAX)
			continue;
		struct span value = span_from(line, colon + 1);
		if (value.n > 0 && value.p[0] == ' ')
			value = span_from(value, 1);
		h2_fields_add(out, span_first(line, colon), value, false);
	}
}

static struct span lower(struct span name, struct arena *a)
{
	char *text = arena_str(a, name);
	for (size_t i = 0; i < name.n; i++)
		text[i] = (char)ascii_lower((uint8_t)text[i]);
	return span_of(text, name.n);
}

static void add_http1_lines(struct span lines, struct arena *a, struct h2_fields *out)
{
	struct model_field *fields;
	size_t n = fields_parse(a, SPAN_NONE, lines, &fields);
	for (size_t i = 0; i < n; i++) {
		struct h2_field f = {lower(fields[i].name, a), fields[i].value, false};
		if (!h2_of_http1(&f))
			h2_fields_add(out, f.name, f.value, false);
	}
}

bool h2_replay_head(struct span head, struct span fields, struct span method, struct arena *a,
	struct h2_head *out, struct err *err)
{
	struct h2_fields lines = {0};
	struct http1_head http1;
	if (head.p != NULL) {
		enum http1_scan scan = http1_response_head(head, method, a, &http1, err);
		if (scan == HTTP1_MORE)
			return err_set(err, ERR_HEAD_TRUNCATED, "%s", "in the case");
		return scan == HTTP1_HEAD && h2_head_of_http1(&http1, a, out, err);
	}
	add_lines(fields, &lines);
	bool ok = h2_response_head(&lines, a, out, err);
	h2_fields_fini(&lines);
	return ok;
}

bool h2_replay_trailers(
	struct span lines, bool http1, struct arena *a, struct h2_head *out, struct err *err)
{
	struct h2_fields fields = {0};
	if (http1)
		add_http1_lines(lines, a, &fields);
	else
		add_lines(lines, &fields);
	bool ok = h2_trailers(&fields, a, out, err);
	h2_fields_fini(&fields);
	return ok;
}

uint32_t h2_replay_code(struct span name)
{
	for (uint32_t code = 0; code <= H2_HTTP_1_1_REQUIRED; code++)
		if (span_is(name, h2_code_name(code)))
			return code;
	return H2_CANCEL;
}
