/*
 * TCP out of packets: what was sent is what is delivered, whatever the network and the recorder
 * did to the packets on the way; and what cannot be known is told as such.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/stream.h"
#include "tests/kit/packet_build.h"

enum { HEARD_MAX = 17 };

/* What was told of one connection. */
struct heard {
	struct flow flow; /* as it was when it ended */
	bool ended, midway_at_first;
	struct buf bytes[2]; /* lost bytes as '?' */
	uint64_t told[2];    /* of both kinds */
	unsigned closed[2], reset[2], losses;
	struct packet_at last_at, closed_at[2];
};

struct ear {
	struct heard flows[HEARD_MAX];
	size_t n;
	unsigned datagrams, others[PACKET_MALFORMED + 1];
	struct buf datagram;
	char why[100];
	struct flows_counts counts;
};

static void on_opened(void *ctx, struct flow *f)
{
	struct ear *e = ctx;
	assert_true(e->n < HEARD_MAX);
	struct heard *h = &e->flows[e->n++];
	*h = (struct heard){.flow = *f};
	h->midway_at_first = f->midway;
	assert_int_equal(f->number, e->n);
	f->user = h;
}

static void on_bytes(void *ctx, struct flow *f, enum flow_way way, struct span bytes,
	const struct packet_at *at)
{
	(void)ctx;
	struct heard *h = f->user;
	assert_true(bytes.n > 0);
	assert_false(h->ended);
	assert_int_equal(h->closed[way], 0);
	buf_add_span(&h->bytes[way], bytes);
	h->last_at = *at;
	h->told[way] += bytes.n;
	assert_int_equal(h->told[way], f->bytes[way] + f->lost[way]);
}

static void on_lost(
	void *ctx, struct flow *f, enum flow_way way, uint64_t n, const struct packet_at *at)
{
	(void)ctx;
	struct heard *h = f->user;
	assert_true(n > 0);
	assert_int_equal(h->closed[way], 0);
	assert_true(at->packet > 0);
	h->losses++;
	h->told[way] += n;
	for (uint64_t i = 0; i < n && i < 100000; i++)
		buf_add_byte(&h->bytes[way], '?');
}

static void on_closed(
	void *ctx, struct flow *f, enum flow_way way, bool reset, const struct packet_at *at)
{
	(void)ctx;
	struct heard *h = f->user;
	h->closed[way]++;
	h->reset[way] += reset;
	h->closed_at[way] = *at;
	assert_int_equal(h->closed[way], 1);
}

static void on_ended(void *ctx, struct flow *f)
{
	(void)ctx;
	struct heard *h = f->user;
	assert_false(h->ended);
	h->flow = *f;
	h->ended = true;
}

static void on_datagram(void *ctx, const struct packet *p, const struct packet_parts *parts)
{
	struct ear *e = ctx;
	assert_int_equal(parts->kind, PACKET_UDP);
	assert_true(p->number > 0);
	e->datagrams++;
	buf_clear(&e->datagram);
	buf_add_span(&e->datagram, parts->payload);
}

static void on_other(void *ctx, const struct packet *p, const struct packet_parts *parts)
{
	struct ear *e = ctx;
	assert_true(p->number > 0);
	e->others[parts->kind]++;
	if (parts->kind == PACKET_MALFORMED)
		snprintf(e->why, sizeof e->why, "%s", parts->why);
}

static const struct flow_calls calls = {
	on_opened, on_bytes, on_lost, on_closed, on_ended, on_datagram, on_other};

/* A capture and what is heard of it. */
struct scene {
	struct packet_build b;
	struct tcp_build t;
	struct ear e;
};

static void start(struct scene *s)
{
	*s = (struct scene){0};
	packet_build_init(&s->b, LINK_ETHERNET);
	packet_build_tcp(&s->t, &s->b, "192.0.2.1", 40000, "198.51.100.7", 443);
}

static void listen_to(struct scene *s)
{
	struct flows *fs = flows_new(&calls, &s->e);
	packet_build_feed(&s->b, fs);
	flows_end(fs);
	flows_counts(fs, &s->e.counts);
	flows_free(fs);
	assert_int_equal(s->e.counts.packets, s->b.n);
	for (size_t i = 0; i < s->e.n; i++)
		assert_true(s->e.flows[i].ended);
}

static void finish(struct scene *s)
{
	for (size_t i = 0; i < s->e.n; i++)
		for (int way = 0; way < 2; way++)
			buf_fini(&s->e.flows[i].bytes[way]);
	buf_fini(&s->e.datagram);
	packet_build_fini(&s->b);
}

static void expect_text(const struct heard *h, enum flow_way way, const char *text)
{
	struct span got = buf_span(&h->bytes[way]);
	if (!span_is(got, text))
		fail_msg("heard \"%.*s\", not \"%s\"", (int)got.n, (const char *)got.p, text);
}

/* One connection, with nothing wrong about it. */
static const struct heard *expect_clean(const struct scene *s, const char *up, const char *down)
{
	assert_int_equal(s->e.n, 1);
	const struct heard *h = &s->e.flows[0];
	expect_text(h, FLOW_UP, up);
	expect_text(h, FLOW_DOWN, down);
	assert_int_equal(h->flow.lost[0] + h->flow.lost[1], 0);
	assert_int_equal(h->flow.conflicts, 0);
	assert_int_equal(s->e.counts.conflicts, 0);
	assert_int_equal(s->e.counts.unchecked, 0);
	assert_int_equal(s->e.counts.limits, 0);
	return h;
}

