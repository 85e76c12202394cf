/*
 * Reaching origins through real sockets and a scripted name server, on loopback only: it
 * connects and says how, it fails and says why, and deadline and stop are kept.
 */
#include "store/base/clock.h"
#include "tests/kit/dialing.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* ---- it connects, and says how ---- */

static void test_by_name(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_allow(f, "127.0.0.0/8");
	dns_server_on(
		f->dns, "click.test", A, 0, "@ CNAME 300 esp.test; esp.test A 60 127.0.0.1");
	int fd = dialing_ok(f, "click.test", port, "127.0.0.1");
	dialing_assert_span(f->leg.dial_host, "click.test");
	dialing_assert_span(f->leg.local_ip, "127.0.0.1");
	dialing_assert_span(f->leg.attempts, dialing_text(f, "127.0.0.1:# ok", port));
	dialing_assert_span(f->leg.via, NULL);
	dialing_assert_span(f->dns_fact.name, "click.test");
	dialing_assert_span(f->dns_fact.source, "dns");
	dialing_assert_span(f->dns_fact.resolver, dns_server_address(f->dns));
	dialing_assert_span(f->dns_fact.cnames, "esp.test");
	dialing_assert_span(f->dns_fact.addresses, "127.0.0.1/60");
	assert_int_equal(f->dns_fact.ttl, 60);
	dialing_assert_span(f->dns_fact.outcome, "ok");
	dialing_assert_span(f->dns_fact.detail, NULL);
	assert_true(f->dns_fact.elapsed_us > 0);
	/* it is a connection: bytes pass */
	int accepted = accept(listener, NULL, NULL);
	assert_int_equal(write(accepted, "x", 1), 1);
	struct pollfd p = {fd, POLLIN, 0};
	assert_int_equal(poll(&p, 1, 5000), 1);
	close(accepted);
	close(fd);
	close(listener);
}

static void test_by_literal(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_allow(f, "127.0.0.1");
	close(dialing_ok(f, "127.0.0.1", port, "127.0.0.1"));
	dialing_assert_span(f->dns_fact.source, "literal");
	dialing_assert_span(f->dns_fact.name, "127.0.0.1");
	dialing_assert_span(f->dns_fact.addresses, "127.0.0.1");
	dialing_assert_span(f->dns_fact.resolver, NULL);
	assert_int_equal(f->dns_fact.ttl, FACT_NULL);
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
	dialing_allow(f, "127.0.0.1");
	dns_server_on(f->dns, "both.test", A, 0, "@ A 60 127.0.0.1");
	dns_server_on(f->dns, "both.test", AAAA, 0, "@ AAAA 60 ::1");
	close(dialing_ok(f, "both.test", port, "::1"));
	dialing_assert_span(f->leg.attempts, dialing_text(f, "[::1]:# ok", port));
	dialing_assert_span(f->dns_fact.addresses, "::1/60 127.0.0.1/60");
	close(listener);
}

static void test_hosts_file(void **state)
{
	struct dialing *f = *state;
	char path[] = "/tmp/clicktrail-hosts-XXXXXX";
	static const char hosts[] = "127.0.0.1 good.test\n0.0.0.0 tracker.test\n";
	int file = mkstemp(path);
	assert_int_equal(write(file, hosts, sizeof hosts - 1), sizeof hosts - 1);
	close(file);
	resolver_use_hosts(f->d.resolver, path);
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_allow(f, "127.0.0.0/8");
	close(dialing_ok(f, "good.test", port, "127.0.0.1"));
	dialing_assert_span(f->dns_fact.source, "hosts");
	dialing_assert_span(f->dns_fact.resolver, NULL);
	dialing_fails(f, "tracker.test", port, ERR_REFUSED_ADDRESS,
		"0.0.0.0 is unspecified (by the hosts file)");
	unlink(path);
	close(listener);
}

/* ---- it fails, and says why ---- */

static void test_refused_port(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int holder = dialing_refused_port(&port);
	dialing_allow(f, "127.0.0.0/8");
	dns_server_on(f->dns, "down.test", A, 0, "@ A 60 127.0.0.1; @ A 60 127.0.0.2");
	dialing_fails(f, "127.0.0.1", port, ERR_CONNECT_REFUSED, "Connection refused");
	assert_int_equal(f->err.os, ECONNREFUSED);
	dialing_assert_span(
		f->leg.attempts, dialing_text(f, "127.0.0.1:# connect-refused", port));
	dialing_assert_span(f->dns_fact.outcome, "ok");
	dialing_fails(f, "down.test", port, ERR_CONNECT_REFUSED, "(2 of 2 addresses tried)");
	dialing_assert_span(f->leg.attempts,
		dialing_text(
			f, "127.0.0.1:# connect-refused\n127.0.0.2:# connect-refused", port));
	close(holder);
}

