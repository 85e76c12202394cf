#include "tests/kit/dummy_window.h"
#include "proxy/announce.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

int listen_at(const char *ip, unsigned port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	bool six = inet_pton(AF_INET, ip, &v4.sin_addr) != 1;
	int fd =
		socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (six)
		assert_int_equal(inet_pton(AF_INET6, ip, &v6.sin6_addr), 1);
	if (fd < 0 || bind(fd, six ? (void *)&v6 : (void *)&v4, six ? sizeof v6 : sizeof v4) ||
		listen(fd, 100) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

unsigned port_of(int fd)
{
	struct sockaddr_in at = {0};
	socklen_t len = sizeof at;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

void dummy_window_start(struct dummy_window *d)
{
	struct err err;
	d->fds[0] = listen_at("127.0.0.1", 0);
	assert_true(d->fds[0] >= 0);
	d->port = port_of(d->fds[0]);
	d->fds[1] = listen_at("::1", d->port);
	d->name = announce_window((uint16_t)d->port, &err);
	assert_true(d->name >= 0);
}

unsigned dummy_window_arrived(struct dummy_window *d)
{
	unsigned n = 0;
	for (int i = 0; i < 2; i++)
		for (int fd; d->fds[i] >= 0 && (fd = accept(d->fds[i], NULL, NULL)) >= 0; n++)
			close(fd);
	return n;
}

void dummy_window_end(struct dummy_window *d)
{
	close(d->name);
	for (int i = 0; i < 2; i++)
		if (d->fds[i] >= 0)
			close(d->fds[i]);
}
