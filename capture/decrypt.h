/*
 * One TLS connection as a stranger with its secrets reads it: records, handshake messages,
 * plaintext both ways. TLS 1.2 and 1.3 (RFC 5246, RFC 8446): AES-GCM, AES-CCM,
 * ChaCha20-Poly1305, CBC with and without encrypt-then-MAC, key update, HelloRetryRequest,
 * resumption, 0-RTT told. Nothing is believed that does not authenticate: a record that does
 * not decrypt ends the reading of that direction, and that is told. It verifies no certificate.
 * Shares no code with the proxy but capture/wire. Bounded memory. One thread.
 */
#ifndef CAPTURE_DECRYPT_H
#define CAPTURE_DECRYPT_H

#include "capture/keylog.h"
#include "capture/stream.h"
#include "store/base/arena.h"

enum {
	DECRYPT_HANDSHAKE_MAX = 256 * 1024, /* bytes of one handshake message */
	DECRYPT_CERTS_MAX = 100,
	DECRYPT_WAITING_MAX = 1024 * 1024, /* bytes of one direction that wait for keys */
};

struct decrypt;

/* What the handshake was, as far as it was seen. Lives as long as the decrypt. */
struct decrypt_about {
	struct span hello; /* the first ClientHello, handshake message; absent: none seen */
	struct packet_at hello_at;
	unsigned hellos; /* 2: after a HelloRetryRequest */
	struct span
		server_hello; /* the last one; a HelloRetryRequest only if nothing came after
			       */
	bool retry;           /* that is a HelloRetryRequest */
	struct packet_at server_at;
	const char *version; /* "TLS 1.2", "TLS 1.3", as in handshake facts; NULL: unknown */
	const char *cipher;  /* IANA name; NULL: unknown */
	uint16_t cipher_number, group_number; /* 0: unknown */
	struct span alpn;                     /* chosen; absent: none, or not seen */
	struct span certs[DECRYPT_CERTS_MAX]; /* DER, as the server sent them */
	size_t n_certs;
	struct packet_at certs_at;
	struct span ocsp, scts;    /* raw, of the first certificate; absent: none seen */
	uint16_t signature_scheme; /* of the server's CertificateVerify or ServerKeyExchange */
	int resumed;               /* 1, 0; -1: unknown */
	enum flow_early early;
	enum flow_keys keys;
	bool complete; /* both Finished were seen */
	struct packet_at complete_at;
	unsigned key_updates;
	int alert[2]; /* fatal, by enum flow_way: sent that way; -1: none */
	bool close_notify[2];
	uint64_t past[2]; /* bytes behind an alert that ended their direction: not read */
	/* What could not be read: a static sentence; NULL: all was. In `blind` that
	 * direction's reason, afterwards the first that there was. */
	const char *why;
	struct packet_at why_at;
};

struct decrypt_calls {
	/* A ClientHello was whole (the first time only). */
	void (*hello)(void *ctx, const struct decrypt_about *about);
	/* Once: both Finished were read, or application data came before that (0.5-RTT, early
	 * data), or what is sealed cannot be opened (keys NONE, WRONG, UNKNOWN). So it comes
	 * before the first `plain`; `complete` says whether both Finished were seen. */
	void (*secured)(void *ctx, const struct decrypt_about *about);
	/* Application data. */
	void (*plain)(
		void *ctx, enum flow_way way, struct span bytes, const struct packet_at *at);
	/* From here on that direction cannot be read; about->why. Once each. */
	void (*blind)(void *ctx, enum flow_way way, const struct decrypt_about *about);
};

/* keys, calls: borrowed. wait: keys may still come; records wait for them, up to
 * DECRYPT_WAITING_MAX. */
struct decrypt *decrypt_new(
	const struct keylog *keys, bool wait, const struct decrypt_calls *calls, void *ctx);
void decrypt_free(struct decrypt *d);
void decrypt_bytes(
	struct decrypt *d, enum flow_way way, struct span bytes, const struct packet_at *at);
void decrypt_lost(struct decrypt *d, enum flow_way way, uint64_t n, const struct packet_at *at);
/* The key log has grown: what waits is tried again. */
void decrypt_retry(struct decrypt *d);
/* Nothing comes any more: what still waits is blind. */
void decrypt_end(struct decrypt *d);
/* Bytes of that direction wait to be read: for secrets, or for the other side. */
bool decrypt_waits(const struct decrypt *d, enum flow_way way);
const struct decrypt_about *decrypt_about(const struct decrypt *d);

#endif
