#include "tests/kit/export_case.h"
#include "store/base/hash.h"

#include <stdlib.h>
#include <zlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NASTY(text)                                                                            \
	{                                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                                      \
	}
static char huge[300 * 1024];

const struct span export_nasty[] = {
	NASTY("\x1b]0;x\x07\x1b[2J"),
	NASTY("a\r\nInjected: 1"),
	NASTY("a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
	NASTY("a\r\n\r\n\r\n\r\nWARC/1.1\r\nWARC-Type: response\r\n"),
	NASTY("WARC/1.1"),
	NASTY("a\nb\rc\x0b\x0c"),
	NASTY("nul\0byte"),
	NASTY("\xff\xfe\x80 latin \xe9"),
	NASTY("half \xe2\x80"),
	NASTY("\xed\xa0\x80 surrogate"),
	NASTY("\xf0\x9f\x92\xa9 \xe2\x80\xae override \xe2\x80\x8b"),
	NASTY("\x7f\xc2\x9b\xc2\x85"),
	NASTY("\",\"x\":\"y"),
	NASTY("\\\\\\\"\\u0000\\"),
	NASTY("</script><img src=x onerror=alert(1)>"),
	NASTY("{\"url\":\"x\"} 20200101000000 {"),
	NASTY(" \t lead and trail \t "),
	NASTY("%0d%0aX: y%00%ff%"),
	NASTY("=;=;==;&&=&;,"),
	NASTY("../../../etc/passwd"),
	NASTY("=cmd|'/c calc'!A1"),
	NASTY("http://[::1]:99999/"),
	NASTY("://"),
	NASTY(""),
	{(const uint8_t *)huge, sizeof huge},
};
const size_t n_export_nasty = sizeof export_nasty / sizeof *export_nasty;

#define FACT(lower, UPPER)                                                                     \
	struct fact_##lower lower;                                                             \
	fact_init(FACT_KIND_##UPPER, &lower);                                                  \
	lower.session = f->session

struct filling {
	struct temp_case *t;
	int64_t session, now_us;
	struct arena arena;
};

struct side {
	const char *method, *version, *reason; /* of the request, of both, of the response */
	struct span head, fields, body;
};

static struct span add(struct filling *f, const char *before, struct span s, const char *behind)
{
	struct buf b = {0};
	buf_add_str(&b, before);
	buf_add_span(&b, s);
	buf_add_str(&b, behind);
	struct span all = arena_copy(&f->arena, buf_span(&b));
	buf_fini(&b);
	return all;
}

static struct span words(const char *s)
{
	return span_str(s);
}

/* A tunnel with its way to an origin. */
static int64_t put_way(struct filling *f, bool tls, struct span word, int64_t *leg_number)
{
	struct writer *w = f->t->writer;
	int64_t number = writer_new_tunnel(w);
	uint8_t digest[SHA256_LEN];
	*leg_number = writer_new_leg(w);
	FACT(tunnel, TUNNEL);
	tunnel.tunnel = number;
	tunnel.at_us = f->now_us;
	temp_case_put(f->t, FACT_KIND_TUNNEL, &tunnel);
	FACT(connect, CONNECT);
	connect.tunnel = number;
	connect.at_us = f->now_us += 100;
	connect.kind = words(tls ? "connect" : "plain");
	connect.host = words("origin.example");
	connect.outcome = words("ok");
	temp_case_put(f->t, FACT_KIND_CONNECT, &connect);
	FACT(dns, DNS);
	dns.tunnel = number;
	dns.leg = *leg_number;
	dns.at_us = f->now_us += 2000;
	dns.elapsed_us = 1500;
	dns.source = words("dns");
	dns.name = word.p != NULL ? word : words("origin.example");
	dns.outcome = words("ok");
	temp_case_put(f->t, FACT_KIND_DNS, &dns);
	FACT(leg, LEG);
	leg.tunnel = number;
	leg.leg = *leg_number;
	leg.at_us = f->now_us += 3000;
	leg.elapsed_us = 2500;
	leg.remote_ip = word.p != NULL ? word : words("192.0.2.7");
	leg.remote_port = 443;
	leg.outcome = words("ok");
	temp_case_put(f->t, FACT_KIND_LEG, &leg);
	if (!tls)
		return number;
	sha256(words("not really DER"), digest);
	FACT(certificate, CERTIFICATE);
	certificate.at_us = f->now_us;
	certificate.sha256 = span_of(digest, sizeof digest);
	certificate.subject = word.p != NULL ? word : words("CN=origin.example");
	certificate.der = words("not really DER");
	temp_case_put(f->t, FACT_KIND_CERTIFICATE, &certificate);
	FACT(handshake, HANDSHAKE);
	handshake.tunnel = number;
	handshake.leg = *leg_number;
	handshake.started_us = f->now_us;
	handshake.at_us = f->now_us += 4000;
	handshake.version = word.p != NULL ? word : words("TLS 1.3");
	handshake.cipher = word.p != NULL ? word : words("TLS_AES_128_GCM_SHA256");
	handshake.alpn = handshake.sni = handshake.verify_error = word;
	handshake.certs = span_of(digest, sizeof digest);
	handshake.outcome = words("ok");
	temp_case_put(f->t, FACT_KIND_HANDSHAKE, &handshake);
	return number;
}

static void put_body(struct filling *f, int64_t x, enum fact_side side, struct span body)
{
	for (int64_t n = 0; body.n > 0; n++) {
		uint8_t digest[SHA256_LEN];
		struct span piece = span_first(body, 65536);
		FACT(chunk, CHUNK);
		sha256(piece, digest);
		chunk.at_us = f->now_us;
		chunk.exchange = x;
		chunk.side = side;
		chunk.n = n;
		chunk.size = (int64_t)piece.n;
		chunk.data = piece;
		if (piece.n > BODY_SHARE_MIN)
			chunk.sha256 = span_of(digest, sizeof digest);
		temp_case_put(f->t, FACT_KIND_CHUNK, &chunk);
		body = span_from(body, piece.n);
	}
}

struct asked {
	int64_t tunnel, leg;
	struct span url;
	struct side request, response;
	int status;                /* 0: no response */
	const char *made_by, *end; /* "origin"; "ok", NULL: no end */
	size_t missing; /* bytes of the response's body that passed and were not stored */
};

static void put_exchange(struct filling *f, const struct asked *a)
{
	int64_t x = writer_new_exchange(f->t->writer);
	FACT(request, REQUEST);
	request.exchange = x;
	request.tunnel = a->tunnel;
	request.at_us = f->now_us += 20000;
	request.n = 1;
	request.method = words(a->request.method != NULL ? a->request.method : "GET");
	request.url = a->url;
	request.version = words(a->request.version != NULL ? a->request.version : "HTTP/1.1");
	request.head = a->request.head;
	request.fields = a->request.fields;
	temp_case_put(f->t, FACT_KIND_REQUEST, &request);
	put_body(f, x, SIDE_REQUEST, a->request.body);
	int64_t sent_us = f->now_us += 700, first_us = f->now_us += 5000;
	if (a->status != 0) {
		FACT(response, RESPONSE);
		response.exchange = x;
		response.leg = a->leg;
		response.at_us = first_us + 50;
		response.status = a->status;
		response.reason =
			a->response.reason != NULL ? words(a->response.reason) : SPAN_NONE;
		response.version =
			words(a->response.version != NULL ? a->response.version : "HTTP/1.1");
		response.made_by = words(a->made_by != NULL ? a->made_by : "origin");
		response.head = a->response.head;
		response.fields = a->response.fields;
		temp_case_put(f->t, FACT_KIND_RESPONSE, &response);
		put_body(f, x, SIDE_RESPONSE, a->response.body);
	}
	f->now_us += 3000;
	if (a->end == NULL)
		return;
	uint8_t sent[SHA256_LEN], got[SHA256_LEN];
	sha256(a->request.body, sent);
	sha256(a->response.body, got);
	FACT(exchange_end, EXCHANGE_END);
	exchange_end.exchange = x;
	exchange_end.leg = a->leg;
	exchange_end.at_us = f->now_us;
	exchange_end.reason = words(a->end);
	exchange_end.req_size = exchange_end.req_stored = (int64_t)a->request.body.n;
	exchange_end.req_sha256 = span_of(sent, sizeof sent);
	exchange_end.req_ended_us = sent_us;
	if (a->status != 0)
		exchange_end.first_byte_us = first_us;
	exchange_end.res_size = (int64_t)(a->response.body.n + a->missing);
	exchange_end.res_stored = (int64_t)a->response.body.n;
	if (a->missing == 0)
		exchange_end.res_sha256 = span_of(got, sizeof got);
	temp_case_put(f->t, FACT_KIND_EXCHANGE_END, &exchange_end);
}

static void put_session(struct filling *f, const char *link, struct span word)
{
	f->session = writer_new_session(f->t->writer);
	FACT(session, SESSION);
	session.at_us = f->now_us += 1000000;
	session.command = words("trace");
	session.mode = words("intercept");
	session.link = session.sent_link = words(link);
	session.browser = word.p != NULL ? word : words("Firefox");
	session.browser_version = session.user_agent = session.language = word;
	temp_case_put(f->t, FACT_KIND_SESSION, &session);
}

static void end_session(struct filling *f)
{
	FACT(session_end, SESSION_END);
	session_end.at_us = f->now_us += 1000000;
	session_end.reason = words("page");
	session_end.complete = 1;
	temp_case_put(f->t, FACT_KIND_SESSION_END, &session_end);
}

/* ---- the ordinary session ---- */

#define HOST "https://origin.example"
#define NAVIGATION                                                                             \
	"Host: origin.example\r\nUser-Agent: Test\r\nSec-Fetch-Dest: document\r\n"             \
	"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\n"

static struct side sent(struct filling *f, const char *line, const char *fields)
{
	return (struct side){.head = add(f, line, span_str(" HTTP/1.1\r\n"), fields)};
}

static struct side got(
	struct filling *f, const char *line, const char *fields, struct span body)
{
	struct side s = {.reason = strlen(line) > 13 ? line + 13 : "", .body = body};
	struct span head = add(f, line, span_str("\r\n"), fields);
	s.head = add(f, "", head, "\r\n");
	return s;
}

static struct span gzipped(struct filling *f, const char *text)
{
	uint8_t out[1000];
	z_stream z = {0};
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, 0), Z_OK);
	z.next_in = (z_const Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)strlen(text);
	z.next_out = out;
	z.avail_out = sizeof out;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	struct span s = arena_copy(&f->arena, span_of(out, sizeof out - z.avail_out));
	deflateEnd(&z);
	return s;
}

