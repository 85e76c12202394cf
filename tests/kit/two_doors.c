#include "tests/kit/two_doors.h"
#include "tests/kit/make_cert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 20, PIECE = 16 * 1024 };

struct two_doors {
	struct two_doors_order order;
	struct made root, leaf;
	SSL_CTX *ctx;
	int listeners[2], stop; /* plain, TLS */
	char dir[64], cacert[96], rules[2][64];
	pthread_t acceptor;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t ended;
	size_t connections, open;
};

struct link {
	struct two_doors *d;
	struct two_doors_link at;
};

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "two_doors: %s: %s\n", what, strerror(errno));
	abort();
}

/* ---- one connection ---- */

bool two_doors_pull(struct two_doors_link *l)
{
	uint8_t *room = buf_room(&l->in, PIECE);
	ssize_t got =
		l->ssl != NULL ? SSL_read(l->ssl, room, PIECE) : recv(l->fd, room, PIECE, 0);
	ERR_clear_error();
	if (got > 0)
		buf_grew(&l->in, (size_t)got);
	return got > 0;
}

bool two_doors_push(struct two_doors_link *l, struct span bytes)
{
	while (bytes.n > 0) {
		ssize_t n = l->ssl != NULL ? SSL_write(l->ssl, bytes.p,
						     (int)(bytes.n < PIECE ? bytes.n : PIECE))
					   : send(l->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
		ERR_clear_error();
		if (n <= 0)
			return false;
		bytes = span_from(bytes, (size_t)n);
	}
	return true;
}

static void *link_main(void *arg)
{
	struct link *l = arg;
	struct two_doors *d = l->d;
	SSL *ssl = l->at.ssl;
	const unsigned char *alpn = NULL;
	unsigned n = 0;
	if (ssl == NULL || SSL_accept(ssl) == 1) {
		if (ssl != NULL)
			SSL_get0_alpn_selected(ssl, &alpn, &n);
		l->at.two = n == 2;
		d->order.serve(d->order.ctx, &l->at);
	}
	ERR_clear_error();
	SSL_free(ssl);
	close(l->at.fd);
	buf_fini(&l->at.in);
	free(l);
	pthread_mutex_lock(&d->lock);
	d->open--;
	pthread_cond_broadcast(&d->ended);
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static void take(struct two_doors *d, int fd, bool secure)
{
	struct link *l = calloc(1, sizeof *l);
	struct timeval patience = {.tv_sec = PATIENCE_S};
	pthread_t thread;
	must(l != NULL, "memory");
	*l = (struct link){.d = d, .at.fd = fd, .at.stop_fd = d->stop};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	if (secure) {
		l->at.ssl = SSL_new(d->ctx);
		must(l->at.ssl != NULL && SSL_set_fd(l->at.ssl, fd) == 1, "connection");
	}
	pthread_mutex_lock(&d->lock);
	d->connections++;
	d->open++;
	pthread_mutex_unlock(&d->lock);
	must(pthread_create(&thread, NULL, link_main, l) == 0, "thread");
	pthread_detach(thread);
}

static void *accept_main(void *self)
{
	struct two_doors *d = self;
	/* OpenSSL's own socket BIO raises it; inherited by the threads of the connections. */
	sigset_t pipe_signal;
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	for (;;) {
		struct pollfd fds[3] = {{d->listeners[0], POLLIN, 0},
			{d->listeners[1], POLLIN, 0}, {d->stop, POLLIN, 0}};
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[2].revents != 0)
			return NULL;
		for (int i = 0; i < 2; i++) {
			int fd = fds[i].revents != 0
					 ? accept4(d->listeners[i], NULL, NULL, SOCK_CLOEXEC)
					 : -1;
			if (fd >= 0)
				take(d, fd, i == 1);
		}
	}
}

/* ---- all of them ---- */

/* HTTP/2 for names that say so, if it is offered. */
static int choose(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned n, void *self)
{
	static const unsigned char h2[] = "\2h2\x08http/1.1", h1[] = "\x08http/1.1";
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	bool two = name != NULL && strncmp(name, "two-", 4) == 0;
	unsigned char *chosen = NULL;
	(void)self;
	int got = SSL_select_next_proto(&chosen, out_len, two ? h2 : h1,
		(unsigned)(two ? sizeof h2 : sizeof h1) - 1, in, n);
	*out = chosen;
	return got == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void make_ctx(struct two_doors *d)
{
	snprintf(d->dir, sizeof d->dir, "/tmp/clicktrail-origin-XXXXXX");
	must(mkdtemp(d->dir) != NULL, "folder");
	snprintf(d->cacert, sizeof d->cacert, "%s/root.pem", d->dir);
	d->root = make_root(d->order.root);
	d->leaf = make_leaf(d->order.san, &d->root);
	made_write_pem(&d->root, d->cacert);
	d->ctx = SSL_CTX_new(TLS_server_method());
	must(d->ctx != NULL && SSL_CTX_use_certificate(d->ctx, d->leaf.cert) == 1 &&
			SSL_CTX_use_PrivateKey(d->ctx, d->leaf.key) == 1,
		"certificate");
	SSL_CTX_set_alpn_select_cb(d->ctx, choose, d);
	if (d->order.set_up != NULL)
		d->order.set_up(d->ctx);
}

static void open_listener(struct two_doors *d, int i)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0 &&
			listen(fd, 128) == 0 &&
			getsockname(fd, (struct sockaddr *)&addr, &len) == 0,
		"listen");
	d->listeners[i] = fd;
	snprintf(d->rules[i], sizeof d->rules[i], ":%s:127.0.0.1:%u", i == 0 ? "80" : "443",
		ntohs(addr.sin_port));
}

struct two_doors *two_doors_open(const struct two_doors_order *order)
{
	struct two_doors *d = calloc(1, sizeof *d);
	must(d != NULL, "memory");
	d->order = *order;
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->ended, NULL);
	make_ctx(d);
	open_listener(d, 0);
	open_listener(d, 1);
	d->stop = eventfd(0, EFD_CLOEXEC);
	must(d->stop >= 0 && pthread_create(&d->acceptor, NULL, accept_main, d) == 0, "thread");
	return d;
}

const char *two_doors_rule(const struct two_doors *d, bool secure)
{
	return d->rules[secure];
}

const char *two_doors_cacert(const struct two_doors *d)
{
	return d->cacert;
}

size_t two_doors_connections(struct two_doors *d)
{
	pthread_mutex_lock(&d->lock);
	size_t n = d->connections;
	pthread_mutex_unlock(&d->lock);
	return n;
}

void two_doors_close(struct two_doors *d)
{
	struct timespec until;
	must(eventfd_write(d->stop, 1) == 0, "stop");
	pthread_join(d->acceptor, NULL);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&d->lock);
	while (d->open > 0)
		must(pthread_cond_timedwait(&d->ended, &d->lock, &until) == 0,
			"connections did not end");
	pthread_mutex_unlock(&d->lock);
	close(d->listeners[0]);
	close(d->listeners[1]);
	close(d->stop);
	unlink(d->cacert);
	rmdir(d->dir);
	SSL_CTX_free(d->ctx);
	made_free(&d->leaf);
	made_free(&d->root);
	pthread_cond_destroy(&d->ended);
	pthread_mutex_destroy(&d->lock);
	free(d);
}
