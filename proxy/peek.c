#include "proxy/peek.h"
#include "capture/wire/tls_hello.h"
#include "proxy/wait.h"

#include <poll.h>

enum { PEEK_READ = 16 * 1024 };

/* What the bytes so far say; `hello` is only touched once it is whole. */
static enum tls_scan look(struct leg *leg, struct buf *hello, struct err *err)
{
	size_t used;
	return tls_hello_collect(buf_span(&leg->in), hello, &used, err);
}

static enum peek_kind ended(const struct leg *leg, struct err *err)
{
	if (leg->broken) {
		if (err != NULL)
			*err = leg->err;
		return PEEK_FAILED;
	}
	err_set(err, leg->browser ? ERR_BROWSER_CLOSED : ERR_ORIGIN_CLOSED, "%s",
		buf_len(&leg->in) > 0 ? "inside its ClientHello" : "without a byte");
	return PEEK_FAILED;
}

static enum peek_kind timed_out(
	const struct leg *leg, int64_t silent_until_us, int64_t until_us, struct err *err)
{
	if (buf_len(&leg->in) == 0 && silent_until_us <= until_us)
		return PEEK_SILENT;
	err_set(err, leg->browser ? ERR_BROWSER_TIMEOUT : ERR_ORIGIN_TIMEOUT,
		"its ClientHello was not whole in time: %zu bytes came", buf_len(&leg->in));
	return PEEK_FAILED;
}

enum peek_kind peek(struct leg *leg, int64_t silent_until_us, int64_t until_us, int stop_fd,
	struct buf *hello, struct err *err)
{
	for (;;) {
		bool spoke = buf_len(&leg->in) > 0;
		if (spoke) {
			switch (look(leg, hello, err)) {
			case TLS_DONE: return PEEK_TLS;
			case TLS_NOT_TLS: return PEEK_NOT_TLS;
			case TLS_BAD: return PEEK_FAILED;
			case TLS_MORE: break;
			}
		}
		enum leg_result filled = leg_fill(leg, PEEK_READ);
		if (filled == LEG_OK)
			continue;
		if (filled != LEG_AGAIN)
			return ended(leg, err);
		int64_t until =
			!spoke && silent_until_us < until_us ? silent_until_us : until_us;
		switch (wait_fd(leg->fd, POLLIN, until, stop_fd)) {
		case WAIT_READY: break;
		case WAIT_TIMEOUT: return timed_out(leg, silent_until_us, until_us, err);
		case WAIT_STOPPED:
			err_set(err, ERR_SHUTDOWN, "%s",
				"before the client said anything whole");
			return PEEK_FAILED;
		}
	}
}
