/*
 * A session with what a report may stumble over: TLS on both legs, a name with CNAMEs, repeated
 * headers, a step by script, an origin that could not be reached, and, in every place that
 * comes from outside, bytes that want to move a cursor, hide text or end a line. For the tests
 * of ui/report.
 */
#ifndef TESTS_UNIT_UI_REPORT_CASE_H
#define TESTS_UNIT_UI_REPORT_CASE_H

#include "store/base/hash.h"
#include "tests/kit/build_facts.h"
#include "ui/report/report.h"

/* ESC ] 0 ; x BEL, a bidi override, a zero-width space, DEL, a C1 control, an ill-formed byte.
 */
#define NASTY "\x1b]0;x\x07\xe2\x80\xae\xe2\x80\x8b\x7f\xc2\x9b\xff"

struct report_case {
	struct build b;
	struct arena arena;
	struct trail_set trails;
	struct case_about about;
	struct report report;
	uint8_t digest[SHA256_LEN];
};

#define REPORT_FACT(var, lower, UPPER)                                                         \
	struct fact_##lower var;                                                               \
	fact_init(FACT_KIND_##UPPER, &var);                                                    \
	var.session = 1;                                                                       \
	var.at_us = BUILD_EPOCH_US

static inline void report_case_handshake(struct report_case *c, int64_t tunnel, int64_t leg)
{
	bool browser = leg == LEG_BROWSER;
	REPORT_FACT(h, hello, HELLO);
	h.tunnel = tunnel;
	h.leg = leg;
	h.ja3 = span_str(browser ? "browser-ja3" : "our-ja3");
	h.ja4 = span_str(browser ? "browser-ja4" : "our-ja4");
	model_add(&c->b.model, FACT_KIND_HELLO, ++c->b.seq, &h);
	REPORT_FACT(f, handshake, HANDSHAKE);
	f.tunnel = tunnel;
	f.leg = leg;
	f.version = span_str("TLSv1.3");
	f.cipher = span_str("TLS_AES_128_GCM_SHA256");
	f.alpn = span_str("http/1.1");
	f.sni = span_str("click.example");
	if (!browser) {
		f.verified = 0;
		f.verify_error = span_str("expired" NASTY);
		f.permitted = 1;
	}
	f.certs = span_of(c->digest, sizeof c->digest);
	f.outcome = span_str("ok");
	model_add(&c->b.model, FACT_KIND_HANDSHAKE, ++c->b.seq, &f);
}

static inline void report_case_way(struct report_case *c, int64_t tunnel)
{
	REPORT_FACT(cert, certificate, CERTIFICATE);
	sha256(span_str("not really DER"), c->digest);
	cert.sha256 = span_of(c->digest, sizeof c->digest);
	cert.subject = span_str("CN=click.example" NASTY);
	cert.issuer = span_str("CN=Test CA");
	cert.serial = span_str("01");
	cert.not_before_us = BUILD_EPOCH_US;
	cert.not_after_us = BUILD_EPOCH_US + INT64_C(86400000000);
	cert.san = span_str("DNS:click.example DNS:www.click.example");
	model_add(&c->b.model, FACT_KIND_CERTIFICATE, ++c->b.seq, &cert);
	REPORT_FACT(d, dns, DNS);
	d.tunnel = tunnel;
	d.leg = 1;
	d.name = span_str("click.example");
	d.source = span_str("dns");
	d.resolver = span_str("192.0.2.53:53");
	d.cnames = span_str("branded.example.net u1.esp.example");
	d.addresses = span_str("192.0.2.1/60 2001:db8::1/300");
	d.ttl = 60;
	model_add(&c->b.model, FACT_KIND_DNS, ++c->b.seq, &d);
	REPORT_FACT(l, leg, LEG);
	l.tunnel = tunnel;
	l.leg = 1;
	l.host = span_str("click.example");
	l.port = 443;
	l.remote_ip = span_str("192.0.2.1");
	l.remote_port = 443;
	l.outcome = span_str("ok");
	model_add(&c->b.model, FACT_KIND_LEG, ++c->b.seq, &l);
	report_case_handshake(c, tunnel, LEG_BROWSER);
	report_case_handshake(c, tunnel, 1);
}

static inline void report_case_make(struct report_case *c)
{
	arena_init(&c->arena);
	trail_derive(&c->b.model, 0, &c->arena, &c->trails);
	c->about = (struct case_about){.id = span_str("00112233445566778899aabbccddeeff"),
		.created_us = BUILD_EPOCH_US,
		.closed_us = FACT_NULL,
		.tool_name = span_str("clicktrail"),
		.tool_version = span_str("0.1.0"),
		.operator_name = span_str("Ada" NASTY)};
	report_build(&c->about, &c->b.model, &c->trails, 0, &c->arena, &c->report);
}

#define REPORT_LINK "https://click.example/c?t=1"
#define REPORT_SECOND "https://hop.example/a%1B%E2%80%AE%7F?x=1"
#define REPORT_LAST "https://land.example/"

/* link: 302 to a page whose script goes on to a page. */
static inline void report_case_init(struct report_case *c)
{
	*c = (struct report_case){0};
	build_init(&c->b);
	build_session(&c->b, "trace", REPORT_LINK, "Firefox" NASTY);
	int64_t first = BUILD(&c->b, .url = REPORT_LINK, .kind = BUILD_TYPED, .at_ms = 10,
		.status = 302, .location = "/elsewhere",
		.headers = "Set-Cookie: a=1\r\nset-cookie: b=" NASTY "\r\n"
			   "X-Latin: caf\xe9\r\n",
		.more = "X-Sent: " NASTY "\r\n");
	report_case_way(c, model_exchange(&c->b.model, first)->tunnel);
	BUILD(&c->b, .url = "https://click.example/elsewhere", .kind = BUILD_TYPED, .at_ms = 60,
		.status = 302, .location = REPORT_SECOND);
	BUILD(&c->b, .url = REPORT_SECOND, .kind = BUILD_TYPED, .at_ms = 110, .status = 200,
		.body = "<script>location.href = 'https://land.example/';</script>" NASTY);
	BUILD(&c->b, .url = REPORT_LAST, .kind = BUILD_SCRIPTED, .at_ms = 400, .status = 200,
		.body = "<p>you won</p>");
	build_note(&c->b, FACT_NULL, "browser", "said " NASTY);
	build_session_end(&c->b, 5000, "page");
	report_case_make(c);
}

/* A link whose name does not exist. */
static inline void report_case_unreached(struct report_case *c)
{
	*c = (struct report_case){0};
	build_init(&c->b);
	build_session(&c->b, "trace", "https://gone.example/", "none");
	BUILD(&c->b, .url = "https://gone.example/", .kind = BUILD_TYPED, .at_ms = 10,
		.status = 502, .made_by = "clicktrail", .end = "dns-not-found",
		.body = "<p>clicktrail</p>");
	report_case_make(c);
}

static inline void report_case_fini(struct report_case *c)
{
	arena_fini(&c->arena);
	build_fini(&c->b);
}

#endif
