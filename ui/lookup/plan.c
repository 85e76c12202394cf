#include "ui/lookup/plan.h"
#include "ui/lookup/special.h"

struct planning {
	struct plan *plan;
	const struct lookup_options *o;
	bool dns;
	struct arena *a;
};

bool plan_add(struct plan *p, struct arena *a, struct plan_item item)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].kind == item.kind &&
			span_eq_nocase(p->items[i].subject, item.subject))
			return false;
	if (p->n == PLAN_ITEMS_MAX) {
		p->n_over++;
		return false;
	}
	ARENA_PUSH(a, p->items, p->n, item);
	p->n_asking += item.skip == NULL;
	return true;
}

static bool is_dns(enum lookup_kind kind)
{
	return lookup_dns_type(kind) != 0;
}

static void add(
	struct planning *p, enum lookup_kind kind, struct span subject, const char *skip)
{
	if (skip == NULL && is_dns(kind) && !p->dns)
		skip = "DNS does not go through --via, and no --resolver was named";
	plan_add(p->plan, p->a, (struct plan_item){kind, subject, skip});
}

/* What cannot be put into a question stays unasked in any case. */
static const char *skip_name(const struct planning *p, struct span name)
{
	return p->o->allow_special && !special_is_odd(name) ? NULL : special_name(name);
}

static void add_domain(struct planning *p, struct span domain, bool registered)
{
	static const enum lookup_kind records[] = {
		LOOKUP_DNS_SOA, LOOKUP_DNS_NS, LOOKUP_DNS_MX, LOOKUP_DNS_TXT};
	if (domain.p == NULL)
		return;
	const char *skip = skip_name(p, domain);
	if (registered)
		add(p, LOOKUP_RDAP_DOMAIN, domain, skip);
	for (size_t i = 0; i < sizeof records / sizeof *records; i++)
		add(p, records[i], domain, skip);
	if (registered && p->o->security_txt)
		add(p, LOOKUP_SECURITY_TXT, domain, skip);
}

static void add_address(struct planning *p, struct span address)
{
	uint8_t bytes[16];
	address = span_trim(address, "[]");
	const char *skip = special_address(address);
	if (p->o->allow_special && lookups_address(address, bytes) != 0)
		skip = NULL;
	add(p, LOOKUP_RDAP_IP, address, skip);
	add(p, LOOKUP_DNS_PTR, address, skip);
}

static void add_host(struct planning *p, struct span host)
{
	uint8_t bytes[16];
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0)
		return;
	if (lookups_address(host, bytes) != 0) {
		add_address(p, host);
		return;
	}
	const char *skip = skip_name(p, host);
	add(p, LOOKUP_DNS_A, host, skip);
	add(p, LOOKUP_DNS_AAAA, host, skip);
	add(p, LOOKUP_DNS_CAA, host, skip);
}

static void add_party(
	struct planning *p, const struct report_trail *t, const struct report_party *party)
{
	add_domain(p, party->registered_domain, true);
	if (!party->is_address && party->registered_domain.p != NULL &&
		!span_eq(party->name, party->registered_domain))
		add_domain(p, party->name, false);
	for (size_t i = 0; i < party->n_hops; i++) {
		const struct report_hop *h = &t->hops[party->hops[i] - 1];
		if (h->remote_ip.p != NULL)
			add_address(p, h->remote_ip);
	}
	for (size_t i = 0; i < party->n_hops; i++)
		add_host(p, t->hops[party->hops[i] - 1].host);
	if (party->asn != FACT_NULL)
		add(p, LOOKUP_RDAP_AUTNUM,
			span_str(arena_printf(p->a, "%lld", (long long)party->asn)), NULL);
}

void plan_make(const struct report *r, size_t party, const struct lookup_options *o, bool dns,
	struct arena *a, struct plan *out)
{
	struct planning p = {out, o, dns, a};
	*out = (struct plan){.n = 0};
	for (size_t i = 0; i < r->n_trails; i++) {
		const struct report_trail *t = &r->trails[i];
		for (size_t k = 0; k < t->parties.n; k++)
			if (party == 0 || t->parties.list[k].n == party)
				add_party(&p, t, &t->parties.list[k]);
	}
}
