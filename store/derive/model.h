/*
 * The facts of a session as derivation wants them: in memory, joined by exchange, plus the
 * start of the bodies that may hold cues. Filled from a case (any order of calls, facts in
 * order of seq), possibly growing while the session goes on. Owns copies of everything. No I/O:
 * a callback fetches bodies. One thread.
 */
#ifndef STORE_DERIVE_MODEL_H
#define STORE_DERIVE_MODEL_H

#include "store/derive/fields.h"
#include "store/fact/fact.h"

struct derived;
struct text;
struct texts;
struct wrapper_rules;

enum {
	MODEL_BODY_MAX =
		2 * 1024 * 1024, /* decoded bytes of one body that cues are looked for in */
};

struct model_exchange {
	int64_t id, session, tunnel, leg; /* leg: FACT_NULL until known */
	const struct fact_request *request;
	int64_t request_seq;
	struct model_field *req_fields;
	size_t n_req_fields;
	const struct fact_response *response; /* NULL: none (yet) */
	struct model_field *res_fields;
	size_t n_res_fields;
	/* Lines whose value was erased stand behind the others, and are counted apart: nothing
	 * is derived from them. */
	size_t n_req_erased, n_res_erased;
	bool erased;      /* something of it was */
	bool url_erased;  /* then the request's url is a stand-in (trail_url_erased) */
	bool cues_erased; /* something of the response was, that may have told where to go */
	const struct fact_exchange_end *end; /* NULL: not over, or cut off */
	/* Request body (forms) and response body, content coding removed, at most
	 * MODEL_BODY_MAX; absent where not loaded. */
	struct span req_body, res_body;
	struct text *res_text; /* the body is this one of texts; NULL: of none */
	bool res_body_whole, res_body_undecodable;
	bool fetched;                /* the model's fetch was asked for the response body */
	bool req_loaded, res_loaded; /* model_set_body came with all that will ever be stored */
	bool noise; /* the browser's own background traffic, as a note or the end says; or the
		       page of --referer, as the request says: no part of any trail */
	/* What trail derivation worked out before and keeps (derived.h); never NULL; owned by
	 * the model. */
	struct derived *derived;
	struct model *model; /* that it is of */
};

struct model {
	struct arena arena;
	const struct fact_session **sessions;
	size_t n_sessions;
	const struct fact_session_end **session_ends;
	size_t n_session_ends;
	const struct fact_tunnel **tunnels;
	size_t n_tunnels;
	const struct fact_connect **connects;
	size_t n_connects;
	const struct fact_dns **dns;
	size_t n_dns;
	const struct fact_leg **legs;
	size_t n_legs;
	const struct fact_hello **hellos;
	size_t n_hellos;
	const struct fact_handshake **handshakes;
	size_t n_handshakes;
	const struct fact_certificate **certificates;
	size_t n_certificates;
	struct model_exchange **exchanges; /* in order of their requests */
	size_t n_exchanges;
	const struct fact_opaque **opaques;
	size_t n_opaques;
	const struct fact_note **notes;
	size_t n_notes;
	int64_t last_seq; /* of the facts taken so far */
	int64_t last_at_us;
	const struct fact_tunnel_end **tunnel_ends;
	size_t n_tunnel_ends;
	size_t n_orphans; /* facts dropped since their exchange has no request */
	void *index;      /* number -> fact or exchange; private */
	/* A user's own rules for what links claim, set by whoever filled the model; borrowed,
	 * NULL: the built-in ones alone. */
	const struct wrapper_rules *wrappers;
	/* Brings a response body when cues are looked for in it, by model_set_body; NULL: who
	 * filled the model has brought them all. Asked once for each. */
	void (*fetch)(void *ctx, struct model_exchange *x);
	void *fetch_ctx;
	const int64_t *erased; /* facts of which something was erased, in order; borrowed */
	size_t n_erased;
	struct texts *texts; /* what scripts say that were seen before; borrowed, NULL: none */
};

void model_init(struct model *m);
void model_fini(struct model *m);

/* Take one fact (copied). Chunk facts are ignored. Never fails: a response without a request is
 * dropped and counted in n_orphans. */
void model_add(struct model *m, enum fact_kind kind, int64_t seq, const void *fact);

/* The same without a copy: the fact, and what it points to, must live as long as the model. */
void model_take(struct model *m, enum fact_kind kind, int64_t seq, void *fact);

/* Give an exchange its body (content coding as stored); it is decoded by the response's
 * Content-Encoding (at most five layers, bounded output and ratio). `whole`: raw is all that
 * was stored and the exchange ended. */
void model_set_body(struct model *m, struct model_exchange *x, enum fact_side side,
	struct span raw, bool whole);
/* The response body is looked at now: fetched, if it was not and can hold cues. */
void model_need_body(const struct model_exchange *x);
/* Should the body be fetched: over, not yet loaded, and of a kind that can hold cues
 * (documents, scripts, JSON, text, forms). */
bool model_wants_body(const struct model_exchange *x, enum fact_side side);

struct model_exchange *model_exchange(const struct model *m, int64_t id); /* NULL if unknown */
/* Value of the first header line of that name (ASCII case folded), or SPAN_NONE. */
struct span model_request_header(const struct model_exchange *x, const char *name);
struct span model_response_header(const struct model_exchange *x, const char *name);
/* The facts that belong to an exchange's connection; NULL if there are none. */
const struct fact_tunnel *model_tunnel(const struct model *m, int64_t tunnel);
const struct fact_leg *model_leg(const struct model *m, int64_t leg);
const struct fact_dns *model_dns(const struct model *m, int64_t leg);
const struct fact_hello *model_hello(const struct model *m, int64_t tunnel, int64_t leg);
const struct fact_handshake *model_handshake(
	const struct model *m, int64_t tunnel, int64_t leg);
const struct fact_certificate *model_certificate(const struct model *m, struct span sha256);
/* The detail of a session's first note with that code; absent if there is none. */
struct span model_note(const struct model *m, int64_t session, const char *code);
/* What --mmdb said of an exit's address: "CH GeoLite2-Country 2026-11-24"; absent: nothing. */
struct span model_exit_country(const struct model *m, int64_t session, struct span ip);

#endif
