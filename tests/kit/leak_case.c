#include "tests/kit/leak_case.h"
#include "store/base/codec.h"
#include "store/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

#define EPOCH_US INT64_C(1767225600000000)

void leak_address(unsigned i, char out[LEAK_ADDRESS_MAX])
{
	/* '#': the recipient's number; '$': one of the domain's. */
	static const char *const shapes[] = {"jane.q#z@mail$.example",
		"q#z+news@lists$.example", "Max.Q#Z@Shop$.EXAMPLE",
		"\"anna q#z\"@post$.example", "o'q#z@xn--bcher-kva$.example",
		"q#z@b\xc3\xbc"
		"cher.d$.example",
		"a_q#z-x@sub.host$.example", "Lea.q#z+A.b@m$.example", "q#z@firm$.example",
		"x.y.q#z@n$.example"};
	struct buf b = {0};
	for (const char *c = shapes[i % 10]; *c != 0; c++)
		if (*c == '#')
			buf_addf(&b, "%04u", i);
		else if (*c == '$')
			buf_addf(&b, "%u", i % 37);
		else
			buf_add_byte(&b, (uint8_t)*c);
	snprintf(out, LEAK_ADDRESS_MAX, "%.*s", (int)buf_len(&b), (const char *)b.p);
	buf_fini(&b);
}

/* What stands before the two hex digits of a byte, and in which letters those are. */
struct style {
	const char *before;
	bool capitals;
};
static const struct style upper = {"%", true}, lower = {"%", false};

static void hex_byte(struct style style, uint8_t c, struct buf *out)
{
	buf_add_str(out, style.before);
	if (style.capitals)
		buf_addf(out, "%02X", c);
	else
		buf_addf(out, "%02x", c);
}

static void percent(struct span s, unsigned every, struct style style, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool safe = ascii_alpha(c) || ascii_digit(c) || strchr("._-", c) != NULL;
		if (!safe || (every != 0 && i % every == 0))
			hex_byte(style, c, out);
		else
			buf_add_byte(out, c);
	}
}

static void each_byte(struct span s, struct style style, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		hex_byte(style, s.p[i], out);
}

static void twice(struct span s, struct buf *out)
{
	struct buf once = {0};
	percent(s, 0, lower, &once);
	percent(buf_span(&once), 0, upper, out);
	buf_fini(&once);
}

static void base64(struct span s, size_t before, bool url, bool pad, struct buf *out)
{
	struct buf plain = {0}, code = {0};
	for (size_t i = 0; i < before; i++)
		buf_add_byte(&plain, '{');
	buf_add_span(&plain, s);
	base64_add(&code, buf_span(&plain));
	for (size_t i = 0; i < buf_len(&code); i++) {
		uint8_t c = code.p[code.start + i];
		if (c == '=' && !pad)
			continue;
		c = url && c == '+' ? '-' : url && c == '/' ? '_' : c;
		if (!url && (c == '=' || c == '+'))
			hex_byte(upper, c, out);
		else
			buf_add_byte(out, c);
	}
	buf_fini(&plain);
	buf_fini(&code);
}

static void hashed(struct span s, int which, bool small, int how, struct buf *out)
{
	uint8_t d[SHA256_LEN];
	char text[LEAK_ADDRESS_MAX];
	size_t n = which == 0 ? MD5_LEN : which == 1 ? SHA1_LEN : SHA256_LEN;
	for (size_t i = 0; i < s.n; i++)
		text[i] = small ? (char)ascii_lower(s.p[i]) : (char)s.p[i];
	if (which == 0)
		md5(span_of(text, s.n), d);
	else if (which == 1)
		sha1(span_of(text, s.n), d);
	else
		sha256(span_of(text, s.n), d);
	if (how == 2) {
		base64(span_of(d, n), 0, true, false, out);
		return;
	}
	for (size_t i = 0; i < n; i++)
		hex_byte((struct style){"", how == 1}, d[i], out);
}

static void deflated(struct span s, struct buf *out)
{
	struct buf json = {0};
	uint8_t room[600] = {7};
	z_stream z = {0};
	buf_add_str(&json, "{\"r\":\"");
	for (size_t i = 0; i < s.n; i++)
		buf_addf(&json, s.p[i] == '"' ? "\\%c" : "%c", s.p[i]);
	buf_add_str(&json, "\",\"m\":\"0a1b\",\"u\":\"https://shop.example/a\"}");
	for (size_t i = 1; i < 33; i++)
		room[i] = (uint8_t)(i * 37);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = json.p + json.start;
	z.avail_in = (uInt)buf_len(&json);
	z.next_out = room + 33;
	z.avail_out = sizeof room - 33;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	base64(span_of(room, 33 + z.total_out), 0, true, false, out);
	deflateEnd(&z);
	buf_fini(&json);
}

