#include "proxy/policy.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

/*
 * What is decided about a range: PUBLIC stands before a wider range that it is cut out of;
 * INNER_* ranges carry an IPv4 address that the packet ends up at, and that one is decided on
 * instead.
 */
enum verdict { REFUSE, PUBLIC, INNER_LOW32, INNER_6TO4, INNER_TEREDO };

struct range {
	const char *cidr; /* the text of the registry */
	enum verdict verdict;
	const char *name;
};

/*
 * IANA IPv4 Special-Purpose Address Registry, the multicast space, and the well-known places
 * where clouds keep credentials for whoever asks. The first match decides: narrower ones stand
 * first. AS112 (192.31.196.0/24, 192.175.48.0/24) and AMT (192.52.193.0/24) are globally
 * reachable by the registry and pass.
 */
static const struct range ranges_v4[] = {
	{"0.0.0.0/32", REFUSE, "unspecified"},
	{"0.0.0.0/8", REFUSE, "reserved: this network"}, /* RFC 1122 3.2.1.3 */
	{"10.0.0.0/8", REFUSE, "private"},               /* RFC 1918 */
	{"100.100.100.200/32", REFUSE, "metadata"},      /* Alibaba Cloud */
	{"100.64.0.0/10", REFUSE, "CGNAT"},              /* RFC 6598 */
	{"127.0.0.0/8", REFUSE, "loopback"},
	{"168.63.129.16/32", REFUSE,
		"metadata"}, /* Azure: public by its bits, local by routing */
	{"169.254.169.254/32", REFUSE, "metadata"}, /* most clouds */
	{"169.254.170.2/32", REFUSE, "metadata"},   /* credentials of AWS containers */
	{"169.254.170.23/32", REFUSE, "metadata"},
	{"169.254.0.0/16", REFUSE, "link-local"}, /* RFC 3927 */
	{"172.16.0.0/12", REFUSE, "private"},     /* RFC 1918 */
	{"192.0.0.9/32", PUBLIC, NULL},           /* PCP anycast, RFC 7723 */
	{"192.0.0.10/32", PUBLIC, NULL},          /* TURN anycast, RFC 8155 */
	{"192.0.0.192/32", REFUSE, "metadata"},   /* Oracle Cloud */
	{"192.0.0.0/24", REFUSE, "reserved: IETF protocol assignments"}, /* RFC 6890 */
	{"192.0.2.0/24", REFUSE, "reserved: documentation"},             /* RFC 5737 */
	{"192.88.99.0/24", REFUSE, "reserved: 6to4 relay"},              /* RFC 7526 */
	{"192.168.0.0/16", REFUSE, "private"},                           /* RFC 1918 */
	{"198.18.0.0/15", REFUSE, "reserved: benchmarking"},             /* RFC 2544 */
	{"198.51.100.0/24", REFUSE, "reserved: documentation"},          /* RFC 5737 */
	{"203.0.113.0/24", REFUSE, "reserved: documentation"},           /* RFC 5737 */
	{"224.0.0.0/4", REFUSE, "multicast"},                            /* RFC 5771 */
	{"255.255.255.255/32", REFUSE, "reserved: broadcast"},           /* RFC 919 */
	{"240.0.0.0/4", REFUSE, "reserved"},                             /* RFC 1112 4 */
};

/*
 * IANA IPv6 Special-Purpose Address Registry. What lies outside of 2000::/3 and was not named
 * is not global unicast (RFC 4291 2.4).
 * ::ffff:0:0/96 is not here: a v4-mapped address is looked up in the table above.
 */
