/*
 * The secrets of a handshake, as lines of a TLS key log (RFC 9850), to whoever watches the
 * proxy from outside (tap.h), with the tunnel and leg that they are of. OpenSSL tells of them
 * by context, not by connection: which one it is hangs on the connection. Without a tap nothing
 * of this is set up. Inside proxy/tls_* only; tunnel threads.
 */
#ifndef PROXY_TLS_SECRET_H
#define PROXY_TLS_SECRET_H

#include <stdint.h>

struct ssl_ctx_st;
struct ssl_st;
struct tap;

struct tls_secret {
	const struct tap *tap; /* NULL: nobody is told */
	int64_t tunnel, leg;
};

/* Before the context's first connection. */
void tls_secret_tell(struct ssl_ctx_st *ctx);
/* For one handshake; s must outlive it. */
void tls_secret_start(const struct tls_secret *s, struct ssl_st *ssl);
void tls_secret_stop(struct ssl_st *ssl);

#endif
