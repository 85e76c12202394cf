/*
 * What --class means in XARF, and the members that each type has. Nothing is put in that the
 * facts or the user do not say.
 */
#include "ui/report/xarf.h"
#include "ui/report/json_value.h"
#include "ui/report/source_mail.h"
#include "store/base/codec.h"
#include "store/derive/cue.h"

#include <arpa/inet.h>

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

/* Only what is there. */
static void set_if(json_t *object, const char *name, json_t *value)
{
	if (json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0) ||
		(json_is_array(value) && json_array_size(value) == 0) ||
		(json_is_object(value) && json_object_size(value) == 0))
		json_decref(value);
	else
		set(object, name, value);
}

/* ^([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}$ of content-base.json: names under an xn-- top-level
 * domain, with double hyphens or with underscores do not fit, and are left out. */
static bool is_domain(struct span s)
{
	size_t dot = SIZE_MAX;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool inner = i > 0 && i + 1 < s.n && s.p[i - 1] != '.' && s.p[i - 1] != '-' &&
			     s.p[i + 1] != '.' && s.p[i + 1] != '-';
		if (c == '.')
			dot = i;
		if (!(c >= 'a' && c <= 'z') && !ascii_digit(c) &&
			!((c == '-' || c == '.') && inner))
			return false;
	}
	if (dot == SIZE_MAX || s.n - dot - 1 < 2)
		return false;
	for (size_t i = dot + 1; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z'))
			return false;
	return true;
}

static json_t *certificate_json(const struct report_hop *h)
{
	if (h->tls == NULL || h->tls->n_certs == 0)
		return json_null();
	const struct fact_certificate *c = &h->tls->certs[0];
	json_t *j = json_object();
	set_if(j, "issuer", json_text_of(c->issuer));
	set_if(j, "subject", json_text_of(c->subject));
	set_if(j, "valid_from", json_time_of(c->not_before_us));
	set_if(j, "valid_to", json_time_of(c->not_after_us));
	set_if(j, "fingerprint", json_hex_of(c->sha256));
	return j;
}

static json_t *dns_json(const struct report_hop *h)
{
	json_t *j = json_object(), *a = json_array(), *aaaa = json_array();
	for (size_t i = 0; h->dns != NULL && i < h->dns->n_addresses && i < XARF_LIST_MAX;
		i++) {
		char text[INET6_ADDRSTRLEN] = "";
		uint8_t b[16];
		struct span s = h->dns->addresses[i];
		if (s.n == 0 || s.n >= sizeof text)
			continue;
		memcpy(text, s.p, s.n);
		if (inet_pton(AF_INET, text, b) == 1)
			json_array_append_new(a, json_text_of(s));
		else if (inet_pton(AF_INET6, text, b) == 1)
			json_array_append_new(aaaa, json_text_of(s));
	}
	set_if(j, "a", a);
	set_if(j, "aaaa", aaaa);
	return j;
}

static json_t *whois_json(const struct report_party *p)
{
	json_t *j = json_object();
	set_if(j, "registrant", json_text_of(p->registrant));
	set_if(j, "created_date", json_time_of(p->registered_us));
	set_if(j, "updated_date", json_time_of(p->changed_us));
	set_if(j, "expiry_date", json_time_of(p->expires_us));
	for (size_t i = 0; i < p->n_contacts; i++)
		if (span_is(p->contacts[i].role, "registrar") &&
			complaint_is_email(p->contacts[i].email)) {
			set(j, "registrar_abuse_contact", json_text_of(p->contacts[i].email));
			break;
		}
	return j;
}

static bool is_country(struct span s)
{
	return s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' && s.p[1] <= 'Z';
}

void xarf_content(const struct complaint *c, json_t *j)
{
	const struct report_party *p = c->party;
	bool ours = c->session != NULL && !span_is(c->session->start->command, "proxy");
	size_t servers = p->n_nameservers < XARF_LIST_MAX ? p->n_nameservers : XARF_LIST_MAX;
	set_if(j, "url", xarf_uri(c->hop->hop->url));
	if (is_domain(c->hop->host))
		set(j, "domain", json_text_of(c->hop->host));
	set_if(j, "registrar", json_text_of(p->registrar));
	set_if(j, "nameservers", json_list_of(p->nameservers, servers));
	set_if(j, "dns_records", dns_json(c->hop));
	set_if(j, "verified_at", json_time_of(c->hop->hop->at_us));
	set(j, "verification_method", json_string(ours ? "automated_crawler" : "manual"));
	set(j, "evidence_source", json_string(ours ? "crawler" : "user_report"));
	set_if(j, "hosting_provider", json_text_of(p->network));
	if (p->asn >= 1 && p->asn <= UINT32_MAX)
		set(j, "asn", json_integer(p->asn));
	if (is_country(p->country))
		set(j, "country_code", json_text_of(p->country));
	set_if(j, "ssl_certificate", certificate_json(c->hop));
	set_if(j, "whois", whois_json(p));
	if (c->edition->order->brand != NULL)
		set(j, "target_brand", xarf_text(span_str(c->edition->order->brand), 200));
}

