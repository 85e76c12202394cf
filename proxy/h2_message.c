#include "proxy/h2_message.h"

#include <stdlib.h>

/* ---- gathering ---- */

void h2_fields_fini(struct h2_fields *f)
{
	buf_fini(&f->text);
	free(f->places);
	*f = (struct h2_fields){0};
}

void h2_fields_clear(struct h2_fields *f)
{
	buf_clear(&f->text);
	f->n = f->list_size = 0;
	f->too_large = f->too_many = false;
}

void h2_fields_add(struct h2_fields *f, struct span name, struct span value, bool never_indexed)
{
	f->list_size += name.n + value.n + H2_FIELD_OVERHEAD;
	f->too_large |= f->list_size > H2_LIST_MAX;
	f->too_many |= f->n >= H2_FIELDS_MAX;
	if (f->too_large || f->too_many)
		return;
	if (f->n == f->cap) {
		f->cap = f->cap == 0 ? 32 : f->cap * 2;
		f->places = reallocarray(f->places, f->cap, sizeof *f->places);
		if (f->places == NULL)
			abort();
	}
	uint32_t at = (uint32_t)buf_len(&f->text);
	buf_add_span(&f->text, name);
	buf_add_str(&f->text, ": ");
	buf_add_span(&f->text, value);
	buf_add_str(&f->text, "\r\n");
	f->places[f->n++] = (struct h2_place){at, (uint32_t)name.n, at + (uint32_t)name.n + 2,
		(uint32_t)value.n, never_indexed};
}

struct span h2_oddity_words(uint32_t oddities, struct arena *a)
{
	static const char *const words[] = {
#define X(name, word, sentence) word,
		H2_ODDITIES(X)
#undef X
	};
	if (oddities == 0)
		return SPAN_NONE;
	struct buf out = {0};
	for (size_t i = 0; i < H2_ODDITY_COUNT; i++) {
		if ((oddities & (1u << i)) == 0)
			continue;
		if (buf_len(&out) > 0)
			buf_add_byte(&out, ' ');
		buf_add_str(&out, words[i]);
	}
	struct span all = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return all;
}

/* ---- the text ---- */

static bool breaks_lines(uint8_t c)
{
	return c == '\r' || c == '\n' || c == 0;
}

/* Would the lines, written plainly, be read as others than they are? */
static bool needs_escapes(const struct h2_field *f)
{
	for (size_t i = 0; i < f->name.n; i++)
		if (breaks_lines(f->name.p[i]) || (f->name.p[i] == ':' && i > 0))
			return true;
	for (size_t i = 0; i < f->value.n; i++)
		if (breaks_lines(f->value.p[i]))
			return true;
	return false;
}

static void add_escaped(struct buf *out, struct span s, bool name)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (breaks_lines(c) || c == '\\' || (name && c == ':' && i > 0))
			buf_addf(out, "\\x%02x", c);
		else
			buf_add_byte(out, c);
	}
}

/* The forwarded fields keep their bytes; only the text for the facts is written anew. */
static struct span escaped_text(const struct h2_head *h, bool last_line, struct arena *a)
{
	struct buf out = {0};
	for (size_t i = 0; i < h->n_fields; i++) {
		add_escaped(&out, h->fields[i].name, true);
		buf_add_str(&out, ": ");
		add_escaped(&out, h->fields[i].value, false);
		buf_add_str(&out, "\r\n");
	}
	if (last_line)
		buf_add_str(&out, "\r\n");
	struct span text = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return text;
}

static void take_fields(
	const struct h2_fields *in, bool last_line, struct arena *a, struct h2_head *out)
{
	struct span lines = buf_span(&in->text);
	uint8_t *text = arena_alloc(a, lines.n + 3);
	bool escape = false;
	*out = (struct h2_head){0};
	if (lines.n > 0)
		memcpy(text, lines.p, lines.n);
	memcpy(text + lines.n, "\r\n", 3);
	out->text = span_of(text, lines.n + (last_line ? 2 : 0));
	out->n_fields = in->n;
	out->fields = arena_alloc(a, (in->n + 1) * sizeof *out->fields);
	for (size_t i = 0; i < in->n; i++) {
		const struct h2_place *p = &in->places[i];
		out->fields[i] = (struct h2_field){span_of(text + p->name_at, p->name_len),
			span_of(text + p->value_at, p->value_len), p->never_indexed};
		escape |= needs_escapes(&out->fields[i]);
	}
	if (escape) {
		out->text = escaped_text(out, last_line, a);
		out->oddities |= H2_ODD(ESCAPED);
	}
}