/* RFC 8305 5: a failure starts the next one at once; eleven staggers would be far over the
 * limit here. */
static void test_failures_do_not_stagger(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int holder = dialing_refused_port(&port);
	dialing_allow(f, "127.0.0.0/8");
	struct buf script = {0};
	for (int i = 1; i <= 12; i++)
		buf_addf(&script, "@ A 60 127.0.0.%d; ", i);
	char *s = buf_take_str(&script);
	dns_server_on(f->dns, "down.test", A, 0, s);
	free(s);
	dialing_fails(f, "down.test", port, ERR_CONNECT_REFUSED, "(12 of 12 addresses tried)");
	assert_true(f->leg.elapsed_us < 5 * DIAL_STAGGER_MS * 1000);
	close(holder);
}

static void test_blackhole(void **state)
{
	struct dialing *f = *state;
	struct blackhole hole;
	blackhole_start(&hole, "127.0.0.1");
	dialing_allow(f, "127.0.0.0/8");
	f->patience_us = 400000;
	dialing_fails(f, "127.0.0.1", hole.port, ERR_CONNECT_TIMEOUT, "127.0.0.1");
	dialing_assert_span(
		f->leg.attempts, dialing_text(f, "127.0.0.1:# connect-timeout", hole.port));
	assert_true(f->leg.elapsed_us >= 400000 - 1000);
	assert_true(f->leg.elapsed_us < 2000000);
	blackhole_end(&hole);
}

static void test_second_address_after_a_refusal(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.3", &port);
	dialing_allow(f, "127.0.0.0/8");
	dns_server_on(f->dns, "www.test", A, 0,
		"@ A 60 127.0.0.2; @ A 60 127.0.0.3; @ A 60 127.0.0.4");
	close(dialing_ok(f, "www.test", port, "127.0.0.3"));
	dialing_assert_span(f->leg.attempts,
		dialing_text(f, "127.0.0.2:# connect-refused\n127.0.0.3:# ok", port));
	close(listener);
}

static void test_second_address_after_silence(void **state)
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
	int before = dialing_next_descriptor();
	close(dialing_ok(f, "www.test", port, "127.0.0.3"));
	assert_int_equal(dialing_next_descriptor(), before); /* the slower one is gone */
	dialing_assert_span(
		f->leg.attempts, dialing_text(f, "127.0.0.2:# given-up\n127.0.0.3:# ok", port));
	assert_true(f->leg.elapsed_us >= DIAL_STAGGER_MS * 1000 - 1000);
	assert_true(f->leg.elapsed_us < 8 * DIAL_STAGGER_MS * 1000);
	close(two[1]);
	blackhole_end(&hole);
}

/* A failure starts the next attempt at once although another is under way: eight staggers would
 * be two seconds. */
static void test_failure_beside_silence(void **state)
{
	struct dialing *f = *state;
	struct blackhole hole;
	uint16_t port;
	int two[2];
	dialing_listen_two((const char *const[]){"127.0.0.2", "127.0.0.11"},
		(const int[]){0, 16}, two, &port);
	blackhole_fill(&hole, "127.0.0.2", two[0], port);
	dialing_allow(f, "127.0.0.0/8");
	dns_server_on(f->dns, "www.test", A, 0,
		"@ A 60 127.0.0.2; @ A 60 127.0.0.3; @ A 60 127.0.0.4; @ A 60 127.0.0.5; @ A "
		"60 127.0.0.6; "
		"@ A 60 127.0.0.7; @ A 60 127.0.0.8; @ A 60 127.0.0.9; @ A 60 127.0.0.11");
	close(dialing_ok(f, "www.test", port, "127.0.0.11"));
	assert_true(f->leg.elapsed_us < 5 * DIAL_STAGGER_MS * 1000);
	close(two[1]);
	blackhole_end(&hole);
}

