/*
 * What went over the network for one hop: who was asked and how the name was found, the
 * request's and response's headers, cookies, and what is known of the body.
 */
#include "ui/report/html_parts.h"
#include "ui/report/say.h"

void html_server(struct html *h, const struct report_hop *hop)
{
	html_fact_open(h, "Server");
	if (hop->remote_ip.p == NULL) {
		html_say(h, "none was reached");
	} else {
		html_ip(h, hop->remote_ip);
		buf_addf(h->out, " port %lld", (long long)hop->remote_port);
	}
	if (hop->protocol != NULL) {
		html_say(h, ", ");
		html_value(h, span_str(hop->protocol));
	}
	if (hop->made_by.p != NULL && !span_is(hop->made_by, "origin")) {
		html_say(h, "; the answer was made by ");
		html_value(h, hop->made_by);
	}
	html_fact_close(h);
	if (hop->reason.p == NULL || span_is(hop->reason, "ok"))
		return;
	html_fact_open(h, "Failed");
	html_say(h, "<strong class=\"bad\">");
	html_value(h, hop->reason);
	html_say(h, "</strong>");
	if (hop->reason_detail.n > 0) {
		html_say(h, ": ");
		html_value(h, hop->reason_detail);
	}
	html_fact_close(h);
}

void html_dns(struct html *h, const struct report_dns *d)
{
	if (d == NULL)
		return;
	html_fact_open(h, "DNS");
	html_host_text(h->out, d->name, h->defang);
	for (size_t i = 0; i < d->n_cnames; i++) {
		html_say(h, " \u2192 ");
		html_host_text(h->out, d->cnames[i], h->defang);
	}
	for (size_t i = 0; i < d->n_addresses; i++) {
		html_say(h, i == 0 ? " = " : ", ");
		html_ip(h, d->addresses[i]);
	}
	html_say(h, " <span class=\"dim\">");
	if (d->ttl != FACT_NULL)
		buf_addf(h->out, "(TTL %lld s) ", (long long)d->ttl);
	html_say(h, "by ");
	html_value(h, d->source);
	if (d->resolver.n > 0) {
		html_say(h, " ");
		html_value(h, d->resolver);
	}
	html_say(h, "</span>");
	html_fact_close(h);
}

static void body_facts(struct html *h, const char *name, int64_t size, int64_t stored,
	struct span sha, struct span type)
{
	if (size == FACT_NULL)
		return;
	html_fact_open(h, name);
	html_number(h->out, size);
	html_say(h, size == 1 ? " byte" : " bytes");
	if (type.n > 0) {
		html_say(h, ", ");
		html_value(h, type);
	}
	if (stored != FACT_NULL && stored < size) {
		html_say(h, ", ");
		html_number(h->out, stored);
		html_say(h, " of them stored");
	}
	if (sha.p != NULL && size > 0) {
		html_say(h, "<br><span class=\"dim\">SHA-256</span> ");
		html_hex(h, sha);
	}
	html_fact_close(h);
}

static void bodies(struct html *h, const struct report_hop *hop)
{
	const struct fact_exchange_end *end = hop->exchange->end;
	if (end == NULL)
		return;
	if (end->req_size > 0)
		body_facts(h, "Body sent", end->req_size, end->req_stored, end->req_sha256,
			model_request_header(hop->exchange, "Content-Type"));
	body_facts(h, "Body received", end->res_size, end->res_stored, end->res_sha256,
		hop->media_type.n > 0 ? hop->media_type : span_str("no type given"));
}

static void field(struct html *h, const struct model_field *f, bool erased)
{
	html_say(h, "<tr><th scope=\"row\"><code>");
	html_value(h, f->name);
	html_say(h, "</code></th><td>");
	if (erased)
		html_say(h, "<em>erased</em>");
	else
		html_code(h, f->value);
	html_say(h, "</td></tr>\n");
}

