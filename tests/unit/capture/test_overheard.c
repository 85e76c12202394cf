/* Connections that are only overheard: what facts they become. */
#include "capture/overheard.h"
#include "store/fact/notes.h"
#include "store/writer.h"
#include "tests/kit/tls_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TUNNEL = 7, LEG = 9, SESSION = 3, FACTS_MAX = 400, START_S = 1000, AHEAD_US = 5 };
#define NS INT64_C(1000000000)

struct heard {
	struct overheard_order order;
	struct arena arena;
	struct flow flow;
	struct keylog *keys;
	struct overheard *o;
	struct packet_at at;
	bool foreign, stopping, full;
	int64_t exchanges;
	uint8_t certificates[8][SHA256_LEN];
	size_t n_certificates;
	struct {
		enum fact_kind kind;
		void *fact;
	} facts[FACTS_MAX];
	size_t n;
};

static int64_t ahead(void *ctx)
{
	(void)ctx;
	return AHEAD_US;
}

static bool whose(void *ctx, const struct story_about *about, int64_t *tunnel, int64_t *leg)
{
	struct heard *h = ctx;
	assert_string_equal(about->target_host, "origin.test");
	assert_int_equal(about->target_port, 443);
	*tunnel = TUNNEL;
	*leg = LEG;
	return !h->foreign;
}

static bool put(void *ctx, enum fact_kind kind, const void *fact)
{
	struct heard *h = ctx;
	if (h->full)
		return false;
	assert_true(h->n < FACTS_MAX);
	assert_int_equal(*(const int64_t *)fact, SESSION);
	h->facts[h->n].kind = kind;
	h->facts[h->n].fact = arena_alloc(&h->arena, fact_info(kind)->size);
	fact_copy(kind, fact, h->facts[h->n++].fact, &h->arena);
	return true;
}

static int64_t new_exchange(void *ctx)
{
	struct heard *h = ctx;
	return 100 + h->exchanges++;
}

static bool certificate_new(void *ctx, const uint8_t sha256[SHA256_LEN])
{
	struct heard *h = ctx;
	for (size_t i = 0; i < h->n_certificates; i++)
		if (memcmp(h->certificates[i], sha256, SHA256_LEN) == 0)
			return false;
	memcpy(h->certificates[h->n_certificates++], sha256, SHA256_LEN);
	return true;
}

static bool stopping(void *ctx)
{
	return ((struct heard *)ctx)->stopping;
}

static const struct overheard_order plain_order = {.session = SESSION,
	.store_bodies = true,
	.max_body = UINT64_MAX,
	.ahead_us = ahead,
	.whose = whose,
	.put = put,
	.new_exchange = new_exchange,
	.certificate_new = certificate_new,
	.stopping = stopping};

static void open_it(struct heard *h)
{
	h->order.ctx = h;
	h->flow = (struct flow){.number = 1, .client.port = 40000, .server.port = 8080};
	h->at = (struct packet_at){1, START_S * NS};
	h->o = overheard_new(&h->order, &h->flow, h->keys);
}

static void heard_start(struct heard *h, struct span keys)
{
	*h = (struct heard){.order = plain_order, .keys = keylog_new()};
	keylog_add(h->keys, keys);
	open_it(h);
}

static void heard_end(struct heard *h)
{
	overheard_free(h->o);
	keylog_free(h->keys);
	arena_fini(&h->arena);
}

/* Each packet a millisecond after the one before. */
static void step(struct heard *h)
{
	h->at.packet++;
	h->at.at_ns += NS / 1000;
}

static void bytes(struct heard *h, enum flow_way way, struct span s)
{
	step(h);
	overheard_bytes(h->o, way, s, &h->at);
}

static void connect_it(struct heard *h)
{
	bytes(h, FLOW_UP,
		span_str("CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\n\r\n"));
	bytes(h, FLOW_DOWN, span_str("HTTP/1.1 200 Connection Established\r\n\r\n"));
}

static void pieces(struct heard *h, const struct tls_wire *w, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < w->n_pieces; i++)
		bytes(h, w->pieces[i].way, tls_wire_bytes(w, i));
}

static void close_it(struct heard *h)
{
	step(h);
	overheard_closed(h->o, FLOW_DOWN, false, &h->at);
	overheard_closed(h->o, FLOW_UP, false, &h->at);
	h->flow.last = h->at;
	overheard_end(h->o);
}

static const void *fact(const struct heard *h, enum fact_kind kind, size_t nth)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->facts[i].kind == kind && nth-- == 0)
			return h->facts[i].fact;
	return NULL;
}

static size_t count(const struct heard *h, enum fact_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < h->n; i++)
		n += h->facts[i].kind == kind;
	return n;
}

