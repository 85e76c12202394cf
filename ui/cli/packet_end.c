#include "ui/cli/packet_end.h"

#include <netinet/in.h>

bool packet_end_of(const struct sockaddr *a, struct packet_address *ip, uint16_t *port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	*ip = (struct packet_address){0};
	*port = 0;
	switch (a->sa_family) {
	case AF_INET:
		memcpy(&in, a, sizeof in);
		ip->n = sizeof in.sin_addr;
		memcpy(ip->bytes, &in.sin_addr, sizeof in.sin_addr);
		*port = ntohs(in.sin_port);
		return true;
	case AF_INET6:
		memcpy(&in6, a, sizeof in6);
		ip->n = sizeof in6.sin6_addr;
		memcpy(ip->bytes, &in6.sin6_addr, sizeof in6.sin6_addr);
		*ip = packet_address_plain(ip);
		*port = ntohs(in6.sin6_port);
		return true;
	default: return false;
	}
}
