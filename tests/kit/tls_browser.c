#include "tests/kit/tls_browser.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void count_tickets(
	int sent, int version, int type, const void *p, size_t n, SSL *ssl, void *self)
{
	(void)version, (void)ssl;
	if (!sent && type == SSL3_RT_HANDSHAKE && n > 0 &&
		*(const uint8_t *)p == SSL3_MT_NEWSESSION_TICKET)
		((struct tls_browser *)self)->tickets++;
}

static void talk(struct tls_browser *c, SSL *ssl)
{
	const unsigned char *alpn;
	unsigned n;
	SSL_get0_alpn_selected(ssl, &alpn, &n);
	memcpy(c->alpn_chosen, alpn != NULL ? alpn : (const unsigned char *)"", n);
	c->leaf = SSL_get1_peer_certificate(ssl);
	if (c->temper == TLS_BROWSER_RENEGOTIATES) {
		SSL_renegotiate(ssl);
		c->shaken = SSL_do_handshake(ssl) == 1;
		if (!c->shaken)
			return;
	}
	SSL_write(ssl, "ping", 4);
	int got = SSL_read(ssl, c->heard, sizeof c->heard - 1);
	c->heard[got > 0 ? got : 0] = 0;
	SSL_shutdown(ssl);
}

static void *run(void *self)
{
	struct tls_browser *c = self;
	/* OpenSSL's own socket BIO raises SIGPIPE. In this thread only: the code under test
	 * must not raise any. */
	sigset_t pipe_signal;
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	if (c->trusts != NULL)
		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), c->trusts);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, c->version);
	SSL_CTX_set_max_proto_version(ctx, c->version);
	if (c->groups != NULL)
		SSL_CTX_set1_groups_list(ctx, c->groups);
	SSL *ssl = SSL_new(ctx);
	SSL_set_msg_callback(ssl, count_tickets);
	SSL_set_msg_callback_arg(ssl, c);
	if (c->sni != NULL)
		SSL_set_tlsext_host_name(ssl, c->sni);
	if (c->check_host != NULL)
		SSL_set1_host(ssl, c->check_host);
	if (c->alpn != NULL)
		SSL_set_alpn_protos(ssl, (const unsigned char *)c->alpn, c->alpn_len);
	SSL_set_fd(ssl, c->fd);
	if (c->temper == TLS_BROWSER_LEAVES_AFTER_HELLO) {
		BIO *nothing = BIO_new(BIO_s_mem()); /* reads nothing, so that the handshake
							stops after the hello */
		SSL_set0_rbio(ssl, nothing);
		SSL_connect(ssl);
		shutdown(c->fd, SHUT_WR);
	} else if (SSL_connect(ssl) == 1) {
		c->shaken = true;
		talk(c, ssl);
	}
	unsigned long e = ERR_get_error();
	ERR_error_string_n(e, c->why, sizeof c->why);
	ERR_clear_error();
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(c->fd);
	return NULL;
}

void tls_browser_start(struct tls_browser *c, int fd)
{
	c->fd = fd;
	setsockopt(
		fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){10, 0}, sizeof(struct timeval));
	if (pthread_create(&c->thread, NULL, run, c) != 0)
		abort();
}

void tls_browser_join(struct tls_browser *c)
{
	pthread_join(c->thread, NULL);
}

void tls_browser_fini(struct tls_browser *c)
{
	X509_free(c->leaf);
	c->leaf = NULL;
}
