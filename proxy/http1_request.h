/*
 * What one request head asks for, and what of it is sent on. Pure: decides from the head and
 * the tunnel's target alone.
 */
#ifndef PROXY_HTTP1_REQUEST_H
#define PROXY_HTTP1_REQUEST_H

#include "capture/wire/http1.h"
#include "proxy/tunnel.h"

struct http1_route {
	struct target target;
	const char *url; /* absolute, as the browser asked; never NULL after http1_route (may be
			    the raw target) */
	struct span path;   /* origin form: what the origin's request line carries */
	const char *oddity; /* "host-differs", or NULL */
	bool internal;      /* clicktrail.internal */
	bool direct; /* the same, asked of the proxy's own address: no proxy to the client */
};

/* False: ERR_TARGET says what is wrong; url is still set. */
bool http1_route(const struct tunnel *t, const struct http1_head *req, struct arena *a,
	struct http1_route *out, struct err *err);
/* Does Proxy-Authorization hold the password ("user:password", NULL: none wanted)? RFC 7617. */
bool http1_authorized(const char *password, const struct http1_head *req);
/* The head as it may be recorded: the password that was meant for us alone
 * (Proxy-Authorization) is overwritten with asterisks, the length kept. Works on bytes, so also
 * where they are no valid head. */
struct span http1_masked(struct span raw, struct arena *a);
bool http1_offers_h2c(const struct http1_head *req);
/* The head for the origin: as written; if it came in a form meant for a proxy, with the origin
 * form in its first line and without the fields that were meant for us (Proxy-Connection,
 * Proxy-Authorization). An Upgrade to HTTP/2 without TLS is left out, for what would follow it
 * could not be read. Nothing is added. */
void http1_forward_head(
	const struct http1_head *req, bool proxy_form, struct span path, struct buf *out);

#endif
