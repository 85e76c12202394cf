#include "ui/export/pcapng_export.h"

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	TCP_HEADER = 20,
	EXTENSION_MIN = 8,
	EXTENSION_HOPS = 0,
	EXTENSION_ROUTING = 43,
	EXTENSION_FRAGMENT = 44,
	EXTENSION_AH = 51,
	EXTENSION_DESTINATION = 60,
	OPTION_END = 0, /* RFC 9293 3.1 */
	OPTION_NOP = 1,
	OPTION_SEGMENT_SIZE = 2,
	OPTION_WINDOW_SCALE = 3, /* RFC 7323 2.2 */
	OPTION_SACK_MAY = 4,     /* RFC 2018 2, 3 */
	OPTION_SACK = 5,
	OPTION_TIMES = 8, /* RFC 7323 3.2 */
};

/* RFC 791 3.1: a byte of 0 ends the options. */
static void scrub_ipv4(uint8_t *ip, const uint8_t *end)
{
	size_t n = (size_t)(ip[0] & 15) * 4, there = (size_t)(end - ip);
	n = n < there ? n : there;
	if (n > IPV4_HEADER)
		memset(ip + IPV4_HEADER, 0, n - IPV4_HEADER);
}

/* Bytes at the beginning of an extension header that a reader needs to go on; 0: it is none. */
static size_t kept_of(uint8_t kind)
{
	switch (kind) {
	case EXTENSION_HOPS:
	case EXTENSION_DESTINATION: return 2;
	case EXTENSION_ROUTING: return 4;
	case EXTENSION_FRAGMENT: return 8;
	case EXTENSION_AH: return 12; /* RFC 4302 2: with SPI and sequence number */
	default: return 0;
	}
}

static size_t length_of(uint8_t kind, uint8_t n)
{
	if (kind == EXTENSION_FRAGMENT)
		return EXTENSION_MIN;
	return kind == EXTENSION_AH ? ((size_t)n + 2) * 4 : ((size_t)n + 1) * 8;
}

/* RFC 8200 4.2: options of 0 are padding. */
static void scrub_ipv6(uint8_t *ip, const uint8_t *end)
{
	uint8_t kind = ip[6], *p = ip + IPV6_HEADER;
	while (kept_of(kind) > 0 && end - p >= EXTENSION_MIN) {
		size_t n = length_of(kind, p[1]), kept = kept_of(kind);
		n = n < (size_t)(end - p) ? n : (size_t)(end - p);
		if (kept < n)
			memset(p + kept, 0, n - kept);
		kind = p[0];
		p += n;
	}
}

static bool is_needed(uint8_t kind, size_t n)
{
	switch (kind) {
	case OPTION_SEGMENT_SIZE: return n == 4;
	case OPTION_WINDOW_SCALE: return n == 3;
	case OPTION_SACK_MAY: return n == 2;
	case OPTION_SACK: return n >= 10 && n <= 34 && n % 8 == 2;
	case OPTION_TIMES: return n == 10;
	default: return false;
	}
}

static void scrub_tcp(uint8_t *tcp, const uint8_t *end, follow_holds_fn *holds, void *ctx)
{
	uint8_t *p = tcp + TCP_HEADER;
	while (p < end && p[0] != OPTION_END) {
		size_t left = (size_t)(end - p), n = p[0] == OPTION_NOP || left < 2 ? 1 : p[1];
		if (p[0] != OPTION_NOP && (n < 2 || n > left))
			n = left; /* where the next one begins is not known */
		if (!is_needed(p[0], n))
			memset(p, OPTION_NOP, n);
		p += n;
	}
	memset(p, OPTION_END, (size_t)(end - p));
	/* What is needed has room for a few letters, too. */
	p = tcp + TCP_HEADER;
	if (p < end && holds(ctx, span_of(p, (size_t)(end - p))))
		memset(p, OPTION_NOP, (size_t)(end - p));
}

void pcapng_scrub(struct span from, uint8_t *bytes, const struct packet_parts *parts,
	follow_holds_fn *holds, void *ctx)
{
	uint8_t *payload = bytes + (parts->payload.p - from.p);
	uint8_t *ip = parts->ip_head != NULL ? bytes + (parts->ip_head - from.p) : NULL;
	uint8_t *above = parts->transport_head != NULL
				 ? bytes + (parts->transport_head - from.p)
				 : payload;
	if (ip != NULL && ip[0] >> 4 == 4)
		scrub_ipv4(ip, above);
	else if (ip != NULL)
		scrub_ipv6(ip, above);
	if (parts->kind == PACKET_TCP)
		scrub_tcp(above, payload, holds, ctx);
}