static void mandrill(struct span s, struct buf *out)
{
	struct buf inner = {0}, json = {0};
	buf_add_str(&inner, "{\"u\":30,\"url\":\"https:\\/\\/shop.example\\/?e=");
	percent(s, 0, upper, &inner);
	buf_add_str(&inner, "\",\"id\":\"77\"}");
	buf_add_str(&json, "{\"s\":\"sig\",\"v\":1,\"p\":\"");
	for (size_t i = 0; i < buf_len(&inner); i++)
		buf_addf(&json, strchr("\"\\", inner.p[i]) != NULL ? "\\%c" : "%c", inner.p[i]);
	buf_add_str(&json, "\"}");
	base64(buf_span(&json), 0, true, false, out);
	buf_fini(&inner);
	buf_fini(&json);
}

static void entities(struct span s, struct buf *out)
{
	struct buf text = {0};
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '@')
			buf_add_str(&text, "&commat;");
		else if (i % 3 == 0 && s.p[i] < 0x80)
			buf_addf(&text, i % 2 == 0 ? "&#%u;" : "&#x%x;", s.p[i]);
		else
			buf_add_byte(&text, s.p[i]);
	percent(buf_span(&text), 0, upper, out);
	buf_fini(&text);
}

static void turned(struct span s, bool back, struct buf *out)
{
	struct buf text = {0};
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[back ? s.n - 1 - i : i];
		int first = c >= 'a' ? 'a' : 'A';
		if (!back && ascii_alpha(c))
			c = (uint8_t)(first + (c - first + 13) % 26);
		buf_add_byte(&text, c);
	}
	percent(buf_span(&text), 0, upper, out);
	buf_fini(&text);
}

static void apart(struct span s, struct buf *out)
{
	size_t sign = s.n;
	while (sign > 0 && s.p[sign - 1] != '@')
		sign--;
	percent(span_first(s, sign - 1), 0, upper, out);
	buf_add_str(out, "&d=");
	percent(span_from(s, sign), 0, upper, out);
}

void leak_code(unsigned coding, const char *address, struct buf *out)
{
	struct span s = span_str(address);
	switch (coding) {
	case 0: percent(s, 0, upper, out); break;
	case 1: percent(s, 0, lower, out); break;
	case 2: percent(s, 3, lower, out); break;
	case 3: percent(s, 1, upper, out); break;
	case 4: twice(s, out); break;
	case 5: base64(s, 0, false, true, out); break;
	case 6: base64(s, 0, true, false, out); break;
	case 7: base64(s, 1, true, false, out); break;
	case 8: base64(s, 2, false, true, out); break;
	case 9: each_byte(s, (struct style){"", false}, out); break;
	case 10: each_byte(s, (struct style){"", true}, out); break;
	case 11:
	case 12:
	case 13: hashed(s, (int)coding - 11, false, 0, out); break;
	case 14:
	case 15:
	case 16: hashed(s, (int)coding - 14, true, 1, out); break;
	case 17:
	case 18:
	case 19: hashed(s, (int)coding - 17, true, 2, out); break;
	case 20: deflated(s, out); break;
	case 21: mandrill(s, out); break;
	case 22: entities(s, out); break;
	case 23: turned(s, false, out); break;
	case 24: turned(s, true, out); break;
	case 25: apart(s, out); break;
	case 26: /* Proofpoint's second */
		buf_add_str(out, "https-3A__x.example_-3Fe-3D");
		percent(s, 0, (struct style){"-", true}, out);
		break;
	case 27:
		each_byte(s, (struct style){"%5Cu00", false}, out);
		break; /* ASCII only: see leak_case_fill */
	case 28: each_byte(s, (struct style){"%5Cx", false}, out); break;
	default: each_byte(s, (struct style){"=", true}, out); break;
	}
}

/* Codings that stand for ASCII alone are no codings of other letters. */
static unsigned fitting(unsigned coding, const char *address)
{
	bool wide = false;
	for (const char *c = address; *c != 0; c++)
		wide |= (uint8_t)*c >= 0x80;
	coding %= LEAK_CODINGS;
	return wide && (coding == 27 || coding == 28 || coding == 22) ? 0 : coding;
}

struct filling {
	struct temp_case *t;
	int64_t session, tunnel, leg;
	unsigned i;
	char address[LEAK_ADDRESS_MAX];
};