/* ---- rules for every line ---- */

static bool is_token(struct span s, bool lower)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (lower && c >= 'A' && c <= 'Z')
			return false;
		if (!ascii_alpha(c) && !ascii_digit(c) && (c == 0 || strchr(others, c) == NULL))
			return false;
	}
	return s.n > 0;
}

static bool bad_field(const struct h2_field *f, const char *what, struct err *err)
{
	return err_set(err, ERR_FIELD, "%s: '%.*s'", what, (int)span_first(f->name, 60).n,
		(const char *)f->name.p);
}

/* RFC 9113 8.2.1 */
static bool check_value(
	const struct h2_field *f, bool strict, uint32_t *oddities, struct err *err)
{
	for (size_t i = 0; i < f->value.n; i++) {
		uint8_t c = f->value.p[i];
		if (breaks_lines(c))
			return err_set(err, c == 0 ? ERR_NUL_BYTE : ERR_FIELD,
				"byte 0x%02x in the value of '%.*s'", c,
				(int)span_first(f->name, 60).n, (const char *)f->name.p);
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			*oddities |= H2_ODD(VALUE_BYTES);
	}
	struct span trimmed = span_trim(f->value, " \t");
	if (trimmed.n == f->value.n)
		return true;
	if (strict)
		return bad_field(f, "white space around a value", err);
	*oddities |= H2_ODD(VALUE_SPACE);
	return true;
}

bool h2_of_http1(const struct h2_field *f)
{
	static const char *const names[] = {
		"connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"};
	switch (f->name.n) {
	case 2: return span_is(f->name, "te") && !span_is_nocase(f->value, "trailers");
	case 7:
	case 10:
	case 16:
	case 17: break;
	default: return false;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is(f->name, names[i]))
			return true;
	return false;
}

static bool take_length(const struct h2_field *f, struct h2_head *out, struct err *err)
{
	uint64_t length;
	if (f->name.n != 14 || !span_is(f->name, "content-length"))
		return true;
	if (!span_u64(f->value, &length) || length > INT64_MAX)
		return err_set(err, ERR_LENGTH, "'%.*s'", (int)span_first(f->value, 60).n,
			(const char *)f->value.p);
	if (out->has_length && out->length != length)
		return err_set(err, ERR_LENGTH, "%llu and %llu",
			(unsigned long long)out->length, (unsigned long long)length);
	if (out->has_length)
		out->oddities |= H2_ODD(SAME_LENGTHS);
	out->has_length = true;
	out->length = length;
	return true;
}

/* A line that is no pseudo-header. */
static bool check_line(
	const struct h2_field *f, bool strict, struct h2_head *out, struct err *err)
{
	if (!is_token(f->name, true))
		return bad_field(f, "not a field name in lower case", err);
	if (h2_of_http1(f))
		return bad_field(f, "a field of HTTP/1 connections", err);
	return check_value(f, strict, &out->oddities, err) && take_length(f, out, err);
}

static bool within_limits(const struct h2_fields *in, struct err *err)
{
	if (in->too_large)
		return err_set(err, ERR_HEAD_TOO_LARGE, "a field list of more than %d bytes",
			H2_LIST_MAX);
	if (in->too_many)
		return err_set(err, ERR_HEAD_TOO_MANY_FIELDS, "more than %d", H2_FIELDS_MAX);
	return true;
}

static bool is_pseudo(const struct h2_field *f)
{
	return f->name.n > 0 && f->name.p[0] == ':';
}

/* ---- requests ---- */

static bool bad_pseudo(const struct h2_field *f, const char *what, struct err *err)
{
	return err_set(err, ERR_PSEUDO, "%s: '%.*s'", what, (int)span_first(f->name, 60).n,
		(const char *)f->name.p);
}

/* RFC 9113 8.3: known, once each, and nothing that could be read as the end of a word or line
 * elsewhere. */
