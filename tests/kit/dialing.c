#include "tests/kit/dialing.h"
#include "store/base/clock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

int dialing_set_up(void **state)
{
	struct dialing *f = calloc(1, sizeof *f);
	struct err err = {0};
	f->dns = dns_server_start();
	f->d.resolver = resolver_new(dns_server_address(f->dns), &err);
	if (f->d.resolver == NULL)
		abort();
	resolver_use_hosts(f->d.resolver, "/dev/null");
	f->d.connect_to = &f->connect_to;
	f->d.policy = &f->policy;
	f->patience_us = 10000000;
	f->stop_fd = -1;
	*state = f;
	return 0;
}

int dialing_tear_down(void **state)
{
	struct dialing *f = *state;
	resolver_free(f->d.resolver);
	connect_to_fini(&f->connect_to);
	dns_server_stop(f->dns);
	arena_fini(&f->a);
	free(f);
	return 0;
}

void dialing_allow(struct dialing *f, const char *cidr)
{
	struct err err = {0};
	assert_true(policy_allow(&f->policy, cidr, &err));
}

void dialing_rule(struct dialing *f, const char *format, uint16_t port)
{
	struct err err = {0};
	char rule[200];
	snprintf(rule, sizeof rule, "%s:%u", format, port);
	if (!connect_to_add(&f->connect_to, rule, &err))
		fail_msg("%s", err.detail);
}

struct sockaddr_storage dialing_address(const char *ip, uint16_t port)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	if (inet_pton(AF_INET, ip, &in.sin_addr) == 1)
		memcpy(&ss, &in, sizeof in);
	else if (inet_pton(AF_INET6, ip, &in6.sin6_addr) == 1)
		memcpy(&ss, &in6, sizeof in6);
	return ss;
}

/* A listening socket at ip; *port 0: any, and set. -1 if the address cannot be had. */
int dialing_listen(const char *ip, uint16_t *port, int backlog)
{
	struct sockaddr_storage ss = dialing_address(ip, *port);
	socklen_t len = ss.ss_family == AF_INET ? sizeof(struct sockaddr_in)
						: sizeof(struct sockaddr_in6);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	if (fd < 0)
		return -1;
	if (ss.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&ss, len) < 0 || listen(fd, backlog) < 0 ||
		getsockname(fd, (struct sockaddr *)&ss, &len) < 0) {
		close(fd);
		return -1;
	}
	struct sockaddr_in in;
	memcpy(&in, &ss, sizeof in); /* the port is at the same place in both */
	*port = ntohs(in.sin_port);
	return fd;
}

int dialing_listen_any(const char *ip, uint16_t *port)
{
	*port = 0;
	int fd = dialing_listen(ip, port, 16);
	assert_true(fd >= 0);
	return fd;
}

/* A port where nobody listens, at every loopback address; bound, so that nobody else takes it.
 */
int dialing_refused_port(uint16_t *port)
{
	struct sockaddr_storage ss = dialing_address("0.0.0.0", 0);
	socklen_t len = sizeof(struct sockaddr_in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	struct sockaddr_in in;
	memcpy(&in, &ss, sizeof in);
	*port = ntohs(in.sin_port);
	return fd;
}

void dialing_listen_two(
	const char *const ip[2], const int backlog[2], int fd[2], uint16_t *port)
{
	for (int tries = 0; tries < 100; tries++) {
		*port = 0;
		fd[0] = dialing_listen(ip[0], port, backlog[0]);
		assert_true(fd[0] >= 0);
		fd[1] = dialing_listen(ip[1], port, backlog[1]);
		if (fd[1] >= 0)
			return;
		close(fd[0]); /* somebody else has that port there */
	}
	fail_msg("no port is free at %s and %s", ip[0], ip[1]);
}

void blackhole_fill(struct blackhole *b, const char *ip, int listener, uint16_t port)
{
	*b = (struct blackhole){.listener = listener, .port = port};
	struct sockaddr_storage ss = dialing_address(ip, port);
	while (b->n < 8) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		b->filler[b->n++] = fd;
		(void)!connect(fd, (struct sockaddr *)&ss, sizeof(struct sockaddr_in));
		struct pollfd p = {fd, POLLOUT, 0};
		if (poll(&p, 1, 100) == 0)
			return; /* this one is dropped, and so will be the next */
	}
	fail_msg("the queue takes everybody");
}

