#include "proxy/origin_replay.h"
#include "proxy/tunnel.h"
#include "proxy/urgent.h"
#include "store/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	PROXY_STACK = 512 * 1024,   /* of a tunnel's thread */
	PROXY_ACCEPT_PAUSE_MS = 50, /* when descriptors or threads run out */
};

struct arrival {
	struct proxy *proxy;
	int fd;
	struct sockaddr_storage client, listener;
};

static void walk_tunnel(void *arg)
{
	struct arrival a = *(struct arrival *)arg;
	free(arg);
	tunnel_run(a.proxy, a.fd, (struct sockaddr *)&a.client, (struct sockaddr *)&a.listener);
}

static bool loopback(const struct sockaddr_storage *addr)
{
	if (addr->ss_family == AF_INET6) {
		const struct in6_addr *a = &((const struct sockaddr_in6 *)addr)->sin6_addr;
		return IN6_IS_ADDR_LOOPBACK(a) ||
		       (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
	}
	return addr->ss_family == AF_INET &&
	       ntohl(((const struct sockaddr_in *)addr)->sin_addr.s_addr) >> 24 == 127;
}

static bool client_allowed(const struct proxy_options *o, const struct sockaddr_storage *client)
{
	if (loopback(client))
		return true;
	for (size_t i = 0; i < o->n_clients; i++)
		if (policy_net_holds(&o->clients[i], (const struct sockaddr *)client))
			return true;
	return false;
}

static bool start_tunnel(struct proxy *p, int fd, const struct sockaddr_storage *client)
{
	struct arrival *a = calloc(1, sizeof *a);
	socklen_t len = sizeof a->listener;
	if (a == NULL)
		return false;
	a->proxy = p;
	a->fd = fd;
	a->client = *client;
	getsockname(fd, (struct sockaddr *)&a->listener, &len);
	if (crew_give(p->crew, a))
		return true;
	free(a);
	return false;
}

/* Full: wait for a tunnel to end, or for the stop. */
static void wait_for_room(struct proxy *p)
{
	struct pollfd stop = {p->stop_fd, POLLIN, 0};
	poll(&stop, 1, PROXY_ACCEPT_PAUSE_MS);
}

static void accept_one(struct proxy *p)
{
	struct sockaddr_storage client = {0};
	socklen_t len = sizeof client;
	int fd = accept4(p->options.listen_fd, (struct sockaddr *)&client, &len,
		SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		/* Out of descriptors or memory: the connection stays in the backlog until there
		 * is room. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			wait_for_room(p);
		return;
	}
	if (!client_allowed(&p->options, &client)) {
		log_line("refused a client outside the allowed ranges (--allow-client)");
		close(fd);
		return;
	}
	atomic_fetch_add(&p->tunnels, 1);
	if (!start_tunnel(p, fd, &client)) {
		log_error("no thread for a new connection: it was closed unserved");
		close(fd);
		wait_for_room(p);
	}
}

/* Said as a fact each time: clients waited, and why. */
static void note_full(struct proxy *p, size_t n)
{
	struct record r = {.writer = p->options.writer,
		.session = p->options.session,
		.muted = p->options.unrecorded,
		.tunnel = FACT_NULL};
	record_note(&r, NOTE_LIMIT, FACT_NULL,
		"%zu connections are open: new ones wait for one to end", n);
}

static void *accept_loop(void *arg)
{
	struct proxy *p = arg;
	bool full = false; /* and it was said */
	for (;;) {
		struct pollfd fds[2] = {
			{p->options.listen_fd, POLLIN, 0}, {p->stop_fd, POLLIN, 0}};
		bool waits = poll(fds, 2, -1) > 0 && fds[1].revents == 0;
		size_t n = crew_busy(p->crew), most = fds_tunnels(p->fds);
		if (waits && n >= most) {
			if (!full)
				note_full(p, n);
			full = true;
			wait_for_room(p);
		} else if (waits) {
			full = full && n >= most - most / 8; /* near it: it was said */
			accept_one(p);
		}
		if (atomic_load(&p->stopping))
			return NULL;
	}
}

static void signal_fd(int fd)
{
	uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof one);
	(void)n; /* an eventfd takes it */
}

void proxy_mark_ready(struct proxy *p)
{
	if (!atomic_exchange(&p->ready, true))
		signal_fd(p->ready_fd);
}

void proxy_mark_failed(struct proxy *p, const struct err *err)
{
	pthread_mutex_lock(&p->lock);
	if (!atomic_exchange(&p->failed, true))
		p->failure = *err;
	pthread_mutex_unlock(&p->lock);
}

static void free_parts(struct proxy *p)
{
	if (p->options.tap != NULL && p->options.resolver != NULL)
		resolver_use_tap(p->options.resolver, NULL);
	crew_free(p->crew);
	fds_free(p->fds);
	leaves_free(p->leaves);
	tls_server_free(p->tls_server);
	tls_client_free(p->tls_client);
	mint_free(p->mint);
	int fds[] = {p->stop_fd, p->ready_fd, p->release_fd, p->options.listen_fd};
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* Everything that tunnels share is made before the first accept. */
static bool make_parts(struct proxy *p, struct err *err)
{
	const struct proxy_options *o = &p->options;
	struct sockaddr_storage own = {0};
	socklen_t len = sizeof own;
	if (p->stop_fd < 0 || p->ready_fd < 0 || p->release_fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "eventfd");
	if (getsockname(o->listen_fd, (struct sockaddr *)&own, &len) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "the listening socket");
	if (!policy_add_own(o->policy, (struct sockaddr *)&own, err))
		return false;
	urgent_inline(o->listen_fd);
	fcntl(o->listen_fd, F_SETFL, fcntl(o->listen_fd, F_GETFL) | O_NONBLOCK);
	if (!referer_init(&p->referer, o->referer, o->referer_link, err))
		return false;
	p->mint = mint_new_shifted(o->ca,
		&(struct mint_shift){.browser_offset_s = o->browser_offset_s,
			.like_offset_s = o->like_offset_s},
		err);
	if (p->mint == NULL)
		return false;
	p->leaves = leaves_new(p->mint);
	p->tls_server = tls_server_new(p->mint, err);
	if (p->tls_server == NULL)
		return false;
	if (o->tap != NULL && o->tap->secret != NULL)
		tls_server_tells(p->tls_server);
	if (o->replay != NULL) {
		p->origin = origin_replay(o->replay);
		return true;
	}
	p->tls_client = tls_client_new(o->cacert, o->ca, err);
	if (p->tls_client == NULL)
		return false;
	if (o->tap != NULL && o->tap->secret != NULL)
		tls_client_tells(p->tls_client);
	if (o->tap != NULL)
		resolver_use_tap(o->resolver, o->tap);
	p->live = (struct origin_live){.dialer = {.resolver = o->resolver,
					       .connect_to = o->connect_to,
					       .policy = o->policy,
					       .via = o->via,
					       .fds = p->fds,
					       .tap = o->tap},
		.tls = p->tls_client,
		.permit_bad_cert = o->permit_bad_cert};
	p->origin = origin_live(&p->live);
	return true;
}

struct proxy *proxy_start(const struct proxy_options *options, struct err *err)
{
	struct proxy *p = calloc(1, sizeof *p);
	if (p == NULL) {
		err_set(err, ERR_SYSTEM, "out of memory");
		return NULL;
	}
	p->options = *options;
	p->fds = fds_new(PROXY_TUNNELS_MAX);
	p->crew = crew_new(PROXY_STACK, walk_tunnel);
	pthread_mutex_init(&p->lock, NULL);
	p->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->release_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_store(&p->released, !options->hold);
	if (!make_parts(p, err)) {
		free_parts(p);
		return NULL;
	}
	int failed = pthread_create(&p->acceptor, NULL, accept_loop, p);
	if (failed != 0) {
		err_set_os(err, ERR_SYSTEM, failed, "the accepting thread");
		free_parts(p);
		return NULL;
	}
	return p;
}

int proxy_ready_fd(struct proxy *p)
{
	return p->ready_fd;
}

bool proxy_is_ready(struct proxy *p)
{
	return atomic_load(&p->ready);
}

void proxy_release(struct proxy *p)
{
	atomic_store(&p->released, true);
	signal_fd(p->release_fd);
}

void proxy_counts(struct proxy *p, struct proxy_counts *out)
{
	*out = (struct proxy_counts){atomic_load(&p->tunnels), crew_busy(p->crew),
		atomic_load(&p->exchanges), atomic_load(&p->failed_exchanges)};
}

bool proxy_failed(struct proxy *p, struct err *err)
{
	if (!atomic_load(&p->failed))
		return false;
	pthread_mutex_lock(&p->lock);
	*err = p->failure;
	pthread_mutex_unlock(&p->lock);
	return true;
}

void proxy_stop(struct proxy *p)
{
	atomic_store(&p->stopping, true);
	signal_fd(p->stop_fd);
	pthread_join(p->acceptor, NULL);
	crew_free(p->crew); /* waits for the tunnels */
	p->crew = NULL;
	free_parts(p);
}
