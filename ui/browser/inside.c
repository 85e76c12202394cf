#include "ui/browser/inside.h"
#include "ui/browser/clock_set.h"
#include "ui/browser/launcher.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Against a page that forks without end; the whole browser needs some 400. It counts
	   per user namespace. */
	TASKS_MAX = 4096,
	LISTEN_BACKLOG = 256,
	URLS_BYTES_MAX = 1024 * 1024,
	ARGS_MAX = 80, /* of the browser, without URLs */
	TABS_MAX = 16
};

static bool tell(struct inside *in, enum inside_word word, int value, const char *text, int fd)
{
	struct inside_message m = {.word = word, .value = value};
	if (text != NULL)
		snprintf(m.text, sizeof m.text, "%.*s", (int)sizeof m.text - 1, text);
	return launcher_send(in->sock, &m, sizeof m, &fd, fd >= 0 ? 1 : 0);
}

pid_t inside_spawn(struct inside *in, char *const *argv, int fd, struct err *err)
{
	pid_t us = getpid(), pid = fork();
	if (pid < 0)
		err_set_os(err, ERR_BROWSER_START, errno, "starting %s", argv[0]);
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != us)
		_exit(127);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (fd >= 0 && dup2(fd, STDERR_FILENO + 1) < 0)
		_exit(127);
	if (close_range(fd >= 0 ? STDERR_FILENO + 2 : STDERR_FILENO + 1, ~0U, 0) != 0)
		_exit(127);
	(void)in;
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool inside_run(struct inside *in, char *const *argv, int timeout_ms, struct err *err)
{
	int64_t deadline = now_ms() + timeout_ms;
	pid_t pid = inside_spawn(in, argv, -1, err);
	if (pid < 0)
		return false;
	for (;;) {
		int status;
		pid_t done = waitpid(pid, &status, WNOHANG);
		if (done == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return true;
		if (done == pid && WIFEXITED(status))
			return err_set(err, ERR_BROWSER_START, "%s ended with status %d",
				argv[0], WEXITSTATUS(status));
		if (done != 0)
			return err_set(err, ERR_BROWSER_START, "%s was killed", argv[0]);
		int64_t left = deadline - now_ms();
		if (left <= 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return err_set(err, ERR_BROWSER_START, "%s took longer than %d ms",
				argv[0], timeout_ms);
		}
		struct pollfd p = {in->children, POLLIN, 0};
		struct signalfd_siginfo info;
		if (poll(&p, 1, (int)left) > 0)
			(void)!read(in->children, &info, sizeof info);
	}
}

static int open_listener(int port, struct err *err)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	/* Non-blocking is a property of the socket that goes out, not of our descriptor: set
	 * here it holds there. */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
		listen(fd, LISTEN_BACKLOG) == 0)
		return fd;
	err_set_os(err, ERR_BROWSER_START, errno, "listening on port %d inside", port);
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool parse(struct inside *in, int argc, char **argv, struct err *err)
{
	for (int i = 2; i < argc; i++) {
		const char *o = argv[i];
		if (strcmp(o, "--plain") == 0) {
			in->plain = true;
			continue;
		}
		if (strcmp(o, "--keys") == 0) {
			in->has_keys = true;
			continue;
		}
		if (i + 1 == argc)
			break;
		if (strcmp(o, "--") == 0) {
			in->browser = argv + i + 1;
			break;
		}
		if (strcmp(o, "--port") == 0)
			in->port = atoi(argv[++i]);
		else if (strcmp(o, "--screen") == 0)
			in->screen = argv[++i];
		else if (strcmp(o, "--home") == 0)
			in->home = argv[++i];
		else if (strcmp(o, "--trust") == 0)
			in->trust = argv[++i];
		else if (strcmp(o, "--walled") == 0)
			in->walled = argv[++i];
		else if (strcmp(o, "--instrument") == 0)
			in->instrument = atoi(argv[++i]);
		else if (strcmp(o, "--clock-offset") == 0)
			in->clock_offset = argv[++i];
		else
			break;
	}
	bool whole = in->browser != NULL && in->home != NULL && in->trust != NULL;
	if (whole && in->port >= 0 && in->port <= 65535)
		return true;
	return err_set(
		err, ERR_USAGE, "--inside is not for people: clicktrail starts it itself");
}

