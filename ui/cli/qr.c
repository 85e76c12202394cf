#include "ui/cli/qr.h"
#include "store/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child writes: a kind, a length, so many bytes; again and again. */
enum letter_kind { LETTER_CODE = 1, LETTER_FAILED = 2, LETTER_DONE = 3 };
struct letter {
	uint32_t kind, n;
};
enum { ANSWER_MAX = QR_CODES_MAX * (QR_TEXT_MAX + (int)sizeof(struct letter)) + 4096 };

/* ---- the child ---- */

struct child {
	int out;
	size_t told;
};

static void tell(struct child *c, uint32_t kind, struct span text)
{
	const struct letter head = {kind, (uint32_t)text.n};
	struct buf b = {0};
	buf_add(&b, &head, sizeof head);
	buf_add_span(&b, text);
	for (struct span left = buf_span(&b); left.n > 0;) {
		ssize_t n = write(c->out, left.p, left.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		left = span_from(left, (size_t)n);
	}
	buf_fini(&b);
}

static void found(void *ctx, struct span text)
{
	struct child *c = ctx;
	if (c->told++ <= QR_CODES_MAX)
		tell(c, LETTER_CODE, text);
}

static _Noreturn void work(struct span file, int out)
{
	struct child c = {.out = out};
	struct qr_picture p;
	struct err err = {0};
	/* Nothing else that we hold is for it. */
	if (out != STDERR_FILENO + 1 && dup2(out, STDERR_FILENO + 1) < 0)
		_exit(1);
	c.out = STDERR_FILENO + 1;
	if (close_range(STDERR_FILENO + 2, ~0U, 0) != 0)
		_exit(1);
	struct qr_scanner *s = qr_scanner_new(&err);
	if (s != NULL && qr_jail(&err) && qr_decode(file, &p, &err)) {
		qr_scan(s, &p, found, &c);
	} else {
		const struct span kind = span_of(&err.kind, sizeof err.kind);
		struct buf text = {0};
		buf_add_span(&text, kind);
		buf_add_str(&text, err.detail);
		tell(&c, LETTER_FAILED, buf_span(&text));
	}
	tell(&c, LETTER_DONE, SPAN_NONE);
	_exit(0);
}

/* ---- the parent ---- */

/* All that it writes, until it closes its end. */
static bool read_answer(int fd, struct buf *out, struct err *err)
{
	int64_t until = clock_now_us(clock_real()) + QR_SECONDS * INT64_C(1000000);
	for (;;) {
		int64_t left = until - clock_now_us(clock_real());
		struct pollfd p = {fd, POLLIN, 0};
		if (left <= 0)
			return err_set(err, ERR_LIMIT, "the picture took longer than %d s",
				QR_SECONDS);
		if (poll(&p, 1, (int)(left / 1000) + 1) <= 0)
			continue;
		ssize_t n = read(fd, buf_room(out, 4096), 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		buf_grew(out, (size_t)n);
		if (buf_len(out) > ANSWER_MAX)
			return err_set(err, ERR_LIMIT, "the picture's reader says too much");
	}
}

/* The child's words for what failed: a kind that we know, and a text. */
static bool failed(struct span text, struct err *err)
{
	enum err_kind kind = ERR_SYSTEM;
	if (text.n >= sizeof kind)
		memcpy(&kind, text.p, sizeof kind);
	if (kind != ERR_USAGE && kind != ERR_LIMIT)
		kind = ERR_SYSTEM;
	struct span words = span_from(text, sizeof kind);
	return err_set(err, kind, "%.*s", (int)span_first(words, 300).n, (const char *)words.p);
}

static bool take(struct span answer, struct arena *a, struct qr_codes *out, struct err *err)
{
	while (answer.n >= sizeof(struct letter)) {
		struct letter head;
		memcpy(&head, answer.p, sizeof head);
		answer = span_from(answer, sizeof head);
		if (head.n > answer.n || head.n > QR_TEXT_MAX)
			break;
		struct span text = span_first(answer, head.n);
		answer = span_from(answer, head.n);
		switch (head.kind) {
		case LETTER_CODE:
			if (out->n < QR_CODES_MAX)
				ARENA_PUSH(a, out->list, out->n, arena_copy(a, text));
			else
				out->more = true;
			break;
		case LETTER_FAILED: return failed(text, err);
		case LETTER_DONE: return true;
		default: break;
		}
	}
	return err_set(err, ERR_SYSTEM, "the picture's reader ended before it was done");
}

static bool start(struct span file, pid_t *pid, int *fd, struct err *err)
{
	int pair[2];
	pid_t us = getpid();
	if (pipe2(pair, O_CLOEXEC) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "a pipe for the picture's reader");
	*pid = fork();
	if (*pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != us)
			_exit(1);
		work(file, pair[1]);
	}
	int why = errno;
	close(pair[1]);
	*fd = pair[0];
	if (*pid > 0)
		return true;
	close(pair[0]);
	return err_set_os(err, ERR_SYSTEM, why, "forking the picture's reader");
}

bool qr_read(struct span file, struct arena *a, struct qr_codes *out, struct err *err)
{
	struct buf answer = {0};
	pid_t pid;
	int fd;
	*out = (struct qr_codes){0};
	if (!start(file, &pid, &fd, err))
		return false;
	bool ok = read_answer(fd, &answer, err);
	close(fd);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	ok = ok && take(buf_span(&answer), a, out, err);
	buf_fini(&answer);
	return ok &&
	       (out->n > 0 || err_set(err, ERR_USAGE, "no QR code is found in the picture"));
}