static void put_hops(struct filling *f, int64_t tunnel, int64_t leg)
{
	struct asked a = {.tunnel = tunnel,
		.leg = leg,
		.url = words(HOST "/c?t=1&e=%C3%A9+x"),
		.end = "ok",
		.status = 302};
	a.request = sent(
		f, "GET /c?t=1&e=%C3%A9+x", NAVIGATION "Cookie: a=1; b=\"two\"; c\r\n\r\n");
	a.response = got(f, "HTTP/1.1 302 Found",
		"Location: /c?t=1&e=%C3%A9+x\r\n"
		"Set-Cookie: s=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/; HttpOnly; "
		"SameSite=lax\r\n"
		"Set-Cookie: t=2; Max-Age=60; Domain=origin.example; Secure\r\n",
		SPAN_NONE);
	put_exchange(f, &a);
	a.response =
		got(f, "HTTP/1.1 302 Found", "Location: " HOST "/land#top\r\n", words("moved"));
	put_exchange(f, &a);
	a.url = words(HOST "/land");
	a.request = sent(f, "GET /land", NAVIGATION "\r\n");
	a.response = got(f, "HTTP/1.1 200 OK",
		"Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n"
		"Transfer-Encoding: chunked\r\n",
		gzipped(f, "<title>Landed</title><p>you won \xf0\x9f\x8e\x81</p>"));
	a.status = 200;
	put_exchange(f, &a);
}

