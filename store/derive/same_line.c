#include "store/derive/same_line.h"

enum {
	ITEMS_MAX = 8, /* of one value */
	NUMBER_MAX = 1000 * 1000,
	SHA_DIGITS = 64,
	AROUND = 20, /* bytes before the first that differs */
	HEAD = 50,   /* bytes of a shortened value's start */
};
static const char gap[] = "[...]";

static bool is_trail(struct span s)
{
	uint64_t session, number;
	size_t dot = span_find_byte(s, '.', 0);
	return dot != SIZE_MAX && span_u64(span_first(s, dot), &session) &&
	       span_u64(span_from(s, dot + 1), &number) && session > 0 && number > 0 &&
	       s.n <= 40;
}

static bool is_sha(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_hex(s.p[i]) < 0)
			return false;
	return s.n == SHA_DIGITS;
}

/* ---- writing ---- */

static void add_quoted(struct buf *out, struct span s)
{
	if (s.p == NULL) {
		buf_add_byte(out, '-');
		return;
	}
	buf_add_byte(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addf(out, "\\%c", s.p[i]);
		else if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			buf_addf(out, "\\x%02x", s.p[i]);
		else
			buf_add_byte(out, s.p[i]);
	}
	buf_add_byte(out, '"');
}

/* Its start, and what is around the first byte in which it differs from the other. */
static void add_short(struct buf *out, struct span s, struct span other)
{
	struct buf text = {0};
	size_t at = 0, max = SAME_LINE_VALUE_MAX - 2 * (sizeof gap - 1);
	if (s.n <= SAME_LINE_VALUE_MAX) {
		add_quoted(out, s);
		return;
	}
	while (at < s.n && at < other.n && s.p[at] == other.p[at])
		at++;
	if (at < max - AROUND) {
		buf_add_span(&text, span_first(s, max));
		at = max;
	} else {
		buf_add_span(&text, span_first(s, HEAD));
		buf_add_str(&text, gap);
		buf_add_span(&text, span_first(span_from(s, at - AROUND), max - HEAD));
		at += max - HEAD - AROUND;
	}
	if (at < s.n)
		buf_add_str(&text, gap);
	add_quoted(out, buf_span(&text));
	buf_fini(&text);
}

static void add_difference(struct buf *out, const struct same_difference *d)
{
	buf_addf(out, " d=%zu:%s:%s:", d->hop, same_what_word(d->what),
		same_weight_word(d->weight));
	add_short(out, d->recorded, d->replayed);
	buf_add_byte(out, ':');
	add_short(out, d->replayed, d->recorded);
	if (d->weight != SAME_ALLOWED)
		return;
	buf_add_byte(out, ':');
	add_short(out, d->rule, SPAN_NONE);
	buf_add_byte(out, ':');
	add_short(out, d->text, SPAN_NONE);
}

static void add_differences(struct buf *out, size_t from, const struct same *s)
{
	struct buf one = {0};
	for (int weight = SAME_WEIGHT_COUNT - 1; weight >= 0; weight--)
		for (size_t i = 0; i < s->n_differences; i++) {
			if (s->differences[i].weight != (enum same_weight)weight)
				continue;
			buf_clear(&one);
			add_difference(&one, &s->differences[i]);
			if (buf_len(out) - from + buf_len(&one) <= SAME_LINE_MAX)
				buf_add_span(out, buf_span(&one));
		}
	buf_fini(&one);
}

bool same_line_write(const struct same_kept *k, struct buf *out)
{
	const struct same *s = &k->same;
	size_t from = buf_len(out);
	if (!is_trail(k->trail) || (k->session_sha.p != NULL && !is_sha(k->session_sha)))
		return false;
	buf_add_str(out, "trail=");
	buf_add_span(out, k->trail);
	buf_addf(out, " verdict=%s", same_verdict_word(s->verdict));
	if (s->why != SAME_WHY_NONE)
		buf_addf(out, " why=%s", same_why_word(s->why));
	buf_addf(out, " hops=%zu recorded=%zu replayed=%zu bodies=%zu open=%zu", s->hops,
		s->recorded, s->replayed, s->bodies, s->bodies_open);
	if (s->parted_at > 0)
		buf_addf(out, " parted=%zu", s->parted_at);
	if (s->limit != SAME_LIMIT_NONE)
		buf_addf(out, " limit=%s:%zu", same_limit_word(s->limit), s->limit_hop);
	buf_addf(out, " strict=%s", k->strict ? "yes" : "no");
	if (k->browser.p != NULL) {
		buf_add_str(out, " browser=");
		add_quoted(out, span_first(k->browser, SAME_LINE_BROWSER_MAX));
	}
	if (k->session_sha.p != NULL) {
		buf_add_str(out, " session-sha=");
		buf_add_span(out, k->session_sha);
	}
	buf_addf(out, " differences=%zu allowed=%zu told=%zu",
		s->counts[SAME_PARTS] + s->counts[SAME_ALLOWED], s->counts[SAME_ALLOWED],
		s->counts[SAME_TOLD]);
	add_differences(out, from, s);
	return true;
}

