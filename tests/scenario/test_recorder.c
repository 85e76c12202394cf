/*
 * What clicktrail-capture writes of this machine's own network: the connections whose sockets
 * it was shown, from their first packet to their last, and no others, whatever is shown to it;
 * and that its file is whole in the end, whatever ends it.
 */
#include "tests/kit/run_recorder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/filter.h>

#define MIB (size_t)(1024UL * 1024)

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

static union address at(const char *ip, uint16_t port)
{
	union address a = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
	if (strchr(ip, ':') != NULL) {
		assert_int_equal(inet_pton(AF_INET6, ip, &a.v6.sin6_addr), 1);
		return a;
	}
	a = (union address){.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
	assert_int_equal(inet_pton(AF_INET, ip, &a.v4.sin_addr), 1);
	return a;
}

static socklen_t len_of(const union address *a)
{
	return a->any.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6;
}

static union address name_of(int fd)
{
	union address a;
	socklen_t n = sizeof a;
	assert_int_equal(getsockname(fd, &a.any, &n), 0);
	return a;
}

static uint16_t port_of(int fd)
{
	union address a = name_of(fd);
	return ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
}

static int bound(int type, const char *ip, uint16_t port)
{
	union address a = at(ip, port);
	int fd = socket(a.any.sa_family, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){port != 0}, sizeof(int));
	if (bind(fd, &a.any, len_of(&a)) != 0)
		fail_msg("bind %s:%u: %s", ip, port, strerror(errno));
	return fd;
}

static int listening(const char *ip)
{
	int fd = bound(SOCK_STREAM, ip, 0);
	assert_int_equal(listen(fd, 128), 0);
	return fd;
}

/* A connection: both ends. */
struct talk {
	int client, server;
	uint16_t client_port;
};

static struct talk connected(int client, const union address *to, int listener)
{
	struct talk t = {.client = client, .client_port = port_of(client)};
	assert_int_equal(connect(client, &to->any, len_of(to)), 0);
	t.server = accept(listener, NULL, NULL);
	assert_true(t.server >= 0);
	return t;
}

static void say(int from, int to, const char *text)
{
	char got[64] = "";
	size_t n = strlen(text), have = 0;
	assert_int_equal(send(from, text, n, MSG_NOSIGNAL), n);
	while (have < n) {
		struct pollfd p = {.fd = to, .events = POLLIN};
		assert_int_equal(poll(&p, 1, 10000), 1);
		ssize_t k = recv(to, got + have, sizeof got - 1 - have, 0);
		assert_true(k > 0);
		have += (size_t)k;
	}
	assert_string_equal(got, text);
}

static void hang_up(struct talk *t)
{
	close(t->client);
	close(t->server);
}

/* Packets of a port, and how many of them carry that text. */
static size_t packets_of(const struct walked *w, uint16_t port)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n; i++)
		n += w->packets[i].parts.src_port == port ||
		     w->packets[i].parts.dst_port == port;
	return n;
}

static size_t with_text(const struct walked *w, const char *text)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n; i++)
		n += span_find(w->packets[i].parts.payload, span_str(text), 0) != SIZE_MAX;
	return n;
}

static size_t with_flags(const struct walked *w, uint16_t from_port, uint8_t flags)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n; i++)
		n += w->packets[i].parts.src_port == from_port &&
		     (w->packets[i].parts.flags & flags) == flags;
	return n;
}

/* Who reads it elsewhere must find nothing wrong with it. */
static void others_read(const struct run_recorder *r, size_t packets)
{
	char command[300], line[300] = "";
	if (system("command -v capinfos >/dev/null 2>&1") != 0)
		return;
	snprintf(command, sizeof command, "capinfos -Mcr %s 2>&1 | tail -n 1", r->path);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	assert_int_equal(pclose(f), 0);
	const char *number = strrchr(line, ':');
	if (number == NULL || strtoul(number + 1, NULL, 10) != packets)
		fail_msg("capinfos found %s", line);
}

/* An origin that takes its time: while it does, the socket has sent its SYN and has no answer.
 * Shown before that, or in the midst of it. */
