#include "capture/wire/http1_inner.h"

void http1_oddity_words(uint32_t oddities, struct buf *out)
{
	static const char *const words[] = {
#define X(name, word, sentence) [HTTP1_BIT_##name] = word,
		HTTP1_ODDITIES(X)
#undef X
	};
	size_t before = buf_len(out);
	for (size_t i = 0; i < HTTP1_ODDITY_COUNT; i++) {
		if ((oddities & 1u << i) == 0)
			continue;
		if (buf_len(out) > before)
			buf_add_byte(out, ' ');
		buf_add_str(out, words[i]);
	}
}

const struct http1_field *http1_find(
	const struct http1_head *head, const char *name, size_t *at)
{
	for (; *at < head->n_fields; ++*at)
		if (span_is_nocase(head->fields[*at].name, name))
			return &head->fields[*at];
	return NULL;
}

struct span http1_value(const struct http1_head *head, const char *name)
{
	size_t at = 0;
	const struct http1_field *f = http1_find(head, name, &at);
	return f != NULL ? f->value : SPAN_NONE;
}

bool http1_list_next(struct span list, size_t *at, struct span *element)
{
	if (*at > list.n)
		return false;
	size_t comma = span_find_byte(list, ',', *at);
	size_t end = comma == SIZE_MAX ? list.n : comma;
	*element = span_trim(span_of(list.p + *at, end - *at), " \t");
	*at = end + 1;
	return true;
}

bool http1_has_token(const struct http1_head *head, const char *name, const char *token)
{
	size_t at = 0;
	for (const struct http1_field *f; (f = http1_find(head, name, &at)) != NULL; at++) {
		struct span element;
		for (size_t from = 0; http1_list_next(f->value, &from, &element);)
			if (span_is_nocase(element, token))
				return true;
	}
	return false;
}

/* One field as it was written: its lines, and their text as one line. */
struct field_lines {
	struct span raw;
	struct span text;
};

/* RFC 9112 5.2: in a response a line that starts with white space goes on with the field
 * before; one space joins them. */
static void cut_field(struct span *rest, enum http1_side side, struct arena *a,
	struct field_lines *out, uint32_t *oddities)
{
	out->raw = http1_cut_line(rest);
	out->text = http1_line_text(out->raw, oddities);
	size_t first = out->raw.n;
	while (side == HTTP1_RESPONSE && rest->n > 0 && http1_blank(rest->p[0]))
		out->raw.n += http1_cut_line(rest).n;
	if (out->raw.n == first)
		return;

	*oddities |= HTTP1_ODD(OBS_FOLD);
	uint8_t *joined = arena_alloc(a, out->raw.n);
	struct span piece = out->text;
	size_t n = 0;
	for (struct span more = span_from(out->raw, first);;) {
		while (piece.n > 0 && strchr(HTTP1_BLANKS, piece.p[piece.n - 1]) != NULL)
			piece.n--;
		if (piece.n > 0)
			memcpy(joined + n, piece.p, piece.n);
		n += piece.n;
		if (more.n == 0)
			break;
		joined[n++] = ' ';
		piece = span_trim(
			http1_line_text(http1_cut_line(&more), oddities), HTTP1_BLANKS);
	}
	out->text = span_of(joined, n);
}

/* RFC 9112 5: token, colon, value, nothing else. Control bytes in a value are passed on:
 * scripts may send them. */
static bool request_field(
	const struct http1_field *f, struct span text, size_t colon, struct err *err)
{
	if (text.n > 0 && http1_blank(text.p[0]))
		return err_set(
			err, ERR_FIELD, "a request's header line starts with white space");
	if (colon == SIZE_MAX)
		return err_set(err, ERR_FIELD, "a request's header line has no colon");
	if (!http1_is_token(f->name))
		return err_set(err, ERR_FIELD, "a request's field name is not a token");
	if (span_find_byte(text, '\r', 0) != SIZE_MAX)
		return err_set(err, ERR_FIELD, "a CR stands inside a request's header line");
	return true;
}

/*
 * What browsers do with a malformed line was measured with Firefox: they leave out the field
 * and take the response. The line is kept here with its name as written, so that it matches no
 * name we ask for. Where readers differ on whether a field that frames the message is there at
 * all, nobody can say where the message ends: refused.
 */
static bool response_field(const struct http1_field *f, struct span text, size_t colon,
	uint32_t *oddities, struct err *err)
{
	if (http1_hides_framing(f->line))
		return err_set(err, ERR_FIELD, "a framing field hides behind a bare CR");
	if (colon == SIZE_MAX) {
		*oddities |= HTTP1_ODD(NO_COLON);
		return true;
	}
	if (http1_nearly_framing(f->name))
		return err_set(err, ERR_FIELD, "a framing field's name is malformed");
	if (f->name.n == 0)
		*oddities |= HTTP1_ODD(EMPTY_NAME);
	else if (http1_blank(text.p[colon - 1]) && http1_is_token(span_trim(f->name, " \t")) &&
		 !http1_blank(text.p[0]))
		*oddities |= HTTP1_ODD(SPACE_BEFORE_COLON);
	else if (!http1_is_token(f->name))
		*oddities |= HTTP1_ODD(NAME_BYTES);
	return true;
}

bool http1_read_fields(struct span lines, enum http1_side side, struct arena *a,
	struct http1_head *out, struct err *err)
{
	while (lines.n > 0) {
		struct field_lines got;
		cut_field(&lines, side, a, &got, &out->oddities);
		size_t colon = span_find_byte(got.text, ':', 0);
		struct http1_field f = {
			.name = span_first(got.text, colon == SIZE_MAX ? got.text.n : colon),
			.value = span_trim(
				span_from(got.text, colon == SIZE_MAX ? got.text.n : colon + 1),
				HTTP1_BLANKS),
			.line = got.raw,
		};
		if (side == HTTP1_REQUEST
				? !request_field(&f, got.text, colon, err)
				: !response_field(&f, got.text, colon, &out->oddities, err))
			return false;
		if (colon == SIZE_MAX)
			continue;
		if (http1_has_controls(f.value))
			out->oddities |= HTTP1_ODD(VALUE_BYTES);
		ARENA_PUSH(a, out->fields, out->n_fields, f);
	}
	size_t at = 0;
	if (http1_find(out, "location", &at) != NULL &&
		(at++, http1_find(out, "location", &at)) != NULL)
		out->oddities |= HTTP1_ODD(SEVERAL_LOCATIONS);
	return true;
}
