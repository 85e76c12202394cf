/* A hop in full, or what of it others need to know. */
#include "ui/report/hop_line.h"
#include "ui/report/say.h"
#include "ui/report/say_compared.h"
#include "ui/report/say_remarks.h"
#include "ui/report/text_parts.h"
#include "ui/report/say_link.h"
#include "store/base/clock.h"
#include "store/base/codec.h"
#include "store/derive/lookalike.h"

static void say_arrival(const struct trail_hop *h, struct buf *out)
{
	text_label(out, "arrived by");
	buf_addf(out, "%s, %s\n", mechanism_word(h->mechanism), confidence_word(h->confidence));
	for (size_t i = 0; i < h->n_evidence; i++) {
		const struct trail_evidence *e = &h->evidence[i];
		text_label(out, "  shown by");
		say_text(out, span_str(e->signal));
		if (e->exchange != FACT_NULL)
			buf_addf(out, " in exchange %lld", (long long)e->exchange);
		if (e->quote.n > 0) {
			buf_add_str(out, ": ");
			say_long(out, e->quote, text_under);
		}
		buf_add_byte(out, '\n');
	}
	for (size_t i = 0; i < h->n_alternatives; i++) {
		const struct trail_alternative *a = &h->alternatives[i];
		text_label(out, "  rather than");
		buf_addf(out, "%s", mechanism_word(a->mechanism));
		if (a->from_hop > 0)
			buf_addf(out, " from hop %zu", a->from_hop);
		buf_add_str(out, ": ");
		say_text(out, span_str(a->why));
		buf_add_byte(out, '\n');
	}
}

static void say_time(const struct trail_hop *h, struct buf *out)
{
	char at[CLOCK_TEXT_MAX] = "an unknown time";
	if (h->at_us != FACT_NULL)
		clock_text(h->at_us, at);
	text_label(out, "asked");
	say_text(out, h->method);
	buf_addf(out, " at %s", at);
	if (h->status != FACT_NULL)
		buf_addf(out, ", answered %lld", (long long)h->status);
	if (h->elapsed_us != FACT_NULL) {
		buf_add_str(out, ", over after ");
		say_span_of_time(out, h->elapsed_us);
	}
	buf_add_byte(out, '\n');
}

static void say_server(const struct report_hop *h, struct buf *out)
{
	if (h->registrable_domain.p != NULL)
		text_labelled(out, "domain", h->registrable_domain);
	text_label(out, "server");
	if (h->remote_ip.p == NULL) {
		buf_add_str(out, "none was reached");
	} else {
		say_text(out, h->remote_ip);
		buf_addf(out, " port %lld", (long long)h->remote_port);
	}
	if (h->protocol != NULL) {
		buf_add_str(out, ", ");
		say_text(out, span_str(h->protocol));
	}
	if (h->made_by.p != NULL && !span_is(h->made_by, "origin")) {
		buf_add_str(out, "; the answer was made by ");
		say_text(out, h->made_by);
	}
	buf_add_byte(out, '\n');
	if (h->reason.p != NULL && !span_is(h->reason, "ok")) {
		text_label(out, "failed");
		say_text(out, h->reason);
		if (h->reason_detail.n > 0) {
			buf_add_str(out, ": ");
			say_long(out, h->reason_detail, text_under);
		}
		buf_add_byte(out, '\n');
	}
}

static void say_dns(const struct report_dns *d, struct buf *out)
{
	if (d == NULL)
		return;
	text_label(out, "dns");
	say_text(out, d->name);
	for (size_t i = 0; i < d->n_cnames; i++) {
		buf_add_str(out, " -> ");
		say_text(out, d->cnames[i]);
	}
	for (size_t i = 0; i < d->n_addresses; i++) {
		buf_add_str(out, i == 0 ? " = " : ", ");
		say_text(out, d->addresses[i]);
	}
	if (d->ttl != FACT_NULL)
		buf_addf(out, " (ttl %lld s)", (long long)d->ttl);
	buf_add_str(out, " by ");
	say_text(out, d->source);
	if (d->resolver.n > 0) {
		buf_add_byte(out, ' ');
		say_text(out, d->resolver);
	}
	buf_add_byte(out, '\n');
}

static void say_cert(const struct fact_certificate *c, struct buf *out)
{
	char from[CLOCK_TEXT_MAX] = "?", to[CLOCK_TEXT_MAX] = "?";
	if (c->not_before_us != FACT_NULL)
		clock_text(c->not_before_us, from);
	if (c->not_after_us != FACT_NULL)
		clock_text(c->not_after_us, to);
	text_labelled(out, "certificate", c->subject);
	text_labelled(out, "  issuer", c->issuer);
	text_labelled(out, "  names", c->san);
	text_label(out, "  valid");
	buf_addf(out, "%.10s to %.10s\n", from, to);
	text_label(out, "  sha256");
	hex_add(out, c->sha256);
	buf_add_byte(out, '\n');
}

