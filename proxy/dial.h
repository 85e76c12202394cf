/*
 * Reach an origin: connect-to, resolve, check every address by policy, connect (next address
 * after DIAL_STAGGER_MS, RFC 8305), and say it all as facts. With --via the connection is made
 * to that proxy, which is asked for the rest. Tunnel threads.
 */
#ifndef PROXY_DIAL_H
#define PROXY_DIAL_H

#include "proxy/connect_to.h"
#include "proxy/policy.h"
#include "proxy/resolve.h"
#include "store/base/err.h"
#include "store/fact/fact.h"

enum { DIAL_STAGGER_MS = 250, DIAL_TIMEOUT_MS = 15000 };

struct via; /* proxy/via.h */
struct fds; /* proxy/fds.h */
struct tap; /* proxy/tap.h */

struct dialer {
	struct resolver *resolver;
	const struct connect_to *connect_to;
	const struct policy *policy;
	const struct via *via; /* NULL: direct */
	struct fds *fds;       /* NULL: descriptors are not counted */
	const struct tap *tap; /* is told of every attempt; NULL: nobody */
};

/*
 * A connected non-blocking socket, or -1 with err (DNS_*, REFUSED_*, CONNECT_*, VIA_FAILED,
 * SHUTDOWN, SYSTEM). The dns fact and the leg fact (each all but session, tunnel, leg; their
 * spans live in a) are filled in either case; dns->name.p == NULL: nothing was looked up.
 *
 * host: A-label name or IP literal without brackets. Only a connected address that policy
 * allows is ever returned; one refused address among allowed ones is skipped and noted in
 * attempts; if all are refused the error is that of the first. Words in attempts: those of
 * errors, "ok", and "given-up" for one that was under way when another was connected.
 *
 * dns: name is what was looked up (dial_host); where --connect-to gave an address, it is the
 * asked host, with source "connect-to". An address whose TTL is unknown (hosts file, literal)
 * stands without "/ttl". outcome is that of the lookup alone. A detail beside outcome "ok"
 * tells what was odd in the answer.
 *
 * --via: connect-to applies first, then the exit resolves the name: source "via", no addresses.
 * Ranges are checked for literals and for localhost only, for the exit alone knows the others.
 * remote_ip stays unknown; attempts, local_* and via_ip are those of the connection to the
 * proxy, exit_ip is what the proxy says of its way out, if it does.
 */
int dial(const struct dialer *d, const char *host, uint16_t port, int64_t until_us, int stop_fd,
	struct arena *a, struct fact_dns *dns, struct fact_leg *leg, struct err *err);

#endif
