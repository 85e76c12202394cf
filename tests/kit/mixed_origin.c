#include "tests/kit/mixed_origin.h"
#include "tests/kit/h2_serve.h"
#include "tests/kit/script_origin.h"
#include "tests/kit/two_doors.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { HEAD_MAX = 16 * 1024 };

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
	struct two_doors *doors;
};

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "mixed_origin: %s\n", what);
	abort();
}

/* ---- HTTP/1.1 ---- */

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

static void answer(struct buf *out, const struct h2_route *r)
{
	bool chunked = r->fields != NULL && strstr(r->fields, "x-chunks") != NULL;
	size_t n = r->body != NULL ? strlen(r->body) : r->fill;
	buf_clear(out);
	buf_addf(out, "HTTP/1.1 %d Answer\r\n", r->status);
	for (const char *at = r->fields; at != NULL && *at != 0;) {
		size_t line = strcspn(at, "\n");
		buf_addf(out, "%.*s\r\n", (int)line, at);
		at += line + 1;
	}
	if (chunked)
		buf_add_str(out, "transfer-encoding: chunked\r\n\r\n");
	else if (r->status != 204)
		buf_addf(out, "content-length: %zu\r\n\r\n", n);
	else
		buf_add_str(out, "\r\n");
	add_body(out, r, chunked);
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

static bool one_exchange(struct two_doors_link *l, struct buf *out)
{
	static const struct h2_route none = {NULL, 404, NULL, "no such route", 0};
	size_t end, space;
	while ((end = span_find(buf_span(&l->in), span_str("\r\n\r\n"), 0)) == SIZE_MAX)
		if (buf_len(&l->in) > HEAD_MAX || !two_doors_pull(l))
			return false;
	struct span head = span_first(buf_span(&l->in), end + 4);
	size_t length = length_of(head);
	struct span path = span_from(head, span_find_byte(head, ' ', 0) + 1);
	space = span_find_byte(path, ' ', 0);
	const struct h2_route *r = route_of(span_first(path, space));
	answer(out, r != NULL ? r : &none);
	buf_consume(&l->in, end + 4);
	while (buf_len(&l->in) < length)
		if (!two_doors_pull(l))
			return false;
	buf_consume(&l->in, length);
	return two_doors_push(l, buf_span(out));
}

/* ---- a connection ---- */

static void serve_two(struct two_doors_link *l)
{
	atomic_size_t served = 0;
	struct h2_serve s = {.routes = mixed_routes,
		.n_routes = mixed_n_routes,
		.fd = l->fd,
		.stop_fd = l->stop_fd,
		.ssl = l->ssl,
		.served = &served};
	fcntl(l->fd, F_SETFL, fcntl(l->fd, F_GETFL) | O_NONBLOCK);
	h2_serve_run(&s);
}

static void serve(void *ctx, struct two_doors_link *l)
{
	struct buf out = {0};
	(void)ctx;
	if (l->two)
		serve_two(l);
	while (!l->two && one_exchange(l, &out))
		;
	if (l->ssl != NULL && !l->two)
		SSL_shutdown(l->ssl);
	shutdown(l->fd, SHUT_WR);
	buf_fini(&out);
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

static void set_up(SSL_CTX *ctx)
{
	SSL_CTX_set_mode(
		ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_client_hello_cb(ctx, choose_version, NULL);
}

struct mixed_origin *mixed_origin_start(void)
{
	struct mixed_origin *o = calloc(1, sizeof *o);
	must(o != NULL, "memory");
	o->doors = two_doors_open(&(struct two_doors_order){.root = "mixed origin root",
		.san = "DNS:mixed.test,DNS:*.mixed.test",
		.set_up = set_up,
		.serve = serve});
	return o;
}

const char *mixed_origin_rule(const struct mixed_origin *o, bool secure)
{
	return two_doors_rule(o->doors, secure);
}

const char *mixed_origin_cacert(const struct mixed_origin *o)
{
	return two_doors_cacert(o->doors);
}

void mixed_origin_stop(struct mixed_origin *o)
{
	two_doors_close(o->doors);
	free(o);
}
