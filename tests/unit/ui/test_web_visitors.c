/* Connections over loopback that wait too long in each phase, and too many of them: who is
 * shut, and who is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/web/visitors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 16, SHORT_MS = 300, LONG_MS = 3600 * 1000, PATIENCE_MS = 20000 };

struct one {
	int near, far; /* near: the server's end */
	struct visitor *visitor;
};

static struct visitors *visitors;
static struct one all[MANY];

static void join(struct one *o)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &len), 0);
	o->far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(o->far, (struct sockaddr *)&at, sizeof at), 0);
	o->near = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(o->near >= 0);
	close(listening);
	o->visitor = visitors_come(visitors, o->near);
}

static void begin(struct visitors_limits limits)
{
	struct err err;
	visitors = visitors_start(&limits, &err);
	assert_non_null(visitors);
}

static void end(size_t n)
{
	visitors_stop(visitors);
	for (size_t i = 0; i < n; i++) {
		visitors_leave(visitors, all[i].visitor);
		close(all[i].near);
		close(all[i].far);
	}
	assert_int_equal(visitors_count(visitors), 0);
	visitors_free(visitors);
}

static bool is_shut(const struct one *o, int ms)
{
	struct pollfd fd = {o->near, POLLRDHUP, 0};
	return poll(&fd, 1, ms) > 0;
}

static const struct visitors_limits never = {.connections = 4,
	.streams = 2,
	.head_ms = LONG_MS,
	.idle_ms = LONG_MS,
	.body_ms = LONG_MS,
	.take_ms = LONG_MS};

/* Each limit alone, and who must not notice it. */
static void test_times(void **state)
{
	static const struct {
		enum visitor_phase phase;
		bool known;
		int head, idle, body, take; /* which is short */
		bool shut;
	} table[] = {
		{VISITOR_HEAD, false, 1, 0, 0, 0, true},
		{VISITOR_HEAD, true, 1, 0, 1, 1, false},
		{VISITOR_HEAD, true, 0, 1, 0, 0, true},
		{VISITOR_BODY, true, 0, 0, 1, 0, true},
		{VISITOR_BODY, true, 1, 1, 0, 1, false},
		{VISITOR_BODY, false, 1, 0, 0, 0, true},
		{VISITOR_BODY, false, 0, 1, 1, 1, false},
		{VISITOR_PAGE, false, 1, 1, 1, 1, false},
		{VISITOR_ANSWER, false, 0, 0, 0, 1, true},
		{VISITOR_ANSWER, false, 1, 1, 1, 0, false},
		{VISITOR_ANSWER, true, 1, 1, 1, 1, false}, /* there is nothing to take */
		{VISITOR_STREAM, true, 1, 1, 1, 1, false},
	};
	enum { ROWS = sizeof table / sizeof *table };
	struct visitors *each[ROWS];
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		begin((struct visitors_limits){.connections = 4,
			.streams = 2,
			.head_ms = table[i].head ? SHORT_MS : LONG_MS,
			.idle_ms = table[i].idle ? SHORT_MS : LONG_MS,
			.body_ms = table[i].body ? SHORT_MS : LONG_MS,
			.take_ms = table[i].take ? SHORT_MS : LONG_MS});
		each[i] = visitors;
		join(&all[i]);
		if (table[i].known)
			visitor_known(visitors, all[i].visitor);
		visitor_is(visitors, all[i].visitor, table[i].phase);
	}
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].shut && !is_shut(&all[i], PATIENCE_MS))
			fail_msg("row %zu", i);
	/* The others have had the same time, and some more. */
	poll(NULL, 0, SHORT_MS * 2);
	for (size_t i = 0; i < ROWS; i++) {
		if (!table[i].shut && is_shut(&all[i], 0))
			fail_msg("row %zu", i);
		visitors = each[i];
		visitors_stop(visitors);
		visitors_leave(visitors, all[i].visitor);
		visitors_free(visitors);
		close(all[i].near);
		close(all[i].far);
	}
}