static const struct range ranges_v6[] = {
	{"::/128", REFUSE, "unspecified"},
	{"::1/128", REFUSE, "loopback"},
	{"::ffff:0:0:0/96", INNER_LOW32, "v4-translated"},    /* RFC 2765 2.1 */
	{"::/96", REFUSE, "reserved: v4-compatible"},         /* RFC 4291 2.5.5.1 */
	{"64:ff9b::/96", INNER_LOW32, "NAT64"},               /* RFC 6052 2.1 */
	{"64:ff9b:1::/48", REFUSE, "reserved: local NAT64"},  /* RFC 8215 */
	{"100::/64", REFUSE, "reserved: discard"},            /* RFC 6666 */
	{"100:0:0:1::/64", REFUSE, "reserved: dummy prefix"}, /* RFC 9780 */
	{"2001::/32", INNER_TEREDO, "Teredo"},                /* RFC 4380 */
	{"2001:1::1/128", PUBLIC, NULL},                      /* PCP anycast, RFC 7723 */
	{"2001:1::2/128", PUBLIC, NULL},                      /* TURN anycast, RFC 8155 */
	{"2001:1::3/128", PUBLIC, NULL}, /* DNS-SD registration anycast, RFC 9665 */
	{"2001:2::/48", REFUSE, "reserved: benchmarking"}, /* RFC 5180 */
	{"2001:3::/32", PUBLIC, NULL},                     /* AMT, RFC 7450 */
	{"2001:4:112::/48", PUBLIC, NULL},                 /* AS112, RFC 7535 */
	{"2001:20::/28", PUBLIC, NULL},                    /* ORCHIDv2, RFC 7343 */
	{"2001:30::/28", PUBLIC, NULL},                    /* drone identifiers, RFC 9374 */
	{"2001::/23", REFUSE, "reserved: IETF protocol assignments"}, /* RFC 2928 */
	{"2001:db8::/32", REFUSE, "reserved: documentation"},         /* RFC 3849 */
	{"2002::/16", INNER_6TO4, "6to4"},                            /* RFC 3056 */
	{"3fff::/20", REFUSE, "reserved: documentation"},             /* RFC 9637 */
	{"2000::/3", PUBLIC, NULL},
	{"5f00::/16", REFUSE, "reserved: segment routing"}, /* RFC 9602 */
	{"fd00:ec2::254/128", REFUSE, "metadata"},          /* AWS */
	{"fd20:ce::254/128", REFUSE, "metadata"},           /* Google Cloud */
	{"fc00::/7", REFUSE, "private: unique local"},      /* RFC 4193 */
	{"fe80::/10", REFUSE, "link-local"},                /* RFC 4291 2.5.6 */
	{"fec0::/10", REFUSE, "private: site-local"},       /* RFC 3879 */
	{"ff00::/8", REFUSE, "multicast"},                  /* RFC 4291 2.7 */
	{"::/0", REFUSE, "reserved"},
};

enum { MAPPED_BITS = 96 };
static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

struct address {
	uint8_t b[16]; /* IPv4 as v4-mapped */
	uint16_t port;
};

static struct address address_v4(const uint8_t b[4], uint16_t port)
{
	struct address a = {.port = port};
	memcpy(a.b, mapped_prefix, sizeof mapped_prefix);
	memcpy(a.b + 12, b, 4);
	return a;
}

static bool address_of(const struct sockaddr *addr, struct address *out)
{
	if (addr->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, addr, sizeof in);
		uint8_t b[4];
		memcpy(b, &in.sin_addr, sizeof b);
		*out = address_v4(b, ntohs(in.sin_port));
		return true;
	}
	if (addr->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, addr, sizeof in6);
		memcpy(out->b, &in6.sin6_addr, sizeof out->b);
		out->port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

static bool is_mapped(const struct address *a)
{
	return memcmp(a->b, mapped_prefix, sizeof mapped_prefix) == 0;
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	unsigned rest = bits % 8;
	return rest == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0;
}

/* A range of IPv6 wider than the mapped block never lets IPv4 pass: ::/0 says "all of IPv6". */
static bool net_holds(const struct policy_net *net, const struct address *a)
{
	if (is_mapped(a) && net->bits < MAPPED_BITS)
		return false;
	return bits_equal(net->addr, a->b, net->bits);
}

bool policy_net_holds(const struct policy_net *net, const struct sockaddr *addr)
{
	struct address a;
	return address_of(addr, &a) && net_holds(net, &a);
}

static bool has_host_bits(const struct policy_net *net)
{
	for (unsigned bit = net->bits; bit < 128; bit++)
		if (net->addr[bit / 8] >> (7 - bit % 8) & 1)
			return true;
	return false;
}

