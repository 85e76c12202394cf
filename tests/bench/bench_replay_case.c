/*
 * A case for what it costs to replay one: exchanges of one host as the proxy records them,
 * whose URLs and bodies are those that the load client asks for and checks. No proxy and no
 * network.
 *
 *   bench_replay_case CASE SMALL PAGES   SMALL pages of 1 KB, the first half over https, the
 *                                        rest over http; then PAGES of 100 KB over https
 */
#include "tests/bench/case_conn.h"
#include "tests/bench/load_body.h"
#include "tests/bench/load_list.h"
#include "tests/kit/make_cert.h"
#include "capture/wire/tls_certs.h"

#include <stdio.h>
#include <stdlib.h>

enum { PER_CONNECTION = 100, PAGES_MAX = 10000000 };

static const char host[] = "bench.test";

struct shown { /* the origin's certificates, leaf first */
	uint8_t digests[2 * SHA256_LEN];
	size_t n;
};

static void put_certificate(struct maker *m, struct shown *shown, const struct made *made)
{
	struct arena a = {0};
	struct err err = {0};
	struct tls_cert cert;
	unsigned char *der = NULL;
	int n = i2d_X509(made->cert, &der);
	if (n <= 0 || !tls_cert_decode(span_of(der, (size_t)n), &a, &cert, &err))
		case_die("certificate", &err);
	memcpy(shown->digests + shown->n++ * SHA256_LEN, cert.sha256, SHA256_LEN);
	CASE_FACT(certificate, CERTIFICATE);
	certificate.sha256 = span_of(cert.sha256, SHA256_LEN);
	certificate.subject = cert.subject;
	certificate.issuer = cert.issuer;
	certificate.serial = cert.serial;
	certificate.not_before_us = cert.not_before_us;
	certificate.not_after_us = cert.not_after_us;
	certificate.san = cert.san;
	certificate.key_kind = cert.key_kind;
	certificate.signature_kind = cert.signature_kind;
	certificate.der = span_of(der, (size_t)n);
	case_put(m, FACT_KIND_CERTIFICATE, &certificate);
	OPENSSL_free(der);
	arena_fini(&a);
}

static void put_certificates(struct maker *m, struct shown *shown)
{
	struct made root = make_root("bench replay root");
	struct made leaf = make_leaf("DNS:bench.test", &root);
	put_certificate(m, shown, &leaf);
	put_certificate(m, shown, &root);
	made_free(&leaf);
	made_free(&root);
}

static void put_request(struct maker *m, int64_t x, const char *path, bool plain)
{
	char url[128];
	snprintf(url, sizeof url, "%s://%s%s", plain ? "http" : "https", host, path);
	buf_clear(&m->head);
	/* RFC 9112 3.2.2: a proxy is told all of it, inside a tunnel the path alone. */
	buf_addf(&m->head, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", plain ? url : path, host,
		load_list_lines);
	CASE_FACT(request, REQUEST);
	request.exchange = x;
	request.tunnel = m->tunnel;
	request.n = ++m->requests;
	request.method = span_str("GET");
	request.url = span_str(url);
	request.version = span_str("HTTP/1.1");
	request.head = buf_span(&m->head);
	case_put(m, FACT_KIND_REQUEST, &request);
}

static void put_response(struct maker *m, int64_t x, int64_t number, uint64_t size)
{
	buf_clear(&m->head);
	buf_addf(&m->head,
		"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Tue, 24 Nov 2026 03:00:00 GMT\r\n"
		"Content-Type: text/html; charset=utf-8\r\nContent-Length: %llu\r\n"
		"Connection: keep-alive\r\nLast-Modified: Mon, 23 Nov 2026 09:12:44 GMT\r\n"
		"Vary: Accept-Encoding\r\nETag: \"6123-%llx\"\r\n"
		"Cache-Control: public, max-age=3600\r\n"
		"Strict-Transport-Security: max-age=31536000\r\n"
		"X-Content-Type-Options: nosniff\r\nAccept-Ranges: bytes\r\n\r\n",
		(unsigned long long)size, (unsigned long long)number);
	CASE_FACT(response, RESPONSE);
	response.exchange = x;
	response.leg = m->leg;
	response.status = 200;
	response.reason = span_str("OK");
	response.version = span_str("HTTP/1.1");
	response.made_by = span_str("origin");
	response.head = buf_span(&m->head);
	case_put(m, FACT_KIND_RESPONSE, &response);
}

