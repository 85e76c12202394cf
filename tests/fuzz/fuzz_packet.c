/* One packet: the first byte chooses the link, the next two say how much of it the recorder cut
 * off. The rest is the packet, and once more a datagram that was joined. */
#include "capture/wire/packet.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int links[] = {LINK_NULL, LINK_ETHERNET, LINK_RAW, LINK_LOOP, LINK_LINUX_SLL,
	LINK_IPV4, LINK_IPV6, LINK_LINUX_SLL2, 147};

static void check(const struct packet_parts *parts, struct span in, uint32_t wire)
{
	struct span s = parts->payload;
	MUST(s.n == 0 || (s.p >= in.p && s.p + s.n <= in.p + in.n));
	MUST(s.n <= parts->payload_len && parts->payload_len <= wire);
	MUST((parts->kind == PACKET_MALFORMED) == (parts->why != NULL));
	MUST(parts->src.n == parts->dst.n);
	MUST(parts->src.n == 0 || parts->src.n == 4 || parts->src.n == 16);
	MUST(parts->flags < 64);
	switch (parts->kind) {
	case PACKET_TCP:
	case PACKET_UDP:
		MUST(parts->protocol == (parts->kind == PACKET_TCP ? 6 : 17));
		MUST(parts->src.n > 0);
		/* What was not cut is there whole. */
		MUST(in.n < wire || s.n == parts->payload_len);
		return;
	case PACKET_FRAGMENT:
		MUST(parts->fragment_at > 0 || parts->fragment_more);
		MUST(parts->fragment_at % 8 == 0 && parts->fragment_at < 65536);
		return;
	case PACKET_OTHER_IP: MUST(parts->src.n > 0); return;
	case PACKET_NO_IP:
	case PACKET_UNKNOWN_LINK: MUST(parts->src.n == 0); return;
	case PACKET_MALFORMED: MUST(s.n == 0 && parts->payload_len == 0); return;
	}
	MUST(false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	struct span in = span_of(data + 3, size - 3);
	uint32_t wire = (uint32_t)in.n + (uint32_t)(data[1] << 8 | data[2]);
	struct packet_parts parts;
	packet_parse(links[data[0] % (sizeof links / sizeof links[0])], in, wire, &parts);
	check(&parts, in, wire);
	char text[PACKET_ADDRESS_TEXT];
	packet_address_text(&parts.src, text);
	MUST(strlen(text) < PACKET_ADDRESS_TEXT);
	struct packet_parts joined = {
		.protocol = data[1],
		.src.n = data[0] & 1 ? 16 : 4,
		.dst.n = data[0] & 1 ? 16 : 4,
	};
	packet_parse_joined(in, &joined);
	check(&joined, in, (uint32_t)in.n);
	MUST(joined.kind != PACKET_FRAGMENT && joined.kind != PACKET_NO_IP);
	return 0;
}