static void test_plain(void **state)
{
	(void)state;
	static const struct {
		int link;
		unsigned vlans;
		const char *client, *server;
	} rows[] = {
		{LINK_ETHERNET, 0, "192.0.2.1", "192.0.2.2"},
		{LINK_ETHERNET, 3, "2001:db8::2", "2001:db8::1"},
		{LINK_NULL, 0, "127.0.0.1", "127.0.0.1"},
		{LINK_LOOP, 0, "::1", "::1"},
		{LINK_RAW, 0, "2001:db8::2", "2001:db8::1"},
		{LINK_LINUX_SLL, 1, "192.0.2.9", "192.0.2.2"},
		{LINK_LINUX_SLL2, 1, "192.0.2.9", "192.0.2.2"},
		{LINK_IPV4, 0, "192.0.2.9", "192.0.2.2"},
		{LINK_IPV6, 0, "2001:db8::2", "2001:db8::1"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s = {0};
		packet_build_init(&s.b, rows[i].link);
		s.b.vlans = rows[i].vlans;
		packet_build_tcp(&s.t, &s.b, rows[i].client, 40000, rows[i].server, 443);
		packet_build_open(&s.t);
		packet_build_say(&s.t, FLOW_UP, "hello");
		packet_build_say(&s.t, FLOW_DOWN, "world");
		packet_build_close(&s.t);
		listen_to(&s);
		const struct heard *h = expect_clean(&s, "hello", "world");
		assert_int_equal(h->flow.ended, FLOW_ENDED_FIN);
		assert_false(h->flow.midway);
		assert_int_equal(h->flow.client.port, 40000);
		assert_int_equal(h->flow.server.port, 443);
		struct packet_address client = packet_build_address(rows[i].client);
		assert_true(packet_address_same(&h->flow.client.ip, &client));
		assert_int_equal(h->flow.first.packet, 1);
		assert_int_equal(h->flow.last.packet, s.b.n);
		assert_int_equal(h->closed[FLOW_UP], 1);
		assert_int_equal(h->closed[FLOW_DOWN], 1);
		assert_int_equal(h->reset[0] + h->reset[1], 0);
		assert_int_equal(s.e.counts.outside, 0);
		finish(&s);
	}
}

/* Letters, so that what is missing can be seen. */
static char *letters(size_t n)
{
	char *text = malloc(n + 1);
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + (i * 7 + i / 26) % 26);
	text[n] = 0;
	return text;
}

/* Any order of packets, some of them twice, at any place of the sequence space: the same bytes.
 */
static void test_reordered(void **state)
{
	(void)state;
	char *up = letters(3000), *down = letters(40000);
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct scene s;
		start(&s);
		s.t.mss = 100 + seed * 11;
		s.t.first[FLOW_DOWN] = UINT32_MAX - 20000 + (uint32_t)seed;
		s.t.first[FLOW_UP] = UINT32_MAX - 1000;
		packet_build_open(&s.t);
		packet_build_say(&s.t, FLOW_UP, up);
		packet_build_say(&s.t, FLOW_DOWN, down);
		packet_build_close(&s.t);
		for (size_t i = 5; i < s.b.n; i += 9)
			packet_build_copy(&s.b, i, i + seed % 5 < s.b.n ? i + seed % 5 : i);
		packet_build_shuffle(&s.b, 3, seed % 40, seed);
		listen_to(&s);
		const struct heard *h = expect_clean(&s, up, down);
		assert_int_equal(h->flow.ended, FLOW_ENDED_FIN);
		finish(&s);
	}
	free(up);
	free(down);
}

/* What waited is told by the packet that closes the gap, and not later. */
static void test_closed_gap(void **state)
{
	(void)state;
	struct scene s;
	start(&s);
	packet_build_open(&s.t);
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 3, 0, span_str("def"));
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 6, 0, span_str("ghi"));
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 0, span_str("abc"));
	struct flows *fs = flows_new(&calls, &s.e);
	packet_build_feed(&s.b, fs);
	expect_text(&s.e.flows[0], FLOW_UP, "abcdefghi");
	assert_int_equal(s.e.flows[0].last_at.packet, 6);
	flows_end(fs);
	flows_free(fs);
	finish(&s);
}

static void test_lost(void **state)
{
	(void)state;
	struct scene s;
	start(&s);
	s.t.mss = 4;
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_UP, "aaaabbbbccccdddd");
	packet_build_drop(&s.b, 5); /* bbbb */
	packet_build_close(&s.t);
	listen_to(&s);
	assert_int_equal(s.e.n, 1);
	struct heard *h = &s.e.flows[0];
	expect_text(h, FLOW_UP, "aaaa????ccccdddd");
	assert_int_equal(h->flow.lost[FLOW_UP], 4);
	assert_int_equal(h->flow.bytes[FLOW_UP], 12);
	assert_int_equal(h->losses, 1);
	assert_int_equal(h->flow.ended, FLOW_ENDED_FIN);
	/* What was given up keeps the packet that brought it. */
	assert_int_equal(h->last_at.packet, 9);
	finish(&s);
	/* Before a FIN, and the FIN itself. */
	start(&s);
	s.t.mss = 4;
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_DOWN, "aaaabbbb");
	packet_build_drop(&s.b, 5);
	packet_build_fin(&s.t, FLOW_DOWN);
	listen_to(&s);
	expect_text(&s.e.flows[0], FLOW_DOWN, "aaaa????");
	assert_int_equal(s.e.flows[0].flow.ended, FLOW_ENDED_HALF);
	finish(&s);
	start(&s);
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_DOWN, "aaaa");
	packet_build_close(&s.t);
	packet_build_drop(&s.b, s.b.n - 2); /* the server's FIN; that it was acknowledged is no
					       lost byte */
	listen_to(&s);
	expect_text(&s.e.flows[0], FLOW_DOWN, "aaaa");
	assert_int_equal(s.e.flows[0].flow.ended, FLOW_ENDED_HALF);
	finish(&s);
	/* Acknowledged and never seen, with nothing behind it. */
	start(&s);
	s.t.mss = 4;
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_DOWN, "aaaabbbb");
	packet_build_drop(&s.b, 5);
	listen_to(&s);
	expect_text(&s.e.flows[0], FLOW_DOWN, "aaaa????");
	assert_int_equal(s.e.flows[0].flow.ended, FLOW_ENDED_OPEN);
	finish(&s);
}

