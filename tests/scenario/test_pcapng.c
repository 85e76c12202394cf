/*
 * `report --format pcapng`: one file of a case's packet files. Made-up captures, where every
 * way of giving a recipient away was thought of; and a real recording, whose export tshark
 * decrypts with the keys and does not without.
 */
#include "capture/packet_file.h"
#include "store/base/hash.h"
#include "tests/kit/packet_build.h"
#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"
#include "tests/kit/temp_case.h"
#include "ui/export/pcapng_export.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define WHO "nadja.winter@home.example"
#define EPOCH_US INT64_C(1767225600000000) /* of packet_build */

enum { SECONDS = 60, BROWSER_PORT = 40000, ORIGIN_PORT = 50000 };

/* ---- a case with packets beside it ---- */

struct scene {
	struct temp_case t;
	int64_t session;
	struct packet_build sides[2];
	struct run_program p;
};

/* Exchange i by tunnel i and leg i, in a trail of its own: a navigation by the user. */
static void put_exchange_of(struct scene *s, int64_t i, const char *url)
{
	struct writer *w = s->t.writer;
	struct fact_tunnel tunnel;
	struct fact_leg leg;
	struct fact_request request;
	struct fact_response response;
	struct fact_exchange_end end;
	char head[300];
	snprintf(head, sizeof head,
		"GET %s HTTP/1.1\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
		"Sec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\n\r\n",
		url);
	int64_t at = EPOCH_US + i * 1000000;
#define START(f, KIND)                                                                         \
	fact_init(FACT_KIND_##KIND, &(f));                                                     \
	(f).session = s->session;                                                              \
	(f).at_us = at
	START(tunnel, TUNNEL);
	tunnel.tunnel = writer_new_tunnel(w);
	tunnel.client_ip = span_str("127.0.0.1");
	tunnel.client_port = BROWSER_PORT + i;
	START(leg, LEG);
	leg.tunnel = tunnel.tunnel;
	leg.leg = writer_new_leg(w);
	leg.local_port = ORIGIN_PORT + i;
	leg.outcome = span_str("ok");
	START(request, REQUEST);
	request.tunnel = tunnel.tunnel;
	request.exchange = writer_new_exchange(w);
	request.n = 1;
	request.method = span_str("GET");
	request.url = span_str(url);
	request.version = span_str("HTTP/1.1");
	request.head = span_str(head);
	START(response, RESPONSE);
	response.exchange = request.exchange;
	response.leg = leg.leg;
	response.status = 200;
	response.made_by = span_str("origin");
	response.version = span_str("HTTP/1.1");
	response.head = span_str("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n");
	START(end, EXCHANGE_END);
	end.exchange = request.exchange;
	end.reason = span_str("ok");
	end.req_size = end.res_size = 0;
	temp_case_put(&s->t, FACT_KIND_TUNNEL, &tunnel);
	temp_case_put(&s->t, FACT_KIND_LEG, &leg);
	temp_case_put(&s->t, FACT_KIND_REQUEST, &request);
	temp_case_put(&s->t, FACT_KIND_RESPONSE, &response);
	temp_case_put(&s->t, FACT_KIND_EXCHANGE_END, &end);
}

static void scene_start(struct scene *s)
{
	struct fact_session f;
	*s = (struct scene){.session = 0};
	temp_case_start(&s->t);
	run_program_folder(&s->p);
	s->session = writer_new_session(s->t.writer);
	fact_init(FACT_KIND_SESSION, &f);
	f.session = s->session;
	f.at_us = EPOCH_US;
	f.command = span_str("proxy");
	f.mode = span_str("intercept");
	temp_case_put(&s->t, FACT_KIND_SESSION, &f);
	put_exchange_of(s, 1, "https://mail.example/c/1?u=" WHO);
	put_exchange_of(s, 2, "http://shop.example/?u=" WHO);
	for (int side = 0; side < 2; side++)
		packet_build_init(&s->sides[side], LINK_LINUX_SLL2);
}

static const char *beside(struct scene *s, const char *end)
{
	int n = (int)strlen(s->t.path) - (int)strlen(".case");
	assert_true(n > 0 && strcmp(s->t.path + n, ".case") == 0);
	return arena_printf(&s->p.arena, "%.*s.1.%s", n, s->t.path, end);
}

static void put_capture(struct scene *s, const char *side, const char *name, struct span file)
{
	struct fact_capture c;
	uint8_t digest[SHA256_LEN];
	sha256(file, digest);
	for (int i = 0; i < 2; i++) {
		fact_init(FACT_KIND_CAPTURE, &c);
		c.session = s->session;
		c.side = span_str(side);
		c.event = span_str(i == 0 ? "started" : "ended");
		c.name = span_str(name);
		if (i == 1)
			c.sha256 = span_of(digest, sizeof digest);
		temp_case_put(&s->t, FACT_KIND_CAPTURE, &c);
	}
}

/* Both files, and the case that knows them. */
static void scene_write(struct scene *s)
{
	static const char *const sides[] = {"browser", "origin"};
	for (int side = 0; side < 2; side++) {
		struct buf file = {0};
		const char *path =
			beside(s, arena_printf(&s->p.arena, "%s.pcapng", sides[side]));
		packet_build_pcapng(&s->sides[side], SPAN_NONE, &file);
		packet_build_write(path, buf_span(&file));
		put_capture(s, sides[side], strrchr(path, '/') + 1, buf_span(&file));
		buf_fini(&file);
	}
	temp_case_close(&s->t);
}

static void scene_end(struct scene *s)
{
	static const char *const files[] = {"browser.pcapng", "origin.pcapng", "keys"};
	for (size_t i = 0; i < 3; i++)
		unlink(beside(s, files[i]));
	for (int side = 0; side < 2; side++)
		packet_build_fini(&s->sides[side]);
	temp_case_fini(&s->t);
	run_program_end(&s->p);
}

/* ---- the export, read back ---- */

static const char *out_path(struct scene *s)
{
	return arena_printf(&s->p.arena, "%s/out.pcapng", s->p.dir);
}

/* Its code. more: options, ended by NULL. */
static int report(struct scene *s, const char *const *more)
{
	const char *args[16] = {"report", s->t.path, "--format", "pcapng", "-o", out_path(s)};
	size_t n = 6;
	while (*more != NULL)
		args[n++] = *more++;
	unlink(out_path(s));
	return run_program(&s->p, SECONDS, args);
}
#define REPORT(s, ...) report((s), (const char *const[]){__VA_ARGS__, NULL})
#define REPORT_PLAINLY(s) report((s), (const char *const[]){NULL})

static struct span read_whole(struct scene *s)
{
	struct buf b = {0};
	FILE *f = fopen(out_path(s), "rbe");
	size_t n;
	assert_non_null(f);
	while ((n = fread(buf_room(&b, 65536), 1, 65536, f)) > 0)
		buf_grew(&b, n);
	fclose(f);
	struct span whole = arena_copy(&s->p.arena, buf_span(&b));
	buf_fini(&b);
	return whole;
}

static bool is_in(struct scene *s, const char *text)
{
	return span_find_nocase(read_whole(s), span_str(text), 0) != SIZE_MAX;
}

struct seen {
	size_t n, whole; /* packets, and those that are as long as they were */
	size_t bytes;    /* of payload */
	int64_t last_ns;
};

/* Packets of a port (0: any). In order of time all together. */
static struct seen seen(struct scene *s, uint16_t port)
{
	struct seen out = {0};
	struct err err;
	struct packet p;
	struct packet_file *f = packet_file_open(out_path(s), &err);
	enum packet_next next;
	assert_non_null(f);
	while ((next = packet_file_next(f, &p, &err)) == PACKET_NEXT) {
		struct packet_parts parts;
		packet_parse(p.link, p.bytes, p.wire_len, &parts);
		assert_true(p.at_ns >= out.last_ns);
		out.last_ns = p.at_ns;
		if (port != 0 && parts.src_port != port && parts.dst_port != port)
			continue;
		out.n++;
		out.whole += p.bytes.n == p.wire_len;
		out.bytes += parts.payload.n;
	}
	assert_int_equal(next, PACKET_END);
	packet_file_close(f);
	return out;
}

/* ---- what goes over the wire ---- */

static void add_record(struct buf *out, uint8_t type, const void *body, size_t n)
{
	buf_add_byte(out, type);
	buf_add(out, "\3\3", 2);
	buf_add_u16(out, (uint16_t)n);
	buf_add(out, body, n);
}

static void add_hello(struct buf *out, enum flow_way way, const char *says)
{
	struct buf b = {0};
	size_t n = 2 + 32 + strlen(says);
	buf_add_byte(&b, way == FLOW_UP ? 1 : 2);
	buf_add_byte(&b, 0);
	buf_add_u16(&b, (uint16_t)n);
	buf_add_str(&b, "\3\3random-of-the-hello-32-bytes-long");
	buf_add_str(&b, says);
	add_record(out, 22, buf_span(&b).p, buf_len(&b));
	buf_fini(&b);
}

static void say_hello(struct tcp_build *t, enum flow_way way, const char *says)
{
	struct buf b = {0};
	add_hello(&b, way, says);
	packet_build_send(t, way, buf_span(&b));
	buf_fini(&b);
}

static void say_data(struct tcp_build *t, enum flow_way way, const char *data)
{
	struct buf b = {0};
	add_record(&b, 23, data, strlen(data));
	packet_build_send(t, way, buf_span(&b));
	buf_fini(&b);
}

/* What an encrypted record holds is nobody's business: it stands for ciphertext here. */
static void say_tls(struct tcp_build *t, const char *up, const char *down)
{
	say_hello(t, FLOW_UP, up);
	say_hello(t, FLOW_DOWN, down);
	say_data(t, FLOW_UP, "ciphertext-up");
	say_data(t, FLOW_DOWN, "ciphertext-down");
}

#define CONNECT_HEAD "CONNECT mail.example:443 HTTP/1.1\r\nX-For: " WHO "\r\n\r\n"
#define CONNECTED "HTTP/1.1 200 fine, " WHO "\r\n\r\n"
#define CLEAR_HEAD "GET /?u=" WHO " HTTP/1.1\r\nHost: shop.example\r\n\r\n"

static void browser_side(struct packet_build *b)
{
	struct tcp_build t;
	packet_build_tcp(&t, b, "127.0.0.1", BROWSER_PORT + 1, "127.0.0.1", 8080);
	packet_build_open(&t);
	packet_build_say(&t, FLOW_UP, CONNECT_HEAD);
	packet_build_say(&t, FLOW_DOWN, CONNECTED);
	say_tls(&t, "mail.example", "fine");
	packet_build_close(&t);
	packet_build_tcp(&t, b, "127.0.0.1", BROWSER_PORT + 2, "127.0.0.1", 8080);
	packet_build_open(&t);
	packet_build_say(&t, FLOW_UP, CLEAR_HEAD);
	packet_build_say(&t, FLOW_DOWN, "HTTP/1.1 200 OK\r\n\r\nDear " WHO "!");
	packet_build_close(&t);
}

static void origin_side(struct packet_build *b)
{
	struct tcp_build t;
	packet_build_tcp(&t, b, "10.0.0.2", ORIGIN_PORT + 1, "192.0.2.1", 443);
	packet_build_open(&t);
	say_tls(&t, "mail.example", "fine");
	packet_build_close(&t);
	packet_build_tcp(&t, b, "10.0.0.2", ORIGIN_PORT + 2, "192.0.2.2", 80);
	packet_build_open(&t);
	packet_build_say(&t, FLOW_UP, CLEAR_HEAD);
	packet_build_reset(&t, FLOW_DOWN);
}

static void two_sides(struct scene *s)
{
	scene_start(s);
	browser_side(&s->sides[0]);
	origin_side(&s->sides[1]);
	scene_write(s);
}

/* ---- tests ---- */

static void one_file_in_order(void **state)
{
	(void)state;
	struct scene s;
	two_sides(&s);
	assert_int_equal(REPORT(&s, "--redact", "none"), 0);
	struct seen all = seen(&s, 0);
	assert_int_equal(all.n, s.sides[0].n + s.sides[1].n);
	assert_int_equal(all.whole, all.n);
	assert_true(is_in(&s, CONNECT_HEAD) && is_in(&s, CLEAR_HEAD));
	assert_true(is_in(&s, "browser") && is_in(&s, "origin"));
	assert_true(is_in(&s, "tunnel 1") && is_in(&s, "tunnel 2, leg 2"));
	assert_false(is_in(&s, "left out") || is_in(&s, "SHA-256"));
	scene_end(&s);
}

static void nothing_in_clear(void **state)
{
	(void)state;
	struct scene s;
	two_sides(&s);
	assert_int_equal(REPORT_PLAINLY(&s), 0);
	struct seen all = seen(&s, 0);
	assert_int_equal(all.n, s.sides[0].n + s.sides[1].n);
	assert_false(is_in(&s, "nadja") || is_in(&s, "CONNECT") || is_in(&s, "GET /") ||
		     is_in(&s, "HTTP/1.1"));
	assert_true(is_in(&s, "ciphertext-up") && is_in(&s, "ciphertext-down"));
	assert_true(is_in(&s, "mail.example")); /* in the hellos */
	assert_true(is_in(&s, "tunnel 1, leg 1"));
	assert_true(is_in(&s, "left out"));
	assert_int_equal(seen(&s, ORIGIN_PORT + 2).bytes, 0);
	struct seen tls = seen(&s, ORIGIN_PORT + 1);
	assert_int_equal(tls.whole, tls.n);
	scene_end(&s);
}

/* Where a name may stand outside of what HTTP says. */
static void not_in_hellos_nor_names(void **state)
{
	static const char question[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0"
				       "\5nadja\6winter\7tracker\7example\0\0\1\0\1";
	static const char other[] = "\x12\x35\1\0\0\1\0\0\0\0\0\0"
				    "\3www\7openone\7example\0\0\1\0\1";
	(void)state;
	struct scene s;
	struct tcp_build t;
	scene_start(&s);
	struct packet_build *b = &s.sides[1];
	put_exchange_of(&s, 3, "https://nadja.winter.tracker.example/?u=" WHO);
	/* A hello to a name, and a certificate (TLS 1.2) for one. */
	packet_build_tcp(&t, b, "10.0.0.2", 50011, "192.0.2.1", 443);
	packet_build_open(&t);
	say_tls(&t, WHO, "fine");
	packet_build_close(&t);
	packet_build_tcp(&t, b, "10.0.0.2", 50012, "192.0.2.1", 443);
	packet_build_open(&t);
	say_tls(&t, "open.example", "CN=" WHO);
	packet_build_close(&t);
	packet_build_udp(
		b, "10.0.0.2", 50013, "192.0.2.53", 53, span_of(question, sizeof question - 1));
	packet_build_udp(
		b, "10.0.0.2", 50014, "192.0.2.53", 53, span_of(other, sizeof other - 1));
	scene_write(&s);
	assert_int_equal(REPORT(&s, "--secret", "nadja.winter"), 0);
	assert_false(is_in(&s, "nadja"));
	assert_true(is_in(&s, "openone") && is_in(&s, "open.example"));
	struct seen named = seen(&s, 50011), certified = seen(&s, 50012);
	assert_int_equal(named.whole, named.n - 1);
	assert_int_equal(certified.whole, certified.n - 1);
	assert_int_equal(seen(&s, 50013).bytes, 0);
	assert_int_equal(seen(&s, 50014).whole, 1);
	scene_end(&s);
}

/* What is no connection, or not a decent one. */
static void not_in_strange_packets(void **state)
{
	(void)state;
	struct scene s;
	struct tcp_build t;
	struct buf b = {0}, tls = {0};
	scene_start(&s);
	struct packet_build *o = &s.sides[1];
	struct packet_address us = packet_build_address("10.0.0.2"),
			      they = packet_build_address("192.0.2.1");
	packet_build_udp(o, "10.0.0.2", 50021, "192.0.2.1", 443, span_str("quic for " WHO));
	packet_build_ip(o, &us, &they, 1, span_str("icmp quotes " WHO));
	packet_build_link(o, 0x0806, span_str("arp never says " WHO));
	packet_build_raw(o, span_str("short " WHO));
	/* Fragments of a datagram. */
	for (int i = 0; i < 50; i++)
		buf_add_str(&b, "a long story of " WHO " ");
	packet_build_udp(o, "10.0.0.2", 50022, "192.0.2.53", 53, buf_span(&b));
	packet_build_fragment(o, o->n - 1, 496);
	/* TLS by its looks, and then something else. */
	packet_build_tcp(&t, o, "10.0.0.2", 50023, "192.0.2.1", 443);
	packet_build_open(&t);
	say_hello(&t, FLOW_UP, "mail.example");
	packet_build_say(&t, FLOW_UP, CLEAR_HEAD);
	packet_build_close(&t);
	/* Two stories about the same bytes, of which the second is the plain one. */
	packet_build_tcp(&t, o, "10.0.0.2", 50024, "192.0.2.1", 443);
	packet_build_open(&t);
	add_hello(&tls, FLOW_UP, "mail.example-and-some-more-to-have-room");
	packet_build_send(&t, FLOW_UP, buf_span(&tls));
	packet_build_segment(&t, FLOW_UP, TCP_ACK | TCP_PSH, 0, 0,
		span_first(span_str("twice said: " WHO "; twice said: " WHO), buf_len(&tls)));
	say_data(&t, FLOW_UP, "ciphertext-after-lies");
	packet_build_close(&t);
	/* Nobody saw it begin. */
	packet_build_tcp(&t, o, "10.0.0.2", 50025, "192.0.2.1", 443);
	packet_build_say(&t, FLOW_UP, CLEAR_HEAD);
	say_tls(&t, "mail.example", "fine");
	/* Behind the end of the packet, in what a card fills it up with. */
	packet_build_tcp(&t, o, "10.0.0.2", 50026, "192.0.2.1", 443);
	packet_build_open(&t);
	scene_write(&s);
	assert_int_equal(REPORT_PLAINLY(&s), 0);
	assert_false(is_in(&s, "nadja"));
	assert_int_equal(seen(&s, 0).n, o->n);
	assert_int_equal(seen(&s, 50024).bytes, 0);
	assert_int_equal(seen(&s, 50025).bytes, 0);
	assert_int_equal(REPORT(&s, "--redact", "none"), 0);
	assert_true(is_in(&s, "quic for nadja") && is_in(&s, "ciphertext-after-lies"));
	buf_fini(&b);
	buf_fini(&tls);
	scene_end(&s);
}

static void say_bytes(struct tcp_build *t, uint8_t flags, int64_t at, const char *text)
{
	packet_build_segment(t, FLOW_UP, flags, at, 0, span_str(text));
}

/* What an origin can put into a connection that begins like TLS. */
static void not_behind_a_record(void **state)
{
	(void)state;
	struct scene s;
	struct tcp_build t;
	scene_start(&s);
	struct packet_build *o = &s.sides[1];
	/* In clear, in a record that says it is encrypted; letter by letter, too. */
	packet_build_tcp(&t, o, "10.0.0.2", 50041, "192.0.2.1", 443);
	packet_build_open(&t);
	say_tls(&t, "mail.example", "fine");
	say_data(&t, FLOW_DOWN, "Dear " WHO "!");
	packet_build_close(&t);
	packet_build_tcp(&t, o, "10.0.0.2", 50042, "192.0.2.1", 443);
	packet_build_open(&t);
	say_hello(&t, FLOW_UP, "mail.example");
	say_data(&t, FLOW_UP, "split: nadja.win");
	say_data(&t, FLOW_UP, "ter@home.example");
	packet_build_close(&t);
	/* Behind one. */
	packet_build_tcp(&t, o, "10.0.0.2", 50043, "192.0.2.1", 443);
	packet_build_open(&t);
	say_tls(&t, "mail.example", "fine");
	packet_build_say(&t, FLOW_UP, CLEAR_HEAD);
	say_data(&t, FLOW_UP, "data-after-clear-text");
	packet_build_close(&t);
	/* In what no stream has: RST, SYN, far ahead. */
	packet_build_tcp(&t, o, "10.0.0.2", 50044, "192.0.2.1", 443);
	packet_build_open(&t);
	say_tls(&t, "mail.example", "fine");
	say_bytes(&t, TCP_ACK | TCP_PSH, 2000000, "ahead " WHO);
	say_bytes(&t, TCP_ACK | TCP_PSH, 0x40000001, "far ahead " WHO);
	say_bytes(&t, TCP_SYN, 10, "syn " WHO);
	say_bytes(&t, TCP_RST | TCP_ACK, t.sent[FLOW_UP], "reset " WHO);
	say_bytes(&t, TCP_RST, 0, "reset again " WHO);
	scene_write(&s);
	assert_int_equal(REPORT_PLAINLY(&s), 0);
	assert_false(is_in(&s, "nadja") || is_in(&s, "winter") || is_in(&s, "home.ex"));
	assert_false(is_in(&s, "split") || is_in(&s, "data-after-clear-text"));
	assert_true(is_in(&s, "ciphertext-down") && is_in(&s, "mail.example"));
	assert_int_equal(seen(&s, 0).n, o->n);
	assert_int_equal(REPORT(&s, "--redact", "none"), 0);
	assert_true(is_in(&s, "reset again " WHO) && is_in(&s, "far ahead " WHO));
	scene_end(&s);
}

static void add_tcp(struct buf *b, struct span options)
{
	buf_add_u16(b, 50051);
	buf_add_u16(b, 443);
	buf_add_u32(b, 1);
	buf_add_u32(b, 0);
	buf_add_byte(b, (uint8_t)((20 + options.n) / 4 << 4));
	buf_add_byte(b, TCP_ACK);
	buf_add(b, "\1\0\0\0\0\0", 6);
	buf_add_span(b, options);
}

static void add_ipv4(struct packet_build *to, struct span options, const struct buf *tcp)
{
	struct buf b = {0};
	buf_add_byte(&b, (uint8_t)(0x40 | (20 + options.n) / 4));
	buf_add_byte(&b, 0);
	buf_add_u16(&b, (uint16_t)(20 + options.n + buf_len(tcp)));
	buf_add(&b, "\0\1\0\0\x40\6\0\0\x0a\0\0\2\xc0\0\2\1", 16);
	buf_add_span(&b, options);
	buf_add_span(&b, buf_span(tcp));
	packet_build_link(to, 0x0800, buf_span(&b));
	buf_fini(&b);
}

static void add_ipv6(struct packet_build *to, uint8_t kind, const struct buf *tcp)
{
	struct buf b = {0};
	buf_add_u32(&b, 0x60000000);
	buf_add_u16(&b, (uint16_t)(40 + buf_len(tcp)));
	buf_add_byte(&b, kind);
	buf_add_byte(&b, 64);
	for (int i = 0; i < 32; i++)
		buf_add_byte(&b, 0x20);
	buf_add(&b, "\6\4\x1e\x24", 4);
	buf_add(&b, WHO "-----------------", 36);
	buf_add_span(&b, buf_span(tcp));
	packet_build_link(to, 0x86dd, buf_span(&b));
	buf_fini(&b);
}

/* Nor where heads have room for letters. */
static void not_in_options(void **state)
{
	static const char kept[] = "\2\4\5\xb4\1\3\3\7\4\2\x08\x0a-times--";
	static const char strange[] = "\xfd\x1c" WHO "-";
	static const char sack[] = "\5\x1a"
				   "nadja.winter@home.example";
	(void)state;
	struct scene s;
	struct buf tcp = {0}, plain = {0};
	scene_start(&s);
	struct packet_build *o = &s.sides[1];
	add_tcp(&tcp, span_of(kept, 20));
	add_ipv4(o, SPAN_NONE, &tcp);
	buf_clear(&tcp);
	add_tcp(&tcp, span_of(strange, 28));
	add_ipv4(o, SPAN_NONE, &tcp);
	buf_clear(&tcp);
	add_tcp(&tcp, span_of(sack, 28));
	add_ipv4(o, SPAN_NONE, &tcp);
	add_tcp(&plain, SPAN_NONE);
	add_ipv4(o, span_of(strange, 28), &plain);
	add_ipv6(o, 0, &plain);
	add_ipv6(o, 60, &plain);
	add_ipv6(o, 43, &plain);
	scene_write(&s);
	assert_int_equal(REPORT_PLAINLY(&s), 0);
	assert_false(is_in(&s, "nadja") || is_in(&s, "winter") || is_in(&s, "home.ex"));
	assert_true(span_find(read_whole(&s), span_of(kept, 20), 0) != SIZE_MAX);
	assert_true(is_in(&s, "Options of IP were overwritten"));
	/* They are packets as before. */
	struct seen all = seen(&s, 50051);
	assert_int_equal(all.n, 7);
	assert_int_equal(all.whole, 7);
	assert_int_equal(REPORT(&s, "--redact", "none"), 0);
	assert_true(is_in(&s, WHO));
	buf_fini(&tcp);
	buf_fini(&plain);
	scene_end(&s);
}

/* The same ends again: what was TLS once may be in clear now. */
static void not_by_ends_used_again(void **state)
{
	(void)state;
	struct scene s;
	struct tcp_build t;
	scene_start(&s);
	for (int turn = 0; turn < 2; turn++)
		for (int tls = 1; tls >= 0; tls--) {
			packet_build_tcp(&t, &s.sides[1], "10.0.0.2", 50031, "192.0.2.1", 443);
			t.first[FLOW_UP] = 1000000U * (uint32_t)(2 * turn + tls);
			packet_build_open(&t);
			if (tls)
				say_tls(&t, "mail.example", "fine");
			else
				packet_build_say(&t, FLOW_UP, CLEAR_HEAD CLEAR_HEAD CLEAR_HEAD);
			packet_build_close(&t);
		}
	scene_write(&s);
	assert_int_equal(REPORT_PLAINLY(&s), 0);
	assert_false(is_in(&s, "nadja"));
	assert_true(is_in(&s, "ciphertext-down"));
	scene_end(&s);
}

/* Reordered by the network: nothing is taken for what it is not. */
static void not_by_disorder(void **state)
{
	(void)state;
	struct scene s;
	scene_start(&s);
	for (uint16_t i = 1; i <= 30; i++) {
		struct tcp_build t;
		size_t from = s.sides[0].n;
		packet_build_tcp(&t, &s.sides[0], "127.0.0.1",
			(uint16_t)(BROWSER_PORT + 100 + i), "127.0.0.1", 8080);
		t.mss = 40;
		packet_build_open(&t);
		packet_build_say(&t, FLOW_UP, CONNECT_HEAD);
		packet_build_say(&t, FLOW_DOWN, CONNECTED);
		say_tls(&t, "mail.example", "fine");
		packet_build_close(&t);
		packet_build_shuffle(&s.sides[0], from + 3, 4, i);
	}
	scene_write(&s);
	assert_int_equal(REPORT_PLAINLY(&s), 0);
	assert_false(is_in(&s, "nadja") || is_in(&s, "winter") || is_in(&s, "home.ex"));
	assert_true(is_in(&s, "ciphertext"));
	scene_end(&s);
}

static void one_trail(void **state)
{
	(void)state;
	struct scene s;
	two_sides(&s);
	assert_int_equal(REPORT(&s, "--trail", "1.2", "--redact", "none"), 0);
	assert_true(is_in(&s, "tunnel 2, leg 2"));
	assert_false(is_in(&s, "tunnel 1") || is_in(&s, "ciphertext"));
	assert_int_equal(
		seen(&s, 0).n, seen(&s, BROWSER_PORT + 2).n + seen(&s, ORIGIN_PORT + 2).n);
	scene_end(&s);
}

static void expect_no(struct scene *s, int code, const char *why)
{
	if (code != 2 && code != 1)
		fail_msg("it ended with %d", code);
	if (strstr(run_program_stderr(&s->p), why) == NULL)
		fail_msg("it does not say \"%s\": %s", why, run_program_stderr(&s->p));
}

static void says_no(void **state)
{
	(void)state;
	struct scene s;
	two_sides(&s);
	expect_no(&s, REPORT(&s, "--coarse-time"), "--coarse-time");
	expect_no(&s, REPORT(&s, "--withhold-egress"), "--withhold-egress");
	expect_no(&s, REPORT(&s, "--trail", "1.1", "--party", "1"), "--party");
	expect_no(&s, REPORT(&s, "--with-keys"), "--redact none");
	expect_no(&s, REPORT(&s, "--with-keys", "--redact", "none"), "no key log");
	const char *const text[] = {"report", s.t.path, "--with-keys", NULL};
	expect_no(&s, run_program(&s.p, SECONDS, text), "--format pcapng");
	/* A hole is as long as what it stands for. */
	assert_int_equal(truncate(beside(&s, "browser.pcapng"), PCAPNG_BYTES_MAX + 1L), 0);
	expect_no(&s, REPORT(&s, "--redact", "none"), "--trail");
	unlink(beside(&s, "browser.pcapng"));
	assert_int_equal(REPORT_PLAINLY(&s), 0);
	assert_true(is_in(&s, "browser.pcapng is missing"));
	unlink(beside(&s, "origin.pcapng"));
	expect_no(&s, REPORT_PLAINLY(&s), "does not lie beside the case");
	scene_end(&s);
	/* No packets at all. */
	scene_start(&s);
	temp_case_close(&s.t);
	expect_no(&s, REPORT_PLAINLY(&s), "has no packets");
	scene_end(&s);
}

static void append(const char *path, const char *text)
{
	FILE *f = fopen(path, "ae");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* A file that is not the one that was recorded is told; so is one that ends in the middle. */
static void tells_of_changes(void **state)
{
	(void)state;
	struct scene s;
	two_sides(&s);
	append(beside(&s, "origin.pcapng"), "\6");
	assert_int_equal(REPORT_PLAINLY(&s), 0);
	assert_true(is_in(&s, "origin.pcapng is not the file that was recorded"));
	assert_true(is_in(&s, "origin.pcapng cannot be read to its end"));
	assert_false(is_in(&s, "browser.pcapng"));
	assert_int_equal(seen(&s, 0).n, s.sides[0].n + s.sides[1].n);
	scene_end(&s);
}

/* Keys of connections that are in it, and no others. */
static void keys_of_its_own(void **state)
{
	(void)state;
	struct scene s;
	struct buf b = {0};
	two_sides(&s);
	buf_add_str(&b, "# tunnel 1 leg 1\nCLIENT_RANDOM ");
	for (const char *c = "random-of-the-hello-32-bytes-lon"; *c != 0; c++)
		buf_addf(&b, "%02x", (unsigned)(uint8_t)*c);
	buf_add_str(&b, " aaaa\nCLIENT_RANDOM ");
	for (int i = 0; i < 32; i++)
		buf_add_str(&b, "0f");
	buf_add_str(&b, " bbbb\nno line of any kind\nCLIENT_RANDOM 12 cccc\n");
	packet_build_write(beside(&s, "keys"), buf_span(&b));
	assert_int_equal(REPORT(&s, "--with-keys", "--redact", "none"), 0);
	assert_true(is_in(&s, " aaaa\n"));
	assert_false(is_in(&s, "bbbb") || is_in(&s, "cccc") || is_in(&s, "no line"));
	assert_int_equal(REPORT(&s, "--redact", "none"), 0);
	assert_false(is_in(&s, "aaaa"));
	buf_fini(&b);
	scene_end(&s);
}

/* ---- a real recording ---- */

static bool there(const char *program)
{
	char command[64];
	snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
	return system(command) == 0;
}

static const char *tshark(struct run_program *p, const char *file, const char *show)
{
	const char *const args[] = {"-r", file, "-Y", show, "-T", "fields", "-e",
		"frame.interface_name", "-e", "http.request.full_uri", NULL};
	p->program = "/usr/bin/tshark";
	int code = run_program(p, SECONDS, args);
	p->program = NULL;
	assert_int_equal(code, 0);
	return run_program_stdout(p);
}

static void export_to(struct run_program *p, const char *file, bool keys, bool redact)
{
	const char *const args[] = {"report", "r.case", "--format", "pcapng", "-o", file,
		"--redact", redact ? "keyed" : "none", keys ? "--with-keys" : NULL, NULL};
	assert_int_equal(run_program(p, SECONDS, args), 0);
}

#define REQUEST_HIDDEN "http.request.method == GET"

static void tshark_decrypts(void **state)
{
	static const struct script_step steps[] = {EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"),
		END};
	(void)state;
	struct run_program p;
	char why[200];
	if (geteuid() != 0 || !there("curl") || !there("/usr/bin/tshark"))
		skip();
	run_program_folder(&p);
	struct script_origin *o = script_origin_start(true, "origin.test");
	script_origin_play(o, steps);
	const char *const args[] = {"proxy", "--pcap", "--listen", "127.0.0.1:0", "--case",
		"r.case", "--ca-dir", "ca", "--allow-net", "127.0.0.0/8", "--cacert",
		script_origin_cacert(o), "--connect-to",
		script_origin_rule(o, "origin.test", 443), NULL};
	run_program_start(&p, args);
	unsigned port = run_program_port(&p);
	const char *curl = arena_printf(&p.arena,
		"curl -s --http1.1 --max-time 30 -x http://127.0.0.1:%u --cacert %s/ca/ca.pem "
		"'https://origin.test/c?u=" WHO "'",
		port, p.dir);
	FILE *f = popen(curl, "r");
	char answer[8] = "";
	assert_non_null(f);
	assert_non_null(fgets(answer, sizeof answer, f));
	assert_int_equal(pclose(f), 0);
	assert_string_equal(answer, "ok");
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, SECONDS), 0);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
	export_to(&p, "keys.pcapng", true, false);
	export_to(&p, "plain.pcapng", false, false);
	export_to(&p, "redacted.pcapng", false, true);
	const char *found = tshark(&p, "keys.pcapng", REQUEST_HIDDEN);
	assert_non_null(strstr(found, "browser\t"));
	assert_non_null(strstr(found, "origin\t"));
	assert_non_null(strstr(found, "https://origin.test/c?u=" WHO));
	assert_string_equal(tshark(&p, "plain.pcapng", REQUEST_HIDDEN), "");
	assert_string_equal(tshark(&p, "redacted.pcapng", REQUEST_HIDDEN), "");
	assert_non_null(
		strstr(tshark(&p, "redacted.pcapng", "tls.handshake.type == 1"), "origin"));
	run_program_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_file_in_order),
		cmocka_unit_test(nothing_in_clear),
		cmocka_unit_test(not_in_hellos_nor_names),
		cmocka_unit_test(not_in_strange_packets),
		cmocka_unit_test(not_behind_a_record),
		cmocka_unit_test(not_in_options),
		cmocka_unit_test(not_by_ends_used_again),
		cmocka_unit_test(not_by_disorder),
		cmocka_unit_test(one_trail),
		cmocka_unit_test(says_no),
		cmocka_unit_test(tells_of_changes),
		cmocka_unit_test(keys_of_its_own),
		cmocka_unit_test(tshark_decrypts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
