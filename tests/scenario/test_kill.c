/*
 * kill -9 of the real program under load: every response head that a client received whole is
 * in the case, and so is its request. Rounds: a few; with CLICKTRAIL_SOAK, twenty times that
 * number.
 */
#include "store/base/clock.h"
#include "tests/kit/raw_client.h"
#include "tests/kit/read_case.h"
#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { CLIENTS = 4, EXCHANGES = 2000, REPLY_MAX = 200 };

/* One client connection: as fast as it can until the proxy is gone. Without cmocka, in a thread
 * of its own. */
struct client {
	unsigned port;
	int number;
	int received; /* heads that came whole */
	pthread_t thread;
};

static bool read_head(int fd)
{
	char last[4] = {0};
	char c;
	while (read(fd, &c, 1) == 1) {
		memmove(last, last + 1, 3);
		last[3] = c;
		if (memcmp(last, "\r\n\r\n", 4) == 0)
			return true;
	}
	return false;
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	struct sockaddr_in addr = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)c->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0;
	for (int i = 0; alive && i < EXCHANGES; i++) {
		char request[200], body[2];
		int n = snprintf(request, sizeof request,
			"GET http://load-%d.test/%d HTTP/1.1\r\nHost: load-%d.test\r\n\r\n",
			c->number, i, c->number);
		alive = send(fd, request, (size_t)n, MSG_NOSIGNAL) == n && read_head(fd);
		c->received += alive;
		alive = alive && read(fd, body, sizeof body) == 2;
	}
	close(fd);
	return NULL;
}

/* An origin for one client: EXCHANGES answers, each with a number of its own. */
static struct script_origin *numbered_origin(
	int number, struct script_step *steps, char (*text)[REPLY_MAX])
{
	struct script_origin *o = script_origin_start(false, NULL);
	size_t at = 0;
	for (int i = 0; i < EXCHANGES; i++) {
		int n = snprintf(text[i], REPLY_MAX,
			"HTTP/1.1 200 OK\r\nX-Number: %d-%d-\r\nContent-Length: 2\r\n\r\nok",
			number, i);
		steps[at++] = (struct script_step)EXPECT_HEAD;
		steps[at++] = (struct script_step)SEND_BYTES(text[i], (size_t)n);
	}
	steps[at] = (struct script_step)END;
	script_origin_play(o, steps);
	return o;
}

/* The highest number of a client's heads in the case; all below it must be there too. */
static int recorded(const struct read_case *facts, int number)
{
	int highest = 0;
	for (size_t i = 0; i < CASE_COUNT(facts, RESPONSE); i++) {
		const struct fact_response *r = CASE_FACT(facts, RESPONSE, response, i);
		char mark[60];
		snprintf(mark, sizeof mark, "X-Number: %d-%d-\r\n", number, highest);
		highest += span_find(r->head, span_str(mark), 0) != SIZE_MAX;
	}
	return highest;
}

static int one_round(unsigned seed)
{
	struct run_program p;
	struct script_origin *origins[CLIENTS];
	struct client clients[CLIENTS];
	struct script_step *steps[CLIENTS];
	char(*texts[CLIENTS])[REPLY_MAX];
	run_program_folder(&p);
	const char *args[32] = {"proxy", "--listen", "127.0.0.1:0", "--case", "k.case",
		"--ca-dir", "ca", "--allow-net", "127.0.0.0/8"};
	size_t n_args = 9;
	for (int i = 0; i < CLIENTS; i++) {
		steps[i] = calloc(2 * EXCHANGES + 1, sizeof **steps);
		texts[i] = calloc(EXCHANGES, REPLY_MAX);
		assert_true(steps[i] != NULL && texts[i] != NULL);
		origins[i] = numbered_origin(i, steps[i], texts[i]);
		args[n_args++] = "--connect-to";
		args[n_args++] = arena_printf(&p.arena, "load-%d.test:80:127.0.0.1:%u", i,
			script_origin_port(origins[i]));
	}
	run_program_start(&p, args);
	unsigned port = run_program_port(&p);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){.port = port, .number = i};
		assert_int_equal(
			pthread_create(&clients[i].thread, NULL, client_main, &clients[i]), 0);
	}
	usleep(100000 + seed * 7919 % 300000); /* somewhere in the middle */
	run_program_signal(&p, SIGKILL);
	assert_int_equal(run_program_wait(&p, 10), -SIGKILL);
	int total = 0;
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i].thread, NULL);
		script_origin_abandon(origins[i]);
		free(steps[i]);
		free(texts[i]);
	}
	struct read_case facts;
	read_case(&facts, arena_printf(&p.arena, "%s/k.case", p.dir));
	for (int i = 0; i < CLIENTS; i++) {
		int kept = recorded(&facts, i);
		if (kept < clients[i].received)
			fail_msg("client %d received %d heads, the case has %d", i,
				clients[i].received, kept);
		total += clients[i].received;
	}
	assert_true(CASE_COUNT(&facts, REQUEST) >= CASE_COUNT(&facts, RESPONSE));
	read_case_fini(&facts);
	run_program_end(&p);
	return total;
}

static void nothing_that_was_received_is_missing(void **state)
{
	(void)state;
	const char *soak = getenv("CLICKTRAIL_SOAK");
	int rounds = soak != NULL ? 20 * atoi(soak) : 6;
	int total = 0;
	for (int i = 0; i < rounds; i++)
		total += one_round((unsigned)i + (unsigned)getpid());
	print_message("%d kills, %d heads received before them\n", rounds, total);
	assert_true(total > rounds * 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_was_received_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
