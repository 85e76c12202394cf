/*
 * Which packets are of what the recorder was shown: either direction, listeners, IPv4 in IPv6,
 * ends that were used before, fragments, and when it forgets.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/recorder_table.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static struct packet_address ip(const char *text)
{
	struct packet_address a = {0};
	if (text == NULL)
		return a;
	bool v6 = strchr(text, ':') != NULL;
	a.n = v6 ? 16 : 4;
	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, text, a.bytes), 1);
	return a;
}

static struct recorder_local local(const char *text, uint16_t port)
{
	return (struct recorder_local){ip(text), port, .v4 = true, .v6 = true};
}

static struct packet_parts tcp(const char *src, uint16_t src_port, const char *dst,
	uint16_t dst_port, uint8_t flags, uint32_t seq)
{
	return (struct packet_parts){.kind = PACKET_TCP,
		.protocol = IPPROTO_TCP,
		.src = ip(src),
		.dst = ip(dst),
		.src_port = src_port,
		.dst_port = dst_port,
		.flags = flags,
		.seq = seq};
}

static struct packet_parts udp(
	const char *src, uint16_t src_port, const char *dst, uint16_t dst_port)
{
	struct packet_parts p = tcp(src, src_port, dst, dst_port, 0, 0);
	p.kind = PACKET_UDP;
	p.protocol = IPPROTO_UDP;
	return p;
}

static bool wants(struct recorder_table *t, struct packet_parts p, int64_t at)
{
	return recorder_table_wants(t, &p, at);
}

static void show(struct recorder_table *t, bool is_udp, const char *l, uint16_t lp,
	const char *r, uint16_t rp, int64_t at)
{
	struct recorder_local end = local(l, lp);
	struct packet_address remote = ip(r);
	recorder_table_connection(t, is_udp, &end, &remote, rp, -1, at);
}

static void both_directions_and_no_other(void **state)
{
	static const struct {
		const char *src;
		uint16_t src_port;
		const char *dst;
		uint16_t dst_port;
		bool wanted;
	} rows[] = {
		{"10.0.0.1", 4000, "192.0.2.1", 443, true},
		{"192.0.2.1", 443, "10.0.0.1", 4000, true},
		{"10.0.0.1", 4001, "192.0.2.1", 443, false},
		{"10.0.0.1", 4000, "192.0.2.1", 444, false},
		{"10.0.0.1", 4000, "192.0.2.2", 443, false},
		{"10.0.0.1", 443, "192.0.2.1", 4000, false},
		{"192.0.2.1", 4000, "10.0.0.1", 443, false},
		{"192.0.2.2", 443, "10.0.0.1", 4000, false},
		{"10.0.0.2", 4000, "192.0.2.1", 443, false}, /* our port, another's address */
		{"2001:db8::1", 4000, "2001:db8::2", 443, false},
	};
	(void)state;
	struct recorder_table *t = recorder_table_new(1, RECORDER_HELD_MAX);
	show(t, false, "10.0.0.1", 4000, "192.0.2.1", 443, 0);
	assert_true(wants(t, tcp("10.0.0.1", 4000, "192.0.2.1", 443, TCP_SYN, 0), 0));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (wants(t,
			    tcp(rows[i].src, rows[i].src_port, rows[i].dst, rows[i].dst_port,
				    TCP_ACK, 1),
			    1) != rows[i].wanted)
			fail_msg("row %zu", i);
	assert_false(wants(t, udp("10.0.0.1", 4000, "192.0.2.1", 443), 1));
	recorder_table_free(t);
}

/* A socket that is bound to no address has the port on all of them. */
static void any_address(void **state)
{
	(void)state;
	struct recorder_table *t = recorder_table_new(2, RECORDER_HELD_MAX);
	show(t, true, NULL, 5353, "192.0.2.53", 53, 0);
	assert_true(wants(t, udp("10.0.0.1", 5353, "192.0.2.53", 53), 1));
	assert_true(wants(t, udp("192.0.2.53", 53, "10.9.9.9", 5353), 1));
	assert_false(wants(t, tcp("10.0.0.1", 5353, "192.0.2.53", 53, TCP_SYN, 1), 1));
	recorder_table_free(t);
}

