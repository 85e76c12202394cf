/*
 * A message is read by a process of its own. The libraries that do it (GMime, GLib, the charset
 * tables) are large, end the process where memory is short, and see nothing but hostile bytes,
 * while this one may hold the certificate authority's and the seal's keys. The reader can open
 * no connection, start no program and write no file; its time and memory are bounded, and all
 * that comes of it is an answer of a known shape.
 */
#include "ui/mail/mail.h"
#include "ui/mail/mail_jail.h"
#include "store/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ANSWER_MAX = 64 * 1024 * 1024,
	MEMORY_MAX = 1024 * 1024 * 1024,
	READER_BROKEN = 3, /* exit codes of the reader */
	READER_NOTHING = 4,
};

#ifdef __has_feature /* clang's word for the same */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static bool bound(int what, rlim_t most)
{
	const struct rlimit limit = {most, most};
	return setrlimit((__rlimit_resource_t)what, &limit) == 0;
}

static bool confine(int answer, pid_t parent)
{
	/* Standard input and output are the caller's. */
	if (dup2(answer, STDIN_FILENO) < 0 || close_range(STDIN_FILENO + 1, ~0u, 0) != 0)
		return false;
	return bound(RLIMIT_CPU, MAIL_SECONDS) && bound(RLIMIT_CORE, 0) &&
	       bound(RLIMIT_FSIZE, 0) && (SANITIZED || bound(RLIMIT_AS, MEMORY_MAX)) &&
	       mail_jail(parent);
}

static void write_all(int fd, struct span s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(READER_BROKEN);
		s = span_from(s, (size_t)n);
	}
}

static _Noreturn void be_reader(struct span file, int answer, pid_t parent)
{
	struct arena a = {0};
	struct mail m;
	struct buf out = {0};
	if (!confine(answer, parent))
		_exit(READER_BROKEN);
	if (!mail_parse(&a, file, &m))
		_exit(READER_NOTHING);
	mail_encode(&m, &out);
	write_all(STDIN_FILENO, buf_span(&out));
	_exit(0);
}

/* Everything that the reader answers. False: it took too long, or says too much. */
static bool take_answer(int fd, struct buf *out, struct err *err)
{
	enum { PIECE = 64 * 1024 };
	int64_t until = clock_now_us(clock_real()) + MAIL_SECONDS * INT64_C(1000000);
	for (;;) {
		int64_t left = until - clock_now_us(clock_real());
		struct pollfd p = {fd, POLLIN, 0};
		if (left <= 0)
			return err_set(err, ERR_LIMIT,
				"reading the message took longer than %d s", MAIL_SECONDS);
		if (poll(&p, 1, (int)(left / 1000) + 1) <= 0)
			continue;
		ssize_t n = read(fd, buf_room(out, PIECE), PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 || err_set_os(err, ERR_SYSTEM, errno, "read");
		buf_grew(out, (size_t)n);
		if (buf_len(out) > ANSWER_MAX)
			return err_set(err, ERR_LIMIT,
				"the message unfolds to more than %d bytes", ANSWER_MAX);
	}
}

static bool judge_end(int status, struct err *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == READER_NOTHING)
		return err_set(err, ERR_USAGE, "the file is no mail message");
	if (WIFSIGNALED(status))
		return err_set(err, ERR_INTERNAL,
			"the reader of the message was ended by signal %d", WTERMSIG(status));
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
	       err_set(err, ERR_INTERNAL, "the reader of the message could not be started");
}

static bool ask_reader(struct span file, struct buf *out, struct err *err)
{
	int pipe_fds[2], status = 0;
	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "pipe");
	pid_t us = getpid(), pid = fork();
	if (pid == 0)
		be_reader(file, pipe_fds[1], us);
	close(pipe_fds[1]);
	if (pid < 0) {
		close(pipe_fds[0]);
		return err_set_os(err, ERR_SYSTEM, errno, "fork");
	}
	bool good = take_answer(pipe_fds[0], out, err);
	close(pipe_fds[0]);
	if (!good)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return good && judge_end(status, err);
}

bool mail_read(struct arena *a, struct span file, struct mail *out, struct err *err)
{
	struct buf answer = {0};
	*out = (struct mail){0};
	if (file.n > MAIL_SIZE_MAX)
		return err_set(
			err, ERR_LIMIT, "the message is larger than %d bytes", MAIL_SIZE_MAX);
	switch (mail_sniff(file)) {
	case MAIL_IS_OUTLOOK:
		return err_set(err, ERR_USAGE,
			"the file is an Outlook message (.msg), which is not read: save it as "
			".eml, or drag it out of a mail program that does");
	case MAIL_IS_UTF16:
		return err_set(err, ERR_USAGE,
			"the file is UTF-16 text: save the message as it came (.eml)");
	case MAIL_IS_NOTHING: return err_set(err, ERR_USAGE, "the file is no mail message");
	case MAIL_IS_MESSAGE: break;
	}
	bool good = ask_reader(mail_start(file), &answer, err);
	if (good && !mail_decode(a, buf_span(&answer), out))
		good = err_set(err, ERR_INTERNAL,
			"the reader of the message answered in "
			"another shape");
	buf_fini(&answer);
	return good;
}
