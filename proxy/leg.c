#include "proxy/leg.h"
#include "proxy/tls_io.h"
#include "proxy/urgent.h"
#include "store/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LEG_ROOM_MIN = 4096,        /* of a read: a request or a small answer with its head */
	LEG_SAVE_MAX = 1024 * 1024, /* bytes fetched from a peer that takes no more of ours */
};

void leg_init(struct leg *l, int fd, bool browser)
{
	*l = (struct leg){.fd = fd, .browser = browser};
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0 && (flags & O_NONBLOCK) == 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	urgent_inline(fd);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1},
		sizeof(int)); /* a socketpair has none */
	sha256_init(&l->in_hash);
	sha256_init(&l->out_hash);
}

void leg_init_peer(struct leg *l, struct leg_peer *peer)
{
	*l = (struct leg){.fd = -1, .peer = peer};
	sha256_init(&l->in_hash);
	sha256_init(&l->out_hash);
}

void leg_fini(struct leg *l)
{
	tls_io_free(l->tls);
	l->tls = NULL;
	if (l->peer != NULL)
		l->peer->calls->free(l->peer);
	l->peer = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	buf_fini(&l->in);
	buf_fini(&l->out);
	sha256_fini(&l->in_hash);
	sha256_fini(&l->out_hash);
}

void leg_count_anew(struct leg *l)
{
	sha256_reset(&l->in_hash);
	sha256_reset(&l->out_hash);
	l->in_bytes = l->out_bytes = 0;
}

enum err_kind leg_os_kind(const struct leg *l, int os)
{
	if (os == ETIMEDOUT)
		return l->browser ? ERR_BROWSER_TIMEOUT : ERR_ORIGIN_TIMEOUT;
	/* EPIPE: the peer had closed already when it refused more of ours. */
	if (os == EPIPE)
		return l->browser ? ERR_BROWSER_CLOSED : ERR_ORIGIN_CLOSED;
	return l->browser ? ERR_BROWSER_RESET : ERR_ORIGIN_RESET;
}

static enum leg_result break_os(struct leg *l, int os, const char *doing)
{
	l->broken = true;
	err_set_os(&l->err, leg_os_kind(l, os), os, "while %s", doing);
	return LEG_BROKEN;
}

static enum leg_result break_tls(struct leg *l, const struct err *why, const char *doing)
{
	if (why->os != 0)
		return break_os(l, why->os, doing);
	l->broken = true;
	err_set(&l->err, l->browser ? ERR_BROWSER_TLS : ERR_ORIGIN_TLS, "while %s: %s", doing,
		why->detail);
	return LEG_BROKEN;
}

static void took(struct leg *l, const uint8_t *p, size_t n)
{
	if (!l->unhashed)
		sha256_add(&l->in_hash, p, n);
	l->in_bytes += n;
	buf_grew(&l->in, n);
}

/* Most reads are small, most connections idle: a buffer starts small and doubles each time that
 * it was filled to the brim. */
static size_t room_for(struct leg *l, size_t max)
{
	size_t room = l->in.cap - buf_len(&l->in);
	if (l->filled)
		room = room < LEG_ROOM_MIN ? LEG_ROOM_MIN : 2 * room;
	if (room < LEG_ROOM_MIN)
		room = LEG_ROOM_MIN;
	return room < max ? room : max;
}

