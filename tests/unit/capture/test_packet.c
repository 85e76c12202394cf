/*
 * Packets by a table: every link layer, IPv4, IPv6 and its extension headers, TCP, UDP; lengths
 * that lie; cut at every byte.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "capture/wire/packet.h"
#include "store/base/codec.h"
#include "tests/kit/packet_build.h"

#define MACS "020000000002020000000001"
/* 192.0.2.1 to 192.0.2.2 */
#define V4(len, frag, proto) "4500" len "1234" frag "40" proto "0000c0000201c0000202"
/* 2001:db8::1 to 2001:db8::2 */
#define V6(len, next)                                                                          \
	"60000000" len next "40"                                                               \
	"20010db8000000000000000000000001"                                                     \
	"20010db8000000000000000000000002"
/* 4660 to 80, sequence 1, acknowledges 2, window 512 */
#define TCP(offset, flags)                                                                     \
	"12340050"                                                                             \
	"00000001"                                                                             \
	"00000002" offset flags "0200"                                                         \
	"00000000"
#define UDP(len)                                                                               \
	"1234"                                                                                 \
	"0035" len "0000"
#define HI "6869"

struct row {
	const char *name;
	int link;
	const char *hex;
	uint32_t beyond; /* bytes that the wire had and the capture has not */
	enum packet_kind kind;
	uint16_t ether_type;
	uint8_t protocol;
	const char *payload;
	uint32_t payload_len;
};

