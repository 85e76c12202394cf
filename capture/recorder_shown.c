#include "capture/recorder_shown.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/* <asm/socket.h> has it since Linux 5.0. */
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

static bool option(int fd, int name, int *out)
{
	socklen_t n = sizeof *out;
	return getsockopt(fd, SOL_SOCKET, name, out, &n) == 0;
}

bool recorder_shown_network(int socket, uint64_t *out, struct err *err)
{
	socklen_t n = sizeof *out;
	return getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, out, &n) == 0 ||
	       err_set_os(err, ERR_CAPTURE, errno,
		       "the kernel does not say which network a socket is of (Linux 5.14 "
		       "does)");
}

static bool address(const struct sockaddr_storage *s, struct recorder_local *out)
{
	if (s->ss_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, s, sizeof in);
		out->port = ntohs(in.sin_port);
		out->ip.n = in.sin_addr.s_addr == htonl(INADDR_ANY) ? 0 : 4;
		memcpy(out->ip.bytes, &in.sin_addr, 4);
		return true;
	}
	if (s->ss_family != AF_INET6)
		return false;
	struct sockaddr_in6 in6;
	memcpy(&in6, s, sizeof in6);
	out->port = ntohs(in6.sin6_port);
	out->ip.n = IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr) ? 0 : 16;
	memcpy(out->ip.bytes, &in6.sin6_addr, 16);
	return true;
}

static bool own_end(int fd, struct recorder_local *out)
{
	struct sockaddr_storage name = {0};
	socklen_t n = sizeof name;
	return getsockname(fd, (struct sockaddr *)&name, &n) == 0 && address(&name, out) &&
	       out->port != 0;
}

/* TCP_CLOSE, ...; 0: it does not say. */
static int state_of(int fd)
{
	struct tcp_info info = {0};
	socklen_t n = sizeof info;
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 ? info.tcpi_state : 0;
}

/* Of a TCP socket that is closed: is the port that it names its own? Where the kernel chose the
 * port it is free again when a connection from it has ended, and the socket still names it. To
 * bind tells them apart: a socket that has a port refuses another one. One that had none gets
 * one here, which does its owner no good. */
static bool has_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = {.v6 = {.sin6_family = AF_INET6}};
	int domain;
	if (!option(fd, SO_DOMAIN, &domain))
		return false;
	if (domain == AF_INET)
		a.v4 = (struct sockaddr_in){.sin_family = AF_INET};
	return bind(fd, &a.any, domain == AF_INET ? sizeof a.v4 : sizeof a.v6) < 0 &&
	       errno == EINVAL;
}

/* On another device the port of such a socket can be somebody else's. */
static bool of_one_device(int fd)
{
	int device = 0;
	return !option(fd, SO_BINDTOIFINDEX, &device) || device != 0;
}

/* A socket of a network that its owner made for himself says nothing of ours: there every port
 * is free. */
const char *recorder_shown_look(int fd, uint64_t network, struct recorder_shown *out)
{
	socklen_t n;
	int domain, protocol, listens, only = 0;
	uint64_t cookie = 0;
	*out = (struct recorder_shown){0};
	if (!option(fd, SO_DOMAIN, &domain) || (domain != AF_INET && domain != AF_INET6) ||
		!option(fd, SO_PROTOCOL, &protocol) || !option(fd, SO_ACCEPTCONN, &listens))
		return "what was shown is no socket of IP";
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return "what was shown is no socket of TCP or UDP";
	if (!recorder_shown_network(fd, &cookie, NULL) || cookie != network)
		return "the socket is of another network";
	if (!own_end(fd, &out->local))
		return "the socket is not bound to a port";
	if (of_one_device(fd))
		return "the socket is bound to a device";
	n = sizeof only;
	if (domain == AF_INET6 && getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &n) != 0)
		return "the socket does not say whether it takes IPv4";
	out->local.v4 = domain == AF_INET || only == 0;
	out->local.v6 = domain == AF_INET6;
	out->udp = protocol == IPPROTO_UDP;
	out->listens = listens != 0;
	if (out->udp || out->listens)
		return NULL;
	out->sent = state_of(fd) != TCP_CLOSE;
	return out->sent || has_port(fd) ? NULL : "the socket has lost its port";
}

/* getpeername(2) does not say it before the other end has answered, and an origin far away
 * takes its time; SO_PEERNAME does, to who asks for no more than there is. */
static bool peer_is(int fd, const struct packet_address *remote, uint16_t port)
{
	struct sockaddr_storage name = {0};
	struct recorder_local peer = {0};
	int domain;
	if (!option(fd, SO_DOMAIN, &domain))
		return false;
	socklen_t n =
		domain == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERNAME, &name, &n) != 0 || !address(&name, &peer) ||
		peer.port != port)
		return false;
	struct packet_address a = packet_address_plain(&peer.ip),
			      b = packet_address_plain(remote);
	return packet_address_same(&a, &b);
}

bool recorder_shown_still(int fd, bool udp, const struct recorder_local *local,
	const struct packet_address *remote, uint16_t remote_port)
{
	struct recorder_local own = {0};
	/* UDP that is disconnected has no port any more, if the kernel chose it. */
	if (!own_end(fd, &own) || own.port != local->port || of_one_device(fd))
		return false;
	struct packet_address ip = packet_address_plain(&own.ip);
	if (ip.n != 0 && !packet_address_same(&ip, &local->ip))
		return false;
	if (udp)
		return true;
	int state = state_of(fd);
	/* Nobody else can have the same two ends. Closed: it was refused before we came. */
	if (state == TCP_CLOSE)
		return has_port(fd);
	return state != TCP_LISTEN && peer_is(fd, remote, remote_port);
}
