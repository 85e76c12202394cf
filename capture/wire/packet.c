#include "capture/wire/packet.h"

#include <arpa/inet.h>

#include "store/base/reader.h"

enum {
	ETHER_IPV4 = 0x0800,
	ETHER_IPV6 = 0x86dd,
	ETHER_VLAN = 0x8100,       /* 802.1Q */
	ETHER_VLAN_OUTER = 0x88a8, /* 802.1ad */
	ETHER_VLAN_OLD = 0x9100,   /* outer tags from before 802.1ad */
	ETHER_MACS = 12,
	PROTOCOL_HOPS = 0, /* IPv6: hop-by-hop options, */
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AH = 51,
	PROTOCOL_NONE = 59,
	PROTOCOL_DESTINATION = 60,
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	TCP_HEADER = 20,
	UDP_HEADER = 8,
	OPTION_PAD1 = 0,
	OPTION_JUMBO = 0xc2,
	COOKED_OUTGOING = 4,
	HARDWARE_NETLINK = 824,
};

/* What is left of a packet: the bytes that were captured, and how many there were. */
struct rest {
	struct reader r;
	uint32_t n; /* never less than r.n */
};

static void malformed(struct packet_parts *out, const char *why)
{
	out->kind = PACKET_MALFORMED;
	out->why = why;
	out->payload = SPAN_NONE;
	out->payload_len = 0;
}

/* n bytes of a header that must be there whole; false: they are not, and *out says so. */
static bool header(struct rest *rest, uint32_t n, struct packet_parts *out, const char *why)
{
	if (rest->n < n) {
		malformed(out, why);
		return false;
	}
	if (rest->r.n < n) {
		malformed(out, "the packet was cut inside a header when it was captured");
		return false;
	}
	rest->n -= n;
	return true;
}

/* What IP's own length says is there. More than the frame held: no receiver takes it. */
static bool limit(struct rest *rest, uint32_t n, struct packet_parts *out)
{
	if (n > rest->n) {
		malformed(out, "the length that IP gives is more than the frame holds");
		return false;
	}
	rest->n = n;
	if (rest->r.n > n)
		rest->r.n = n;
	return true;
}

static void payload(struct rest *rest, struct packet_parts *out, enum packet_kind kind)
{
	out->kind = kind;
	out->payload = span_of(rest->r.p, rest->r.n);
	out->payload_len = rest->n;
}

/* RFC 9293 3.1 */
static void parse_tcp(struct rest *rest, struct packet_parts *out)
{
	if (!header(rest, TCP_HEADER, out, "too short for a TCP header"))
		return;
	struct reader *r = &rest->r;
	out->src_port = read_u16(r);
	out->dst_port = read_u16(r);
	out->seq = read_u32(r);
	out->ack = read_u32(r);
	uint32_t offset = (uint32_t)(read_u8(r) >> 4) * 4;
	out->flags = read_u8(r) & 0x3f;
	out->window = read_u16(r);
	read_u32(r); /* checksum, urgent pointer */
	if (offset < TCP_HEADER) {
		malformed(out, "TCP's data offset lies inside its header");
		return;
	}
	if (!header(rest, offset - TCP_HEADER, out,
		    "TCP's options are longer than its segment"))
		return;
	read_span(r, offset - TCP_HEADER);
	payload(rest, out, PACKET_TCP);
}

/* RFC 768; a length of 0 is a jumbogram's (RFC 2675 4). */
static void parse_udp(struct rest *rest, struct packet_parts *out)
{
	if (!header(rest, UDP_HEADER, out, "too short for a UDP header"))
		return;
	struct reader *r = &rest->r;
	out->src_port = read_u16(r);
	out->dst_port = read_u16(r);
	uint32_t n = read_u16(r);
	read_u16(r);
	if (n == 0)
		n = rest->n + UDP_HEADER;
	if (n < UDP_HEADER || n - UDP_HEADER > rest->n) {
		malformed(out, "UDP's length does not fit IP's");
		return;
	}
	if (!limit(rest, n - UDP_HEADER, out))
		return;
	payload(rest, out, PACKET_UDP);
}

