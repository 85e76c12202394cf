/*
 * A hop's objects: the URL, what its name resolved to, the server that was reached, its
 * certificate, and the fingerprint of the client that looked. The url objects are joined in
 * order: that is the trail.
 */
#include "ui/report/misp.h"
#include "ui/report/json_value.h"
#include "store/derive/url.h"

#include <arpa/inet.h>
#include <stdio.h>

static bool is_address(struct span s)
{
	char text[INET6_ADDRSTRLEN] = "";
	uint8_t b[16];
	if (s.n == 0 || s.n >= sizeof text)
		return false;
	memcpy(text, s.p, s.n);
	return inet_pton(AF_INET, text, b) == 1 || inet_pton(AF_INET6, text, b) == 1;
}

static json_t *address_json(struct span s)
{
	return is_address(s) ? json_text_of(s) : json_null();
}

/* MISP checks that a hostname is one. */
static json_t *host_json(struct span s)
{
	return complaint_is_hostname(s) && span_find_byte(s, '.', 0) != SIZE_MAX &&
			       !is_address(s)
		       ? json_text_of(s)
		       : json_null();
}

static json_t *number_json(int64_t n)
{
	return n > 0 && n < 65536 ? json_sprintf("%lld", (long long)n) : json_null();
}

/* One that was made for one recipient finds nobody else: the tag of something that was
 * replaced, or a part of it that stands for one. */
static bool names_recipient(const struct report_hop *h)
{
	if (span_find_nocase(h->hop->url, span_str("redacted"), 0) != SIZE_MAX)
		return true;
	for (size_t i = 0; h->link != NULL && i < h->link->n_parts; i++)
		if (h->link->parts[i].label == LABEL_RECIPIENT ||
			h->link->parts[i].label == LABEL_MAYBE_RECIPIENT ||
			h->link->parts[i].hidden)
			return true;
	return false;
}

/* What others should be warned of: where the complaint says that something bad is served, not
 * what merely stood on the way, for mailing services and hacked sites stand there. */
static bool is_indicator(const struct misp *m, const struct report_hop *h)
{
	return m->edition->order->abuse != ABUSE_NONE &&
	       m->edition->order->abuse != ABUSE_SPAM && h == m->hop &&
	       span_is(h->made_by, "origin") && h == &m->trail->hops[m->trail->n_hops - 1] &&
	       !names_recipient(h);
}

static void number_key(const struct report_hop *h, char out[24])
{
	snprintf(out, 24, "%zu", h->hop->n);
}

json_t *misp_hop_object(struct misp *m, const struct report_hop *h)
{
	char key[24];
	number_key(h, key);
	return misp_find(m, MISP_URL, span_str(key));
}

static void add_parts(json_t *j, const struct report_hop *h)
{
	struct arena a = {0};
	struct url u;
	if (url_parse(&a, NULL, h->hop->url, &u)) {
		misp_add(j, "scheme", "text/Other", misp_text(u.scheme), false);
		misp_add(j, "resource_path", "text/Other", misp_text(u.path), false);
		misp_add(j, "query_string", "text/Other", misp_text(u.query), false);
		misp_add(j, "fragment", "text/Other", misp_text(u.fragment), false);
		misp_add(j, "port", "port/Network activity", number_json(url_port(&u)), false);
	}
	arena_fini(&a);
}

