/*
 * The complaint for a web form: one block for each field that such forms have, to be copied
 * into it. Values that a form takes as addresses stand exact; they are marked, and everything
 * else is not live.
 */
#include "ui/report/complaint.h"
#include "ui/report/defang.h"
#include "ui/report/form_desks.h"
#include "ui/report/recipe.h"
#include "ui/report/recipe_curl.h"
#include "ui/report/say.h"
#include "store/base/clock.h"
#include "store/base/codec.h"

enum {
	FORM_BOX = 1000,     /* characters that the smaller boxes of such forms take */
	FORM_ADDRESSES = 20, /* of one list */
};

static void head(struct buf *out, const char *title)
{
	buf_addf(out, "\n== %s\n", title);
}

/* Prose and lists: not live. */
static void add_safe(const struct complaint *c, struct buf *out, struct span text)
{
	if (c->edition->order->defang)
		defang_add(out, text);
	else
		buf_add_span(out, text);
}

static void say_safe(const struct complaint *c, struct buf *out, struct span text)
{
	struct buf line = {0};
	recipe_piece(&line, text, "  ");
	add_safe(c, out, buf_span(&line));
	buf_fini(&line);
}

static void say_who(const struct complaint *c, struct buf *out)
{
	const struct edition_reporter *r = &c->edition->order->reporter;
	head(out, "Your name or organisation");
	recipe_piece(out, r->org.n > 0 ? r->org : span_str("(yours: --reporter-org)"), "  ");
	buf_add_byte(out, '\n');
	head(out, "Your mail address");
	recipe_piece(
		out, r->email.n > 0 ? r->email : span_str("(yours: --reporter-email)"), "  ");
	buf_add_byte(out, '\n');
}

static void say_category(const struct complaint *c, struct buf *out)
{
	const struct edition_order *o = c->edition->order;
	head(out, "Category");
	if (o->abuse == ABUSE_NONE)
		buf_add_str(out, "(choose: --class phishing, malware, fraud, brand or spam)\n");
	else
		buf_addf(out, "%s\n", complaint_noun(o->abuse));
	if (o->abuse == ABUSE_SPAM)
		say_prose(out, "", "",
			span_str(
				"(Many forms have no box for what spam advertises. Registrars "
				"of generic domains have to act on phishing, malware, botnets "
				"and pharming, and on spam only where it spreads one of these: "
				"ICANN's accreditation agreement of 2024, 3.18.)"));
	if (o->fraud_type != NULL && o->abuse == ABUSE_FRAUD) {
		buf_add_str(out, "kind of fraud: ");
		recipe_piece(out, span_str(o->fraud_type), "  ");
		buf_add_byte(out, '\n');
	}
	if (o->brand == NULL)
		return;
	head(out, "Brand that is imitated");
	recipe_piece(out, span_str(o->brand), "  ");
	buf_add_byte(out, '\n');
}

static void say_exact(struct buf *out, struct span url)
{
	struct buf uri = {0};
	if (complaint_uri(url, &uri))
		buf_add_span(out, buf_span(&uri));
	else
		buf_add_str(out, "(erased, or no address)");
	buf_add_byte(out, '\n');
	buf_fini(&uri);
}

/* Forms check that it is one, and want it whole: the line may be long. Paste, do not open. */
static void say_addresses(const struct complaint *c, struct buf *out)
{
	size_t n = 0;
	head(out, "Address (exact: to be pasted, not opened)");
	say_exact(out, c->hop->hop->url);
	for (size_t i = 0; i < c->trail->n_hops; i++) {
		const struct report_hop *h = &c->trail->hops[i];
		if (h == c->hop || span_eq(h->hop->url, c->hop->hop->url) ||
			parties_of_hop(&c->trail->parties, h->hop->n) != c->party)
			continue;
		if (n++ == 0)
			head(out, "Further addresses of the same site (exact)");
		if (n <= FORM_ADDRESSES)
			say_exact(out, h->hop->url);
	}
	if (n > FORM_ADDRESSES)
		buf_addf(out, "(and %zu more)\n", n - FORM_ADDRESSES);
	head(out, "Host and network");
	say_safe(c, out, c->party->name);
	if (c->hop->remote_ip.n > 0) {
		buf_add_str(out, ", at ");
		say_safe(c, out, c->hop->remote_ip);
	}
	if (c->party->asn != FACT_NULL)
		buf_addf(out, ", AS%lld", (long long)c->party->asn);
	if (c->party->network.n > 0) {
		buf_add_str(out, ", ");
		say_safe(c, out, c->party->network);
	}
	buf_add_byte(out, '\n');
}

