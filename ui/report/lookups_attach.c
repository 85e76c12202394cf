/* From kept answers to what reports say of a party: read anew each time, so that better rules
 * make better reports of old answers. */
#include "capture/wire/dns_set.h"
#include "ui/report/contact_rules.h"
#include "ui/report/lookups.h"
#include "ui/report/rdap_walk.h"
#include "ui/report/security_txt.h"
#include "store/derive/party.h"

enum { ATTACH_CONTACTS_MAX = 24 };

/* The order in which contacts are proposed, best first. Who runs the machine can end it at
 * once; who sold the name can, too, but for a platform's customers it is the platform's desk
 * that can, and its registrar comes last. A domain's own mailbox may be the offender's. */
enum rank {
	RANK_NETWORK,
	RANK_PLATFORM,
	RANK_REGISTRAR,
	RANK_NETWORK_HOLDER, /* an organisation's address, not named for abuse */
	RANK_AUTNUM,
	RANK_REGISTRY,
	RANK_PLATFORM_GUESS,
	RANK_OPERATOR_GUESS,
	RANK_REGISTRAR_OTHER, /* a registrar's address, not named for abuse */
	RANK_PLATFORM_REGISTRAR,
	RANK_DOMAIN,
	RANK_DOMAIN_GUESS
};

struct found {
	enum rank rank;
	struct party_contact contact;
};

struct filling {
	const struct lookups *l;
	struct rdap_walker *walker;
	struct arena *a;
	struct report_party *p;
	bool platform;
	struct found found[ATTACH_CONTACTS_MAX];
	size_t n_found;
};

static void seen(struct filling *f, const struct lookup_kept *k)
{
	if (f->p->looked_up_us == FACT_NULL || k->at_us > f->p->looked_up_us)
		f->p->looked_up_us = k->at_us;
}

static void add(struct filling *f, enum rank rank, struct party_contact c)
{
	if (c.email.p != NULL && contact_unwanted(c.email, f->p->registered_domain) != NULL)
		c.email = SPAN_NONE;
	if (c.email.p == NULL && c.form.p == NULL)
		return;
	for (size_t i = 0; i < f->n_found; i++) {
		struct found *known = &f->found[i];
		if (!span_eq_nocase(known->contact.email, c.email) ||
			!span_eq(known->contact.form, c.form))
			continue;
		/* Nobody's guess takes the place of what somebody said. */
		if (rank < known->rank && !c.guessed)
			*known = (struct found){rank, c};
		return;
	}
	if (f->n_found < ATTACH_CONTACTS_MAX)
		f->found[f->n_found++] = (struct found){rank, c};
}

static void guess(struct filling *f, enum rank rank, const char *role, struct span domain)
{
	if (domain.p == NULL)
		return;
	const char *email =
		arena_printf(f->a, "abuse@%.*s", (int)domain.n, (const char *)domain.p);
	if (rdap_email_good(span_str(email)))
		add(f, rank,
			(struct party_contact){.email = span_str(email),
				.role = span_str(role),
				.source = span_str("rfc2142"),
				.at_us = FACT_NULL,
				.guessed = true});
}

/* Sorted by rank; among equals the first found stays first. */
static void keep_contacts(struct filling *f)
{
	for (int rank = 0; rank <= RANK_DOMAIN_GUESS; rank++)
		for (size_t i = 0; i < f->n_found; i++)
			if ((int)f->found[i].rank == rank)
				ARENA_PUSH(f->a, f->p->contacts, f->p->n_contacts,
					f->found[i].contact);
}

static struct party_contact contact_of(
	const struct rdap_contact *c, const char *role, const struct lookup_kept *k)
{
	return (struct party_contact){.email = c->email,
		.form = c->form,
		.name = c->name,
		.role = span_str(role),
		.source = k->source,
		.at_us = k->at_us};
}

/* ---- the domain ---- */

