#include "tests/kit/tls_origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { EXT_SCT = 18, PATIENCE_S = 10 };

struct tls_origin {
	struct tls_origin_shape shape;
	SSL_CTX *ctx;
	int listener, stop;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t ended_one;
	size_t ended, shaken, heard_n;
	unsigned char heard[TLS_ORIGIN_HEARD_MAX];
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "tls_origin: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	abort();
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned in_len, void *self)
{
	const char *list = ((struct tls_origin *)self)->shape.alpn;
	(void)ssl;
	for (const char *p = list, *end; p != NULL; p = *end == ',' ? end + 1 : NULL) {
		end = p + strcspn(p, ",");
		for (unsigned at = 0; at < in_len; at += 1u + in[at]) {
			if (in[at] != end - p || memcmp(in + at + 1, p, in[at]) != 0)
				continue;
			*out = in + at + 1;
			*out_len = in[at];
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return list != NULL ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

static int on_status(SSL *ssl, void *self)
{
	const struct tls_origin_shape *shape = &((struct tls_origin *)self)->shape;
	unsigned char *copy = OPENSSL_memdup(shape->staple, shape->staple_len);
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)shape->staple_len);
	return SSL_TLSEXT_ERR_OK;
}

static int on_sct(SSL *ssl, unsigned type, unsigned context, const unsigned char **out,
	size_t *out_len, X509 *cert, size_t index, int *alert, void *self)
{
	(void)ssl, (void)type, (void)context, (void)cert, (void)alert;
	if (index != 0)
		return 0;
	*out = ((struct tls_origin *)self)->shape.scts;
	*out_len = ((struct tls_origin *)self)->shape.scts_len;
	return 1;
}

static int refuse_client(int ok, X509_STORE_CTX *ctx)
{
	(void)ok, (void)ctx;
	return 0;
}

static void set_certificates(struct tls_origin *o)
{
	const struct tls_origin_shape *s = &o->shape;
	must(SSL_CTX_use_certificate(o->ctx, s->chain[0]->cert) == 1 &&
			SSL_CTX_use_PrivateKey(o->ctx, s->chain[0]->key) == 1,
		"certificate");
	SSL_CTX_set_mode(o->ctx, SSL_MODE_NO_AUTO_CHAIN);
	for (size_t i = 1; i < TLS_ORIGIN_CHAIN && s->chain[i] != NULL; i++)
		must(SSL_CTX_add1_chain_cert(o->ctx, s->chain[i]->cert) == 1, "chain");
}

static void make_ctx(struct tls_origin *o)
{
	const struct tls_origin_shape *s = &o->shape;
	o->ctx = SSL_CTX_new(TLS_server_method());
	must(o->ctx != NULL, "context");
	SSL_CTX_set_security_level(o->ctx, 0);
	set_certificates(o);
	must(SSL_CTX_set_min_proto_version(o->ctx, s->min_version) == 1 &&
			SSL_CTX_set_max_proto_version(o->ctx, s->max_version) == 1,
		"versions");
	must(s->ciphers == NULL || SSL_CTX_set_cipher_list(o->ctx, s->ciphers) == 1, "ciphers");
	must(s->suites == NULL || SSL_CTX_set_ciphersuites(o->ctx, s->suites) == 1, "suites");
	must(s->groups == NULL || SSL_CTX_set1_groups_list(o->ctx, s->groups) == 1, "groups");
	if (s->alpn != NULL)
		SSL_CTX_set_alpn_select_cb(o->ctx, on_alpn, o);
	if (s->staple != NULL) {
		SSL_CTX_set_tlsext_status_cb(o->ctx, on_status);
		SSL_CTX_set_tlsext_status_arg(o->ctx, o);
	}
	if (s->scts != NULL)
		must(SSL_CTX_add_custom_ext(o->ctx, EXT_SCT,
			     SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO |
				     SSL_EXT_TLS1_3_CERTIFICATE,
			     on_sct, NULL, o, NULL, NULL) == 1,
			"scts");
	if (s->ask_client_cert)
		SSL_CTX_set_verify(o->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			refuse_client);
}

static void hear(struct tls_origin *o, const void *p, size_t n)
{
	pthread_mutex_lock(&o->lock);
	size_t room = sizeof o->heard - o->heard_n;
	memcpy(o->heard + o->heard_n, p, n < room ? n : room);
	o->heard_n += n < room ? n : room;
	pthread_mutex_unlock(&o->lock);
}

/* The end of one connection, for the client's eyes. */
static void finish(struct tls_origin *o, SSL *ssl, int fd)
{
	switch (o->shape.end) {
	case TLS_ORIGIN_CLOSE:
		if (ssl != NULL)
			SSL_shutdown(ssl);
		shutdown(fd, SHUT_WR);
		break;
	case TLS_ORIGIN_CUT: shutdown(fd, SHUT_WR); break;
	case TLS_ORIGIN_RESET:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0},
			sizeof(struct linger));
		break;
	case TLS_ORIGIN_STAY: break;
	}
}

