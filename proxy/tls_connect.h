/*
 * TLS toward origins. Verifies like a browser: chain to the system roots (and --cacert), host
 * name by SAN only, key usage, must-staple, no leaf of our own CA. Shared SSL_CTX per run; no
 * session is kept or resumed. Captures our ClientHello as sent, the ServerHello, the
 * certificates, OCSP staple and SCTs raw. Tunnel threads.
 */
#ifndef PROXY_TLS_CONNECT_H
#define PROXY_TLS_CONNECT_H

#include "proxy/ca.h"
#include "proxy/leg.h"
#include "proxy/tls_facts.h"

struct tap;        /* proxy/tap.h */
struct tls_client; /* one per run */

/* cacert: PEM file with additional trust anchors, or NULL. own: our CA, whose leaves are
 * refused; may be NULL. */
struct tls_client *tls_client_new(const char *cacert, const struct ca *own, struct err *err);
void tls_client_free(struct tls_client *c);
/* As tls_server_tells. */
void tls_client_tells(struct tls_client *c);

struct tls_connect {
	const char *host; /* A-label name or IP literal: SNI (names only) and verification */
	const char *const
		*alpn; /* what to offer, NULL-terminated; NULL or empty: no ALPN extension */
	bool permit_bad_cert; /* go on although it does not verify; the facts say so */
	int64_t until_us;     /* deadline, clock_real */
	int stop_fd;
	const struct tap *tap; /* as in struct tls_accept */
	int64_t tunnel;
};

/* Handshakes on a connected plain leg. True: leg->tls is set. False: err is ORIGIN_TLS,
 * CERT_INVALID, ORIGIN_TIMEOUT, ORIGIN_RESET, ORIGIN_CLOSED or SHUTDOWN. `out` is filled as far
 * as it went in either case. *peer (may be NULL): the origin's certificate, a reference the
 * caller frees with tls_cert_free, or NULL. */
bool tls_connect(struct tls_client *c, struct leg *leg, const struct tls_connect *want,
	struct arena *a, struct tls_facts *out, struct x509_st **peer, struct err *err);
void tls_cert_free(struct x509_st *cert);
/* From DER, which may be anything; NULL: it is none. Freed likewise. */
struct x509_st *tls_cert_of_der(struct span der);

#endif
