#include "ui/export/export_list.h"
#include "store/derive/party.h"
#include "store/derive/url.h"
#include "ui/export/formats.h"

#include <arpa/inet.h>

/* Numbers and keys of URLs come from a case that anybody may have written: they are looked up,
 * never used as an index. */
struct pair {
	uint64_t key;
	size_t value; /* from 1; 0: free */
};
struct map {
	struct pair *slots;
	size_t mask;
};

static void map_init(struct arena *a, struct map *m, size_t n)
{
	size_t size = 16;
	while (size < 2 * n)
		size *= 2;
	*m = (struct map){.slots = arena_alloc(a, size * sizeof *m->slots), .mask = size - 1};
}

static struct pair *map_slot(const struct map *m, uint64_t key)
{
	/* The finaliser of MurmurHash3: neighbouring numbers are spread. */
	uint64_t h = key;
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	size_t at = (size_t)(h ^ h >> 33) & m->mask;
	while (m->slots[at].value != 0 && m->slots[at].key != key)
		at = (at + 1) & m->mask;
	return &m->slots[at];
}

/* Replaces what was there. */
static void map_put(struct map *m, uint64_t key, size_t value)
{
	*map_slot(m, key) = (struct pair){.key = key, .value = value};
}

struct making {
	struct edition *e;
	struct export_list *out;
	struct map hops;  /* exchange -> place in hop_of, from 1 */
	struct map pages; /* URL in its session -> trail, from 1 */
	struct map legs;  /* leg -> 1, once it was seen */
	struct {
		size_t trail; /* from 1 */
		const struct report_hop *hop;
	} * hop_of;
	size_t current; /* the trail of the last hop, from 1; 0: none yet */
	int64_t session;
};

static bool wanted_trail(const struct edition_order *o, const struct report_trail *t)
{
	return (o->session == 0 || t->trail->session == o->session) &&
	       (o->trail == 0 || (int64_t)t->trail->number == o->trail);
}

static void note_hops(struct making *m)
{
	const struct report *r = m->e->report;
	size_t n = 0;
	for (size_t i = 0; i < r->n_trails; i++)
		n += r->trails[i].n_hops;
	map_init(&m->e->arena, &m->hops, n);
	m->hop_of = arena_alloc(&m->e->arena, (n + 1) * sizeof *m->hop_of);
	n = 0;
	for (size_t i = 0; i < r->n_trails; i++)
		for (size_t k = 0; k < r->trails[i].n_hops; k++) {
			const struct report_hop *h = &r->trails[i].hops[k];
			if (h->exchange == NULL)
				continue;
			m->hop_of[n].trail = i + 1;
			m->hop_of[n].hop = h;
			n++;
			/* An exchange that is a hop of two trails belongs to the first. */
			if (map_slot(&m->hops, (uint64_t)h->exchange->id)->value == 0)
				map_put(&m->hops, (uint64_t)h->exchange->id, n);
		}
}

static uint64_t page_key(const struct model_exchange *x, struct span url)
{
	return url_key(url_no_fragment(url)) +
	       (uint64_t)x->session * UINT64_C(0x9e3779b97f4a7c15);
}

/* A hop's own trail; else that of the page that it names as its Referer; else the one that was
 * under way. */
static size_t trail_of(struct making *m, const struct model_exchange *x, size_t hop)
{
	if (hop != 0)
		return m->hop_of[hop - 1].trail;
	struct span referer = model_request_header(x, "Referer");
	size_t page = referer.n > 0 ? map_slot(&m->pages, page_key(x, referer))->value : 0;
	return page != 0 ? page : m->current;
}

/* Is what host runs the edition's party's? */
static bool of_party(struct making *m, const struct report_trail *t, struct span text)
{
	struct url url;
	struct party party = {0};
	size_t wanted = m->e->order->party;
	if (t == NULL || wanted > t->parties.n || !url_parse(&m->e->arena, NULL, text, &url))
		return false;
	party_of_host(&m->e->arena, url.host, &party);
	struct span name = t->parties.list[wanted - 1].name;
	return span_eq(
		party.registrable_domain.p != NULL ? party.registrable_domain : url.host, name);
}

