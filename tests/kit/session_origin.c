#include "tests/kit/session_link.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { SEEN_WITHIN_MS = 1000 };

struct session_origin {
	struct two_doors *doors;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t news;
	const struct random_step *next;
	size_t seen; /* by the client: bytes of the body, plus one for the head */
	char trouble[1024];
};

/* ---- one connection ---- */

void session_link_end(struct session_link *l)
{
	if (l->at->ssl != NULL)
		SSL_shutdown(l->at->ssl);
	ERR_clear_error();
	session_link_cut(l);
}

/* What still comes is read: a close with unread bytes would be a reset. */
void session_link_cut(struct session_link *l)
{
	char ignored[256];
	shutdown(l->at->fd, SHUT_WR);
	while (recv(l->at->fd, ignored, sizeof ignored, 0) > 0)
		;
}

void session_link_reset(struct session_link *l)
{
	struct linger at_once = {1, 0};
	setsockopt(l->at->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void session_link_await(struct session_link *l, size_t bytes)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += SEEN_WITHIN_MS / 1000;
	pthread_mutex_lock(&l->o->lock);
	bool late = false;
	while (l->o->seen < bytes + 1 && !late)
		late = pthread_cond_timedwait(&l->o->news, &l->o->lock, &until) != 0;
	pthread_mutex_unlock(&l->o->lock);
}

const struct random_step *session_link_step(struct session_link *l)
{
	pthread_mutex_lock(&l->o->lock);
	const struct random_step *st = l->o->next;
	l->o->next = NULL;
	pthread_mutex_unlock(&l->o->lock);
	if (st == NULL)
		session_link_trouble(l, "a request came that nobody sent");
	return st;
}

void session_link_trouble(struct session_link *l, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	pthread_mutex_lock(&l->o->lock);
	if (l->o->trouble[0] == 0)
		vsnprintf(l->o->trouble, sizeof l->o->trouble, format, args);
	pthread_mutex_unlock(&l->o->lock);
	va_end(args);
}

static void serve(void *self, struct two_doors_link *at)
{
	struct session_link l = {.o = self, .at = at};
	if (at->two)
		session_link_http2(&l);
	else
		session_link_http1(&l);
}

/* ---- all of them ---- */

struct session_origin *session_origin_start(const char *domain)
{
	char san[128];
	struct session_origin *o = calloc(1, sizeof *o);
	if (o == NULL)
		abort();
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->news, NULL);
	snprintf(san, sizeof san, "DNS:*.%s", domain);
	o->doors = two_doors_open(&(struct two_doors_order){
		.root = "session origin root", .san = san, .serve = serve, .ctx = o});
	return o;
}

const char *session_origin_rule(const struct session_origin *o, bool secure)
{
	return two_doors_rule(o->doors, secure);
}

const char *session_origin_cacert(const struct session_origin *o)
{
	return two_doors_cacert(o->doors);
}

void session_origin_next(struct session_origin *o, const struct random_step *st)
{
	pthread_mutex_lock(&o->lock);
	o->next = st;
	o->seen = 0;
	pthread_mutex_unlock(&o->lock);
}

void session_origin_seen(struct session_origin *o, size_t bytes)
{
	pthread_mutex_lock(&o->lock);
	o->seen = bytes + 1;
	pthread_cond_broadcast(&o->news);
	pthread_mutex_unlock(&o->lock);
}

size_t session_origin_connections(struct session_origin *o)
{
	return two_doors_connections(o->doors);
}

const char *session_origin_trouble(struct session_origin *o)
{
	pthread_mutex_lock(&o->lock);
	const char *why = o->trouble[0] != 0 ? o->trouble : NULL;
	pthread_mutex_unlock(&o->lock);
	return why;
}

void session_origin_stop(struct session_origin *o)
{
	two_doors_close(o->doors);
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->news);
	free(o);
}
