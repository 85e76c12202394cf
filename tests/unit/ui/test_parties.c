/* Who runs the hops, from the case's own facts: by tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/kit/build_facts.h"
#include "tests/kit/make_mmdb.h"
#include "ui/cli/party_network.h"
#include "ui/report/report.h"

enum { HOPS_MAX = 6 };

/* Hops by hand: parties are made of nothing else. */
struct way {
	struct build b;
	struct arena a;
	struct trail_hop at[HOPS_MAX];
	struct report_hop hops[HOPS_MAX];
	struct report_dns dns[HOPS_MAX];
	struct report_tls tls[HOPS_MAX];
	struct fact_certificate certs[HOPS_MAX];
	struct fact_handshake handshake;
	struct report_trail trail;
	struct report report;
};

static void start(struct way *w)
{
	*w = (struct way){0};
	build_init(&w->b);
	build_session(&w->b, "trace", "https://a.example/", "firefox");
	w->trail.hops = w->hops;
	w->report = (struct report){.trails = &w->trail, .n_trails = 1, .model = &w->b.model};
}

static struct report_hop *add(struct way *w, const char *host, const char *registrable,
	const char *registered, const char *headers)
{
	size_t i = w->trail.n_hops++;
	const char *url = arena_printf(&w->a, "https://%s/", host);
	int64_t id = BUILD(&w->b, .url = url, .status = 200, .headers = headers);
	w->at[i] = (struct trail_hop){.n = i + 1, .url = span_str(url), .on_wire = true};
	w->hops[i] = (struct report_hop){.hop = &w->at[i],
		.exchange = model_exchange(&w->b.model, id),
		.made_by = span_str("origin"),
		.host = span_str(host),
		.registrable_domain = span_str(registrable),
		.registered_domain = span_str(registered)};
	return &w->hops[i];
}

static void cname(struct way *w, size_t hop, const char *to)
{
	struct span *list = arena_alloc(&w->a, sizeof *list);
	*list = span_str(to);
	w->dns[hop] = (struct report_dns){.cnames = list, .n_cnames = 1};
	w->hops[hop].dns = &w->dns[hop];
}

static void certificate(struct way *w, size_t hop, const char *subject, const char *issuer)
{
	w->certs[hop].subject = span_str(subject);
	w->certs[hop].issuer = span_str(issuer);
	w->tls[hop] = (struct report_tls){
		.origin = &w->handshake, .certs = &w->certs[hop], .n_certs = 1};
	w->hops[hop].tls = &w->tls[hop];
}

static struct report_party *made(struct way *w)
{
	parties_make(&w->report, &w->trail, &w->a, &w->trail.parties);
	return w->trail.parties.list;
}

static void end(struct way *w)
{
	arena_fini(&w->a);
	build_fini(&w->b);
}

static void told_apart_by_domain(void **state)
{
	(void)state;
	struct way w;
	start(&w);
	add(&w, "click.esp.example", "esp.example", "esp.example", NULL)->remote_ip =
		span_str("192.0.2.1");
	add(&w, "someone.github.io", "someone.github.io", "github.io", NULL);
	add(&w, "192.0.2.7", NULL, NULL, NULL);
	add(&w, "www.esp.example", "esp.example", "esp.example", NULL)->remote_ip =
		span_str("192.0.2.2");
	add(&w, "localhost", NULL, NULL, NULL);
	certificate(&w, 0, "CN=old", "CN=a");
	certificate(&w, 3, "CN=new", "CN=b");
	const struct report_party *p = made(&w);
	assert_int_equal(w.trail.parties.n, 4);
	assert_true(span_is(p[0].name, "esp.example"));
	assert_int_equal(p[0].n_hops, 2);
	assert_int_equal(p[0].hops[1], 4);
	assert_true(span_is(p[0].address, "192.0.2.1")); /* of the first that was reached */
	assert_true(span_is(p[0].cert_subject, "CN=new"));
	assert_true(span_is(p[0].cert_issuer, "CN=b"));
	assert_false(p[0].is_platform || p[0].is_address);
	assert_true(p[1].is_platform);
	assert_true(span_is(p[1].registered_domain, "github.io"));
	assert_true(p[2].is_address && span_is(p[2].name, "192.0.2.7"));
	assert_true(!p[3].is_address && span_is(p[3].name, "localhost"));
	assert_ptr_equal(parties_of_hop(&w.trail.parties, 4), &p[0]);
	assert_null(parties_of_hop(&w.trail.parties, 9));
	assert_true(w.trail.parties.list_date[0] != 0);
	end(&w);
}

