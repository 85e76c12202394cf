/*
 * A session with everything in it that a report may stumble over: TLS on both legs, a name with a CNAME, repeated headers, a script
 * step with alternatives, an origin that could not be reached, and bytes that want to move a cursor, hide text or end a line in every
 * place that comes from outside. For the tests of ui/report.
 */
#ifndef TESTS_UNIT_UI_REPORT_CASE_H
#define TESTS_UNIT_UI_REPORT_CASE_H

#include "store/base/hash.h"
#include "tests/kit/build_facts.h"
#include "ui/report/report.h"

/* ESC ] 0 ; x BEL, a bidi override, a zero-width space, DEL, a C1 control, an ill-formed byte. */
#define NASTY "\x1b]0;x\x07\xe2\x80\xae\xe2\x80\x8b\x7f\xc2\x9b\xff"

struct report_case {
	struct build b;
	struct arena arena;
	struct trail_set trails;
	struct case_about about;
	struct report report;
	uint8_t digest[SHA256_LEN];
};

#define REPORT_FACT(lower, upper)                                                             \
	struct fact_##lower lower;                                                            \
	fact_init(FACT_KIND_##upper, &lower);                                                 \
	lower.session = 1;                                                                    \
	lower.at_us = BUILD_EPOCH_US

static inline void report_case_tls(struct report_case *c, int64_t tunnel, int64_t leg)
{
	REPORT_FACT(hello, HELLO);
	hello.tunnel = tunnel;
	hello.leg = leg;
	hello.ja3 = span_str(leg == LEG_BROWSER ? "browser-ja3" : "our-ja3");
	hello.ja4 = span_str(leg == LEG_BROWSER ? "browser-ja4" : "our-ja4");
	model_add(&c->b.model, FACT_KIND_HELLO, ++c->b.seq, &hello);
	REPORT_FACT(handshake, HANDSHAKE);
	handshake.tunnel = tunnel;
	handshake.leg = leg;
	handshake.version = span_str("TLSv1.3");
	handshake.cipher = span_str("TLS_AES_128_GCM_SHA256");
	handshake.alpn = span_str("http/1.1");
	handshake.sni = span_str("click.example");
	handshake.verified = leg == LEG_BROWSER ? FACT_NULL : 1;
	handshake.certs = span_of(c->digest, sizeof c->digest);
	handshake.outcome = span_str("ok");
	model_add(&c->b.model, FACT_KIND_HANDSHAKE, ++c->b.seq, &handshake);
}

/* What stands behind an exchange's connection. */
static inline void report_case_connection(struct report_case *c, int64_t exchange)
{
	const struct model_exchange *x = model_exchange(&c->b.model, exchange);
	int64_t tunnel = x->tunnel, leg = x->leg;
	REPORT_FACT(dns, DNS);
	dns.tunnel = tunnel;
	dns.leg = leg;
	dns.name = span_str("click.example");
	dns.source = span_str("dns");
	dns.resolver = span_str("192.0.2.53:53");
	dns.cnames = span_str("branded.example.net u1.esp.example");
	dns.addresses = span_str("192.0.2.1/60 2001:db8::1/300");
	dns.ttl = 60;
	model_add(&c->b.model, FACT_KIND_DNS, ++c->b.seq, &dns);
	REPORT_FACT(leg, LEG);
	leg.tunnel = tunnel;
	leg.leg = leg;
	leg.host = span_str("click.example");
	leg.port = 443;
	leg.remote_ip = span_str("192.0.2.1");
	leg.remote_port = 443;
	leg.outcome = span_str("ok");
	(void)leg;
	model_add(&c->b.model, FACT_KIND_LEG, ++c->b.seq, &leg);
}
#endif