#define PART(dest)                                                                             \
	"Host: origin.example\r\nReferer: " HOST "/land\r\nSec-Fetch-Dest: " dest              \
	"\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: same-origin\r\n"

static void put_parts(struct filling *f, int64_t tunnel, int64_t leg)
{
	static const uint8_t picture[] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0xff, 0};
	struct asked a = {.tunnel = tunnel,
		.leg = leg,
		.url = words(HOST "/p.png"),
		.end = "ok",
		.status = 200};
	a.request = sent(f, "GET /p.png", PART("image") "\r\n");
	a.response =
		got(f, "HTTP/1.1 200 OK", "Content-Type: image/png\r\nContent-Length: 11\r\n",
			span_of(picture, sizeof picture));
	put_exchange(f, &a);
	a.request.method = "HEAD";
	a.response = got(f, "HTTP/1.1 200 OK",
		"Content-Type: image/png\r\nContent-Length: 11\r\n", SPAN_NONE);
	put_exchange(f, &a);
	a.request.method = "GET";
	a.status = 304;
	a.response = got(f, "HTTP/1.1 304 Not Modified",
		"ETag: \"1\"\r\nContent-Length: 11\r\n", SPAN_NONE);
	put_exchange(f, &a);
	a.status = 200;
	a.url = words(HOST "/api");
	a.request = sent(f, "POST /api",
		PART("empty") "Content-Type: application/json\r\nContent-Length: 45\r\n\r\n");
	a.request.method = "POST";
	a.request.body = words("{\"a\":[1,2.5,true,null],\"b\":{\"a\":\"x y&z\"},\"c\":\"\"}");
	a.response =
		got(f, "HTTP/1.1 200 OK", "Content-Type: application/json\r\n", words("{}"));
	put_exchange(f, &a);
	a.url = words(HOST "/form?q=1");
	a.request = sent(f, "POST /form?q=1",
		PART("empty") "Content-Type: application/x-www-form-urlencoded\r\n\r\n");
	a.request.method = "POST";
	a.request.body = words("name=J%C3%B6rg+M%26M&empty=&n=%7E%21%27%28x%29");
	put_exchange(f, &a);
	a.url = words(HOST "/upload");
	a.request = sent(f, "PUT /upload",
		PART("empty") "Content-Type: application/octet-stream\r\n\r\n");
	a.request.method = "PUT";
	a.request.body = span_of(picture, sizeof picture);
	put_exchange(f, &a);
}

