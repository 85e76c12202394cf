/*
 * What making a root (ca) and making a leaf (mint) have in common: serial, validity, extensions
 * on an OpenSSL X509. Inside proxy/ca*, proxy/mint* and proxy/tls_* only.
 */
#ifndef PROXY_CA_X509_H
#define PROXY_CA_X509_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

enum { CA_SERIAL_LEN = 16 };

/* 128-bit random serial, positive, never shorter (RFC 5280 4.1.2.2: at most 20 octets). */
bool ca_x509_serial(X509 *cert);
/* Seconds since 1970. */
bool ca_x509_validity(X509 *cert, int64_t not_before_s, int64_t not_after_s);
/* Seconds since 1970; INT64_MIN if it cannot be read. */
int64_t ca_x509_time(const ASN1_TIME *t);
/* The extension by its conf(5) text ("critical,CA:TRUE"). For what is made seldom. */
X509_EXTENSION *ca_x509_ext(int nid, const char *value, X509 *issuer, X509 *subject);
/* The last OpenSSL error as text, for err details; clears the queue. Holds no key material. */
const char *ca_x509_why(void);

#endif
