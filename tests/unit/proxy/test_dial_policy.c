/*
 * Where dial does not go: addresses that policy refuses, our own ports in every form, names
 * that are rebound; and that --connect-to leads elsewhere but permits nothing.
 */
#include "tests/kit/dialing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* ---- connect-to ---- */

static void test_connect_to_address(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_allow(f, "127.0.0.1");
	dialing_rule(f, "shop.test:443:127.0.0.1", port);
	close(dialing_ok(f, "shop.test", 443, "127.0.0.1"));
	dialing_assert_span(f->leg.dial_host, "127.0.0.1");
	assert_int_equal(f->leg.dial_port, port);
	dialing_assert_span(f->dns_fact.name, "shop.test");
	dialing_assert_span(f->dns_fact.source, "connect-to");
	dialing_assert_span(f->dns_fact.addresses, "127.0.0.1");
	dialing_assert_span(f->dns_fact.detail, "--connect-to gave 127.0.0.1 for shop.test");
	assert_int_equal(dns_server_asked(f->dns, NULL, BOTH), 0);
	dialing_fails(f, "shop.test", 80, ERR_DNS_NOT_FOUND,
		"NXDOMAIN"); /* another port: not meant */
	close(listener);
}

static void test_connect_to_name(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_allow(f, "127.0.0.1");
	dns_server_on(f->dns, "staging.test", A, 0, "@ A 60 127.0.0.1");
	dialing_rule(f, "shop.test::staging.test", port);
	close(dialing_ok(f, "shop.test", 443, "127.0.0.1"));
	dialing_assert_span(f->leg.dial_host, "staging.test");
	dialing_assert_span(f->dns_fact.name, "staging.test");
	dialing_assert_span(f->dns_fact.source, "dns");
	dialing_assert_span(f->dns_fact.detail, "--connect-to gave staging.test for shop.test");
	assert_int_equal(dns_server_asked(f->dns, "shop.test", BOTH), 0);
	close(listener);
}

/* A rule is no permission. */
static void test_connect_to_is_checked(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_rule(f, "::127.0.0.1", port);
	dialing_fails(f, "shop.test", 443, ERR_REFUSED_ADDRESS, "127.0.0.1 is loopback");
	dialing_assert_untouched(listener);
	close(listener);
}

static void test_connect_to_port(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_allow(f, "127.0.0.1");
	dns_server_on(f->dns, "shop.test", A, 0, "@ A 60 127.0.0.1");
	dialing_rule(f, ":443:", port);
	close(dialing_ok(f, "shop.test", 443, "127.0.0.1"));
	dialing_assert_span(f->leg.dial_host, "shop.test");
	assert_int_equal(f->leg.dial_port, port);
	dialing_assert_span(f->dns_fact.source, "dns");
	dialing_assert_span(f->dns_fact.detail, NULL);
	close(listener);
}

/* ---- policy ---- */

static void test_refused_addresses(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dns_server_on(f->dns, "evil.test", A, 0, "@ A 0 127.0.0.1; @ A 0 10.0.0.1");
	dns_server_on(f->dns, "evil.test", AAAA, 0, "@ AAAA 0 ::ffff:169.254.169.254");
	dialing_fails(f, "evil.test", port, ERR_REFUSED_ADDRESS,
		"::ffff:169.254.169.254 is v4-mapped metadata");
	dialing_assert_span(f->leg.attempts,
		dialing_text(f,
			"[::ffff:169.254.169.254]:# refused-address\n127.0.0.1:# "
			"refused-address\n10.0.0.1:# refused-address",
			port));
	dialing_assert_span(f->dns_fact.outcome, "ok"); /* the lookup was fine */
	dialing_assert_untouched(listener);
	close(listener);
}

static void test_refused_one_is_skipped(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.3", &port);
	dialing_allow(f, "127.0.0.3");
	dns_server_on(f->dns, "mixed.test", A, 0, "@ A 0 10.0.0.1; @ A 0 127.0.0.3");
	close(dialing_ok(f, "mixed.test", port, "127.0.0.3"));
	dialing_assert_span(f->leg.attempts,
		dialing_text(f, "10.0.0.1:# refused-address\n127.0.0.3:# ok", port));
	close(listener);
	/* the allowed one fails: that is the error, not the policy */
	dialing_fails(f, "mixed.test", port, ERR_CONNECT_REFUSED, "127.0.0.3");
}

/* The first answer is fine, the next one is not: one lookup per dial, and its address is the
 * one that is connected to. */
static void test_rebinding(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int fd[2];
	dialing_listen_two((const char *const[]){"127.0.0.2", "127.0.0.1"},
		(const int[]){16, 16}, fd, &port);
	dialing_allow(f, "127.0.0.2"); /* plays the public address */
	dns_server_on(f->dns, "rebind.test", A, 1, "@ A 0 127.0.0.2");
	dns_server_on(f->dns, "rebind.test", A, 0, "@ A 0 127.0.0.1");
	close(dialing_ok(f, "rebind.test", port, "127.0.0.2"));
	assert_int_equal(dns_server_asked(f->dns, "rebind.test", A), 1);
	dialing_fails(f, "rebind.test", port, ERR_REFUSED_ADDRESS, "127.0.0.1 is loopback");
	assert_int_equal(dns_server_asked(f->dns, "rebind.test", A), 2);
	dialing_assert_untouched(fd[1]);
	close(fd[0]);
	close(fd[1]);
}

