/*
 * Who is on the way: each party with what is known about it and where it takes complaints.
 */
#include "ui/report/html_parts.h"
#include "ui/report/html_svg.h"
#include "ui/report/say.h"

static void hops_of(struct html *h, const struct report_party *p)
{
	enum { LISTED_MAX = 30 };
	html_say(h, p->n_hops == 1 ? "hop" : "hops");
	for (size_t i = 0; i < p->n_hops && i < LISTED_MAX; i++)
		buf_addf(h->out, "%s %zu", i > 0 ? "," : "", p->hops[i]);
	if (p->n_hops > LISTED_MAX)
		buf_addf(h->out, " and %zu more", p->n_hops - LISTED_MAX);
}

void html_party_name(struct html *h, const struct report_party *p)
{
	svg_party(h->out, p->n);
	buf_addf(h->out, "<span class=\"party\"><b>Party %zu</b> <code>", p->n);
	html_host_text(h->out, p->name, h->defang);
	html_say(h, "</code></span> <span class=\"dim\">");
	hops_of(h, p);
	if (p->service != NULL) {
		html_say(h, " \u00b7 ");
		html_value(h, span_str(p->service->vendor));
	}
	html_say(h, "</span>");
}

static void name_facts(struct html *h, const struct report_party *p)
{
	if (p->unicode.n > 0) {
		html_fact_open(h, "Read as");
		html_host_text(h->out, p->unicode, h->defang);
		if (p->mixed_scripts)
			html_say(h, " <strong class=\"bad\">mixes scripts, as look-alikes "
				    "do</strong>");
		html_fact_close(h);
	}
	if (p->lookalike) {
		html_fact_open(h, "Looks like");
		html_say(h, "<strong class=\"bad\">");
		html_host_text(h->out, p->looks_like, h->defang);
		html_say(h, "</strong>, in letters of another script");
		html_fact_close(h);
	}
	if (p->unicode.n == 0 && p->mixed_scripts) {
		html_fact(h, "Name", span_str("mixes scripts, as look-alikes do"));
	}
	if (p->registered_domain.n > 0 &&
		(p->is_platform || !span_eq(p->registered_domain, p->name))) {
		html_fact_open(h, "Registered");
		html_host_text(h->out, p->registered_domain, h->defang);
		if (p->is_platform)
			html_say(h, ", a platform under which others have their names: its "
				    "own desk is the one to ask");
		html_fact_close(h);
	}
	if (p->service != NULL) {
		html_fact_open(h, "Service");
		html_value(h, span_str(p->service->vendor));
		buf_addf(h->out, " (%s), by the shape of its links",
			wrapper_kind_word(p->service->kind));
		html_fact_close(h);
	}
	if (p->run_by.n > 0) {
		html_fact_open(h, "Run by");
		html_host_text(h->out, p->run_by, h->defang);
		html_say(h, ", at the end of the name's CNAME path");
		html_fact_close(h);
	}
}

static void network_facts(struct html *h, const struct report_party *p)
{
	if (p->address.n > 0) {
		html_fact_open(h, "Address");
		html_ip(h, p->address);
		if (p->reverse_name.n > 0) {
			html_say(h, ", named ");
			html_host_text(h->out, p->reverse_name, h->defang);
		}
		html_fact_close(h);
	}
	if (p->front.key != NULL) {
		html_fact_open(h, "Fronted by");
		html_say(h, p->front.sure ? "" : "likely ");
		html_value(h, span_str(p->front.name));
		html_say(h, ", which hides the origin behind it (");
		html_value(h, p->front.how);
		html_say(h, ")");
		html_fact_close(h);
	}
	if (p->asn != FACT_NULL || p->network.n > 0 || p->country.n > 0) {
		html_fact_open(h, "Network");
		if (p->asn != FACT_NULL)
			buf_addf(h->out, "AS%lld ", (long long)p->asn);
		if (p->network.n > 0)
			html_value(h, p->network);
		if (p->country.n > 0) {
			html_say(h, ", ");
			html_value(h, p->country);
		}
		if (p->network_by.n > 0) {
			html_say(h, " <span class=\"dim\">by ");
			html_value(h, p->network_by);
			html_say(h, "</span>");
		}
		html_fact_close(h);
	}
	if (p->cert_subject.n > 0 || p->cert_issuer.n > 0) {
		html_fact_open(h, "Certificate");
		html_value(h, p->cert_subject);
		if (p->cert_issuer.n > 0) {
			html_say(h, ", issued by ");
			html_value(h, p->cert_issuer);
		}
		html_fact_close(h);
	}
}