static void ipv4_in_ipv6(void **state)
{
	(void)state;
	struct recorder_table *t = recorder_table_new(3, RECORDER_HELD_MAX);
	show(t, false, "::ffff:10.0.0.1", 4000, "::ffff:192.0.2.1", 443, 0);
	assert_true(wants(t, tcp("10.0.0.1", 4000, "192.0.2.1", 443, TCP_SYN, 1), 1));
	show(t, false, NULL, 4000, "2001:db8::2", 443, 0);
	assert_true(wants(t, tcp("2001:db8::1", 4000, "2001:db8::2", 443, TCP_SYN, 1), 1));
	assert_true(wants(t, tcp("2001:db8::2", 443, "2001:db8::1", 4000, TCP_ACK, 1), 1));
	struct recorder_local l = local("::ffff:10.0.0.1", 8080);
	assert_true(recorder_table_listener(t, &l));
	assert_true(wants(t, tcp("10.0.0.7", 999, "10.0.0.1", 8080, TCP_SYN, 1), 1));
	recorder_table_free(t);
}

static void listeners(void **state)
{
	(void)state;
	struct recorder_table *t = recorder_table_new(4, RECORDER_HELD_MAX);
	struct recorder_local l = local("127.0.0.1", 8080), any = local(NULL, 9090);
	any.v6 = false;
	assert_true(recorder_table_listener(t, &l));
	assert_true(recorder_table_listener(t, &any));
	/* An answer is known by what it answers. */
	assert_false(wants(t, tcp("127.0.0.1", 8080, "127.0.0.1", 50000, TCP_ACK, 1), 1));
	assert_true(wants(t, tcp("127.0.0.1", 50000, "127.0.0.1", 8080, TCP_SYN, 1), 1));
	assert_true(wants(t, tcp("127.0.0.1", 8080, "127.0.0.1", 50000, TCP_ACK, 1), 1));
	assert_false(wants(t, tcp("127.0.0.1", 50000, "127.0.0.2", 8080, TCP_SYN, 1), 1));
	assert_true(wants(t, tcp("10.0.0.2", 50000, "10.0.0.1", 9090, TCP_SYN, 1), 1));
	assert_false(wants(t, tcp("::1", 50000, "::1", 9090, TCP_SYN, 1), 1));
	/* What goes out to such a port of somebody else is none of it. */
	struct packet_parts out = tcp("10.0.0.1", 50000, "192.0.2.1", 9090, TCP_SYN, 1);
	out.outgoing = true;
	assert_false(wants(t, out, 1));
	assert_false(wants(t, tcp("192.0.2.1", 9090, "10.0.0.1", 50000, TCP_ACK, 1), 1));
	/* Nor what somebody begins from such a port, to whomever. */
	assert_false(wants(t, tcp("127.0.0.1", 8080, "127.0.0.1", 50001, TCP_SYN, 1), 1));
	assert_false(wants(t, tcp("10.0.0.1", 9090, "192.0.2.1", 443, TCP_SYN, 1), 1));
	for (size_t i = 2; i < RECORDER_LISTENERS_MAX; i++)
		assert_true(recorder_table_listener(t, &l));
	assert_false(recorder_table_listener(t, &l));
	recorder_table_free(t);
}

/* An order is for one connection: the next one between the same ends is not shown by it. */
static void one_connection_an_order(void **state)
{
	(void)state;
	struct recorder_table *t = recorder_table_new(5, RECORDER_HELD_MAX);
	show(t, false, NULL, 4000, "192.0.2.1", 443, 0);
	assert_true(wants(t, tcp("10.0.0.1", 4000, "192.0.2.1", 443, TCP_SYN, 77), 1));
	/* sent again */
	assert_true(wants(t, tcp("10.0.0.1", 4000, "192.0.2.1", 443, TCP_SYN, 77), 2));
	assert_true(
		wants(t, tcp("192.0.2.1", 443, "10.0.0.1", 4000, TCP_SYN | TCP_ACK, 99), 3));
	assert_false(wants(t, tcp("10.0.0.1", 4000, "192.0.2.1", 443, TCP_SYN, 78), 4));
	assert_false(wants(t, tcp("10.0.0.1", 4000, "192.0.2.1", 443, TCP_ACK, 79), 5));
	show(t, false, NULL, 4000, "192.0.2.1", 443, 6);
	assert_true(wants(t, tcp("10.0.0.1", 4000, "192.0.2.1", 443, TCP_SYN, 80), 7));
	struct recorder_table_counts c;
	recorder_table_count(t, &c);
	assert_int_equal(c.connections, 1);
	recorder_table_free(t);
}

