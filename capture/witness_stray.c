/*
 * Packets that belong to no TCP connection, those of one protocol between the same two put
 * together. Nothing is left out: what the table has no room for is counted by protocol alone.
 */
#include "capture/witness_inner.h"
#include "store/base/map.h"

#include <stdio.h>
#include <stdlib.h>

enum { PROTOCOL_TEXT = 24, RESTS_MAX = 64 };

struct stray {
	char protocol[PROTOCOL_TEXT];
	const char *detail; /* static; NULL: nothing to add */
	struct flow_end from, to;
	bool has_ports;
	uint64_t packet, packets;
	int64_t first_ns, last_ns;
	struct stray *next;
};

struct strays {
	struct arena arena;
	struct map by_key;
	struct stray *first, **last;
	size_t n;
	struct stray *rest; /* by protocol, since the table is full */
	size_t n_rest;
	uint64_t over;
};

struct strays *strays_new(void)
{
	struct strays *s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	s->last = &s->first;
	return s;
}

void strays_free(struct strays *s)
{
	if (s == NULL)
		return;
	map_fini(&s->by_key);
	arena_fini(&s->arena);
	free(s);
}

/* ---- words ---- */

struct named {
	unsigned number;
	const char *name;
};

static const char *name_of(const struct named *list, unsigned number)
{
	for (; list->name != NULL; list++)
		if (list->number == number)
			return list->name;
	return NULL;
}

static const struct named protocols[] = {{1, "icmp"}, {2, "igmp"}, {17, "udp"}, {41, "ipv6"},
	{47, "gre"}, {50, "esp"}, {51, "ah"}, {58, "icmpv6"}, {89, "ospf"}, {103, "pim"},
	{132, "sctp"}, {136, "udplite"}, {0, NULL}};

static const struct named ether_types[] = {{0x0806, "arp"}, {0x88cc, "lldp"}, {0x8863, "pppoe"},
	{0x8864, "pppoe"}, {0x888e, "eapol"}, {0, NULL}};

/* By the port of either end: who asks has any port. */
static const struct named udp_ports[] = {{443, "QUIC"}, {80, "QUIC"}, {53, "DNS"},
	{853, "DNS over QUIC"}, {5353, "multicast DNS"}, {5355, "LLMNR"}, {123, "NTP"},
	{67, "DHCP"}, {68, "DHCP"}, {546, "DHCPv6"}, {547, "DHCPv6"}, {1900, "SSDP"},
	{3478, "STUN"}, {19302, "STUN"}, {137, "NetBIOS names"}, {138, "NetBIOS datagrams"},
	{0, NULL}};

/* RFC 792, RFC 1256 */
static const struct named icmp_types[] = {{0, "echo reply"}, {3, "destination unreachable"},
	{5, "redirect"}, {8, "echo request"}, {9, "router advertisement"},
	{10, "router solicitation"}, {11, "time exceeded"}, {12, "parameter problem"},
	{0, NULL}};

/* RFC 4443, RFC 4861, RFC 2710, RFC 3810: the kernel itself sends solicitations and listener
 * reports when an interface comes up. */
static const struct named icmpv6_types[] = {{1, "destination unreachable"},
	{2, "packet too big"}, {3, "time exceeded"}, {4, "parameter problem"},
	{128, "echo request"}, {129, "echo reply"}, {130, "multicast listener query"},
	{131, "multicast listener report"}, {132, "multicast listener done"},
	{133, "router solicitation"}, {134, "router advertisement"},
	{135, "neighbor solicitation"}, {136, "neighbor advertisement"}, {137, "redirect"},
	{143, "multicast listener report"}, {0, NULL}};

static void name_protocol(struct stray *s, const struct packet *p, const struct packet_parts *t)
{
	const char *name = NULL;
	switch (t->kind) {
	case PACKET_TCP: name = "tcp"; break;
	case PACKET_UDP: name = "udp"; break;
	case PACKET_FRAGMENT:
		name = "fragment";
		s->detail = "pieces of an IP datagram that was never whole";
		break;
	case PACKET_OTHER_IP:
		name = name_of(protocols, t->protocol);
		if (name == NULL)
			snprintf(s->protocol, sizeof s->protocol, "ip-%u", t->protocol);
		break;
	case PACKET_NO_IP:
		name = name_of(ether_types, t->ether_type);
		if (name == NULL)
			snprintf(
				s->protocol, sizeof s->protocol, "ether-0x%04x", t->ether_type);
		break;
	case PACKET_UNKNOWN_LINK:
		snprintf(s->protocol, sizeof s->protocol, "link-%d", p->link);
		s->detail = "a link layer that is not read";
		break;
	case PACKET_MALFORMED:
		name = "malformed";
		s->detail = t->why;
		break;
	}
	if (name != NULL)
		snprintf(s->protocol, sizeof s->protocol, "%s", name);
}

