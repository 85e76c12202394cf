#include "capture/recorder_orders.h"
#include "capture/recorder_shown.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SHOWN_MAX = 8 }; /* descriptors of one message; one is what we ask for */

static bool option(int fd, int name, int *out)
{
	socklen_t n = sizeof *out;
	return getsockopt(fd, SOL_SOCKET, name, out, &n) == 0;
}

bool recorder_orders_check(void)
{
	int domain = 0, type = 0;
	return option(RECORDER_SOCK, SO_DOMAIN, &domain) && domain == AF_UNIX &&
	       option(RECORDER_SOCK, SO_TYPE, &type) && type == SOCK_SEQPACKET;
}

static bool is_v4(const struct packet_address *a)
{
	return packet_address_plain(a).n == 4;
}

/* Could this socket speak to that address? Else its port may be somebody else's there. */
static bool reaches(const struct recorder_local *l, const struct packet_address *remote)
{
	if (remote->n != 4 && remote->n != 16)
		return false;
	if (l->ip.n != 0)
		return is_v4(&l->ip) == is_v4(remote);
	return is_v4(remote) ? l->v4 : l->v6;
}

/* NULL, or why it was refused. *fd is -1 afterwards if it was kept. */
static const char *obey_connection(
	struct recorder_orders *o, const struct recorder_order *order, int *fd, int64_t now_ns)
{
	struct recorder_shown s;
	const char *why = recorder_shown_look(*fd, o->network, &s);
	if (why != NULL)
		return why;
	if (s.listens)
		return "a listening socket makes no connection";
	if (order->remote_port == 0 || !reaches(&s.local, &order->remote))
		return "the socket does not reach that address";
	struct recorder_local own = s.local;
	own.ip = packet_address_plain(&own.ip);
	/* Orders come later than what they are for: it may be on its way by now, and then it is
	 * known where to. A resolver's socket is shown for each server that it may be for, so
	 * that it went to another one is nothing to be told. */
	if (s.sent &&
		!recorder_shown_still(*fd, s.udp, &own, &order->remote, order->remote_port))
		return NULL;
	recorder_table_connection(
		o->table, s.udp, &s.local, &order->remote, order->remote_port, *fd, now_ns);
	*fd = -1;
	return NULL;
}

static const char *obey_listener(struct recorder_orders *o, int fd)
{
	struct recorder_shown s;
	const char *why = recorder_shown_look(fd, o->network, &s);
	if (why != NULL)
		return why;
	if (s.udp || !s.listens)
		return "the socket does not listen";
	return recorder_table_listener(o->table, &s.local) ? NULL
							   : "too many listening sockets";
}

/* True: something was shown. fd: attached, or -1; left open only if it is kept. */
static bool obey(
	struct recorder_orders *o, const struct recorder_order *order, int fd, int64_t now_ns)
{
	const char *why = NULL;
	bool shown = false;
	switch (order->word) {
	case RECORDER_CONNECTION:
	case RECORDER_LISTENER:
		if (o->table == NULL)
			break; /* everything is recorded anyway */
		if (fd < 0)
			why = "no socket was shown";
		else if (order->word == RECORDER_LISTENER)
			why = obey_listener(o, fd);
		else
			why = obey_connection(o, order, &fd, now_ns);
		shown = why == NULL;
		break;
	case RECORDER_FLUSH: o->flush = true; break;
	case RECORDER_FINISH: o->finish = true; break;
	default: why = "an order that is none"; break;
	}
	if (why != NULL)
		snprintf(o->refused, sizeof o->refused, "not recorded: %s", why);
	if (fd >= 0)
		close(fd);
	return shown;
}

/* One message. False: there is none. */
static bool take(struct recorder_orders *o, int64_t now_ns, bool *shown)
{
	struct recorder_order order = {0};
	union {
		char bytes[CMSG_SPACE(sizeof(int) * SHOWN_MAX)];
		struct cmsghdr align;
	} control;
	struct iovec iov = {&order, sizeof order};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes};
	ssize_t n;
	do
		n = recvmsg(RECORDER_SOCK, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		o->gone = true;
		return false;
	}
	int first = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len;
			at += sizeof(int)) {
			int fd;
			memcpy(&fd, (const char *)c + at, sizeof fd);
			if (first >= 0)
				close(fd);
			else
				first = fd;
		}
	}
	if (n != (ssize_t)sizeof order || (m.msg_flags & MSG_TRUNC) != 0)
		order.word = 0;
	*shown |= obey(o, &order, first, now_ns);
	return true;
}

bool recorder_orders_full(const struct recorder_orders *o, int64_t now_ns)
{
	return o->table != NULL && !recorder_table_room(o->table, now_ns);
}

bool recorder_orders_take(struct recorder_orders *o, int64_t now_ns)
{
	bool shown = false;
	while (!o->gone && !recorder_orders_full(o, now_ns) && take(o, now_ns, &shown))
		;
	return shown;
}

bool recorder_orders_want(
	struct recorder_orders *o, const struct packet_parts *parts, int64_t now_ns)
{
	return recorder_table_wants(o->table, parts, now_ns) ||
	       (recorder_orders_take(o, now_ns) &&
		       recorder_table_wants(o->table, parts, now_ns));
}

void recorder_tell(const struct recorder_news *news, int wait_ms)
{
	struct recorder_news copy = *news;
	struct iovec iov = {&copy, sizeof copy};
	const struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	for (;;) {
		if (sendmsg(RECORDER_SOCK, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return;
		struct pollfd p = {.fd = RECORDER_SOCK, .events = POLLOUT};
		if (errno != EINTR && (errno != EAGAIN || wait_ms <= 0))
			return;
		if (errno == EAGAIN && poll(&p, 1, wait_ms) <= 0)
			return;
	}
}