bool policy_net_parse(const char *cidr, struct policy_net *out, struct err *err)
{
	char text[INET6_ADDRSTRLEN];
	const char *slash = strchr(cidr, '/');
	size_t n = slash != NULL ? (size_t)(slash - cidr) : strlen(cidr);
	if (n == 0 || n >= sizeof text)
		return err_set(err, ERR_USAGE, "'%s' is not an address range", cidr);
	memcpy(text, cidr, n);
	text[n] = 0;

	struct policy_net net = {.bits = 128};
	uint8_t v4[4] = {0};
	bool is_v4 = inet_pton(AF_INET, text, v4) == 1;
	if (is_v4)
		memcpy(net.addr, address_v4(v4, 0).b, sizeof net.addr);
	else if (inet_pton(AF_INET6, text, net.addr) != 1)
		return err_set(err, ERR_USAGE, "'%s' is not an address range", cidr);

	if (slash != NULL) {
		uint64_t bits, most = is_v4 ? 32 : 128;
		if (!span_u64(span_str(slash + 1), &bits) || bits > most)
			return err_set(err, ERR_USAGE, "'%s': the prefix length is not 0 to %u",
				cidr, (unsigned)most);
		net.bits = (unsigned)bits + (is_v4 ? MAPPED_BITS : 0);
	}
	/* 10.1.2.3/8 may mean the host or the network: a range that opens doors is not guessed.
	 */
	if (has_host_bits(&net))
		return err_set(err, ERR_USAGE, "'%s' has bits set behind its prefix", cidr);
	*out = net;
	return true;
}

bool policy_allow(struct policy *p, const char *cidr, struct err *err)
{
	struct policy_net net;
	if (!policy_net_parse(cidr, &net, err))
		return false;
	if (p->n_allowed == POLICY_NETS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d --allow-net ranges, at '%s'",
			POLICY_NETS_MAX, cidr);
	p->allowed[p->n_allowed++] = net;
	return true;
}

bool policy_add_own(struct policy *p, const struct sockaddr *addr, struct err *err)
{
	struct address a;
	if (!address_of(addr, &a) || a.port == 0)
		return err_set(err, ERR_INTERNAL, "a listening socket without address or port");
	if (p->n_own == POLICY_OWN_MAX)
		return err_set(
			err, ERR_LIMIT, "more than %d listening sockets", POLICY_OWN_MAX);
	memset(&p->own[p->n_own], 0, sizeof p->own[p->n_own]);
	memcpy(&p->own[p->n_own++], addr,
		addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
					   : sizeof(struct sockaddr_in6));
	return true;
}

static const struct range *range_find(const struct address *a)
{
	const struct range *ranges = is_mapped(a) ? ranges_v4 : ranges_v6;
	size_t n = is_mapped(a) ? sizeof ranges_v4 / sizeof *ranges_v4
				: sizeof ranges_v6 / sizeof *ranges_v6;
	for (size_t i = 0; i < n; i++) {
		struct policy_net net = {0};
		bool ok = policy_net_parse(ranges[i].cidr, &net, NULL);
		assert(ok);
		if (bits_equal(net.addr, a->b, net.bits))
			return &ranges[i];
	}
	return NULL;
}

/* The IPv4 addresses inside an IPv6 address; returns how many (0 to 2). *how: the name of the
 * mechanism, or NULL. */
static size_t inner_addresses(
	const struct address *a, struct address inner[2], const char **how)
{
	*how = NULL;
	const struct range *range;
	if (is_mapped(a) || (range = range_find(a)) == NULL)
		return 0;
	uint8_t client[4];
	switch (range->verdict) {
	case REFUSE:
	case PUBLIC: return 0;
	case INNER_LOW32:
		*how = range->name;
		inner[0] = address_v4(a->b + 12, a->port);
		return 1;
	case INNER_6TO4: /* RFC 3056 2 */
		*how = range->name;
		inner[0] = address_v4(a->b + 2, a->port);
		return 1;
	case INNER_TEREDO: /* RFC 4380 4: server, then the client's address with every bit
			      flipped */
		*how = range->name;
		for (size_t i = 0; i < sizeof client; i++)
			client[i] = (uint8_t)~a->b[12 + i];
		inner[0] = address_v4(client, a->port);
		inner[1] = address_v4(a->b + 4, a->port);
		return 2;
	}
	return 0;
}