#define FACT(h, KIND, lower, i) ((const struct fact_##lower *)fact(h, FACT_KIND_##KIND, i))

static void is(struct span s, const char *want)
{
	if (!span_is(s, want))
		fail_msg("\"%.*s\" is not \"%s\"", (int)s.n, (const char *)s.p, want);
}

static void digest_is(struct span digest, struct span of)
{
	uint8_t want[SHA256_LEN];
	sha256(of, want);
	assert_true(span_eq(digest, span_of(want, sizeof want)));
}

static struct tls_wire *talk(const char *up, const char *down)
{
	struct tls_wire *w = tls_wire_new(
		&(struct tls_wire_order){.sni = "origin.test", .alpn = "http/1.1"});
	tls_wire_say(w, FLOW_UP, span_str(up));
	tls_wire_say(w, FLOW_DOWN, span_str(down));
	return w;
}

#define ASK "GET /x?y=1 HTTP/1.1\r\nHost: origin.test\r\n\r\n"
#define ANSWER "HTTP/1.1 302 Found\r\nLocation: /z\r\nContent-Length: 5\r\n\r\nhello"

static void a_whole_connection(void **state)
{
	(void)state;
	struct heard h;
	struct tls_wire *w = talk(ASK, ANSWER);
	heard_start(&h, buf_span(&w->keys));
	connect_it(&h);
	pieces(&h, w, 0, w->n_pieces);
	close_it(&h);

	/* The hello stands on both legs, as it came. */
	assert_int_equal(count(&h, FACT_KIND_HELLO), 2);
	const struct fact_hello *a = FACT(&h, HELLO, hello, 0), *b = FACT(&h, HELLO, hello, 1);
	assert_int_equal(a->leg, LEG_BROWSER);
	assert_int_equal(b->leg, LEG);
	assert_int_equal(a->tunnel, TUNNEL);
	is(b->sni, "origin.test");
	is(b->alpn, "http/1.1");
	assert_true(span_starts(b->ja4, "t13d"));
	assert_true(span_eq(a->ja4, b->ja4) && span_eq(a->raw, b->raw));
	assert_true(a->raw.n > 100 && a->raw.p[0] == 1);
	/* By the packet that brought it, third of all; our clock is ahead. */
	assert_int_equal(a->at_us, START_S * INT64_C(1000000) + 3000 + AHEAD_US);

	assert_int_equal(count(&h, FACT_KIND_HANDSHAKE), 1);
	const struct fact_handshake *t = FACT(&h, HANDSHAKE, handshake, 0);
	assert_int_equal(t->leg, LEG);
	assert_int_equal(t->started_us, a->at_us);
	assert_true(t->at_us > t->started_us);
	is(t->version, "TLS 1.3");
	assert_true(span_starts(t->cipher, "TLS_"));
	is(t->alpn, "http/1.1");
	is(t->sni, "origin.test");
	is(t->key_group, "X25519");
	is(t->peer_signature, "ecdsa_secp256r1_sha256");
	is(t->outcome, "ok");
	assert_int_equal(t->resumed, 0);
	assert_int_equal(t->verified, FACT_NULL);
	assert_true(t->server_hello.n > 40 && t->server_hello.p[0] == 2);

	const struct fact_certificate *c = FACT(&h, CERTIFICATE, certificate, 0);
	assert_int_equal(count(&h, FACT_KIND_CERTIFICATE), t->certs.n / SHA256_LEN);
	assert_true(span_eq(c->sha256, span_first(t->certs, SHA256_LEN)));
	digest_is(c->sha256, c->der);
	assert_true(c->subject.n > 0 && c->not_after_us > c->not_before_us);

	assert_int_equal(count(&h, FACT_KIND_REQUEST), 1);
	const struct fact_request *q = FACT(&h, REQUEST, request, 0);
	assert_int_equal(q->exchange, 100);
	assert_int_equal(q->tunnel, TUNNEL);
	assert_int_equal(q->n, 1);
	is(q->method, "GET");
	is(q->url, "https://origin.test/x?y=1");
	is(q->version, "HTTP/1.1");
	is(q->head, ASK);
	assert_null(q->fields.p);
	const struct fact_response *r = FACT(&h, RESPONSE, response, 0);
	assert_int_equal(r->exchange, 100);
	assert_int_equal(r->leg, LEG);
	assert_int_equal(r->status, 302);
	is(r->reason, "Found");
	is(r->made_by, "origin");
	assert_true(r->at_us > q->at_us);
	const struct fact_chunk *k = FACT(&h, CHUNK, chunk, 0);
	is(k->data, "hello");
	assert_int_equal(k->side, SIDE_RESPONSE);
	const struct fact_exchange_end *e = FACT(&h, EXCHANGE_END, exchange_end, 0);
	is(e->reason, "ok");
	assert_int_equal(e->leg, LEG);
	assert_int_equal(e->req_size, 0);
	assert_null(e->req_sha256.p);
	assert_int_equal(e->res_size, 5);
	assert_int_equal(e->res_stored, 5);
	digest_is(e->res_sha256, span_str("hello"));
	assert_int_equal(e->req_ended_us, q->at_us);
	assert_int_equal(e->first_byte_us, r->at_us);

	struct overheard_about about;
	overheard_about(h.o, &about);
	assert_true(about.ours);
	assert_int_equal(about.tunnel, TUNNEL);
	assert_int_equal(about.exchanges, 1);
	assert_null(about.why);
	assert_int_equal(count(&h, FACT_KIND_NOTE), 0);
	/* All but CONNECT and its answer. */
	assert_int_equal(about.bytes[0] + about.bytes[1], buf_len(&w->wire));
	heard_end(&h);
	tls_wire_free(w);
}

