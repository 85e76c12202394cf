#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/kit/packet_build.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/pcapng.h"

enum { MTU_HEADERS = 40, SNAPLEN = 262144 };

void packet_build_init(struct packet_build *b, int link)
{
	*b = (struct packet_build){
		.link = link,
		.now_ns = INT64_C(1767225600) * 1000000000,
		.step_ns = 100000,
		.ipv6_fragment_id = 0x1000,
	};
}

void packet_build_fini(struct packet_build *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->packets[i].bytes);
	free(b->packets);
	*b = (struct packet_build){0};
}

struct packet_address packet_build_address(const char *text)
{
	struct packet_address a = {.n = 4};
	if (inet_pton(AF_INET, text, a.bytes) == 1)
		return a;
	a.n = 16;
	assert_int_equal(inet_pton(AF_INET6, text, a.bytes), 1);
	return a;
}

static struct built_packet *room(struct packet_build *b, size_t at)
{
	if (b->n == b->cap) {
		b->cap = b->cap > 0 ? b->cap * 2 : 64;
		b->packets = realloc(b->packets, b->cap * sizeof *b->packets);
		assert_non_null(b->packets);
	}
	memmove(b->packets + at + 1, b->packets + at, (b->n - at) * sizeof *b->packets);
	b->n++;
	b->packets[at] = (struct built_packet){0};
	return &b->packets[at];
}

static void set(struct built_packet *p, struct span bytes)
{
	p->bytes = malloc(bytes.n > 0 ? bytes.n : 1);
	assert_non_null(p->bytes);
	if (bytes.n > 0)
		memcpy(p->bytes, bytes.p, bytes.n);
	p->n = p->wire_n = bytes.n;
}

void packet_build_raw(struct packet_build *b, struct span bytes)
{
	struct built_packet *p = room(b, b->n);
	set(p, bytes);
	p->at_ns = b->now_ns;
	b->now_ns += b->step_ns;
}

static void add_type(const struct packet_build *b, uint16_t type, struct buf *out)
{
	for (unsigned i = 0; i < b->vlans; i++) {
		buf_add_u16(out, i + 1 < b->vlans ? 0x88a8 : 0x8100);
		buf_add_u16(out, (uint16_t)(100 + i));
	}
	buf_add_u16(out, type);
}

static void add_cooked2(const struct packet_build *b, uint16_t type, struct buf *out)
{
	buf_add_u16(out, b->vlans > 0 ? 0x8100 : type);
	buf_add_u16(out, 0);
	buf_add_u32(out, 2); /* interface */
	buf_add_u16(out, 1);
	buf_add(out, "\0\6\2\0\0\0\0\1\0\0", 10);
	if (b->vlans > 0) {
		buf_add_u16(out, 100);
		buf_add_u16(out, type);
	}
}

static void add_link(const struct packet_build *b, uint16_t type, struct buf *out)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
	switch (b->link) {
	case LINK_ETHERNET:
		buf_add(out, macs, sizeof macs);
		add_type(b, type, out);
		break;
	case LINK_NULL: /* as a little-endian machine has it */
		buf_add_byte(out, type == 0x0800 ? 2 : 30);
		buf_add(out, "\0\0", 3);
		break;
	case LINK_LOOP: buf_add_u32(out, type == 0x0800 ? 2 : 24); break;
	case LINK_LINUX_SLL:
		buf_add(out, "\0\0\0\1\0\6\2\0\0\0\0\1\0\0", 14);
		add_type(b, type, out);
		break;
	case LINK_LINUX_SLL2: add_cooked2(b, type, out); break;
	default: break;
	}
}

void packet_build_link(struct packet_build *b, uint16_t ether_type, struct span bytes)
{
	struct buf whole = {0};
	add_link(b, ether_type, &whole);
	buf_add_span(&whole, bytes);
	packet_build_raw(b, buf_span(&whole));
	buf_fini(&whole);
}