/* A direction of which no packet was recorded is lost as far as it was acknowledged. */
static void test_one_direction(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		struct scene s;
		start(&s);
		packet_build_open(&s.t);
		packet_build_say(&s.t, FLOW_UP, "question");
		packet_build_say(&s.t, FLOW_DOWN, "answer");
		/* packets: SYN, SYN-ACK, ACK, data, ack, data, ack */
		static const bool up[] = {true, false, true, true, false, false, true};
		for (size_t i = s.b.n; i-- > 0;)
			if (up[i] != (way == FLOW_UP))
				packet_build_drop(&s.b, i);
		listen_to(&s);
		assert_int_equal(s.e.n, 1);
		const struct heard *h = &s.e.flows[0];
		assert_int_equal(h->flow.client.port, 40000);
		assert_int_equal(h->flow.midway, way == FLOW_DOWN);
		expect_text(h, FLOW_UP, way == FLOW_UP ? "question" : "????????");
		expect_text(h, FLOW_DOWN, way == FLOW_DOWN ? "answer" : "??????");
		finish(&s);
	}
}

/* A gap is given up when its receiver has acknowledged it and capture time has gone on; an
 * acknowledgement that is captured before its bytes is not enough. */
static void test_acknowledged_gap(void **state)
{
	(void)state;
	for (int waits = 0; waits < 3; waits++) {
		struct scene s;
		start(&s);
		s.t.mss = 4;
		packet_build_open(&s.t);
		packet_build_say(&s.t, FLOW_UP, "aaaabbbbcccc");
		if (waits == 2) { /* but nothing is acknowledged */
			packet_build_drop(&s.b, 8);
			packet_build_drop(&s.b, 6);
			packet_build_move(&s.b, 5, 6);
			s.b.packets[6].at_ns += 2000000000;
			s.t.quiet_acks = true;
			packet_build_say(&s.t, FLOW_UP, "dddd");
			listen_to(&s);
			expect_clean(&s, "aaaabbbbccccdddd", "");
			finish(&s);
			continue;
		}
		/* bbbb and its copy: SYN, SYN-ACK, ACK, aaaa, ack, bbbb, ack, cccc, ack */
		packet_build_move(&s.b, 5, 8);
		if (waits)
			for (size_t i = 8; i < s.b.n; i++)
				s.b.packets[i].at_ns += 2000000000;
		packet_build_say(&s.t, FLOW_UP, "dddd");
		listen_to(&s);
		const struct heard *h = &s.e.flows[0];
		expect_text(h, FLOW_UP, waits ? "aaaa????ccccdddd" : "aaaabbbbccccdddd");
		assert_int_equal(s.e.counts.unchecked, waits ? 4 : 0);
		finish(&s);
	}
}

static void test_conflicts(void **state)
{
	(void)state;
	/* A copy of what was delivered. */
	struct scene s;
	start(&s);
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_UP, "GET /good HTTP/1.1");
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 4, 0, span_str("/evil"));
	packet_build_say(&s.t, FLOW_UP, "\r\n");
	listen_to(&s);
	struct heard *h = &s.e.flows[0];
	expect_text(h, FLOW_UP, "GET /good HTTP/1.1\r\n");
	assert_int_equal(h->flow.conflicts, 4);
	assert_int_equal(h->flow.conflict.packet, 6);
	assert_int_equal(s.e.counts.conflicts, 4);
	finish(&s);
	/* Of what waits behind a gap; the gap is closed by a segment that overlaps it. */
	start(&s);
	packet_build_open(&s.t);
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 4, 0, span_str("EFGH"));
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 6, 0, span_str("gHIJ"));
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 12, 0, span_str("MN"));
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 0, span_str("ABCDefghijKLmnOP"));
	listen_to(&s);
	h = &s.e.flows[0];
	expect_text(h, FLOW_UP, "ABCDEFGHIJKLMNOP");
	assert_int_equal(h->flow.conflicts, 1 + 6 + 2);
	assert_int_equal(h->flow.conflict.packet, 5);
	finish(&s);
	/* In SYN's own data, and over a page of the history. */
	start(&s);
	char *text = letters(10000), *other = letters(10000);
	other[0] = other[2047] = other[2048] = other[9999] = '!';
	s.t.mss = 20000;
	packet_build_segment(&s.t, FLOW_UP, TCP_SYN, -1, 0, span_of(text, 100));
	packet_build_segment(&s.t, FLOW_DOWN, TCP_SYN | TCP_ACK, -1, 100, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 100, 0, span_of(text + 100, 9900));
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 0, span_of(other, 10000));
	listen_to(&s);
	expect_text(&s.e.flows[0], FLOW_UP, text);
	assert_int_equal(s.e.flows[0].flow.conflicts, 4);
	finish(&s);
	free(text);
	free(other);
}

/* What is too old to be compared is counted as such. */
static void test_unchecked(void **state)
{
	(void)state;
	struct scene s;
	start(&s);
	char *text = letters(60000);
	s.t.mss = 20000;
	s.t.quiet_acks = true;
	packet_build_open(&s.t);
	for (int i = 0; i < 150; i++)
		packet_build_say(&s.t, FLOW_DOWN, text);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_ACK, 0, 0, span_of(text, 500));
	packet_build_segment(&s.t, FLOW_DOWN, TCP_ACK, s.t.sent[FLOW_DOWN] - 500, 0,
		span_of(text + 59500, 500));
	listen_to(&s);
	assert_int_equal(s.e.counts.unchecked, 500);
	assert_int_equal(s.e.counts.conflicts, 0);
	assert_int_equal(s.e.flows[0].flow.bytes[FLOW_DOWN], 9000000);
	finish(&s);
	free(text);
}