static json_t *add_url(struct misp *m, const struct report_hop *h)
{
	char key[24];
	bool is_new;
	struct buf uri = {0}, words = {0};
	if (!complaint_uri(h->hop->url, &uri)) {
		buf_fini(&uri);
		return NULL;
	}
	number_key(h, key);
	json_t *j = misp_object(m, MISP_URL, span_str(key), &is_new);
	misp_add(j, "url", "url/Network activity", json_text_of(buf_span(&uri)),
		is_indicator(m, h));
	misp_add(j, "host", "hostname/Network activity", host_json(h->host), false);
	misp_add(j, "domain", "domain/Network activity", host_json(h->registrable_domain),
		false);
	add_parts(j, h);
	misp_add(j, "ip", "ip-dst/Network activity", address_json(h->remote_ip), false);
	misp_add(j, "first-seen", "datetime/Other", misp_time(h->hop->at_us), false);
	buf_addf(&words, "Hop %zu of %zu: %s, %s", h->hop->n, m->trail->n_hops,
		mechanism_word(h->hop->mechanism), confidence_word(h->hop->confidence));
	if (h->hop->status != FACT_NULL)
		buf_addf(&words, ", answered %lld", (long long)h->hop->status);
	if (!h->hop->on_wire)
		buf_add_str(&words, ", inside the browser");
	if (names_recipient(h))
		buf_add_str(&words, "; made for one recipient");
	misp_add(j, "text", "text/Other", json_text_of(buf_span(&words)), false);
	buf_add_byte(&words, 0);
	misp_comment(j, (const char *)buf_span(&words).p);
	buf_fini(&words);
	buf_fini(&uri);
	return j;
}

static void add_names(struct misp *m, const struct report_hop *h, json_t *url)
{
	bool is_new;
	const struct report_dns *d = h->dns;
	json_t *host = d != NULL ? host_json(d->name) : json_null();
	if (!json_is_string(host) || d->n_addresses == 0) {
		json_decref(host);
		return;
	}
	json_t *j = misp_object(m, MISP_DOMAIN_IP, d->name, &is_new);
	if (is_new) {
		misp_add(j, "hostname", "hostname/Network activity", json_incref(host), false);
		for (size_t i = 0; i < d->n_addresses && i < MISP_LIST_MAX; i++)
			misp_add(j, "ip", "ip-dst/Network activity",
				address_json(d->addresses[i]), false);
		if (d->n_addresses > MISP_LIST_MAX)
			m->left_out += d->n_addresses - MISP_LIST_MAX;
		misp_add(j, "first-seen", "datetime/Other", misp_time(h->hop->at_us), false);
		if (d->n_cnames > 0)
			misp_add(j, "text", "text/Other", misp_text(d->cnames[d->n_cnames - 1]),
				false);
	}
	json_decref(host);
	misp_refer(url, j, "resolves-to", "");
}

static void add_server(struct misp *m, const struct report_hop *h, json_t *url)
{
	bool is_new;
	char key[80];
	const struct report_party *p = parties_of_hop(&m->trail->parties, h->hop->n);
	if (!is_address(h->remote_ip))
		return;
	snprintf(key, sizeof key, "%.*s/%lld", (int)h->remote_ip.n,
		(const char *)h->remote_ip.p, (long long)h->remote_port);
	json_t *j = misp_object(m, MISP_IP_PORT, span_str(key), &is_new);
	if (is_new) {
		misp_add(j, "ip", "ip-dst/Network activity", address_json(h->remote_ip), false);
		misp_add(j, "dst-port", "port/Network activity", number_json(h->remote_port),
			false);
		misp_add(j, "protocol", "text/Network activity", json_string("tcp"), false);
		misp_add(j, "first-seen", "datetime/Other", misp_time(h->hop->at_us), false);
		if (p != NULL && span_eq(p->address, h->remote_ip)) {
			if (p->asn > 0)
				misp_add(j, "AS", "AS/Network activity",
					json_sprintf("%lld", (long long)p->asn), false);
			misp_add(j, "country-code", "text/Network activity",
				misp_text(p->country), false);
			misp_add(j, "ptr-record", "domain/Network activity",
				host_json(p->reverse_name), false);
		}
	}
	misp_refer(url, j, "hosted-by", "");
}

