/* The name of a download, out of words that somebody wrote who may wish that it is taken for
 * another. */
#include "store/base/codec.h"
#include "store/base/buf.h"
#include "store/derive/file_facts.h"
#include "store/derive/url.h"

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* A quoted-string (RFC 9110 5.6.4) without its quotes, or a token up to ';'. */
static struct span take_value(struct arena *a, struct span *left)
{
	if (left->n == 0 || left->p[0] != '"') {
		struct span v = span_first(*left, span_find_byte(*left, ';', 0));
		*left = span_from(*left, v.n);
		return span_trim(v, " \t");
	}
	size_t end = 1, n = 0, at = 1;
	while (end < left->n && left->p[end] != '"')
		end += left->p[end] == '\\' && end + 1 < left->n ? 2 : 1;
	uint8_t *out = arena_alloc(a, end);
	while (at < left->n && left->p[at] != '"') {
		if (left->p[at] == '\\' && at + 1 < left->n)
			at++;
		out[n++] = left->p[at++];
	}
	*left = span_from(*left, at + 1);
	return span_of(out, n);
}

/* ISO-8859-1 as UTF-8. */
static struct span widened(struct arena *a, struct span s)
{
	uint8_t *out = arena_alloc(a, 2 * s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= 0x80) {
			out[n++] = (uint8_t)(0xc0 | s.p[i] >> 6);
			out[n++] = (uint8_t)(0x80 | (s.p[i] & 0x3f));
		} else {
			out[n++] = s.p[i];
		}
	}
	return span_of(out, n);
}

/* charset'language'percent-encoded (RFC 8187 3.2). */
static struct span extended(struct arena *a, struct span v)
{
	size_t first = span_find_byte(v, '\'', 0);
	size_t second = first != SIZE_MAX ? span_find_byte(v, '\'', first + 1) : SIZE_MAX;
	if (second == SIZE_MAX)
		return SPAN_NONE;
	struct span charset = span_first(v, first),
		    text = url_unescape(a, span_from(v, second + 1), false);
	if (span_is_nocase(charset, "utf-8"))
		return text_valid(text) ? text : SPAN_NONE;
	return span_is_nocase(charset, "iso-8859-1") ? widened(a, text) : SPAN_NONE;
}

/* The filename* of a field if it has one that can be read (RFC 6266 4.3), else its filename. */
static struct span of_disposition(struct arena *a, struct span field)
{
	struct span plain = SPAN_NONE, best = SPAN_NONE, left = field;
	size_t end = span_find_byte(left, ';', 0);
	left = end != SIZE_MAX ? span_from(left, end) : span_of(field.p, 0);
	while (left.n > 0) {
		while (left.n > 0 && (left.p[0] == ';' || is_space(left.p[0])))
			left = span_from(left, 1);
		size_t equals = span_find_byte(left, '=', 0),
		       next = span_find_byte(left, ';', 0);
		if (equals == SIZE_MAX || (next < equals)) {
			left = next == SIZE_MAX ? span_of(left.p, 0) : span_from(left, next);
			continue;
		}
		struct span name = span_trim(span_first(left, equals), " \t");
		left = span_from(left, equals + 1);
		while (left.n > 0 && is_space(left.p[0]))
			left = span_from(left, 1);
		struct span v = take_value(a, &left);
		if (span_is_nocase(name, "filename*") && best.p == NULL)
			best = extended(a, v);
		else if (span_is_nocase(name, "filename") && plain.p == NULL)
			plain = text_valid(v) ? v : widened(a, v);
		end = span_find_byte(left, ';', 0);
		left = end != SIZE_MAX ? span_from(left, end) : span_of(field.p, 0);
	}
	return best.n > 0 ? best : plain;
}

static struct span of_url(struct arena *a, struct span href)
{
	struct url u;
	if (!url_parse(a, NULL, href, &u) || u.opaque_path)
		return SPAN_NONE;
	struct span path = u.path;
	for (size_t at; (at = span_find_byte(path, '/', 0)) != SIZE_MAX;)
		path = span_from(path, at + 1);
	struct span name = url_unescape(a, path, false);
	return text_valid(name) ? name : widened(a, name);
}

/* Bytes that no file name should hold, on any system. */
static bool is_forbidden(uint8_t c)
{
	return c < 0x20 || c == 0x7f || strchr("/\\:*?\"<>|%", c) != NULL;
}

struct span file_name_safe(struct arena *a, struct span name)
{
	uint8_t *out = arena_alloc(a, FILE_NAME_MAX + 8);
	size_t n = 0;
	/* What text_escape would change is more than a byte, and hides or turns what follows.
	 */
	for (size_t i = 0; i < name.n && n < FILE_NAME_MAX;) {
		uint8_t c = name.p[i];
		size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		struct span one = span_first(span_from(name, i), len);
		char shown[16];
		size_t same = text_escape(one, shown, sizeof shown);
		bool good = same == one.n && memcmp(shown, one.p, one.n) == 0;
		i += good ? len : 1;
		if (!good || is_forbidden(c)) {
			/* One mark for a run of them. */
			if (n == 0 || out[n - 1] != '_')
				out[n++] = '_';
		} else if (n + len <= FILE_NAME_MAX) {
			memcpy(out + n, one.p, len);
			n += len;
		} else {
			break;
		}
	}
	while (n > 0 && (out[n - 1] == '.' || out[n - 1] == ' '))
		n--;
	size_t from = 0;
	while (from < n && (out[from] == '.' || out[from] == ' ' || out[from] == '-'))
		from++;
	return span_of(out + from, n - from);
}

struct span file_name(struct arena *a, struct span disposition, struct span url)
{
	struct span name = file_name_safe(a, of_disposition(a, disposition));
	if (name.n == 0)
		name = file_name_safe(a, of_url(a, url));
	return name.n > 0 ? name : span_str("download");
}
