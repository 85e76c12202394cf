/*
 * Which addresses may be connected to: both IANA registries row by row with the first and last
 * address of each range and its neighbours, the forms that carry an IPv4 address inside,
 * --allow-net, and our own ports.
 */
#include "proxy/policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct sockaddr_storage address(const char *text, uint16_t port)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		memcpy(&ss, &in, sizeof in);
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		memcpy(&ss, &in6, sizeof in6);
	else
		fail_msg("not an address: %s", text);
	return ss;
}

static bool check(const struct policy *p, const char *text, uint16_t port, struct err *err)
{
	struct sockaddr_storage ss = address(text, port);
	*err = (struct err){0};
	return policy_check(p, (struct sockaddr *)&ss, err);
}

static void allow(struct policy *p, const char *cidr)
{
	struct err err = {0};
	if (!policy_allow(p, cidr, &err))
		fail_msg("%s: %s", cidr, err.detail);
}

/* range NULL: passes. Otherwise the detail must be exactly "<address> is <range>". */
static const struct {
	const char *address, *range;
} defaults[] = {
	{"0.0.0.0", "unspecified"},
	{"0.0.0.1", "reserved: this network"},
	{"0.255.255.255", "reserved: this network"},
	{"1.0.0.0", NULL},
	{"1.1.1.1", NULL},
	{"8.8.8.8", NULL},
	{"9.255.255.255", NULL},
	{"10.0.0.0", "private"},
	{"10.1.2.3", "private"},
	{"10.255.255.255", "private"},
	{"11.0.0.0", NULL},
	{"100.63.255.255", NULL},
	{"100.64.0.0", "CGNAT"},
	{"100.100.100.199", "CGNAT"},
	{"100.100.100.200", "metadata"},
	{"100.100.100.201", "CGNAT"},
	{"100.127.255.255", "CGNAT"},
	{"100.128.0.0", NULL},
	{"126.255.255.255", NULL},
	{"127.0.0.0", "loopback"},
	{"127.0.0.1", "loopback"},
	{"127.1.2.3", "loopback"},
	{"127.255.255.255", "loopback"},
	{"128.0.0.0", NULL},
	{"168.63.129.15", NULL},
	{"168.63.129.16", "metadata"},
	{"168.63.129.17", NULL},
	{"169.253.255.255", NULL},
	{"169.254.0.0", "link-local"},
	{"169.254.169.253", "link-local"},
	{"169.254.169.254", "metadata"},
	{"169.254.169.255", "link-local"},
	{"169.254.170.2", "metadata"},
	{"169.254.170.23", "metadata"},
	{"169.254.255.255", "link-local"},
	{"169.255.0.0", NULL},
	{"172.15.255.255", NULL},
	{"172.16.0.0", "private"},
	{"172.20.10.1", "private"},
	{"172.31.255.255", "private"},
	{"172.32.0.0", NULL},
	{"191.255.255.255", NULL},
	{"192.0.0.0", "reserved: IETF protocol assignments"},
	{"192.0.0.7", "reserved: IETF protocol assignments"},
	{"192.0.0.8", "reserved: IETF protocol assignments"},
	{"192.0.0.9", NULL},
	{"192.0.0.10", NULL},
	{"192.0.0.11", "reserved: IETF protocol assignments"},
	{"192.0.0.170", "reserved: IETF protocol assignments"},
	{"192.0.0.171", "reserved: IETF protocol assignments"},
	{"192.0.0.192", "metadata"},
	{"192.0.0.255", "reserved: IETF protocol assignments"},
	{"192.0.1.0", NULL},
	{"192.0.1.255", NULL},
	{"192.0.2.0", "reserved: documentation"},
	{"192.0.2.255", "reserved: documentation"},
	{"192.0.3.0", NULL},
	{"192.31.196.1", NULL},
	{"192.52.193.1", NULL},
	{"192.88.98.255", NULL},
	{"192.88.99.0", "reserved: 6to4 relay"},
	{"192.88.99.1", "reserved: 6to4 relay"},
	{"192.88.99.2", "reserved: 6to4 relay"},
	{"192.88.99.255", "reserved: 6to4 relay"},
	{"192.88.100.0", NULL},
	{"192.167.255.255", NULL},
	{"192.168.0.0", "private"},
	{"192.168.1.1", "private"},
	{"192.168.255.255", "private"},
	{"192.169.0.0", NULL},
	{"192.175.48.1", NULL},
	{"198.17.255.255", NULL},
	{"198.18.0.0", "reserved: benchmarking"},
	{"198.19.255.255", "reserved: benchmarking"},
	{"198.20.0.0", NULL},
	{"198.51.99.255", NULL},
	{"198.51.100.0", "reserved: documentation"},
	{"198.51.100.255", "reserved: documentation"},
	{"198.51.101.0", NULL},
	{"203.0.112.255", NULL},
	{"203.0.113.0", "reserved: documentation"},
	{"203.0.113.255", "reserved: documentation"},
	{"203.0.114.0", NULL},
	{"223.255.255.255", NULL},
	{"224.0.0.0", "multicast"},
	{"224.0.0.251", "multicast"},
	{"239.255.255.255", "multicast"},
	{"240.0.0.0", "reserved"},
	{"255.255.255.254", "reserved"},
	{"255.255.255.255", "reserved: broadcast"},
	/* IPv6 */
	{"::", "unspecified"},
	{"::1", "loopback"},
	{"::2", "reserved: v4-compatible"},
	{"::127.0.0.1", "reserved: v4-compatible"},
	{"::8.8.8.8", "reserved: v4-compatible"},
	{"::1:0:0:0", "reserved"},
	{"1::", "reserved"},
	{"64:ff9a:ffff::", "reserved"},
	{"64:ff9b::8.8.8.8", NULL},
	{"64:ff9b::127.0.0.1", "NAT64 loopback"},
	{"64:ff9b::10.0.0.1", "NAT64 private"},
	{"64:ff9b::169.254.169.254", "NAT64 metadata"},
	{"64:ff9b::0.0.0.0", "NAT64 unspecified"},
	{"64:ff9b::224.0.0.1", "NAT64 multicast"},
	{"64:ff9b:0:0:0:1::", "reserved"},
	{"64:ff9b:1::", "reserved: local NAT64"},
	{"64:ff9b:1:ffff::7f00:1", "reserved: local NAT64"},
	{"64:ff9b:2::", "reserved"},
	{"ff:ffff::", "reserved"},
	{"100::", "reserved: discard"},
	{"100::ffff:ffff:ffff:ffff", "reserved: discard"},
	{"100:0:0:1::1", "reserved: dummy prefix"},
	{"100:0:0:2::", "reserved"},
	{"200::1", "reserved"},
	{"400::1", "reserved"},
	{"1fff:ffff::", "reserved"},
	{"2000::", NULL},
	{"2000:ffff::1", NULL},
	/* Teredo: server 65.54.227.120, client 192.0.2.45, the example of RFC 4380 turned to
	   others */
	{"2001::", "Teredo reserved: broadcast"},
	{"2001:0:4136:e378:8000:63bf:f7f7:f7f7", NULL},
	{"2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo reserved: documentation"},
	{"2001:0:4136:e378:0:0:80ff:fffe", "Teredo loopback"},
	{"2001:0:4136:e378:0:0:f5ff:fffe", "Teredo private"},
	{"2001:0:4136:e378:0:0:5601:5601", "Teredo metadata"},
	{"2001:0:7f00:1:0:0:f7f7:f7f7", "Teredo loopback"},
	{"2001:1::", "reserved: IETF protocol assignments"},
	{"2001:1::1", NULL},
	{"2001:1::2", NULL},
	{"2001:1::3", NULL},
	{"2001:1::4", "reserved: IETF protocol assignments"},
	{"2001:2::1", "reserved: benchmarking"},
	{"2001:2:0:ffff::", "reserved: benchmarking"},
	{"2001:2:1::", "reserved: IETF protocol assignments"},
	{"2001:3::1", NULL},
	{"2001:4:111:ffff::", "reserved: IETF protocol assignments"},
	{"2001:4:112::1", NULL},
	{"2001:4:113::", "reserved: IETF protocol assignments"},
	{"2001:10::1", "reserved: IETF protocol assignments"},
	{"2001:1f:ffff::1", "reserved: IETF protocol assignments"},
	{"2001:20::1", NULL},
	{"2001:2f:ffff::", NULL},
	{"2001:30::1", NULL},
	{"2001:40::", "reserved: IETF protocol assignments"},
	{"2001:1ff:ffff::", "reserved: IETF protocol assignments"},
	{"2001:200::1", NULL},
	{"2001:4860:4860::8888", NULL},
	{"2001:db7:ffff::", NULL},
	{"2001:db8::", "reserved: documentation"},
	{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "reserved: documentation"},
	{"2001:db9::", NULL},
	{"2002:808:808::1", NULL},
	{"2002:7f00:1::1", "6to4 loopback"},
	{"2002:a00:1::", "6to4 private"},
	{"2002:c0a8:101::1", "6to4 private"},
	{"2002:a9fe:a9fe::1", "6to4 metadata"},
	{"2002::1", "6to4 unspecified"},
	{"2002:e000:1::", "6to4 multicast"},
	{"2003::1", NULL},
	{"2606:4700:4700::1111", NULL},
	{"2620:4f:8000::1", NULL},
	{"2a00:1450:4001:81b::200e", NULL},
	{"3ffe:ffff::", NULL},
	{"3fff::", "reserved: documentation"},
	{"3fff:fff:ffff::", "reserved: documentation"},
	{"3fff:1000::", NULL},
	{"4000::", "reserved"},
	{"5eff:ffff::", "reserved"},
	{"5f00::1", "reserved: segment routing"},
	{"5f01::", "reserved"},
	{"e000::1", "reserved"},
	{"fbff:ffff::", "reserved"},
	{"fc00::", "private: unique local"},
	{"fd00::2", "private: unique local"},
	{"fd00:ec2::253", "private: unique local"},
	{"fd00:ec2::254", "metadata"},
	{"fd20:ce::254", "metadata"},
	{"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private: unique local"},
	{"fe00::", "reserved"},
	{"fe7f:ffff::", "reserved"},
	{"fe80::1", "link-local"},
	{"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"},
	{"fec0::1", "private: site-local"},
	{"feff:ffff::", "private: site-local"},
	{"ff00::", "multicast"},
	{"ff02::fb", "multicast"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"},
	/* IPv4 inside IPv6 */
	{"::ffff:8.8.8.8", NULL},
	{"::ffff:127.0.0.1", "v4-mapped loopback"},
	{"::ffff:127.1.2.3", "v4-mapped loopback"},
	{"::ffff:10.0.0.1", "v4-mapped private"},
	{"::ffff:192.168.0.1", "v4-mapped private"},
	{"::ffff:100.64.0.1", "v4-mapped CGNAT"},
	{"::ffff:169.254.1.1", "v4-mapped link-local"},
	{"::ffff:169.254.169.254", "v4-mapped metadata"},
	{"::ffff:0.0.0.0", "v4-mapped unspecified"},
	{"::ffff:224.0.0.1", "v4-mapped multicast"},
	{"::ffff:255.255.255.255", "v4-mapped reserved: broadcast"},
	{"::ffff:0:127.0.0.1", "v4-translated loopback"},
	{"::ffff:0:10.0.0.1", "v4-translated private"},
	{"::ffff:0:8.8.8.8", NULL},
};

static void test_defaults(void **state)
{
	(void)state;
	struct policy p = {0};
	struct err err;
	char want[200], shown[INET6_ADDRSTRLEN];
	assert_true(COUNT(defaults) > 150);
	for (size_t i = 0; i < COUNT(defaults); i++) {
		const char *a = defaults[i].address, *range = defaults[i].range;
		bool ok = check(&p, a, 443, &err);
		if (ok != (range == NULL))
			fail_msg("%s: %s %s", a, ok ? "passed" : "refused:", err.detail);
		if (ok)
			continue;
		struct in6_addr in6;
		if (inet_pton(AF_INET6, a, &in6) == 1)
			a = inet_ntop(AF_INET6, &in6, shown, sizeof shown);
		snprintf(want, sizeof want, "%s is %s", a, range);
		assert_int_equal(err.kind, ERR_REFUSED_ADDRESS);
		assert_string_equal(err.detail, want);
	}
}

static const struct {
	const char *cidr, *address;
	bool passes;
} allowed[] = {
	{"127.0.0.0/8", "127.0.0.1", true},
	{"127.0.0.0/8", "::ffff:127.0.0.1", true},
	{"127.0.0.0/8", "64:ff9b::127.0.0.1", true},
	{"127.0.0.0/8", "2002:7f00:1::1", true},
	{"127.0.0.0/8", "::1", false},
	{"127.0.0.0/8", "0.0.0.0", false},
	{"127.0.0.0/8", "10.0.0.1", false},
	{"127.0.0.1", "127.0.0.1", true},
	{"127.0.0.1", "127.0.0.2", false},
	{"127.0.0.1/32", "127.0.0.0", false},
	{"::1", "::1", true},
	{"::1", "127.0.0.1", false},
	{"::1/128", "::", false},
	{"10.0.0.0/8", "10.255.0.1", true},
	{"10.0.0.0/8", "11.0.0.1", true},
	{"10.0.0.0/8", "192.168.0.1", false},
	{"10.0.0.0/9", "10.127.255.255", true},
	{"10.0.0.0/9", "10.128.0.0", false},
	{"192.168.7.128/25", "192.168.7.127", false},
	{"192.168.7.128/25", "192.168.7.128", true},
	{"169.254.0.0/16", "169.254.169.254", true},
	{"169.254.169.254", "169.254.169.253", false},
	{"0.0.0.0/0", "127.0.0.1", true},
	{"0.0.0.0/0", "::ffff:10.0.0.1", true},
	{"0.0.0.0/0", "255.255.255.255", true},
	{"0.0.0.0/0", "::1", false},
	{"0.0.0.0/0", "fd00::1", false},
	{"::/0", "::1", true},
	{"::/0", "fd00::1", true},
	{"::/0", "127.0.0.1", false},
	{"::/0", "::ffff:127.0.0.1", false},
	{"::ffff:0:0/96", "127.0.0.1", true},
	{"::ffff:10.0.0.0/104", "10.1.2.3", true},
	{"::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true},
	{"::ffff:10.0.0.0/104", "192.168.0.1", false},
	{"fe80::/10", "fe80::1", true},
	{"fe80::/10", "fec0::1", false},
	{"fd00::/8", "fd00:ec2::254", true},
	{"64:ff9b::/96", "64:ff9b::10.0.0.1", true},
	{"64:ff9b::/96", "10.0.0.1", false},
	{"2002::/16", "2002:a00:1::", true},
	{"2001::/32", "2001:0:4136:e378:0:0:80ff:fffe", true},
};

static void test_allow_net(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(allowed); i++) {
		struct policy p = {0};
		struct err err;
		allow(&p, allowed[i].cidr);
		if (check(&p, allowed[i].address, 80, &err) != allowed[i].passes)
			fail_msg("%s with --allow-net %s", allowed[i].address, allowed[i].cidr);
	}
}

/* Both inner addresses of Teredo must pass: the client's and the server's. */
static void test_teredo_needs_both(void **state)
{
	(void)state;
	struct policy p = {0};
	struct err err;
	const char *both =
		"2001:0:7f00:1:0:0:f5ff:fffe"; /* server 127.0.0.1, client 10.0.0.1 */
	allow(&p, "10.0.0.0/8");
	assert_false(check(&p, both, 80, &err));
	allow(&p, "127.0.0.0/8");
	assert_true(check(&p, both, 80, &err));
}

static const char *const bad_ranges[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33",
	"10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.0/8/8", "10.0.0/8",
	"10/8", "10.0.0.1/8", "127.0.0.1/31", "0x7f.0.0.1", "2130706433", "127.1",
	"256.0.0.0/8", "::1/129", "::1/64", "fe80::1/10", "[::1]", "[::1]/128",
	"fe80::%eth0/10", "localhost", "localhost/8", ":", "1:2:3/16", "10.0.0.0/8\n",
	"10.0.0.0/18446744073709551624",
	"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/8"};

static void test_bad_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_ranges); i++) {
		struct policy p = {0};
		struct err err = {0};
		if (policy_allow(&p, bad_ranges[i], &err))
			fail_msg("accepted '%s'", bad_ranges[i]);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_int_equal(p.n_allowed, 0);
		if (strchr(bad_ranges[i], '\n') == NULL)
			assert_non_null(
				strstr(err.detail, bad_ranges[i])); /* names the value */
		assert_null(strchr(err.detail, '\n'));
	}
}

