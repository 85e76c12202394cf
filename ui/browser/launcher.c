#include "ui/browser/launcher.h"
#include "ui/browser/inside.h"
#include "store/base/buf.h"
#include "store/base/unused_uid.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FD_ASIDE = 64,   /* above all numbers of launcher_fd: room to shuffle */
	OOM_SCORE = 600, /* when memory runs out the browser goes first, not the proxy with its
			    evidence */
	EXIT_LAUNCHER = 125,
	PASSED_FDS_MAX = 8
};

struct order_head {
	uint32_t inside, ask, argc, envc;
	uint32_t given; /* bit i: given[i] is attached */
};

bool launcher_send(int sock, const void *p, size_t n, const int *fds, size_t fds_n)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * PASSED_FDS_MAX)];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec iov = {.iov_len = n};
	memcpy(&iov.iov_base, &p, sizeof p); /* sendmsg only reads it */
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	assert(fds_n <= PASSED_FDS_MAX);
	if (fds_n > 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * fds_n);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fds_n);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * fds_n);
	}
	ssize_t sent;
	do
		sent = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)n;
}

/* The launcher cannot report but by its stderr, which its parent reads. */
static _Noreturn void give_up(const char *what)
{
	dprintf(STDERR_FILENO, "launcher: %s: %s\n", what, strerror(errno));
	_exit(EXIT_LAUNCHER);
}

/* A process that is root outside stays root outside whatever uid a namespace shows it, so root
 * is left for good first. */
bool launcher_leave_root(void)
{
	if (geteuid() != 0 && getuid() != 0)
		return true;
	uid_t uid = unused_uid();
	if (uid == 0) {
		errno = EAGAIN;
		return false;
	}
	if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
		setresuid(uid, uid, uid) != 0)
		return false;
	if (setuid(0) == 0 || seteuid(0) == 0 || geteuid() != uid) {
		errno = EPERM;
		return false;
	}
	return true;
}

static void plain_signals(void)
{
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves descriptors to their places without treading on one that has not been moved yet.
 * from[i] goes to first + i; -1 leaves that place closed. Everything from first + n on is
 * closed. */
static void place(int first, int *from, int n)
{
	for (int i = 0; i < n; i++) {
		if (from[i] < 0)
			continue;
		from[i] = fcntl(from[i], F_DUPFD, FD_ASIDE);
		if (from[i] < 0)
			give_up("moving descriptors");
	}
	for (int i = 0; i < n; i++) {
		close(first + i);
		if (from[i] >= 0 && dup2(from[i], first + i) < 0)
			give_up("moving descriptors");
	}
	if (close_range((unsigned)(first + n), ~0U, 0) != 0)
		give_up("closing descriptors");
}

static void prepare(int sock, int err_fd)
{
	/* Out of the terminal's foreground group: Ctrl-C is for the parent, which then ends us
	 * in order. */
	setsid();
	plain_signals();
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(err_fd, STDOUT_FILENO) < 0 ||
		dup2(err_fd, STDERR_FILENO) < 0)
		give_up("standard descriptors");
	int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (exe < 0)
		give_up("/proc/self/exe");
	place(LAUNCHER_SOCK, (int[]){sock, exe}, 2);
	FILE *oom = fopen("/proc/self/oom_score_adj", "we");
	if (oom != NULL) {
		fprintf(oom, "%d", OOM_SCORE);
		fclose(oom);
	}
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	if (!launcher_leave_root())
		give_up("becoming an unused ordinary user (one between 60578 and 61183)");
	/* Keys that the user's session holds are not for the browser; where the call is unknown
	 * there are none. */
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	umask(077);
}

/* The order's strings as arrays; text must outlive them. */
static char **strings(char **text, const char *end, uint32_t n)
{
	char **v = calloc((size_t)n + 1, sizeof *v);
	if (v == NULL)
		give_up("memory");
	for (uint32_t i = 0; i < n; i++) {
		v[i] = *text;
		char *nul = memchr(*text, 0, (size_t)(end - *text));
		assert(nul != NULL);
		*text = nul + 1;
	}
	return v;
}

static void take_fds(struct msghdr *m, uint32_t given)
{
	int fds[PASSED_FDS_MAX] = {0}, from[LAUNCHER_GIVEN], got = 0, used = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		got = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(c), (size_t)got * sizeof(int));
	}
	for (int i = 0; i < LAUNCHER_GIVEN; i++) {
		bool is_given = (given >> i & 1) != 0;
		assert(!is_given || used < got);
		from[i] = is_given ? fds[used++] : -1;
	}
	place(LAUNCHER_FILTER, from, LAUNCHER_GIVEN);
}

/* Runs the order in a child, which dies with us, and tells its end; false: there is nobody to
 * tell. */
