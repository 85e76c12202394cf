/*
 * A recorded case as an index of answers: requests found by their URL, and what came of one of
 * them. For a replay, which asks often and keeps nothing. A case at rest has the indexes for
 * it, so that neither time nor memory grow with it; one without (an older one, one that is
 * being written or was left uncleanly) is gone through once at opening, into temporary tables
 * on the disk, and holds what was in it then. Read-only; the file may be hostile, as in case.h.
 * One thread at a time.
 */
#ifndef STORE_RECORDED_H
#define STORE_RECORDED_H

#include "store/case.h"

struct recorded;

enum {
	RECORDED_CACHE_KIB = 2048, /* of SQLite's page cache */
	RECORDED_FACTS_MAX =
		4096, /* of one exchange or tunnel that are read; never more by us */
};

/* Errors: those of case_open, and CASE_READ. */
struct recorded *recorded_open(const char *path, struct err *err);
void recorded_close(struct recorded *r); /* NULL is fine */

/* All calls below: false is ERR_CASE_READ. */

/* The next request for exactly this URL behind fact `after`, of that session (0: all), copied
 * into the arena. *seq: its fact; 0: there is none. */
bool recorded_next(struct recorded *r, int64_t session, struct span url, int64_t after,
	struct arena *a, struct fact_request *out, int64_t *seq, struct err *err);

/* Requests whose URL begins with prefix, in order of their URLs' bytes, then of their numbers;
 * at most `max` of them. false from each ends it. What it is given lives until it returns.
 * *more: there may be others. */
typedef bool recorded_fn(void *ctx, int64_t seq, const struct fact_request *f);
bool recorded_near(struct recorded *r, int64_t session, struct span prefix, size_t max,
	recorded_fn *each, void *ctx, bool *more, struct err *err);

/* An exchange but for its bodies. */
struct recorded_exchange {
	bool found; /* there is a request of that number */
	int64_t seq;
	struct fact_request request;
	struct fact_interim *interims;
	size_t n_interims;
	bool has_response, has_end;
	struct fact_response response;
	struct fact_exchange_end end;
	int64_t reset_code;    /* of the origin's RST_STREAM that ended it; FACT_NULL: none */
	bool has_opaque;     /* bytes behind its 101 were passed unread */
	bool request_erased; /* something of that head was erased */
	bool response_erased;
};
bool recorded_exchange(struct recorded *r, int64_t exchange, struct arena *a,
	struct recorded_exchange *out, struct err *err);

/* How a client's connection was led to its origins. */
struct recorded_tunnel {
	struct fact_leg *legs;
	size_t n_legs;
	struct fact_handshake *handshakes; /* with origins */
	size_t n_handshakes;
};
bool recorded_tunnel(struct recorded *r, int64_t tunnel, struct arena *a,
	struct recorded_tunnel *out, struct err *err);

/* A certificate's DER, by its digest; p NULL: it is not in the case. */
bool recorded_certificate(struct recorded *r, const uint8_t sha256[32], struct arena *a,
	struct span *der, struct err *err);

/* Where in a body one is; {0}: at its start. */
struct recorded_place {
	int64_t seq, n; /* of the last chunk that was read, and how many were */
};
enum recorded_kind {
	RECORDED_CHUNK, /* its bytes were appended */
	RECORDED_END,   /* there is no other */
	RECORDED_ERASED
};
/* The next chunk of a body. at_us: its fact's time, or FACT_NULL. */
bool recorded_chunk(struct recorded *r, int64_t exchange, enum fact_side side,
	struct recorded_place *place, struct buf *out, int64_t *at_us, enum recorded_kind *kind,
	struct err *err);

#endif