static void looks_and_runners(void **state)
{
	(void)state;
	struct way w;
	start(&w);
	add(&w, "www.xn--80ak6aa92e.com", "xn--80ak6aa92e.com", "xn--80ak6aa92e.com", NULL);
	add(&w, "xn--pypal-4ve.evil.com", "evil.com", "evil.com", NULL);
	add(&w, "click.brand.example", "brand.example", "brand.example", NULL);
	add(&w, "own.example", "own.example", "own.example", NULL);
	cname(&w, 2, "u1.sendgrid.net.");
	cname(&w, 3, "lb.own.example");
	const struct report_party *p = made(&w);
	assert_true(span_is(p[0].unicode, "аррӏе.com"));
	assert_true(p[0].lookalike && !p[0].mixed_scripts);
	assert_true(span_is(p[0].looks_like, "appie"));
	/* The label that plays the trick stands below the domain. */
	assert_true(p[1].mixed_scripts && !p[1].lookalike);
	assert_null(p[1].unicode.p);
	assert_true(span_is(p[2].run_by, "sendgrid.net"));
	assert_null(p[3].run_by.p);
	end(&w);
}

static void fronts_by_table(void **state)
{
	(void)state;
	static const struct {
		const char *headers, *to, *issuer;
		int64_t asn;
		const char *key, *how;
		bool sure;
	} rows[] = {
		{NULL, NULL, NULL, FACT_NULL, NULL, NULL, false},
		{"Server: nginx\r\n", "www.own.example", "CN=R11,O=Let's Encrypt", 64500, NULL,
			NULL, false},
		{"CF-Ray: 8d\r\n", NULL, NULL, FACT_NULL, "cloudflare",
			"response header cf-ray", false},
		{"Server: cloudflare\r\nCF-RAY: 8d\r\n", NULL, NULL, 13335, "cloudflare",
			"AS13335; response header cf-ray; response header server: cloudflare",
			true},
		{NULL, NULL, "CN=x,O=Cloudflare\\, Inc.,C=US", FACT_NULL, "cloudflare",
			"certificate O=Cloudflare\\, Inc.", false},
		{NULL, "d1.cloudfront.net", NULL, FACT_NULL, "cloudfront",
			"CNAME under cloudfront.net", true},
		{NULL, "e1.a.akamaiedge.net.", NULL, FACT_NULL, "akamai",
			"CNAME under akamaiedge.net", true},
		/* Ends like one, and is not under it. */
		{NULL, "notcloudfront.net", NULL, FACT_NULL, NULL, NULL, false},
		/* A sure sign beats what a server says of itself. */
		{"cf-ray: 1\r\nserver: cloudflare\r\n", "x.b-cdn.net", NULL, FACT_NULL, "bunny",
			"CNAME under b-cdn.net", true},
		{"X-Served-By: cache-fra-1\r\n", NULL, NULL, FACT_NULL, "fastly",
			"response header x-served-by: cache-", false},
		{"X-Served-By: app7\r\n", NULL, NULL, FACT_NULL, NULL, NULL, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct way w;
		start(&w);
		add(&w, "www.own.example", "own.example", "own.example", rows[i].headers)
			->remote_ip = span_str("192.0.2.1");
		if (rows[i].to != NULL)
			cname(&w, 0, rows[i].to);
		if (rows[i].issuer != NULL)
			certificate(&w, 0, "CN=x", rows[i].issuer);
		struct report_party *p = made(&w);
		p->asn = rows[i].asn;
		parties_fronts(&w.trail, &w.a, &w.trail.parties);
		if ((p->front.key == NULL) != (rows[i].key == NULL) ||
			(p->front.key != NULL && (strcmp(p->front.key, rows[i].key) != 0 ||
							 !span_is(p->front.how, rows[i].how) ||
							 p->front.sure != rows[i].sure)))
			fail_msg("row %zu: %s %.*s %d", i,
				p->front.key != NULL ? p->front.key : "none",
				(int)p->front.how.n, (const char *)p->front.how.p,
				p->front.sure);
		end(&w);
	}
	/* What we answered ourselves says nothing about them. */
	struct way w;
	start(&w);
	add(&w, "own.example", "own.example", "own.example", "cf-ray: 1\r\n")->made_by =
		span_str("clicktrail");
	assert_null(made(&w)->front.key);
	end(&w);
}

static void networks_from_files(void **state)
{
	(void)state;
	char asn[] = "/tmp/clicktrail-asn-XXXXXX", country[] = "/tmp/clicktrail-land-XXXXXX";
	const char *const files[] = {asn, country};
	const struct make_mmdb_field fields[] = {{"autonomous_system_number", NULL, 13335},
		{"autonomous_system_organization", "CLOUDFLARENET", 0}};
	struct err err = {0};
	struct way w;
	close(mkstemp(asn));
	close(mkstemp(country));
	make_mmdb_fields(asn, 9, fields, 2);
	make_mmdb(country, 9, "CH");
	start(&w);
	add(&w, "a.example", "a.example", "a.example", NULL)->remote_ip = span_str("9.1.1.1");
	add(&w, "b.example", "b.example", "b.example", NULL)->remote_ip = span_str("8.1.1.1");
	add(&w, "c.example", "c.example", "c.example", NULL);
	add(&w, "d.example", "d.example", "d.example", NULL)->remote_ip = span_str("9.1.1.2");
	struct report_party *p = made(&w);
	p[3].asn = 64500;
	p[3].network = span_str("Asked");
	p[3].network_by = span_str("rdap");
	struct report_session sessions[3] = {{.egress.ip = span_str("9.2.2.2")},
		{.egress = {.ip = span_str("9.2.2.2"), .country = span_str("AT")}}, {0}};
	w.report.sessions = sessions;
	w.report.n_sessions = 3;
	assert_true(party_network_attach(files, 2, &w.report, &w.a, &err));
	assert_true(span_is(sessions[0].egress.country, "CH"));
	assert_true(span_is(sessions[0].egress.country_by, "Test-Country 2023-11-14"));
	assert_true(span_is(sessions[1].egress.country, "AT")); /* as it was recorded */
	assert_null(sessions[2].egress.country.p);
	assert_int_equal(p[0].asn, 13335);
	assert_true(span_is(p[0].network, "CLOUDFLARENET"));
	assert_true(span_is(p[0].country, "CH"));
	assert_true(span_is(p[0].network_by, "Test-Country 2023-11-14"));
	assert_string_equal(p[0].front.key, "cloudflare");
	assert_true(p[0].front.sure);
	assert_true(p[1].asn == FACT_NULL && p[1].country.p == NULL);
	assert_true(p[2].asn == FACT_NULL && p[2].network_by.p == NULL);
	/* What a directory said stays; what it did not say is added. */
	assert_int_equal(p[3].asn, 64500);
	assert_true(span_is(p[3].network, "Asked"));
	assert_true(span_is(p[3].network_by, "rdap; Test-Country 2023-11-14"));
	assert_null(p[3].front.key);
	unlink(asn);
	assert_false(party_network_attach(files, 2, &w.report, &w.a, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	unlink(country);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_apart_by_domain),
		cmocka_unit_test(looks_and_runners),
		cmocka_unit_test(fronts_by_table),
		cmocka_unit_test(networks_from_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
