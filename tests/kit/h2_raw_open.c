/* How a frame-level end comes to its connection, and how it leaves it. */
#include "tests/kit/h2_raw.h"
#include "tests/kit/raw_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void begin(struct h2_raw *c, int fd, SSL *ssl)
{
	*c = (struct h2_raw){.fd = fd, .ssl = ssl, .window = H2_WINDOW, .initial = H2_WINDOW};
	for (size_t i = 0; i < H2_SETTINGS_KNOWN; i++)
		c->settings[i] = -1;
	assert_int_equal(nghttp2_hd_inflate_new(&c->inflater), 0);
	struct sockaddr_in addr;
	socklen_t len = sizeof addr;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	c->local_port = ntohs(addr.sin_port);
}

static void now_shaken(struct h2_raw *c)
{
	const unsigned char *alpn;
	unsigned n;
	int one = 1;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
	SSL_get0_alpn_selected(c->ssl, &alpn, &n);
	assert_true(n < sizeof c->alpn);
	if (n > 0)
		memcpy(c->alpn, alpn, n);
}

/* "h2,http/1.1" as ALPN stands on the wire. */
static void offer(SSL *ssl, const char *alpn)
{
	struct buf wire = {0};
	while (alpn != NULL && *alpn != 0) {
		size_t n = strcspn(alpn, ",");
		buf_add_byte(&wire, (uint8_t)n);
		buf_add(&wire, alpn, n);
		alpn += n + (alpn[n] == ',');
	}
	if (buf_len(&wire) > 0)
		SSL_set_alpn_protos(ssl, buf_span(&wire).p, (unsigned)buf_len(&wire));
	buf_fini(&wire);
}

static bool shake(
	struct h2_raw *c, int fd, const char *host, const char *alpn, const char *cacert)
{
	signal(SIGPIPE, SIG_IGN); /* SSL_write to a peer that is gone */
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(ctx);
	assert_int_equal(SSL_CTX_load_verify_locations(ctx, cacert, NULL), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(
		ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL *ssl = SSL_new(ctx);
	assert_non_null(ssl);
	SSL_set_fd(ssl, fd);
	offer(ssl, alpn);
	SSL_set_tlsext_host_name(ssl, host);
	SSL_set1_host(ssl, host);
	begin(c, fd, ssl);
	c->ctx = ctx;
	bool fine = SSL_connect(ssl) == 1;
	if (fine)
		now_shaken(c);
	else
		c->reset = true;
	return fine;
}

static void demand_shaken(bool fine, const struct h2_raw *c, const char *host)
{
	char text[256];
	if (fine)
		return;
	ERR_error_string_n(ERR_get_error(), text, sizeof text);
	fail_msg("TLS as a client of %s: %s (%s)", host, text,
		X509_verify_cert_error_string(SSL_get_verify_result(c->ssl)));
}

void h2_raw_direct(
	struct h2_raw *c, unsigned port, const char *host, const char *alpn, const char *cacert)
{
	struct raw_client plain;
	raw_open(&plain, port);
	bool fine = shake(c, plain.fd, host, alpn, cacert);
	buf_fini(&plain.in);
	demand_shaken(fine, c, host);
}

bool h2_raw_try_connect(struct h2_raw *c, unsigned proxy_port, const char *host,
	const char *alpn, const char *cacert)
{
	struct raw_client plain;
	char authority[300];
	snprintf(authority, sizeof authority, "%s:443", host);
	raw_open(&plain, proxy_port);
	raw_connect(&plain, authority);
	assert_int_equal(buf_len(&plain.in), 0);
	bool fine = shake(c, plain.fd, host, alpn, cacert);
	buf_fini(&plain.in);
	return fine;
}

void h2_raw_connect(struct h2_raw *c, unsigned proxy_port, const char *host, const char *alpn,
	const char *cacert)
{
	demand_shaken(h2_raw_try_connect(c, proxy_port, host, alpn, cacert), c, host);
	ERR_clear_error();
}

void h2_raw_take(struct h2_raw *c, int fd, SSL *ssl)
{
	begin(c, fd, ssl);
	now_shaken(c);
}

static void finish(struct h2_raw *c)
{
	ERR_clear_error();
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	if (c->fd >= 0)
		close(c->fd);
	if (c->inflater != NULL)
		nghttp2_hd_inflate_del(c->inflater);
	buf_fini(&c->in);
	buf_fini(&c->fields);
	buf_fini(&c->log);
	*c = (struct h2_raw){.fd = -1, .eof = true};
}

void h2_raw_close(struct h2_raw *c)
{
	if (c->ssl != NULL && !c->reset)
		SSL_shutdown(c->ssl);
	finish(c);
}

void h2_raw_cut(struct h2_raw *c)
{
	if (c->ssl != NULL)
		SSL_set_quiet_shutdown(c->ssl, 1);
	finish(c);
}

void h2_raw_reset(struct h2_raw *c)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	h2_raw_cut(c);
}

void h2_raw_hello(struct h2_raw *c, const void *settings, size_t n)
{
	struct buf out = {0};
	buf_add_str(&out, H2_PREFACE);
	h2_write_frame(&out, H2_SETTINGS, 0, 0, settings, n);
	h2_raw_bytes(c, buf_span(&out).p, buf_len(&out));
	buf_fini(&out);
	if (!c->settings_came)
		h2_raw_expect(c, H2_SETTINGS, 0);
}
