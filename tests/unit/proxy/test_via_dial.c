/*
 * dial through the proxy of --via: what is asked of whom, what is still refused, and whose
 * fault a failure is.
 */
#include "tests/kit/dialing.h"
#include "tests/kit/via_peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* The proxy listens on loopback, which --allow-net has not been given: its address was named by
 * the user. */
static void test_dial_socks(void **state)
{
	struct dialing *f = *state;
	struct via via;
	f->d.via = &via;
	static const struct script_step steps[] = {GREETING_AUTH, SEND("\x05\x02"),
		EXPECT("\x01\x02me\x02pw"), SEND("\x01\x00"), ASK_A, SEND(BOUND "ORIGIN"), END};
	struct script_origin *peer = via_peer_start(steps);
	char ours[100];
	via = via_peer_url(peer, SOCKS_ME);
	int fd = dialing_call(f, "a.test", 443);
	if (fd < 0)
		fail_msg("%s", f->err.detail);
	via_peer_assert_next(fd, "ORIGIN");
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	snprintf(ours, sizeof ours, "socks5h://127.0.0.1:%u", script_origin_port(peer));
	assert_true(span_is(f->leg.via, ours));
	assert_true(span_is(f->leg.host, "a.test"));
	assert_true(span_is(f->leg.outcome, "ok"));
	assert_null(f->leg.remote_ip.p); /* the exit alone knows it */
	assert_int_equal(f->leg.remote_port, FACT_NULL);
	assert_true(span_is(f->leg.local_ip, "127.0.0.1"));
	assert_true(span_is(f->leg.via_ip, "127.0.0.1"));
	assert_null(f->leg.exit_ip.p); /* it said 0.0.0.0 */
	snprintf(ours, sizeof ours, "127.0.0.1:%u ok", script_origin_port(peer));
	assert_true(span_is(f->leg.attempts, ours));
	assert_true(f->leg.elapsed_us > 0);
	assert_true(span_is(f->dns_fact.name, "a.test"));
	assert_true(span_is(f->dns_fact.source, "via"));
	assert_true(span_is(f->dns_fact.outcome, "ok"));
	assert_null(f->dns_fact.addresses.p);
	assert_null(f->dns_fact.resolver.p);
	assert_int_equal(f->dns_fact.ttl, FACT_NULL);
	assert_int_equal(
		dns_server_asked(f->dns, NULL, 0), 0); /* no name leaks to our own resolver */
	close(fd);
	via_peer_end(peer);
}

static void test_dial_http_by_name(void **state)
{
	struct dialing *f = *state;
	struct via via;
	f->d.via = &via;
	static const struct script_step steps[] = {
		CONNECT_A, SEND("HTTP/1.1 200 OK\r\n\r\nORIGIN"), END};
	struct script_origin *peer = via_peer_start(steps);
	dns_server_on(f->dns, "proxy.test", DNS_SERVER_A, 0, "@ A 60 127.0.0.1");
	via = via_peer_url(peer, HTTP);
	snprintf(via.host, sizeof via.host, "proxy.test");
	int fd = dialing_call(f, "a.test", 443);
	if (fd < 0)
		fail_msg("%s", f->err.detail);
	via_peer_assert_next(fd, "ORIGIN");
	assert_int_equal(dns_server_asked(f->dns, "a.test", 0), 0);
	assert_int_equal(dns_server_asked(f->dns, "proxy.test", DNS_SERVER_A), 1);
	close(fd);
	via_peer_end(peer);
}

static void test_dial_connect_to_first(void **state)
{
	struct dialing *f = *state;
	struct via via;
	f->d.via = &via;
	static const struct script_step steps[] = {GREETING, SEND("\x05\x00"), ASK_A,
		SEND("\x05\x00\x00\x01\x09\x09\x09\x09\x30\x39ORIGIN"), END};
	struct script_origin *peer = via_peer_start(steps);
	via = via_peer_url(peer, SOCKS);
	assert_true(connect_to_add(&f->connect_to, "shop.test:80:a.test:443", &f->err));
	int fd = dialing_call(f, "shop.test", 80);
	if (fd < 0)
		fail_msg("%s", f->err.detail);
	assert_true(span_is(f->leg.dial_host, "a.test"));
	assert_int_equal(f->leg.dial_port, 443);
	assert_true(span_is(f->leg.exit_ip, "9.9.9.9"));
	assert_null(f->leg.remote_ip.p);
	assert_true(span_is(f->dns_fact.detail, "--connect-to gave a.test for shop.test"));
	close(fd);
	via_peer_end(peer);
}

