#include "tests/kit/mixed_origin.h"
#include "tests/kit/h2_serve.h"
#include "tests/kit/make_cert.h"
#include "tests/kit/script_origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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

enum { PATIENCE_S = 20, PIECE = 16 * 1024, HEAD_MAX = 16 * 1024 };

#define TEXT "content-type: text/plain\n"
const struct h2_route mixed_routes[] = {
	{"/none", 204, NULL, NULL, 0},
	{"/moved", 302, "location: /small\n", "moved\n", 0},
	{"/small", 200, TEXT, NULL, 600},
	{"/chunks", 200, TEXT "x-chunks: 1\n", NULL, 20000},
	{"/page", 200, TEXT "set-cookie: a=b; Secure\nset-cookie: c=d\n", NULL, 40000},
	{"/big", 200, TEXT, NULL, 300000},
	{"/huge", 200, "content-type: application/octet-stream\n", NULL, 1000000},
	{"/post", 201, TEXT, "thanks\n", 0},
};
const size_t mixed_n_routes = sizeof mixed_routes / sizeof *mixed_routes;

struct mixed_origin {
	struct made root, leaf;
	SSL_CTX *ctx;
	int listeners[2], stop;
	char dir[64], cacert[96], rules[2][64];
	pthread_t acceptor;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t ended;
	size_t open;
};

struct mixed_link {
	struct mixed_origin *o;
	int fd;
	SSL *ssl;
	struct buf in, out;
};

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "mixed_origin: %s: %s\n", what, strerror(errno));
	abort();
}

/* ---- HTTP/1.1 ---- */

static bool pull(struct mixed_link *l)
{
	uint8_t *room = buf_room(&l->in, PIECE);
	ssize_t n =
		l->ssl != NULL ? SSL_read(l->ssl, room, PIECE) : recv(l->fd, room, PIECE, 0);
	ERR_clear_error();
	if (n > 0)
		buf_grew(&l->in, (size_t)n);
	return n > 0;
}

static bool push(struct mixed_link *l, struct span bytes)
{
	while (bytes.n > 0) {
		int want = (int)(bytes.n < PIECE ? bytes.n : PIECE);
		ssize_t n = l->ssl != NULL ? SSL_write(l->ssl, bytes.p, want)
					   : send(l->fd, bytes.p, (size_t)want, MSG_NOSIGNAL);
		ERR_clear_error();
		if (n <= 0)
			return false;
		bytes = span_from(bytes, (size_t)n);
	}
	return true;
}

static const struct h2_route *route_of(struct span path)
{
	for (size_t i = 0; i < mixed_n_routes; i++)
		if (span_is(path, mixed_routes[i].path))
			return &mixed_routes[i];
	return NULL;
}

static void add_fill(struct buf *out, size_t from, size_t n)
{
	uint8_t *room = buf_room(out, n);
	for (size_t i = 0; i < n; i++)
		room[i] = script_fill(from + i);
	buf_grew(out, n);
}

static void add_body(struct buf *out, const struct h2_route *r, bool chunked)
{
	if (r->body != NULL) {
		buf_add_str(out, r->body);
		return;
	}
	for (size_t at = 0; at < r->fill && chunked;) {
		size_t n = r->fill - at < 7000 ? r->fill - at : 7000;
		buf_addf(out, "%zx\r\n", n);
		add_fill(out, at, n);
		buf_add_str(out, "\r\n");
		at += n;
	}
	if (chunked)
		buf_add_str(out, "0\r\n\r\n");
	else
		add_fill(out, 0, r->fill);
}

static void answer(struct mixed_link *l, const struct h2_route *r)
{
	bool chunked = r->fields != NULL && strstr(r->fields, "x-chunks") != NULL;
	size_t n = r->body != NULL ? strlen(r->body) : r->fill;
	buf_clear(&l->out);
	buf_addf(&l->out, "HTTP/1.1 %d Answer\r\n", r->status);
	for (const char *at = r->fields; at != NULL && *at != 0;) {
		size_t line = strcspn(at, "\n");
		buf_addf(&l->out, "%.*s\r\n", (int)line, at);
		at += line + 1;
	}
	if (chunked)
		buf_add_str(&l->out, "transfer-encoding: chunked\r\n\r\n");
	else if (r->status != 204)
		buf_addf(&l->out, "content-length: %zu\r\n\r\n", n);
	else
		buf_add_str(&l->out, "\r\n");
	add_body(&l->out, r, chunked);
}

/* The value of a line of the head; 0: there is none. */
static size_t length_of(struct span head)
{
	static const char name[] = "content-length: ";
	uint64_t n = 0;
	size_t at = span_find_nocase(head, span_str(name), 0);
	if (at == SIZE_MAX)
		return 0;
	struct span value = span_from(head, at + sizeof name - 1);
	must(span_u64(span_first(value, span_find_byte(value, '\r', 0)), &n), "content-length");
	return (size_t)n;
}

static bool one_exchange(struct mixed_link *l)
{
	static const struct h2_route none = {NULL, 404, NULL, "no such route", 0};
	size_t end, space;
	while ((end = span_find(buf_span(&l->in), span_str("\r\n\r\n"), 0)) == SIZE_MAX)
		if (buf_len(&l->in) > HEAD_MAX || !pull(l))
			return false;
	struct span head = span_first(buf_span(&l->in), end + 4);
	size_t length = length_of(head);
	struct span path = span_from(head, span_find_byte(head, ' ', 0) + 1);
	space = span_find_byte(path, ' ', 0);
	const struct h2_route *r = route_of(span_first(path, space));
	answer(l, r != NULL ? r : &none);
	buf_consume(&l->in, end + 4);
	while (buf_len(&l->in) < length)
		if (!pull(l))
			return false;
	buf_consume(&l->in, length);
	return push(l, buf_span(&l->out));
}

