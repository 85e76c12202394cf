/*
 * What a case knows of one request and its exchange, for who plays a case back: requests found
 * by their URL, then all of one exchange, one tunnel, one chunk at a time. A case at rest is
 * asked by its indexes and not read through. Indexes are under no seal: they only say where to
 * look, the facts themselves are held against what was asked; a fact that an index leaves out
 * is not found (verify a foreign case first). The file may be hostile, as in case.h; every call
 * is made of short read transactions. One thread per struct recorded.
 */
#ifndef STORE_RECORDED_H
#define STORE_RECORDED_H

#include "store/case.h"

enum {
	RECORDED_FACTS_MAX = 4096,             /* of one kind, of one exchange or tunnel, */
	RECORDED_BYTES_MAX = 16 * 1024 * 1024, /* and bytes of all of them */
	RECORDED_HOLD_MS = 250,
	RECORDED_NEAR_FACTS = 32, /* behind a request, that its exchange is looked for in first
				   */
};

struct recorded;

/* Errors: as case_open. A case without its indexes (of an earlier version, being written, or
 * left uncleanly) is read through once; where its facts lie is kept in a temporary file, and
 * what is written later is added to it at each call. */
struct recorded *recorded_open(const char *path, struct err *err);
void recorded_close(struct recorded *r); /* NULL is fine */
/* For case_about and so on; it lives as long as r. */
struct case_file *recorded_case(struct recorded *r);

/*
 * Who asks often spares a transaction for each question: from here on one that was begun is
 * gone on with for as long as RECORDED_HOLD_MS, where the case has its indexes. A writer of the
 * case waits meanwhile: whoever pauses calls recorded_rest, which ends it.
 */
void recorded_hold(struct recorded *r);
void recorded_rest(struct recorded *r);

/* All that follow: errors are CASE_READ. */

/* The first request for exactly this URL whose number is > after, of that session (0: any); its
 * number, or *seq 0: there is none. What it points to is in the arena. */
bool recorded_next(struct recorded *r, int64_t session, struct span url, int64_t after,
	struct arena *a, struct fact_request *out, int64_t *seq, struct err *err);

/* Requests whose URL starts with those bytes, in order of URL (byte by byte), then of number.
 * At most max are looked at, those of other sessions among them; *more: there were others
 * behind these. What the request points to lives until `each` returns; false from it stops. */
typedef bool recorded_fn(void *ctx, int64_t seq, const struct fact_request *request);
bool recorded_near(struct recorded *r, int64_t session, struct span prefix, size_t max,
	recorded_fn *each, void *ctx, bool *more, struct err *err);

/* An exchange but for its bodies. Where there are several requests, responses or ends, which no
 * writer of ours makes, the first counts, as it does for trails. */
struct recorded_exchange {
	bool found; /* there is a request */
	struct fact_request request;
	struct fact_interim *interims; /* in order */
	size_t n_interims;
	bool has_response, has_end, has_opaque;
	struct fact_response response;
	struct fact_exchange_end end;
	struct fact_opaque opaque; /* what was passed through after an upgrade */
	int64_t reset_code; /* of the RST_STREAM by which the origin ended it; FACT_NULL: none
			     */
	/* Something of the request was erased, or of the response and the interim ones, or of
	 * the end (a body's digest, trailers): what is unknown in them, or a header's value all
	 * of 'x', need not have been so. */
	bool request_erased, response_erased, end_erased;
};
/* More than RECORDED_FACTS_MAX interim responses, or RECORDED_BYTES_MAX, is an error: no
 * exchange of ours comes near. */
bool recorded_exchange(struct recorded *r, int64_t exchange, struct arena *a,
	struct recorded_exchange *out, struct err *err);
/* The same where its request is at hand, as recorded_next or recorded_near gave it: its number,
 * and the fact, which is taken over as it is. */
bool recorded_exchange_of(struct recorded *r, int64_t seq, const struct fact_request *request,
	struct arena *a, struct recorded_exchange *out, struct err *err);

/* Is this the first request of that exchange? Mostly there is no other. */
bool recorded_is_first(
	struct recorded *r, int64_t exchange, int64_t seq, bool *first, struct err *err);

/* A tunnel's way to its origin. A plain tunnel of a busy client can have any number of legs:
 * the first that fit are given. */
struct recorded_tunnel {
	bool has_connect;
	struct fact_connect connect;
	struct fact_leg *legs; /* in order */
	size_t n_legs;
	struct fact_handshake *handshakes; /* with origins, in order */
	size_t n_handshakes;
	bool more; /* not all legs and handshakes are here */
};
bool recorded_tunnel(struct recorded *r, int64_t tunnel, struct arena *a,
	struct recorded_tunnel *out, struct err *err);

/* A certificate's DER. der->p NULL: it is not in the case, or was erased. Other bytes than the
 * digest says are an error. */
bool recorded_certificate(struct recorded *r, const uint8_t sha256[32], struct arena *a,
	struct span *der, struct err *err);

enum recorded_kind {
	RECORDED_CHUNK,
	RECORDED_ERASED, /* it was there */
	RECORDED_END,    /* there is no such chunk, nor one after it */
};
/* The n-th chunk (from 0) of one side's body, appended to out; equal ones that were stored once
 * are followed. *at_us: when it came. Cheap in order; a leap costs a step per chunk. Errors
 * also: chunks that contradict themselves, as in case_body. */
bool recorded_chunk(struct recorded *r, int64_t exchange, enum fact_side side, int64_t n,
	struct buf *out, int64_t *at_us, enum recorded_kind *kind, struct err *err);

#endif
