/*
 * What the files of dial share: the race of connection attempts. Nobody else includes this.
 */
#ifndef PROXY_DIAL_INNER_H
#define PROXY_DIAL_INNER_H

#include "proxy/policy.h"
#include "proxy/resolve.h"
#include "store/base/arena.h"

#include <netinet/in.h>

struct tap; /* proxy/tap.h */

struct race {
	const struct resolved_address *addresses; /* in the order to try; at least one */
	size_t n;
	uint16_t port;
	const struct policy *policy;
	bool any_range; /* the user named this address: only our own ports are refused */
	int64_t until_us;
	int stop_fd;
	const struct tap *tap; /* NULL: nobody is told */
};

struct race_result {
	struct sockaddr_storage remote,
		local;        /* of the connection; ss_family 0 if there is none */
	struct span attempts; /* "ip:port word" each on a line */
	int64_t started_us;
};

/* dial_race.c: a connected non-blocking socket or -1 with err (REFUSED_*, CONNECT_*, SHUTDOWN,
 * SYSTEM). */
int dial_race(
	const struct race *race, struct arena *a, struct race_result *out, struct err *err);

/* The one test that stands before connect(), on the very address that it is given: policy,
 * our own sockets that listen at every address of this machine, and windows of other processes.
 */
bool dial_permitted(const struct policy *policy, bool any_range,
	const struct sockaddr_storage *to, struct err *err);

/* dial_port.c: a port for a connection of ours; somebody else may have it. */
uint16_t dial_port(void);

/* "192.0.2.1:80", "[2001:db8::1]:80" */
enum { DIAL_ADDRESS_TEXT = INET6_ADDRSTRLEN + 10 };
void dial_address_text(const struct sockaddr_storage *addr, char out[DIAL_ADDRESS_TEXT]);

#endif