/* All silent: each gets its turn, all count as late, none before its time. */
static void test_all_silent(void **state)
{
	struct dialing *f = *state;
	struct blackhole one, two;
	uint16_t port;
	int fd[2];
	dialing_listen_two((const char *const[]){"127.0.0.2", "127.0.0.3"}, (const int[]){0, 0},
		fd, &port);
	blackhole_fill(&one, "127.0.0.2", fd[0], port);
	blackhole_fill(&two, "127.0.0.3", fd[1], port);
	dialing_allow(f, "127.0.0.0/8");
	f->patience_us = 600000;
	dns_server_on(f->dns, "www.test", A, 0, "@ A 60 127.0.0.2; @ A 60 127.0.0.3");
	dialing_fails(f, "www.test", one.port, ERR_CONNECT_TIMEOUT, "(2 of 2 addresses tried)");
	dialing_assert_span(f->leg.attempts,
		dialing_text(f, "127.0.0.2:# connect-timeout\n127.0.0.3:# connect-timeout",
			one.port));
	blackhole_end(&one);
	blackhole_end(&two);
}

static void test_dns_failures(void **state)
{
	struct dialing *f = *state;
	dns_server_on(f->dns, "click.test", BOTH, 0, "!nxdomain; @ CNAME 60 gone.test");
	dns_server_on(f->dns, "bad.test", BOTH, 0, "!servfail");
	dns_server_on(f->dns, "silent.test", BOTH, 0, "!drop");
	dialing_fails(f, "click.test", 443, ERR_DNS_NOT_FOUND, "click.test: NXDOMAIN");
	dialing_assert_span(f->dns_fact.name, "click.test");
	dialing_assert_span(f->dns_fact.outcome, "dns-not-found");
	dialing_assert_span(f->dns_fact.detail, "click.test: NXDOMAIN");
	dialing_assert_span(f->dns_fact.cnames, "gone.test");
	dialing_assert_span(f->dns_fact.addresses, NULL);
	dialing_assert_span(f->leg.attempts, NULL);
	assert_int_equal(f->leg.elapsed_us, FACT_NULL);
	dialing_fails(f, "bad.test", 443, ERR_DNS_FAILED, "SERVFAIL");
	dialing_assert_span(f->dns_fact.outcome, "dns-failed");
	dialing_fails(f, "2130706433", 443, ERR_DNS_FAILED, "2130706433");
	dialing_assert_span(f->dns_fact.source, NULL);
	f->patience_us = 200000;
	dialing_fails(f, "silent.test", 443, ERR_DNS_TIMEOUT, "no answer");
	dialing_assert_span(f->dns_fact.outcome, "dns-timeout");
}

static void test_no_time_left(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_allow(f, "127.0.0.1");
	f->patience_us = 0;
	dialing_fails(f, "127.0.0.1", port, ERR_CONNECT_TIMEOUT, "no time");
	dialing_assert_span(f->leg.attempts, NULL);
	dialing_assert_untouched(listener);
	close(listener);
}

/* ---- stop ---- */

struct stopper {
	struct dialing *f;
	const char *name;
	int fd;
	int64_t at_us;
};

/* Stops once the name was asked for. */
static void *stop_when_asked(void *arg)
{
	struct stopper *s = arg;
	uint64_t one = 1;
	while (dns_server_asked(s->f->dns, s->name, A) == 0)
		usleep(500);
	s->at_us = clock_now_us(clock_real());
	if (write(s->fd, &one, sizeof one) != sizeof one)
		abort();
	return NULL;
}

static void test_stop_while_connecting(void **state)
{
	struct dialing *f = *state;
	struct stopper s = {f, "www.test", eventfd(0, EFD_CLOEXEC), 0};
	struct blackhole hole;
	pthread_t thread;
	blackhole_start(&hole, "127.0.0.1");
	dialing_allow(f, "127.0.0.1");
	dns_server_on(f->dns, "www.test", A, 0, "@ A 60 127.0.0.1");
	f->stop_fd = s.fd;
	pthread_create(&thread, NULL, stop_when_asked, &s);
	dialing_fails(f, "www.test", hole.port, ERR_SHUTDOWN, "");
	pthread_join(thread, NULL);
	assert_true(clock_now_us(clock_real()) - s.at_us < 2000000);
	close(s.fd);
	blackhole_end(&hole);
}

static void test_stopped_before(void **state)
{
	struct dialing *f = *state;
	uint16_t port;
	int listener = dialing_listen_any("127.0.0.1", &port);
	dialing_allow(f, "127.0.0.1");
	f->stop_fd = eventfd(1, EFD_CLOEXEC);
	dialing_fails(f, "127.0.0.1", port, ERR_SHUTDOWN, "");
	dialing_assert_span(f->leg.attempts, dialing_text(f, "127.0.0.1:# shutdown", port));
	close(f->stop_fd);
	close(listener);
}

