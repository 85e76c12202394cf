#include "tests/kit/nasty.h"
#include "store/base/hash.h"
#include "store/case.h"
#include "store/fact/custody.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define RAW(text)                                                                              \
	{                                                                                      \
		text, sizeof text - 1                                                          \
	}

/* What would do harm. NUL bytes are why lengths are counted. */
static const struct {
	const char *bytes;
	size_t n;
} payloads[] = {
	RAW("<script>alert(1)</script>"),
	RAW("</script><script>alert(1)//"),
	RAW("<img src=x onerror=alert(1)>"),
	RAW("\"><svg/onload=alert(1)>"),
	RAW("' onmouseover='alert(1)"),
	RAW("</title><script>alert(1)</script>"),
	RAW("</style><script>alert(1)</script>"),
	RAW("--><script>alert(1)</script>"),
	RAW("]]><script>alert(1)</script>"),
	RAW("</svg><iframe src=javascript:alert(1)>"),
	RAW("<a href=\"javascript:alert(1)\">x</a>"),
	RAW("javascript:alert(document.domain)"),
	RAW("data:text/html,<script>alert(1)</script>"),
	RAW("<meta http-equiv=refresh content=\"0;url=//evil.example\">"),
	RAW("<base href=//evil.example>"),
	RAW("<link rel=stylesheet href=//evil.example/x.css>"),
	RAW("{{constructor.constructor('alert(1)')()}}"),
	RAW("${7*7}<%= 7*7 %>#{7*7}"),
	RAW("&lt;script&gt;alert(1)&lt;/script&gt;"),
	RAW("&#60;script&#62;&amp;amp;&nosuch;"),
	RAW("\r\nBcc: all@evil.example"),
	RAW("\nX-Injected: yes\n\nbody"),
	RAW("\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
	RAW("\r\n.\r\nMAIL FROM:<a@evil.example>"),
	RAW("\r\nWARC/1.1\r\nWARC-Type: response\r\n"),
	RAW("=HYPERLINK(\"http://evil.example\";\"x\")"),
	RAW("=cmd|' /C calc'!A0"),
	RAW("+1+1"),
	RAW("-2+3+cmd|' /C calc'!A0"),
	RAW("@SUM(1+1)*cmd|' /C calc'!A0"),
	RAW("\t=1+1"),
	RAW("\033[2J\033[1;1Hgone"),
	RAW("\033]0;title\007"),
	RAW("\033]8;;http://evil.example\033\\x\033]8;;\033\\"),
	RAW("\x9b"
	    "2J\x9d"
	    "0;t\x9c"),
	RAW("\xc2\x9b"
	    "31m"),
	RAW("a\bb\fc\vd\x7f"),
	RAW("\0null\0"),
	RAW("\xe2\x80\xae"
	    "gpj.exe"),
	RAW("\xe2\x81\xa6"
	    "abc\xe2\x81\xa9"),
	RAW("\xe2\x80\xa8line\xe2\x80\xa9paragraph"),
	RAW("\xef\xbb\xbf"
	    "bom"),
	RAW("\xed\xa0\x80surrogate\xed\xbf\xbf"),
	RAW("\xf4\x90\x80\x80 beyond"),
	RAW("\xc0\xaf\xe0\x80\xaf overlong"),
	RAW("\xff\xfe\xfd"),
	RAW("\xf0\x9f\x98\x80\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7"),
	RAW("p\xd0\xb0ypal.example"),
	RAW("' OR 1=1 --"),
	RAW("`id`$(id);id|id&id"),
};
enum { PAYLOADS = sizeof payloads / sizeof *payloads };

/* How it comes: bare, in the middle of a URL, behind a scheme, again and again ... */
enum { WAYS = 10 };
_Static_assert(PAYLOADS *WAYS == NASTY_STRINGS, "every payload in every way");

static void add_times(struct buf *out, struct span s, size_t bytes)
{
	for (size_t n = 0; n < bytes; n += s.n)
		buf_add_span(out, s);
}

struct span nasty_string(struct arena *a, size_t i)
{
	struct span p = span_of(payloads[i % PAYLOADS].bytes, payloads[i % PAYLOADS].n);
	struct buf out = {0};
	switch (i / PAYLOADS) {
	case 0: buf_add_span(&out, p); break;
	case 1:
		buf_add_str(&out, "before ");
		buf_add_span(&out, p);
		buf_add_str(&out, " behind");
		break;
	case 2:
		buf_add_str(&out, "https://www.nasty.example/?a=");
		buf_add_span(&out, p);
		break;
	case 3:
		buf_add_span(&out, p);
		buf_add_span(&out, p);
		break;
	case 4:
		buf_add_str(&out, "\"");
		buf_add_span(&out, p);
		buf_add_str(&out, "\"");
		break;
	case 5:
		buf_add_str(&out, "x=1; ");
		buf_add_span(&out, p);
		buf_add_str(&out, "; path=/");
		break;
	case 6: add_times(&out, p, 3000); break;
	case 7:
		buf_add_str(&out, "\\");
		buf_add_span(&out, p);
		buf_add_str(&out, "\\u0000\\");
		break;
	case 8:
		for (int k = 0; k < 1200; k++)
			buf_add_byte(&out, 'x');
		buf_add_span(&out, p);
		break;
	default: add_times(&out, p, i % PAYLOADS == 0 ? 200 * 1000 : 500); break;
	}
	struct span s = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return s;
}

static struct span *span_at(const struct fact_field *f, void *fact)
{
	return (struct span *)(void *)((uint8_t *)fact + f->offset);
}

/* Every text that is still unknown. */
static void fill(enum fact_kind kind, void *fact, struct span s)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		if (f->type == FACT_TYPE_TEXT && span_at(f, fact)->p == NULL)
			*span_at(f, fact) = s;
	}
}

