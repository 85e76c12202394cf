/*
 * A small TLS (or plain) server on loopback with a thread of its own, scripted by a shape:
 * which certificates, versions, suites, ALPN, staple, SCTs, what it says and how it ends. It
 * takes connections one after the other until it is stopped, and counts what it heard. It is
 * OpenSSL at security level 0: it serves what no decent server would. For tests; aborts on
 * trouble of its own.
 */
#ifndef KIT_TLS_ORIGIN_H
#define KIT_TLS_ORIGIN_H

#include "tests/kit/make_cert.h"

#include <stdint.h>

enum { TLS_ORIGIN_CHAIN = 8, TLS_ORIGIN_HEARD_MAX = 64 * 1024 };

enum tls_origin_end {
	TLS_ORIGIN_CLOSE, /* close_notify after `say`, then reads until the client ends */
	TLS_ORIGIN_CUT,   /* FIN after `say` without close_notify */
	TLS_ORIGIN_RESET, /* RST after `say` */
	TLS_ORIGIN_STAY,  /* says nothing more and reads until the client ends */
};

struct tls_origin_shape {
	const struct made *chain[TLS_ORIGIN_CHAIN]; /* the leaf first; its key is used. All that
						       is here is sent */
	const char *alpn; /* what it takes, comma-separated, by its own preference; NULL:
			     answers none */
	int min_version, max_version;          /* TLS1_2_VERSION..; 0: OpenSSL's own */
	const char *ciphers, *suites, *groups; /* TLS 1.2, TLS 1.3; NULL: OpenSSL's own */
	const void *staple, *scts;
	size_t staple_len, scts_len;
	bool ask_client_cert; /* and insists */
	const void *say;      /* after the handshake (or at once where `plain`) */
	size_t say_len;
	bool plain;  /* no TLS at all */
	bool silent; /* reads, never answers, until the client ends */
	bool echo;   /* sends back what it hears instead of counting on `say` */
	enum tls_origin_end end;
};

struct tls_origin;
struct tls_origin *tls_origin_start(
	const struct tls_origin_shape *shape); /* borrows what the shape points to */
uint16_t tls_origin_port(const struct tls_origin *o);
/* A blocking client socket connected to it. */
int tls_origin_dial(const struct tls_origin *o);
/* Waits (at most 10 s, then aborts) until n connections have ended. */
void tls_origin_wait(struct tls_origin *o, size_t n);
/* Application bytes heard so far on all connections; copied into out (may be NULL), at most
 * out_len. */
size_t tls_origin_heard(struct tls_origin *o, void *out, size_t out_len);
/* Handshakes that came to a good end on its side. */
size_t tls_origin_shaken(struct tls_origin *o);
void tls_origin_stop(struct tls_origin *o);

#endif
