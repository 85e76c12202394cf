/*
 * What the parts of the witness share: one reading of one file, the connections that are
 * followed, and the table of strays. For capture/witness*.c alone. One thread.
 */
#ifndef CAPTURE_WITNESS_INNER_H
#define CAPTURE_WITNESS_INNER_H

#include "capture/story.h"
#include "capture/witness.h"
#include "store/base/hash.h"

enum {
	WITNESS_STRAYS_MAX = 4096, /* kinds of them that are told apart; the rest is put
				      together by protocol */
	WITNESS_TEXT_MAX = 16 * 1024 * 1024,  /* bytes of methods and URLs of exchanges that are
						 under way */
	WITNESS_DNS_MAX = 2 + 65535,          /* of a name server's answer over TCP */
	WITNESS_TAIL = 32,                    /* boundaries of a direction that are kept, */
	WITNESS_TAIL_ENTRY = 8 + 32,          /* each as number of bytes, SHA-256, */
	WITNESS_TAILS_MAX = 64 * 1024 * 1024, /* and bytes of memory for all at once */
};

struct strays;

struct witness {
	const struct witness_order *order;
	witness_put_fn *put;
	void *ctx;
	struct err *err;
	bool stopped; /* a fact could not be put: err says why */
	struct keylog *keys;
	size_t secrets_seen; /* bytes of the file's own that are in keys */
	struct flows *flows;
	struct strays *strays;
	struct arena scratch; /* of one call */
	size_t text;          /* bytes of exchanges under way */
	uint64_t texts_left;  /* exchanges whose URL was not kept: WITNESS_TEXT_MAX */
	size_t tails;         /* bytes of memory that boundaries take */
	uint64_t tails_left;  /* directions of which fewer were kept: WITNESS_TAILS_MAX */
	int64_t first_ns, last_ns;
	struct witness_counts counts;
};

/* All facts go through here: after one that could not be put, none is. */
void witness_put(struct witness *w, enum fact_kind kind, const void *fact);
int64_t witness_us(int64_t ns);
int64_t witness_number(uint64_t n); /* FACT_NULL for more than an integer holds */
/* The text lives until the scratch is reset. */
struct span witness_ip(struct witness *w, const struct packet_address *ip);

/* witness_tail.c: the last boundaries of one direction where its receiver can have stopped,
 * with the digest of all before each. */
struct tail {
	struct tail_mark *marks; /* a ring, once it is as large as it gets */
	size_t cap, n, oldest;
	bool full; /* it grows no more */
};
/* n bytes are in `hash`, and more come. */
void tail_mark(struct witness *w, struct tail *t, const struct sha256 *hash, uint64_t n);
/* As in a flow_plain fact, in the scratch; absent: there is none. It is over then. */
struct span tail_take(struct witness *w, struct tail *t);
void tail_fini(struct witness *w, struct tail *t);

/* witness_flow.c: a connection from its first packet to its facts. */
void witness_flow_opened(void *self, struct flow *f);
void witness_flow_bytes(void *self, struct flow *f, enum flow_way way, struct span bytes,
	const struct packet_at *at);
void witness_flow_lost(
	void *self, struct flow *f, enum flow_way way, uint64_t n, const struct packet_at *at);
void witness_flow_closed(
	void *self, struct flow *f, enum flow_way way, bool reset, const struct packet_at *at);
void witness_flow_ended(void *self, struct flow *f);

/* witness_exchange.c: the exchanges of one connection. */
struct exchanges {
	struct witness *w;
	int64_t flow;
	struct watched_exchange *list; /* under way, the one that was used last first */
	uint64_t n;                    /* seen so far */
	/* Whether bytes of that direction were lost, or could not be read. */
	bool (*incomplete)(void *ctx, enum flow_way way);
	void *ctx;
};
void exchanges_request(struct exchanges *x, uint64_t n, uint32_t stream,
	const struct http_message *m, const struct packet_at *at);
void exchanges_response(struct exchanges *x, uint64_t n, const struct http_message *m,
	const struct packet_at *at);
void exchanges_body(struct exchanges *x, uint64_t n, enum fact_side side, struct span bytes,
	const struct packet_at *at);
void exchanges_message_end(
	struct exchanges *x, uint64_t n, enum fact_side side, const struct packet_at *at);
void exchanges_end(
	struct exchanges *x, uint64_t n, enum err_kind why, const struct packet_at *at);
/* Those that nobody ended. */
void exchanges_fini(struct exchanges *x);

/* witness_tls.c: what its TLS was, as a fact. */
void witness_put_tls(
	struct witness *w, int64_t flow, int64_t at_us, const struct decrypt_about *tls);

/* witness_dns.c: false if that is no message of a name server, or to one. Answers become facts.
 */
bool witness_dns(struct witness *w, struct span message, const struct flow_end *server,
	const struct packet_at *at);

/* witness_stray.c */
struct strays *strays_new(void);
void strays_free(struct strays *s);
void strays_add(struct strays *s, const struct packet *p, const struct packet_parts *parts);
/* How many distinct ones, and packets that were put together since the table was full. */
void strays_put(struct strays *s, struct witness *w, uint64_t *over);

#endif