/* By what the rounds that parted were asked differently: one thing only names it. */
static const char *cloaked_by(const struct rounds *r)
{
	static const unsigned agent = 1u << ROUND_ASKED_BROWSER | 1u << ROUND_ASKED_USER_AGENT |
				      1u << ROUND_ASKED_DEVICE;
	if (r == NULL || r->finding != ROUNDS_CLOAKED || r->odd == 0 || r->odd > r->n)
		return NULL;
	unsigned asked = r->list[r->odd - 1].asked & ~(1u << ROUND_ASKED_VERSION);
	if (asked != 0 && (asked & ~agent) == 0)
		return "user_agent_filtering";
	if (asked == 1u << ROUND_ASKED_REFERER)
		return "referrer_checking";
	if (asked == 1u << ROUND_ASKED_VIA)
		return "geo_blocking";
	return "other";
}

/* Did the page ask whether its visitor is a person? Read from the body as it may go out. */
static bool has_captcha(
	struct edition *e, const struct report_hop *h, bool *out, struct err *err)
{
	const struct model_exchange *x = h->exchange;
	struct edition_body about;
	struct buf body = {0};
	struct arena a = {0};
	struct url url;
	struct cue_list cues = {0};
	bool ok = true;
	*out = false;
	if (x == NULL || x->response == NULL)
		return true;
	if (span_is_nocase(model_response_header(x, "cf-mitigated"), "challenge")) {
		*out = true;
		return true;
	}
	if (e->gather != NULL && fields_is_html(h->media_type) && x->end != NULL &&
		x->end->res_size > 0 && x->end->res_size <= MODEL_BODY_MAX &&
		url_parse(&a, NULL, h->hop->url, &url)) {
		ok = edition_body(e, x, SIDE_RESPONSE, true, &body, &about, err);
		struct cue_source source = {.url = &url,
			.status = x->response->status,
			.fields = x->res_fields,
			.n_fields = x->n_res_fields,
			.body = span_first(buf_span(&body), MODEL_BODY_MAX),
			.document = true};
		if (ok && buf_len(&body) > 0)
			cue_read(&a, &source, &cues);
		*out = cues.captcha;
	}
	buf_fini(&body);
	arena_fini(&a);
	return ok;
}

static bool set_evasion(
	struct edition *e, const struct complaint *c, json_t *j, struct err *err)
{
	json_t *list = json_array();
	const char *cloaked = cloaked_by(e->report->rounds);
	bool captcha = false, ok = true;
	size_t looked = 0;
	if (cloaked != NULL)
		json_array_append_new(list, json_string(cloaked));
	for (size_t i = 0; ok && !captcha && i < c->trail->n_hops; i++) {
		const struct report_hop *h = &c->trail->hops[i];
		if (parties_of_hop(&c->trail->parties, h->hop->n) == c->party &&
			looked++ < XARF_LOOKED_MAX)
			ok = has_captcha(e, h, &captcha, err);
	}
	if (captcha)
		json_array_append_new(list, json_string("captcha"));
	set_if(j, "detection_evasion", list);
	return ok;
}

/* The fields that the page asks for, by what they are, and where the first form with one of
 * them would be sent. */
static void set_forms(const struct complaint *c, json_t *j)
{
	const struct report_landing *l = c->hop->landing;
	json_t *list = json_array();
	bool sent = false;
	for (size_t i = 0; l != NULL && i < l->n_forms; i++) {
		const struct landing_form *f = &l->forms[i];
		for (size_t k = 0; k < f->n_fields; k++) {
			const char *asks = f->fields[k].asks;
			if (asks == NULL || json_array_size(list) >= XARF_LIST_MAX)
				continue;
			json_array_append_new(list, json_string(asks));
			if (!sent)
				set_if(j, "submission_url", xarf_uri(f->action));
			sent = true;
		}
	}
	set_if(j, "credential_fields", list);
}

static bool phishing(struct edition *e, const struct complaint *c, json_t *j, struct err *err)
{
	set_forms(c, j);
	if (e->order->brand_site != NULL)
		set_if(j, "cloned_site", xarf_uri(span_str(e->order->brand_site)));
	return set_evasion(e, c, j, err);
}

static void malware(const struct complaint *c, json_t *j)
{
	const struct report_landing *l = c->hop->landing;
	const struct landing_download *d = NULL;
	/* A link to a store is no file. */
	for (size_t i = 0; l != NULL && i < l->n_downloads && d == NULL; i++)
		if (l->downloads[i].exchange != FACT_NULL)
			d = &l->downloads[i];
	if (d == NULL)
		return;
	json_t *hashes = json_object(), *about = json_object();
	if (d->sha256.n == 32)
		set(hashes, "sha256", json_hex_of(d->sha256));
	set_if(about, "filename", xarf_text(d->name, 255));
	if (d->size >= 0)
		set(about, "file_size", json_integer(d->size));
	set_if(about, "file_type", json_words_of(d->kind));
	set_if(about, "mime_type", json_text_of(d->media_type));
	set_if(j, "file_hashes", hashes);
	set_if(j, "file_metadata", about);
	set(j, "distribution_method", json_string("direct_download"));
}

