/*
 * One TCP connection as it is followed: its bytes and its plaintext are hashed as they come,
 * its story is told to the exchanges, and when it is over it becomes facts. Answers of name
 * servers over TCP are read on the way.
 */
#include "capture/witness_inner.h"
#include "store/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

enum { DNS_PORT = 53, TARGET_TEXT = 256 + 8 };

struct watched {
	struct witness *w;
	struct flow *flow;
	struct story *story; /* NULL: a name server's */
	struct buf dns;
	struct packet_at dns_at;
	bool dns_over; /* it is not read on */
	struct sha256 tcp[2], plain[2];
	struct tail tcp_tail[2], plain_tail[2];
	uint64_t plain_n[2];
	int64_t plain_last_us;
	bool lost[2];
	bool opened; /* TLS was, by keys: its stream's digest is nobody's any more */
	struct exchanges exchanges;
};

static const struct decrypt_about *tls_of(const struct watched *v)
{
	return story_about(v->story)->tls;
}

/* What is above TCP in that direction is not all there. */
static bool incomplete(void *self, enum flow_way way)
{
	const struct watched *v = self;
	const struct decrypt_about *tls = tls_of(v);
	return v->lost[way] || story_about(v->story)->lost[way] > 0 ||
	       (tls != NULL && tls->why != NULL);
}

/* ---- the story ---- */

static void plain(void *self, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	struct watched *v = self;
	if (!v->w->order->streams && tls_of(v) != NULL)
		v->opened = true;
	tail_mark(v->w, &v->plain_tail[way], &v->plain[way], v->plain_n[way]);
	sha256_add(&v->plain[way], bytes.p, bytes.n);
	v->plain_n[way] += bytes.n;
	v->plain_last_us = witness_us(at->at_ns);
}

static void request(void *self, uint64_t n, uint32_t stream, const struct http_message *m,
	const struct packet_at *at)
{
	exchanges_request(&((struct watched *)self)->exchanges, n, stream, m, at);
}

static void response(
	void *self, uint64_t n, const struct http_message *m, const struct packet_at *at)
{
	exchanges_response(&((struct watched *)self)->exchanges, n, m, at);
}

static void body(void *self, uint64_t n, enum fact_side side, struct span bytes,
	const struct packet_at *at)
{
	exchanges_body(&((struct watched *)self)->exchanges, n, side, bytes, at);
}

static void message_end(void *self, uint64_t n, enum fact_side side, struct span trailers,
	const struct packet_at *at)
{
	(void)trailers;
	exchanges_message_end(&((struct watched *)self)->exchanges, n, side, at);
}

static void end(void *self, uint64_t n, const struct err *why, const struct packet_at *at)
{
	exchanges_end(&((struct watched *)self)->exchanges, n, why->kind, at);
}

static const struct story_calls calls = {.plain = plain,
	.http = {.request = request,
		.response = response,
		.body = body,
		.message_end = message_end,
		.end = end}};

/* ---- the connection ---- */

static bool is_proxy(struct witness *w, const struct flow_end *server)
{
	char text[PACKET_ADDRESS_TEXT + 8], ip[PACKET_ADDRESS_TEXT];
	if (w->order->side == CAPTURE_BROWSER)
		return true;
	packet_address_text(&server->ip, ip);
	snprintf(text, sizeof text, "%s:%u", ip, server->port);
	for (size_t i = 0; i < w->order->n_proxies; i++)
		if (strcmp(w->order->proxies[i], text) == 0)
			return true;
	return false;
}

static int64_t number_of(const struct witness *w, const struct flow *f)
{
	int64_t step = w->order->flow_step > 0 ? w->order->flow_step : 1;
	return w->order->first_flow + (int64_t)(f->number - 1) * step;
}

