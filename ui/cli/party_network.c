#include "ui/cli/party_network.h"
#include "ui/cli/mmdb.h"

static void add_source(struct arena *a, struct report_party *p, const char *about)
{
	if (p->network_by.p == NULL)
		p->network_by = arena_copy(a, span_str(about));
	else if (span_find(p->network_by, span_str(about), 0) == SIZE_MAX)
		p->network_by = span_str(arena_printf(a, "%.*s; %s", (int)p->network_by.n,
			(const char *)p->network_by.p, about));
}

static void take(struct arena *a, const struct mmdb_network *known, struct report_party *p)
{
	bool news = false;
	if (p->asn == FACT_NULL && known->asn >= 0) {
		p->asn = known->asn;
		news = true;
	}
	if (p->network.p == NULL && known->network[0] != 0) {
		p->network = arena_copy(a, span_str(known->network));
		news = true;
	}
	if (p->country.p == NULL && known->country[0] != 0) {
		p->country = arena_copy(a, span_str(known->country));
		news = true;
	}
	if (news)
		add_source(a, p, known->about);
}

static bool attach(const char *const *files, size_t n, struct report_party *p, struct arena *a,
	struct err *err)
{
	struct mmdb_network known;
	if (p->address.p == NULL)
		return true;
	const char *ip = arena_str(a, p->address);
	for (size_t i = 0; i < n; i++) {
		if (!mmdb_network(files[i], ip, &known, err))
			return false;
		take(a, &known, p);
	}
	return true;
}

/* Where we looked from, if the case knows the address and not its country. */
static bool attach_egress(const char *const *files, size_t n, struct report_egress *e,
	struct arena *a, struct err *err)
{
	struct mmdb_network known;
	if (e->ip.p == NULL || e->country.n > 0)
		return true;
	const char *ip = arena_str(a, e->ip);
	for (size_t i = 0; i < n && e->country.n == 0; i++) {
		if (!mmdb_network(files[i], ip, &known, err))
			return false;
		if (known.country[0] == 0)
			continue;
		e->country = arena_copy(a, span_str(known.country));
		e->country_by = arena_copy(a, span_str(known.about));
	}
	return true;
}

bool party_network_attach(
	const char *const *files, size_t n, struct report *r, struct arena *a, struct err *err)
{
	for (size_t i = 0; n > 0 && i < r->n_trails; i++) {
		struct report_trail *t = &r->trails[i];
		for (size_t k = 0; k < t->parties.n; k++)
			if (!attach(files, n, &t->parties.list[k], a, err))
				return false;
		parties_fronts(t, a, &t->parties);
	}
	for (size_t i = 0; n > 0 && i < r->n_sessions; i++)
		if (!attach_egress(files, n, &r->sessions[i].egress, a, err))
			return false;
	return true;
}