void blackhole_start(struct blackhole *b, const char *ip)
{
	uint16_t port = 0;
	int listener = dialing_listen(ip, &port, 0);
	assert_true(listener >= 0);
	blackhole_fill(b, ip, listener, port);
}

void blackhole_end(struct blackhole *b)
{
	for (size_t i = 0; i < b->n; i++)
		close(b->filler[i]);
	close(b->listener);
}

int dialing_call(struct dialing *f, const char *host, uint16_t port)
{
	memset(&f->dns_fact, 0xaa, sizeof f->dns_fact);
	memset(&f->leg, 0xaa, sizeof f->leg);
	int64_t now = clock_now_us(clock_real());
	int fd = dial(&f->d, host, port, now + f->patience_us, f->stop_fd, &f->a, &f->dns_fact,
		&f->leg, &f->err);
	assert_true(f->leg.at_us >= now && f->leg.at_us <= clock_now_us(clock_real()));
	assert_int_equal(f->leg.session, FACT_NULL);
	assert_int_equal(f->leg.tunnel, FACT_NULL);
	assert_int_equal(f->leg.leg, FACT_NULL);
	assert_int_equal(f->dns_fact.leg, FACT_NULL);
	assert_true(span_is(f->leg.host, host));
	assert_int_equal(f->leg.port, port);
	assert_true(span_is(f->leg.outcome, err_word(fd >= 0 ? ERR_NONE : f->err.kind)));
	if (fd < 0) {
		assert_null(f->leg.remote_ip.p);
		assert_true(span_is(f->leg.detail, f->err.detail));
	}
	return fd;
}

void dialing_assert_span(struct span s, const char *want)
{
	if (want == NULL ? s.p != NULL : !span_is(s, want))
		fail_msg("'%.*s' is not '%s'", (int)s.n, s.p != NULL ? (const char *)s.p : "",
			want != NULL ? want : "(none)");
}

/* Connected, to this address, and to nothing else. */
int dialing_ok(struct dialing *f, const char *host, uint16_t port, const char *remote_ip)
{
	int fd = dialing_call(f, host, port);
	if (fd < 0)
		fail_msg("%s: %s: %s", host, err_word(f->err.kind), f->err.detail);
	struct sockaddr_storage peer = {0}, local = {0},
				want = dialing_address(remote_ip, (uint16_t)f->leg.dial_port);
	socklen_t len = sizeof peer, local_len = sizeof local;
	assert_int_equal(getpeername(fd, (struct sockaddr *)&peer, &len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &local_len), 0);
	assert_memory_equal(&peer, &want, len);
	dialing_assert_span(f->leg.remote_ip, remote_ip);
	assert_int_equal(f->leg.remote_port, f->leg.dial_port);
	struct sockaddr_in in;
	memcpy(&in, &local, sizeof in);
	assert_int_equal(f->leg.local_port, ntohs(in.sin_port));
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(f->err.kind, ERR_NONE);
	assert_null(f->leg.detail.p);
	assert_true(f->leg.elapsed_us >= 0);
	return fd;
}

void dialing_fails(struct dialing *f, const char *host, uint16_t port, enum err_kind kind,
	const char *detail)
{
	int fd = dialing_call(f, host, port);
	if (fd >= 0)
		fail_msg("%s was connected", host);
	if (f->err.kind != kind || strstr(f->err.detail, detail) == NULL)
		fail_msg("%s: %s: %s", host, err_word(f->err.kind), f->err.detail);
}

/* Nobody has come to this listener: not even a connection that was closed at once. */
void dialing_assert_untouched(int listener)
{
	struct pollfd p = {listener, POLLIN, 0};
	assert_int_equal(poll(&p, 1, 0), 0);
}

const char *dialing_text(struct dialing *f, const char *format, uint16_t port)
{
	char *out = arena_str(&f->a, span_str(format)), number[8];
	snprintf(number, sizeof number, "%u", port);
	struct buf b = {0};
	for (const char *c = out; *c != 0; c++) {
		if (*c == '#')
			buf_add_str(&b, number);
		else
			buf_add_byte(&b, (uint8_t)*c);
	}
	out = arena_str(&f->a, buf_span(&b));
	buf_fini(&b);
	return out;
}

int dialing_next_descriptor(void)
{
	int fd = dup(0);
	close(fd);
	return fd;
}
