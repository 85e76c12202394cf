#include "tests/kit/h2_origin.h"
#include "tests/kit/h2_serve.h"
#include "tests/kit/make_cert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { CONNECTIONS_MAX = 1024, RULES_MAX = 16, PATIENCE_S = 20 };

struct link {
	SSL *ssl;
	int fd;
	struct h2_serve serve;
	pthread_t thread;
	bool serving;
};

struct h2_origin {
	struct made root, leaf;
	SSL_CTX *ctx;
	const char *alpn;
	int listener, stop;
	unsigned port;
	char dir[64], cacert[96];
	char *rules[RULES_MAX];
	size_t n_rules;
	pthread_t acceptor;
	atomic_size_t served;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t shaken_one;
	struct link links[CONNECTIONS_MAX];
	size_t n_links, n_taken, unshaken;
	const struct h2_route *routes;
	size_t n_routes;
	char offered[128];
};

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "h2_origin: %s: %s\n", what, strerror(errno));
	abort();
}

static void keep_offer(struct h2_origin *o, const unsigned char *in, unsigned n)
{
	size_t at = 0;
	for (unsigned i = 0; i < n && at + in[i] + 2 < sizeof o->offered; i += 1u + in[i]) {
		if (at > 0)
			o->offered[at++] = ',';
		memcpy(o->offered + at, in + i + 1, in[i]);
		at += in[i];
	}
	o->offered[at] = 0;
}