/* RFC 1071 */
static uint32_t sum(uint32_t so_far, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		so_far += i % 2 == 0 ? (uint32_t)s.p[i] << 8 : s.p[i];
	while (so_far >> 16 != 0)
		so_far = (so_far & 0xffff) + (so_far >> 16);
	return so_far;
}

static void put_u16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void add_ip_header(struct packet_build *b, const struct packet_address *src,
	const struct packet_address *dst, uint8_t protocol, size_t n, struct buf *out)
{
	assert_int_equal(src->n, dst->n);
	size_t at = buf_len(out);
	if (src->n == 16) {
		buf_add_u32(out, UINT32_C(6) << 28);
		buf_add_u16(out, (uint16_t)n);
		buf_add_byte(out, protocol);
		buf_add_byte(out, 64);
	} else {
		buf_add_u16(out, 0x4500);
		buf_add_u16(out, (uint16_t)(n + 20));
		buf_add_u16(out, (uint16_t)(b->n + 1)); /* identification */
		buf_add_u16(out, 0);
		buf_add_byte(out, 64);
		buf_add_byte(out, protocol);
		buf_add_u16(out, 0);
	}
	buf_add(out, src->bytes, src->n);
	buf_add(out, dst->bytes, dst->n);
	uint8_t *p = out->p + out->start + at;
	if (src->n == 4)
		put_u16(p + 10, ~sum(0, span_of(p, 20)));
}

void packet_build_ip(struct packet_build *b, const struct packet_address *src,
	const struct packet_address *dst, uint8_t protocol, struct span payload)
{
	struct buf packet = {0};
	assert_true(payload.n <= 65535 - MTU_HEADERS);
	add_ip_header(b, src, dst, protocol, payload.n, &packet);
	buf_add_span(&packet, payload);
	packet_build_link(b, src->n == 4 ? 0x0800 : 0x86dd, buf_span(&packet));
	buf_fini(&packet);
}

/* With the checksum at `at` in it. */
static void add_transport(struct packet_build *b, const struct packet_address *src,
	const struct packet_address *dst, uint8_t protocol, struct buf *segment, size_t at)
{
	uint32_t s = sum(0, span_of(src->bytes, src->n));
	s = sum(s, span_of(dst->bytes, dst->n));
	s = sum(s + protocol + (uint32_t)buf_len(segment), buf_span(segment));
	put_u16(segment->p + segment->start + at, ~s);
	packet_build_ip(b, src, dst, protocol, buf_span(segment));
}

void packet_build_udp(struct packet_build *b, const char *src, uint16_t src_port,
	const char *dst, uint16_t dst_port, struct span payload)
{
	struct packet_address from = packet_build_address(src), to = packet_build_address(dst);
	struct buf datagram = {0};
	buf_add_u16(&datagram, src_port);
	buf_add_u16(&datagram, dst_port);
	buf_add_u16(&datagram, (uint16_t)(payload.n + 8));
	buf_add_u16(&datagram, 0);
	buf_add_span(&datagram, payload);
	add_transport(b, &from, &to, 17, &datagram, 6);
	buf_fini(&datagram);
}

void packet_build_tcp(struct tcp_build *t, struct packet_build *b, const char *client,
	uint16_t client_port, const char *server, uint16_t server_port)
{
	*t = (struct tcp_build){
		.to = b,
		.ip = {packet_build_address(client), packet_build_address(server)},
		.port = {client_port, server_port},
		.first = {1001, 500001},
		.mss = 1400,
		.window = 65535,
	};
}

void packet_build_segment(struct tcp_build *t, enum flow_way way, uint8_t flags, int64_t at,
	int64_t acked, struct span bytes)
{
	struct buf s = {0};
	buf_add_u16(&s, t->port[way]);
	buf_add_u16(&s, t->port[!way]);
	buf_add_u32(&s, t->first[way] + (uint32_t)at);
	buf_add_u32(&s, flags & TCP_ACK ? t->first[!way] + (uint32_t)acked : 0);
	buf_add_byte(&s, 8 << 4);
	buf_add_byte(&s, flags);
	buf_add_u16(&s, t->window);
	buf_add_u32(&s, 0);
	buf_add(&s, "\1\1\1\1\1\1\1\1\1\1\1", 12); /* no operation */
	buf_add_span(&s, bytes);
	add_transport(t->to, &t->ip[way], &t->ip[!way], 6, &s, 16);
	buf_fini(&s);
}

