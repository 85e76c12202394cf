/*
 * What the first bytes of a connection look like. Pure: it looks and decides nothing. Any
 * thread.
 */
#ifndef CAPTURE_STORY_LOOKS_H
#define CAPTURE_STORY_LOOKS_H

#include "store/base/text.h"

enum story_looks {
	STORY_UNLIKE,
	STORY_MAY_LOOK, /* it begins so, and is too short to tell */
	STORY_LOOKS,
};

/* A TLS record (RFC 8446 5.1): of a handshake; in the middle of a connection, of any kind. */
enum story_looks story_looks_tls(struct span in, bool midway);
/* The preface of HTTP/2 (RFC 9113 3.4). */
enum story_looks story_looks_h2(struct span up);
/* A request line of HTTP/1 (RFC 9112 3). */
enum story_looks story_looks_http1(struct span up);
/* The server's name in a ClientHello, a handshake message; absent is fine. False: none that
 * fits. */
bool story_looks_name(struct span hello, char *out, size_t room);

#endif