static void forgets(void **state)
{
	static const struct {
		uint8_t up, down; /* flags that the two ends send */
		int64_t kept_s, gone_s;
	} rows[] = {
		{TCP_ACK, TCP_ACK, RECORDER_TCP_IDLE_S - 1, RECORDER_TCP_IDLE_S + 1},
		{TCP_FIN | TCP_ACK, TCP_ACK, RECORDER_TCP_IDLE_S - 1, RECORDER_TCP_IDLE_S + 1},
		{TCP_FIN | TCP_ACK, TCP_FIN | TCP_ACK, RECORDER_OVER_S - 1,
			RECORDER_OVER_S + 1},
		{TCP_ACK, TCP_RST, RECORDER_OVER_S - 1, RECORDER_OVER_S + 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int late = 0; late < 2; late++) {
			struct recorder_table *t = recorder_table_new(6, RECORDER_HELD_MAX);
			struct recorder_table_counts c;
			show(t, false, NULL, 1, "192.0.2.1", 2, 0);
			assert_true(
				wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 2, TCP_SYN, 0), 0));
			assert_true(
				wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 2, rows[i].up, 1), 0));
			assert_true(wants(
				t, tcp("192.0.2.1", 2, "10.0.0.1", 1, rows[i].down, 1), 0));
			int64_t at = (late ? rows[i].gone_s : rows[i].kept_s) * SECOND;
			/* By a packet, and by the clock. */
			recorder_table_sweep(t, at);
			recorder_table_count(t, &c);
			assert_int_equal(c.connections, late ? 0 : 1);
			/* It is told of what may have gone on. */
			assert_int_equal(
				c.silent, late && rows[i].gone_s > RECORDER_TCP_IDLE_S);
			assert_int_equal(
				wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 2, TCP_ACK, 1), at),
				!late);
			recorder_table_free(t);
		}
	struct recorder_table *t = recorder_table_new(7, RECORDER_HELD_MAX);
	show(t, true, NULL, 1, "192.0.2.1", 53, 0);
	assert_false(
		wants(t, udp("10.0.0.1", 1, "192.0.2.1", 53), (RECORDER_START_S + 1) * SECOND));
	show(t, true, NULL, 1, "192.0.2.1", 53, 0);
	assert_true(wants(t, udp("10.0.0.1", 1, "192.0.2.1", 53), 1));
	assert_false(wants(
		t, udp("192.0.2.1", 53, "10.0.0.1", 1), (RECORDER_UDP_IDLE_S + 1) * SECOND));
	recorder_table_free(t);
}

/* The remote end has bytes that its TCP would not send: the socket takes none of them. */
static void what_the_other_end_forges_ends_nothing(void **state)
{
	static const uint8_t forged[] = {
		TCP_RST, TCP_RST | TCP_ACK, TCP_FIN | TCP_ACK, TCP_SYN};
	(void)state;
	for (size_t i = 0; i < sizeof forged; i++) {
		struct recorder_table *t = recorder_table_new(6, RECORDER_HELD_MAX);
		struct recorder_table_counts c;
		int64_t at = 1;
		show(t, false, NULL, 1, "192.0.2.1", 2, 0);
		assert_true(wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 2, TCP_SYN, 7), at));
		assert_true(wants(
			t, tcp("192.0.2.1", 2, "10.0.0.1", 1, TCP_SYN | TCP_ACK, 70), at));
		assert_true(wants(t, tcp("192.0.2.1", 2, "10.0.0.1", 1, forged[i], 99), at));
		/* Its packets keep it, each of them for as long again. */
		for (int n = 0; n < 3; n++) {
			at += (RECORDER_OVER_S - 1) * SECOND;
			recorder_table_sweep(t, at);
			assert_true(
				wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 2, TCP_ACK, 8), at));
			assert_true(
				wants(t, tcp("192.0.2.1", 2, "10.0.0.1", 1, TCP_ACK, 71), at));
		}
		recorder_table_count(t, &c);
		assert_int_equal(c.connections, 1);
		assert_int_equal(c.silent + c.late, 0);
		recorder_table_free(t);
	}
	/* Who began it may begin another, which nobody showed, or to a listener. */
	struct recorder_table *t = recorder_table_new(6, RECORDER_HELD_MAX);
	struct recorder_local l = local("127.0.0.1", 8080);
	assert_true(recorder_table_listener(t, &l));
	assert_true(wants(t, tcp("127.0.0.1", 1, "127.0.0.1", 8080, TCP_SYN, 7), 1));
	assert_true(wants(t, tcp("127.0.0.1", 8080, "127.0.0.1", 1, TCP_RST, 70), 1));
	assert_true(wants(t, tcp("127.0.0.1", 1, "127.0.0.1", 8080, TCP_SYN, 8), 1));
	assert_true(wants(t, tcp("127.0.0.1", 1, "127.0.0.1", 8080, TCP_ACK, 9),
		(RECORDER_OVER_S + 2) * SECOND));
	recorder_table_free(t);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int hold(struct recorder_table *t, bool is_udp, uint16_t port)
{
	struct recorder_local end = local(NULL, port);
	struct packet_address remote = ip("192.0.2.1");
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	recorder_table_connection(t, is_udp, &end, &remote, 443, fd, 0);
	return fd;
}

