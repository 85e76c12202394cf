#include "tests/kit/raw_client.h"
#include "tests/kit/script_origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000, PIECE = 16384 };

void raw_open(struct raw_client *c, unsigned port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	int one = 1;
	*c = (struct raw_client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	assert_true(c->fd >= 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(c->fd, (struct sockaddr *)&addr, sizeof addr) != 0)
		fail_msg("no connection to 127.0.0.1:%u: %s", port, strerror(errno));
}

void raw_close(struct raw_client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	if (c->fd >= 0)
		close(c->fd);
	buf_fini(&c->in);
	*c = (struct raw_client){.fd = -1};
}

/* How many of n bytes were sent; less than n: the peer is gone, or does not take them in time.
 */
static size_t push(struct raw_client *c, const void *p, size_t n)
{
	const uint8_t *at = p;
	size_t sent = 0;
	while (sent < n) {
		ssize_t got;
		if (c->ssl != NULL)
			got = SSL_write(
				c->ssl, at + sent, (int)(n - sent < PIECE ? n - sent : PIECE));
		else
			got = send(c->fd, at + sent, n - sent, MSG_NOSIGNAL);
		if (got <= 0)
			break;
		sent += (size_t)got;
	}
	ERR_clear_error();
	return sent;
}

void raw_send_bytes(struct raw_client *c, const void *p, size_t n)
{
	size_t sent = push(c, p, n);
	if (sent != n)
		fail_msg("only %zu of %zu bytes could be sent", sent, n);
}

void raw_send(struct raw_client *c, const char *text)
{
	raw_send_bytes(c, text, strlen(text));
}

void raw_send_slowly(struct raw_client *c, const char *text)
{
	for (; *text != 0; text++)
		raw_send_bytes(c, text, 1);
}

void raw_send_fill(struct raw_client *c, size_t n)
{
	uint8_t piece[PIECE];
	for (size_t at = 0; at < n;) {
		size_t len = n - at < sizeof piece ? n - at : sizeof piece;
		for (size_t i = 0; i < len; i++)
			piece[i] = script_fill(at + i);
		raw_send_bytes(c, piece, len);
		at += len;
	}
}

size_t raw_try_send_fill(struct raw_client *c, size_t n)
{
	uint8_t piece[PIECE];
	struct timeval shortly = {.tv_usec = 500000}, patience = {.tv_sec = PATIENCE_MS / 1000};
	size_t at = 0, sent, len;
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &shortly, sizeof shortly);
	do {
		len = n - at < sizeof piece ? n - at : sizeof piece;
		for (size_t i = 0; i < len; i++)
			piece[i] = script_fill(at + i);
		sent = push(c, piece, len);
		at += sent;
	} while (sent == len && at < n);
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	return at;
}

/* More bytes behind in. False: end, reset, or nothing in time (neither flag is set then). */
static bool pull(struct raw_client *c)
{
	if (c->eof || c->reset)
		return false;
	uint8_t *room = buf_room(&c->in, PIECE);
	ssize_t got;
	errno = 0;
	if (c->ssl != NULL) {
		got = SSL_read(c->ssl, room, PIECE);
		int why = got > 0 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, (int)got);
		c->eof = why == SSL_ERROR_ZERO_RETURN;
		/* Gone without close_notify: a cut, whatever TCP says. */
		c->reset =
			(why == SSL_ERROR_SSL || why == SSL_ERROR_SYSCALL) && errno != EAGAIN;
		ERR_clear_error();
	} else {
		got = recv(c->fd, room, PIECE, 0);
		c->eof = got == 0;
		c->reset = got < 0 && errno != EAGAIN && errno != EINTR;
	}
	if (got > 0)
		buf_grew(&c->in, (size_t)got);
	return got > 0;
}

bool raw_more(struct raw_client *c)
{
	return pull(c);
}

static const char *state(const struct raw_client *c)
{
	return c->reset ? "the connection was cut"
	       : c->eof ? "the connection ended"
			: "nothing came in time";
}

static const char *shown(struct span s, char *out, size_t out_len)
{
	text_escape(span_first(s, 300), out, out_len);
	return out;
}

void raw_connect(struct raw_client *c, const char *authority)
{
	char request[600];
	snprintf(request, sizeof request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority,
		authority);
	raw_send(c, request);
	const char *head = raw_head(c);
	if (strncmp(head, "HTTP/1.1 200 ", 13) != 0)
		fail_msg("CONNECT %s was answered: %s", authority, head);
}

bool raw_try_tls(struct raw_client *c, const char *host, const char *cacert)
{
	static const unsigned char alpn[] = "\x08http/1.1";
	signal(SIGPIPE, SIG_IGN); /* SSL_write to a peer that is gone */
	c->ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(c->ctx);
	assert_int_equal(SSL_CTX_load_verify_locations(c->ctx, cacert, NULL), 1);
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(c->ctx, SSL_MODE_AUTO_RETRY);
	c->ssl = SSL_new(c->ctx);
	assert_non_null(c->ssl);
	SSL_set_fd(c->ssl, c->fd);
	SSL_set_alpn_protos(c->ssl, alpn, sizeof alpn - 1);
	SSL_set_hostflags(c->ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	struct in_addr ip;
	if (inet_pton(AF_INET, host, &ip) == 1) {
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), host);
	} else {
		SSL_set_tlsext_host_name(c->ssl, host);
		SSL_set1_host(c->ssl, host);
	}
	bool fine = SSL_connect(c->ssl) == 1;
	if (fine)
		ERR_clear_error();
	return fine;
}