static void what_the_proxy_reads_itself_is_left_to_it(void **state)
{
	(void)state;
	struct heard h;
	struct overheard_about about;
	struct tls_wire *w = talk(ASK, ANSWER);
	heard_start(&h, buf_span(&w->keys));
	h.foreign = true;
	connect_it(&h);
	pieces(&h, w, 0, w->n_pieces);
	close_it(&h);
	assert_int_equal(h.n, 0);
	overheard_about(h.o, &about);
	assert_false(about.ours);
	heard_end(&h);
	/* So are requests in absolute form. */
	heard_start(&h, SPAN_NONE);
	bytes(&h, FLOW_UP,
		span_str("GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n"));
	bytes(&h, FLOW_DOWN, span_str(ANSWER));
	close_it(&h);
	assert_int_equal(h.n, 0);
	heard_end(&h);
	tls_wire_free(w);
}

static void secrets_may_come_later(void **state)
{
	(void)state;
	struct heard h;
	struct tls_wire *w = talk(ASK, ANSWER);
	heard_start(&h, SPAN_NONE);
	connect_it(&h);
	/* There is nothing to read yet. */
	assert_false(overheard_wants_keys(h.o, tls_wire_bytes(w, 0)));
	pieces(&h, w, 0, w->n_pieces);
	assert_true(overheard_wants_keys(h.o, SPAN_NONE));
	assert_int_equal(count(&h, FACT_KIND_HELLO), 2);
	assert_int_equal(count(&h, FACT_KIND_REQUEST), 0);
	keylog_add(h.keys, buf_span(&w->keys));
	overheard_retry(h.o);
	assert_false(overheard_wants_keys(h.o, SPAN_NONE));
	assert_int_equal(count(&h, FACT_KIND_EXCHANGE_END), 1);
	is(FACT(&h, EXCHANGE_END, exchange_end, 0)->reason, "ok");
	close_it(&h);
	assert_int_equal(count(&h, FACT_KIND_NOTE), 0);
	heard_end(&h);
	tls_wire_free(w);
}

/* A server that asks for another hello has no secrets yet: nobody need wait for them. */
static void another_hello_needs_no_secrets(void **state)
{
	(void)state;
	struct heard h;
	bool wanted = false;
	struct tls_wire *w = tls_wire_new(&(struct tls_wire_order){
		.alpn = "http/1.1", .client_groups = "X25519:P-256", .server_groups = "P-256"});
	tls_wire_say(w, FLOW_UP, span_str(ASK));
	tls_wire_say(w, FLOW_DOWN, span_str(ANSWER));
	heard_start(&h, SPAN_NONE);
	connect_it(&h);
	size_t hellos = 0;
	for (size_t i = 0; i < w->n_pieces; i++) {
		bool up = w->pieces[i].way == FLOW_UP;
		bool wants = up && overheard_wants_keys(h.o, tls_wire_bytes(w, i));
		/* The second one comes up. */
		if (up && hellos++ == 1)
			assert_false(wants);
		wanted |= wants;
		pieces(&h, w, i, i + 1);
	}
	assert_true(wanted);
	keylog_add(h.keys, buf_span(&w->keys));
	overheard_retry(h.o);
	close_it(&h);
	assert_int_equal(count(&h, FACT_KIND_HELLO), 2);
	is(FACT(&h, HANDSHAKE, handshake, 0)->key_group, "P-256");
	is(FACT(&h, EXCHANGE_END, exchange_end, 0)->reason, "ok");
	heard_end(&h);
	tls_wire_free(w);
}

