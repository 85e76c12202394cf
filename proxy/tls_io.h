/*
 * An established TLS connection on a non-blocking socket: read, write, end. Bytes that were
 * read before TLS began (the ClientHello) are fed back through the BIO. Wraps OpenSSL's SSL;
 * made by tls_accept and tls_connect, owned by a leg. One thread.
 */
#ifndef PROXY_TLS_IO_H
#define PROXY_TLS_IO_H

#include "store/base/err.h"
#include "store/base/text.h"

struct ssl_st;

struct tls {
	struct ssl_st *ssl;
};

enum tls_io {
	TLS_IO_OK,
	TLS_IO_WANT_READ,
	TLS_IO_WANT_WRITE,
	TLS_IO_EOF,
	TLS_IO_CUT,
	TLS_IO_ERROR
};

/* Makes the SSL's BIO over fd; `prefix` (copied) is what reading gives first. Does not own fd.
 */
bool tls_io_attach(struct ssl_st *ssl, int fd, struct span prefix);
struct tls *tls_io_new(struct ssl_st *ssl); /* takes the SSL */
void tls_io_free(struct tls *t);
/* Nothing is going on: gives back OpenSSL's buffers, 34 KB, if they are empty. It makes new
 * ones by itself. */
void tls_io_rest(struct tls *t);
/* One step of a handshake: what SSL_do_handshake gives. */
int tls_io_handshake(struct ssl_st *ssl);
/* Takes what is there, several records if they fit: *got bytes, also where the outcome is not
 * OK, which says why it went no further. OK: the room is full. TLS_IO_EOF: close_notify;
 * TLS_IO_CUT: the connection ended without it. TLS_IO_ERROR: err->os is set (kind SYSTEM) where
 * the socket failed, else err->detail says what TLS did not like or which alert came (kind
 * INTERNAL; the leg knows whose fault). The end, once met, is told again by every later read.
 */
enum tls_io tls_io_read(struct tls *t, uint8_t *p, size_t n, size_t *got, struct err *err);
enum tls_io tls_io_write(
	struct tls *t, const uint8_t *p, size_t n, size_t *sent, struct err *err);
enum tls_io tls_io_end(struct tls *t); /* close_notify */
size_t tls_io_pending(
	const struct tls *t); /* bytes that need no poll: decrypted or still records */
bool tls_io_urgent(const struct tls *t); /* a byte of it was marked: proxy/urgent.h */
bool tls_io_ended(const struct tls *t);  /* a read has met the end, one way or another */

/* What handshakes want to know of the socket below: errno of the last failed call (0: none),
 * whether the peer's side ended, and the first bytes that it sent (at most TLS_IO_FIRST; takes
 * what has come meanwhile, so only for connections that are lost). */
enum { TLS_IO_FIRST = 48 };
int tls_io_os(const struct ssl_st *ssl);
bool tls_io_eof(const struct ssl_st *ssl);
struct span tls_io_first(struct ssl_st *ssl);
/* The oldest error that OpenSSL queued, in words; "" if none. Empties the queue. */
const char *tls_io_why(void);

#endif
