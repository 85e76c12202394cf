#include "ui/web/beside.h"

#include <stdint.h>
#include <string.h>

struct lines {
	struct span *list;
	size_t n;
};

static bool split(struct span text, struct arena *a, struct lines *out)
{
	*out = (struct lines){0};
	while (text.n > 0 && out->n < BESIDE_LINES_MAX) {
		struct span line = span_first(text, span_find_byte(text, '\n', 0));
		text = span_from(text, line.n + 1);
		ARENA_PUSH(a, out->list, out->n, line);
	}
	return text.n == 0;
}

struct side {
	const struct lines *of;
	size_t from, to;
};

static bool same_at(const struct side *l, size_t x, const struct side *r, size_t y)
{
	return span_eq(l->of->list[l->from + x], r->of->list[r->from + y]);
}

static void push(struct beside *out, struct arena *a, struct beside_line line)
{
	out->differ += !line.same;
	ARENA_PUSH(a, out->lines, out->n, line);
}

/* Lines of one side alone, up to x and y: paired, as far as there are pairs. */
static void push_apart(struct beside *out, struct arena *a, const struct side *l, size_t *at_x,
	size_t x, const struct side *r, size_t *at_y, size_t y)
{
	while (*at_x < x || *at_y < y) {
		struct beside_line line = {.left = SPAN_NONE, .right = SPAN_NONE};
		if (*at_x < x)
			line.left = l->of->list[l->from + (*at_x)++];
		if (*at_y < y)
			line.right = r->of->list[r->from + (*at_y)++];
		push(out, a, line);
	}
}

/* E. Myers, "An O(ND) Difference Algorithm", 1986: the furthest reach on each diagonal, kept
 * for each number of differences so that the way back can be read from it. */
struct reach {
	int32_t **of; /* [d][k + d] */
	int32_t d;
};

static int32_t reach_of(const struct reach *t, int32_t d, int32_t k)
{
	return k < -d || k > d ? -1 : t->of[d][k + d];
}

static int32_t step_to(const struct reach *t, int32_t d, int32_t k)
{
	if (d == 0)
		return 0;
	int32_t down = reach_of(t, d - 1, k + 1), right = reach_of(t, d - 1, k - 1);
	return k == -d || (k != d && right < down) ? down : right + 1;
}

static bool search(const struct side *l, const struct side *r, struct arena *a, struct reach *t)
{
	int32_t n = (int32_t)(l->to - l->from), m = (int32_t)(r->to - r->from);
	t->of = arena_alloc(a, (BESIDE_APART_MAX + 1) * sizeof *t->of);
	for (int32_t d = 0; d <= BESIDE_APART_MAX && d <= n + m; d++) {
		t->of[d] = arena_alloc(a, (size_t)(2 * d + 1) * sizeof(int32_t));
		for (int32_t k = -d; k <= d; k += 2) {
			int32_t x = step_to(t, d, k), y = x - k;
			while (x >= 0 && y >= 0 && x < n && y < m &&
				same_at(l, (size_t)x, r, (size_t)y))
				x++, y++;
			t->of[d][k + d] = x;
			if (k < d)
				t->of[d][k + d + 1] = -1; /* of the other parity */
			if (x >= n && y >= m) {
				t->d = d;
				return true;
			}
		}
	}
	return false;
}

/* Which lines of the left stand in the right, and where: from the end back. */
static void walk_back(
	const struct side *l, const struct side *r, const struct reach *t, int32_t *match)
{
	int32_t x = (int32_t)(l->to - l->from), y = (int32_t)(r->to - r->from);
	for (int32_t d = t->d; d >= 0; d--) {
		int32_t k = x - y, from = step_to(t, d, k);
		for (; x > from; x--, y--)
			match[x - 1] = y - 1;
		if (d == 0)
			break;
		bool down = k == -d ||
			    (k != d && reach_of(t, d - 1, k - 1) < reach_of(t, d - 1, k + 1));
		if (down)
			y--;
		else
			x--;
	}
}

/* One part of both; false: too much of it differs. */
static bool compare(const struct side *l, const struct side *r, struct arena *a,
	struct arena *own, struct beside *out)
{
	size_t n = l->to - l->from, m = r->to - r->from, x = 0, y = 0;
	struct reach t = {0};
	if (!search(l, r, own, &t))
		return false;
	int32_t *match = arena_alloc(own, (n + 1) * sizeof *match);
	for (size_t i = 0; i < n; i++)
		match[i] = -1;
	walk_back(l, r, &t, match);
	for (size_t i = 0; i < n; i++) {
		if (match[i] < 0)
			continue;
		push_apart(out, a, l, &x, i, r, &y, (size_t)match[i]);
		struct span line = l->of->list[l->from + x++];
		y++;
		push(out, a, (struct beside_line){line, line, true});
	}
	push_apart(out, a, l, &x, n, r, &y, m);
	return true;
}

/* The next line that starts a part; n: there is none. */
static size_t next_part(const struct lines *l, size_t at, const char *part)
{
	while (at < l->n && !span_starts(l->list[at], part))
		at++;
	return at;
}

void beside_make(struct span left, struct span right, const char *part, struct arena *a,
	struct beside *out)
{
	struct lines l, r;
	struct arena own = {0};
	*out = (struct beside){0};
	bool whole = split(left, &own, &l);
	out->more = !split(right, &own, &r) || !whole;
	for (size_t x = 0, y = 0; x < l.n || y < r.n;) {
		size_t to_x = next_part(&l, x < l.n ? x + 1 : x, part);
		size_t to_y = next_part(&r, y < r.n ? y + 1 : y, part);
		/* Where one has no more parts, the rest of the other is the last one's. */
		if (to_x == l.n || to_y == r.n) {
			to_x = l.n;
			to_y = r.n;
		}
		const struct side from = {&l, x, to_x}, to = {&r, y, to_y};
		struct arena part_own = {0};
		bool ok = compare(&from, &to, a, &part_own, out);
		arena_fini(&part_own);
		if (!ok) {
			out->more = true;
			break;
		}
		x = to_x;
		y = to_y;
	}
	arena_fini(&own);
}
