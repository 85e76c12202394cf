/* The fields that answers depend on: a fixed few, and those that the recorded answer's Vary
 * names. Cookies one by one. */
#include "proxy/replay_match_inner.h"

enum {
	COST_COOKIE_SHAPE = 4, /* a cookie's value, both times or tokens */
	COST_COOKIE = 16,      /* another value */
	COST_COOKIE_SET = 32,  /* a cookie on one side only */
	COST_VARY = 4
};

/* What a differing value is, what presence on one side only is, and how heavy. Another range or
 * another preflight is another answer; a value that a server made up is often new. */
static const struct deciding {
	const char *name;
	enum replay_class value, presence;
	int64_t cost;
} deciding[] = {
	{"authorization", REPLAY_FIELDS, REPLAY_STATE, 32},
	{"range", REPLAY_STATE, REPLAY_STATE, 64},
	{"if-match", REPLAY_FIELDS, REPLAY_STATE, 16},
	{"if-none-match", REPLAY_FIELDS, REPLAY_STATE, 16},
	{"if-modified-since", REPLAY_FIELDS, REPLAY_STATE, 16},
	{"if-unmodified-since", REPLAY_FIELDS, REPLAY_STATE, 16},
	{"if-range", REPLAY_FIELDS, REPLAY_STATE, 16},
	{"upgrade", REPLAY_STATE, REPLAY_STATE, 64},
	{"access-control-request-method", REPLAY_STATE, REPLAY_STATE, 64},
	{"access-control-request-headers", REPLAY_FIELDS, REPLAY_STATE, 16},
	{"content-type", REPLAY_FIELDS, REPLAY_FIELDS, 8},
	{"content-encoding", REPLAY_FIELDS, REPLAY_FIELDS, 8},
	{"origin", REPLAY_FIELDS, REPLAY_FIELDS, 8},
	{"x-requested-with", REPLAY_FIELDS, REPLAY_FIELDS, 8},
	{"referer", REPLAY_FIELDS, REPLAY_FIELDS, 4},
};
enum { N_DECIDING = sizeof deciding / sizeof *deciding };

struct fields fields_read(struct arena *a, struct span lines)
{
	struct fields out = {0};
	out.more = lines.n > REPLAY_FIELDS_MAX;
	lines = span_first(lines, REPLAY_FIELDS_MAX);
	for (size_t at = 0; at < lines.n;) {
		size_t end = span_find_byte(lines, '\n', at);
		if (end == SIZE_MAX)
			end = lines.n;
		struct span line = span_of(lines.p + at, end - at);
		at = end + 1;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0)
			break;
		size_t colon = span_find_byte(line, ':', 0);
		if (colon == SIZE_MAX || colon == 0)
			continue;
		if (out.n == REPLAY_LINES_MAX) {
			out.more = true;
			break;
		}
		struct field f = {
			span_first(line, colon), span_trim(span_from(line, colon + 1), " \t")};
		ARENA_PUSH(a, out.items, out.n, f);
	}
	return out;
}

/* RFC 9110 5.3: several lines are one list. */
struct span fields_value(struct arena *a, const struct fields *f, struct span name)
{
	const struct field *only = NULL;
	size_t total = 0, n = 0;
	for (size_t i = 0; i < f->n; i++)
		if (span_eq_nocase(f->items[i].name, name)) {
			only = &f->items[i];
			total += only->value.n + 2;
			n++;
		}
	if (n <= 1)
		return only != NULL ? only->value : SPAN_NONE;
	uint8_t *joined = arena_alloc(a, total);
	size_t at = 0;
	for (size_t i = 0; i < f->n; i++) {
		struct span value = f->items[i].value;
		if (!span_eq_nocase(f->items[i].name, name))
			continue;
		if (at > 0) {
			memcpy(joined + at, ", ", 2);
			at += 2;
		}
		if (value.n > 0)
			memcpy(joined + at, value.p, value.n);
		at += value.n;
	}
	return span_of(joined, at);
}

static void compare_field(struct comparison *c, const struct deciding *d, struct span name,
	const struct fields *recorded, const struct fields *asked)
{
	struct span r = fields_value(c->a, recorded, name);
	struct span k = fields_value(c->a, asked, name);
	bool presence = (r.p == NULL) != (k.p == NULL);
	if (!presence && span_eq(r, k))
		return;
	differ(c, presence ? d->presence : d->value, d->cost,
		(struct replay_difference){
			.what = "field", .name = name, .recorded = r, .asked = k});
}

