/*
 * Who the parties are, who runs them, where, and whom to write to. What was looked up says so,
 * with its time; what nobody asked about is left out rather than called unknown.
 */
#include "ui/report/say.h"
#include "ui/report/text_parts.h"
#include "store/base/clock.h"

enum { CONTACTS_SHOWN = 5, SERVERS_SHOWN = 6 };

static void add_day(int64_t us, struct buf *out)
{
	char text[CLOCK_TEXT_MAX];
	clock_text(us, text);
	buf_addf(out, "%.10s", text);
}

static void say_names(const struct report_party *p, struct buf *out)
{
	struct buf line = {0};
	if (p->unicode.p != NULL)
		text_labelled(out, "reads as", p->unicode);
	if (p->mixed_scripts)
		text_prose(out, "look-alike",
			span_str("a part of its name mixes scripts, as names made to be "
				 "mistaken for others do (UTS 39)"));
	if (p->lookalike) {
		buf_add_str(&line, "a part of its name is of another script and looks like \"");
		buf_add_span(&line, p->looks_like);
		buf_add_str(&line, "\" throughout (UTS 39)");
		text_prose(out, "look-alike", buf_span(&line));
		buf_fini(&line);
	}
	if (p->is_platform) {
		buf_add_str(&line, "it is a customer's name on ");
		buf_add_span(&line, p->registered_domain);
		buf_add_str(&line, " (private section of the Public Suffix List): that "
				   "platform's desk can act");
		text_prose(out, "platform", buf_span(&line));
		buf_fini(&line);
	}
}

static const char *service_word(enum wrapper_kind k)
{
	switch (k) {
	case WRAPPER_SECURITY: return "a mail gateway that checks links";
	case WRAPPER_ESP: return "a mailing service's click tracker";
	case WRAPPER_REDIRECTOR: return "a site's way out to others";
	case WRAPPER_AFFILIATE: return "an affiliate or advertising network";
	case WRAPPER_SHORTENER: return "a link shortener";
	case WRAPPER_GENERIC:
	case WRAPPER_KIND_COUNT: break;
	}
	return "a service";
}

static void say_runner(const struct report_party *p, struct buf *out)
{
	struct buf line = {0};
	if (p->service != NULL) {
		buf_addf(&line, "%s, %s: known by its links' shape", p->service->vendor,
			service_word(p->service->kind));
		text_prose(out, "service", buf_span(&line));
		buf_clear(&line);
	}
	if (p->run_by.p != NULL) {
		buf_add_span(&line, p->run_by);
		buf_add_str(&line, ": that is where its CNAME leads");
		text_prose(out, "run by", buf_span(&line));
		buf_clear(&line);
	}
	if (p->front.key != NULL) {
		buf_addf(&line, "%s%s, which hides the origin behind it (",
			p->front.sure ? "" : "likely ", p->front.name);
		buf_add_span(&line, p->front.how);
		buf_add_byte(&line, ')');
		text_prose(out, "fronted by", buf_span(&line));
	}
	buf_fini(&line);
}

static void say_network(const struct report_party *p, struct buf *out)
{
	struct buf line = {0};
	if (p->address.p == NULL)
		return;
	buf_add_span(&line, p->address);
	if (p->reverse_name.n > 0) {
		buf_add_str(&line, " (");
		buf_add_span(&line, p->reverse_name);
		buf_add_byte(&line, ')');
	}
	if (p->asn != FACT_NULL)
		buf_addf(&line, ", AS%lld", (long long)p->asn);
	if (p->network.n > 0) {
		buf_add_byte(&line, ' ');
		buf_add_span(&line, p->network);
	}
	if (p->country.n > 0) {
		buf_add_str(&line, ", ");
		buf_add_span(&line, p->country);
	}
	if (p->network_by.n > 0) {
		buf_add_str(&line, ", by ");
		buf_add_span(&line, p->network_by);
	}
	text_prose(out, "address", buf_span(&line));
	buf_fini(&line);
}

/* Of its last hop with a certificate, whose names the party has. */
static const struct report_grade *grade_of(
	const struct report_trail *t, const struct report_party *p)
{
	for (size_t i = p->n_hops; i > 0; i--) {
		const struct report_hop *h = &t->hops[p->hops[i - 1] - 1];
		if (h->grade != NULL && h->tls != NULL && h->tls->n_certs > 0)
			return h->grade;
	}
	return NULL;
}