static void far_away(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog deaf = {1, &nothing};
	int l[2], client[2], server[2];
	uint16_t port[2];
	run_recorder_start(&r);
	for (int i = 0; i < 2; i++) {
		l[i] = listening("127.0.0.1");
		assert_int_equal(
			setsockopt(l[i], SOL_SOCKET, SO_ATTACH_FILTER, &deaf, sizeof deaf), 0);
		union address to = name_of(l[i]);
		client[i] = bound(SOCK_STREAM | SOCK_NONBLOCK, "127.0.0.1", 0);
		port[i] = port_of(client[i]);
		if (i == 0)
			run_recorder_order(&r, RECORDER_CONNECTION, client[i], &to.any);
		assert_int_equal(connect(client[i], &to.any, len_of(&to)), -1);
		assert_int_equal(errno, EINPROGRESS);
		if (i == 1)
			run_recorder_order(&r, RECORDER_CONNECTION, client[i], &to.any);
	}
	/* The recorder has met a SYN whose socket is still without an answer. */
	struct recorder_news news = {.packets = 0};
	for (time_t until = time(NULL) + 10; news.packets == 0 && time(NULL) < until;) {
		run_recorder_order(&r, RECORDER_FLUSH, -1, NULL);
		news = run_recorder_wait_for(&r, RECORDER_STATE);
	}
	assert_true(news.packets > 0);
	for (int i = 0; i < 2; i++) {
		struct pollfd p = {.fd = client[i], .events = POLLOUT};
		assert_int_equal(
			setsockopt(l[i], SOL_SOCKET, SO_DETACH_FILTER, &(int){0}, sizeof(int)),
			0);
		assert_int_equal(poll(&p, 1, 10000), 1); /* its SYN comes again */
		server[i] = accept(l[i], NULL, NULL);
		assert_true(server[i] >= 0);
		say(server[i], client[i], i == 0 ? "shown before" : "shown meanwhile");
		close(client[i]);
		close(server[i]);
		close(l[i]);
	}
	run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	for (int i = 0; i < 2; i++)
		assert_true(with_flags(&w, port[i], TCP_SYN) >= 1);
	assert_int_equal(with_text(&w, "shown before"), 1);
	assert_int_equal(with_text(&w, "shown meanwhile"), 1);
	run_recorder_end(&r);
}

static void only_what_was_shown(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int l = listening("127.0.0.1");
	union address to = name_of(l);
	int shown = bound(SOCK_STREAM, "127.0.0.1", 0),
	    other = bound(SOCK_STREAM, "127.0.0.1", 0);
	run_recorder_order(&r, RECORDER_CONNECTION, shown, &to.any);
	struct talk a = connected(shown, &to, l), b = connected(other, &to, l);
	for (int i = 0; i < 20; i++) {
		say(a.client, a.server, "of the shown");
		say(b.client, b.server, "of the other");
		say(b.server, b.client, "of the other");
		say(a.server, a.client, "of the shown");
	}
	hang_up(&a);
	hang_up(&b);
	struct recorder_news done = run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	assert_int_equal(w.n, done.packets);
	assert_int_equal(packets_of(&w, a.client_port), w.n);
	assert_int_equal(with_text(&w, "of the shown"), 40);
	assert_int_equal(with_text(&w, "of the other"), 0);
	assert_int_equal(with_flags(&w, a.client_port, TCP_SYN), 1);
	assert_true(with_flags(&w, a.client_port, TCP_FIN) >= 1);
	assert_true(with_flags(&w, ntohs(to.v4.sin_port), TCP_FIN) >= 1);
	assert_true(w.statistics && w.received >= w.n && w.dropped == 0);
	for (size_t i = 1; i < w.n; i++)
		assert_true(w.packets[i].at_ns >= w.packets[i - 1].at_ns);
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	assert_true(now.tv_sec - w.packets[0].at_ns / 1000000000 < 60);
	others_read(&r, w.n);
	close(l);
	run_recorder_end(&r);
}

/* Somebody else who sends much, so that the recorder always has packets at hand. */
static pid_t noise(void)
{
	static char piece[1400];
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	union address to = at("127.0.0.1", 9);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		sendto(fd, piece, sizeof piece, 0, &to.any, sizeof to.v4);
}

/* The order is on its way when the first packet is sent, and no answer is waited for: it may
 * come while the recorder is busy with packets that were there before. */
