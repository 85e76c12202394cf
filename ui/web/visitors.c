#include "ui/web/visitors.h"
#include "store/base/clock.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

enum {
	LOOK_MS = 250, /* between two looks at everybody */
	CROWD = 32,    /* so many more than the limit: the shut ones are waited for */
	CROWD_WAIT_US = 2000,
};

struct visitor {
	struct visitor *next, *previous; /* in order of coming */
	int fd;
	enum visitor_phase phase;
	int64_t since_us; /* in this phase */
	uint64_t taken;   /* bytes that the other end has acknowledged */
	int64_t taken_us; /* when it did, or had nothing to take */
	unsigned asked;
	bool known, turned_away, shut;
};

struct visitors {
	struct visitors_limits limits;
	pthread_mutex_t lock; /* of all below, and of every visitor */
	pthread_cond_t wake;  /* to stop */
	struct visitor *first, *last;
	size_t n, shut; /* shut: of n, those that are on their way out */
	bool stopping;
	pthread_t thread;
};

static int64_t now_us(void)
{
	return clock_now_us(clock_real());
}

static void shut(struct visitors *v, struct visitor *one)
{
	if (one->shut)
		return;
	one->shut = true;
	v->shut++;
	shutdown(one->fd, SHUT_RDWR);
}

/* Has it taken something since the last look, or is there nothing to take? */
static bool takes(struct visitor *one)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof info;
	int waiting = 0;
	if (ioctl(one->fd, SIOCOUTQ, &waiting) != 0 || waiting == 0)
		return true;
	if (getsockopt(one->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return true;
	bool more = info.tcpi_bytes_acked != one->taken;
	one->taken = info.tcpi_bytes_acked;
	return more;
}

static bool is_late(const struct visitors *v, struct visitor *one, int64_t now)
{
	int64_t ms = (now - one->since_us) / 1000;
	switch (one->phase) {
	case VISITOR_HEAD: return ms > (one->known ? v->limits.idle_ms : v->limits.head_ms);
	case VISITOR_BODY: return ms > (one->known ? v->limits.body_ms : v->limits.head_ms);
	case VISITOR_PAGE: return false;
	case VISITOR_ANSWER:
	case VISITOR_STREAM: break;
	}
	if (!one->known)
		return ms > v->limits.take_ms;
	if (takes(one))
		one->taken_us = now;
	return (now - one->taken_us) / 1000 > v->limits.take_ms;
}

static void *watch(void *ctx)
{
	struct visitors *v = ctx;
	pthread_mutex_lock(&v->lock);
	while (!v->stopping) {
		struct timespec until;
		int64_t now = now_us();
		for (struct visitor *one = v->first; one != NULL; one = one->next)
			if (!one->shut && is_late(v, one, now))
				shut(v, one);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += (long)LOOK_MS * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&v->wake, &v->lock, &until);
	}
	pthread_mutex_unlock(&v->lock);
	return NULL;
}

struct visitors *visitors_start(const struct visitors_limits *limits, struct err *err)
{
	struct visitors *v = calloc(1, sizeof *v);
	pthread_condattr_t monotonic;
	if (v == NULL)
		abort();
	v->limits = *limits;
	pthread_mutex_init(&v->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&v->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int failed = pthread_create(&v->thread, NULL, watch, v);
	if (failed == 0)
		return v;
	v->stopping = true;
	visitors_free(v);
	err_set_os(err, ERR_SYSTEM, failed, "a thread");
	return NULL;
}

void visitors_stop(struct visitors *v)
{
	pthread_mutex_lock(&v->lock);
	v->stopping = true;
	pthread_cond_signal(&v->wake);
	pthread_mutex_unlock(&v->lock);
	pthread_join(v->thread, NULL);
}

void visitors_free(struct visitors *v)
{
	pthread_cond_destroy(&v->wake);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

/* The oldest that nobody would miss: without a session; if all have one, one that is between
 * two requests. */
static struct visitor *least(struct visitors *v)
{
	struct visitor *idle = NULL;
	for (struct visitor *one = v->first; one != NULL; one = one->next) {
		if (one->shut)
			continue;
		if (!one->known)
			return one;
		if (one->phase == VISITOR_HEAD &&
			(idle == NULL || one->since_us < idle->since_us))
			idle = one;
	}
	return idle;
}

struct visitor *visitors_come(struct visitors *v, int fd)
{
	struct visitor *one = calloc(1, sizeof *one);
	if (one == NULL)
		abort();
	*one = (struct visitor){.fd = fd, .since_us = now_us()};
	pthread_mutex_lock(&v->lock);
	if (v->n - v->shut >= v->limits.connections) {
		struct visitor *leaves = least(v);
		if (leaves != NULL)
			shut(v, leaves);
	}
	one->previous = v->last;
	if (v->last != NULL)
		v->last->next = one;
	else
		v->first = one;
	v->last = one;
	v->n++;
	bool crowd = v->n > v->limits.connections + CROWD;
	pthread_mutex_unlock(&v->lock);
	if (crowd) {
		/* The threads of those that were shut need a moment of processor to go. */
		const struct timespec moment = {.tv_nsec = CROWD_WAIT_US * 1000L};
		nanosleep(&moment, NULL);
	}
	return one;
}

void visitors_leave(struct visitors *v, struct visitor *one)
{
	pthread_mutex_lock(&v->lock);
	*(one->previous != NULL ? &one->previous->next : &v->first) = one->next;
	*(one->next != NULL ? &one->next->previous : &v->last) = one->previous;
	v->n--;
	v->shut -= one->shut;
	pthread_mutex_unlock(&v->lock);
	free(one);
}

size_t visitors_count(struct visitors *v)
{
	pthread_mutex_lock(&v->lock);
	size_t n = v->n;
	pthread_mutex_unlock(&v->lock);
	return n;
}

/* One more stream is one too many: the oldest makes room. */
static void make_room(struct visitors *v)
{
	struct visitor *oldest = NULL;
	size_t streams = 0;
	for (struct visitor *one = v->first; one != NULL; one = one->next) {
		if (one->phase != VISITOR_STREAM || one->turned_away)
			continue;
		streams++;
		if (oldest == NULL || one->since_us < oldest->since_us)
			oldest = one;
	}
	if (streams >= v->limits.streams)
		oldest->turned_away = true;
}

void visitor_is(struct visitors *v, struct visitor *one, enum visitor_phase phase)
{
	pthread_mutex_lock(&v->lock);
	if (phase == VISITOR_STREAM)
		make_room(v);
	one->phase = phase;
	one->since_us = one->taken_us = now_us();
	one->turned_away = false;
	pthread_mutex_unlock(&v->lock);
}

void visitor_known(struct visitors *v, struct visitor *one)
{
	pthread_mutex_lock(&v->lock);
	one->known = true;
	pthread_mutex_unlock(&v->lock);
}

unsigned visitor_asks(struct visitors *v, struct visitor *one)
{
	pthread_mutex_lock(&v->lock);
	unsigned asked = ++one->asked;
	pthread_mutex_unlock(&v->lock);
	return asked;
}

bool visitor_turned_away(struct visitors *v, struct visitor *one)
{
	pthread_mutex_lock(&v->lock);
	bool away = one->turned_away;
	pthread_mutex_unlock(&v->lock);
	return away;
}

bool visitor_gone(const struct visitor *one)
{
	struct pollfd fd = {one->fd, POLLRDHUP, 0};
	return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}