void packet_build_open(struct tcp_build *t)
{
	packet_build_segment(t, FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
	packet_build_segment(t, FLOW_DOWN, TCP_SYN | TCP_ACK, -1, 0, SPAN_NONE);
	packet_build_segment(t, FLOW_UP, TCP_ACK, 0, 0, SPAN_NONE);
}

void packet_build_ack(struct tcp_build *t, enum flow_way way)
{
	packet_build_segment(t, way, TCP_ACK, t->sent[way], t->sent[!way], SPAN_NONE);
}

void packet_build_send(struct tcp_build *t, enum flow_way way, struct span bytes)
{
	while (bytes.n > 0) {
		struct span part = span_first(bytes, t->mss);
		packet_build_segment(t, way, TCP_ACK | (part.n == bytes.n ? TCP_PSH : 0),
			t->sent[way], t->sent[!way], part);
		t->sent[way] += (uint32_t)part.n;
		if (!t->quiet_acks)
			packet_build_ack(t, !way);
		bytes = span_from(bytes, part.n);
	}
}

void packet_build_say(struct tcp_build *t, enum flow_way way, const char *text)
{
	packet_build_send(t, way, span_str(text));
}

void packet_build_fin(struct tcp_build *t, enum flow_way way)
{
	packet_build_segment(t, way, TCP_FIN | TCP_ACK, t->sent[way], t->sent[!way], SPAN_NONE);
	t->sent[way]++;
}

void packet_build_close(struct tcp_build *t)
{
	packet_build_fin(t, FLOW_UP);
	packet_build_fin(t, FLOW_DOWN);
	packet_build_ack(t, FLOW_UP);
}

void packet_build_reset(struct tcp_build *t, enum flow_way way)
{
	packet_build_segment(t, way, TCP_RST | TCP_ACK, t->sent[way], t->sent[!way], SPAN_NONE);
}

void packet_build_move(struct packet_build *b, size_t from, size_t to)
{
	assert_true(from < b->n && to < b->n);
	struct built_packet p = b->packets[from];
	for (; from < to; from++) {
		int64_t at_ns = b->packets[from].at_ns;
		b->packets[from] = b->packets[from + 1];
		b->packets[from + 1].at_ns = b->packets[from].at_ns;
		b->packets[from].at_ns = at_ns;
		p.at_ns = b->packets[from + 1].at_ns;
	}
	for (; from > to; from--) {
		int64_t at_ns = b->packets[from - 1].at_ns;
		b->packets[from] = b->packets[from - 1];
		b->packets[from].at_ns = p.at_ns;
		p.at_ns = at_ns;
	}
	b->packets[to] = p;
}

void packet_build_copy(struct packet_build *b, size_t from, size_t to)
{
	assert_true(from < b->n && to <= b->n);
	struct built_packet p = b->packets[from];
	struct built_packet *copy = room(b, to);
	*copy = p;
	set(copy, span_of(p.bytes, p.n));
	copy->wire_n = p.wire_n;
	copy->at_ns = to > 0 ? b->packets[to - 1].at_ns : p.at_ns;
}

void packet_build_drop(struct packet_build *b, size_t at)
{
	assert_true(at < b->n);
	free(b->packets[at].bytes);
	b->n--;
	memmove(b->packets + at, b->packets + at + 1, (b->n - at) * sizeof *b->packets);
}

void packet_build_cut(struct packet_build *b, size_t at, size_t n)
{
	assert_true(at < b->n && n <= b->packets[at].n);
	b->packets[at].n = n;
}

/* The link header's and the IP header's lengths in a packet that was built here. */
static void header_lengths(
	const struct packet_build *b, const struct built_packet *p, size_t *link, bool *six)
{
	struct buf header = {0};
	add_link(b, 0x0800, &header);
	*link = buf_len(&header);
	buf_fini(&header);
	*six = p->bytes[*link] >> 4 == 6;
}

void packet_build_fragment(struct packet_build *b, size_t at, size_t n)
{
	assert_true(at < b->n && n > 0 && n % 8 == 0);
	struct built_packet p = b->packets[at];
	size_t link;
	bool six;
	header_lengths(b, &p, &link, &six);
	size_t header = link + (six ? 40 : 20);
	struct span rest = span_of(p.bytes + header, p.n - header);
	memmove(b->packets + at, b->packets + at + 1, (b->n - at - 1) * sizeof *b->packets);
	b->n--;
	uint32_t id = b->ipv6_fragment_id++;
	for (size_t done = 0, i = at; rest.n > 0; i++) {
		struct span part = span_first(rest, n);
		rest = span_from(rest, part.n);
		uint32_t more = rest.n > 0;
		struct buf out = {0};
		buf_add(&out, p.bytes, header);
		uint8_t *ip = out.p + link;
		if (six) {
			put_u16(ip + 4, (uint32_t)part.n + 8);
			buf_add_byte(&out, ip[6]);
			out.p[link + 6] = 44;
			buf_add_byte(&out, 0);
			buf_add_u16(&out, (uint16_t)(done | more));
			buf_add_u32(&out, id);
		} else {
			put_u16(ip + 2, (uint32_t)part.n + 20);
			put_u16(ip + 6, (uint32_t)(done / 8) | more << 13);
			put_u16(ip + 10, 0);
			put_u16(ip + 10, ~sum(0, span_of(ip, 20)));
		}
		buf_add_span(&out, part);
		struct built_packet *piece = room(b, i);
		set(piece, buf_span(&out));
		piece->at_ns = p.at_ns;
		piece->interface = p.interface;
		buf_fini(&out);
		done += part.n;
	}
	free(p.bytes);
}

static uint64_t next_random(uint64_t *state)
{
	/* xorshift64* */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

void packet_build_shuffle(struct packet_build *b, size_t from, size_t distance, uint64_t seed)
{
	uint64_t state = seed * 2 + 1;
	for (size_t i = from; i < b->n; i++) {
		size_t by = (size_t)(next_random(&state) >> 33) % (distance + 1);
		packet_build_move(b, i, i + by < b->n ? i + by : b->n - 1);
	}
}

void packet_build_pcapng(const struct packet_build *b, struct span secrets, struct buf *out)
{
	uint32_t interfaces = 1;
	for (size_t i = 0; i < b->n; i++)
		if (b->packets[i].interface >= interfaces)
			interfaces = b->packets[i].interface + 1;
	pcapng_section(out, NULL, "Linux", "test", NULL);
	for (uint32_t i = 0; i < interfaces; i++)
		pcapng_interface(out, b->link, SNAPLEN, "test0", NULL, NULL);
	if (secrets.n > 0)
		pcapng_secrets(out, secrets);
	for (size_t i = 0; i < b->n; i++) {
		const struct built_packet *p = &b->packets[i];
		const struct packet packet = {
			.at_ns = p->at_ns,
			.interface = p->interface,
			.wire_len = (uint32_t)p->wire_n,
			.bytes = span_of(p->bytes, p->n),
		};
		pcapng_packet(out, &packet, NULL);
	}
}

void packet_build_write(const char *path, struct span bytes)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	assert_int_equal(fclose(f), 0);
}

void packet_build_feed(const struct packet_build *b, struct flows *fs)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct built_packet *p = &b->packets[i];
		/* A copy of just that size, so that reading beyond it is found. */
		uint8_t *copy = malloc(p->n > 0 ? p->n : 1);
		assert_non_null(copy);
		memcpy(copy, p->bytes, p->n);
		const struct packet packet = {
			.number = i + 1,
			.at_ns = p->at_ns,
			.link = b->link,
			.interface = p->interface,
			.wire_len = (uint32_t)p->wire_n,
			.bytes = span_of(copy, p->n),
		};
		flows_packet(fs, &packet);
		free(copy);
	}
}
