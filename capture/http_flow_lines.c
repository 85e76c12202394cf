/* Decoded field lines of HTTP/2 (RFC 9113 8) as messages. Requests are held to the letter; of
 * responses what browsers take passes. */
#include "capture/http_flow_inner.h"
#include "capture/wire/http1.h"

#include <stdlib.h>

void http_lines_fini(struct http_lines *l)
{
	buf_fini(&l->text);
	buf_fini(&l->escaped);
	free(l->of);
	*l = (struct http_lines){0};
}

void http_lines_clear(struct http_lines *l)
{
	buf_clear(&l->text);
	buf_clear(&l->escaped);
	l->n = l->size = 0;
	l->too_large = l->too_many = false;
}

void http_lines_add(struct http_lines *l, struct span name, struct span value)
{
	l->size += name.n + value.n + HTTP_LINE_OVERHEAD;
	if (l->size > HTTP_LINES_SIZE_MAX)
		l->too_large = true;
	if (l->n == HTTP_LINES_MAX)
		l->too_many = true;
	if (l->too_large || l->too_many)
		return;
	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? 2 * l->cap : 32;
		l->of = reallocarray(l->of, l->cap, sizeof *l->of);
		if (l->of == NULL)
			abort();
	}
	l->of[l->n++] = (struct http_line){
		(uint32_t)buf_len(&l->text), (uint32_t)name.n, (uint32_t)value.n};
	buf_add_span(&l->text, name);
	buf_add_str(&l->text, ": ");
	buf_add_span(&l->text, value);
	buf_add_str(&l->text, "\r\n");
}

struct span http_lines_words(uint32_t oddities, struct buf *out)
{
	static const char *const words[] = {
#define X(name, word) word,
		HTTP_LINES_ODDITIES(X)
#undef X
	};
	if (oddities == 0)
		return SPAN_NONE;
	for (size_t i = 0; i < HTTP_LINES_ODDITY_COUNT; i++) {
		if ((oddities >> i & 1) == 0)
			continue;
		buf_add_str(out, buf_len(out) > 0 ? " " : "");
		buf_add_str(out, words[i]);
	}
	return buf_span(out);
}

static struct span name_of(const struct http_lines *l, size_t i)
{
	return span_of(buf_span(&l->text).p + l->of[i].at, l->of[i].name);
}

static struct span value_of(const struct http_lines *l, size_t i)
{
	const struct http_line *x = &l->of[i];
	return span_of(buf_span(&l->text).p + x->at + x->name + 2, x->value);
}

/* ---- the text ---- */

static bool ends_lines(uint8_t c)
{
	return c == 0 || c == '\r' || c == '\n';
}

/* A byte at i that would make the text be read as other lines. */
static bool misleads(struct span s, size_t i, bool name)
{
	return ends_lines(s.p[i]) || (name && i > 0 && s.p[i] == ':');
}

static bool any_misleads(struct span s, bool name)
{
	for (size_t i = 0; i < s.n; i++)
		if (misleads(s, i, name))
			return true;
	return false;
}

static void escape(struct buf *out, struct span s, bool name)
{
	for (size_t i = 0; i < s.n; i++) {
		if (misleads(s, i, name) || s.p[i] == '\\')
			buf_addf(out, "\\x%02x", s.p[i]);
		else
			buf_add_byte(out, s.p[i]);
	}
}

/* What facts have as `fields`; then spans of lines may be taken. */
static void take_text(struct http_lines *l, bool head, struct http_lines_read *out)
{
	bool escaped = false;
	*out = (struct http_lines_read){0};
	/* Behind it nothing is added any more: spans stay where they are. */
	if (head)
		buf_add_str(&l->text, "\r\n");
	for (size_t i = 0; i < l->n && !escaped; i++)
		escaped = any_misleads(name_of(l, i), true) ||
			  any_misleads(value_of(l, i), false);
	out->text = buf_span(&l->text);
	if (out->text.p == NULL)
		out->text = span_str("");
	if (!escaped)
		return;
	out->oddities |= HTTP_LINES_ODD(ESCAPED);
	for (size_t i = 0; i < l->n; i++) {
		escape(&l->escaped, name_of(l, i), true);
		buf_add_str(&l->escaped, ": ");
		escape(&l->escaped, value_of(l, i), false);
		buf_add_str(&l->escaped, "\r\n");
	}
	if (head)
		buf_add_str(&l->escaped, "\r\n");
	out->text = buf_span(&l->escaped);
}