static void put_body(struct maker *m, int64_t x, struct span body)
{
	int64_t n = 0;
	while (body.n > 0) {
		uint8_t digest[SHA256_LEN];
		struct span piece = span_first(body, BODY_CHUNK);
		body = span_from(body, piece.n);
		CASE_FACT(chunk, CHUNK);
		chunk.exchange = x;
		chunk.side = SIDE_RESPONSE;
		chunk.n = n++;
		chunk.size = (int64_t)piece.n;
		if (piece.n > BODY_SHARE_MIN) {
			sha256(piece, digest);
			chunk.sha256 = span_of(digest, sizeof digest);
		}
		chunk.data = piece;
		case_put(m, FACT_KIND_CHUNK, &chunk);
	}
}

static void put_end(struct maker *m, int64_t x, struct span body)
{
	uint8_t none[SHA256_LEN], digest[SHA256_LEN];
	sha256(SPAN_NONE, none);
	sha256(body, digest);
	CASE_FACT(exchange_end, EXCHANGE_END);
	exchange_end.exchange = x;
	exchange_end.leg = m->leg;
	exchange_end.reason = span_str("ok");
	exchange_end.req_size = exchange_end.req_stored = 0;
	exchange_end.req_sha256 = span_of(none, sizeof none);
	exchange_end.req_ended_us = exchange_end.at_us - 3 * STEP_US;
	exchange_end.first_byte_us = exchange_end.at_us - 2 * STEP_US;
	exchange_end.res_size = exchange_end.res_stored = (int64_t)body.n;
	exchange_end.res_sha256 = span_of(digest, sizeof digest);
	exchange_end.recorder_wait_us = 0;
	case_put(m, FACT_KIND_EXCHANGE_END, &exchange_end);
}

static void put_exchange(struct maker *m, enum body_kind kind, int64_t number, bool plain)
{
	char path[BODY_PATH_MAX];
	struct body body;
	int64_t x = writer_new_exchange(m->w);
	snprintf(path, sizeof path, "/%c/%0*lld", kind == BODY_KIND_PAGE ? 'p' : 'r',
		BODY_DIGITS, (long long)number);
	body_init(&body, kind, path, 0, 0);
	buf_clear(&m->body);
	while (buf_len(&m->body) < body.size)
		buf_add(&m->body, body.block, body.block_len);
	put_request(m, x, path, plain);
	put_response(m, x, number, body.size);
	put_body(m, x, buf_span(&m->body));
	put_end(m, x, buf_span(&m->body));
}

static void put_many(struct maker *m, enum body_kind kind, int64_t many, bool plain,
	const struct shown *shown)
{
	struct case_conn c = {.host = host, .port = plain ? 80 : 443, .plain = plain};
	if (!plain)
		c.certs = span_of(shown->digests, shown->n * SHA256_LEN);
	for (int64_t i = 0; i < many; i++) {
		if (i % PER_CONNECTION == 0)
			case_connect(m, &c);
		put_exchange(m, kind, i, plain);
	}
	case_disconnect(m);
}

static void run_session(struct maker *m, int64_t small, int64_t pages)
{
	struct shown shown = {0};
	m->session = writer_new_session(m->w);
	CASE_FACT(session, SESSION);
	session.command = span_str("proxy");
	session.mode = span_str("intercept");
	case_put(m, FACT_KIND_SESSION, &session);
	put_certificates(m, &shown);
	put_many(m, BODY_KIND_SMALL, small / 2, false, &shown);
	put_many(m, BODY_KIND_SMALL, small - small / 2, true, &shown);
	put_many(m, BODY_KIND_PAGE, pages, false, &shown);
	CASE_FACT(session_end, SESSION_END);
	session_end.reason = span_str("stopped");
	session_end.complete = 1;
	case_put(m, FACT_KIND_SESSION_END, &session_end);
}

int main(int argc, char **argv)
{
	static struct maker m = {.now_us = 1795489200000000};
	struct writer_options o = {.durability = DURABILITY_CRASH};
	struct err err = {0};
	int64_t small = argc == 4 ? atoll(argv[2]) : -1,
		pages = argc == 4 ? atoll(argv[3]) : -1;
	if (small < 0 || small > PAGES_MAX || pages < 0 || pages > PAGES_MAX)
		return fprintf(stderr, "usage: bench_replay_case CASE SMALL PAGES\n") > 0;
	m.w = writer_open(argv[1], &o, &err);
	if (m.w == NULL)
		case_die(argv[1], &err);
	run_session(&m, small, pages);
	if (!writer_close(m.w, &err))
		case_die("close", &err);
	buf_fini(&m.head);
	buf_fini(&m.body);
	return 0;
}