static void put_h2(struct filling *f)
{
	int64_t leg, tunnel = put_way(f, true, SPAN_NONE, &leg);
	struct asked a = {.tunnel = tunnel,
		.leg = leg,
		.url = words(HOST "/h2?x=1"),
		.end = "ok",
		.status = 200};
	a.request = (struct side){.version = "HTTP/2",
		.fields =
			words(":method: GET\r\n:scheme: https\r\n:authority: origin.example\r\n"
			      ":path: /h2?x=1\r\nreferer: " HOST "/land\r\n"
			      "sec-fetch-dest: style\r\ncookie: a=1\r\ncookie: b=2\r\n\r\n")};
	a.response = (struct side){.version = "HTTP/2",
		.fields = words(":status: 200\r\ncontent-type: text/css\r\n\r\n"),
		.body = words("a{color:red}")};
	put_exchange(f, &a);
}

static void put_failures(struct filling *f, int64_t tunnel, int64_t leg)
{
	struct asked a = {.tunnel = tunnel,
		.leg = FACT_NULL,
		.url = words("https://gone.example/"),
		.end = "dns-not-found",
		.status = 502,
		.made_by = "clicktrail"};
	a.request = sent(f, "GET /", PART("image") "\r\n");
	a.response = got(f, "HTTP/1.1 502 Bad Gateway", "Content-Type: text/html\r\n",
		words("<p>clicktrail could not</p>"));
	put_exchange(f, &a);
	a = (struct asked){
		.tunnel = tunnel, .leg = leg, .url = words(HOST "/cut"), .status = 200};
	a.request = sent(f, "GET /cut", PART("script") "\r\n");
	a.response = got(f, "HTTP/1.1 200 OK",
		"Content-Type: text/javascript\r\nContent-Length: 1000\r\n", words("half of"));
	put_exchange(f, &a); /* no end */
	a.end = "ok";
	a.url = words(HOST "/long");
	a.missing = 993;
	put_exchange(f, &a); /* not stored whole */
	a.missing = 0;
	a.url = words("https://clicktrail.internal/ready");
	a.made_by = "clicktrail";
	put_exchange(f, &a); /* a page of our own */
	a.status = 0;
	a.made_by = NULL;
	a.end = NULL;
	a.url = words(HOST "/never");
	a.response = (struct side){.reason = NULL};
	put_exchange(f, &a);
}