/* ---- rules ---- */

static bool within_limits(const struct http_lines *l, struct err *err)
{
	if (l->too_large)
		return err_set(err, ERR_HEAD_TOO_LARGE, "a field list of more than %d bytes",
			HTTP_LINES_SIZE_MAX);
	if (l->too_many)
		return err_set(err, ERR_HEAD_TOO_MANY_FIELDS, "more than %d", HTTP_LINES_MAX);
	return true;
}

static bool bad(enum err_kind kind, struct span name, const char *what, struct err *err)
{
	return err_set(err, kind, "%s: '%.*s'", what, (int)span_first(name, 60).n,
		(const char *)name.p);
}

/* RFC 9113 8.2.1 */
static bool name_allowed(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] >= 'A' && name.p[i] <= 'Z')
			return false;
	return http1_is_token(name);
}

/* RFC 9113 8.2.2 */
static bool of_http1(struct span name, struct span value)
{
	static const char *const names[] = {
		"connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is(name, names[i]))
			return true;
	return span_is(name, "te") && !span_is_nocase(value, "trailers");
}

/* RFC 9113 8.2.1 */
static bool value_allowed(struct span name, struct span value, bool strict,
	struct http_lines_read *out, struct err *err)
{
	for (size_t i = 0; i < value.n; i++) {
		uint8_t c = value.p[i];
		if (ends_lines(c))
			return bad(c == 0 ? ERR_NUL_BYTE : ERR_FIELD, name,
				"a value holds CR, LF or NUL", err);
		if (c == 0x7f || (c < 0x20 && c != '\t'))
			out->oddities |= HTTP_LINES_ODD(VALUE_BYTES);
	}
	if (span_trim(value, " \t").n == value.n)
		return true;
	if (strict)
		return bad(ERR_FIELD, name, "white space around a value", err);
	out->oddities |= HTTP_LINES_ODD(VALUE_SPACE);
	return true;
}

/* RFC 9110 8.6 */
static bool take_length(struct span value, struct http_lines_read *out, struct err *err)
{
	uint64_t length;
	if (!span_u64(value, &length) || length > INT64_MAX)
		return err_set(err, ERR_LENGTH, "'%.*s'", (int)span_first(value, 60).n,
			(const char *)value.p);
	if (out->has_length && out->length != length)
		return err_set(err, ERR_LENGTH, "%llu and %llu",
			(unsigned long long)out->length, (unsigned long long)length);
	if (out->has_length)
		out->oddities |= HTTP_LINES_ODD(SAME_LENGTHS);
	out->has_length = true;
	out->length = length;
	return true;
}

/* A line that is no pseudo-header. */
static bool take_line(struct span name, struct span value, bool strict,
	struct http_lines_read *out, struct err *err)
{
	if (!name_allowed(name))
		return bad(ERR_FIELD, name, "not a field name in lower case", err);
	if (of_http1(name, value))
		return bad(ERR_FIELD, name, "a field of HTTP/1 connections", err);
	if (!value_allowed(name, value, strict, out, err))
		return false;
	return !span_is(name, "content-length") || take_length(value, out, err);
}

static bool is_pseudo(struct span name)
{
	return name.n > 0 && name.p[0] == ':';
}

/* ---- requests ---- */

/* RFC 9113 8.3.1 */
static bool take_request_pseudo(
	struct span name, struct span value, struct http_lines_read *out, struct err *err)
{
	struct span *place = NULL;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] <= 0x20 || value.p[i] == 0x7f)
			return bad(ERR_PSEUDO, name, "a byte that is no part of a target", err);
	if (span_is(name, ":method"))
		place = &out->method;
	else if (span_is(name, ":scheme"))
		place = &out->scheme;
	else if (span_is(name, ":authority"))
		place = &out->authority;
	else if (span_is(name, ":path"))
		place = &out->path;
	else
		return bad(ERR_PSEUDO, name, "unknown, or not offered", err);
	if (place->p != NULL)
		return bad(ERR_PSEUDO, name, "given twice", err);
	*place = value;
	return true;
}

