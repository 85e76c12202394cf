/*
 * The search: a text is looked through as it is; then each of its tokens, decoded; then the
 * text with one layer of escapes undone, and so on. What is found in a decoded text is mapped
 * back to the bytes that it came from.
 */
#include "store/derive/hide_parts.h"

#include <stdlib.h>

enum { UNQUOTED = 1, UNDASHED = 2 };
enum { LONG_TOKEN = 32, SIGNED_TOKEN = 33 }; /* what may be compressed; Halon's signature */

static void search(struct hide_look *l, const struct hide_view *v, struct hide_level level,
	struct hide_sink *out);

/* ---- tokens ---- */

/* The characters that those decoded bytes came from, and what belongs to them up to the next
 * separator: to each side of it the rest of the token may say as much. */
static void widen(struct span s, const struct hide_run *run, size_t *from, size_t *to)
{
	while (*from > run->from && strchr("/+", s.p[*from - 1]) == NULL)
		(*from)--;
	while (*to < run->to && strchr("/+", s.p[*to]) == NULL)
		(*to)++;
}

static void take_decoded(struct hide_look *l, const struct hide_view *v,
	const struct hide_run *run, size_t phase, size_t bits, const struct hide_sink *found,
	size_t n, struct hide_sink *out)
{
	struct span s = v->text;
	for (size_t i = 0; i < found->n; i++) {
		struct hide_hit hit = found->list[i];
		size_t from = run->from + phase + 8 * hit.from / bits,
		       to = run->from + phase + (8 * hit.to + bits - 1) / bits;
		if (run->lines || !run->split) {
			from = run->from;
			to = run->to;
		} else {
			widen(s, run, &from, &to);
		}
		/* All of it is the value: the same value as elsewhere. Else the token is one.
		 */
		if (hit.from > 0 || hit.to < n || phase > 0)
			hit.value = arena_copy(
				&l->a, span_trim(span_of(s.p + from, to - from), "="));
		hide_emit(l, v, from, to, hit, out);
	}
}

static void look_into(struct hide_look *l, struct span bytes, const char *form,
	struct hide_level level, struct hide_sink *found)
{
	struct hide_view d = {.text = bytes};
	level.depth++;
	level.tokens++;
	level.escapes = level.used = 0;
	if (level.form == NULL)
		level.form = form;
	search(l, &d, level, found);
}

static void look_compressed(struct hide_look *l, struct span bytes,
	const struct hide_level *level, struct hide_sink *found)
{
	static const struct {
		size_t at;
		bool raw;
	} ways[] = {{0, false}, {0, true}, {SIGNED_TOKEN, true}};
	if (++l->inflates > HIDE_INFLATE_TRIES_MAX) {
		l->cut = true;
		return;
	}
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct hide_sink inner = {0};
		if (ways[i].at >= bytes.n)
			continue;
		struct span text =
			hide_inflate(&l->a, span_from(bytes, ways[i].at), ways[i].raw);
		if (text.n == 0)
			continue;
		look_into(l, text, "compressed", *level, &inner);
		if (inner.n == 0)
			continue;
		struct hide_hit all = inner.list[0];
		all.from = 0;
		all.to = bytes.n;
		all.value = arena_copy(&l->a, bytes);
		ARENA_PUSH(&l->a, found->list, found->n, all);
		return;
	}
}

/* One stretch of base64 at its four possible starts. */
static void try_base64(struct hide_look *l, const struct hide_view *v,
	const struct hide_run *run, const struct hide_level *level, struct hide_sink *out)
{
	struct span s = span_of(v->text.p + run->from, run->to - run->from);
	for (size_t phase = 0; phase < 4 && run->n > phase + 4; phase++) {
		struct buf *room = &l->room[level->tokens];
		struct hide_sink found = {0};
		buf_clear(room);
		struct span bytes = {buf_room(room, s.n), 0};
		bytes.n = hide_base64(s, phase, room->p + room->end);
		look_into(l, bytes, "base64", *level, &found);
		if (found.n == 0 && phase == 0 && run->n >= LONG_TOKEN && run->mixed)
			look_compressed(l, bytes, level, &found);
		take_decoded(l, v, run, phase, 6, &found, bytes.n, out);
	}
}

