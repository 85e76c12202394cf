#include "store/derive/rounds.h"
#include "store/derive/url.h"
#include "store/fact/notes.h"

const char *round_likeness_word(enum round_likeness l)
{
	static const char *const words[] = {
#define X(name, word) word,
		ROUND_LIKENESSES(X)
#undef X
	};
	return words[l];
}

const char *round_difference_word(enum round_difference d)
{
	static const char *const words[] = {
#define X(name, word) word,
		ROUND_DIFFERENCES(X)
#undef X
	};
	return words[d];
}

const char *round_manner_word(enum round_manner m)
{
	static const char *const words[] = {
#define X(name, word) word,
		ROUND_MANNERS(X)
#undef X
	};
	return words[m];
}

const char *rounds_finding_word(enum rounds_finding f)
{
	static const char *const words[] = {
#define X(name, word, sentence) word,
		ROUNDS_FINDINGS(X)
#undef X
	};
	return words[f];
}

const char *rounds_finding_sentence(enum rounds_finding f)
{
	static const char *const sentences[] = {
#define X(name, word, sentence) sentence,
		ROUNDS_FINDINGS(X)
#undef X
	};
	return sentences[f];
}

/* ---- two addresses ---- */

/* Cuts the next piece off *rest at `mark`; false at the end. */
static bool next_piece(struct span *rest, uint8_t mark, struct span *piece)
{
	if (rest->p == NULL)
		return false;
	size_t at = span_find_byte(*rest, mark, 0);
	*piece = span_first(*rest, at);
	*rest = at != SIZE_MAX ? span_from(*rest, at + 1) : SPAN_NONE;
	return true;
}

/* All digits, or letters with digits in more than one place between them: nobody names a page
 * so. */
static bool random_piece(struct span s)
{
	size_t digits = 0, groups = 0;
	bool before = false;
	for (size_t i = 0; i < s.n; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';
		digits += digit;
		groups += digit && !before;
		before = digit;
	}
	return s.n >= ROUND_TOKEN_MIN && (digits == s.n || groups > 1);
}

/* Holds a piece, between what is neither letter nor digit, that looks random; and no dot, which
 * files have. */
static bool token(struct span s)
{
	bool found = false;
	size_t from = 0;
	for (size_t i = 0; i <= s.n; i++) {
		uint8_t c = i < s.n ? s.p[i] : '-';
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (c == '.')
			return false;
		if (letter || (c >= '0' && c <= '9'))
			continue;
		found = found || random_piece(span_of(s.p + from, i - from));
		from = i + 1;
	}
	return found;
}

static bool same_path(struct span a, struct span b)
{
	struct span x, y;
	bool more;
	while ((more = next_piece(&a, '/', &x)) == next_piece(&b, '/', &y)) {
		if (!more)
			return true;
		if (!span_eq(x, y) && (!token(x) || !token(y)))
			return false;
	}
	return false;
}

static bool same_names(struct span a, struct span b)
{
	struct span x, y;
	bool more;
	if ((a.p == NULL) != (b.p == NULL))
		return false;
	while ((more = next_piece(&a, '&', &x)) == next_piece(&b, '&', &y)) {
		if (!more)
			return true;
		x = span_first(x, span_find_byte(x, '=', 0));
		y = span_first(y, span_find_byte(y, '=', 0));
		if (!span_eq(x, y) && (!token(x) || !token(y)))
			return false;
	}
	return false;
}

bool rounds_same_shape(struct span a, struct span b)
{
	struct arena scratch = {0};
	struct url x, y;
	bool same = url_parse(&scratch, NULL, a, &x) && url_parse(&scratch, NULL, b, &y) &&
		    url_same_origin(&x, &y) && !x.opaque_path && !y.opaque_path &&
		    same_path(x.path, y.path) && same_names(x.query, y.query);
	arena_fini(&scratch);
	return same;
}

/* ---- two hops, two trails ---- */

static struct span type_of(const struct trail_hop *h)
{
	return h->exchange != NULL
		       ? fields_media_type(model_response_header(h->exchange, "content-type"))
		       : SPAN_NONE;
}

static struct span fragment_of(struct span href)
{
	return span_from(href, url_no_fragment(href).n);
}