/* ---- the hostile one ---- */

static void put_nasty(struct filling *f, size_t n)
{
	struct span word = export_nasty[n];
	char *copy = arena_str(&f->arena, word);
	int64_t leg, tunnel = put_way(f, true, word, &leg);
	struct asked a = {.tunnel = tunnel, .leg = leg, .end = "ok", .status = 200};
	a.url = add(f, "https://nasty.example/p/", word, "?q=");
	a.url = add(f, "", add(f, "", a.url, ""), copy);
	a.request.method = n % 3 == 0 && word.n < 100 ? copy : n % 3 == 1 ? "POST" : "GET";
	a.request.version = n % 2 == 0 ? copy : NULL;
	a.request.fields = add(f, "Host: nasty.example\r\nReferer: ", word, "\r\nCookie: a=");
	a.request.fields = add(f, "", a.request.fields, copy);
	a.request.fields = add(f, "", a.request.fields, "\r\n");
	a.request.fields = add(f, "", add(f, "", a.request.fields, copy), ": name\r\n");
	a.request.fields = add(f, "", a.request.fields,
		n % 2 == 0 ? "Content-Type: application/x-www-form-urlencoded\r\n"
			   : "Content-Type: multipart/form-data; boundary=x\r\n");
	a.request.body = n % 2 == 0 ? add(f, "a=", word, "&b=1")
				    : add(f, "--x\r\nContent-Disposition: form-data; name=\"",
					      word, "\"\r\n\r\nvalue\r\n--x--");
	a.response.reason = copy;
	a.response.version = n % 2 == 1 ? copy : NULL;
	a.response.fields = add(f, "Content-Type: ", word, "\r\nLocation: ");
	a.response.fields =
		add(f, "", add(f, "", a.response.fields, copy), "\r\nSet-Cookie: c=");
	a.response.fields = add(f, "", a.response.fields, copy);
	a.response.fields = add(f, "", a.response.fields, "; Expires=");
	a.response.fields = add(f, "", add(f, "", a.response.fields, copy), "\r\n");
	a.response.fields = add(f, "", add(f, "", a.response.fields, copy), ": name\r\n");
	a.response.body = word;
	a.status = n % 2 == 0 ? 200 : 302;
	put_exchange(f, &a);
}

void export_case_fill(struct temp_case *t)
{
	struct filling f = {.t = t, .now_us = INT64_C(1770091506000007)};
	int64_t leg;
	memset(huge, 'h', sizeof huge);
	put_session(&f, HOST "/c?t=1&e=%C3%A9+x", SPAN_NONE);
	int64_t tunnel = put_way(&f, true, SPAN_NONE, &leg);
	put_hops(&f, tunnel, leg);
	put_parts(&f, tunnel, leg);
	put_h2(&f);
	put_failures(&f, tunnel, leg);
	end_session(&f);
	put_session(&f, "https://nasty.example/", export_nasty[0]);
	for (size_t i = 0; i < n_export_nasty; i++)
		put_nasty(&f, i);
	end_session(&f);
	arena_fini(&f.arena);
}
