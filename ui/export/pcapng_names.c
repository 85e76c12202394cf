#include "ui/export/export_list.h"
#include "ui/export/pcapng_export.h"

#include <inttypes.h>
#include <stdlib.h>

/* A connection of the proxy's, as the case has it: a tunnel on the browser's side, a leg on the
 * origin's. */
struct known {
	int64_t session, port, at_us, tunnel, leg;
	bool wanted;
};
struct known_list {
	struct known *list;
	size_t n;
};

/* A clock may have been set between the two, and a leg is told of when it is there. */
enum { NEAR_US = 120 * 1000 * 1000 };

static int compare(const void *a, const void *b)
{
	const struct known *x = a, *y = b;
	if (x->session != y->session)
		return x->session < y->session ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return x->at_us < y->at_us ? -1 : x->at_us > y->at_us;
}

/* The one of these ports that is nearest in time; NULL: none is near. */
static const struct known *find(
	const struct known_list *k, int64_t session, int64_t port, int64_t at_us)
{
	struct known key = {.session = session, .port = port, .at_us = at_us};
	size_t low = 0, high = k->n;
	const struct known *best = NULL;
	int64_t distance = NEAR_US;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&k->list[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low > 0 ? low - 1 : 0; i < k->n && i <= low; i++) {
		const struct known *c = &k->list[i];
		int64_t d = c->at_us < at_us ? at_us - c->at_us : c->at_us - at_us;
		if (c->session == session && c->port == port && d < distance) {
			best = c;
			distance = d;
		}
	}
	return best;
}

struct wanted {
	struct map tunnels, legs;
	bool all;
};

static bool in(struct map *m, const int64_t *number)
{
	return map_get(m, span_of(number, sizeof *number)) != NULL;
}

/* With --trail: the connections that its exchanges went by. */
static void want(struct edition *e, struct wanted *w)
{
	struct export_list list;
	w->all = e->order->trail == 0;
	if (w->all)
		return;
	export_list_make(e, &list);
	for (size_t i = 0; i < list.n; i++) {
		const struct export_item *item = &list.items[i];
		*map_at(&w->tunnels, span_of(&item->x->tunnel, sizeof item->x->tunnel), NULL) =
			&list.items[i];
		if (item->leg != NULL)
			*map_at(&w->legs, span_of(&item->leg->leg, sizeof item->leg->leg),
				NULL) = &list.items[i];
	}
}

static void know(struct edition *e, struct wanted *w, struct known_list sides[])
{
	const struct model *m = e->report->model;
	struct known_list *browser = &sides[CAPTURE_BROWSER], *origin = &sides[CAPTURE_ORIGIN];
	browser->list = arena_alloc(&e->arena, (m->n_tunnels + 1) * sizeof *browser->list);
	origin->list = arena_alloc(&e->arena, (m->n_legs + 1) * sizeof *origin->list);
	for (size_t i = 0; i < m->n_tunnels; i++) {
		const struct fact_tunnel *t = m->tunnels[i];
		browser->list[browser->n++] = (struct known){t->session, t->client_port,
			t->at_us, t->tunnel, FACT_NULL, w->all || in(&w->tunnels, &t->tunnel)};
	}
	for (size_t i = 0; i < m->n_legs; i++) {
		const struct fact_leg *l = m->legs[i];
		origin->list[origin->n++] = (struct known){l->session, l->local_port, l->at_us,
			l->tunnel, l->leg, w->all || in(&w->legs, &l->leg)};
	}
	for (int side = 0; side < CAPTURE_SIDE_COUNT; side++)
		qsort(sides[side].list, sides[side].n, sizeof *sides[side].list, compare);
}

static void name(struct arena *a, const struct known *k, struct survey_flow *f)
{
	f->wanted = k->wanted;
	f->name = k->leg == FACT_NULL ? arena_printf(a, "tunnel %" PRId64, k->tunnel)
				      : arena_printf(a, "tunnel %" PRId64 ", leg %" PRId64,
						k->tunnel, k->leg);
}

void pcapng_names(struct pcapng_order *o)
{
	struct wanted w = {.all = false};
	struct known_list sides[CAPTURE_SIDE_COUNT] = {{0}};
	want(o->edition, &w);
	know(o->edition, &w, sides);
	for (size_t i = 0; i < o->n; i++) {
		struct pcapng_file *file = &o->files[i];
		for (struct survey_flow *f = file->survey.first; f != NULL; f = f->next) {
			const struct known *known = find(&sides[file->side], file->session,
				f->client.port, f->first.at_ns / 1000);
			f->wanted = w.all;
			if (known != NULL)
				name(&file->survey.arena, known, f);
		}
	}
	map_fini(&w.tunnels);
	map_fini(&w.legs);
}