static void test_probes(void **state)
{
	(void)state;
	/* Keep-alive: a byte of rubbish, one below. */
	struct scene s;
	start(&s);
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_UP, "abc");
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 2, 0, span_str("\xff"));
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 2, 0, SPAN_NONE);
	packet_build_ack(&s.t, FLOW_DOWN);
	packet_build_say(&s.t, FLOW_UP, "def");
	listen_to(&s);
	expect_clean(&s, "abcdef", "");
	finish(&s);
	/* But before it is acknowledged, a byte that differs is a conflict. */
	start(&s);
	s.t.quiet_acks = true;
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_UP, "abc");
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 2, 0, span_str("\xff"));
	listen_to(&s);
	assert_int_equal(s.e.counts.conflicts, 1);
	finish(&s);
	/* Zero window: one byte goes ahead, refused, and comes again with the rest. */
	start(&s);
	s.t.quiet_acks = true;
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_DOWN, "abc");
	s.t.window = 0;
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 3, SPAN_NONE);
	for (int i = 0; i < 3; i++) {
		packet_build_segment(&s.t, FLOW_DOWN, TCP_ACK, 3, 0, span_str("d"));
		packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 3, SPAN_NONE);
	}
	packet_build_segment(&s.t, FLOW_DOWN, TCP_ACK, 3, 0, span_str("def"));
	listen_to(&s);
	expect_clean(&s, "", "abcdef");
	finish(&s);
}

static void test_ends(void **state)
{
	(void)state;
	struct scene s;
	/* Simultaneous close, and the client's FIN before its bytes. */
	start(&s);
	packet_build_open(&s.t);
	packet_build_segment(&s.t, FLOW_UP, TCP_FIN | TCP_ACK, 4, 0, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_FIN | TCP_ACK, 0, 0, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 1, span_str("late"));
	packet_build_segment(&s.t, FLOW_DOWN, TCP_ACK, 1, 5, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_UP, TCP_FIN | TCP_ACK, 4, 1, SPAN_NONE);
	listen_to(&s);
	const struct heard *h = expect_clean(&s, "late", "");
	assert_int_equal(h->flow.ended, FLOW_ENDED_FIN);
	assert_int_equal(h->closed_at[FLOW_UP].packet, 4);
	finish(&s);
	/* Bytes beyond a FIN. */
	start(&s);
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_UP, "abc");
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 8, 0, span_str("far"));
	packet_build_fin(&s.t, FLOW_UP);
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 3, 0, span_str("more"));
	packet_build_segment(&s.t, FLOW_UP, TCP_FIN | TCP_ACK, 9, 0, SPAN_NONE);
	listen_to(&s);
	expect_clean(&s, "abc", "");
	assert_int_equal(s.e.counts.outside, 2);
	finish(&s);
	/* A FIN ahead and bytes that go over it: what was seen first counts. */
	for (int fin_first = 0; fin_first < 2; fin_first++) {
		start(&s);
		packet_build_open(&s.t);
		packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 2, 0, span_str("cdef"));
		packet_build_segment(&s.t, FLOW_UP, TCP_FIN | TCP_ACK, 4, 0, SPAN_NONE);
		if (fin_first)
			packet_build_move(&s.b, 4, 3);
		packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 0, span_str("ab"));
		listen_to(&s);
		expect_text(&s.e.flows[0], FLOW_UP, fin_first ? "abcd" : "abcdef");
		assert_int_equal(s.e.flows[0].closed[FLOW_UP], fin_first);
		assert_int_equal(s.e.counts.outside, 1);
		finish(&s);
	}
}

static void test_resets(void **state)
{
	(void)state;
	struct scene s;
	start(&s);
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_UP, "abc");
	packet_build_reset(&s.t, FLOW_DOWN);
	listen_to(&s);
	const struct heard *h = expect_clean(&s, "abc", "");
	assert_int_equal(h->flow.ended, FLOW_ENDED_RESET);
	assert_int_equal(h->reset[FLOW_DOWN], 1);
	assert_int_equal(h->closed[FLOW_UP], 0);
	finish(&s);
	/* Refused; not answered. */
	start(&s);
	packet_build_segment(&s.t, FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
	s.t.first[FLOW_DOWN] = 0;
	packet_build_segment(&s.t, FLOW_DOWN, TCP_RST | TCP_ACK, 0, 0, SPAN_NONE);
	listen_to(&s);
	assert_int_equal(expect_clean(&s, "", "")->flow.ended, FLOW_ENDED_REFUSED);
	assert_int_equal(s.e.counts.outside, 0);
	finish(&s);
	start(&s);
	packet_build_segment(&s.t, FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
	listen_to(&s);
	assert_int_equal(expect_clean(&s, "", "")->flow.ended, FLOW_ENDED_NO_ANSWER);
	finish(&s);
	/* A RST that acknowledges no SYN, and one outside of the window: as if not there. */
	start(&s);
	packet_build_segment(&s.t, FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_RST | TCP_ACK, 0, 7, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_SYN | TCP_ACK, -1, 0, SPAN_NONE);
	packet_build_say(&s.t, FLOW_UP, "abc");
	packet_build_segment(&s.t, FLOW_DOWN, TCP_RST, 100000000, 0, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_RST, -100000000, 0, SPAN_NONE);
	packet_build_say(&s.t, FLOW_DOWN, "def");
	listen_to(&s);
	h = expect_clean(&s, "abc", "def");
	assert_int_equal(h->flow.ended, FLOW_ENDED_OPEN);
	assert_int_equal(s.e.counts.outside, 3);
	finish(&s);
	/* Forged: a RST and a FIN among bytes that are still to come, and are sent and
	 * received. */
	start(&s);
	s.t.mss = 4;
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_DOWN, "aaaabbbb");
	packet_build_segment(&s.t, FLOW_DOWN, TCP_RST, 4, 0, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_RST, 10, 0, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_UP, TCP_FIN | TCP_ACK, 2, 8, SPAN_NONE);
	packet_build_say(&s.t, FLOW_UP, "AAAABBBB");
	packet_build_say(&s.t, FLOW_DOWN, "cccc");
	s.b.now_ns += 2 * INT64_C(15000000000);
	packet_build_say(&s.t, FLOW_DOWN, "dddd");
	packet_build_close(&s.t);
	listen_to(&s);
	assert_int_equal(s.e.n, 1);
	expect_text(&s.e.flows[0], FLOW_DOWN, "aaaabbbbccccdddd");
	expect_text(&s.e.flows[0], FLOW_UP, "AAAABBBB");
	assert_int_equal(s.e.flows[0].flow.ended, FLOW_ENDED_FIN);
	assert_int_equal(s.e.counts.outside, 3);
	finish(&s);
	/* A RST before the bytes that it stands behind. */
	start(&s);
	packet_build_open(&s.t);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_RST | TCP_ACK, 3, 0, SPAN_NONE);
	packet_build_say(&s.t, FLOW_DOWN, "abc");
	listen_to(&s);
	h = expect_clean(&s, "", "abc");
	assert_int_equal(h->reset[FLOW_DOWN], 1);
	finish(&s);
}

