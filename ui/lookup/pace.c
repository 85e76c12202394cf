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
	int64_t *next = &p->servers[find(p, a, name)].next_us;
	int64_t at = *next > now_us ? *next : now_us;
	*next = at + interval_us;
	return at;
}

void pace_hold(struct pace *p, struct arena *a, struct span name, int64_t until_us)
{
	int64_t *next = &p->servers[find(p, a, name)].next_us;
	if (*next < until_us)
		*next = until_us;
}
