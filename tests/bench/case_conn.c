#include "tests/bench/case_conn.h"
#include "store/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

void case_die(const char *what, const struct err *err)
{
	fprintf(stderr, "making a case: %s: %s\n", what, err != NULL ? err->detail : "");
	exit(1);
}

void case_put(struct maker *m, enum fact_kind kind, const void *fact)
{
	struct err err = {0};
	if (writer_put(m->w, kind, fact, NULL, &err) == 0)
		case_die("put", &err);
}

static void put_origin(struct maker *m, const struct case_conn *c)
{
	CASE_FACT(dns, DNS);
	dns.tunnel = m->tunnel;
	dns.leg = m->leg;
	dns.name = span_str(c->host);
	dns.source = span_str("dns");
	dns.resolver = span_str("192.0.2.53:53");
	dns.addresses = span_str("192.0.2.7/60 2001:db8::7/60");
	dns.ttl = 60;
	dns.outcome = span_str("ok");
	case_put(m, FACT_KIND_DNS, &dns);
	CASE_FACT(leg, LEG);
	leg.tunnel = m->tunnel;
	leg.leg = m->leg;
	leg.host = leg.dial_host = span_str(c->host);
	leg.remote_ip = span_str("192.0.2.7");
	leg.local_ip = span_str("192.0.2.100");
	leg.port = leg.dial_port = leg.remote_port = c->port;
	leg.outcome = span_str("ok");
	case_put(m, FACT_KIND_LEG, &leg);
}

static void put_handshake(struct maker *m, const struct case_conn *c, int64_t on_leg)
{
	static uint8_t raw[1500];
	CASE_FACT(hello, HELLO);
	hello.tunnel = m->tunnel;
	hello.leg = on_leg;
	hello.sni = span_str(c->host);
	hello.alpn = span_str("h2 http/1.1");
	hello.ja3 = span_str("579ccef312d18482fc42e2b822ca2430");
	hello.ja4 = span_str("t13d1717h2_5b57614c22b0_3cbfd9057e0d");
	hello.raw = span_of(raw, on_leg == LEG_BROWSER ? sizeof raw : 320);
	case_put(m, FACT_KIND_HELLO, &hello);
	CASE_FACT(handshake, HANDSHAKE);
	handshake.tunnel = m->tunnel;
	handshake.leg = on_leg;
	handshake.version = span_str("TLSv1.3");
	handshake.cipher = span_str("TLS_AES_128_GCM_SHA256");
	handshake.alpn = span_str("http/1.1");
	handshake.sni = span_str(c->host);
	handshake.certs = c->certs;
	handshake.server_hello = span_of(raw, 120);
	if (on_leg != LEG_BROWSER)
		handshake.verified = 1;
	handshake.outcome = span_str("ok");
	case_put(m, FACT_KIND_HANDSHAKE, &handshake);
}

void case_disconnect(struct maker *m)
{
	static const uint8_t digest[SHA256_LEN];
	if (m->tunnel == 0)
		return;
	for (int i = 0; i < 2; i++) {
		CASE_FACT(leg_end, LEG_END);
		leg_end.tunnel = m->tunnel;
		leg_end.leg = i == 0 ? m->leg : LEG_BROWSER;
		leg_end.reason = span_str("ok");
		leg_end.in_bytes = leg_end.out_bytes = 5000;
		leg_end.in_sha256 = leg_end.out_sha256 = span_of(digest, sizeof digest);
		case_put(m, FACT_KIND_LEG_END, &leg_end);
	}
	CASE_FACT(tunnel_end, TUNNEL_END);
	tunnel_end.tunnel = m->tunnel;
	tunnel_end.reason = span_str("ok");
	case_put(m, FACT_KIND_TUNNEL_END, &tunnel_end);
	m->tunnel = 0;
}

void case_connect(struct maker *m, const struct case_conn *c)
{
	case_disconnect(m);
	m->tunnel = writer_new_tunnel(m->w);
	m->leg = writer_new_leg(m->w);
	m->requests = 0;
	CASE_FACT(tunnel, TUNNEL);
	tunnel.tunnel = m->tunnel;
	tunnel.client_ip = tunnel.listener_ip = span_str("127.0.0.1");
	tunnel.client_port = 40000;
	tunnel.listener_port = 8080;
	case_put(m, FACT_KIND_TUNNEL, &tunnel);
	CASE_FACT(connect, CONNECT);
	connect.tunnel = m->tunnel;
	connect.kind = span_str(c->plain ? "plain" : "connect");
	connect.host = span_str(c->host);
	connect.port = c->port;
	connect.outcome = span_str("ok");
	case_put(m, FACT_KIND_CONNECT, &connect);
	put_origin(m, c);
	if (c->plain)
		return;
	put_handshake(m, c, m->leg);
	put_handshake(m, c, LEG_BROWSER);
}
