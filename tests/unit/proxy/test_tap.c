/* Who watches from outside is told of each socket before its first packet: attempts to reach an
 * origin, and questions to name servers by UDP and TCP. */
#include "proxy/tap.h"
#include "tests/kit/dialing.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

enum { TOLD_MAX = 16 };

static struct watcher {
	struct dialing *f;
	int listener; /* -1: none */
	size_t n;
	struct told {
		int type;
		uint16_t local, remote;
		sa_family_t family;
		bool early;
	} told[TOLD_MAX];
} w;

static uint16_t port_of(const struct sockaddr_storage *a)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	memcpy(&in, a, sizeof in);
	memcpy(&in6, a, sizeof in6);
	return ntohs(a->ss_family == AF_INET ? in.sin_port : in6.sin6_port);
}

/* TCP: no SYN left. UDP: no more questions came than sockets were told before. */
static bool is_early(int fd, int type)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof info;
	struct pollfd p = {w.listener, POLLIN, 0};
	if (type == SOCK_DGRAM)
		return dns_server_asked(w.f->dns, NULL, BOTH) <= w.n;
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       info.tcpi_state == TCP_CLOSE && (w.listener < 0 || poll(&p, 1, 0) == 0);
}

static void opening(void *self, int fd, const struct sockaddr *remote, socklen_t len)
{
	struct sockaddr_storage local = {0}, to = {0};
	socklen_t local_len = sizeof local, type_len = sizeof(int);
	assert_ptr_equal(self, &w);
	assert_true(w.n < TOLD_MAX);
	struct told *t = &w.told[w.n];
	assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &local_len), 0);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TYPE, &t->type, &type_len), 0);
	assert_true(len <= sizeof to);
	memcpy(&to, remote, len);
	t->local = port_of(&local);
	t->remote = port_of(&to);
	t->family = to.ss_family;
	t->early = is_early(fd, t->type);
	assert_true(t->local != 0);
	w.n++;
}

static const struct tap tap = {.self = &w, .opening = opening};

static void watch(struct dialing *f, int listener)
{
	w = (struct watcher){.f = f, .listener = listener};
	f->d.tap = &tap;
	resolver_use_tap(f->d.resolver, &tap);
}

static void test_attempt(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_allow(f, "127.0.0.0/8");
	watch(f, listener);
	int fd = dialing_ok(f, "127.0.0.1", port, "127.0.0.1");
	assert_int_equal(w.n, 1);
	assert_int_equal(w.told[0].local, f->leg.local_port);
	assert_int_equal(w.told[0].remote, port);
	assert_true(w.told[0].early);
	dialing_assert_span(f->leg.local_ip, "127.0.0.1");
	close(fd);
	close(listener);
}

static void test_refused_by_policy(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	watch(f, listener);
	dialing_fails(f, "127.0.0.1", port, ERR_REFUSED_ADDRESS, "127.0.0.1");
	assert_int_equal(w.n, 0);
	close(listener);
}

static void test_ipv6(void **state)
{
	struct dialing *f = *state;
	uint16_t port = 0;
	int listener = dialing_listen("::1", &port, 16);
	if (listener < 0)
		skip();
	dialing_allow(f, "::1");
	watch(f, listener);
	close(dialing_ok(f, "::1", port, "::1"));
	assert_int_equal(w.n, 1);
	assert_int_equal(w.told[0].family, AF_INET6);
	assert_int_equal(w.told[0].local, f->leg.local_port);
	assert_int_equal(w.told[0].remote, port);
	assert_true(w.told[0].early);
	close(listener);
}

static void test_race(void **state)
{
	struct dialing *f = *state;
	struct blackhole hole;
	uint16_t port;
	int two[2];
	dialing_listen_two((const char *const[]){"127.0.0.2", "127.0.0.3"},
		(const int[]){0, 16}, two, &port);
	blackhole_fill(&hole, "127.0.0.2", two[0], port);
	dialing_allow(f, "127.0.0.0/8");
	dns_server_on(f->dns, "www.test", A, 0, "@ A 60 127.0.0.2; @ A 60 127.0.0.3");
	watch(f, two[1]);
	int before = dialing_next_descriptor();
	close(dialing_ok(f, "www.test", port, "127.0.0.3"));
	assert_int_equal(dialing_next_descriptor(), before);
	/* Two questions, two attempts: the one that was given up, too. */
	assert_int_equal(w.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_true(w.told[i].early);
		assert_int_equal(w.told[i].type, i < 2 ? SOCK_DGRAM : SOCK_STREAM);
	}
	assert_int_equal(w.told[2].remote, port);
	assert_true(w.told[2].local != w.told[3].local);
	assert_int_equal(w.told[3].local, f->leg.local_port);
	close(two[1]);
	blackhole_end(&hole);
}

static bool had[65536];
static size_t again;

static void count_port(void *self, int fd, const struct sockaddr *remote, socklen_t len)
{
	struct sockaddr_storage local = {0};
	socklen_t local_len = sizeof local;
	(void)self, (void)remote, (void)len;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &local_len), 0);
	again += had[port_of(&local)];
	had[port_of(&local)] = true;
}

/* The same two ends do not meet again soon: drawn anew each time, of a thousand ports some
 * thirty would come twice. */
static void test_ports(void **state)
{
	static const struct tap counting = {.opening = count_port};
	struct dialing *f = *state;
	uint16_t port;
	int holder = dialing_refused_port(&port);
	dialing_allow(f, "127.0.0.0/8");
	f->d.tap = &counting;
	for (int i = 0; i < 1000; i++)
		dialing_fails(f, "127.0.0.1", port, ERR_CONNECT_REFUSED, "");
	assert_true(again <= 2); /* where all tries met ports that others have */
	close(holder);
}

static void test_questions(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	uint16_t server = (uint16_t)atoi(strrchr(dns_server_address(f->dns), ':') + 1);
	dialing_allow(f, "127.0.0.0/8");
	dns_server_on(f->dns, "long.test", A, 0, "!tcp; @ A 60 127.0.0.1");
	dns_server_on(f->dns, "long.test", AAAA, 0, "@ CNAME 60 none.test");
	watch(f, listener);
	close(dialing_ok(f, "long.test", port, "127.0.0.1"));
	assert_int_equal(dns_server_asked_by_tcp(f->dns, "long.test", A), 1);
	/* Two by UDP, one of them again by TCP, the attempt. */
	assert_int_equal(w.n, 4);
	size_t udp = 0, tcp = 0;
	for (size_t i = 0; i < 3; i++) {
		assert_true(w.told[i].early);
		assert_int_equal(w.told[i].remote, server);
		udp += w.told[i].type == SOCK_DGRAM;
		tcp += w.told[i].type == SOCK_STREAM;
	}
	assert_int_equal(udp, 2);
	assert_int_equal(tcp, 1);
	assert_int_equal(w.told[3].remote, port);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DIALING_TEST(test_attempt),
		DIALING_TEST(test_refused_by_policy),
		DIALING_TEST(test_ipv6),
		DIALING_TEST(test_race),
		DIALING_TEST(test_questions),
		DIALING_TEST(test_ports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
