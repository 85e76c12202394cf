#include "ui/lookup/pace.h"

static size_t find(struct pace *p, struct arena *a, struct span name)
{
	size_t i = 0;
	while (i < p->n && !span_eq(p->servers[i].name, name))
		i++;
	if (i < p->n)
		return i;
	if (i == PACE_SERVERS_MAX)
		return i - 1;
	p->servers[p->n++].name = arena_copy(a, name);
	return i;
}

int64_t pace_next(
	struct pace *p, struct arena *a, struct span name, int64_t interval_us, int64_t now_us)
{
	size_t i = find(p, a, name);
	int64_t at = now_us;
	if (p->servers[i].next_us > at)
		at = p->servers[i].next_us;
	if (p->servers[i].held_us > at)
		at = p->servers[i].held_us;
	p->servers[i].next_us = at + interval_us;
	return at;
}

void pace_hold(struct pace *p, struct arena *a, struct span name, int64_t until_us)
{
	size_t i = find(p, a, name);
	if (p->servers[i].held_us < until_us)
		p->servers[i].held_us = until_us;
}

int64_t pace_held(const struct pace *p, struct span name)
{
	for (size_t i = 0; i < p->n; i++)
		if (span_eq(p->servers[i].name, name))
			return p->servers[i].held_us;
	return 0;
}