static ssize_t origin_read(SSL *ssl, int fd, void *p, size_t n)
{
	return ssl != NULL ? SSL_read(ssl, p, (int)n) : recv(fd, p, n, 0);
}

static void origin_write(SSL *ssl, int fd, const void *p, size_t n)
{
	if (n > 0 && ssl != NULL)
		SSL_write(ssl, p, (int)n);
	else if (n > 0)
		(void)!send(fd, p, n, MSG_NOSIGNAL);
}

static void talk(struct tls_origin *o, SSL *ssl, int fd)
{
	unsigned char piece[4096];
	ssize_t n;
	if (!o->shape.silent && !o->shape.echo) {
		origin_write(ssl, fd, o->shape.say, o->shape.say_len);
		finish(o, ssl, fd);
		if (o->shape.end == TLS_ORIGIN_RESET)
			return;
	}
	while ((n = origin_read(ssl, fd, piece, sizeof piece)) > 0) {
		hear(o, piece, (size_t)n);
		if (o->shape.echo)
			origin_write(ssl, fd, piece, (size_t)n);
	}
	if (o->shape.echo)
		finish(o, ssl, fd);
}

static void serve(struct tls_origin *o, int fd)
{
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){PATIENCE_S, 0},
		sizeof(struct timeval));
	/* What it says leaves at once, also where a reset follows that would discard it. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	if (o->shape.plain || o->shape.silent) {
		talk(o, NULL, fd);
		return;
	}
	SSL *ssl = SSL_new(o->ctx);
	must(ssl != NULL && SSL_set_fd(ssl, fd) == 1, "connection");
	if (SSL_accept(ssl) == 1) {
		pthread_mutex_lock(&o->lock);
		o->shaken++;
		pthread_mutex_unlock(&o->lock);
		talk(o, ssl, fd);
	}
	ERR_clear_error();
	SSL_free(ssl);
}

static void *run(void *self)
{
	struct tls_origin *o = self;
	/* OpenSSL's own socket BIO raises it. In this thread only: the code under test must not
	 * raise any. */
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
		int fd = fds[0].revents != 0 ? accept(o->listener, NULL, NULL) : -1;
		if (fd < 0)
			continue;
		serve(o, fd);
		close(fd);
		pthread_mutex_lock(&o->lock);
		o->ended++;
		pthread_cond_broadcast(&o->ended_one);
		pthread_mutex_unlock(&o->lock);
	}
}

struct tls_origin *tls_origin_start(const struct tls_origin_shape *shape)
{
	struct tls_origin *o = calloc(1, sizeof *o);
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	must(o != NULL, "memory");
	o->shape = *shape;
	if (!shape->plain && !shape->silent)
		make_ctx(o);
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->ended_one, NULL);
	o->stop = eventfd(0, EFD_CLOEXEC);
	o->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(o->stop >= 0 && bind(o->listener, (struct sockaddr *)&addr, sizeof addr) == 0 &&
			listen(o->listener, 64) == 0 &&
			getsockname(o->listener, (struct sockaddr *)&addr, &len) == 0,
		"listen");
	o->port = ntohs(addr.sin_port);
	must(pthread_create(&o->thread, NULL, run, o) == 0, "thread");
	return o;
}

uint16_t tls_origin_port(const struct tls_origin *o)
{
	return o->port;
}

int tls_origin_dial(const struct tls_origin *o)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(o->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0, "dial");
	return fd;
}

void tls_origin_wait(struct tls_origin *o, size_t n)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&o->lock);
	while (o->ended < n)
		must(pthread_cond_timedwait(&o->ended_one, &o->lock, &until) == 0,
			"connections did not end");
	pthread_mutex_unlock(&o->lock);
}

size_t tls_origin_heard(struct tls_origin *o, void *out, size_t out_len)
{
	pthread_mutex_lock(&o->lock);
	size_t n = o->heard_n;
	if (out != NULL)
		memcpy(out, o->heard, n < out_len ? n : out_len);
	pthread_mutex_unlock(&o->lock);
	return n;
}

size_t tls_origin_shaken(struct tls_origin *o)
{
	pthread_mutex_lock(&o->lock);
	size_t n = o->shaken;
	pthread_mutex_unlock(&o->lock);
	return n;
}

void tls_origin_stop(struct tls_origin *o)
{
	if (o == NULL)
		return;
	must(eventfd_write(o->stop, 1) == 0, "stop");
	pthread_join(o->thread, NULL);
	close(o->stop);
	close(o->listener);
	SSL_CTX_free(o->ctx);
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->ended_one);
	free(o);
}