static bool is_any_or_loopback(const struct address *a)
{
	static const uint8_t zero[15] = {0};
	if (is_mapped(a))
		return a->b[12] == 127 || memcmp(a->b + 12, zero, 4) == 0;
	return memcmp(a->b, zero, sizeof zero) == 0 && a->b[15] <= 1;
}

bool policy_leads_to_loopback(const struct sockaddr *addr)
{
	struct address a, inner[2];
	const char *how;
	if (!address_of(addr, &a))
		return false;
	bool leads = is_any_or_loopback(&a);
	size_t n = inner_addresses(&a, inner, &how);
	for (size_t i = 0; i < n; i++)
		leads = leads || is_any_or_loopback(&inner[i]);
	return leads;
}

static bool is_any(const struct address *a)
{
	return is_any_or_loopback(a) && a->b[15] == 0 && a->b[12] == 0;
}

/* Whether a connection to `to` may end at our own socket. Loopback is one place, whatever its
 * name is. */
static bool reaches_own(const struct address *own, const struct address *to)
{
	if (own->port != to->port)
		return false;
	if (is_any_or_loopback(own) && is_any_or_loopback(to))
		return true;
	return is_any(to) || memcmp(own->b, to->b, sizeof own->b) == 0;
}

static bool is_own(const struct policy *p, const struct address *to)
{
	for (size_t i = 0; i < p->n_own; i++) {
		struct address own;
		if (address_of((const struct sockaddr *)&p->own[i], &own) &&
			reaches_own(&own, to))
			return true;
	}
	return false;
}

bool policy_own_port_everywhere(const struct policy *p, uint16_t port)
{
	for (size_t i = 0; i < p->n_own; i++) {
		struct address own;
		if (address_of((const struct sockaddr *)&p->own[i], &own) && own.port == port &&
			is_any(&own))
			return true;
	}
	return false;
}

static bool is_allowed(const struct policy *p, const struct address *a)
{
	for (size_t i = 0; i < p->n_allowed; i++)
		if (net_holds(&p->allowed[i], a))
			return true;
	return false;
}

/* The range that forbids a, or NULL. */
static const char *refused_range(const struct policy *p, const struct address *a)
{
	const struct range *range = is_allowed(p, a) ? NULL : range_find(a);
	return range != NULL && range->verdict == REFUSE ? range->name : NULL;
}

bool policy_check(const struct policy *p, const struct sockaddr *addr, struct err *err)
{
	struct address a, inner[2];
	if (!address_of(addr, &a))
		return err_set(err, ERR_REFUSED_ADDRESS, "reserved: address family %d",
			(int)addr->sa_family);
	char text[INET6_ADDRSTRLEN] = "?";
	bool mapped = addr->sa_family == AF_INET6 && is_mapped(&a);
	if (addr->sa_family == AF_INET)
		inet_ntop(AF_INET, a.b + 12, text, sizeof text);
	else
		inet_ntop(AF_INET6, a.b, text, sizeof text);

	const char *how, *range;
	size_t n_inner = inner_addresses(&a, inner, &how);
	bool own = is_own(p, &a);
	for (size_t i = 0; i < n_inner; i++)
		own = own || is_own(p, &inner[i]);
	if (own)
		return err_set(err, ERR_REFUSED_SELF, "%s port %u", text, a.port);

	if ((range = refused_range(p, &a)) != NULL)
		return err_set(err, ERR_REFUSED_ADDRESS, "%s is %s%s", text,
			mapped ? "v4-mapped " : "", range);
	if (is_allowed(p, &a))
		return true;
	for (size_t i = 0; i < n_inner; i++)
		if ((range = refused_range(p, &inner[i])) != NULL)
			return err_set(
				err, ERR_REFUSED_ADDRESS, "%s is %s %s", text, how, range);
	return true;
}
