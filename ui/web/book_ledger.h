/*
 * What a book remembers of every exchange of its case: where its facts lie, by their numbers,
 * and the few values that lists show, sort and find by. Filled fact by fact, in order; holds no
 * file and no lock: the book's lock guards it. It grows by about 300 bytes for an exchange, and
 * not beyond LEDGER_BYTES_MAX. Bytes are hostile: names are hashed with a secret.
 */
#ifndef UI_WEB_BOOK_LEDGER_H
#define UI_WEB_BOOK_LEDGER_H

#include "store/base/hash.h"
#include "store/case.h"
#include "ui/web/book.h"

enum {
	LEDGER_BLOCK = 4096,     /* exchanges that come and go in memory together */
	LEDGER_URL_KEPT = 4096,  /* bytes of an address that lists show, */
	LEDGER_NAME_KEPT = 1024, /* and of anything else */
	LEDGER_ATTACHED_MAX = 64,
};
#define LEDGER_BYTES_MAX (INT64_C(1) << 30)

/* ---- numbers and names ---- */

/* From a number that a case gave to a place in one of our lists. */
struct ledger_numbers {
	struct ledger_number {
		int64_t number;
		uint32_t place; /* from 1; 0: free */
	} * slots;
	size_t n, room;
	uint64_t secret;
};

/* Bytes that occur again and again, each once; 0: absent. */
struct ledger_names {
	struct arena arena;
	struct span *list; /* by name - 1 */
	uint32_t n, list_room;
	uint32_t *slots;
	uint32_t room;
	uint64_t secret[2];
};

/* ---- what is remembered ---- */

/* A chain of facts. */
struct ledger_fact {
	int64_t seq;
	uint32_t next; /* place in the list, from 1; 0: the last */
	uint32_t kind;
};
struct ledger_chain {
	uint32_t first, last;
};

struct ledger_exchange {
	int64_t id, at_us, first_byte_us, end_us, size;
	int64_t request, response, end; /* numbers of facts; 0: none */
	const uint8_t *url;
	uint32_t url_n;
	uint32_t session, tunnel, leg;                  /* places from 1; 0: none */
	uint32_t method, host, protocol, reason, media; /* names */
	uint32_t trail, hop;                            /* 0: of none */
	int32_t status;                                 /* -1: none */
	struct ledger_chain notes;
	uint8_t type;
	bool noise, ours, url_cut, has_body;
	uint8_t body[SHA256_LEN]; /* of the response, as it passed */
};

struct ledger_tunnel {
	int64_t id;
	struct ledger_chain facts;
	uint32_t ja3, ja4; /* the browser's */
};

struct ledger_leg {
	int64_t id;
	uint32_t address, ja3, ja4; /* ours, toward the origin */
	uint32_t certs;             /* chain of places in `certs` */
};
struct ledger_cert {
	uint32_t name, next;
};

struct ledger_session {
	int64_t id;
	int64_t first, last;  /* numbers of its facts, as far as they were read */
	int64_t begins, ends; /* its session and session_end fact; 0: none */
	int64_t exchanges, ok, opaque;
	uint32_t user_agent;
	struct ledger_chain notes, attached;
};

struct ledger_list {
	void *items;
	uint32_t n, room;
};

struct ledger {
	int64_t last_seq;
	uint32_t n; /* exchanges */
	struct ledger_exchange **blocks;
	struct ledger_list sessions, tunnels, legs, facts, certs;
	struct ledger_list beside;    /* certificates: struct case_wanted */
	struct ledger_chain attached; /* to the case, and to no session of it */
	struct ledger_numbers by_exchange, by_tunnel, by_leg, by_session, by_cert;
	struct ledger_names names;
	struct arena urls;
	int64_t bytes;   /* of all that */
	bool full;       /* a limit was reached: what comes later is not remembered */
	uint32_t added;  /* facts since the start: their numbers are the case's to choose */
	int64_t touched; /* grows when anything of an exchange changes */
	int64_t *erased; /* facts of which something was erased, in order */
	size_t n_erased;
	bool packets; /* a packet recorder ran */
	bool erasure; /* a fact says that something was erased */
	bool closed;  /* for good */
	/* Of the last origin: most addresses are of the same one. */
	char origin[512];
	size_t origin_n;
	uint32_t origin_host;
	struct arena scratch;
};

void ledger_init(struct ledger *l, uint64_t secret);
void ledger_fini(struct ledger *l);

/* Facts in order of their numbers; each once. */
void ledger_add(struct ledger *l, enum fact_kind kind, int64_t seq, const void *fact);

static inline struct ledger_exchange *ledger_at(const struct ledger *l, uint32_t i)
{
	return &l->blocks[i / LEDGER_BLOCK][i % LEDGER_BLOCK];
}
/* NULL: unknown. */
struct ledger_exchange *ledger_exchange(const struct ledger *l, int64_t id);
struct ledger_session *ledger_session(const struct ledger *l, int64_t id);
struct ledger_session *ledger_session_at(const struct ledger *l, uint32_t place);
struct ledger_tunnel *ledger_tunnel_at(const struct ledger *l, uint32_t place);
struct ledger_leg *ledger_leg_at(const struct ledger *l, uint32_t place);
struct span ledger_name(const struct ledger *l, uint32_t name);
struct span ledger_url(const struct ledger_exchange *x);
/* The number of a certificate's fact; 0: unknown. */
int64_t ledger_cert_fact(const struct ledger *l, struct span sha256);

/* Which facts a page about these exchanges needs, those of their connections and sessions
 * included but for certificates and attachments, in order; the list is in a. At most
 * LEDGER_FACTS_MAX of a connection or session. */
enum { LEDGER_FACTS_MAX = 4096 };
void ledger_wanted(const struct ledger *l, int64_t session, const int64_t *exchanges, size_t n,
	struct arena *a, struct case_wanted **out, size_t *n_out);
/* What was put to a session, then what was put to the case as a whole; at most one more than
 * LEDGER_ATTACHED_MAX, so that it is seen that there are too many. */
void ledger_attached(const struct ledger *l, int64_t session, struct arena *a,
	struct case_wanted **out, size_t *n_out);

/* ---- book_names.c ---- */

uint32_t names_put(struct ledger_names *names, struct span s);       /* 0 for the absent */
uint32_t names_get(const struct ledger_names *names, struct span s); /* 0: unknown */
uint32_t numbers_get(const struct ledger_numbers *t, int64_t number);
void numbers_put(struct ledger_numbers *t, int64_t number, uint32_t place);
/* Room for one more item of that size, zeroed; its place, from 1. */
uint32_t list_push(struct ledger_list *list, size_t size, void **item);
/* What the media type or the address says. */
enum book_type ledger_type(struct span media, struct span url);

#endif
