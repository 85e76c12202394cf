/*
 * Where a request leads: host and port out of an authority (RFC 3986 3.2), and back into a URL.
 * Takes and writes what the proxy's facts have, by code of its own. Pure. Any thread.
 */
#ifndef CAPTURE_HTTP_PLACE_H
#define CAPTURE_HTTP_PLACE_H

#include "store/base/buf.h"
#include "store/base/err.h"

enum { HTTP_PLACE_HOST_MAX = 256 };

struct http_place {
	char host[HTTP_PLACE_HOST_MAX]; /* lower case, IPv6 without brackets */
	uint16_t port;
	bool https;
};

/* "host[:port]"; ERR_TARGET. default_port 0: a port must be there. https is left as it is. */
bool http_place_authority(
	struct span authority, uint16_t default_port, struct http_place *out, struct err *err);
bool http_place_same(const struct http_place *a, const struct http_place *b);
/* "https://host[:port]", the scheme's own port left out; appended. */
void http_place_origin(const struct http_place *p, struct buf *out);
/* Is it an address, and no name? */
bool http_place_is_address(const char *host);

#endif
