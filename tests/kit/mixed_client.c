#include "tests/kit/mixed_client.h"
#include "tests/kit/random_session.h"
#include "tests/kit/script_origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PATIENCE_S = 30,
	PIECE = 16 * 1024,
	STREAMS_MAX = 20,
	POST_MAX = 100000,
	THREADS_MAX = 64,
	SECURE = 4,
	TWO = 2,
	NEWER = 1
};

struct crowd {
	const struct mixed_load *l;
	atomic_size_t left;   /* connections get their exchanges from it */
	pthread_mutex_t lock; /* over told */
	struct mixed_told *told;
};

struct client {
	struct crowd *crowd;
	struct random_source random;
	SSL_CTX *ctx;
	SSL_SESSION *sessions[8]; /* by kind */
	unsigned kind;
	int fd;
	SSL *ssl;
	struct buf in;
	bool bad;
};

static void trouble(struct client *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void trouble(struct client *c, const char *format, ...)
{
	va_list args;
	struct crowd *all = c->crowd;
	va_start(args, format);
	pthread_mutex_lock(&all->lock);
	if (all->told->trouble[0] == 0)
		vsnprintf(all->told->trouble, sizeof all->told->trouble, format, args);
	pthread_mutex_unlock(&all->lock);
	va_end(args);
	atomic_store(&all->left, 0);
	c->bad = true;
}

/* ---- bytes ---- */

static bool pull(struct client *c)
{
	uint8_t *room = buf_room(&c->in, PIECE);
	ssize_t n =
		c->ssl != NULL ? SSL_read(c->ssl, room, PIECE) : recv(c->fd, room, PIECE, 0);
	ERR_clear_error();
	if (n > 0)
		buf_grew(&c->in, (size_t)n);
	else if (!c->bad)
		trouble(c, "kind %u: the connection ended early (%zd, %s)", c->kind, n,
			strerror(errno));
	return n > 0;
}

static bool push(struct client *c, struct span bytes)
{
	while (bytes.n > 0 && !c->bad) {
		int want = (int)(bytes.n < PIECE ? bytes.n : PIECE);
		ssize_t n = c->ssl != NULL ? SSL_write(c->ssl, bytes.p, want)
					   : send(c->fd, bytes.p, (size_t)want, MSG_NOSIGNAL);
		ERR_clear_error();
		if (n <= 0)
			trouble(c, "kind %u: it takes no more", c->kind);
		else
			bytes = span_from(bytes, (size_t)n);
	}
	return !c->bad;
}

/* The next head, taken out of in; NULL: trouble. */
static char *take_head(struct client *c)
{
	size_t end;
	while ((end = span_find(buf_span(&c->in), span_str("\r\n\r\n"), 0)) == SIZE_MAX)
		if (!pull(c))
			return NULL;
	struct buf head = {0};
	buf_add_span(&head, span_first(buf_span(&c->in), end + 4));
	buf_consume(&c->in, end + 4);
	return buf_take_str(&head);
}

/* ---- what is asked ---- */

struct question {
	const struct h2_route *route;
	size_t post; /* bytes of body; 0: GET */
};

static struct question ask_what(struct client *c)
{
	/* The large ones now and then. */
	static const unsigned char of_a_hundred[] = {8, 16, 45, 65, 85, 92, 94, 100};
	struct question q = {.route = NULL};
	size_t chance = random_below(&c->random, 100), i = 0;
	while (i + 1 < mixed_n_routes && chance >= of_a_hundred[i])
		i++;
	q.route = &mixed_routes[i];
	if (strcmp(q.route->path, "/post") == 0)
		q.post = 1 + random_below(&c->random, POST_MAX);
	return q;
}

static void add_fill(struct buf *out, size_t n)
{
	uint8_t *room = buf_room(out, n);
	for (size_t i = 0; i < n; i++)
		room[i] = script_fill(i);
	buf_grew(out, n);
}

static size_t size_of(const struct h2_route *r)
{
	return r->body != NULL ? strlen(r->body) : r->fill;
}

static bool right_byte(const struct h2_route *r, size_t at, uint8_t byte)
{
	if (r->status == 204 || at >= size_of(r))
		return false;
	return byte == (r->body != NULL ? (uint8_t)r->body[at] : script_fill(at));
}

static void host_of(const struct client *c, char out[64])
{
	snprintf(out, 64, "%s%s.mixed.test", c->kind & TWO ? "two-" : "one-",
		c->kind & NEWER ? "v13" : "v12");
}

/* ---- HTTP/1.1 ---- */

static void check_bytes(
	struct client *c, const struct h2_route *r, size_t *at, struct span bytes)
{
	for (size_t i = 0; i < bytes.n && !c->bad; i++)
		if (!right_byte(r, (*at)++, bytes.p[i]))
			trouble(c, "kind %u, %s: byte %zu is wrong", c->kind, r->path, *at - 1);
}

static void take_chunks(struct client *c, const struct h2_route *r)
{
	size_t at = 0;
	while (!c->bad) {
		size_t line;
		while ((line = span_find(buf_span(&c->in), span_str("\r\n"), 0)) == SIZE_MAX)
			if (!pull(c))
				return;
		size_t n = strtoul((const char *)buf_span(&c->in).p, NULL, 16);
		buf_consume(&c->in, line + 2);
		while (buf_len(&c->in) < n + 2)
			if (!pull(c))
				return;
		check_bytes(c, r, &at, span_first(buf_span(&c->in), n));
		buf_consume(&c->in, n + 2);
		if (n == 0)
			break;
	}
	if (at != size_of(r))
		trouble(c, "%s: %zu bytes in chunks", r->path, at);
}

static void take_length(struct client *c, const struct h2_route *r)
{
	size_t at = 0, n = r->status == 204 ? 0 : size_of(r);
	while (at < n && !c->bad) {
		if (buf_len(&c->in) == 0 && !pull(c))
			return;
		struct span part = span_first(buf_span(&c->in), n - at);
		check_bytes(c, r, &at, part);
		buf_consume(&c->in, part.n);
	}
}

static void exchange_one(struct client *c, size_t number)
{
	struct question q = ask_what(c);
	struct buf out = {0};
	char host[64], status[32];
	host_of(c, host);
	bool absolute = !(c->kind & SECURE) && c->crowd->l->proxy_port != 0;
	buf_addf(&out, "%s %s%s%s HTTP/1.1\r\nHost: %s\r\nX-Number: %zu\r\n",
		q.post > 0 ? "POST" : "GET", absolute ? "http://" : "", absolute ? host : "",
		q.route->path, host, number);
	if (q.post > 0)
		buf_addf(&out, "Content-Length: %zu\r\n", q.post);
	buf_add_str(&out, "\r\n");
	add_fill(&out, q.post);
	char *head = push(c, buf_span(&out)) ? take_head(c) : NULL;
	buf_fini(&out);
	if (head == NULL)
		return;
	snprintf(status, sizeof status, "HTTP/1.1 %d ", q.route->status);
	if (strncmp(head, status, strlen(status)) != 0)
		trouble(c, "%s: %.40s", q.route->path, head);
	else if (strstr(head, "chunked") != NULL)
		take_chunks(c, q.route);
	else
		take_length(c, q.route);
	free(head);
}

/* ---- HTTP/2 ---- */

struct stream {
	struct client *c;
	struct question q;
	size_t sent, got;
	int status;
};
struct two {
	struct client *c;
	struct stream streams[STREAMS_MAX];
	size_t n, over;
};

static int field(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *self)
{
	struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	(void)flags, (void)self;
	if (s != NULL && span_is(span_of(name, name_len), ":status") && value_len == 3)
		s->status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + value[2] - '0';
	return 0;
}

static int data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
	size_t n, void *self)
{
	struct stream *s = nghttp2_session_get_stream_user_data(session, id);
	(void)flags, (void)self;
	if (s != NULL)
		check_bytes(s->c, s->q.route, &s->got, span_of(bytes, n));
	return 0;
}

