#include "proxy/pump.h"
#include "store/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* Bytes that need no poll: decrypted ones inside TLS, those of a peer. */
static bool read_pending(struct leg *l, bool want)
{
	if (!want || !leg_live(l) || l->in_eof || !leg_has_pending(l))
		return false;
	leg_fill(l, LEG_READ_MAX);
	return true;
}

static bool serve(struct leg *l, short got, bool want_read)
{
	if (got == 0)
		return false;
	/* What TLS wants may be the other direction than ours: try both. */
	if (buf_len(&l->out) > 0)
		leg_flush(l);
	if (want_read && !l->in_eof && !l->broken)
		leg_fill(l, LEG_READ_MAX);
	else if ((got & (POLLERR | POLLHUP)) != 0 && !l->broken && !l->in_eof)
		leg_fill(l, LEG_READ_MAX); /* learns why */
	return true;
}

static struct pollfd leg_pollfd(const struct leg *l, bool want_read)
{
	if (!leg_live(l) || l->peer != NULL)
		return (struct pollfd){-1, 0, 0};
	short events = leg_poll_events(l, want_read && !l->in_eof);
	/* Hang-ups are reported even when nothing is asked for: do not spin on a peer that is
	 * gone. */
	return (struct pollfd){events != 0 ? l->fd : -1, events, 0};
}

/* A peer that has something to say later wakes us by the clock. */
static int64_t wake_us(const struct pump *p)
{
	int64_t until_us = p->until_us;
	if (p->read_origin && leg_live(p->origin)) {
		int64_t due_us = leg_due_us(p->origin);
		if (due_us < until_us)
			until_us = due_us;
	}
	return until_us;
}

unsigned pump_wait(const struct pump *p)
{
	unsigned happened = 0;
	if (read_pending(p->browser, p->read_browser))
		happened |= PUMP_MOVED;
	if (read_pending(p->origin, p->read_origin))
		happened |= PUMP_MOVED;
	/* A peer's bytes cost no waiting: the others are looked at when it has no more, or
	 * after so many times. */
	if (happened != 0 && p->origin != NULL && p->origin->peer != NULL &&
		++p->origin->unpolled < PUMP_UNPOLLED_MAX)
		return happened;
	if (p->origin != NULL)
		p->origin->unpolled = 0;
	struct pollfd fds[4] = {leg_pollfd(p->browser, p->read_browser),
		leg_pollfd(p->origin, p->read_origin), {p->commit_fd, POLLIN, 0},
		{p->stop_fd, POLLIN, 0}};
	int64_t wake = wake_us(p);
	int64_t left_us = wake - clock_now_us(clock_real());
	int64_t left_ms = left_us <= 0 ? 0 : (left_us + 999) / 1000;
	if (left_ms > 60000)
		left_ms = 60000;
	int n = poll(fds, 4, happened != 0 ? 0 : (int)left_ms);
	if (n < 0)
		return errno == EINTR ? happened : happened | PUMP_STOPPED;
	if (n == 0 && happened == 0)
		return left_us <= 60000000 && wake == p->until_us ? PUMP_TIMEOUT : 0;
	if (fds[3].revents != 0)
		happened |= PUMP_STOPPED;
	if (fds[2].revents != 0) {
		uint64_t count;
		ssize_t got = read(p->commit_fd, &count, sizeof count);
		(void)got; /* EAGAIN: another commit was already seen */
		happened |= PUMP_COMMITTED;
	}
	if (serve(p->browser, fds[0].revents, p->read_browser))
		happened |= PUMP_MOVED;
	if (serve(p->origin, fds[1].revents, p->read_origin))
		happened |= PUMP_MOVED;
	return happened;
}