#define PUT(t, upper, fact, s)                                                                 \
	do {                                                                                   \
		fill(FACT_KIND_##upper, fact, s);                                              \
		temp_case_put(t, FACT_KIND_##upper, fact);                                     \
	} while (0)

static int64_t begin(struct temp_case *t, const char *link, struct span s)
{
	struct fact_session f;
	fact_init(FACT_KIND_SESSION, &f);
	f.session = writer_new_session(t->writer);
	f.command = span_str("trace");
	f.mode = span_str("intercept");
	f.link = f.sent_link = span_str(link);
	f.options = span_str("{}");
	PUT(t, SESSION, &f, s);
	return f.session;
}

static void end(struct temp_case *t, int64_t session, struct span s)
{
	struct fact_session_end f;
	fact_init(FACT_KIND_SESSION_END, &f);
	f.session = session;
	f.reason = span_str("page");
	f.complete = 1;
	PUT(t, SESSION_END, &f, s);
}

struct hop {
	int64_t session, tunnel, leg, exchange;
	struct span url, next, s;
	uint8_t certificate[SHA256_LEN];
	struct arena *a;
};

static void put_connection(struct temp_case *t, struct hop *h)
{
	struct fact_tunnel tunnel;
	struct fact_connect connect;
	struct fact_dns dns;
	struct fact_leg leg;
	fact_init(FACT_KIND_TUNNEL, &tunnel);
	fact_init(FACT_KIND_CONNECT, &connect);
	fact_init(FACT_KIND_DNS, &dns);
	fact_init(FACT_KIND_LEG, &leg);
	tunnel.session = connect.session = dns.session = leg.session = h->session;
	tunnel.tunnel = connect.tunnel = dns.tunnel = leg.tunnel = h->tunnel;
	dns.leg = leg.leg = h->leg;
	connect.kind = span_str("connect");
	connect.port = leg.port = leg.remote_port = 443;
	dns.outcome = leg.outcome = connect.outcome = span_str("ok");
	PUT(t, TUNNEL, &tunnel, h->s);
	PUT(t, CONNECT, &connect, h->s);
	PUT(t, DNS, &dns, h->s);
	PUT(t, LEG, &leg, h->s);
}

static void put_tls(struct temp_case *t, struct hop *h)
{
	struct fact_hello hello;
	struct fact_handshake hand;
	struct fact_certificate cert;
	fact_init(FACT_KIND_HELLO, &hello);
	fact_init(FACT_KIND_HANDSHAKE, &hand);
	fact_init(FACT_KIND_CERTIFICATE, &cert);
	hello.session = hand.session = cert.session = h->session;
	hello.tunnel = hand.tunnel = h->tunnel;
	hello.leg = hand.leg = h->leg;
	sha256(h->s, h->certificate);
	cert.sha256 = hand.certs = span_of(h->certificate, SHA256_LEN);
	cert.der = hello.raw = hand.server_hello = hand.scts = hand.ocsp = h->s;
	cert.not_before_us = cert.not_after_us = 0;
	hand.verified = 0;
	hand.outcome = span_str("ok");
	PUT(t, HELLO, &hello, h->s);
	PUT(t, HANDSHAKE, &hand, h->s);
	PUT(t, CERTIFICATE, &cert, h->s);
}

static struct span head_of(
	struct hop *h, const char *start, const char *name, struct span value)
{
	struct buf b = {0};
	buf_addf(&b,
		"%s\r\nHost: www.nasty.example\r\nSec-Fetch-Mode: navigate\r\n"
		"Sec-Fetch-Dest: document\r\n%s: ",
		start, name);
	buf_add_span(&b, value);
	buf_add_str(&b, "\r\nX-Nasty: ");
	buf_add_span(&b, h->s);
	buf_add_str(&b, "\r\nContent-Type: text/html; charset=\"");
	buf_add_span(&b, h->s);
	buf_add_str(&b, "\"\r\nSet-Cookie: a=");
	buf_add_span(&b, h->s);
	buf_add_str(&b, "\r\nContent-Disposition: inline; filename=\"");
	buf_add_span(&b, h->s);
	buf_add_str(&b, "\"\r\n\r\n");
	struct span s = arena_copy(h->a, buf_span(&b));
	buf_fini(&b);
	return s;
}

static void put_page(struct temp_case *t, struct hop *h)
{
	struct fact_chunk chunk;
	struct fact_exchange_end over;
	struct buf page = {0};
	uint8_t digest[SHA256_LEN];
	buf_add_str(&page, "<!doctype html><title>");
	buf_add_span(&page, h->s);
	buf_add_str(&page, "</title><form action=\"");
	buf_add_span(&page, h->s);
	buf_add_str(&page, "\"><label>");
	buf_add_span(&page, h->s);
	buf_add_str(&page, "<input type=password name='");
	buf_add_span(&page, h->s);
	buf_add_str(&page, "'></label></form>");
	buf_add_span(&page, h->s);
	fact_init(FACT_KIND_CHUNK, &chunk);
	fact_init(FACT_KIND_EXCHANGE_END, &over);
	chunk.session = over.session = h->session;
	chunk.exchange = over.exchange = h->exchange;
	chunk.side = SIDE_RESPONSE;
	struct span body = span_first(buf_span(&page), BODY_CHUNK);
	sha256(body, digest);
	chunk.n = 0;
	chunk.size = (int64_t)body.n;
	chunk.sha256 = span_of(digest, sizeof digest);
	chunk.data = body;
	temp_case_put(t, FACT_KIND_CHUNK, &chunk);
	over.leg = h->leg;
	over.req_size = over.req_stored = 0;
	over.res_size = over.res_stored = (int64_t)body.n;
	over.res_sha256 = chunk.sha256;
	over.reason = span_str("ok");
	PUT(t, EXCHANGE_END, &over, h->s);
	buf_fini(&page);
}

static void put_beside(struct temp_case *t, struct hop *h)
{
	struct fact_note note;
	struct fact_attachment kept;
	uint8_t digest[SHA256_LEN];
	fact_init(FACT_KIND_NOTE, &note);
	fact_init(FACT_KIND_ATTACHMENT, &kept);
	note.session = kept.session = h->session;
	note.exchange = kept.exchange = h->exchange;
	note.code = span_str("limit");
	kept.kind = span_str("file");
	kept.data = h->s;
	kept.size = (int64_t)h->s.n;
	sha256(h->s, digest);
	kept.sha256 = span_of(digest, sizeof digest);
	PUT(t, NOTE, &note, h->s);
	PUT(t, ATTACHMENT, &kept, h->s);
}

static void put_hop(struct temp_case *t, struct hop *h)
{
	struct fact_request ask;
	struct fact_response answer;
	h->tunnel = writer_new_tunnel(t->writer);
	h->leg = writer_new_leg(t->writer);
	h->exchange = writer_new_exchange(t->writer);
	put_connection(t, h);
	put_tls(t, h);
	fact_init(FACT_KIND_REQUEST, &ask);
	fact_init(FACT_KIND_RESPONSE, &answer);
	ask.session = answer.session = h->session;
	ask.exchange = answer.exchange = h->exchange;
	ask.tunnel = h->tunnel;
	ask.n = 1;
	ask.method = span_str("GET");
	ask.url = h->url;
	ask.head = head_of(h, "GET / HTTP/1.1", "Referer", h->s);
	PUT(t, REQUEST, &ask, h->s);
	answer.leg = h->leg;
	answer.made_by = span_str("origin");
	answer.status = h->next.p != NULL ? 302 : 200;
	answer.head = h->next.p != NULL ? head_of(h, "HTTP/1.1 302 Found", "Location", h->next)
					: head_of(h, "HTTP/1.1 200 OK", "Refresh", h->s);
	PUT(t, RESPONSE, &answer, h->s);
	put_page(t, h);
	put_beside(t, h);
}

/* The string as it is, behind a path: what a case may say that a browser asked for. */
static struct span url_of(struct arena *a, size_t i, struct span s)
{
	struct buf b = {0};
	buf_addf(&b, "https://h%zu.nasty.example/%zu?", i % 7, i);
	buf_add_span(&b, s);
	struct span url = arena_copy(a, buf_span(&b));
	buf_fini(&b);
	return url;
}

static void hops_of_each(struct temp_case *t, size_t step)
{
	struct arena a = {0};
	int64_t session = begin(t, "https://h0.nasty.example/0?", nasty_string(&a, 0));
	for (size_t i = 0; i < NASTY_STRINGS; i += step) {
		struct hop h = {.session = session, .s = nasty_string(&a, i), .a = &a};
		size_t next = i + step;
		h.url = url_of(&a, i, h.s);
		if (next < NASTY_STRINGS)
			h.next = url_of(&a, next, nasty_string(&a, next));
		put_hop(t, &h);
	}
	end(t, session, nasty_string(&a, 0));
	arena_fini(&a);
}

void nasty_hops(struct temp_case *t)
{
	hops_of_each(t, 1);
}

void nasty_few_hops(struct temp_case *t)
{
	enum { STEP = 24 };
	hops_of_each(t, STEP);
}

void nasty_sessions(struct temp_case *t)
{
	for (size_t i = 0; i < NASTY_STRINGS; i++) {
		struct arena a = {0};
		struct span s = nasty_string(&a, i);
		struct hop h = {.url = span_str("https://www.nasty.example/"), .a = &a};
		h.session = begin(t, "https://www.nasty.example/", s);
		h.s = span_first(s, 20);
		put_hop(t, &h);
		end(t, h.session, s);
		arena_fini(&a);
	}
}

/* ---- packets ---- */

static void begin_companion(struct temp_case *c, const struct temp_case *of)
{
	struct err err;
	struct case_about about;
	struct fact_custody whose;
	char detail[64];
	struct case_file *f = case_open(of->path, &err);
	if (f == NULL || !case_about(f, &about, &err))
		fail_msg("%s", err.detail);
	snprintf(detail, sizeof detail, "of case %.*s", (int)about.id.n,
		(const char *)about.id.p);
	case_close(f);
	*c = (struct temp_case){.writer = NULL};
	int n = snprintf(c->path, sizeof c->path, "%.*s.companion.case",
		(int)(strlen(of->path) - strlen(".case")), of->path);
	assert_true(n > 0 && (size_t)n < sizeof c->path);
	temp_case_open(c);
	fact_init(FACT_KIND_CUSTODY, &whose);
	whose.act = span_str(custody_word(CUSTODY_COMPANION));
	whose.detail = span_str(detail);
	temp_case_put(c, FACT_KIND_CUSTODY, &whose);
}

static void put_flow(struct temp_case *c, int64_t n, struct span s)
{
	struct err err;
	struct fact_flow f;
	struct fact_stray stray;
	fact_init(FACT_KIND_FLOW, &f);
	fact_init(FACT_KIND_STRAY, &stray);
	f.session = stray.session = 1;
	f.at_us = stray.at_us = 0;
	f.flow = n;
	f.file = stray.file = 1;
	f.client_port = f.server_port = stray.packet = n;
	f.first_packet = f.last_packet = n;
	f.up_bytes = f.down_bytes = 1;
	f.conflicts = 0;
	fill(FACT_KIND_FLOW, &f, s);
	fill(FACT_KIND_STRAY, &stray, s);
	if (writer_put(c->writer, FACT_KIND_FLOW, &f, NULL, &err) == 0 ||
		writer_put(c->writer, FACT_KIND_STRAY, &stray, NULL, &err) == 0)
		fail_msg("%s", err.detail);
}

/* Somebody pasted it into a note on the hop that has it. */
static void put_remark(struct temp_case *c, int64_t hop, struct span s)
{
	struct err err;
	struct fact_remark f;
	fact_init(FACT_KIND_REMARK, &f);
	f.session = f.trail = 1;
	f.at_us = 0;
	f.hop = hop;
	f.act = span_str("noted");
	fill(FACT_KIND_REMARK, &f, s);
	if (writer_put(c->writer, FACT_KIND_REMARK, &f, NULL, &err) == 0)
		fail_msg("%s", err.detail);
}

void nasty_witness(const struct temp_case *t)
{
	struct temp_case c;
	struct arena a = {0};
	struct fact_packet_file file;
	begin_companion(&c, t);
	for (size_t i = 0; i < NASTY_STRINGS; i++) {
		arena_reset(&a);
		put_flow(&c, (int64_t)i + 1, nasty_string(&a, i));
		put_remark(&c, (int64_t)i + 1, nasty_string(&a, i));
	}
	fact_init(FACT_KIND_PACKET_FILE, &file);
	file.session = 1;
	file.file = file.run = 1;
	file.side = span_str("browser");
	PUT(&c, PACKET_FILE, &file, nasty_string(&a, 31));
	struct fact_custody read;
	fact_init(FACT_KIND_CUSTODY, &read);
	read.act = span_str(custody_word(CUSTODY_CROSSCHECKED));
	PUT(&c, CUSTODY, &read, nasty_string(&a, 31));
	temp_case_close(&c);
	arena_fini(&a);
}
