/*
 * The end of a connection as its packets have it, from a socket's address. Pure.
 */
#ifndef UI_CLI_PACKET_END_H
#define UI_CLI_PACKET_END_H

#include "capture/wire/packet.h"

struct sockaddr;
/* An IPv4 end of an IPv6 socket is one of IPv4. False: neither IPv4 nor IPv6. */
bool packet_end_of(const struct sockaddr *a, struct packet_address *ip, uint16_t *port);

#endif
