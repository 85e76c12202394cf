/*
 * A complaint as a mail, ready to be looked over and sent by a person: what happened in words
 * that are not live, the same for machines (RFC 5965, or XARF), and the exact addresses in
 * files beside it.
 */
#include "ui/report/complaint.h"
#include "ui/report/defang.h"
#include "ui/report/eml_mime.h"
#include "ui/report/json_value.h"
#include "ui/report/recipe.h"
#include "ui/report/say.h"
#include "ui/report/source_mail.h"
#include "ui/report/uuid.h"
#include "ui/report/xarf.h"

#include <arpa/inet.h>

enum {
	EML_SUBJECT_MAX = 200,           /* characters */
	ARF_URIS_MAX = 100,              /* Reported-URI lines */
	ARF_URI_MAX = 900,               /* bytes of one: it cannot be folded */
	EML_FILES_MAX = 6 * 1024 * 1024, /* bytes of pictures: what else there is, is small */
};

/* What is put together, and lives until the mail is written. */
struct draft {
	struct edition *edition;
	struct complaint c;
	struct edition_reporter who;
	struct source_mail mail;
	bool has_mail;
	struct span to;
	size_t not_reported; /* addresses that fit no Reported-URI line */
	size_t not_attached; /* pictures */
	struct buf text, feedback, third, csv, recipe, subject;
	struct arena arena;
};

static void draft_fini(struct draft *d)
{
	buf_fini(&d->text);
	buf_fini(&d->feedback);
	buf_fini(&d->third);
	buf_fini(&d->csv);
	buf_fini(&d->recipe);
	buf_fini(&d->subject);
	arena_fini(&d->arena);
}

static bool pick_to(struct draft *d, struct err *err)
{
	const struct report_party *p = d->c.party;
	const struct party_contact *form = NULL;
	if (d->edition->order->to != NULL) {
		d->to = span_str(d->edition->order->to);
		return complaint_is_email(d->to) ||
		       err_set(err, ERR_USAGE, "--to: \"%.100s\" is no mail address",
			       d->edition->order->to);
	}
	for (size_t i = 0; i < p->n_contacts; i++) {
		d->to = p->contacts[i].email;
		if (complaint_is_email(d->to))
			return true;
		if (p->contacts[i].form.n > 0 && form == NULL)
			form = &p->contacts[i];
	}
	d->to = SPAN_NONE;
	if (d->edition->order->may_lack_to)
		return true;
	if (form != NULL)
		return err_set(err, ERR_USAGE,
			"--to: party %zu, %.*s, takes complaints by a "
			"web form: %.*s (--format form has the words "
			"for it)",
			p->n, (int)span_first(p->name, 80).n, (const char *)p->name.p,
			(int)span_first(form->form, 120).n, (const char *)form->form.p);
	return err_set(err, ERR_USAGE,
		"--to: nobody is known who takes complaints about party "
		"%zu, %.*s: `clicktrail lookup` asks for it",
		p->n, (int)span_first(p->name, 80).n, (const char *)p->name.p);
}

/* Appends text on one line, without anything that a header could not hold, cut. */
static void add_subject(struct buf *out, struct span text)
{
	struct buf clean = {0};
	say_text(&clean, text);
	struct span s = buf_span(&clean);
	size_t at = 0;
	for (size_t n = 0; s.p != NULL && at < s.n; at++) {
		n += (s.p[at] & 0xc0) != 0x80;
		if (n > EML_SUBJECT_MAX)
			break;
	}
	buf_add_span(out, span_first(s, at));
	if (at < s.n)
		buf_add_str(out, "...");
	buf_fini(&clean);
}