/* ---- reading ---- */

static bool bare(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '.' || c == '_' || c == '-';
}

/* Behind the opening quote; takes the closing one off. */
static bool read_quoted(struct span *left, struct arena *a, struct span *out)
{
	struct buf text = {0};
	bool good = false;
	while (left->n > 0) {
		uint8_t c = left->p[0];
		int high, low;
		*left = span_from(*left, 1);
		if (c == '"') {
			good = true;
			break;
		}
		if (c < 0x20 || c > 0x7e)
			break;
		if (c != '\\') {
			buf_add_byte(&text, c);
			continue;
		}
		if (left->n >= 1 && (left->p[0] == '"' || left->p[0] == '\\')) {
			buf_add_byte(&text, left->p[0]);
			*left = span_from(*left, 1);
			continue;
		}
		if (left->n < 3 || left->p[0] != 'x' || (high = ascii_hex(left->p[1])) < 0 ||
			(low = ascii_hex(left->p[2])) < 0)
			break;
		buf_add_byte(&text, (uint8_t)(high << 4 | low));
		*left = span_from(*left, 3);
	}
	*out = arena_copy(a, buf_len(&text) > 0 ? buf_span(&text) : span_str(""));
	buf_fini(&text);
	return good;
}

static bool read_item(struct span *left, struct arena *a, struct span *out)
{
	size_t n = 0;
	if (left->n > 0 && left->p[0] == '"') {
		*left = span_from(*left, 1);
		return read_quoted(left, a, out);
	}
	while (n < left->n && bare(left->p[n]))
		n++;
	*out = span_first(*left, n);
	*left = span_from(*left, n);
	if (span_is(*out, "-"))
		*out = SPAN_NONE;
	else
		*out = arena_copy(a, *out);
	return n > 0;
}

/* One word of the line. */
struct word {
	struct span key, items[ITEMS_MAX];
	size_t n;
};

static bool read_word(struct span *left, struct arena *a, struct word *w)
{
	size_t equals = span_find_byte(*left, '=', 0);
	if (equals == SIZE_MAX || equals == 0)
		return false;
	*w = (struct word){.key = span_first(*left, equals)};
	*left = span_from(*left, equals);
	do {
		*left = span_from(*left, 1); /* the '=' or ':' */
		if (w->n == ITEMS_MAX || !read_item(left, a, &w->items[w->n++]))
			return false;
	} while (left->n > 0 && left->p[0] == ':');
	if (left->n == 0)
		return true;
	if (left->p[0] != ' ' || left->n == 1)
		return false;
	*left = span_from(*left, 1);
	return true;
}

static bool read_number(struct span s, size_t *out)
{
	uint64_t v;
	if (!span_u64(s, &v) || v > NUMBER_MAX)
		return false;
	*out = (size_t)v;
	return true;
}

/* The index of a word in an enum's table. */
#define READ_ENUM(s, type, word_of, count, out)                                                \
	do {                                                                                   \
		for (int i_ = 0; i_ < (int)(count); i_++)                                      \
			if (span_is((s), word_of((type)i_))) {                                 \
				*(out) = (type)i_;                                             \
				return true;                                                   \
			}                                                                      \
		return false;                                                                  \
	} while (0)

