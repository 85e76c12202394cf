/*
 * JSON report, version 1: the shape that docs promise to scripts. Every member is there, null
 * where nothing is known. Output is pure ASCII (\uXXXX for the rest), so that no byte of it can
 * play tricks on a terminal.
 */
#include "ui/report/edition.h"
#include "ui/report/json_link.h"
#include "ui/report/json_party.h"
#include "ui/report/json_redaction.h"
#include "ui/report/json_value.h"
#include "ui/report/mail.h"
#include "ui/report/say_rounds.h"
#include "ui/report/say_compared.h"
#include "ui/report/say_remarks.h"
#include "ui/report/say_same.h"

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static json_t *arrived_json(const struct trail_hop *h)
{
	json_t *j = json_object();
	set(j, "mechanism", json_words_of(mechanism_word(h->mechanism)));
	set(j, "confidence", json_words_of(confidence_word(h->confidence)));
	set(j, "evidence", json_evidence(h));
	set(j, "alternatives", json_alternatives(h));
	return j;
}

static json_t *remote_json(const struct report_hop *h)
{
	if (h->remote_ip.p == NULL)
		return json_null();
	json_t *j = json_object();
	set(j, "ip", json_text_of(h->remote_ip));
	set(j, "port", json_int_of(h->remote_port));
	return j;
}

static json_t *dns_json(const struct report_dns *d)
{
	if (d == NULL)
		return json_null();
	json_t *j = json_object();
	set(j, "name", json_text_of(d->name));
	set(j, "source", json_text_of(d->source));
	set(j, "resolver", json_text_of(d->resolver));
	set(j, "cnames", json_list_of(d->cnames, d->n_cnames));
	set(j, "addresses", json_list_of(d->addresses, d->n_addresses));
	set(j, "ttl", json_int_of(d->ttl));
	return j;
}

static json_t *san_json(struct span san)
{
	json_t *list = json_array();
	while (san.n > 0) {
		size_t end = span_find_byte(san, ' ', 0);
		struct span name = span_first(san, end == SIZE_MAX ? san.n : end);
		if (name.n > 0)
			json_array_append_new(list, json_text_of(name));
		san = span_from(san, name.n + 1);
	}
	return list;
}

static json_t *cert_json(const struct fact_certificate *c)
{
	json_t *j = json_object();
	set(j, "subject", json_text_of(c->subject));
	set(j, "issuer", json_text_of(c->issuer));
	set(j, "serial", json_text_of(c->serial));
	set(j, "not_before", json_time_of(c->not_before_us));
	set(j, "not_after", json_time_of(c->not_after_us));
	set(j, "sha256", json_hex_of(c->sha256));
	set(j, "san", san_json(c->san));
	set(j, "key", json_text_of(c->key_kind));
	set(j, "signature", json_text_of(c->signature_kind));
	return j;
}

static json_t *tls_json(const struct report_tls *t)
{
	if (t == NULL)
		return json_null();
	json_t *j = json_object(), *certs = json_array();
	set(j, "version", json_text_of(t->origin->version));
	set(j, "cipher", json_text_of(t->origin->cipher));
	set(j, "alpn", json_text_of(t->origin->alpn));
	set(j, "sni", json_text_of(t->origin->sni));
	set(j, "key_group", json_text_of(t->origin->key_group));
	set(j, "verified", json_bool_of(t->origin->verified));
	set(j, "verify_error", json_text_of(t->origin->verify_error));
	set(j, "permitted", json_boolean(t->origin->permitted == 1));
	set(j, "outcome", json_text_of(t->origin->outcome));
	set(j, "ja3", t->hello != NULL ? json_text_of(t->hello->ja3) : json_null());
	set(j, "ja4", t->hello != NULL ? json_text_of(t->hello->ja4) : json_null());
	set(j, "browser_ja3",
		t->browser_hello != NULL ? json_text_of(t->browser_hello->ja3) : json_null());
	set(j, "browser_ja4",
		t->browser_hello != NULL ? json_text_of(t->browser_hello->ja4) : json_null());
	set(j, "browser_version",
		t->browser != NULL ? json_text_of(t->browser->version) : json_null());
	set(j, "browser_cipher",
		t->browser != NULL ? json_text_of(t->browser->cipher) : json_null());
	for (size_t i = 0; i < t->n_certs; i++)
		json_array_append_new(certs, cert_json(&t->certs[i]));
	set(j, "certs", certs);
	return j;
}

