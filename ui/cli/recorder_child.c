#include "ui/cli/recorder_child.h"
#include "ui/cli/case_beside.h"
#include "ui/cli/child_behave.h"
#include "store/base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FD_ASIDE = 64,             /* above all that the program is given: room to shuffle */
	QUEUE_BYTES = 1024 * 1024, /* asked for; the system may give less */
	FORCED_MS = 5000,
};

void recorder_child_init(struct recorder_child *r, enum capture_side side)
{
	*r = (struct recorder_child){.side = side, .file = -1, .sock = -1, .pidfd = -1};
}

/* Where the program looks for its descriptors; whatever else is open here is not for it. */
static int place(posix_spawn_file_actions_t *a, const int given[3])
{
	int failed =
		posix_spawn_file_actions_addopen(a, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (failed == 0)
		failed = posix_spawn_file_actions_addopen(
			a, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	int n = given[2] >= 0 ? 3 : 2;
	for (int i = 0; i < n && failed == 0; i++)
		failed = posix_spawn_file_actions_adddup2(a, given[i], RECORDER_SOCK + i);
	if (failed == 0)
		failed = posix_spawn_file_actions_addclosefrom_np(a, RECORDER_SOCK + n);
	return failed;
}

/* An errno, or 0. The environment is not handed on: it may hold a password. */
static int spawn(const char *program, const int given[3], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char name[] = "clicktrail-capture", *argv[] = {name, NULL}, *env[] = {NULL};
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	int failed = place(&actions, given);
	if (failed == 0)
		failed = child_behave(&attributes);
	if (failed == 0)
		failed = posix_spawn(pid, program, &actions, &attributes, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

static bool start(struct recorder_child *r, const char *program, int sock, int network_fd,
	struct err *err)
{
	int given[3] = {sock, r->file, network_fd}, failed = 0;
	for (int i = 0; i < 3; i++) {
		given[i] = given[i] < 0 ? -1 : fcntl(given[i], F_DUPFD_CLOEXEC, FD_ASIDE);
		if (given[i] < 0 && (i < 2 || network_fd >= 0))
			failed = errno;
	}
	if (failed == 0)
		failed = spawn(program, given, &r->pid);
	for (int i = 0; i < 3; i++)
		if (given[i] >= 0)
			close(given[i]);
	if (failed != 0) {
		r->pid = 0;
		return err_set_os(err, ERR_CAPTURE, failed, "starting %s", program);
	}
	r->pidfd = pidfd_open(r->pid, 0);
	return r->pidfd >= 0 || err_set_os(err, ERR_CAPTURE, errno, "watching %s", program);
}

bool recorder_child_start(struct recorder_child *r, const char *program, const char *case_path,
	int64_t session, int network_fd, struct err *err)
{
	int pair[2];
	const int bytes = QUEUE_BYTES;
	if (!case_beside_packets(case_path, session, r->side, r->path))
		return err_set(err, ERR_CASE_OPEN, "the packet file's name is too long");
	r->file = case_beside_make(r->path, err);
	if (r->file < 0)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return err_set_os(err, ERR_CAPTURE, errno, "a socketpair");
	r->sock = pair[0];
	setsockopt(r->sock, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	bool ok = start(r, program, pair[1], network_fd, err);
	close(pair[1]);
	return ok;
}

bool recorder_child_tell(
	const struct recorder_child *r, const struct recorder_order *order, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct recorder_order copy = *order; /* sendmsg only reads, and does not say so */
	struct iovec iov = {&copy, sizeof copy};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	if (fd >= 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	ssize_t n;
	do
		n = sendmsg(r->sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == sizeof copy;
}

enum recorder_child_heard recorder_child_listen(
	const struct recorder_child *r, struct recorder_news *news)
{
	for (;;) {
		/* Descriptors that may be attached are not taken: there is no room for them. */
		ssize_t n = recv(r->sock, news, sizeof *news, MSG_DONTWAIT);
		if (n == (ssize_t)sizeof *news) {
			news->text[sizeof news->text - 1] = 0;
			return RECORDER_HEARD;
		}
		if (n == 0 ||
			(n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
			return RECORDER_HUNG_UP;
		if (n < 0 && errno != EINTR)
			return RECORDER_SILENT;
	}
}

void recorder_child_end(struct recorder_child *r, int ms, char why[RECORDER_CHILD_WHY])
{
	struct pollfd p = {r->pidfd, POLLIN, 0};
	int status = 0;
	bool forced = false;
	snprintf(why, RECORDER_CHILD_WHY, "the recorder was not running");
	if (r->pid == 0)
		return;
	if (r->pidfd >= 0 && poll(&p, 1, ms) != 1) {
		forced = true;
		pidfd_send_signal(r->pidfd, SIGKILL, NULL, 0);
		poll(&p, 1, FORCED_MS);
	} else if (r->pidfd < 0) {
		kill(r->pid, SIGKILL); /* not waited for yet, so nobody else has its number */
	}
	pid_t ended;
	do
		ended = waitpid(r->pid, &status, r->pidfd >= 0 ? WNOHANG : 0);
	while (ended < 0 && errno == EINTR);
	if (forced)
		snprintf(why, RECORDER_CHILD_WHY, "the recorder did not end, and was killed");
	else if (WIFSIGNALED(status))
		snprintf(why, RECORDER_CHILD_WHY, "the recorder was killed by signal %d",
			WTERMSIG(status));
	else
		snprintf(why, RECORDER_CHILD_WHY, "the recorder ended with status %d",
			WEXITSTATUS(status));
	if (r->pidfd >= 0)
		close(r->pidfd);
	r->pidfd = -1;
	r->pid = 0;
}

bool recorder_child_hash(
	const struct recorder_child *r, int64_t *size, uint8_t sha256[32], struct err *err)
{
	static const char what[] = "reading the packets back";
	char own[64];
	*size = 0;
	/* Ours can only be written to; and whatever has its name by now, this is the file. */
	snprintf(own, sizeof own, "/proc/self/fd/%d", r->file);
	if (fsync(r->file) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "%s", r->path);
	int fd = open(own, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, what);
	bool ok = sha256_fd(fd, sha256, size) || err_set_os(err, ERR_SYSTEM, errno, what);
	close(fd);
	return ok;
}

void recorder_child_fini(struct recorder_child *r, bool forget)
{
	char why[RECORDER_CHILD_WHY];
	if (r->sock >= 0)
		close(r->sock);
	r->sock = -1;
	recorder_child_end(r, FORCED_MS, why);
	if (r->file >= 0) {
		close(r->file);
		if (forget)
			unlink(r->path);
	}
	r->file = -1;
}