/* Between separators, as in a path; and where there are some, over them too. */
static void try_run(struct hide_look *l, const struct hide_view *v, const struct hide_run *run,
	const struct hide_level *level, struct hide_sink *out)
{
	enum { PART_MIN = 6 };
	struct span s = v->text;
	try_base64(l, v, run, level, out);
	if (!run->split || run->lines)
		return;
	for (size_t i = run->from; i < run->to;) {
		struct hide_run part = *run;
		part.split = false;
		part.from = i;
		while (i < run->to && strchr("/+", s.p[i]) == NULL)
			i++;
		part.to = i;
		part.n = span_trim(span_of(s.p + part.from, i - part.from), "=").n;
		if (part.n >= PART_MIN)
			try_base64(l, v, &part, level, out);
		i++;
	}
}

static void try_hex(struct hide_look *l, const struct hide_view *v, const struct hide_run *run,
	const struct hide_level *level, struct hide_sink *out)
{
	struct span s = span_of(v->text.p + run->from, run->n);
	for (size_t phase = 0; phase < 2; phase++) {
		struct buf *room = &l->room[level->tokens];
		struct hide_sink found = {0};
		buf_clear(room);
		struct span bytes = {buf_room(room, s.n), 0};
		bytes.n = hide_hex(s, phase, room->p + room->end);
		look_into(l, bytes, "hex", *level, &found);
		take_decoded(l, v, run, phase, 4, &found, bytes.n, out);
	}
}

/* Nothing in it is escaped: it was seen in the text that this view was made of. */
static bool seen_before(const struct hide_view *v, const struct hide_run *run)
{
	return v->from != NULL && v->from[run->to] - v->from[run->from] == run->to - run->from;
}

static void tokens_in(struct hide_look *l, const struct hide_view *v,
	const struct hide_level *level, struct hide_sink *out)
{
	struct hide_run run;
	for (size_t at = 0; !l->cut && hide_next_run(v->text, &at, &run);)
		if (!seen_before(v, &run))
			try_run(l, v, &run, level, out);
	for (size_t at = 0; !l->cut && hide_next_hex(v->text, &at, &run);)
		if (!seen_before(v, &run))
			try_hex(l, v, &run, level, out);
}

/* Too deep to be decoded, and yet it reads as if there were more. */
static bool goes_on(struct span s)
{
	enum { MORE_MIN = 24 };
	struct hide_run run;
	size_t at = 0;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	while (hide_next_run(s, &at, &run))
		if (run.n >= MORE_MIN && run.mixed)
			return true;
	return false;
}

/* ---- all of it ---- */

static void search(struct hide_look *l, const struct hide_view *v, struct hide_level level,
	struct hide_sink *out)
{
	struct hide_view next;
	l->work += v->text.n + HIDE_MIN;
	l->cut |= l->work > l->limit;
	if (l->cut)
		return;
	if (l->h == NULL) {
		l->each(l->ctx, v->text);
	} else {
		hide_match(l, v, &level, out);
	}
	if (level.tokens < HIDE_TOKEN_DEPTH)
		tokens_in(l, v, &level, out);
	else
		l->cut |= goes_on(v->text);
	struct hide_level deeper = level;
	deeper.depth++;
	deeper.escapes++;
	if (hide_unescape(&l->a, v, &next)) {
		l->cut |= level.depth >= HIDE_DEPTH_MAX;
		if (level.form == NULL)
			deeper.form = next.form;
		search(l, &next, deeper, out);
	}
	if (level.depth >= HIDE_DEPTH_MAX || level.escapes > 3)
		return;
	if ((level.used & UNQUOTED) == 0 && level.escapes < 2 &&
		hide_unquote(&l->a, v, &next)) {
		struct hide_level q = deeper;
		q.used |= UNQUOTED;
		q.form = level.form != NULL ? level.form : next.form;
		search(l, &next, q, out);
	}
	if ((level.used & UNDASHED) == 0 && hide_undash(&l->a, v, &next)) {
		struct hide_level d = deeper;
		d.used |= UNDASHED;
		d.form = level.form != NULL ? level.form : next.form;
		search(l, &next, d, out);
	}
}

