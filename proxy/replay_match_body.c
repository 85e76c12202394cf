/* Bodies: the same bytes, the same form with other values, or another body. */
#include "proxy/replay_match_inner.h"

enum {
	COST_SHAPE = 4,  /* a value of a form, both times or tokens */
	COST_VALUE = 16, /* another value */
	COST_ORDER = 1,  /* nothing but order, white space or a boundary */
	COST_FREE = 64   /* another body; once more if nothing of it is the same */
};

enum { BOUNDARY_MAX = 70 }; /* RFC 2046 5.1.1 */
enum body_form { FORM_NONE, FORM_URLENCODED, FORM_MULTIPART, FORM_JSON };

static uint64_t body_size(const struct replay_ask *x)
{
	return x->body_size > x->body.n ? x->body_size : x->body.n;
}

static bool is_whole(const struct replay_ask *x)
{
	return body_size(x) == x->body.n;
}

static bool body_same(const struct replay_ask *r, const struct replay_ask *k)
{
	if (body_size(r) != body_size(k))
		return false;
	if (is_whole(r) && is_whole(k))
		return span_eq(r->body, k->body);
	return r->body_sha256 != NULL && k->body_sha256 != NULL &&
	       memcmp(r->body_sha256, k->body_sha256, 32) == 0;
}

/* RFC 9110 5.6.6, as far as media types and dispositions of browsers need it. */
struct span parameter_value(struct span s, const char *name)
{
	bool quoted = false;
	size_t start = 0;
	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] == '"')
			quoted = !quoted;
		if (i < s.n && (quoted || s.p[i] != ';'))
			continue;
		struct span piece = span_trim(span_of(s.p + start, i - start), " \t");
		size_t eq = span_find_byte(piece, '=', 0);
		if (eq != SIZE_MAX && span_is_nocase(span_first(piece, eq), name))
			return span_trim(span_from(piece, eq + 1), "\"");
		start = i + 1;
	}
	return SPAN_NONE;
}

static struct span essence(struct span media_type)
{
	return span_trim(span_first(media_type, span_find_byte(media_type, ';', 0)), " \t");
}

static enum body_form form_of(struct span media_type)
{
	struct span s = essence(media_type);
	if (span_is_nocase(s, "application/x-www-form-urlencoded"))
		return FORM_URLENCODED;
	if (span_is_nocase(s, "multipart/form-data"))
		return FORM_MULTIPART;
	if (span_is_nocase(s, "application/json") || span_is_nocase(s, "text/json") ||
		span_ends_nocase(s, "+json"))
		return FORM_JSON;
	return FORM_NONE;
}

static size_t line_end(struct span s, size_t at)
{
	size_t end = span_find(s, span_str("\r\n"), at);
	return end == SIZE_MAX ? s.n : end;
}

/* The name in a part's Content-Disposition (RFC 7578 4.2); absent if it has none. */
static struct span part_name(struct span head)
{
	for (size_t at = 0; at < head.n;) {
		size_t end = line_end(head, at);
		struct span line = span_of(head.p + at, end - at);
		if (span_starts_nocase(line, "content-disposition:"))
			return parameter_value(line, "name");
		at = end + 2;
	}
	return SPAN_NONE;
}

/* RFC 2046 5.1.1, without preamble: what browsers send. */
bool match_multipart_pairs(
	struct arena *a, struct span media_type, struct span body, struct pairs *out)
{
	struct span boundary = parameter_value(media_type, "boundary");
	if (boundary.n == 0 || boundary.n > BOUNDARY_MAX)
		return false;
	uint8_t *mark_bytes = arena_alloc(a, 4 + boundary.n);
	memcpy(mark_bytes, "\r\n--", 4);
	memcpy(mark_bytes + 4, boundary.p, boundary.n);
	struct span mark = span_of(mark_bytes, 4 + boundary.n);
	struct span first = span_from(mark, 2);
	if (body.n < first.n || !span_eq(span_first(body, first.n), first))
		return false;
	for (size_t at = first.n; !out->more;) {
		struct span rest = span_from(body, at);
		if (span_starts(rest, "--"))
			return true;
		size_t end = span_find(body, mark, at);
		if (!span_starts(rest, "\r\n") || end == SIZE_MAX)
			return false;
		struct span part = span_of(rest.p, end - at);
		size_t blank = span_find(part, span_str("\r\n\r\n"), 0);
		if (blank == SIZE_MAX)
			return false;
		struct span head = span_from(span_first(part, blank), 2);
		struct span name = part_name(head);
		if (name.p == NULL)
			return false;
		pairs_add(out, a, name, span_from(part, blank + 4), head);
		at = end + mark.n;
	}
	return false;
}