static void test_ports_again(void **state)
{
	(void)state;
	struct scene s;
	/* After an end; after long silence; after an attempt that had no answer. */
	for (int i = 0; i < 3; i++) {
		start(&s);
		if (i == 2)
			packet_build_segment(&s.t, FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
		else
			packet_build_open(&s.t);
		if (i == 0)
			packet_build_close(&s.t);
		if (i == 1)
			s.b.now_ns += INT64_C(120000000000);
		packet_build_tcp(&s.t, &s.b, "192.0.2.1", 40000, "198.51.100.7", 443);
		s.t.first[FLOW_UP] = 777777;
		s.t.first[FLOW_DOWN] = 888888;
		packet_build_open(&s.t);
		packet_build_say(&s.t, FLOW_UP, "new");
		listen_to(&s);
		assert_int_equal(s.e.n, 2);
		expect_text(&s.e.flows[0], FLOW_UP, "");
		expect_text(&s.e.flows[1], FLOW_UP, "new");
		assert_false(s.e.flows[1].flow.midway);
		finish(&s);
	}
	/* A SYN that the server does not take is none; one that it answers is, even if the
	 * answer is not recorded. */
	for (int answered = 0; answered < 3; answered++) {
		start(&s);
		packet_build_open(&s.t);
		packet_build_say(&s.t, FLOW_UP, "old");
		struct tcp_build again = s.t;
		again.first[FLOW_UP] = 70000000;
		again.first[FLOW_DOWN] = 80000000;
		again.sent[FLOW_UP] = again.sent[FLOW_DOWN] = 0;
		packet_build_segment(&again, FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
		if (answered) {
			packet_build_segment(
				&again, FLOW_DOWN, TCP_SYN | TCP_ACK, -1, 0, SPAN_NONE);
			packet_build_say(&again, FLOW_UP, "new");
			if (answered == 2)
				packet_build_drop(&s.b, 6);
		} else {
			packet_build_say(&s.t, FLOW_UP, "er");
		}
		listen_to(&s);
		assert_int_equal(s.e.n, answered ? 2 : 1);
		expect_text(&s.e.flows[0], FLOW_UP, answered ? "old" : "older");
		if (answered) {
			expect_text(&s.e.flows[1], FLOW_UP, "new");
			assert_int_equal(s.e.flows[1].flow.first.packet, 6);
			assert_false(s.e.flows[1].flow.midway);
			assert_false(s.e.flows[1].midway_at_first);
		}
		finish(&s);
	}
	/* The same SYN again is the same connection. */
	start(&s);
	packet_build_open(&s.t);
	packet_build_segment(&s.t, FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_SYN | TCP_ACK, -1, 0, SPAN_NONE);
	packet_build_say(&s.t, FLOW_UP, "one");
	packet_build_close(&s.t);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_FIN | TCP_ACK, 0, 3, SPAN_NONE);
	listen_to(&s);
	expect_clean(&s, "one", "");
	finish(&s);
}

static void test_midway(void **state)
{
	(void)state;
	static const struct {
		uint16_t client, server;
		enum flow_way first;
		bool client_is_first;
	} rows[] = {
		{40000, 443, FLOW_UP, true},
		{40000, 443, FLOW_DOWN, true},
		{443, 443, FLOW_UP, true},
		{443, 443, FLOW_DOWN, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		start(&s);
		packet_build_tcp(&s.t, &s.b, "192.0.2.1", rows[i].client, "198.51.100.7",
			rows[i].server);
		packet_build_say(&s.t, rows[i].first, "first");
		packet_build_say(&s.t, !rows[i].first, "second");
		listen_to(&s);
		bool up_first = rows[i].first == FLOW_UP || !rows[i].client_is_first;
		const struct heard *h = expect_clean(
			&s, up_first ? "first" : "second", up_first ? "second" : "first");
		assert_true(h->flow.midway);
		struct packet_address client = packet_build_address("192.0.2.1");
		assert_int_equal(packet_address_same(&h->flow.client.ip, &client),
			rows[i].client_is_first);
		finish(&s);
	}
	/* What the first packet acknowledges is captured behind it. */
	struct scene s;
	start(&s);
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 10, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_ACK, 0, 0, span_str("0123456789"));
	packet_build_segment(&s.t, FLOW_DOWN, TCP_ACK, 14, 0, span_str("efg"));
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 17, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_ACK, 10, 0, span_str("abcd"));
	listen_to(&s);
	expect_clean(&s, "", "0123456789abcdefg");
	finish(&s);
	start(&s);
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 10, SPAN_NONE);
	packet_build_segment(&s.t, FLOW_DOWN, TCP_ACK, 0, 0, span_str("01234"));
	listen_to(&s);
	expect_text(&s.e.flows[0], FLOW_DOWN, "01234?????");
	finish(&s);
	/* The SYN is captured behind its answer: not midway. */
	start(&s);
	packet_build_open(&s.t);
	packet_build_move(&s.b, 0, 1);
	packet_build_say(&s.t, FLOW_UP, "abc");
	listen_to(&s);
	assert_false(expect_clean(&s, "abc", "")->flow.midway);
	finish(&s);
}

