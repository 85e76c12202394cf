/*
 * Where the proxy does not go: private and special addresses in every spelling, by name or
 * literally, and its own ports even where loopback is allowed. Refused, told, recorded; nothing
 * is sent there.
 */
#include "tests/kit/conversation.h"
#include "tests/kit/dns_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void ask(
	struct raw_client *c, const struct run_proxy *p, const char *host, unsigned port)
{
	char request[400];
	raw_open(c, p->port);
	snprintf(request, sizeof request, "GET http://%s:%u/ HTTP/1.1\r\nHost: %s:%u\r\n\r\n",
		host, port, host, port);
	raw_send(c, request);
}

static void expect_refusal(struct raw_client *c, const char *reason, const char *host)
{
	char mark[100];
	snprintf(mark, sizeof mark, "X-Clicktrail: error; reason=%s\r\n", reason);
	const char *head = raw_head(c);
	if (strncmp(head, "HTTP/1.1 403 ", 13) != 0 || strstr(head, mark) == NULL)
		fail_msg("%s was answered: %s", host, head);
	raw_close(c);
}

static void special_addresses_are_refused(void **state)
{
	(void)state;
	static const char *const hosts[] = {"127.0.0.1", "127.9.8.7", "0.0.0.0", "10.1.2.3",
		"172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
		"255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[ff02::1]",
		"[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]",
		"[fd00:ec2::254]"};
	struct run_proxy_options options = {.no_loopback = true};
	struct run_proxy p;
	struct raw_client c;
	size_t n = sizeof hosts / sizeof *hosts;
	run_proxy_start(&p, &options);
	for (size_t i = 0; i < n; i++) {
		ask(&c, &p, hosts[i], 80);
		expect_refusal(&c, "refused-address", hosts[i]);
	}
	/* CONNECT too; there the browser is told inside TLS. */
	raw_open(&c, p.port);
	raw_connect(&c, "169.254.169.254:443");
	raw_tls(&c, "169.254.169.254", p.cacert);
	raw_send(&c, "GET /latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n");
	expect_refusal(&c, "refused-address", "CONNECT");
	run_proxy_idle(&p);
	run_proxy_stop(&p);
	assert_int_equal(CASE_COUNT(&p.facts, REQUEST), n + 1);
	assert_int_equal(CASE_COUNT(&p.facts, LEG), n + 1);
	for (size_t i = 0; i <= n; i++) {
		const struct fact_request *r = CASE_FACT(&p.facts, REQUEST, request, i);
		assert_true(span_is(
			read_case_end(&p.facts, r->exchange)->reason, "refused-address"));
		assert_true(
			span_is(CASE_FACT(&p.facts, LEG, leg, i)->outcome, "refused-address"));
	}
	run_proxy_end(&p);
}

/* Numbers that some libraries read as addresses: whatever they become, it is not loopback that
 * is reached. */
static void disguised_loopback_is_not_reached(void **state)
{
	(void)state;
	static const char *const hosts[] = {"2130706433", "0x7f.1", "0177.0.0.1", "127.1",
		"0x7f000001", "127.0.0.1.", "localhost", "localhost.", "LOCALHOST"};
	struct script_origin *o = script_origin_start(false, NULL);
	struct dns_server *dns = dns_server_start();
	struct run_proxy_options options = {
		.no_loopback = true, .dns_servers = dns_server_address(dns)};
	struct run_proxy p;
	struct raw_client c;
	char why[300];
	run_proxy_start(&p, &options);
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		ask(&c, &p, hosts[i], script_origin_port(o));
		const char *head = raw_head(&c);
		if (strstr(head, "X-Clicktrail: error; reason=") == NULL)
			fail_msg("%s was answered: %s", hosts[i], head);
		raw_close(&c);
	}
	run_proxy_idle(&p);
	run_proxy_end(&p);
	/* The origin saw no connection: one without a script is a failure. */
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
	dns_server_stop(dns);
}

