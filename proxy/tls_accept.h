/*
 * TLS toward the browser: answers its ClientHello (already read) with a leaf for the host.
 * Shared SSL_CTX per run, TLS 1.2 and 1.3, no session tickets, no resumption, ECDSA leaf.
 * Tunnel threads.
 */
#ifndef PROXY_TLS_ACCEPT_H
#define PROXY_TLS_ACCEPT_H

#include "proxy/leaves.h"
#include "proxy/leg.h"
#include "proxy/tls_facts.h"

struct tap;        /* proxy/tap.h */
struct tls_server; /* one per run */

struct tls_server *tls_server_new(struct mint *m, struct err *err);
void tls_server_free(struct tls_server *s);
/* Handshakes give their secrets to the tap of their order. Before the first of them. */
void tls_server_tells(struct tls_server *s);

struct tls_accept {
	struct x509_st *leaf; /* borrowed; its key is the mint's */
	const char *alpn; /* the protocol to choose if the browser offers it, e.g. "http/1.1";
			     NULL: answer no ALPN */
	int64_t until_us;
	int stop_fd;
	const struct tap *tap; /* who is given the secrets, as those of this tunnel and of the
				  leg's number; NULL: nobody. Borrowed */
	int64_t tunnel;
};

/* Handshakes on a plain leg whose `in` holds the record bytes read so far (they are fed back
 * and `in` is emptied). True: leg->tls is set. False: BROWSER_TLS (the alert in words, e.g.
 * that the browser does not trust the CA), BROWSER_TIMEOUT, BROWSER_CLOSED, BROWSER_RESET,
 * SHUTDOWN. `out` is filled either way (its hello is left empty: peek records that). */
bool tls_accept(struct tls_server *s, struct leg *leg, const struct tls_accept *want,
	struct arena *a, struct tls_facts *out, struct err *err);

#endif
