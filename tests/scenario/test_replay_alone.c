/* The program replays a case where there is no network but the loopback interface, to which all
 * addresses lead: everything is served, nobody is asked anything, and the process has no socket
 * but the one that it listens on and those of its clients. */
#include "tests/kit/lone_network.h"
#include "tests/kit/run_program.h"
#include "tests/kit/session_client.h"
#include "tests/kit/session_origin.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	SESSIONS = 12,
	SECCOMP_MODE_IS_FILTER = 2,
	CLOSING_LOOKS = 300,
	CLOSING_MS = 10,
};
#define DOMAIN "alone.test"

struct alone {
	struct run_program program;
	struct session_origin *origin;
	struct random_session sessions[SESSIONS];
	struct buf transcripts[SESSIONS][RANDOM_STEPS_MAX];
	struct session_client client;
	const char *pem;
	unsigned port;
};

/* ---- the way to serve and to ask ---- */

static void walk(struct alone *a, size_t i, bool recording)
{
	const struct random_session *s = &a->sessions[i];
	for (size_t step = 0; step < s->n; step++) {
		struct buf got = {0}, *was = &a->transcripts[i][step];
		/* Asked again by itself, and answered then: see docs/replay.md. */
		if (!recording && s->steps[step].asked_again && buf_span(was).p[0] == '\n')
			continue;
		if (recording)
			session_origin_next(
				a->origin, s->steps[step].down ? NULL : &s->steps[step]);
		session_client_ask(&a->client, s, &s->steps[step], recording ? was : &got);
		if (!recording && !span_eq(buf_span(&got), buf_span(was)))
			fail_msg("step %zu of session %016llx is answered otherwise", step,
				(unsigned long long)s->seed);
		buf_fini(&got);
	}
}

static void stop_program(struct alone *a)
{
	session_client_leave(&a->client);
	run_program_signal(&a->program, SIGINT);
	int code = run_program_wait(&a->program, 30);
	if (code != 0)
		fail_msg("it ended with %d:\n%s", code, run_program_stderr(&a->program));
}

static void start_program(
	struct alone *a, const char *const *args, struct session_origin *origin)
{
	run_program_start(&a->program, args);
	a->port = run_program_port(&a->program);
	session_client_start(&a->client, a->port, a->pem, origin);
}

static void record(struct alone *a)
{
	const char *const export[] = {"ca", "export", "--ca-dir", "ca", "-o", "root.pem", NULL};
	const char *const new[] = {"ca", "new", "--ca-dir", "ca", NULL};
	const char *const args[] = {"proxy", "--listen", "127.0.0.1:0", "--case", "t.case",
		"--ca-dir", "ca", "--durability", "crash", "--allow-net", "127.0.0.0/8",
		"--cacert", session_origin_cacert(a->origin), "--connect-to",
		"down." DOMAIN ":80:127.0.0.1:1", "--connect-to",
		"down." DOMAIN ":443:127.0.0.1:1", "--connect-to",
		session_origin_rule(a->origin, false), "--connect-to",
		session_origin_rule(a->origin, true), NULL};
	a->pem = arena_printf(&a->program.arena, "%s/root.pem", a->program.dir);
	assert_int_equal(run_program(&a->program, 30, new), 0);
	assert_int_equal(run_program(&a->program, 30, export), 0);
	start_program(a, args, a->origin);
	for (size_t i = 0; i < SESSIONS; i++) {
		walk(a, i, true);
		session_client_leave(&a->client);
	}
	stop_program(a);
}

/* ---- what the process has ---- */

/* The local port of a TCP socket; 0: it is none. */
static unsigned port_of(const char *table, unsigned long inode)
{
	char line[512];
	unsigned port = 0;
	FILE *f = fopen(table, "r");
	assert_non_null(f);
	while (port == 0 && fgets(line, sizeof line, f) != NULL) {
		unsigned long of;
		unsigned local;
		/* sl local remote st queues tr:when retrnsmt uid timeout inode */
		if (sscanf(line, " %*d: %*8[0-9A-F]:%x %*s %*s %*s %*s %*s %*s %*s %lu", &local,
			    &of) == 2 &&
			of == inode)
			port = local;
	}
	fclose(f);
	return port;
}

/* The inode of a descriptor's socket; 0: it is none. */
static unsigned long socket_at(const char *descriptor)
{
	char to[128];
	unsigned long inode = 0;
	ssize_t len = readlink(descriptor, to, sizeof to - 1);
	to[len > 0 ? len : 0] = 0;
	return sscanf(to, "socket:[%lu]", &inode) == 1 ? inode : 0;
}

/* A connection that has ended is in no table any more while its descriptor is not closed yet:
 * that is waited for. A socket to anywhere else stays. */
static void demand_socket(const struct alone *a, const char *descriptor, unsigned long inode)
{
	char table[64];
	snprintf(table, sizeof table, "/proc/%d/net/tcp", (int)a->program.pid);
	for (int looks = 0; port_of(table, inode) != a->port && socket_at(descriptor) == inode;
		looks++) {
		if (looks < CLOSING_LOOKS) {
			poll(NULL, 0, CLOSING_MS);
			continue;
		}
		fail_msg("the socket %s, inode %lu, is not at port %u", descriptor, inode,
			a->port);
	}
}