/* ---- a machine without IPv6 ---- */

/* In a network of its own, where lo is the only interface and there is no route to anything: 0
 * ok, 1 failed, 2 cannot be tried. */
static int in_lonely_network(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 && unshare(CLONE_NEWNET) < 0)
		return 2;
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	if (ioctl(s, SIOCSIFFLAGS, &lo) < 0)
		return 2;
	close(s);
	void *state;
	if (dialing_set_up(&state) != 0)
		return 1;
	struct dialing *f = state;
	uint16_t port = 0;
	int listener = dialing_listen("127.0.0.1", &port, 16);
	struct err err;
	policy_allow(&f->policy, "127.0.0.1", &err);
	dns_server_on(f->dns, "both.test", A, 0, "@ A 60 192.0.43.8; @ A 60 127.0.0.1");
	dns_server_on(f->dns, "both.test", AAAA, 0,
		"@ AAAA 60 2a00:1450::1; @ AAAA 60 2a00:1450::2; @ AAAA 60 2a00:1450::3; @ "
		"AAAA 60 2a00:1450::4; "
		"@ AAAA 60 2a00:1450::5; @ AAAA 60 2a00:1450::6");
	dns_server_on(f->dns, "far.test", BOTH, 0, "@ A 60 192.0.43.8; @ AAAA 60 2a00:1450::1");
	int64_t now = clock_now_us(clock_real());
	int fd = dial(&f->d, "both.test", port, now + 5000000, -1, &f->a, &f->dns_fact, &f->leg,
		&f->err);
	int none = dial(
		&f->d, "far.test", port, now + 5000000, -1, &f->a, &f->dns_fact, &f->leg, &err);
	int64_t took = clock_now_us(clock_real()) - now;
	bool ok = fd >= 0 && none < 0 && err.kind == ERR_CONNECT_UNREACHABLE &&
		  err.os == ENETUNREACH && took < 4 * DIAL_STAGGER_MS * 1000;
	if (!ok)
		fprintf(stderr, "fd %d: %s; then %d: %s %s; %lld us\n", fd, f->err.detail, none,
			err_word(err.kind), err.detail, (long long)took);
	close(fd);
	close(listener);
	dialing_tear_down(&state);
	return ok ? 0 : 1;
}

static void test_no_route(void **state)
{
	(void)state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(in_lonely_network());
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 2)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* No descriptor is left behind by any way out. */
static void test_no_leaks(void **state)
{
	struct dialing *f = *state;
	uint16_t port, closed;
	int listener = dialing_listen_any("127.0.0.1", &port),
	    holder = dialing_refused_port(&closed);
	dialing_allow(f, "127.0.0.1");
	dns_server_on(f->dns, "www.test", A, 0, "@ A 60 127.0.0.1; @ A 60 10.0.0.1");
	int before = dialing_next_descriptor();
	for (int i = 0; i < 20; i++) {
		close(dialing_ok(f, "www.test", port, "127.0.0.1"));
		close(accept(listener, NULL, NULL));
		dialing_fails(f, "www.test", closed, ERR_CONNECT_REFUSED, "");
		dialing_fails(f, "10.0.0.1", port, ERR_REFUSED_ADDRESS, "");
		dialing_fails(f, "gone.test", port, ERR_DNS_NOT_FOUND, "");
	}
	assert_int_equal(dialing_next_descriptor(), before);
	close(holder);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DIALING_TEST(test_by_name),
		DIALING_TEST(test_by_literal),
		DIALING_TEST(test_ipv6),
		DIALING_TEST(test_hosts_file),
		DIALING_TEST(test_refused_port),
		DIALING_TEST(test_failures_do_not_stagger),
		DIALING_TEST(test_blackhole),
		DIALING_TEST(test_second_address_after_a_refusal),
		DIALING_TEST(test_second_address_after_silence),
		DIALING_TEST(test_failure_beside_silence),
		DIALING_TEST(test_all_silent),
		DIALING_TEST(test_dns_failures),
		DIALING_TEST(test_no_time_left),
		DIALING_TEST(test_stop_while_connecting),
		DIALING_TEST(test_stopped_before),
		cmocka_unit_test(test_no_route),
		DIALING_TEST(test_no_leaks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