/* The address of one of this machine's interfaces other than loopback; false if there is none.
 */
static bool other_own_address(char ip[INET_ADDRSTRLEN])
{
	/* 198.18.0.1 is not sent anything: connecting a datagram socket only asks for the route
	 */
	struct sockaddr_storage far = dialing_address("198.18.0.1", 9), source = {0};
	socklen_t len = sizeof source;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = connect(fd, (struct sockaddr *)&far, sizeof(struct sockaddr_in)) == 0 &&
		  getsockname(fd, (struct sockaddr *)&source, &len) == 0;
	close(fd);
	struct sockaddr_in in;
	memcpy(&in, &source, sizeof in);
	return ok && inet_ntop(AF_INET, &in.sin_addr, ip, INET_ADDRSTRLEN) != NULL &&
	       strncmp(ip, "127.", 4) != 0;
}

static void test_own_port(void **state)
{
	struct dialing *f = *state;
	struct err err = {0};
	static const char *const binds[] = {"127.0.0.1", "0.0.0.0"};
	static const char *const forms[] = {"127.0.0.1", "127.1.2.3", "127.255.255.254",
		"0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "localhost",
		"x.localhost", "self.test", "self6.test", "mapped.test", "alias.test"};
	dialing_allow(f, "0.0.0.0/0");
	dialing_allow(f, "::/0");
	dns_server_on(f->dns, "self.test", A, 0, "@ A 0 127.8.8.8");
	dns_server_on(f->dns, "self6.test", AAAA, 0, "@ AAAA 0 ::1");
	dns_server_on(f->dns, "mapped.test", AAAA, 0, "@ AAAA 0 ::ffff:127.0.0.1");
	dns_server_on(
		f->dns, "alias.test", A, 0, "@ CNAME 0 localhost; localhost A 0 127.0.0.1");
	for (size_t b = 0; b < 2; b++) {
		uint16_t port;
		int listener = dialing_listen_any(binds[b], &port);
		struct sockaddr_storage own = dialing_address(binds[b], port);
		f->policy.n_own = 0;
		assert_true(policy_add_own(&f->policy, (struct sockaddr *)&own, &err));
		for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
			dialing_fails(f, forms[i], port, ERR_REFUSED_SELF, "");
			dialing_assert_untouched(listener);
		}
		close(listener);
	}
}

/* Listening everywhere: an interface's own address is ours too, although the policy alone
 * cannot know it. */
static void test_own_port_at_an_interface(void **state)
{
	struct dialing *f = *state;
	struct err err = {0};
	char ip[INET_ADDRSTRLEN], mapped[INET6_ADDRSTRLEN];
	uint16_t port;
	if (!other_own_address(ip))
		skip();
	snprintf(mapped, sizeof mapped, "::ffff:%s", ip);
	int listener = dialing_listen_any("0.0.0.0", &port);
	dialing_allow(f, "0.0.0.0/0");
	close(dialing_ok(f, ip, port, ip)); /* the test itself can reach it */
	int accepted = accept(listener, NULL, NULL);
	close(accepted);
	struct sockaddr_storage own = dialing_address("0.0.0.0", port);
	assert_true(policy_add_own(&f->policy, (struct sockaddr *)&own, &err));
	dialing_fails(f, ip, port, ERR_REFUSED_SELF, ip);
	dialing_fails(f, mapped, port, ERR_REFUSED_SELF, ip);
	dialing_assert_untouched(listener);
	close(listener);
}

static void test_mapped_literal(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_fails(f, "::ffff:127.0.0.1", port, ERR_REFUSED_ADDRESS, "v4-mapped loopback");
	dialing_allow(f, "127.0.0.0/8");
	int fd = dialing_call(f, "::ffff:127.0.0.1", port);
	if (fd < 0 && f->err.kind == ERR_CONNECT_UNREACHABLE)
		skip(); /* no IPv6 at all */
	assert_true(fd >= 0);
	dialing_assert_span(f->leg.remote_ip, "::ffff:127.0.0.1");
	close(fd);
	close(listener);
}

/* The kernel connects 0.0.0.0 to loopback: that is the address that counts, for policy and for
 * the facts. */
static void test_unspecified_is_loopback(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_allow(f, "0.0.0.0");
	dialing_fails(f, "0.0.0.0", port, ERR_REFUSED_ADDRESS, "127.0.0.1 is loopback");
	dialing_assert_span(
		f->leg.attempts, dialing_text(f, "127.0.0.1:# refused-address", port));
	dialing_allow(f, "127.0.0.1");
	int fd = dialing_call(f, "0.0.0.0", port);
	assert_true(fd >= 0);
	dialing_assert_span(f->leg.remote_ip, "127.0.0.1");
	close(fd);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DIALING_TEST(test_connect_to_address),
		DIALING_TEST(test_connect_to_name),
		DIALING_TEST(test_connect_to_is_checked),
		DIALING_TEST(test_connect_to_port),
		DIALING_TEST(test_refused_addresses),
		DIALING_TEST(test_refused_one_is_skipped),
		DIALING_TEST(test_rebinding),
		DIALING_TEST(test_own_port),
		DIALING_TEST(test_own_port_at_an_interface),
		DIALING_TEST(test_mapped_literal),
		DIALING_TEST(test_unspecified_is_loopback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