/* RFC 5965 2 (f): a report about a message has its subject, but for a prefix. */
static bool make_subject(struct draft *d, struct err *err)
{
	const struct edition_order *o = d->edition->order;
	struct buf words = {0};
	if (o->subject != NULL) {
		struct span s = span_str(o->subject);
		bool one_line = text_valid(s);
		for (size_t i = 0; i < s.n; i++)
			one_line = one_line && s.p[i] >= 0x20 && s.p[i] != 0x7f;
		if (!one_line || s.n == 0 || s.n > EML_SUBJECT_MAX)
			return err_set(err, ERR_USAGE,
				"--subject: it has to be one line of at "
				"most %d bytes of UTF-8",
				EML_SUBJECT_MAX);
		buf_add_span(&d->subject, s);
		return true;
	}
	if (d->has_mail && !o->as_xarf && d->mail.subject.n > 0) {
		eml_mime_words(d->mail.subject, &words);
		buf_add_str(&d->subject, "FW: ");
		add_subject(&d->subject, buf_span(&words));
	} else {
		buf_addf(&words, "Abuse report: %s at ", complaint_noun(o->abuse));
		defang_host(&words, span_first(d->c.party->name, COMPLAINT_DOMAIN_MAX));
		buf_add_str(&words, ", ");
		say_day(&words, d->c.hop->hop->at_us);
		add_subject(&d->subject, buf_span(&words));
	}
	buf_fini(&words);
	return true;
}

static const char *feedback_type(enum abuse_class c)
{
	switch (c) {
	case ABUSE_PHISHING:
	case ABUSE_FRAUD: return "fraud";
	case ABUSE_MALWARE: return "virus";
	case ABUSE_SPAM: return "abuse";
	case ABUSE_NONE:
	case ABUSE_BRAND:
	case ABUSE_CLASS_COUNT: break;
	}
	return "other";
}

/* One field, if its value can stand in one: printable ASCII that fits a line. */
static bool add_field(struct buf *out, const char *name, struct span value)
{
	if (value.p == NULL || value.n == 0 || value.n > ARF_URI_MAX)
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < 0x20 || value.p[i] > 0x7e)
			return false;
	buf_addf(out, "%s: ", name);
	buf_add_span(out, value);
	buf_add_byte(out, '\n');
	return true;
}

static bool is_address(struct span s)
{
	char text[INET6_ADDRSTRLEN] = "";
	uint8_t b[16];
	if (s.n == 0 || s.n >= sizeof text)
		return false;
	memcpy(text, s.p, s.n);
	return inet_pton(AF_INET, text, b) == 1 || inet_pton(AF_INET6, text, b) == 1;
}

/* A URI in which nothing is an encoded word, for readers that look for those everywhere (RFC
 * 2047 5): behind the query's start a '?' may as well be escaped, and before it the '='. */
static void add_unencoded(struct buf *out, struct span uri)
{
	bool query = false;
	for (size_t i = 0; uri.p != NULL && i < uri.n; i++) {
		uint8_t c = uri.p[i];
		if (c == '=' && i + 1 < uri.n && uri.p[i + 1] == '?' && !query)
			buf_add_str(out, "%3D");
		else if (c == '?' && query && uri.p[i - 1] == '=')
			buf_add_str(out, "%3F");
		else
			buf_add_byte(out, c);
		query = query || c == '?';
	}
}

/* The one that it is about first, then where it led, then from where, then the rest. */
static size_t uri_order(const struct draft *d, size_t i)
{
	const struct report_trail *t = d->c.trail;
	size_t about = (size_t)(d->c.hop - t->hops), last = t->n_hops - 1;
	if (i < 3)
		return i == 0 ? about : i == 1 ? last : 0;
	return i - 3;
}

static void add_uris(struct draft *d)
{
	const struct report_trail *t = d->c.trail;
	bool *done = arena_alloc(&d->arena, t->n_hops * sizeof *done);
	size_t n = 0;
	for (size_t i = 0; i < t->n_hops + 3; i++) {
		size_t at = uri_order(d, i);
		struct buf uri = {0}, safe = {0};
		if (done[at])
			continue;
		for (size_t k = 0; k < t->n_hops; k++)
			done[k] = done[k] || span_eq(t->hops[k].hop->url, t->hops[at].hop->url);
		bool fits = n < ARF_URIS_MAX && complaint_uri(t->hops[at].hop->url, &uri);
		add_unencoded(&safe, buf_span(&uri));
		fits = fits && add_field(&d->feedback, "Reported-URI", buf_span(&safe));
		n += fits;
		d->not_reported += !fits;
		buf_fini(&uri);
		buf_fini(&safe);
	}
}