/* RFC 7301 3.2: by our preference; nothing in common is an alert. */
static int choose(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned n, void *self)
{
	struct h2_origin *o = self;
	(void)ssl;
	pthread_mutex_lock(&o->lock);
	keep_offer(o, in, n);
	pthread_mutex_unlock(&o->lock);
	if (o->alpn == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	for (const char *want = o->alpn; *want != 0;) {
		size_t len = strcspn(want, ",");
		for (unsigned i = 0; i < n; i += 1u + in[i])
			if (in[i] == len && memcmp(in + i + 1, want, len) == 0) {
				*out = in + i + 1;
				*out_len = in[i];
				return SSL_TLSEXT_ERR_OK;
			}
		want += len + (want[len] == ',');
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void *serve_main(void *arg)
{
	h2_serve_run(arg);
	return NULL;
}

/* The handshake is done; somebody has to go on with the connection. */
static void add_link(struct h2_origin *o, int fd, SSL *ssl)
{
	pthread_mutex_lock(&o->lock);
	must(o->n_links < CONNECTIONS_MAX, "too many connections");
	struct link *l = &o->links[o->n_links++];
	*l = (struct link){.ssl = ssl, .fd = fd};
	if (o->n_routes > 0) {
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		l->serve = (struct h2_serve){.routes = o->routes,
			.n_routes = o->n_routes,
			.fd = fd,
			.stop_fd = o->stop,
			.ssl = ssl,
			.served = &o->served};
		l->serving = true;
		must(pthread_create(&l->thread, NULL, serve_main, &l->serve) == 0, "thread");
	}
	pthread_cond_broadcast(&o->shaken_one);
	pthread_mutex_unlock(&o->lock);
}

static void *accept_main(void *self)
{
	struct h2_origin *o = self;
	/* OpenSSL's own socket BIO raises it; inherited by the threads that serve. */
	sigset_t pipe_signal;
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	for (;;) {
		struct pollfd fds[2] = {{o->listener, POLLIN, 0}, {o->stop, POLLIN, 0}};
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[1].revents != 0)
			return NULL;
		int fd = fds[0].revents != 0 ? accept4(o->listener, NULL, NULL, SOCK_CLOEXEC)
					     : -1;
		if (fd < 0)
			continue;
		struct timeval patience = {.tv_sec = PATIENCE_S};
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		SSL *ssl = SSL_new(o->ctx);
		must(ssl != NULL && SSL_set_fd(ssl, fd) == 1, "connection");
		if (SSL_accept(ssl) == 1) {
			add_link(o, fd, ssl);
			continue;
		}
		ERR_clear_error();
		SSL_free(ssl);
		close(fd);
		pthread_mutex_lock(&o->lock);
		o->unshaken++;
		pthread_mutex_unlock(&o->lock);
	}
}

static void make_ctx(struct h2_origin *o, const char *san)
{
	snprintf(o->dir, sizeof o->dir, "/tmp/clicktrail-origin-XXXXXX");
	must(mkdtemp(o->dir) != NULL, "folder");
	snprintf(o->cacert, sizeof o->cacert, "%s/root.pem", o->dir);
	o->root = make_root("h2 origin root");
	o->leaf = make_leaf(san, &o->root);
	made_write_pem(&o->root, o->cacert);
	o->ctx = SSL_CTX_new(TLS_server_method());
	must(o->ctx != NULL && SSL_CTX_use_certificate(o->ctx, o->leaf.cert) == 1 &&
			SSL_CTX_use_PrivateKey(o->ctx, o->leaf.key) == 1,
		"certificate");
	SSL_CTX_set_mode(
		o->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_alpn_select_cb(o->ctx, choose, o);
}

struct h2_origin *h2_origin_start(const char *san, const char *alpn)
{
	struct h2_origin *o = calloc(1, sizeof *o);
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	must(o != NULL, "memory");
	o->alpn = alpn;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->shaken_one, NULL);
	make_ctx(o, san);
	o->stop = eventfd(0, EFD_CLOEXEC);
	o->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(o->stop >= 0 && bind(o->listener, (struct sockaddr *)&addr, sizeof addr) == 0 &&
			listen(o->listener, 128) == 0 &&
			getsockname(o->listener, (struct sockaddr *)&addr, &len) == 0,
		"listen");
	o->port = ntohs(addr.sin_port);
	must(pthread_create(&o->acceptor, NULL, accept_main, o) == 0, "thread");
	return o;
}

void h2_origin_serve(struct h2_origin *o, const struct h2_route *routes, size_t n)
{
	pthread_mutex_lock(&o->lock);
	o->routes = routes;
	o->n_routes = n;
	pthread_mutex_unlock(&o->lock);
}

unsigned h2_origin_port(const struct h2_origin *o)
{
	return o->port;
}

const char *h2_origin_rule(struct h2_origin *o, const char *host)
{
	must(o->n_rules < RULES_MAX, "too many rules");
	must(asprintf(&o->rules[o->n_rules], "%s:443:127.0.0.1:%u", host, o->port) > 0, "rule");
	return o->rules[o->n_rules++];
}

const char *h2_origin_cacert(const struct h2_origin *o)
{
	return o->cacert;
}

void h2_origin_take(struct h2_origin *o, struct h2_raw *end)
{
	struct timespec until;
	struct link l = {0};
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&o->lock);
	while (o->n_taken == o->n_links)
		if (pthread_cond_timedwait(&o->shaken_one, &o->lock, &until) != 0)
			break;
	if (o->n_taken < o->n_links) {
		l = o->links[o->n_taken];
		o->links[o->n_taken++] = (struct link){.fd = -1};
	}
	pthread_mutex_unlock(&o->lock);
	if (l.ssl == NULL)
		fail_msg("no connection came to the origin");
	h2_raw_take(end, l.fd, l.ssl);
}

size_t h2_origin_shaken(struct h2_origin *o)
{
	pthread_mutex_lock(&o->lock);
	size_t n = o->n_links;
	pthread_mutex_unlock(&o->lock);
	return n;
}

size_t h2_origin_unshaken(struct h2_origin *o)
{
	pthread_mutex_lock(&o->lock);
	size_t n = o->unshaken;
	pthread_mutex_unlock(&o->lock);
	return n;
}

size_t h2_origin_served(struct h2_origin *o)
{
	return atomic_load(&o->served);
}

const char *h2_origin_offered(struct h2_origin *o)
{
	return o->offered;
}

void h2_origin_stop(struct h2_origin *o)
{
	must(eventfd_write(o->stop, 1) == 0, "stop");
	pthread_join(o->acceptor, NULL);
	for (size_t i = 0; i < o->n_links; i++) {
		if (o->links[i].serving)
			pthread_join(o->links[i].thread, NULL);
		SSL_free(o->links[i].ssl);
		if (o->links[i].fd >= 0)
			close(o->links[i].fd);
	}
	for (size_t i = 0; i < o->n_rules; i++)
		free(o->rules[i]);
	close(o->listener);
	close(o->stop);
	unlink(o->cacert);
	rmdir(o->dir);
	SSL_CTX_free(o->ctx);
	made_free(&o->leaf);
	made_free(&o->root);
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->shaken_one);
	free(o);
}