static bool check_target(const struct http_lines_read *r, struct err *err)
{
	if (!http1_is_token(r->method))
		return err_set(err, ERR_PSEUDO, ":method is missing or no token");
	if (span_is(r->method, "CONNECT"))
		return err_set(err, ERR_TARGET, "CONNECT inside a tunnel");
	if (!span_is(r->scheme, "https") && !span_is(r->scheme, "http"))
		return err_set(err, ERR_PSEUDO, ":scheme is missing, or none of HTTP's");
	if (r->path.n == 0)
		return err_set(err, ERR_PSEUDO, ":path is missing or empty");
	bool star = span_is(r->path, "*") && span_is(r->method, "OPTIONS");
	if (r->path.p[0] != '/' && !star)
		return err_set(err, ERR_PSEUDO, ":path does not begin with a slash");
	return true;
}

bool http_lines_request(struct http_lines *l, struct http_lines_read *out, struct err *err)
{
	bool regular = false;
	take_text(l, true, out);
	for (size_t i = 0; i < l->n; i++)
		out->secret |= span_is_nocase(name_of(l, i), "proxy-authorization");
	if (!within_limits(l, err))
		return false;
	for (size_t i = 0; i < l->n; i++) {
		struct span name = name_of(l, i), value = value_of(l, i);
		if (is_pseudo(name) && regular)
			return bad(ERR_PSEUDO, name, "behind other fields", err);
		if (is_pseudo(name)) {
			if (!take_request_pseudo(name, value, out, err))
				return false;
			continue;
		}
		regular = true;
		if (!take_line(name, value, true, out, err))
			return false;
		if (!span_is(name, "host"))
			continue;
		if (out->host.p != NULL)
			return err_set(err, ERR_HOST, "given twice");
		out->host = value;
	}
	return check_target(out, err);
}

/* ---- responses ---- */

/* RFC 9113 8.3.2 */
static bool take_status(
	struct span name, struct span value, struct http_lines_read *out, struct err *err)
{
	uint64_t status;
	if (!span_is(name, ":status"))
		return bad(ERR_PSEUDO, name, "unknown", err);
	if (out->status != 0)
		return bad(ERR_PSEUDO, name, "given twice", err);
	if (value.n != 3 || !span_u64(value, &status) || status < 100)
		return err_set(err, ERR_PSEUDO, ":status is '%.*s'",
			(int)span_first(value, 60).n, (const char *)value.p);
	out->status = (int)status;
	return true;
}

bool http_lines_response(struct http_lines *l, struct http_lines_read *out, struct err *err)
{
	bool regular = false, ok = true;
	size_t locations = 0;
	take_text(l, true, out);
	if (!within_limits(l, err))
		return false;
	for (size_t i = 0; i < l->n && ok; i++) {
		struct span name = name_of(l, i), value = value_of(l, i);
		if (is_pseudo(name)) {
			ok = regular ? bad(ERR_PSEUDO, name, "behind other fields", err)
				     : take_status(name, value, out, err);
			continue;
		}
		regular = true;
		ok = take_line(name, value, false, out, err);
		locations += span_is(name, "location");
	}
	if (locations > 1)
		out->oddities |= HTTP_LINES_ODD(SEVERAL_LOCATIONS);
	if (!ok)
		return false;
	if (out->status == 0)
		return err_set(err, ERR_PSEUDO, ":status is missing");
	/* RFC 9113 8.6 */
	if (out->status == 101)
		return err_set(err, ERR_VERSION, "101 in HTTP/2");
	return true;
}

/* RFC 9113 8.1 */
bool http_lines_trailers(struct http_lines *l, struct http_lines_read *out, struct err *err)
{
	take_text(l, false, out);
	if (!within_limits(l, err))
		return false;
	for (size_t i = 0; i < l->n; i++) {
		if (is_pseudo(name_of(l, i)))
			return bad(ERR_PSEUDO, name_of(l, i), "among trailers", err);
		if (!take_line(name_of(l, i), value_of(l, i), false, out, err))
			return false;
	}
	return true;
}
