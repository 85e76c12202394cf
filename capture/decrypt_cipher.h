/*
 * The records of one direction of a TLS connection, opened: one cipher, its keys, its sequence
 * number (RFC 5246 6.2.3, RFC 8446 5.2, RFC 7366). It knows nothing of handshakes. What does
 * not authenticate is not opened, and does not count. Owned by decrypt; one thread.
 */
#ifndef CAPTURE_DECRYPT_CIPHER_H
#define CAPTURE_DECRYPT_CIPHER_H

#include "store/base/text.h"

enum {
	TLS_1_0 = 0x0301,
	TLS_1_1 = 0x0302,
	TLS_1_2 = 0x0303,
	TLS_1_3 = 0x0304,
	TLS_RECORD_HEADER = 5,
	TLS_PLAIN_MAX = 16 * 1024,               /* RFC 8446 5.1: content of one record */
	TLS_SEALED_MAX = TLS_PLAIN_MAX + 2048,   /* RFC 5246 6.2.3 */
	TLS_SEALED_MAX_13 = TLS_PLAIN_MAX + 256, /* RFC 8446 5.2 */
	OPENER_KEY_MAX = 32,
	OPENER_IV_MAX = 16,
	OPENER_MAC_MAX = 48,
};

enum suite_algorithm {
	SUITE_AES_128_GCM,
	SUITE_AES_256_GCM,
	SUITE_ARIA_128_GCM,
	SUITE_ARIA_256_GCM,
	SUITE_AES_128_CCM,
	SUITE_AES_256_CCM,
	SUITE_AES_128_CCM_8,
	SUITE_AES_256_CCM_8,
	SUITE_CHACHA20_POLY1305,
	SUITE_AES_128_CBC,
	SUITE_AES_256_CBC,
	SUITE_3DES_EDE_CBC,
	SUITE_CAMELLIA_128_CBC,
	SUITE_CAMELLIA_256_CBC,
};
enum suite_hash { SUITE_NONE, SUITE_SHA1, SUITE_SHA256, SUITE_SHA384 };

struct suite {
	uint16_t number;
	enum suite_algorithm algorithm;
	enum suite_hash mac;  /* of its records; NONE: the algorithm has its own */
	enum suite_hash hash; /* of the key derivation, from TLS 1.2 on */
	const char *name;     /* IANA's */
};
/* NULL: its records cannot be opened here. */
const struct suite *suite_find(uint16_t number);

/* How many bytes of each it takes from the key block (RFC 5246 6.3), or of TLS 1.3. */
struct suite_sizes {
	size_t key, iv, mac;
};
struct suite_sizes suite_sizes(const struct suite *s, uint16_t version);

struct opener_keys {
	uint8_t key[OPENER_KEY_MAX], iv[OPENER_IV_MAX], mac[OPENER_MAC_MAX];
};

struct opener {
	const struct suite *suite; /* NULL: not open */
	uint16_t version;
	bool mac_last; /* encrypt-then-MAC: the MAC is of what is encrypted (RFC 7366) */
	uint64_t seq;
	struct evp_cipher_ctx_st *ctx;
	struct evp_mac_ctx_st *mac;
	uint8_t iv[OPENER_IV_MAX];
};

/* Sequence numbers begin at 0. An opener that was open is opened anew. False: OpenSSL refuses
 * the algorithm. */
bool opener_open(struct opener *o, const struct suite *suite, uint16_t version, bool mac_last,
	const struct opener_keys *keys);
void opener_close(struct opener *o); /* {0} is fine */
/* One record: its header as on the wire, its body. out has room for body.n bytes. False: it
 * does not authenticate; out holds nothing of use, and the next one is tried in its place. */
bool opener_read(struct opener *o, const uint8_t header[TLS_RECORD_HEADER], struct span body,
	uint8_t *out, size_t *n);

#endif