static int over(nghttp2_session *session, int32_t id, uint32_t code, void *self)
{
	struct two *t = self;
	struct stream *s = nghttp2_session_get_stream_user_data(session, id);
	if (s == NULL)
		return 0;
	size_t want = s->q.route->status == 204 ? 0 : size_of(s->q.route);
	t->over++;
	if (code != 0 || s->status != s->q.route->status || s->got != want)
		trouble(t->c, "%s in HTTP/2: code %u, status %d, %zu bytes", s->q.route->path,
			code, s->status, s->got);
	return 0;
}

static ssize_t post(nghttp2_session *session, int32_t id, uint8_t *out, size_t room,
	uint32_t *flags, nghttp2_data_source *source, void *self)
{
	struct stream *s = source->ptr;
	size_t left = s->q.post - s->sent, n = left < room ? left : room;
	(void)session, (void)id, (void)self;
	for (size_t i = 0; i < n; i++)
		out[i] = script_fill(s->sent + i);
	s->sent += n;
	if (n == left)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static nghttp2_nv nv(const char *name, const char *value)
{
	return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value,
		strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static void submit(nghttp2_session *session, struct stream *s, size_t number)
{
	char host[64], n[32];
	host_of(s->c, host);
	snprintf(n, sizeof n, "%zu", number);
	nghttp2_nv fields[] = {nv(":method", s->q.post > 0 ? "POST" : "GET"),
		nv(":scheme", "https"), nv(":authority", host), nv(":path", s->q.route->path),
		nv("x-number", n)};
	nghttp2_data_provider body = {.source.ptr = s, .read_callback = post};
	nghttp2_submit_request(session, NULL, fields, sizeof fields / sizeof *fields,
		s->q.post > 0 ? &body : NULL, s);
}

static bool flush(struct client *c, nghttp2_session *session)
{
	const uint8_t *out;
	ssize_t n;
	while ((n = nghttp2_session_mem_send(session, &out)) > 0)
		if (!push(c, span_of(out, (size_t)n)))
			return false;
	return n == 0;
}

static void talk_two(struct client *c, size_t n)
{
	struct two t = {.c = c, .n = n};
	nghttp2_session_callbacks *calls;
	nghttp2_session *session;
	nghttp2_session_callbacks_new(&calls);
	nghttp2_session_callbacks_set_on_header_callback(calls, field);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, data);
	nghttp2_session_callbacks_set_on_stream_close_callback(calls, over);
	nghttp2_session_client_new(&session, calls, &t);
	nghttp2_session_callbacks_del(calls);
	nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0);
	for (size_t i = 0; i < n; i++) {
		t.streams[i] = (struct stream){.c = c, .q = ask_what(c)};
		submit(session, &t.streams[i], i);
	}
	while (t.over < n && !c->bad && flush(c, session) && pull(c)) {
		if (nghttp2_session_mem_recv(session, buf_span(&c->in).p, buf_len(&c->in)) < 0)
			trouble(c, "that is no HTTP/2");
		buf_clear(&c->in);
	}
	nghttp2_session_terminate_session(session, 0);
	flush(c, session);
	nghttp2_session_del(session);
}

