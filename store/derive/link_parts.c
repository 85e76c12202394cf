#include "store/derive/link_parts.h"
#include "store/derive/link_address.h"
#include "store/derive/link_names.h"
#include "store/derive/wrapper_recipe.h"

#include <stdlib.h>

const char *link_known_word(enum link_known k)
{
	static const char *const words[] = {"rule", "name", "address", "shape"};
	return words[k];
}

bool link_is_recipient(enum wrapper_label l)
{
	return l == LABEL_RECIPIENT || l == LABEL_MAYBE_RECIPIENT;
}

const char *link_label_word(enum wrapper_label l)
{
	return wrapper_label_word(l == LABEL_MAYBE_RECIPIENT ? LABEL_RECIPIENT : l);
}

struct reader {
	struct arena *a;
	const struct url *link;
	struct link_reading *out;
	const struct link_piece *piece; /* that addresses are looked for in */
	bool exact[LINK_PARTS_MAX]; /* the value is the link's own bytes, at most unescaped */
};

static size_t offset_of(const struct reader *r, struct span raw)
{
	return (size_t)(raw.p - r->link->href.p);
}

static void add(struct reader *r, struct link_part part, bool exact)
{
	struct link_reading *out = r->out;
	if (part.length == 0)
		return;
	if (out->n_parts == LINK_PARTS_MAX) {
		out->more = true;
		return;
	}
	r->exact[out->n_parts] = exact;
	out->parts[out->n_parts++] = part;
}

static void read_by_rule(struct reader *r, const struct wrapper_rule *rule)
{
	const struct wrapper_part_rule *p = rule != NULL ? rule->parts : NULL;
	for (; p != NULL && p->recipe != NULL; p++) {
		struct recipe_value v;
		if (!recipe_read(r->a, p->recipe, r->link, &v) || v.text.n == 0)
			continue;
		add(r,
			(struct link_part){.label = p->label,
				.known_by = KNOWN_BY_RULE,
				.where = v.where,
				.number = v.number,
				.name = v.name,
				.offset = offset_of(r, v.raw),
				.length = v.raw.n,
				.value = v.exact ? url_unescape(r->a, v.text, false) : v.text},
			v.exact);
	}
}

static bool overlap(size_t a, size_t a_n, size_t b, size_t b_n)
{
	return a < b + b_n && b < a + a_n;
}

/* Is something known of these bytes already? */
static bool known(const struct reader *r, struct span raw)
{
	size_t at = offset_of(r, raw);
	struct span source = r->out->claim.source;
	for (size_t i = 0; i < r->out->n_parts; i++)
		if (overlap(at, raw.n, r->out->parts[i].offset, r->out->parts[i].length))
			return true;
	return source.n > 0 && overlap(at, raw.n, offset_of(r, source), source.n);
}

static struct link_part part_of(struct reader *r, const struct link_piece *p, struct span raw,
	enum wrapper_label label, enum link_known by)
{
	return (struct link_part){.label = label,
		.known_by = by,
		.where = p->where,
		.number = p->number,
		.name = p->name,
		.offset = offset_of(r, raw),
		.length = raw.n,
		.value = url_unescape(r->a, raw, p->where == LINK_QUERY)};
}

/* name=value, in the path too: "/aff_id=7/". */
static void read_by_name(struct reader *r, const struct link_piece *piece)
{
	struct link_piece p = *piece;
	size_t eq = span_find_byte(p.raw, '=', 0);
	if (p.name.p == NULL && p.where == LINK_PATH && eq != SIZE_MAX) {
		p.name = span_first(p.raw, eq);
		p.raw = span_from(p.raw, eq + 1);
	}
	if (p.name.n == 0 || p.raw.n == 0 || known(r, p.raw))
		return;
	enum wrapper_label label = link_name_label(url_unescape(r->a, p.name, false));
	if (label != LABEL_OTHER)
		add(r, part_of(r, &p, p.raw, label, KNOWN_BY_NAME), true);
}

static bool take_address(void *ctx, size_t from, size_t length, struct span address)
{
	struct reader *r = ctx;
	size_t at = offset_of(r, r->piece->raw) + from;
	for (size_t i = 0; i < r->out->n_parts; i++) {
		struct link_part *p = &r->out->parts[i];
		bool same = p->offset == at && p->length == length;
		if (!link_is_recipient(p->label) || !same)
			continue;
		/* It was thought to be one; now it is. */
		p->label = LABEL_RECIPIENT;
		p->known_by = p->known_by == KNOWN_BY_RULE ? KNOWN_BY_RULE : KNOWN_BY_ADDRESS;
		p->value = arena_copy(r->a, address);
		return true;
	}
	struct link_part part = part_of(r, r->piece, span_of(r->piece->raw.p + from, length),
		LABEL_RECIPIENT, KNOWN_BY_ADDRESS);
	part.value = arena_copy(r->a, address);
	add(r, part, true);
	return r->out->n_parts < LINK_PARTS_MAX;
}

