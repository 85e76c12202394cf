#include "tests/kit/run_recorder.h"
#include "store/base/buf.h"
#include "tests/kit/lone_network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { ASIDE = 100, DEADLINE_S = 20, MTU = 1500 };

const char *run_recorder_program(void)
{
	static char path[4096];
	const char *bin = getenv("CLICKTRAIL_BIN");
	const char *slash = bin != NULL ? strrchr(bin, '/') : NULL;
	if (slash == NULL) {
		fail_msg("CLICKTRAIL_BIN does not name the program");
		return "";
	}
	snprintf(path, sizeof path, "%.*s/clicktrail-capture", (int)(slash - bin), bin);
	return path;
}

static void child(
	const struct run_recorder *r, int sock, int file, const char *path, char *const *argv)
{
	const int from[] = {sock, file, r->network > 0 ? r->network : -1};
	int aside[3];
	struct rlimit most = {r->file_max, r->file_max};
	struct rlimit files = {r->files_max, r->files_max};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < 3; i++)
		aside[i] = from[i] < 0 ? -1 : fcntl(from[i], F_DUPFD, ASIDE);
	for (int i = 0; i < 3; i++) {
		close(RECORDER_SOCK + i);
		if (aside[i] >= 0 && dup2(aside[i], RECORDER_SOCK + i) < 0)
			_exit(126);
	}
	if (close_range(RECORDER_NETWORK + 1, ~0U, 0) != 0 ||
		(r->file_max > 0 && setrlimit(RLIMIT_FSIZE, &most) != 0) ||
		(r->files_max > 0 && setrlimit(RLIMIT_NOFILE, &files) != 0) ||
		(r->uid != 0 && setresuid(r->uid, r->uid, r->uid) != 0))
		_exit(126);
	execv(path, argv);
	_exit(127);
}

void run_recorder_begin(struct run_recorder *r)
{
	int pair[2];
	const char *path = run_recorder_program();
	char *argv[6] = {arena_str(&r->arena, span_str(path))};
	const char *const options[][2] = {{"--ring", r->ring}, {"--limit", r->limit}};
	for (size_t i = 0, n = 1; i < 2; i++)
		for (size_t k = 0; k < 2 && options[i][1] != NULL; k++)
			argv[n++] = arena_str(&r->arena, span_str(options[i][k]));
	snprintf(r->path, sizeof r->path, "/tmp/clicktrail-recorder-XXXXXX");
	int file = mkostemp(r->path, O_APPEND | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0)
		child(r, pair[1], file, path, argv);
	close(pair[1]);
	close(file);
	r->sock = pair[0];
}

/* The next news, within seconds. False: the socket closed. */
static bool next_news(struct run_recorder *r, int seconds, struct recorder_news *out)
{
	struct pollfd p = {.fd = r->sock, .events = POLLIN};
	if (poll(&p, 1, seconds * 1000) != 1)
		fail_msg("the recorder said nothing for %d s", seconds);
	ssize_t n = recv(r->sock, out, sizeof *out, 0);
	if (n <= 0)
		return false;
	assert_int_equal(n, sizeof *out);
	assert_non_null(memchr(out->text, 0, sizeof out->text));
	return true;
}

struct recorder_news run_recorder_wait_for(struct run_recorder *r, uint32_t word)
{
	struct recorder_news news = {0};
	do
		if (!next_news(r, DEADLINE_S, &news))
			fail_msg("the recorder closed its socket before news %u", word);
	while (news.word == RECORDER_STATE && word != RECORDER_STATE);
	if (news.word != word)
		fail_msg("news %u instead of %u: %s", news.word, word, news.text);
	return news;
}

void run_recorder_start(struct run_recorder *r)
{
	run_recorder_begin(r);
	run_recorder_wait_for(r, RECORDER_STARTED);
}

static void put_remote(struct recorder_order *o, const struct sockaddr *remote)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	if (remote->sa_family == AF_INET) {
		memcpy(&in, remote, sizeof in);
		o->remote.n = 4;
		memcpy(o->remote.bytes, &in.sin_addr, 4);
		o->remote_port = ntohs(in.sin_port);
	} else {
		memcpy(&in6, remote, sizeof in6);
		o->remote.n = 16;
		memcpy(o->remote.bytes, &in6.sin6_addr, 16);
		o->remote_port = ntohs(in6.sin6_port);
	}
}