static int by_place(const void *a, const void *b)
{
	const struct hide_hit *x = a, *y = b;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to == y->to ? 0 : x->to > y->to ? -1 : 1;
}

/* An escape is replaced whole or not at all. */
static void whole_escapes(struct span s, struct hide_hit *hit)
{
	for (size_t back = 1; back <= 2 && back <= hit->from; back++)
		if (s.p[hit->from - back] == '%' && hit->from - back + 2 < s.n &&
			ascii_hex(s.p[hit->from - back + 1]) >= 0 &&
			ascii_hex(s.p[hit->from - back + 2]) >= 0) {
			hit->from -= back;
			break;
		}
	for (size_t back = 1; back <= 2 && back <= hit->to; back++)
		if (s.p[hit->to - back] == '%' && hit->to - back + 2 < s.n &&
			ascii_hex(s.p[hit->to - back + 1]) >= 0 &&
			ascii_hex(s.p[hit->to - back + 2]) >= 0) {
			hit->to += 3 - back;
			break;
		}
}

/* What overlaps becomes one, named after the longest. */
static void merge(
	struct hide_sink *found, struct span text, struct arena *a, struct hide_hits *out)
{
	for (size_t i = 0; i < found->n; i++)
		whole_escapes(text, &found->list[i]);
	if (found->n > 1)
		qsort(found->list, found->n, sizeof *found->list, by_place);
	size_t longest = 0;
	for (size_t i = 0; i < found->n; i++) {
		struct hide_hit hit = found->list[i];
		struct hide_hit *last = out->n > 0 ? &out->list[out->n - 1] : NULL;
		if (hit.to <= hit.from)
			continue;
		hit.value = arena_copy(a, hit.value);
		size_t n = hit.to - hit.from;
		if (last == NULL || hit.from >= last->to) {
			ARENA_PUSH(a, out->list, out->n, hit);
			longest = n;
			continue;
		}
		if (hit.to > last->to)
			last->to = hit.to;
		/* An address in a token that is all of it is the address. */
		bool better =
			n == longest && hit.kind == HIDE_ADDRESS && last->kind != HIDE_ADDRESS;
		if (n > longest || better) {
			last->value = hit.value;
			last->kind = hit.kind;
			last->form = hit.form;
			longest = n;
		}
	}
}

static void look_fini(struct hide_look *l)
{
	for (size_t i = 0; i < sizeof l->room / sizeof *l->room; i++)
		buf_fini(&l->room[i]);
	arena_fini(&l->a);
}

static size_t work_limit(size_t n)
{
	size_t limit = n > SIZE_MAX / HIDE_WORK_MAX ? SIZE_MAX : n * HIDE_WORK_MAX;
	return limit > HIDE_WORK_FREE ? limit : HIDE_WORK_FREE;
}

void hide_find(const struct hide *h, struct arena *a, struct span text, struct hide_hits *out)
{
	struct hide_look l = {.h = h, .limit = work_limit(text.n)};
	struct hide_view v = {.text = text};
	struct hide_sink found = {0};
	*out = (struct hide_hits){0};
	if (text.n < HIDE_MIN || h->n_patterns == 0 || text.n > UINT32_MAX / 2) {
		out->cut = text.n > UINT32_MAX / 2;
		return;
	}
	search(&l, &v, (struct hide_level){0}, &found);
	merge(&found, text, a, out);
	out->cut = l.cut;
	look_fini(&l);
}

bool hide_views(struct span text, hide_view_fn *each, void *ctx)
{
	struct hide_look l = {.each = each, .ctx = ctx, .limit = work_limit(text.n)};
	struct hide_view v = {.text = text};
	struct hide_sink none = {0};
	if (text.n > UINT32_MAX / 2)
		return false;
	search(&l, &v, (struct hide_level){0}, &none);
	look_fini(&l);
	return !l.cut;
}
