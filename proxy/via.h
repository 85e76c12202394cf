/*
 * The proxy of --via: parse its URL, and ask it over a connected socket for a way to host:port.
 * SOCKS5 (RFC 1928, 1929) with names resolved at the exit, or HTTP CONNECT (RFC 9110 9.3.6). It
 * takes exactly the bytes of the negotiation off the socket: what comes behind them is the
 * origin's. Credentials never leave this module but to the proxy. Tunnel threads; a struct via
 * is read-only.
 */
#ifndef PROXY_VIA_H
#define PROXY_VIA_H

#include "store/base/err.h"

#include <netinet/in.h>
#include <stdint.h>

enum via_kind { VIA_SOCKS5, VIA_HTTP };

enum {
	VIA_HOST_MAX = 256,
	VIA_CREDENTIAL_MAX = 256, /* RFC 1929 2: 255 bytes */
	VIA_TEXT_MAX = VIA_HOST_MAX + 32,
	VIA_HEAD_MAX = 16 * 1024, /* of an HTTP proxy's answer */
	VIA_INTERIM_MAX = 8       /* 1xx answers before the final one */
};

struct via {
	enum via_kind kind;
	char host[VIA_HOST_MAX]; /* name or IP literal, no brackets */
	uint16_t port;
	bool has_credentials;
	char user[VIA_CREDENTIAL_MAX], password[VIA_CREDENTIAL_MAX]; /* percent-decoded */
};

/* "socks5h://[user:password@]host:port" or "http://...". USAGE names the value, less its
 * credentials. */
bool via_parse(const char *url, struct via *out, struct err *err);
/* "socks5h://host:port", for facts and messages. */
void via_text(const struct via *via, char out[VIA_TEXT_MAX]);

/* From which address the proxy says that it reached the target, where it says so: SOCKS5's
 * BND.ADDR, if it is one that the whole network knows. Most say 0.0.0.0, and HTTP has no such
 * word. Its claim, not ours. */
struct via_exit {
	char ip[INET6_ADDRSTRLEN]; /* "": not known */
};

/* fd: connected to the proxy, non-blocking. True: the next byte is the origin's. VIA_FAILED
 * (the proxy's own reason in words; also where it is silent until until_us or ends in the
 * middle), SHUTDOWN. */
bool via_connect(const struct via *via, int fd, const char *host, uint16_t port,
	int64_t until_us, int stop_fd, struct via_exit *exit, struct err *err);

#endif
