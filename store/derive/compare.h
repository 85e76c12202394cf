/*
 * The proxy's facts held against the witness's: one tunnel or leg against one flow, one
 * exchange against another. Pure: who belongs to whom was found before
 * (ui/report/compared.h). What both say alike agrees; what they say differently differs, with
 * both values; what one of them could not see is unseen, with the reason. Nothing is smoothed
 * over. Any thread.
 */
#ifndef STORE_DERIVE_COMPARE_H
#define STORE_DERIVE_COMPARE_H

#include "store/base/arena.h"
#include "store/fact/fact.h"
#include "store/fact/flow.h"

#define VERDICTS(X)                                                                            \
	X(AGREE, "agree")                                                                      \
	X(DIFFER, "differ")                                                                    \
	X(UNSEEN, "unseen")                                                                    \
	X(BYPASS, "bypass") /* the browser sent it, and not through the proxy */
enum verdict_kind {
#define X(name, word) VERDICT_##name,
	VERDICTS(X)
#undef X
		VERDICT_COUNT
};
const char *verdict_word(enum verdict_kind k);

/* What was compared. Only ever appended; the words are in docs/packets.md. */
#define VERDICT_SUBJECTS(X)                                                                    \
	X(CONNECTION, "connection") /* that there was one, and between whom */                 \
	X(TARGET, "target")         /* where it was to lead */                                 \
	X(HELLO, "client-hello")                                                               \
	X(JA3, "ja3")                                                                          \
	X(JA4, "ja4")                                                                          \
	X(SNI, "sni")                                                                          \
	X(OFFERED_ALPN, "offered-alpn")                                                        \
	X(SERVER_HELLO, "server-hello")                                                        \
	X(VERSION, "tls-version")                                                              \
	X(CIPHER, "cipher")                                                                    \
	X(ALPN, "alpn")                                                                        \
	X(CERTIFICATES, "certificates")                                                        \
	X(UP, "bytes-up") /* of plaintext: how many, and their SHA-256 */                      \
	X(DOWN, "bytes-down")                                                                  \
	X(TIME, "time")                                                                        \
	X(EXCHANGE, "exchange") /* that there was one */                                       \
	X(REQUEST, "request")   /* method, URL, head */                                        \
	X(RESPONSE, "response") /* status, head */                                             \
	X(REQUEST_BODY, "request-body")                                                        \
	X(RESPONSE_BODY, "response-body")                                                      \
	X(STORED_BODY, "stored-body") /* what the case keeps of it, against the packets */     \
	X(DNS, "dns")                                                                          \
	X(FILE, "packet-file") /* the file itself, as its recorder left it */                  \
	X(OVERLAP, "overlap")  /* bytes that came twice and were not the same */               \
	X(STRAY, "stray")      /* packets that are none of the proxy's */
enum verdict_subject {
#define X(name, word) VERDICT_OF_##name,
	VERDICT_SUBJECTS(X)
#undef X
		VERDICT_SUBJECT_COUNT
};
const char *verdict_subject_word(enum verdict_subject s);

struct verdict {
	enum verdict_kind kind;
	enum verdict_subject subject;
	int64_t session, tunnel, leg, exchange; /* FACT_NULL: it is about no such thing */
	int64_t flow, packet;                   /* of the witness; FACT_NULL: none */
	struct span file;                       /* name of the packet file; absent: none */
	struct span proxy_value, witness_value; /* absent: not known. Text */
	struct span detail;                     /* the reason of unseen, and so on; text */
};

#endif
