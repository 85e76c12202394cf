/*
 * Which addresses the proxy may connect to. Decided on the resolved address that is then
 * connected to, never on a name. Pure.
 */
#ifndef PROXY_POLICY_H
#define PROXY_POLICY_H

#include "store/base/err.h"
#include "store/base/text.h"

#include <sys/socket.h>

enum { POLICY_NETS_MAX = 64, POLICY_OWN_MAX = 16 };

struct policy_net {
	uint8_t addr[16]; /* IPv4 as v4-mapped */
	unsigned bits;    /* 0..128 */
};
struct policy {
	struct policy_net allowed[POLICY_NETS_MAX]; /* --allow-net */
	size_t n_allowed;
	struct sockaddr_storage
		own[POLICY_OWN_MAX]; /* our own listening sockets: never allowed. Port and
					address; any-address matches all local ones */
	size_t n_own;
};

/* "10.0.0.0/8", "::1", "fe80::/10": ERR_USAGE names the value. */
bool policy_allow(struct policy *p, const char *cidr, struct err *err);
bool policy_add_own(struct policy *p, const struct sockaddr *addr, struct err *err);
/* REFUSED_ADDRESS (detail names the range: "loopback", "private", "link-local", "CGNAT",
 * "multicast", "metadata", "unspecified", "reserved", "v4-mapped ...", "NAT64", ...) or
 * REFUSED_SELF. Loopback ranges reach our own ports by any of 127/8, ::1, mapped forms: all are
 * refused as own even where --allow-net lets loopback pass. */
bool policy_check(const struct policy *p, const struct sockaddr *addr, struct err *err);
/* One of our sockets listens on this port at every local address. Which addresses are local is
 * the kernel's knowledge, not ours: the caller asks it and refuses those (dial does). */
bool policy_own_port_everywhere(const struct policy *p, uint16_t port);
/* By its bits, this address leads to loopback, also inside of an IPv6 address that carries an
 * IPv4 one: what listens there alone can be reached by it. */
bool policy_leads_to_loopback(const struct sockaddr *addr);
/* The same test for a client of the proxy against a list of ranges. */
bool policy_net_parse(const char *cidr, struct policy_net *out, struct err *err);
bool policy_net_holds(const struct policy_net *net, const struct sockaddr *addr);

#endif