static const struct row rows[] = {
	{"ethernet, IPv4, TCP", LINK_ETHERNET,
		MACS "0800" V4("002a", "4000", "06") TCP("50", "18") HI, 0, PACKET_TCP, 0x0800,
		6, "hi", 2},
	{"link padding is no payload", LINK_ETHERNET,
		MACS "0800" V4("0028", "4000", "06") TCP("50", "10") "000000000000", 0,
		PACKET_TCP, 0x0800, 6, "", 0},
	{"one tag", LINK_ETHERNET,
		MACS "81000064"
		     "0800" V4("002a", "4000", "06") TCP("50", "18") HI,
		0, PACKET_TCP, 0x0800, 6, "hi", 2},
	{"four tags", LINK_ETHERNET,
		MACS "88a80001"
		     "91000002"
		     "81000003"
		     "81000004"
		     "86dd" V6("0016", "06") TCP("50", "18") HI,
		0, PACKET_TCP, 0x86dd, 6, "hi", 2},
	{"a tag and nothing", LINK_ETHERNET, MACS "81000064", 0, PACKET_MALFORMED, 0x8100, 0,
		"", 0},
	{"ARP", LINK_ETHERNET,
		MACS "0806"
		     "0001",
		0, PACKET_NO_IP, 0x0806, 0, "\0\1", 2},
	{"802.3", LINK_ETHERNET,
		MACS "0003"
		     "424203",
		0, PACKET_NO_IP, 3, 0, "\x42\x42\3", 3},
	{"short ethernet", LINK_ETHERNET, MACS "08", 0, PACKET_MALFORMED, 0, 0, "", 0},
	{"null, little-endian", LINK_NULL,
		"02000000" V4("002a", "0000", "06") TCP("50", "18") HI, 0, PACKET_TCP, 0x0800,
		6, "hi", 2},
	{"null, big-endian", LINK_NULL, "00000002" V4("002a", "0000", "06") TCP("50", "18") HI,
		0, PACKET_TCP, 0x0800, 6, "hi", 2},
	{"null, macOS IPv6", LINK_NULL, "1e000000" V6("000a", "11") UDP("000a") HI, 0,
		PACKET_UDP, 0x86dd, 17, "hi", 2},
	{"null, another family", LINK_NULL, "07000000" HI, 0, PACKET_NO_IP, 0, 0, "hi", 2},
	{"loop", LINK_LOOP, "00000018" V6("000a", "11") UDP("000a") HI, 0, PACKET_UDP, 0x86dd,
		17, "hi", 2},
	{"loop has one byte order", LINK_LOOP, "18000000" V6("000a", "11") UDP("000a") HI, 0,
		PACKET_NO_IP, 0, 0, NULL, 50},
	{"raw IPv4", LINK_RAW, V4("001e", "0000", "11") UDP("000a") HI, 0, PACKET_UDP, 0x0800,
		17, "hi", 2},
	{"raw IPv6", LINK_RAW, V6("000a", "11") UDP("000a") HI, 0, PACKET_UDP, 0x86dd, 17, "hi",
		2},
	{"raw nothing", LINK_RAW, "", 0, PACKET_MALFORMED, 0x0800, 0, "", 0},
	{"IPV4", LINK_IPV4, V4("001e", "0000", "11") UDP("000a") HI, 0, PACKET_UDP, 0x0800, 17,
		"hi", 2},
	{"IPV4 that is IPv6", LINK_IPV4, V6("000a", "11") UDP("000a") HI, 0, PACKET_MALFORMED,
		0x0800, 0, "", 0},
	{"IPV6", LINK_IPV6, V6("000a", "11") UDP("000a") HI, 0, PACKET_UDP, 0x86dd, 17, "hi",
		2},
	{"IPV6 that is IPv4", LINK_IPV6,
		V4("001e", "0000", "11") UDP("000a") HI "000000000000000000000000", 0,
		PACKET_MALFORMED, 0x86dd, 0, "", 0},
	{"cooked", LINK_LINUX_SLL,
		"0000"
		"0001"
		"0006"
		"0200000000010000"
		"0800" V4("001e", "0000", "11") UDP("000a") HI,
		0, PACKET_UDP, 0x0800, 17, "hi", 2},
	{"cooked, tagged", LINK_LINUX_SLL,
		"0000"
		"0001"
		"0006"
		"0200000000010000"
		"8100"
		"0005"
		"0800" V4("001e", "0000", "11") UDP("000a") HI,
		0, PACKET_UDP, 0x0800, 17, "hi", 2},
	{"cooked netlink", LINK_LINUX_SLL,
		"0004"
		"0338"
		"0000"
		"0000000000000000"
		"0800" HI,
		0, PACKET_NO_IP, 0x0800, 0, "hi", 2},
	{"cooked 2", LINK_LINUX_SLL2,
		"86dd"
		"0000"
		"00000002"
		"0001"
		"00"
		"06"
		"0200000000010000" V6("000a", "11") UDP("000a") HI,
		0, PACKET_UDP, 0x86dd, 17, "hi", 2},
	{"no link that is known", 147, HI, 0, PACKET_UNKNOWN_LINK, 0, 0, "hi", 2},
	/* IPv4 */
	{"options", LINK_IPV4,
		"4600"
		"0022"
		"1234"
		"0000"
		"40"
		"11"
		"0000"
		"c0000201"
		"c0000202"
		"01010100" UDP("000a") HI,
		0, PACKET_UDP, 0x0800, 17, "hi", 2},
	{"options beyond the packet", LINK_IPV4,
		"4f00"
		"001e"
		"1234"
		"0000"
		"40"
		"11"
		"0000"
		"c0000201"
		"c0000202" UDP("000a") HI,
		0, PACKET_MALFORMED, 0x0800, 17, "", 0},
	{"a header of 16 bytes", LINK_IPV4,
		"4400"
		"001e"
		"1234"
		"0000"
		"40"
		"11"
		"0000"
		"c0000201"
		"c0000202" UDP("000a") HI,
		0, PACKET_MALFORMED, 0x0800, 0, "", 0},
	{"length 0: as long as the frame", LINK_IPV4,
		V4("0000", "0000", "06") TCP("50", "18") HI HI, 0, PACKET_TCP, 0x0800, 6,
		"hihi", 4},
	{"length 0, cut", LINK_IPV4, V4("0000", "0000", "06") TCP("50", "18") HI HI, 60000,
		PACKET_TCP, 0x0800, 6, "hihi", 60004},
	{"length less than the header", LINK_IPV4, V4("0010", "0000", "06") TCP("50", "18"), 0,
		PACKET_MALFORMED, 0x0800, 6, "", 0},
	{"length more than the frame", LINK_IPV4, V4("002b", "0000", "06") TCP("50", "18") HI,
		0, PACKET_MALFORMED, 0x0800, 6, "", 0},
	{"cut when captured", LINK_IPV4, V4("002b", "0000", "06") TCP("50", "18") HI, 1,
		PACKET_TCP, 0x0800, 6, "hi", 3},
	{"cut inside TCP's header", LINK_IPV4, V4("002a", "0000", "06") "12340050", 18,
		PACKET_MALFORMED, 0x0800, 6, "", 0},
	{"first fragment", LINK_IPV4, V4("001c", "2000", "11") UDP("0100"), 0, PACKET_FRAGMENT,
		0x0800, 17, NULL, 8},
	{"last fragment", LINK_IPV4, V4("0016", "0002", "11") HI, 0, PACKET_FRAGMENT, 0x0800,
		17, "hi", 2},
	{"another protocol", LINK_IPV4, V4("0016", "0000", "01") HI, 0, PACKET_OTHER_IP, 0x0800,
		1, "hi", 2},
	/* IPv6 */
	{"hop-by-hop, routing, destination", LINK_IPV6,
		V6("0022", "00") "2b00050200000000"
				 "3c00000000000000"
				 "1100010400000000" UDP("000a") HI,
		0, PACKET_UDP, 0x86dd, 17, "hi", 2},
	{"AH counts otherwise", LINK_IPV6,
		V6("0022", "33") "1104"
				 "0000"
				 "00000001"
				 "00000001"
				 "000000000000000000000000" UDP("000a") HI,
		0, PACKET_UDP, 0x86dd, 17, "hi", 2},
	{"an extension beyond the packet", LINK_IPV6,
		V6("0012", "3c") "11ff010400000000" UDP("000a") HI, 0, PACKET_MALFORMED, 0x86dd,
		17, "", 0},
	{"fragment", LINK_IPV6,
		V6("000a", "2c") "1100"
				 "0011"
				 "00000007" HI,
		0, PACKET_FRAGMENT, 0x86dd, 17, "hi", 2},
	{"all in one fragment", LINK_IPV6,
		V6("0012", "2c") "1100"
				 "0000"
				 "00000007" UDP("000a") HI,
		0, PACKET_UDP, 0x86dd, 17, "hi", 2},
	{"no next header", LINK_IPV6, V6("0000", "3b") HI, 0, PACKET_OTHER_IP, 0x86dd, 59, "",
		0},
	{"jumbo beyond the frame", LINK_IPV6,
		V6("0000", "00") "1100"
				 "c204"
				 "00000040" UDP("0000") HI,
		0, PACKET_MALFORMED, 0x86dd, 17, "", 0},
	{"jumbo that fits", LINK_IPV6,
		V6("0000", "00") "1100"
				 "c204"
				 "00000012" UDP("0000") HI "ffff",
		0, PACKET_UDP, 0x86dd, 17, "hi", 2},
	{"jumbo shorter than itself", LINK_IPV6,
		V6("0000", "00") "1100"
				 "c204"
				 "00000004" UDP("0000") HI,
		0, PACKET_MALFORMED, 0x86dd, 17, "", 0},
	{"length 0 without jumbo", LINK_IPV6, V6("0000", "06") TCP("50", "18") HI, 0,
		PACKET_TCP, 0x86dd, 6, "hi", 2},
	{"length more than the frame", LINK_IPV6, V6("0017", "06") TCP("50", "18") HI, 0,
		PACKET_MALFORMED, 0x86dd, 6, "", 0},
	/* TCP, UDP */
	{"TCP options", LINK_IPV4, V4("002e", "0000", "06") TCP("60", "18") "01010101" HI, 0,
		PACKET_TCP, 0x0800, 6, "hi", 2},
	{"data offset inside the header", LINK_IPV4,
		V4("002a", "0000", "06") TCP("40", "18") HI, 0, PACKET_MALFORMED, 0x0800, 6, "",
		0},
	{"data offset beyond the segment", LINK_IPV4,
		V4("002a", "0000", "06") TCP("60", "18") HI, 0, PACKET_MALFORMED, 0x0800, 6, "",
		0},
	{"half a TCP header", LINK_IPV4, V4("001e", "0000", "06") "12340050000000010000", 0,
		PACKET_MALFORMED, 0x0800, 6, "", 0},
	{"UDP shorter than IP", LINK_IPV4, V4("0020", "0000", "11") UDP("000a") HI HI, 0,
		PACKET_UDP, 0x0800, 17, "hi", 2},
	{"UDP longer than IP", LINK_IPV4, V4("001e", "0000", "11") UDP("000b") HI, 0,
		PACKET_MALFORMED, 0x0800, 17, "", 0},
	{"UDP of 7", LINK_IPV4, V4("001e", "0000", "11") UDP("0007") HI, 0, PACKET_MALFORMED,
		0x0800, 17, "", 0},
	{"UDP cut", LINK_IPV4, V4("011c", "0000", "11") UDP("0108") HI, 254, PACKET_UDP, 0x0800,
		17, "hi", 256},
};