static bool is_word_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

static bool fraud(const struct edition_order *o, json_t *j, struct err *err)
{
	if (o->fraud_type == NULL || !is_word_of(o->fraud_type, complaint_frauds))
		return err_set(err, ERR_USAGE,
			"--fraud-type: say which fraud it is, as XARF "
			"calls it: investment, romance, tech_support, "
			"lottery, advance_fee, cryptocurrency, "
			"shopping, charity, employment, "
			"government_impersonation or other");
	set(j, "fraud_type", json_string(o->fraud_type));
	if (o->brand != NULL)
		set(j, "claimed_entity", xarf_text(span_str(o->brand), 200));
	return true;
}

static bool brand(const struct edition_order *o, json_t *j, struct err *err)
{
	json_t *site = o->brand_site != NULL ? xarf_uri(span_str(o->brand_site)) : json_null();
	if (o->brand == NULL || !json_is_string(site)) {
		json_decref(site);
		return err_set(err, ERR_USAGE,
			"--class brand: XARF wants to know whose brand "
			"and where it really is: --brand NAME and "
			"--brand-site URL");
	}
	set(j, "infringement_type", json_string("brand_impersonation"));
	set(j, "legitimate_site", site);
	return true;
}

/* XARF has no type for what spam advertises: its spam is a message. So the report says that a
 * message came, and these are the suspicious links in it. By which way it came is the user's to
 * say, unless the case holds the mail. */
static bool spam(struct edition *e, const struct complaint *c, json_t *j, struct err *err)
{
	struct arena a = {0};
	struct source_mail mail;
	bool has_mail = source_mail_find(e, c->trail->trail->session, &a, &mail);
	const char *by = e->order->spam_protocol != NULL ? e->order->spam_protocol
			 : has_mail                      ? "smtp"
							 : NULL;
	json_t *links = json_object();
	size_t left_out;
	bool good = by != NULL && is_word_of(by, complaint_protocols);
	if (!good) {
		err_set(err, ERR_USAGE,
			"--spam-protocol: XARF wants to know how the message "
			"came: smtp, sms, whatsapp, telegram, signal, chat, "
			"social_media, push_notification or other");
		goto done;
	}
	/* With "smtp" the schema asks for the port that the sender's server sent from, which no
	 * header records. */
	set(j, "protocol", json_string(strcmp(by, "smtp") == 0 ? "other" : by));
	if (strcmp(by, "smtp") == 0)
		set(j, "protocol_note",
			json_string("The message came by mail (SMTP). XARF's \"smtp\" needs "
				    "the source port of the sending server, which mail does "
				    "not record, so \"other\" stands here."));
	set(j, "evidence_source", json_string("user_complaint"));
	if (has_mail) {
		if (complaint_is_email(mail.envelope_from))
			set(j, "smtp_from", json_text_of(mail.envelope_from));
		set_if(j, "subject", xarf_text(mail.subject, 500));
		set_if(j, "message_id", xarf_text(mail.message_id, 200));
	}
	set(links, "suspicious_links", xarf_chain(c, &left_out));
	set(j, "spam_indicators", json_incref(links));
	set_if(j, "url", xarf_uri(c->hop->hop->url));
done:
	json_decref(links);
	arena_fini(&a);
	return good;
}

bool xarf_class(struct edition *e, const struct complaint *c, json_t *j, struct err *err)
{
	static const char *const types[] = {[ABUSE_PHISHING] = "phishing",
		[ABUSE_MALWARE] = "malware",
		[ABUSE_FRAUD] = "fraud",
		[ABUSE_BRAND] = "brand_infringement",
		[ABUSE_SPAM] = "spam"};
	enum abuse_class class = e->order->abuse;
	if (class == ABUSE_NONE)
		return err_set(err, ERR_USAGE,
			"--class: XARF wants to know what the complaint "
			"is about: phishing, malware, fraud, brand or "
			"spam");
	set(j, "category", json_string(class == ABUSE_SPAM ? "messaging" : "content"));
	set(j, "type", json_string(types[class]));
	if (class == ABUSE_SPAM)
		return spam(e, c, j, err);
	xarf_content(c, j);
	if (json_object_get(j, "url") == NULL)
		return err_set(err, ERR_USAGE,
			"--party: XARF wants an address, and that of hop %zu was erased, is no "
			"URL, or is longer than %d bytes",
			c->hop->hop->n, COMPLAINT_URI_MAX);
	switch (class) {
	case ABUSE_PHISHING: return phishing(e, c, j, err);
	case ABUSE_MALWARE: malware(c, j); return true;
	case ABUSE_FRAUD: return fraud(e->order, j, err);
	case ABUSE_BRAND: return brand(e->order, j, err);
	case ABUSE_NONE:
	case ABUSE_SPAM:
	case ABUSE_CLASS_COUNT: break;
	}
	return true;
}