static void test_limits(void **state)
{
	(void)state;
	struct policy p = {0};
	struct err err = {0};
	struct sockaddr_storage ss = address("127.0.0.1", 80), none = address("127.0.0.1", 0);
	for (int i = 0; i < POLICY_NETS_MAX; i++)
		allow(&p, "10.0.0.0/8");
	assert_false(policy_allow(&p, "10.0.0.0/8", &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	for (int i = 0; i < POLICY_OWN_MAX; i++)
		assert_true(policy_add_own(&p, (struct sockaddr *)&ss, &err));
	assert_false(policy_add_own(&p, (struct sockaddr *)&ss, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	p.n_own = 0;
	assert_false(policy_add_own(&p, (struct sockaddr *)&none, &err));
	assert_int_equal(err.kind, ERR_INTERNAL);
}

static void test_other_family(void **state)
{
	(void)state;
	struct policy p = {0};
	struct err err = {0};
	struct sockaddr_storage ss = {.ss_family = AF_UNIX};
	struct policy_net all;
	assert_false(policy_check(&p, (struct sockaddr *)&ss, &err));
	assert_int_equal(err.kind, ERR_REFUSED_ADDRESS);
	assert_true(policy_net_parse("::/0", &all, &err));
	assert_false(policy_net_holds(&all, (struct sockaddr *)&ss));
}

/* The door for clients uses the same ranges. */
static void test_net_holds(void **state)
{
	(void)state;
	struct policy_net net;
	struct err err = {0};
	struct sockaddr_storage in = address("192.168.4.9", 5),
				mapped = address("::ffff:192.168.4.9", 5),
				out = address("192.168.5.0", 5);
	assert_true(policy_net_parse("192.168.4.0/24", &net, &err));
	assert_int_equal(net.bits, 96 + 24);
	assert_true(policy_net_holds(&net, (struct sockaddr *)&in));
	assert_true(policy_net_holds(&net, (struct sockaddr *)&mapped));
	assert_false(policy_net_holds(&net, (struct sockaddr *)&out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_allow_net),
		cmocka_unit_test(test_teredo_needs_both),
		cmocka_unit_test(test_bad_ranges),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_other_family),
		cmocka_unit_test(test_net_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
