/*
 * A TLS ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2) out of raw bytes. Decodes and keeps
 * order; interprets nothing but lists. All spans point into the caller's bytes, all arrays into
 * the arena. Hostile input; never crashes, never reads past it.
 */
#ifndef CAPTURE_WIRE_TLS_HELLO_H
#define CAPTURE_WIRE_TLS_HELLO_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "store/base/err.h"

enum {
	TLS_HELLO_MAX = 64 * 1024, /* bytes of one ClientHello message; larger ones are refused
				      (ERR_LIMIT) */
};

struct tls_extension {
	uint16_t type;
	struct span data;
};

struct tls_hello {
	struct span message; /* the handshake message: type, 3-byte length, body */
	uint16_t legacy_version;
	struct span random, session_id;
	uint16_t *ciphers; /* wire order, GREASE and SCSV kept */
	size_t n_ciphers;
	struct span compression;
	struct tls_extension *extensions; /* wire order */
	size_t n_extensions;
	struct span sni;   /* host_name of server_name (RFC 6066 3), SPAN_NONE if absent */
	struct span *alpn; /* RFC 7301 */
	size_t n_alpn;
	uint16_t *groups; /* supported_groups */
	size_t n_groups;
	struct span point_formats;
	uint16_t *signature_algorithms;
	size_t n_signature_algorithms;
	uint16_t *versions; /* supported_versions */
	size_t n_versions;
};

enum tls_scan { TLS_MORE, TLS_DONE, TLS_NOT_TLS, TLS_BAD };

/* Collect a ClientHello from the record layer (RFC 8446 5.1): `in` holds bytes from the start
 * of a connection. Fragments over several records are joined into `message` (appended).
 * TLS_DONE: message is whole, *used counts the record bytes it took (through the end of the
 * record it ends in). TLS_NOT_TLS: the first bytes are no handshake record. SSLv2 hellos are
 * NOT_TLS. Call it again from the start as more bytes come: unless TLS_DONE, nothing was
 * appended and *used is 0. More than 1024 records for one hello are ERR_LIMIT, another message
 * or record in its place ERR_HELLO. */
enum tls_scan tls_hello_collect(
	struct span in, struct buf *message, size_t *used, struct err *err);

/* Decode one whole handshake message. False with ERR_HELLO on anything malformed (lengths that
 * don't add up, odd lists). Extensions that repeat are kept; the decoded lists come from the
 * first. */
bool tls_hello_parse(
	struct span message, struct arena *a, struct tls_hello *out, struct err *err);

bool tls_is_grease(uint16_t v); /* RFC 8701 */

#endif