static bool answer(struct msghdr *m, uint32_t given, char **argv, char **env)
{
	struct inside_message end = {.word = INSIDE_EXITED};
	pid_t us = getpid(), pid = fork();
	if (pid < 0)
		give_up("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != us)
			_exit(EXIT_LAUNCHER);
		take_fds(m, given);
		execve(argv[0], argv, env);
		give_up(argv[0]);
	}
	while (waitpid(pid, &end.value, 0) < 0)
		if (errno != EINTR)
			give_up("waiting for an answer");
	/* What came for the child is not for the next order; and it has read our executable,
	 * whose place in the file it shares with us. */
	lseek(LAUNCHER_EXE, 0, SEEK_SET);
	if (close_range(LAUNCHER_FILTER, ~0U, 0) != 0)
		give_up("closing descriptors");
	return launcher_send(LAUNCHER_SOCK, &end, sizeof end, NULL, 0);
}

/* Takes one order. Returns, true, if it was only a question. */
static bool obey(void)
{
	static char text[LAUNCHER_ORDER_MAX];
	union {
		char bytes[CMSG_SPACE(sizeof(int) * PASSED_FDS_MAX)];
		struct cmsghdr align;
	} control;
	struct order_head head;
	struct iovec iov[2] = {{&head, sizeof head}, {text, sizeof text}};
	struct msghdr m = {.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes};
	ssize_t n;
	do
		n = recvmsg(LAUNCHER_SOCK, &m, 0);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		_exit(0); /* the parent went away, or wants no browser after all */
	if (n < (ssize_t)sizeof head || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		give_up("reading the order");
	assert(head.argc > 0);
	char *at = text;
	const char *end = text + ((size_t)n - sizeof head);
	char **argv = strings(&at, end, head.argc), **env = strings(&at, end, head.envc);
	if (head.ask) {
		bool told = answer(&m, head.given, argv, env);
		free(argv);
		free(env);
		return told;
	}
	take_fds(&m, head.given);
	if (head.inside) {
		environ = env;
		_exit(inside_main((int)head.argc, argv));
	}
	execve(argv[0], argv, env);
	give_up(argv[0]);
}

bool launcher_fork(struct launcher *l, struct err *err)
{
	int pair[2], pipe_fd[2];
	*l = (struct launcher){-1, -1, -1, -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "the browser's socketpair");
	/* Both ends non-blocking: who writes more than we read loses lines, and does not wait.
	 */
	if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) != 0) {
		err_set_os(err, ERR_SYSTEM, errno, "the browser's pipe");
		close(pair[0]);
		close(pair[1]);
		return false;
	}
	setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int));
	l->pid = fork();
	if (l->pid == 0) {
		prepare(pair[1], pipe_fd[1]);
		while (obey())
			;
		_exit(0);
	}
	int failed = errno;
	close(pair[1]);
	close(pipe_fd[1]);
	l->sock = pair[0];
	l->stderr_fd = pipe_fd[0];
	if (l->pid > 0)
		l->pidfd = pidfd_open(l->pid, 0);
	if (l->pidfd >= 0)
		return true;
	/* Closing our end of the socket ends a launcher that was forked but cannot be watched.
	 */
	err_set_os(
		err, ERR_SYSTEM, l->pid < 0 ? failed : errno, "forking the browser's launcher");
	launcher_fini(l);
	return false;
}

static uint32_t count(const char *const *v)
{
	uint32_t n = 0;
	while (v[n] != NULL)
		n++;
	return n;
}

bool launcher_order(struct launcher *l, const struct launcher_order *order, struct err *err)
{
	struct order_head head = {.inside = order->inside,
		.ask = order->ask,
		.argc = count(order->argv),
		.envc = count(order->env)};
	struct buf b = {0};
	int fds[LAUNCHER_GIVEN];
	size_t fds_n = 0;
	for (unsigned i = 0; i < LAUNCHER_GIVEN; i++) {
		if (order->given[i] < 0)
			continue;
		head.given |= 1U << i;
		fds[fds_n++] = order->given[i];
	}
	buf_add(&b, &head, sizeof head);
	for (uint32_t i = 0; i < head.argc; i++)
		buf_add(&b, order->argv[i], strlen(order->argv[i]) + 1);
	for (uint32_t i = 0; i < head.envc; i++)
		buf_add(&b, order->env[i], strlen(order->env[i]) + 1);
	bool ok = buf_len(&b) <= LAUNCHER_ORDER_MAX;
	if (!ok)
		err_set(err, ERR_LIMIT, "the browser's command line has %zu bytes",
			buf_len(&b));
	else if (!launcher_send(l->sock, b.p + b.start, buf_len(&b), fds, fds_n))
		ok = err_set_os(err, ERR_BROWSER_START, errno, "the launcher does not listen");
	buf_fini(&b);
	return ok;
}

void launcher_fini(struct launcher *l)
{
	int *all[] = {&l->pidfd, &l->sock, &l->stderr_fd};
	for (size_t i = 0; i < 3; i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}
