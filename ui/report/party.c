/*
 * Parties are told apart by registrable domain. What several hops say about one is taken from
 * the first that says it; of certificates the last counts, since that is the newest.
 */
#include "ui/report/party.h"
#include "ui/report/front.h"
#include "ui/report/report.h"
#include "store/derive/lookalike.h"
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
	struct party about = {0};
	party_of_host(a, h->host, &about);
	struct report_party party = {.n = p->n + 1,
		.name = name,
		.registered_domain = h->registered_domain,
		.is_address = about.ip,
		/* The list's private section has a suffix of its own here. */
		.is_platform = h->registrable_domain.p != NULL &&
			       h->registered_domain.p != NULL &&
			       !span_eq(h->registrable_domain, h->registered_domain),
		.asn = FACT_NULL,
		.registered_us = FACT_NULL,
		.changed_us = FACT_NULL,
		.expires_us = FACT_NULL,
		.dnssec = -1,
		.caa_at_us = FACT_NULL,
		.looked_up_us = FACT_NULL};
	struct lookalike l;
	lookalike_read(a, name, &l);
	party.unicode = l.unicode;
	ARENA_PUSH(a, p->list, p->n, party);
	return &p->list[p->n - 1];
}

/* Labels below the registrable domain are the party's own doing, too. */
static void read_names(struct arena *a, const struct report_hop *h, struct report_party *p)
{
	struct lookalike l;
	lookalike_read(a, h->host, &l);
	p->mixed_scripts |= l.mixed_scripts;
	if (!p->lookalike && l.whole_script) {
		p->lookalike = true;
		p->looks_like = l.looks_like;
	}
}

static bool is_service(const struct wrapper_rule *rule)
{
	return rule != NULL && rule->kind != WRAPPER_GENERIC;
}

/* The end of the CNAME path, if that is somebody else's. */
static struct span runner_of(struct arena *a, const struct report_hop *h)
{
	struct party last = {0};
	if (h->dns == NULL || h->dns->n_cnames == 0)
		return SPAN_NONE;
	party_of_host(a, h->dns->cnames[h->dns->n_cnames - 1], &last);
	/* Not by the list's private section: its names are customers', and nobody's desk. */
	if (last.registered_domain.p == NULL ||
		span_eq_nocase(last.registered_domain, h->registered_domain))
		return SPAN_NONE;
	return last.registered_domain;
}

static void read_hop(struct arena *a, const struct report_hop *h, struct report_party *p)
{
	if (p->service == NULL && h->link != NULL && is_service(h->link->claim.rule))
		p->service = h->link->claim.rule;
	if (p->run_by.p == NULL)
		p->run_by = runner_of(a, h);
	if (p->address.p == NULL)
		p->address = h->remote_ip;
	if (h->tls != NULL && h->tls->n_certs > 0) {
		p->cert_subject = h->tls->certs[0].subject;
		p->cert_issuer = h->tls->certs[0].issuer;
	}
	read_names(a, h, p);
}

void parties_fronts(const struct report_trail *t, struct arena *a, struct parties *parties)
{
	for (size_t i = 0; i < parties->n; i++) {
		struct report_party *p = &parties->list[i];
		struct front_signs *signs = front_signs_new(a);
		for (size_t k = 0; k < p->n_hops; k++) {
			const struct report_hop *h = &t->hops[p->hops[k] - 1];
			front_look(signs, h,
				span_eq(h->remote_ip, p->address) ? p->asn : FACT_NULL, a);
		}
		front_pick(signs, a, &p->front);
	}
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
		ARENA_PUSH(a, party->hops, party->n_hops, i + 1);
		read_hop(a, h, party);
	}
	parties_fronts(t, a, out);
}

const struct report_party *parties_of_hop(const struct parties *p, size_t n)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->list[i].n_hops; k++)
			if (p->list[i].hops[k] == n)
				return &p->list[i];
	return NULL;
}