static void test_cut_packets(void **state)
{
	(void)state;
	struct scene s;
	start(&s);
	s.t.mss = 10;
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_DOWN, "0123456789abcdefghij");
	for (size_t i = 3; i < s.b.n; i += 2)
		packet_build_cut(&s.b, i, s.b.packets[i].n - 6);
	packet_build_close(&s.t);
	listen_to(&s);
	expect_text(&s.e.flows[0], FLOW_DOWN, "0123??????abcd??????");
	assert_int_equal(s.e.flows[0].flow.lost[FLOW_DOWN], 12);
	assert_int_equal(s.e.flows[0].flow.ended, FLOW_ENDED_FIN);
	finish(&s);
}

/* The first byte is missing, and more comes than may wait. */
static void test_ahead_limits(void **state)
{
	enum { FULL = FLOW_AHEAD_MAX / 60000 + 1 };
	(void)state;
	for (int pieces = 0; pieces < 2; pieces++) {
		struct scene s;
		start(&s);
		char *text = letters(60000);
		packet_build_open(&s.t);
		for (int64_t i = 0; i < (pieces ? 1025 : FULL); i++)
			packet_build_segment(&s.t, FLOW_UP, TCP_ACK,
				1 + i * (pieces ? 3 : 60000), 0,
				span_of(text, pieces ? 1 : 60000));
		packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 0, span_str("!"));
		struct flows *fs = flows_new(&calls, &s.e);
		packet_build_feed(&s.b, fs);
		flows_counts(fs, &s.e.counts);
		assert_int_equal(s.e.counts.limits, 1);
		assert_int_equal(s.e.flows[0].bytes[FLOW_UP].p[0], '?');
		assert_int_equal(
			buf_len(&s.e.flows[0].bytes[FLOW_UP]), pieces ? 2 : 1 + FULL * 60000);
		flows_end(fs);
		flows_free(fs);
		finish(&s);
		free(text);
	}
}

/* Many connections with gaps: together they hold no more than they may, and the oldest gaps go
 * first. */
static void test_all_ahead(void **state)
{
	(void)state;
	enum { MANY = 16 };
	struct scene s;
	start(&s);
	char *text = letters(60000);
	struct tcp_build t[MANY];
	for (int i = 0; i < MANY; i++) {
		packet_build_tcp(
			&t[i], &s.b, "192.0.2.1", (uint16_t)(40000 + i), "198.51.100.7", 443);
		packet_build_segment(&t[i], FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
		for (int64_t k = 0; k < 17; k++) /* with holes: no piece grows */
			packet_build_segment(&t[i], FLOW_UP, TCP_ACK, 1 + k * 60001, 0,
				span_of(text, 60000));
	}
	struct flows *fs = flows_new(&calls, &s.e);
	packet_build_feed(&s.b, fs);
	flows_counts(fs, &s.e.counts);
	assert_int_equal(s.e.n, MANY);
	assert_int_equal(s.e.counts.limits, 0);
	/* One more megabyte is too much. */
	struct packet_build more;
	packet_build_init(&more, LINK_ETHERNET);
	struct tcp_build last;
	packet_build_tcp(&last, &more, "192.0.2.2", 50000, "198.51.100.7", 443);
	packet_build_segment(&last, FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
	for (int64_t k = 0; k < 17; k++)
		packet_build_segment(
			&last, FLOW_UP, TCP_ACK, 1 + k * 60001, 0, span_of(text, 60000));
	packet_build_feed(&more, fs);
	flows_counts(fs, &s.e.counts);
	assert_true(s.e.counts.limits > 0);
	assert_true(s.e.flows[0].told[FLOW_UP] > 0);
	assert_int_equal(s.e.flows[MANY].told[FLOW_UP], 0);
	flows_end(fs);
	flows_free(fs);
	packet_build_fini(&more);
	finish(&s);
	free(text);
}

struct count {
	size_t open;
	uint64_t first_ended; /* number of */
};

static void count_opened(void *ctx, struct flow *f)
{
	struct count *c = ctx;
	(void)f;
	c->open++;
}

static void count_ended(void *ctx, struct flow *f)
{
	struct count *c = ctx;
	c->open--;
	if (c->first_ended == 0 || c->first_ended == 6)
		c->first_ended = f->number;
}

/* Packets far from everything that was acknowledged: the bytes that are real go on. */
static void test_forged(void **state)
{
	(void)state;
	struct scene s;
	start(&s);
	char *text = letters(60000);
	s.t.mss = 60000;
	packet_build_open(&s.t);
	packet_build_say(&s.t, FLOW_UP, "abc");
	packet_build_segment(&s.t, FLOW_UP, TCP_FIN | TCP_ACK, 400000000, 0, SPAN_NONE);
	for (int64_t i = 0; i < 20; i++)
		packet_build_segment(
			&s.t, FLOW_UP, TCP_ACK, 300000000 + i * 60000, 0, span_of(text, 60000));
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, INT64_C(1200000000), 0, span_str("far"));
	packet_build_segment(&s.t, FLOW_UP, TCP_ACK, INT64_C(-1200000000), 0, span_str("far"));
	packet_build_say(&s.t, FLOW_UP, "def");
	packet_build_close(&s.t);
	listen_to(&s);
	const struct heard *h = &s.e.flows[0];
	expect_text(h, FLOW_UP, "abcdef");
	assert_int_equal(h->flow.lost[FLOW_UP], 0);
	assert_int_equal(h->flow.ended, FLOW_ENDED_FIN);
	assert_int_equal(s.e.counts.unchecked, 3);
	finish(&s);
	/* The same where the receiver's packets were not recorded, or where it has acknowledged
	 * them: the recorder has lost that much. */
	for (int acknowledged = 0; acknowledged < 2; acknowledged++) {
		start(&s);
		packet_build_segment(&s.t, FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
		packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 0, span_str("abc"));
		packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 30000000, 0, span_str("def"));
		if (acknowledged)
			packet_build_segment(&s.t, FLOW_DOWN, TCP_ACK, 0, 30000003, SPAN_NONE);
		listen_to(&s);
		assert_int_equal(s.e.flows[0].flow.bytes[FLOW_UP], 6);
		assert_int_equal(s.e.flows[0].flow.lost[FLOW_UP], 29999997);
		finish(&s);
	}
	free(text);
}