static void describe(struct stray *s, const struct packet *p, const struct packet_parts *t)
{
	name_protocol(s, p, t);
	s->has_ports = t->kind == PACKET_UDP || t->kind == PACKET_TCP;
	if (t->kind == PACKET_UDP) {
		s->detail = name_of(udp_ports, t->dst_port);
		if (s->detail == NULL)
			s->detail = name_of(udp_ports, t->src_port);
	}
	if (t->kind == PACKET_OTHER_IP && t->protocol == 1 && t->payload.n > 0)
		s->detail = name_of(icmp_types, t->payload.p[0]);
	if (t->kind == PACKET_OTHER_IP && t->protocol == 58 && t->payload.n > 0)
		s->detail = name_of(icmpv6_types, t->payload.p[0]);
	if (t->kind == PACKET_NO_IP || t->kind == PACKET_UNKNOWN_LINK)
		return;
	s->from = (struct flow_end){t->src, s->has_ports ? t->src_port : 0};
	s->to = (struct flow_end){t->dst, s->has_ports ? t->dst_port : 0};
}

/* ---- the table ---- */

static size_t put_end(uint8_t *out, const struct flow_end *e)
{
	uint8_t n = e->ip.n <= 16 ? e->ip.n : 0;
	out[0] = n;
	memcpy(out + 1, e->ip.bytes, n);
	out[1 + n] = (uint8_t)(e->port >> 8);
	out[2 + n] = (uint8_t)e->port;
	return 3u + n;
}

/* The same for both directions. What a thing is called counts: an echo and a solicitation
 * between the same two are not the same. */
static struct span key_of(const struct stray *s, struct arena *a)
{
	uint8_t ends[2][1 + 16 + 2];
	size_t n[2] = {put_end(ends[0], &s->from), put_end(ends[1], &s->to)};
	int first = n[0] > n[1] || (n[0] == n[1] && memcmp(ends[0], ends[1], n[0]) > 0);
	struct buf b = {0};
	buf_add_str(&b, s->protocol);
	buf_add_byte(&b, 0);
	buf_add_str(&b, s->detail != NULL ? s->detail : "");
	buf_add_byte(&b, 0);
	buf_add(&b, ends[first], n[first]);
	buf_add(&b, ends[!first], n[!first]);
	struct span key = arena_copy(a, buf_span(&b));
	buf_fini(&b);
	return key;
}

static void count(struct stray *s, const struct packet *p)
{
	if (s->packets == 0) {
		s->packet = p->number;
		s->first_ns = p->at_ns;
		s->last_ns = p->at_ns;
	}
	s->packets++;
	if (p->at_ns > s->last_ns)
		s->last_ns = p->at_ns;
}

static struct stray *find_rest(const struct strays *s, const char *protocol)
{
	struct stray *r = s->rest;
	while (r != NULL && strcmp(r->protocol, protocol) != 0)
		r = r->next;
	return r;
}

/* The table is full. Of protocols, too, only so many are told apart: Ethernet alone has room
 * for 65536. */
static struct stray *rest_of(struct strays *s, const struct stray *like)
{
	const char *protocol = like->protocol;
	struct stray *r = find_rest(s, protocol);
	s->over++;
	if (r == NULL && s->n_rest >= RESTS_MAX) {
		protocol = "other";
		r = find_rest(s, protocol);
	}
	if (r != NULL)
		return r;
	r = arena_alloc(&s->arena, sizeof *r);
	snprintf(r->protocol, sizeof r->protocol, "%s", protocol);
	r->detail = "more than are told apart, put together";
	r->next = s->rest;
	s->rest = r;
	s->n_rest++;
	return r;
}

void strays_add(struct strays *s, const struct packet *p, const struct packet_parts *parts)
{
	struct arena scratch = {0};
	struct stray this = {.detail = NULL};
	describe(&this, p, parts);
	struct span key = key_of(&this, &scratch);
	struct stray *found = map_get(&s->by_key, key);
	if (found == NULL && s->n == WITNESS_STRAYS_MAX)
		found = rest_of(s, &this);
	if (found == NULL) {
		found = arena_alloc(&s->arena, sizeof *found);
		*found = this;
		*map_at(&s->by_key, key, &s->arena) = found;
		*s->last = found;
		s->last = &found->next;
		s->n++;
	}
	count(found, p);
	arena_fini(&scratch);
}

/* ---- facts ---- */

static void put_one(struct witness *w, const struct stray *s)
{
	struct fact_stray f;
	fact_init(FACT_KIND_STRAY, &f);
	f.session = w->order->session;
	f.at_us = witness_us(s->first_ns);
	f.file = w->order->file;
	f.packet = witness_number(s->packet);
	f.protocol = span_str(s->protocol);
	f.source_ip = witness_ip(w, &s->from.ip);
	f.destination_ip = witness_ip(w, &s->to.ip);
	if (s->has_ports) {
		f.source_port = s->from.port;
		f.destination_port = s->to.port;
	}
	f.packets = witness_number(s->packets);
	f.last_us = witness_us(s->last_ns);
	f.detail = span_str(s->detail);
	witness_put(w, FACT_KIND_STRAY, &f);
	w->counts.strays++;
	arena_reset(&w->scratch);
}

void strays_put(struct strays *s, struct witness *w, uint64_t *over)
{
	for (const struct stray *at = s->first; at != NULL; at = at->next)
		put_one(w, at);
	for (const struct stray *at = s->rest; at != NULL; at = at->next)
		put_one(w, at);
	*over = s->over;
}
