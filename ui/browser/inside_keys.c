/*
 * The browser's TLS secrets on their way out: it writes its key log (SSLKEYLOGFILE) into a pipe
 * of ours, and a process of its own carries the lines to the pipe that the parent gave. The
 * parent's pipe belongs to another user, so the browser could not open it by a name itself.
 *
 * The browser never waits for who reads: what cannot be carried is dropped, in whole lines, and
 * that is said by a comment line. When the carrier dies the browser's writing fails, which it
 * does not mind.
 */
#include "ui/browser/inside.h"
#include "store/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	KEYS_READ = 16 * 1024,
	KEYS_WAITING_MAX = 4 * 1024 * 1024, /* bytes that the parent has not taken yet */
	KEYS_TOTAL_MAX = 256 * 1024 * 1024, /* of one browser; a connection takes some 900 */
	KEYS_IN = STDERR_FILENO + 1,        /* descriptors of the carrier */
	KEYS_OUT,
};

static const char dropped[] = INSIDE_KEYS_DROPPED "\n";

struct carrier {
	struct buf waiting;
	bool dropping; /* until the next line begins */
	uint64_t total;
};

/* Up to the last whole line that there is room for; the rest of what is dropped follows. */
static void take(struct carrier *c, struct span in)
{
	while (in.n > 0) {
		size_t end = span_find_byte(in, '\n', 0);
		struct span piece = span_first(in, end == SIZE_MAX ? in.n : end + 1);
		bool room =
			buf_len(&c->waiting) + piece.n + sizeof dropped <= KEYS_WAITING_MAX &&
			c->total + piece.n <= KEYS_TOTAL_MAX;
		if (!room && !c->dropping) {
			/* It may stand behind the start of a line, which is then none. */
			buf_add_str(&c->waiting, "\n");
			buf_add_str(&c->waiting, dropped);
			c->dropping = true;
		}
		if (!c->dropping) {
			buf_add_span(&c->waiting, piece);
			c->total += piece.n;
		} else if (end != SIZE_MAX && room) {
			c->dropping = false;
		}
		in = span_from(in, piece.n);
	}
}

static bool give(struct carrier *c)
{
	struct span out = buf_span(&c->waiting);
	ssize_t n = write(KEYS_OUT, out.p, out.n);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	buf_consume(&c->waiting, (size_t)n);
	return true;
}

static _Noreturn void carry(void)
{
	struct carrier c = {0};
	static uint8_t bytes[KEYS_READ];
	fcntl(KEYS_OUT, F_SETFL, O_NONBLOCK);
	for (;;) {
		bool any = buf_len(&c.waiting) > 0;
		struct pollfd p[2] = {{KEYS_IN, POLLIN, 0}, {KEYS_OUT, any ? POLLOUT : 0, 0}};
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			_exit(1);
		if ((p[1].revents & (POLLERR | POLLNVAL)) != 0 ||
			((p[1].revents & POLLOUT) != 0 && !give(&c)))
			_exit(1); /* nobody reads any more */
		if (p[0].revents == 0)
			continue;
		ssize_t n = read(KEYS_IN, bytes, sizeof bytes);
		if (n == 0 || (n < 0 && errno != EINTR))
			_exit(n == 0 ? 0 : 1);
		if (n > 0)
			take(&c, span_of(bytes, (size_t)n));
		explicit_bzero(bytes, sizeof bytes);
	}
}

static _Noreturn void be_carrier(pid_t us, int in, int out)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != us)
		_exit(1);
	/* Nothing else that the inside program holds. Both are above their places: they are new
	 * descriptors, or one that the launcher gave. */
	int a = fcntl(in, F_DUPFD, KEYS_OUT + 1), b = fcntl(out, F_DUPFD, KEYS_OUT + 1);
	if (a < 0 || b < 0 || dup2(a, KEYS_IN) < 0 || dup2(b, KEYS_OUT) < 0 ||
		close_range(KEYS_OUT + 1, ~0U, 0) != 0)
		_exit(1);
	signal(SIGPIPE, SIG_IGN);
	carry();
}

bool inside_keys(struct inside *in, int out, struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_set_os(err, ERR_BROWSER_START, errno, "a pipe for TLS secrets");
	pid_t us = getpid(), pid = fork();
	if (pid == 0)
		be_carrier(us, ends[0], out);
	int failed = errno;
	/* The carrier's is the only end to read from: without it, writing fails at once. */
	close(ends[0]);
	close(out);
	in->keys = ends[1];
	if (pid < 0)
		return err_set_os(err, ERR_BROWSER_START, failed, "carrying TLS secrets");
	/* The browser's descriptor, see inside_spawn. It is opened by this name once more: a
	 * pipe without a name is opened without waiting for who reads. */
	return setenv("SSLKEYLOGFILE", "/proc/self/fd/3", 1) == 0 ||
	       err_set_os(err, ERR_BROWSER_START, errno, "the environment");
}