static enum round_difference compare_hops(
	const struct trail_hop *a, const struct trail_hop *b, enum round_likeness *likeness)
{
	bool same =
		url_same(a->url, b->url) && span_eq(fragment_of(a->url), fragment_of(b->url));
	*likeness = ROUND_DIFFERS;
	if (a->mechanism == MECHANISM_HANDOFF && b->mechanism == MECHANISM_HANDOFF && !same)
		return ROUND_BY_HANDOFF;
	if (!same && !url_same(a->url, b->url) && !rounds_same_shape(a->url, b->url))
		return ROUND_BY_ADDRESS;
	if (a->mechanism != b->mechanism || a->on_wire != b->on_wire)
		return ROUND_BY_MECHANISM;
	if (a->status != b->status)
		return ROUND_BY_STATUS;
	if (!span_eq_nocase(type_of(a), type_of(b)))
		return ROUND_BY_TYPE;
	*likeness = same ? ROUND_SAME : ROUND_VALUES;
	return ROUND_BY_NONE;
}

static void differ(struct round *r, enum round_difference by, size_t at)
{
	r->led = ROUND_DIFFERS;
	if (r->by == ROUND_BY_NONE) {
		r->by = by;
		r->at = at;
	}
}

/* 1: the same bytes, 0: others, -1: one of them has none. */
static int same_content(const struct trail *a, const struct trail *b)
{
	const struct model_exchange *x = a->hops[a->n_hops - 1].exchange;
	const struct model_exchange *y = b->hops[b->n_hops - 1].exchange;
	if (x == NULL || y == NULL || x->end == NULL || y->end == NULL ||
		x->end->res_sha256.p == NULL || y->end->res_sha256.p == NULL)
		return -1;
	return span_eq(x->end->res_sha256, y->end->res_sha256);
}

static void compare_trails(const struct trail *first, struct round *r, struct arena *a)
{
	const struct trail *t = r->trail;
	r->content = -1;
	if (first == NULL || t == NULL) {
		if (first != t)
			differ(r, ROUND_BY_NO_TRAIL, 0);
		return;
	}
	size_t both = first->n_hops < t->n_hops ? first->n_hops : t->n_hops;
	r->hops = arena_alloc(a, (both + 1) * sizeof *r->hops);
	r->n_hops = both;
	for (size_t i = 0; i < both; i++) {
		enum round_difference by =
			compare_hops(&first->hops[i], &t->hops[i], &r->hops[i]);
		if (by != ROUND_BY_NONE)
			differ(r, by, i + 1);
		else if (r->hops[i] > r->led)
			r->led = r->hops[i];
	}
	if (first->n_hops != t->n_hops)
		differ(r, t->n_hops < both + 1 ? ROUND_BY_SHORTER : ROUND_BY_LONGER, both + 1);
	else if (first->ended_by != t->ended_by)
		differ(r, ROUND_BY_END, t->n_hops);
	if (r->led != ROUND_DIFFERS && t->n_hops > 0)
		r->content = same_content(first, t);
}

/* ---- the rounds ---- */

/* Equal but for numbers: a new version of the browser says so there, too. */
static bool same_but_numbers(struct span a, struct span b)
{
	for (;;) {
		while (a.n > 0 && ((a.p[0] >= '0' && a.p[0] <= '9') || a.p[0] == '.'))
			a = span_from(a, 1);
		while (b.n > 0 && ((b.p[0] >= '0' && b.p[0] <= '9') || b.p[0] == '.'))
			b = span_from(b, 1);
		if (a.n == 0 || b.n == 0)
			return a.n == b.n;
		if (a.p[0] != b.p[0])
			return false;
		a = span_from(a, 1);
		b = span_from(b, 1);
	}
}

static unsigned asked_otherwise(
	const struct model *m, const struct fact_session *a, const struct fact_session *b)
{
	const char *referer = note_word(NOTE_REFERER);
	const struct {
		enum round_manner manner;
		struct span x, y;
	} pairs[] = {
		{ROUND_ASKED_LINK, a->sent_link, b->sent_link},
		{ROUND_ASKED_BROWSER, a->browser, b->browser},
		{ROUND_ASKED_VERSION, a->browser_version, b->browser_version},
		{ROUND_ASKED_USER_AGENT, a->user_agent, b->user_agent},
		{ROUND_ASKED_LANGUAGE, a->language, b->language},
		{ROUND_ASKED_TIMEZONE, a->timezone, b->timezone},
		{ROUND_ASKED_DEVICE, a->device, b->device},
		{ROUND_ASKED_VIA, a->via, b->via},
		{ROUND_ASKED_REFERER, model_note(m, a->session, referer),
			model_note(m, b->session, referer)},
	};
	unsigned asked = 0;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (!span_eq(pairs[i].x, pairs[i].y))
			asked |= 1u << pairs[i].manner;
	bool newer =
		(asked & 1u << ROUND_ASKED_VERSION) != 0 && span_eq(a->browser, b->browser);
	if (newer && same_but_numbers(a->user_agent, b->user_agent))
		asked &= ~(1u << ROUND_ASKED_USER_AGENT);
	return asked;
}

