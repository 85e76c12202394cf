/* A request's body as a query, as warcio and pywb write it, so that their lookups find ours. */
#include "ui/export/cdx.h"
#include "store/base/codec.h"
#include "store/derive/fields.h"

#include <jansson.h>

enum { DEPTH_MAX = 64, NAMES_MAX = 200 };

/* application/x-www-form-urlencoded (URL Standard 5.2). */
static void add_coded(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)p[i];
		if (ascii_alpha(c) || ascii_digit(c) || c == '*' || c == '-' || c == '.' ||
			c == '_')
			buf_add_byte(out, c);
		else if (c == ' ')
			buf_add_byte(out, '+');
		else
			buf_addf(out, "%%%02X", c);
	}
}

struct names {
	struct {
		const char *name;
		size_t times;
	} list[NAMES_MAX];
	size_t n;
	struct buf *out;
};

/* Equal names are numbered: "a", "a.2_", "a.3_". */
static void add_pair(struct names *s, const char *name, const char *value, size_t n)
{
	size_t i = 0, times = 1;
	while (i < s->n && strcmp(s->list[i].name, name) != 0)
		i++;
	if (i < s->n)
		times = ++s->list[i].times;
	else if (s->n < NAMES_MAX) {
		s->list[s->n].name = name;
		s->list[s->n++].times = 1;
	}
	if (n == 0 || buf_len(s->out) > CDX_QUERY_MAX)
		return;
	if (buf_len(s->out) > 0)
		buf_add_byte(s->out, '&');
	add_coded(s->out, name, strlen(name));
	if (times > 1)
		buf_addf(s->out, ".%zu_", times);
	buf_add_byte(s->out, '=');
	add_coded(s->out, value, n);
}

static void add_json(struct names *s, const char *name, json_t *v, size_t depth)
{
	char number[40];
	const char *key;
	json_t *item;
	size_t i;
	if (depth > DEPTH_MAX)
		return;
	if (json_is_object(v)) {
		json_object_foreach(v, key, item) add_json(s, key, item, depth + 1);
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, item) add_json(s, name, item, depth + 1);
	} else if (json_is_string(v)) {
		add_pair(s, name, json_string_value(v), json_string_length(v));
	} else if (json_is_integer(v)) {
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(v));
		add_pair(s, name, number, strlen(number));
	} else if (json_is_real(v)) {
		snprintf(number, sizeof number, "%.15g", json_real_value(v));
		add_pair(s, name, number, strlen(number));
	} else {
		const char *word = json_is_null(v)   ? "null"
				   : json_is_true(v) ? "true"
						     : "false";
		add_pair(s, name, word, strlen(word));
	}
}

static void json_query(struct span body, struct buf *out)
{
	struct names s = {.out = out};
	json_t *v = json_loadb((const char *)body.p, body.n, JSON_DECODE_ANY, NULL);
	if (v != NULL)
		add_json(&s, "", v, 0);
	json_decref(v);
}

/* RFC 7578: names, and the first line of each value. */
static void multipart_query(struct span body, struct buf *out)
{
	static const char label[] = "name=\"";
	for (size_t at = 0; (at = span_find(body, span_str(label), at)) != SIZE_MAX;) {
		struct span rest = span_from(body, at + strlen(label));
		struct span name = span_first(rest, span_find_byte(rest, '"', 0));
		struct span after = span_from(rest, name.n);
		at += strlen(label);
		if (!span_starts(after, "\"\r\n\r\n") || buf_len(out) > CDX_QUERY_MAX)
			continue;
		struct span value = span_from(after, 5);
		value = span_first(value, span_find_byte(value, '\r', 0));
		if (buf_len(out) > 0)
			buf_add_byte(out, '&');
		add_coded(out, (const char *)name.p, name.n);
		buf_add_byte(out, '=');
		add_coded(out, (const char *)value.p, value.n);
	}
}

void cdx_query(struct span media_type, struct span body, struct buf *out)
{
	struct span type = fields_media_type(media_type);
	struct buf made = {0};
	if (span_is(type, "application/x-www-form-urlencoded")) {
		buf_add_span(&made, body);
	} else if (span_is(type, "application/json") || span_is(type, "text/plain")) {
		if (body.n > 0)
			json_query(body, &made);
	} else if (span_is(type, "multipart/form-data")) {
		multipart_query(body, &made);
	} else {
		buf_add_str(&made, "__wb_post_data=");
		base64_add(&made, span_first(body, CDX_QUERY_MAX));
	}
	buf_add_span(out, span_first(buf_span(&made), CDX_QUERY_MAX));
	buf_fini(&made);
}
