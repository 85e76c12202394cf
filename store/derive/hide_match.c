/*
 * The search in one text as it stands there: patterns by their first bytes, and addresses whose
 * halves stand apart.
 */
#include "store/derive/hide_parts.h"

enum { WORDS_MAX = 1000 }; /* beside one domain */

/* Where domains are. */
struct halves {
	size_t *at;
	size_t n;
};

void hide_emit(struct hide_look *l, const struct hide_view *v, size_t from, size_t to,
	struct hide_hit hit, struct hide_sink *out)
{
	if (out->n >= HIDE_HITS_MAX) {
		l->cut = true;
		return;
	}
	hit.from = hide_view_at(v, from);
	hit.to = hide_view_at(v, to);
	ARENA_PUSH(&l->a, out->list, out->n, hit);
}

/* ---- as it stands there ---- */

static bool is_alnum(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || c >= 0x80;
}

static bool edges_fit(const struct hide_pattern *p, struct span s, size_t from, size_t to)
{
	bool before = from > 0 && is_alnum(s.p[from - 1]),
	     after = to < s.n && is_alnum(s.p[to]);
	return p->edges == EDGES_ANY || (!after && (p->edges == EDGES_AFTER || !before));
}

/* The order of the pattern and what stands there; 0: the text starts with it. */
static int order(const struct hide_pattern *p, struct span s)
{
	size_t n = p->folded.n < s.n ? p->folded.n : s.n;
	for (size_t i = 0; i < n; i++) {
		int d = (int)p->folded.p[i] - (int)ascii_lower(s.p[i]);
		if (d != 0)
			return d;
	}
	return p->folded.n <= s.n ? 0 : 1;
}

/* The last pattern that is not behind the text: the text starts with it, or with one of those
 * that it starts with, or with none. */
static uint32_t last_before(const struct hide *h, struct span s)
{
	size_t low = 0, high = h->n_patterns;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (order(&h->patterns[mid], s) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? (uint32_t)(low - 1) : HIDE_NOTHING;
}

static bool is_exact(const struct hide_pattern *p, struct span s, size_t at)
{
	return memcmp(p->exact.p, s.p + at, p->exact.n) == 0;
}

/* The longest; of equals, one that has the very bytes, and the first of those. */
static const struct hide_pattern *best_at(
	const struct hide *h, struct span s, size_t at, bool *domain)
{
	const struct hide_pattern *best = NULL;
	struct span rest = span_from(s, at);
	uint32_t i = last_before(h, rest);
	for (; i != HIDE_NOTHING; i = h->patterns[i].shorter) {
		const struct hide_pattern *p = &h->patterns[i];
		if (best != NULL && !p->domain && p->folded.n < best->folded.n)
			continue;
		if (order(p, rest) != 0 || !edges_fit(p, s, at, at + p->folded.n))
			continue;
		if (p->domain)
			*domain = true;
		else if (best == NULL || is_exact(p, s, at) || !is_exact(best, s, at))
			best = p;
	}
	return best;
}

static const char *form_of(const struct hide_pattern *p, const struct hide_level *level)
{
	bool ours = strcmp(p->form, "plain") == 0 || strcmp(p->form, "local-part") == 0 ||
		    strcmp(p->form, "other-sign") == 0;
	return level->form != NULL && ours ? level->form : p->form;
}

static void match(struct hide_look *l, const struct hide_view *v,
	const struct hide_level *level, struct halves *halves, struct hide_sink *out)
{
	const struct hide *h = l->h;
	struct span s = v->text;
	uint32_t four = 0;
	for (size_t i = 0; i + 1 < HIDE_MIN && i < s.n; i++)
		four = hide_next(four, s.p[i]);
	for (size_t i = 0; i + HIDE_MIN <= s.n; i++) {
		four = hide_next(four, s.p[i + HIDE_MIN - 1]);
		size_t bit = hide_bit(four);
		bool domain = false;
		if ((h->seen[bit / 8] & 1u << bit % 8) == 0)
			continue;
		const struct hide_pattern *p = best_at(h, s, i, &domain);
		if (domain)
			ARENA_PUSH(&l->a, halves->at, halves->n, i);
		if (p == NULL)
			continue;
		const struct hide_value *value = &h->values[p->value];
		hide_emit(l, v, i + p->context, i + p->folded.n,
			(struct hide_hit){.value = value->text,
				.kind = value->kind,
				.form = form_of(p, level)},
			out);
	}
}

/* ---- an address in two halves ---- */

static bool is_local(uint8_t c)
{
	return is_alnum(c) || c == '.' || c == '_' || c == '+' || c == '-' || c == '\'';
}

static bool stands_alone(struct span s, size_t from, size_t to)
{
	bool before = from == 0 || strchr("=\"':/|,(>[{;?&\t", s.p[from - 1]) != NULL;
	bool after = to == s.n || strchr("=\"'&/|,)<;:]}# \r\n\t", s.p[to]) != NULL;
	return before && after;
}

static uint32_t local_of(struct hide_look *l, struct span word, struct span domain)
{
	struct buf b = {0};
	buf_add_span(&b, word);
	buf_add_byte(&b, '@');
	buf_add_span(&b, domain);
	for (size_t i = b.start; i < b.end; i++)
		b.p[i] = ascii_lower(b.p[i]);
	uint32_t value = hide_number(&l->h->locals, buf_span(&b));
	buf_fini(&b);
	return value;
}

/* Where the domain ends that a pattern found there. */
static size_t domain_end(struct span s, size_t at)
{
	size_t to = at;
	while (to < s.n && (is_alnum(s.p[to]) || s.p[to] == '.' || s.p[to] == '-'))
		to++;
	while (to > at && (s.p[to - 1] == '.' || s.p[to - 1] == '-'))
		to--;
	return to;
}

static void pair(
	struct hide_look *l, const struct hide_view *v, size_t at, struct hide_sink *out)
{
	struct span s = v->text;
	size_t end = domain_end(s, at), words = 0;
	size_t to = end + HIDE_PAIR_NEAR < s.n ? end + HIDE_PAIR_NEAR : s.n;
	bool found = false;
	if (at > 0 && (s.p[at - 1] == '.' || s.p[at - 1] == '-' ||
			      (at > 1 && s.p[at - 1] == '/' && s.p[at - 2] == '/')))
		return;
	struct span domain = span_of(s.p + at, end - at);
	for (size_t i = at > HIDE_PAIR_NEAR ? at - HIDE_PAIR_NEAR : 0; i < to;) {
		size_t from = i;
		while (i < s.n && is_local(s.p[i]) && i - from < HIDE_PAIR_NEAR)
			i++;
		if (i == from) {
			i++;
			continue;
		}
		if (from == at || !stands_alone(s, from, i) || words++ >= WORDS_MAX)
			continue;
		uint32_t value = local_of(l, span_of(s.p + from, i - from), domain);
		if (value == HIDE_NOTHING)
			continue;
		found = true;
		hide_emit(l, v, from, i,
			(struct hide_hit){.value = l->h->values[value].text,
				.kind = HIDE_ADDRESS,
				.form = "apart"},
			out);
	}
	if (found)
		hide_emit(l, v, at, end,
			(struct hide_hit){.value = hide_fold(&l->a, domain),
				.kind = HIDE_ADDRESS,
				.form = "apart"},
			out);
}

void hide_match(struct hide_look *l, const struct hide_view *v, const struct hide_level *level,
	struct hide_sink *out)
{
	struct halves halves = {0};
	match(l, v, level, &halves, out);
	for (size_t i = 0; i < halves.n; i++)
		pair(l, v, halves.at[i], out);
}
