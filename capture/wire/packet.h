/*
 * One captured packet, read down to its TCP or UDP payload: link layer, IPv4, IPv6 with its
 * extension headers, TCP, UDP. Decodes and decides nothing: fragments are told, not joined
 * (capture/fragments.h), checksums are not judged (a sender's own packets are captured before
 * its card fills them in). Hostile bytes; spans point into the packet. Never allocates. Any
 * thread.
 */
#ifndef CAPTURE_WIRE_PACKET_H
#define CAPTURE_WIRE_PACKET_H

#include "store/base/text.h"

/* LINKTYPE_ values of tcpdump.org that are understood; any other is PACKET_UNKNOWN_LINK. */
enum packet_link {
	LINK_NULL = 0,     /* 4 bytes of address family, in the byte order of who captured */
	LINK_ETHERNET = 1, /* with 802.1Q and 802.1ad tags */
	LINK_RAW = 101,
	LINK_LOOP = 108, /* as NULL, in network byte order */
	LINK_LINUX_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_LINUX_SLL2 = 276,
};

/* As it lies in a file. */
struct packet {
	uint64_t number; /* in its file, from 1 */
	int64_t at_ns;   /* UTC, nanoseconds since 1970 */
	int link;        /* LINKTYPE_ value */
	uint32_t interface;
	uint32_t wire_len; /* as it was; more than bytes.n: it was cut when captured */
	struct span bytes;
};

/* Times are as hostile as anything else: as far as an int64_t goes. */
static inline int64_t packet_elapsed_ns(int64_t from_ns, int64_t to_ns)
{
	int64_t ns;
	if (__builtin_sub_overflow(to_ns, from_ns, &ns))
		return to_ns < from_ns ? INT64_MIN : INT64_MAX;
	return ns;
}

struct packet_address {
	uint8_t n; /* 4, 16; 0: none */
	uint8_t bytes[16];
};
bool packet_address_same(const struct packet_address *a, const struct packet_address *b);
/* An address of IPv6 that stands for one of IPv4 (RFC 4291 2.5.5.2) as that one. */
struct packet_address packet_address_plain(const struct packet_address *a);
/* "192.0.2.1", "2001:db8::1"; "" for none. */
enum { PACKET_ADDRESS_TEXT = 46 };
void packet_address_text(const struct packet_address *a, char out[PACKET_ADDRESS_TEXT]);

enum packet_kind {
	PACKET_TCP,
	PACKET_UDP,
	PACKET_FRAGMENT, /* of IP: payload is its piece */
	PACKET_OTHER_IP, /* another protocol above IP: `protocol` */
	PACKET_NO_IP,    /* another protocol above the link: `ether_type` */
	PACKET_UNKNOWN_LINK,
	PACKET_MALFORMED, /* `why` says where */
};

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

struct packet_parts {
	enum packet_kind kind;
	const char *why; /* MALFORMED: a static sentence */
	uint16_t ether_type;
	bool outgoing; /* cooked links say so: sent by the machine that captured */
	struct packet_address src, dst;
	uint8_t protocol; /* of IPv4, or the last next-header of IPv6 */
	uint16_t src_port, dst_port;
	/* FRAGMENT (RFC 791 3.2, RFC 8200 4.5) */
	uint32_t fragment_id, fragment_at; /* at: byte offset of the payload in the datagram */
	bool fragment_more;
	/* TCP (RFC 9293 3.1) */
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window;
	/* Where headers begin, in the bytes that were parsed; NULL: none was reached. */
	const uint8_t *ip_head, *transport_head;
	struct span payload;  /* what was captured of it; link padding is not in it */
	uint32_t payload_len; /* by IP's own length; more than payload.n: cut */
};

void packet_parse(int link, struct span bytes, uint32_t wire_len, struct packet_parts *out);
/* The payload of a datagram that was joined from fragments, protocol and addresses as in
 * `parts`, which is filled on: TCP, UDP, OTHER_IP or MALFORMED. */
void packet_parse_joined(struct span datagram, struct packet_parts *parts);

#endif