static void domain_contact(struct filling *f, const struct rdap *r,
	const struct rdap_contact *c, const struct lookup_kept *k)
{
	bool registrar = c->whose == RDAP_OF_REGISTRAR ||
			 (c->whose == RDAP_OF_OBJECT && r->registrar.p != NULL);
	if (registrar && f->platform)
		add(f, RANK_PLATFORM_REGISTRAR, contact_of(c, "registrar", k));
	else if (registrar)
		add(f, c->abuse ? RANK_REGISTRAR : RANK_REGISTRAR_OTHER,
			contact_of(c, "registrar", k));
	else if (c->whose == RDAP_OF_HOLDER && c->abuse)
		add(f, f->platform ? RANK_PLATFORM : RANK_DOMAIN,
			contact_of(c, f->platform ? "platform" : "domain", k));
	/* A registrant's own mailbox may be the offender's: never proposed. */
	else if (c->whose != RDAP_OF_HOLDER && c->abuse)
		add(f, RANK_REGISTRY, contact_of(c, "registry", k));
}

static void take_list(struct span **to, size_t *n_to, struct span *from, size_t n)
{
	if (*n_to > 0 || n == 0)
		return;
	*to = from;
	*n_to = n;
}

static void take_span(struct span *to, struct span from)
{
	if (to->p == NULL)
		*to = from;
}

static void take_time(int64_t *to, int64_t from)
{
	if (*to == FACT_NULL)
		*to = from;
}

/* The registry's answer comes first, and what it says stands; its registrar adds to it. */
static void take_domain(struct filling *f, const struct lookup_kept *k, const struct rdap *r)
{
	struct report_party *p = f->p;
	if (p->registrar.p == NULL) {
		p->registrar = r->registrar;
		p->registrar_id = r->registrar_id;
	}
	take_span(&p->registrant, r->registrant);
	take_span(&p->whois_server, r->port43);
	take_time(&p->registered_us, r->registered_us);
	take_time(&p->changed_us, r->changed_us);
	take_time(&p->expires_us, r->expires_us);
	take_list(&p->nameservers, &p->n_nameservers, r->nameservers, r->n_nameservers);
	take_list(&p->status, &p->n_status, r->status, r->n_status);
	if (p->dnssec == -1)
		p->dnssec = r->secure_dns;
	for (size_t i = 0; i < r->n_contacts; i++)
		domain_contact(f, r, &r->contacts[i], k);
}

/* The way that was asked, walked again over what is kept. */
static void walk(struct filling *f, enum lookup_kind kind, struct span subject,
	void (*take)(struct filling *f, const struct lookup_kept *k, const struct rdap *r))
{
	struct rdap_walk *w = arena_alloc(f->a, sizeof *w);
	if (subject.p == NULL)
		return;
	rdap_walk(f->walker, kind, subject, w);
	for (size_t i = 0; i < w->n; i++) {
		seen(f, w->answers[i].kept);
		take(f, w->answers[i].kept, &w->answers[i].rdap);
	}
}

static void take_records(struct filling *f, enum lookup_kind kind, uint16_t type,
	struct span subject, struct span **list, size_t *n)
{
	struct dns_set set;
	const struct lookup_kept *k =
		subject.p != NULL ? lookups_find(f->l, kind, subject, SPAN_NONE) : NULL;
	if (k == NULL)
		return;
	seen(f, k);
	if (k->outcome != LOOKUP_OK || *n > 0)
		return;
	dns_set_read(k->answer, arena_str(f->a, subject), type, f->a, &set);
	for (size_t i = 0; !set.bad && i < set.n_records; i++)
		ARENA_PUSH(f->a, *list, *n, set.records[i]);
}

static void take_security_txt(struct filling *f)
{
	struct security_txt s;
	struct span domain = f->p->registered_domain;
	const struct lookup_kept *k =
		domain.p != NULL ? lookups_find(f->l, LOOKUP_SECURITY_TXT, domain, SPAN_NONE)
				 : NULL;
	if (k == NULL)
		return;
	seen(f, k);
	if (k->outcome != LOOKUP_OK)
		return;
	security_txt_read(k->answer, f->a, &s);
	for (size_t i = 0; i < s.n; i++)
		add(f, f->platform ? RANK_PLATFORM : RANK_DOMAIN,
			(struct party_contact){.email = s.contacts[i].email,
				.form = s.contacts[i].form,
				.role = span_str(f->platform ? "platform" : "domain"),
				.source = k->source,
				.at_us = k->at_us});
}

