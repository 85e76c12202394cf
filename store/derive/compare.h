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
#include "store/base/hash.h"
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
const char *verdict_kind_word(enum verdict_kind k);

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
	X(FILE, "packet-file")    /* the file itself, as its recorder left it */               \
	X(OVERLAP, "overlap")     /* bytes that came twice and were not the same */            \
	X(STRAY, "stray")         /* packets that are none of the proxy's */                   \
	X(HANDSHAKE, "handshake") /* what the case says of TLS besides */                      \
	X(SESSION, "session")     /* that there was one */
enum verdict_subject {
#define X(name, word) VERDICT_OF_##name,
	VERDICT_SUBJECTS(X)
#undef X
		VERDICT_SUBJECT_COUNT
};
const char *verdict_subject_word(enum verdict_subject s);

/* How far the proxy's time of something may be from the kernel's time of the packet that
 * brought it: both are of the same machine's clock, and the packet comes first. */
enum {
	COMPARE_EARLY_US = 5000,
	COMPARE_LATE_US = 60 * 1000000,  /* a busy machine, a full queue */
	COMPARE_HELD_US = 900 * 1000000, /* what may wait until the link is released */
};

/* The reason where the key of a connection is missing. */
#define COMPARE_NO_KEY "no key for this connection is at hand"

struct verdict {
	enum verdict_kind kind;
	enum verdict_subject subject;
	int64_t session, tunnel, leg, exchange; /* FACT_NULL: it is about no such thing */
	int64_t flow, packet;                   /* of the witness; FACT_NULL: none */
	struct span file;                       /* name of the packet file; absent: none */
	struct span proxy_value, witness_value; /* absent: not known. Text */
	struct span detail;                     /* the reason of unseen, and so on; text */
};

/* Each verdict in turn; its spans live during the call. False stops. */
typedef bool compare_fn(void *ctx, const struct verdict *v);

/* Where verdicts go, and what all of them have in common. */
struct compare_to {
	compare_fn *each;
	void *ctx;
	struct arena *arena;  /* for values; may be reset between two calls */
	struct verdict about; /* session, tunnel, leg, exchange, flow, file */
	/* Why packets may be missing of what is compared, without a gap that shows it; NULL:
	 * none may. What differs then is unseen. */
	const char *missing;
	bool stopped; /* `each` said so: nothing more is given */
	/* How far the machine's clock was set while this was recorded (session_end): the
	 * proxy's times do not follow it, the kernel's do. 0: not at all, or not said. */
	int64_t drift_us;
};

/* One leg of a tunnel. What is NULL is not there. */
struct compare_leg {
	/* The proxy's. The browser's leg has tunnel and connect, an origin's has origin. */
	const struct fact_tunnel *tunnel;
	const struct fact_connect *connect;
	const struct fact_leg *origin;
	const struct fact_hello *hello;
	const struct fact_handshake *handshake;
	const struct fact_leg_end *end;
	const struct fact_opaque *opaque; /* the whole of it was passed through unread */
	/* The witness's. */
	const struct fact_flow *flow;
	const struct fact_flow_tls *tls;
	const struct fact_flow_plain *plain;
	const char *unseen; /* why there may be no flow; NULL: there should be one */
};
/* By enum flow_way: can what went that way be read from the packets, to its end? */
struct compare_seen {
	bool way[2];
	/* The packets have exactly what the proxy says; of what it received, more may have come
	 * when it read no more. */
	bool proven[2];
};
void compare_leg(struct compare_to *to, const struct compare_leg *l, struct compare_seen *seen);

/* One attempt of a leg to reach an address, "ip:port word" (FACT_LEG), against the flow that
 * was it; flow NULL: there is none, and unseen says why that may be. */
void compare_attempt(struct compare_to *to, struct span attempt, const struct fact_flow *flow,
	const char *unseen);

/* What the case keeps of a body (store/case.h). */
struct compare_body {
	int64_t size;
	struct span sha256;
	bool erased, broken;
};

/* One exchange on one leg. */
struct compare_exchange {
	const struct fact_request *request;
	const struct fact_response *response;
	const struct fact_exchange_end *end;
	bool origin;  /* the leg is an origin's, */
	bool plain;   /* of a connection whose requests are in the form for proxies */
	bool settled; /* the connection ended as it should: both sides said so */
	/* By enum fact_side; NULL: not to be looked at here. */
	const struct compare_body *stored[2];
	const struct fact_flow_exchange *shown;
	struct compare_seen seen;
	/* An origin's leg: what of the response the packets show to have gone on to the
	 * browser. */
	enum compare_released {
		RELEASED_UNKNOWN,
		RELEASED_NOTHING,
		RELEASED_HEAD, /* and nothing behind it */
	} released;
};
/* What this exchange, on the browser's leg, says of that. */
enum compare_released compare_released(const struct compare_exchange *x);
/* request and shown are there: they are the same exchange. */
void compare_exchange(struct compare_to *to, const struct compare_exchange *x);
/* Only one of them is. unseen: why the other need not be; NULL: it should. */
void compare_exchange_alone(
	struct compare_to *to, const struct compare_exchange *x, const char *unseen);

/* A name resolution against the answers about that name, `n` of them. */
void compare_dns(struct compare_to *to, const struct fact_dns *dns,
	const struct fact_packet_dns *const *answers, size_t n, const char *unseen);

/* A packet file as its recorder left it (NULL: it did not say) and as it was read. */
void compare_file(struct compare_to *to, const struct fact_capture *left,
	const struct fact_packet_file *read);

/* A verdict that needs no comparison. Values may be absent. */
void compare_say(struct compare_to *to, enum verdict_kind kind, enum verdict_subject subject,
	int64_t packet, struct span proxy_value, struct span witness_value, const char *detail);

/* SHA-256 of the request head as it must have left toward the origin, from the one that the
 * browser sent; false: that cannot be told. plain: of a connection whose requests are in the
 * form for proxies. */
bool compare_forwarded(const struct fact_request *request, bool plain, uint8_t out[SHA256_LEN]);

/* Of "socks5h://host:port", as a leg fact has it; FACT_NULL: none can be read. */
int64_t compare_via_port(struct span via);
/* "ip:port", "[ip]:port"; absent for none. */
struct span compare_place(struct arena *a, struct span ip, int64_t port);

#endif