/* More connections than may be: what is over goes first, then the one that was quiet longest.
 */
static void test_flows_limit(void **state)
{
	(void)state;
	struct count count = {0};
	const struct flow_calls counting = {.opened = count_opened, .ended = count_ended};
	struct flows *fs = flows_new(&counting, &count);
	struct flows_counts counts;
	for (uint32_t i = 0; i < FLOWS_MAX + 100; i++) {
		struct packet_build b;
		struct tcp_build t;
		char ip[16];
		/* The first one speaks again just before there are too many. */
		uint32_t who = i == FLOWS_MAX ? 0 : i;
		snprintf(ip, sizeof ip, "10.0.%u.%u", who / 256 % 256, who % 256);
		packet_build_init(&b, LINK_RAW);
		packet_build_tcp(&t, &b, ip, (uint16_t)(10000 + who / 65536), "192.0.2.1", 80);
		packet_build_segment(&t, FLOW_UP, TCP_SYN, -1, 0, SPAN_NONE);
		if (i == 5)
			packet_build_reset(&t, FLOW_UP);
		packet_build_feed(&b, fs);
		packet_build_fini(&b);
		if (i == FLOWS_MAX + 1) /* what is over goes first, */
			assert_int_equal(count.first_ended, 6);
		if (i == FLOWS_MAX + 2) /* then what was quiet longest */
			assert_int_equal(count.first_ended, 2);
	}
	assert_int_equal(count.open, FLOWS_MAX);
	flows_counts(fs, &counts);
	assert_int_equal(counts.limits, 98);
	flows_end(fs);
	assert_int_equal(count.open, 0);
	flows_free(fs);
}

/* A connection that is over is forgotten after a while, and not before. */
static void test_linger(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct scene s;
		start(&s);
		packet_build_open(&s.t);
		packet_build_say(&s.t, FLOW_UP, "abc");
		packet_build_close(&s.t);
		s.b.now_ns += late ? INT64_C(16000000000) : INT64_C(10000000000);
		packet_build_segment(&s.t, FLOW_UP, TCP_ACK, 0, 0, span_str("abc"));
		listen_to(&s);
		assert_int_equal(s.e.n, 1 + late);
		assert_int_equal(s.e.counts.conflicts, 0);
		finish(&s);
	}
}

static void test_fragments(void **state)
{
	(void)state;
	static const char *const ends[][2] = {
		{"192.0.2.1", "192.0.2.2"}, {"2001:db8::1", "2001:db8::2"}};
	char *text = letters(5000);
	for (int six = 0; six < 2; six++) {
		struct scene s;
		/* In any order, and all of them twice. */
		start(&s);
		packet_build_udp(&s.b, ends[six][0], 5353, ends[six][1], 53, span_str(text));
		packet_build_fragment(&s.b, 0, 512);
		assert_int_equal(s.b.n, 10);
		packet_build_shuffle(&s.b, 0, 9, 3);
		for (size_t i = 0; i < 20; i += 2)
			packet_build_copy(&s.b, i, i + 1);
		listen_to(&s);
		assert_int_equal(s.e.datagrams, 1);
		assert_true(span_is(buf_span(&s.e.datagram), text));
		assert_int_equal(s.e.others[PACKET_FRAGMENT] + s.e.counts.malformed, 0);
		finish(&s);
		/* One is missing. */
		start(&s);
		packet_build_udp(&s.b, ends[six][0], 5353, ends[six][1], 53, span_str(text));
		packet_build_fragment(&s.b, 0, 512);
		packet_build_drop(&s.b, 4);
		listen_to(&s);
		assert_int_equal(s.e.datagrams, 0);
		assert_int_equal(s.e.others[PACKET_FRAGMENT], 1);
		finish(&s);
		/* Two that overlap and differ; no version is chosen. */
		start(&s);
		packet_build_udp(&s.b, ends[six][0], 5353, ends[six][1], 53, span_str(text));
		packet_build_fragment(&s.b, 0, 512);
		packet_build_copy(&s.b, 4, 2);
		s.b.packets[2].bytes[s.b.packets[2].n - 1] ^= 1;
		listen_to(&s);
		assert_int_equal(s.e.datagrams, 0);
		assert_true(s.e.others[PACKET_MALFORMED] >= 1);
		assert_int_equal(s.e.others[PACKET_FRAGMENT], 0);
		finish(&s);
		/* TCP in fragments. */
		start(&s);
		packet_build_tcp(&s.t, &s.b, ends[six][0], 40000, ends[six][1], 443);
		packet_build_open(&s.t);
		s.t.mss = 5000;
		packet_build_say(&s.t, FLOW_UP, text);
		packet_build_fragment(&s.b, 3, 1000);
		packet_build_shuffle(&s.b, 3, 5, 1);
		packet_build_say(&s.t, FLOW_UP, "more");
		listen_to(&s);
		assert_int_equal(s.e.flows[0].flow.bytes[FLOW_UP], 5004);
		assert_int_equal(s.e.flows[0].flow.lost[FLOW_UP], 0);
		finish(&s);
	}
	free(text);
}

static void put_fragment(struct packet_build *b, uint8_t protocol, size_t at, bool more,
	uint8_t letter, size_t n)
{
	uint8_t p[60] = {0x45, 0, 0, (uint8_t)(20 + n), 0, 9};
	uint32_t field = (uint32_t)at / 8 | (more ? 0x2000u : 0u);
	p[6] = (uint8_t)(field >> 8);
	p[7] = (uint8_t)field;
	p[9] = protocol;
	p[15] = 1;
	p[19] = 2;
	memset(p + 20, letter, n);
	packet_build_raw(b, span_of(p, 20 + n));
}

/* The number of a datagram is one of its protocol; it comes again after a while; and what does
 * not become whole is told then. */
