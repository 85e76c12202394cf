#include "ui/web/trail_wait.h"

/* "12.345" or "12" seconds at the beginning of s, as our own writers have them; *n: its bytes.
 */
static bool seconds(struct span s, int64_t *us, size_t *n)
{
	enum { DIGITS_MAX = 12 };
	int64_t whole = 0, part = 0, unit = 1000000;
	size_t at = 0;
	bool minus = s.n > 0 && s.p[0] == '-';
	at += minus;
	size_t first = at;
	for (; at < s.n && at - first < DIGITS_MAX && s.p[at] >= '0' && s.p[at] <= '9'; at++)
		whole = whole * 10 + (s.p[at] - '0');
	if (at == first)
		return false;
	if (at < s.n && s.p[at] == '.')
		for (at++; at < s.n && unit > 1 && s.p[at] >= '0' && s.p[at] <= '9'; at++) {
			unit /= 10;
			part += (s.p[at] - '0') * unit;
		}
	*us = whole * 1000000 + part;
	*us = minus ? -*us : *us;
	*n = at;
	return true;
}

static size_t find_last(struct span s, const char *what)
{
	size_t last = SIZE_MAX;
	for (size_t at = 0; (at = span_find(s, span_str(what), at)) != SIZE_MAX; at++)
		last = at;
	return last;
}

/* The seconds that stand directly behind the last `before`, with `after` behind them. A name
 * from outside stands in front of all, and may hold the same words. */
static bool between(struct span s, const char *before, const char *after, int64_t *us)
{
	size_t at = find_last(s, before), n;
	if (at == SIZE_MAX)
		return false;
	struct span rest = span_from(s, at + strlen(before));
	return seconds(rest, us, &n) && span_starts(span_from(rest, n), after);
}

/* "5.003 s after the response, announced after 5.000 s" */
static bool delay(struct span q, struct trail_wait *out)
{
	size_t n;
	*out = (struct trail_wait){.kind = WAIT_DELAY};
	return seconds(q, &out->spent_us, &n) &&
	       between(q, "announced after ", " s", &out->allowed_us);
}

/* "exp: the link says that it ends at ..., 30 s after this request" */
static bool link_end(struct span q, struct trail_wait *out)
{
	*out = (struct trail_wait){.kind = WAIT_LINK,
		.name = span_first(q, span_find_byte(q, ':', 0)),
		.spent_us = FACT_NULL};
	if (between(q, ", ", " s after this request", &out->allowed_us))
		return true;
	bool past = between(q, ", ", " s before this request", &out->allowed_us);
	out->allowed_us = past ? -out->allowed_us : 0;
	return past;
}

/* "sid: 30 s, and came back after 1.250 s" */
static bool cookie(struct span q, struct trail_wait *out)
{
	size_t came = find_last(q, " s, and came back after ");
	struct span before = span_first(q, came == SIZE_MAX ? 0 : came);
	size_t colon = find_last(before, ": "), n;
	*out = (struct trail_wait){.kind = WAIT_COOKIE};
	if (colon == SIZE_MAX)
		return false;
	struct span number = span_from(before, colon + 2);
	out->name = span_first(q, colon);
	return seconds(number, &out->allowed_us, &n) && n == number.n &&
	       between(q, " s, and came back after ", " s", &out->spent_us);
}

size_t trail_waits(const struct trail_hop *h, struct trail_wait out[TRAIL_WAITS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < h->n_evidence && n < TRAIL_WAITS_MAX; i++) {
		const struct trail_evidence *e = &h->evidence[i];
		bool found = false;
		if (strcmp(e->signal, "timing") == 0)
			found = delay(e->quote, &out[n]);
		else if (strcmp(e->signal, "deadline") == 0)
			found = link_end(e->quote, &out[n]);
		else if (strcmp(e->signal, "cookie-lifetime") == 0)
			found = cookie(e->quote, &out[n]);
		n += found;
	}
	return n;
}

int64_t trail_time_scale(const struct trail *t)
{
	int64_t whole = 0, after;
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct trail_hop *h = &t->hops[i];
		int64_t end = h->at_us;
		if (end == FACT_NULL)
			continue;
		if (h->elapsed_us != FACT_NULL &&
			__builtin_add_overflow(end, h->elapsed_us, &end))
			continue;
		if (t->started_us != FACT_NULL &&
			!__builtin_sub_overflow(end, t->started_us, &after) && after > whole)
			whole = after;
	}
	if (whole == 0)
		return 0;
	static const int64_t steps[] = {10, 15, 20, 30, 50, 75};
	for (int64_t unit = 10 * 1000; unit < INT64_MAX / 100; unit *= 10)
		for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
			if (whole <= unit * steps[i])
				return unit * steps[i];
	return whole;
}
