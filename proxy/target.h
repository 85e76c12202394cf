/*
 * Where a request wants to go, out of its request line: CONNECT's authority (RFC 9110 9.3.6),
 * an absolute form (RFC 9112 3.2.2). Pure. Refuses what is not plainly a host: the name is used
 * for dialling, certificates and facts.
 */
#ifndef PROXY_TARGET_H
#define PROXY_TARGET_H

#include "store/base/buf.h"
#include "store/base/err.h"

enum { TARGET_HOST_MAX = 256 };

struct target {
	char host[TARGET_HOST_MAX]; /* lower case, IPv6 without brackets, no user info */
	uint16_t port;
	bool https;
};

/* "host:port", port required if default_port is 0. ERR_TARGET names what is wrong. */
bool target_from_authority(
	struct span authority, uint16_t default_port, struct target *out, struct err *err);
/* "http://host[:port][/path][?query]" (or https): *rest is what follows the authority (""
 * possible). */
bool target_from_absolute(
	struct span uri, struct target *out, struct span *rest, struct err *err);
bool target_same(const struct target *a, const struct target *b);
/* "https://host[:port]" with the default port left out and IPv6 in brackets; appended. */
void target_origin(const struct target *t, struct buf *out);

#endif