static void say_when(const struct complaint *c, struct buf *out)
{
	char at[CLOCK_TEXT_MAX] = "an unknown time";
	const struct report_session *s = c->session;
	if (c->hop->hop->at_us != FACT_NULL)
		clock_text(c->hop->hop->at_us, at);
	head(out, "When (UTC)");
	buf_addf(out, "%s\n", at);
	head(out, "From where, and with what, it was seen");
	if (s == NULL) {
		buf_add_str(out, "not known\n");
		return;
	}
	if (c->edition->order->withhold_egress)
		buf_add_str(out, "an address that is withheld");
	else if (s->egress.ip.n > 0)
		say_safe(c, out, s->egress.ip);
	else
		buf_add_str(out, "an address that was not recorded");
	if (s->egress.country.n > 0 && !c->edition->order->withhold_egress) {
		buf_add_str(out, ", ");
		say_safe(c, out, s->egress.country);
	}
	buf_add_str(out, "\nUser-Agent: ");
	say_safe(c, out, s->user_agent);
	if (s->start->language.n > 0) {
		buf_add_str(out, "\nlanguage: ");
		say_safe(c, out, s->start->language);
	}
	buf_add_byte(out, '\n');
}

static void say_forms(
	const struct complaint *c, const struct report_landing *l, struct buf *out)
{
	for (size_t i = 0; i < l->n_forms; i++) {
		const struct landing_form *f = &l->forms[i];
		size_t n = 0;
		for (size_t k = 0; k < f->n_fields && n < FORM_ADDRESSES; k++) {
			if (f->fields[k].asks == NULL)
				continue;
			buf_add_str(out, n++ == 0 ? "It asks for: " : ", ");
			buf_add_str(out, f->fields[k].asks);
		}
		if (n == 0)
			continue;
		buf_add_str(out, "; to be sent to ");
		say_safe(c, out, f->action);
		buf_add_byte(out, '\n');
	}
	for (size_t i = 0; i < l->n_downloads && i < FORM_ADDRESSES; i++) {
		const struct landing_download *d = &l->downloads[i];
		buf_add_str(out, d->name.n > 0 ? "It hands out: " : "It points to: ");
		say_safe(c, out, d->name.n > 0 ? d->name : d->url);
		for (size_t k = 0; k < d->n_details && k < FORM_ADDRESSES; k++) {
			buf_addf(out, ", %s ", d->details[k].name);
			say_safe(c, out, d->details[k].value);
		}
		if (l->downloads[i].sha256.n > 0) {
			buf_add_str(out, ", SHA-256 ");
			hex_add(out, l->downloads[i].sha256);
		}
		buf_add_byte(out, '\n');
	}
	if (l->n_shots > 0)
		say_count(out, l->n_shots, "picture of it is in the case\n",
			"pictures of it are in the case\n");
}

static void say_evidence(const struct complaint *c, struct buf *out)
{
	struct buf text = {0};
	head(out, "Evidence");
	complaint_hops(c, &text);
	add_safe(c, out, buf_span(&text));
	if (c->hop->landing != NULL)
		say_forms(c, c->hop->landing, out);
	complaint_redaction(c, out);
	buf_fini(&text);
}