#define NEW_FACT(var, lower, UPPER)                                                            \
	struct fact_##lower var;                                                               \
	fact_init(FACT_KIND_##UPPER, &var);                                                    \
	var.session = f->session;                                                              \
	var.at_us = EPOCH_US + (int64_t)f->i * 1000

static void put(struct filling *f, enum fact_kind kind, const void *fact)
{
	struct err err = {0};
	if (writer_put(f->t->writer, kind, fact, NULL, &err) == 0)
		fail_msg("%s", err.detail);
}

static void add(const struct filling *f, unsigned coding, struct buf *out)
{
	leak_code(fitting(f->i + coding, f->address), f->address, out);
}

/* How it may be known at all: each in its turn is the only readable form in the link. */
static void anchor(const struct filling *f, struct buf *out)
{
	static const unsigned readable[] = {0, 2, 4, 6, 7, 9, 20, 21, 26, 3};
	unsigned coding = readable[f->i / 10 % 10];
	struct span s = span_str(f->address);
	if (f->i % 7 == 3) { /* Safe Links: "05|01|address|..." */
		buf_add_str(out, "data=05%7C01%7C");
		percent(s, 0, upper, out);
		buf_add_str(out, "%7C77aa%7C88bb%7C0%7C0%7C63");
		return;
	}
	buf_add_str(out, "e=");
	leak_code(fitting(coding, f->address), f->address, out);
}

static void url_of(const struct filling *f, struct buf *out)
{
	buf_addf(out, "https://click%u.tracker.example/acct/AC-7731/", f->i % 5);
	add(f, 5, out);
	buf_addf(out, "/c?utm_campaign=spring-sale-77&account=AC-7731&");
	anchor(f, out);
	buf_add_str(out, "&u=");
	add(f, 9, out);
	buf_add_str(out, "&n=");
	add(f, 14, out);
}

static void request(struct filling *f, int64_t exchange, const struct buf *url)
{
	struct buf head = {0};
	NEW_FACT(r, request, REQUEST);
	struct span href = buf_span(url);
	size_t at = span_find_byte(href, '/', 8);
	r.exchange = exchange;
	r.tunnel = f->tunnel;
	r.n = f->i + 1;
	r.method = span_str("POST");
	r.url = href;
	r.version = span_str("HTTP/1.1");
	buf_add_str(&head, "POST ");
	buf_add_span(&head, span_from(href, at));
	buf_addf(&head,
		" HTTP/1.1\r\nHost: click%u.tracker.example\r\n"
		"User-Agent: Mozilla/5.0 Firefox/153.0\r\nAccept: text/html\r\n"
		"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n"
		"Sec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\n"
		"Content-Type: application/x-www-form-urlencoded\r\nReferer: "
		"https://mail.example/read?m=",
		f->i % 5);
	add(f, 1, &head);
	buf_add_str(&head, "\r\nCookie: sid=c0ffee; who=");
	add(f, 2, &head);
	buf_add_str(&head, "\r\nX-Seen: a=1;b=");
	add(f, 3, &head);
	buf_addf(&head, "\r\nAuthorization: Bearer q%04uz\r\n\r\n", f->i);
	r.head = buf_span(&head);
	put(f, FACT_KIND_REQUEST, &r);
	buf_fini(&head);
}

static void response(struct filling *f, int64_t exchange, bool gzip)
{
	struct buf head = {0};
	NEW_FACT(r, response, RESPONSE);
	r.exchange = exchange;
	r.leg = f->leg;
	r.status = 200;
	r.reason = span_str("OK");
	r.version = span_str("HTTP/1.1");
	r.made_by = span_str("origin");
	buf_addf(&head,
		"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%sContent-Location: "
		"/next?k=",
		f->i % 3 == 0   ? "text/html; charset=utf-8"
		: f->i % 3 == 1 ? "application/json"
				: "text/javascript",
		gzip ? "Content-Encoding: gzip\r\n" : "");
	add(f, 4, &head);
	buf_add_str(&head, "\r\nSet-Cookie: mail=");
	add(f, 6, &head);
	buf_add_str(&head, "; Path=/\r\nLink: <https://a.example/?z=");
	add(f, 7, &head);
	buf_add_str(&head, ">; rel=next\r\n\r\n");
	r.head = buf_span(&head);
	put(f, FACT_KIND_RESPONSE, &r);
	buf_fini(&head);
}

static void chunk(struct filling *f, int64_t exchange, enum fact_side side, struct span data)
{
	NEW_FACT(c, chunk, CHUNK);
	uint8_t digest[SHA256_LEN];
	sha256(data, digest);
	c.exchange = exchange;
	c.side = side;
	c.n = 0;
	c.size = (int64_t)data.n;
	c.data = data;
	c.sha256 = data.n > 4096 ? span_of(digest, sizeof digest) : SPAN_NONE;
	put(f, FACT_KIND_CHUNK, &c);
}

/* Every coding, one after the other, as pages, scripts and JSON have them. */
static void body_of(const struct filling *f, struct buf *out)
{
	buf_add_str(out, "<html><body data-x='{\"list\":[\"");
	for (unsigned c = 0; c < LEAK_CODINGS; c++) {
		leak_code(fitting(c, f->address), f->address, out);
		buf_add_str(out, c % 2 == 0 ? "\",\"" : "\"], \"x\": [\"");
	}
	buf_addf(out,
		"\"]}'><a href=\"/acct/AC-7731/\">%s</a><p>Invoice 2026</p></body></html>",
		f->address[0] == '"' ? "" : f->address);
}

static void compress_to(struct span s, struct buf *out)
{
	z_stream z = {0};
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	uint8_t *room = buf_room(out, s.n + 200);
	z.next_in = (uint8_t *)(uintptr_t)s.p;
	z.avail_in = (uInt)s.n;
	z.next_out = room;
	z.avail_out = (uInt)(s.n + 200);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_grew(out, z.total_out);
	deflateEnd(&z);
}

static void recipient(struct filling *f, unsigned i)
{
	struct buf url = {0}, form = {0}, body = {0}, coded = {0};
	uint8_t digest[2][SHA256_LEN];
	int64_t exchange = writer_new_exchange(f->t->writer);
	bool gzip = i % 4 == 1;
	f->i = i;
	leak_address(i, f->address);
	url_of(f, &url);
	request(f, exchange, &url);
	buf_add_str(&form, "csrf=1&mail=");
	add(f, 8, &form);
	buf_add_str(&form, "&note=");
	add(f, 21, &form);
	body_of(f, &body);
	if (gzip)
		compress_to(buf_span(&body), &coded);
	else
		buf_add_span(&coded, buf_span(&body));
	chunk(f, exchange, SIDE_REQUEST, buf_span(&form));
	response(f, exchange, gzip);
	chunk(f, exchange, SIDE_RESPONSE, buf_span(&coded));
	sha256(buf_span(&form), digest[0]);
	sha256(buf_span(&coded), digest[1]);
	NEW_FACT(end, exchange_end, EXCHANGE_END);
	end.exchange = exchange;
	end.leg = f->leg;
	end.reason = span_str("ok");
	end.req_size = end.req_stored = (int64_t)buf_len(&form);
	end.req_sha256 = span_of(digest[0], SHA256_LEN);
	end.res_size = end.res_stored = (int64_t)buf_len(&coded);
	end.res_sha256 = span_of(digest[1], SHA256_LEN);
	put(f, FACT_KIND_EXCHANGE_END, &end);
	if (i % 11 == 0) {
		NEW_FACT(note, note, NOTE);
		note.exchange = exchange;
		note.code = span_str("probe");
		note.detail = span_str(f->address);
		put(f, FACT_KIND_NOTE, &note);
	}
	buf_fini(&url);
	buf_fini(&form);
	buf_fini(&body);
	buf_fini(&coded);
}

int64_t leak_case_fill(struct temp_case *t, unsigned n)
{
	struct filling filling = {.t = t}, *f = &filling;
	f->session = writer_new_session(t->writer);
	f->tunnel = writer_new_tunnel(t->writer);
	f->leg = writer_new_leg(t->writer);
	NEW_FACT(s, session, SESSION);
	s.command = span_str("proxy");
	s.mode = span_str("intercept");
	s.browser = span_str("firefox");
	s.tool_version = span_str("0.1.0");
	put(f, FACT_KIND_SESSION, &s);
	NEW_FACT(tunnel, tunnel, TUNNEL);
	tunnel.tunnel = f->tunnel;
	put(f, FACT_KIND_TUNNEL, &tunnel);
	NEW_FACT(leg, leg, LEG);
	leg.tunnel = f->tunnel;
	leg.leg = f->leg;
	leg.host = span_str("click.tracker.example");
	leg.remote_ip = span_str("192.0.2.7");
	leg.remote_port = 443;
	leg.outcome = span_str("ok");
	put(f, FACT_KIND_LEG, &leg);
	for (unsigned i = 0; i < n; i++)
		recipient(f, i);
	NEW_FACT(end, session_end, SESSION_END);
	end.reason = span_str("stopped");
	end.complete = 1;
	put(f, FACT_KIND_SESSION_END, &end);
	return f->session;
}