static void test_fragment_numbers(void **state)
{
	(void)state;
	struct scene s;
	start(&s);
	packet_build_init(&s.b, LINK_IPV4);
	put_fragment(&s.b, 200, 0, true, 'a', 8);
	put_fragment(&s.b, 201, 16, false, 'b', 8);
	put_fragment(&s.b, 201, 0, true, 'c', 16);
	put_fragment(&s.b, 200, 8, false, 'd', 8);
	put_fragment(&s.b, 200, 0, true, 'e', 8); /* the next by that number */
	put_fragment(&s.b, 200, 8, false, 'f', 8);
	put_fragment(&s.b, 200, 0, true, 'g', 8);
	s.b.now_ns += INT64_C(31000000000);
	packet_build_raw(&s.b, span_str("x"));
	put_fragment(&s.b, 200, 8, false, 'h', 8);
	struct flows *fs = flows_new(&calls, &s.e);
	packet_build_feed(&s.b, fs);
	assert_int_equal(s.e.others[PACKET_OTHER_IP], 3);
	assert_int_equal(s.e.others[PACKET_FRAGMENT], 1);
	assert_int_equal(s.e.others[PACKET_MALFORMED], 1); /* "x" */
	flows_end(fs);
	assert_int_equal(s.e.others[PACKET_OTHER_IP], 3);
	assert_int_equal(s.e.others[PACKET_FRAGMENT], 2);
	flows_free(fs);
	finish(&s);
	/* RFC 8200 4.5: what follows is as the first fragment says, whichever came first. */
	start(&s);
	packet_build_udp(&s.b, "2001:db8::1", 1, "2001:db8::2", 2, span_str("0123456789"));
	packet_build_fragment(&s.b, 0, 16);
	s.b.packets[1].bytes[14 + 40] = 6;
	packet_build_move(&s.b, 0, 1);
	listen_to(&s);
	assert_int_equal(s.e.datagrams, 1);
	assert_true(span_is(buf_span(&s.e.datagram), "0123456789"));
	finish(&s);
}

/* Fragments that cannot be: each is told, none becomes a datagram. */
static void test_wrong_fragments(void **state)
{
	(void)state;
	static const struct {
		const char *says;
		size_t at[2], n[2];
		bool more[2];
	} rows[] = {
		{"overlap and differ", {0, 8}, {16, 16}, {true, true}},
		{"differ in where they end", {8, 16}, {8, 8}, {false, false}},
		{"differ in where they end", {16, 8}, {8, 8}, {true, false}},
		{"behind the last one", {8, 16}, {8, 8}, {false, true}},
		{"no multiple of 8", {0, 16}, {12, 8}, {true, false}},
		{"beyond the largest", {65528, 0}, {16, 8}, {false, true}},
		{"without a byte", {8, 0}, {0, 8}, {false, true}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		start(&s);
		packet_build_init(&s.b, LINK_IPV4);
		for (int part = 0; part < 2; part++)
			put_fragment(&s.b, 17, rows[i].at[part], rows[i].more[part],
				(uint8_t)('a' + part), rows[i].n[part]);
		struct flows *fs = flows_new(&calls, &s.e);
		packet_build_feed(&s.b, fs);
		assert_int_equal(s.e.datagrams, 0);
		if (s.e.others[PACKET_MALFORMED] == 0)
			fail_msg("row %zu: taken", i);
		if (i != 4 && i != 5 && i != 6 && strstr(s.e.why, rows[i].says) == NULL)
			fail_msg("row %zu: %s", i, s.e.why);
		flows_end(fs);
		assert_int_equal(s.e.datagrams + s.e.others[PACKET_FRAGMENT], 0);
		flows_free(fs);
		finish(&s);
	}
}

/* More datagrams at once than may wait: the oldest are given up, and that is counted. */
static void test_fragment_limits(void **state)
{
	(void)state;
	char *text = letters(60000);
	for (int large = 0; large < 2; large++) {
		struct scene s;
		start(&s);
		for (int i = 0; i < 300; i++) {
			size_t at = s.b.n;
			packet_build_udp(&s.b, "2001:db8::1", 1, "2001:db8::2", 2,
				span_of(text, large ? 60000 : 600));
			packet_build_fragment(&s.b, at, large ? 56000 : 512);
			packet_build_drop(&s.b, at + 1);
		}
		listen_to(&s);
		assert_int_equal(s.e.others[PACKET_FRAGMENT], 300);
		assert_int_equal(s.e.datagrams, 0);
		if (large)
			assert_in_range(s.e.counts.limits, 200, 299);
		else
			assert_int_equal(s.e.counts.limits, 300 - FLOWS_FRAGMENTS_AT_ONCE);
		finish(&s);
	}
	free(text);
}

static void test_others(void **state)
{
	(void)state;
	struct scene s;
	start(&s);
	packet_build_link(&s.b, 0x0806, span_str("who has"));
	packet_build_link(&s.b, 0x0800, span_str("no IP header"));
	packet_build_udp(&s.b, "192.0.2.1", 1, "192.0.2.2", 2, span_str("hi"));
	struct packet_address a = packet_build_address("192.0.2.1");
	packet_build_ip(&s.b, &a, &a, 1, span_str("ping"));
	listen_to(&s);
	assert_int_equal(s.e.others[PACKET_NO_IP], 1);
	assert_int_equal(s.e.others[PACKET_MALFORMED], 1);
	assert_int_equal(s.e.others[PACKET_OTHER_IP], 1);
	assert_int_equal(s.e.counts.malformed, 1);
	assert_int_equal(s.e.datagrams, 1);
	assert_true(span_is(buf_span(&s.e.datagram), "hi"));
	finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_reordered),
		cmocka_unit_test(test_closed_gap),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_one_direction),
		cmocka_unit_test(test_acknowledged_gap),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_unchecked),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_resets),
		cmocka_unit_test(test_ports_again),
		cmocka_unit_test(test_midway),
		cmocka_unit_test(test_cut_packets),
		cmocka_unit_test(test_ahead_limits),
		cmocka_unit_test(test_all_ahead),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_flows_limit),
		cmocka_unit_test(test_linger),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_fragment_numbers),
		cmocka_unit_test(test_wrong_fragments),
		cmocka_unit_test(test_fragment_limits),
		cmocka_unit_test(test_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