/* Defanging makes text longer: as much less is written before. */
static void say_short(const struct complaint *c, struct buf *out)
{
	struct buf text = {0}, safe = {0};
	head(out, "Description, at most 1000 characters");
	for (size_t room = FORM_BOX; room >= FORM_BOX / 4; room -= 50) {
		buf_clear(&text);
		buf_clear(&safe);
		complaint_short(c, room, &text);
		add_safe(c, &safe, buf_span(&text));
		if (buf_len(&safe) <= FORM_BOX)
			break;
	}
	buf_add_span(out, buf_span(&safe));
	buf_add_byte(out, '\n');
	buf_fini(&text);
	buf_fini(&safe);
}

static void say_long_one(const struct complaint *c, struct buf *out)
{
	struct buf text = {0};
	head(out, "Description, longer");
	complaint_story(c, &text);
	add_safe(c, out, buf_span(&text));
	buf_fini(&text);
	head(out, "How to repeat it");
	recipe_say(c->edition, c->trail, out);
}

static void say_contacts(const struct complaint *c, struct buf *out)
{
	const struct report_party *p = c->party;
	for (size_t i = 0; i < p->n_contacts && i < FORM_ADDRESSES; i++) {
		const struct party_contact *k = &p->contacts[i];
		/* A directory's answer is hostile: only a web address is to be opened. */
		bool form = span_starts(k->form, "https://") || span_starts(k->form, "http://");
		buf_add_str(out, "  ");
		if (form)
			say_exact(out, k->form);
		else
			say_safe(c, out, k->email.n > 0 ? k->email : k->form);
		buf_add_str(out, form ? "    (" : "\n    (");
		say_safe(c, out, k->role);
		buf_add_str(out, k->guessed ? " desk, guessed by RFC 2142)\n" : " desk, by ");
		if (!k->guessed) {
			say_safe(c, out, k->source);
			buf_add_str(out, ")\n");
		}
	}
}

static void say_desk(const struct form_desk *d, struct buf *out)
{
	buf_addf(out, "  %s\n    %s: ", d->form, d->name);
	buf_addf(out, "%s\n", d->what);
}

/* A front is not who runs the site. */
static void say_front(const struct complaint *c, struct buf *out)
{
	const struct party_front *f = &c->party->front;
	if (f->key == NULL)
		return;
	buf_addf(out, "  %s behind %s (", f->sure ? "It stands" : "It is likely", f->name);
	say_safe(c, out, f->how);
	buf_add_str(out, "): its desk passes reports on to whoever runs the server.\n");
}

static void say_where(const struct complaint *c, struct buf *out)
{
	const struct form_desk *d = form_desk_of(c), *all;
	head(out, "Where to");
	say_front(c, out);
	say_contacts(c, out);
	if (d != NULL)
		say_desk(d, out);
	if (d != NULL && d->front)
		say_prose(out, "    ", "    ",
			span_str(
				"The server behind it is another's: its desk is not known from "
				"here, and the answer of this one may name it."));
	if (d == NULL && c->party->n_contacts == 0)
		buf_add_str(out, "  (not known: `clicktrail lookup` asks the registries)\n");
	for (size_t i = 0; (all = form_desk_for_all(i)) != NULL; i++)
		if ((all->classes & 1u << c->edition->order->abuse) != 0)
			say_desk(all, out);
	buf_add_str(out, "  (Forms as they were publicly named in " FORM_DESKS_DATE
			 "; look before you use one.)\n");
}

bool edition_form(struct edition *e, struct buf *out, struct err *err)
{
	struct complaint c;
	if (!complaint_pick(e, &c, err))
		return false;
	buf_addf(out, "For a web form: party %zu of trail %s. Each block is one field.\n",
		c.party->n, c.trail->id);
	say_where(&c, out);
	say_who(&c, out);
	say_category(&c, out);
	say_addresses(&c, out);
	say_when(&c, out);
	say_short(&c, out);
	say_evidence(&c, out);
	say_long_one(&c, out);
	head(out, "For yourself, before you send it");
	redaction_cover(e, out);
	return true;
}