static json_t *address_json(struct span url)
{
	return trail_url_erased(url) ? json_null() : json_text_of(url);
}

/* Behind them those that were erased: null. */
static json_t *fields_json(const struct model_field *fields, size_t n, size_t erased)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *pair = json_array();
		json_array_append_new(pair, json_text_of(fields[i].name));
		json_array_append_new(pair, json_text_of(fields[i].value));
		json_array_append_new(list, pair);
	}
	for (size_t i = n; i < n + erased; i++) {
		json_t *pair = json_array();
		json_array_append_new(pair, json_text_of(fields[i].name));
		json_array_append_new(pair, json_null());
		json_array_append_new(list, pair);
	}
	return list;
}

static json_t *request_json(const struct model_exchange *x)
{
	if (x == NULL)
		return json_null();
	json_t *j = json_object();
	set(j, "headers", fields_json(x->req_fields, x->n_req_fields, x->n_req_erased));
	return j;
}

static json_t *response_json(const struct report_hop *h)
{
	const struct model_exchange *x = h->exchange;
	if (x == NULL || x->response == NULL)
		return json_null();
	json_t *j = json_object(), *body = json_object();
	set(j, "headers", fields_json(x->res_fields, x->n_res_fields, x->n_res_erased));
	set(j, "made_by", json_text_of(h->made_by));
	set(body, "sha256", x->end != NULL ? json_hex_of(x->end->res_sha256) : json_null());
	set(body, "size", x->end != NULL ? json_int_of(x->end->res_size) : json_null());
	set(body, "media_type", json_text_of(h->media_type));
	set(j, "body", body);
	return j;
}

static json_t *hop_json(const struct report_trail *in, const struct report_hop *h)
{
	const struct trail_hop *t = h->hop;
	json_t *j = json_object();
	set(j, "n", json_integer((json_int_t)t->n));
	set(j, "url", address_json(t->url));
	set(j, "method", json_text_of(t->method));
	set(j, "status", json_int_of(t->status));
	set(j, "at", json_time_of(t->at_us));
	set(j, "elapsed_ms", json_ms_of(t->elapsed_us));
	set(j, "on_wire", json_boolean(t->on_wire));
	set(j, "arrived_by", arrived_json(t));
	set(j, "remote", remote_json(h));
	set(j, "protocol", json_words_of(h->protocol));
	set(j, "dns", dns_json(h->dns));
	set(j, "tls", tls_json(h->tls));
	set(j, "party", json_hop_party(in, h));
	set(j, "grade", json_grade(h->grade));
	set(j, "landing", json_landing(h->landing));
	set(j, "witness", json_compared_hop(h->witness));
	set(j, "request", request_json(h->exchange));
	set(j, "response", response_json(h));
	set(j, "claimed_target", json_text_of(t->claimed_target));
	set(j, "claimed", json_claimed(h));
	set(j, "link", json_link(h));
	set(j, "exchange", h->exchange != NULL ? json_int_of(h->exchange->id) : json_null());
	set(j, "reason", json_text_of(h->reason));
	set(j, "reason_detail", json_text_of(h->reason_detail));
	set(j, "remarks", json_remarks(h->remarks, h->n_remarks));
	return j;
}

static json_t *trail_json(const struct report_trail *t)
{
	json_t *j = json_object(), *hops = json_array(), *notes = json_array();
	set(j, "id", json_words_of(t->id));
	set(j, "session", json_int_of(t->trail->session));
	set(j, "started_at", json_time_of(t->trail->started_us));
	set(j, "start_url", address_json(t->trail->start_url));
	set(j, "final_url", address_json(t->trail->final_url));
	set(j, "recording_complete", json_boolean(t->trail->recording_complete));
	set(j, "ended_by", json_words_of(trail_end_word(t->trail->ended_by)));
	for (size_t i = 0; i < t->trail->n_notes; i++)
		json_array_append_new(notes, json_words_of(t->trail->notes[i]));
	set(j, "notes", notes);
	for (size_t i = 0; i < t->n_hops; i++)
		json_array_append_new(hops, hop_json(t, &t->hops[i]));
	set(j, "hops", hops);
	set(j, "parties", json_parties(t));
	set(j, "public_suffix_list", json_words_of(t->parties.list_date));
	set(j, "replay", json_replay(t->replay));
	set(j, "marked", json_mark(t->mark));
	set(j, "remarks", json_remarks(t->remarks, t->n_remarks));
	return j;
}