/* Who has a session keeps his stream as long as he takes something of it. */
static void test_taking(void **state)
{
	static char piece[64 * 1024];
	struct visitors_limits limits = never;
	(void)state;
	limits.take_ms = SHORT_MS * 3;
	begin(limits);
	join(&all[0]);
	visitor_known(visitors, all[0].visitor);
	visitor_is(visitors, all[0].visitor, VISITOR_STREAM);
	for (int i = 0; i < 20; i++) {
		while (send(all[0].near, piece, sizeof piece, MSG_NOSIGNAL) > 0)
			continue;
		assert_int_equal(errno, EAGAIN); /* and not shut */
		assert_false(is_shut(&all[0], SHORT_MS / 3));
		/* More than a buffer, so that the other side says so. */
		for (size_t got = 0; got < 4u * 1024 * 1024;) {
			ssize_t n = recv(all[0].far, piece, sizeof piece, MSG_DONTWAIT);
			if (n <= 0)
				break;
			got += (size_t)n;
		}
	}
	while (send(all[0].near, piece, sizeof piece, MSG_NOSIGNAL) > 0)
		continue;
	assert_true(is_shut(&all[0], PATIENCE_MS));
	end(1);
}

static size_t count_shut(size_t n)
{
	size_t shut = 0;
	for (size_t i = 0; i < n; i++)
		shut += is_shut(&all[i], 0);
	return shut;
}

static void test_crowd(void **state)
{
	(void)state;
	begin(never);
	for (size_t i = 0; i < 4; i++)
		join(&all[i]);
	visitor_known(visitors, all[0].visitor);
	visitor_is(visitors, all[2].visitor, VISITOR_BODY);
	assert_int_equal(count_shut(4), 0);
	/* The oldest that has no session; each of them once, before they have left. */
	join(&all[4]);
	assert_true(is_shut(&all[1], 0));
	assert_int_equal(count_shut(5), 1);
	join(&all[5]);
	assert_true(is_shut(&all[2], 0));
	assert_int_equal(count_shut(6), 2);
	/* All with a session: the one that waits longest between two requests. */
	for (size_t i = 3; i < 6; i++)
		visitor_known(visitors, all[i].visitor);
	visitor_is(visitors, all[0].visitor, VISITOR_STREAM);
	visitor_is(visitors, all[3].visitor, VISITOR_HEAD);
	join(&all[6]);
	assert_true(is_shut(&all[4], 0));
	assert_int_equal(count_shut(7), 3);
	/* All at work: nobody. */
	visitor_known(visitors, all[6].visitor);
	visitor_is(visitors, all[3].visitor, VISITOR_PAGE);
	visitor_is(visitors, all[5].visitor, VISITOR_ANSWER);
	visitor_is(visitors, all[6].visitor, VISITOR_BODY);
	join(&all[7]);
	assert_int_equal(count_shut(8), 3);
	assert_int_equal(visitors_count(visitors), 8);
	end(8);
}

static void test_streams(void **state)
{
	struct visitors_limits limits = never;
	(void)state;
	limits.connections = MANY;
	begin(limits);
	for (size_t i = 0; i < 4; i++) {
		join(&all[i]);
		visitor_is(visitors, all[i].visitor, VISITOR_STREAM);
	}
	assert_true(visitor_turned_away(visitors, all[0].visitor));
	assert_true(visitor_turned_away(visitors, all[1].visitor));
	assert_false(visitor_turned_away(visitors, all[2].visitor));
	assert_false(visitor_turned_away(visitors, all[3].visitor));
	/* It asks for something else on the same connection. */
	visitor_is(visitors, all[0].visitor, VISITOR_HEAD);
	assert_false(visitor_turned_away(visitors, all[0].visitor));
	assert_false(visitor_gone(all[0].visitor));
	shutdown(all[0].far, SHUT_RDWR);
	assert_true(is_shut(&all[0], PATIENCE_MS));
	assert_true(visitor_gone(all[0].visitor));
	end(4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_times),
		cmocka_unit_test(test_taking), cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_streams)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