void witness_flow_opened(void *self, struct flow *f)
{
	struct witness *w = self;
	struct watched *v = calloc(1, sizeof *v);
	if (v == NULL)
		abort();
	v->w = w;
	v->flow = f;
	v->plain_last_us = FACT_NULL;
	v->exchanges = (struct exchanges){
		.w = w, .flow = number_of(w, f), .incomplete = incomplete, .ctx = v};
	for (int way = 0; way < 2; way++) {
		sha256_init(&v->tcp[way]);
		sha256_init(&v->plain[way]);
	}
	if (w->order->side != CAPTURE_ORIGIN || f->server.port != DNS_PORT)
		v->story = story_new(f, is_proxy(w, &f->server), w->keys, false, &calls, v);
	f->user = v;
	w->counts.flows++;
	if (number_of(w, f) >= w->counts.next_flow)
		w->counts.next_flow = number_of(w, f) + 1;
}

/* RFC 1035 4.2.2: a length of two bytes before each message. */
static void read_dns(struct watched *v, struct span bytes, const struct packet_at *at)
{
	if (v->dns_over)
		return;
	buf_add_span(&v->dns, bytes);
	for (struct span in; in = buf_span(&v->dns), in.n >= 2;) {
		size_t n = (size_t)in.p[0] << 8 | in.p[1];
		if (in.n < 2 + n)
			return;
		if (!witness_dns(v->w, span_of(in.p + 2, n), &v->flow->server, at)) {
			v->dns_over = true;
			return;
		}
		buf_consume(&v->dns, 2 + n);
	}
}

void witness_flow_bytes(void *self, struct flow *f, enum flow_way way, struct span bytes,
	const struct packet_at *at)
{
	struct watched *v = f->user;
	(void)self;
	/* In clear it is the same as what it carries. */
	if (v->w->order->streams && v->story != NULL &&
		story_about(v->story)->layer != STORY_CLEAR)
		tail_mark(v->w, &v->tcp_tail[way], &v->tcp[way], f->bytes[way] - bytes.n);
	if (!v->opened)
		sha256_add(&v->tcp[way], bytes.p, bytes.n);
	if (v->story != NULL)
		story_bytes(v->story, way, bytes, at);
	else if (way == FLOW_DOWN)
		read_dns(v, bytes, at);
}

void witness_flow_lost(
	void *self, struct flow *f, enum flow_way way, uint64_t n, const struct packet_at *at)
{
	struct watched *v = f->user;
	(void)self;
	v->lost[way] = true;
	v->dns_over = true;
	if (v->story != NULL)
		story_lost(v->story, way, n, at);
}

void witness_flow_closed(
	void *self, struct flow *f, enum flow_way way, bool reset, const struct packet_at *at)
{
	struct watched *v = f->user;
	(void)self;
	if (v->story != NULL && reset)
		story_reset(v->story, way, at);
	else if (v->story != NULL)
		story_closed(v->story, way, at);
}

/* ---- facts ---- */

static struct span digest_of(struct sha256 *h, uint8_t out[SHA256_LEN], bool known)
{
	sha256_end(h, out);
	return known ? span_of(out, SHA256_LEN) : SPAN_NONE;
}

/* All of that direction's stream went into its digest. */
static bool whole(const struct watched *v, enum flow_way way)
{
	return v->flow->lost[way] == 0 && !v->opened;
}

static struct span tail_of(struct watched *v, struct tail *t, bool known)
{
	return known ? tail_take(v->w, t) : SPAN_NONE;
}

static void put_tails(struct watched *v, struct fact_flow_plain *f)
{
	bool tls = story_about(v->story)->layer == STORY_TLS;
	f->up_tail = tail_of(v, &v->plain_tail[FLOW_UP], !incomplete(v, FLOW_UP));
	f->down_tail = tail_of(v, &v->plain_tail[FLOW_DOWN], !incomplete(v, FLOW_DOWN));
	f->up_stream_tail = tail_of(v, &v->tcp_tail[FLOW_UP], tls && whole(v, FLOW_UP));
	f->down_stream_tail = tail_of(v, &v->tcp_tail[FLOW_DOWN], tls && whole(v, FLOW_DOWN));
}

