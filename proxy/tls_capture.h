/*
 * What passes during one handshake, kept as bytes: our or the server's hello messages, the
 * peer's certificates, staple and SCTs exactly as they came, alerts both ways. Listens to
 * OpenSSL's message callback, so it sees what a failed or malformed handshake said as well.
 * Inside proxy/tls_* only; one thread.
 */
#ifndef PROXY_TLS_CAPTURE_H
#define PROXY_TLS_CAPTURE_H

#include "store/base/arena.h"

struct ssl_st;

enum { TLS_CAPTURE_CERTS_MAX = 100 }; /* certificates of one list; the rest is not decoded */

struct tls_capture {
	struct arena *arena;
	struct span client_hello; /* the first one; handshake message. Absent: none passed */
	int64_t client_hello_us;
	struct span server_hello; /* the last one: a HelloRetryRequest only if nothing came
				     after it */
	struct span certificates[TLS_CAPTURE_CERTS_MAX]; /* DER, the server's, in its order:
							    the peer's or ours */
	size_t n_certificates;
	struct span ocsp; /* OCSPResponse of the first certificate (RFC 6066 8) */
	struct span scts; /* SignedCertificateTimestampList by TLS extension (RFC 6962 3.3) */
	int alert_got, alert_sent; /* fatal ones, by number; -1: none */
	bool peer_spoke;           /* a handshake message came */
};

/* Starts listening. *c must outlive the handshake. */
void tls_capture_start(struct tls_capture *c, struct ssl_st *ssl, struct arena *a);
void tls_capture_stop(struct ssl_st *ssl);

#endif
