/*
 * Names and addresses that no public directory can know of: special-use names (RFC 6761 and
 * its kind), names without a dot, private and reserved addresses. Nobody is asked about them,
 * nor is anybody asked there, unless a person says so. Pure; any thread.
 */
#ifndef UI_LOOKUP_SPECIAL_H
#define UI_LOOKUP_SPECIAL_H

#include "store/base/text.h"

#include <sys/socket.h>

/* Why nobody is asked about it, in words; NULL: it may be asked for. */
const char *special_name(struct span name);
/* What is no plain host name at all: it cannot be put into a question. */
bool special_is_odd(struct span name);
/* A literal, IPv6 with or without brackets; also for what is no address. */
const char *special_address(struct span address);
bool special_sockaddr(const struct sockaddr *addr);

#endif
