/*
 * What somebody tries who may start clicktrail-capture and wants to see connections of others,
 * to fill the disk, or to make it miss something: none of it works, and what is missing for it
 * is said.
 */
#include "capture/recorder_strays.h"
#include "tests/kit/run_recorder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEADLINE_S = 10 };

static const char secret[] = "a secret of somebody else";
static const struct linger at_once = {1, 0};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
};

static union address at(uint16_t port)
{
	return (union address){.v4 = {.sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
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
	return ntohs(name_of(fd).v4.sin_port);
}

static int bound(int type, uint16_t port)
{
	union address a = at(port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (bind(fd, &a.any, sizeof a.v4) != 0)
		fail_msg("bind %u: %s", port, strerror(errno));
	return fd;
}

static int listening(void)
{
	int fd = bound(SOCK_STREAM, 0);
	assert_int_equal(listen(fd, 1024), 0);
	return fd;
}

static void to_device(int fd, const char *name)
{
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)), 0);
}

static void disconnect(int fd)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	assert_int_equal(connect(fd, &nobody, sizeof nobody), 0);
}

/* An RST, so that nothing is left of it. */
static void reset(int fd)
{
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(fd);
}

static void link_up(int client, int listener, int *server)
{
	union address to = name_of(listener);
	assert_int_equal(connect(client, &to.any, sizeof to.v4), 0);
	*server = accept(listener, NULL, NULL);
	assert_true(*server >= 0);
}

static void tell(int from, int to, const char *text)
{
	char got[64];
	size_t n = strlen(text);
	assert_int_equal(send(from, text, n, MSG_NOSIGNAL), n);
	assert_int_equal(recv(to, got, n, MSG_WAITALL), n);
}

/* Somebody else, from that port to that listener. */
static void victim(uint16_t port, int listener)
{
	int server, client = bound(SOCK_STREAM, port);
	link_up(client, listener, &server);
	tell(client, server, secret);
	reset(client);
	close(server);
}

/* Its next state, once it has obeyed all orders before. */
static struct recorder_news state_of(struct run_recorder *r)
{
	run_recorder_order(r, RECORDER_FLUSH, -1, NULL);
	return run_recorder_wait_for(r, RECORDER_STATE);
}

/* Its states until one says that, and has so many packets. */
static void await(struct run_recorder *r, const char *says, uint64_t packets)
{
	struct recorder_news news;
	time_t until = time(NULL) + DEADLINE_S;
	do {
		if (time(NULL) > until)
			fail_msg("the recorder does not come to say \"%s\" at %d packets", says,
				(int)packets);
		news = state_of(r);
	} while (strstr(news.text, says) == NULL || news.packets < packets);
}

static void show(struct run_recorder *r, int fd, const union address *remote, const char *says)
{
	run_recorder_order(r, RECORDER_CONNECTION, fd, &remote->any);
	struct recorder_news news = state_of(r);
	if (strstr(news.text, says) == NULL)
		fail_msg("\"%s\" does not say: %s", news.text, says);
}

/* What had been sent before has been seen: packets come some milliseconds late. */
static void settle(struct run_recorder *r)
{
	int l = listening(), fd = bound(SOCK_STREAM, 0), server;
	union address to = name_of(l);
	run_recorder_order(r, RECORDER_CONNECTION, fd, &to.any);
	link_up(fd, l, &server);
	await(r, "", 3);
	close(fd);
	close(server);
	close(l);
}

static size_t with_text(const struct walked *w, const char *text)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n; i++)
		n += span_find(w->packets[i].parts.payload, span_str(text), 0) != SIZE_MAX;
	return n;
}

static void nothing_of_others(struct run_recorder *r)
{
	run_recorder_finish(r);
	struct walked w = run_recorder_walk(r);
	assert_int_equal(with_text(&w, secret), 0);
	assert_true(w.statistics && w.received > 0);
	run_recorder_end(r);
}

/* The SYN had passed before: the recorder would let the socket go at the next packet, and wait
 * for the next SYN of anybody. */
static void shown_when_connected(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int l = listening(), fd = bound(SOCK_STREAM, 0), server;
	union address to = name_of(l);
	uint16_t port = port_of(fd);
	link_up(fd, l, &server);
	settle(&r);
	show(&r, fd, &to, "");
	tell(fd, server, "x");
	await(&r, "beginning of 1 ", 0);
	reset(fd);
	close(server);
	victim(port, l);
	nothing_of_others(&r);
	close(l);
}

/* A port that the kernel chose is free when the connection is over; the socket still names it.
 */