static enum leg_result fill_plain(struct leg *l, size_t max)
{
	size_t room = room_for(l, max);
	uint8_t *p = buf_room(&l->in, room);
	ssize_t n;
	l->urgent = l->urgent || urgent_next(l->fd);
	do
		n = recv(l->fd, p, room, 0);
	while (n < 0 && errno == EINTR);
	l->filled = n > 0 && (size_t)n == room;
	if (n > 0) {
		took(l, p, (size_t)n);
		return LEG_OK;
	}
	if (n == 0) {
		l->in_eof = true;
		return LEG_EOF;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return LEG_AGAIN;
	return break_os(l, errno, "reading");
}

static enum leg_result fill_peer(struct leg *l, size_t max)
{
	size_t room = room_for(l, max), n = 0;
	uint8_t *p = buf_room(&l->in, room);
	struct err why = {0};
	enum leg_result result = l->peer->calls->give(l->peer, p, room, &n, &why);
	l->filled = n == room;
	switch (result) {
	case LEG_OK: took(l, p, n); break;
	case LEG_AGAIN: break;
	case LEG_EOF: l->in_eof = true; break;
	case LEG_BROKEN:
		l->broken = true;
		l->err = why;
		break;
	}
	return result;
}

/* What stopped us after some bytes is told by the next call; leg_has_pending sees to it that
 * there is one. */
static enum leg_result fill_tls(struct leg *l, size_t max)
{
	size_t room = room_for(l, max), total;
	uint8_t *p = buf_room(&l->in, room);
	struct err why = {0};
	enum tls_io io = tls_io_read(l->tls, p, room, &total, &why);
	l->filled = total == room;
	l->urgent = l->urgent || tls_io_urgent(l->tls);
	if (io == TLS_IO_WANT_WRITE)
		l->tls_wants |= POLLOUT;
	if (total > 0) {
		took(l, p, total);
		return LEG_OK;
	}
	switch (io) {
	case TLS_IO_OK:
	case TLS_IO_WANT_READ:
	case TLS_IO_WANT_WRITE: return LEG_AGAIN;
	case TLS_IO_EOF:
	case TLS_IO_CUT:
		l->in_eof = true;
		l->tls_truncated = io == TLS_IO_CUT;
		return LEG_EOF;
	case TLS_IO_ERROR: break;
	}
	return break_tls(l, &why, "reading");
}

enum leg_result leg_fill(struct leg *l, size_t max)
{
	assert(max > 0 && max <= LEG_READ_MAX);
	if (l->broken)
		return LEG_BROKEN;
	if (l->in_eof)
		return LEG_EOF;
	l->tls_wants &= (short)~POLLOUT;
	if (l->peer != NULL)
		return fill_peer(l, max);
	return l->tls != NULL ? fill_tls(l, max) : fill_plain(l, max);
}

void leg_rest(struct leg *l)
{
	if (buf_len(&l->in) == 0)
		buf_fini(&l->in);
	if (buf_len(&l->out) == 0)
		buf_fini(&l->out);
	if (l->tls != NULL)
		tls_io_rest(l->tls);
	l->filled = false;
}

/* The peer takes no more bytes, but what it had said before still waits in the socket: an early
 * answer to an upload, say. Nobody reads from a broken leg, so it is fetched now. */
static void save_received(struct leg *l)
{
	for (size_t before = buf_len(&l->in); buf_len(&l->in) - before < LEG_SAVE_MAX;)
		if (leg_fill(l, LEG_READ_MAX) != LEG_OK)
			return;
}

static enum leg_result flush_failed(struct leg *l, const struct err *why)
{
	if (!l->in_eof)
		save_received(l);
	return break_tls(l, why, "sending");
}

static enum leg_result push_plain(struct leg *l, struct span s, size_t *done)
{
	while (*done < s.n) {
		ssize_t n = send(l->fd, s.p + *done, s.n - *done, MSG_NOSIGNAL);
		if (n >= 0) {
			*done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return LEG_AGAIN;
		return flush_failed(l, &(struct err){.os = errno});
	}
	return LEG_OK;
}

static enum leg_result push_tls(struct leg *l, struct span s, size_t *done)
{
	while (*done < s.n) {
		struct err why = {0};
		size_t n;
		switch (tls_io_write(l->tls, s.p + *done, s.n - *done, &n, &why)) {
		case TLS_IO_OK: *done += n; break;
		case TLS_IO_WANT_READ: l->tls_wants |= POLLIN; return LEG_AGAIN;
		case TLS_IO_WANT_WRITE: return LEG_AGAIN;
		case TLS_IO_EOF:
		case TLS_IO_CUT: return flush_failed(l, &(struct err){.os = EPIPE});
		case TLS_IO_ERROR: return flush_failed(l, &why);
		}
	}
	return LEG_OK;
}

static enum leg_result push_peer(struct leg *l, struct span s, size_t *done)
{
	if (s.n > 0)
		l->peer->calls->take(l->peer, s);
	*done = s.n;
	return LEG_OK;
}

/* As much as is taken now: *done bytes. What is left must come again, at first (TLS has made a
 * record of it). */
static enum leg_result push(struct leg *l, struct span s, size_t *done)
{
	*done = 0;
	if (l->broken)
		return LEG_BROKEN;
	l->tls_wants &= (short)~POLLIN;
	enum leg_result result = l->peer != NULL  ? push_peer(l, s, done)
				 : l->tls != NULL ? push_tls(l, s, done)
						  : push_plain(l, s, done);
	if (!l->unhashed)
		sha256_add(&l->out_hash, s.p, *done);
	l->out_bytes += *done;
	return result;
}

enum leg_result leg_flush(struct leg *l)
{
	size_t done;
	enum leg_result result = push(l, buf_span(&l->out), &done);
	buf_consume(&l->out, done);
	return result;
}

bool leg_send(struct leg *l, struct span bytes)
{
	assert(!l->out_closed);
	if (l->broken)
		return false;
	if (buf_len(&l->out) == 0) {
		size_t done;
		if (push(l, bytes, &done) == LEG_BROKEN)
			return false;
		buf_add_span(&l->out, span_from(bytes, done));
		return true;
	}
	buf_add_span(&l->out, bytes);
	return leg_flush(l) != LEG_BROKEN;
}

enum leg_result leg_end(struct leg *l)
{
	if (l->out_closed)
		return LEG_OK;
	enum leg_result flushed = leg_flush(l);
	if (flushed != LEG_OK)
		return flushed;
	if (l->tls != NULL) {
		enum tls_io io = tls_io_end(l->tls);
		if (io == TLS_IO_WANT_WRITE || io == TLS_IO_WANT_READ) {
			l->tls_wants |= io == TLS_IO_WANT_WRITE ? POLLOUT : POLLIN;
			return LEG_AGAIN;
		}
	}
	if (l->peer != NULL)
		l->peer->calls->end(l->peer);
	else
		shutdown(l->fd, SHUT_WR); /* fails only where there is nobody left to tell */
	l->out_closed = true;
	return LEG_OK;
}

/* In tls_wants POLLIN comes from sending only, and POLLOUT from reading only: each then takes
 * the place of what that side would wait for by itself, or poll would spin. */
short leg_poll_events(const struct leg *l, bool want_read)
{
	short events = 0;
	if (want_read && !l->in_eof)
		events |= (l->tls_wants & POLLOUT) != 0 ? POLLOUT : POLLIN;
	if (buf_len(&l->out) > 0)
		events |= (l->tls_wants & POLLIN) != 0 ? POLLIN : POLLOUT;
	return events | l->tls_wants;
}

bool leg_live(const struct leg *l)
{
	return l != NULL && (l->fd >= 0 || l->peer != NULL) && !l->broken;
}

int64_t leg_due_us(const struct leg *l)
{
	if (l->peer == NULL || l->broken || l->in_eof)
		return INT64_MAX;
	return l->peer->calls->due_us(l->peer);
}

void leg_about(const struct leg *l, int32_t stream, struct leg_answer *out)
{
	*out = (struct leg_answer){0};
	if (l->peer != NULL)
		l->peer->calls->about(l->peer, stream, out);
}

bool leg_has_pending(const struct leg *l)
{
	if (l->peer != NULL) {
		int64_t due_us = leg_due_us(l);
		return due_us != INT64_MAX && due_us <= clock_now_us(clock_real());
	}
	if (l->tls == NULL || l->broken || l->in_eof)
		return false;
	return tls_io_pending(l->tls) > 0 || tls_io_ended(l->tls);
}

void leg_reset(struct leg *l)
{
	if (l->peer != NULL)
		l->broken = l->out_closed = true;
	if (l->fd < 0)
		return;
	setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1, .l_linger = 0},
		sizeof(struct linger));
	close(l->fd);
	l->fd = -1;
	l->broken = l->out_closed = true;
}