static void test_dial_refusals(void **state)
{
	struct dialing *f = *state;
	struct via via;
	f->d.via = &via;
	static const struct script_step steps[] = {
		GREETING, SEND("\x05\x00"), ASK_A, SEND("\x05\x05"), END};
	struct script_origin *peer = via_peer_start(steps);
	via = via_peer_url(peer, SOCKS);
	dialing_fails(f, "a.test", 443, ERR_VIA_FAILED, "connection refused (reply 5)");
	assert_true(span_is(f->dns_fact.outcome, "ok"));
	assert_non_null(f->leg.attempts.p);
	via_peer_end(peer);
}

/* What cannot be checked at the exit is checked here, and nothing is asked for. */
static void test_dial_literals(void **state)
{
	struct dialing *f = *state;
	struct via via;
	f->d.via = &via;
	struct script_origin *peer = script_origin_start(
		false, NULL); /* without a script: whoever comes is a failure */
	via = via_peer_url(peer, SOCKS);
	dialing_fails(f, "127.0.0.1", 80, ERR_REFUSED_ADDRESS, "loopback");
	dialing_fails(f, "169.254.169.254", 80, ERR_REFUSED_ADDRESS, "metadata");
	dialing_fails(f, "::1", 80, ERR_REFUSED_ADDRESS, "loopback");
	dialing_fails(f, "::ffff:10.0.0.1", 80, ERR_REFUSED_ADDRESS, "v4-mapped private");
	dialing_fails(f, "localhost", 80, ERR_REFUSED_ADDRESS, "loopback");
	dialing_fails(f, "X.LocalHost.", 80, ERR_REFUSED_ADDRESS, "loopback");
	dialing_fails(f, "2130706433", 80, ERR_DNS_FAILED, "2130706433");
	dialing_fails(f, "127.1", 80, ERR_DNS_FAILED, "127.1");
	assert_true(span_is(f->dns_fact.source, "via"));
	struct sockaddr_in own = {.sin_family = AF_INET,
		.sin_port = htons(80),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_true(policy_add_own(&f->policy, (struct sockaddr *)&own, &f->err));
	assert_true(policy_allow(&f->policy, "127.0.0.0/8", &f->err));
	dialing_fails(f, "127.0.0.1", 80, ERR_REFUSED_SELF, "");
	dialing_fails(f, "localhost", 80, ERR_REFUSED_SELF, "");
	via_peer_end(peer);
}

static void test_dial_allowed_literal(void **state)
{
	struct dialing *f = *state;
	struct via via;
	f->d.via = &via;
	static const struct script_step steps[] = {GREETING, SEND("\x05\x00"),
		EXPECT("\x05\x01\x00\x01\x0a\x00\x00\x01\x00\x50"), SEND(BOUND "ORIGIN"), END};
	struct script_origin *peer = via_peer_start(steps);
	via = via_peer_url(peer, SOCKS);
	assert_true(policy_allow(&f->policy, "10.0.0.0/8", &f->err));
	int fd = dialing_call(f, "10.0.0.1", 80);
	assert_true(fd >= 0);
	close(fd);
	via_peer_end(peer);
}

/* The proxy is down, unknown, or ourselves: never told as the origin's fault. */
static void test_dial_no_proxy(void **state)
{
	struct dialing *f = *state;
	struct via via;
	f->d.via = &via;
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	int holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, not listening */
	assert_int_equal(bind(holder, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(getsockname(holder, (struct sockaddr *)&in, &len), 0);
	via = (struct via){.kind = VIA_SOCKS5, .host = "127.0.0.1", .port = ntohs(in.sin_port)};
	dialing_fails(f, "a.test", 443, ERR_VIA_FAILED, "connect-refused");
	snprintf(via.host, sizeof via.host, "gone.test");
	dialing_fails(f, "a.test", 443, ERR_VIA_FAILED, "dns-not-found: gone.test: NXDOMAIN");
	assert_true(span_is(f->dns_fact.outcome, "ok"));
	assert_true(policy_add_own(&f->policy, (struct sockaddr *)&in, &f->err));
	snprintf(via.host, sizeof via.host, "127.0.0.1");
	dialing_fails(f, "a.test", 443, ERR_REFUSED_SELF, "");
	close(holder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DIALING_TEST(test_dial_socks),
		DIALING_TEST(test_dial_http_by_name),
		DIALING_TEST(test_dial_connect_to_first),
		DIALING_TEST(test_dial_refusals),
		DIALING_TEST(test_dial_literals),
		DIALING_TEST(test_dial_allowed_literal),
		DIALING_TEST(test_dial_no_proxy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
