/* Out of the ledger: what a number stands for, and which facts a page needs. */
#include "ui/web/book_ledger.h"
#include "store/base/codec.h"

#include <stdlib.h>

struct ledger_exchange *ledger_exchange(const struct ledger *l, int64_t id)
{
	uint32_t place = numbers_get(&l->by_exchange, id);
	return place != 0 ? ledger_at(l, place - 1) : NULL;
}

struct ledger_session *ledger_session_at(const struct ledger *l, uint32_t place)
{
	return &((struct ledger_session *)l->sessions.items)[place - 1];
}

struct ledger_session *ledger_session(const struct ledger *l, int64_t id)
{
	uint32_t place = numbers_get(&l->by_session, id);
	return place != 0 ? ledger_session_at(l, place) : NULL;
}

struct ledger_tunnel *ledger_tunnel_at(const struct ledger *l, uint32_t place)
{
	return &((struct ledger_tunnel *)l->tunnels.items)[place - 1];
}

struct ledger_leg *ledger_leg_at(const struct ledger *l, uint32_t place)
{
	return &((struct ledger_leg *)l->legs.items)[place - 1];
}

struct span ledger_name(const struct ledger *l, uint32_t name)
{
	return name != 0 ? l->names.list[name - 1] : SPAN_NONE;
}

struct span ledger_url(const struct ledger_exchange *x)
{
	return span_of(x->url, x->url_n);
}

int64_t ledger_cert_fact(const struct ledger *l, struct span sha256)
{
	struct arena a = {0};
	uint32_t name = names_get(&l->names, span_str(hex_str(&a, sha256)));
	uint32_t place = name != 0 ? numbers_get(&l->by_cert, name) : 0;
	arena_fini(&a);
	return place != 0 ? ((const struct case_wanted *)l->beside.items)[place - 1].seq : 0;
}

/* ---- which facts ---- */

struct wanting {
	const struct ledger *l;
	struct arena *a;
	struct case_wanted *list;
	size_t n;
};

static void want(struct wanting *w, enum fact_kind kind, int64_t seq)
{
	if (seq != 0)
		ARENA_PUSH(w->a, w->list, w->n, (struct case_wanted){kind, seq});
}

static void want_some(struct wanting *w, struct ledger_chain c, size_t most)
{
	const struct ledger_fact *facts = w->l->facts.items;
	uint32_t at = c.first;
	for (size_t i = 0; at != 0 && i < most; i++, at = facts[at - 1].next)
		want(w, (enum fact_kind)facts[at - 1].kind, facts[at - 1].seq);
}

static void want_chain(struct wanting *w, struct ledger_chain c)
{
	want_some(w, c, LEDGER_FACTS_MAX);
}

static int by_seq(const void *a, const void *b)
{
	const struct case_wanted *x = a, *y = b;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void sort_once(struct wanting *w)
{
	size_t n = 0;
	if (w->n > 1)
		qsort(w->list, w->n, sizeof *w->list, by_seq);
	for (size_t i = 0; i < w->n; i++)
		if (n == 0 || w->list[n - 1].seq != w->list[i].seq)
			w->list[n++] = w->list[i];
	w->n = n;
}

void ledger_wanted(const struct ledger *l, int64_t session, const int64_t *exchanges, size_t n,
	struct arena *a, struct case_wanted **out, size_t *n_out)
{
	struct wanting w = {.l = l, .a = a};
	const struct ledger_session *s = ledger_session(l, session);
	if (s != NULL) {
		want(&w, FACT_KIND_SESSION, s->begins);
		want(&w, FACT_KIND_SESSION_END, s->ends);
		want_chain(&w, s->notes);
	}
	for (size_t i = 0; i < n; i++) {
		const struct ledger_exchange *x = ledger_exchange(l, exchanges[i]);
		if (x == NULL)
			continue;
		want(&w, FACT_KIND_REQUEST, x->request);
		want(&w, FACT_KIND_RESPONSE, x->response);
		want(&w, FACT_KIND_EXCHANGE_END, x->end);
		want_chain(&w, x->notes);
		if (x->tunnel != 0)
			want_chain(&w, ledger_tunnel_at(l, x->tunnel)->facts);
	}
	sort_once(&w);
	*out = w.list;
	*n_out = w.n;
}

void ledger_attached(const struct ledger *l, int64_t session, struct arena *a,
	struct case_wanted **out, size_t *n_out)
{
	struct wanting w = {.l = l, .a = a};
	const struct ledger_session *s = ledger_session(l, session);
	if (s != NULL)
		want_some(&w, s->attached, LEDGER_ATTACHED_MAX + 1);
	want_some(&w, l->attached, LEDGER_ATTACHED_MAX + 1 - w.n);
	*out = w.list;
	*n_out = w.n;
}