static void from_the_first_packet(void **state)
{
	enum { MANY = 300 };
	(void)state;
	struct run_recorder r = {0};
	uint16_t ports[MANY];
	run_recorder_start(&r);
	int l = listening("127.0.0.1");
	union address to = name_of(l);
	pid_t other = noise();
	for (int i = 0; i < MANY; i++) {
		int fd = bound(SOCK_STREAM, "127.0.0.1", 0);
		run_recorder_order(&r, RECORDER_CONNECTION, fd, &to.any);
		struct talk t = connected(fd, &to, l);
		ports[i] = t.client_port;
		hang_up(&t);
	}
	kill(other, SIGKILL);
	assert_int_equal(waitpid(other, NULL, 0), other);
	run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	assert_int_equal(w.dropped, 0);
	for (int i = 0; i < MANY; i++) {
		assert_true(with_flags(&w, ports[i], TCP_SYN) >= 1);
		assert_true(with_flags(&w, ports[i], TCP_FIN) >= 1);
		assert_true(packets_of(&w, ports[i]) >= 6);
	}
	assert_int_equal(packets_of(&w, 9), 0);
	close(l);
	run_recorder_end(&r);
}

static void listeners(void **state)
{
	static const char *const where[] = {"127.0.0.1", "0.0.0.0", "::"};
	(void)state;
	for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
		struct run_recorder r = {0};
		run_recorder_start(&r);
		int l = listening(where[i]), other = listening("127.0.0.1");
		union address to = at("127.0.0.1", port_of(l)), elsewhere = name_of(other);
		run_recorder_order(&r, RECORDER_LISTENER, l, NULL);
		struct talk a = connected(bound(SOCK_STREAM, "127.0.0.1", 0), &to, l);
		struct talk b = connected(bound(SOCK_STREAM, "127.0.0.1", 0), &to, l);
		struct talk c =
			connected(bound(SOCK_STREAM, "127.0.0.1", 0), &elsewhere, other);
		say(a.client, a.server, "first");
		say(b.server, b.client, "second");
		say(c.client, c.server, "third");
		hang_up(&a);
		hang_up(&b);
		hang_up(&c);
		run_recorder_finish(&r);
		struct walked w = run_recorder_walk(&r);
		assert_int_equal(with_text(&w, "first"), 1);
		assert_int_equal(with_text(&w, "second"), 1);
		assert_int_equal(packets_of(&w, port_of(l)), w.n);
		assert_int_equal(packets_of(&w, port_of(other)), 0);
		close(l);
		close(other);
		run_recorder_end(&r);
	}
}

static void ipv6(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int l = listening("::1"), l4 = listening("127.0.0.1");
	union address to = name_of(l), mapped = at("::ffff:127.0.0.1", port_of(l4));
	int fd = bound(SOCK_STREAM, "::1", 0), both = bound(SOCK_STREAM, "::", 0);
	run_recorder_order(&r, RECORDER_CONNECTION, fd, &to.any);
	run_recorder_order(&r, RECORDER_CONNECTION, both, &mapped.any);
	struct talk a = connected(fd, &to, l), b = connected(both, &mapped, l4);
	say(a.client, a.server, "over six");
	say(b.client, b.server, "four over six");
	hang_up(&a);
	hang_up(&b);
	run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	assert_int_equal(with_text(&w, "over six"), 2);
	assert_int_equal(w.packets[0].parts.src.n, 16);
	for (size_t i = 0; i < w.n; i++)
		if (w.packets[i].parts.src_port == b.client_port)
			assert_int_equal(w.packets[i].parts.src.n, 4);
	close(l);
	close(l4);
	run_recorder_end(&r);
}

/* A question and its answer, which is longer than a packet: all fragments of it. */
static void datagrams(void **state)
{
	enum { LONG = 5000 };
	static uint8_t answer[LONG];
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int server = bound(SOCK_DGRAM, "127.0.0.1", 0), shown = bound(SOCK_DGRAM, "0.0.0.0", 0),
	    other = bound(SOCK_DGRAM, "0.0.0.0", 0);
	union address to = name_of(server);
	run_recorder_order(&r, RECORDER_CONNECTION, shown, &to.any);
	const int askers[] = {shown, other};
	for (int i = 0; i < 2; i++) {
		union address from;
		socklen_t n = sizeof from;
		char text[16];
		assert_int_equal(sendto(askers[i], "question", 8, 0, &to.any, len_of(&to)), 8);
		assert_int_equal(recvfrom(server, text, sizeof text, 0, &from.any, &n), 8);
		assert_int_equal(sendto(server, answer, LONG, 0, &from.any, n), LONG);
		assert_int_equal(recv(askers[i], answer, LONG, 0), LONG);
	}
	run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	size_t pieces = 0;
	uint64_t bytes = 0;
	for (size_t i = 0; i < w.n; i++) {
		if (w.packets[i].parts.kind != PACKET_FRAGMENT)
			continue;
		pieces++;
		bytes += w.packets[i].parts.payload_len;
	}
	assert_int_equal(pieces, 4);
	assert_int_equal(bytes, LONG + 8);
	assert_int_equal(w.n, 1 + pieces);
	assert_int_equal(packets_of(&w, port_of(shown)), 1);
	assert_int_equal(packets_of(&w, port_of(other)), 0);
	close(server);
	close(shown);
	close(other);
	run_recorder_end(&r);
}

