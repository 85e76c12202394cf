/*
 * The window of a command that records: a process of its own that gets a socket and nothing
 * else, ends with the command however that ends, and may fail without the recording.
 */
#include "tests/kit/run_program.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void shortly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

/* Of the proxy: the window's own port may be printed before it. */
static unsigned await_proxy(struct run_program *p)
{
	return (unsigned)strtoul(run_program_await(p, "Listening on 127.0.0.1:"), NULL, 10);
}

/* The window says its address on stderr. */
static unsigned await_window(struct run_program *p)
{
	return (unsigned)strtoul(
		run_program_await(p, "The window is open at http://127.0.0.1:"), NULL, 10);
}

/* The child of that process whose name is the window's. */
static pid_t window_of(pid_t parent)
{
	DIR *d = opendir("/proc");
	pid_t found = 0;
	for (struct dirent *e; found == 0 && (e = readdir(d)) != NULL;) {
		char path[300], name[64] = "";
		int pid = atoi(e->d_name), of = 0;
		snprintf(path, sizeof path, "/proc/%d/stat", pid);
		FILE *f = pid > 0 ? fopen(path, "re") : NULL;
		if (f != NULL && fscanf(f, "%*d (%63[^)]) %*c %d", name, &of) == 2 &&
			of == parent && strcmp(name, "clicktrail-ui") == 0)
			found = pid;
		if (f != NULL)
			fclose(f);
	}
	closedir(d);
	return found;
}

static void await_gone(pid_t pid)
{
	for (int tries = 0; kill(pid, 0) == 0; tries++) {
		char path[64], state = 0;
		snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
		FILE *f = fopen(path, "re");
		if (f != NULL) {
			if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
				state = 'Z';
			fclose(f);
		}
		if (state == 'Z' || state == 0)
			return;
		if (tries > 3000)
			fail_msg("the window outlived its command");
		shortly();
	}
}

static bool listens(unsigned port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool there = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
	close(fd);
	return there;
}

static bool is_file(struct run_program *p, const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", p->dir, name);
	return access(path, F_OK) == 0;
}

/* Descriptors, words and environment of the window, as root sees them. */
static void assert_holds_nothing(pid_t window)
{
	char path[300], link[300], text[32 * 1024];
	snprintf(path, sizeof path, "/proc/%d/fd", (int)window);
	DIR *d = opendir(path);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)window, e->d_name);
		ssize_t n = readlink(path, link, sizeof link - 1);
		link[n > 0 ? n : 0] = 0;
		if (strstr(link, "/ca/") != NULL || strstr(link, ".key") != NULL ||
			strstr(link, "seal") != NULL || strstr(link, ".lock") != NULL)
			fail_msg("the window holds %s", link);
	}
	if (d != NULL)
		closedir(d);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "/proc/%d/%s", (int)window,
			i == 0 ? "environ" : "cmdline");
		FILE *f = fopen(path, "re");
		if (f == NULL)
			continue; /* not root */
		size_t n = fread(text, 1, sizeof text, f);
		fclose(f);
		assert_null(memmem(text, n, "pass-word-7", 11));
	}
}

#define PROXY "proxy", "--listen", "127.0.0.1:0", "--case", "x.case", "--ca-dir", "ca"

static void ends_with_its_proxy(void **state)
{
	struct run_program p;
	(void)state;
	run_program_folder(&p);
	setenv("CLICKTRAIL_PASSWORD", "user:pass-word-7", 1);
	run_program_start(&p, (const char *[]){PROXY, "--ui", "127.0.0.1:0", NULL});
	unsetenv("CLICKTRAIL_PASSWORD");
	await_proxy(&p);
	unsigned port = await_window(&p);
	pid_t window = window_of(p.pid);
	assert_true(window > 0);
	assert_true(listens(port));
	assert_holds_nothing(window);
	assert_null(strstr(run_program_stdout(&p), "The window is open"));
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, 60), 0);
	await_gone(window);
	assert_false(listens(port));
	run_program_end(&p);
}

static void ends_with_a_proxy_that_is_killed(void **state)
{
	struct run_program p;
	(void)state;
	run_program_folder(&p);
	run_program_start(&p, (const char *[]){PROXY, "--ui", "127.0.0.1:0", NULL});
	await_proxy(&p);
	await_window(&p);
	pid_t window = window_of(p.pid);
	assert_true(window > 0);
	run_program_signal(&p, SIGKILL);
	run_program_wait(&p, 10);
	await_gone(window);
	run_program_end(&p);
}