/* Who refuses the server has made none: the next connection does not wait for its word. */
static void a_refusal_needs_no_secrets(void **state)
{
	static const uint8_t unknown_ca[] = {21, 3, 3, 0, 2, 2, 48};
	const struct span refusal = span_of(unknown_ca, sizeof unknown_ca);
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct heard h;
		struct tls_wire *w = tls_wire_new(
			&(struct tls_wire_order){.version = versions[v], .alpn = "http/1.1"});
		heard_start(&h, SPAN_NONE);
		connect_it(&h);
		size_t i = 0;
		for (; i < w->n_pieces && (i == 0 || w->pieces[i].way == FLOW_DOWN); i++)
			pieces(&h, w, i, i + 1);
		assert_true(i > 1 && i < w->n_pieces);
		/* Had it gone on, it would have written them down. */
		assert_true(overheard_wants_keys(h.o, tls_wire_bytes(w, i)));
		assert_false(overheard_wants_keys(h.o, refusal));
		bytes(&h, FLOW_UP, refusal);
		close_it(&h);
		if (versions[v] == TLS1_2_VERSION)
			is(FACT(&h, HANDSHAKE, handshake, 0)->detail,
				"the browser refused the certificate: unknown_ca");
		heard_end(&h);
		tls_wire_free(w);
	}
}

/* Nothing is guessed, and it is said. */
static void secrets_may_never_come(void **state)
{
	(void)state;
	struct heard h;
	struct overheard_about about;
	struct tls_wire *w = talk(ASK, ANSWER);
	heard_start(&h, SPAN_NONE);
	connect_it(&h);
	pieces(&h, w, 0, w->n_pieces);
	close_it(&h);
	assert_int_equal(count(&h, FACT_KIND_REQUEST), 0);
	assert_int_equal(count(&h, FACT_KIND_HANDSHAKE), 1);
	overheard_about(h.o, &about);
	assert_non_null(about.why);
	assert_int_equal(count(&h, FACT_KIND_NOTE), 1);
	const struct fact_note *n = FACT(&h, NOTE, note, 0);
	is(n->code, note_word(NOTE_NOT_READ));
	is(n->detail, about.why);
	assert_int_equal(n->tunnel, TUNNEL);
	heard_end(&h);
	tls_wire_free(w);
}

static void packets_may_be_lost(void **state)
{
	(void)state;
	struct heard h;
	struct overheard_about about;
	struct tls_wire *w = talk(ASK, ANSWER);
	heard_start(&h, buf_span(&w->keys));
	connect_it(&h);
	size_t last = w->n_pieces - 1; /* the answer */
	assert_int_equal(w->pieces[last].way, FLOW_DOWN);
	pieces(&h, w, 0, last);
	step(&h);
	overheard_lost(h.o, FLOW_DOWN, w->pieces[last].n, &h.at);
	close_it(&h);
	assert_int_equal(count(&h, FACT_KIND_REQUEST), 1);
	assert_int_equal(count(&h, FACT_KIND_RESPONSE), 0);
	assert_int_equal(count(&h, FACT_KIND_EXCHANGE_END), 1);
	assert_false(span_is(FACT(&h, EXCHANGE_END, exchange_end, 0)->reason, "ok"));
	overheard_about(h.o, &about);
	assert_non_null(about.why);
	assert_int_equal(about.bytes[FLOW_UP] + about.bytes[FLOW_DOWN], buf_len(&w->wire));
	heard_end(&h);
	tls_wire_free(w);
}

static struct span pattern(size_t n)
{
	uint8_t *p = malloc(n);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + i / 251);
	return span_of(p, n);
}

static struct tls_wire *big_answer(struct span body)
{
	char head[100];
	struct tls_wire *w = tls_wire_new(&(struct tls_wire_order){.alpn = "http/1.1"});
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body.n);
	tls_wire_say(w, FLOW_UP, span_str(ASK));
	tls_wire_say(w, FLOW_DOWN, span_str(head));
	tls_wire_say(w, FLOW_DOWN, body);
	return w;
}