static bool form_read(struct arena *a, enum body_form form, struct span media_type,
	struct span body, struct pairs *out)
{
	switch (form) {
	case FORM_NONE: return false;
	case FORM_URLENCODED: *out = pairs_split(a, body, false); return !out->more;
	case FORM_MULTIPART: return match_multipart_pairs(a, media_type, body, out);
	case FORM_JSON: return match_json_pairs(a, body, out);
	}
	return false;
}

/* True if both bodies are of one form, with the differences listed. */
static bool form_compare(struct comparison *c, enum body_form form, struct span type_r,
	struct span type_k, const struct replay_ask *recorded, const struct replay_ask *asked)
{
	static const char *const words[] = {[FORM_NONE] = "body",
		[FORM_URLENCODED] = "form",
		[FORM_MULTIPART] = "part",
		[FORM_JSON] = "json"};
	struct pairs r = {0}, k = {0};
	/* Both are read, whatever the first one is: a limit is then said from either side. */
	bool good_r = form_read(c->a, form, type_r, recorded->body, &r);
	bool good_k = form_read(c->a, form, type_k, asked->body, &k);
	if (r.more || k.more)
		differ_limit(c, REPLAY_BODY_FREE, "body");
	if (!good_r || !good_k || r.more || k.more)
		return false;
	struct couples left = pairs_couple(c->a, &r, &k);
	if (left.singles > 0)
		return false;
	for (size_t i = 0; i < left.n; i++) {
		const struct pair *x = left.items[i].recorded, *y = left.items[i].asked;
		struct replay_difference d = {.what = words[form],
			.name = x->name,
			.recorded = x->value,
			.asked = y->value};
		if ((x->value.p == NULL) == (y->value.p == NULL) &&
			span_eq(x->value, y->value)) {
			d.recorded = x->head;
			d.asked = y->head;
		} else {
			struct shape shape =
				shape_of_both(c->a, SHAPE_VALUE, x->name, x->value, y->value);
			d.shape = shape.word;
		}
		differ(c, REPLAY_BODY, d.shape != NULL ? COST_SHAPE : COST_VALUE, d);
	}
	if (left.n == 0)
		differ(c, REPLAY_BODY, COST_ORDER,
			(struct replay_difference){.what = "order",
				.recorded = recorded->body,
				.asked = asked->body});
	return true;
}

/* How much of two bodies is the same at both ends: of several other bodies, the most similar is
 * the best. */
static int64_t unlikeness(struct span a, struct span b)
{
	size_t shorter = a.n < b.n ? a.n : b.n, longer = a.n < b.n ? b.n : a.n, front = 0,
	       back = 0;
	while (front < shorter && a.p[front] == b.p[front])
		front++;
	while (back < shorter - front && a.p[a.n - 1 - back] == b.p[b.n - 1 - back])
		back++;
	return longer == 0 ? 0 : COST_FREE - (int64_t)((front + back) * COST_FREE / longer);
}

void match_body(
	struct comparison *c, const struct replay_ask *recorded, const struct replay_ask *asked)
{
	if (body_same(recorded, asked))
		return;
	struct fields fields_r = fields_read(c->a, recorded->fields);
	struct fields fields_k = fields_read(c->a, asked->fields);
	struct span name = span_str("content-type"), coding = span_str("content-encoding");
	struct span type_r = match_value(c->a, &fields_r, name);
	struct span type_k = match_value(c->a, &fields_k, name);
	bool plain = match_value(c->a, &fields_r, coding).p == NULL &&
		     match_value(c->a, &fields_k, coding).p == NULL;
	bool whole = is_whole(recorded) && is_whole(asked);
	enum body_form form = form_of(type_r);
	if (!whole || recorded->body.n > REPLAY_BODY_KEPT || asked->body.n > REPLAY_BODY_KEPT)
		differ_limit(c, REPLAY_BODY_FREE, "body");
	else if (plain && form == form_of(type_k) && form != FORM_NONE &&
		 form_compare(c, form, type_r, type_k, recorded, asked))
		return;
	differ(c, REPLAY_BODY_FREE, COST_FREE + unlikeness(recorded->body, asked->body),
		(struct replay_difference){
			.what = "body", .recorded = recorded->body, .asked = asked->body});
}
