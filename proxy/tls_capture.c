#include "proxy/tls_capture.h"
#include "store/base/clock.h"
#include "store/base/reader.h"

#include <openssl/ssl.h>

enum {
	EXT_STATUS_REQUEST = 5, /* RFC 6066 8 */
	EXT_SCT = 18,           /* RFC 6962 3.3.1 */
	STATUS_TYPE_OCSP = 1,
	ALERT_FATAL = 2,
	RANDOM_LEN = 32,
};

/* CertificateStatus (RFC 6066 8), also the body of the status_request extension in TLS 1.3 (RFC
 * 8446 4.4.2.1). */
static void take_status(struct tls_capture *c, struct reader r)
{
	if (read_u8(&r) != STATUS_TYPE_OCSP)
		return;
	struct reader response = read_vector(&r, 3);
	if (!response.bad && response.n > 0 && c->ocsp.p == NULL)
		c->ocsp = arena_copy(c->arena, span_of(response.p, response.n));
}

static void take_extensions(struct tls_capture *c, struct reader r)
{
	while (r.n > 0 && !r.bad) {
		uint16_t type = read_u16(&r);
		struct reader data = read_vector(&r, 2);
		if (data.bad)
			return;
		if (type == EXT_SCT && c->scts.p == NULL)
			c->scts = arena_copy(c->arena, span_of(data.p, data.n));
		/* In a ServerHello of TLS 1.2 this one is empty, and the response comes in a
		 * message of its own. */
		if (type == EXT_STATUS_REQUEST && data.n > 0)
			take_status(c, data);
	}
}

/* RFC 8446 4.1.3, RFC 5246 7.4.1.3: the SCT list of TLS 1.2 rides on the ServerHello. */
static void take_server_hello(struct tls_capture *c, struct span message)
{
	c->server_hello = arena_copy(c->arena, message);
	struct reader r = reader_of(span_from(message, 4));
	read_u16(&r);
	read_span(&r, RANDOM_LEN);
	read_vector(&r, 1); /* session id */
	read_u16(&r);       /* cipher */
	read_u8(&r);        /* compression */
	if (r.n > 0)
		take_extensions(c, read_vector(&r, 2));
}

/* RFC 5246 7.4.2: a list of certificates. RFC 8446 4.4.2: a context, then a list of
 * certificates with extensions each. */
static void take_certificates(struct tls_capture *c, struct span message, bool tls13)
{
	struct reader r = reader_of(span_from(message, 4));
	c->n_certificates = 0;
	if (tls13)
		read_vector(&r, 1);
	struct reader list = read_vector(&r, 3);
	while (list.n > 0 && !list.bad && c->n_certificates < TLS_CAPTURE_CERTS_MAX) {
		struct reader der = read_vector(&list, 3);
		struct reader extensions = {0};
		if (tls13)
			extensions = read_vector(&list, 2);
		if (der.bad || extensions.bad)
			return;
		if (c->n_certificates == 0)
			take_extensions(c, extensions);
		c->certificates[c->n_certificates++] =
			arena_copy(c->arena, span_of(der.p, der.n));
	}
}

static void took_handshake(struct tls_capture *c, bool sent, struct span m, const SSL *ssl)
{
	c->peer_spoke = c->peer_spoke || !sent;
	switch (m.p[0]) {
	case SSL3_MT_CLIENT_HELLO:
		if (c->client_hello.p == NULL) {
			c->client_hello = arena_copy(c->arena, m);
			c->client_hello_us = clock_now_us(clock_real());
		}
		return;
	case SSL3_MT_SERVER_HELLO: take_server_hello(c, m); return;
	case SSL3_MT_CERTIFICATE:
		if (sent == (SSL_is_server(ssl) == 1))
			take_certificates(c, m, SSL_version(ssl) == TLS1_3_VERSION);
		return;
	case SSL3_MT_CERTIFICATE_STATUS:
		if (!sent)
			take_status(c, reader_of(span_from(m, 4)));
		return;
	default: return;
	}
}

static void on_message(
	int sent, int version, int type, const void *p, size_t n, SSL *ssl, void *self)
{
	(void)version;
	struct tls_capture *c = self;
	const uint8_t *bytes = p;
	if (type == SSL3_RT_HANDSHAKE && n >= SSL3_HM_HEADER_LENGTH)
		took_handshake(c, sent != 0, span_of(p, n), ssl);
	if (type == SSL3_RT_ALERT && n == 2 && bytes[0] == ALERT_FATAL) {
		if (sent)
			c->alert_sent = bytes[1];
		else
			c->alert_got = bytes[1];
	}
}

void tls_capture_start(struct tls_capture *c, struct ssl_st *ssl, struct arena *a)
{
	*c = (struct tls_capture){.arena = a, .alert_got = -1, .alert_sent = -1};
	SSL_set_msg_callback(ssl, on_message);
	SSL_set_msg_callback_arg(ssl, c);
}

void tls_capture_stop(struct ssl_st *ssl)
{
	SSL_set_msg_callback(ssl, NULL);
	SSL_set_msg_callback_arg(ssl, NULL);
}