static void bodies_come_in_chunks_and_within_limits(void **state)
{
	(void)state;
	static const struct {
		bool store;
		uint64_t max, stored;
		size_t chunks;
	} cases[] = {
		{true, UINT64_MAX, 150000, 3},
		{true, 100000, 100000, 2},
		{true, 0, 0, 0},
		{false, UINT64_MAX, 0, 0},
	};
	struct span body = pattern(150000);
	struct tls_wire *w = big_answer(body);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct heard h;
		heard_start(&h, buf_span(&w->keys));
		h.order.store_bodies = cases[i].store;
		h.order.max_body = cases[i].max;
		connect_it(&h);
		pieces(&h, w, 0, w->n_pieces);
		close_it(&h);
		assert_int_equal(count(&h, FACT_KIND_CHUNK), cases[i].chunks);
		size_t at = 0;
		for (size_t k = 0; k < cases[i].chunks; k++) {
			const struct fact_chunk *c = FACT(&h, CHUNK, chunk, k);
			assert_int_equal(c->n, k);
			assert_int_equal(c->size, c->data.n);
			assert_true(
				span_eq(c->data, span_first(span_from(body, at), c->data.n)));
			digest_is(c->sha256, c->data);
			assert_true(k + 1 == cases[i].chunks || c->size == BODY_CHUNK);
			at += c->data.n;
		}
		assert_int_equal(at, cases[i].stored);
		const struct fact_exchange_end *e = FACT(&h, EXCHANGE_END, exchange_end, 0);
		is(e->reason, "ok");
		assert_int_equal(e->res_size, body.n);
		assert_int_equal(e->res_stored, cases[i].stored);
		digest_is(e->res_sha256, body);
		assert_int_equal(count(&h, FACT_KIND_NOTE), cases[i].stored < body.n);
		if (cases[i].stored < body.n)
			is(FACT(&h, NOTE, note, 0)->code, note_word(NOTE_BODY_NOT_STORED));
		heard_end(&h);
	}
	tls_wire_free(w);
	free((void *)(uintptr_t)body.p);
}

/* What is cut off by the end of the session was stopped by us; by itself, it was not. */
static void a_cut_is_a_stop_when_we_stop(void **state)
{
	(void)state;
	struct span body = pattern(50000);
	struct tls_wire *w = big_answer(body);
	for (int stops = 0; stops < 2; stops++) {
		struct heard h;
		heard_start(&h, buf_span(&w->keys));
		connect_it(&h);
		pieces(&h, w, 0, w->n_pieces - 1);
		h.stopping = stops != 0;
		close_it(&h);
		const struct fact_exchange_end *e = FACT(&h, EXCHANGE_END, exchange_end, 0);
		assert_non_null(e);
		if (stops != 0)
			is(e->reason, "shutdown");
		else
			assert_false(
				span_is(e->reason, "ok") || span_is(e->reason, "shutdown"));
		assert_true(e->res_size < 50000);
		heard_end(&h);
	}
	tls_wire_free(w);
	free((void *)(uintptr_t)body.p);
}

