/*
 * Records of one type for one name, raw, by the resolver's servers: for a person who looks
 * something up, never on the way of a click. The hosts file and special names are not its
 * business: whoever calls it has decided that the name may be asked for. One thread.
 */
#ifndef PROXY_RESOLVE_RECORDS_H
#define PROXY_RESOLVE_RECORDS_H

#include "proxy/resolve.h"
#include "store/base/buf.h"

/* Asks for exactly this name: letters, digits, hyphens, underscores and dots. True: *message is
 * what a server answered, whatever its RCODE and however malformed; where it is SERVFAIL,
 * REFUSED or NOTIMP, the servers behind it were asked too, and the last answer counts. False:
 * DNS_TIMEOUT, DNS_FAILED, SHUTDOWN, SYSTEM; *message is empty. */
bool resolve_records(struct resolver *r, const char *name, uint16_t type, int64_t until_us,
	int stop_fd, struct buf *message, struct err *err);

#endif
