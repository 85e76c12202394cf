/* The end of a connection as its packets have it: IPv4, IPv6, IPv4 in IPv6, and what is
 * neither. */
#include "ui/cli/packet_end.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void as_its_packets_have_it(void **state)
{
	static const struct {
		const char *ip, *want;
	} rows[] = {
		{"192.0.2.7", "192.0.2.7"},
		{"0.0.0.0", "0.0.0.0"},
		{"2001:db8::7", "2001:db8::7"},
		{"::", "::"},
		{"::ffff:192.0.2.7", "192.0.2.7"},
		{"::fffe:c000:207", "::fffe:c000:207"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sockaddr_storage a = {0};
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(4711)};
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(4711)};
		struct packet_address ip;
		uint16_t port;
		char text[PACKET_ADDRESS_TEXT];
		if (inet_pton(AF_INET, rows[i].ip, &in.sin_addr) == 1)
			memcpy(&a, &in, sizeof in);
		else if (inet_pton(AF_INET6, rows[i].ip, &in6.sin6_addr) == 1)
			memcpy(&a, &in6, sizeof in6);
		assert_true(packet_end_of((const struct sockaddr *)&a, &ip, &port));
		assert_int_equal(port, 4711);
		packet_address_text(&ip, text);
		assert_string_equal(text, rows[i].want);
	}
	struct packet_address ip = {.n = 4};
	uint16_t port = 1;
	const struct sockaddr local = {.sa_family = AF_UNIX};
	assert_false(packet_end_of(&local, &ip, &port));
	assert_true(ip.n == 0 && port == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(as_its_packets_have_it)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
