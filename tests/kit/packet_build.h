/*
 * Captures for tests: Ethernet, cooked, raw or loopback packets of IPv4 and IPv6, TCP
 * conversations with everything that a network does to them, and the file that a recorder would
 * have made of it. Checksums are right. Nothing is sent. The owner calls fini.
 */
#ifndef TESTS_KIT_PACKET_BUILD_H
#define TESTS_KIT_PACKET_BUILD_H

#include "capture/stream.h"
#include "capture/wire/packet.h"
#include "store/base/buf.h"

struct built_packet {
	uint8_t *bytes;
	size_t n, wire_n; /* fewer than wire_n: cut when captured */
	int64_t at_ns;
	uint32_t interface;
};

/* A capture under way. Between init and the first packet any field may be set. */
struct packet_build {
	int link;        /* enum packet_link */
	unsigned vlans;  /* tags in an Ethernet or cooked header */
	int64_t now_ns;  /* of the next packet, */
	int64_t step_ns; /* which comes so much later than the last */
	uint32_t ipv6_fragment_id;
	struct built_packet *packets;
	size_t n, cap;
};

void packet_build_init(struct packet_build *b, int link); /* now: 2026-01-01T00:00:00Z */
void packet_build_fini(struct packet_build *b);

/* "192.0.2.1" or "2001:db8::1"; fails the test on anything else. */
struct packet_address packet_build_address(const char *text);

/* One packet from what stands behind its IP header. */
void packet_build_ip(struct packet_build *b, const struct packet_address *src,
	const struct packet_address *dst, uint8_t protocol, struct span payload);
void packet_build_udp(struct packet_build *b, const char *src, uint16_t src_port,
	const char *dst, uint16_t dst_port, struct span payload);
/* Any bytes as one packet; the same behind a header of the link with this EtherType. */
void packet_build_raw(struct packet_build *b, struct span bytes);
void packet_build_link(struct packet_build *b, uint16_t ether_type, struct span bytes);

/* One TCP connection. Ways are enum flow_way. */
struct tcp_build {
	struct packet_build *to;
	struct packet_address ip[2]; /* client, server */
	uint16_t port[2];
	uint32_t first[2]; /* sequence number of a direction's first byte; may be set */
	uint32_t sent[2];  /* bytes; that of a FIN included */
	size_t mss;        /* 1400 */
	uint16_t window;
	bool quiet_acks; /* packet_build_send acknowledges nothing */
};
void packet_build_tcp(struct tcp_build *t, struct packet_build *b, const char *client,
	uint16_t client_port, const char *server, uint16_t server_port);
void packet_build_open(struct tcp_build *t); /* SYN, SYN and ACK, ACK */
/* In segments of mss, each acknowledged by the other side. */
void packet_build_send(struct tcp_build *t, enum flow_way way, struct span bytes);
void packet_build_say(struct tcp_build *t, enum flow_way way, const char *text);
void packet_build_ack(struct tcp_build *t, enum flow_way way); /* of all that the other sent */
void packet_build_fin(struct tcp_build *t, enum flow_way way);
void packet_build_close(struct tcp_build *t); /* FIN, FIN and ACK, ACK */
void packet_build_reset(struct tcp_build *t, enum flow_way way);
/* Any segment: at, acked are offsets of bytes in their directions. What was sent stays as it
 * is. */
void packet_build_segment(struct tcp_build *t, enum flow_way way, uint8_t flags, int64_t at,
	int64_t acked, struct span bytes);

/* What networks and recorders do, to packets that are there (from 0). */
void packet_build_move(
	struct packet_build *b, size_t from, size_t to); /* times stay in order */
void packet_build_copy(struct packet_build *b, size_t from, size_t to);
void packet_build_drop(struct packet_build *b, size_t at);
void packet_build_cut(struct packet_build *b, size_t at, size_t n); /* to n bytes */
/* Into IP fragments of at most n bytes of payload (a multiple of 8), in its place. */
void packet_build_fragment(struct packet_build *b, size_t at, size_t n);
/* Moves packets from `from` on by at most `distance` places; the same for the same seed. */
void packet_build_shuffle(struct packet_build *b, size_t from, size_t distance, uint64_t seed);

/* Appends the file. secrets: a TLS key log, put before the packets; may be none. */
void packet_build_pcapng(const struct packet_build *b, struct span secrets, struct buf *out);
/* Writes bytes to path; fails the test if it cannot. */
void packet_build_write(const char *path, struct span bytes);
/* Hands them to flows, without a file. */
void packet_build_feed(const struct packet_build *b, struct flows *fs);

#endif
