/*
 * What clicktrail-capture may do, and where: it joins the networks that a user made, it has
 * nothing left once it is open, it says what it lacks, and it does nothing for whoever starts
 * it in another way than clicktrail.
 */
#include "tests/kit/lone_network.h"
#include "tests/kit/run_program.h"
#include "tests/kit/run_recorder.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	SOMEBODY = 61500, /* a user that nobody is */
	PORT = 9,
	DEADLINE_MS = 20000
};

/* A line of /proc/PID/status without its name. */
static void status_of(pid_t pid, const char *name, char *out, size_t n)
{
	char path[64], line[200];
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	out[0] = 0;
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			snprintf(out, n, "%s", line + strlen(name));
	fclose(f);
	if (out[0] == 0)
		fail_msg("%s is not in %s", name, path);
}

static void expect_nothing_left(pid_t pid, bool was_root)
{
	static const char *const none[] = {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:"};
	char value[200];
	unsigned uid[4];
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		status_of(pid, none[i], value, sizeof value);
		assert_int_equal(strtoull(value, NULL, 16), 0);
	}
	status_of(pid, "NoNewPrivs:", value, sizeof value);
	assert_int_equal(atoi(value), 1);
	status_of(pid, "Seccomp:", value, sizeof value);
	assert_int_equal(atoi(value), 2);
	if (!was_root)
		return;
	for (int i = 0; i < 2; i++) {
		status_of(pid, i == 0 ? "Uid:" : "Gid:", value, sizeof value);
		assert_int_equal(
			sscanf(value, "%u %u %u %u", &uid[0], &uid[1], &uid[2], &uid[3]), 4);
		for (int k = 0; k < 4; k++)
			assert_in_range(uid[k], 60578, 65534);
	}
	status_of(pid, "Groups:", value, sizeof value);
	assert_int_equal(strspn(value, " \t\n"), strlen(value));
}

static bool may_record(void)
{
	return geteuid() == 0;
}

/* Its file, its socket, the packets; and, with sanitizers, the standard three. Only root can
 * look there. */
static void expect_few_descriptors(pid_t pid)
{
	char path[64];
	int above = 0;
	if (!may_record())
		return;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *d = opendir(path);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		above += atoi(e->d_name) > STDERR_FILENO;
	closedir(d);
	assert_int_equal(above, 3);
}

static void nothing_is_left(void **state)
{
	(void)state;
	if (!may_record())
		skip();
	struct run_recorder r = {0};
	run_recorder_start(&r);
	expect_nothing_left(r.pid, true);
	expect_few_descriptors(r.pid);
	run_recorder_finish(&r);
	run_recorder_end(&r);
}

static void says_what_it_lacks(void **state)
{
	(void)state;
	struct run_recorder r = {.uid = may_record() ? SOMEBODY : 0};
	run_recorder_begin(&r);
	struct recorder_news news = run_recorder_wait_for(&r, RECORDER_FAILED);
	assert_int_equal(news.needs_privilege, 1);
	assert_true(strlen(news.text) > 0);
	assert_int_equal(run_recorder_exit(&r), 1);
	run_recorder_end(&r);
}

/* Somebody who lives in a network of his own: when told to he sends a datagram there, to a port
 * that nobody listens on. */
struct dweller {
	pid_t pid, inside; /* ours; who is in it (bubblewrap's child) */
	int told, tells;
};

static void send_one(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (sendto(fd, "into the void", 13, 0, (struct sockaddr *)&a, sizeof a) != 13)
		_exit(3);
	close(fd);
}

static void become(uid_t uid)
{
	if (uid != 0 && (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
				setresuid(uid, uid, uid) != 0))
		_exit(2);
}

static void expect_byte(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;
	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
	assert_int_equal(read(fd, &byte, 1), 1);
}

static void pipes(int to[2], int from[2])
{
	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
}

