#include "ui/web/form.h"
#include "store/base/buf.h"
#include "ui/web/form_parts.h"

struct span web_value(const struct web_form *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (span_is(f->list[i].name, name))
			return f->list[i].value;
	return SPAN_NONE;
}

int64_t web_value_number(const struct web_form *f, const char *name, int64_t otherwise)
{
	uint64_t n;
	if (!span_u64(web_value(f, name), &n) || n > INT64_MAX)
		return otherwise;
	return (int64_t)n;
}

/* application/x-www-form-urlencoded: WHATWG URL 5.1, but what is broken is refused. */
static bool decode(struct arena *a, struct span s, struct span *out, struct err *err)
{
	uint8_t *p = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '+')
			c = ' ';
		if (c == '%') {
			int high = i + 1 < s.n ? ascii_hex(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? ascii_hex(s.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return err_set(err, ERR_FIELD, "a broken percent escape");
			c = (uint8_t)(high << 4 | low);
			i += 2;
		}
		if (c == 0)
			return err_set(err, ERR_FIELD, "a NUL in a value");
		p[n++] = c;
	}
	*out = span_of(p, n);
	return true;
}

bool web_form_query(struct arena *a, struct span text, struct web_form *out, struct err *err)
{
	*out = (struct web_form){0};
	while (text.n > 0) {
		size_t end = span_find_byte(text, '&', 0);
		struct span one = span_first(text, end);
		text = span_from(text, one.n + 1);
		struct web_pair pair = {.file_name = SPAN_NONE};
		size_t equals = span_find_byte(one, '=', 0);
		if (one.n == 0)
			continue;
		if (out->n == WEB_PAIRS_MAX)
			return err_set(err, ERR_LIMIT, "more than %d values", WEB_PAIRS_MAX);
		if (!decode(a, span_first(one, equals), &pair.name, err) ||
			!decode(a, span_from(one, equals == SIZE_MAX ? one.n : equals + 1),
				&pair.value, err))
			return false;
		ARENA_PUSH(a, out->list, out->n, pair);
	}
	return true;
}

/* A media type without its parameters. */
static struct span bare(struct span type)
{
	return span_trim(span_first(type, span_find_byte(type, ';', 0)), " \t");
}

static bool is_plain(struct span type)
{
	return span_is_nocase(bare(type), "application/x-www-form-urlencoded");
}

static bool has_parts(struct span type)
{
	return span_is_nocase(bare(type), "multipart/form-data");
}

size_t web_form_max(struct span type)
{
	return is_plain(type) ? WEB_TEXT_MAX : has_parts(type) ? WEB_BODY_MAX : 0;
}

static bool read_plain(struct arena *a, struct span body, struct web_form *out, struct err *err)
{
	if (body.n > WEB_TEXT_MAX)
		return err_set(err, ERR_LIMIT, "a form of more than %d bytes", WEB_TEXT_MAX);
	if (!web_form_query(a, body, out, err))
		return false;
	for (size_t i = 0; i < out->n; i++)
		if (!text_valid(out->list[i].name) || !text_valid(out->list[i].value))
			return err_set(err, ERR_FIELD, "a value that is not UTF-8");
	return true;
}

bool web_form_body(struct arena *a, struct span type, struct span body, struct web_form *out,
	struct err *err)
{
	*out = (struct web_form){0};
	if (is_plain(type))
		return read_plain(a, body, out, err);
	if (has_parts(type))
		return form_parts_read(a, type, body, out, err);
	return err_set(err, ERR_FIELD, "a form of another type");
}

void web_encode(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '.' || c == '_' ||
			c == '~')
			buf_add_byte(out, c);
		else
			buf_addf(out, "%%%02X", c);
	}
}
