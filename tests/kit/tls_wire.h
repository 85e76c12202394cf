/*
 * A whole TLS conversation as the bytes that its two TCP ends would send, with its key log: an
 * OpenSSL client and an OpenSSL server, joined in memory. It is played step by step; every step
 * that moves bytes adds pieces, in the order in which a wire would show them. What cannot be
 * played stops the test program. One thread.
 *
 *	struct tls_wire *w = tls_wire_new(&(struct tls_wire_order){.cipher = "..."});
 *	tls_wire_say(w, FLOW_UP, span_str("GET / HTTP/1.1\r\n\r\n"));
 *	tls_wire_say(w, FLOW_DOWN, answer);
 *	tls_wire_close(w, FLOW_DOWN);
 *	for (i < w->n_pieces) tcp_payload(w->pieces[i].way, tls_wire_bytes(w, i));
 *	key log: buf_span(&w->keys); what was said: buf_span(&w->said[way]).
 */
#ifndef KIT_TLS_WIRE_H
#define KIT_TLS_WIRE_H

#include "capture/stream.h"
#include "store/base/buf.h"

#include <openssl/ssl.h>

struct made;

struct tls_wire_order {
	int version;        /* TLS1_3_VERSION, ...; 0: 1.3 */
	const char *cipher; /* OpenSSL's name, of either version; NULL: its choice */
	const char *client_groups, *server_groups; /* SSL_CTX_set1_groups_list; NULL: default.
			A first group that the server has not makes a HelloRetryRequest */
	const char *sni;                           /* NULL: "wire.example" */
	const char *alpn;                          /* one name; NULL: none */
	const struct made *cert;                   /* NULL: a P-256 one, made once */
	const struct tls_wire *resumes; /* its session is offered, to the same server keys */
	bool forgetful;                 /* the server does not know that session */
	bool no_tickets;                /* TLS 1.2: resumption by session id */
	bool no_encrypt_then_mac;
	struct span early;  /* 0-RTT data of the client; needs resumes */
	bool early_refused; /* the server does not take it */
	struct span half;   /* 0.5-RTT data of the server */
	bool no_handshake;  /* only the ClientHello was sent: play on by hand */
	struct span staple,
		scts; /* an OCSP response and a list of SCTs that the server sends */
	/* Further settings by hand, before anything is sent; may be NULL. */
	void (*set_up)(void *ctx, SSL *client, SSL *server);
	void *ctx;
};

struct tls_wire_piece {
	enum flow_way way;
	size_t at, n; /* in wire */
};

struct tls_wire {
	SSL *ssl[2]; /* by enum flow_way: who sends that way */
	SSL_CTX *contexts[2];
	SSL_SESSION *session;  /* the newest; NULL: none */
	struct buf wire, keys; /* all bytes sent; key log text */
	struct span staple, scts;
	struct buf said[2]; /* plaintext of the application */
	struct tls_wire_piece *pieces;
	size_t n_pieces;
};

struct tls_wire *tls_wire_new(const struct tls_wire_order *order);
void tls_wire_free(struct tls_wire *w);
/* The sender writes, the other reads it all; in records of at most 16 KiB. */
void tls_wire_say(struct tls_wire *w, enum flow_way way, struct span bytes);
/* A KeyUpdate of that sender; asks: it wants one of the other, who gives it when it speaks. */
void tls_wire_update(struct tls_wire *w, enum flow_way way, bool asks);
void tls_wire_close(struct tls_wire *w, enum flow_way way); /* close_notify */
/* Moves what the sender has written so far. */
void tls_wire_move(struct tls_wire *w, enum flow_way way);
struct span tls_wire_bytes(const struct tls_wire *w, size_t piece);
/* All bytes of one way, appended to out. */
void tls_wire_all(const struct tls_wire *w, enum flow_way way, struct buf *out);

#endif