/* With --party: its own exchanges, and all hops, for they are its context. */
static bool is_wanted(struct making *m, const struct export_item *i)
{
	const struct edition_order *o = m->e->order;
	if (o->session != 0 && i->x->session != o->session)
		return false;
	if (o->trail != 0 && (i->trail == NULL || !wanted_trail(o, i->trail)))
		return false;
	return o->party == 0 || i->hop != NULL || of_party(m, i->trail, i->x->request->url);
}

static struct span address(struct arena *a, struct span ip)
{
	struct in6_addr bytes;
	const char *text = arena_str(a, ip);
	bool good = ip.n > 0 && strlen(text) == ip.n &&
		    (inet_pton(AF_INET, text, &bytes) == 1 ||
			    inet_pton(AF_INET6, text, &bytes) == 1);
	return good ? ip : SPAN_NONE;
}

static void find_way(struct making *m, struct export_item *i)
{
	const struct model *model = m->e->report->model;
	int64_t leg = report_leg(model, i->x);
	if (leg == FACT_NULL)
		return;
	i->leg = model_leg(model, leg);
	i->ip = i->leg != NULL ? address(&m->e->arena, i->leg->remote_ip) : SPAN_NONE;
	i->dns = model_dns(model, leg);
	i->tls = model_handshake(model, i->x->tunnel, leg);
	i->first_on_leg = map_slot(&m->legs, (uint64_t)leg)->value == 0;
	map_put(&m->legs, (uint64_t)leg, 1);
}

/* A page of clicktrail's own that is no stand-in for an origin that failed. */
static bool is_own_page(const struct export_item *i)
{
	return i->hop == NULL && !i->cut && i->x->response != NULL &&
	       span_is(i->x->response->made_by, "clicktrail");
}

static void take(struct making *m, const struct model_exchange *x)
{
	if (x->session != m->session)
		m->current = 0;
	m->session = x->session;
	size_t hop = map_slot(&m->hops, (uint64_t)x->id)->value;
	size_t trail = trail_of(m, x, hop);
	if (hop != 0)
		m->current = trail;
	if (trail != 0)
		map_put(&m->pages, page_key(x, x->request->url), trail);
	struct export_item item = {.x = x,
		.trail = trail != 0 ? &m->e->report->trails[trail - 1] : NULL,
		.hop = hop != 0 ? m->hop_of[hop - 1].hop : NULL,
		.answered = x->response != NULL && span_is(x->response->made_by, "origin"),
		.cut = x->end == NULL || !span_is(x->end->reason, "ok")};
	find_way(m, &item);
	if (!is_wanted(m, &item))
		m->out->n_other++;
	else if (x->noise && item.hop == NULL)
		m->out->n_noise++;
	else if (is_own_page(&item))
		m->out->n_own++;
	else
		m->out->items[m->out->n++] = item;
}

void export_list_make(struct edition *e, struct export_list *out)
{
	const struct report *r = e->report;
	struct making m = {.e = e, .out = out};
	*out = (struct export_list){0};
	out->items = arena_alloc(&e->arena, (r->model->n_exchanges + 1) * sizeof *out->items);
	out->trails = arena_alloc(&e->arena, (r->n_trails + 1) * sizeof *out->trails);
	for (size_t i = 0; i < r->n_trails; i++)
		if (wanted_trail(e->order, &r->trails[i]))
			out->trails[out->n_trails++] = &r->trails[i];
	note_hops(&m);
	map_init(&e->arena, &m.pages, r->model->n_exchanges);
	map_init(&e->arena, &m.legs, r->model->n_exchanges);
	for (size_t i = 0; i < r->model->n_exchanges; i++)
		if (r->model->exchanges[i]->request != NULL)
			take(&m, r->model->exchanges[i]);
}

bool format_has_exchanges(edition_format_fn *f)
{
	return f == edition_har || f == edition_wacz;
}