/* What its next state says of an order that it did not obey. */
static void refuses(struct run_recorder *r, uint32_t word, int fd, const union address *remote,
	const char *why)
{
	run_recorder_order(r, word, fd, remote != NULL ? &remote->any : NULL);
	run_recorder_order(r, RECORDER_FLUSH, -1, NULL);
	struct recorder_news news = run_recorder_wait_for(r, RECORDER_STATE);
	if (strstr(news.text, why) == NULL)
		fail_msg("\"%s\" does not say: %s", news.text, why);
	if (fd >= 0)
		close(fd);
}

/* A socket in a network of its own, where each port is free. */
static int from_another_network(uint16_t port)
{
	int pair[2], status, fd = -1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	char byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
		int s;
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
			_exit(1);
		s = socket(AF_INET, SOCK_STREAM, 0);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof s);
		memcpy(CMSG_DATA(c), &s, sizeof s);
		_exit(bind(s, (struct sockaddr *)&a, sizeof a) != 0 ||
			sendmsg(pair[1], &m, 0) != 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(recvmsg(pair[0], &m, MSG_DONTWAIT), 1);
	c = CMSG_FIRSTHDR(&m);
	assert_non_null(c);
	if (c != NULL)
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	close(pair[0]);
	close(pair[1]);
	return fd;
}

/* All the ways to name somebody else's connection that we could think of. */
static void nobody_elses(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int l = listening("127.0.0.1"), victim = bound(SOCK_STREAM, "127.0.0.1", 0);
	union address to = name_of(l), to6 = at("::1", port_of(l));
	uint16_t port = port_of(victim);
	int pipes[2], only6 = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	union address any6 = at("::", port);
	refuses(&r, RECORDER_CONNECTION, -1, &to, "no socket");
	assert_int_equal(pipe(pipes), 0);
	refuses(&r, RECORDER_CONNECTION, pipes[0], &to, "no socket of IP");
	close(pipes[1]);
	refuses(&r, RECORDER_CONNECTION, socket(AF_INET, SOCK_STREAM, 0), &to, "not bound");
	refuses(&r, RECORDER_CONNECTION, socket(AF_UNIX, SOCK_STREAM, 0), &to,
		"no socket of IP");
	refuses(&r, RECORDER_CONNECTION, from_another_network(port), &to, "another network");
	refuses(&r, RECORDER_CONNECTION, listening("127.0.0.1"), &to, "listening");
	refuses(&r, RECORDER_LISTENER, bound(SOCK_STREAM, "127.0.0.1", 0), NULL, "not listen");
	/* The port of IPv6 alone says nothing of IPv4's, nor the other way round. */
	assert_int_equal(
		setsockopt(only6, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int)), 0);
	assert_int_equal(bind(only6, &any6.any, sizeof any6.v6), 0);
	refuses(&r, RECORDER_CONNECTION, only6, &to, "does not reach");
	refuses(&r, RECORDER_CONNECTION, bound(SOCK_STREAM, "127.0.0.1", 0), &to6,
		"does not reach");
	refuses(&r, 99, -1, NULL, "none");
	/* The same port of another address: obeyed, but it is another connection. */
	int twin = bound(SOCK_STREAM, "127.0.0.2", port);
	run_recorder_order(&r, RECORDER_CONNECTION, twin, &to.any);
	struct talk t = connected(victim, &to, l);
	say(t.client, t.server, "a secret");
	hang_up(&t);
	close(twin);
	run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	assert_int_equal(w.n, 0);
	assert_true(w.statistics && w.received > 0);
	close(l);
	run_recorder_end(&r);
}

