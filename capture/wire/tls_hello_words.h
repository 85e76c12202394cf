/*
 * What facts say of a ClientHello, in words: its server name, what it offers, its fingerprints.
 * Hostile input; results live in the arena, or point into the message. Any thread.
 */
#ifndef CAPTURE_WIRE_TLS_HELLO_WORDS_H
#define CAPTURE_WIRE_TLS_HELLO_WORDS_H

#include "store/base/arena.h"
#include "store/base/err.h"

struct tls_hello_words {
	struct span sni;
	struct span alpn; /* the offered protocols, space-separated; their bytes beyond
			     printable ASCII, spaces and backslashes as \xNN */
	struct span ja3, ja3_full, ja4, ja4_raw;
};

/* message: the handshake message. False with ERR_HELLO: nothing is known. */
bool tls_hello_words(
	struct span message, struct arena *a, struct tls_hello_words *out, struct err *err);

#endif
