/* The porter: carries bytes between a Unix socket outside, which the parent made and let in,
 * and the browser's automation port, which exists in here only. It reads nothing of what it
 * carries. */
#include "ui/browser/inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CARRY_BYTES = 64 * 1024, DIAL_MS = 60000, DIAL_STEP_MS = 50 };

/* The client may come before the browser listens. */
static int dial(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timespec step = {.tv_nsec = DIAL_STEP_MS * 1000000L};
	for (int waited = 0; waited < DIAL_MS; waited += DIAL_STEP_MS) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
		nanosleep(&step, NULL);
	}
	return -1;
}

/* One direction, to its end; then both ends are told, so that the other direction ends too. */
static _Noreturn void carry(int from, int to)
{
	static char bytes[CARRY_BYTES];
	ssize_t n, sent = 0;
	while (sent >= 0) {
		do
			n = read(from, bytes, sizeof bytes);
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			break;
		for (ssize_t at = 0; at < n && sent >= 0; at += sent) {
			do
				sent = send(to, bytes + at, (size_t)(n - at), MSG_NOSIGNAL);
			while (sent < 0 && errno == EINTR);
		}
	}
	shutdown(from, SHUT_RDWR);
	shutdown(to, SHUT_RDWR);
	_exit(0);
}

/* A process for each direction: neither can make the other wait. */
static _Noreturn void serve(int client, int port)
{
	int browser = dial(port);
	if (browser < 0)
		_exit(1);
	pid_t other = fork();
	if (other == 0)
		carry(browser, client);
	if (other > 0)
		carry(client, browser);
	_exit(1);
}

bool inside_porter(struct inside *in, int listener, struct err *err)
{
	pid_t us = getpid(), pid = fork();
	if (pid != 0) {
		close(listener);
		return pid > 0 || err_set_os(err, ERR_BROWSER_START, errno, "the porter");
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != us)
		_exit(1);
	/* Nothing else that the inside program holds is for who speaks through here, and the
	 * proxy's listener must end when the proxy closes it. */
	if (dup2(listener, STDERR_FILENO + 1) < 0 ||
		close_range(STDERR_FILENO + 2, ~0U, 0) != 0)
		_exit(1);
	listener = STDERR_FILENO + 1;
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int client = accept(listener, NULL, NULL);
		if (client < 0 && errno != EINTR && errno != ECONNABORTED)
			_exit(1);
		if (client >= 0 && fork() == 0)
			serve(client, in->instrument);
		if (client >= 0)
			close(client);
	}
}
