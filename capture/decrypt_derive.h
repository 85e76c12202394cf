/*
 * Keys out of secrets, and what a Finished message vouches for: TLS's PRF (RFC 5246 5, RFC 2246
 * 5), HKDF-Expand-Label (RFC 8446 7.1), the hash of the handshake's messages. Pure but for the
 * hash's memory. One thread.
 */
#ifndef CAPTURE_DECRYPT_DERIVE_H
#define CAPTURE_DECRYPT_DERIVE_H

#include "capture/decrypt_cipher.h"
#include "store/base/buf.h"

enum { DERIVE_HASH_MAX = 64, DERIVE_MASTER = 48, DERIVE_RANDOM = 32, DERIVE_VERIFY = 12 };

size_t derive_hash_len(enum suite_hash h);

/* TLS 1.3. secret: as long as the hash; n: at most as much. */
void derive_expand(
	enum suite_hash h, const uint8_t *secret, const char *label, uint8_t *out, size_t n);
void derive_keys_13(const struct suite *s, const uint8_t *secret, struct opener_keys *out);

/* TLS 1.2 and before. client: the keys for what the client writes. */
void derive_keys_12(const struct suite *s, uint16_t version, const uint8_t *master,
	const uint8_t *client_random, const uint8_t *server_random, bool client,
	struct opener_keys *out);

/* Messages, hashed as they come; kept until it is known by which hash. */
struct transcript {
	struct evp_md_ctx_st *ctx; /* NULL: not known yet */
	struct buf early;
	bool lost; /* not all were seen: it vouches for nothing */
};
void transcript_add(struct transcript *t, struct span message);
void transcript_start(struct transcript *t, const struct suite *s, uint16_t version);
/* RFC 8446 4.4.1: what there is becomes its hash, before a HelloRetryRequest. */
void transcript_retry(struct transcript *t, const struct suite *s);
void transcript_fini(struct transcript *t);

/* Does this body of a Finished fit the messages so far? True too where they are lost. */
bool transcript_fits_13(const struct transcript *t, const struct suite *s,
	const uint8_t *secret, struct span verify);
bool transcript_fits_12(const struct transcript *t, const struct suite *s, uint16_t version,
	const uint8_t *master, bool client, struct span verify);

#endif