static void say_tls(const struct report_tls *t, struct buf *out)
{
	if (t == NULL)
		return;
	text_label(out, "tls");
	struct span outcome = t->origin->outcome;
	if (t->n_certs == 0 && outcome.p != NULL && !span_is(outcome, "ok")) {
		/* What stands for version and suite then is our own offer. */
		buf_add_str(out, "the handshake failed: ");
		say_text(out, outcome);
		buf_add_byte(out, '\n');
		return;
	}
	say_text(out, t->origin->version);
	buf_add_byte(out, ' ');
	say_text(out, t->origin->cipher);
	if (t->origin->verified == 1)
		buf_add_str(out, ", certificate verified\n");
	else if (t->origin->verified == FACT_NULL)
		buf_add_str(out, ", certificate judged by the browser itself\n");
	else
		buf_add_str(out, ", certificate NOT verified\n");
	if (t->origin->verify_error.n > 0)
		text_labelled(out, "  why", t->origin->verify_error);
	if (t->origin->permitted == 1)
		text_labelled(out, "  permitted", span_str("by --permit-bad-cert"));
	/* The browser's own went through to the origin. */
	bool own = t->hello != NULL && t->browser_hello != NULL && t->hello->raw.n > 0 &&
		   span_eq(t->hello->raw, t->browser_hello->raw);
	if (t->hello != NULL && !own)
		text_labelled(out, "  our ja4", t->hello->ja4);
	if (t->browser_hello != NULL)
		text_labelled(out, "  browser ja4", t->browser_hello->ja4);
	for (size_t i = 0; i < t->n_certs; i++)
		say_cert(&t->certs[i], out);
}

static void say_fields(
	const char *arrow, const struct model_field *fields, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "  %s ", arrow);
		say_text(out, fields[i].name);
		buf_add_str(out, ": ");
		say_long(out, fields[i].value, "    ");
		buf_add_byte(out, '\n');
	}
}

/* Which values went; where they stood among the others, the case knows. */
static void say_erased(
	const char *arrow, const struct model_field *fields, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "  %s ", arrow);
		say_text(out, fields[i].name);
		buf_add_str(out, ": (erased)\n");
	}
}

static void say_body(const struct report_hop *h, struct buf *out)
{
	const struct fact_exchange_end *end = h->exchange->end;
	if (end == NULL || end->res_size == FACT_NULL)
		return;
	text_label(out, "body");
	buf_addf(out, "%lld bytes, ", (long long)end->res_size);
	say_text(out, h->media_type.p != NULL ? h->media_type : span_str("no type given"));
	if (end->res_stored != FACT_NULL && end->res_stored < end->res_size)
		buf_addf(out, ", %lld of them stored", (long long)end->res_stored);
	buf_add_byte(out, '\n');
	if (end->res_sha256.p != NULL) {
		text_label(out, "  sha256");
		hex_add(out, end->res_sha256);
		buf_add_byte(out, '\n');
	}
}

static void say_headers(const struct model_exchange *x, struct buf *out)
{
	say_fields(">", x->req_fields, x->n_req_fields, out);
	say_erased(">", x->req_fields + x->n_req_fields, x->n_req_erased, out);
	say_fields("<", x->res_fields, x->n_res_fields, out);
	say_erased("<", x->res_fields + x->n_res_fields, x->n_res_erased, out);
}

static void say_whole(const struct report_hop *h, struct buf *out)
{
	say_dns(h->dns, out);
	say_tls(h->tls, out);
	text_grade(h->grade, out);
	say_body(h, out);
	text_landing(h->landing, out);
	say_headers(h->exchange, out);
}

/* The host as people read it, where that is not what stands in the address. */
static void say_reading(const struct report_hop *h, struct buf *out)
{
	struct arena a = {0};
	struct lookalike l;
	lookalike_read(&a, h->host, &l);
	if (l.unicode.p != NULL)
		text_labelled(out, "  reads as", l.unicode);
	arena_fini(&a);
}

void text_hop(const struct report_hop *h, bool whole, struct buf *out)
{
	buf_addf(out, "Hop %zu", h->hop->n);
	if (h->exchange != NULL)
		buf_addf(out, " (exchange %lld)", (long long)h->exchange->id);
	buf_add_byte(out, '\n');
	text_label(out, "address");
	say_address(out, h->hop->url, text_under);
	buf_add_byte(out, '\n');
	say_reading(h, out);
	if (whole)
		say_arrival(h->hop, out);
	else
		text_labelled(out, "arrived by", span_str(mechanism_word(h->hop->mechanism)));
	say_time(h->hop, out);
	say_link_lines(h, out);
	if (whole)
		say_remarks(h->remarks, h->n_remarks, out);
	struct buf witness = {0};
	say_compared_hop(h->witness, &witness);
	if (buf_len(&witness) > 0)
		text_labelled(out, "witness", buf_span(&witness));
	buf_fini(&witness);
	if (h->exchange != NULL) {
		say_server(h, out);
		if (whole)
			say_whole(h, out);
	}
	buf_add_byte(out, '\n');
}