static bool asked_alike(unsigned asked)
{
	return (asked & ~(1u << ROUND_ASKED_VERSION)) == 0;
}

static const struct trail *first_trail(const struct trail_set *set, int64_t session)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->trails[i].session == session && set->trails[i].number == 1 &&
			set->trails[i].n_hops > 0)
			return &set->trails[i];
	return NULL;
}

/* Was it followed to its end? What a person closed, what ran out of time, and what failed (a
 * name server, the way there, our own rules) shows nothing of the link. */
static bool recorded(const struct model *m, const struct round *r)
{
	if (r->trail == NULL || r->trail->ended_by == ENDED_TIMEOUT ||
		r->trail->ended_by == ENDED_CLOSED || r->trail->ended_by == ENDED_ERROR)
		return false;
	for (size_t i = 0; i < m->n_session_ends; i++)
		if (m->session_ends[i]->session == r->session->session)
			return m->session_ends[i]->complete == 1;
	return false;
}

/* A later round that was asked like the first. */
static bool asked_again_later(const struct rounds *r, size_t from)
{
	for (size_t i = from + 1; i < r->n; i++)
		if (r->list[i].alike && r->list[i].recorded)
			return true;
	return false;
}

/* Another round in the same manner that was led otherwise: then the manner is not why. */
static bool contradicted(
	const struct model *m, const struct rounds *r, size_t at, struct arena *a)
{
	const struct round *x = &r->list[at];
	for (size_t i = 0; i < r->n; i++) {
		const struct round *y = &r->list[i];
		struct round beside = {.session = x->session, .trail = x->trail};
		if (i == at || !y->recorded ||
			!asked_alike(asked_otherwise(m, y->session, x->session)))
			continue;
		compare_trails(y->trail, &beside, a);
		if (beside.led == ROUND_DIFFERS)
			return true;
	}
	return false;
}

static enum rounds_finding finding_of(
	const struct model *m, const struct rounds *r, size_t at, struct arena *a)
{
	const struct round *x = &r->list[at];
	if (!x->recorded || !r->list[0].recorded)
		return ROUNDS_INCOMPLETE;
	if (x->led != ROUND_DIFFERS)
		return ROUNDS_ALIKE;
	if ((x->asked & 1u << ROUND_ASKED_LINK) != 0)
		return ROUNDS_OTHER_LINK;
	if (contradicted(m, r, at, a))
		return ROUNDS_CHANGED;
	return asked_again_later(r, at) ? ROUNDS_CLOAKED : ROUNDS_UNDECIDED;
}

/* The strongest statement that the rounds bear. A manner that was led two ways shows that the
 * link changes by itself: then nothing can be said of the others. */
static void judge(const struct model *m, struct rounds *r, struct arena *a)
{
	r->finding = ROUNDS_ALIKE;
	for (size_t i = 1; i < r->n; i++) {
		enum rounds_finding f = finding_of(m, r, i, a);
		if (f <= r->finding)
			continue;
		r->finding = f;
		r->odd = r->list[i].number;
	}
}

void rounds_read(
	const struct model *m, const struct trail_set *set, struct arena *a, struct rounds *out)
{
	*out = (struct rounds){0};
	for (size_t i = 0; i < m->n_sessions; i++) {
		const struct fact_session *s = m->sessions[i];
		if (!span_is(s->command, "trace") || s->link.p == NULL ||
			(out->n > 0 && !span_eq(s->link, out->list[0].session->link)))
			continue;
		struct round r = {.number = out->n + 1,
			.session = s,
			.trail = first_trail(set, s->session),
			.alike = true,
			.content = -1};
		r.recorded = recorded(m, &r);
		if (out->n > 0) {
			r.asked = asked_otherwise(m, out->list[0].session, s);
			r.alike = asked_alike(r.asked);
			compare_trails(out->list[0].trail, &r, a);
		}
		ARENA_PUSH(a, out->list, out->n, r);
	}
	judge(m, out, a);
}
