/*
 * curl's --connect-to HOST1:PORT1:HOST2:PORT2: send what is meant for HOST1:PORT1 to
 * HOST2:PORT2. Empty HOST1 or PORT1 match all, empty HOST2 or PORT2 keep what was asked; first
 * match wins; IPv6 hosts in brackets. Pure.
 */
#ifndef PROXY_CONNECT_TO_H
#define PROXY_CONNECT_TO_H

#include "store/base/err.h"

#include <stdint.h>

enum { CONNECT_TO_HOST_MAX = 256 };

struct connect_to_rule {
	char from_host[CONNECT_TO_HOST_MAX],
		to_host[CONNECT_TO_HOST_MAX]; /* lower case, no brackets; "" = any / same */
	uint16_t from_port, to_port;          /* 0 = any / same */
};
struct connect_to {
	struct connect_to_rule *rules; /* owned, heap */
	size_t n;
};

bool connect_to_add(struct connect_to *c, const char *rule, struct err *err);
void connect_to_fini(struct connect_to *c);
/* The rule that applies, or NULL. host is compared ASCII case folded. */
const struct connect_to_rule *connect_to_find(
	const struct connect_to *c, const char *host, uint16_t port);

#endif
