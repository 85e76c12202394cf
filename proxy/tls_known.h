/*
 * Certificates that verified a moment ago, for the host, with the staple, byte for byte: they
 * are not weighed again. A page opens many connections to one host, and checking a signature
 * costs as much as a third of a handshake. The origin proves in every handshake that it holds
 * the key (CertificateVerify); that is never left out. Holds digests only. Any thread; one lock
 * of its own.
 */
#ifndef PROXY_TLS_KNOWN_H
#define PROXY_TLS_KNOWN_H

#include "store/base/hash.h"

enum {
	TLS_KNOWN_S = 60,      /* at most; never beyond the first notAfter of the chain */
	TLS_KNOWN_SLOTS = 1024 /* a newer one takes the place of an older one */
};

struct tls_host;
struct tls_known;

struct tls_known *tls_known_new(void);
void tls_known_free(struct tls_known *k);
/* What a verdict depends on but the time. */
void tls_known_key(const struct tls_host *host, struct span ocsp,
	const struct span *certificates, size_t n, uint8_t key[SHA256_LEN]);
bool tls_known_find(struct tls_known *k, const uint8_t key[SHA256_LEN], int64_t now_us);
/* It verified now. ends_s: the chain's first notAfter, seconds since 1970. */
void tls_known_add(
	struct tls_known *k, const uint8_t key[SHA256_LEN], int64_t now_us, int64_t ends_s);

#endif