static bool read_verdict(struct span s, enum same_verdict *out)
{
	READ_ENUM(s, enum same_verdict, same_verdict_word, SAME_VERDICT_COUNT, out);
}
static bool read_why(struct span s, enum same_why *out)
{
	READ_ENUM(s, enum same_why, same_why_word, SAME_WHY_COUNT, out);
}
static bool read_limit(struct span s, enum same_limit *out)
{
	READ_ENUM(s, enum same_limit, same_limit_word, SAME_LIMIT_COUNT, out);
}
static bool read_what(struct span s, enum same_what *out)
{
	READ_ENUM(s, enum same_what, same_what_word, SAME_WHAT_COUNT, out);
}
static bool read_weight(struct span s, enum same_weight *out)
{
	READ_ENUM(s, enum same_weight, same_weight_word, SAME_WEIGHT_COUNT, out);
}

static bool read_difference(const struct word *w, struct arena *a, struct same *s)
{
	struct same_difference d = {.rule = SPAN_NONE, .text = SPAN_NONE};
	if (w->n < 5 || s->n_differences == SAME_DIFFERENCES_MAX ||
		!read_number(w->items[0], &d.hop) || !read_what(w->items[1], &d.what) ||
		!read_weight(w->items[2], &d.weight))
		return false;
	d.recorded = w->items[3];
	d.replayed = w->items[4];
	if (w->n > 5)
		d.rule = w->items[5];
	if (w->n > 6)
		d.text = w->items[6];
	ARENA_PUSH(a, s->differences, s->n_differences, d);
	return true;
}

/* Keys with one number, and where it goes. */
static bool take_number(
	const struct word *w, struct same *s, size_t *differences, uint32_t *seen, bool *good)
{
	const struct {
		const char *key;
		size_t *into;
	} numbers[] = {{"hops", &s->hops}, {"recorded", &s->recorded},
		{"replayed", &s->replayed}, {"bodies", &s->bodies}, {"open", &s->bodies_open},
		{"parted", &s->parted_at}, {"differences", differences},
		{"allowed", &s->counts[SAME_ALLOWED]}, {"told", &s->counts[SAME_TOLD]}};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (!span_is(w->key, numbers[i].key))
			continue;
		*good = (*seen >> i & 1) == 0 && w->n == 1 &&
			read_number(w->items[0], numbers[i].into);
		*seen |= 1u << i;
		return true;
	}
	return false;
}

enum key { TRAIL, VERDICT, WHY, LIMIT, STRICT, BROWSER, SHA, KEYS };
/* Bits of the keys that were seen: those with a number from 0 on, the others behind. */
static uint32_t key_bit(int key)
{
	return 1u << (16 + key);
}

static bool take_word(const struct word *w, struct same_kept *k, uint32_t *seen)
{
	static const char *const keys[KEYS] = {
		"trail", "verdict", "why", "limit", "strict", "browser", "session-sha"};
	int key = 0;
	while (key < KEYS && !span_is(w->key, keys[key]))
		key++;
	if (key == KEYS)
		return true;
	struct span first = w->items[0];
	bool again = (*seen & key_bit(key)) != 0;
	*seen |= key_bit(key);
	if (again || w->n != (key == LIMIT ? 2u : 1u))
		return false;
	switch ((enum key)key) {
	case TRAIL: k->trail = first; return is_trail(first);
	case VERDICT: return read_verdict(first, &k->same.verdict);
	case WHY: return read_why(first, &k->same.why);
	case LIMIT:
		return read_limit(first, &k->same.limit) &&
		       read_number(w->items[1], &k->same.limit_hop);
	case STRICT:
		k->strict = span_is(first, "yes");
		return k->strict || span_is(first, "no");
	case BROWSER: k->browser = first; return true;
	case SHA: k->session_sha = first; return is_sha(first);
	case KEYS: break;
	}
	return false;
}

bool same_line_read(struct span line, struct arena *a, struct same_kept *out)
{
	struct word w;
	size_t differences = 0;
	uint32_t seen = 0;
	*out = (struct same_kept){.at_us = FACT_NULL};
	bool good = line.n > 0 && line.n <= SAME_LINE_MAX;
	while (good && line.n > 0) {
		good = read_word(&line, a, &w);
		if (good && span_is(w.key, "d"))
			good = read_difference(&w, a, &out->same);
		else if (good && !take_number(&w, &out->same, &differences, &seen, &good))
			good = take_word(&w, out, &seen);
	}
	size_t allowed = out->same.counts[SAME_ALLOWED];
	if (!good || (seen & key_bit(TRAIL)) == 0 || (seen & key_bit(VERDICT)) == 0 ||
		allowed > differences)
		return false;
	out->same.counts[SAME_PARTS] = differences - allowed;
	return true;
}
