/*
 * A root certificate with its key, in memory and as PEM bytes: made, read, judged. Knows no
 * files. Inside proxy/ca* only.
 */
#ifndef PROXY_CA_ROOT_H
#define PROXY_CA_ROOT_H

#include "proxy/ca.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

struct ca {
	X509 *cert;
	EVP_PKEY *key;
	char *dir; /* NULL: in memory only */
};

/* A new root as PEM bytes behind out: the key (PKCS #8), then its certificate. subject: common
 * name; NULL: our usual one. */
bool ca_root_make(const char *subject, struct buf *out, struct err *err);
/* The first certificate of one PEM text and the first private key of another (or the same).
 * ERR_USAGE where it could not sign leaves that a browser takes today. */
struct ca *ca_root_load(struct span cert_pem, struct span key_pem, struct err *err);
/* The same bytes as ca_root_make gives, of a root made elsewhere. */
bool ca_root_write(const struct ca *ca, struct buf *out, struct err *err);
/* Serial of a certificate in PEM form, in hex, behind out; false if it is none. */
bool ca_root_serial(struct span cert_pem, struct buf *out);
/* Overwrite and free bytes that held a key. */
void ca_root_wipe(struct buf *b);

#endif
