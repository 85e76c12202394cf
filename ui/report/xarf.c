/*
 * XARF asks for one report per incident: so this is about one party, and the whole way is in it
 * as context. What only clicktrail knows stands under a member of its own name, which the
 * schemas allow.
 */
#include "ui/report/xarf.h"
#include "ui/report/defang.h"
#include "ui/report/json_value.h"
#include "ui/report/say_same.h"
#include "ui/report/uuid.h"
#include "ui/report/say_compared.h"

#include <stdio.h>

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

json_t *xarf_uri(struct span url)
{
	struct buf uri = {0};
	json_t *j = complaint_uri(url, &uri) ? json_text_of(buf_span(&uri)) : json_null();
	buf_fini(&uri);
	return j;
}

/* JSON Schema counts characters. Never half of one. */
json_t *xarf_text(struct span s, size_t max)
{
	json_t *whole = json_text_of(s);
	if (!json_is_string(whole))
		return whole;
	struct span text = span_of(json_string_value(whole), json_string_length(whole));
	size_t at = 0;
	for (size_t n = 0; at < text.n; at++) {
		n += (text.p[at] & 0xc0) != 0x80;
		if (n > max)
			break;
	}
	json_t *cut = json_text_of(span_first(text, at));
	json_decref(whole);
	return cut;
}

json_t *xarf_chain(const struct complaint *c, size_t *left_out)
{
	json_t *list = json_array();
	*left_out = 0;
	for (size_t i = 0; i < c->trail->n_hops; i++) {
		json_t *uri =
			i < XARF_CHAIN_MAX ? xarf_uri(c->trail->hops[i].hop->url) : json_null();
		if (json_is_string(uri))
			json_array_append(list, uri);
		else
			(*left_out)++;
		json_decref(uri);
	}
	return list;
}

static json_t *contact_json(const struct edition_reporter *r)
{
	json_t *j = json_object();
	set(j, "org", xarf_text(r->org, COMPLAINT_ORG_MAX));
	set(j, "contact", json_text_of(r->email));
	set(j, "domain", json_text_of(r->domain));
	return j;
}

/* The same case, trail, party and edition make the same report. */
static void name_report(const struct complaint *c, struct span domain, char out[UUID_TEXT])
{
	const struct edition_order *o = c->edition->order;
	struct buf name = {0};
	buf_add_str(&name, "xarf/");
	buf_add_span(&name, c->edition->report->about.id);
	buf_addf(&name, "/%s/%s/%s/%s/%s/%d%d/", c->trail->id, abuse_class_word(o->abuse),
		o->fraud_type != NULL ? o->fraud_type : "", o->brand != NULL ? o->brand : "",
		redact_word(o->redact.how), o->coarse_time, o->withhold_egress);
	buf_add_span(&name, domain);
	buf_add_byte(&name, '/');
	buf_add_span(&name, c->party->name);
	uuid_v4_form(buf_span(&name), out);
	buf_fini(&name);
}

static struct span source_of(const struct complaint *c)
{
	if (c->hop->remote_ip.n > 0)
		return c->hop->remote_ip;
	if (c->party->address.n > 0)
		return c->party->address;
	return c->hop->host.n > 0 ? c->hop->host : c->party->name;
}

static json_t *description(const struct complaint *c)
{
	struct buf text = {0}, safe = {0};
	complaint_short(c,
		c->edition->order->defang ? XARF_DESCRIPTION_MAX / 2 : XARF_DESCRIPTION_MAX,
		&text);
	if (c->edition->order->defang)
		defang_add(&safe, buf_span(&text));
	json_t *j = xarf_text(
		buf_span(c->edition->order->defang ? &safe : &text), XARF_DESCRIPTION_MAX);
	buf_fini(&text);
	buf_fini(&safe);
	return j;
}

/* ^[a-z0-9][a-z0-9_+-]*:[a-z0-9][a-z0-9_+-]*$: mechanisms are words of ours. */
static json_t *tags_json(const struct complaint *c)
{
	json_t *list = json_array();
	bool seen[MECHANISM_COUNT] = {false};
	for (size_t i = 0; i < c->trail->n_hops; i++) {
		enum trail_mechanism m = c->trail->hops[i].hop->mechanism;
		char tag[64];
		if (seen[m] || m == MECHANISM_OPEN || json_array_size(list) >= XARF_TAGS_MAX)
			continue;
		seen[m] = true;
		snprintf(tag, sizeof tag, "redirect:%s", mechanism_word(m));
		json_array_append_new(list, json_string(tag));
	}
	return list;
}

static json_t *hop_json(const struct complaint *c, const struct report_hop *h)
{
	const struct report_party *p = parties_of_hop(&c->trail->parties, h->hop->n);
	json_t *j = json_object();
	set(j, "n", json_integer((json_int_t)h->hop->n));
	set(j, "url", trail_url_erased(h->hop->url) ? json_null() : json_text_of(h->hop->url));
	set(j, "method", json_text_of(h->hop->method));
	set(j, "status", json_int_of(h->hop->status));
	set(j, "at", json_time_of(h->hop->at_us));
	set(j, "mechanism", json_words_of(mechanism_word(h->hop->mechanism)));
	set(j, "confidence", json_words_of(confidence_word(h->hop->confidence)));
	set(j, "on_wire", json_boolean(h->hop->on_wire));
	set(j, "server", json_text_of(h->remote_ip));
	set(j, "party", p != NULL ? json_text_of(p->name) : json_null());
	set(j, "reported", json_boolean(p == c->party));
	return j;
}