/* False: it is somebody's. */
static bool can_bind(const char *ip, uint16_t port)
{
	union address a = at(ip, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool can = bind(fd, &a.any, sizeof a.v4) == 0;
	close(fd);
	return can;
}

/* Nobody can have the port between the order and the first packet; after it the end is ours. */
static void the_port_stays_ours(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int l = listening("127.0.0.1");
	union address to = name_of(l);
	int gone = bound(SOCK_STREAM, "127.0.0.1", 0), fd = bound(SOCK_STREAM, "127.0.0.1", 0);
	uint16_t gone_port = port_of(gone);
	run_recorder_order(&r, RECORDER_CONNECTION, gone, &to.any);
	run_recorder_order(&r, RECORDER_CONNECTION, fd, &to.any);
	run_recorder_order(&r, RECORDER_FLUSH, -1, NULL);
	run_recorder_wait_for(&r, RECORDER_STATE);
	close(gone);
	assert_false(can_bind("127.0.0.1", gone_port));
	struct talk t = connected(fd, &to, l);
	say(t.client, t.server, "hello");
	close(t.client);
	/* The recorder runs on, and the other end sees ours all the same. */
	struct pollfd p = {.fd = t.server, .events = POLLIN};
	char byte;
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(recv(t.server, &byte, 1, 0), 0);
	close(t.server);
	run_recorder_finish(&r);
	assert_true(can_bind("127.0.0.1", gone_port));
	close(l);
	run_recorder_end(&r);
}

/* Ends that were shown once, used again at once. */
static void shown_once(void **state)
{
	const struct linger at_once = {1, 0};
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int l = listening("127.0.0.1");
	union address to = name_of(l);
	int fd = bound(SOCK_STREAM, "127.0.0.1", 0);
	uint16_t port = port_of(fd);
	run_recorder_order(&r, RECORDER_CONNECTION, fd, &to.any);
	struct talk t = connected(fd, &to, l);
	say(t.client, t.server, "the first");
	/* The recorder has closed what it was shown when it has seen a packet; then RST. */
	run_recorder_order(&r, RECORDER_FLUSH, -1, NULL);
	while (run_recorder_wait_for(&r, RECORDER_STATE).packets < 4)
		run_recorder_order(&r, RECORDER_FLUSH, -1, NULL);
	setsockopt(t.client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	hang_up(&t);
	fd = bound(SOCK_STREAM, "127.0.0.1", port);
	t = connected(fd, &to, l);
	say(t.client, t.server, "the second");
	setsockopt(t.client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	hang_up(&t);
	run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	assert_int_equal(with_text(&w, "the first"), 1);
	assert_int_equal(with_text(&w, "the second"), 0);
	assert_int_equal(with_flags(&w, port, TCP_SYN), 1);
	assert_int_equal(with_flags(&w, port, TCP_RST), 1);
	close(l);
	run_recorder_end(&r);
}

static void pour(struct talk *t, size_t bytes)
{
	static char piece[65536];
	for (size_t done = 0; done < bytes;) {
		ssize_t n = send(t->client, piece, sizeof piece, MSG_NOSIGNAL);
		assert_true(n > 0);
		done += (size_t)n;
		for (ssize_t got = 0; got < n;) {
			ssize_t k = recv(t->server, piece, sizeof piece, 0);
			assert_true(k > 0);
			got += k;
		}
	}
}

/* States come by themselves while packets do. */
static void states(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	struct recorder_news news;
	run_recorder_start(&r);
	int l = listening("127.0.0.1");
	union address to = name_of(l);
	run_recorder_order(&r, RECORDER_LISTENER, l, NULL);
	struct talk t = connected(bound(SOCK_STREAM, "127.0.0.1", 0), &to, l);
	say(t.client, t.server, "hello");
	news = run_recorder_wait_for(&r, RECORDER_STATE);
	assert_true(news.packets >= 3 && news.bytes > 0);
	hang_up(&t);
	run_recorder_finish(&r);
	run_recorder_end(&r);
	close(l);
}

static void drops_are_told(void **state)
{
	(void)state;
	struct run_recorder r = {.ring = "512"};
	run_recorder_start(&r);
	int l = listening("127.0.0.1"), fd = bound(SOCK_STREAM, "127.0.0.1", 0);
	union address to = name_of(l);
	run_recorder_order(&r, RECORDER_CONNECTION, fd, &to.any);
	struct talk t = connected(fd, &to, l);
	say(t.client, t.server, "hello");
	kill(r.pid, SIGSTOP);
	pour(&t, 8 * MIB);
	kill(r.pid, SIGCONT);
	struct recorder_news done = run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	assert_true(done.dropped > 0);
	assert_int_equal(w.dropped, done.dropped);
	assert_int_equal(w.n, done.packets);
	assert_true(w.received >= w.n + w.dropped);
	hang_up(&t);
	close(l);
	run_recorder_end(&r);
}

/* Nothing is lost at 32 MB where nobody holds the recorder up; its last packets were still with
 * the kernel when it was told to finish. */
static void takes_what_is_left(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int l = listening("127.0.0.1"), fd = bound(SOCK_STREAM, "127.0.0.1", 0);
	union address to = name_of(l);
	run_recorder_order(&r, RECORDER_CONNECTION, fd, &to.any);
	struct talk t = connected(fd, &to, l);
	pour(&t, 16 * MIB);
	hang_up(&t);
	struct recorder_news done = run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	uint64_t bytes = 0;
	for (size_t i = 0; i < w.n; i++)
		bytes += w.packets[i].parts.src_port == t.client_port
				 ? w.packets[i].parts.payload.n
				 : 0;
	assert_int_equal(done.dropped, 0);
	assert_true(bytes >= 16 * MIB);
	assert_int_equal(with_flags(&w, t.client_port, TCP_FIN), 1);
	close(l);
	run_recorder_end(&r);
}

/* Whoever holds the socket is killed: the file is finished. */
static void survives_its_parent(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int l = listening("127.0.0.1"), fd = bound(SOCK_STREAM, "127.0.0.1", 0);
	union address to = name_of(l);
	run_recorder_order(&r, RECORDER_CONNECTION, fd, &to.any);
	struct talk t = connected(fd, &to, l);
	say(t.client, t.server, "the last word");
	pid_t owner = fork();
	assert_true(owner >= 0);
	if (owner == 0) {
		pause();
		_exit(0);
	}
	close(r.sock); /* now it is the other's alone */
	r.sock = -1;
	kill(owner, SIGKILL);
	assert_int_equal(waitpid(owner, NULL, 0), owner);
	assert_int_equal(run_recorder_exit(&r), 0);
	struct walked w = run_recorder_walk(&r);
	assert_true(w.statistics);
	assert_int_equal(with_text(&w, "the last word"), 1);
	others_read(&r, w.n);
	hang_up(&t);
	close(l);
	run_recorder_end(&r);
}

/* A file that must not grow, as a full disk: it ends with a whole block. */
static void no_room_on_the_disk(void **state)
{
	(void)state;
	struct run_recorder r = {.file_max = 300001};
	run_recorder_start(&r);
	int l = listening("127.0.0.1"), fd = bound(SOCK_STREAM, "127.0.0.1", 0);
	union address to = name_of(l);
	run_recorder_order(&r, RECORDER_CONNECTION, fd, &to.any);
	struct talk t = connected(fd, &to, l);
	pour(&t, 4 * MIB);
	struct recorder_news news = run_recorder_wait_for(&r, RECORDER_FAILED);
	assert_non_null(strstr(news.text, "packet file"));
	assert_int_equal(news.needs_privilege, 0);
	assert_int_equal(run_recorder_exit(&r), 1);
	struct walked w = run_recorder_walk(&r);
	assert_false(w.statistics);
	assert_true(w.n > 3);
	others_read(&r, w.n);
	hang_up(&t);
	close(l);
	run_recorder_end(&r);
}

static void signals_are_the_parents(void **state)
{
	static const int all[] = {SIGINT, SIGTERM, SIGHUP};
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_int_equal(kill(r.pid, all[i]), 0);
	run_recorder_finish(&r);
	run_recorder_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_was_shown),
		cmocka_unit_test(from_the_first_packet),
		cmocka_unit_test(far_away),
		cmocka_unit_test(listeners),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(nobody_elses),
		cmocka_unit_test(the_port_stays_ours),
		cmocka_unit_test(shown_once),
		cmocka_unit_test(states),
		cmocka_unit_test(drops_are_told),
		cmocka_unit_test(takes_what_is_left),
		cmocka_unit_test(survives_its_parent),
		cmocka_unit_test(no_room_on_the_disk),
		cmocka_unit_test(signals_are_the_parents),
	};
	signal(SIGPIPE, SIG_IGN);
	if (!run_recorder_enter())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
