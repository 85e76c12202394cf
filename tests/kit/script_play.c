#include "tests/kit/script_play.h"
#include "proxy/wait.h"
#include "store/base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

uint8_t script_fill(size_t i)
{
	return (uint8_t)('!' + (i + i / 89 + i / 65521) % 89);
}

int64_t script_deadline_us(void)
{
	return clock_now_us(clock_real()) + SCRIPT_PATIENCE_US;
}

bool script_play_differs(struct script_play *p, size_t step, const char *format, ...)
{
	char text[300], safe[360];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	text_escape(span_str(text), safe, sizeof safe);
	snprintf(p->why, sizeof p->why, "connection %zu, step %zu: %s", p->number, step, safe);
	return false;
}

/* More bytes behind leg->in. False: end, failure, or out of patience. */
static bool more(struct script_play *p)
{
	struct leg *leg = &p->leg;
	for (;;) {
		size_t before = buf_len(&leg->in);
		enum leg_result r = leg_fill(leg, LEG_READ_MAX);
		if (r == LEG_OK) {
			struct span news = span_from(buf_span(&leg->in), before);
			p->received(p->ctx, news);
			return true;
		}
		if (r != LEG_AGAIN ||
			(!leg_has_pending(leg) &&
				wait_fd(leg->fd, leg_poll_events(leg, true),
					script_deadline_us(), p->stop_fd) != WAIT_READY))
			return false;
	}
}

static bool await(struct script_play *p, size_t n)
{
	while (buf_len(&p->leg.in) < n)
		if (!more(p))
			return false;
	return true;
}

static bool expect_bytes(struct script_play *p, size_t step, struct span want)
{
	for (size_t at = 0; at < want.n;) {
		if (buf_len(&p->leg.in) == 0 && !more(p))
			return script_play_differs(p, step, "ended %zu bytes into \"%.*s\"", at,
				(int)want.n, (const char *)want.p);
		struct span in = buf_span(&p->leg.in);
		size_t n = in.n < want.n - at ? in.n : want.n - at;
		if (memcmp(in.p, want.p + at, n) != 0)
			return script_play_differs(p, step, "got \"%.*s\" for \"%.*s\"",
				(int)(n < 120 ? n : 120), (const char *)in.p,
				(int)(n < 120 ? n : 120), (const char *)want.p + at);
		buf_consume(&p->leg.in, n);
		at += n;
	}
	return true;
}

static bool expect_head(struct script_play *p, size_t step)
{
	for (;;) {
		size_t at = span_find(buf_span(&p->leg.in), span_str("\r\n\r\n"), 0);
		if (at != SIZE_MAX) {
			buf_consume(&p->leg.in, at + 4);
			return true;
		}
		if (!more(p))
			return script_play_differs(p, step, "no whole head came");
	}
}

static bool expect_fill(struct script_play *p, size_t step, size_t n)
{
	for (size_t at = 0; at < n;) {
		if (buf_len(&p->leg.in) == 0 && !await(p, 1))
			return script_play_differs(p, step, "ended at byte %zu of %zu", at, n);
		struct span in = buf_span(&p->leg.in);
		size_t used = 0;
		for (; used < in.n && at < n; used++, at++)
			if (in.p[used] != script_fill(at))
				return script_play_differs(
					p, step, "byte %zu of %zu differs", at, n);
		buf_consume(&p->leg.in, used);
	}
	return true;
}

static bool expect_end(struct script_play *p, size_t step, bool strict)
{
	for (;;) {
		if (strict && buf_len(&p->leg.in) > 0)
			return script_play_differs(p, step, "got \"%.*s\" instead of the end",
				(int)(buf_len(&p->leg.in) < 120 ? buf_len(&p->leg.in) : 120),
				(const char *)buf_span(&p->leg.in).p);
		buf_clear(&p->leg.in);
		if (p->leg.in_eof || p->leg.broken)
			return (!strict || p->leg.in_eof) ? true
							  : script_play_differs(p, step,
								    "reset instead of the end");
		if (!more(p) && !p->leg.in_eof && !p->leg.broken)
			return script_play_differs(p, step, "the peer did not end");
	}
}