/* Files that the page hands out, and store entries that it points to. */
static json_t *downloads_json(const struct complaint *c)
{
	const struct report_landing *l = c->hop->landing;
	json_t *list = json_array();
	for (size_t i = 0; l != NULL && i < l->n_downloads && i < XARF_LIST_MAX; i++) {
		const struct landing_download *d = &l->downloads[i];
		json_t *j = json_object(), *details = json_object();
		set(j, "url", json_text_of(d->url));
		set(j, "name", json_text_of(d->name));
		set(j, "size", json_int_of(d->size));
		set(j, "sha256", json_hex_of(d->sha256));
		set(j, "kind", json_words_of(d->kind));
		for (size_t k = 0; k < d->n_details && k < XARF_LIST_MAX; k++)
			set(details, d->details[k].name, json_text_of(d->details[k].value));
		set(j, "details", details);
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *seen_json(const struct complaint *c)
{
	const struct report_session *s = c->session;
	json_t *j = json_object();
	if (s == NULL)
		return j;
	bool told = !c->edition->order->withhold_egress;
	set(j, "browser", json_text_of(s->start->browser));
	set(j, "user_agent", json_text_of(s->user_agent));
	set(j, "language", json_text_of(s->start->language));
	set(j, "referer", json_text_of(s->referer));
	set(j, "egress_ip", told ? json_text_of(s->egress.ip) : json_null());
	set(j, "egress_country", told ? json_text_of(s->egress.country) : json_null());
	set(j, "clock", json_text_of(s->start->clock_source));
	return j;
}

/* `more` is taken over. */
static json_t *own_json(const struct complaint *c, json_t *more, size_t chain_left_out)
{
	const struct edition *e = c->edition;
	const struct rounds *rounds = e->report->rounds;
	json_t *j = json_object(), *hops = json_array();
	set(j, "version", json_text_of(e->report->about.tool_version));
	set(j, "case", json_text_of(e->report->about.id));
	set(j, "trail", json_words_of(c->trail->id));
	set(j, "party", json_text_of(c->party->name));
	if (e->report->head.n != 0)
		set(j, "seal_head", json_hex_of(span_of(e->report->head.running, SHA256_LEN)));
	set(j, "ended_by", json_words_of(trail_end_word(c->trail->trail->ended_by)));
	set(j, "recording_complete", json_boolean(c->trail->trail->recording_complete));
	for (size_t i = 0; i < c->trail->n_hops; i++)
		json_array_append_new(hops, hop_json(c, &c->trail->hops[i]));
	set(j, "hops", hops);
	set(j, "downloads", downloads_json(c));
	set(j, "seen_by", seen_json(c));
	set(j, "times_opened",
		rounds != NULL && rounds->n > 0 ? json_integer((json_int_t)rounds->n)
						: json_null());
	set(j, "replay", json_replay(c->trail->replay));
	set(j, "crosscheck", json_compared_counts(e->report->compared));
	set(j, "redaction",
		json_words_of(
			redact_word(e->redaction != NULL ? e->redaction->how : REDACT_NONE)));
	set(j, "evidence_left_out", more);
	set(j, "addresses_left_out", json_integer((json_int_t)chain_left_out));
	return j;
}

static void set_core(const struct complaint *c, const struct edition_reporter *who, json_t *j)
{
	char id[UUID_TEXT];
	int64_t at = c->hop->hop->at_us != FACT_NULL ? c->hop->hop->at_us
						     : c->trail->trail->started_us;
	name_report(c, who->domain, id);
	set(j, "xarf_version", json_string(XARF_VERSION));
	set(j, "report_id", json_string(id));
	set(j, "timestamp", json_time_of(at));
	set(j, "reporter", contact_json(who));
	set(j, "sender", contact_json(who));
	set(j, "source_identifier", json_text_of(source_of(c)));
	if (c->hop->remote_ip.n > 0 && c->hop->remote_port > 0 && c->hop->remote_port < 65536)
		set(j, "source_port", json_integer(c->hop->remote_port));
	set(j, "confidence", json_real(complaint_confidence(c)));
	set(j, "description", description(c));
	set(j, "tags", tags_json(c));
}

json_t *xarf_make(struct edition *e, const struct complaint *c, struct err *err)
{
	struct edition_reporter who;
	size_t left_out;
	json_t *items = NULL, *more = NULL, *j = NULL;
	if (!complaint_reporter(e, &who, err))
		return NULL;
	if (c->trail->trail->started_us == FACT_NULL && c->hop->hop->at_us == FACT_NULL) {
		err_set(err, ERR_USAGE, "trail %s has no time, which XARF wants", c->trail->id);
		return NULL;
	}
	j = json_object();
	set_core(c, &who, j);
	if (!xarf_class(e, c, j, err) || !xarf_evidence(e, c, &items, &more, err)) {
		json_decref(j);
		return NULL;
	}
	set(j, "evidence", items);
	set(j, "redirect_chain", xarf_chain(c, &left_out));
	set(j, "clicktrail", own_json(c, more, left_out));
	return j;
}

bool edition_xarf(struct edition *e, struct buf *out, struct err *err)
{
	struct complaint c;
	json_t *j = complaint_pick(e, &c, err) ? xarf_make(e, &c, err) : NULL;
	if (j == NULL)
		return false;
	json_write(j, JSON_INDENT(2), out);
	buf_add_byte(out, '\n');
	return true;
}
