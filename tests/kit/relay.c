#include "tests/kit/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINKS_MAX = 4096, READ_MAX = 16384 };

struct line {
	struct relay_link link;
	int fd[2];              /* by enum flow_way: from whom bytes come that way; -1: gone */
	struct buf wait[2];     /* for the other side to take it */
	bool ended[2], told[2]; /* nothing comes any more; and that was passed on */
};

struct relay {
	unsigned port, to_port;
	int listen_fd, stop[2];
	pthread_t thread;
	struct line *lines[LINKS_MAX];
	size_t n;
	bool stopped;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static uint16_t port_of(int fd, bool peer)
{
	struct sockaddr_in a = {0};
	socklen_t len = sizeof a;
	int rc = peer ? getpeername(fd, (struct sockaddr *)&a, &len)
		      : getsockname(fd, (struct sockaddr *)&a, &len);
	return rc == 0 ? ntohs(a.sin_port) : 0;
}

static void unblocked(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void note(
	struct line *l, enum relay_what what, enum flow_way way, const void *p, size_t n)
{
	struct relay_link *k = &l->link;
	if ((k->n_events & (k->n_events - 1)) == 0) {
		size_t cap = k->n_events == 0 ? 1 : 2 * k->n_events;
		k->events = realloc(k->events, cap * sizeof *k->events);
		must(k->events != NULL);
	}
	k->events[k->n_events++] = (struct relay_event){what, way, buf_len(&k->bytes), n};
	buf_add(&k->bytes, p, n);
}

static void accept_one(struct relay *r)
{
	int in = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (in < 0 || r->n == LINKS_MAX) {
		if (in >= 0)
			close(in);
		return;
	}
	int onward = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = loopback(r->to_port);
	if (connect(onward, (struct sockaddr *)&to, sizeof to) != 0) {
		close(in);
		close(onward);
		return;
	}
	struct line *l = calloc(1, sizeof *l);
	must(l != NULL);
	l->link.client_port = port_of(in, true);
	l->link.onward_port = port_of(onward, false);
	l->fd[FLOW_UP] = in;
	l->fd[FLOW_DOWN] = onward;
	unblocked(in);
	unblocked(onward);
	r->lines[r->n++] = l;
}

static void drop(struct line *l, bool hard)
{
	for (int way = 0; way < 2; way++) {
		if (l->fd[way] >= 0) {
			struct linger now = {.l_onoff = 1};
			if (hard)
				setsockopt(l->fd[way], SOL_SOCKET, SO_LINGER, &now, sizeof now);
			close(l->fd[way]);
		}
		l->fd[way] = -1;
		buf_fini(&l->wait[way]);
	}
}

static enum flow_way back(enum flow_way way)
{
	return way == FLOW_UP ? FLOW_DOWN : FLOW_UP;
}

/* Passes on what waits, and the end behind it. */
static void push(struct line *l, enum flow_way way)
{
	int to = l->fd[back(way)];
	while (to >= 0 && buf_len(&l->wait[way]) > 0) {
		struct span s = buf_span(&l->wait[way]);
		ssize_t n = send(to, s.p, s.n, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) { /* it takes no more: let it say so by itself */
			buf_clear(&l->wait[way]);
			return;
		}
		buf_consume(&l->wait[way], (size_t)n);
	}
	if (l->ended[way] && !l->told[way] && to >= 0) {
		shutdown(to, SHUT_WR);
		l->told[way] = true;
	}
	if (l->told[FLOW_UP] && l->told[FLOW_DOWN])
		drop(l, false);
}

static void pull(struct line *l, enum flow_way way)
{
	uint8_t bytes[READ_MAX];
	ssize_t n = recv(l->fd[way], bytes, sizeof bytes, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		note(l, RELAY_RESET, way, NULL, 0);
		drop(l, true);
		return;
	}
	if (n == 0) {
		note(l, RELAY_FIN, way, NULL, 0);
		l->ended[way] = true;
	} else {
		note(l, RELAY_BYTES, way, bytes, (size_t)n);
		buf_add(&l->wait[way], bytes, (size_t)n);
	}
	push(l, way);
}

static short events_of(const struct line *l, enum flow_way way)
{
	short events = 0;
	if (!l->ended[way] && buf_len(&l->wait[way]) == 0)
		events |= POLLIN;
	if (buf_len(&l->wait[back(way)]) > 0)
		events |= POLLOUT;
	return events;
}

static void serve(struct line *l, const struct pollfd *p)
{
	for (int i = 0; i < 2; i++) {
		enum flow_way way = (enum flow_way)i;
		if (l->fd[way] >= 0 && p[i].fd >= 0 && (p[i].revents & POLLOUT) != 0)
			push(l, back(way));
		if (l->fd[way] < 0 || p[i].fd < 0)
			continue;
		if ((p[i].revents & POLLIN) != 0 && !l->ended[way])
			pull(l, way);
		else if ((p[i].revents & (POLLERR | POLLHUP)) != 0 && l->fd[way] >= 0) {
			if (!l->ended[way])
				pull(l, way);
			else {
				if (p[i].revents & POLLERR)
					note(l, RELAY_RESET, way, NULL, 0);
				drop(l, (p[i].revents & POLLERR) != 0);
			}
		}
	}
}

static void *run(void *self)
{
	struct relay *r = self;
	struct pollfd *p = calloc(2 * LINKS_MAX + 2, sizeof *p);
	must(p != NULL);
	for (;;) {
		size_t n = r->n;
		p[0] = (struct pollfd){r->stop[0], POLLIN, 0};
		p[1] = (struct pollfd){r->listen_fd, POLLIN, 0};
		for (size_t i = 0; i < n; i++)
			for (int way = 0; way < 2; way++) {
				const struct line *l = r->lines[i];
				p[2 + 2 * i + (size_t)way] = (struct pollfd){
					l->fd[way], events_of(l, (enum flow_way)way), 0};
			}
		if (poll(p, 2 * n + 2, -1) < 0 && errno != EINTR)
			abort();
		if (p[0].revents != 0)
			break;
		for (size_t i = 0; i < n; i++)
			serve(r->lines[i], &p[2 + 2 * i]);
		if (p[1].revents != 0)
			accept_one(r);
	}
	for (size_t i = 0; i < r->n; i++)
		drop(r->lines[i], false);
	free(p);
	return NULL;
}

struct relay *relay_start(unsigned to_port)
{
	struct relay *r = calloc(1, sizeof *r);
	struct sockaddr_in any = loopback(0);
	must(r != NULL);
	r->to_port = to_port;
	r->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(r->listen_fd, (struct sockaddr *)&any, sizeof any) == 0);
	must(listen(r->listen_fd, 128) == 0);
	r->port = port_of(r->listen_fd, false);
	must(pipe2(r->stop, O_CLOEXEC) == 0);
	must(pthread_create(&r->thread, NULL, run, r) == 0);
	return r;
}

unsigned relay_port(const struct relay *r)
{
	return r->port;
}

void relay_stop(struct relay *r)
{
	if (r->stopped)
		return;
	r->stopped = true;
	must(write(r->stop[1], "x", 1) == 1);
	pthread_join(r->thread, NULL);
	close(r->listen_fd);
	close(r->stop[0]);
	close(r->stop[1]);
}

size_t relay_links(const struct relay *r)
{
	return r->n;
}

const struct relay_link *relay_link(const struct relay *r, size_t i)
{
	return &r->lines[i]->link;
}

void relay_free(struct relay *r)
{
	relay_stop(r);
	for (size_t i = 0; i < r->n; i++) {
		buf_fini(&r->lines[i]->link.bytes);
		free(r->lines[i]->link.events);
		free(r->lines[i]);
	}
	free(r);
}