static void shown_without_its_port(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct run_recorder r = {0};
		run_recorder_start(&r);
		int l = listening(), none = bound(SOCK_STREAM, 0), fd = bound(SOCK_STREAM, 0);
		union address to = name_of(l), refused = name_of(none);
		uint16_t port = port_of(fd);
		if (late == 1)
			show(&r, fd, &to, "");
		assert_int_equal(connect(fd, &refused.any, sizeof refused.v4), -1);
		assert_int_equal(port_of(fd), port);
		if (late == 0)
			show(&r, fd, &to, "lost its port");
		victim(port, l);
		nothing_of_others(&r);
		close(fd);
		close(none);
		close(l);
	}
}

/* Connected to one, shown for another: without effect, and not kept. */
static void shown_for_another(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int l = listening(), l2 = listening(), fd = bound(SOCK_STREAM, 0), server;
	union address to = name_of(l);
	link_up(fd, l2, &server);
	settle(&r); /* its SYN would be enough to forget it */
	show(&r, fd, &to, "");
	uint16_t port = port_of(fd);
	reset(fd); /* gone, for it was not kept */
	victim(port, l);
	nothing_of_others(&r);
	close(server);
	close(l);
	close(l2);
}

/* The same with UDP: a port that the kernel chose is given back with AF_UNSPEC. */
static void datagrams_without_their_port(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int server = bound(SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union address to = name_of(server);
	assert_int_equal(connect(fd, &to.any, sizeof to.v4), 0);
	uint16_t port = port_of(fd);
	show(&r, fd, &to, "");
	disconnect(fd);
	int other = bound(SOCK_DGRAM, port);
	assert_int_equal(connect(other, &to.any, sizeof to.v4), 0);
	tell(other, server, secret);
	nothing_of_others(&r);
	close(other);
	close(fd);
	close(server);
}

/* On another device the port may be somebody else's. */
static void of_one_device(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int l = listening(), fd = bound(SOCK_STREAM, 0), udp = bound(SOCK_DGRAM, 0);
	union address to = name_of(l);
	int own = bound(SOCK_STREAM, 0);
	to_device(own, "lo");
	assert_int_equal(listen(own, 1), 0);
	run_recorder_order(&r, RECORDER_LISTENER, own, NULL);
	assert_non_null(strstr(state_of(&r).text, "bound to a device"));
	/* After it was shown, too. */
	show(&r, fd, &to, "");
	show(&r, udp, &to, "");
	to_device(fd, "lo");
	to_device(udp, "lo");
	int server;
	link_up(fd, l, &server);
	tell(fd, server, secret);
	assert_int_equal(
		sendto(udp, secret, sizeof secret, 0, &to.any, sizeof to.v4), sizeof secret);
	close(server);
	close(fd);
	fd = bound(SOCK_STREAM, 0);
	to_device(fd, "lo");
	run_recorder_order(&r, RECORDER_CONNECTION, fd, &to.any);
	nothing_of_others(&r);
	close(fd);
	close(udp);
	close(own);
	close(l);
}

/* Connections that somebody's listener had before. */
static void of_an_earlier_listener(void **state)
{
	(void)state;
	struct run_recorder r = {0};
	run_recorder_start(&r);
	int l = listening(), fd = bound(SOCK_STREAM, 0), server;
	link_up(fd, l, &server);
	settle(&r);
	run_recorder_order(&r, RECORDER_LISTENER, l, NULL);
	state_of(&r);
	for (int i = 0; i < 20; i++)
		tell(fd, server, secret);
	nothing_of_others(&r);
	close(fd);
	close(server);
	close(l);
}

/* More sockets than can be held at once, all shown before the first packet was looked at. */
static void more_than_can_be_held(void **state)
{
	enum { MANY = 200, DESCRIPTORS = 110 };
	(void)state;
	struct run_recorder r = {.files_max = DESCRIPTORS};
	int fds[MANY], servers[MANY];
	uint16_t ports[MANY];
	run_recorder_start(&r);
	int l = listening();
	union address to = name_of(l);
	kill(r.pid, SIGSTOP);
	for (int i = 0; i < MANY; i++) {
		fds[i] = bound(SOCK_STREAM, 0);
		ports[i] = port_of(fds[i]);
		run_recorder_order(&r, RECORDER_CONNECTION, fds[i], &to.any);
	}
	for (int i = 0; i < MANY; i++) {
		link_up(fds[i], l, &servers[i]);
		tell(fds[i], servers[i], "one of many");
	}
	kill(r.pid, SIGCONT);
	await(&r, "", (uint64_t)MANY * 5);
	for (int i = 0; i < MANY; i++) {
		close(fds[i]);
		close(servers[i]);
	}
	run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	assert_int_equal(with_text(&w, "one of many"), MANY);
	for (int i = 0; i < MANY; i++) {
		size_t syns = 0;
		for (size_t k = 0; k < w.n; k++)
			syns += w.packets[k].parts.src_port == ports[i] &&
				w.packets[k].parts.flags == TCP_SYN;
		assert_int_equal(syns, 1);
	}
	close(l);
	run_recorder_end(&r);
}

/* Who hangs up while nothing more can be held is noticed all the same. */
static void hangs_up_when_full(void **state)
{
	enum { MANY = 100, DESCRIPTORS = 110 };
	(void)state;
	struct run_recorder r = {.files_max = DESCRIPTORS};
	run_recorder_start(&r);
	union address to = at(9);
	for (int i = 0; i < MANY; i++) {
		int fd = bound(SOCK_STREAM, 0);
		run_recorder_order(&r, RECORDER_CONNECTION, fd, &to.any);
		close(fd);
	}
	close(r.sock);
	r.sock = -1;
	assert_int_equal(run_recorder_exit(&r), 0);
	run_recorder_end(&r);
}

static void no_more_than_the_limit(void **state)
{
	static char piece[65536];
	(void)state;
	struct run_recorder r = {.limit = "1"};
	struct stat st;
	run_recorder_start(&r);
	int l = listening(), fd = bound(SOCK_STREAM, 0), server;
	union address to = name_of(l);
	run_recorder_order(&r, RECORDER_CONNECTION, fd, &to.any);
	link_up(fd, l, &server);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(send(fd, piece, sizeof piece, MSG_NOSIGNAL), sizeof piece);
		assert_int_equal(recv(server, piece, sizeof piece, MSG_WAITALL), sizeof piece);
	}
	struct recorder_news news = run_recorder_wait_for(&r, RECORDER_FAILED);
	assert_non_null(strstr(news.text, "limit of 1 MiB"));
	assert_int_equal(run_recorder_exit(&r), 1);
	assert_int_equal(stat(r.path, &st), 0);
	assert_in_range(st.st_size, 1024 * 1024 - 70000, 1024 * 1024);
	struct walked w = run_recorder_walk(&r);
	assert_int_equal(w.n, news.packets);
	assert_true(w.statistics);
	close(fd);
	close(server);
	close(l);
	run_recorder_end(&r);
}