static void dweller_start(struct dweller *d, uid_t uid)
{
	int to[2], from[2];
	char byte = '!', why[200];
	pipes(to, from);
	d->pid = d->inside = fork();
	assert_true(d->pid >= 0);
	if (d->pid == 0) {
		become(uid);
		/* What became of another user cannot be entered by its own /proc. */
		prctl(PR_SET_DUMPABLE, 1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!lone_network_enter(why, sizeof why) || write(from[1], &byte, 1) != 1)
			_exit(1);
		while (read(to[0], &byte, 1) == 1) {
			send_one();
			if (write(from[1], &byte, 1) != 1)
				break;
		}
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	d->told = to[1];
	d->tells = from[0];
	expect_byte(d->tells);
}

static int inside_pid(int info)
{
	char text[200] = "";
	struct pollfd p = {.fd = info, .events = POLLIN};
	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
	assert_true(read(info, text, sizeof text - 1) > 0);
	const char *at = strstr(text, "\"child-pid\":");
	assert_non_null(at);
	return atoi(at + 12);
}

/* The same by bubblewrap, which puts a second user namespace into the first: as our browsers
 * live. */
static void dweller_wrapped(struct dweller *d, uid_t uid)
{
	int to[2], from[2], info[2];
	pipes(to, from);
	assert_int_equal(pipe2(info, O_CLOEXEC), 0);
	d->pid = fork();
	assert_true(d->pid >= 0);
	if (d->pid == 0) {
		char number[12];
		become(uid);
		snprintf(number, sizeof number, "%d", fcntl(info[1], F_DUPFD, 20));
		dup2(to[0], 0);
		dup2(from[1], 1);
		execlp("bwrap", "bwrap", "--unshare-all", "--uid", "1000", "--die-with-parent",
			"--ro-bind", "/", "/", "--dev", "/dev", "--info-fd", number, "bash",
			"-c",
			"echo -n r; while read -n 1 x; do echo into the void "
			">/dev/udp/127.0.0.1/9; echo -n d; done",
			(char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	close(info[1]);
	d->told = to[1];
	d->tells = from[0];
	d->inside = inside_pid(info[0]);
	expect_byte(d->tells);
	close(info[0]);
}

static void dweller_send(struct dweller *d)
{
	assert_int_equal(write(d->told, "x", 1), 1);
	expect_byte(d->tells);
}

static void dweller_end(struct dweller *d)
{
	close(d->told);
	close(d->tells);
	kill(d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
}

static int network_of(pid_t pid)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s does not open", path);
	return fd;
}

/* Everything there, and nothing of ours. */
static void expect_joins(struct dweller *d, uid_t uid)
{
	struct run_recorder r = {.network = network_of(d->inside), .uid = uid};
	run_recorder_start(&r);
	close(r.network);
	expect_nothing_left(r.pid, may_record() && uid == 0);
	expect_few_descriptors(r.pid);
	/* What is shown is of no use here, and does no harm. */
	run_recorder_order(&r, RECORDER_LISTENER, STDIN_FILENO, NULL);
	send_one();
	dweller_send(d);
	dweller_send(d);
	struct recorder_news done = run_recorder_finish(&r);
	struct walked w = run_recorder_walk(&r);
	size_t datagrams = 0, others = 0;
	for (size_t i = 0; i < w.n; i++)
		if (w.packets[i].parts.kind == PACKET_UDP)
			datagrams++;
		else
			others += w.packets[i].parts.protocol == IPPROTO_ICMP;
	assert_int_equal(datagrams, 2);
	assert_int_equal(others, 2); /* port unreachable */
	assert_int_equal(done.packets, w.n);
	run_recorder_end(&r);
}

static void joins_a_network(void **state)
{
	(void)state;
	struct dweller d;
	dweller_start(&d, 0);
	expect_joins(&d, 0);
	dweller_end(&d);
}

/* As root, the network of somebody else; and as that somebody, without any right. */
static void joins_somebodys(void **state)
{
	(void)state;
	if (!may_record())
		skip();
	struct dweller d;
	dweller_start(&d, SOMEBODY);
	expect_joins(&d, 0);
	expect_joins(&d, SOMEBODY);
	dweller_end(&d);
}

static void joins_a_wrapped_one(void **state)
{
	(void)state;
	if (system("command -v bwrap >/dev/null 2>&1") != 0)
		skip();
	struct dweller d;
	dweller_wrapped(&d, may_record() ? SOMEBODY : 0);
	expect_joins(&d, 0);
	if (may_record())
		expect_joins(&d, SOMEBODY);
	dweller_end(&d);
}

/* Takes network. */
static void expect_fails_to_join(int network, uid_t uid, const char *why)
{
	struct run_recorder r = {.network = network, .uid = uid};
	run_recorder_begin(&r);
	close(network);
	struct recorder_news news = run_recorder_wait_for(&r, RECORDER_FAILED);
	if (strstr(news.text, why) == NULL)
		fail_msg("\"%s\" does not say: %s", news.text, why);
	assert_int_equal(run_recorder_exit(&r), 1);
	run_recorder_end(&r);
}

/* A network that is not the user's is not entered, his own machine's least of all: there only
 * what he shows is recorded. */
static void joins_no_others(void **state)
{
	(void)state;
	struct dweller d;
	if (!may_record())
		skip();
	expect_fails_to_join(network_of(getpid()), SOMEBODY, "entering a network namespace");
	dweller_start(&d, 0);
	expect_fails_to_join(network_of(d.inside), SOMEBODY, "entering");
	dweller_end(&d);
	expect_fails_to_join(
		open("/dev/null", O_RDONLY | O_CLOEXEC), 0, "no network namespace");
}

/* By its file's capability alone, as docs/guide/packets.md grants it. */
static void by_a_capability_of_its_file(void **state)
{
	char dir[] = "/tmp/clicktrail-setcap-XXXXXX", command[9000];
	(void)state;
	if (!may_record() || system("command -v setcap >/dev/null 2>&1") != 0)
		skip();
	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof command,
		"chmod 755 %s && cp '%s' %s/clicktrail-capture && chmod 755 %s/* && "
		"setcap cap_net_raw=p %s/clicktrail-capture",
		dir, run_recorder_program(), dir, dir, dir);
	/* A file system that keeps no capabilities, or a container that may not give any. */
	bool given = system(command) == 0;
	snprintf(command, sizeof command, "%s/clicktrail", dir);
	const char *was = getenv("CLICKTRAIL_BIN");
	char *bin = strdup(was != NULL ? was : "");
	if (given) {
		struct run_recorder r = {.uid = SOMEBODY};
		setenv("CLICKTRAIL_BIN", command, 1);
		run_recorder_start(&r);
		expect_nothing_left(r.pid, false);
		run_recorder_finish(&r);
		run_recorder_end(&r);
		/* And for the machine's own network that is still not everything. */
		expect_fails_to_join(
			network_of(getpid()), SOMEBODY, "entering a network namespace");
	}
	setenv("CLICKTRAIL_BIN", bin, 1);
	free(bin);
	snprintf(command, sizeof command, "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	if (!given)
		skip();
}

/* Started by hand. */
static void by_hand(void **state)
{
	static const struct {
		const char *args[3];
		int code;
		const char *out, *err;
	} rows[] = {
		{{"--version"}, 0, "clicktrail-capture ", ""},
		{{"--help"}, 0, "Usage: clicktrail-capture", ""},
		{{NULL}, 1, "", "descriptor 3 is no socket"},
		{{"--ring", "1024"}, 1, "", "descriptor 3 is no socket"},
		{{"--ring", "1"}, 2, "", "--ring takes"},
		{{"--ring", "many"}, 2, "", "--ring takes"},
		{{"--ring", "65537"}, 2, "", "--ring takes 512 to 65536"},
		{{"--limit", "1"}, 1, "", "descriptor 3 is no socket"},
		{{"--limit", "0"}, 2, "", "--limit takes 1 to"},
		{{"--limit"}, 2, "", "Usage:"},
		{{"--rong"}, 2, "", "Usage:"},
	};
	(void)state;
	struct run_program p;
	run_program_folder(&p);
	p.program = run_recorder_program();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *const args[] = {rows[i].args[0], rows[i].args[1], NULL};
		assert_int_equal(run_program(&p, 20, args), rows[i].code);
		if (strstr(run_program_stdout(&p), rows[i].out) == NULL ||
			strstr(run_program_stderr(&p), rows[i].err) == NULL)
			fail_msg("row %zu:\n%s%s", i, run_program_stdout(&p),
				run_program_stderr(&p));
	}
	run_program_end(&p);
}

/* Run with these as descriptors 3 and 4; its exit code. */
static int with_descriptors(int third, int fourth)
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		third = fcntl(third, F_DUPFD, 50);
		fourth = fcntl(fourth, F_DUPFD, 50);
		if (dup2(null, 2) != 2 || dup2(third, 3) != 3 || dup2(fourth, 4) != 4 ||
			close_range(5, ~0U, 0) != 0)
			_exit(126);
		execl(run_recorder_program(), "clicktrail-capture", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void wrong_descriptors(void **state)
{
	(void)state;
	char path[] = "/tmp/clicktrail-recorder-XXXXXX";
	int file = mkostemp(path, O_CLOEXEC), ends[2];
	struct recorder_news news;
	const int files[] = {
		open("/dev/null", O_WRONLY | O_APPEND | O_CLOEXEC), /* no file */
		file,                                               /* not for appending */
		open(path, O_RDONLY | O_APPEND | O_CLOEXEC),        /* not for writing */
		open(path, O_WRONLY | O_APPEND | O_CLOEXEC),        /* not empty */
	};
	assert_int_equal(with_descriptors(file, file), 1);
	assert_int_equal(write(file, "x", 1), 1);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		assert_int_equal(
			socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
		assert_int_equal(with_descriptors(ends[1], files[i]), 1);
		assert_int_equal(recv(ends[0], &news, sizeof news, MSG_DONTWAIT), sizeof news);
		assert_int_equal(news.word, RECORDER_FAILED);
		assert_non_null(strstr(news.text, "descriptor 4"));
		close(ends[0]);
		close(ends[1]);
		close(files[i]);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(says_what_it_lacks),
		cmocka_unit_test(joins_a_network),
		cmocka_unit_test(joins_somebodys),
		cmocka_unit_test(joins_a_wrapped_one),
		cmocka_unit_test(joins_no_others),
		cmocka_unit_test(by_a_capability_of_its_file),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(wrong_descriptors),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