void raw_tls(struct raw_client *c, const char *host, const char *cacert)
{
	if (raw_try_tls(c, host, cacert))
		return;
	char text[256];
	ERR_error_string_n(ERR_get_error(), text, sizeof text);
	fail_msg("TLS as a client of %s: %s (%s)", host, text,
		X509_verify_cert_error_string(SSL_get_verify_result(c->ssl)));
}

void raw_expect_bytes(struct raw_client *c, const void *p, size_t n)
{
	const uint8_t *want = p;
	char got[1300], wanted[1300];
	for (size_t at = 0; at < n;) {
		if (buf_len(&c->in) == 0 && !pull(c))
			fail_msg("%s %zu bytes into \"%s\"", state(c), at,
				shown(span_of(want, n), wanted, sizeof wanted));
		struct span in = span_first(buf_span(&c->in), n - at);
		if (memcmp(in.p, want + at, in.n) != 0)
			fail_msg("got \"%s\" for \"%s\"",
				shown(buf_span(&c->in), got, sizeof got),
				shown(span_of(want + at, n - at), wanted, sizeof wanted));
		buf_consume(&c->in, in.n);
		at += in.n;
	}
}

void raw_expect(struct raw_client *c, const char *text)
{
	raw_expect_bytes(c, text, strlen(text));
}

void raw_expect_fill(struct raw_client *c, size_t n)
{
	for (size_t at = 0; at < n;) {
		if (buf_len(&c->in) == 0 && !pull(c))
			fail_msg("%s at byte %zu of %zu", state(c), at, n);
		struct span in = span_first(buf_span(&c->in), n - at);
		for (size_t i = 0; i < in.n; i++)
			if (in.p[i] != script_fill(at + i))
				fail_msg("byte %zu of %zu differs", at + i, n);
		buf_consume(&c->in, in.n);
		at += in.n;
	}
}

/* The string of the last raw_head or raw_rest. */
static char *last;

static const char *keep(struct span s)
{
	free(last);
	last = malloc(s.n + 1);
	assert_non_null(last);
	if (s.n > 0)
		memcpy(last, s.p, s.n);
	last[s.n] = 0;
	return last;
}

const char *raw_try_head(struct raw_client *c)
{
	for (;;) {
		size_t at = span_find(buf_span(&c->in), span_str("\r\n\r\n"), 0);
		if (at != SIZE_MAX) {
			const char *head = keep(span_first(buf_span(&c->in), at + 4));
			buf_consume(&c->in, at + 4);
			return head;
		}
		if (!pull(c))
			return NULL;
	}
}

const char *raw_head(struct raw_client *c)
{
	char got[1300];
	const char *head = raw_try_head(c);
	if (head == NULL)
		fail_msg("%s before a head was whole: \"%s\"", state(c),
			shown(buf_span(&c->in), got, sizeof got));
	return head;
}

const char *raw_rest(struct raw_client *c, size_t *n)
{
	while (pull(c))
		;
	if (!c->eof && !c->reset)
		fail_msg("the connection did not end in time");
	const char *rest = keep(buf_span(&c->in));
	if (n != NULL)
		*n = buf_len(&c->in);
	buf_clear(&c->in);
	return rest;
}

void raw_expect_eof(struct raw_client *c)
{
	char got[1300];
	while (pull(c))
		;
	if (buf_len(&c->in) > 0)
		fail_msg("got \"%s\" instead of the end",
			shown(buf_span(&c->in), got, sizeof got));
	if (!c->eof)
		fail_msg("%s instead of an orderly end", state(c));
}

void raw_expect_gone(struct raw_client *c)
{
	raw_rest(c, NULL);
}

void raw_expect_silence(struct raw_client *c, int ms)
{
	char got[1300];
	struct pollfd fd = {c->fd, POLLIN, 0};
	bool more = buf_len(&c->in) > 0 || (c->ssl != NULL && SSL_pending(c->ssl) > 0) ||
		    (poll(&fd, 1, ms) > 0 && pull(c));
	if (more)
		fail_msg("got \"%s\" where nothing should come",
			shown(buf_span(&c->in), got, sizeof got));
}

size_t raw_take(struct raw_client *c, int ms)
{
	struct timespec start, now;
	size_t n = buf_len(&c->in);
	buf_clear(&c->in);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		long gone_ms = (now.tv_sec - start.tv_sec) * 1000 +
			       (now.tv_nsec - start.tv_nsec) / 1000000;
		struct pollfd fd = {c->fd, POLLIN, 0};
		bool waiting = c->ssl != NULL && SSL_pending(c->ssl) > 0;
		if (gone_ms >= ms || (!waiting && poll(&fd, 1, ms - (int)gone_ms) <= 0) ||
			!pull(c))
			return n;
		n += buf_len(&c->in);
		buf_clear(&c->in);
	}
}

void raw_skip(struct raw_client *c, size_t n)
{
	while (n > 0) {
		if (buf_len(&c->in) == 0 && !pull(c))
			fail_msg("%s with %zu bytes to come", state(c), n);
		size_t take = buf_len(&c->in) < n ? buf_len(&c->in) : n;
		buf_consume(&c->in, take);
		n -= take;
	}
}

void raw_end(struct raw_client *c)
{
	if (c->ssl != NULL)
		SSL_shutdown(c->ssl);
	shutdown(c->fd, SHUT_WR);
}

void raw_reset(struct raw_client *c)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	raw_close(c);
}