/* ---- a connection ---- */

static void serve_two(struct mixed_link *l)
{
	atomic_size_t served = 0;
	struct h2_serve s = {.routes = mixed_routes,
		.n_routes = mixed_n_routes,
		.fd = l->fd,
		.stop_fd = l->o->stop,
		.ssl = l->ssl,
		.served = &served};
	fcntl(l->fd, F_SETFL, fcntl(l->fd, F_GETFL) | O_NONBLOCK);
	h2_serve_run(&s);
}

static void *link_main(void *arg)
{
	struct mixed_link *l = arg;
	struct mixed_origin *o = l->o;
	const unsigned char *alpn = NULL;
	unsigned n = 0;
	if (l->ssl == NULL || SSL_accept(l->ssl) == 1) {
		if (l->ssl != NULL)
			SSL_get0_alpn_selected(l->ssl, &alpn, &n);
		if (n == 2)
			serve_two(l);
		while (n != 2 && one_exchange(l))
			;
		if (l->ssl != NULL && n != 2)
			SSL_shutdown(l->ssl);
	}
	ERR_clear_error();
	SSL_free(l->ssl);
	shutdown(l->fd, SHUT_WR);
	close(l->fd);
	buf_fini(&l->in);
	buf_fini(&l->out);
	free(l);
	pthread_mutex_lock(&o->lock);
	o->open--;
	pthread_cond_broadcast(&o->ended);
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

static void take(struct mixed_origin *o, int fd, bool secure)
{
	struct mixed_link *l = calloc(1, sizeof *l);
	struct timeval patience = {.tv_sec = PATIENCE_S};
	pthread_t thread;
	must(l != NULL, "memory");
	*l = (struct mixed_link){.o = o, .fd = fd};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	if (secure) {
		l->ssl = SSL_new(o->ctx);
		must(l->ssl != NULL && SSL_set_fd(l->ssl, fd) == 1, "connection");
	}
	pthread_mutex_lock(&o->lock);
	o->open++;
	pthread_mutex_unlock(&o->lock);
	must(pthread_create(&thread, NULL, link_main, l) == 0, "thread");
	pthread_detach(thread);
}

static void *accept_main(void *self)
{
	struct mixed_origin *o = self;
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

/* ---- all of them ---- */

static int choose_version(SSL *ssl, int *alert, void *self)
{
	const unsigned char *name;
	size_t n;
	(void)alert, (void)self;
	/* The extension as it stands: a list length, a type, a length, the name. */
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &name, &n) == 1 &&
		span_find(span_of(name, n), span_str("v12"), 0) != SIZE_MAX)
		SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
	return SSL_CLIENT_HELLO_SUCCESS;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned n, void *self)
{
	static const unsigned char h2[] = "\2h2\x08http/1.1", h1[] = "\x08http/1.1";
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	bool two = name != NULL && strstr(name, "two") != NULL;
	unsigned char *chosen = NULL;
	(void)self;
	int got = SSL_select_next_proto(&chosen, out_len, two ? h2 : h1,
		(unsigned)(two ? sizeof h2 : sizeof h1) - 1, in, n);
	*out = chosen;
	return got == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void make_ctx(struct mixed_origin *o)
{
	snprintf(o->dir, sizeof o->dir, "/tmp/clicktrail-origin-XXXXXX");
	must(mkdtemp(o->dir) != NULL, "folder");
	snprintf(o->cacert, sizeof o->cacert, "%s/root.pem", o->dir);
	o->root = make_root("mixed origin root");
	o->leaf = make_leaf("DNS:mixed.test,DNS:*.mixed.test", &o->root);
	made_write_pem(&o->root, o->cacert);
	o->ctx = SSL_CTX_new(TLS_server_method());
	must(o->ctx != NULL && SSL_CTX_use_certificate(o->ctx, o->leaf.cert) == 1 &&
			SSL_CTX_use_PrivateKey(o->ctx, o->leaf.key) == 1,
		"certificate");
	SSL_CTX_set_mode(
		o->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_client_hello_cb(o->ctx, choose_version, o);
	SSL_CTX_set_alpn_select_cb(o->ctx, choose_protocol, o);
}

static void open_listener(struct mixed_origin *o, int i)
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

struct mixed_origin *mixed_origin_start(void)
{
	struct mixed_origin *o = calloc(1, sizeof *o);
	must(o != NULL, "memory");
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->ended, NULL);
	make_ctx(o);
	open_listener(o, 0);
	open_listener(o, 1);
	o->stop = eventfd(0, EFD_CLOEXEC);
	must(o->stop >= 0 && pthread_create(&o->acceptor, NULL, accept_main, o) == 0, "thread");
	return o;
}

const char *mixed_origin_rule(const struct mixed_origin *o, bool secure)
{
	return o->rules[secure];
}

const char *mixed_origin_cacert(const struct mixed_origin *o)
{
	return o->cacert;
}

void mixed_origin_stop(struct mixed_origin *o)
{
	struct timespec until;
	must(eventfd_write(o->stop, 1) == 0, "stop");
	pthread_join(o->acceptor, NULL);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&o->lock);
	while (o->open > 0)
		must(pthread_cond_timedwait(&o->ended, &o->lock, &until) == 0,
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
	pthread_cond_destroy(&o->ended);
	pthread_mutex_destroy(&o->lock);
	free(o);
}
