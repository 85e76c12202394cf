/*
 * A client that says exactly what a test wants, byte for byte: to the proxy, through CONNECT,
 * inside TLS. Blocking, with a deadline on everything; a surprise fails the running cmocka test
 * with what was got instead. One test thread.
 */
#ifndef TESTS_KIT_RAW_CLIENT_H
#define TESTS_KIT_RAW_CLIENT_H

#include "store/base/buf.h"

struct ssl_st;
struct ssl_ctx_st;

struct raw_client {
	int fd;
	struct ssl_ctx_st *ctx;
	struct ssl_st *ssl; /* NULL: plain */
	struct buf in;      /* read and not yet expected */
	bool eof, reset;
};

/* Connects to 127.0.0.1:port. */
void raw_open(struct raw_client *c, unsigned port);
void raw_close(struct raw_client *c);

void raw_send(struct raw_client *c, const char *text);
void raw_send_bytes(struct raw_client *c, const void *p, size_t n);
void raw_send_slowly(
	struct raw_client *c, const char *text);    /* each byte in a segment of its own */
void raw_send_fill(struct raw_client *c, size_t n); /* the pattern of script_origin */
/* Sends as much as is taken within a short while; returns how much. */
size_t raw_try_send_fill(struct raw_client *c, size_t n);

/* CONNECT authority, and a 200. */
void raw_connect(struct raw_client *c, const char *authority);
/* TLS as a browser would: SNI host, ALPN http/1.1, the server verified against a PEM file.
 * False if the handshake failed. */
bool raw_try_tls(struct raw_client *c, const char *host, const char *cacert);
void raw_tls(struct raw_client *c, const char *host, const char *cacert);

/* More bytes behind in. False: the end, a reset, or nothing in time (then neither is set). */
bool raw_more(struct raw_client *c);
/* The next bytes are exactly these. */
void raw_expect(struct raw_client *c, const char *text);
void raw_expect_bytes(struct raw_client *c, const void *p, size_t n);
void raw_expect_fill(struct raw_client *c, size_t n);
/* The next head, through its empty line, as a string that lives until the next call. Fails if
 * none comes. */
const char *raw_head(struct raw_client *c);
/* The same, NULL if the connection ends first. */
const char *raw_try_head(struct raw_client *c);
/* Everything up to the end or reset, as a string; *n (may be NULL) its length. Lives until the
 * next call. */
const char *raw_rest(struct raw_client *c, size_t *n);
/* Takes and forgets what comes within ms milliseconds; returns how many bytes. */
size_t raw_take(struct raw_client *c, int ms);
/* Takes and forgets exactly n bytes. */
void raw_skip(struct raw_client *c, size_t n);
/* The peer ended its side in order and nothing came before. */
void raw_expect_eof(struct raw_client *c);
/* The peer is gone, by end or reset; what came before does not matter. */
void raw_expect_gone(struct raw_client *c);
/* Nothing comes for ms milliseconds: the only way to show that something is held back. */
void raw_expect_silence(struct raw_client *c, int ms);

void raw_end(struct raw_client *c);   /* close_notify and FIN; reading goes on */
void raw_reset(struct raw_client *c); /* RST; closed afterwards */

#endif