static void holds_sockets(void **state)
{
	(void)state;
	struct recorder_table *t = recorder_table_new(8, RECORDER_HELD_MAX);
	struct recorder_table_counts c;
	int first = hold(t, false, 1), second = hold(t, true, 2), third = hold(t, false, 3);
	assert_true(is_open(first));
	assert_true(wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_SYN, 1), 1));
	assert_false(is_open(first));
	assert_true(wants(t, udp("10.0.0.1", 2, "192.0.2.1", 443), 1));
	assert_true(is_open(second) && is_open(third));
	recorder_table_sweep(t, (RECORDER_UDP_IDLE_S + 1) * SECOND);
	assert_true(!is_open(second) && is_open(third));
	recorder_table_sweep(t, (RECORDER_START_S + 1) * SECOND);
	assert_false(is_open(third));
	recorder_table_count(t, &c);
	assert_int_equal(c.held, 0);
	assert_int_equal(c.connections, 1);
	int last = hold(t, true, 5);
	recorder_table_free(t);
	assert_false(is_open(last));
}

static uint64_t pushed_out(struct recorder_table *t)
{
	struct recorder_table_counts c;
	recorder_table_count(t, &c);
	return c.pushed_out;
}

/* There is room again when one begins, or has been silent for too long. */
static void room(void **state)
{
	(void)state;
	struct recorder_table *t = recorder_table_new(8, 2);
	int first = hold(t, false, 1);
	assert_true(recorder_table_room(t, 1));
	int second = hold(t, false, 2);
	assert_false(recorder_table_room(t, 2));
	assert_true(is_open(first) && is_open(second));
	assert_true(wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_SYN, 1), 2));
	assert_true(recorder_table_room(t, 2));
	int third = hold(t, true, 3);
	assert_false(recorder_table_room(t, 3));
	/* Datagrams that have begun go first, and are missed if they were at it. */
	assert_true(wants(t, udp("10.0.0.1", 3, "192.0.2.1", 443), 4));
	assert_true(recorder_table_room(t, 4));
	assert_true(!is_open(third) && is_open(second));
	assert_int_equal(pushed_out(t), 1);
	third = hold(t, true, 3);
	assert_false(recorder_table_room(t, RECORDER_FULL_START_S * SECOND));
	assert_true(recorder_table_room(t, RECORDER_FULL_START_S * SECOND + 1));
	assert_true(!is_open(second) && is_open(third));
	assert_int_equal(pushed_out(t), 2);
	recorder_table_free(t);
}

/* Two orders for the same ends before the first packet of either. */
static void same_ends_one_after_the_other(void **state)
{
	(void)state;
	struct recorder_table *t = recorder_table_new(12, RECORDER_HELD_MAX);
	int first = hold(t, false, 1), second = hold(t, false, 1);
	assert_true(wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_SYN, 7), 1));
	assert_true(!is_open(first) && is_open(second));
	assert_true(wants(t, tcp("192.0.2.1", 443, "10.0.0.1", 1, TCP_RST, 8), 1));
	assert_true(wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_SYN, 9), 1));
	assert_false(is_open(second));
	assert_true(wants(t, tcp("192.0.2.1", 443, "10.0.0.1", 1, TCP_ACK, 8), 1));
	assert_false(wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_SYN, 11), 1));
	recorder_table_free(t);
}

