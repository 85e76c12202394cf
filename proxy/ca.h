/*
 * The local certificate authority: one root per installation, made on first use in
 * $XDG_DATA_HOME/clicktrail/ca or the folder that is given: directory 0700, key 0600. ECDSA
 * P-256; basicConstraints critical CA pathLen 0; keyUsage critical keyCertSign and cRLSign
 * only; random 128-bit serial. The key never leaves this module but into mint; it is never
 * logged and never in a case. Opened once, before threads; read-only afterwards.
 */
#ifndef PROXY_CA_H
#define PROXY_CA_H

#include "store/base/buf.h"
#include "store/base/err.h"
#include "store/base/hash.h"

struct ca;

/* Call first thing in a process that will open the authority: no core file, no ptrace, no
 * /proc/PID/mem for others. */
bool ca_guard_process(struct err *err);

enum { CA_DAYS = 825 }; /* validity of a new root */

/* Default folder: $XDG_DATA_HOME/clicktrail/ca, else $HOME/.local/share/clicktrail/ca. False if
 * neither is set. */
bool ca_default_dir(char *out, size_t out_len, struct err *err);
/* Opens the root in dir, makes it if there is none (then *made is set; may be NULL). Refuses a
 * key that others can read, a certificate that does not fit the key, an expired one. */
struct ca *ca_open(const char *dir, bool *made, struct err *err);
/* A throw-away root that lives in memory only (the lab, tests). subject: common name. */
struct ca *ca_new_ephemeral(const char *subject, struct err *err);
/* The same for a browser whose clock stands at around_s (seconds since 1970): valid then, from
 * some days before to CA_DAYS after it, and today. ERR_USAGE outside the years 1970 to 9989. */
struct ca *ca_new_scratch(int64_t around_s, struct err *err);
/* Replace: the old files are kept as ca.pem.<serial>, ca.key.<serial> and removed only by
 * ca_remove. */
bool ca_renew(const char *dir, struct err *err);
/* Use a key and certificate made elsewhere (PEM files); checked like our own. */
bool ca_import(const char *dir, const char *cert_file, const char *key_file, struct err *err);
bool ca_remove(const char *dir, struct err *err);
void ca_free(struct ca *ca);

void ca_pem(const struct ca *ca, struct buf *out);
void ca_der(const struct ca *ca, struct buf *out);
void ca_sha256(const struct ca *ca, uint8_t out[SHA256_LEN]);
/* Lines for people: subject, serial, validity, SHA-256, folder. */
void ca_describe(const struct ca *ca, struct buf *out);

/* For mint, tls_connect (which refuses leaves signed by it) and tests only. Borrowed. */
struct x509_st *ca_cert(const struct ca *ca);
struct evp_pkey_st *ca_key(const struct ca *ca);

#endif
