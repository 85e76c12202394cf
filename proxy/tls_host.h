/*
 * Host names as TLS wants them: in SNI (RFC 6066 3), in a certificate's subjectAltName, and
 * compared with the names of a certificate. Names arrive as A-labels or IP literals without
 * brackets; whatever else a hostile page writes is refused here, with words. Pure.
 */
#ifndef PROXY_TLS_HOST_H
#define PROXY_TLS_HOST_H

#include "store/base/err.h"
#include "store/base/text.h"

enum { TLS_HOST_MAX = 253, TLS_LABEL_MAX = 63 }; /* RFC 1035 2.3.4, without the root's dot */

struct tls_host {
	char name[TLS_HOST_MAX + 1]; /* lower case; a closing dot (absolute name) is dropped; ""
					for addresses */
	uint8_t ip[16];
	size_t ip_len; /* 4 or 16: an address; 0: a name */
};

/* ERR_TARGET names what is wrong with it. Underscores pass: browsers and DNS take them, and
 * trackers use them. */
bool tls_host_parse(const char *host, struct tls_host *out, struct err *err);

/* Does a dNSName of a certificate, "*.rest" included, cover the name? A wildcard stands for
 * exactly one whole leftmost label and needs two labels behind it (RFC 9525 6.3). */
bool tls_host_covered(const struct tls_host *host, struct span dns_name);

#endif