static void check(const struct row *row)
{
	struct buf wire = {0};
	assert_true(hex_read(span_str(row->hex), &wire));
	size_t n = buf_len(&wire);
	uint8_t *copy = malloc(n > 0 ? n : 1);
	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, wire.p, n);
	struct packet_parts parts;
	packet_parse(row->link, span_of(copy, n), (uint32_t)n + row->beyond, &parts);
	if (parts.kind != row->kind || parts.protocol != row->protocol ||
		parts.ether_type != row->ether_type || parts.payload_len != row->payload_len)
		fail_msg("%s: kind %d, type %x, protocol %u, %u bytes (%s)", row->name,
			parts.kind, parts.ether_type, parts.protocol, parts.payload_len,
			parts.why != NULL ? parts.why : "");
	assert_int_equal(parts.kind == PACKET_MALFORMED, parts.why != NULL);
	if (row->payload != NULL) {
		uint32_t whole =
			row->payload_len > row->beyond ? row->payload_len - row->beyond : 0;
		if (parts.payload.n != whole ||
			memcmp(parts.payload.p != NULL ? parts.payload.p : copy, row->payload,
				whole) != 0)
			fail_msg("%s: another payload, %zu bytes", row->name, parts.payload.n);
	}
	if (parts.kind == PACKET_TCP) {
		assert_int_equal(parts.src_port, 4660);
		assert_int_equal(parts.dst_port, 80);
		assert_int_equal(parts.seq, 1);
		assert_int_equal(parts.ack, 2);
		assert_int_equal(parts.window, 512);
		assert_true(parts.flags & TCP_ACK);
	}
	free(copy);
	buf_fini(&wire);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(&rows[i]);
}