/* How many sockets it has: all of them are at its port. */
static size_t demand_sockets(const struct alone *a)
{
	char folder[64], path[400];
	size_t n = 0;
	snprintf(folder, sizeof folder, "/proc/%d/fd", (int)a->program.pid);
	DIR *d = opendir(folder);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		unsigned long inode = socket_at(path);
		if (inode == 0)
			continue;
		n++;
		demand_socket(a, path, inode);
	}
	closedir(d);
	return n;
}

static void demand_rule_of(const char *status)
{
	char line[256];
	int mode = -1;
	FILE *f = fopen(status, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		(void)(sscanf(line, "Seccomp: %d", &mode) == 1);
	fclose(f);
	if (mode != SECCOMP_MODE_IS_FILTER)
		fail_msg("%s says Seccomp: %d", status, mode);
}

/* Every thread of it. */
static void demand_rule(const struct alone *a)
{
	char folder[64], path[400];
	size_t n = 0;
	snprintf(folder, sizeof folder, "/proc/%d/task", (int)a->program.pid);
	DIR *d = opendir(folder);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s/status", folder, e->d_name);
		demand_rule_of(path);
		n++;
	}
	closedir(d);
	assert_true(n > 1);
}

/* ---- what was sent ---- */

static size_t count(const struct lone_watch *w, unsigned protocol, unsigned port)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n; i++)
		n += w->seen[i].protocol == protocol && w->seen[i].port == port;
	return n;
}

static void demand_only(const struct lone_watch *w, unsigned port)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct lone_packet *p = &w->seen[i];
		if (p->protocol != IPPROTO_TCP || p->port != port || p->to != INADDR_LOOPBACK)
			fail_msg("a packet of protocol %u went to %08x, port %u", p->protocol,
				p->to, p->port);
	}
	assert_true(w->n > 0);
}

static void send_to_elsewhere(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &to.sin_addr), 1);
	assert_int_equal(sendto(fd, "?", 1, 0, (struct sockaddr *)&to, sizeof to), 1);
	close(fd);
}

/* The watch sees what it should: a question to a name server that is not there. */
static void the_watch_sees(void **state)
{
	static struct lone_watch w;
	(void)state;
	lone_watch_start(&w);
	send_to_elsewhere();
	lone_watch_look(&w);
	assert_int_equal(count(&w, IPPROTO_UDP, 53), 1);
	assert_int_equal(w.n, 1);
	lone_watch_stop(&w);
}

/* ---- the test ---- */

static void ask_what_was_never_recorded(struct alone *a)
{
	struct raw_client c;
	raw_open(&c, a->port);
	raw_send(&c, "GET http://elsewhere.test/ HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n");
	assert_int_equal(strncmp(raw_head(&c), "HTTP/1.1 504 ", 13), 0);
	raw_close(&c);
	raw_open(&c, a->port);
	raw_connect(&c, "192.0.2.1:443");
	raw_tls(&c, "192.0.2.1", a->pem);
	raw_send(&c, "GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n");
	assert_int_equal(strncmp(raw_head(&c), "HTTP/1.1 504 ", 13), 0);
	raw_close(&c);
}

static void make(struct alone *a)
{
	struct random_source r = {11};
	memset(a, 0, sizeof *a);
	run_program_folder(&a->program);
	a->origin = session_origin_start(DOMAIN);
	for (size_t i = 0; i < SESSIONS; i++) {
		struct random_options o = {random_next(&r), DOMAIN, true};
		random_session_make(&a->sessions[i], &o);
	}
}

static void unmake(struct alone *a)
{
	run_program_end(&a->program);
	for (size_t i = 0; i < SESSIONS; i++) {
		for (size_t step = 0; step < a->sessions[i].n; step++)
			buf_fini(&a->transcripts[i][step]);
		random_session_fini(&a->sessions[i]);
	}
}

static void all_is_served_and_nobody_is_asked(void **state)
{
	static struct alone a;
	static struct lone_watch w;
	const char *const args[] = {"replay", "t.case", "--listen", "127.0.0.1:0", "--ca-dir",
		"ca", "--json", NULL};
	(void)state;
	make(&a);
	lone_watch_start(&w);
	record(&a);
	session_origin_stop(a.origin);
	lone_watch_look(&w);
	/* Recording did reach the origin. */
	assert_true(w.n > count(&w, IPPROTO_TCP, a.port));
	lone_watch_stop(&w);

	lone_watch_start(&w);
	start_program(&a, args, NULL);
	for (size_t i = 0; i < SESSIONS; i++) {
		walk(&a, i, false);
		assert_true(demand_sockets(&a) >= 1);
		demand_rule(&a);
		session_client_leave(&a.client);
	}
	ask_what_was_never_recorded(&a);
	stop_program(&a);
	lone_watch_look(&w);
	demand_only(&w, a.port);
	lone_watch_stop(&w);
	unmake(&a);
}

int main(void)
{
	char why[256];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_watch_sees),
		cmocka_unit_test(all_is_served_and_nobody_is_asked),
	};
	if (!lone_network_enter(why, sizeof why)) {
		fprintf(stderr, "no network namespace can be made here: %s\n", why);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
