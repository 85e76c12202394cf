/*
 * A case as a browser makes it, for what it costs to derive its trails: visits of a link that
 * goes over five redirects to a 4 KB document with 44 things to load. No proxy and no network:
 * facts are put as fast as the writer takes them. The same arguments make the same facts, but
 * for the case's random id.
 *
 *   bench_case CASE EXCHANGES [SESSIONS]   nine parts of ten in one long session, the rest
 *                                          shared out; SESSIONS 1: one session
 *
 * Of fifty exchanges: 5 redirects (with the small page that servers send along), 1 document, 27
 * images and fonts, 2 style sheets, 1 script (8 to 40 KB; nine of ten are among 400 that come
 * again and again), 10 JSON answers, 4 beacons. Pages, scripts and answers over 1 KB are gzip.
 */
#include "tests/bench/case_conn.h"
#include "store/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void new_connection(struct maker *m, const char *host)
{
	uint8_t digest[2 * SHA256_LEN];
	sha256(span_str(host), digest);
	sha256(span_of(digest, SHA256_LEN), digest + SHA256_LEN);
	struct case_conn c = {host, 443, false, span_of(digest, sizeof digest)};
	case_connect(m, &c);
}

/* ---- exchanges ---- */

struct exchange {
	const char *url, *dest, *mode, *site, *accept, *referer;
	const char *method;   /* NULL: GET */
	const char *location; /* NULL: none */
	const char *type;
	int status;
	struct span body;
	bool user, gzip;
};

static void put_request(struct maker *m, int64_t x, const struct exchange *e)
{
	const char *path = strchr(strstr(e->url, "//") + 2, '/');
	struct span host = span_of(strstr(e->url, "//") + 2, 0);
	host.n = (size_t)(path - (const char *)host.p);
	buf_clear(&m->head);
	buf_addf(&m->head, "%s %s HTTP/1.1\r\nHost: %.*s\r\n", e->method ? e->method : "GET",
		path, (int)host.n, (const char *)host.p);
	buf_addf(&m->head,
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 "
		"Firefox/140.0\r\nAccept: %s\r\nAccept-Language: en-US,en;q=0.5\r\n"
		"Accept-Encoding: gzip, deflate, br, zstd\r\n",
		e->accept);
	if (e->referer != NULL)
		buf_addf(&m->head, "Referer: %s\r\n", e->referer);
	buf_addf(&m->head,
		"Connection: keep-alive\r\nCookie: _ga=GA1.2.%08llx.1769000000; "
		"sid=%016llx; consent=1:1:0\r\n",
		(unsigned long long)m->visit % 977, (unsigned long long)m->visit % 977 * 77777);
	if (strcmp(e->mode, "navigate") == 0)
		buf_add_str(&m->head, "Upgrade-Insecure-Requests: 1\r\n");
	buf_addf(&m->head,
		"Sec-Fetch-Dest: %s\r\nSec-Fetch-Mode: %s\r\nSec-Fetch-Site: %s\r\n%s"
		"Priority: u=%d\r\n\r\n",
		e->dest, e->mode, e->site, e->user ? "Sec-Fetch-User: ?1\r\n" : "",
		strcmp(e->mode, "navigate") == 0 ? 0 : 4);
	CASE_FACT(request, REQUEST);
	request.exchange = x;
	request.tunnel = m->tunnel;
	request.n = ++m->requests;
	request.method = span_str(e->method ? e->method : "GET");
	request.url = span_str(e->url);
	request.version = span_str("HTTP/1.1");
	request.head = buf_span(&m->head);
	case_put(m, FACT_KIND_REQUEST, &request);
}

static void put_response(struct maker *m, int64_t x, const struct exchange *e)
{
	buf_clear(&m->head);
	buf_addf(&m->head,
		"HTTP/1.1 %d X\r\nServer: nginx\r\nDate: Tue, 24 Nov 2026 03:00:00 GMT\r\n"
		"Content-Type: %s\r\nContent-Length: %zu\r\nConnection: keep-alive\r\n",
		e->status, e->type, e->body.n);
	if (e->gzip)
		buf_add_str(&m->head, "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n");
	if (e->location != NULL)
		buf_addf(&m->head, "Location: %s\r\nSet-Cookie: v=%lld; Path=/; Secure\r\n",
			e->location, (long long)m->visit);
	buf_add_str(&m->head, "Cache-Control: public, max-age=3600\r\nETag: \"6123-1a2b3c\"\r\n"
			      "Strict-Transport-Security: max-age=31536000\r\n"
			      "X-Content-Type-Options: nosniff\r\nX-Cache: HIT\r\n\r\n");
	CASE_FACT(response, RESPONSE);
	response.exchange = x;
	response.leg = m->leg;
	response.status = e->status;
	response.reason = span_str("X");
	response.version = span_str("HTTP/1.1");
	response.made_by = span_str("origin");
	response.head = buf_span(&m->head);
	case_put(m, FACT_KIND_RESPONSE, &response);
}