static void parse_transport(struct rest *rest, struct packet_parts *out)
{
	out->transport_head = rest->r.p;
	switch (out->protocol) {
	case PROTOCOL_TCP: parse_tcp(rest, out); return;
	case PROTOCOL_UDP: parse_udp(rest, out); return;
	default: payload(rest, out, PACKET_OTHER_IP); return;
	}
}

/* The jumbo length among hop-by-hop options (RFC 2675 2); 0: none. */
static uint32_t jumbo_of(struct reader options)
{
	while (options.n > 0 && !options.bad) {
		uint8_t type = read_u8(&options);
		if (type == OPTION_PAD1)
			continue;
		size_t n = read_u8(&options);
		struct span value = read_span(&options, n);
		if (type == OPTION_JUMBO && value.n == 4) {
			struct reader r = reader_of(value);
			return read_u32(&r);
		}
	}
	return 0;
}

/* RFC 8200 4.5. True: it is one of several pieces, and *out is filled. */
static bool parse_fragment(struct rest *rest, struct packet_parts *out)
{
	struct reader *r = &rest->r;
	out->protocol = read_u8(r);
	read_u8(r);
	uint32_t at = read_u16(r);
	out->fragment_id = read_u32(r);
	out->fragment_at = at & 0xfff8;
	out->fragment_more = at & 1;
	if (out->fragment_at == 0 && !out->fragment_more)
		return false; /* a datagram in one piece (RFC 6946) */
	payload(rest, out, PACKET_FRAGMENT);
	return true;
}

/* One extension header behind out->protocol (RFC 8200 4); false: *out says what it is. */
static bool skip_extension(struct rest *rest, uint32_t *jumbo, struct packet_parts *out)
{
	static const char why[] = "an IPv6 extension header is longer than the packet";
	uint8_t kind = out->protocol;
	if (!header(rest, 8, out, why))
		return false;
	if (kind == PROTOCOL_FRAGMENT)
		return !parse_fragment(rest, out);
	out->protocol = read_u8(&rest->r);
	uint32_t n = read_u8(&rest->r);
	/* RFC 4302 2.2: AH counts in words of 4 bytes, less 2. */
	n = kind == PROTOCOL_AH ? (n + 2) * 4 : (n + 1) * 8;
	if (n < 8) {
		malformed(out, why);
		return false;
	}
	if (!header(rest, n - 8, out, why))
		return false;
	struct span value = read_span(&rest->r, n - 2);
	if (kind == PROTOCOL_HOPS && jumbo != NULL)
		*jumbo = jumbo_of(reader_of(value));
	return true;
}

static bool is_extension(uint8_t protocol)
{
	return protocol == PROTOCOL_HOPS || protocol == PROTOCOL_ROUTING ||
	       protocol == PROTOCOL_FRAGMENT || protocol == PROTOCOL_AH ||
	       protocol == PROTOCOL_DESTINATION;
}

static void parse_extensions(struct rest *rest, struct packet_parts *out)
{
	while (is_extension(out->protocol))
		if (!skip_extension(rest, NULL, out))
			return;
	parse_transport(rest, out);
}

static void read_address(struct reader *r, uint8_t n, struct packet_address *out)
{
	struct span s = read_span(r, n);
	out->n = n;
	memcpy(out->bytes, s.p, n);
}

