#include "ui/lab/lab_server.h"
#include "proxy/peek.h"
#include "proxy/tls_accept.h"
#include "proxy/tls_connect.h"
#include "proxy/wait.h"
#include "store/base/clock.h"
#include "store/base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { HELLO_US = 15 * 1000000, BACKLOG = 128 };

struct connection {
	struct lab_server *server;
	int fd;
	bool tls;
	pthread_t thread;
	atomic_bool done;
	struct connection *next;
};

struct lab_server {
	struct lab_server_options options;
	int fds[2]; /* http, https */
	unsigned ports[2];
	int stop_fd;
	struct mint *mint;
	struct leaves *leaves;
	struct tls_server *tls;
	pthread_t thread;
	bool started;
	struct connection *connections; /* only the accepting thread touches the list */
};

static bool shake_hands(struct lab_server *s, struct leg *leg, struct arena *a, struct err *err)
{
	struct buf hello = {0};
	struct fact_hello fact;
	struct tls_facts facts;
	int64_t until_us = clock_now_us(clock_real()) + HELLO_US;
	fact_init(FACT_KIND_HELLO, &fact);
	bool said = peek(leg, until_us, until_us, s->stop_fd, &hello, err) == PEEK_TLS &&
		    tls_facts_hello(arena_copy(a, buf_span(&hello)), a, &fact, err);
	buf_fini(&hello);
	if (said && s->options.hello != NULL)
		s->options.hello(s->options.ctx, fact.ja4);
	if (!said || fact.sni.p == NULL)
		return said ? err_set(err, ERR_HELLO, "no server name") : false;

	const char *name = s->options.leaf_name == NULL
				   ? NULL
				   : s->options.leaf_name(s->options.ctx, fact.sni);
	if (name == NULL)
		name = arena_str(a, fact.sni);
	struct x509_st *leaf = leaves_get(s->leaves, name, NULL, err);
	if (leaf == NULL)
		return false;
	struct tls_accept want = {
		.leaf = leaf, .alpn = "http/1.1", .until_us = until_us, .stop_fd = s->stop_fd};
	bool fine = tls_accept(s->tls, leg, &want, a, &facts, err);
	tls_cert_free(leaf);
	return fine;
}

/* One request and its answer. False: the connection is over. */
static bool serve_one(struct connection *c, struct leg *leg, struct err *err)
{
	struct lab_server *s = c->server;
	struct arena arena = {0};
	struct lab_request request;
	bool keep = false;
	if (lab_http_take(leg, c->tls, s->stop_fd, &arena, &request, err) == LAB_HTTP_REQUEST) {
		struct lab_reply reply;
		lab_reply_init(&reply);
		s->options.answer(s->options.ctx, &request, &reply);
		if (!lab_http_give(leg, s->stop_fd, &request, &reply, &keep, err))
			keep = false;
		lab_reply_fini(&reply);
	}
	arena_fini(&arena);
	return keep;
}

/* Ends our side and waits for the peer's end, so that nothing we sent is lost to a reset. */
static void part(struct leg *leg, int stop_fd)
{
	int64_t until_us = clock_now_us(clock_real()) + HELLO_US;
	while (!leg->broken) {
		enum leg_result ended = leg_end(leg);
		enum leg_result got =
			ended == LEG_AGAIN ? LEG_AGAIN : leg_fill(leg, LEG_READ_MAX);
		if (ended == LEG_BROKEN || got == LEG_BROKEN || got == LEG_EOF)
			return;
		buf_clear(&leg->in);
		if (got == LEG_AGAIN && wait_fd(leg->fd, leg_poll_events(leg, true), until_us,
						stop_fd) != WAIT_READY)
			return;
	}
}

static void *connection_main(void *arg)
{
	struct connection *c = arg;
	struct leg leg;
	struct arena arena = {0};
	struct err err = {0};
	leg_init(&leg, c->fd, true);
	if (!c->tls || shake_hands(c->server, &leg, &arena, &err)) {
		while (serve_one(c, &leg, &err))
			;
		part(&leg, c->server->stop_fd);
	}
	leg_fini(&leg);
	arena_fini(&arena);
	atomic_store(&c->done, true);
	return NULL;
}

/* Joins threads that are done, or all. */
static void reap(struct lab_server *s, bool all)
{
	for (struct connection **at = &s->connections; *at != NULL;) {
		struct connection *c = *at;
		if (!all && !atomic_load(&c->done)) {
			at = &c->next;
			continue;
		}
		pthread_join(c->thread, NULL);
		*at = c->next;
		free(c);
	}
}

static void accept_one(struct lab_server *s, bool tls)
{
	int fd = accept4(s->fds[tls], NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct connection *c = calloc(1, sizeof *c);
	if (c == NULL)
		abort();
	c->server = s;
	c->fd = fd;
	c->tls = tls;
	if (pthread_create(&c->thread, NULL, connection_main, c) != 0) {
		log_error("the lab: no thread for a connection");
		close(fd);
		free(c);
		return;
	}
	c->next = s->connections;
	s->connections = c;
}

static void *accept_main(void *arg)
{
	struct lab_server *s = arg;
	for (;;) {
		struct pollfd fds[3] = {{s->fds[0], POLLIN, 0}, {s->fds[1], POLLIN, 0},
			{s->stop_fd, POLLIN, 0}};
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			break;
		if (fds[2].revents != 0)
			break;
		for (int tls = 0; tls <= 1; tls++)
			if (fds[tls].revents != 0)
				accept_one(s, tls != 0);
		reap(s, false);
	}
	reap(s, true);
	return NULL;
}

static bool listen_on(struct lab_server *s, int which, struct err *err)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	s->fds[which] = fd;
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0 ||
		listen(fd, BACKLOG) != 0 ||
		getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "the lab cannot listen on 127.0.0.1");
	s->ports[which] = ntohs(addr.sin_port);
	return true;
}

struct lab_server *lab_server_start(const struct lab_server_options *options, struct err *err)
{
	struct lab_server *s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	s->options = *options;
	s->fds[0] = s->fds[1] = -1;
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bool fine = s->stop_fd >= 0 || err_set_os(err, ERR_SYSTEM, errno, "eventfd");
	fine = fine && (s->mint = mint_new(options->ca, err)) != NULL;
	fine = fine && (s->leaves = leaves_new(s->mint)) != NULL;
	fine = fine && (s->tls = tls_server_new(s->mint, err)) != NULL;
	fine = fine && listen_on(s, 0, err) && listen_on(s, 1, err);
	if (fine && pthread_create(&s->thread, NULL, accept_main, s) == 0)
		s->started = true;
	else if (fine)
		err_set(err, ERR_SYSTEM, "no thread for the lab");
	if (s->started)
		return s;
	lab_server_stop(s);
	return NULL;
}

unsigned lab_server_port(const struct lab_server *s, bool tls)
{
	return s->ports[tls];
}

void lab_server_stop(struct lab_server *s)
{
	if (s == NULL)
		return;
	if (s->started) {
		uint64_t one = 1;
		if (write(s->stop_fd, &one, sizeof one) != sizeof one)
			abort();
		pthread_join(s->thread, NULL);
	}
	for (int i = 0; i < 2; i++)
		if (s->fds[i] >= 0)
			close(s->fds[i]);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	tls_server_free(s->tls);
	leaves_free(s->leaves);
	mint_free(s->mint);
	free(s);
}