/* RFC 6265 4.2.1; in HTTP/2 each cookie may be a field of its own. */
static struct pairs cookies_read(struct arena *a, const struct fields *f)
{
	struct pairs out = {0};
	for (size_t i = 0; i < f->n && !out.more; i++) {
		struct span s = f->items[i].value;
		if (!span_is_nocase(f->items[i].name, "cookie"))
			continue;
		for (size_t at = 0; at < s.n && !out.more;) {
			size_t end = span_find_byte(s, ';', at);
			if (end == SIZE_MAX)
				end = s.n;
			struct span piece = span_trim(span_of(s.p + at, end - at), " \t");
			size_t eq = span_find_byte(piece, '=', 0);
			at = end + 1;
			if (piece.n == 0)
				continue;
			if (eq == SIZE_MAX) /* a value without name, as browsers send it */
				pairs_add(&out, a, SPAN_NONE, piece, SPAN_NONE);
			else
				pairs_add(&out, a, span_first(piece, eq),
					span_from(piece, eq + 1), SPAN_NONE);
		}
	}
	return out;
}

static void cookies_compare(
	struct comparison *c, const struct fields *recorded, const struct fields *asked)
{
	struct pairs r = cookies_read(c->a, recorded), k = cookies_read(c->a, asked);
	if (r.more || k.more) {
		differ_limit(c, REPLAY_STATE, "cookies");
		c->out->weight += REPLAY_WEIGHT_COOKIES;
		return;
	}
	struct couples left = pairs_couple(c->a, &r, &k);
	if (left.singles > 0)
		c->out->weight += REPLAY_WEIGHT_COOKIES;
	for (size_t i = 0; i < left.n; i++) {
		const struct pair *x = left.items[i].recorded, *y = left.items[i].asked;
		struct replay_difference d = {.what = "cookie",
			.name = x != NULL ? x->name : y->name,
			.recorded = x != NULL ? x->value : SPAN_NONE,
			.asked = y != NULL ? y->value : SPAN_NONE};
		if (x == NULL || y == NULL) {
			differ(c, REPLAY_STATE, COST_COOKIE_SET, d);
			continue;
		}
		d.shape = shape_of_both(c->a, SHAPE_VALUE, x->name, x->value, y->value).word;
		differ(c, REPLAY_FIELDS, d.shape != NULL ? COST_COOKIE_SHAPE : COST_COOKIE, d);
	}
}

/* Those that are compared anyway, and Host, which the URL says. */
static bool is_compared(struct span name)
{
	for (size_t i = 0; i < N_DECIDING; i++)
		if (span_is_nocase(name, deciding[i].name))
			return true;
	return span_is_nocase(name, "cookie") || span_is_nocase(name, "host");
}

/* "*" says that no field tells, and names none. */
static void vary_compare(struct comparison *c, struct span vary, const struct fields *recorded,
	const struct fields *asked)
{
	static const struct deciding varied = {NULL, REPLAY_FIELDS, REPLAY_FIELDS, COST_VARY};
	struct span names[REPLAY_VARY_MAX];
	size_t n = 0;
	for (size_t at = 0; at < vary.n;) {
		size_t end = span_find_byte(vary, ',', at), i = 0;
		if (end == SIZE_MAX)
			end = vary.n;
		struct span name = span_trim(span_of(vary.p + at, end - at), " \t");
		at = end + 1;
		while (i < n && !span_eq_nocase(names[i], name))
			i++;
		if (i < n || name.n == 0 || span_is(name, "*") || is_compared(name))
			continue;
		if (n == REPLAY_VARY_MAX) {
			differ_limit(c, REPLAY_STATE, "vary");
			return;
		}
		names[n++] = name;
		compare_field(c, &varied, name, recorded, asked);
	}
}

void fields_compare(
	struct comparison *c, const struct replay_ask *recorded, const struct replay_ask *asked)
{
	if (span_eq(recorded->fields, asked->fields))
		return;
	struct fields r = fields_read(c->a, recorded->fields);
	struct fields k = fields_read(c->a, asked->fields);
	if (r.more || k.more)
		differ_limit(c, REPLAY_STATE, "fields");
	cookies_compare(c, &r, &k);
	for (size_t i = 0; i < N_DECIDING; i++)
		compare_field(c, &deciding[i], span_str(deciding[i].name), &r, &k);
	vary_compare(c, recorded->vary, &r, &k);
}