/* RFC 5965 3. With a mail, the source is the mail's; without one, the report is about what the
 * address of the party's server serves. */
static void make_feedback(struct draft *d)
{
	struct buf *out = &d->feedback;
	const struct edition_order *o = d->edition->order;
	struct buf date = {0};
	buf_addf(out, "Feedback-Type: %s\n", o->as_xarf ? "xarf" : feedback_type(o->abuse));
	buf_add_str(out, "User-Agent: clicktrail/" CLICKTRAIL_VERSION "\nVersion: 1\n");
	if (o->as_xarf)
		return;
	if (d->has_mail && complaint_is_email(d->mail.envelope_from)) {
		buf_add_str(&date, "<");
		buf_add_span(&date, d->mail.envelope_from);
		buf_add_str(&date, ">");
		add_field(out, "Original-Mail-From", buf_span(&date));
		buf_clear(&date);
	}
	if (d->has_mail && d->mail.arrived.n > 0 && eml_mime_date(d->mail.arrived, &date))
		add_field(out, "Arrival-Date", buf_span(&date));
	struct span ip = d->has_mail                 ? d->mail.source_ip
			 : d->c.hop->remote_ip.n > 0 ? d->c.hop->remote_ip
						     : d->c.party->address;
	if (is_address(ip))
		add_field(out, "Source-IP", ip);
	if (!d->c.party->is_address && complaint_is_hostname(d->c.party->name))
		add_field(out, "Reported-Domain", d->c.party->name);
	add_uris(d);
	buf_fini(&date);
}

static void say_files(const struct draft *d, struct buf *out)
{
	const struct edition_order *o = d->edition->order;
	buf_add_str(out, "\nThe exact addresses are in the attached files");
	buf_add_str(out, o->as_xarf ? " and in xarf.json (XARF v" XARF_VERSION ").\n" : ".\n");
	if (d->not_reported > 0)
		buf_addf(out,
			"%zu addresses are too long, or too odd, for the machine-readable "
			"part; they are\nin urls.csv.\n",
			d->not_reported);
	if (d->not_attached > 0)
		buf_addf(out,
			"%zu pictures are too large, or held back, and are not attached.\n",
			d->not_attached);
	if (d->has_mail && !o->as_xarf)
		buf_add_str(out, d->mail.cut
					 ? "The mail that the link came in is attached: its "
					   "header, not whole.\n"
					 : "The mail that the link came in is attached: its "
					   "header.\n");
	else if (!o->as_xarf)
		buf_add_str(out, "The message that the link came in is not at hand.\n");
}

static void make_text(struct draft *d)
{
	const struct edition *e = d->edition;
	struct buf exact = {0};
	complaint_story(&d->c, &exact);
	buf_add_str(
		&exact, "\nTHE TRAIL (-> marks what this report is about; times are UTC)\n\n");
	complaint_hops(&d->c, &exact);
	say_files(d, &exact);
	complaint_redaction(&d->c, &exact);
	buf_add_str(&exact, "\nHOW TO REPEAT IT\n\n");
	if (e->order->defang)
		defang_add(&d->text, buf_span(&exact));
	else
		buf_add_span(&d->text, buf_span(&exact));
	buf_fini(&exact);
	recipe_say(e, d->c.trail, &d->text);
	buf_add_byte(&d->text, '\n');
	say_text(&d->text, d->who.org);
	buf_add_byte(&d->text, '\n');
	say_text(&d->text, d->who.email);
	buf_add_byte(&d->text, '\n');
}

/* RFC 5965 2 (d): the message, or its header. Without one the part is there and empty: nothing
 * is made up. */