/* ---- a connection ---- */

static int dial(unsigned port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port)};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	if (connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0)
		return fd;
	close(fd);
	return -1;
}

static void shake(struct client *c)
{
	char host[64];
	int version = c->kind & NEWER ? TLS1_3_VERSION : TLS1_2_VERSION;
	static const unsigned char h2[] = "\2h2\x08http/1.1", h1[] = "\x08http/1.1";
	host_of(c, host);
	c->ssl = SSL_new(c->ctx);
	SSL_set_fd(c->ssl, c->fd);
	SSL_set_min_proto_version(c->ssl, version);
	SSL_set_max_proto_version(c->ssl, version);
	SSL_set_alpn_protos(c->ssl, c->kind & TWO ? h2 : h1,
		(unsigned)(c->kind & TWO ? sizeof h2 : sizeof h1) - 1);
	SSL_set_tlsext_host_name(c->ssl, host);
	SSL_set1_host(c->ssl, host);
	if (c->sessions[c->kind] != NULL)
		SSL_set_session(c->ssl, c->sessions[c->kind]);
	if (SSL_connect(c->ssl) != 1)
		trouble(c, "kind %u: no TLS: %s", c->kind,
			ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
}

static void open_one(struct client *c)
{
	const struct mixed_load *l = c->crowd->l;
	char host[64], line[200];
	c->fd = dial(
		l->proxy_port != 0 ? l->proxy_port : l->origin_port[(c->kind & SECURE) != 0]);
	if (c->fd < 0) {
		trouble(c, "nobody listens: %s", strerror(errno));
		return;
	}
	if (!(c->kind & SECURE))
		return;
	if (l->proxy_port != 0) {
		host_of(c, host);
		snprintf(line, sizeof line, "CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n",
			host, host);
		char *head = push(c, span_str(line)) ? take_head(c) : NULL;
		if (head != NULL && strncmp(head, "HTTP/1.1 200 ", 13) != 0)
			trouble(c, "CONNECT: %.60s", head);
		free(head);
	}
	if (!c->bad)
		shake(c);
}

static void close_one(struct client *c)
{
	char ignored[256];
	if (c->ssl != NULL) {
		SSL_shutdown(c->ssl);
		if (c->crowd->l->resume && !c->bad) {
			SSL_SESSION_free(c->sessions[c->kind]);
			c->sessions[c->kind] = SSL_get1_session(c->ssl);
		}
		ERR_clear_error();
	}
	if (c->fd >= 0) {
		/* In order: what still comes is read, or the close would be a reset. */
		shutdown(c->fd, SHUT_WR);
		while (recv(c->fd, ignored, sizeof ignored, 0) > 0)
			;
		close(c->fd);
	}
	SSL_free(c->ssl);
	c->ssl = NULL;
	buf_clear(&c->in);
}

static size_t take_some(struct crowd *all, size_t want)
{
	size_t left = atomic_load(&all->left), n;
	do {
		n = left < want ? left : want;
	} while (!atomic_compare_exchange_weak(&all->left, &left, left - n));
	return n;
}

static void one_connection(struct client *c, size_t n)
{
	open_one(c);
	bool resumed = c->ssl != NULL && SSL_session_reused(c->ssl);
	if (!c->bad && (c->kind & TWO))
		talk_two(c, n);
	for (size_t i = 0; i < n && !c->bad && !(c->kind & TWO); i++)
		exchange_one(c, i);
	close_one(c);
	pthread_mutex_lock(&c->crowd->lock);
	c->crowd->told->connections++;
	c->crowd->told->exchanges += c->bad ? 0 : n;
	c->crowd->told->resumed += resumed;
	c->crowd->told->kinds[c->kind]++;
	pthread_mutex_unlock(&c->crowd->lock);
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	static const unsigned kinds[] = {
		0, SECURE, SECURE | NEWER, SECURE | TWO, SECURE | TWO | NEWER, SECURE | NEWER};
	sigset_t pipe_signal;
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	for (size_t n; !c->bad && (n = take_some(c->crowd,
					   1 + random_below(&c->random, STREAMS_MAX))) > 0;) {
		c->kind = kinds[random_below(&c->random, sizeof kinds / sizeof *kinds)];
		one_connection(c, n);
	}
	return NULL;
}

void mixed_load(const struct mixed_load *l, struct mixed_told *told)
{
	struct crowd all = {.l = l, .left = l->exchanges, .told = told};
	struct client clients[THREADS_MAX] = {0};
	pthread_t threads[THREADS_MAX];
	unsigned n = l->threads < THREADS_MAX ? l->threads : THREADS_MAX;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	*told = (struct mixed_told){.exchanges = 0};
	pthread_mutex_init(&all.lock, NULL);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_load_verify_locations(ctx, l->cacert, NULL) != 1)
		abort();
	for (unsigned i = 0; i < n; i++) {
		clients[i] = (struct client){
			.crowd = &all, .random = {l->seed * 1000 + i}, .ctx = ctx, .fd = -1};
		if (pthread_create(&threads[i], NULL, client_main, &clients[i]) != 0)
			abort();
	}
	for (unsigned i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		buf_fini(&clients[i].in);
		for (size_t k = 0; k < 8; k++)
			SSL_SESSION_free(clients[i].sessions[k]);
	}
	SSL_CTX_free(ctx);
	pthread_mutex_destroy(&all.lock);
}