static void fact_time(struct html *h, const char *name, int64_t us)
{
	if (us == FACT_NULL)
		return;
	html_fact_open(h, name);
	html_time(h->out, us);
	html_fact_close(h);
}

static void list_fact(
	struct html *h, const char *name, const struct span *list, size_t n, bool hosts)
{
	if (n == 0)
		return;
	html_fact_open(h, name);
	for (size_t i = 0; i < n; i++) {
		html_say(h, i > 0 ? ", " : "");
		if (hosts)
			html_host_text(h->out, list[i], h->defang);
		else
			html_code(h, list[i]);
	}
	html_fact_close(h);
}

static void looked_up_facts(struct html *h, const struct report_party *p)
{
	if (p->registrar.n > 0) {
		html_fact_open(h, "Registrar");
		html_value(h, p->registrar);
		if (p->registrar_id.n > 0) {
			html_say(h, " (IANA ");
			html_value(h, p->registrar_id);
			html_say(h, ")");
		}
		html_fact_close(h);
	}
	html_fact(h, "Registrant", p->registrant);
	fact_time(h, "Registered on", p->registered_us);
	fact_time(h, "Changed on", p->changed_us);
	fact_time(h, "Expires on", p->expires_us);
	list_fact(h, "Nameservers", p->nameservers, p->n_nameservers, true);
	list_fact(h, "MX", p->mx, p->n_mx, false);
	list_fact(h, "TXT", p->txt, p->n_txt, false);
	list_fact(h, "CAA", p->caa, p->n_caa, false);
	list_fact(h, "Status", p->status, p->n_status, false);
	if (p->looked_up_us != FACT_NULL && p->dnssec >= 0)
		html_fact(h, "DNSSEC", span_str(p->dnssec != 0 ? "signed" : "not signed"));
	fact_time(h, "Looked up", p->looked_up_us);
}

static void contact(struct html *h, const struct party_contact *c)
{
	html_say(h, "<tr><td>");
	html_value(h, c->role);
	html_say(h, "</td><td>");
	if (c->name.n > 0) {
		html_value(h, c->name);
		html_say(h, c->email.n > 0 || c->form.n > 0 ? "<br>" : "");
	}
	if (c->email.n > 0) {
		html_say(h, "<code>");
		html_mail(h, c->email);
		html_say(h, "</code>");
	}
	if (c->form.n > 0) {
		html_say(h, c->email.n > 0 ? "<br>" : "");
		html_url(h, c->form);
	}
	html_say(h, "</td><td>");
	if (c->guessed)
		html_say(h, "nobody named it: the usual mailbox by RFC 2142");
	else
		html_value(h, c->source);
	if (c->at_us != FACT_NULL) {
		html_say(h, "<br>");
		html_time(h->out, c->at_us);
	}
	html_say(h, "</td></tr>\n");
}

static void contacts(struct html *h, const struct report_party *p)
{
	static const char *const columns[] = {"Desk", "Write to", "Who says so"};
	if (p->n_contacts == 0)
		return;
	html_table_open(h, "Where it takes complaints", columns, 3);
	for (size_t i = 0; i < p->n_contacts; i++)
		contact(h, &p->contacts[i]);
	html_table_close(h);
}

void html_parties(struct html *h, const struct report_trail *t)
{
	bool looked_up = false;
	const struct report_party *theirs = edition_party(h->e, t);
	if (t->parties.n == 0)
		return;
	html_say(h, "<section class=\"parties\">");
	html_heading(h, 0, "Who is on the way");
	for (size_t i = 0; i < t->parties.n; i++) {
		const struct report_party *p = &t->parties.list[i];
		looked_up |= p->looked_up_us != FACT_NULL;
		buf_addf(h->out, "<article class=\"card%s\"><h%d>",
			theirs == p ? " addressed" : "", h->level + 1);
		html_party_name(h, p);
		buf_addf(h->out, "</h%d>\n", h->level + 1);
		if (theirs == p)
			html_say(h, "<p class=\"hint\">This report is for them.</p>\n");
		html_say(h, "<dl class=\"facts\">\n");
		name_facts(h, p);
		network_facts(h, p);
		looked_up_facts(h, p);
		html_say(h, "</dl>\n");
		contacts(h, p);
		html_say(h, "</article>\n");
	}
	html_say(h, "<p class=\"hint\">");
	if (!looked_up)
		html_say(h, "No directory was asked about them. ");
	if (t->parties.list_date != NULL) {
		html_say(h, "Domains by the Public Suffix List of ");
		html_value(h, span_str(t->parties.list_date));
		html_say(h, ".");
	}
	html_say(h, "</p></section>\n");
}