/* What begins with anything but a SYN of the end that was shown had begun before. */
static void begins_with_its_syn(void **state)
{
	(void)state;
	const struct packet_parts rows[] = {
		tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_ACK, 7),
		tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_RST, 7),
		tcp("192.0.2.1", 443, "10.0.0.1", 1, TCP_ACK, 7),
		tcp("192.0.2.1", 443, "10.0.0.1", 1, TCP_SYN | TCP_ACK, 7),
		tcp("192.0.2.1", 443, "10.0.0.1", 1, TCP_SYN, 7),
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct recorder_table *t = recorder_table_new(13, RECORDER_HELD_MAX);
		struct recorder_table_counts c;
		int fd = hold(t, false, 1);
		if (wants(t, rows[i], 1) || is_open(fd) ||
			wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_SYN, 9), 2))
			fail_msg("row %zu", i);
		recorder_table_count(t, &c);
		assert_int_equal(c.late, 1);
		assert_int_equal(c.connections, 0);
		recorder_table_free(t);
	}
	/* Nor is a connection recorded that a listener had before it was shown. */
	struct recorder_table *t = recorder_table_new(13, RECORDER_HELD_MAX);
	struct recorder_local l = local("127.0.0.1", 8080);
	assert_true(recorder_table_listener(t, &l));
	assert_false(wants(t, tcp("127.0.0.1", 50000, "127.0.0.1", 8080, TCP_ACK, 1), 1));
	recorder_table_free(t);
}

static bool proves;
static bool still(int held, bool is_udp, const struct recorder_local *own,
	const struct packet_address *remote, uint16_t remote_port)
{
	struct packet_address a = ip("10.0.0.1"), b = ip("192.0.2.1");
	(void)is_udp;
	assert_true(is_open(held));
	assert_true(packet_address_same(&own->ip, &a) && packet_address_same(remote, &b));
	assert_int_equal(own->port, 1);
	assert_int_equal(remote_port, 443);
	return proves;
}

/* What is held is asked again: once for TCP, always for UDP. */
static void asks_what_is_held(void **state)
{
	(void)state;
	struct recorder_table *t = recorder_table_new(14, RECORDER_HELD_MAX);
	recorder_table_ask(t, still);
	hold(t, false, 1);
	proves = false;
	assert_false(wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_SYN, 9), 2));
	proves = true;
	assert_false(wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_SYN, 9), 2));
	hold(t, false, 1);
	assert_true(wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_SYN, 9), 2));
	hold(t, true, 1);
	assert_true(wants(t, udp("10.0.0.1", 1, "192.0.2.1", 443), 2));
	proves = false;
	assert_false(wants(t, udp("192.0.2.1", 443, "10.0.0.1", 1), 2));
	proves = true;
	assert_false(wants(t, udp("192.0.2.1", 443, "10.0.0.1", 1), 2));
	recorder_table_free(t);
}

static void limits(void **state)
{
	(void)state;
	struct recorder_table *t = recorder_table_new(9, RECORDER_HELD_MAX);
	struct recorder_table_counts c;
	for (uint32_t i = 0; i < RECORDER_TABLE_MAX; i++)
		show(t, false, "10.0.0.1", (uint16_t)i, i % 2 ? "192.0.2.1" : "192.0.2.2", 443,
			0);
	/* The first one speaks, so the second one is silent for longest. */
	assert_true(wants(t, tcp("10.0.0.1", 0, "192.0.2.2", 443, TCP_SYN, 1), 1));
	show(t, false, "10.0.0.1", 7, "192.0.2.9", 443, 1);
	recorder_table_count(t, &c);
	assert_int_equal(c.connections, RECORDER_TABLE_MAX);
	assert_int_equal(c.pushed_out, 1);
	assert_true(wants(t, tcp("10.0.0.1", 0, "192.0.2.2", 443, TCP_ACK, 1), 1));
	assert_false(wants(t, tcp("10.0.0.1", 1, "192.0.2.1", 443, TCP_SYN, 1), 1));
	assert_true(wants(t, tcp("10.0.0.1", 2, "192.0.2.2", 443, TCP_SYN, 1), 1));
	assert_true(wants(t, tcp("10.0.0.1", 7, "192.0.2.9", 443, TCP_SYN, 1), 1));
	recorder_table_free(t);
	/* One that is over is not missed, once nothing has come for a while. */
	for (int quiet = 0; quiet < 2; quiet++) {
		t = recorder_table_new(9, RECORDER_HELD_MAX);
		show(t, false, "10.0.0.1", 0, "192.0.2.1", 443, 0);
		assert_true(wants(t, tcp("10.0.0.1", 0, "192.0.2.1", 443, TCP_SYN, 1), 0));
		assert_true(wants(t, tcp("192.0.2.1", 443, "10.0.0.1", 0, TCP_RST, 1), 0));
		int64_t at = RECORDER_QUIET_S * SECOND + quiet;
		for (uint32_t i = 1; i <= RECORDER_TABLE_MAX; i++)
			show(t, false, "10.0.0.1", (uint16_t)i, "192.0.2.2", 443, at);
		recorder_table_count(t, &c);
		assert_int_equal(c.pushed_out, !quiet);
		recorder_table_free(t);
	}
}