static void add_names_of(struct misp *m, json_t *j, struct span san)
{
	for (size_t n = 0; san.n > 0;) {
		if (n == MISP_LIST_MAX) {
			m->left_out++;
			return;
		}
		size_t end = span_find_byte(san, ' ', 0);
		struct span name = span_first(san, end);
		san = end != SIZE_MAX ? span_from(san, end + 1) : SPAN_NONE;
		if (!span_starts(name, "DNS:"))
			continue;
		name = span_from(name, 4);
		/* A wildcard is no hostname; what it is for is. */
		if (span_starts(name, "*."))
			name = span_from(name, 2);
		n += misp_add(j, "dns_names", "hostname/Network activity", host_json(name),
			     false) != NULL;
	}
}

static void add_certificate(struct misp *m, const struct report_hop *h, json_t *url)
{
	bool is_new;
	if (h->tls == NULL || h->tls->n_certs == 0 || h->tls->certs[0].sha256.n == 0)
		return;
	const struct fact_certificate *c = &h->tls->certs[0];
	json_t *j = misp_object(m, MISP_X509, c->sha256, &is_new);
	if (is_new) {
		misp_add(j, "x509-fingerprint-sha256",
			"x509-fingerprint-sha256/Network activity", json_hex_of(c->sha256),
			false);
		misp_add(j, "subject", "text/Other", misp_text(c->subject), false);
		misp_add(j, "issuer", "text/Other", misp_text(c->issuer), false);
		misp_add(j, "serial-number", "text/Other", misp_text(c->serial), false);
		misp_add(j, "validity-not-before", "datetime/Other",
			misp_time(c->not_before_us), false);
		misp_add(j, "validity-not-after", "datetime/Other", misp_time(c->not_after_us),
			false);
		add_names_of(m, j, c->san);
	}
	misp_refer(url, j, "identified-by", "");
}

static bool is_md5(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_hex(s.p[i]) < 0)
			return false;
	return s.n == 32;
}

/* Ours: they say how the looking was done, not who was looked at. */
static void add_client(struct misp *m, const struct report_hop *h, json_t *url)
{
	static const char whose[] = "Of the client that opened the link, not of the server";
	bool is_new;
	if (h->tls == NULL || h->tls->hello == NULL)
		return;
	const struct fact_hello *f = h->tls->hello;
	if (is_md5(f->ja3)) {
		json_t *j = misp_object(m, MISP_JA3, f->ja3, &is_new);
		if (is_new) {
			misp_add(j, "ja3-fingerprint-md5",
				"ja3-fingerprint-md5/Network activity", misp_text(f->ja3),
				false);
			misp_add(j, "description", "text/Other", json_string(whose), false);
			misp_refer(j, url, "connects-to", "");
		}
	}
	if (f->ja4.n == 0)
		return;
	json_t *j = misp_object(m, MISP_JA4, f->ja4, &is_new);
	if (is_new) {
		misp_add(j, "ja4-type", "text/Other", json_string("JA4"), false);
		misp_add(j, "ja4-fingerprint", "text/Other", misp_text(f->ja4), false);
		misp_add(j, "description", "text/Other", json_string(whose), false);
		misp_refer(j, url, "connects-to", "");
	}
}

void misp_hops(struct misp *m)
{
	json_t *before = NULL;
	for (size_t i = 0; i < m->trail->n_hops && i < MISP_HOPS_MAX; i++) {
		const struct report_hop *h = &m->trail->hops[i];
		json_t *url = add_url(m, h);
		if (url == NULL) {
			m->left_out++;
			continue;
		}
		if (before != NULL) {
			char comment[80];
			snprintf(comment, sizeof comment, "%s (%s)",
				mechanism_word(h->hop->mechanism),
				confidence_word(h->hop->confidence));
			misp_refer(before, url, "redirects-to", comment);
		}
		before = url;
		add_names(m, h, url);
		add_server(m, h, url);
		add_certificate(m, h, url);
		add_client(m, h, url);
	}
	if (m->trail->n_hops > MISP_HOPS_MAX)
		m->left_out += m->trail->n_hops - MISP_HOPS_MAX;
}
