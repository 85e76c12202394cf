#include "ui/browser/browser_watch.h"
#include "store/base/clock.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LETTER_FDS_MAX = 8 };

bool watch_init(struct watch *w, struct launcher *l, struct err *err)
{
	*w = (struct watch){.l = l, .sock_open = true, .stderr_open = true};
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	int fds[] = {l->sock, l->stderr_fd, l->pidfd};
	for (size_t i = 0; w->epoll >= 0 && i < 3; i++) {
		struct epoll_event e = {.events = EPOLLIN, .data.fd = fds[i]};
		if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fds[i], &e) != 0) {
			close(w->epoll);
			w->epoll = -1;
		}
	}
	return w->epoll >= 0 || err_set_os(err, ERR_SYSTEM, errno, "watching the browser");
}

void watch_fini(struct watch *w)
{
	if (w->epoll >= 0)
		close(w->epoll);
	w->epoll = -1;
}

static void forget(struct watch *w, int fd)
{
	epoll_ctl(w->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static bool refill(struct watch *w)
{
	if (!w->stderr_open)
		return false;
	ssize_t n = read(w->l->stderr_fd, w->chunk, sizeof w->chunk);
	if (n < 0)
		return false; /* EAGAIN: nothing now */
	if (n == 0) {
		w->stderr_open = false;
		forget(w, w->l->stderr_fd);
		return false;
	}
	w->chunk_at = 0;
	w->chunk_n = (size_t)n;
	return true;
}

static bool end_line(struct watch *w)
{
	memcpy(w->last, w->line, w->line_n);
	w->last[w->line_n] = 0;
	w->line_n = 0;
	return true;
}

bool watch_line(struct watch *w)
{
	for (;;) {
		while (w->chunk_at < w->chunk_n) {
			char c = w->chunk[w->chunk_at++];
			if (c == '\n' && w->line_n > 0)
				return end_line(w);
			if (c == '\n' || c == 0)
				continue;
			w->line[w->line_n++] = c;
			/* A longer line comes in pieces. */
			if (w->line_n == sizeof w->line - 1)
				return end_line(w);
		}
		if (refill(w))
			continue;
		return !w->stderr_open && w->line_n > 0 && end_line(w);
	}
}

static void take_control(struct msghdr *m, struct watch_letter *out)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS &&
			c->cmsg_len == CMSG_LEN(sizeof(struct ucred))) {
			struct ucred who;
			memcpy(&who, CMSG_DATA(c), sizeof who);
			out->pid = who.pid;
			out->uid = who.uid;
		}
		if (c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (out->fd < 0)
				out->fd = fd;
			else
				close(fd); /* more than was asked for */
		}
	}
}

bool watch_letter(struct watch *w, struct watch_letter *out)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * LETTER_FDS_MAX) +
			   CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	while (w->sock_open) {
		*out = (struct watch_letter){.fd = -1};
		struct iovec iov = {&out->m, sizeof out->m};
		struct msghdr m = {.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = sizeof control.bytes};
		ssize_t n = recvmsg(w->l->sock, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		if (n <= 0) {
			w->sock_open = false;
			forget(w, w->l->sock);
			return false;
		}
		take_control(&m, out);
		out->m.text[INSIDE_TEXT_MAX - 1] = 0;
		if (n == sizeof out->m && (m.msg_flags & MSG_TRUNC) == 0)
			return true;
		/* Not of ours: the browser has taken over the jail. It gains nothing by it. */
		if (out->fd >= 0)
			close(out->fd);
	}
	return false;
}

bool watch_other_network(int fd)
{
	struct stat theirs, ours;
	return ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET && fstat(fd, &theirs) == 0 &&
	       stat("/proc/self/ns/net", &ours) == 0 &&
	       (theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev);
}

bool watch_end(struct watch *w)
{
	if (w->ended)
		return true;
	if (waitpid(w->l->pid, &w->end_status, WNOHANG) != w->l->pid)
		return false;
	w->ended = true;
	forget(w, w->l->pidfd);
	return true;
}

void watch_wait(struct watch *w, int timeout_ms)
{
	struct pollfd p = {w->epoll, POLLIN, 0};
	poll(&p, 1, timeout_ms < 0 ? 0 : timeout_ms);
}

bool watch_end_within(struct watch *w, int timeout_ms)
{
	int64_t until = clock_now_us(clock_real()) + (int64_t)timeout_ms * 1000;
	for (;;) {
		struct watch_letter letter;
		while (watch_letter(w, &letter))
			if (letter.fd >= 0)
				close(letter.fd);
		while (watch_line(w))
			;
		if (watch_end(w))
			return true;
		int64_t left = until - clock_now_us(clock_real());
		if (left <= 0)
			return false;
		watch_wait(w, (int)(left / 1000) + 1);
	}
}