/* Waits for the parent's word, INSIDE_OPEN or INSIDE_AGAIN. A memory file with the URLs, or -1:
 * the parent went away or said something else. */
static int wait_for_urls(struct inside *in, uint32_t *word)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	*word = 0;
	struct iovec iov = {word, sizeof *word};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes};
	ssize_t n;
	do
		n = recvmsg(in->sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	bool known = n == sizeof *word && (*word == INSIDE_OPEN || *word == INSIDE_AGAIN);
	struct cmsghdr *c = known ? CMSG_FIRSTHDR(&m) : NULL;
	if (c == NULL || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	int fd;
	memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

/* The browser's pid; 0 with err set. */
static pid_t start_browser(struct inside *in, int urls_fd, struct err *err)
{
	struct stat st;
	char *argv[ARGS_MAX + TABS_MAX + 1], *text = NULL;
	size_t n = 0, bytes = 0;
	if (fstat(urls_fd, &st) == 0 && st.st_size > 0 && st.st_size <= URLS_BYTES_MAX) {
		bytes = (size_t)st.st_size;
		text = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, urls_fd, 0);
	}
	if (text == NULL || text == MAP_FAILED || text[bytes - 1] != 0) {
		err_set(err, ERR_BROWSER_START, "the URLs did not arrive");
		return 0;
	}
	for (char *const *a = in->browser; *a != NULL && n < ARGS_MAX - 1; a++)
		argv[n++] = *a;
	if (in->walled != NULL)
		argv[n++] = in->walled;
	for (char *u = text; u < text + bytes && n < ARGS_MAX + TABS_MAX; u += strlen(u) + 1)
		argv[n++] = u;
	argv[n] = NULL;
	pid_t pid = inside_spawn(in, argv, in->keys, err);
	munmap(text, bytes);
	return pid > 0 ? pid : 0;
}

/* Tried, for no setting says it: what a namespace of ours would lack counts as well. */
static bool may_make_namespace(void)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Last before the browser: what was started until here keeps our time. */
static bool set_clock(struct inside *in, struct err *err)
{
	struct clock_set_check check;
	char library[PATH_MAX];
	int64_t offset_s = atoll(in->clock_offset);
	snprintf(library, sizeof library, "%s/" CLOCK_SET_LIBRARY, in->home);
	if (!clock_set_env(library, offset_s, err))
		return false;
	clock_set_check_argv(&check, offset_s);
	return inside_run(in, check.argv, CLOCK_SET_CHECK_MS, NULL) ||
	       err_set(err, ERR_BROWSER_START,
		       "the browser's clock cannot be set here: a program that was started "
		       "with %s does not see the other time, or its timers go wrong",
		       library);
}

/* Nobody waits for it: a network that cannot be looked into is a network nonetheless. */
static void show_network(struct inside *in)
{
	int fd = in->plain ? -1 : open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	tell(in, INSIDE_NETWORK, 0, NULL, fd);
	close(fd);
}

/* Everything that can fail without having asked for a single URL. */
static bool prepare(struct inside *in, struct err *err)
{
	int listener = -1;
	if (in->port != 0 && (listener = open_listener(in->port, err)) < 0)
		return false;
	show_network(in);
	if (in->walled != NULL && may_make_namespace())
		in->walled = NULL;
	bool ok = inside_unpack(in, LAUNCHER_PARCEL, err) &&
		  (in->screen == NULL || inside_screen(in, err));
	/* Nobody waits for it: a screen that cannot be looked at is a screen nonetheless. */
	if (ok && in->drawing >= 0) {
		tell(in, INSIDE_SCREEN, 0, NULL, in->drawing);
		close(in->drawing);
		in->drawing = -1;
	}
	if (ok && in->instrument != 0)
		ok = inside_porter(in, LAUNCHER_INSTRUMENT, err);
	if (ok && in->has_keys)
		ok = inside_keys(in, LAUNCHER_KEYS, err);
	if (ok && in->clock_offset != NULL)
		ok = set_clock(in, err);
	if (ok && !tell(in, INSIDE_READY, in->walled != NULL, NULL, listener))
		ok = err_set_os(err, ERR_BROWSER_START, errno, "the parent does not listen");
	if (listener >= 0)
		close(listener);
	return ok;
}

/* Dead children: ours are news, adopted ones (--plain) are only collected. */
static void collect(struct inside *in)
{
	int status;
	pid_t pid;
	struct signalfd_siginfo info;
	(void)!read(in->children, &info, sizeof info);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == in->main) {
			in->main = 0;
			tell(in, INSIDE_EXITED, status, NULL, -1);
		} else if (pid == in->xvfb) {
			in->xvfb = 0;
			tell(in, INSIDE_XVFB_GONE, status, NULL, -1);
		}
	}
}