static void put_exchange(struct maker *m, const struct exchange *e)
{
	int64_t x = writer_new_exchange(m->w);
	m->exchanges++;
	uint8_t digest[SHA256_LEN];
	put_request(m, x, e);
	put_response(m, x, e);
	sha256(e->body, digest);
	if (e->body.n > 0) {
		CASE_FACT(chunk, CHUNK);
		chunk.exchange = x;
		chunk.side = SIDE_RESPONSE;
		chunk.n = 0;
		chunk.size = (int64_t)e->body.n;
		if (e->body.n > BODY_SHARE_MIN)
			chunk.sha256 = span_of(digest, sizeof digest);
		chunk.data = e->body;
		case_put(m, FACT_KIND_CHUNK, &chunk);
	}
	CASE_FACT(exchange_end, EXCHANGE_END);
	exchange_end.exchange = x;
	exchange_end.leg = m->leg;
	exchange_end.reason = span_str("ok");
	exchange_end.req_size = exchange_end.req_stored = 0;
	exchange_end.req_ended_us = exchange_end.first_byte_us = exchange_end.at_us;
	exchange_end.res_size = exchange_end.res_stored = (int64_t)e->body.n;
	exchange_end.res_sha256 = span_of(digest, sizeof digest);
	exchange_end.recorder_wait_us = 0;
	case_put(m, FACT_KIND_EXCHANGE_END, &exchange_end);
}

/* ---- a visit ---- */

#define HTML "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

static void follow_redirects(struct maker *m)
{
	static const char moved[] =
		"<html>\r\n<head><title>302 Found</title></head>\r\n<body>\r\n<center><h1>302 "
		"Found</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
	char url[256], next[256];
	long long v = (long long)m->visit;
	snprintf(url, sizeof url, "https://click%lld.mailer.test/c/%08llx?u=%lld", v % 37,
		v * 2654435761, v);
	for (int i = 0; i < HOPS; i++) {
		if (i == 0 || (i < CONNECTIONS - 1 && v % 3 == 0))
			new_connection(m, "click.mailer.test");
		snprintf(next, sizeof next,
			"https://t%d.tracker%lld.test/r/%lld?step=%d&s=mail", i, v % 211, v,
			i + 1);
		if (i == HOPS - 1)
			snprintf(next, sizeof next, "%s", m->page_url);
		put_exchange(m, &(struct exchange){.url = url,
					.dest = "document",
					.mode = "navigate",
					.site = "none",
					.user = true,
					.accept = HTML,
					.location = next,
					.type = "text/html",
					.status = i % 2 == 0 ? 302 : 301,
					.body = span_str(moved)});
		snprintf(url, sizeof url, "%s", next);
	}
}

static void load(struct maker *m, const char *kind, int n, const char *dest, const char *mode,
	const char *accept, const char *type, struct span body, bool gzip, const char *method)
{
	char url[240];
	snprintf(url, sizeof url, "https://%s%s/%s/%lld/%d.x", n % 3 == 0 ? "cdn." : "",
		m->site, kind, (long long)m->visit, n);
	put_exchange(m, &(struct exchange){.url = url,
				.dest = dest,
				.mode = mode,
				.site = n % 3 == 0 ? "same-site" : "same-origin",
				.accept = accept,
				.referer = m->page_url,
				.method = method,
				.type = type,
				.status = body.n == 0 ? 204 : 200,
				.body = body,
				.gzip = gzip});
}