static void put_plain(struct watched *v)
{
	const struct story_about *about = story_about(v->story);
	uint8_t up[SHA256_LEN], down[SHA256_LEN];
	struct fact_flow_plain f;
	fact_init(FACT_KIND_FLOW_PLAIN, &f);
	f.session = v->w->order->session;
	f.at_us = witness_us(v->flow->first.at_ns);
	f.flow = v->exchanges.flow;
	f.layer = span_str(about->layer == STORY_TLS ? "tls" : "clear");
	f.protocol = span_str(about->protocol);
	f.up_bytes = witness_number(v->plain_n[FLOW_UP]);
	f.up_sha256 = digest_of(&v->plain[FLOW_UP], up, !incomplete(v, FLOW_UP));
	f.up_lost = witness_number(about->lost[FLOW_UP]);
	f.down_bytes = witness_number(v->plain_n[FLOW_DOWN]);
	f.down_sha256 = digest_of(&v->plain[FLOW_DOWN], down, !incomplete(v, FLOW_DOWN));
	f.down_lost = witness_number(about->lost[FLOW_DOWN]);
	f.exchanges = witness_number(v->exchanges.n);
	f.last_us = v->plain_last_us;
	if (about->why != NULL) {
		f.why = span_str(about->why);
		f.why_packet = witness_number(about->why_at.packet);
	}
	put_tails(v, &f);
	witness_put(v->w, FACT_KIND_FLOW_PLAIN, &f);
}

static void put_flow(struct watched *v)
{
	const struct flow *flow = v->flow;
	const struct story_about *about = v->story != NULL ? story_about(v->story) : NULL;
	char target[TARGET_TEXT];
	uint8_t up[SHA256_LEN], down[SHA256_LEN];
	struct fact_flow f;
	fact_init(FACT_KIND_FLOW, &f);
	f.session = v->w->order->session;
	f.at_us = witness_us(flow->first.at_ns);
	f.flow = v->exchanges.flow;
	f.file = v->w->order->file;
	f.client_ip = witness_ip(v->w, &flow->client.ip);
	f.client_port = flow->client.port;
	f.server_ip = witness_ip(v->w, &flow->server.ip);
	f.server_port = flow->server.port;
	f.first_packet = witness_number(flow->first.packet);
	f.last_packet = witness_number(flow->last.packet);
	f.last_us = witness_us(flow->last.at_ns);
	f.up_bytes = witness_number(flow->bytes[FLOW_UP]);
	f.up_sha256 = digest_of(&v->tcp[FLOW_UP], up, whole(v, FLOW_UP));
	f.up_lost = witness_number(flow->lost[FLOW_UP]);
	f.down_bytes = witness_number(flow->bytes[FLOW_DOWN]);
	f.down_sha256 = digest_of(&v->tcp[FLOW_DOWN], down, whole(v, FLOW_DOWN));
	f.down_lost = witness_number(flow->lost[FLOW_DOWN]);
	f.conflicts = witness_number(flow->conflicts);
	if (flow->conflicts > 0)
		f.conflict_packet = witness_number(flow->conflict.packet);
	f.ended = span_str(flow_ended_word(flow->ended));
	if (about != NULL && about->target_host[0] != 0) {
		snprintf(
			target, sizeof target, "%s:%u", about->target_host, about->target_port);
		f.target = span_str(target);
	}
	if (flow->midway)
		f.detail = span_str("its beginning is not in the file");
	else if (about != NULL && about->refused)
		f.detail = span_str("the proxy refused the target");
	else if (about == NULL)
		f.detail = span_str("to a name server");
	witness_put(v->w, FACT_KIND_FLOW, &f);
	arena_reset(&v->w->scratch);
}

void witness_flow_ended(void *self, struct flow *f)
{
	struct watched *v = f->user;
	(void)self;
	if (v->story != NULL) {
		story_end(v->story);
		exchanges_fini(&v->exchanges);
		if (tls_of(v) != NULL)
			witness_put_tls(
				v->w, v->exchanges.flow, witness_us(f->first.at_ns), tls_of(v));
		if (story_about(v->story)->layer != STORY_UNKNOWN)
			put_plain(v);
	}
	put_flow(v);
	for (int way = 0; way < 2; way++) {
		tail_fini(v->w, &v->tcp_tail[way]);
		tail_fini(v->w, &v->plain_tail[way]);
	}
	story_free(v->story);
	buf_fini(&v->dns);
	free(v);
	f->user = NULL;
}