/* Its end is no news: it was asked for. What it started ends with it, of itself. */
static void end_browser(struct inside *in)
{
	if (in->main == 0)
		return;
	kill(in->main, SIGKILL);
	while (waitpid(in->main, NULL, 0) < 0 && errno == EINTR)
		;
	in->main = 0;
}

/* Further URLs for the browser that runs: whoever carries them to it ends when that is done. Or
 * URLs for one in its place. */
static bool open_more(struct inside *in)
{
	struct err err = {0};
	uint32_t word;
	int urls = wait_for_urls(in, &word);
	if (urls < 0)
		return false;
	if (word == INSIDE_AGAIN)
		end_browser(in);
	pid_t pid = start_browser(in, urls, &err);
	close(urls);
	if (word == INSIDE_AGAIN)
		in->main = pid;
	return pid > 0 ? tell(in, INSIDE_STARTED, pid, NULL, -1)
		       : tell(in, INSIDE_FAILED, 0, err.detail, -1);
}

/* Until the parent closes its end, or says what we do not know. */
static void stay(struct inside *in)
{
	struct pollfd p[2] = {{in->sock, POLLIN, 0}, {in->children, POLLIN, 0}};
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[0].revents != 0 && !open_more(in))
			return;
		collect(in);
	}
}

static bool work(struct inside *in, struct err *err)
{
	if (!prepare(in, err))
		return false;
	/* Here we wait, perhaps for long, and a screen that dies meanwhile is noticed when the
	 * browser cannot start. */
	uint32_t word;
	int urls = wait_for_urls(in, &word);
	if (urls < 0)
		return true;
	in->main = start_browser(in, urls, err);
	close(urls);
	if (in->main == 0)
		return false;
	tell(in, INSIDE_STARTED, in->main, NULL, -1);
	stay(in);
	return true;
}

int inside_main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[2], "--clock") == 0)
		return clock_set_check_main(argc, argv);
	struct inside in = {.sock = LAUNCHER_SOCK, .drawing = -1, .keys = -1};
	struct err err = {0};
	sigset_t chld;
	/* The browser runs as the same user: not for it to trace us or take our socket. */
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	in.children = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	bool ok = parse(&in, argc, argv, &err);
	if (ok && in.plain)
		prctl(PR_SET_CHILD_SUBREAPER,
			1); /* so that no grandchild escapes inside_clean */
	else if (ok)
		setrlimit(RLIMIT_NPROC, &(struct rlimit){TASKS_MAX, TASKS_MAX});
	fcntl(in.sock, F_SETFD, FD_CLOEXEC);
	fcntl(LAUNCHER_PARCEL, F_SETFD, FD_CLOEXEC);
	fcntl(LAUNCHER_INSTRUMENT, F_SETFD, FD_CLOEXEC);
	fcntl(LAUNCHER_KEYS, F_SETFD, FD_CLOEXEC);
	if (ok)
		ok = work(&in, &err);
	if (!ok) {
		char text[INSIDE_TEXT_MAX];
		err_text(&err, text, sizeof text);
		if (!tell(&in, INSIDE_FAILED, 0, err.detail, -1))
			dprintf(STDERR_FILENO, "clicktrail --inside: %s\n", text);
	}
	/* In the jail our end ends everything: process 1 sees it and the kernel kills whatever
	 * else is in the namespace. */
	if (in.plain && !inside_clean(&in, &err)) {
		dprintf(STDERR_FILENO, "clicktrail --inside: %s\n", err.detail);
		ok = false;
	}
	_exit(ok ? 0 : 1);
}