static bool flush(struct script_play *p, size_t step)
{
	while (buf_len(&p->leg.out) > 0) {
		if (leg_flush(&p->leg) == LEG_BROKEN)
			return script_play_differs(p, step, "sending: %s", p->leg.err.detail);
		if (buf_len(&p->leg.out) > 0 &&
			wait_fd(p->leg.fd, leg_poll_events(&p->leg, false),
				script_deadline_us(), p->stop_fd) != WAIT_READY)
			return script_play_differs(p, step, "what was sent is not taken");
	}
	return true;
}

static bool send_bytes(struct script_play *p, size_t step, struct span bytes)
{
	if (!leg_send(&p->leg, bytes))
		return script_play_differs(p, step, "sending: %s", p->leg.err.detail);
	return flush(p, step);
}

static bool send_slowly(struct script_play *p, size_t step, struct span bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		if (!send_bytes(p, step, span_of(bytes.p + i, 1)))
			return false;
	return true;
}

static bool send_fill(struct script_play *p, size_t step, size_t n)
{
	uint8_t piece[8192];
	for (size_t at = 0; at < n;) {
		size_t len = n - at < sizeof piece ? n - at : sizeof piece;
		for (size_t i = 0; i < len; i++)
			piece[i] = script_fill(at + i);
		if (!send_bytes(p, step, span_of(piece, len)))
			return false;
		at += len;
	}
	return true;
}

static bool end_side(struct script_play *p, size_t step)
{
	for (;;) {
		enum leg_result r = leg_end(&p->leg);
		if (r == LEG_OK)
			return true;
		if (r == LEG_BROKEN)
			return script_play_differs(p, step, "ending: %s", p->leg.err.detail);
		if (wait_fd(p->leg.fd, leg_poll_events(&p->leg, false), script_deadline_us(),
			    p->stop_fd) != WAIT_READY)
			return script_play_differs(p, step, "the end is not taken");
	}
}

/* False: the conversation is over, well or not. */
static bool act(struct script_play *p, size_t i)
{
	const struct script_step *s = &p->steps[i];
	struct span bytes = span_of(s->bytes, s->n);
	switch (s->act) {
	case SCRIPT_END:
		if (!end_side(p, i))
			return false;
		expect_end(p, i, false);
		return false;
	case SCRIPT_NO_TLS: return true;
	case SCRIPT_EXPECT_SOME:
		if (!await(p, 1))
			return script_play_differs(p, i, "nothing came");
		buf_clear(&p->leg.in);
		return true;
	case SCRIPT_EXPECT: return expect_bytes(p, i, bytes);
	case SCRIPT_EXPECT_HEAD: return expect_head(p, i);
	case SCRIPT_EXPECT_FILL: return expect_fill(p, i, s->n);
	case SCRIPT_EXPECT_EOF: return expect_end(p, i, true);
	case SCRIPT_EXPECT_CUT: return expect_end(p, i, false);
	case SCRIPT_SEND: return send_bytes(p, i, bytes);
	case SCRIPT_SEND_URGENT:
		return send(p->leg.fd, bytes.p, bytes.n, MSG_OOB | MSG_NOSIGNAL) ==
			       (ssize_t)bytes.n ||
		       script_play_differs(p, i, "the urgent byte was not taken");
	case SCRIPT_SEND_SLOWLY: return send_slowly(p, i, bytes);
	case SCRIPT_SEND_FILL: return send_fill(p, i, s->n);
	case SCRIPT_WAIT:
		return p->wait_go(p->ctx) ||
		       script_play_differs(p, i, "the test never said go");
	case SCRIPT_CLOSE: return end_side(p, i);
	case SCRIPT_DROP: return false;
	case SCRIPT_RESET: leg_reset(&p->leg); return false;
	}
	return false;
}

void script_play_run(struct script_play *p)
{
	for (size_t i = 0; act(p, i); i++)
		;
}
