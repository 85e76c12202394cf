/*
 * SHA-256 (FIPS 180-4), one-shot and streaming, by OpenSSL; HMAC over it; and the two older
 * digests that others use. A `struct sha256` may be copied, and holds nothing that must be
 * freed; fini wipes it.
 */
#ifndef STORE_BASE_HASH_H
#define STORE_BASE_HASH_H

#include "store/base/text.h"

enum { SHA256_LEN = 32, SHA256_HEX = 65, MD5_LEN = 16, SHA1_LEN = 20 };

struct sha256 {
	uint64_t state[14]; /* a SHA256_CTX */
	uint64_t bytes;
};

void sha256_init(struct sha256 *h);
void sha256_reset(struct sha256 *h); /* from nothing again; init was called */
void sha256_add(struct sha256 *h, const void *p, size_t n);
/* The digest so far; adding may go on afterwards. */
void sha256_peek(const struct sha256 *h, uint8_t out[SHA256_LEN]);
/* The digest of all, and then as after sha256_reset: for many digests by one struct. */
void sha256_take(struct sha256 *h, uint8_t out[SHA256_LEN]);
void sha256_fini(struct sha256 *h);
/* The digest of all; the same as peek and fini, for less. */
void sha256_end(struct sha256 *h, uint8_t out[SHA256_LEN]);
void sha256(struct span s, uint8_t out[SHA256_LEN]);
/* Of what can be read from there, and how much it is. False: it could not be read, see errno.
 */
bool sha256_fd(int fd, uint8_t out[SHA256_LEN], int64_t *size);
void hmac_sha256(struct span key, struct span s, uint8_t out[SHA256_LEN]); /* RFC 2104 */
/* For JA3, for names (UUIDs of version 5), and for finding what others made of a value; never
 * for anything that somebody may want to forge. */
void md5(struct span s, uint8_t out[MD5_LEN]);
void sha1(struct span s, uint8_t out[SHA1_LEN]);

#endif