static bool make_third(struct draft *d, struct eml_part *p, struct err *err)
{
	if (!d->edition->order->as_xarf) {
		if (d->has_mail)
			buf_add_span(&d->third, d->mail.head);
		*p = (struct eml_part){.type = "text",
			.subtype = "rfc822-headers",
			.about = d->has_mail ? "Header of the message that the link came in"
					     : "The message that the link came in is not at "
					       "hand",
			.bytes = buf_span(&d->third)};
		return true;
	}
	json_t *j = xarf_make(d->edition, &d->c, err);
	if (j == NULL)
		return false;
	json_write(j, JSON_INDENT(2), &d->third);
	buf_add_byte(&d->third, '\n');
	*p = (struct eml_part){.type = "application",
		.subtype = "json",
		.name = "xarf.json",
		.about = "The same report in XARF",
		.bytes = buf_span(&d->third),
		.armoured = true};
	return true;
}

/* Base64 keeps filters for links out of them, and the bytes as they are; CSV and text are what
 * every desk opens. Pictures are in the XARF report already. */
static void attach(struct draft *d, struct eml_letter *l)
{
	const struct report_landing *land = d->c.hop->landing;
	size_t bytes = 0;
	complaint_csv(&d->c, &d->csv);
	recipe_say_exact(d->edition, d->c.trail, &d->recipe);
	l->files[l->n_files++] = (struct eml_part){.type = "text",
		.subtype = "csv",
		.name = "urls.csv",
		.about = "Every address on the way, exact",
		.bytes = buf_span(&d->csv),
		.armoured = true};
	l->files[l->n_files++] = (struct eml_part){.type = "text",
		.subtype = "plain",
		.name = "how-to-repeat.txt",
		.about = "The requests, exact",
		.bytes = buf_span(&d->recipe),
		.armoured = true};
	for (size_t i = 0; land != NULL && i < land->n_shots && !d->edition->order->as_xarf;
		i++) {
		const struct landing_shot *s = &land->shots[i];
		if (s->withheld || s->png.n == 0 || s->png.n > EML_FILES_MAX - bytes ||
			l->n_files >= EML_PARTS_MAX) {
			d->not_attached++;
			continue;
		}
		bytes += s->png.n;
		l->files[l->n_files++] = (struct eml_part){.type = "image",
			.subtype = "png",
			.name = arena_printf(&d->arena, "screenshot-%zu.png", i + 1),
			.about = "What the browser showed there",
			.bytes = s->png,
			.armoured = true};
	}
}

/* The same complaint, to the same address, has the same name. */
static const char *name_letter(struct draft *d)
{
	char id[UUID_TEXT];
	struct buf name = {0};
	const struct edition_order *o = d->edition->order;
	buf_addf(&name, "eml/%s/%s/%zu/%d/%s/%d%d/", d->c.trail->id, abuse_class_word(o->abuse),
		d->c.party->n, o->as_xarf, redact_word(o->redact.how), o->coarse_time,
		o->withhold_egress);
	buf_add_span(&name, d->edition->report->about.id);
	buf_add_byte(&name, '/');
	buf_add_span(&name, d->to);
	uuid_v5(buf_span(&name), id);
	buf_fini(&name);
	return arena_printf(
		&d->arena, "%s@%.*s", id, (int)d->who.domain.n, (const char *)d->who.domain.p);
}

static bool compose(struct draft *d, struct buf *out, struct err *err)
{
	struct eml_letter l = {.date_us = d->edition->made_us};
	d->has_mail =
		source_mail_find(d->edition, d->c.trail->trail->session, &d->arena, &d->mail);
	if (!pick_to(d, err) || !make_subject(d, err) || !make_third(d, &l.third, err))
		return false;
	make_feedback(d);
	attach(d, &l);
	make_text(d);
	l.from_name = d->who.org;
	l.from = d->who.email;
	l.to = d->to;
	l.subject = buf_span(&d->subject);
	l.message_id = name_letter(d);
	l.text = buf_span(&d->text);
	l.feedback = buf_span(&d->feedback);
	eml_mime_write(&l, out);
	return true;
}

bool edition_eml(struct edition *e, struct buf *out, struct err *err)
{
	struct draft d = {.edition = e};
	bool good = complaint_pick(e, &d.c, err) && complaint_reporter(e, &d.who, err) &&
		    compose(&d, out, err);
	draft_fini(&d);
	return good;
}
