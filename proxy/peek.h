/*
 * How does the client introduce itself on a new byte pipe? Reads (never peeks in a spin) until
 * that is known; what was read stays in leg->in. Tunnel threads.
 */
#ifndef PROXY_PEEK_H
#define PROXY_PEEK_H

#include "proxy/leg.h"

enum { PEEK_SILENT_MS = 2000 }; /* a client that says nothing for so long is passed through */

enum peek_kind {
	PEEK_TLS,     /* *hello holds the whole ClientHello message */
	PEEK_NOT_TLS, /* leg->in holds its first bytes */
	PEEK_SILENT,  /* nothing came for PEEK_SILENT_MS */
	PEEK_FAILED   /* closed, reset, stopped, or a hello that cannot be read: err */
};

enum peek_kind peek(struct leg *leg, int64_t silent_until_us, int64_t until_us, int stop_fd,
	struct buf *hello, struct err *err);

#endif
