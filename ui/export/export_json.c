#include "ui/export/export_json.h"
#include "ui/report/say_compared.h"
#include "store/base/hash.h"

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

json_t *export_tls(const struct fact_handshake *t)
{
	json_t *j = json_object(), *certs = json_array();
	set(j, "version", json_text_of(t->version));
	set(j, "cipher", json_text_of(t->cipher));
	set(j, "alpn", json_text_of(t->alpn));
	set(j, "sni", json_text_of(t->sni));
	set(j, "verified", json_bool_of(t->verified));
	set(j, "verify_error", json_text_of(t->verify_error));
	for (size_t at = 0; at + SHA256_LEN <= t->certs.n; at += SHA256_LEN)
		json_array_append_new(certs, json_hex_of(span_of(t->certs.p + at, SHA256_LEN)));
	set(j, "certs", certs);
	return j;
}

json_t *export_hop(const struct export_item *i)
{
	const struct trail_hop *t = i->hop->hop;
	json_t *j = json_object();
	set(j, "id", json_words_of(i->trail->id));
	set(j, "n", json_integer((json_int_t)t->n));
	set(j, "url", trail_url_erased(t->url) ? json_null() : json_text_of(t->url));
	set(j, "at", json_time_of(t->at_us));
	set(j, "mechanism", json_words_of(mechanism_word(t->mechanism)));
	set(j, "confidence", json_words_of(confidence_word(t->confidence)));
	set(j, "evidence", json_evidence(t));
	set(j, "alternatives", json_alternatives(t));
	return j;
}

json_t *export_reason(const struct fact_exchange_end *end)
{
	json_t *j = json_object();
	set(j, "word", json_text_of(end->reason));
	set(j, "detail", json_text_of(end->detail));
	return j;
}

json_t *export_about(const struct edition *e, const struct export_list *list)
{
	json_t *j = json_object(), *redaction = json_object();
	const struct redaction *r = e->redaction;
	set(j, "case", json_text_of(e->report->about.id));
	set(j, "recording_complete", json_boolean(e->report->recording_complete));
	set(j, "crosscheck", json_compared_counts(e->report->compared));
	set(j, "incomplete_reason", json_words_of(e->report->incomplete_reason));
	set(j, "party",
		e->order->party == 0 ? json_null() : json_integer((json_int_t)e->order->party));
	set(j, "left_out_noise", json_integer((json_int_t)list->n_noise));
	set(j, "left_out_own", json_integer((json_int_t)list->n_own));
	set(j, "left_out_other", json_integer((json_int_t)list->n_other));
	set(redaction, "how", json_words_of(redact_word(r->how)));
	set(redaction, "places", json_integer((json_int_t)r->n_items));
	set(redaction, "more", json_boolean(r->more));
	set(j, "redaction", redaction);
	return j;
}
