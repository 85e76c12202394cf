#include "ui/report/contact_rules.h"

static const char registry_says[] =
	"a registry of numbers or names: it runs no network that could be complained about";
static const char robot_says[] = "nobody reads it";
static const char other_says[] = "a desk for something else";

/* domain: that one and what is below it. local: that mailbox anywhere. */
static const struct rule {
	const char *domain, *local, *why;
} rules[] = {
	{"ripe.net", NULL, registry_says},
	{"arin.net", NULL, registry_says},
	{"apnic.net", NULL, registry_says},
	{"lacnic.net", NULL, registry_says},
	{"afrinic.net", NULL, registry_says},
	{"nro.net", NULL, registry_says},
	{"iana.org", NULL, registry_says},
	{"icann.org", NULL, registry_says},
	{NULL, "noreply", robot_says},
	{NULL, "no-reply", robot_says},
	{NULL, "donotreply", robot_says},
	{NULL, "do-not-reply", robot_says},
	{NULL, "peering", other_says},
	{NULL, "hostmaster", other_says},
	{NULL, "dns-admin", other_says},
	{NULL, "ip-admin", other_says},
	{NULL, "billing", other_says},
	{NULL, "sales", other_says},
};

static bool below(struct span host, struct span domain)
{
	return domain.n > 0 && host.n >= domain.n &&
	       span_eq_nocase(span_from(host, host.n - domain.n), domain) &&
	       (host.n == domain.n || host.p[host.n - domain.n - 1] == '.');
}

const char *contact_unwanted(struct span email, struct span about)
{
	size_t at = span_find_byte(email, '@', 0);
	struct span local = span_first(email, at == SIZE_MAX ? email.n : at);
	struct span host = at == SIZE_MAX ? SPAN_NONE : span_from(email, at + 1);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		const struct rule *rule = &rules[i];
		if (rule->local != NULL && span_is_nocase(local, rule->local))
			return rule->why;
		if (rule->domain != NULL && below(host, span_str(rule->domain)) &&
			!below(host, about))
			return rule->why;
	}
	return NULL;
}