/* In the value, and where the value's name should be. A name that holds one is not repeated. */
static void read_addresses(struct reader *r, struct link_piece *piece)
{
	struct link_piece name = *piece;
	size_t before = r->out->n_parts;
	name.raw = piece->name;
	name.name = SPAN_NONE;
	r->piece = &name;
	link_addresses(r->a, name.raw, take_address, r);
	if (r->out->n_parts > before)
		piece->name = SPAN_NONE;
	r->piece = piece;
	link_addresses(r->a, piece->raw, take_address, r);
}

enum char_class { NOT_IN_TOKENS, BETWEEN, DIGIT, UPPER, LOWER };

static enum char_class class_of(uint8_t c)
{
	if (ascii_digit(c))
		return DIGIT;
	if (ascii_alpha(c))
		return c >= 'a' ? LOWER : UPPER;
	return c != 0 && strchr("._~=+/-", c) != NULL ? BETWEEN : NOT_IN_TOKENS;
}

/* Long, and digits and letters mixed as no person writes them; or digits alone. */
static bool like_a_token(struct span s)
{
	enum { CHANGES_MIN = 3 };
	size_t digits = 0, letters = 0, changes = 0;
	enum char_class last = BETWEEN;
	for (size_t i = 0; i < s.n; i++) {
		enum char_class c = class_of(s.p[i]);
		if (c == NOT_IN_TOKENS)
			return false;
		if (c == BETWEEN)
			continue;
		changes += last != BETWEEN && c != last;
		digits += c == DIGIT;
		letters += c != DIGIT;
		last = c;
	}
	return digits + letters >= LINK_TOKEN_MIN && digits > 0 &&
	       (letters == 0 || changes >= CHANGES_MIN);
}

/* What a tracker or gateway put in and nobody explained may name who was written to. */
static void read_by_shape(struct reader *r, const struct link_piece *p)
{
	const struct wrapper_rule *rule = r->out->claim.rule;
	if (rule == NULL || (rule->kind != WRAPPER_ESP && rule->kind != WRAPPER_SECURITY) ||
		known(r, p->raw) || !like_a_token(url_unescape(r->a, p->raw, false)))
		return;
	add(r, part_of(r, p, p->raw, LABEL_MAYBE_RECIPIENT, KNOWN_BY_SHAPE), true);
}

static bool holds(struct span hay, struct span needle)
{
	enum { TELLING = 4 }; /* shorter ones are in everything */
	return needle.n >= TELLING && span_find_nocase(hay, needle, 0) != SIZE_MAX;
}

/* May this value be shown beside the URL? Not if it is the recipient, or the recipient is in
 * it; nor where not all of the link was looked at. */
static void judge(struct reader *r)
{
	struct link_reading *out = r->out;
	for (size_t i = 0; i < out->n_parts; i++) {
		struct link_part *p = &out->parts[i];
		struct span address;
		size_t at = 0;
		p->hidden = out->more || link_is_recipient(p->label) ||
			    link_next_address(p->value, &at, &address);
		for (size_t k = 0; k < out->n_parts && !p->hidden; k++) {
			const struct link_part *q = &out->parts[k];
			if (!link_is_recipient(q->label))
				continue;
			p->hidden =
				holds(p->value, q->value) ||
				(r->exact[i] && r->exact[k] &&
					overlap(p->offset, p->length, q->offset, q->length));
		}
	}
}

static int by_offset(const void *a, const void *b)
{
	const struct link_part *x = a, *y = b;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (int)x->label - (int)y->label;
}

static void finish(struct link_reading *out)
{
	size_t n = 0;
	for (size_t i = 0; i < out->n_parts; i++)
		if (out->parts[i].label != LABEL_OTHER)
			out->parts[n++] = out->parts[i];
	out->n_parts = n;
	if (n > 1)
		qsort(out->parts, n, sizeof *out->parts, by_offset);
}

void link_read(struct arena *a, const struct wrapper_rules *more, const struct url *link,
	struct link_reading *out)
{
	*out = (struct link_reading){.n_parts = 0};
	wrapper_read(a, more, link, &out->claim);
	if (!url_is_web(link))
		return;
	struct link_pieces *pieces = arena_alloc(a, sizeof *pieces);
	struct reader r = {.a = a, .link = link, .out = out};
	out->parts = arena_alloc(a, LINK_PARTS_MAX * sizeof *out->parts);
	link_pieces(link, pieces);
	out->more = pieces->more;
	read_by_rule(&r, out->claim.rule);
	for (size_t i = 0; i < pieces->n; i++)
		read_by_name(&r, &pieces->list[i]);
	for (size_t i = 0; i < pieces->n && out->n_parts < LINK_PARTS_MAX; i++)
		read_addresses(&r, &pieces->list[i]);
	for (size_t i = 0; i < pieces->n; i++)
		read_by_shape(&r, &pieces->list[i]);
	judge(&r);
	finish(out);
}