void run_recorder_order(
	struct run_recorder *r, uint32_t word, int fd, const struct sockaddr *remote)
{
	struct recorder_order o = {.word = word};
	if (remote != NULL)
		put_remote(&o, remote);
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec iov = {&o, sizeof o};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	if (fd >= 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	assert_int_equal(sendmsg(r->sock, &m, MSG_NOSIGNAL), sizeof o);
}

int run_recorder_exit(struct run_recorder *r)
{
	int status;
	for (int tries = 0;; tries++) {
		pid_t got = waitpid(r->pid, &status, WNOHANG);
		if (got == r->pid)
			break;
		assert_int_equal(got, 0);
		if (tries > DEADLINE_S * 200)
			fail_msg("the recorder still runs after %d s", DEADLINE_S);
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
	r->pid = 0;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

struct recorder_news run_recorder_finish(struct run_recorder *r)
{
	run_recorder_order(r, RECORDER_FINISH, -1, NULL);
	struct recorder_news done = run_recorder_wait_for(r, RECORDER_DONE);
	assert_int_equal(run_recorder_exit(r), 0);
	return done;
}

void run_recorder_end(struct run_recorder *r)
{
	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);
	}
	if (r->sock > 0)
		close(r->sock);
	unlink(r->path);
	arena_fini(&r->arena);
	*r = (struct run_recorder){.sock = -1};
}

static uint32_t u32(struct span s, size_t at)
{
	uint32_t v;
	assert_true(at + 4 <= s.n);
	memcpy(&v, s.p + at, 4); /* little-endian, as we are */
	return v;
}

static int64_t u64_of(struct span s, size_t at)
{
	return (int64_t)((uint64_t)u32(s, at) << 32 | u32(s, at + 4));
}

static struct span read_file(struct run_recorder *r)
{
	struct buf b = {0};
	int fd = open(r->path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	assert_true(fd >= 0);
	while ((n = read(fd, buf_room(&b, 65536), 65536)) > 0)
		buf_grew(&b, (size_t)n);
	assert_int_equal(n, 0);
	close(fd);
	struct span s = arena_copy(&r->arena, buf_span(&b));
	buf_fini(&b);
	return s;
}

static void walk_packet(struct run_recorder *r, struct walked *w, struct span body)
{
	struct walked_packet p = {.at_ns = u64_of(body, 4), .wire_len = u32(body, 16)};
	size_t n = u32(body, 12);
	assert_int_equal(u32(body, 0), 0); /* the only interface */
	assert_true(n <= body.n - 20);
	packet_parse(LINK_LINUX_SLL2, span_of(body.p + 20, n), p.wire_len, &p.parts);
	ARENA_PUSH(&r->arena, w->packets, w->n, p);
}

static void walk_statistics(struct run_recorder *r, struct walked *w, struct span body)
{
	w->statistics = true;
	for (size_t at = 12; at + 4 <= body.n;) {
		uint32_t head = u32(body, at), code = head & 0xffff, len = head >> 16;
		uint64_t v = len == 8 ? u32(body, at + 4) : 0;
		if (code == 1)
			w->comment =
				arena_str(&r->arena, span_first(span_from(body, at + 4), len));
		if (code == 4)
			w->received = v;
		if (code == 5)
			w->dropped = v;
		at += 4 + (len + 3) / 4 * 4;
	}
}

struct walked run_recorder_walk(struct run_recorder *r)
{
	struct walked w = {0};
	struct span s = read_file(r);
	for (size_t at = 0, i = 0; at < s.n; i++) {
		uint32_t type = u32(s, at), len = u32(s, at + 4);
		assert_true(len >= 12 && len % 4 == 0 && len <= s.n - at);
		assert_int_equal(u32(s, at + len - 4), len);
		struct span body = span_of(s.p + at + 8, len - 12);
		assert_false(w.statistics); /* they are the last */
		if (i == 0) {
			assert_int_equal(type, 0x0A0D0D0A);
			assert_int_equal(u32(body, 0), 0x1A2B3C4D);
		} else if (i == 1) {
			assert_int_equal(type, 1);
			assert_int_equal(u32(body, 0) & 0xffff, LINK_LINUX_SLL2);
		} else if (type == 6) {
			walk_packet(r, &w, body);
		} else {
			assert_int_equal(type, 5);
			walk_statistics(r, &w, body);
		}
		at += len;
	}
	return w;
}

/* ---- a network ---- */

/* What we have in a namespace of our own is lost at an exec, unless it is ambient. */
static bool hand_on_rights(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct caps[2];
	if (syscall(SYS_capget, &head, caps) != 0)
		return false;
	caps[0].inheritable = caps[0].permitted;
	return syscall(SYS_capset, &head, caps) == 0 &&
	       prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) == 0;
}

bool run_recorder_enter(void)
{
	char why[200] = "rights are not handed on";
	struct ifreq lo = {.ifr_name = "lo"};
	if (geteuid() != 0) {
		if (!lone_network_enter(why, sizeof why) || !hand_on_rights()) {
			fprintf(stderr, "no network of our own: %s\n", why);
			return false;
		}
	} else if (unshare(CLONE_NEWNET) != 0) {
		perror("unshare");
		return false;
	}
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	lo.ifr_flags = IFF_UP | IFF_RUNNING;
	bool fine = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
	lo.ifr_mtu = MTU;
	fine = fine && ioctl(fd, SIOCSIFMTU, &lo) == 0;
	if (!fine)
		perror("the loopback interface");
	close(fd);
	return fine;
}
