#include "ui/report/party.h"
#include "ui/report/report.h"
#include "store/derive/party.h"

static struct report_party *find(const struct parties *p, struct span name)
{
	for (size_t i = 0; i < p->n; i++)
		if (span_eq(p->list[i].name, name))
			return &p->list[i];
	return NULL;
}

static struct report_party *add(
	struct arena *a, struct parties *p, struct span name, const struct report_hop *h)
{
	struct report_party party = {.n = p->n + 1,
		.name = name,
		.registered_domain = h->registered_domain,
		.is_address = h->registrable_domain.p == NULL,
		.asn = FACT_NULL,
		.registered_us = FACT_NULL,
		.changed_us = FACT_NULL,
		.expires_us = FACT_NULL,
		.dnssec = -1,
		.caa_at_us = FACT_NULL,
		.looked_up_us = FACT_NULL};
	ARENA_PUSH(a, p->list, p->n, party);
	return &p->list[p->n - 1];
}

void parties_make(const struct report *r, const struct report_trail *t, struct arena *a,
	struct parties *out)
{
	(void)r;
	*out = (struct parties){.list_date = party_list()};
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct report_hop *h = &t->hops[i];
		struct span name =
			h->registrable_domain.p != NULL ? h->registrable_domain : h->host;
		if (name.p == NULL)
			continue;
		struct report_party *party = find(out, name);
		if (party == NULL)
			party = add(a, out, name, h);
		ARENA_PUSH(a, party->hops, party->n_hops, h->hop->n);
	}
}

const struct report_party *parties_of_hop(const struct parties *p, size_t n)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->list[i].n_hops; k++)
			if (p->list[i].hops[k] == n)
				return &p->list[i];
	return NULL;
}