/* Cut by the network anywhere, a packet is never read beyond its end, and is no packet of the
 * same kind with more payload than is there. */
static void test_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf wire = {0};
		assert_true(hex_read(span_str(rows[i].hex), &wire));
		for (size_t n = 0; n < buf_len(&wire); n++) {
			uint8_t *copy = malloc(n > 0 ? n : 1);
			assert_non_null(copy);
			memcpy(copy, wire.p, n);
			struct packet_parts parts;
			for (int snapped = 0; snapped < 2; snapped++) {
				packet_parse(rows[i].link, span_of(copy, n),
					(uint32_t)(snapped ? buf_len(&wire) : n), &parts);
				assert_true(parts.payload.n <= n);
				assert_true(parts.payload.n <= parts.payload_len);
				assert_true(snapped || parts.payload.n == parts.payload_len);
			}
			free(copy);
		}
		buf_fini(&wire);
	}
}

static void test_fragment_fields(void **state)
{
	(void)state;
	static const struct {
		int link;
		const char *hex;
		uint32_t id, at;
		bool more;
	} pieces[] = {
		{LINK_IPV4, V4("001c", "2000", "11") "0000000000000000", 0x1234, 0, true},
		{LINK_IPV4, V4("0016", "1fff", "11") HI, 0x1234, 65528, false},
		{LINK_IPV6,
			V6("0010", "2c") "1100"
					 "0009"
					 "01020304"
					 "0000000000000000",
			0x01020304, 8, true},
		{LINK_IPV6,
			V6("000a", "2c") "1100"
					 "fff8"
					 "01020304" HI,
			0x01020304, 65528, false},
	};
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct buf wire = {0};
		struct packet_parts parts;
		assert_true(hex_read(span_str(pieces[i].hex), &wire));
		packet_parse(pieces[i].link, buf_span(&wire), (uint32_t)buf_len(&wire), &parts);
		assert_int_equal(parts.kind, PACKET_FRAGMENT);
		assert_int_equal(parts.fragment_id, pieces[i].id);
		assert_int_equal(parts.fragment_at, pieces[i].at);
		assert_int_equal(parts.fragment_more, pieces[i].more);
		buf_fini(&wire);
	}
}