static void fields(struct html *h, const char *title, const char *caption,
	const struct model_field *list, size_t n, size_t erased)
{
	static const char *const columns[] = {"Name", "Value"};
	if (n + erased == 0)
		return;
	html_fold_open(h, title, n + erased, false);
	html_table_open(h, caption, columns, 2);
	for (size_t i = 0; i < n + erased; i++)
		field(h, &list[i], i >= n);
	html_table_close(h);
	html_fold_close(h);
}

/* "a=1; Path=/": the pair and what stands behind it. */
static void cookie_row(struct html *h, struct span pair, struct span rest, bool set)
{
	size_t equals = span_find_byte(pair, '=', 0);
	struct span name = span_first(pair, equals == SIZE_MAX ? 0 : equals);
	struct span value = equals == SIZE_MAX ? pair : span_from(pair, equals + 1);
	html_say(h, "<tr><th scope=\"row\"><code>");
	html_value(h, span_trim(name, " \t"));
	html_say(h, "</code></th><td>");
	html_code(h, value);
	if (set) {
		html_say(h, "</td><td>");
		html_value(h, span_trim(rest, " \t;"));
	}
	html_say(h, "</td></tr>\n");
}

static size_t cookies_sent(struct html *h, const struct model_exchange *x, bool write)
{
	size_t n = 0;
	for (size_t i = 0; i < x->n_req_fields; i++) {
		struct span left = x->req_fields[i].value;
		if (!span_is_nocase(x->req_fields[i].name, "Cookie"))
			continue;
		while (left.n > 0) {
			size_t end = span_find_byte(left, ';', 0);
			struct span pair = span_first(left, end == SIZE_MAX ? left.n : end);
			left = span_from(left, pair.n + 1);
			pair = span_trim(pair, " \t");
			if (pair.n == 0)
				continue;
			n++;
			if (write)
				cookie_row(h, pair, SPAN_NONE, false);
		}
	}
	return n;
}

static size_t cookies_set(struct html *h, const struct model_exchange *x, bool write)
{
	size_t n = 0;
	for (size_t i = 0; i < x->n_res_fields; i++) {
		struct span all = x->res_fields[i].value;
		if (!span_is_nocase(x->res_fields[i].name, "Set-Cookie"))
			continue;
		size_t end = span_find_byte(all, ';', 0);
		n++;
		if (write)
			cookie_row(h, span_first(all, end == SIZE_MAX ? all.n : end),
				end == SIZE_MAX ? SPAN_NONE : span_from(all, end + 1), true);
	}
	return n;
}

static void cookies(struct html *h, const struct model_exchange *x)
{
	static const char *const sent[] = {"Name", "Value"};
	static const char *const set[] = {"Name", "Value", "Attributes"};
	size_t n_sent = cookies_sent(h, x, false), n_set = cookies_set(h, x, false);
	if (n_sent + n_set == 0)
		return;
	html_fold_open(h, "Cookies", n_sent + n_set, false);
	if (n_sent > 0) {
		html_table_open(h, "Sent by the browser", sent, 2);
		cookies_sent(h, x, true);
		html_table_close(h);
	}
	if (n_set > 0) {
		html_table_open(h, "Set by the server", set, 3);
		cookies_set(h, x, true);
		html_table_close(h);
	}
	html_fold_close(h);
}

void html_wire(struct html *h, const struct report_hop *hop, bool whole)
{
	const struct model_exchange *x = hop->exchange;
	html_say(h, "<dl class=\"facts\">\n");
	html_server(h, hop);
	html_dns(h, hop->dns);
	bodies(h, hop);
	html_fact_open(h, "Exchange");
	buf_addf(h->out, "%lld of the case", (long long)x->id);
	html_fact_close(h);
	html_say(h, "</dl>\n");
	if (!whole)
		return;
	fields(h, "Request headers", "As the browser sent them", x->req_fields, x->n_req_fields,
		x->n_req_erased);
	fields(h, "Response headers", "As the server sent them", x->res_fields, x->n_res_fields,
		x->n_res_erased);
	cookies(h, x);
}