static void load_rest(struct maker *m)
{
	uint32_t script = chance(m, SCRIPTS), sheet = chance(m, SHEETS);
	struct buf own = {0};
	struct span code = buf_span(&m->scripts[script]);
	for (int i = 0; i < 2; i++)
		load(m, "css", i, "style", "no-cors", "text/css,*/*;q=0.1", "text/css",
			buf_span(&m->sheets[(sheet + (uint32_t)i) % SHEETS]), false, NULL);
	if (m->visit % 10 == 9) {
		write_script(m, &own, (unsigned)m->visit);
		code = packed(&m->packed, buf_span(&own));
	}
	load(m, "js", 0, "script", "no-cors", "*/*", "application/javascript", code, true,
		NULL);
	buf_fini(&own);
	for (int i = 0; i < 27; i++) {
		if (i == 9)
			new_connection(m, m->site);
		write_noise(m, &m->body, 200 + chance(m, i % 9 == 0 ? 6000 : 1200));
		load(m, "img", i, i % 9 == 8 ? "font" : "image", "no-cors",
			"image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
			i % 9 == 8 ? "font/woff2" : "image/png", buf_span(&m->body), false,
			NULL);
	}
	for (int i = 0; i < 10; i++) {
		write_answer(m, &m->body, i);
		struct span s = buf_span(&m->body);
		bool gzip = s.n > 1024;
		load(m, "api", i, "empty", "cors", "*/*", "application/json",
			gzip ? packed(&m->packed, s) : s, gzip, NULL);
	}
	for (int i = 0; i < 4; i++)
		load(m, "beacon", i, "empty", "no-cors", "*/*", "text/plain", SPAN_NONE, false,
			"POST");
}

static void show_page(struct maker *m, bool on)
{
	char url[200];
	if (on)
		snprintf(url, sizeof url, "https://%s/on/%lld", m->site,
			(long long)m->visit - 1);
	write_page(m, &m->body);
	put_exchange(m, &(struct exchange){.url = on ? url : m->page_url,
				.dest = "document",
				.mode = "navigate",
				.site = on ? "same-origin" : "none",
				.user = !on,
				.accept = HTML,
				.referer = on ? m->page_url : NULL,
				.type = "text/html; charset=utf-8",
				.status = 200,
				.body = packed(&m->packed, buf_span(&m->body)),
				.gzip = true});
	if (on)
		snprintf(m->page_url, sizeof m->page_url, "%s", url);
}

/* Where the page before sent on, this visit is of where to; else it is of a link of its own. */
static void visit(struct maker *m)
{
	bool on = m->visit % 10 == 4 || m->visit % 10 == 8;
	m->now_us += 1200 * 1000;
	if (!on) {
		snprintf(m->site, sizeof m->site, "www.site%lld.test",
			(long long)m->visit * 31 % SITES);
		snprintf(m->page_url, sizeof m->page_url,
			"https://%s/article/%lld?utm_source=mail&utm_campaign=c%lld", m->site,
			(long long)m->visit, (long long)m->visit % 19);
		follow_redirects(m);
	}
	show_page(m, on);
	load_rest(m);
	m->visit++;
}

static void run_session(struct maker *m, int64_t exchanges)
{
	m->session = writer_new_session(m->w);
	m->tunnel = 0;
	CASE_FACT(session, SESSION);
	session.command = span_str("proxy");
	session.mode = span_str("intercept");
	case_put(m, FACT_KIND_SESSION, &session);
	m->visit += 10 - m->visit % 10;
	for (int64_t until = m->exchanges + exchanges; m->exchanges < until;)
		visit(m);
	case_disconnect(m);
	CASE_FACT(session_end, SESSION_END);
	session_end.reason = span_str("stopped");
	session_end.complete = 1;
	case_put(m, FACT_KIND_SESSION_END, &session_end);
}

int main(int argc, char **argv)
{
	static struct maker m = {.seed = 88172645463325252u, .now_us = 1795489200000000};
	struct err err = {0};
	struct writer_options o = {.durability = DURABILITY_CRASH};
	struct buf text = {0};
	int64_t n = argc > 2 ? atoll(argv[2]) : 0, sessions = argc > 3 ? atoll(argv[3]) : 4;
	if (n < PER_VISIT || sessions < 1)
		return fprintf(stderr, "usage: bench_case CASE EXCHANGES [SESSIONS]\n") > 0;
	for (unsigned i = 0; i < SCRIPTS; i++) {
		write_script(&m, &text, i);
		packed(&m.scripts[i], buf_span(&text));
	}
	for (unsigned i = 0; i < SHEETS; i++)
		write_sheet(&m, &m.sheets[i], i);
	m.w = writer_open(argv[1], &o, &err);
	if (m.w == NULL)
		case_die(argv[1], &err);
	for (int64_t i = 1; i < sessions; i++)
		run_session(&m, n / 10 / (sessions - 1));
	run_session(&m, sessions > 1 ? n / 10 * 9 : n);
	if (!writer_close(m.w, &err))
		case_die("close", &err);
	return 0;
}