/* Decided on the address that a name resolves to, at the time of connecting. */
static void names_that_lead_home_are_refused(void **state)
{
	(void)state;
	struct dns_server *dns = dns_server_start();
	dns_server_on(dns, "rebind.test", DNS_SERVER_A, 0, "@ A 1 127.0.0.1");
	dns_server_on(dns, "mapped.test", DNS_SERVER_AAAA, 0, "@ AAAA 1 ::ffff:192.168.0.1");
	dns_server_on(
		dns, "both.test", DNS_SERVER_A, 0, "@ A 1 10.0.0.1; @ A 1 169.254.169.254");
	struct run_proxy_options options = {
		.no_loopback = true, .dns_servers = dns_server_address(dns)};
	struct run_proxy p;
	struct raw_client c;
	static const char *const hosts[] = {"rebind.test", "mapped.test", "both.test"};
	run_proxy_start(&p, &options);
	for (size_t i = 0; i < 3; i++) {
		ask(&c, &p, hosts[i], 80);
		expect_refusal(&c, "refused-address", hosts[i]);
	}
	run_proxy_end(&p);
	dns_server_stop(dns);
}

static void our_own_port_is_never_reached(void **state)
{
	(void)state;
	struct dns_server *dns = dns_server_start();
	dns_server_on(dns, "self.test", DNS_SERVER_A, 0, "@ A 1 127.0.0.1");
	struct run_proxy_options options = {.dns_servers = dns_server_address(dns)};
	struct run_proxy p;
	struct raw_client c;
	/* The last one is refused as an address: only 127.0.0.0/8 is allowed. */
	static const char *const hosts[] = {
		"127.0.0.1", "127.0.0.2", "self.test", "[::ffff:127.0.0.1]"};
	run_proxy_start(&p, &options);
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		ask(&c, &p, hosts[i], p.port);
		const char *head = raw_head(&c);
		if (strncmp(head, "HTTP/1.1 403 ", 13) != 0 ||
			strstr(head, "reason=refused-") == NULL)
			fail_msg("%s was answered: %s", hosts[i], head);
		raw_close(&c);
	}
	run_proxy_end(&p);
	dns_server_stop(dns);
}

static void connect_to_does_not_lead_around_the_rules(void **state)
{
	(void)state;
	struct run_proxy_options options = {
		.no_loopback = true, .rules = {"looks.fine.test:80:127.0.0.1:9"}};
	struct run_proxy p;
	struct raw_client c;
	run_proxy_start(&p, &options);
	ask(&c, &p, "looks.fine.test", 80);
	expect_refusal(&c, "refused-address", "looks.fine.test");
	run_proxy_end(&p);
}

static void the_browsers_own_traffic_is_turned_away(void **state)
{
	(void)state;
	struct run_proxy_options options = {.noise = {"settings.browser.test"}};
	struct run_proxy p;
	struct raw_client c;
	run_proxy_start(&p, &options);
	ask(&c, &p, "settings.browser.test", 80);
	expect_refusal(&c, "refused-noise", "settings.browser.test");
	run_proxy_stop(&p);
	assert_int_equal(CASE_COUNT(&p.facts, DNS), 0);
	const struct fact_request *r = CASE_FACT(&p.facts, REQUEST, request, 0);
	assert_true(span_is(read_case_end(&p.facts, r->exchange)->reason, "refused-noise"));
	run_proxy_end(&p);
}

/* Host names reach the page; markup in what we say about them does not. */
static void error_pages_hold_no_markup_from_outside(void **state)
{
	(void)state;
	struct run_proxy_options options = {0};
	struct run_proxy p;
	struct raw_client c;
	run_proxy_start(&p, &options);
	static const char *const targets[] = {
		"http://<img src=x onerror=alert(1)>/",
		"http://a.test/\"><script>alert(1)</script>",
		"<script>alert(1)</script>",
		"http://\xe2\x80\xae.test/",
	};
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		char request[300];
		raw_open(&c, p.port);
		snprintf(request, sizeof request,
			"GET %s HTTP/1.1\r\nHost: <b>&\"'.test\r\n\r\n", targets[i]);
		raw_send(&c, request);
		const char *answer = raw_rest(&c, NULL);
		assert_non_null(strstr(answer, "X-Clicktrail: error; reason="));
		assert_null(strstr(answer, "<script"));
		assert_null(strstr(answer, "<img"));
		assert_null(strstr(answer, "<b>&\""));
		assert_null(strstr(answer, "\xe2\x80\xae"));
		raw_close(&c);
	}
	run_proxy_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_addresses_are_refused),
		cmocka_unit_test(disguised_loopback_is_not_reached),
		cmocka_unit_test(names_that_lead_home_are_refused),
		cmocka_unit_test(our_own_port_is_never_reached),
		cmocka_unit_test(connect_to_does_not_lead_around_the_rules),
		cmocka_unit_test(the_browsers_own_traffic_is_turned_away),
		cmocka_unit_test(error_pages_hold_no_markup_from_outside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