/* ---- the network ---- */

/* Of a network that is not the one that the party's address is in: of another of its hosts, or
 * the one that a host has today. Whom to write to, and not a fact about the click. */
static void take_network_contacts(
	struct filling *f, const struct lookup_kept *k, const struct rdap *r)
{
	for (size_t i = 0; i < r->n_contacts; i++)
		add(f, r->contacts[i].abuse ? RANK_NETWORK : RANK_NETWORK_HOLDER,
			contact_of(&r->contacts[i], "network", k));
}

static void take_network(struct filling *f, const struct lookup_kept *k, const struct rdap *r)
{
	struct report_party *p = f->p;
	struct span name = r->organisation.p != NULL ? r->organisation : r->name;
	if (r->what == RDAP_A_NETWORK && p->network.p == NULL && name.p != NULL) {
		p->network = name;
		p->network_by = k->source;
	}
	if (r->what == RDAP_A_NETWORK) {
		take_span(&p->country, r->country);
		if (p->asn == FACT_NULL && r->n_origin_asns == 1)
			p->asn = r->origin_asns[0];
	}
	take_network_contacts(f, k, r);
}

static void take_autnum(struct filling *f, const struct lookup_kept *k, const struct rdap *r)
{
	for (size_t i = 0; i < r->n_contacts; i++)
		if (r->contacts[i].abuse)
			add(f, RANK_AUTNUM, contact_of(&r->contacts[i], "network", k));
}

static struct span reverse_name(struct filling *f, struct span address)
{
	struct dns_set set;
	struct buf name = {0};
	uint8_t bytes[16];
	struct span out = SPAN_NONE;
	size_t n = lookups_address(address, bytes);
	const struct lookup_kept *k = lookups_find(f->l, LOOKUP_DNS_PTR, address, SPAN_NONE);
	if (k == NULL || n == 0)
		return SPAN_NONE;
	seen(f, k);
	if (k->outcome != LOOKUP_OK)
		return SPAN_NONE;
	dns_reverse_name(span_of(bytes, n), &name);
	dns_set_read(k->answer, arena_str(f->a, buf_span(&name)), DNS_PTR, f->a, &set);
	if (!set.bad && set.n_records > 0)
		out = set.records[0];
	buf_fini(&name);
	return out;
}

/* All addresses that the party's hops reached; the first one's name is the party's. */
static void take_addresses(struct filling *f, const struct report_trail *t)
{
	struct report_party *p = f->p;
	for (size_t i = 0; i < p->n_hops; i++) {
		size_t n = p->hops[i];
		const struct report_hop *h = n >= 1 && n <= t->n_hops ? &t->hops[n - 1] : NULL;
		bool again = false;
		for (size_t k = 0; h != NULL && k < i && !again; k++)
			again = span_eq(t->hops[p->hops[k] - 1].remote_ip, h->remote_ip);
		if (h != NULL && h->remote_ip.p == NULL)
			walk(f, LOOKUP_RDAP_IP, lookups_address_today(f->l, h->host, f->a),
				take_network_contacts);
		if (h == NULL || h->remote_ip.p == NULL || again)
			continue;
		take_span(&p->address, h->remote_ip);
		walk(f, LOOKUP_RDAP_IP, h->remote_ip,
			span_eq(p->address, h->remote_ip) ? take_network
							  : take_network_contacts);
		if (span_eq(p->address, h->remote_ip))
			p->reverse_name = reverse_name(f, h->remote_ip);
	}
}

static void guesses(struct filling *f)
{
	struct report_party *p = f->p;
	if (f->platform)
		guess(f, RANK_PLATFORM_GUESS, "platform", p->registered_domain);
	else
		guess(f, RANK_DOMAIN_GUESS, "domain", p->registered_domain);
	guess(f, RANK_OPERATOR_GUESS, "operator", p->run_by);
}