/* RFC 8200 3 */
static void parse_ipv6(struct rest *rest, struct packet_parts *out)
{
	if (!header(rest, IPV6_HEADER, out, "too short for an IPv6 header"))
		return;
	struct reader *r = &rest->r;
	out->ip_head = r->p;
	if (read_u32(r) >> 28 != 6) {
		malformed(out, "not an IPv6 header");
		return;
	}
	uint32_t n = read_u16(r), jumbo = 0;
	out->protocol = read_u8(r);
	read_u8(r);
	read_address(r, 16, &out->src);
	read_address(r, 16, &out->dst);
	/* 0 is a jumbogram (RFC 2675 3), nothing, or what the sender's card would have cut to
	 * pieces: then it is as long as the frame. */
	if (n > 0 || out->protocol == PROTOCOL_NONE) {
		if (!limit(rest, n, out))
			return;
	} else if (out->protocol == PROTOCOL_HOPS) {
		uint32_t before = rest->n;
		if (!skip_extension(rest, &jumbo, out))
			return;
		uint32_t options = before - rest->n;
		if (jumbo > 0 && jumbo < options) {
			malformed(out, "the jumbo length is less than its own header");
			return;
		}
		if (jumbo > 0 && !limit(rest, jumbo - options, out))
			return;
	}
	parse_extensions(rest, out);
}

/* RFC 791 3.1 */
static void parse_ipv4(struct rest *rest, struct packet_parts *out)
{
	if (!header(rest, IPV4_HEADER, out, "too short for an IPv4 header"))
		return;
	struct reader *r = &rest->r;
	out->ip_head = r->p;
	uint8_t first = read_u8(r);
	uint32_t n_header = (uint32_t)(first & 15) * 4;
	if (first >> 4 != 4 || n_header < IPV4_HEADER) {
		malformed(out, "not an IPv4 header");
		return;
	}
	read_u8(r);
	uint32_t n = read_u16(r);
	out->fragment_id = read_u16(r);
	uint32_t at = read_u16(r);
	read_u8(r);
	out->protocol = read_u8(r);
	read_u16(r);
	read_address(r, 4, &out->src);
	read_address(r, 4, &out->dst);
	/* 0: the sender's card would have cut it to pieces; it is as long as the frame. */
	if (n > 0 && n < n_header) {
		malformed(out, "IPv4's length is less than its header");
		return;
	}
	if (n > 0 && !limit(rest, n - IPV4_HEADER, out))
		return;
	if (!header(rest, n_header - IPV4_HEADER, out, "IPv4's options are longer than it"))
		return;
	read_span(r, n_header - IPV4_HEADER);
	out->fragment_at = (at & 0x1fff) * 8;
	out->fragment_more = at & 0x2000;
	if (out->fragment_at > 0 || out->fragment_more)
		payload(rest, out, PACKET_FRAGMENT);
	else
		parse_transport(rest, out);
}

static void parse_ether_type(struct rest *rest, struct packet_parts *out)
{
	uint16_t type = out->ether_type;
	while (type == ETHER_VLAN || type == ETHER_VLAN_OUTER || type == ETHER_VLAN_OLD) {
		if (!header(rest, 4, out, "too short for a VLAN tag"))
			return;
		read_u16(&rest->r);
		type = out->ether_type = read_u16(&rest->r);
	}
	if (type == ETHER_IPV4)
		parse_ipv4(rest, out);
	else if (type == ETHER_IPV6)
		parse_ipv6(rest, out);
	else
		payload(rest, out, PACKET_NO_IP);
}

static void parse_ethernet(struct rest *rest, struct packet_parts *out)
{
	if (!header(rest, ETHER_MACS + 2, out, "too short for an Ethernet header"))
		return;
	read_span(&rest->r, ETHER_MACS);
	out->ether_type = read_u16(&rest->r);
	parse_ether_type(rest, out);
}

/* Linux cooked, both versions: www.tcpdump.org/linktypes */
static void parse_cooked(struct rest *rest, bool second, struct packet_parts *out)
{
	if (!header(rest, second ? 20 : 16, out, "too short for a cooked header"))
		return;
	struct reader *r = &rest->r;
	uint16_t direction, hardware;
	if (second) {
		out->ether_type = read_u16(r);
		read_span(r, 6); /* reserved, interface */
		hardware = read_u16(r);
		direction = read_u8(r);
		read_span(r, 9); /* the sender's hardware address */
	} else {
		direction = read_u16(r);
		hardware = read_u16(r);
		read_span(r, 10);
		out->ether_type = read_u16(r);
	}
	out->outgoing = direction == COOKED_OUTGOING;
	/* There the protocol is no EtherType. */
	if (hardware == HARDWARE_NETLINK)
		payload(rest, out, PACKET_NO_IP);
	else
		parse_ether_type(rest, out);
}