static bool take_request_pseudo(const struct h2_field *f, struct h2_head *out, struct err *err)
{
	static const char *const names[] = {":method", ":scheme", ":authority", ":path"};
	struct span *const places[] = {&out->method, &out->scheme, &out->authority, &out->path};
	for (size_t i = 0; i < f->value.n; i++)
		if (f->value.p[i] <= 0x20 || f->value.p[i] == 0x7f)
			return err_set(err, ERR_PSEUDO, "byte 0x%02x in '%.*s'", f->value.p[i],
				(int)span_first(f->name, 60).n, (const char *)f->name.p);
	for (size_t i = 0; i < 4; i++) {
		if (!span_is(f->name, names[i]))
			continue;
		if (places[i]->p != NULL)
			return bad_pseudo(f, "given twice", err);
		*places[i] = f->value;
		return true;
	}
	if (span_is(f->name, ":protocol"))
		return err_set(err, ERR_PSEUDO, "extended CONNECT was not offered");
	return bad_pseudo(f, "unknown", err);
}

static bool check_target(const struct h2_head *h, struct err *err)
{
	if (!is_token(h->method, false))
		return err_set(err, ERR_PSEUDO, ":method is %s",
			h->method.p == NULL ? "missing" : "no token");
	if (span_is(h->method, "CONNECT"))
		return err_set(err, ERR_TARGET, "CONNECT inside a tunnel");
	if (!span_is(h->scheme, "https") && !span_is(h->scheme, "http"))
		return err_set(err, ERR_PSEUDO, ":scheme is %s",
			h->scheme.p == NULL ? "missing" : "neither http nor https");
	if (h->path.n == 0)
		return err_set(err, ERR_PSEUDO, ":path is %s",
			h->path.p == NULL ? "missing" : "empty");
	if (h->path.p[0] != '/' && !(span_is(h->path, "*") && span_is(h->method, "OPTIONS")))
		return err_set(err, ERR_PSEUDO, ":path does not begin with a slash");
	return true;
}

bool h2_request_head(
	const struct h2_fields *in, struct arena *a, struct h2_head *out, struct err *err)
{
	bool regular = false, ok = true;
	take_fields(in, true, a, out);
	if (!within_limits(in, err))
		return false;
	for (size_t i = 0; ok && i < out->n_fields; i++) {
		const struct h2_field *f = &out->fields[i];
		if (is_pseudo(f)) {
			ok = regular ? bad_pseudo(f, "behind other fields", err)
				     : take_request_pseudo(f, out, err);
			continue;
		}
		regular = true;
		ok = check_line(f, true, out, err);
		if (ok && f->name.n == 4 && span_is(f->name, "host")) {
			if (out->host.p != NULL)
				return err_set(err, ERR_HOST, "given twice");
			out->host = f->value;
		}
	}
	return ok && check_target(out, err);
}

/* ---- responses ---- */

static bool take_status(const struct h2_field *f, struct h2_head *out, struct err *err)
{
	uint64_t status;
	if (!span_is(f->name, ":status"))
		return bad_pseudo(f, "unknown", err);
	if (out->status != 0)
		return bad_pseudo(f, "given twice", err);
	if (f->value.n != 3 || !span_u64(f->value, &status) || status < 100)
		return err_set(err, ERR_PSEUDO, ":status is '%.*s'",
			(int)span_first(f->value, 60).n, (const char *)f->value.p);
	out->status = (int)status;
	return true;
}

bool h2_response_head(
	const struct h2_fields *in, struct arena *a, struct h2_head *out, struct err *err)
{
	bool regular = false, ok = true;
	size_t locations = 0;
	take_fields(in, true, a, out);
	if (!within_limits(in, err))
		return false;
	for (size_t i = 0; ok && i < out->n_fields; i++) {
		const struct h2_field *f = &out->fields[i];
		if (is_pseudo(f)) {
			ok = regular ? bad_pseudo(f, "behind other fields", err)
				     : take_status(f, out, err);
			continue;
		}
		regular = true;
		ok = check_line(f, false, out, err);
		locations += f->name.n == 8 && span_is(f->name, "location");
	}
	if (locations > 1)
		out->oddities |= H2_ODD(SEVERAL_LOCATIONS);
	if (ok && out->status == 0)
		return err_set(err, ERR_PSEUDO, ":status is missing");
	/* RFC 9113 8.6 */
	if (ok && out->status == 101)
		return err_set(err, ERR_VERSION, "101 in HTTP/2");
	return ok;
}

bool h2_trailers(
	const struct h2_fields *in, struct arena *a, struct h2_head *out, struct err *err)
{
	take_fields(in, false, a, out);
	if (!within_limits(in, err))
		return false;
	for (size_t i = 0; i < out->n_fields; i++) {
		const struct h2_field *f = &out->fields[i];
		if (is_pseudo(f))
			return bad_pseudo(f, "among trailers", err);
		if (!check_line(f, false, out, err))
			return false;
	}
	return true;
}