static void test_outgoing(void **state)
{
	(void)state;
	uint8_t one[16] = {0, 4}, two[20] = {0};
	struct packet_parts parts;
	packet_parse(LINK_LINUX_SLL, span_of(one, sizeof one), sizeof one, &parts);
	assert_true(parts.outgoing);
	one[1] = 0;
	packet_parse(LINK_LINUX_SLL, span_of(one, sizeof one), sizeof one, &parts);
	assert_false(parts.outgoing);
	two[10] = 4;
	packet_parse(LINK_LINUX_SLL2, span_of(two, sizeof two), sizeof two, &parts);
	assert_true(parts.outgoing);
}

static void test_addresses(void **state)
{
	(void)state;
	static const char *const texts[] = {"192.0.2.1", "2001:db8::1", "::ffff:1.2.3.4", "::"};
	char text[PACKET_ADDRESS_TEXT];
	struct packet_address none = {0};
	packet_address_text(&none, text);
	assert_string_equal(text, "");
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct packet_address a = packet_build_address(texts[i]);
		packet_address_text(&a, text);
		assert_string_equal(text, texts[i]);
		assert_true(packet_address_same(&a, &a));
		assert_false(packet_address_same(&a, &none));
	}
	struct packet_address six = packet_build_address("::"), four = {.n = 4};
	assert_false(packet_address_same(&six, &four));
}

/* What is joined may have extension headers of its own (RFC 8200 4.5), but no fragment. */
static void test_joined(void **state)
{
	(void)state;
	struct buf wire = {0};
	struct packet_parts parts = {.src.n = 16, .dst.n = 16, .protocol = 60};
	assert_true(hex_read(span_str("1100010400000000" UDP("000a") HI), &wire));
	packet_parse_joined(buf_span(&wire), &parts);
	assert_int_equal(parts.kind, PACKET_UDP);
	assert_int_equal(parts.src_port, 4660);
	assert_int_equal(parts.payload.n, 2);
	parts = (struct packet_parts){.src.n = 16, .dst.n = 16, .protocol = 44};
	buf_clear(&wire);
	assert_true(hex_read(span_str("1100000900000007" HI), &wire));
	packet_parse_joined(buf_span(&wire), &parts);
	assert_int_equal(parts.kind, PACKET_MALFORMED);
	assert_int_equal(parts.payload.n, 0);
	buf_fini(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_fragment_fields),
		cmocka_unit_test(test_outgoing),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_joined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
