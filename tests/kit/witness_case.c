#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/base/hash.h"
#include "store/case.h"
#include "store/fact/capture.h"
#include "store/fact/custody.h"
#include "store/fact/flow.h"
#include "tests/kit/witness_case.h"

static const char body[] = "<p>hello</p>";

struct making {
	struct writer *writer;
	bool in_companion;
	witness_change *change;
	void *ctx;
	int64_t session, at_us;
};

static void put(struct making *m, enum fact_kind kind, void *fact)
{
	struct err err;
	struct {
		int64_t session, at_us;
	} *common = fact;
	common->session = m->session;
	if (common->at_us == FACT_NULL)
		common->at_us = m->at_us;
	if (m->change != NULL && !m->change(m->ctx, kind, fact, m->in_companion))
		return;
	if (writer_put(m->writer, kind, fact, NULL, &err) == 0)
		fail_msg("put: %s", err.detail);
}
#define PUT(m, KIND, lower, ...)                                                               \
	do {                                                                                   \
		struct fact_##lower f_;                                                        \
		fact_init(FACT_KIND_##KIND, &f_);                                              \
		struct fact_##lower *f = &f_;                                                  \
		__VA_ARGS__;                                                                   \
		put(m, FACT_KIND_##KIND, f);                                                   \
	} while (0)

static struct span digest(const void *p, size_t n, uint8_t out[SHA256_LEN])
{
	sha256(span_of(p, n), out);
	return span_of(out, SHA256_LEN);
}

/* What both sides say of tunnel i. */
struct words {
	char host[64], url[96], head[160], answer[96], hello[2][64], server[2][64], ip[32];
	uint8_t up[2][SHA256_LEN], down[2][SHA256_LEN], body[SHA256_LEN], certs[2][SHA256_LEN];
	uint8_t request[SHA256_LEN], response[SHA256_LEN];
	int64_t at_us, up_n, down_n;
};

static void words_of(int i, struct words *w)
{
	snprintf(w->host, sizeof w->host, "host%d.example", i);
	snprintf(w->url, sizeof w->url, "https://%s/page?n=%d", w->host, i);
	snprintf(w->head, sizeof w->head, "GET /page?n=%d HTTP/1.1\r\nHost: %s\r\n\r\n", i,
		w->host);
	snprintf(w->answer, sizeof w->answer,
		"HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nX-N: %d\r\n\r\n", strlen(body), i);
	snprintf(w->ip, sizeof w->ip, "198.51.%d.%d", i / 250 % 250, i % 250);
	for (int side = 0; side < 2; side++) {
		snprintf(w->hello[side], sizeof w->hello[side], "client hello %d %d", i, side);
		snprintf(
			w->server[side], sizeof w->server[side], "server hello %d %d", i, side);
		digest(w->hello[side], 3, w->certs[side]);
		digest(w->head, strlen(w->head), w->up[side]);
		digest(w->answer, strlen(w->answer), w->down[side]);
	}
	digest(body, strlen(body), w->body);
	digest(w->head, strlen(w->head), w->request);
	digest(w->answer, strlen(w->answer), w->response);
	w->at_us = WITNESS_EPOCH_US + (int64_t)i * 10000;
	w->up_n = (int64_t)strlen(w->head);
	w->down_n = (int64_t)(strlen(w->answer) + strlen(body));
}

static void put_tls(struct making *m, int64_t tunnel, int64_t leg, const struct words *w)
{
	int side = leg == 0 ? 0 : 1;
	char ja3[40];
	snprintf(ja3, sizeof ja3, "ja3-%d-of-%lld", side, (long long)tunnel);
	PUT(m, HELLO, hello, f->tunnel = tunnel; f->leg = leg; f->sni = span_str(w->host);
		f->alpn = span_str("h2 http/1.1"); f->ja3 = span_str(ja3);
		f->ja4 = span_str("t13d1516h2_8daaf6152771_02713d6af862");
		f->raw = span_str(w->hello[side]));
	PUT(m, HANDSHAKE, handshake, f->tunnel = tunnel; f->leg = leg; f->started_us = m->at_us;
		f->version = span_str("TLS 1.3");
		f->cipher = span_str("TLS_AES_128_GCM_SHA256"); f->alpn = span_str("http/1.1");
		f->certs = span_of(w->certs[side], SHA256_LEN);
		f->server_hello = span_str(w->server[side]); f->outcome = span_str("ok"));
}

static void put_exchange(
	struct making *m, int64_t tunnel, int64_t leg, int64_t x, const struct words *w)
{
	m->at_us = w->at_us + 1000;
	PUT(m, REQUEST, request, f->exchange = x; f->tunnel = tunnel; f->n = 1;
		f->method = span_str("GET"); f->url = span_str(w->url);
		f->version = span_str("HTTP/1.1"); f->head = span_str(w->head));
	m->at_us = w->at_us + 2000;
	PUT(m, RESPONSE, response, f->exchange = x; f->leg = leg; f->status = 200;
		f->reason = span_str("OK"); f->version = span_str("HTTP/1.1");
		f->made_by = span_str("origin"); f->head = span_str(w->answer));
	PUT(m, CHUNK, chunk, f->exchange = x; f->side = SIDE_RESPONSE; f->n = 0;
		f->size = (int64_t)strlen(body); f->data = span_str(body));
	PUT(m, EXCHANGE_END, exchange_end, f->exchange = x; f->leg = leg;
		f->reason = span_str("ok"); f->req_size = 0; f->req_stored = 0;
		f->res_size = (int64_t)strlen(body); f->res_stored = f->res_size;
		f->res_sha256 = span_of(w->body, SHA256_LEN));
}

static void put_tunnel(struct making *m, int i)
{
	struct words w;
	words_of(i, &w);
	int64_t tunnel = writer_new_tunnel(m->writer), leg = writer_new_leg(m->writer);
	int64_t x = writer_new_exchange(m->writer);
	m->at_us = w.at_us + 100;
	PUT(m, TUNNEL, tunnel, f->tunnel = tunnel; f->client_ip = span_str("127.0.0.1");
		f->client_port = WITNESS_PORT + i; f->listener_ip = span_str("127.0.0.1");
		f->listener_port = 8080);
	PUT(m, CONNECT, connect, f->tunnel = tunnel; f->kind = span_str("connect");
		f->host = span_str(w.host); f->port = 443; f->outcome = span_str("ok"));
	PUT(m, DNS, dns, f->tunnel = tunnel; f->leg = leg; f->name = span_str(w.host);
		f->source = span_str("dns"); f->resolver = span_str("192.0.2.53:53");
		f->addresses = span_str(w.ip); f->elapsed_us = 50; f->outcome = span_str("ok"));
	char attempts[64];
	snprintf(attempts, sizeof attempts, "%s:443 ok", w.ip);
	m->at_us = w.at_us + 300;
	PUT(m, LEG, leg, f->tunnel = tunnel; f->leg = leg; f->host = span_str(w.host);
		f->port = 443; f->dial_host = span_str(w.host); f->dial_port = 443;
		f->remote_ip = span_str(w.ip); f->remote_port = 443;
		f->local_ip = span_str("192.0.2.1"); f->local_port = WITNESS_ORIGIN_PORT + i;
		f->attempts = span_str(attempts); f->elapsed_us = 100;
		f->outcome = span_str("ok"));
	put_tls(m, tunnel, leg, &w);
	put_tls(m, tunnel, 0, &w);
	put_exchange(m, tunnel, leg, x, &w);
	for (int side = 1; side >= 0; side--) {
		PUT(m, LEG_END, leg_end, f->tunnel = tunnel; f->leg = side == 1 ? leg : 0;
			f->reason = span_str("ok"); f->in_bytes = side == 1 ? w.down_n : w.up_n;
			f->in_sha256 = span_of(side == 1 ? w.down[1] : w.up[0], SHA256_LEN);
			f->out_bytes = side == 1 ? w.up_n : w.down_n;
			f->out_sha256 = span_of(side == 1 ? w.up[1] : w.down[0], SHA256_LEN));
	}
	PUT(m, TUNNEL_END, tunnel_end, f->tunnel = tunnel; f->reason = span_str("ok"));
}

static const struct {
	const char *side, *name;
} files[] = {{"browser", "x.1.browser.pcapng"}, {"origin", "x.1.origin.pcapng"}};

static void put_captures(struct making *m, const char *event)
{
	uint8_t hash[SHA256_LEN];
	for (size_t i = 0; i < 2; i++)
		PUT(
			m, CAPTURE, capture, f->side = span_str(files[i].side);
			f->event = span_str(event); f->name = span_str(files[i].name);
			if (strcmp(event, "ended") == 0) {
				f->packets = 1000;
				f->dropped = 0;
				f->size = 123456;
				f->sha256 = digest(files[i].name, strlen(files[i].name), hash);
			});
}

static void make_case(struct witness_case *c, struct making *m, int tunnels)
{
	char path[sizeof c->path];
	temp_case_start(&c->of_case);
	m->writer = c->of_case.writer;
	m->session = c->session = writer_new_session(m->writer);
	m->at_us = WITNESS_EPOCH_US;
	PUT(m, SESSION, session, f->command = span_str("trace");
		f->mode = span_str("intercept"); f->browser = span_str("firefox");
		f->link = span_str("https://host1.example/page?n=1");
		f->sent_link = span_str("https://host1.example/page?n=1");
		f->options = span_str("{}"));
	put_captures(m, "started");
	/* All hellos begin alike, and so all certificates are the same. */
	struct words w;
	words_of(1, &w);
	PUT(m, CERTIFICATE, certificate, f->sha256 = span_of(w.certs[0], SHA256_LEN));
	for (int i = 1; i <= tunnels; i++)
		put_tunnel(m, i);
	m->at_us = WITNESS_EPOCH_US + (int64_t)(tunnels + 1) * 10000;
	put_captures(m, "ended");
	PUT(m, SESSION_END, session_end, f->reason = span_str("page"); f->complete = 1);
	temp_case_close(&c->of_case);
	snprintf(path, sizeof path, "%.*s.companion.case",
		(int)(strlen(c->of_case.path) - strlen(".case")), c->of_case.path);
	memcpy(c->path, path, sizeof path);
}

/* ---- the witness ---- */

static void put_flow(struct making *m, int i, int side, int64_t flow, const struct words *w)
{
	char ja3[40], target[80];
	uint8_t raw[SHA256_LEN];
	snprintf(ja3, sizeof ja3, "ja3-%d-of-%d", side, i);
	snprintf(target, sizeof target, "%s:443", w->host);
	m->at_us = w->at_us + (side == 0 ? 50 : 250);
	PUT(m, FLOW, flow, f->flow = flow; f->file = side + 1;
		f->client_ip = span_str(side == 0 ? "127.0.0.1" : "192.0.2.1");
		f->client_port = (side == 0 ? WITNESS_PORT : WITNESS_ORIGIN_PORT) + i;
		f->server_ip = span_str(side == 0 ? "127.0.0.1" : w->ip);
		f->server_port = side == 0 ? 8080 : 443; f->first_packet = i * 20;
		f->last_packet = i * 20 + 19; f->last_us = w->at_us + 5000; f->up_bytes = 900;
		f->up_sha256 = digest(&i, sizeof i, raw); f->up_lost = 0; f->down_bytes = 1900;
		f->down_sha256 = f->up_sha256; f->down_lost = 0; f->conflicts = 0;
		f->ended = span_str("fin");
		f->target = side == 0 ? span_str(target) : SPAN_NONE);
	PUT(m, FLOW_TLS, flow_tls, f->flow = flow; f->hello_packet = i * 20 + 4;
		f->hello = span_str(w->hello[side]); f->ja3 = span_str(ja3);
		f->ja4 = span_str("t13d1516h2_8daaf6152771_02713d6af862");
		f->sni = span_str(w->host); f->offered_alpn = span_str("h2 http/1.1");
		f->server_packet = i * 20 + 5; f->server_hello = span_str(w->server[side]);
		f->version = span_str("TLS 1.3");
		f->cipher = span_str("TLS_AES_128_GCM_SHA256"); f->alpn = span_str("http/1.1");
		f->certs = span_of(w->certs[side], SHA256_LEN); f->certs_packet = i * 20 + 5;
		f->resumed = 0; f->hellos = 1; f->early_data = span_str("none");
		f->keys = span_str("found"));
	m->at_us = w->at_us + (side == 0 ? 900 : 1100);
	PUT(m, FLOW_EXCHANGE, flow_exchange, f->flow = flow; f->n = 1; f->stream = 0;
		f->method = span_str("GET"); f->url = span_str(w->url);
		f->version = span_str("HTTP/1.1"); f->status = 200;
		f->request_packet = i * 20 + 8;
		f->request_sha256 = span_of(w->request, SHA256_LEN); f->req_size = 0;
		f->response_packet = i * 20 + 10;
		f->response_us = w->at_us + (side == 0 ? 2100 : 1900);
		f->response_sha256 = span_of(w->response, SHA256_LEN);
		f->res_size = (int64_t)strlen(body);
		f->res_sha256 = span_of(w->body, SHA256_LEN); f->last_packet = i * 20 + 10;
		f->ended_us = w->at_us + 2200; f->reason = span_str("ok"));
	PUT(m, FLOW_PLAIN, flow_plain, f->flow = flow; f->layer = span_str("tls");
		f->protocol = span_str("http/1.1"); f->up_bytes = w->up_n;
		f->up_sha256 = span_of(w->up[side], SHA256_LEN); f->up_lost = 0;
		f->down_bytes = w->down_n; f->down_sha256 = span_of(w->down[side], SHA256_LEN);
		f->down_lost = 0; f->exchanges = 1; f->last_us = w->at_us + 5000);
}

static void put_witness(struct making *m, int tunnels)
{
	int64_t flow = 0;
	uint8_t hash[SHA256_LEN];
	for (int side = 0; side < 2; side++)
		for (int i = 1; i <= tunnels; i++) {
			struct words w;
			words_of(i, &w);
			put_flow(m, i, side, ++flow, &w);
			if (side == 0)
				continue;
			m->at_us = w.at_us + 90;
			PUT(m, PACKET_DNS, packet_dns, f->file = 2; f->packet = i * 20 + 1;
				f->server_ip = span_str("192.0.2.53"); f->server_port = 53;
				f->name = span_str(w.host); f->type = span_str("A");
				f->rcode = 0; f->addresses = span_str(w.ip));
		}
	for (size_t i = 0; i < 2; i++)
		PUT(m, PACKET_FILE, packet_file, f->file = (int64_t)i + 1; f->run = 1;
			f->side = span_str(files[i].side); f->name = span_str(files[i].name);
			f->size = 123456;
			f->sha256 = digest(files[i].name, strlen(files[i].name), hash);
			f->packets = 1000; f->dropped = 0; f->malformed = 0; f->flows = tunnels;
			f->outcome = span_str("ok"); f->first_us = WITNESS_EPOCH_US;
			f->last_us = m->at_us);
}

static void put_custody(struct making *m, enum custody_act act, const char *detail)
{
	PUT(m, CUSTODY, custody, f->act = span_str(custody_word(act));
		f->operator_name = span_str("tester"); f->detail = span_str(detail));
}

void witness_case_make(struct witness_case *c, int tunnels, witness_change *change, void *ctx)
{
	struct making m = {.change = change, .ctx = ctx};
	struct err err;
	struct case_about about;
	char whose[64];
	*c = (struct witness_case){0};
	make_case(c, &m, tunnels);
	struct case_file *f = case_open(c->of_case.path, &err);
	assert_non_null(f);
	assert_true(case_about(f, &about, &err));
	snprintf(
		whose, sizeof whose, "of case %.*s", (int)about.id.n, (const char *)about.id.p);
	case_close(f);
	temp_case_start(&c->companion);
	m.writer = c->companion.writer;
	m.in_companion = true;
	m.session = FACT_NULL;
	m.at_us = WITNESS_EPOCH_US + INT64_C(3600000000);
	put_custody(&m, CUSTODY_COMPANION, whose);
	m.session = c->session;
	put_witness(&m, tunnels);
	m.at_us = WITNESS_EPOCH_US + INT64_C(3600000000);
	put_custody(&m, CUSTODY_CROSSCHECKED, "2 files");
	temp_case_close(&c->companion);
	assert_int_equal(rename(c->companion.path, c->path), 0);
}

void witness_case_fini(struct witness_case *c)
{
	unlink(c->path);
	temp_case_fini(&c->of_case);
	temp_case_fini(&c->companion);
}
