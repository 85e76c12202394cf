/*
 * The installation's signing key: Ed25519 (RFC 8032), made on first use, kept in a folder of
 * its own (0700; key 0600, PKCS#8 PEM as openssl writes it). It never leaves this module; it is
 * never in a case and never logged. Opened once, before threads; signing from one thread at a
 * time.
 */
#ifndef STORE_SEAL_KEY_H
#define STORE_SEAL_KEY_H

#include "store/base/buf.h"
#include "store/base/err.h"

enum { SEAL_KEY_LEN = 32, SEAL_SIGNATURE_LEN = 64 };

struct seal_key;

/* Default folder: $XDG_DATA_HOME/clicktrail/seal, else $HOME/.local/share/clicktrail/seal.
 * False if neither is set. */
bool seal_default_dir(char *out, size_t out_len, struct err *err);
/* Opens seal.key in dir, makes it (and seal.pub, PEM) if there is none (then *made is set; may
 * be NULL). Refuses a key that others can read or that belongs to another user, a symbolic
 * link, a file that is no Ed25519 key, a seal.pub that is not the key's or has lost its key, a
 * folder that others may enter. Two processes that make it at once end with the same one.
 * Errors: SEAL_KEY. */
struct seal_key *seal_key_open(const char *dir, bool *made, struct err *err);
/* The public key of the installation in dir, as seal.pub has it; nothing is made. False: there
 * is none. */
bool seal_public_read(const char *dir, uint8_t out[SEAL_KEY_LEN]);
struct seal_key *seal_key_new_ephemeral(void); /* in memory only (tests); NULL: no randomness */
void seal_key_free(struct seal_key *k);

void seal_key_public(const struct seal_key *k, uint8_t out[SEAL_KEY_LEN]);
bool seal_key_sign(const struct seal_key *k, struct span message,
	uint8_t out[SEAL_SIGNATURE_LEN], struct err *err);
bool seal_key_verify(const uint8_t key[SEAL_KEY_LEN], struct span message,
	const uint8_t signature[SEAL_SIGNATURE_LEN]);
/* The public key as PEM (SubjectPublicKeyInfo), for openssl. */
void seal_key_pem(const uint8_t key[SEAL_KEY_LEN], struct buf *out);

#endif