static json_t *browser_json(const struct report_session *s)
{
	json_t *j = json_object();
	set(j, "name", s != NULL ? json_text_of(s->start->browser) : json_null());
	set(j, "version", s != NULL ? json_text_of(s->start->browser_version) : json_null());
	set(j, "user_agent", s != NULL ? json_text_of(s->user_agent) : json_null());
	set(j, "language", s != NULL ? json_text_of(s->start->language) : json_null());
	set(j, "timezone", s != NULL ? json_text_of(s->start->timezone) : json_null());
	set(j, "device", s != NULL ? json_text_of(s->start->device) : json_null());
	set(j, "device_giveaways",
		json_list_of(s != NULL ? s->giveaways : NULL, s != NULL ? s->n_giveaways : 0));
	set(j, "referer", s != NULL ? json_text_of(s->referer) : json_null());
	return j;
}

static json_t *options_of(struct span s)
{
	json_t *j = s.p != NULL ? json_loadb((const char *)s.p, s.n, 0, NULL) : NULL;
	return j != NULL ? j : json_null();
}

static json_t *session_json(const struct report_session *s)
{
	json_t *j = json_object();
	set(j, "session", json_int_of(s->start->session));
	set(j, "command", json_text_of(s->start->command));
	set(j, "mode", json_text_of(s->start->mode));
	set(j, "replay_of", json_text_of(s->replay_of));
	set(j, "started_at", json_time_of(s->start->at_us));
	set(j, "ended_at", s->end != NULL ? json_time_of(s->end->at_us) : json_null());
	set(j, "ended_by", s->end != NULL ? json_text_of(s->end->reason) : json_null());
	set(j, "detail", s->end != NULL ? json_text_of(s->end->detail) : json_null());
	set(j, "complete", s->end != NULL ? json_bool_of(s->end->complete) : json_false());
	set(j, "incomplete_reason",
		s->end != NULL ? json_text_of(s->end->incomplete_reason) : json_null());
	set(j, "link", json_text_of(s->start->link));
	set(j, "sent_link", json_text_of(s->start->sent_link));
	set(j, "options", options_of(s->start->options));
	set(j, "other_wrappers", json_boolean(s->other_wrappers));
	set(j, "browser", browser_json(s));
	set(j, "ca_sha256", json_hex_of(s->start->ca_sha256));
	set(j, "durability", json_text_of(s->start->durability));
	set(j, "exchanges", json_integer((json_int_t)s->n_exchanges));
	set(j, "failed_exchanges", json_integer((json_int_t)s->n_failed));
	set(j, "opaque", json_integer((json_int_t)s->n_opaque));
	return j;
}

/* "ip" where there was one exit and it said so; "via_ips" is where the proxy itself was. */
static json_t *egress_json(const struct report_session *s)
{
	static const struct report_egress none;
	const struct report_egress *e = s != NULL ? &s->egress : &none;
	json_t *j = json_object();
	set(j, "via", s != NULL ? json_text_of(s->start->via) : json_null());
	set(j, "ip", json_text_of(e->ip));
	set(j, "country", json_text_of(e->country));
	set(j, "country_by", json_text_of(e->country_by));
	set(j, "ips", json_list_of(e->ips, e->n_ips));
	set(j, "via_ips", json_list_of(e->via_ips, e->n_via_ips));
	return j;
}

static json_t *hash_json(const struct report *r, const uint8_t *bytes)
{
	return r->head.n != 0 ? json_hex_of(span_of(bytes, SHA256_LEN)) : json_null();
}

