#include "store/base/codec.h"
#include "store/base/hash.h"
#include "ui/export/export_json.h"
#include "ui/export/warc_file.h"
#include "ui/report/say_compared.h"

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static json_t *base64(struct span s)
{
	struct buf coded = {0};
	if (s.p == NULL)
		return json_null();
	base64_add(&coded, s);
	json_t *j = json_text_of(buf_span(&coded));
	buf_fini(&coded);
	return j;
}

/* size and sha256 are those of what passed, as the case has them. */
static json_t *message(
	const struct warc_message *m, struct span version, int64_t size, struct span sha256)
{
	json_t *j = json_object();
	set(j, "version", json_text_of(version));
	set(j, "body_size", json_int_of(size));
	set(j, "body_sha256", json_hex_of(sha256));
	set(j, "whole", json_boolean(m->about.whole || m->about.size == 0));
	set(j, "decoded", json_boolean(m->about.decoded));
	set(j, "redacted", json_boolean(m->about.redacted));
	set(j, "withheld", json_boolean(m->about.withheld));
	set(j, "fields_left_out", json_integer((json_int_t)m->left_out));
	return j;
}

static json_t *fields(const struct model_field *list, size_t n)
{
	json_t *j = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(j, json_pack("[o,o]", json_text_of(list[i].name),
						 json_text_of(list[i].value)));
	return j;
}

static json_t *remote(const struct fact_leg *l)
{
	json_t *j = json_object();
	set(j, "ip", json_text_of(l->remote_ip));
	set(j, "port", json_int_of(l->remote_port));
	return j;
}

/* What was on the wire where it was not what the records hold. Only of an edition in which
 * nothing had to be hidden. */
static json_t *raw_heads(const struct model_exchange *x)
{
	json_t *j = json_object();
	set(j, "request", base64(x->request->head));
	set(j, "response", x->response != NULL ? base64(x->response->head) : json_null());
	return j;
}

void warc_metadata(const struct edition *e, const struct export_item *i,
	const struct warc_message *sent, const struct warc_message *answer,
	const char *certificates, struct buf *out)
{
	const struct model_exchange *x = i->x;
	const struct fact_exchange_end *end = x->end;
	json_t *j = json_object();
	set(j, "format", json_string("clicktrail-exchange/1"));
	set(j, "exchange", json_int_of(x->id));
	set(j, "session", json_int_of(x->session));
	set(j, "at", json_time_of(x->request->at_us));
	set(j, "ended_at", end != NULL ? json_time_of(end->at_us) : json_null());
	set(j, "page", i->trail != NULL ? json_words_of(i->trail->id) : json_null());
	set(j, "trail", i->hop != NULL ? export_hop(i) : json_null());
	set(j, "witness", json_compared_hop(i->hop != NULL ? i->hop->witness : NULL));
	set(j, "reason", end != NULL ? export_reason(end) : json_null());
	set(j, "made_by",
		x->response != NULL ? json_text_of(x->response->made_by) : json_null());
	set(j, "remote", i->leg != NULL ? remote(i->leg) : json_null());
	set(j, "tls", i->tls != NULL ? export_tls(i->tls) : json_null());
	set(j, "certificates", json_words_of(certificates));
	set(j, "request",
		message(sent, x->request->version, sent->about.size,
			end != NULL ? end->req_sha256 : SPAN_NONE));
	set(j, "response",
		answer != NULL ? message(answer, x->response->version, answer->about.size,
					 end != NULL ? end->res_sha256 : SPAN_NONE)
			       : json_null());
	set(j, "oddities", json_text_of(x->request->oddities));
	/* Where nothing came back there is no request record either. */
	if (answer == NULL) {
		set(j, "method", json_text_of(x->request->method));
		set(j, "request_headers", fields(x->req_fields, x->n_req_fields));
	}
	if (e->redaction->how == REDACT_NONE && !e->order->coarse_time &&
		!e->order->withhold_egress)
		set(j, "raw_heads", raw_heads(x));
	json_write(j, JSON_COMPACT, out);
	buf_add_byte(out, '\n');
}

/* RFC 7468 2: 64 characters a line. */
static void add_pem(struct span der, struct buf *out)
{
	enum { LINE = 64 };
	struct buf coded = {0};
	base64_add(&coded, der);
	buf_add_str(out, "-----BEGIN CERTIFICATE-----\n");
	for (struct span rest = buf_span(&coded); rest.n > 0; rest = span_from(rest, LINE)) {
		buf_add_span(out, span_first(rest, LINE));
		buf_add_byte(out, '\n');
	}
	buf_add_str(out, "-----END CERTIFICATE-----\n");
	buf_fini(&coded);
}

bool warc_certificates(const struct edition *e, const struct export_item *i, struct buf *out)
{
	struct span digests = i->tls != NULL ? i->tls->certs : SPAN_NONE;
	bool any = false;
	for (size_t at = 0; at + SHA256_LEN <= digests.n; at += SHA256_LEN) {
		const struct fact_certificate *c = model_certificate(
			e->report->model, span_of(digests.p + at, SHA256_LEN));
		if (c == NULL || c->der.n == 0)
			return false; /* withheld, or not recorded: half a chain misleads */
		add_pem(c->der, out);
		any = true;
	}
	return any;
}