static void exchanges_follow_each_other(void **state)
{
	(void)state;
	struct heard h;
	struct tls_wire *w =
		talk(ASK, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" ANSWER);
	tls_wire_say(w, FLOW_UP,
		span_str("POST /p HTTP/1.1\r\nHost: origin.test\r\nContent-Length: "
			 "3\r\n\r\na=b"));
	tls_wire_say(w, FLOW_DOWN,
		span_str("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			 "2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n"));
	heard_start(&h, buf_span(&w->keys));
	connect_it(&h);
	pieces(&h, w, 0, w->n_pieces);
	close_it(&h);
	assert_int_equal(count(&h, FACT_KIND_INTERIM), 1);
	assert_int_equal(FACT(&h, INTERIM, interim, 0)->status, 103);
	assert_int_equal(FACT(&h, INTERIM, interim, 0)->exchange, 100);
	assert_int_equal(count(&h, FACT_KIND_REQUEST), 2);
	const struct fact_request *q = FACT(&h, REQUEST, request, 1);
	assert_int_equal(q->n, 2);
	assert_int_equal(q->exchange, 101);
	is(q->url, "https://origin.test/p");
	const struct fact_exchange_end *e = FACT(&h, EXCHANGE_END, exchange_end, 1);
	is(e->reason, "ok");
	assert_int_equal(e->req_size, 3);
	digest_is(e->req_sha256, span_str("a=b"));
	assert_int_equal(e->res_size, 2);
	is(e->res_trailers, "X-Sum: 1\r\n");
	/* One certificate, though there could have been more connections. */
	assert_int_equal(count(&h, FACT_KIND_HANDSHAKE), 1);
	overheard_free(h.o);
	open_it(&h); /* the same again: its certificate is known */
	size_t known = count(&h, FACT_KIND_CERTIFICATE);
	connect_it(&h);
	pieces(&h, w, 0, w->n_pieces);
	close_it(&h);
	assert_int_equal(count(&h, FACT_KIND_CERTIFICATE), known);
	assert_int_equal(count(&h, FACT_KIND_HANDSHAKE), 2);
	heard_end(&h);
	tls_wire_free(w);
}

/* WebSockets without TLS go by CONNECT as well. */
static void no_tls_inside(void **state)
{
	(void)state;
	struct heard h;
	heard_start(&h, SPAN_NONE);
	connect_it(&h);
	bytes(&h, FLOW_UP, span_str(ASK));
	bytes(&h, FLOW_DOWN, span_str(ANSWER));
	close_it(&h);
	assert_int_equal(count(&h, FACT_KIND_HELLO), 0);
	assert_int_equal(count(&h, FACT_KIND_HANDSHAKE), 0);
	assert_int_equal(count(&h, FACT_KIND_REQUEST), 1);
	is(FACT(&h, REQUEST, request, 0)->url, "http://origin.test:443/x?y=1");
	is(FACT(&h, EXCHANGE_END, exchange_end, 0)->reason, "ok");
	heard_end(&h);
}

/* The browser says by an alert that it does not take the certificate, and goes. */
static void a_certificate_that_is_refused(void **state)
{
	(void)state;
	struct heard h;
	struct tls_wire *w = tls_wire_new(&(struct tls_wire_order){.no_handshake = true});
	SSL_set_verify(w->ssl[FLOW_UP], SSL_VERIFY_PEER, NULL);
	assert_int_equal(SSL_do_handshake(w->ssl[FLOW_DOWN]), -1);
	tls_wire_move(w, FLOW_DOWN);
	assert_int_equal(SSL_do_handshake(w->ssl[FLOW_UP]), -1);
	tls_wire_move(w, FLOW_UP);
	heard_start(&h, buf_span(&w->keys));
	connect_it(&h);
	pieces(&h, w, 0, w->n_pieces);
	/* Told as soon as both are done, not only when nothing can come any more. */
	step(&h);
	overheard_closed(h.o, FLOW_UP, false, &h.at);
	assert_int_equal(count(&h, FACT_KIND_HANDSHAKE), 0);
	overheard_closed(h.o, FLOW_DOWN, false, &h.at);
	assert_int_equal(count(&h, FACT_KIND_HANDSHAKE), 1);
	h.flow.last = h.at;
	overheard_end(h.o);
	const struct fact_handshake *t = FACT(&h, HANDSHAKE, handshake, 0);
	assert_int_equal(count(&h, FACT_KIND_HANDSHAKE), 1);
	is(t->outcome, "cert-invalid");
	is(t->verify_error, "the browser refused the certificate: unknown_ca");
	assert_int_equal(t->verified, 0);
	assert_true(t->certs.n >= SHA256_LEN);
	assert_int_equal(count(&h, FACT_KIND_REQUEST), 0);
	heard_end(&h);
	tls_wire_free(w);
}

/* In TLS 1.2 the browser is done first: by an alert behind its Finished it says that it comes
 * to no terms, and the origin, who has not heard of it yet, ends the handshake all the same. */
static void an_alert_before_the_origin_is_done(void **state)
{
	(void)state;
	struct heard h;
	struct tls_wire *w = tls_wire_new(
		&(struct tls_wire_order){.version = TLS1_2_VERSION, .no_handshake = true});
	uint8_t done[4096], broken[sizeof done];
	assert_int_equal(SSL_do_handshake(w->ssl[FLOW_DOWN]), -1);
	tls_wire_move(w, FLOW_DOWN);
	assert_int_equal(SSL_do_handshake(w->ssl[FLOW_UP]), -1);
	tls_wire_move(w, FLOW_UP);
	assert_int_equal(SSL_do_handshake(w->ssl[FLOW_DOWN]), 1);
	int n = BIO_read(SSL_get_wbio(w->ssl[FLOW_DOWN]), done, sizeof done);
	assert_true(n > 0 && n < (int)sizeof done);
	memcpy(broken, done, (size_t)n);
	broken[n - 1] ^= 1;
	assert_int_equal(BIO_write(SSL_get_rbio(w->ssl[FLOW_UP]), broken, n), n);
	assert_int_equal(SSL_do_handshake(w->ssl[FLOW_UP]), -1);
	tls_wire_move(w, FLOW_UP); /* bad_record_mac, sealed */
	heard_start(&h, buf_span(&w->keys));
	connect_it(&h);
	pieces(&h, w, 0, w->n_pieces);
	assert_int_equal(count(&h, FACT_KIND_HANDSHAKE), 0);
	bytes(&h, FLOW_DOWN, span_of(done, (size_t)n));
	close_it(&h);
	assert_int_equal(count(&h, FACT_KIND_HANDSHAKE), 1);
	const struct fact_handshake *t = FACT(&h, HANDSHAKE, handshake, 0);
	is(t->version, "TLS 1.2");
	is(t->outcome, "origin-tls");
	is(t->detail, "the browser sent alert 20");
	heard_end(&h);
	tls_wire_free(w);
}

/* A case that cannot be written: nothing more is put, and nothing breaks. */
static void nobody_takes_the_facts(void **state)
{
	(void)state;
	struct heard h;
	struct tls_wire *w = talk(ASK, ANSWER);
	heard_start(&h, buf_span(&w->keys));
	h.full = true;
	connect_it(&h);
	pieces(&h, w, 0, w->n_pieces);
	h.full = false;
	close_it(&h);
	assert_int_equal(h.n, 0);
	heard_end(&h);
	tls_wire_free(w);
}

#define EVIL "GET /evil HTTP/1.1\r\nHost: origin.test\r\n\r\n"
#define EVIL_ANSWER "HTTP/1.1 302 Found\r\nLocation: https://evil/\r\nContent-Length: 0\r\n\r\n"
#define SWITCHING                                                                              \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n"
#define ASK_UPGRADE                                                                            \
	"GET /x HTTP/1.1\r\nHost: origin.test\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n"

static void opaque_is(const struct heard *h, const char *why, int64_t exchange, const char *up,
	const char *down)
{
	assert_int_equal(count(h, FACT_KIND_OPAQUE), 1);
	const struct fact_opaque *f = FACT(h, OPAQUE, opaque, 0);
	is(f->why, why);
	is(f->reason, "ok");
	assert_int_equal(f->tunnel, TUNNEL);
	assert_int_equal(f->leg, LEG);
	assert_int_equal(f->exchange, exchange);
	assert_int_equal(f->up_bytes, strlen(up));
	assert_int_equal(f->down_bytes, strlen(down));
	digest_is(f->up_sha256, span_str(up));
	digest_is(f->down_sha256, span_str(down));
}

static const char *why_of(const struct heard *h)
{
	struct overheard_about about;
	overheard_about(h->o, &about);
	return about.why;
}

/* Every WebSocket: what follows is told, with the exchange that led to it, wherever packets cut
 * it. */
static void what_follows_a_switch_is_told(void **state)
{
	(void)state;
	for (int together = 0; together < 2; together++) {
		struct heard h;
		struct tls_wire *w =
			talk(ASK_UPGRADE, together != 0 ? SWITCHING EVIL_ANSWER : SWITCHING);
		tls_wire_say(w, FLOW_UP, span_str(EVIL));
		if (together == 0)
			tls_wire_say(w, FLOW_DOWN, span_str(EVIL_ANSWER));
		heard_start(&h, buf_span(&w->keys));
		connect_it(&h);
		pieces(&h, w, 0, w->n_pieces);
		close_it(&h);
		assert_int_equal(count(&h, FACT_KIND_REQUEST), 1);
		assert_int_equal(FACT(&h, RESPONSE, response, 0)->status, 101);
		opaque_is(&h, "upgrade", 100, EVIL, EVIL_ANSWER);
		assert_null(why_of(&h));
		heard_end(&h);
		tls_wire_free(w);
	}
}

static void another_protocol_is_told(void **state)
{
	(void)state;
	static const char *const alpns[] = {"acme-tls/1", "h3", "spdy/3", "http/0.9"};
	for (size_t i = 0; i < sizeof alpns / sizeof *alpns; i++) {
		struct heard h;
		struct tls_wire *w = tls_wire_new(
			&(struct tls_wire_order){.sni = "origin.test", .alpn = alpns[i]});
		tls_wire_say(w, FLOW_UP, span_str(EVIL));
		tls_wire_say(w, FLOW_DOWN, span_str(EVIL_ANSWER));
		heard_start(&h, buf_span(&w->keys));
		connect_it(&h);
		pieces(&h, w, 0, w->n_pieces);
		close_it(&h);
		assert_int_equal(count(&h, FACT_KIND_REQUEST), 0);
		opaque_is(&h, "not-http", FACT_NULL, EVIL, EVIL_ANSWER);
		heard_end(&h);
		tls_wire_free(w);
	}
	/* Without TLS. */
	struct heard h;
	heard_start(&h, SPAN_NONE);
	connect_it(&h);
	bytes(&h, FLOW_UP, span_str("\x01\x02 evil"));
	bytes(&h, FLOW_DOWN, span_str("more"));
	close_it(&h);
	opaque_is(&h, "not-http", FACT_NULL, "\x01\x02 evil", "more");
	heard_end(&h);
}

/* What was negotiated counts, not what the first bytes look like. */
static void a_preface_is_no_request_of_http1(void **state)
{
	(void)state;
	struct heard h;
	struct tls_wire *w = talk("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "");
	tls_wire_say(w, FLOW_UP, span_str(EVIL));
	tls_wire_say(w, FLOW_DOWN, span_str(EVIL_ANSWER));
	heard_start(&h, buf_span(&w->keys));
	connect_it(&h);
	pieces(&h, w, 0, w->n_pieces);
	close_it(&h);
	assert_non_null(why_of(&h));
	is(FACT(&h, NOTE, note, 0)->code, note_word(NOTE_NOT_READ));
	/* The answer is there. */
	assert_int_equal(FACT(&h, RESPONSE, response, 0)->status, 302);
	opaque_is(&h, "not-http", FACT_NULL, EVIL, "");
	heard_end(&h);
	tls_wire_free(w);
}

/* Of a frame that is not whole no exchange tells. */
static void a_frame_is_not_finished(void **state)
{
	(void)state;
	static const struct {
		const char *behind;
		size_t n;
		bool stopping, told;
	} rows[] = {
		{"", 0, false, false},
		{"\0\0\0\4\0\0\0\0\0", 9, false, false},
		{"\0\0\0\4\0\0\0\0", 8, false, true},
		{"\0\0\x05\x20\0\0\0\0\0evil", 13, false, true},
		{"\0\0\x05\x20\0\0\0\0\0evil", 13, true, false},
		{"\0\0\x05\1\4\0\0\0\1evil", 13, false, true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct heard h;
		struct tls_wire *w = tls_wire_new(
			&(struct tls_wire_order){.sni = "origin.test", .alpn = "h2"});
		tls_wire_say(w, FLOW_UP, span_str("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
		tls_wire_say(w, FLOW_UP, span_of("\0\0\0\4\0\0\0\0\0", 9));
		if (rows[i].n > 0)
			tls_wire_say(w, FLOW_UP, span_of(rows[i].behind, rows[i].n));
		heard_start(&h, buf_span(&w->keys));
		connect_it(&h);
		pieces(&h, w, 0, w->n_pieces);
		h.stopping = rows[i].stopping;
		close_it(&h);
		if ((why_of(&h) != NULL) != rows[i].told)
			fail_msg("row %zu", i);
		heard_end(&h);
		tls_wire_free(w);
	}
}

/* Whoever sends behind his close_notify may be understood by the other; here nobody reads it,
 * and that is said: in a packet of its own, and in the one that brought the alert. */
static void bytes_behind_the_end_of_tls(void **state)
{
	(void)state;
	static const uint8_t record[] = {23, 3, 3, 0, 4, 1, 2, 3, 4};
	for (int way = FLOW_UP; way <= FLOW_DOWN; way++)
		for (int how = 0; how < 3; how++) {
			struct heard h;
			struct buf last = {0};
			struct tls_wire *w = talk(ASK, ANSWER);
			tls_wire_close(w, (enum flow_way)way);
			heard_start(&h, buf_span(&w->keys));
			connect_it(&h);
			pieces(&h, w, 0, w->n_pieces - 1);
			buf_add_span(&last, tls_wire_bytes(w, w->n_pieces - 1));
			if (how == 1)
				buf_add(&last, record, sizeof record);
			bytes(&h, (enum flow_way)way, buf_span(&last));
			if (how == 2)
				bytes(&h, (enum flow_way)way, span_of(record, sizeof record));
			close_it(&h);
			assert_int_equal(count(&h, FACT_KIND_RESPONSE), 1);
			is(FACT(&h, EXCHANGE_END, exchange_end, 0)->reason, "ok");
			if ((why_of(&h) != NULL) != (how > 0))
				fail_msg("way %d, %d: %s", way, how,
					why_of(&h) != NULL ? why_of(&h) : "");
			assert_int_equal(count(&h, FACT_KIND_NOTE), how > 0);
			heard_end(&h);
			buf_fini(&last);
			tls_wire_free(w);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_connection),
		cmocka_unit_test(what_the_proxy_reads_itself_is_left_to_it),
		cmocka_unit_test(secrets_may_come_later),
		cmocka_unit_test(another_hello_needs_no_secrets),
		cmocka_unit_test(a_refusal_needs_no_secrets),
		cmocka_unit_test(secrets_may_never_come),
		cmocka_unit_test(packets_may_be_lost),
		cmocka_unit_test(bodies_come_in_chunks_and_within_limits),
		cmocka_unit_test(a_cut_is_a_stop_when_we_stop),
		cmocka_unit_test(exchanges_follow_each_other),
		cmocka_unit_test(no_tls_inside),
		cmocka_unit_test(a_certificate_that_is_refused),
		cmocka_unit_test(an_alert_before_the_origin_is_done),
		cmocka_unit_test(nobody_takes_the_facts),
		cmocka_unit_test(what_follows_a_switch_is_told),
		cmocka_unit_test(another_protocol_is_told),
		cmocka_unit_test(a_preface_is_no_request_of_http1),
		cmocka_unit_test(a_frame_is_not_finished),
		cmocka_unit_test(bytes_behind_the_end_of_tls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