static void parse_family(struct rest *rest, bool any_order, struct packet_parts *out)
{
	if (!header(rest, 4, out, "too short for an address family"))
		return;
	uint32_t family = read_u32(&rest->r);
	if (any_order && (family & 0xffff) == 0)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2: out->ether_type = ETHER_IPV4; break;
	case 10: /* Linux, */
	case 24: /* NetBSD and OpenBSD, */
	case 28: /* FreeBSD, */
	case 30: /* macOS */ out->ether_type = ETHER_IPV6; break;
	default: payload(rest, out, PACKET_NO_IP); return;
	}
	parse_ether_type(rest, out);
}

static void parse_raw(struct rest *rest, struct packet_parts *out)
{
	if (rest->r.n > 0 && rest->r.p[0] >> 4 == 6) {
		out->ether_type = ETHER_IPV6;
		parse_ipv6(rest, out);
	} else {
		out->ether_type = ETHER_IPV4;
		parse_ipv4(rest, out);
	}
}

void packet_parse(int link, struct span bytes, uint32_t wire_len, struct packet_parts *out)
{
	*out = (struct packet_parts){.kind = PACKET_UNKNOWN_LINK};
	struct rest rest = {reader_of(bytes), wire_len};
	if (rest.n < bytes.n)
		rest.n = (uint32_t)bytes.n;
	switch (link) {
	case LINK_NULL: parse_family(&rest, true, out); return;
	case LINK_LOOP: parse_family(&rest, false, out); return;
	case LINK_ETHERNET: parse_ethernet(&rest, out); return;
	case LINK_RAW: parse_raw(&rest, out); return;
	case LINK_LINUX_SLL: parse_cooked(&rest, false, out); return;
	case LINK_LINUX_SLL2: parse_cooked(&rest, true, out); return;
	case LINK_IPV4:
		out->ether_type = ETHER_IPV4;
		parse_ipv4(&rest, out);
		return;
	case LINK_IPV6:
		out->ether_type = ETHER_IPV6;
		parse_ipv6(&rest, out);
		return;
	default: payload(&rest, out, PACKET_UNKNOWN_LINK); return;
	}
}

void packet_parse_joined(struct span datagram, struct packet_parts *parts)
{
	struct rest rest = {reader_of(datagram), (uint32_t)datagram.n};
	parts->why = NULL;
	if (parts->src.n == 16)
		parse_extensions(&rest, parts);
	else
		parse_transport(&rest, parts);
	/* A fragment among what was joined from fragments: nobody sends that. */
	if (parts->kind == PACKET_FRAGMENT)
		malformed(parts, "a fragment inside a datagram that was joined");
}

bool packet_address_same(const struct packet_address *a, const struct packet_address *b)
{
	return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

struct packet_address packet_address_plain(const struct packet_address *a)
{
	static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	struct packet_address v4 = {.n = 4};
	if (a->n != 16 || memcmp(a->bytes, mapped, sizeof mapped) != 0)
		return *a;
	memcpy(v4.bytes, a->bytes + sizeof mapped, 4);
	return v4;
}

void packet_address_text(const struct packet_address *a, char out[PACKET_ADDRESS_TEXT])
{
	_Static_assert((int)PACKET_ADDRESS_TEXT >= (int)INET6_ADDRSTRLEN, "room for it");
	out[0] = 0;
	if (a->n == 4)
		inet_ntop(AF_INET, a->bytes, out, PACKET_ADDRESS_TEXT);
	else if (a->n == 16)
		inet_ntop(AF_INET6, a->bytes, out, PACKET_ADDRESS_TEXT);
}