static void fill_party(const struct lookups *l, struct rdap_walker *w,
	const struct report_trail *t, struct report_party *p)
{
	struct arena *a = w->a;
	struct filling f = {.l = l, .walker = w, .a = a, .p = p};
	struct lookups_caa caa = {.at_us = FACT_NULL};
	f.platform = p->is_platform || (p->registered_domain.p != NULL &&
					       !span_eq(p->name, p->registered_domain));
	walk(&f, LOOKUP_RDAP_DOMAIN, p->registered_domain, take_domain);
	take_security_txt(&f);
	take_addresses(&f, t);
	if (p->asn != FACT_NULL)
		walk(&f, LOOKUP_RDAP_AUTNUM,
			span_str(arena_printf(a, "%lld", (long long)p->asn)), take_autnum);
	take_records(&f, LOOKUP_DNS_NS, DNS_NS, p->registered_domain, &p->nameservers,
		&p->n_nameservers);
	take_records(&f, LOOKUP_DNS_MX, DNS_MX, p->registered_domain, &p->mx, &p->n_mx);
	take_records(&f, LOOKUP_DNS_TXT, DNS_TXT, p->registered_domain, &p->txt, &p->n_txt);
	if (p->n_hops > 0)
		lookups_caa(l, t->hops[p->hops[0] - 1].host, a, &caa);
	p->caa = caa.records;
	p->n_caa = caa.n;
	p->caa_at_us = caa.at_us;
	/* Nobody was asked: nothing is guessed either, for a mailbox that may be the offender's
	 * must not be all that a report proposes. */
	if (p->looked_up_us == FACT_NULL && caa.at_us == FACT_NULL)
		return;
	if (p->looked_up_us == FACT_NULL)
		p->looked_up_us = caa.at_us;
	guesses(&f);
	keep_contacts(&f);
}

static void fill_hop(const struct lookups *l, struct arena *a, struct report_hop *h)
{
	struct report_party nobody = {.looked_up_us = FACT_NULL};
	struct filling f = {.l = l, .a = a, .p = &nobody};
	struct lookups_caa caa = {.at_us = FACT_NULL};
	if (h->host.p != NULL)
		lookups_caa(l, h->host, a, &caa);
	struct span name = h->remote_ip.p != NULL ? reverse_name(&f, h->remote_ip) : SPAN_NONE;
	struct report_looked *looked = arena_alloc(a, sizeof *looked);
	struct span *addresses = NULL;
	size_t n_addresses = 0, n_v6 = 0;
	struct span *v6 = NULL;
	take_records(&f, LOOKUP_DNS_A, DNS_A, h->host, &addresses, &n_addresses);
	take_records(&f, LOOKUP_DNS_AAAA, DNS_AAAA, h->host, &v6, &n_v6);
	for (size_t i = 0; i < n_v6; i++)
		ARENA_PUSH(a, addresses, n_addresses, v6[i]);
	if (caa.at_us == FACT_NULL && nobody.looked_up_us == FACT_NULL)
		return;
	*looked = (struct report_looked){.reverse_name = name,
		.addresses = addresses,
		.n_addresses = n_addresses,
		.caa = caa.records,
		.n_caa = caa.n,
		.caa_owner = caa.owner,
		.caa_at_us = caa.at_us};
	h->looked = looked;
}

static const struct lookup_kept *step(
	void *ctx, enum lookup_kind kind, struct span subject, struct span url)
{
	return lookups_find(ctx, kind, subject, url);
}

void lookups_attach(struct lookups *l, struct arena *a, struct report *r)
{
	struct rdap_walker w = {.step = step, .ctx = l, .a = a};
	if (l->n == 0)
		return;
	for (size_t i = 0; i < r->n_trails; i++) {
		struct report_trail *t = &r->trails[i];
		for (size_t k = 0; k < t->n_hops; k++)
			fill_hop(l, a, &t->hops[k]);
		for (size_t k = 0; k < t->parties.n; k++)
			fill_party(l, &w, t, &t->parties.list[k]);
	}
	rdap_walker_fini(&w);
}
