#include "tests/kit/make_cert.h"
#include "tests/kit/session_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 20, PIECE = 16384, SEEN_WITHIN_MS = 1000 };

struct session_origin {
	struct made root, leaf;
	SSL_CTX *ctx;
	int listeners[2], stop; /* plain, TLS */
	char dir[64], cacert[96], rules[2][64];
	pthread_t acceptor;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t news;
	const struct random_step *next;
	size_t seen; /* by the client: bytes of the body, plus one for the head */
	size_t connections, open;
	char trouble[1024];
};

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "session_origin: %s: %s\n", what, strerror(errno));
	abort();
}

/* ---- one connection ---- */

bool session_link_pull(struct session_link *l)
{
	uint8_t *room = buf_room(&l->in, PIECE);
	ssize_t got =
		l->ssl != NULL ? SSL_read(l->ssl, room, PIECE) : recv(l->fd, room, PIECE, 0);
	ERR_clear_error();
	if (got > 0)
		buf_grew(&l->in, (size_t)got);
	return got > 0;
}

bool session_link_push(struct session_link *l, struct span bytes)
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

void session_link_end(struct session_link *l)
{
	if (l->ssl != NULL)
		SSL_shutdown(l->ssl);
	ERR_clear_error();
	session_link_cut(l);
}

/* What still comes is read: a close with unread bytes would be a reset. */
void session_link_cut(struct session_link *l)
{
	char ignored[256];
	shutdown(l->fd, SHUT_WR);
	while (recv(l->fd, ignored, sizeof ignored, 0) > 0)
		;
}

void session_link_reset(struct session_link *l)
{
	struct linger at_once = {1, 0};
	setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
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

static void *link_main(void *arg)
{
	struct session_link *l = arg;
	struct session_origin *o = l->o;
	const unsigned char *alpn = NULL;
	unsigned n = 0;
	if (l->ssl == NULL || SSL_accept(l->ssl) == 1) {
		if (l->ssl != NULL)
			SSL_get0_alpn_selected(l->ssl, &alpn, &n);
		if (n == 2)
			session_link_http2(l);
		else
			session_link_http1(l);
	}
	ERR_clear_error();
	SSL_free(l->ssl);
	close(l->fd);
	buf_fini(&l->in);
	free(l);
	pthread_mutex_lock(&o->lock);
	o->open--;
	pthread_cond_broadcast(&o->news);
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

/* ---- all of them ---- */

static void take(struct session_origin *o, int fd, bool secure)
{
	struct session_link *l = calloc(1, sizeof *l);
	struct timeval patience = {.tv_sec = PATIENCE_S};
	pthread_t thread;
	must(l != NULL, "memory");
	*l = (struct session_link){.o = o, .fd = fd};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	if (secure) {
		l->ssl = SSL_new(o->ctx);
		must(l->ssl != NULL && SSL_set_fd(l->ssl, fd) == 1, "connection");
	}
	pthread_mutex_lock(&o->lock);
	o->connections++;
	o->open++;
	pthread_mutex_unlock(&o->lock);
	must(pthread_create(&thread, NULL, link_main, l) == 0, "thread");
	pthread_detach(thread);
}

static void *accept_main(void *self)
{
	struct session_origin *o = self;
	/* OpenSSL's own socket BIO raises it; inherited by the threads of the connections. */
	sigset_t pipe_signal;
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	for (;;) {
		struct pollfd fds[3] = {{o->listeners[0], POLLIN, 0},
			{o->listeners[1], POLLIN, 0}, {o->stop, POLLIN, 0}};
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[2].revents != 0)
			return NULL;
		for (int i = 0; i < 2; i++) {
			int fd = fds[i].revents != 0
					 ? accept4(o->listeners[i], NULL, NULL, SOCK_CLOEXEC)
					 : -1;
			if (fd >= 0)
				take(o, fd, i == 1);
		}
	}
}

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

static void make_ctx(struct session_origin *o, const char *domain)
{
	char san[128];
	snprintf(o->dir, sizeof o->dir, "/tmp/clicktrail-origin-XXXXXX");
	must(mkdtemp(o->dir) != NULL, "folder");
	snprintf(o->cacert, sizeof o->cacert, "%s/root.pem", o->dir);
	snprintf(san, sizeof san, "DNS:*.%s", domain);
	o->root = make_root("session origin root");
	o->leaf = make_leaf(san, &o->root);
	made_write_pem(&o->root, o->cacert);
	o->ctx = SSL_CTX_new(TLS_server_method());
	must(o->ctx != NULL && SSL_CTX_use_certificate(o->ctx, o->leaf.cert) == 1 &&
			SSL_CTX_use_PrivateKey(o->ctx, o->leaf.key) == 1,
		"certificate");
	SSL_CTX_set_alpn_select_cb(o->ctx, choose, o);
}

static void open_listener(struct session_origin *o, int i)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0 &&
			listen(fd, 128) == 0 &&
			getsockname(fd, (struct sockaddr *)&addr, &len) == 0,
		"listen");
	o->listeners[i] = fd;
	snprintf(o->rules[i], sizeof o->rules[i], ":%s:127.0.0.1:%u", i == 0 ? "80" : "443",
		ntohs(addr.sin_port));
}

struct session_origin *session_origin_start(const char *domain)
{
	struct session_origin *o = calloc(1, sizeof *o);
	must(o != NULL, "memory");
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->news, NULL);
	make_ctx(o, domain);
	open_listener(o, 0);
	open_listener(o, 1);
	o->stop = eventfd(0, EFD_CLOEXEC);
	must(o->stop >= 0 && pthread_create(&o->acceptor, NULL, accept_main, o) == 0, "thread");
	return o;
}

const char *session_origin_rule(const struct session_origin *o, bool secure)
{
	return o->rules[secure];
}

const char *session_origin_cacert(const struct session_origin *o)
{
	return o->cacert;
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
	pthread_mutex_lock(&o->lock);
	size_t n = o->connections;
	pthread_mutex_unlock(&o->lock);
	return n;
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
	struct timespec until;
	must(eventfd_write(o->stop, 1) == 0, "stop");
	pthread_join(o->acceptor, NULL);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&o->lock);
	while (o->open > 0)
		must(pthread_cond_timedwait(&o->news, &o->lock, &until) == 0,
			"connections did not end");
	pthread_mutex_unlock(&o->lock);
	close(o->listeners[0]);
	close(o->listeners[1]);
	close(o->stop);
	unlink(o->cacert);
	rmdir(o->dir);
	SSL_CTX_free(o->ctx);
	made_free(&o->leaf);
	made_free(&o->root);
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->news);
	free(o);
}