/* Datagrams without end inside of a namespace: the connections there are witnessed. */
static void a_flood(void **state)
{
	enum { FLOOD = RECORDER_STRAYS_MAX + 3 * RECORDER_STRAYS_ONE_IN };
	(void)state;
	if (geteuid() != 0)
		skip();
	struct run_recorder r = {.network = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
	run_recorder_start(&r);
	close(r.network);
	int l = listening(), fd = bound(SOCK_STREAM, 0), server, udp = bound(SOCK_DGRAM, 0),
	    sink = bound(SOCK_DGRAM, 0);
	union address to = name_of(sink);
	for (int i = 0; i < FLOOD; i++)
		assert_int_equal(sendto(udp, "x", 1, 0, &to.any, sizeof to.v4), 1);
	link_up(fd, l, &server);
	tell(fd, server, secret);
	await(&r, "are no TCP", 0);
	run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	size_t datagrams = 0;
	for (size_t i = 0; i < w.n; i++)
		datagrams += w.packets[i].parts.kind == PACKET_UDP;
	assert_int_equal(w.dropped, 0);
	assert_int_equal(datagrams, RECORDER_STRAYS_MAX + 3);
	assert_int_equal(with_text(&w, secret), 1);
	assert_non_null(w.comment);
	char left_out[40];
	snprintf(left_out, sizeof left_out, "%d packets", FLOOD - RECORDER_STRAYS_MAX - 3);
	assert_non_null(strstr(w.comment, left_out));
	close(fd);
	close(server);
	close(l);
	close(udp);
	close(sink);
	run_recorder_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shown_when_connected),
		cmocka_unit_test(shown_without_its_port),
		cmocka_unit_test(shown_for_another),
		cmocka_unit_test(datagrams_without_their_port),
		cmocka_unit_test(of_one_device),
		cmocka_unit_test(of_an_earlier_listener),
		cmocka_unit_test(more_than_can_be_held),
		cmocka_unit_test(hangs_up_when_full),
		cmocka_unit_test(no_more_than_the_limit),
		cmocka_unit_test(a_flood),
	};
	signal(SIGPIPE, SIG_IGN);
	if (!run_recorder_enter())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