/* As it stands in the case. "head" is the running hash: who has it can show the case's end. */
static json_t *seal_json(const struct report *r)
{
	const struct seal_head *h = &r->head;
	bool there = h->n != 0;
	json_t *j = json_object();
	set(j, "algorithm", json_words_of(there ? "sha256+merkle-rfc9162+ed25519" : NULL));
	set(j, "facts", there ? json_integer((json_int_t)h->facts) : json_null());
	set(j, "head", hash_json(r, h->running));
	set(j, "root", hash_json(r, h->root));
	set(j, "number", there ? json_integer((json_int_t)h->n) : json_null());
	set(j, "signature",
		r->has_signature ? json_hex_of(span_of(h->signature, SEAL_SIGNATURE_LEN))
				 : json_null());
	set(j, "public_key",
		there && h->has_key ? json_hex_of(span_of(h->key, SEAL_KEY_LEN)) : json_null());
	set(j, "verified", json_null());
	set(j, "closed", json_boolean(r->about.closed_us != FACT_NULL));
	return j;
}

/* What a case with several sessions says at the top is its first session; "sessions" has them
 * all. */
static json_t *case_json(const struct report *r)
{
	const struct report_session *s = r->n_sessions > 0 ? &r->sessions[0] : NULL;
	json_t *j = json_object(), *tool = json_object(), *clock = json_object(),
	       *sessions = json_array();
	set(j, "id", json_text_of(r->about.id));
	set(j, "opened_at", json_time_of(r->about.created_us));
	set(j, "closed_at", json_time_of(r->about.closed_us));
	set(j, "recording_complete", json_boolean(r->recording_complete));
	set(j, "incomplete_reason", json_words_of(r->incomplete_reason));
	set(tool, "name", json_text_of(r->about.tool_name));
	set(tool, "version", json_text_of(r->about.tool_version));
	set(j, "tool", tool);
	set(j, "operator", json_text_of(r->about.operator_name));
	set(j, "egress", egress_json(s));
	set(clock, "source", s != NULL ? json_text_of(s->start->clock_source) : json_null());
	set(clock, "offset_ms",
		s != NULL ? json_ms_of(s->start->clock_offset_us) : json_null());
	set(j, "clock", clock);
	set(j, "mode", s != NULL ? json_text_of(s->start->mode) : json_null());
	set(j, "browser", browser_json(s));
	set(j, "seal", seal_json(r));
	set(j, "being_written", json_boolean(r->about.being_written));
	for (size_t i = 0; i < r->n_sessions; i++)
		json_array_append_new(sessions, session_json(&r->sessions[i]));
	set(j, "sessions", sessions);
	return j;
}

static json_t *whole_json(const struct report *r)
{
	json_t *j = json_object(), *trails = json_array();
	set(j, "format", json_string("clicktrail-report/1"));
	set(j, "case", case_json(r));
	for (size_t i = 0; i < r->n_trails; i++)
		json_array_append_new(trails, trail_json(&r->trails[i]));
	set(j, "trails", trails);
	set(j, "mail", json_mail(r));
	set(j, "rounds", json_rounds(r));
	set(j, "crosscheck", json_compared(r->compared));
	set(j, "packets_destroyed", json_destroyed(r->compared));
	set(j, "wrappers", json_wrappers(r->model->wrappers));
	set(j, "attachments", json_attachments(&r->attachments));
	return j;
}

static void write_json(json_t *j, struct buf *out)
{
	json_write(j, JSON_INDENT(2), out);
	buf_add_byte(out, '\n');
}

void report_json(const struct report *r, struct buf *out)
{
	write_json(whole_json(r), out);
}

/* What this was made for. */
static json_t *edition_member(const struct edition *e)
{
	const struct edition_order *o = e->order;
	const struct report_party *p = NULL;
	json_t *j = json_object();
	set(j, "made_at", json_time_of(e->made_us));
	set(j, "party", o->party != 0 ? json_integer((json_int_t)o->party) : json_null());
	for (size_t i = 0; p == NULL && i < e->report->n_trails; i++)
		p = edition_party(e, &e->report->trails[i]);
	set(j, "party_name", p != NULL ? json_text_of(p->name) : json_null());
	set(j, "class",
		o->abuse != ABUSE_NONE ? json_words_of(abuse_class_word(o->abuse))
				       : json_null());
	set(j, "fraud_type", json_words_of(o->fraud_type));
	set(j, "brand", json_words_of(o->brand));
	return j;
}

bool edition_json(struct edition *e, struct buf *out, struct err *err)
{
	(void)err;
	json_t *j = whole_json(e->report);
	set(j, "edition", edition_member(e));
	set(j, "redaction", json_redaction(e));
	write_json(j, out);
	return true;
}