static void say_certificate(
	const struct report_trail *t, const struct report_party *p, struct buf *out)
{
	const struct report_grade *g = grade_of(t, p);
	struct buf line = {0};
	if (p->cert_subject.p == NULL)
		return;
	buf_add_span(&line, p->cert_subject);
	buf_add_str(&line, ", issued by ");
	buf_add_span(&line, p->cert_issuer);
	if (g != NULL && g->age_us != FACT_NULL && g->age_us >= 0) {
		buf_add_str(&line, g->young ? "; YOUNG: made " : "; made ");
		text_age(g->age_us, &line);
		buf_add_str(&line, " before the click");
	}
	text_prose(out, "certificate", buf_span(&line));
	buf_fini(&line);
}

static void say_registration(
	const struct report_trail *t, const struct report_party *p, struct buf *out)
{
	struct buf line = {0};
	if (p->registrar.n > 0)
		text_labelled(out, "registrar", p->registrar);
	if (p->registrant.n > 0)
		text_labelled(out, "registrant", p->registrant);
	if (p->registered_us != FACT_NULL) {
		add_day(p->registered_us, &line);
		if (t->trail->started_us >= p->registered_us) {
			buf_add_str(&line, ", ");
			text_age(t->trail->started_us - p->registered_us, &line);
			buf_add_str(&line, " before the click");
		}
		if (p->expires_us != FACT_NULL) {
			buf_add_str(&line, "; until ");
			add_day(p->expires_us, &line);
		}
		text_prose(out, "registered", buf_span(&line));
		buf_clear(&line);
	}
	for (size_t i = 0; i < p->n_nameservers && i < SERVERS_SHOWN; i++) {
		buf_add_str(&line, i > 0 ? ", " : "");
		buf_add_span(&line, p->nameservers[i]);
	}
	if (p->n_nameservers > SERVERS_SHOWN)
		buf_addf(&line, " and %zu more", p->n_nameservers - SERVERS_SHOWN);
	if (p->n_nameservers > 0)
		text_prose(out, "name servers", buf_span(&line));
	buf_fini(&line);
}

static void say_contact(const struct party_contact *c, bool first, struct buf *out)
{
	struct buf line = {0};
	buf_add_span(&line, c->email.n > 0 ? c->email : c->form);
	if (c->name.n > 0) {
		buf_add_str(&line, ", ");
		buf_add_span(&line, c->name);
	}
	if (c->role.n > 0) {
		buf_add_str(&line, " (");
		buf_add_span(&line, c->role);
		buf_add_byte(&line, ')');
	}
	if (c->guessed)
		buf_add_str(&line, "; a guess: nobody names a desk (RFC 2142)");
	else if (c->source.n > 0) {
		buf_add_str(&line, "; by ");
		buf_add_span(&line, c->source);
	}
	if (c->at_us != FACT_NULL) {
		buf_add_str(&line, " of ");
		add_day(c->at_us, &line);
	}
	text_prose(out, first ? "complaints" : "", buf_span(&line));
	buf_fini(&line);
}

static void say_party(const struct text_order *x, const struct report_trail *t,
	const struct report_party *p, struct buf *out)
{
	buf_addf(out, "Party %zu: ", p->n);
	say_long(out, p->name, "  ");
	buf_add_str(out, p->n_hops == 1 ? ", hop" : ", hops");
	for (size_t i = 0; i < p->n_hops; i++)
		buf_addf(out, "%s %zu", i > 0 ? "," : "", p->hops[i]);
	buf_add_str(out, text_party(x, t) == p ? " (you)\n" : "\n");
	say_names(p, out);
	say_runner(p, out);
	say_network(p, out);
	say_certificate(t, p, out);
	say_registration(t, p, out);
	for (size_t i = 0; i < p->n_contacts && i < CONTACTS_SHOWN; i++)
		say_contact(&p->contacts[i], i == 0, out);
	if (p->n_contacts > CONTACTS_SHOWN) {
		text_label(out, "");
		buf_addf(out, "and %zu more\n", p->n_contacts - CONTACTS_SHOWN);
	}
	buf_add_byte(out, '\n');
}

void text_parties(const struct text_order *x, const struct report_trail *t, struct buf *out)
{
	if (t->parties.n == 0)
		return;
	buf_add_str(out, "\nTHE PARTIES\n\n");
	for (size_t i = 0; i < t->parties.n; i++)
		say_party(x, t, &t->parties.list[i], out);
	buf_addf(out, "Domains by the Public Suffix List of %s.\n", t->parties.list_date);
}