static void a_dead_window_is_nothing_to_the_recording(void **state)
{
	struct run_program p;
	(void)state;
	run_program_folder(&p);
	run_program_start(&p, (const char *[]){PROXY, "--ui", "127.0.0.1:0", NULL});
	unsigned proxy = await_proxy(&p);
	await_window(&p);
	pid_t window = window_of(p.pid);
	assert_true(window > 0);
	kill(window, SIGKILL);
	await_gone(window);
	assert_true(listens(proxy));
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, 60), 0);
	run_program_end(&p);
}

static void a_taken_port_is_told_before_anything(void **state)
{
	struct run_program p;
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	char where[40];
	(void)state;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	snprintf(where, sizeof where, "127.0.0.1:%u", ntohs(at.sin_port));
	run_program_folder(&p);
	const char *const *const lines[] = {(const char *[]){PROXY, "--ui", where, NULL},
		(const char *[]){"trace", "--browser", "none", "--case", "x.case", "--ui",
			where, "http://127.0.0.1:1/", NULL},
		(const char *[]){
			"demo", "--browser", "none", "--case", "x.case", "--ui", where, NULL}};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		assert_int_equal(run_program(&p, 60, lines[i]), 1);
		assert_non_null(strstr(run_program_stderr(&p), "--ui"));
		assert_non_null(strstr(run_program_stderr(&p), where));
		assert_false(is_file(&p, "x.case"));
	}
	assert_int_equal(
		run_program(&p, 60, (const char *[]){PROXY, "--ui", "0.0.0.0:0", NULL}), 1);
	close(fd);
	run_program_end(&p);
}

#define DEMO "demo", "--browser", "none", "--case", "x.case", "--ui", "127.0.0.1:0", "--settle"

static void stays_when_the_trace_is_over(void **state)
{
	struct run_program p;
	(void)state;
	run_program_folder(&p);
	run_program_start(&p, (const char *[]){DEMO, "0.3", NULL});
	unsigned port = await_window(&p);
	run_program_await(&p, "The window stays open; Ctrl-C ends it");
	pid_t window = window_of(p.pid);
	assert_true(window > 0);
	assert_true(listens(port));
	assert_non_null(strstr(run_program_stdout(&p), "Recorded in "));
	run_program_signal(&p, SIGTERM);
	assert_int_equal(run_program_wait(&p, 60), 0);
	await_gone(window);
	/* The case is as if nobody had read it. */
	assert_false(is_file(&p, "x.case-wal"));
	assert_false(is_file(&p, "x.case-shm"));
	assert_int_equal(run_program(&p, 60, (const char *[]){"verify", "x.case", NULL}), 0);
	run_program_end(&p);
}

static void a_trace_ended_by_a_signal_ends_it_too(void **state)
{
	struct run_program p;
	(void)state;
	run_program_folder(&p);
	/* The name server never answers: the trail is still under way. */
	run_program_start(
		&p, (const char *[]){"trace", "--browser", "none", "--case", "x.case", "--ui",
			    "127.0.0.1:0", "--dns-servers", "127.0.0.1:1", "--settle", "50",
			    "--allow-net", "127.0.0.0/8", "http://127.0.0.1:1/", NULL});
	await_window(&p);
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, 60), 2);
	assert_null(strstr(run_program_stderr(&p), "stays open"));
	run_program_end(&p);
}

static void a_replay_has_one_too(void **state)
{
	struct run_program p;
	(void)state;
	run_program_folder(&p);
	assert_int_equal(run_program(&p, 60,
				 (const char *[]){"demo", "--browser", "none", "--case",
					 "x.case", "--settle", "0.3", NULL}),
		0);
	run_program_start(&p, (const char *[]){"replay", "x.case", "--listen", "127.0.0.1:0",
				      "--ui", "127.0.0.1:0", NULL});
	unsigned port = await_window(&p);
	assert_true(listens(port));
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, 60), 0);
	assert_false(listens(port));
	assert_int_equal(run_program(&p, 60,
				 (const char *[]){"replay", "x.case", "--browser", "none",
					 "--ui", "127.0.0.1:0", NULL}),
		1);
	run_program_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_with_its_proxy),
		cmocka_unit_test(ends_with_a_proxy_that_is_killed),
		cmocka_unit_test(a_dead_window_is_nothing_to_the_recording),
		cmocka_unit_test(a_taken_port_is_told_before_anything),
		cmocka_unit_test(stays_when_the_trace_is_over),
		cmocka_unit_test(a_trace_ended_by_a_signal_ends_it_too),
		cmocka_unit_test(a_replay_has_one_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