static struct packet_parts fragment(uint32_t id, uint32_t at, const void *bytes, size_t n)
{
	struct packet_parts p = udp("192.0.2.53", 0, "10.0.0.1", 0);
	p.kind = PACKET_FRAGMENT;
	p.fragment_id = id;
	p.fragment_at = at;
	p.payload = span_of(bytes, n);
	return p;
}

static void fragments(void **state)
{
	static const uint8_t ours[] = {0, 53, 0x0f, 0xa0, 9, 9, 0, 0};
	static const uint8_t others[] = {0, 53, 0x0f, 0xa1, 9, 9, 0, 0};
	(void)state;
	struct recorder_table *t = recorder_table_new(10, RECORDER_HELD_MAX);
	show(t, true, NULL, 4000, "192.0.2.53", 53, 0);
	assert_false(wants(t, fragment(7, 1480, "x", 1), 1));
	assert_true(wants(t, fragment(7, 0, ours, sizeof ours), 1));
	assert_true(wants(t, fragment(7, 1480, "x", 1), 1));
	assert_false(wants(t, fragment(8, 1480, "x", 1), 1));
	assert_false(wants(t, fragment(9, 0, others, sizeof others), 1));
	assert_false(wants(t, fragment(9, 1480, "x", 1), 1));
	assert_false(wants(t, fragment(10, 0, ours, 3), 1)); /* half a port */
	struct packet_parts p = fragment(7, 1480, "x", 1);
	p.src = ip("192.0.2.54");
	assert_false(wants(t, p, 1));
	assert_false(wants(t, fragment(7, 1480, "x", 1), (RECORDER_FRAGMENT_S + 1) * SECOND));
	/* More than are followed at once: the oldest goes. */
	assert_true(wants(t, fragment(100, 0, ours, sizeof ours), 1));
	for (uint32_t i = 1; i <= RECORDER_FRAGMENTS_MAX; i++) {
		assert_true(wants(t, fragment(100 + i - 1, 8, "x", 1), 1));
		assert_true(wants(t, fragment(100 + i, 0, ours, sizeof ours), 1));
	}
	assert_false(wants(t, fragment(100, 8, "x", 1), 1));
	recorder_table_free(t);
}

static void nothing_else(void **state)
{
	static const enum packet_kind kinds[] = {
		PACKET_OTHER_IP, PACKET_NO_IP, PACKET_UNKNOWN_LINK, PACKET_MALFORMED};
	(void)state;
	struct recorder_table *t = recorder_table_new(11, RECORDER_HELD_MAX);
	show(t, false, NULL, 4000, "192.0.2.1", 443, 0);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct packet_parts p = tcp("10.0.0.1", 4000, "192.0.2.1", 443, TCP_ACK, 1);
		p.kind = kinds[i];
		assert_false(wants(t, p, 1));
	}
	recorder_table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_and_no_other),
		cmocka_unit_test(any_address),
		cmocka_unit_test(ipv4_in_ipv6),
		cmocka_unit_test(listeners),
		cmocka_unit_test(one_connection_an_order),
		cmocka_unit_test(forgets),
		cmocka_unit_test(what_the_other_end_forges_ends_nothing),
		cmocka_unit_test(holds_sockets),
		cmocka_unit_test(room),
		cmocka_unit_test(same_ends_one_after_the_other),
		cmocka_unit_test(begins_with_its_syn),
		cmocka_unit_test(asks_what_is_held),
		cmocka_unit_test(limits),
		cmocka_unit_test(fragments),
		cmocka_unit_test(nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
