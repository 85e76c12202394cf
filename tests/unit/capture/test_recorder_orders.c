/*
 * Orders as they come over the socket, without the program around them: that a packet that
 * nothing is known of is not given up before what has come was read, and that no descriptor is
 * left open by whatever is sent.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/recorder_orders.h"
#include "capture/recorder_shown.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 443, MANY = 20 };

static int ours; /* the parent's end; the other one is RECORDER_SOCK */

static int setup(void **state)
{
	int pair[2];
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	ours = dup(pair[0]);
	assert_int_equal(dup2(pair[1], RECORDER_SOCK), RECORDER_SOCK);
	for (int i = 0; i < 2; i++)
		if (pair[i] != RECORDER_SOCK)
			close(pair[i]);
	return ours > RECORDER_SOCK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	close(ours);
	return close(RECORDER_SOCK);
}

static void start(struct recorder_orders *o, int socket)
{
	struct err err;
	*o = (struct recorder_orders){.table = recorder_table_new(1, RECORDER_HELD_MAX)};
	assert_true(recorder_orders_check());
	if (!recorder_shown_network(socket, &o->network, &err))
		fail_msg("%s", err.detail);
}

static int bound(struct packet_parts *first)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*first = (struct packet_parts){.kind = PACKET_TCP,
		.protocol = IPPROTO_TCP,
		.src = {4, {127, 0, 0, 1}},
		.dst = {4, {192, 0, 2, 1}},
		.src_port = ntohs(a.sin_port),
		.dst_port = PORT,
		.flags = TCP_SYN};
	return fd;
}

static void send_order(const void *bytes, size_t len, int fd, int times)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * MANY)];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec iov = {.iov_len = len};
	memcpy(&iov.iov_base, &bytes, sizeof bytes); /* sendmsg only reads it */
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	if (times > 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)times);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)times);
		for (int i = 0; i < times; i++)
			memcpy(CMSG_DATA(c) + sizeof fd * (size_t)i, &fd, sizeof fd);
	}
	assert_int_equal(sendmsg(ours, &m, 0), len);
}

static size_t open_now(void)
{
	size_t n = 0;
	DIR *d = opendir("/proc/self/fd");
	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static const struct recorder_order connection = {
	RECORDER_CONNECTION, {4, {192, 0, 2, 1}}, PORT};

static void reads_before_it_gives_up(void **state)
{
	(void)state;
	struct recorder_orders o;
	struct packet_parts first, other;
	int fd = bound(&first), unknown = bound(&other);
	start(&o, fd);
	send_order(&connection, sizeof connection, fd, 1);
	assert_false(recorder_orders_want(&o, &other, 0));
	assert_true(recorder_orders_want(&o, &first, 0));
	send_order(&connection, sizeof connection, unknown, 1);
	assert_true(recorder_orders_want(&o, &other, 0));
	recorder_table_free(o.table);
	close(fd);
	close(unknown);
}

static void leaves_nothing_open(void **state)
{
	(void)state;
	struct recorder_orders o;
	struct packet_parts first;
	const struct recorder_order flush = {.word = RECORDER_FLUSH};
	const struct recorder_order all[] = {
		{.word = RECORDER_LISTENER}, /* it does not listen */
		{.word = 77},
		flush,
		{RECORDER_CONNECTION, {0, {0}}, PORT},
		{RECORDER_CONNECTION, {7, {0}}, PORT},
		{RECORDER_CONNECTION, {4, {1, 2, 3, 4}}, 0},
	};
	char long_one[2 * sizeof connection] = {0};
	int fd = bound(&first);
	start(&o, fd);
	size_t before = open_now();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		send_order(&all[i], sizeof all[i], fd, 1);
		assert_false(recorder_orders_take(&o, 0));
	}
	assert_true(o.flush);
	send_order(&connection, sizeof connection - 1, fd, 1);
	send_order(long_one, sizeof long_one, fd, 1);
	send_order(&flush, sizeof flush, fd, MANY); /* more than there is room for */
	assert_false(recorder_orders_take(&o, 0));
	assert_int_equal(open_now(), before);
	assert_true(strlen(o.refused) > 0);
	/* Of several one is looked at. */
	send_order(&connection, sizeof connection, fd, 3);
	assert_true(recorder_orders_take(&o, 0));
	assert_int_equal(open_now(), before + 1);
	assert_true(recorder_orders_want(&o, &first, 0));
	assert_int_equal(open_now(), before);
	recorder_table_free(o.table);
	close(fd);
}

static void finish_and_end(void **state)
{
	(void)state;
	const struct recorder_order finish = {.word = RECORDER_FINISH};
	struct recorder_orders o;
	struct packet_parts first;
	int fd = bound(&first);
	start(&o, fd);
	send_order(&finish, sizeof finish, -1, 0);
	assert_false(recorder_orders_take(&o, 0));
	assert_true(o.finish && !o.gone);
	shutdown(ours, SHUT_RDWR);
	assert_false(recorder_orders_take(&o, 0));
	assert_true(o.gone);
	recorder_table_free(o.table);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_before_it_gives_up, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_nothing_open, setup, teardown),
		cmocka_unit_test_setup_teardown(finish_and_end, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
