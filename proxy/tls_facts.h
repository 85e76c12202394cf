/*
 * What a TLS handshake was like, as the facts want it. Filled by tls_accept and tls_connect
 * also where the handshake failed; texts and bytes live in the given arena. It decides nothing.
 */
#ifndef PROXY_TLS_FACTS_H
#define PROXY_TLS_FACTS_H

#include "store/base/arena.h"
#include "store/base/err.h"
#include "store/fact/fact.h"

struct tls_facts {
	struct fact_handshake handshake; /* all but session, tunnel and leg */
	struct fact_hello hello; /* ours, as sent (origin leg); raw.p == NULL if nothing was
				    sent. All but session, tunnel, leg */
	struct fact_certificate *certificates; /* as the peer sent them (origin leg), or as we
						  sent them (browser leg) */
	size_t n_certificates;
};

/* Fill a hello fact from a raw ClientHello handshake message (ja3, ja4, sni, alpn). False with
 * ERR_HELLO: raw is set all the same. alpn: the offered protocols, space-separated; their bytes
 * beyond printable ASCII, spaces and backslashes as \xNN. */
bool tls_facts_hello(struct span raw, struct arena *a, struct fact_hello *out, struct err *err);
struct x509_st;
/* Add one certificate (DER as it passed) to the facts and its hash to handshake.certs. One that
 * is none keeps its bytes and hash, its texts unknown. decoded: the same one as OpenSSL holds
 * it, or NULL where it did not get so far. */
void tls_facts_certificate(struct tls_facts *facts, struct span der,
	const struct x509_st *decoded, struct arena *a);
/* The end of a negotiation: outcome, detail, at_us. err NULL: it went well, and `note` (may be
 * NULL) is the detail. */
void tls_facts_end(
	struct tls_facts *facts, const struct err *err, const char *note, struct arena *a);

#endif
